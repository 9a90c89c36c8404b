# The Debian package in a bare root: installed, used as its sample says,
# upgraded under load, removed, installed again, purged. tools/deb-test starts
# this with ROOT, a network of its own and the packages in $ROOT/root.

use lib 't/lib';
use SensuTest;

use SensuTest::Root;
use Time::HiRes qw(sleep);

my $ROOT = $ENV{ROOT};
my $NEW = $ENV{NEW_VERSION} =~ s/-.*//r;
my ($OLD) = slurp('debian/changelog') =~ /^\S+ \(([\d.]+)-/;
my $PACKAGE = 'libnginx-mod-http-sensu';
my $LINK = "/etc/nginx/modules-enabled/50-mod-http-sensu.conf";
my $DOC = "/usr/share/doc/$PACKAGE";
my $NAME = 'sensu.example.com';

# the backends of the sample, at their addresses

network('10.0.0.11/32', '10.0.0.12/32');

my $t = SensuTest->new;
my $client = bless { t => $t }, 'SensuTest::HTTP';
my $login = 'admin:P@ssw0rd!';

certificate($t);

SensuTest::Process->spawn(log => $t->dir . '/redis.out',
    cmd => [ SensuTest::Redis::server(), qw(--port 6379 --save), '', '--dir', $t->dir ]);

SensuTest::Process->spawn(log => $t->dir . "/backend$_.out",
    cmd => [ 'demo/sensu-backend', '--listen', "10.0.0.$_:8080", '--rich',
             '--no-token-store', '--secret-file', $t->secret_file ])
    for 11, 12;

my %load;
subtest 'apt-get install' => sub {
    root("apt-get install -y /root/old.deb");

    like root("cat $LINK"), qr{^load_module modules/ngx_sensu_module\.so;$},
        'the module is enabled';
    check_conf();
    ok $t->wait_for(\&loaded), 'nginx runs with it';
    is page_of('http://127.0.0.1/')->{status}, 200, 'and serves as before';

    ok -s "$ROOT$_", "$_ is there"
        for map { "$DOC/$_" } qw(README.md examples/nginx.conf.sample
                                 changelog.Debian.gz copyright);

    ok -s "$ROOT/usr/share/man/man7/ngx_sensu_module.7.gz", 'so is the page';
    ok -s "$ROOT/usr/share/man/man1/sensu-token.1.gz", 'and that of sensu-token';
    like root('sensu-token --help'), qr/^sensu-token check /, 'which runs';

    ok -s "$ROOT$DOC/$_", "README.md: $_ is there"
        for slurp("$ROOT$DOC/README.md") =~ /\]\((docs[^)#]+)/g;
};

$t->write('debian.conf', slurp("$ROOT/etc/nginx/nginx.conf"));

subtest 'the sample' => sub {
    root("install -d -m 750 /etc/nginx/sensu && "
         . "cp $DOC/examples/nginx.conf.sample /etc/nginx/nginx.conf");
    put($t->dir . "/$_", "/etc/nginx/sensu/$_", 0600)
        for 'cert.pem', 'key.pem', 'jwt.secret';

    unlike check_conf(), qr/\[warn\]/, 'without a warning';
    root('invoke-rc.d nginx restart');

    for my $version (qw(1.2 1.3)) {
        is edge('/edge', "--tlsv$version", '--tls-max', $version)->{body},
           "ok\n", "TLS $version";
    }

    my $r = edge('/auth', '--http2', '-u', $login);
    is "$r->{version} $r->{status}", '2 200', 'a login, over HTTP/2';

    my $token = $r->json->{access_token};

    for my $version ('--http2', '--http1.1') {
        my @pages = walk('/api/core/v2/checks', 5, $token, $version);
        my $all = edge('/api/core/v2/checks', $version, bearer($token));

        cmp_ok scalar @pages, '>', 2, "a walk, $version";
        is join(',', map { @$_ } @pages),
           join(',', @{ elements($all->{body}) }), 'of the whole list';
    }

    is edge('/api/core/v2/checks')->{status}, 401, 'not without a token';
    is edge('/api/core/v2/checks', '-m', 2)->{status}, 401, 'by name';
};

# What follows is many requests of one user, and a machine that is busy with
# them. Each is a page, with a cursor kept in Redis.

edit(qr/rate=\d+r/, 'rate=90000r');
edit(qr/burst=\d+/, 'burst=90000');
edit(qr/timeout=\d+ms/, 'timeout=10s');
edit(qr/(?=keepalive_timeout 60s;)/, 'keepalive_requests 9999999; ');
root('nginx -t -q && invoke-rc.d nginx reload');

my $token = edge('/auth', '-u', $login)->json->{access_token};

subtest 'an upgrade under load' => sub {
    my $master = master();
    is running(), $OLD, 'the old version runs';

    # Clients such as there are: they send a request again that met a
    # connection about to be closed. The size of the page tells them apart.

    my @curl = (qw(curl -k --resolve), "$NAME:443:127.0.0.1",
                qw(--no-progress-meter -o /dev/null -w),
                '%{http_version} %{http_code} %{exitcode}\n');

    start('HTTP/2, kept', 2, '#[1-9999999]', @curl, '--http2', '--parallel',
          '--parallel-max', 4);
    start('HTTP/1.1, kept', 3, '#[1-9999999]', @curl, '--http1.1');

    # Load generators, which send nothing again.

    start('h2load', 4, '', qw(h2load -n 9999999 -c 4 -m 4));
    start('wrk', 5, '', qw(wrk -d 20 -t 1 -c 4));
    start('wrk, new connections', 6, '', qw(wrk -d 20 -t 1 -c 4 -H),
          'Connection: close');

    sleep 3;
    my %before = map { $_ => scalar said_by($_) } keys %load;

    root('apt-get install -y /root/new.deb');

    is running(), $NEW, 'the new version runs';
    isnt master(), $master, 'in a new master';
    ok $t->wait_for(sub { loaded() && !-e "/proc/$master" }),
        'the old one is gone';
    sleep 3;

    for my $name ('HTTP/2, kept', 'HTTP/1.1, kept') {
        my ($version) = $name =~ m{/([\d.]+)};
        my @said = said_by($name);
        pop @said if $said[-1] !~ /\n/;         # it is still running

        is_deeply [ grep { $_ ne "$version 200 0\n" } @said ], [],
            "$name: all of " . @said . ' answered';
        cmp_ok scalar @said, '>', $before{$name} + 10, 'many of them after it';
        $load{$name}{process}->stop('TERM', 10);
    }

    for my $name ('h2load', 'wrk', 'wrk, new connections') {
        ok $t->wait_for(sub { !$load{$name}{process}->alive }),
            "$name has ended";
    }

    # GOAWAY ends h2load: what it had not sent counts as its errors. What the
    # gateway has taken must have arrived.

    root('invoke-rc.d nginx rotate');
    my $taken = () = slurp("$ROOT/var/log/nginx/sensu.log") =~ /\?limit=4"/g;
    my $said = join '', said_by('h2load');

    like $said, qr/ \Q$taken\E succeeded, /, "h2load: all of $taken answered";
    like $said, qr/: \Q$taken\E 2xx, 0 3xx, 0 4xx, 0 5xx/, 'with 200';

    $said = join '', said_by('wrk');
    unlike $said, qr/Non-2xx/, 'wrk: nothing but 200';

    # a kept connection may be closed when a request is on its way: once by
    # the upgrade, once by the reload that nginx's own package does after it

    my ($broken) = $said =~ /connect 0, read (\d+), write 0, timeout 0/;
    unlike $said, qr/Socket errors/, 'no broken one' if !defined $broken;
    cmp_ok $broken // 0, '<=', 8,
        'wrk: its 4 kept connections broke ' . ($broken // 0) . ' times';

    $said = join '', said_by('wrk, new connections');
    like $said, qr/\d+ requests in/, 'wrk, new connections';
    unlike $said, qr/Non-2xx|Socket errors/, 'none was refused or broken';
};

subtest 'removed while in use' => sub {
    my $said = root('apt-get remove -y ' . $PACKAGE . ' 2>&1');

    # apt lets dpkg write to a terminal, whose lines end with both

    like $said, qr/will not start again.*\R.*\R    \/etc\/nginx\/nginx\.conf\R/,
        'it says what is in the way of the next start, and where';
    like root('nginx -t', 1), qr/ngx_sensu_module\.so" failed/,
        'the configuration is no longer good, and nginx says why';
    is edge('/edge')->{body}, "ok\n", 'but the running one goes on';

    put($t->dir . '/debian.conf', '/etc/nginx/nginx.conf', 0644);
    check_conf();
    root('invoke-rc.d nginx reload');
    ok $t->wait_for(\&unloaded), 'without it nginx needs it no more';
};

subtest 'installed again' => sub {
    root('apt-get install -y /root/new.deb');
    check_conf();
    ok $t->wait_for(\&loaded), 'nginx has it again';

    root("rm $LINK && invoke-rc.d nginx reload");
    my $same = master();
    unlike root('apt-get install -y --reinstall /root/new.deb'), qr/restart nginx/,
        'the same version once more is what runs already';
    is master(), $same, 'and nginx goes on';
    ok !-l "$ROOT$LINK", 'who disabled it finds it disabled';
};

subtest 'purged' => sub {
    my @paths = grep { -f "$ROOT$_" } split /\n/, root("dpkg -L $PACKAGE");
    cmp_ok scalar @paths, '>', 15, 'its files are known';

    root("rm -r /etc/nginx/sensu; apt-get purge -y $PACKAGE");

    is_deeply [ grep { -e "$ROOT$_" } @paths ], [], 'none is left';
    is `find $ROOT/etc $ROOT/usr $ROOT/var/lib $ROOT/run -xdev -name '*sensu*'`,
       '', 'nor anything of that name';
    unlike root('dpkg -l'), qr/$PACKAGE/, 'dpkg knows nothing of it';
    check_conf();
    is page_of('http://127.0.0.1/')->{status}, 200, 'nginx serves as before';
};

subtest 'make install' => sub {
    root('mkdir -p src/build');
    system('cp', '-r', qw(tools program docs debian README.md),
           "$ROOT/root/src") == 0 or die 'cp';
    root('dpkg-deb -x new.deb x && cp x/usr/lib/nginx/modules/* '
         . 'x/usr/bin/sensu-token src/build');

    root('DESTDIR=/tmp/there src/tools/install');
    is `cd $ROOT/tmp/there && find . -type f | sort`,
       "./usr/lib/nginx/modules/ngx_sensu_module.so\n"
       . "./usr/local/bin/sensu-token\n"
       . "./usr/local/share/man/man1/sensu-token.1\n"
       . "./usr/local/share/man/man7/ngx_sensu_module.7\n"
       . "./usr/share/nginx/modules-available/mod-http-sensu.conf\n",
       'DESTDIR gets it';

    my ($enable) = root('src/tools/install') =~ m{link to (/\S+\.conf)};
    root("ln -s $enable /etc/nginx/modules-enabled/ && nginx -t -q && "
         . 'invoke-rc.d nginx reload');
    ok $t->wait_for(\&loaded), 'nginx runs with it';
    like root('/usr/local/bin/sensu-token --help'), qr/^sensu-token check /,
        'and the program';
};

$t->done;


sub check_conf { return root('nginx -t') }


sub edit {
    my ($from, $to) = @_;

    my $path = '/etc/nginx/nginx.conf';
    my $text = slurp("$ROOT$path");
    $text =~ s/$from/$to/g or die "$path has no $from";

    open my $fh, '>', "$ROOT$path" or die "$path: $!";
    print $fh $text;
    close $fh or die "$path: $!";
}


sub master { return slurp("$ROOT/run/nginx.pid") =~ s/\s+//r }


# the master has the very file that is installed

sub loaded {
    my $maps = slurp('/proc/' . master() . '/maps');
    return $maps =~ m{/ngx_sensu_module\.so$}m && $maps !~ /module\.so \(deleted\)/;
}


sub unloaded { return slurp('/proc/' . master() . '/maps') !~ /ngx_sensu/ }


sub running {
    my $text = page_of('http://127.0.0.1:9145/metrics')->{body};
    return $text =~ /build_info\{version="([^"]+)"/ ? $1 : 'none';
}


sub page_of { return $client->curl(@_) }


sub edge {
    my ($path, @args) = @_;

    return page_of("https://$NAME$path", args =>
        [ '-k', '--resolve', "$NAME:443:127.0.0.1", @args ]);
}


sub bearer { return ('-H', "Authorization: Bearer $_[0]") }


sub walk {
    my ($path, $limit, $token, @args) = @_;

    my ($next, @pages);

    do {
        my $r = edge("$path?limit=$limit" . ($next ? "&continue=$next" : ''),
                     bearer($token), @args);
        die "$path: $r->{status} $r->{body}" if $r->{status} != 200;

        push @pages, elements($r->{body});
        $next = $r->header('Sensu-Continue');
    } while ($next && @pages < 1000);

    return @pages;
}


sub start {
    my ($name, $limit, $more, @cmd) = @_;

    my $log = $t->dir . "/load$limit.out";

    $load{$name} = { log => $log, process => SensuTest::Process->spawn(
        log => $log, cmd => [ @cmd, bearer($token),
            "https://$NAME/api/core/v2/namespaces?limit=$limit$more" ]) };
}


sub said_by { return split /(?<=\n)/, slurp($load{$_[0]}{log}) }
