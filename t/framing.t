# Messages: what nginx and the gateway could read in two ways, bodies that
# nobody reads, and connections that go on after a refusal.

use lib 't/lib';
use SensuTest;

my $t = SensuTest->new;
my $back = $t->upstream(sub {
    my ($c, $req) = @_;
    $c->reply(200, "$req->{method} $req->{path} " . length $req->{body});
});

my $gw = $t->nginx(backend => $back, http => 'client_body_timeout 2s;');

my $token = $t->token;
my $path = '/other';
my $host = "Host: localhost\r\nContent-Type: application/json";
my $auth = "Authorization: Bearer $token\r\n";

subtest 'F1 to F3: lengths that do not agree' => sub {
    my @cases = (
        ["Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n"],
        ["Transfer-Encoding: chunked\r\nContent-Length: 5", "0\r\n\r\n"],
        ["Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
         "0\r\n\r\n"],
        ["Transfer-Encoding: chunked, identity", "0\r\n\r\n"],
        ["Transfer-Encoding: xchunked", "0\r\n\r\n"],
        ["Transfer-Encoding: \x0bchunked", "0\r\n\r\n"],
        ["Content-Length: 5\r\nContent-Length: 5", 'aaaaa'],
        ["Content-Length: 5\r\nContent-Length: 6", 'aaaaa'],
        ["Content-Length: 5, 5", 'aaaaa'],
        ["Content-Length: +5", 'aaaaa'],
        ["Content-Length: 0x5", 'aaaaa'],
        ["Content-Length: -1", ''],
        ["Content-Length: 99999999999999999999", ''],
    );

    for my $case (@cases) {
        my ($headers, $body) = @$case;
        my $n = $back->requests;
        my $r = $gw->raw("POST $path HTTP/1.1\r\n$host\r\n$auth$headers\r\n"
                         . "\r\n$body");

        like $r->{status}, qr/^(?:400|413|501)$/, $headers =~ s/\r\n/, /gr;
        is scalar $back->requests, $n, 'not passed';
    }
};

subtest 'F4: lines' => sub {
    for my $headers ("X: a\r\n b", "Authorization : x", "X y: z\r\nX", "\tX: y",
                     "X: a\0b", "X: a\rb")
    {
        my $r = $gw->raw("GET $path HTTP/1.1\r\n$host\r\n$headers\r\n"
                         . "Connection: close\r\n\r\n");
        isnt $r->{status}, 200, $headers =~ s/[^ -~]/./gr;
    }

    my $hidden = $gw->raw("GET $path HTTP/1.1\r\nHost: a\r\nX: a\r\n"
                          . " Authorization: Bearer $token\r\n"
                          . "Connection: close\r\n\r\n");
    isnt $hidden->{status}, 200, 'a folded Authorization is none';

    for my $chunks ("g\r\n", "-1\r\n", "ffffffffffffffffff\r\n", "5\r\naaaaaaa",
                    "\r\n")
    {
        my $r = $gw->raw("POST $path HTTP/1.1\r\n$host\r\n${auth}"
                         . "Transfer-Encoding: chunked\r\n\r\n$chunks");
        like $r->{status}, qr/^4(?:00|13)$/, 'chunk ' . $chunks =~ s/\r\n/./gr;
    }

    my $trailer = $gw->raw("POST $path HTTP/1.1\r\n$host\r\nConnection: close"
                           . "\r\nTransfer-Encoding: chunked\r\nTrailer: "
                           . "Authorization\r\n\r\n1\r\na\r\n0\r\n$auth\r\n");
    is $trailer->{status}, 401, 'an Authorization in a trailer is none';

    $back->forget;
    my $r = $gw->raw("POST $path HTTP/1.1\r\n$host\r\n${auth}Connection: close"
                     . "\r\nTransfer-Encoding: chunked\r\n\r\n1;x=y\r\na\r\n"
                     . "0\r\nX-Remote-User: root\r\n\r\n");
    is $r->{status}, 200, 'an extension of a chunk is passed over';
    unlike +($back->requests)[0]{head}, qr/root/, 'and a trailer, too';
};

subtest 'F6: a refusal while the body comes' => sub {
    my $body = '{"a":"' . 'x' x 20_000 . '"}';
    my $length = length $body;

    my %request = (
        'declared' => "POST $path HTTP/1.1\r\n$host\r\n"
                    . "Content-Length: $length\r\n\r\n$body",
        'chunked' => "POST $path HTTP/1.1\r\n$host\r\nTransfer-Encoding: "
                   . 'chunked' . "\r\n\r\n"
                   . sprintf("%x\r\n%s\r\n0\r\n\r\n", $length, $body),
        'none' => "GET $path HTTP/1.1\r\n$host\r\n\r\n",
    );

    for my $kind (sort keys %request) {
        my $c = $gw->connection;

        $c->send($request{$kind} . "GET /next HTTP/1.1\r\n$host\r\n$auth\r\n");

        is $c->response->{status}, 401, "$kind: refused";

        my $r = $c->response;
        is $r->{body}, 'GET /next 0', 'the next request is read as such';

        $c->send("GET /third HTTP/1.1\r\n$host\r\n$auth\r\n");
        is $c->response->{body}, 'GET /third 0', 'and the connection goes on';
    }
};

