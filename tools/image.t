# The image, started as an engine would: not as root, without a capability, on
# a read-only root with tmpfs where the image has volumes. tools/image-test
# starts this with IMAGE_ROOT, IMAGE_JSON and namespaces of its own.

use lib 't/lib';
use SensuTest;

use JSON::PP;

die "start it by tools/image-test\n" if !$ENV{IMAGE_ROOT};

my $image = JSON::PP->new->decode(slurp($ENV{IMAGE_JSON}))->{Docker}{config};
my ($user, $group) = split /:/, $image->{User};
my $login = 'admin:P@ssw0rd!';
my $edge = 'https://127.0.0.1:8443';

my $t = SensuTest->new;
my $client = bless { t => $t }, 'SensuTest::HTTP';
my $demo = $t->demo('--rich', '--no-token-store');
my $redis = $t->redis(port => 1);
my $root = $ENV{IMAGE_AT};
my $log;

certificate($t);
mount_all();

subtest 'what the image says of itself' => sub {
    like $image->{User}, qr/^[1-9]\d*:[1-9]\d*$/, 'a user by number, not root';
    is_deeply [ sort keys %{ $image->{Volumes} } ],
        [ '/run/sensu-edge', '/var/lib/nginx' ], 'where it writes';
    is $image->{StopSignal}, 'SIGQUIT', 'how it is to be stopped';
    is_deeply [ sort keys %{ $image->{ExposedPorts} } ], [ '8443/tcp' ],
        'one port';
    isnt healthy(), 0, 'not healthy before it runs';
};

subtest 'by variables' => sub {
    my $edge = start(SENSU_BACKENDS => '127.0.0.1:' . $demo->port);

    ok $t->wait_for(sub { healthy() == 0 }), 'its health check answers';
    walks();
    is_deeply [ $redis->keys('sensu:*') ], [], 'cursors in shared memory';
    foreign_to_root($edge);
    ends($edge);
};

subtest 'with Redis, agents and dashboard' => sub {
    my $port = $demo->port;
    my $edge = start(SENSU_BACKENDS => "127.0.0.1:$port 127.0.0.1:$port",
                     SENSU_AGENTS => "127.0.0.1:$port",
                     SENSU_DASHBOARD => "127.0.0.1:$port",
                     SENSU_REDIS => $redis->url . '/0 timeout=10s',
                     SENSU_METRICS => '9145', SENSU_WORKERS => 2,
                     SENSU_BACKEND_VERSION => '5.10',
                     SENSU_SERVICE_HOST => '10.0.0.1',
                     SENSU_PORT_8080_TCP => 'tcp://10.0.0.1:8080');

    ok $t->wait_for(sub { healthy() == 0 }), 'its health check answers';
    walks();
    cmp_ok scalar(() = $redis->keys('sensu:*')), '>', 1, 'cursors in Redis';
    is ask('https://127.0.0.1:3000/health')->{status}, 200, 'the dashboard';
    isnt ask('https://127.0.0.1:8081/')->{status}, 0, 'the agents';
    like ask('http://127.0.0.1:9145/metrics')->{body},
        qr/^sensu_gateway_build_info/m, 'the metrics';
    ends($edge);
};

subtest 'a mounted file' => sub {
    my $conf = "$root/etc/nginx/sensu/nginx.conf";

    spew($conf, "pid /run/sensu-edge/nginx.pid; events {} http { access_log off; "
         . "server { listen 127.0.0.1:8999; return 200 mine; } }");

    my $edge = start();
    ok $t->wait_for(sub { ask('http://127.0.0.1:8999/')->{body} eq 'mine' }),
        'is what nginx gets';
    ends($edge);
    unlink $conf or die "$conf: $!";
};

for my $case (
    [ {}, qr/SENSU_BACKENDS=host:port is needed/ ],
    [ { SENSU_BACKEND => 'a:1' }, qr/SENSU_BACKEND is no setting/ ],
    [ { SENSU_BACKENDS => 'a' }, qr/"a" is no host:port/ ],
    [ { SENSU_BACKENDS => 'a:1', SENSU_WORKERS => '1; daemon on' },
      qr/SENSU_WORKERS holds what no value/ ],
    [ { SENSU_BACKENDS => '127.0.0.1:1', SENSU_BACKEND_VERSION => 'new' },
      qr/\[emerg\].*sensu_backend/ ])
{
    my ($env, $says) = @$case;

    my $edge = start(%$env);
    ok $t->wait_for(sub { !$edge->alive }), 'does not start: ' . join ' ', %$env;
    isnt $edge->code, 0, 'says so to the engine';
    like slurp($log), $says, 'and to its operator';
    rename $log, "$log.expected";
}

