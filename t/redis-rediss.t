# A Redis that speaks TLS, reached by the client itself: one server, sentinels
# and a cluster. What is not whom it should be is refused before a password goes
# out, and the log says why.

use lib 't/lib';
use SensuTest;

use SensuTest::Pages;
use SensuTest::Process;
use SensuTest::Sentinel;

my $t = SensuTest->new;
my $list = SensuTest::Pages->new($t, 21);
my $dir = $t->dir;

# an authority, and what it signs

run(qw(req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30
       -subj /CN=authority -keyout), "$dir/ca.key", '-out', "$dir/ca.pem");
signed('good', 'DNS:redis.test,IP:127.0.0.1', '-days', 30);
signed('other', 'DNS:elsewhere.test', '-days', 30);
signed('expired', 'DNS:redis.test,IP:127.0.0.1', '-days', 0);
signed('client', 'DNS:client.test', '-days', 30);

my $good = server('good');
my $ca = "ca=$dir/ca.pem";

is_deeply [ walk($good, $ca) ], [ $list->elements ], 'by its address';
is_deeply [ walk($good, "$ca name=redis.test") ], [ $list->elements ],
    'by its name';
is_deeply [ walk($good, 'verify=off') ], [ $list->elements ],
    'whoever it is, where that is asked for';

refused($good, '', qr/its certificate is not trusted: .*check ca=/,
        "the system's authorities do not know it");
refused($good, "$ca name=else.test", qr/its certificate is for another name/,
        'another name');
refused(server('other'), $ca, qr/its certificate is for another name/,
        'a certificate for another');
refused(server('expired'), $ca, qr/its certificate has expired/,
        'an expired certificate');
refused($t->redis(port => 1)->port, $ca, qr/no answer in|TLS port of a Redis|closed/,
        'a server without TLS');

# who asks has a certificate, too

my $both = server('good', '--tls-auth-clients', 'yes');
refused($both, $ca, qr/is down: /, 'a client without one');
is_deeply [ walk($both, "$ca cert=$dir/client.pem key=$dir/client.key") ],
    [ $list->elements ], 'a client with one';


# the name is told, so that one address may have many (SNI), but no address;
# what a session has negotiated serves the next one

my $front = $t->port;
my $plain = $t->redis(port => 1);
my $watch = $t->port;
my $watcher = SensuTest::Sentinel->new($t,
    "sentinel monitor main 127.0.0.1 $front 1\n");
my $stream = $t->nginx(module => 0, conf => <<"END");
%%GLOBALS%%
load_module ${\$t->modules}/ngx_stream_module.so;
events {}
stream {
    log_format tls '"\$ssl_server_name" \$ssl_session_reused';
    access_log $dir/tls.log tls;
    map \$server_port \$behind {
        $watch 127.0.0.1:$watcher->{port};
        default 127.0.0.1:${\$plain->port};
    }
    server {
        listen 127.0.0.1:$front ssl;
        listen 127.0.0.1:$watch ssl;
        listen unix:$dir/front.sock ssl;
        ssl_certificate $dir/good.pem;
        ssl_certificate_key $dir/good.key;
        ssl_session_cache shared:tls:1m;
        proxy_pass \$behind;
    }
}
http {}
END

for (["$ca name=redis.test", 'redis.test'], [$ca, '-']) {
    my ($args, $name) = @$_;
    my $gw = gateway("rediss://127.0.0.1:$front", $args);

    for my $reused ('.', 'r') {
        ok $t->wait_for(sub { $list->page($gw)->{status} == 200 }),
            "\"$name\": a page";
        $plain->cmd('CLIENT', 'KILL', 'TYPE', 'normal');
        ok $t->wait_for(sub { slurp("$dir/tls.log")
                              =~ /^"\Q$name\E" \Q$reused\E$/m }),
            "\"$name\": " . ($reused eq 'r' ? 'reused' : 'a new session');
    }

    $gw->stop;
}

# a session with a sentinel is not one with its master

is_deeply [ walk("sentinel://127.0.0.1:$watch/main",
                 'tls=on verify=off name=both.test') ],
    [ $list->elements ], 'a sentinel and its master, behind the same';
my @both = slurp("$dir/tls.log") =~ /^"both\.test" (.)$/mg;
ok @both > 0, 'which have a session';
is_deeply [ grep { $_ ne '.' } @both ], [], 'each of its own';

# a socket has no name but that of its file

is_deeply [ walk("unix:$dir/front.sock", "tls=on $ca name=redis.test") ],
    [ $list->elements ], 'a socket, and whose certificate it is';
refused("unix:$dir/front.sock", "tls=on $ca",
        qr/its certificate is for another name; .* name= of sensu_redis/,
        'a socket, and nobody said whose');

$stream->stop;

# a sentinel and its master

my @tls = ('--port', 0, '--tls-cert-file', "$dir/good.pem", '--tls-key-file',
           "$dir/good.key", '--tls-ca-cert-file', "$dir/ca.pem",
           '--tls-auth-clients', 'no');
