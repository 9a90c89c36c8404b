# The size of request bodies: 512,000 bytes pass and one more gets 413,
# however it comes; a body that is cut is never whole to the backend.

use lib 't/lib';
use SensuTest;

my $t = SensuTest->new;
my ($back, $gw);

fresh();

my $token = $t->token;
my $api = '/api/core/v2/namespaces/a/checks';
my $limit = 512_000;

# a body that the guard takes, of that many bytes

sub body {
    my ($size) = @_;

    my $json = '{"metadata":{"namespace":"a","name":"b"},"fill":""}';
    return $json =~ s/""\}$/'"' . 'x' x ($size - length $json) . '"}'/er;
}

my $fits = body($limit);
my $over = body($limit + 1);

is length $fits, $limit, 'the limit';
is length $over, $limit + 1, 'one more';

for my $at ($api, '/other', '/unbuffered/a', '/unguarded/a') {
    fresh();

    subtest "B1: declared, at $at" => sub {
        my $r = $gw->post($at, $fits, token => $token);
        is $r->{status}, 200, 'passes';
        is $r->{body}, $limit, 'whole';

        too_large($gw->post($at, $over, token => $token), $at);
    };

    subtest "B2: chunked, at $at" => sub {
        for my $size ($limit, 9999) {
            my $r = $gw->post($at, undef, token => $token,
                              chunked => [pieces($fits, $size)]);
            is $r->{status}, 200, "chunks of $size";
            is $r->{body}, $limit, 'whole';

            too_large($gw->post($at, undef, token => $token,
                                chunked => [pieces($over, $size)]), $at);
        }
    };

    subtest "B3: HTTP/2, at $at" => sub {
        my $r = h2($at, $fits);
        like $r, qr/:status: 200/, 'declared';
        like $r, qr/^\Q$limit\E/m, 'whole';
        like h2($at, $over), qr/:status: 413/, 'one more';

        $r = h2($at, $fits, '--no-content-length');
        like $r, qr/:status: 200/, 'without a length';
        like $r, qr/^\Q$limit\E/m, 'whole';
        like h2($at, $over, '--no-content-length'), qr/:status: 413/, 'one more';
    };

    subtest "the backend, at $at" => sub {
        my @whole = grep { $_->{complete} } $back->requests;

        ok @whole >= 5, 'has seen bodies';
        is scalar(grep { length $_->{body} != $limit } @whole), 0,
           'none over the limit, nor one that was cut as a whole one';
    };
}

fresh();