$t->done;


sub mount_all {
    my $sensu = "$root/etc/nginx/sensu";

    must('mount', '--bind', $ENV{IMAGE_ROOT}, $root);
    must('mount', '-o', 'remount,ro,bind', $root);
    must(qw(mount -t proc proc), "$root/proc");

    # nodes of its own, so that those of the machine are out of reach
    must(qw(mount -t tmpfs -o mode=755 tmpfs), "$root/dev");
    must(qw(mknod -m 666), "$root/dev/null", qw(c 1 3));
    must(qw(mknod -m 666), "$root/dev/urandom", qw(c 1 9));
    must(qw(ln -s /proc/self/fd/1), "$root/dev/stdout");

    must(qw(mount -t tmpfs -o mode=1777 tmpfs), "$root$_")
        for sort keys %{ $image->{Volumes} };
    must(qw(mount -t tmpfs tmpfs), $sensu);

    # as a secret of Kubernetes with fsGroup and defaultMode 0440 is
    $t->secret_file;

    for my $name ('cert.pem', 'key.pem', 'jwt.secret') {
        spew("$sensu/$name", slurp($t->dir . "/$name"));
        chown 0, $group, "$sensu/$name";
        chmod 0440, "$sensu/$name";
    }
}


sub must { system(@_) == 0 or die "@_ failed\n" }


sub spew {
    my ($path, $text) = @_;

    open my $fh, '>', $path or die "$path: $!";
    print $fh $text;
    close $fh or die "$path: $!";
}


# COMMAND as the engine would run it in the container

sub contained {
    my ($env, @command) = @_;

    my @env = map { "$_=$env->{$_}" } sort keys %$env;

    return ('env', '-i', @{ $image->{Env} }, @env, 'chroot', $root, 'setpriv',
            '--reuid', $user, '--regid', $group, '--clear-groups',
            '--no-new-privs', '--bounding-set=-all', '--inh-caps=-all',
            @command);
}


sub start {
    my (%env) = @_;

    # its standard output is opened once more, by another user
    $log = $t->dir . '/edge' . ++our $count . '.log';
    spew($log, '');
    chmod 0666, $log;

    return SensuTest::Process->spawn(log => $log,
        cmd => [ contained(\%env, @{ $image->{Entrypoint} }) ]);
}


sub ends {
    my ($process) = @_;

    $process->signal('QUIT');
    ok $t->wait_for(sub { !$process->alive }), 'ends when it is told to';
    is $process->code, 0, 'cleanly';
    unlike slurp($log), qr/\[(?:warn|error)\]/, 'without a warning';
}


sub healthy {
    my ($how, @command) = @{ $image->{Healthcheck}{Test} };

    die "HEALTHCHECK $how" if $how ne 'CMD';
    system(contained({}, @command));

    return $?;
}


sub ask {
    my ($url, %opt) = @_;
    return $client->curl($url, %opt, args => [ '-k', @{ $opt{args} // [] } ]);
}


sub walks {
    my $r = ask("$edge/auth", args => [ '-u', $login ]);
    is $r->{status}, 200, 'a login';

    my $token = $r->json->{access_token};
    my $list = "$edge/api/core/v2/checks";
    my $whole = elements(ask($list, token => $token)->{body});
    my ($next, @walked, $pages);

    do {
        my $r = ask("$list?limit=5" . ($next ? "&continue=$next" : ''),
                    token => $token);
        is $r->{status}, 200, 'page ' . ++$pages;
        push @walked, @{ elements($r->{body}) };
        $next = $r->header('Sensu-Continue');
    } while ($next && $pages < 100);

    cmp_ok $pages, '>', 2, 'a walk';
    is_deeply \@walked, $whole, 'of the whole list: ' . @walked . ' elements';
    is ask($list)->{status}, 401, 'not without a token';

    ok $t->wait_for(sub { slurp($log) =~ /^\{.*"status":401\b.*\}$/m }),
        'the access log is on standard output';
}


sub foreign_to_root {
    my ($edge) = @_;

    my $master = $edge->pid;
    my @all = map { slurp($_) } glob '/proc/[0-9]*/status';
    my @workers = grep { /^PPid:\s+$master$/m } @all;

    cmp_ok scalar @workers, '>', 0, 'a master and workers';

    for my $status (@workers, slurp("/proc/$master/status")) {
        like $status, qr/^Uid:(?:\s+$user){4}$/m, 'not as root';
        like $status, qr/^CapBnd:\s+0+$/m, 'without a capability';
    }
}
