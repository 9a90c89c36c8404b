# What a healthy Redis costs nobody: a hiccup costs what it lasts and a little,
# however many there were before it, and is told once when it begins and once
# when it ends; a reload refuses nothing, however long the configuration takes
# to be read.
#
#   HICCUPS=10 RELOADS=3

use lib 't/lib';
use SensuTest;

use POSIX ();
use SensuTest::Pages;
use SensuTest::Process;
use Time::HiRes qw(sleep time);

my $HICCUPS = $ENV{HICCUPS} // 10;
my $RELOADS = $ENV{RELOADS} // 3;

my $t = SensuTest->new;
my $list = SensuTest::Pages->new($t, 21);
my $redis = $t->redis(port => 1);

my $gw = gateway('');
my $n = 0;
my @costs = map { hiccup($_) } 1 .. $HICCUPS;

is $n, $HICCUPS, 'each was an outage of its own';
is scalar($gw->grep_log(qr/\[error\].* is down: no answer in 250ms/)), $HICCUPS,
    'each began with one line';
is scalar($gw->grep_log(qr/still down/)), 0, 'and no other';

my ($most) = sort { $b <=> $a } @costs;
diag sprintf 'the most was %.0f ms after it, the last %.0f', $most * 1e3,
             $costs[-1] * 1e3;
cmp_ok $most, '<', 1 * $SensuTest::Process::SLOW, 'no more than a second each';
$gw->stop;

# a large map takes its time

$t->write('map', join '', map { "key-$_ $_;\n" } 1 .. 200_000);
$gw = gateway("map_hash_max_size 1600000; map_hash_bucket_size 128;"
              . " map \$arg_key \$mapped { include ${\$t->dir}/map; }");
is $list->page($gw)->{status}, 200, 'a page';

my $start = time;
$gw->check;
diag sprintf '%.1f s to read the configuration', time - $start;

my @load = map { load($_) } 1, 2;
$gw->reload for 1 .. $RELOADS;
$t->write('enough', '');

my %status;
for my $load (@load) {
    waitpid $load->{pid}, 0;
    $status{$_}++ for split /\n/, slurp($load->{file});
}

cmp_ok $status{200} // 0, '>', 10 * $RELOADS, 'there was load';
diag "$status{200} pages";
delete $status{200};
is_deeply \%status, {}, "$RELOADS reloads under load: nothing was refused";
is scalar($gw->grep_log(qr/ is down: /)), 0, 'and Redis was never called down';

$t->done;


sub gateway {
    my ($http) = @_;
    return $t->nginx(backend => $list->backend, server => $list->server,
        http => "$http sensu_redis " . $redis->url . ';');
}


# the seconds from the end of a hiccup to a page, when it is over for the log

sub hiccup {
    my ($count) = @_;

    my $over = sub { scalar($gw->grep_log(qr/connected again after/)) };

    $redis->freeze;
    $t->wait_for(sub { $list->page($gw)->{status} == 503 }, 10);
    $redis->thaw;

    my $start = time;
    $t->wait_for(sub { $list->page($gw)->{status} == 200 }, 30);
    my $cost = time - $start;

    $n++ if $t->wait_for(sub { $over->() == $count }, 10);

    return $cost;
}


sub load {
    my ($n) = @_;

    my $file = $t->dir . "/load$n";
    my $pid = fork // die;
    return { pid => $pid, file => $file } if $pid;

    open my $fh, '>', $file or die;

    until (-e $t->dir . '/enough') {
        print $fh $list->page($gw)->{status}, "\n";
    }

    close $fh;
    POSIX::_exit(0);
}