my $sentinel = $t->port;
$t->write('sentinel.conf', <<"END");
dir $dir
tls-replication yes
sentinel monitor main 127.0.0.1 $good 1
END
$t->part(bless { process => SensuTest::Process->spawn(
    log => "$dir/sentinel.out",
    cmd => [SensuTest::Redis::server(), "$dir/sentinel.conf", '--sentinel',
            '--tls-port', $sentinel, '--bind', '127.0.0.1', @tls]) },
    'SensuTest::Part');
is_deeply [ walk("sentinel://127.0.0.1:$sentinel/main", "tls=on $ca") ],
    [ $list->elements ], 'a sentinel and its master';
refused("sentinel://127.0.0.1:$sentinel/main", 'tls=on',
        qr/sentinel \S+ is down: its certificate is not trusted/,
        'a sentinel that is not trusted');

# a cluster of two

my @ports = map { $t->port } 1, 2;
my @nodes = map {
    $t->redis(args => [@tls, '--tls-port', $_, '--bind', '127.0.0.1',
        qw(--tls-cluster yes --tls-replication yes --cluster-enabled yes),
        '--cluster-config-file', "nodes$_.conf"]);
} @ports;
$nodes[$_]->cmd('CLUSTER', 'ADDSLOTSRANGE', 8192 * $_, 8192 * $_ + 8191)
    for 0, 1;
$nodes[0]->cmd('CLUSTER', 'MEET', '127.0.0.1', $ports[1]);
ok $t->wait_for(sub {
    2 == grep { $_->cmd('CLUSTER', 'INFO') =~ /cluster_state:ok/ } @nodes;
}), 'a cluster';
is_deeply [ walk("cluster://127.0.0.1:$ports[0]", "tls=on $ca") ],
    [ $list->elements ], 'each server of a cluster';
is scalar(grep { $_->cmd('DBSIZE') > 0 } @nodes), 2, 'both hold cursors';


for (['redis://127.0.0.1 ca=x' => qr/are for TLS: use rediss/],
     ['rediss://127.0.0.1 ca=gone' => qr/ca= .* has no such file/],
     ["rediss://127.0.0.1 ca=$dir/client.key" => qr/no file of certificates/],
     ['rediss://127.0.0.1 cert=x' => qr/both cert= and key=/],
     ['rediss://127.0.0.1 tls=off' => qr/must be tls=on/],
     ['rediss://127.0.0.1 verify=on' => qr/must be verify=off/],
     ['rediss://127.0.0.1 name=' . 'x' x 256
      => qr/must name a host, in at most 255 bytes/])
{
    my ($args, $said) = @$_;
    my ($fine, $text) = $t->nginx(backend => $list->backend, start => 0,
                                  http => "sensu_redis $args;")->check;
    ok !$fine, "$args: nginx does not start";
    like $text, $said, 'and says why';
}

$t->done;


sub run {
    system("openssl @{[ map { quotemeta } @_ ]} >/dev/null 2>&1") == 0
        or die "openssl $_[0] failed";
}


sub signed {
    my ($name, $for, @days) = @_;

    $t->write("$name.ext", "subjectAltName=$for\n");
    run(qw(req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj),
        "/CN=$name", '-keyout', "$dir/$name.key", '-out', "$dir/$name.csr");
    run(qw(x509 -req -CAcreateserial -in), "$dir/$name.csr", '-CA',
        "$dir/ca.pem", '-CAkey', "$dir/ca.key", '-extfile', "$dir/$name.ext",
        '-out', "$dir/$name.pem", @days);
}


sub server {
    my ($name, @more) = @_;

    my $port = $t->port;
    $t->redis(args => ['--tls-port', $port, '--bind', '127.0.0.1',
        '--tls-cert-file', "$dir/$name.pem", '--tls-key-file',
        "$dir/$name.key", '--tls-ca-cert-file', "$dir/ca.pem",
        @more ? @more : ('--tls-auth-clients', 'no')]);
    return $port;
}


sub gateway {
    my ($where, $args) = @_;

    my $url = $where =~ /:/ ? $where : "rediss://127.0.0.1:$where";
    return $t->nginx(backend => $list->backend, server => $list->server,
                     http => "sensu_redis $url timeout=2s $args;");
}


sub walk {
    my $gw = gateway(@_);
    my @got = eval { $list->whole($gw) };
    diag $@, $gw->grep_log(qr/redis|sentinel/) if $@;
    $gw->stop;
    return @got;
}


sub refused {
    my ($port, $args, $line, $name) = @_;

    my $gw = gateway($port, $args);
    is $list->page($gw)->{status}, 503, "$name: 503";
    ok $t->wait_for(sub { $gw->grep_log($line) }),
        "$name: the log says why" or diag join "\n", $gw->grep_log(qr/redis/);
    $gw->stop;
}


package SensuTest::Part;

sub stop {
    my ($self) = @_;
    my $how = $self->{process}->stop('TERM', 10);
    return $how eq '' ? () : $how;
}
