# Pages of other origins: preflights are answered here, for listed origins
# only, and a page may read what it needs of every answer.

use lib 't/lib';
use SensuTest;

my $t = SensuTest->new;

my $back = $t->upstream(sub {
    my ($c, $req) = @_;

    return $c->reply(405, '') if $req->{method} eq 'OPTIONS';
    return $c->reply(404, '{"message":"not found","code":2}',
                     'Access-Control-Allow-Origin' => '*')
        if $req->{path} =~ /nosuch$/;
    return $c->reply(200, '[{"name":"a"},{"name":"b"},{"name":"c"}]');
});

my $gw = $t->nginx(
    backend => $back,
    server => 'sensu_cors https://ui.example http://localhost:3000;',
    locations => <<'END',
        location /api/core/v2/users { proxy_pass http://sensu; sensu_cors off; }
        location /api/core/v2/checks {
            proxy_pass http://sensu;
            sensu_cors https://other.example;
        }
        location = /limited { deny all; }
        location = /off { sensu_gateway off; return 200 "off\n"; }
END
);

my $path = '/api/core/v2/namespaces';
my @ui = (Origin => 'https://ui.example');
my @ask = ('Access-Control-Request-Method' => 'GET');

subtest 'a preflight' => sub {
    my $r = $gw->request('OPTIONS', $path, headers => [
        @ui, @ask, 'Access-Control-Request-Headers' => 'authorization']);

    is $r->{status}, 204, 'is answered';
    is $r->header('Access-Control-Allow-Origin'), 'https://ui.example',
       'to its origin';
    is $r->header('Vary'), 'Origin', 'and to no other';

    for my $method (qw(GET POST PUT DELETE)) {
        like $r->header('Access-Control-Allow-Methods'), qr/\b$method\b/,
             $method;
    }

    for my $name (qw(Authorization Content-Type)) {
        like $r->header('Access-Control-Allow-Headers'), qr/\b$name\b/, $name;
    }

    is $r->header('Access-Control-Max-Age'), 7200, 'for two hours';
    is $r->header('Access-Control-Allow-Credentials'), undef, 'no cookies';
    is $r->header('WWW-Authenticate'), undef, 'no challenge';
    is $r->{body}, '', 'no body';
    is scalar $back->requests, 0, 'the backend has not seen it';

    is $gw->request('OPTIONS', $path, headers => [
           Origin => 'http://localhost:3000', @ask])->{status}, 204,
       'the other origin';
    is $gw->h2($path, method => 'OPTIONS', headers => [@ui, @ask])->{status},
       204, 'HTTP/2';
    is $gw->request('OPTIONS', $path, headers => [@ui, @ask],
                    token => 'bad')->{status}, 204, 'whatever the token';
};

subtest 'H8: no preflight' => sub {
    my %not = (
        'no origin' => [@ask],
        'no method' => [@ui],
        'another origin' => [Origin => 'https://evil.example', @ask],
        'a longer name' => [Origin => 'https://ui.example.evil', @ask],
        'another scheme' => [Origin => 'http://ui.example', @ask],
        'another port' => [Origin => 'https://ui.example:8443', @ask],
        'a path' => [Origin => 'https://ui.example/', @ask],
        'capitals' => [Origin => 'https://UI.example', @ask],
        'null' => [Origin => 'null', @ask],
        'two origins' => [@ui, @ui, @ask],
        'a list of origins' => [Origin => 'https://ui.example, https://b', @ask],
    );

    for my $case (sort keys %not) {
        my $r = $gw->request('OPTIONS', $path, headers => $not{$case});
        is $r->{status}, 401, "$case: a token is needed";
        isnt $r->header('Access-Control-Allow-Methods') // '', 'GET', 'no leave';
    }

    is scalar $back->requests, 0, 'the backend has seen none';

    is $gw->request('OPTIONS', $path, headers => [@ask],
                    token => $t->token)->{status}, 405,
       'with a token the backend answers';
    is $gw->request('GET', $path, headers => [@ui, @ask])->{status}, 401,
       'a GET is none';
};

subtest 'every answer to a listed origin' => sub {
    my %answer = (
        page => $gw->get("$path?limit=2", token => $t->token, headers => \@ui),
        list => $gw->get($path, token => $t->token, headers => \@ui),
        object => $gw->get("$path/a", token => $t->token, headers => \@ui),
        'error of the backend' => $gw->get("$path/nosuch", token => $t->token,
                                           headers => \@ui),
        'no token' => $gw->get($path, headers => \@ui),
        'bad limit' => $gw->get("$path?limit=x", token => $t->token,
                                headers => \@ui),
        'another module' => $gw->get('/limited', token => $t->token,
                                     headers => \@ui),
        'HTTP/2' => $gw->h2("$path?limit=1", token => $t->token,
                            headers => \@ui),
    );

    my %status = (page => 200, list => 200, object => 200,
                  'error of the backend' => 404, 'no token' => 401,
                  'bad limit' => 400, 'another module' => 403,
                  'HTTP/2' => 200);

    for my $case (sort keys %answer) {
        my $r = $answer{$case};

        is $r->{status}, $status{$case}, $case;
        is_deeply [ $r->header('Access-Control-Allow-Origin') ],
                  ['https://ui.example'], 'its origin, once';
        is $r->header('Vary'), 'Origin', 'Vary';

        my $exposed = $r->header('Access-Control-Expose-Headers');
        like $exposed, qr/\b$_\b/, $_
            for qw(Sensu-Continue X-Sensu-Continue Link Retry-After RateLimit);
    }

    ok $answer{page}->header('Sensu-Continue'), 'the page goes on';
};

subtest 'answers to others' => sub {
    for my $origin ('https://evil.example', undef) {
        my $r = $gw->get("$path/nosuch", token => $t->token,
                         headers => [$origin ? (Origin => $origin) : ()]);

        is $r->{status}, 404, $origin // 'no origin';
        is_deeply [ grep { /^Access-Control/i } map { $_->[0] }
                    @{ $r->{headers} } ], [], 'nothing of this';
        is $r->header('Vary'), 'Origin', 'but Vary';
    }
};

subtest 'further request headers' => sub {
    my $more = $t->nginx(backend => $back, server => <<'END', locations => <<'END2');
        sensu_cors https://ui.example;
        sensu_cors_headers X-Request-Id X-B3-TraceId;
END
        location /api/core/v2/checks {
            sensu_cors_headers X-Own;
            proxy_pass http://sensu;
        }
END2
    my $allowed = sub {
        $more->request('OPTIONS', "/api/core/v2/$_[0]", headers => [@ui, @ask])
             ->header('Access-Control-Allow-Headers');
    };

    is $allowed->('users'), 'Authorization, Content-Type, X-Requested-With, '
       . 'X-Request-Id, X-B3-TraceId', 'after those that are always allowed';
    is $allowed->('checks'), 'Authorization, Content-Type, X-Requested-With, '
       . 'X-Own', 'of the level that names them';
};

subtest 'levels' => sub {
    my $r = $gw->request('OPTIONS', '/api/core/v2/users', headers => [@ui, @ask]);
    is $r->{status}, 401, 'off';
    is $r->header('Vary'), undef, 'no trace';

    is $gw->request('OPTIONS', '/api/core/v2/checks', headers => [
           Origin => 'https://other.example', @ask])->{status}, 204,
       'a list of its own';
    is $gw->request('OPTIONS', '/api/core/v2/checks',
                    headers => [@ui, @ask])->{status}, 401,
       'replaces that of the server';

    $r = $gw->get('/off', headers => \@ui);
    is $r->header('Access-Control-Allow-Origin'), undef, 'no gateway, no CORS';
};

$t->done;
