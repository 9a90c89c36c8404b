# No memory: each allocation that the module makes for a request, its libraries
# included, fails once. Whatever fails, a bad token never gets in, no page is
# wrong or ends where there is more, no write passes the guard, and the worker
# goes on.

use lib 't/lib';
use SensuTest;

use File::Basename qw(dirname);

my $CORE = '/api/core/v2';
my $MOST = 2000;             # allocations of one request, certainly

my $t = SensuTest->new;
my $nginx = $ENV{TEST_NGINX_BINARY} // '/usr/sbin/nginx';
my $sanitized = $ENV{TEST_ASAN_PRELOAD} || `ldd $nginx` =~ /libasan/;

# what valgrind puts in the place of malloc() is not to be replaced again
delete $ENV{TEST_NGINX_WRAP};

my $shim = build();

my $demo = $t->demo('--control', '--no-token-store');
my $redis = $t->redis;

$demo->post('/demo/reset', JSON::PP::encode_json({
    namespaces => [qw(dev dev-eu prod)], users => ['ann'],
    elements => [ map { my $ns = $_;
                        map { my $name = $_;
                              { type => 'checks', namespace => $ns,
                                name => $name },
                              { type => 'silenced', namespace => $ns,
                                name => "linux:$name" } }
                            map { "c$_" } 1 .. 5 }
                  qw(dev dev-eu prod) ],
}));

my %keys = (rs => [ key_pair($t, 'rsa', 2048) ],
            es => [ key_pair($t, 'ec', 'prime256v1') ]);

# $known: a token that the worker has verified and keeps
my ($gw, $worker, $counter, $known);
my $jti = 0;

subtest 'with the embedded store' => sub {
    start('', 'sensu_logout on;');
    good('a token signed with a secret', token_of('HS256'));
    good('a token signed with RSA', token_of('RS256'));
    good('a token signed with ECDSA', token_of('ES256'));
    refused_tokens();
    logged_out();
    pages();
    lists();
    writes();
    same('a public path', sub { $gw->get('/health') });
    survived();
};

subtest 'with Redis' => sub {
    # so long that a busy machine is not taken for a failure

    start('sensu_redis ' . $redis->url . ' timeout=5s;',
          'sensu_rate_limit $http_x_limited rate=1r/m;', 'sensu_logout on;');
    refused_tokens();
    logged_out();
    limited();
    pages();
    survived();
};

$t->done;


# An object of a file that is gone may be left of an earlier build.

sub has_source {
    my ($folder, $name) = $_[0] =~ m{([^/]+)/([^/]+)\.o\z};

    return grep { -e "ngx_sensu_module/$_/$name.c" } $folder, '.';
}


# The module with its calls caught, and what is preloaded; the objects are
# those of the build under test.

