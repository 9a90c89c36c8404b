# A night without Redis: it is told at once, again every minute with what it
# has cost so far, also in the log of the next day, and when it is over.

use lib 't/lib';
use SensuTest;

my $nginx = $ENV{TEST_NGINX_BINARY} || '/usr/sbin/nginx';

plan skip_all => 'the sanitizers must be loaded before anything else'
    if $ENV{TEST_ASAN_PRELOAD} || `ldd $nginx` =~ /libasan/;

my $t = SensuTest->new;
my $clock = clock($t);
my $redis = $t->redis;
my $back = $t->upstream(sub { $_[0]->reply(200, '[{"name":"a"},{"name":"b"}]') });

my $gw = $t->nginx(backend => $back, http => 'sensu_redis ' . $redis->url . ';',
                   env => $clock->{env});

my $page = '/api/core/v2/namespaces?limit=1';
my $down = qr/\[error\] .*redis .* is down: [^;]+; check /;
my $still = qr/\[error\][ ].*redis[ ].*[ ]is[ ]still[ ]down[ ]after[ ](\d+)ms,
               [ ](\d+)[ ]requests[ ]to[ ]it[ ]were[ ]refused:[ ][^;]+;[ ]check[ ]/x;

ok $t->wait_for(sub { get() == 200 }), 'it is there';
ok $t->wait_for(sub { $redis->held }),
   'for a while, so that it is lost and found gone in one';

$redis->kill;

ok $t->wait_for(sub { $gw->grep_log($down) }), 'told at once';
is get(), 503, 'a page is refused' for 1 .. 3;

# a connection that breaks off in the middle may be told of before a refused one

my %told;
$told{ / (?:down|refused): ([^;]+); check / ? $1 : $_ }++
    for $gw->grep_log($down), $gw->grep_log($still);
is_deeply [ grep { $told{$_} > 1 } keys %told ], [], 'once';

later(61);

my ($ms, $n) = told(60_000);

cmp_ok $ms, '>=', 60_000, "a minute later, as of $ms milliseconds";
cmp_ok $n, '>=', 3, 'with the requests';

# the next day's log

rename $gw->{log}, "$gw->{log}.1" or die $!;
$gw->{process}->signal('USR1');
ok $t->wait_for(sub { -e $gw->{log} }), 'a log of the next day';

is get(), 503, 'another page';
later(61);

my ($later, $more) = told(120_000);

cmp_ok $later, '>', 120_000, 'has it, too';
cmp_ok $more, '>', $n, 'with those since';
is scalar($gw->grep_log($down)), 0, 'and no begin';

$redis->restart;
ok $t->wait_for(sub { later(1); get() == 200 }), 'it comes back';
ok $t->wait_for(sub { later(1); $gw->grep_log(qr/connected again after \d{6,}ms, /) }),
   'which is told';

$t->done;


sub get { $gw->get($page, token => $t->token)->{status} }


# what the last such line says, when it is of so many milliseconds

sub told {
    my ($ms) = @_;

    my @said;

    ok $t->wait_for(sub { @said = (($gw->grep_log($still))[-1] // '') =~ $still;
                          @said && $said[0] >= $ms }), 'still down';

    return @said;
}


# workers wake up, which is when they look at their clock

sub later {
    my ($seconds) = @_;

    $clock->{ahead} += 1000 * $seconds;

    open my $fh, '+<', $clock->{env}{CLOCK_FILE} or die $!;
    syswrite $fh, pack 'q', $clock->{ahead};
    close $fh;

    $gw->get('/health');
}


sub clock {
    my ($t) = @_;

    my $shim = $t->dir . '/clock.so';

    system('gcc', '-shared', '-fPIC', '-o', $shim, 't/clock/clock.c') == 0 or die;

    return { ahead => 0, env => { LD_PRELOAD => $shim,
             CLOCK_FILE => $t->write('ahead', pack 'q', 0) } };
}
