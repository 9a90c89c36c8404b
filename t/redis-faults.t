# Whatever is wrong with Redis: requests that need no cursor do not notice,
# those that need one get 503 and never a page without a token, one line of the
# log says why, and all is well again as soon as Redis is, without a reload.

use lib 't/lib';
use SensuTest;

use IO::Select;
use IO::Socket::INET;
use SensuTest::Pages;
use SensuTest::RedisProxy;

my $t = SensuTest->new;
my $list = SensuTest::Pages->new($t, 5);

my $redis = $t->redis(port => 1);
my $proxy = SensuTest::RedisProxy->new($t, $redis);
my $gw = gateway($proxy->url . ' timeout=1s');

# what spoils it, what the log says; 0: the requester does not notice

my @faults = (
    ['half' => qr/was late: "no answer in 1000ms"; check its load/],
    ['silent' => qr/was late: "no answer in 1000ms"; check its load/],
    ['reset' => qr/Connection reset by peer/],
    ['close' => qr/Server closed the connection/],
    ['slow' => 0],
    ['bytes' => 0],
    ["answer -LOADING Redis is loading the dataset in memory\r\n"
        => qr/"LOADING [^"]+"; it reads its data from disk/],
    ["answer -READONLY You can't write against a read only replica.\r\n"
        => qr/"READONLY [^"]+"; it is a read-only replica: name the master/],
    ["answer -MASTERDOWN Link with MASTER is down\r\n"
        => qr/"MASTERDOWN [^"]+"; it is a replica without a master/],
    ["answer -OOM command not allowed when used memory > 'maxmemory'.\r\n"
        => qr/"OOM [^"]+"; it is full: raise its maxmemory/],
    ["answer -NOAUTH Authentication required.\r\n"
        => qr/"NOAUTH [^"]+"; it wants a password: add password_file=/],
    ["answer -NOPERM this user has no permissions\r\n"
        => qr/"NOPERM [^"]+"; its ACL must allow/],
    ["answer -MISCONF Redis is configured to save RDB snapshots\r\n"
        => qr/"MISCONF [^"]+"; it cannot save to disk/],
    ["answer -MOVED 1 127.0.0.1:1\r\n"
        => qr/"MOVED [^"]+"; it is part of a cluster: use cluster:/],
    ["answer -ERR something else\r\n"
        => qr/"ERR something else"; check the server and its log/],
    ["answer :5\r\n" => qr/something else than a string/],
    ["answer :1\r\n:2\r\n:3\r\n" => qr/answers more than was asked/],
    ["answer HTTP/1.1 400\r\n" => qr/is the port of a Redis, without TLS/],
    ["answer *1000000000\r\n" => qr/answers more than was asked/],
);

for (@faults) {
    my ($mode, $line) = @$_;
    my ($name) = $mode =~ /\A([^\r]+)/;

    # each kind of trouble is told once a minute: start with a clean slate
    $gw->reload;
    my $seen = length $gw->log;
    my $token = healthy($name);
    my $spoilt = $proxy->spoilt;

    $proxy->mode($mode);

    my @pages = map { ($list->page($gw, $token), $list->page($gw)) } 1 .. 3;
    my @small = map { $list->small($gw) } 1 .. 3;

    my @lines = grep { / redis / && /\[error\]|\[notice\]/ }
                split /\n/, substr($gw->log, $seen);

    if ($line) {
        is_deeply [ map { $_->{status} } @pages ], [ (503) x 6 ],
            "$name: 503 for what needs a cursor";
        is scalar(grep { defined SensuTest::Pages::next_of($_) } @pages), 0,
            "$name: and no token";
        is scalar(grep { !$_->header('Retry-After') } @pages), 0,
            "$name: with Retry-After";
        is $pages[0]->json->{reason}, 'store_failed', "$name: reason";
        like join("\n", @lines), $line, "$name: the log says why";
        cmp_ok scalar(grep { / answered / } @lines), '<=', 1,
            "$name: one line for all such answers";
        cmp_ok scalar(@lines), '<=', 6, "$name: in a few lines"
            or diag join "\n", @lines;

    } else {
        is_deeply [ map { $_->{status} } @pages ], [ (200) x 6 ],
            "$name: is waited for";
        is_deeply \@lines, [], "$name: and no line in the log";
    }

    is_deeply [ map { $_->{status} } @small ], [ (200) x 3 ],
        "$name: what needs no cursor is served";

    cmp_ok $proxy->spoilt, '>', $spoilt, "$name: it was really done"
        if $mode ne 'silent';

    $proxy->mode('pass');
    healthy("$name: after it");
}

