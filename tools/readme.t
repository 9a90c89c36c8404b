# README.md's commands, one by one, in a bare root: what it says they print is
# what they print. tools/readme-test starts this with ROOT and a clone in it.

use lib 't/lib';
use SensuTest;

use MIME::Base64 qw(encode_base64);
use SensuTest::Root;

my $ROOT = $ENV{ROOT};
my $README = slurp('README.md');
my $HERE = 'cd ngx_sensu_module';

network();

my $t = SensuTest->new;
my $http = bless { t => $t }, 'SensuTest::HTTP';
my $secret;

subtest 'make run' => sub {
    root('apt-get install -y --no-install-recommends git make');
    root('git clone -q /srv/ngx_sensu_module');

    my $log = $t->dir . '/run.out';
    my $run = SensuTest::Process->spawn(log => $log, cmd => [
        'chroot', $ROOT, 'env', 'HOME=/root', 'bash', '-c',
        "cd /root; $HERE && exec make run" ]);

    ok $t->wait_for(sub { slurp($log) =~ /Ctrl-C ends it/ || !$run->alive },
                    400), 'it starts' or diag slurp($log);

    my ($token) = slurp($log) =~ /^token +(\S+)/m;
    my @lines = slurp($log) =~ /^(curl .*)/mg;
    is @lines, 3, 'three lines to try';
    root($_) for @lines;

    # the same two pages in the README, each with a token of its own

    my ($walk) = $README =~ /^## A first walk\n(.*?)^## /ms;
    my @printed = $walk =~ /^    (\[\{.*)$/mg;
    my ($url) = $walk =~ m{'(http://\S+\?limit=2)'};
    is @printed, 2, 'two pages there';

    for my $n (0, 1) {
        my $r = $http->curl($url, token => $token);

        is $r->{body}, $printed[$n], "page $n";
        $url =~ s/(?:&continue=.*)?\z/'&continue=' . $r->header('Sensu-Continue')/e;
    }

    # as a terminal does: all of it gets the signal

    my ($pid) = map { m{/(\d+)/} } grep { slurp($_) =~ m{\0tools/run\0} }
                glob '/proc/[0-9]*/cmdline';
    $secret = slurp("$ROOT/root/ngx_sensu_module/run/jwt.secret");
    kill INT => $pid;

    ok $t->wait_for(sub { !$run->alive }), 'Ctrl-C ends it';
    like slurp($log), qr/^stopped$/m, 'it says so';
    is_deeply [ grep { slurp($_) =~ /nginx|redis-server|sensu-backend/ }
                glob '/proc/[0-9]*/comm' ], [], 'nothing stays behind';
};

subtest 'in front of an existing backend' => sub {
    my ($text) = $README =~ /^## In front of an existing backend\n(.*?)^## /ms;
    my ($install) = $text =~ /`(make build && sudo make install)`/;
    my ($key, $place) = $text =~ /((?:^ {7}.*\n)+)\n((?:^ {7}.*\n)+)/m;
    my ($conf) = $text =~ /^ *```nginx main\n(.*?)^ *```/ms;

    root('apt-get install -y --no-install-recommends sudo etcd-server');
    root("$HERE && $install");

    # a backend, and its etcd with the secret in it

    SensuTest::Process->spawn(log => $t->dir . '/etcd.out',
        cmd => [ 'chroot', $ROOT, 'etcd', '--data-dir', '/tmp/etcd' ]);
    SensuTest::Process->spawn(log => $t->dir . '/backend.out',
        cmd => [ 'demo/sensu-backend', '--listen', '127.0.0.1:8080',
                 '--secret-file', $t->write('backend.secret', $secret) ]);

    my $value = $secret =~ s/\s+//r;
    my $put = encode_base64('/sensu.io/authentication/secret', '');

    $put = qq({"key":"$put","value":"$value"});

    # the README's path is that of the etcd in Sensu 5.5; newer ones have another

    my $api;
    ok $t->wait_for(sub {
        ($api) = grep {
            root("curl -sf http://127.0.0.1:2379/$_/kv/put -d '$put'", 1) =~ /revision/
        } qw(v3beta v3);
    }), 'etcd holds the secret';
    $key =~ s/v3beta/$api/;

    s/^ {7}//mg for $key, $place;
    root("set -e\n$key$place");
    is slurp("$ROOT/etc/nginx/sensu/jwt.secret") =~ s/\s+//r, $value,
        'the secret is in its place';

    $t->write('nginx.conf', $conf);
    put($t->dir . '/nginx.conf', '/etc/nginx/nginx.conf', 0644);
    root('nginx -t && nginx 2> /dev/null');     # it would hold our pipe open

    my $edge = 'http://127.0.0.1:8088';
    my $token = $http->curl("$edge/auth", args => [ '-u', 'admin:P@ssw0rd!' ])
                ->json->{access_token};
    my $list = "$edge/api/core/v2/namespaces?limit=1";
    my $r = $http->curl($list, token => $token);

    is $r->{status}, 200, 'a page';
    ok $r->header('Sensu-Continue'), 'and more to come';
    is $http->curl($list)->{status}, 401, 'not without a token';

    root("$HERE && make deb");
    root('nginx -s stop');
};

$t->done;
