# The image's entrypoint makes a configuration out of nginx.conf.sample and
# variables (docs/container.md). Whether the image itself works is seen by
# make image-test.

use lib 't/lib';
use SensuTest;

my $t = SensuTest->new;
my $dir = $t->dir;

$t->secret_file;
certificate($t);

my %backends = (SENSU_BACKENDS => '127.0.0.1:1 127.0.0.1:2');
my %all = (%backends,
           SENSU_AGENTS => '127.0.0.1:3',
           SENSU_DASHBOARD => '[::1]:4',
           SENSU_REDIS => 'redis://127.0.0.1:6379/0 timeout=1s',
           SENSU_METRICS => '9145',
           SENSU_SERVER_NAME => '*.example.org',
           SENSU_BACKEND_VERSION => '6.2',
           SENSU_WORKERS => 3);

subtest 'the least' => sub {
    my $conf = good(%backends);

    like $conf, qr/^ +server 127\.0\.0\.1:1 max.*\n +server 127\.0\.0\.1:2 max/m,
        'its backends';
    unlike $conf, qr/sensu_redis|sensu_agents|sensu_dashboard/,
        'nothing that was not asked for';
};

subtest 'with all' => sub {
    my $conf = good(%all);

    like $conf, $_, 'it has ' . $_
        for qr/server 127\.0\.0\.1:3 /, qr/server \[::1\]:4 /,
            qr/sensu_redis redis:\S+ timeout=1s;/, qr/listen 9145;/,
            qr/server_name \*\.example\.org;/, qr/sensu_backend 6\.2;/,
            qr/worker_processes 3;/;
};

for my $case (
    [ {}, qr/SENSU_BACKENDS=host:port is needed/ ],
    [ { %backends, SENSU_BACKEND => 'a:1' }, qr/SENSU_BACKEND is no setting/ ],
    [ { SENSU_BACKENDS => 'http://a:1' }, qr{"http://a:1" is no host:port} ],
    map { [ { %backends, SENSU_JWT_KEY => $_ }, qr/holds what no value/ ] }
        'HS256 x; include /etc/passwd', 'HS256 $host', "HS256 x\n", "a'b", 'a#b')
{
    my ($env, $says) = @$case;
    my ($said, $code) = entrypoint(%$env);

    isnt $code, 0, 'refused';
    like $said, $says, 'and says why';
}

# what Kubernetes sets of itself for a service with the name sensu

good(%backends, SENSU_SERVICE_HOST => '10.0.0.1', SENSU_SERVICE_PORT => 80,
     SENSU_PORT => 'tcp://10.0.0.1:80', SENSU_PORT_80_TCP_ADDR => '10.0.0.1');

subtest 'the settings' => sub {
    my ($default) = slurp('container/entrypoint') =~ /%default = \((.*?)\);/s;
    my %known = map { $_ => 1 } $default =~ /(SENSU_\w+) +=>/g;

    my @told = slurp('docs/container.md') =~ /^\| `(SENSU_\w+)/gm;

    is_deeply [ sort @told ],
        [ sort keys %known ], 'docs/container.md has each';
    is_deeply [ grep { !$known{$_} }
                slurp('docs/kubernetes.yml') =~ /^  (SENSU_\w+):/gm ], [],
        'docs/kubernetes.yml no other';
};

$t->done;


sub entrypoint {
    my (%env) = @_;

    local %ENV = (PATH => $ENV{PATH}, %env);
    my $said = qx{container/entrypoint print 2>&1};

    return ($said, $?);
}


# what is made, and nginx takes it

sub good {
    my ($conf, $code) = entrypoint(@_);

    is $code, 0, 'a configuration is made' or diag $conf;
    unlike $conf =~ s/^\s*#.*//gmr, qr{\b10\.0\.0|sensu\.example\.com|/var/},
        'nothing of the sample that was to be changed';

    my $local = $conf;

    $local =~ s{/etc/nginx/sensu/|/run/sensu-edge/}{$dir/}g;
    $local =~ s{^load_module .*}{%%GLOBALS%%}m;
    $local =~ s{^(?:pid|error_log) .*}{}gm;
    $local =~ s{/dev/stdout}{$dir/access};
    $local =~ s{^http \{\n}{$&%%TEMP%%\n}m;
    $local =~ s{(listen )(?:127\.0\.0\.1:)?\d+}{$1 . '127.0.0.1:' . $t->port}ge;

    my ($ok, $said) = $t->nginx(conf => $local, start => 0)->check;
    ok $ok, 'nginx takes it' or diag $said;

    return $conf;
}