# a connection that held, lost between a command and its answer

$gw->reload(http => 'sensu_redis ' . $proxy->url . ' timeout=10s;');
my $token = healthy('once');
ok $t->wait_for(sub { $redis->held }),
    'a connection that has held for a while';

for my $ask ($token, undef) {
    my $spoilt = $proxy->spoilt;
    $proxy->mode('once');
    is $list->page($gw, $ask)->{status}, 200,
        'lost once: the command is said again';
    is $proxy->spoilt, $spoilt + 1, 'it was lost indeed';
    last if !defined $ask;
    ok $t->wait_for(sub { $redis->held }), 'the next one has held as long';
}

$gw->stop;
ok $t->wait_for(sub { clients($redis) == 0 }), 'no connection is left';

# kill -9, and an empty one in its place

$gw = gateway($redis->url);
my $first = healthy('kill');
$token = SensuTest::Pages::next_of($list->page($gw, $first));
my $fds = fds($gw);

$redis->kill;
is $list->page($gw, $token)->{status}, 503, 'killed: 503';
is $list->page($gw)->{status}, 503, 'killed: 503 for a first page';
is $list->small($gw)->{status}, 200, 'killed: 200 without a cursor';

$redis->restart;
healthy('restarted');
my $r = $list->page($gw, $token);
is $r->{status}, 410, 'restarted empty: 410';
is $r->json->{reason}, 'continue_expired', 'reason';
ok $t->wait_for(sub {
    $gw->grep_log(qr/connected again after \d+ms, [1-9]\d* requests? to it /)
}), 'the log says that it is back, after how long, and what that cost';

# STOP and CONT: what is served meanwhile comes before the answer of what
# waits, so nobody waits behind it

$gw->reload(http => 'sensu_redis ' . $redis->url . ' timeout=5s;');
$token = healthy('freeze');

$redis->freeze;
my $waiting = $gw->connection;
$waiting->send(SensuTest::HTTP::message($gw, 'GET', $list->target($token),
                                        token => $t->token));
is_deeply [ map { $list->small($gw)->{status} } 1 .. 20 ], [ (200) x 20 ],
    'frozen: what needs no cursor is served';
ok !IO::Select->new($waiting->{socket})->can_read(0),
    'while what needs one waits';
$redis->thaw;
is $waiting->response->{status}, 200, 'thawed: it is answered';

$redis->freeze;
$gw->reload(http => 'sensu_redis ' . $redis->url . ' timeout=300ms;');
is $list->page($gw, $token)->{status}, 503, 'frozen: 503 after the time-out';
is $list->page($gw, $token)->{status}, 503, 'and at once after that';
$redis->thaw;
healthy('thawed');
is $list->page($gw, $token)->{status}, 200, 'the cursor is still there';

# full, and a replica: a real one says so

$redis->cmd('CONFIG', 'SET', 'maxmemory', 1);
is $list->page($gw, $token)->{status}, 503, 'full: no new cursor';
like join("\n", $gw->grep_log(qr/OOM/)), qr/maxmemory-policy volatile-ttl/,
    'the log says what helps';
$redis->cmd('CONFIG', 'SET', 'maxmemory', 0);
is $list->page($gw, $token)->{status}, 200, 'no longer full';

