# The account of sensu_namespaces rbac: log-in and renewal, what goes wrong with
# it and what the log says then; changes of roles, workers, reloads.

use lib 't/lib';
use SensuTest;
use SensuTest::Account;
use SensuTest::Roles;

use JSON::PP ();

my $CORE = '/api/core/v2';
my $CHECKS = 'namespaces/dev/checks';

my $t = SensuTest->new;
my ($demo, $password, $account) = stage($t);


sub binds_bob {
    my ($gw) = @_;

    my $binding = { metadata => { name => 'bob', namespace => 'dev' },
                    subjects => [ { type => 'User', name => 'bob' } ],
                    role_ref => { type => 'ClusterRole', name => 'view' } };

    return ask($gw, 'admin', POST => 'namespaces/dev/rolebindings',
               body => JSON::PP::encode_json($binding),
               headers => ['Content-Type' => 'application/json']);
}


subtest 'a change that comes through the gateway counts at once' => sub {
    fresh();
    my $gw = gateway('refresh=1h stale=2h');

    is shown(ask($gw, 'bob', GET => $CHECKS)), '403 rbac_forbidden', 'not yet';

    is binds_bob($gw)->{status}, 200, 'the admin binds him';
    is shown(ask($gw, 'bob', GET => $CHECKS)), 'dev/cpu dev/disk',
       'his next request';

    is ask($gw, 'admin', DELETE => 'namespaces/dev/rolebindings/bob')
           ->{status}, 204, 'and takes it away';
    is shown(ask($gw, 'bob', GET => $CHECKS)), '403 rbac_forbidden', 'gone';

    $demo->forget;
    is ask($gw, 'bob', DELETE => 'namespaces/dev/rolebindings/ann')
           ->{status}, 403, 'who may not do it';
    is ask($gw, 'admin', DELETE => "$CHECKS/cpu")->{status}, 204,
       'who writes something else';
    is ask($gw, 'admin', GET => 'namespaces/dev/rolebindings')->{status}, 200,
       'who only looks';
    ask($gw, 'ann', GET => $CHECKS);
    is scalar(grep { m{v2/rolebindings} } $demo->requests), 0,
       'makes nobody read anything';
};


# the backend has done it, whatever the client is told

