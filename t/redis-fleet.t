# Several gateways share one Redis: a walk may use another one for each page,
# while one reloads all the time; a page costs one GET and one SET; what waits
# for Redis at a reload, at the end or when its client goes leaves nothing.

use lib 't/lib';
use SensuTest;

use IO::Select;
use POSIX ();
use SensuTest::Pages;

my $t = SensuTest->new;
my $list = SensuTest::Pages->new($t, 41);
my $redis = $t->redis;

my @gw = map { gateway('timeout=5s', workers => 2) } 1 .. 3;

# walks over all of them

$redis->cmd('CONFIG', 'RESETSTAT');
is_deeply [ $list->whole(@gw) ], [ $list->elements ],
    'a walk, each page by another gateway';
is calls('set'), 20, 'one SET for each of 20 cursors';
is calls('get'), 20, 'one GET for each page that continues';
is calls('del') + calls('expire') + calls('eval'), 0, 'and nothing else';

my ($key) = $redis->keys;
my $ttl = $redis->cmd('PTTL', $key);
cmp_ok $ttl, '>', 0, 'a cursor has an end';
cmp_ok $ttl, '<=', 300_000, 'of five minutes unless said otherwise';

my $reload = fork // die;
if ($reload == 0) {
    while (!-e $t->dir . '/enough') {
        eval { $gw[0]->reload; 1 } or last;
    }
    POSIX::_exit(0);
}

my ($walks, @wrong) = (0);
$t->wait_for(sub {
    my @got = eval { $list->whole(@gw) };
    push @wrong, $@ || "@got" if "@got" ne join ' ', $list->elements;
    $walks++;
    return $walks >= 5 && $gw[0]->grep_log(qr/signal 1 \(SIGHUP\)/) > 3;
});
is_deeply \@wrong, [], "$walks walks while one reloads";

$t->write('enough', '');
waitpid $reload, 0;
is $?, 0, 'the reloads ended';
cmp_ok scalar($gw[0]->grep_log(qr/signal 1 \(SIGHUP\)/)), '>', 3,
    'there were some';
ok $t->wait_for(sub { $redis->clients == 6 }), 'one connection of each worker';

# a reload, while one waits

my $first = $list->page($gw[1]);
my $token = SensuTest::Pages::next_of($first);

$redis->freeze;
my $waiting = asked($gw[1]);
$gw[1]->reload;
ok !IO::Select->new($waiting->{socket})->can_read(0), 'it waits over a reload';
is $list->small($gw[1])->{status}, 200, 'the new worker serves';
$redis->thaw;
is $waiting->response->{status}, 200, 'it is answered by the old worker';
ok $t->wait_for(sub { $redis->clients == 6 }), 'which took its connection along';

# QUIT, while one waits

$redis->freeze;
$waiting = asked($gw[2]);
kill 'QUIT', $gw[2]->{process}->pid;
ok $t->wait_for(sub { $gw[2]->grep_log(qr/gracefully shutting down/) }),
    'a worker is asked to end';
$redis->thaw;
is $waiting->response->{status}, 200, 'it answers what waits before that';
ok $t->wait_for(sub { !$gw[2]->{process}->alive }), 'and ends';
is $gw[2]->{process}->code, 0, 'well';
delete $gw[2]->{process};
ok $t->wait_for(sub { $redis->clients == 4 }), 'its connections are gone';

# worker_shutdown_timeout, while one waits: cut, and nothing is left behind

$gw[2] = gateway('timeout=10s', workers => 1,
                 main => 'worker_shutdown_timeout 200ms;');
$token = SensuTest::Pages::next_of($list->page($gw[2]));
$redis->freeze;
$waiting = asked($gw[2]);
my ($old) = $gw[2]->workers;
$gw[2]->reload;
is $waiting->response->{status}, 0, 'it is cut at worker_shutdown_timeout';
# sooner than what waits for Redis would
ok $t->wait_for(sub { !-e "/proc/$old" }, 7), 'and the worker ends';
$redis->thaw;
ok $t->wait_for(sub { $redis->clients == 5 }), 'no connection is left of it';
is $list->page($gw[2], $token)->{status}, 200, 'the next worker serves';

# TERM, while one waits

$redis->freeze;
$waiting = asked($gw[2]);
$gw[2]->{process}->stop('TERM', 10);
is $gw[2]->{process}->code, 0, 'ended at once, and well';
delete $gw[2]->{process};
$redis->thaw;
ok $t->wait_for(sub { $redis->clients == 4 }), 'its connection is gone';

# clients that go while they wait

$token = SensuTest::Pages::next_of($list->page($gw[1]));
$redis->freeze;
my @gone = map { asked($gw[1]) } 1 .. 20;
$_->reset for @gone;
is $list->small($gw[1])->{status}, 200, 'clients went while they waited';
$redis->thaw;
is $list->page($gw[1], $token)->{status}, 200, 'nobody minds';

# many at once share the connection

my @many = map { asked($gw[1]) } 1 .. 100;
is_deeply [ grep { $_->response->{status} != 200 } @many ], [],
    'a hundred at once';
is $redis->clients, 4, 'over one connection of each worker';

# an idle connection that the server closes is renewed before it is missed

ok $t->wait_for(sub { $redis->held }),
    'connections that have held for a while';

for my $id ($redis->cmd('CLIENT', 'LIST') =~ /^id=(\d+) .*name=ngx_sensu/mg) {
    $redis->cmd('CLIENT', 'KILL', 'ID', $id);
}
is_deeply [ map { $list->page($gw[1], $token)->{status} } 1 .. 10 ],
    [ (200) x 10 ], 'connections were cut, and no request notices';
ok $t->wait_for(sub { $redis->clients == 4 }), 'as they are made anew';

$t->done;


sub gateway {
    my ($args, %more) = @_;
    return $t->nginx(backend => $list->backend, server => $list->server,
                     http => 'sensu_redis ' . $redis->url . " $args;", %more);
}


# a request that is on its way; what it waits for is known to have been asked

sub asked {
    my ($gw) = @_;

    my $c = $gw->connection;
    $c->send(SensuTest::HTTP::message($gw, 'GET', $list->target($token),
                                      token => $t->token));

    # the worker has it when a later one is answered
    $list->small($gw);

    return $c;
}



sub calls {
    my ($command) = @_;
    return $redis->cmd('INFO', 'commandstats')
           =~ /cmdstat_$command:calls=(\d+)/ ? $1 : 0;
}
