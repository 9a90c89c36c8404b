# nginx.conf.sample, as it is but for addresses, ports and paths.

use lib 't/lib';
use SensuTest;

use IPC::Open2;

my $t = SensuTest->new;
my $redis = $t->redis(port => 1);

# two backends of each kind, so that one may go

my @api = map { my $name = $_; $t->upstream(sub { api($name, @_) }) } 1, 2;
my @agents = map { $t->upstream(\&agent) } 1, 2;
my @dashboard = map { $t->upstream(\&dashboard) } 1, 2;

my %port = map { $_ => $t->port } qw(443 8081 3000 9145);
my $dir = $t->dir;

$t->secret_file;
certificate($t);

my $conf = slurp('nginx.conf.sample');

change('user www-data;', '%%GLOBALS%%');
change('pid /run/nginx.pid;', '');
change('error_log /var/log/nginx/error.log notice;', '');
change('load_module modules/ngx_sensu_module.so;', '');
change('server_tokens off;', "server_tokens off;\n%%TEMP%%");
change('redis://127.0.0.1:6379/0', $redis->url . '/0');
change('/var/log/nginx/', "$dir/");
change('/etc/nginx/sensu/', "$dir/");
change("listen $_ ", "listen 127.0.0.1:$port{$_} ") for qw(443 8081 3000);
change('listen 127.0.0.1:9145;', "listen 127.0.0.1:$port{9145};");

for my $set ([8080, @api], [8081, @agents], [3000, @dashboard]) {
    change("10.0.0.11:$set->[0]", '127.0.0.1:' . $set->[1]->port);
    change("10.0.0.12:$set->[0]", '127.0.0.1:' . $set->[2]->port);
}

unlike $conf =~ s/^\s*#.*//gmr, qr{\b10\.0\.0\.|/etc/|/var/},
   'every address and path was changed';

my $nginx = $t->nginx(conf => $conf);
my $log = "$dir/sensu.log";

subtest 'a user in 200 groups' => sub {
    my $token = $t->token(groups => [map { "CN=Department $_,OU=Groups,DC=corp,"
                                           . 'DC=example,DC=com' } 1 .. 200]);
    cmp_ok length $token, '>', 14_000, 'has a token of ' . length $token;

    is get('/api/core/v2/checks', args => ["--$_"], token => $token)->{status},
       200, "which gets in, $_" for qw(http1.1 http2);
};

subtest 'TLS and HTTP/2' => sub {
    is get('/version')->{status}, 200, 'nor does the version';

    my $r = get('/health', args => ['--http2']);

    is $r->{status}, 200, 'health needs no token';
    is $r->{version}, 2, 'HTTP/2';
    like $r->header('Strict-Transport-Security'), qr/max-age=\d{8}/, 'HSTS';
    is $r->header('Server'), 'nginx', 'no version';

    is get('/health', args => ['--http1.1'])->{version}, '1.1', 'HTTP/1.1';
    is get('/edge')->{body}, "ok\n", 'health of the edge itself';
    like get('/edge/metrics')->{body}, qr/^sensu_gateway_build_info/m,
        'metrics of the edge';
    like get('/edge/status')->{body}, qr/<h1>Sensu gateway/, 'and its page';

    for my $version (qw(1.2 1.3)) {
        my $r = get('/edge', args => ["--tlsv$version", '--tls-max', $version]);
        is $r->{status}, 200, "TLS $version";
    }

    for my $want (['-tls1_2', qr/Cipher is ECDHE-\w+-\S*(?:GCM|POLY1305)/],
                  ['-tls1_3', qr/Cipher is TLS_/])
    {
        my ($option, $cipher) = @$want;
        my $said = qx{openssl s_client -connect 127.0.0.1:$port{443} \\
                      $option -alpn h2,http/1.1 < /dev/null 2>&1};

        like $said, $cipher, "$option: a cipher with forward secrecy";
        like $said, qr/ALPN protocol: h2/, "$option: HTTP/2 is chosen";
    }

    my $old = get('/edge', args => ['--tls-max', '1.1', '--tlsv1.1',
                                    '--ciphers', 'ALL:@SECLEVEL=0']);
    is $old->{status}, 0, 'no TLS 1.1';

    my $weak = get('/edge', args => ['--tls-max', '1.2', '--ciphers',
                                     'AES128-SHA:AES256-SHA']);
    is $weak->{status}, 0, 'no cipher without forward secrecy';
};