subtest 'F6: the body comes late, in pieces' => sub {
    my $c = $gw->connection;
    $c->send("POST $path HTTP/1.1\r\n$host\r\nContent-Length: 3000\r\n\r\n");
    is $c->response->{status}, 401, 'refused before it';

    $c->send('GET /not-one HTTP/1.1' . 'x' x 979) for 1 .. 3;
    $c->send("GET /next HTTP/1.1\r\n$host\r\n$auth\r\n");
    is $c->response->{body}, 'GET /next 0', 'the next request';
    ok !(grep { $_->{path} =~ /not-one/ } $back->requests), 'only that one';
};

subtest 'F6: 100-continue' => sub {
    for my $case (['no token', '', $path, 3000, 401],
                  ['too large', $auth, $path, 512_001, 413],
                  ['bad path', $auth, '/api/nonsense', 3000, 404])
    {
        my ($name, $with, $at, $length, $status) = @$case;
        my $c = $gw->connection;

        $c->send("POST $at HTTP/1.1\r\n$host\r\n${with}Expect: 100-continue"
                 . "\r\nContent-Length: $length\r\n\r\n");
        $c->fill until $c->{in} =~ /\r\n\r\n/ || $c->{eof} || $c->{error};

        like $c->{in}, qr/^HTTP\/1\.1 $status/, "$name: $status, no 100";
        unlike $c->{in}, qr/ 100 /, 'before or after';
    }

    my $c = $gw->connection;
    $c->send("POST $path HTTP/1.1\r\n$host\r\n${auth}Expect: 100-continue\r\n"
             . "Content-Length: 4\r\n\r\n");
    $c->fill until $c->{in} =~ /\r\n\r\n/ || $c->{eof} || $c->{error};
    like $c->{in}, qr/^HTTP\/1\.1 100/, 'what is let in is asked for';
    $c->send('body');
    is $c->response->{body}, "POST $path 4", 'and passed';
};

# what answers in the place of the backend has not read the body: the list of
# namespaces before a DELETE, a page, a merged list, a refusal, a preflight

subtest 'a body is never read as a request, whoever answers' => sub {
    my $api = $t->upstream(sub {
        my ($c, $req) = @_;
        my $status = $req->{head} =~ /^X-Status: (\d+)/m ? $1 : 200;

        # a body of a 204 would be taken for the next answer's begin
        $c->reply($status, $status == 204 ? '' : '[]');
    });

    my $guard = $t->nginx(backend => $api, server => <<'END', location => <<'END',
        sensu_cors https://ui.test;
        error_page 418 = @nowhere;
        location @nowhere { return 200 elsewhere; }
END
        if ($arg_teapot) { return 418; }
        sensu_namespaces "dev ops";
END
        locations => 'location /everywhere/ { rewrite ^/everywhere(.*) $1 break;'
                     . ' sensu_namespaces "*"; proxy_pass http://sensu; }');

    my $own = '/api/core/v2';
    my @cases = (
        (map { [ "the list of namespaces is a $_",
                 "DELETE /everywhere$own/namespaces/ops",
                 "${auth}X-Status: $_\r\n" ] } 200, 204, 403, 404, 500),
        ['a page', "GET $own/namespaces/dev/checks?limit=2", $auth],
        ['a merged list', "GET $own/checks", $auth],
        ['a merged page', "GET $own/checks?limit=2", $auth],
        ['a bad continue', "GET $own/checks?continue=x", $auth],
        ['forbidden', "GET $own/namespaces/prod/checks", $auth],
        ['no token', "PUT $own/namespaces/dev/checks/c", ''],
        ['a type', "PUT $own/namespaces/dev/checks/c",
         "${auth}Content-Type: application/x-www-form-urlencoded\r\n"],
        ['a preflight', "OPTIONS $own/checks",
         "Origin: https://ui.test\r\nAccess-Control-Request-Method: GET\r\n"],
        ['a rewrite', "POST $own/checks?teapot=1", $auth],
    );

    for my $case (@cases) {
        my ($name, $line, $headers) = @$case;

        for my $chunked (0, 1) {
            my $inner = "GET /smuggled HTTP/1.1\r\nHost: x\r\n$auth\r\n";
            my $n = length $inner;
            my $body = $chunked ? sprintf("%x\r\n%s\r\n0\r\n\r\n", $n, $inner)
                                : $inner;
            my $length = $chunked ? 'Transfer-Encoding: chunked'
                                  : "Content-Length: $n";
            my $c = $guard->connection;

            $api->forget;
            $c->send("$line HTTP/1.1\r\nHost: localhost\r\n$headers$length"
                     . "\r\n\r\n${body}GET /next HTTP/1.1\r\n"
                     . "Host: localhost\r\nConnection: close\r\n\r\n");

            my $r = $c->response((split ' ', $line)[0]);
            isnt $r->{status}, 0, "$name, chunked $chunked: answered"
                or diag $r->{error};

            # the next request, or a connection that was closed: a 500 closes

            $r = $c->response;
            like $r->{status}, $r->{error} ? qr/^0$/ : qr/^401$/, 'then the next';
            is join(' ', grep { /smuggled/ } map { $_->{path} } $api->requests),
               '', 'the body was no request';
        }
    }

    unlike $guard->access_log, qr/smuggled/, 'nor in the log';
};

