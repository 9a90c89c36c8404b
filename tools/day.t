# An operator's first day: nginx serves a site of its own, and an edge for Sensu
# comes beside it, from the package to two teams, Redis, Prometheus, browser and
# clients, and goes away again. All commands are those of README.md and docs/, as
# they stand there. The other site is asked five times a second, and stays what it
# is, byte for byte, to the end.

use lib 't/lib';
use SensuTest;

use JSON::PP ();
use SensuTest::Docs;
use SensuTest::Root;

my $ROOT = $ENV{ROOT};
my $NAME = 'sensu.example.com';
my $EDGE = "https://$NAME";
my $HERE = 'cd ngx_sensu_module';
my $PACKAGE = 'libnginx-mod-http-sensu';
my $SITE = '/etc/nginx/sites-available/sensu-edge';
my $ZONES = '/etc/nginx/conf.d/sensu-edge.conf';
my $CHECKS = '/api/core/v2/namespaces/default/checks';

# one backend, at the addresses of both of the sample

network('10.0.0.11/32', '10.0.0.12/32');

my $t = SensuTest->new;
my $d = $t->dir;
my $secret = $t->secret_file;

SensuTest::Process->spawn(log => "$d/backend.out",
    cmd => [ 'demo/sensu-backend', '--listen', '0.0.0.0:8080', '--no-token-store',
             '--secret-file', $secret ]);

# a machine of somebody: nginx with a site, no gateway

root('apt-get install -y --no-install-recommends git make sudo curl jq nginx ca-certificates');
install('/var/www/html/index.html', "a shop\n");
install('/etc/hosts', slurp("$ROOT/etc/hosts") . "127.0.0.1 $NAME\n");

# what a machine has and a bare root has not, and who says yes to apt-get

install('/etc/apt/apt.conf.d/90yes', qq(APT::Get::Assume-Yes "true";\n));
install('/usr/local/bin/editor', "#!/bin/sh\nexec grep -q CHANGE \"\$@\"\n", 0755);
install('/usr/local/bin/systemctl', "#!/bin/sh\nexec invoke-rc.d \"\$2\" \"\$1\"\n", 0755);

ok $t->wait_for(sub { shop() =~ /a shop\n\z/ }), 'the shop is open';

my $shop = shop();
my $files = nginx_files();
my $watch = SensuTest::Process->spawn_sub(\&watch);

my $README = section('README.md', 'In front of an existing backend');
my ($reload) = $README =~ /^ +(sudo nginx -t && sudo systemctl reload nginx)$/m;

