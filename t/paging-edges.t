# Lists and answers of every shape, and what nginx can do with a request
# around a page: HEAD, ranges, HTTP/1.0 and HTTP/2, keep-alive, pipelining,
# caches, redirects, subrequests, error pages.

use lib 't/lib';
use SensuTest;
use IO::Select;

my $t = SensuTest->new;
my $token = $t->token;
my $path = '/api/core/v2/checks';
my $dir = $t->dir;

# what a shape is, by the query's name of it: body, or a sub

my $large = '{"metadata":{"name":"big","namespace":"a"},"x":"' . 'y' x 20000
            . '"}';

my %shape = (
    list => '[' . join(',', map { check("c$_") } 1 .. 7) . ']',
    none => '[]',
    blank => " [\r\n\t ] \n",
    one => '[' . check('a') . ']',
    two => '[' . check('a') . ',' . check('b') . ']',
    scalars => '[1,"a",null,true,-2.5e3,"\u005d,[\"",[],{},2]',
    nested => '[[1,[2,[3]]],[[[]]],{"a":[{"b":"]"}]},[{}]]',
    twins => '[1,1,1,2,1,1,1]',
    repeated => '[' . join(',', map { check($_) } qw(a a b b b c)) . ']',
    mixed => '[' . join(',', check('b'), 1, check('a'), 1, '{}') . ']',
    pretty => "\n[\n  {\n    \"a\": 1\n  },\n  {\n    \"b\": [ ]\n  }\n]\n",
    large => "[$large," . check('c') . ']',
    full => '[' . join(',', map { check("c$_", 'y' x 3000) } 1 .. 6) . ']',
    null => 'null',
    object => '{"a":[1,2,3]}',
    text => [ 200, 'hello', 'Content-Type' => 'text/plain' ],
    plain => [ 200, '[1,2,3]', 'Content-Type' => 'text/plain' ],
    spaces => " \n {\"a\": 1} ",
    nothing => [ 200, '' ],
    error => [ 404, '{"message":"not found","code":2}', 'X-Why' => 'so',
               'ETag' => '"e"', 'Cache-Control' => 'max-age=3',
               'Vary' => 'Accept', 'Sensu-Continue' => 'AA' ],
    denied => [ 401, '{"message":"no","code":5}',
                'WWW-Authenticate' => 'Bearer realm="x"' ],
    moved => [ 302, '', 'Location' => '/elsewhere' ],
    broken => [ 500, '[1,2,3]' ],
    zipped => [ 200, "\x1f\x8b rubbish", 'Content-Encoding' => 'gzip' ],
    zipped_error => [ 403, "\x1f\x8b rest", 'Content-Encoding' => 'gzip' ],
    garbage => '[1,2] 3',
    double => '[1,,2]',
    comma => '[1,2,]',
    colon => '[1:2]',
    open => '[{"a":1]',
    deep => '[' . '[' x 2000 . ']' x 2000 . ']',
    accel => [ 200, '', 'X-Accel-Redirect' => '/inside/list.json' ],
    slow => sub {
        my ($c) = @_;
        $c->head(200, 'Content-Type' => 'application/json',
                 'Content-Length' => 30);
        $c->bytewise(' [{"a":1} , 2, "x]\\"",[3]] ' . ' ' x 3);
    },
    drip => sub {
        my ($c) = @_;
        $c->head(200, 'Content-Type' => 'application/json',
                 'Transfer-Encoding' => 'chunked');
        $c->chunk($_) for split //, '[{"a":1},2,"x]",[3]]';
        $c->end_chunks;
    },
    endless => sub {
        my ($c) = @_;
        $c->head(200, 'Content-Type' => 'application/json',
                 'Transfer-Encoding' => 'chunked');
        $c->chunk('[' . check('a'));
        1 while $c->{socket} && $c->chunk(',' . check('b') x 1);
    },
);


sub check {
    my ($name, $more) = @_;
    $more //= '';
    return qq({"x":"$more","metadata":{"name":"$name","namespace":"a"}});
}