my $master = $t->redis(port => 1);
$redis->cmd('REPLICAOF', '127.0.0.1', $master->port);
$t->wait_for(sub { $redis->cmd('INFO', 'replication')
                   =~ /master_link_status:up/ });
$token = undef;
is $list->page($gw)->{status}, 503, 'a replica takes no cursor';
ok scalar($gw->grep_log(qr/READONLY .*use sentinel:/)), 'the log says so';
$redis->cmd('REPLICAOF', 'NO', 'ONE');
$token = healthy('promoted');

# keys of somebody else under our prefix

my ($key, @more) = $redis->keys('sensu:*');
is scalar(@more), 0, 'one cursor is there';
$redis->cmd('DEL', $key);
$redis->cmd('LPUSH', $key, 'x');
is $list->page($gw, $token)->{status}, 503, 'a list in the place: 503';
ok scalar($gw->grep_log(qr/WRONGTYPE .*choose another prefix=/)),
    'the log says so';

for my $value ('x', '', "\0" x 200, 'y' x 5000, 'z' x 3_000_000) {
    $redis->cmd('SET', $key, $value);
    is $list->page($gw, $token)->{status}, 410,
        'a foreign value of ' . length($value) . ' bytes: 410';
}

ok $t->wait_for(sub { fds($gw) == $fds }), 'no descriptor is lost'
    or diag fds($gw) . " in the place of $fds";
is clients($redis), 1, 'one connection';
$gw->stop;
is clients($redis), 0, 'none at the end';

# not there at the start, and a black hole: a full queue of connections

my $port = $t->port;
$gw = gateway("redis://127.0.0.1:$port timeout=300ms");
is $list->page($gw)->{status}, 503, 'refused: 503';
is $list->small($gw)->{status}, 200, 'refused: 200 without a cursor';
is scalar($gw->grep_log(qr/is down: Connection refused; check that it runs/)),
    1, 'one line says so';
$list->page($gw) for 1 .. 10;
is scalar($gw->grep_log(qr/\] redis|redis .* is down/)), 1, 'and only one';

my $unix = $t->nginx(backend => $list->backend, server => $list->server,
                     http => "sensu_redis unix:${\$t->dir}/gone;");
is $list->page($unix)->{status}, 503, 'no socket: 503';
is scalar($unix->grep_log(qr/gone is down: No such file or directory; check/)),
    1, 'one line says so, and what to do';
$unix->stop;

my $hole = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port,
                                 Listen => 1, ReuseAddr => 1);
my @full = map { IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port",
                                       Blocking => 0) } 1 .. 4;
ok $t->wait_for(sub { $list->page($gw)->{status} == 503
                      && $gw->grep_log(qr/still down after .*: no answer in 300ms/) }),
   'black hole: 503';
is $list->small($gw)->{status}, 200, 'black hole: 200 without a cursor';

$t->done;


sub gateway {
    my ($url) = @_;
    return $t->nginx(backend => $list->backend, server => $list->server,
                     http => "sensu_redis $url;");
}


# a page with a token, as soon as there is one

sub healthy {
    my ($name) = @_;

    my $r;
    ok $t->wait_for(sub {
        $r = $list->page($gw);
        $r->{status} == 200 && SensuTest::Pages::next_of($r);
    }), "$name: well" or diag "$r->{status} $r->{body}";

    return SensuTest::Pages::next_of($r);
}


sub clients {
    my ($redis) = @_;

    my $n;
    $t->wait_for(sub {
        $n = $redis->clients;
        $n <= 1;
    });

    return $n;
}


# sockets of clients come and go; what is looked at is what stays

sub fds {
    my ($gw) = @_;

    my ($pid) = $gw->workers;
    my ($last, $same) = (0, 0);
    $t->wait_for(sub {
        my $n = () = glob "/proc/$pid/fd/*";
        $same = $n == $last ? $same + 1 : 0;
        $last = $n;
        return $same > 5;
    });

    return $last;
}
