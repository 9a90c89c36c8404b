# The first day: nginx serves a site of its own, and an edge for Sensu comes beside
# it. All commands are those of README.md and docs/, as they stand there. The other
# site stays what it is, byte for byte, to the end. What breaks in the night is
# tools/alerts.t.

use lib 't/lib';
use SensuTest;

use SensuTest::Root;

my $ROOT = $ENV{ROOT};
my $README = slurp('README.md');
my $NAME = 'sensu.example.com';
my $HERE = 'cd ngx_sensu_module';

network('10.0.0.11/32', '10.0.0.12/32');

my $t = SensuTest->new;

SensuTest::Process->spawn(log => $t->dir . "/backend$_.out",
    cmd => [ 'demo/sensu-backend', '--listen', "10.0.0.$_:8080", '--rich',
             '--no-token-store', '--secret-file', $t->secret_file ])
    for 11, 12;

# a machine of somebody: nginx with a site, no gateway

root('apt-get install -y --no-install-recommends git make sudo curl jq nginx');
$t->write('index.html', "a shop\n");
put($t->dir . '/index.html', '/var/www/html/index.html', 0644);
$t->write('hosts', "127.0.0.1 localhost $NAME\n");
put($t->dir . '/hosts', '/etc/hosts', 0644);

# what a machine has and a bare root has not

$t->write('editor', "#!/bin/sh\nexec grep -q CHANGE \"\$@\"\n");
put($t->dir . '/editor', '/usr/local/bin/editor', 0755);
$t->write('systemctl', "#!/bin/sh\nexec nginx -s \"\$1\"\n");
put($t->dir . '/systemctl', '/usr/local/bin/systemctl', 0755);

ok $t->wait_for(sub { shop() =~ /a shop/ }, 10), 'Debian has started nginx';

my $site = shop();
my $files = root('find /etc/nginx -type f -exec sha256sum {} +');

like $site, qr/a shop\n\z/, 'the shop is open';

my ($text) = $README =~ /^## In front of an existing backend\n(.*?)^## /ms;

subtest 'build and install' => sub {
    my ($install) = $text =~ /`(make build && sudo make install)`/;

    root('git clone -q /srv/ngx_sensu_module');
    root("$HERE && make deps");

    my ($link) = root("$HERE && $install") =~ m{link to (/\S+\.conf)};
    root("ln -s $link /etc/nginx/modules-enabled/");
};

subtest 'key and certificate' => sub {
    my ($place) = $text =~ /^( {7}sudo install -d .*\n {7}sudo install -m .*\n)/m;

    put($t->secret_file, '/root/jwt.secret', 0600);
    root('set -e; ' . $place =~ s/^ {7}//mgr);
    root("openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=$NAME -days 90 "
         . "-addext subjectAltName=DNS:$NAME -keyout /etc/nginx/sensu/key.pem "
         . '-out /etc/nginx/sensu/cert.pem 2> /dev/null');
};

subtest 'the edge beside the shop' => sub {
    my ($commands) = $text =~ /((?:^ {7}sudo (?:cp|editor|ln|nginx).*\n(?: {8}.*\n)*)+)/m;

    like $commands, qr/sites-enabled.*systemctl reload/s, 'the commands of README';
    root("set -e; $HERE; " . $commands =~ s/^ {7}//mgr);
    unlike root('nginx -t'), qr/\[(?:warn|emerg)\]/, 'nothing to warn of';

    ok $t->wait_for(sub { sh('curl -s -o /dev/null -w "%{http_code}" '
                             . "https://$NAME/api/core/v2/checks") eq '401' }, 10),
       'the edge asks for a token';
    is shop(), $site, 'the shop is what it was';
};

subtest 'log in, walk, renew, log out' => sub {
    my ($section) = slurp('docs/operating.md') =~ /^## Log-out\n(.*?)^## /ms;
    my ($login, $renewal) = map { s/^ {4}//mgr =~ s/-u admin/-u 'admin:P\@ssw0rd!'/r }
                            $section =~ /((?:^ {4}.*\n|^\n(?= {4}))+)/mg;
    my ($renew, $out) = split /\n\n/, $renewal =~ s/\s+\z//r;

    like sh("$login\n$renew"), qr/"access_token"/, 'renewed';
    like sh("$login\n$out"), qr{^HTTP/\S+ 200}, 'logged out';

    my @programs = slurp('docs/walking.md') =~ /^```sh\n(.*?)^```$/gms;
    is @programs, 2, 'two walks by curl';

    my $path = '/api/core/v2/namespaces/default/checks';
    my $all = sh("$login\ncurl -s -H \"Authorization: Bearer \$T\" \$U$path | jq length");

    chomp $all;
    cmp_ok $all, '>', 4, "a list of $all";

    for my $n (0 .. 1) {
        $t->write('walk.sh', $programs[$n]);
        put($t->dir . '/walk.sh', '/root/walk.sh', 0644);
        is sh("$login\nexport GATEWAY=\$U TOKEN=\$T\n"
              . "sh walk.sh | jq -s 'flatten | length'"), "$all\n", "walk $n: all of it";
    }

    is sh('curl -s -o /dev/null -w "%{http_code}" ' . "https://$NAME/edge/metrics"), '200',
        'the counters, for this machine';
    like slurp("$ROOT/var/log/nginx/sensu.log") || sh('sleep 6; cat /var/log/nginx/sensu.log'),
         qr/"user":"admin"/, 'a log of its own';
    is shop(), $site, 'the shop is what it was';
};

subtest 'and away again' => sub {
    root('rm /etc/nginx/sites-enabled/sensu-edge /etc/nginx/sites-available/sensu-edge '
         . '/etc/nginx/conf.d/sensu-edge.conf /etc/nginx/modules-enabled/mod-http-sensu.conf; '
         . 'rm -r /etc/nginx/sensu; nginx -t -q && nginx -s reload');

    is root('find /etc/nginx -type f -exec sha256sum {} +'), $files,
        'no file of nginx has changed';
    is shop(), $site, 'the shop is what it was';
};

root('nginx -s stop');
$t->done;


sub shop {
    return sh('curl -si http://localhost/') =~ s/^Date: .*\r\n//mr;
}


sub sh {
    my ($commands) = @_;

    return root("export CURL_CA_BUNDLE=/etc/nginx/sensu/cert.pem\n"
                . "[ -e \$CURL_CA_BUNDLE ] || unset CURL_CA_BUNDLE\n$commands", 1);
}
