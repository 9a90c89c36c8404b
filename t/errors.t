# What is refused, by the gateway or by nginx itself, comes as JSON with
# Sensu's code; an error_page of the operator wins.

use lib 't/lib';
use SensuTest;

my $t = SensuTest->new;

my $back = $t->upstream(sub {
    my ($c, $req) = @_;
    my $path = $req->{path};

    return $c->reset if $path =~ /cut$/;
    return $c->stall(20) if $path =~ /slow$/;
    return $c->reply($1, '{"message":"of the backend","code":0}')
        if $path =~ /status-(\d+)$/;
    return $c->reply(200, '{}');
});

$t->write('page.html', "<p>the operator's page</p>\n", 0644);

my $gone = $t->port;

my $gw = $t->nginx(
    backend => $back,
    http => "limit_req_zone \$uri zone=one:1m rate=1r/m;
             upstream gone { server 127.0.0.1:$gone; }",
    location => 'proxy_read_timeout 300ms; proxy_next_upstream off;',
    locations => <<"END",
        location /gone/ { proxy_pass http://gone; }
        location /limited { limit_req zone=one; proxy_pass http://sensu; }
        location /limited429 { limit_req zone=one; limit_req_status 429;
                               proxy_pass http://sensu; }
        location /deny { deny all; }
        location /returns/ {
            location /returns/403 { return 403; }
            location /returns/404 { return 404; }
            location /returns/405 { return 405; }
            location /returns/418 { return 418; }
            location /returns/500 { return 500; }
            location /returns/507 { return 507; }
            location /returns/text { default_type text/plain;
                                     return 403 "mine\\n"; }
        }
        location /files/ { root @{[$t->dir]}; }
        location /huge { client_max_body_size 100; proxy_pass http://sensu; }
        location /off { sensu_gateway off; return 403; }

        location /own/ {
            proxy_pass http://sensu;
            location /own/static/ {
                error_page 401 403 404 413 /page.html;
                proxy_pass http://sensu;
            }
            location /own/ok/ {
                error_page 401 =200 /page.html;
                proxy_pass http://sensu;
            }
            location /own/named/ {
                error_page 401 413 \@mine;
                proxy_pass http://sensu;
            }
            location /own/code/ {
                error_page 401 =403 \@forbidden;
                proxy_pass http://sensu;
            }
            location /own/redirect/ {
                error_page 401 https://login.example/;
                proxy_pass http://sensu;
            }
            location /own/inside/ {
                error_page 413 404 /inside.html;
                proxy_pass http://sensu;
            }
            location /own/guarded/ {
                error_page 401 /inside.html;
                proxy_pass http://sensu;
            }
            location /own/backend/ {
                error_page 502 /api/core/v2/namespaces;
                proxy_pass http://gone;
            }
        }
        location = /page.html { sensu_gateway off; internal; root @{[$t->dir]}; }
        location = /inside.html { internal; alias @{[$t->dir]}/page.html; }
        location \@mine { sensu_gateway off; default_type application/json;
                         return 401 '{"mine":1}'; }
        location \@forbidden { default_type application/json;
                               return 403 '{"mine":2}'; }
END
);

my $big = 'x' x 512_001;

subtest 'the gateway refuses' => sub {
    my @cases = (
        [401, 5, 'missing_token', '/api/core/v2/checks', token => undef],
        [401, 5, 'token_expired', '/api/core/v2/checks',
         token => $t->token(exp => 1)],
        [403, 4, 'cluster_forbidden', '/api/core/v2/users'],
        [404, 2, 'unknown_path', '/api/nonsense'],
        [404, 2, 'api_not_served', '/api/core/v3/checks'],
        [400, 1, 'unsafe_path', '/api/core/v2/namespaces/a/checks/..%2fb'],
        [400, 1, 'bad_limit', '/api/core/v2/checks?limit=-1'],
        [400, 1, 'bad_continue', '/api/core/v2/checks?continue=x'],
        [400, 1, 'bad_query', '/api/core/v2/checks?a=%zz'],
        [413, 1, 'body_too_large', '/api/core/v2/namespaces/a/checks',
         method => 'POST', body => $big],
        [415, 1, 'body_type', '/api/core/v2/namespaces/a/checks',
         method => 'POST', body => '{}', headers => ['Content-Type',
             'application/x-www-form-urlencoded']],
        [400, 1, 'body_not_json', '/api/core/v2/namespaces/a/checks',
         method => 'POST', body => '['],
    );

    my $scoped = $t->nginx(backend => $back, server => 'sensu_namespaces a;');

    for my $case (@cases) {
        my ($status, $code, $reason, $path, %opt) = @$case;
        my $method = delete $opt{method} // 'GET';
        $opt{token} = $t->token if !exists $opt{token};

        my $who = $status == 403 ? $scoped : $gw;
        my $r = $who->request($method, $path, %opt);

        is_error($r, $status, $code, $reason, "$method $path");
    }
};

subtest 'nginx refuses' => sub {
    my @cases = (
        [502, 0, 'upstream_failed', '/gone/a'],
        [502, 0, 'upstream_failed', '/cut'],
        [504, 0, 'upstream_timeout', '/slow'],
        [403, 4, 'forbidden', '/deny'],
        [403, 4, 'forbidden', '/returns/403'],
        [404, 2, 'not_found', '/returns/404'],
        [405, 1, 'method_not_allowed', '/returns/405'],
        [418, 1, 'request_refused', '/returns/418'],
        [500, 0, 'internal', '/returns/500'],
        [507, 0, 'internal', '/returns/507'],
        [404, 2, 'not_found', '/files/nosuch'],
    );

    for my $case (@cases) {
        my ($status, $code, $reason, $path) = @$case;
        is_error($gw->get($path, token => $t->token), $status, $code, $reason,
                 $path);
    }

    is_error($gw->post('/huge', 'x' x 101, token => $t->token), 413, 1,
             'body_too_large', 'client_max_body_size');

    $gw->get($_, token => $t->token) for '/limited', '/limited429';
    is_error($gw->get('/limited', token => $t->token), 503, 0, 'unavailable',
             'limit_req');
    is_error($gw->get('/limited429', token => $t->token), 429, 1,
             'rate_limited', 'limit_req with 429');

    is_error(scalar $gw->raw("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
             400, 1, 'bad_request', 'two Hosts');
    is_error(scalar $gw->raw("GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n"), 400, 1,
             'bad_request', 'NUL');
    is_error(scalar $gw->raw("GET / HTTP/1.1\r\n\r\n"), 400, 1, 'bad_request',
             'no Host');
    is_error(scalar $gw->raw('GET /' . 'a' x 40000 . " HTTP/1.1\r\n\r\n"), 414,
             1, 'uri_too_long', 'a long line');
};

subtest 'what is not ours' => sub {
    for my $status (400, 401, 403, 404, 409, 500, 503) {
        my $r = $gw->get("/api/core/v2/namespaces/a/checks/status-$status",
                         token => $t->token);

        is $r->{status}, $status, "$status of the backend";
        is $r->{body}, '{"message":"of the backend","code":0}', 'untouched';
        is $r->header('WWW-Authenticate'), undef, 'nothing added';
    }

    is $gw->get('/returns/text', token => $t->token)->{body}, "mine\n",
       'a text of the operator';
    like $gw->get('/off')->header('Content-Type'), qr/html/,
         'a location without a gateway';
};

subtest 'HEAD' => sub {
    my $get = $gw->get('/api/core/v2/checks');
    my $r = $gw->request('HEAD', '/api/core/v2/checks');

    is $r->{status}, 401, 'the status';
    is $r->header('Content-Type'), 'application/json', 'type';
    is $r->header('Content-Length'), length $get->{body}, 'length of a GET';
    is $r->{body}, '', 'no body';

    my $c = $gw->connection;
    my $head = "HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n";
    $c->send("$head$head");
    is $c->response('HEAD')->{status}, 401, 'one' for 1, 2;
};

subtest 'HTTP/2' => sub {
    my $r = $gw->h2('/api/core/v2/checks');
    is_error($r, 401, 5, 'missing_token', 'h2');
    is $r->{version}, 2, 'HTTP/2';

    is_error($gw->h2('/returns/404', token => $t->token), 404, 2, 'not_found',
             'h2, of nginx');
    is $gw->h2('/a', args => ['-I'])->{status}, 401, 'HEAD';
};

subtest 'HTTP/1.0 and a kept connection' => sub {
    is_error($gw->get('/a', version => '1.0'), 401, 5, 'missing_token', '1.0');

    my $c = $gw->connection;

    for my $i (1 .. 5) {
        $c->send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
        is_error($c->response, 401, 5, 'missing_token', "request $i");
    }
};

subtest 'an error_page of the operator wins' => sub {
    my $page = "<p>the operator's page</p>\n";
    my $token = $t->token;

    my $r = $gw->get('/own/static/a');
    is $r->{status}, 401, 'a file';
    is $r->{body}, $page, 'its text';
    is $r->header('Content-Type'), 'text/html', 'its type';
    like $r->header('WWW-Authenticate'), qr/^Bearer/, 'the challenge stays';

    is $gw->post('/own/static/a', $big, token => $token)->{body}, $page, 'of 413';

    $r = $gw->get('/own/ok/a');
    is $r->{status}, 200, '=200';
    is $r->{body}, $page, 'its text';

    $r = $gw->get('/own/named/a');
    is $r->{status}, 401, 'a named location';
    is $r->{body}, '{"mine":1}', 'its text';

    $r = $gw->get('/own/code/a');
    is $r->{status}, 403, 'a gateway of that name';
    is $r->{body}, '{"mine":2}', 'its text';

    $r = $gw->get('/own/redirect/a');
    is $r->{status}, 302, 'a redirect';
    is $r->header('Location'), 'https://login.example/', 'to there';

    $r = $gw->post('/own/inside/a', $big, token => $token);
    is $r->{status}, 413, '413 in a gateway';
    is $r->{body}, $page, 'its text';

    is_error($gw->get('/own/guarded/a'), 401, 5, 'missing_token',
             'a page that needs a token itself');

    is $gw->get('/own/named/a', args => [])->{status}, 401, 'HTTP/1';
    is $gw->h2('/own/static/a')->{body}, $page, 'HTTP/2';
    is $gw->request('HEAD', '/own/static/a')->header('Content-Length'),
       length $page, 'HEAD';
};

subtest 'an error_page that is another request' => sub {
    my $r = $gw->get('/own/backend/a', token => $t->token);
    is $r->{status}, 502, 'keeps the status';
    is $r->{body}, '{}', 'of the backend';

    is +($back->requests)[-1]{target}, '/api/core/v2/namespaces', 'its target';
};

$t->done;


sub is_error {
    my ($r, $status, $code, $reason, $name) = @_;

    is $r->{status}, $status, "$name: $status" or diag $r->{error};
    is_deeply [ $r->header('Content-Type') ], ['application/json'], 'JSON';
    is $r->header('Content-Length'), length $r->{body}, 'its length';

    my $json = eval { $r->json };
    is $json->{code}, $code, "code $code";
    is $json->{reason}, $reason, $reason;
    ok length($json->{message} // ''), 'a message';
    is join(' ', sort keys %$json), 'code message reason', 'nothing else';

    is $r->header('Server'), 'nginx', 'no version';
    unlike $r->{body}, qr/<|nginx/i, 'no HTML';

    is scalar(() = $r->header('WWW-Authenticate')), $status == 401 ? 1 : 0,
       'a challenge with 401 alone';
}