subtest 'pipelined requests, each judged by itself' => sub {
    my $c = $gw->connection;
    my @send = map { $_ % 3 == 0 ? '' : $_ % 3 == 1 ? $auth
                     : "Authorization: Bearer bad\r\n" } 1 .. 30;

    $c->send(join '', map { "GET /$_ HTTP/1.1\r\n$host\r\n$send[$_ - 1]\r\n" }
                      1 .. 30);

    for my $i (1 .. 30) {
        my $r = $c->response;
        is $r->{status}, $i % 3 == 1 ? 200 : 401, "request $i";
        is $r->{body}, "GET /$i 0", 'its answer' if $i % 3 == 1;
    }
};

subtest 'B4: more than the length' => sub {
    my $c = $gw->connection;
    $c->send("POST /one HTTP/1.1\r\n$host\r\n${auth}Content-Length: 3\r\n\r\n"
             . "abcGET /two HTTP/1.1\r\n$host\r\n\r\n");

    is $c->response->{body}, 'POST /one 3', 'what belongs to it';
    is $c->response->{status}, 401, 'the rest is a request without a token';
};

# curl takes the end of a stream before the end of its body for an error, so
# nghttp and h2load

subtest 'F5: HTTP/2' => sub {
    my $file = $t->write('h2.body', 'x' x 30_000);
    my $url = 'http://127.0.0.1:' . $gw->h2_port . $path;
    my @auth = ('-H', "authorization: Bearer $token");

    my $out = output('nghttp', '-v', '-d', $file, $url);
    like $out, qr/:status: 401/, 'a refusal while the body comes';
    like $out, qr/"reason": "missing_token"/, 'with its body';

    is $gw->h2($path, method => 'POST', body => 'x' x 30_000, token => $token)
          ->{body}, "POST $path 30000", 'what is let in';

    for my $length ('29999', '30001') {
        $out = output('nghttp', '-v', '-d', $file, '--no-content-length', @auth,
                      '-H', "content-length: $length", $url);
        unlike $out, qr/:status: 200/, "content-length: $length is not so";
    }

    # on the same connections

    $t->write('h2.body', 'x' x 2000);

    $out = output('h2load', '-n', 100, '-c', 2, '-m', 10, '-d', $file, @auth,
                  $url);
    like $out, qr/status codes: 100 2xx/, 'streams with bodies';

    $out = output('h2load', '-n', 100, '-c', 2, '-m', 10, '-d', $file, $url);
    like $out, qr/0 errored, 0 timeout/, 'streams that are refused';
    like $out, qr/status codes: 0 2xx, 0 3xx, 100 4xx/, 'all of them';
};

subtest 'B8: a body that stops' => sub {
    my $n = $back->requests;
    my $c = $gw->connection;
    $c->send("POST $path HTTP/1.1\r\n$host\r\n${auth}Content-Length: 100\r\n"
             . "\r\nabc");
    my $r = $c->response;
    like $r->{status}, qr/^(?:408|0)$/, 'times out';

    $c = $gw->connection;
    $c->send("POST $path HTTP/1.1\r\n$host\r\n${auth}Content-Length: 100\r\n"
             . "\r\nabc");
    $c->close;

    is $gw->get($path, token => $token)->{status}, 200, 'others are served';
    is scalar $back->requests, $n + 1, 'the backend has not seen the others';
};

$t->done;


sub output {
    my (@command) = @_;

    open my $out, '-|', @command or die "$command[0]: $!";
    local $/;
    return scalar <$out>;
}
