# The contract of paging: limit, continue, the headers of a page, and whose
# token works where.

use lib 't/lib';
use SensuTest;

my $t = SensuTest->new;
my @names = map { sprintf 'ns-%02d', $_ } 1 .. 12;

# a list without native paging, so that all is the gateway's
my $back = $t->upstream(sub {
    my ($c, $req) = @_;

    $c->reply(200, '[' . join(',', map { qq({"name":"$_"}) } @names) . ']',
              'Sensu-Continue' => 'AA', 'X-Sensu-Continue' => 'AA',
              'ETag' => '"x"', 'Accept-Ranges' => 'bytes', 'X-Kept' => 'yes');
});

my ($cert, $key) = certificate($t);
my $tls_port = $t->port;

my $gw = $t->nginx(
    backend => $back,
    server => SensuTest::Nginx::http2_listen("127.0.0.1:$tls_port ssl")
              . "ssl_certificate $cert;"
              . "ssl_certificate_key $key; sensu_native_pages off;"
              . 'add_header X-Page "$sensu_page $sensu_page_count" always;',
    http => 'map $http_x_base $base { default $http_x_base; '
            . "'' https://\$host:8443/; }",
    locations => location('/short/', 'sensu_page_max 3;')
                 . location('/based/', 'sensu_base_url $base;')
                 . location('/default/', 'sensu_page_default 5;')
                 . location('/brief/', 'sensu_cursor_ttl 1s;')
                 . location('/off/', 'sensu_pages off;')
                 . location('/keys/', 'sensu_api_key pass;'),
);

my $redis = $t->redis;
my $over_redis = $t->nginx(
    backend => $back,
    http => 'sensu_redis ' . $redis->url . ' timeout=5s;',
);

my $list = '/api/core/v2/namespaces';
my $token = $t->token;


sub location {
    my ($prefix, $conf) = @_;

    return "location $prefix { $conf rewrite ^$prefix(.*)\$ /\$1 break; "
           . 'proxy_pass http://sensu; proxy_http_version 1.1; '
           . "proxy_set_header Connection ''; }\n";
}


sub get { $gw->get(shift, token => $token, @_) }
sub page { get($list . '?' . shift, @_) }
sub names_of { [ map { /"name":"(.*?)"/ } @{ elements($_[0]{body}) } ] }
sub next_of { scalar $_[0]->header('Sensu-Continue') }


