# Passwords and users of Redis, and a database that is not there: what is
# refused shows as one line that says what to check, is tried again, and
# writes nothing anywhere.

use lib 't/lib';
use SensuTest;

use IO::Select;
use IO::Socket::INET;
use SensuTest::Pages;
use SensuTest::Process;
use SensuTest::Sentinel;

my $t = SensuTest->new;
my $list = SensuTest::Pages->new($t, 5);
my $good = $t->write('good', "p\"a ss\$1\n", 0600);
my $bad = $t->write('bad', "wrong\n");

# a password of all

my $redis = $t->redis(port => 1);
$redis->cmd('CONFIG', 'SET', 'requirepass', 'p"a ss$1');

my $gw = gateway("password_file=$good");
is_deeply [ $list->whole($gw) ], [ $list->elements ], 'the right password';
$gw->stop;

refused("password_file=$bad", qr/WRONGPASS .*; check user= and password_file=/,
        'a wrong password');
refused('', qr/NOAUTH .*; it wants a password: add password_file=/,
        'no password');

# the same of a sentinel, which has one only where somebody gave it one

for my $has ('', "requirepass \"p\\\"a ss\$1\"\n") {
    my $sentinel = SensuTest::Sentinel->new($t, $has . <<"END");
sentinel monitor main 127.0.0.1 ${\$redis->port} 1
sentinel auth-pass main "p\\\"a ss\$1"
END
    my $port = $sentinel->{port};
    my $name = $has ? 'a sentinel with a password' : 'a sentinel without one';

    $gw = sentinel($port, $good);
    is_deeply [ $list->whole($gw) ], [ $list->elements ], $name;
    $gw->stop;

    $gw = sentinel($port, $bad);
    is $list->page($gw)->{status}, 503, "$name, and the wrong one";
    ok scalar($gw->grep_log(qr/WRONGPASS was the answer to AUTH; check user=/)),
        'the log says so';
    $gw->stop;
}

# a user

as_admin('ACL', 'SETUSER', 'gate', 'on', '>p"a ss$1', '~sensu:*', '+get',
         '+set', '+eval', '+time', '+select', '+auth');
$gw = gateway("password_file=$good user=gate");
is_deeply [ $list->whole($gw) ], [ $list->elements ],
    'a user with just these rights';
is scalar($gw->grep_log(qr/NOPERM/)), 0,
    'that it may not name its connection is no trouble';

as_admin('ACL', 'SETUSER', 'gate', '-set');
is $list->page($gw)->{status}, 503, 'without the right to SET: 503';
ok scalar($gw->grep_log(qr/NOPERM .*its ACL must allow this user GET, SET/)),
    'the log says so';
as_admin('ACL', 'SETUSER', 'gate', '+set');
is $list->page($gw)->{status}, 200, 'with it again: 200';
$gw->stop;

refused("password_file=$good user=nobody",
        qr/WRONGPASS .*; check user= and password_file=/, 'an unknown user');

# a password that Redis does not want

$redis = $t->redis(port => 1);
refused("password_file=$good", qr/.*; it has no password: remove password_file=/,
        'a password too much');

# a server that does not know AUTH says the password in its error

$redis = $t->redis(port => 1, args => ['--rename-command', 'AUTH', '']);
refused("password_file=$good",
        qr/ERR unknown command was the answer to AUTH; .* rename-command/,
        'a server without AUTH');
$redis = $t->redis(port => 1);

# a database that is not there: nothing may be written to another one

refused('', qr/.*DB index is out of range; it has no such database/,
        'no such database', '/16');

$redis->freeze;
$gw = gateway('timeout=5s', '/16');
my $waiting = $gw->connection;
$waiting->send(SensuTest::HTTP::message($gw, 'GET', $list->target,
                                        token => $t->token));
is $list->small($gw)->{status}, 200, 'no such database, and asked early';
$redis->thaw;
is $waiting->response->{status}, 503, '503 as soon as that is known';
$gw->stop;
is_deeply [ $redis->keys ], [], 'nothing was written to the first one';

# nor may it be while the answers are on their way, one after the other

my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 8);
my $slow = $t->part(bless {
    process => SensuTest::Process->spawn_sub(sub { slow($listener) }),
}, 'SensuTest::Slow');
$gw = $t->nginx(backend => $list->backend, server => $list->server,
    http => 'sensu_redis redis://127.0.0.1:' . $listener->sockport
            . "/3 password_file=$good timeout=5s;");
is $list->page($gw)->{status}, 503, 'a greeting that is refused at its end: 503';
ok $t->wait_for(sub { -s $t->dir . '/said' }), 'it was said';
unlike slurp($t->dir . '/said'), qr/\r\nSET\r\n/, 'and nothing else before that';
$gw->stop;

# too many clients

$redis->cmd('CONFIG', 'SET', 'maxclients', 1);
my $held = $redis->connect;
print $held "PING\r\n";
$held->flush;
SensuTest::Redis::reply($held);
$gw = gateway('');
is $list->page($gw)->{status}, 503, 'too many clients: 503';
ok $t->wait_for(sub { $gw->grep_log(qr/max number of clients.*raise its max/) },
                10), 'the log says so';
close $held;
ok $t->wait_for(sub { $list->page($gw)->{status} == 200 }),
    'recovers by itself';
$gw->stop;

$t->done;


sub sentinel {
    my ($port, $file) = @_;

    return $t->nginx(backend => $list->backend, server => $list->server,
        http => "sensu_redis sentinel://127.0.0.1:$port/main "
                . "password_file=$file timeout=5s;");
}


sub gateway {
    my ($args, $db) = @_;

    $args .= ' timeout=2s' if $args !~ /timeout=/;

    return $t->nginx(backend => $list->backend, server => $list->server,
                     http => 'sensu_redis ' . $redis->url . ($db // '')
                             . " $args;");
}


sub refused {
    my ($args, $line, $name, $db) = @_;

    my $gw = gateway($args, $db);

    is $list->page($gw)->{status}, 503, "$name: 503";
    is $list->small($gw)->{status}, 200, "$name: 200 without a cursor";
    ok $t->wait_for(sub { $gw->grep_log(qr/is down: $line/) }),
        "$name: the log says what to check"
        or diag join "\n", $gw->grep_log(qr/redis/);
    $list->page($gw) for 1 .. 10;
    is scalar($gw->grep_log(qr{\[error\].* redis \S+ (?:is down|answered)})), 1,
       "$name: in one line";
    is scalar($gw->grep_log(qr/ss\$1|wrong/)), 0, "$name: without the password";

    $gw->stop;
}


# takes any password, and refuses the database half a second later

sub slow {
    my ($server) = @_;

    while (my $s = $server->accept) {
        my $said = '';

        sysread $s, $said, 65536;
        syswrite $s, "+OK\r\n";

        while (IO::Select->new($s)->can_read(0.5)) {
            sysread $s, $said, 65536, length $said or last;
        }

        syswrite $s, "-ERR DB index is out of range\r\n";

        open my $fh, '>>', $t->dir . '/said' or die;
        print $fh $said;
        close $fh;
    }
}


sub as_admin {
    my @words = @_;

    my $s = $redis->connect;
    $s->autoflush(1);

    for (['AUTH', 'p"a ss$1'], \@words) {
        print $s '*' . @$_ . "\r\n", map { '$' . length($_) . "\r\n$_\r\n" } @$_;
        SensuTest::Redis::reply($s);
    }
}


package SensuTest::Slow;

sub stop { my ($self) = @_; $self->{process}->stop('TERM', 5); return }