subtest 'B2: many small chunks' => sub {
    is $gw->post('/small/a', undef, token => $token,
                 chunked => [split //, 'x' x 10])->{body}, 10, 'at the limit';
    too_large($gw->post('/small/a', undef, token => $token,
                        chunked => [split //, 'x' x 11]), 'above');

    # a size that is announced and does not come

    too_large(scalar $gw->raw("POST /small/a HTTP/1.1\r\nHost: a\r\n"
        . "Authorization: Bearer $token\r\nTransfer-Encoding: chunked\r\n\r\n"
        . "7fffffff\r\nx"), 'announced');
};

subtest 'levels' => sub {
    is $gw->post('/large/a', 'x' x 2_097_152, token => $token)->{body}, 2_097_152,
       'a limit of its own';
    too_large($gw->post('/large/a', 'x' x 2_097_153, token => $token), 'above');
    is $gw->post('/off/a', $over)->{body}, $limit + 1, 'none without a gateway';
};

subtest 'B6: no body, and bodies that nobody expects' => sub {
    is $gw->post('/other', '', token => $token)->{status}, 200, 'empty';
    is $gw->request('GET', '/other', token => $token, body => 'abc')->{body}, 3,
       'of a GET';
    is $gw->request('DELETE', "$api/b", token => $token, body => '{}')->{body},
       2, 'of a DELETE';
    too_large($gw->request('GET', '/other', token => $token, body => $over),
              'a GET');
    too_large($gw->request('DELETE', "$api/b", token => $token,
                           chunked => [$over]), 'a DELETE');
};

subtest 'B5: bytes on the wire count' => sub {
    my $r = $gw->post('/other', $fits, token => $token,
                      headers => ['Content-Encoding' => 'gzip']);
    is $r->{status}, 200, 'as many as the limit';
    is $gw->post('/other', $over, token => $token,
                 headers => ['Content-Encoding' => 'gzip'])->{status}, 413,
       'one more';
};

subtest '413 before 100-continue, and before a body is sent' => sub {
    my $c = $gw->connection;
    $c->send("POST $api HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer $token\r\n"
             . "Content-Type: application/json\r\nExpect: 100-continue\r\n"
             . "Content-Length: 512001\r\n\r\n");
    $c->fill until $c->{in} =~ /\r\n\r\n/ || $c->{eof} || $c->{error};

    like $c->{in}, qr/^HTTP\/1\.1 413/, '413 at once';
};

subtest 'who is not let in is told so' => sub {
    is $gw->post($api, $over)->{status}, 401, 'no token: 401';
    is $gw->post($api, undef, chunked => [$over])->{status}, 401, 'chunked';
};

subtest 'the connection after 413' => sub {
    for my $body ("Content-Length: 11\r\n\r\n" . 'x' x 11,
                  "Transfer-Encoding: chunked\r\n\r\nb\r\n" . 'x' x 11
                  . "\r\n0\r\n\r\n")
    {
        my $c = $gw->connection;
        $c->send("POST /small/a HTTP/1.1\r\nHost: a\r\n"
                 . "Authorization: Bearer $token\r\n${body}"
                 . "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");

        is $c->response->{status}, 413, 'refused';

        # it ends, or it goes on with the next request

        my $next = $c->response;
        like $next->{status}, qr/^(?:0|401)$/, 'nothing is misread';
    }
};

# nginx has thrown it away, and says its length all the same: nobody waits for it

subtest 'error_page 413 = @named' => sub {
    too_large($gw->post('/page/a', body(200), token => $token), 'HTTP/1');
    like h2('/page/a', body(200), @$_), qr/:status: 413/, 'HTTP/2'
        for [], ['--no-content-length'];
};

$t->done;


# another backend, whose record is short, and a gateway before it

sub fresh {
    $back = $t->upstream(sub {
        my ($c, $req) = @_;

        return $c->close if !$req->{complete};
        $c->reply(200, length $req->{body});
    });

    $gw = $t->nginx(backend => $back, locations => <<'END');
        location /small/ { sensu_max_body 10; proxy_pass http://sensu; }
        location /large/ { sensu_max_body 2m; client_max_body_size 3m;
                           proxy_pass http://sensu; }
        location /unbuffered/ { proxy_request_buffering off;
                                proxy_http_version 1.1;
                                proxy_pass http://sensu; }
        location /unguarded/ { sensu_guard off; proxy_pass http://sensu; }
        location /page/ { client_max_body_size 100; error_page 413 = @large;
                          proxy_pass http://sensu; }
        location @large { client_max_body_size 1m; proxy_pass http://sensu; }
        location /off/ { sensu_gateway off; proxy_pass http://sensu; }
END
}


sub pieces {
    my ($text, $size) = @_;
    return unpack "(a$size)*", $text;
}


sub too_large {
    my ($r, $name) = @_;

    is $r->{status}, 413, "$name: 413" or diag $r->{error};
    is eval { $r->json->{reason} }, 'body_too_large', 'JSON';

    # a length that is announced is nginx's own to refuse

    like eval { $r->json->{message} },
         qr/^the request body is too large: sensu_max_body is \d+ bytes$/,
         'which names the limit' if $name ne 'announced';
}


sub h2 {
    my ($at, $body, @more) = @_;

    my $file = $t->write('h2.body', $body);

    open my $out, '-|', 'nghttp', '-v', '-d', $file, @more,
        '-H', "authorization: Bearer $token",
        '-H', 'content-type: application/json',
        'http://127.0.0.1:' . $gw->h2_port . $at or die "nghttp: $!";
    local $/;
    return <$out> =~ s/^.*?send HEADERS//sr;
}
