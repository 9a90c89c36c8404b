# The arguments of sensu_redis: what they may be, and what nginx -t says where
# they are something else.

use lib 't/lib';
use SensuTest;

use IO::Socket::IP;
use POSIX qw(mkfifo);
use SensuTest::Pages;

my $t = SensuTest->new;
my $list = SensuTest::Pages->new($t, 5);
my $long = '/' . 'x' x 107;
my $empty = $t->write('empty', "\n");
my $fifo = $t->dir . '/fifo';
mkfifo($fifo, 0600) or die "mkfifo: $!";
my $huge = $t->write('huge', 'x' x 513);

my @wrong = (
    ['http://127.0.0.1' => qr{must be redis://host:port/db, rediss:// with TLS, unix:/path}],
    ['127.0.0.1:6379' => qr{must be redis://host:port/db, rediss:// with TLS, unix:/path}],
    ['redis://me:secret@127.0.0.1' => qr/use user= and password_file=/],
    ['redis://' => qr/no host in "" .* must be host:port/],
    ['redis:///0' => qr/no host in "" .* must be host:port/],
    ['redis://127.0.0.1:0' => qr/invalid port in "127\.0\.0\.1:0"/],
    ['redis://127.0.0.1:65536' => qr/invalid port in "127\.0\.0\.1:65536"/],
    ['redis://127.0.0.1:x' => qr/invalid port in "127\.0\.0\.1:x"/],
    ['redis://[::1' => qr/invalid host in .* IPv6 address in brackets/],
    ['redis://gone.invalid' => qr/host not found in "gone\.invalid"/],
    ['redis://a,b' => qr{several servers: use sentinel:// or cluster://}],
    ['redis://127.0.0.1/x' => qr{/x" .* number of a database from 0 to 65535}],
    ['redis://127.0.0.1/-1' => qr{/-1" .* number of a database from 0 to 65535}],
    ['redis://127.0.0.1/65536' => qr{/65536" .* number of a database from 0 to 65535}],
    ['unix:run/redis.sock' => qr/must be an absolute path/],
    ['unix:' => qr/must be an absolute path/],
    ["unix:$long" => qr/absolute path of at most 107 bytes/],
    ['unix:/a?x=1' => qr/may have only \?db=N after the path/],
    ['unix:/a?' => qr/may have only \?db=N after the path/],
    ['unix:/a?db=' => qr/may have only \?db=N after the path/],
    ['sentinel://127.0.0.1' => qr/must name the master as the sentinels do/],
    ['sentinel://127.0.0.1/' => qr/must name the master as the sentinels do/],
    ['sentinel://127.0.0.1,/m' => qr/no host in ""/],
    ['sentinel://127.0.0.1/m/x' => qr{/x" .* number of a database from 0 to 65535}],
    ['cluster://127.0.0.1/1' => qr/a cluster has only one/],
    ['cluster://127.0.0.1,gone.invalid' => qr/host not found/],
    ['cluster://' . join(',', ('127.0.0.1') x 33) => qr/more than 32 addresse/],
    ['redis://127.0.0.1 timeout=0' => qr/must be a time from 1ms to 10s/],
    ['redis://127.0.0.1 timeout=11s' => qr/"timeout=11s" of sensu_redis must be a time from/],
    ['redis://127.0.0.1 timeout=fast' => qr/must be a time from 1ms to 10s/],
    ['redis://127.0.0.1 timeout=1s timeout=1s' => qr/"timeout=" of sensu_redis is there twice/],
    ['redis://127.0.0.1 prefix=' => qr/1 to 64 printable characters/],
    ['redis://127.0.0.1 "prefix=a b"' => qr/1 to 64 printable characters/],
    ['redis://127.0.0.1 prefix=' . 'p' x 65 => qr/1 to 64 printable/],
    ['redis://127.0.0.1 user=' => qr/must name a user of Redis' ACL/],
    ['redis://127.0.0.1 user=me' => qr/user= and no password: add password_f/],
    ['redis://127.0.0.1 password_file=' => qr/must name a file/],
    ['redis://127.0.0.1 password_file=gone' => qr/has no such file: No such/],
    ["redis://127.0.0.1 password_file=$fifo" => qr/cannot be read: it is no regular file/],
    ['redis://127.0.0.1 password_file=/' => qr/password_file= of sensu_redis: "\/": /],
    ["redis://127.0.0.1 password_file=$empty" => qr/must be the password/],
    ["redis://127.0.0.1 password_file=$huge" => qr/must be the password/],
    ['redis://127.0.0.1 pasword_file=x' => qr/there are timeout=, prefix=, user/],
);

for (@wrong) {
    my ($args, $said) = @$_;

    my $gw = $t->nginx(backend => $list->backend, start => 0,
                       http => "sensu_redis $args;");
    my ($good, $text) = $gw->check;

    my $name = length $args > 60 ? substr($args, 0, 60) . '...' : $args;
    ok !$good, "$name: nginx does not start";
    like $text, qr/\[emerg\] .*$said.* in \S+nginx\d+\.conf:\d+/, 'and says why'
        or diag $text;
    unlike $text, qr/secret/, 'without the password' if $args =~ /secret/;
}

# a password that everybody may read is warned about; what is no file, such as
# a pipe that nobody writes to, ends there

for (['open', 0644, 1], ['mine', 0640, 0]) {
    my ($name, $mode, $warned) = @$_;
    my $file = $t->write($name, "hunter2-Xy\n", $mode);
    my ($good, $text) = $t->nginx(backend => $list->backend, start => 0,
        http => "sensu_redis redis://127.0.0.1 password_file=$file;")->check;
    ok $good, "a password file, \"$name\"";
    my $told = qr/everybody may read this password, "chmod o= \Q$file\E" helps/;
    is $text =~ /\[warn\] password_file= of sensu_redis: .*$told in \S+:\d+/
        ? 1 : 0, $warned, $warned ? 'everybody may read it: warned about' : 'no warning';
    unlike $text, qr/hunter2/, 'and never told';
}

my @right = (
    'redis://127.0.0.1', 'redis://127.0.0.1/', 'redis://127.0.0.1:1/65535',
    'redis://[::1]', 'redis://[::1]:7000/3', 'unix:' . substr($long, 0, 107),
    'unix:/run/redis.sock?db=0', 'sentinel://127.0.0.1,[::1]:2/my-master.1/2',
    'sentinel://127.0.0.1/m', 'cluster://127.0.0.1:7000,[::1]:7000',
    'cluster://127.0.0.1/', 'cluster://127.0.0.1/0',
    'redis://127.0.0.1 timeout=1ms', 'redis://127.0.0.1 timeout=10s',
    'redis://127.0.0.1 prefix=' . 'p' x 64,
    'redis://127.0.0.1 timeout=1s prefix=a: password_file=password user=me',
);

$t->write('password', 'x' x 512 . "\r\n");

for my $args (@right) {
    my $gw = $t->nginx(backend => $list->backend, start => 0,
                       http => "sensu_redis $args;");
    my ($good, $text) = $gw->check;
    ok $good, "$args: nginx starts" or diag $text;
}

# each way to a real one, each with a database and a prefix of its own

my $v6 = IO::Socket::IP->new(LocalHost => '::1', LocalPort => 0, Listen => 1);
my $redis = $t->redis(port => 1,
                      args => ['--unixsocket', $t->dir . '/u.sock',
                               '--bind', '127.0.0.1', $v6 ? '::1' : ()]);
my $port = $redis->port;

my %ways = (
    "redis://127.0.0.1:$port/1" => 1,
    'unix:' . $t->dir . '/u.sock?db=4' => 4,
    "redis://127.0.0.1:$port" => 0,
);

SKIP: {
    # a bare root has no /etc/hosts
    skip 'this machine does not know localhost', 1
        if !gethostbyname 'localhost';
    $ways{"redis://localhost:$port/2"} = 2;
    pass 'a name, too';
}

SKIP: {
    skip 'this machine has no IPv6', 1 if !$v6;
    $ways{"redis://[::1]:$port/3"} = 3;
    pass 'IPv6, too';
}

for my $url (sort keys %ways) {
    my $gw = $t->nginx(backend => $list->backend, server => $list->server,
                       http => "sensu_redis $url prefix=p$ways{$url}:;");
    my @got = $list->whole($gw);
    is_deeply \@got, [ $list->elements ], "$url: a walk";
    $gw->stop;
}

for my $db (sort values %ways) {
    my @keys = keys_of($db);
    is scalar(@keys), 2, "database $db: two cursors";
    is scalar(grep { !/\Ap$db:/ } @keys), 0, 'with its prefix';
}

$t->done;


sub keys_of {
    my ($db) = @_;

    my $s = $redis->connect;
    $s->autoflush(1);
    print $s "SELECT $db\r\nKEYS *\r\n";
    SensuTest::Redis::reply($s);
    return @{ SensuTest::Redis::reply($s) };
}