subtest 'the API' => sub {
    is get('/api/core/v2/checks')->{status}, 401, 'no token';

    my $r = get('/api/core/v2/namespaces?limit=2', token => $t->token);

    is $r->{status}, 200, 'a page';
    is_deeply elements($r->{body}), ['{"name":"a"}', '{"name":"b"}'],
       'its elements';

    my $next = $r->header('Sensu-Continue');
    ok defined $next, 'there is more';
    is scalar(grep { !/:rate:/ } $redis->keys('sensu:*')), 1,
       'the cursor is in Redis';

    is get("/api/core/v2/namespaces?limit=2&continue=$next",
           token => $t->token)->{body}, '[{"name":"c"}]', 'the next page';

    my $body = '"' . 'x' x 511_998 . '"';
    my $url = '/api/core/v2/namespaces/a/checks';

    is get("$url/x", token => $t->token, method => 'PUT',
           body => "$body ")->{status}, 413, '512,001 bytes are too many';
};

subtest 'limits' => sub {
    my $flood = load(1000, $t->token(sub => 'alice'));

    cmp_ok $flood->{4}, '>', 0, 'a user over the rate is refused';
    cmp_ok $flood->{2}, '>=', 100, 'but has the burst';

    is get('/api/core/v2/namespaces', token => $t->token(sub => 'bob'))
       ->{status}, 200, 'another user of the same address is not';

    my @answers = map { get('/auth', args => ['-u', 'a:b']) } 1 .. 12;
    my @login = map { $_->{status} } @answers;

    is_deeply [ @login[0 .. 5] ], [ (200) x 6 ], 'some logins';
    my ($refused) = grep { $_->{status} == 429 } @answers;
    ok $refused, 'not many';
    is $refused->header('Retry-After'), 1, 'and when to come back';
    like $refused->{body}, qr/"reason": "rate_limited"/, 'and why';

    my $old = $t->token(exp => time - 1000);
    my @renew = map { get('/auth/token', token => $old, body => '{}')
                      ->{status} } 1 .. 30;
    is_deeply \@renew, [ (200) x 30 ], 'renewal goes on';
};

subtest 'a backend goes' => sub {
    open my $load, '-|', 'h2load', '--h1', '-n', 90, '-c', 2, '-m', 1, '-H',
         'Authorization: Bearer ' . $t->token(sub => 'dave'),
         "https://127.0.0.1:$port{443}/api/core/v2/namespaces/a/checks/c";

    $api[0]->stop;

    my $said = do { local $/; <$load> };
    close $load;

    like $said, qr/ 90 succeeded, 0 failed, 0 errored, 0 timeout/,
       'a load that runs does not notice';

    $_->forget for @api;

    my @got = map { get('/api/core/v2/namespaces/a/checks/c',
                        token => $t->token(sub => 'carol'))->{status} } 1 .. 12;

    is_deeply \@got, [ (200) x 12 ], 'nobody notices';
    is scalar($api[1]->requests), 12, 'the other one answers';
};

subtest "the fleet's limit, in the place of the first" => sub {
    my $other = $conf;

    $other =~ s/^ +limit_req zone=sensu_api.*\n(?=\n +# Several gateways)//m or die;
    $other =~ s/^ +#( +sensu_rate_limit .*)/$1/m or die;

    my %other = map { $_ => $t->port } values %port;
    $other =~ s/127\.0\.0\.1:$_\b/127.0.0.1:$other{$_}/g for keys %other;

    my $edge = $t->nginx(conf => $other);

    # a Redis too busy to count in time would let requests pass
    ok $t->wait_for(sub {
        $edge->curl("https://localhost:$other{ $port{443} }/api/core/v2/namespaces",
                    token => $t->token(sub => 'erin'), args => ['-k'])
            ->header('RateLimit-Policy')
    }), 'the share of the fleet';

    $edge->stop;
};

subtest 'agents' => sub {
    $agents[0]->stop;

    my $pid = open2(my $out, my $in, 'exec openssl s_client -quiet '
                                     . "-connect 127.0.0.1:$port{8081} "
                                     . '2> /dev/null');
    $in->autoflush(1);

    print $in "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n",
              "Connection: Upgrade\r\nAuthorization: Basic YTpi\r\n\r\n";

    like until_seen($out, qr/\r\n\r\n/), qr{^HTTP/1\.1 101 }, 'upgraded';

    print $in 'ping';
    like until_seen($out, qr/ping/), qr/echo ping/, 'both directions';

    close $in;
    kill 'TERM', $pid;
    waitpid $pid, 0;
};

$dashboard[0]->stop;

is $nginx->curl("https://127.0.0.1:$port{3000}/", args => ['-k'])->{body},
   'dashboard', 'the dashboard' for 1 .. 3;

subtest 'seen from this machine' => sub {
    my $metrics = $nginx->curl("http://127.0.0.1:$port{9145}/metrics");

    is $metrics->{status}, 200, 'metrics';
    like $metrics->{body}, qr/^sensu_\w+(?:\{[^}]*\})? [1-9]/m,
       'something was counted';

    like $nginx->curl("http://127.0.0.1:$port{9145}/status")->{body},
         qr/<html/i, 'the page for a person';

    isnt get('/metrics')->{status}, 200, 'not to be had from outside';
};