subtest 'a write whose answer is lost counts at once' => sub {
    mkdir $t->dir . '/html';
    $t->write('html/50x.html', 'sorry');

    for ('', 'error_page 502 /50x.html;', 'error_page 502 @sorry;') {
        fresh();
        my $gw = gateway('refresh=1h stale=2h', location => $_, locations =>
            'location = /50x.html { sensu_gateway off; root %%DIR%%/html; }
             location @sorry { sensu_gateway off; return 502; }');

        is shown(ask($gw, 'bob', GET => $CHECKS)), '403 rbac_forbidden',
           'not yet';
        control(fault => { path_regex => 'dev/rolebindings',
                           action => 'drop', times => 1 });
        is binds_bob($gw)->{status}, 502, "lost $_";
        is shown(ask($gw, 'bob', GET => $CHECKS)), 'dev/cpu dev/disk',
           'his next request';
    }
};


subtest 'a change elsewhere counts when it is read' => sub {
    fresh();
    my $gw = gateway('refresh=100ms stale=1h');

    is shown(ask($gw, 'bob', GET => $CHECKS)), '403 rbac_forbidden', 'not yet';
    control(put => binding('bob', 'dev', 'view', 'bob'));
    ends_with($gw, 'bob', $CHECKS, 'dev/cpu dev/disk', 'soon');
    control(delete => binding('bob', 'dev', 'view', 'bob'));
    ends_with($gw, 'bob', $CHECKS, '403 rbac_forbidden', 'and gone again');
};


subtest 'one log-in, then renewals' => sub {
    fresh();
    my $gw = gateway('refresh=100ms stale=1h');
    ask($gw, 'ann', GET => $CHECKS);
    $demo->forget;

    # expired in the middle of a reading

    control(fault => { path_regex => '/api/core/v2/roles$', status => 401,
                       times => 1 });

    ok $t->wait_for(sub {
        ask($gw, 'ann', GET => $CHECKS);
        logins() ne ''
    }), 'the token is refused';

    is logins(), 'POST /auth/token 200', 'renewed, no log-in';

    my $read = sub {
        join ', ', map { m{^GET $CORE/(\w+)\?limit=501 auth=account (\d+)}
                         ? "$1 $2" : () } $demo->requests
    };

    ok $t->wait_for(sub { $read->() =~ /roles 401, .* rolebindings 200/ }),
       'and the reading went on';
    like $read->(),
         qr/roles 401, roles 200, clusterrolebindings 200, rolebindings 200/,
         'where it had been interrupted';

    # the backend has forgotten all tokens

    control(fault => { path_regex => '/auth/token', status => 401,
                       times => 1 });
    control(fault => { path_regex => "$CORE/roles\$", status => 401,
                       times => 1 });
    $demo->forget;

    ok $t->wait_for(sub {
        ask($gw, 'ann', GET => $CHECKS);
        logins() =~ m{GET /auth }
    }), 'a token that can not be renewed';
    is logins(), 'POST /auth/token 401 GET /auth 200', 'makes it log in';
    is scalar($gw->grep_log(qr/were not read/)), 0, 'not a word in the log';
};


subtest 'errors of the account' => sub {
    fresh();

    my $wrong = $t->write('wrong.pw', "wrong\n", 0600);
    my $gw = gateway('refresh=1h stale=2h',
                account => "sensu_account gateway password_file=$wrong");

    $demo->forget;
    my $r = ask($gw, 'ann', GET => $CHECKS);
    is shown($r), '503 rbac_unknown', 'a wrong password';
    is $r->header('Retry-After'), 1, 'come back later';
    is shown(ask($gw, 'admin', GET => 'users')), '503 rbac_unknown',
       'for everybody';
    like join("\n", $gw->grep_log(qr/were not read/)),
         qr{not\ read:\ the\ backend\ does\ not\ take\ the\ password\ of\ sensu_account
            \ in\ \S+:\d+\ \(401\ for\ /auth\);\ nobody\ gets\ in}x,
         'one line';
    is scalar(() = logins() =~ /GET \/auth 401/g), 1, 'and it is not tried again at once';

    # a slow reading is old enough for the next one when it ends: not with 1h

    $gw = gateway('refresh=1h stale=1h');
    is shown(ask($gw, 'ann', GET => $CHECKS)), 'dev/cpu dev/disk', 'good';
    control(delete => binding('gateway-reader', undef, 'gateway-reader',
                              'gateway'));
    $gw->reload(location => "$account refresh=100ms stale=1h;\n"
                            . 'sensu_namespaces rbac;');

    ok $t->wait_for(sub {
        ask($gw, 'ann', GET => $CHECKS);
        $gw->grep_log(qr/were not read/)
    }), 'its rights are taken away';
    like join("\n", $gw->grep_log(qr/were not read/)),
         qr{may\ not\ list\ $CORE/clusterroles,\ give\ it\ a\ role\ that\ may\ get\ and\ list\ .*
            those\ of\ \d+ms\ ago\ are\ used\ on\ up\ to\ stale=3600000ms}x,
         'one line';
    is shown(ask($gw, 'ann', GET => $CHECKS)), 'dev/cpu dev/disk',
       'what was read is used on';

    fresh();
    $gw = gateway('refresh=100ms stale=1h');
    is shown(ask($gw, 'ann', GET => $CHECKS)), 'dev/cpu dev/disk', 'good';
    control(put => { type => 'users', name => 'gateway', groups => [],
                     password => 'another' });
    control(fault => { path_regex => '/auth/token', status => 401 });
    control(fault => { path_regex => "$CORE/namespaces\$", status => 401,
                       times => 1 });

    ok $t->wait_for(sub {
        ask($gw, 'ann', GET => $CHECKS);
        $gw->grep_log(qr/does not take the password .* are used on/)
    }), 'the password was changed';

    $t->write('account.pw', "another\n", 0600);
    control(fault => { action => 'clear' });
    $gw->reload;
    $demo->forget;
    is shown(ask($gw, 'ann', GET => $CHECKS)), 'dev/cpu dev/disk',
       'after a reload with the new one';
    is logins(), 'GET /auth 200', 'it logs in';
    $t->write('account.pw', "pass\n", 0600);
};


subtest 'the backend is away, or no backend' => sub {
    fresh();

    for ([ { status => 503 }, qr/cannot be read from the backend \(status 503\)/ ],
         [ { action => 'drop' }, qr/cannot be read from the backend \(status 502\)/ ],
         [ { action => 'cut-after', bytes => 20 }, qr/is no list, or was cut off/ ],
         [ { status => 200, body => '<html>' }, qr/is no list/ ],
         [ { status => 200, body => '{}' }, qr/is no list/ ],
         [ { status => 200, body => '[{]' }, qr/is no list/ ])
    {
        my ($fault, $line) = @$_;
        my $gw = gateway('refresh=100ms stale=1h');

        control(fault => { path_regex => "$CORE/clusterroles", %$fault });
        is shown(ask($gw, 'ann', GET => $CHECKS)), '503 rbac_unknown',
           JSON::PP::encode_json($fault);
        is scalar($gw->grep_log(qr/were not read: .*$line/)), 1, 'one line';

        control(fault => { action => 'clear' });
        ends_with($gw, 'ann', $CHECKS, 'dev/cpu dev/disk', 'and back');
    }

    my $gw = gateway('refresh=100ms stale=1h');
    control(fault => { path_regex => "$CORE/namespaces\$", status => 200,
                       body => '[]' });
    is shown(ask($gw, 'ann', GET => $CHECKS)), '503 rbac_unknown',
       'no namespace, as later backends say to an account that may get none';
    is scalar($gw->grep_log(qr{may not list /api/core/v2/namespaces, give it})),
       1, 'one line';
    control(fault => { action => 'clear' });

    $gw = gateway('refresh=100ms stale=1h');
    control(fault => { path_regex => '/auth$', status => 200, body => '{}' });
    is shown(ask($gw, 'ann', GET => $CHECKS)), '503 rbac_unknown',
       'a log-in without tokens';
    is scalar($gw->grep_log(qr/the answer to \/auth has no tokens/)), 1,
       'one line';
    control(fault => { action => 'clear' });
};


subtest 'lists of any length, paged or not' => sub {
    fresh();

    control(put => [ (map { { type => 'namespaces', name => "n$_" } }
                          1 .. 40),
                     (map { binding("b$_", 'n' . (1 + $_ % 40), 'view',
                                    "user$_") } 1 .. 1100),
                     binding('bob', 'n7', 'view', 'bob'),
                     { type => 'checks', namespace => 'n7', name => 'x' } ]);

    my $gw = gateway('refresh=1h stale=2h');
    $demo->forget;
    is shown(ask($gw, 'bob', GET => 'checks')), 'n7/x', 'over three pages';
    is scalar(grep { m{/rolebindings\?limit=501} } $demo->requests), 3,
       'of 500';

    $gw = gateway('refresh=1h stale=2h');
    control(fault => { path_regex => "$CORE/(?:rolebindings|namespaces)",
                       action => 'ignore-paging' });
    is shown(ask($gw, 'bob', GET => 'checks')), 'n7/x',
       'from a backend that does not page';
    control(fault => { action => 'clear' });
};


subtest 'rights that change under a walk' => sub {
    for my $store ('memory', 'redis') {
        fresh();
        control(put => binding('ann', 'ops', 'view', 'ann'));

        my $gw = gateway('refresh=1h stale=2h', $store eq 'redis'
                     ? (http => 'sensu_redis ' . $t->redis->url . ';') : ());
        my $next = sub {
            my ($limit, $r) = @_;
            my $c = $r ? '&continue=' . $r->header('Sensu-Continue') : '';
            return ask($gw, 'ann', GET => "checks?limit=$limit$c");
        };
        my $unbind = sub {
            ask($gw, 'admin', DELETE => "namespaces/$_/rolebindings/ann")
                for @_;
        };

        my $first = $next->(1);
        is shown($first), 'dev/cpu', "$store: the first page";
        $unbind->('ops');
        my $second = $next->(2, $first);
        is shown($second), 'dev/disk prod/cpu', 'a namespace less';
        $unbind->('dev');
        is shown($next->(5, $second)), 'prod/disk', 'and another one';
        is shown($next->(5, $first)), 'prod/cpu prod/disk',
           'an old token of the walk gives no right to it';
        $unbind->('prod');
        is shown($next->(5, $second)), '403 rbac_forbidden', 'none left';

        control(put => binding('ann', undef, 'view', 'ann'));
        control(put => { type => 'clusterroles', name => 'touch' });
        ask($gw, 'admin', DELETE => 'clusterroles/touch');
        is shown($next->(9, $first)),
           'dev/disk ops/cpu ops/disk prod/cpu prod/disk',
           'cluster-wide: the rest of all';
    }
};


# Else a caller would choose where its password goes, and whose roles are read for
# everybody.

sub clusters_by_host {
    my (%user) = @_;

    my $token = $t->token(sub => 'gateway');
    my %list = (namespaces => '{"name":"dev"}',
                clusterroles => '{"metadata":{"name":"all"},"rules":[{"verbs":["*"],'
                                . '"resources":["*"]}]}',
                clusterrolebindings => '{"metadata":{"name":"b"},"subjects":[{'
                                . '"type":"User","name":"USER"}],"role_ref":{'
                                . '"type":"ClusterRole","name":"all"}}');

    return $t->upstream(sub {
        my ($c, $req) = @_;
        return $c->reply(200, qq({"access_token":"$token","refresh_token":"$token"}))
            if $req->{path} eq '/auth';

        my $user = $user{$req->{headers}{host} // ''} // 'ann';
        $c->reply(200, '[' . ($list{$req->{path} =~ s{.*/}{}r} // '')
                             =~ s/USER/$user/r . ']');
    });
}


subtest 'the Host of what it asks is not the caller\'s' => sub {
    my $back = clusters_by_host();
    my $pass = 'proxy_pass http://sensu;';
    my @cases = (
        [ 'gw.test b.test', '$host', $pass, 'b.test', 'gw.test' ],
        [ 'gw.test b.test', '$http_host', $pass, 'b.test:81', 'gw.test' ],
        [ 'gw.test b.test', '$asked', $pass, 'b.test', 'gw.test' ],
        [ '.gw.test', '$host', $pass, 'b.gw.test', 'gw.test' ],
        [ '*.gw.test', '$host', $pass, 'b.gw.test', 'sensu' ],
        [ '~^b[.]', '$http_host', $pass, 'b.test', 'sensu' ],
        [ '_', '$http_host', $pass, 'b.test', 'sensu' ],
        [ '""', '$host', $pass, 'b.test', 'sensu' ],
        [ '_', '$host', 'set $to sensu; proxy_pass http://$to;', 'b.test',
          'localhost' ],
        [ 'gw.test b.test', '$proxy_host', $pass, 'b.test', 'sensu', 'sensu' ],
        SensuTest::Nginx::version() < 1.029003 ? () :
            [ 'gw.test b.test', '$host$is_request_port$request_port', $pass,
              'b.test:81', 'gw.test' ],
    );

    for (@cases) {
        my ($names, $header, $to, $host, $own, $his) = @$_;
        my $gw = $t->nginx(
            backend => $back,
            http => 'map $host $asked { default $host; }
                server { listen 127.0.0.1:%%PORT%%; ' . "server_name $names;
                    sensu_gateway on; sensu_jwt_key HS256 @{[$t->secret_file]};
                    if (\$asked = '') { return 400; }
                    if (\$http_host = '') { return 400; }
                    location / { $account refresh=1h stale=2h;
                        sensu_namespaces rbac; proxy_set_header Host $header;
                        $to } }");

        $back->forget;
        my $r = $gw->get("$CORE/$CHECKS", token => $t->token(sub => 'ann'),
                         headers => [Host => $host]);
        is $r->{status}, 200, "server_name $names, Host $header";

        my %to;
        $to{$_->{path} =~ /checks/ ? 'his' : 'own'}{$_->{headers}{host} // ''} = 1
            for $back->requests;
        is_deeply \%to, { own => { $own => 1 }, his => { $his // $host => 1 } },
            'each has its own';
        $gw->stop;
    }
};


subtest 'one upstream, and clusters told apart by Host behind it' => sub {
    my $gw = $t->nginx(
        backend => clusters_by_host('a.test' => 'ann', 'b.test' => 'bob'),
        http => "$account refresh=1h stale=2h;\n" . join '', map {
            "server { listen 127.0.0.1:%%PORT%%; server_name $_;
                 sensu_gateway on; sensu_jwt_key HS256 @{[$t->secret_file]};
                 location / { sensu_namespaces rbac; proxy_pass http://sensu;
                     proxy_set_header Host \$host; } }\n" } 'a.test', 'b.test');

    for (['ann', 'a.test', 200], ['bob', 'a.test', 403],
         ['ann', 'b.test', 403], ['bob', 'b.test', 200])
    {
        my ($user, $host, $status) = @$_;
        is $gw->get("$CORE/$CHECKS", token => $t->token(sub => $user),
                    headers => [Host => $host])->{status}, $status,
           "$user in $host";
    }
};


subtest 'limited by a list, variables, counters' => sub {
    fresh();
    control(put => binding('bob', undef, 'view', 'bob'));

    my $gw = $t->nginx(
        backend => $demo,
        http => 'log_format ns "$request_uri|$status|$sensu_namespaces";',
        location => "$account refresh=1h stale=2h;\n"
                    . 'sensu_namespaces rbac $http_x_may;'
                    . 'access_log ' . $t->dir . '/ns.log ns;',
        locations => 'location = /metrics { sensu_gateway off;
                          sensu_metrics; }');

    my @cases = (
        [ 'ann', '*', 'checks', 'dev/cpu dev/disk prod/cpu prod/disk',
          'dev,prod' ],
        [ 'ann', 'dev ops', 'checks', 'dev/cpu dev/disk', 'dev' ],
        [ 'ann', 'ops', 'checks', '403 cluster_forbidden', '' ],
        [ 'ann', '', 'checks', '403 cluster_forbidden', '' ],
        [ 'ann', '*', $CHECKS, 'dev/cpu dev/disk', 'dev' ],
        [ 'ann', 'prod', $CHECKS, '403 namespace_forbidden', '' ],
        [ 'ann', 'ops', 'namespaces/ops/checks', '403 rbac_forbidden', '' ],
        [ 'ann', 'dev ops', 'namespaces', 'dev', 'dev' ],
        [ 'ann', 'ops', 'namespaces', '', '' ],
        [ 'ann', 'ops', 'users/ann', 'ann', '' ],
        [ 'bob', '*', 'checks',
          'dev/cpu dev/disk ops/cpu ops/disk prod/cpu prod/disk', '*' ],
        [ 'bob', 'ops dev', 'checks', 'dev/cpu dev/disk ops/cpu ops/disk',
          'dev,ops' ],
        [ 'bob', 'ops dev', 'namespaces', 'dev ops', 'dev,ops' ],
        [ 'bob', '*', 'namespaces', 'dev ops prod', '*' ],
        [ 'bob', 'ops', '/graphql', '403 cluster_forbidden', 'ops' ],
        [ 'ann', '*', '/graphql', '403 rbac_forbidden', '' ],
    );

    for (@cases) {
        my ($user, $may, $path, $expected) = @$_;
        is shown(ask($gw, $user, GET => $path, headers => ['X-May' => $may])),
           $expected, "$user, \"$may\": $path";
    }

    my @log;

    ok $t->wait_for(sub {
        @log = split /\n/, slurp($t->dir . '/ns.log');
        @log == @cases
    }), 'a line for each';

    is join("\n", map { (split /\|/, $_, -1)[2] } @log),
       join("\n", map { $_->[4] } @cases), '$sensu_namespaces of each';

    my $metrics = $gw->get('/metrics')->{body};
    like $metrics, qr/^sensu_gateway_rbac_refreshes_total\{result="ok"\} 1$/m,
         'refreshes';
    like $metrics, qr/^sensu_gateway_rbac_decisions_total\{outcome="$_"\} [1-9]/m,
         $_ for qw(passed narrowed forbidden);
    like $metrics, qr/^sensu_gateway_rbac_age_seconds \d+\.\d{3}$/m, 'age';
};


subtest 'what nginx -t says' => sub {
    my $conf = sub {
        my ($server, %opt) = @_;
        return $t->nginx(backend => $demo, server => $server, start => 0,
                         %opt)->check;
    };
    my $good = "$account; sensu_namespaces rbac;";

    for ([ 'sensu_namespaces rbac;', qr/needs an account to read roles with/ ],
         [ 'sensu_account gateway;', qr/needs NAME and password_file=FILE/ ],
         [ "sensu_account password_file=$password;", qr/is not for this/ ],
         [ "sensu_account a:b password_file=$password;", qr/a colon/ ],
         [ "sensu_account gateway api_key_file=$password;",
           qr/is not for this/ ],
         [ "$account refresh=0s;", qr/a time from 100ms to 24h/ ],
         [ "$account refresh=10m;", qr/stale= of "sensu_account" is less/ ],
         [ "$account what=1;", qr/"what=1" is not for this/ ],
         [ "$account; $account;", qr/is duplicate/ ],
         [ "sensu_account gateway password_file=nosuch;", qr/no such file|No such file/ ],
         [ "sensu_account api_key_file=$password; sensu_namespaces rbac;",
           qr/an API key, which backends before 5.15 do not know/ ],
         [ "$good sensu_namespaces x;", qr/is duplicate/ ],
         [ "$account; sensu_namespaces a b;", qr/after rbac only/ ])
    {
        my ($ok, $said) = $conf->($_->[0]);
        ok !$ok, $_->[0];
        like $said, $_->[1], '... and says why';
    }

    for ($good, "$account; sensu_namespaces rbac *;",
         "sensu_account api_key_file=$password; sensu_namespaces rbac; "
         . 'sensu_backend 5.21;')
    {
        my ($ok, $said) = $conf->($_);
        ok $ok, $_ or diag $said;
        unlike $said, qr/pass\b/, 'without the password';
    }

    my ($ok, $said) = $conf->($good, http => 'sensu_rbac_zone r:1k;');
    like $said, qr/invalid zone "r:1k" in "sensu_rbac_zone"/, 'a small zone';
};


subtest 'a new password does not fill the zone' => sub {
    fresh();
    control(put => [ map { binding("b$_", 'dev', 'view', "user$_") }
                         1 .. 2000 ]);

    my $gw = gateway('refresh=1h stale=2h', http => 'sensu_rbac_zone r:512k;');

    for (1 .. 12) {
        $t->write('account.pw', "pass$_\n", 0600);
        control(put => { type => 'users', name => 'gateway', groups => [],
                         password => "pass$_" });
        $gw->reload;
        is shown(ask($gw, 'ann', GET => $CHECKS)), 'dev/cpu dev/disk',
           "password $_";
    }

    $t->write('account.pw', "pass\n", 0600);
};


subtest 'a zone that is too small says what would do' => sub {
    fresh();
    control(put => [ map { binding("b$_", 'dev', 'view', "user$_") }
                         1 .. 3000 ]);

    my $gw = gateway('refresh=1h stale=2h', http => 'sensu_rbac_zone r:64k;');

    is shown(ask($gw, 'ann', GET => $CHECKS)), '503 rbac_unknown', 'refused';
    like join('', $gw->grep_log(qr/sensu_rbac_zone/)),
         qr/too small for a table of \d+ bytes: 1m would do/, 'with a size';

    $gw->reload(http => 'sensu_rbac_zone r:1m;');
    is shown(ask($gw, 'ann', GET => $CHECKS)), 'dev/cpu dev/disk', 'and it does';
};


$t->done;
