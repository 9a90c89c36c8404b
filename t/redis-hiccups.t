# What a Redis that is well but for a moment costs: a hiccup costs those who
# waited for too long and nobody else, however many there were before it; one
# that is longer is told once when it begins and once when it ends; a reload
# refuses nothing, however long the configuration takes to be read.
#
#   HICCUPS=10 RELOADS=2

use lib 't/lib';
use SensuTest;

use POSIX ();
use SensuTest::Pages;
use SensuTest::Process;
use SensuTest::RedisProxy;
use Time::HiRes qw(sleep);

my $HICCUPS = $ENV{HICCUPS} // 10;
my $RELOADS = $ENV{RELOADS} // 2;

my $t = SensuTest->new;
my $list = SensuTest::Pages->new($t, 21);
my $redis = $t->redis(port => 1);

# a late answer

my $gw = gateway('', 'timeout=250ms');
ok $t->wait_for(sub { $list->page($gw)->{status} == 200 }), 'it is there';
my @costs = map { hiccup() } 1 .. $HICCUPS;

is scalar($gw->grep_log(qr/\[error\].* was late: "no answer in 250ms"; check/)),
    1, 'one line in a minute says that answers were late';
is scalar($gw->grep_log(qr/down|connection|connected again/)), 0,
    'none was an outage';
told('late', 3);

# no answer for longer than that

$gw->reload;
my $connected = sub { scalar($gw->grep_log(qr/connected again after/)) };
my $down = sub { scalar($gw->grep_log(qr/ is down: no answer in 1000ms/)) };

@costs = map {
    my $n = $_;
    my $cost = hiccup(sub { $down->() == $n });
    ok $t->wait_for(sub { $connected->() == $n }), "outage $n is over";
    $cost;
} 1 .. $HICCUPS / 2;

is scalar($gw->grep_log(qr/still down/)), 0, 'each is told twice';
told('an outage', 17);
$gw->stop;

# A configuration takes its time: a pipe is included, whose other end is opened
# after a while. New workers have a greeting to send at once, and requests at
# once, and the answers of this Redis are late, but not too late.

my $proxy = SensuTest::RedisProxy->new($t, $redis);
my $pipe = $t->dir . '/pipe';

POSIX::mkfifo($pipe, 0600) or die "$pipe: $!";
slowly();
$gw = gateway("include $pipe;", 'timeout=10s', $proxy->url . '/1');
is $list->page($gw)->{status}, 200, 'a page';
$proxy->mode('late');

my @load = map { load($_) } 1, 2;

for (1 .. $RELOADS) {
    slowly();
    $gw->reload;
}

$t->write('enough', '');

my %status;
for my $load (@load) {
    waitpid $load->{pid}, 0;
    $status{$_}++ for split /\n/, slurp($load->{file});
}

cmp_ok $status{200} // 0, '>', $RELOADS, 'there was load';
diag "$status{200} pages";
delete $status{200};
is_deeply \%status, {}, "$RELOADS reloads under load: nothing was refused"
    or diag join "\n", $gw->grep_log(qr/\[(?:error|warn|notice)\].*[Rr]edis/);
is scalar($gw->grep_log(qr/ is down: /)), 0, 'and Redis was never called down';

$t->done;


sub gateway {
    my ($http, $args, $url) = @_;

    $url //= $redis->url;
    return $t->nginx(backend => $list->backend, server => $list->server,
        http => "$http sensu_redis $url $args;");
}


# what reads the pipe next has to wait for longer than timeout=

sub slowly {
    my $pid = fork // die;
    return if $pid;

    sleep 11;
    open my $fh, '>', $pipe or die;
    POSIX::_exit(0);
}


# how many pages are refused after the end of a hiccup

sub hiccup {
    my ($until) = @_;

    $redis->freeze;
    $t->wait_for(sub { $list->page($gw)->{status} == 503
                       && (!$until || $until->()) });
    $redis->thaw;

    my $refused = 0;
    $t->wait_for(sub { $list->page($gw)->{status} == 200 || !++$refused });

    return $refused;
}


# At most so many are refused within a second: seventeen, as wait_for asks less
# and less often, or three, if each of them waits for timeout=.

sub told {
    my ($what, $bound) = @_;

    diag "$what: @costs refused";
    cmp_ok $_, '<=', $bound, "$what: over within a second" for @costs;
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