# the log is buffered; a reopened one is a flushed one

$nginx->{process}->signal('USR1');

my @lines = @{ $t->wait_for(sub {
    my @lines = split /\n/, slurp($log);
    return (grep { /carol/ } @lines) ? \@lines : 0;
}) // [] };

my @entries = map { eval { JSON::PP->new->utf8->decode($_) } } @lines;

is scalar(grep { defined } @entries), scalar @lines, 'every log line is JSON';

my ($page) = grep { $_->{target} =~ /\?limit=2$/ } @entries;

is $page->{user}, 'admin', 'user';
is $page->{token}, 'ok', 'token';
is $page->{scope}, 'cluster', 'scope';
is $page->{resource}, 'namespaces', 'resource';
is $page->{page_count}, 2, 'elements';
is $page->{groups}, 'cluster-admins', 'groups';
is $page->{namespaces}, '*', 'namespaces';
like $page->{backend}, qr/^127\.0\.0\.1:\d+$/, 'the backend, of a page too';
like $page->{backend_seconds}, qr/^\d+\.\d{3}$/, 'and its time';
unlike slurp($log), qr/eyJ/, 'no bearer token in it';
ok !(grep { $_->{target} eq '/health' } @entries), 'no health in it';

$t->done;


sub change {
    my ($from, $to) = @_;
    $conf =~ s/\Q$from\E/$to/g or die "not in the sample: $from";
}


sub get {
    my ($path, %opt) = @_;

    return $nginx->curl("https://localhost:$port{443}$path", %opt, args =>
        ['-k', '--resolve', "localhost:$port{443}:127.0.0.1",
         @{ $opt{args} // [] }]);
}


# many requests at once; how many got 2xx, 4xx

sub load {
    my ($n, $token) = @_;

    my $said = qx{h2load -n $n -c 4 -m 8 -H 'Authorization: Bearer $token' \\
                  https://127.0.0.1:$port{443}/api/core/v2/namespaces 2>&1};

    my %count = reverse $said =~ /(\d+) ([2345])xx/g;
    return \%count;
}


sub until_seen {
    my ($fh, $pattern) = @_;

    my $text = '';
    my $select = IO::Select->new($fh);

    while ($text !~ $pattern && $select->can_read(10)) {
        sysread $fh, $text, 4096, length $text or last;
    }

    return $text;
}


sub api {
    my ($name, $c, $req) = @_;

    if ($req->{path} eq '/api/core/v2/namespaces') {
        return $c->reply(200, '[{"name":"a"},{"name":"b"},{"name":"c"}]',
                         'X-Backend' => $name);
    }

    $c->reply(200, '{}', 'X-Backend' => $name);
}


sub agent {
    my ($c, $req) = @_;

    return $c->reply(400, 'no upgrade')
        if lc($req->{headers}{upgrade} // '') ne 'websocket'
           || $req->{headers}{connection} ne 'upgrade'
           || $req->{headers}{authorization} ne 'Basic YTpi';

    $c->head(101, Upgrade => 'websocket', Connection => 'Upgrade');
    $c->stall(10);
    $c->fill;
    $c->send("echo $c->{in}");
}


sub dashboard {
    my ($c, $req) = @_;
    $c->reply(200, 'dashboard');
}
