# Each alert of docs/alerts.yml, by its cause, in a real Prometheus: it fires, and
# is over when its cause is. "make alerts" starts this. Thresholds are those of the
# file; its minutes are seconds, so that nobody has to wait for them.

use lib 't/lib';
use SensuTest;

use JSON::PP ();
use MIME::Base64 ();

my $t = SensuTest->new;
my $d = $t->dir;
my $demo = $t->demo('--rich', '--no-token-store', '--secret-file', $t->secret_file);
my $redis = $t->redis;
my $nobody = $t->port;
my $lists = '[' . join(',', map { qq({"metadata":{"name":"$_","namespace":"x"}}) }
                           map { sprintf '%03d', $_ } 1 .. 60) . ']';

# a backend that pages nothing, one that is cut off, a slow one

my $whole = $t->upstream(sub { $_[0]->reply(200, $lists) });
my $cut = $t->upstream(sub { $_[0]->reply(200, substr $lists, 0, 70) });
my $slow = $t->upstream(sub { sleep 3; $_[0]->reply(201, '') });

my ($cert, $key) = certificate($t);
ends_in(4);

my $secret = $t->secret_file;
my %pass = map { $$_[0] => "proxy_pass http://127.0.0.1:" . $$_[1]->port . ';' }
           [whole => $whole], [cut => $cut], [slow => $slow];

$t->write('account.pw', "none\n", 0600);

my $gw = $t->nginx(backend => $demo, http => <<"END", locations => <<"LOCATIONS");
sensu_redis @{[$redis->url]} timeout=1s;
upstream pair { zone pair 256k; server 127.0.0.1:$nobody max_fails=1 fail_timeout=5s;
                server 127.0.0.2:$nobody max_fails=1 fail_timeout=5s; }
server {
    listen 127.0.0.1:@{[$t->port]} ssl;
    server_name edge.example;
    ssl_certificate $cert;
    ssl_certificate_key $key;
    sensu_gateway on;
    sensu_jwt_key HS256 $secret;
    location / { proxy_pass http://pair; }
}
END
location = /metrics { sensu_gateway off; sensu_metrics; }
location /down/ { proxy_pass http://pair; }
location = /api/core/v2/hooks { $pass{cut} }
location ~ /assets\$ { $pass{whole} }
location ~ /slow\$ { $pass{slow} }
location /rbac/ { sensu_namespaces rbac; rewrite ^/rbac(.*) \$1 break;
                  sensu_account gateway password_file=$d/account.pw refresh=1s stale=2s;
                  proxy_pass http://127.0.0.1:$nobody; }
location = /limited { sensu_rate_limit \$sensu_user rate=100r/s fail=open;
                      proxy_pass http://sensu; }
location = /auth/logout { sensu_logout on fail=open; proxy_pass http://sensu; }
LOCATIONS

# its cursors are in memory, of which there is little

my $small = $t->nginx(backend => $demo, http => 'sensu_cursor_zone tiny:32k;',
    locations => 'location = /metrics { sensu_metrics; sensu_gateway off; }');

my @want = slurp('docs/alerts.yml') =~ /- alert: (\w+)/g;
my $prometheus = prometheus();

my $token = $demo->login;
my $list = '/api/core/v2/checks';

ok wait_for(sub { up() == 2 }), 'both gateways are asked';
is_deeply [ firing() ], ['SensuGatewayCertificateEnds'], 'one alert so far'
    if wait_for(sub { firing() });

# Each cause, again and again until all alerts have fired

my %fired;
my $round = 0;

slow_store();
note "fired: @{[sort keys %fired]}";

$redis->kill;
$small->stop;

ok wait_for(sub {
    trouble();
    $fired{$_} = 1 for firing();
    return !grep { !$fired{$_} } @want;
}, 90), 'all have fired' or diag join ' ', grep { !$fired{$_} } @want;

is_deeply [ sort keys %fired ], [ sort @want ], 'each alert of the file, once for real';

# and all is well again

$redis->restart;
$small->start;
ends_in(40);
$gw->reload;

ok wait_for(sub { up() == 2 && !firing() }, 120), 'all are over' or diag join ' ', firing();

$prometheus->stop('TERM', 10);
$t->done;


# one round of everything but slowness, with Redis down

sub trouble {
    my $n = $round++;

    $gw->get('/down/x', token => $token);
    $gw->get('/api/core/v2/hooks?limit=5', token => $token);
    $gw->get("/api/core/v2/namespaces/x$n-$_/assets?limit=5", token => $token) for 1 .. 6;
    $gw->get("$list?limit=1", token => $token);
    $gw->get("$list?limit=-1", token => $token) for 1 .. 8;
    $gw->get($list, token => $t->token . 'AAAA') for 1 .. 30;
    $gw->get('/limited', token => $token);
    $gw->get("/rbac$list", token => $token);
    log_out();
    $gw->post('/api/core/v2/namespaces/x/checks/slow', '{}', token => $token) if $n % 4 == 0;
}


sub log_out {
    my $session = $demo->get('/auth', headers => [ Authorization => 'Basic '
        . MIME::Base64::encode_base64('admin:P@ssw0rd!', '') ])->json;

    $gw->post('/auth/logout', qq({"refresh_token":"$session->{refresh_token}"}),
              token => $session->{access_token},
              headers => [ 'Content-Type' => 'application/json' ]);
}


# while Redis is there: slow answers; and cursors that are pushed out

sub slow_store {
    wait_for(sub {
        $redis->cmd(qw(CLIENT PAUSE 200 ALL));
        $gw->get("$list?limit=1", token => $token);
        fill() if !$fired{SensuGatewayCursorsDropped};
        $fired{$_} = 1 for firing();
        return $fired{SensuGatewayStoreSlow} && $fired{SensuGatewayCursorsDropped};
    });
}


# more cursors than there is room for: each user has his own

sub fill {
    $small->get("$list?limit=1", token => $t->token(sub => "user$_-" . $round++)) for 1 .. 60;
}


sub wait_for {
    my ($what, $seconds) = @_;
    return $t->wait_for($what, $seconds);
}


sub ends_in {
    my ($days) = @_;
    system("openssl req -x509 -key $key -subj /CN=edge -days $days -out $cert") == 0 or die;
}


sub prometheus {
    my $rules = slurp('docs/alerts.yml') =~ s/\bfor: \d+[mh]/for: 1s/gr
                                         =~ s/\[\d+[mh]\]/[15s]/gr;
    my $port = $t->port;

    $t->write('alerts.yml', $rules);
    $t->write('prometheus.yml', <<"END");
global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [alerts.yml]
scrape_configs:
- job_name: sensu-gateway
  static_configs: [{ targets: ['127.0.0.1:@{[$gw->port]}', '127.0.0.1:@{[$small->port]}'] }]
END
    my $process = SensuTest::Process->spawn(log => "$d/prometheus.log",
        cmd => [ 'prometheus', "--config.file=$d/prometheus.yml",
                 "--storage.tsdb.path=$d/tsdb", "--web.listen-address=127.0.0.1:$port" ]);

    $process->{url} = "http://127.0.0.1:$port/api/v1";

    return $process;
}


sub asked {
    my ($path) = @_;

    my $text = `curl -s '$prometheus->{url}/$path'`;
    return eval { JSON::PP->new->utf8->decode($text)->{data} } // {};
}


sub up { scalar grep { $_->{health} eq 'up' } @{ asked('targets')->{activeTargets} // [] } }


sub firing {
    my %seen = map { $_->{labels}{alertname} => 1 }
               grep { $_->{state} eq 'firing' } @{ asked('alerts')->{alerts} // [] };
    return sort keys %seen;
}