my $back = $t->upstream(sub {
    my ($c, $req) = @_;

    return $c->reply(204, '') if ($req->{query} // '') =~ /204/;
    return $c->reply(405, '') if $req->{method} =~ /HEAD|OPTIONS/;

    my ($name) = ($req->{query} // '') =~ /shape=(\w+)/;
    my $shape = $shape{$name // 'list'};

    return $shape->($c, $req) if ref $shape eq 'CODE';
    return $c->reply(@$shape) if ref $shape;
    return $c->reply(200, $shape);
});

mkdir "$dir/html" or die;
mkdir "$dir/html/inside" or die;
$t->write('html/inside/list.json', '[1,2,3,4]');
$t->write('html/page.shtml', "A <!--#include virtual=\"$path?limit=3\" --> B");
$t->write('html/sorry.txt', 'sorry');

sub location {
    my ($prefix, $conf) = @_;

    return "location $prefix { $conf rewrite ^$prefix(.*)\$ /\$1 break; "
           . 'proxy_pass http://sensu; proxy_http_version 1.1; '
           . "proxy_set_header Connection ''; }\n";
}

my $gw = $t->nginx(
    backend => $back,
    http => "proxy_cache_path $dir/cache keys_zone=lists:1m; "
            . 'types { text/html shtml; application/json json; }',
    server => "sensu_native_pages off; sensu_api_key pass; root $dir/html;",
    locations => location('/small/', 'sensu_page_buffer 16k;')
                 . location('/unbuffered/', 'proxy_buffering off;')
                 . location('/cached/', 'proxy_cache lists; '
                            . 'proxy_cache_valid 200 1h; '
                             . 'proxy_cache_key $uri$is_args$args;')
                 . location('/pages/', 'error_page 401 502 /sorry.txt; '
                            . 'proxy_intercept_errors on;')
                 . location('/any/', 'satisfy any; allow 127.0.0.1; deny all;')
                 . location('/gzip/', 'gzip on; gzip_min_length 1; '
                            . 'gzip_types application/json;')
                 . 'location = /page.shtml { ssi on; sensu_public /page.shtml; '
                 . "}\n"
                 . 'location = /sorry.txt { sensu_gateway off; }'
                 . 'location /inside/ { internal; }',
);


sub get { my ($p, @o) = @_; $gw->get($p, token => $token, @o) }
sub shape { my ($s, $q, @o) = @_; get("$path?shape=$s&$q", @o) }

sub reason {
    my ($r) = @_;
    return "$r->{status} " . (eval { $r->json->{reason} } // $r->{body});
}


subtest 'lists of every shape, walked at every limit' => sub {
    for my $prefix ('', '/unbuffered') {
        for my $shape (qw(list none blank one two scalars nested twins
                          repeated mixed pretty plain slow drip))
        {
            my $text = ref $shape{$shape} eq 'ARRAY' ? $shape{$shape}[1]
                     : ref $shape{$shape} ? '[{"a":1},2,"x]' . ($shape eq 'slow'
                                            ? '\\"' : '') . '",[3]]'
                     : $shape{$shape};
            my @all = @{ elements($text) };

            for my $limit (1, 2, 3, scalar @all || 1, 1000) {
                my $walk = $gw->walk("$prefix$path?shape=$shape", $limit,
                                     token => $token);

                is_deeply $walk->{elements}, \@all,
                          "$prefix $shape, limit $limit";
                is scalar @{ $walk->{pages} },
                   int((@all + $limit - 1) / $limit) || 1, 'pages';
            }
        }
    }

    is shape($_, 'limit=3')->{body}, '[]', "$_: []" for qw(none blank);
};

subtest 'a page that is full for its bytes' => sub {
    my $walk = $gw->walk("/small$path?shape=full", 100, token => $token);

    is_deeply $walk->{elements}, elements($shape{full}), 'all of it';
    is_deeply [ map { scalar @$_ } @{ $walk->{pages} } ], [5, 1],
              'pages end early';

    is reason(get("/small$path?shape=large&limit=5")),
       '502 element_too_large', 'an element that is larger';
    is scalar $gw->grep_log(qr/raise sensu_page_buffer/), 1, 'the log says so';
    is_deeply elements(shape('large', 'limit=1')->{body}), [$large],
              'which fits elsewhere';
    is reason(get('/small/api/core/v2/namespaces/a/checks?shape=large')),
       '502 element_too_large', 'also of a list that is only filtered';
};

subtest 'what is no list passes as it came' => sub {
    for my $shape (qw(null object text spaces nothing error denied moved
                      broken zipped_error))
    {
        my @want = ref $shape{$shape} ? @{ $shape{$shape} }
                                      : (200, $shape{$shape});
        my ($status, $body, %headers) = @want;
        my $r = shape($shape, 'limit=2');

        is $r->{status}, $status, "$shape: status";
        is $r->{body}, $body, 'body';
        is $r->header('Content-Length'), length $body, 'length';
        is $r->header('Sensu-Continue'), undef, 'no cursor';
        delete $headers{'Sensu-Continue'};
        is $r->header($_), $headers{$_}, $_ for keys %headers;
    }

    my $r = shape('x', 'limit=2&204');
    is $r->{status}, 204, 'no content';
    is $r->header('Content-Length'), undef, 'without a length';
};

subtest 'lists that are not well-formed, or compressed' => sub {
    is reason(shape($_, 'limit=100')), '502 bad_list', $_
        for qw(garbage double comma colon open deep);
    is reason(shape('zipped', 'limit=2')), '502 list_encoded', 'gzip';
    is scalar($gw->grep_log(qr/proxy_set_header Accept-Encoding/)), 1,
       'the log says what to set';

    my $r = get('/api/core/v2/namespaces/a/checks?shape=zipped');
    is reason($r), '502 list_encoded', 'gzip, unpaged but filtered';
    is $r->header('Content-Encoding'), undef, 'which is not';
};

subtest 'a list without an end' => sub {
    my $r = shape('endless', 'limit=2');
    is scalar @{ elements($r->{body}) }, 2, 'a page of it';
};

subtest 'methods' => sub {
    for my $method (qw(HEAD OPTIONS)) {
        my $r = $gw->request($method, "$path?limit=2", token => $token);
        is $r->{status}, 405, "$method is the backend's business";
    }

    my @head = grep { $_->{method} eq 'HEAD' } $back->requests;
    is $head[0]{query} // '', '', 'it sees no limit';

    my $r = get("$path?limit=2", body => '{"a":1}');
    is scalar @{ elements($r->{body}) }, 2, 'GET with a body';
    $r = get("$path?limit=2", chunked => ['{"a":', '1}']);
    is scalar @{ elements($r->{body}) }, 2, 'with a chunked one';

    my @get = grep { $_->{method} eq 'GET' } $back->requests;
    is $get[-1]{body} . $get[-2]{body}, '', 'the backend does not get it';
    is $get[-1]{headers}{'transfer-encoding'}
       // $get[-2]{headers}{'content-length'}, undef, 'nor its length';
};

subtest 'ranges and conditions' => sub {
    for my $h ([ Range => 'bytes=0-3' ], [ 'If-None-Match' => '*' ],
               [ 'If-Match' => '"x"' ],
               [ 'If-Modified-Since' => 'Mon, 23 Nov 2099 10:00:00 GMT' ],
               [ 'If-Unmodified-Since' => 'Mon, 23 Nov 1999 10:00:00 GMT' ],
               [ Range => 'bytes=0-3', 'If-Range' => '"x"' ])
    {
        for my $prefix ('', '/cached') {
            my $r = get("$prefix$path?limit=2", headers => $h);
            is "$r->{status} " . @{ elements($r->{body}) }, '200 2',
               "$prefix $h->[0]";
        }
    }

    my ($last) = ($back->requests)[-1];
    is_deeply [ grep { /^(?:if-|range)/ } keys %{ $last->{headers} } ], [],
              'the backend does not see them';
};

subtest 'versions of HTTP' => sub {
    my $r = $gw->get("$path?limit=2", token => $token, version => '1.0');
    is $r->{body}, '[' . check('c1') . ',' . check('c2') . ']', '1.0';
    ok $r->header('Sensu-Continue'), 'has more';

    $r = $gw->h2("$path?limit=2", token => $token);
    is $r->{version}, '2', 'HTTP/2';
    is $r->{body}, '[' . check('c1') . ',' . check('c2') . ']', 'its body';
    ok $r->header('sensu-continue'), 'has more';

    $r = $gw->h2("$path?limit=1&shape=garbage", token => $token);
    is_deeply elements($r->{body}), [1], 'a page that was full';
    $r = $gw->h2("$path?limit=3&shape=garbage", token => $token);
    is reason($r), '502 bad_list', 'an error';
};

subtest 'connections are kept after every kind of answer' => sub {
    my $c = $gw->connection;

    for my $case ([ 'limit=2', 200 ], [ 'limit=9', 200 ],
                  [ 'limit=2&shape=error', 404 ],
                  [ 'limit=9&shape=garbage', 502 ], [ 'limit=x', 400 ],
                  [ 'limit=2&204', 204 ],
                  [ 'limit=2&continue=' . 'A' x 22, 410 ],
                  [ 'limit=2&shape=zipped', 502 ],
                  [ 'limit=2&shape=endless', 200 ],
                  [ 'limit=2&shape=object', 200 ], [ 'limit=1', 200 ])
    {
        $c->send($gw->message('GET', "$path?$case->[0]", token => $token,
                              keepalive => 1));
        my $r = $c->response;
        is $r->{status}, $case->[1], $case->[0];
        last if $r->{status} != $case->[1];
        is $r->header('Connection'), $r->{status} == 400 ? 'close'
                                     : 'keep-alive', 'connection'
            if $r->{status} != 400;
        $c = $gw->connection if $r->{status} == 400;
    }
};

subtest 'pipelined requests' => sub {
    my $one = sub { $gw->message('GET', "$path?$_[0]", token => $token,
                                 keepalive => 1) };

    my @got = $gw->raw(join('', map { $one->("limit=$_") } 1 .. 4)
                       . $one->('limit=2&shape=object')
                       . $one->('limit=2&shape=endless') . $one->('limit=3'),
                       7);

    is_deeply [ map { $_->{status} } @got ], [ (200) x 7 ], 'all answered';
    is_deeply [ map { scalar @{ elements($got[$_]{body}) } } 0 .. 3, 6 ],
              [ 1 .. 4, 3 ], 'in their order';
};

subtest 'a cache' => sub {
    $back->forget;

    my @r = map { get("/cached$path?shape=two&limit=1") } 1 .. 2;
    is $r[0]{body}, $r[1]{body}, 'the same page';
    is $r[1]->header('Cache-Control'), 'no-store', 'not to be kept by others';

    my $walk = $gw->walk("/cached$path?shape=two", 1, token => $token);
    is_deeply $walk->{elements}, elements($shape{two}), 'a walk';
    is scalar($back->requests), 1, 'for one request to the backend';
};

subtest 'redirects, subrequests, error pages' => sub {
    my $r = shape('accel', 'limit=3');
    is $r->{body}, '[1,2,3]', 'X-Accel-Redirect of the backend';
    ok $r->header('Sensu-Continue'), 'has more';

    $r = $gw->get('/page.shtml', token => $token);
    is $r->{body}, 'A [' . join(',', map { check("c$_") } 1 .. 3) . '] B',
       'SSI includes a page';

    for my $case ([ 'garbage', 502 ], [ 'denied', 401 ], [ 'zipped', 502 ]) {
        $r = get("/pages$path?limit=9&shape=$case->[0]");
        is "$r->{status} $r->{body}", "$case->[1] sorry",
           "error_page, $case->[0]";
    }

    $r = $gw->get("/any$path?limit=2");
    is scalar @{ elements($r->{body}) }, 2, 'satisfy any';

    $r = $gw->get("/gzip$path?limit=2", token => $token,
                  headers => [ 'Accept-Encoding' => 'gzip' ]);
    is $r->header('Content-Encoding'), 'gzip', 'gzip for the client';
};

subtest 'many walks at once' => sub {
    my %walks;

    for my $n (1 .. 50) {
        my $c = $gw->connection;
        $walks{$n} = { c => $c, got => [], shape => (qw(list twins mixed
                       repeated scalars))[$n % 5], limit => 1 + $n % 3 };
        ask($walks{$n}, '');
    }

    for (1 .. 1000) {
        last if !%walks;

        for my $n (keys %walks) {
            my $w = $walks{$n};
            my $r = $w->{c}->response;
            push @{ $w->{got} }, @{ elements($r->{body}) };

            if (my $next = $r->header('Sensu-Continue')) {
                ask($w, "&continue=$next");
                next;
            }

            is_deeply $w->{got}, elements($shape{$w->{shape}}),
                      "walk $n: $w->{shape} by $w->{limit}";
            delete $walks{$n};
        }
    }

    is scalar(%walks), 0, 'all ended';
};

subtest 'a list without order: what was before the place must be there' => sub {
    my $list = sub { $t->write('unordered', '[' . join(',', @_) . ']') };
    my $file = $list->();
    my $up = $t->upstream(sub { $_[0]->reply(200, slurp($file)) });
    my $at = $t->nginx(backend => $up, location => 'sensu_native_pages off;');

    my $page = sub {
        my ($token) = @_;
        my $r = $at->get("$path?limit=3" . ($token ? "&continue=$token" : ''),
                         token => $t->token);
        return ($r, $r->{status} == 200 ? join ' ', @{ elements($r->{body}) }
                                        : "$r->{status} " . $r->json->{reason});
    };

    for (['names', map { check($_) } qw(e c a f b d)], ['texts', 5, 3, 1, 6, 2, 4]) {
        my ($name, @all) = @$_;

        $list->(@all);
        my ($r, $got) = $page->();
        my $token = $r->header('Sensu-Continue');

        is $got, "@all[0 .. 2]", "$name: the first page";

        $list->(@all[2 .. 5]);
        $up->forget;

        # an element that is not where it was may stand behind the place now

        my $over = '410 continue_expired';

        is +($page->($token))[1], $over, "$name: two before it went";
        is scalar($up->requests), 1, 'the list was read once';

        $list->($name eq 'names' ? check('z') : 9, @all);
        is +($page->($token))[1], $over, "$name: one more is before it";

        $list->(@all[2, 0, 3, 4, 1, 5]);
        is +($page->($token))[1], $over, "$name: another order";

        $list->(@all[0 .. 2], 9, @all[4, 5]);
        is +($page->($token))[1], "9 @all[4, 5]", "$name: another is behind it";

        $list->(@all[3 .. 5]);
        is +($page->($token))[1], $over, "$name: it went itself";
    }

    # in order as far as it was seen, and then no more

    $list->(map { check($_) } 'a' .. 'f');
    my ($r) = $page->();
    my $token = $r->header('Sensu-Continue');

    $list->(map { check($_) } qw(d a e b c f));
    is +($page->($token))[1], '410 continue_expired',
       'a list that loses its order';

    $list->(map { check($_) } qw(0 a c d e));
    is +($page->($token))[1], join(' ', map { check($_) } qw(d e)),
       'one in order: others may come and go before it';
};


subtest 'a list in order, with elements that have no key' => sub {
    my $list = sub { $t->write('some', '[' . join(',', @_) . ']') };
    my $file = $list->();
    my $up = $t->upstream(sub { $_[0]->reply(200, slurp($file)) });
    my $at = $t->nginx(backend => $up, location => 'sensu_native_pages off;');

    my %e = (map({ $_ => check($_) } 'a' .. 'f'), x => check('\ud800'), y => 7);
    my %name = reverse %e;

    my $next = sub {
        my ($from, $to) = @_;

        $list->(@e{split //, $from});
        my $r = $at->get("$path?limit=2", token => $t->token);
        my $continue = 'continue=' . $r->header('Sensu-Continue');

        $list->(@e{split //, $to});
        $r = $at->get("$path?limit=9&$continue", token => $t->token);

        return $r->{status} == 200 ? join '', @name{@{ elements($r->{body}) }}
                                   : $r->{status};
    };

    for my $case (
        [ 'axby', 'axby', 'by', 'as it was' ],
        [ 'bxdy', 'abxdy', 'dy', 'one more before those two' ],
        [ 'bxdy', 'xdy', 'dy', 'the key before it is gone' ],
        [ 'abye', 'aye', '410', 'the key before one still to come is gone' ],
        [ 'axby', 'aby', '410', 'one without a key is gone' ],
        [ 'abyc', 'aybc', '410', 'one without a key is further in front' ],
        [ 'xyab', 'xyab', 'ab', 'none before it has a key' ],
        [ 'xyab', 'yxab', '410', 'and those have changed places' ],
        [ 'abye', 'adye', 'dye', 'the end of the page is gone' ])
    {
        my ($from, $to, $got, $name) = @$case;
        is $next->($from, $to), $got, "$from, then $to: $name";
    }
};

$t->done;


sub ask {
    my ($w, $more) = @_;

    $w->{c}->send($gw->message(
        'GET', "$path?shape=$w->{shape}&limit=$w->{limit}$more",
        token => $token, keepalive => 1));
}