sub refused {
    my ($r, $status, $reason, $name) = @_;

    is "$r->{status} " . (eval { $r->json->{reason} } // '?'),
       "$status $reason", $name;
}


subtest 'a page that has more' => sub {
    my $r = page('limit=5');

    is $r->{status}, 200, 'status';
    is_deeply names_of($r), [ @names[0 .. 4] ], 'elements';
    is $r->{body}, '[' . join(',', map { qq({"name":"$_"}) } @names[0 .. 4])
                   . ']', 'byte for byte';
    is $r->header('Content-Length'), length $r->{body}, 'Content-Length';
    is $r->header('Content-Type'), 'application/json', 'Content-Type';
    is $r->header('Cache-Control'), 'no-store', 'Cache-Control';
    is $r->header('Transfer-Encoding'), undef, 'not chunked';

    my @sensu = $r->header('Sensu-Continue');
    my @documented = $r->header('X-Sensu-Continue');

    is_deeply \@sensu, \@documented, 'one token under both names';
    is scalar @sensu, 1, 'once';
    like $sensu[0], qr/^[A-Za-z0-9_-]{22}$/, 'of 22 characters';

    is $r->header('ETag'), undef, 'no ETag';
    is $r->header('Accept-Ranges'), undef, 'no ranges';
    is $r->header('X-Kept'), 'yes', 'other headers of the backend stay';
    is $r->header('X-Page'), 'sliced 5', 'variables';
};

subtest 'a page that has no more' => sub {
    for my $query ('limit=12', 'limit=13', 'limit=999999999') {
        my $r = page($query);

        is_deeply names_of($r), \@names, "$query: all";
        is $r->header($_), undef, "no $_"
            for qw(Sensu-Continue X-Sensu-Continue Link);
    }

    my $more = page('limit=11');
    my $last = page('limit=5&continue=' . next_of($more));
    is_deeply names_of($last), ['ns-12'], 'the last one';
    is next_of($last), undef, 'is the end';
};

subtest 'Link' => sub {
    my $link = sub {
        my ($r) = @_;
        my ($url, $rel) = ($r->header('Link') // '') =~ /^<(.*)>; (.*)$/;
        is $rel, 'rel="next"', 'rel';
        return $url;
    };

    my $r = page('limit=5');
    my $c = next_of($r);
    is $link->($r), "$list?limit=5&continue=$c", 'a relative reference';

    $r = page('a=1&limit=5&b=%20x&c');
    is $link->($r), "$list?a=1&b=%20x&c&limit=5&continue=" . next_of($r),
       'other parameters stay';

    $r = page('a=1>0&b="<[{|^`\\}]>"&limit=5');
    is $link->($r), "$list?a=1%3E0&b=%22%3C%5B%7B%7C%5E%60%5C%7D%5D%3E%22"
                    . '&limit=5&continue=' . next_of($r),
       'what is no URI is escaped';
    is_deeply names_of(get($link->($r))), [ @names[5 .. 9] ], 'it works';

    $r = get("/short$list?limit=9");
    is $link->($r), "/short$list?limit=3&continue=" . next_of($r),
       'the path before a rewrite';
    is_deeply names_of(get($link->($r))), [ @names[3 .. 5] ], 'it works';

    $r = $gw->curl("https://127.0.0.1:$tls_port$list?limit=5",
                   token => $token, args => [ '-k', '--http2' ]);
    is $r->{version}, '2', 'HTTP/2';
    is $link->($r), "$list?limit=5&continue=" . next_of($r), 'the same there';

    $r = $gw->raw("GET $list?limit=5 HTTP/1.0\r\n"
                  . "Authorization: Bearer $token\r\n\r\n");
    is $link->($r), "$list?limit=5&continue=" . next_of($r),
       'and without a host';

    # the operator knows where clients find him

    $r = get("/based$list?limit=5&a=1",
             headers => [ Host => 'sensu.example:8080' ]);
    is $link->($r), "https://sensu.example:8443/based$list?a=1&limit=5"
                    . '&continue=' . next_of($r), 'sensu_base_url';

    $r = get("/based$list?limit=5", headers => [ 'X-Base' => 'http://a"b>/x/' ]);
    is $link->($r), "http://a%22b%3E/x/based$list?limit=5&continue="
                    . next_of($r), 'whatever a variable holds';
};

subtest 'limits that are none' => sub {
    for my $limit ('-1', '+2', '%202', '2%20', '0x10', '2.5', '1e3', 'abc',
                   '', '1234567890', '1,2', '%D9%A1', '2&limit=3',
                   '2&%6Cimit=2')
    {
        refused(page("limit=$limit"), 400, 'bad_limit', "limit=$limit");
    }

    is_deeply names_of(page('limit=%35')), [ @names[0 .. 4] ], 'an escape';
    is_deeply names_of(page('limit=005')), [ @names[0 .. 4] ], 'zeros';
};

subtest 'limits of the configuration' => sub {
    is_deeply names_of(get("/short$list?limit=100")), [ @names[0 .. 2] ],
              'above the maximum is the maximum';
    is_deeply names_of(get("/default$list")), [ @names[0 .. 4] ],
              'sensu_page_default without a limit';
    is_deeply names_of(get("/default$list?limit=0")), [ @names[0 .. 4] ],
              'and with limit=0';
    is_deeply names_of(get("/default$list?limit=7")), [ @names[0 .. 6] ],
              'a limit wins';

    for my $query ('', '?limit=0', '?limit=000000000') {
        my $r = get($list . $query);
        is_deeply names_of($r), \@names, "\"$query\": the whole list";
        is $r->header($_), undef, "no $_"
            for qw(Sensu-Continue X-Sensu-Continue Link);
    }

    my $off = get("/off$list?limit=2");
    is_deeply names_of($off), \@names, 'sensu_pages off';
    is next_of($off), undef, 'no cursor of the backend';

    my @walked = @{ $gw->walk("/default$list", undef,
                              token => $token)->{pages} };
    is_deeply [ map { scalar @$_ } @walked ], [5, 5, 2],
              'a walk without a limit';
};

subtest 'limit may change between pages' => sub {
    my $first = page('limit=4');
    my $second = page('limit=1&continue=' . next_of($first));
    my $third = page('continue=' . next_of($second));
    my $fourth = page('limit=0&continue=' . next_of($third));

    is_deeply names_of($second), [ $names[4] ], 'another one';
    is_deeply names_of($third), [ @names[5 .. 8] ],
              'without one the first page\'s counts';
    is_deeply names_of($fourth), [ @names[9 .. 11] ], 'with limit=0, too';
};

subtest 'tokens' => sub {
    my $first = page('limit=4');
    my $c = next_of($first);

    is next_of(page('limit=4')), $c, 'the same position, the same token';
    isnt next_of(page('limit=4&x=1')), $c, 'another query, another one';
    isnt next_of(page('limit=5')), $c, 'another place, another one';

    my @again = map { page("limit=4&continue=$c") } 1 .. 3;
    is_deeply names_of($_), [ @names[4 .. 7] ], 'works again' for @again;
    is next_of($again[0]), next_of($again[2]), 'with the same answer';

    refused(page("limit=4&continue=$c", token => $t->token(sub => 'eve')),
            410, 'continue_expired', 'of another user');
    refused(page("limit=4&continue=$c", token => $t->token(iss => 'x')),
            410, 'continue_expired', 'of the same name by another issuer');
    refused(page('limit=4&continue=' . 'A' x 22), 410, 'continue_expired',
            'unknown');

    is_deeply names_of(page("limit=4&continue=$c", token =>
                            $t->token(jti => 'new', groups => ['x'],
                                      exp => time + 99))),
              [ @names[4 .. 7] ], 'a renewed bearer token goes on';

    refused(get("/api/core/v2/users?limit=4&continue=$c"), 400,
            'continue_mismatch', 'on another path');
    refused(page("limit=4&x=1&continue=$c"), 400, 'continue_mismatch',
            'with another query');
    refused(get("/api/core/v2/users?limit=4&continue=$c",
                token => $t->token(sub => 'eve')),
            410, 'continue_expired', 'another user does not learn that');

    my $q = next_of(page('limit=4&b=2&a=%31'));
    is_deeply names_of(page("a=1&b=%32&limit=4&continue=$q")),
              [ @names[4 .. 7] ], 'the order and spelling of the query is free';

    refused(page("limit=4&continue=$c", token => $t->token(exp => 1)), 401,
            'token_expired', 'a cursor lets nobody in');
};

subtest 'what has not the form of a token' => sub {
    my $ask = sub { $over_redis->get("$list?limit=4&continue=$_[0]",
                                     token => $token) };
    my $lookups = sub {
        $redis->cmd('INFO', 'commandstats') =~ /cmdstat_get:calls=(\d+)/
            ? $1 : 0;
    };

    for my $c ('x', 'A' x 21, 'A' x 23, 'AA', 'A' x 21 . '=',
               'A' x 21 . '+', 'A' x 21 . '%2F', '..%2F', 'A' x 4000,
               'A' x 22 . '&continue=' . 'A' x 22,
               'A' x 22 . '&c%6Fntinue=' . 'A' x 22)
    {
        refused($ask->($c), 400, 'bad_continue',
                'continue=' . substr $c, 0, 50);
    }

    is $lookups->(), 0, 'the store was not asked';

    refused($ask->('B' x 22), 410, 'continue_expired', 'what may be one');
    is $lookups->(), 1, 'is looked for';

    is_deeply names_of(page('limit=4&continue=')), [ @names[0 .. 3] ],
              'an empty one is none';
};

subtest 'life of a token' => sub {
    my $r = get("/brief$list?limit=4");
    my $c = next_of($r);

    is get("/brief$list?limit=4&continue=$c")->{status}, 200, 'works';

    my $gone = $t->wait_for(sub {
        my $again = get("/brief$list?limit=4&continue=$c");
        $again->{status} == 410 && $again;
    }, 10);

    refused($gone, 410, 'continue_expired', 'after sensu_cursor_ttl');
};

subtest 'a walk with an API key' => sub {
    my @key = (token => undef, headers => [Authorization => 'Key one']);
    my @other = (token => undef, headers => [Authorization => 'Key two']);

    refused(page('limit=4', @key), 401, 'api_key_refused', 'not by itself');

    my $r = get("/keys$list?limit=4", @key);
    my $c = next_of($r);
    is_deeply names_of($r), [ @names[0 .. 3] ], 'where they pass';
    is_deeply names_of(get("/keys$list?limit=4&continue=$c", @key)),
              [ @names[4 .. 7] ], 'goes on';
    refused(get("/keys$list?limit=4&continue=$c", @other), 410,
            'continue_expired', 'not with another key');
};

subtest 'nothing of it reached the backend' => sub {
    my @seen = map { $_->{query} // '' } $back->requests;

    # how often the life of a token is asked for depends on the machine
    cmp_ok scalar(@seen), '>', 47, 'requests were seen';
    is_deeply [ grep { /continue|imit/ } @seen ], [], 'no limit, no continue';
};

$t->done;
