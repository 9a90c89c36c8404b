# A Redis that speaks TLS, reached by the client itself. What is not whom it
# should be is refused before a password goes out, and the log says why.

use lib 't/lib';
use SensuTest;

use SensuTest::Pages;

my $t = SensuTest->new;
my $list = SensuTest::Pages->new($t, 21);
my $dir = $t->dir;

# an authority, and what it signs

run(qw(req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30
       -subj /CN=authority -keyout), "$dir/ca.key", '-out', "$dir/ca.pem");
signed('good', 'DNS:redis.test,IP:127.0.0.1', '-days', 30);
signed('other', 'DNS:elsewhere.test', '-days', 30);
signed('expired', 'DNS:redis.test,IP:127.0.0.1', '-days', -1);
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


for (['redis://127.0.0.1 ca=x' => qr/are for TLS: use rediss/],
     ['rediss://127.0.0.1 ca=gone' => qr/ca= .* has no such file/],
     ["rediss://127.0.0.1 ca=$dir/client.key" => qr/no file of certificates/],
     ['rediss://127.0.0.1 cert=x' => qr/both cert= and key=/],
     ['rediss://127.0.0.1 tls=off' => qr/must be tls=on/],
     ['rediss://127.0.0.1 verify=on' => qr/must be verify=off/])
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
    my ($port, $args) = @_;
    return $t->nginx(backend => $list->backend, server => $list->server,
        http => "sensu_redis rediss://127.0.0.1:$port timeout=2s $args;");
}


sub walk {
    my $gw = gateway(@_);
    my @got = $list->whole($gw);
    $gw->stop;
    return @got;
}


sub refused {
    my ($port, $args, $line, $name) = @_;

    my $gw = gateway($port, $args);
    is $list->page($gw)->{status}, 503, "$name: 503";
    ok $t->wait_for(sub { $gw->grep_log($line) }, 10),
        "$name: the log says why" or diag join "\n", $gw->grep_log(qr/redis/);
    $gw->stop;
}