sub build {
    my $objects = dirname($ENV{TEST_MODULE} || 'build/ngx_sensu_module.so');
    my $source = 't/memory/fail.c';
    my $dir = $t->dir;

    my @wraps = slurp($source) =~ /^WRAP\([^,]+, \S+, (\w+),/mg;
    my @link = ('gcc', '-shared', '-o', "$dir/ngx_sensu_failing.so",
                grep({ has_source($_) } glob("$objects/addon/*/*.o")),
                "$objects/ngx_sensu_module_modules.o",
                map { "-Wl,--wrap=$_" } @wraps);

    if ($sanitized) {
        run('gcc', '-g', '-fPIC', '-c', '-o', "$dir/fail.o", $source);
        push @link, "$dir/fail.o";

    } else {
        run('gcc', '-g', '-fPIC', '-DFAIL_MALLOC=1', '-shared', '-o',
            "$dir/fail.so", $source);
    }

    push @link, '--coverage' if glob "$objects/addon/*/*.gcno";
    run(@link, qw(-lhiredis -ljansson -ljwt -lssl -lcrypto));

    $ENV{TEST_MODULE} = "$dir/ngx_sensu_failing.so";

    return $sanitized ? {} : { LD_PRELOAD => "$dir/fail.so" };
}


sub run {
    my (@cmd) = @_;
    system(@cmd) == 0 or die "$cmd[0] failed\n";
}


sub start {
    my ($http, $location, $server) = @_;

    $counter = $t->write('fail' . $jti++, pack 'l', 0);

    $gw = $t->nginx(
        backend => $demo,
        env => { %$shim, SENSU_FAIL => $counter },
        http => 'map $http_x_may $may { "" *; default $http_x_may; }' . $http,
        server => "sensu_jwt_key RS256 $keys{rs}[1]; "
                  . "sensu_jwt_key ES256 $keys{es}[1]; " . ($server // ''),
        location => 'sensu_namespaces $may; sensu_cors https://ui.test; '
                    . $location,
        locations => "location $CORE/namespaces/ops/ "
                     . '{ proxy_pass http://sensu; }');

    ($worker) = $gw->workers;
    $known = token_of('HS256')->();
}


sub survived {
    is join(' ', $gw->workers), $worker, 'the worker is the first one still';
}


# Runs one request again and again, another allocation failing each time, until
# none is left to fail. The judge says what is wrong with an answer, if it is.

sub walk {
    my ($name, $request, $judge) = @_;

    my (@wrong, $left);

    my $n = 0;

    do {
        $n++;
        arm($n);
        my $r = $request->();
        $left = disarm();

        my $wrong = $judge->($r, $left);
        push @wrong, "allocation $n: $wrong ($r->{status} $r->{body})" if $wrong;
        push @wrong, "allocation $n: no good answer after it" if !recovered();

    } until $left > 0 || $n == $MOST || @wrong > 5;

    $n--;
    ok !@wrong && $left > 0 && $n > 0, "$name, and $n allocations failed"
        or diag @wrong ? join "\n", @wrong
                       : $n ? 'it has no end' : 'nothing failed';
}


sub arm {
    my ($n) = @_;
    open my $fh, '+<:raw', $counter or die "$counter: $!";
    syswrite $fh, pack 'l', $n;
}


sub disarm {
    my $left = unpack 'l', slurp($counter);
    arm(0);
    return $left;
}


# Redis may have to be connected to again

sub recovered {
    return $t->wait_for(sub {
        $gw->get("$CORE/namespaces/prod/checks/c1", token => $known)
           ->{status} == 200
    });
}


# The cache of tokens must not have it

sub token_of {
    my ($alg, %more) = @_;

    my $key = $alg eq 'HS256' ? $t->secret
            : $keys{ lc substr $alg, 0, 2 }[0];

    return sub {
        jwt($alg, { sub => 'admin', groups => ['cluster-admins'],
                    exp => int(time) + 900, %more,
                    jti => sprintf 'a name that needs room %d', $jti++ }, $key);
    };
}


# An error of the gateway's own, or none at all, but nothing that a client
# would take for an answer to what it asked.

sub failed {
    my ($r) = @_;
    return $r->{status} == 0 || $r->{status} >= 500 || !$r->{complete};
}


sub same {
    my ($name, $request, $also) = @_;

    my $right = $request->();

    walk($name, $request, sub {
        my ($r, $left) = @_;
        return $right->{status} == $r->{status} && $right->{body} eq $r->{body}
               && $r->{complete} ? ''
             : $left > 0 ? 'is not as it was without a failure'
             : failed($r) || $r->{status} == ($also // 0) ? ''
             : 'neither right nor an error';
    });
}


# A token that can not be verified for want of memory may also be called bad.

sub good {
    my ($name, $token) = @_;

    same($name, sub {
        $gw->get("$CORE/namespaces/dev/checks/c1", token => $token->());
    }, 401);
}


sub refused_tokens {
    my %bad = (
        'a wrong signature with a secret' => sub { spoilt('HS256') },
        'a wrong signature with RSA' => sub { spoilt('RS256') },
        'a wrong signature with ECDSA' => sub { spoilt('ES256') },
        'an expired token' => token_of('HS256', exp => time - 1),
        'a token without an end' => token_of('HS256', exp => undef),
        'a token of tomorrow' => token_of('HS256', nbf => time + 86400),
        'a token without a subject' => token_of('HS256', sub => ''),
        'a token that repeats a member' => sub {
            jwt('HS256', '{"sub":"admin","sub":"ann","exp":' . (time + 900)
                         . ',"jti":"' . $jti++ . '"}', $t->secret)
        },
        'alg none' => sub {
            jwt('none', { sub => 'admin', exp => time + 900, jti => $jti++ })
        },
        'a public key for a secret' => sub {
            jwt('HS256', { sub => 'admin', exp => time + 900, jti => $jti++ },
                slurp($keys{rs}[1]))
        },
        'a critical extension' => sub {
            jwt('HS256', { sub => 'admin', exp => time + 900, jti => $jti++ },
                $t->secret, crit => ['x'])
        },
    );

    for my $name (sort keys %bad) {
        never($name, sub {
            $gw->get("$CORE/namespaces/dev/checks/c1", token => $bad{$name}->());
        });
    }

    # where log-outs do not count nobody has looked at the caller before
    never('another location, and a wrong signature', sub {
        $gw->get("$CORE/namespaces/ops/checks/c1", token => spoilt('HS256'));
    });

    never("another's namespace", sub {
        $gw->get("$CORE/namespaces/prod/checks/c2",
                 token => token_of('HS256')->(), headers => ['X-May' => 'dev']);
    });
}


sub spoilt {
    my ($alg) = @_;

    my $token = token_of($alg)->();
    my $at = rindex($token, '.') + 10;
    substr($token, $at, 1) = substr($token, $at, 1) eq 'A' ? 'B' : 'A';

    return $token;
}


sub logged_out {
    my $r = $gw->get('/auth', headers => [ Authorization => 'Basic '
        . MIME::Base64::encode_base64('admin:P@ssw0rd!', '') ]);
    my ($access, $refresh) = @{ $r->json }{qw(access_token refresh_token)};
    my $ask = sub { $gw->get("$CORE/namespaces", token => $access) };

    $gw->post('/auth/logout', JSON::PP::encode_json({ refresh_token => $refresh }),
              token => $access);
    $t->wait_for(sub { $ask->()->{status} == 401 })
        or die 'the log-out was not noted';

    never('a token that was logged out', $ask);
}


sub limited {
    my $ask = sub { $gw->get("$CORE/namespaces", token => $known,
                             headers => ['X-Limited' => 'all']) };

    is $ask->()->{status}, 200, 'one request a minute is let through';
    never('the next one', $ask);
}


# What must not get in: the backend never hears of it.

sub never {
    my ($name, $request) = @_;

    walk($name, sub {
        $demo->forget;
        my $r = $request->();
        $r->{heard} = () = $demo->requests;
        return $r;
    }, sub {
        my ($r, $left) = @_;
        return $r->{heard} ? 'the backend was asked'
             : $r->{status} >= 400 || $r->{status} == 0 ? ''
             : 'an odd answer';
    });
}


sub pages {
    my %lists = (native => "$CORE/namespaces/dev/checks",
                 sliced => "$CORE/namespaces/dev/silenced",
                 merged => "$CORE/checks");

    for my $kind (sort keys %lists) {
        my @may = $kind eq 'merged' ? (headers => ['X-May' => 'dev-eu prod']) : ();
        my $ask = sub { $gw->get($_[0], token => $known, @may) };

        my $all = elements($ask->($lists{$kind})->{body});
        my $path = "$lists{$kind}?limit=3";
        my $first = $ask->($path)->header('Sensu-Continue');

        page("$kind, the first page", $all, $ask, $path);
        page("$kind, the second page", [ @$all[3 .. $#$all] ], $ask,
             "$path&continue=$first");
    }
}


# A page may be short, but what it leads to are all the others.

sub page {
    my ($name, $right, $ask, $path) = @_;

    walk($name, sub { $ask->($path) }, sub {
        my ($r, $left) = @_;

        return $left > 0 ? 'is an error without a failure'
               : failed($r) ? '' : 'neither a page nor an error'
            if $r->{status} != 200 || !$r->{complete};

        my @got = @{ elements($r->{body}) };
        my $next = $r->header('Sensu-Continue');

        return 'is short without a failure' if $left > 0 && @got < 3 && $next;

        for (1 .. 20) {
            last if !defined $next;
            my $more = $ask->($path =~ s/&continue=.*//r . "&continue=$next");
            return "leads to $more->{status}" if $more->{status} != 200;
            push @got, @{ elements($more->{body}) };
            $next = $more->header('Sensu-Continue');
        }

        return "@got" eq "@$right" ? '' : 'leads to other elements';
    });
}


sub lists {
    same('a list that is filtered', sub {
        $gw->get("$CORE/namespaces/dev/checks", token => $known)
    });
    same('a list for a page of another origin', sub {
        $gw->get("$CORE/namespaces/dev/checks", token => $known,
                 headers => [Origin => 'https://ui.test'])
    });
    same('a list that is merged', sub {
        $gw->get("$CORE/checks", token => $known,
                 headers => ['X-May' => 'dev-eu prod'])
    });
    same('the namespaces of a caller', sub {
        $gw->get("$CORE/namespaces", token => $known,
                 headers => ['X-May' => 'dev-eu prod'])
    });
}


sub writes {
    my $body = '{"metadata":{"name":"new","namespace":"%s"},"command":"x",'
               . '"interval":10,"publish":true,"subscriptions":["a"]}';

    same('a body that fits its URL', sub {
        $gw->put("$CORE/namespaces/dev/checks/new", sprintf($body, 'dev'),
                 token => $known)
    });
    never('a body that names another namespace', sub {
        $gw->put("$CORE/namespaces/dev/checks/new", sprintf($body, 'prod'),
                 token => $known)
    });
    never('a body that is too large', sub {
        $gw->post("$CORE/namespaces/dev/checks", 'x' x 512_001,
                  token => $known)
    });

    # the list is asked for, and no more than that

    my $deleted = sub { grep { /DELETE/ } $demo->requests };

    walk('DELETE of a namespace that would take another', sub {
        $demo->forget;
        $gw->delete("$CORE/namespaces/dev", token => $known);
    }, sub {
        my ($r, $left) = @_;
        return $deleted->() ? 'the backend was told to'
             : $left > 0 && $r->{status} != 409 ? 'is not refused'
             : $r->{status} == 409 || failed($r) ? '' : 'an odd answer';
    });
}
