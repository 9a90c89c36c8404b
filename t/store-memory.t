# The embedded store: cursors of all workers of one gateway, kept over a
# reload, dropped at their end, and when the zone is full those nearest to it.

use lib 't/lib';
use SensuTest;

use SensuTest::Pages;

my $t = SensuTest->new;
my $list = SensuTest::Pages->new($t, 41);
my $gw = $t->nginx(backend => $list->backend, server => $list->server,
                   workers => 2);

is_deeply [ $list->whole($gw) ], [ $list->elements ], 'a walk over two workers';

my $token = SensuTest::Pages::next_of($list->page($gw));
$gw->reload;
is $list->page($gw, $token)->{status}, 200, 'cursors outlive a reload';
$gw->reload(workers => 1, http => 'sensu_cursor_zone sensu_cursors:1m;');
is $list->page($gw, $token)->{status}, 410, 'another size starts empty';

# the end of a cursor's life

$gw->reload(server => $list->server . 'sensu_cursor_ttl 1s;');
ok $t->wait_for(\&soon), 'a cursor of a second';
ok $t->wait_for(sub { $list->page($gw, $token)->{status} == 410 }),
    'has an end';

$gw->reload(server => $list->server . 'sensu_cursor_ttl 60s;');
$token = SensuTest::Pages::next_of($list->page($gw));
sleep 1;
is $list->page($gw, $token)->{status}, 200, 'one of a minute lives longer';
$gw->reload(server => $list->server . 'sensu_cursor_ttl 1s;');

# the last page keeps no cursor: it is its own that has to end

$list->{limit} = 40;
ok $t->wait_for(\&soon), 'a cursor to the last page';
ok $t->wait_for(sub { $list->page($gw, $token)->{status} == 410 }),
    'has an end, too';

# more cursors than there is room for

$list = SensuTest::Pages->new($t, 2000);
$list->{limit} = 1;
$gw = $t->nginx(backend => $list->backend, server => $list->server,
                http => 'sensu_cursor_zone small:64k;');

my @tokens = (SensuTest::Pages::next_of($list->page($gw)));
my $r;
for (1 .. 600) {
    $r = $list->page($gw, $tokens[-1]);
    last if $r->{status} != 200;
    push @tokens, SensuTest::Pages::next_of($r);
}
is scalar(@tokens), 601, 'a walk of more cursors than fit goes on'
    or diag "$r->{status} $r->{body}";

my @status = map { $list->page($gw, $_)->{status} } @tokens[0, 1, -2];
is_deeply \@status, [410, 410, 200], 'the oldest ones went';
is scalar($gw->grep_log(qr/"small" is full: made room.*make it larger/)), 1,
    'one line of the log says so';

$t->done;


# a new cursor, asked for before it ends: not each time on a busy machine

sub soon {
    $token = SensuTest::Pages::next_of($list->page($gw));

    return $list->page($gw, $token)->{status} == 200;
}