subtest 'the package' => sub {
    my ($commands) = $README =~ /^((?: {7}.*\n)+)\n   or without one/m;

    root('git clone -q /srv/ngx_sensu_module');
    root("set -e; $HERE && make deps; " . $commands =~ s/^ {7}//mgr);
    like root('nginx -T', 1), qr/load_module modules.ngx_sensu_module\.so/, 'it is loaded';
};

subtest 'key and certificate' => sub {
    my ($place) = $README =~ /^( {7}sudo install -d .*\n {7}sudo install -m .*\n)/m;

    put($secret, '/root/jwt.secret', 0600);
    root('set -e; ' . $place =~ s/^ {7}//mgr);
    root("openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=$NAME -days 90 "
         . "-addext subjectAltName=DNS:$NAME -keyout /etc/nginx/sensu/key.pem "
         . '-out /etc/nginx/sensu/cert.pem 2> /dev/null');
    root('cp /etc/nginx/sensu/cert.pem /usr/local/share/ca-certificates/sensu.crt '
         . '&& update-ca-certificates');
};

subtest 'the edge beside the shop' => sub {
    my ($commands) = $README =~ /((?:^ {7}sudo (?:cp|editor|ln|nginx).*\n(?: {8}.*\n)*)+)/m;

    like $commands, qr/sites-enabled.*systemctl reload/s, 'the commands of README';
    root("set -e; cd /usr/share/doc/$PACKAGE/examples; " . $commands =~ s/^ {7}//mgr);
    unlike root('nginx -t'), qr/\[(?:warn|emerg)\]/, 'nothing to warn of';

    ok $t->wait_for(sub { status($CHECKS) eq '401' }), 'the edge asks for a token';
    is status($CHECKS, $t->token), '200', 'and takes a good one';
} or BAIL_OUT('there is no edge');

subtest 'two teams' => sub {
    my ($text) = slurp('docs/multi-tenant.md') =~ /\A(.*?)^## A list by hand/ms;
    my @blocks = blocks($text);

    root($_) for grep { /openssl rand/ } @blocks;
    uncomment($SITE, 'sensu_namespaces rbac', 'sensu_account');

    my $mark = "--- end of command ---\n";
    my @commands = prompts(@blocks);
    my $script = join '', map {
        $_->{run} =~ s{http://127\.0\.0\.1:8080}{http://10.0.0.11:8080}r
                  =~ s{http://127\.0\.0\.1:8088}{$EDGE}r . "\nprintf '%s' '$mark'\n"
    } @commands;

    install('/root/teams.sh', $script);

    my @said = split /\Q$mark\E/, root('bash teams.sh');
    is @said, @commands, @commands . ' commands';

    for my $command (@commands) {
        is shift(@said) =~ s/\n+\z/\n/r =~ s/\A\n\z//r, $command->{prints}, $command->{run};
    }
};

subtest 'Redis, with rights' => sub {
    my ($text) = section('docs/operating.md', 'Redis') =~ /^\*\*Rights\.\*\*(.*?)^\*\*/ms;
    my ($make, $line) = blocks($text);
    my ($password, $user, $keep) = $make =~ /\A(.*\n)(echo .*\n.*\n)(.*\n)\z/;

    root('apt-get install -y --no-install-recommends redis-server; '
         . 'systemctl start redis-server');
    ok redis_answers(), 'Redis runs';
    root("set -e; $password$user");
    edit($ZONES, sub { s/^#\s+\Q$line\E/$line/m });
    ok $t->wait_for(sub { pages() && root('redis-cli --scan', 1) =~ /^sensu:/m }),
        'continue tokens are in it';

    root('systemctl restart redis-server');
    ok redis_answers(), 'Redis was restarted';
    ok $t->wait_for(sub { !pages() }), 'it forgot the user';
    like slurp("$ROOT/var/log/nginx/error.log"), qr/redis .*WRONGPASS/, 'as the log says';

    root("set -e; $user$keep");
    ok $t->wait_for(\&pages), 'pages again';
    root('systemctl restart redis-server');
    ok redis_answers(), 'Redis was restarted once more';
    ok $t->wait_for(\&pages), 'and knows the user';
};

subtest 'log in, renew, log out' => sub {
    my ($login, $renew, $out) = session();
    my $get = 'curl -s -o /dev/null -w "%{http_code}\n" -H "Authorization: Bearer $T" '
              . "\$U$CHECKS";

    uncomment($SITE, 'sensu_logout on');
    my @said = split /\n----\n/, root(join "\necho; echo ----\n", $login, $get, $renew, $out, $get);

    is $said[1], "200\n", 'logged in';
    like $said[2], qr/"access_token"/, 'renewed';
    like $said[3], qr{^HTTP/\S+ 200}, 'logged out';
    is $said[4], "401\n", 'which ends the token';
};

my @names = names(sh("curl -s -H 'Authorization: Bearer " . $t->token . "' $EDGE$CHECKS"));

subtest 'clients' => sub {
    cmp_ok scalar @names, '>', 4, 'a list of several pages';
    root('apt-get install -y --no-install-recommends jq python3 python3-requests nodejs golang-go');

    for my $walk (walks()) {
        install("/root/$walk->{file}", $walk->{text});

        my $said = sh("export GATEWAY=$EDGE TOKEN=" . $t->token . "\n$walk->{command}");
        is_deeply [ names($said) ], \@names, $walk->{command} or diag $said;
    }
};

# the browser is this machine's; the page is one of the shop's

subtest 'a browser' => sub {
    my ($walk) = grep { $_->{file} =~ /\.js\z/ } walks();

    uncomment($SITE, 'sensu_cors');
    edit($SITE, sub { s{(sensu_cors) https://ops\.example\.com}{$1 http://localhost} });
    install('/var/www/html/walk.html', page($walk->{text}));

    is_deeply [ names(chromium('http://localhost/walk.html')) ], \@names, 'the whole list';
    like chromium('http://127.0.0.1/walk.html'), qr/Failed to fetch/, 'not from elsewhere';
};

my $prometheus;

subtest 'Prometheus, and a night without Redis' => sub {
    root('apt-get install -y --no-install-recommends prometheus');
    $prometheus = prometheus();

    ok $t->wait_for(sub { up() }), 'it gets the counters';
    is_deeply [ firing() ], [], 'nothing is wrong';

    root('systemctl stop redis-server');
    ok $t->wait_for(sub { pages(); fires('RedisUnreachable') && fires('Failures') }),
        'Redis is missed' or diag firing();
    root('systemctl start redis-server');
    ok $t->wait_for(sub { !firing() }), 'and all is well again' or diag firing();
    ok pages(), 'pages, too';
};

# "make alerts", of the module that came with the package

subtest 'all other alerts' => sub {
    root("$HERE && TEST_MODULE=/usr/lib/nginx/modules/ngx_sensu_module.so prove tools/alerts.t");
};

subtest 'the package goes first, by mistake' => sub {
    my $said = root("apt-get remove -y $PACKAGE 2>&1");

    like $said, qr/will not start again/, 'it is said what that means';
    like $said, qr/^ +\Q$_\E\r?$/m, "$_ is in the way" for $SITE, $ZONES;
    like root('nginx -t', 1), qr/test failed/, 'the configuration does not load';
    is status($CHECKS, $t->token), '200', 'nginx runs on, the edge, too';

    root('apt-get install -y ./ngx_sensu_module/build/deb/*.deb');
    root($reload);
    is status($CHECKS, $t->token), '200', 'the package once more, and all is as before';
    unlike root('apt-get install -y --reinstall ./ngx_sensu_module/build/deb/*.deb'),
        qr/restart nginx/, 'which may come twice';
};

subtest 'and away again' => sub {
    my ($commands) = blocks(section('docs/operating.md', 'Taking it away'));

    like root("set -e; $commands"), qr/successful/, 'as it is told';
    ok $t->wait_for(sub { fires('Down') }), 'Prometheus misses it';
    root("apt-get purge -y $PACKAGE; rm -r $SITE /etc/nginx/sensu; nginx -t -q");

    is nginx_files(), $files, 'no file of nginx has changed';
    is shop(), $shop, 'the shop is what it was';
};

$watch->stop('TERM');

my $seen = slurp("$d/watch.out");

unlike $seen, qr/[^.]/, 'the shop was never anything else';
cmp_ok length $seen, '>', 100, 'and was looked at ' . length($seen) . ' times';

$prometheus->stop('TERM', 10);
root('nginx -s stop; redis-cli shutdown nosave', 1);
$t->done;


# --- the machine

sub sh { return root($_[0], 1) }


sub install {
    my ($path, $text, $mode) = @_;
    put($t->write('file', $text), $path, $mode // 0644);
}


sub edit {
    my ($path, $change) = @_;

    local $_ = my $before = slurp("$ROOT$path");
    $change->();
    isnt $_, $before, "$path was edited";
    install($path, $_);
    root($reload);
}


# what stands in a comment of the sample

sub uncomment {
    my ($path, @lines) = @_;

    edit($path, sub { for my $line (@lines) { s/^( +)# +(?=\Q$line\E)/$1/m } });
}


sub nginx_files { root('find /etc/nginx -type f -exec sha256sum {} + | sort -k 2') }
sub names { $_[0] =~ /"metadata":\s*\{"name":\s*"([^"]+)"/g }


sub redis_answers {
    return $t->wait_for(sub { sh('redis-cli ping') eq "PONG\n" });
}


# --- the two sites

# on a connection that ends, as the answer of a worker that is leaving always does

sub shop {
    return `curl -si -H 'Connection: close' http://127.0.0.1/` =~ s/^Date: .*\r\n//mr;
}


sub watch {
    open my $out, '>', "$d/watch.out" or die $!;
    $out->autoflush;

    while (getppid != 1) {
        my $now = shop();

        print $out $now eq $shop ? '.' : "\n" . time . " $now\n";
        select undef, undef, undef, 0.2;
    }
}


sub status {
    my ($path, $token) = @_;

    my $bearer = $token ? "-H 'Authorization: Bearer $token'" : '';
    return sh("curl -s -o /dev/null -w '%{http_code}' $bearer '$EDGE$path'");
}


# a page with another one after it: a continue token has to be kept

sub pages { return status("$CHECKS?limit=2", $t->token) eq '200' }


# --- the browser

sub page {
    my ($program) = @_;

    my $token = $t->token;
    return <<"END";
<!DOCTYPE html><pre id="out"></pre><script>
const process = { env: { GATEWAY: '$EDGE', TOKEN: '$token' } };
console.log = console.error = (line) => { out.textContent += line + '\\n'; };
$program</script>
END
}


# what the page has become

sub chromium {
    my ($url) = @_;

    my $dom = `timeout 60 chromium --headless --no-sandbox --disable-gpu --no-first-run \\
        --ignore-certificate-errors --host-resolver-rules='MAP $NAME 127.0.0.1' \\
        --user-data-dir=$d/chromium --virtual-time-budget=20000 --dump-dom $url 2> /dev/null`;

    return $dom =~ m{<pre id="out">(.*?)</pre>}s ? $1 : "no page: $dom";
}


# --- Prometheus: the documents' rules and its scrape_configs. The rules' minutes
# are seconds, as in tools/alerts.t.

sub prometheus {
    my ($scrape) = section('docs/directives.md', 'sensu_metrics') =~ /^```yaml\n(.*?)^```$/ms;
    my $rules = slurp("$ROOT/usr/share/doc/$PACKAGE/docs/alerts.yml");

    is $rules, slurp('docs/alerts.yml'), 'the package has the rules';
    install('/etc/prometheus/alerts.yml', $rules);
    like root('promtool check rules /etc/prometheus/alerts.yml'), qr/SUCCESS/, 'which are good';

    $scrape =~ s/targets: \[.*\]/targets: ['$NAME:443']/ or die 'no targets';
    install('/etc/prometheus/alerts.yml', $rules =~ s/\bfor: \d+[mh]/for: 1s/gr
                                                 =~ s/\[\d+[mh]\]/[15s]/gr);
    install('/etc/prometheus/prometheus.yml', <<"END");
global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [alerts.yml]
$scrape
END
    like root('promtool check config /etc/prometheus/prometheus.yml'), qr/SUCCESS/,
        'so is the configuration';

    return SensuTest::Process->spawn(log => "$d/prometheus.out", cmd => [
        'chroot', $ROOT, 'prometheus', '--config.file=/etc/prometheus/prometheus.yml',
        '--storage.tsdb.path=/tmp/tsdb', '--web.listen-address=127.0.0.1:9099' ]);
}


sub asked {
    my $text = `curl -s 'http://127.0.0.1:9099/api/v1/$_[0]'`;
    return eval { JSON::PP->new->utf8->decode($text)->{data} } // {};
}


sub up { scalar grep { $_->{health} eq 'up' } @{ asked('targets')->{activeTargets} // [] } }


sub firing {
    return map { $_->{labels}{alertname} } grep { $_->{state} eq 'firing' }
           @{ asked('alerts')->{alerts} // [] };
}


sub fires { return scalar grep { $_ eq "SensuGateway$_[0]" } firing() }
