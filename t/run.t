# make run, as a person uses it: by its own output and by Ctrl-C.

use lib 't/lib';
use SensuTest;

use Cwd qw(abs_path);
use IO::Socket::INET;
use POSIX ();
use Time::HiRes qw(sleep);

delete @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES)};

my $t = SensuTest->new;
my $dir = abs_path($t->dir) . '/run';
my %port = map { $_ => $t->port } qw(HTTP_PORT TLS_PORT BACKEND_PORT);
my @ports = map { "$_=$port{$_}" } sort keys %port;

my $group;               # of the make that runs; ended with the test
my $output;              # the file with what it says
my $runs = 0;

END { kill 'KILL', -$group if $group; }


subtest 'the demo' => sub {
    my $said = start() or return fail 'did not start';

    like $said, qr{^gateway +http://127\.0\.0\.1:$port{HTTP_PORT}$}m,
         'the address';
    like $said, qr/^token +[\w-]+\.[\w-]+\.[\w-]+$/m, 'a token';
    like $said, qr{^ +verdict: ok$}m, 'that sensu-token finds good';
    like $said, qr/^cursors +in Redis/m, 'the store';

    pages_work($said);

    is qx{curl -sk --http2 -o /dev/null -w '%{http_code} %{http_version}' \\
          https://127.0.0.1:$port{TLS_PORT}/health}, '200 2',
       'TLS and HTTP/2';

    is names(), 'nginx nginx nginx redis sensu-backend', 'its processes';
    is((stat $dir)[2] & 0777, 0700, 'the folder is private');

    like refused(), qr/it runs already in \S+ \(process \d+\)/, 'once only';

    ctrl_c();
};

subtest 'again, and killed' => sub {
    pages_work(start() // return fail 'did not start');

    my ($pid) = slurp("$dir/lock") =~ /(\d+)/;
    kill 'KILL', $pid;
    ended('all the rest ends with the script');
};

subtest 'again, after the worst' => sub {
    start() or return fail 'did not start';

    # the script cannot see its nginx die, and the workers lose their master
    my ($script) = slurp("$dir/lock") =~ /(\d+)/;
    my ($master) = slurp("$dir/nginx.pid") =~ /(\d+)/;
    kill 'STOP', $script;
    kill 'KILL', $master;
    kill 'KILL', $script;

    $t->wait_for(sub { !alive() });
    like names(), qr/nginx/, 'workers are left';

    my $said = start() // return fail 'did not start';
    like $said, qr/^ending what an earlier start left: [\d ]+$/m, 'it says so';
    pages_work($said);
    ctrl_c();
};

subtest 'in shared memory' => sub {
    my $said = start('STORE=memory') or return fail 'did not start';

    like $said, qr/^cursors +in shared memory$/m, 'it says so';
    unlike names(), qr/redis/, 'no Redis';
    pages_work($said);
    ctrl_c();
};

subtest 'an existing backend' => sub {
    my $demo = $t->demo('--rich');
    my $said = start('BACKEND=127.0.0.1:' . $demo->port,
                     'JWT_KEY_FILE=' . $t->secret_file)
        or return fail 'did not start';

    like $said, qr/^backend +127\.0\.0\.1:\d+, an existing one$/m, 'it says so';
    unlike names(), qr/sensu-backend/, 'no demo backend';
    pages_work($said);
    ok scalar($demo->requests) > 0, 'which was asked';
    ctrl_c();
};

subtest 'a child dies' => sub {
    start() or return fail 'did not start';

    kill 'TERM', map { $_->[0] } grep { $_->[1] eq 'redis' } processes();
    ended('the rest ends');
    like output(), qr/^make run: redis has ended/m, 'it says which';
};

subtest 'one clear sentence' => sub {
    for my $name (sort keys %port) {
        my $held = IO::Socket::INET->new(
            LocalAddr => "127.0.0.1:$port{$name}", Listen => 1, ReuseAddr => 1);

        is refused(), "make run: port $port{$name} is in use: stop what "
                      . "listens there, or say $name=another", $name;
    }

    is refused('STORE=disk'), 'make run: STORE is redis or memory, not "disk"',
       'STORE';
    is refused('BACKEND=host'), 'make run: BACKEND is host:port, not "host"',
       'BACKEND';
    is refused('BACKEND=127.0.0.1:1'),
       'make run: BACKEND needs JWT_KEY_FILE, the backend\'s own secret '
       . '(base64)', 'BACKEND without a secret';
    is refused('JWT_KEY_FILE=/none'),
       'make run: JWT_KEY_FILE /none cannot be read', 'no such secret';
    is refused('HTTP_PORT=99999'), 'make run: "99999" is no port', 'no port';

    my $bad = $t->write('bad.secret', "AAAA\n");
    like refused("JWT_KEY_FILE=$bad"),
         qr/backend has ended.*\Q$bad\E does not hold/s, 'a bad secret';
    like refused("JWT_KEY_FILE=$bad", 'BACKEND=127.0.0.1:1'),
         qr/nginx refuses.*\Q$bad\E/s, 'which nginx does not take, either';
};

subtest 'no root' => sub {
    my $bin = $t->dir . '/bin';
    mkdir $bin;
    symlink "/usr/bin/$_", "$bin/$_" for qw(dpkg-query id);
    $t->write('deps', slurp('tools/deps'), 0755);

    my @nobody = $> == 0 ? qw(setpriv --reuid 65534 --regid 65534
                              --clear-groups) : ();
    my $cmd = join ' ', @nobody, 'env', "PATH=$bin", '/bin/bash',
              $t->dir . '/deps', 'bash', 'no-such-package-here';

    is qx{$cmd 2>&1}, "missing packages: no-such-package-here; install them "
                      . "as root, or install sudo\n", 'said';
    isnt $?, 0, 'and refused';

    $cmd =~ s/ no-such-package-here//;
    is qx{$cmd 2>&1}, '', 'nothing missing, nothing said';
    is $?, 0, 'and no root needed';
};

$t->done;


# Starts make run in a session of its own, as a terminal would; its output
# once it is up, undef if it ended before.

sub start {
    my (@more) = @_;

    launch(@more);

    # a slow machine may have to build first
    my $ready = sub { output() =~ /^Ctrl-C ends it\.$/m };
    $t->wait_for(sub { $ready->() || !alive() }, 180);
    return output() if $ready->() && alive();

    diag 'not up: ' . output();
    kill 'TERM', -$group if $group;
    $t->wait_for(sub { !alive() && !processes() });
    return;
}


sub launch {
    my (@more) = @_;

    $output = $t->dir . '/run' . ++$runs . '.out';
    my %other = (MODULE => $ENV{TEST_MODULE},
                 NGINX_BINARY => $ENV{TEST_NGINX_BINARY});
    my @other = map { "$_=$other{$_}" } grep { $other{$_} } sort keys %other;

    $group = fork // die "fork: $!";

    if ($group == 0) {
        POSIX::setsid();
        $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP PIPE);
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', $output;
        open STDERR, '>&', \*STDOUT;
        my $env = SensuTest::Nginx::environment($t, 'check');
        @ENV{keys %$env} = values %$env;
        exec('make', '--no-print-directory', 'run', "RUN_DIR=$dir", @ports,
             @other, @more) or POSIX::_exit(127);
    }
}


sub output { return slurp($output) }


sub alive {
    return 0 if !$group;
    return 1 if waitpid($group, POSIX::WNOHANG()) == 0;
    $group = 0;
    return 0;
}


# a start that must not succeed: what it said, without make's own line

sub refused {
    my (@more) = @_;

    my ($running, $out) = ($group, $output);
    launch(@more);
    $t->wait_for(sub { !alive() }, 180) or fail 'it started';

    my $said = output();
    ($group, $output) = ($running, $out);

    ok $said =~ s/^make(?:\[\d\])?: \*\*\*.*Error 1\n//m, 'make fails'
        or diag $said;

    return $said =~ s/\n\z//r;
}


sub ctrl_c {
    kill 'INT', -$group;
    ended('Ctrl-C ends everything');
    like output(), qr/^stopped$/m, 'it says so';
}


sub ended {
    my ($what) = @_;

    ok $t->wait_for(sub { !alive() && !processes() }), $what
        or diag names();

    for my $name (sort keys %port) {
        ok !IO::Socket::INET->new("127.0.0.1:$port{$name}"), "$name is free";
    }
}


# [id, name] of all that work in the folder

sub processes {
    my @found;

    for my $cwd (glob '/proc/[0-9]*/cwd') {
        next if (readlink $cwd // '') ne $dir;

        my ($pid) = $cwd =~ m{/(\d+)/};
        my $title = slurp("/proc/$pid/cmdline");
        my ($name) = $title =~ /(nginx|redis|valkey|sensu-backend)/
            or next;
        push @found, [$pid, $name eq 'valkey' ? 'redis' : $name];
    }

    return @found;
}


sub names { return join ' ', sort map { $_->[1] } processes() }


# the three lines, as printed

sub pages_work {
    my ($said) = @_;

    my @lines = $said =~ /^(curl .*)$/mg;
    is scalar @lines, 3, 'three lines' or return diag $said;

    my ($list, @page) = map { scalar qx{$_} } @lines;
    my $all = elements($list);

    cmp_ok scalar @$all, '>', 2, 'a list';

    my @got;

    for my $page (@page) {
        my ($head, $body) = split /\r\n\r\n/, $page, 2;
        like $head, qr{^HTTP/1\.1 200 }, 'a page' or return diag $page;
        push @got, elements($body);
    }

    like $page[0], qr/^Sensu-Continue: [\w-]{22}\r$/m, 'with a token';
    is scalar @{ $got[0] }, 2, 'of two elements';
    is_deeply [ @{ $got[0] }, @{ $got[1] } ],
              [ grep { defined } @$all[0 .. 1 + @{ $got[1] }] ],
              'and the next one goes on where it ended';
}
