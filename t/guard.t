# The guard's seven points. Each fault is first shown on the backend itself,
# then that the gateway stops it, says so in its log, and counts it; and what
# sensu_guard off leaves of that.

use lib 't/lib';
use MIME::Base64 qw(encode_base64url);
use SensuTest;

my $CORE = '/api/core/v2';

my $t = SensuTest->new;
my $demo = $t->demo('--control', '--no-token-store');
my $gw = $t->nginx(backend => $demo, locations =>
    'location = /counters { sensu_gateway off; sensu_metrics; }');
my $off = $t->nginx(backend => $demo,
                    location => 'sensu_guard off;');
my $none = $t->nginx(backend => $demo,
                     location => 'sensu_guard off; sensu_pages off;');

my $token = $t->token(sub => 'admin');


sub reset_to {
    my (@elements) = @_;

    my %namespaces = map { $_->{namespace} => 1 } @elements;
    my $r = $demo->post('/demo/reset', JSON::PP::encode_json({
        namespaces => [sort keys %namespaces], users => ['ann'],
        elements => \@elements }));
    die $r->{body} if $r->{status} != 200;
}


sub element {
    my ($type, $ns, $name, %more) = @_;
    return { type => $type, namespace => $ns, name => $name, %more };
}


sub ask {
    my ($at, $method, $path, %opt) = @_;

    $path = "$CORE/$path" if $path !~ m{^/};
    return $at->request($method, $path, token => $token, %opt);
}


# namespace/name, namespace/entity/check, or names

sub names {
    my ($r) = @_;

    return "$r->{status} " . ($r->{error} || $r->{body}) if $r->{status} != 200;
    return join ' ', map {
        my $meta = ($_->{entity} // $_)->{metadata} // {};
        join '/', $_->{name} // $_->{username}
            // (grep { defined } $meta->{namespace}, $meta->{name},
                $_->{check} ? $_->{check}{metadata}{name} : ())
    } @{ $r->json };
}


sub everything { return names(ask($demo, GET => $_[0] // 'hooks')) }


# the refusal, and what the gateway says of it in its log

sub refused {
    my ($point, $status, $reason, $r, $name) = @_;

    my $error = eval { $r->json } // {};

    is "$r->{status} $error->{reason}", "$status $reason", $name;
    like $error->{message}, qr/^[a-z].* .* /, 'with a sentence';
    is $r->header('Content-Type'), 'application/json', 'in JSON';
    logged($point);
    $demo->forget;
}


my @points = ('', qw(continue path token body list delete limit));
my %counts;

sub logged {
    my ($point) = @_;

    my @lines = $gw->grep_log(qr/sensu: guard $point: /);
    my ($count) = $gw->get('/counters')->{body}
                  =~ /^sensu_gateway_guard_hits_total\{point="$points[$point]"\} (\d+)$/m;

    ok @lines > 0, "a line about point $point";
    is $count - ($counts{$point} // 0), 1, 'and a count';

    $counts{$point} = $count;
}


subtest '1: a continue of the client climbs' => sub {
    reset_to(map { element(hooks => $_, 'h') } qw(a b c));

    my $climb = 'continue=' . encode_base64url('../');

    is names(ask($demo, GET => "namespaces/b/hooks?$climb")), 'a/h b/h',
       'the backend goes from b to a';

    for my $query ($climb, "limit=1&$climb", "%63ontinue=Li4v",
                   "c%6fntinue=Li4v&x=1", 'continue=' . 'A' x 21,
                   'continue=AA', 'continue=a&continue=b')
    {
        $demo->forget;
        refused(1, 400, 'bad_continue',
                ask($gw, GET => "namespaces/b/hooks?$query"), $query);
        is scalar(my @seen = $demo->requests), 0, 'nothing went up';
    }

    # paging itself needs none of the client's either

    is ask($off, GET => "namespaces/b/hooks?$climb")->{status}, 400,
       'sensu_guard off: as long as the gateway pages';
    is names(ask($none, GET => "namespaces/b/hooks?$climb")), 'a/h b/h',
       'sensu_guard off and sensu_pages off: it passes';
};


subtest '2: names climb' => sub {
    reset_to(map { element(hooks => $_, 'h') } qw(a b));

    is ask($demo, GET => 'namespaces/a/hooks/..%2Fb%2Fh')
       ->json->{metadata}{namespace}, 'b', 'the backend goes from a to b';

    for my $path ('hooks/..%2Fb%2Fh', 'hooks/..%2fb%2fh', 'hooks/%2e%2e%2Fb%2Fh',
                  'hooks/.%2E/b/h', 'hooks/../b/h', 'hooks/x%2Fy', 'hooks/h%00',
                  'hooks//h', 'hooks/./h', 'hooks/h%5c..', 'ho%6fks/h',
                  'assets/..%2F..%2Fhooks%2Fb%2Fh', 'hooks/h%zz')
    {
        for my $method (qw(GET DELETE)) {
            $demo->forget;
            my $r = ask($gw, $method, "namespaces/a/$path");

            # what is no path at all nginx refuses by itself

            if ($path =~ /%00|%zz/) {
                is $r->{status}, 400, "$method $path";

            } else {
                refused(2, 400, 'unsafe_path', $r, "$method $path");
            }

            is scalar(my @seen = $demo->requests), 0, 'nothing went up';
        }
    }

    is everything(), 'a/h b/h', 'nothing is gone';
    is ask($off, GET => 'namespaces/a/hooks/..%2Fb%2Fh')->{status}, 400,
       'sensu_guard off: a path has one meaning all the same';
};


subtest '3: tokens that the backend takes' => sub {
    my %claims = (sub => 'admin', groups => ['cluster-admins']);
    my $endless = jwt('HS256', \%claims, $t->secret);
    my $zero = jwt('HS256', { %claims, exp => 0 }, $t->secret);

    for ([$endless, 'no exp'], [$zero, 'exp 0']) {
        my ($bearer, $name) = @$_;

        is $demo->get("$CORE/hooks", token => $bearer)->{status}, 200,
           "the backend takes $name";
    }

    refused(3, 401, 'bad_claims', $gw->get("$CORE/hooks", token => $endless),
            'the gateway does not');

    my @bare = (headers => [Authorization => $token]);

    is $demo->get("$CORE/hooks", @bare)->{status}, 200,
       'the backend takes one without a scheme';
    refused(3, 401, 'missing_token', $gw->get("$CORE/hooks", @bare),
            'the gateway does not');

    is $off->get("$CORE/hooks", token => $endless)->{status}, 401,
       'sensu_guard off: tokens are judged all the same';
};


# a hook, its body with what the test wants to see in it

sub hook {
    my ($ns, $name) = @_;
    return qq({"metadata":{"name":"$name","namespace":"$ns"},)
           . '"command":"true","timeout":1}';
}


# bodies that the backend stores in b, whoever has rights in a alone

my @elsewhere = (
    ['as it is', hook('b', 'x')],
    ['other letters', '{"METADATA":{"Name":"x","NameSpace":"b"},'
        . '"command":"true","timeout":1}'],
    ['a long s', qq({"metadata":{"name":"x","name\xc5\xbfpace":"b"},)
        . '"command":"true","timeout":1}'],
    ['escaped', '{"met\u0061data":{"name":"x","namespac\u0065":"\u0062"},'
        . '"command":"true","timeout":1}'],
    ['the last of two', '{"metadata":{"name":"x","namespace":"a",'
        . '"namespace":"b"},"command":"true","timeout":1}'],
    ['the last of two, in other letters', '{"metadata":{"name":"x",'
        . '"namespace":"a","Namespace":"b"},"command":"true","timeout":1}'],
    ['two objects', '{"metadata":{"name":"x","namespace":"a"},'
        . '"Metadata":{"namespace":"b"},"command":"true","timeout":1}'],
    ['another value after it', hook('b', 'x') . hook('a', 'x')],
    ['bytes after it', hook('b', 'x') . 'x'],
);


subtest '4: a body names another object than the URL' => sub {
    for (@elsewhere) {
        my ($name, $body) = @$_;

        for my $how ([POST => 'hooks'], [PUT => 'hooks/x']) {
            my ($method, $path) = @$how;

            reset_to(element(hooks => 'a', 'h'), element(hooks => 'b', 'h'));

            is ask($demo, $method, "namespaces/a/$path", body => $body)
               ->{status}, 200, "$method, $name";
            like everything(), qr{b/x}, 'the backend writes to b';

            reset_to(element(hooks => 'a', 'h'), element(hooks => 'b', 'h'));

            refused(4, 400, $name =~ /two|after/ ? 'body_not_json'
                                                 : 'body_mismatch',
                    ask($gw, $method, "namespaces/a/$path", body => $body),
                    'the gateway refuses');
            is everything(), 'a/h b/h', 'and nothing is written';
        }
    }

    reset_to(element(hooks => 'a', 'h'), element(hooks => 'b', 'h'));
    is ask($off, POST => 'namespaces/a/hooks', body => hook('b', 'x'))
       ->{status}, 200, 'sensu_guard off';
    is everything(), 'a/h b/h b/x', 'lets it through';

    like ask($gw, PUT => 'namespaces/a/hooks/x', body => hook('b', 'x'))
         ->json->{message}, qr/correct this: metadata\.namespace$/,
         'the message says what to correct';
    like ask($gw, PUT => 'namespaces/a/hooks/x', body => hook('a', 'y'))
         ->json->{message}, qr/correct this: metadata\.name$/, 'here as well';
    like ask($gw, PUT => 'namespaces/a/hooks/x', body => '[1]')
         ->json->{message}, qr/not one JSON object: it is something else/, 'or what to send';
    $counts{4} += 3;
};


subtest '4: what is no text, as in the output of a check' => sub {
    my $back = $t->upstream(sub { $_[0]->reply(201, '', 'X-Got' =>
                                               unpack 'H*', $_[1]{body}) });
    my $odd_gw = $t->nginx(backend => $back);

    for my $odd ("\xff", "\xe2\x82", '\ud800', '\udc00\ud83d') {
        my $body = '{"command":"%s","metadata":{"name":"%s","namespace":"a"}}';
        my $path = '/api/core/v2/namespaces/a/hooks';
        my %more = (token => $t->token,
                    headers => ['Content-Type' => 'application/json']);

        my $r = $odd_gw->request(PUT => "$path/x", %more,
                                 body => sprintf($body, $odd, 'x'));
        is $r->{status}, 201, 'passes';
        is $r->header('X-Got'), unpack('H*', sprintf $body, $odd, 'x'),
           'as it came';

        $r = $odd_gw->request(POST => $path,
                                 body => sprintf($body, 'true', "y$odd"), %more);
        is $r->{status}, 400, 'not in a name';
        like $r->json->{message},
             qr/: a name in it is no UTF-8, or has half of a surrogate pair$/,
             'why';
    }
};


subtest '4: each type has its names' => sub {
    my $meta = '"metadata":{"name":"%s","namespace":"%s"}';
    my $event = '{"entity":{"entity_class":"proxy",' . $meta
                . '},"check":{"interval":1,' . $meta . '}}';

    my @bodies = (
        [PUT => 'namespaces/a/events/e/c', sprintf($event, qw(e b c b))],
        [PUT => 'namespaces/a/events/e/c', sprintf($event, qw(e a c b))],
        [PUT => 'namespaces/a/events/e/c', sprintf($event, qw(x a c a))],
        [PUT => 'namespaces/a/events/e/c', sprintf($event, qw(e a x a))],
        [POST => 'namespaces/a/events', sprintf($event, qw(e b c b))],
        [POST => 'namespaces/a/rolebindings', '{"subjects":[{"type":"User",'
            . '"name":"ann"}],"role_ref":{"type":"ClusterRole",'
            . '"name":"admin"},' . sprintf($meta, 'rb', 'b') . '}'],
        [PUT => 'namespaces/a/silenced/ss:c', '{"subscription":"ss",'
            . '"check":"d",' . sprintf($meta, 'ss:c', 'a') . '}'],
        [POST => 'namespaces/a/silenced', '{"subscription":"ss",'
            . '"check":"d",' . sprintf($meta, 'ss:d', 'b') . '}'],
        [PUT => 'namespaces/n', '{"name":"b"}'],
        [PUT => 'users/ann', '{"username":"admin","password":"P@ssw0rd!"}'],
        [PUT => 'clusterroles/r', '{"rules":[],"metadata":{"name":"q"}}'],
        [POST => 'namespaces/a/assets', '{"url":"http://x/","sha512":"'
            . '0' x 128 . '",' . sprintf($meta, '../b/tool', 'a') . '}'],
        [POST => 'namespaces/a/checks/c/execute', '{"check":"d"}'],
        [POST => 'namespaces/a/events/e/c', sprintf($event, qw(x a c a))],
        [POST => 'namespaces/a/events/e/c', sprintf($event, qw(e a x a))],
        [PUT => 'namespaces/a/handlers/h', '{"type":"set","handlers":'
            . '["../b/pager"],' . sprintf($meta, 'h', 'a') . '}'],
        [POST => 'namespaces/a/events', '{"check":{"handlers":["../b/h"]}}'],
    );

    for (@bodies) {
        my ($method, $path, $body) = @$_;
        refused(4, 400, 'body_mismatch',
                ask($gw, $method, $path, body => $body), "$method $path");
    }

    reset_to(element(hooks => 'a', 'h'), element(hooks => 'b', 'h'));

    my @good = (
        [POST => 'namespaces/a/hooks', hook('a', 'x')],
        [PUT => 'namespaces/a/hooks/x', hook('a', 'x')],
        [POST => 'namespaces/a/events', sprintf($event, qw(e a c a))],
        [PUT => 'namespaces/a/events/e/c', sprintf($event, qw(e a c a))],
        [POST => 'namespaces/a/silenced', '{"subscription":"ss",'
            . '"metadata":{"namespace":"a"}}'],
        [PUT => 'namespaces/a/silenced/ss:%2A', '{"subscription":"ss",'
            . '"metadata":{"namespace":"a","name":"ss:*"}}'],
        [PUT => 'namespaces/a/handlers/h', '{"type":"set","handlers":'
            . '["pager"],' . sprintf($meta, 'h', 'a') . '}'],
        [POST => 'namespaces', '{"name":"new"}'],
        [PUT => 'namespaces/new2', '{"name":"new2"}'],
        [PUT => 'users/ann/password', '{"password":"long enough"}'],
        [PUT => 'users/ann/groups/x', undef],
        [PUT => 'tessen', '{"opt_out":true}'],
        [POST => 'namespaces/a/assets', '{"url":"http://x/","sha512":"'
            . '0' x 128 . '",' . sprintf($meta, 'org/tool', 'a') . '}'],
    );

    for (@good) {
        my ($method, $path, $body) = @$_;
        my $r = ask($gw, $method, $path,
                    defined $body ? (body => $body) : ());
        like $r->{status}, qr/^20[014]$/, "$method $path passes"
            or diag $r->{body};
    }
};


subtest '4: types of bodies' => sub {
    reset_to(element(hooks => 'a', 'h'));

    for my $type ('', 'application/x-www-form-urlencoded',
                  'multipart/form-data; boundary=x', 'json', ';')
    {
        my @headers = $type eq '' ? ('Content-Type' => '')
                                  : ('Content-Type' => $type);

        is ask($demo, POST => 'namespaces/a/hooks', body => hook('a', 'x'),
               headers => \@headers)->{status}, 500,
           "the backend breaks on '$type'" if $type !~ /^(?:multipart|json)/;

        refused(4, 415, 'body_type',
                ask($gw, POST => 'namespaces/a/hooks', body => hook('a', 'x'),
                    headers => \@headers), "the gateway refuses '$type'");
    }

    is ask($gw, PUT => 'namespaces/a/hooks/x', body => hook('a', 'x'),
           headers => ['Content-Type' => $_])->{status}, 200, "'$_' passes"
        for 'application/json', 'Application/JSON; charset=utf-8',
            'text/plain';

    for my $body ('', '{', 'null', '[]', '"x"', "\xef\xbb\xbf" . hook('a', 'x'),
                  hook('a', 'x') . "\0")
    {
        refused(4, 400, 'body_not_json',
                ask($gw, POST => 'namespaces/a/hooks', body => $body),
                'body ' . JSON::PP->new->allow_nonref->encode($body));
    }
};


# A body is forwarded as it came, whatever the way it came in

subtest '4: bodies stay byte for byte' => sub {
    my $up = $t->upstream(sub {
        my ($c, $req) = @_;
        $c->reply(200, '{}');
    });

    my %ways = (
        plain => '', unbuffered => 'proxy_request_buffering off;',
        file => 'client_body_in_file_only clean;',
        small => 'client_body_buffer_size 1k;',
    );

    my $good = '{ "command" : "\u003cx\u003e", "n": 1.50e1, "metadata":'
               . "\t{\"namespace\":\"a\", \"name\":\"x\"} ,\r\n \"big\": \"";
    my @bodies = ($good . '"}', $good . 'x' x 100_000 . '"} ');
    my $bad = hook('b', 'y' x 50_000);

    for my $way (sort keys %ways) {
        my $to = $t->nginx(backend => $up, location => $ways{$way});
        my $path = 'namespaces/a/hooks';

        for my $body (@bodies) {
            my $n = length $body;
            my @pieces = unpack '(a7000)*', $body;

            $up->forget;
            is ask($to, POST => $path, body => $body)->{status}, 200,
               "$way: $n bytes, declared";
            is ask($to, POST => $path, chunked => \@pieces)->{status}, 200,
               'in chunks';
            is $to->h2("$CORE/$path", token => $token, method => 'POST',
                       body => $body)->{status}, 200, 'over HTTP/2';
            is $to->h2("$CORE/$path", token => $token, method => 'POST',
                       body => $body, args => ['-H', 'Content-Length:'])
               ->{status}, 200, 'over HTTP/2, without a length';

            my @got = $up->requests;
            is scalar @got, 4, 'four came';
            ok !(grep { $_->{body} ne $body } @got), 'byte for byte';
        }

        $up->forget;
        is ask($to, POST => $path, body => $bad)->{status}, 400,
           "$way: a bad one, declared";
        is ask($to, POST => $path, chunked => [unpack '(a9000)*', $bad])
           ->{status}, 400, 'in chunks';
        is $to->h2("$CORE/$path", token => $token, method => 'POST',
                   body => $bad)->{status}, 400, 'over HTTP/2';
        is scalar(my @got = $up->requests), 0, 'none came';
    }
};


subtest '5: lists of one namespace, events of one entity' => sub {
    reset_to(map({ element(hooks => $_, 'h') } qw(a a-b a.c ab)),
             map({ element(events => 'a', 'cpu', entity => $_) }
                 qw(web web-1 web1)));

    is names(ask($demo, GET => 'namespaces/a/hooks')), 'a-b/h a.c/h a/h',
       'the backend lists siblings';

    for my $query ('', '?limit=9') {
        is names(ask($gw, GET => "namespaces/a/hooks$query")), 'a/h',
           "the gateway does not$query";
        logged(5) if !$query;      # a native page never sees them
    }

    is names(ask($demo, GET => 'namespaces/a/events/web')),
       'a/web-1/cpu a/web/cpu a/web1/cpu', 'the backend lists other entities';

    for my $query ('', '?limit=9') {
        is names(ask($gw, GET => "namespaces/a/events/web$query")),
           'a/web/cpu', "the gateway does not$query";
        logged(5) if !$query;
    }

    is names(ask($off, GET => 'namespaces/a/hooks')), 'a-b/h a.c/h a/h',
       'sensu_guard off: siblings';
    is names(ask($off, GET => 'namespaces/a/events/web')),
       'a/web-1/cpu a/web/cpu a/web1/cpu', 'and other entities';
};


subtest '6: DELETE takes other namespaces with it' => sub {
    my $build = sub {
        reset_to(element(hooks => 'dev', 'h'), element(hooks => 'dev2', 'h'),
                 element(hooks => 'dev-eu', 'h'), element(hooks => 'z', 'h'));
    };

    $build->();
    ask($demo, DELETE => 'namespaces/dev');
    is everything('namespaces'), 'z', 'the backend deletes three';

    $build->();
    my $r = ask($gw, DELETE => 'namespaces/dev');
    refused(6, 409, 'namespace_prefix', $r, 'the gateway none');
    like $r->json->{message}, qr/: dev-eu dev2$/, 'and names them';
    is everything('namespaces'), 'dev dev-eu dev2 z', 'all are there';

    is ask($gw, DELETE => "namespaces/$_")->{status}, 204, "$_ goes"
        for qw(dev-eu dev%32 dev);
    is everything('namespaces'), 'z', 'one by one';

    # what the client makes its condition is the DELETE's, not the look-up's

    my $back = $t->upstream(sub { $_[0]->reply(200, '[{"name":"z"}]') });
    ask($t->nginx(backend => $back), DELETE => 'namespaces/z',
        headers => [ 'If-Match' => '"x"' ]);
    is_deeply [ map { "$_->{method} " . ($_->{headers}{'if-match'} // '-') }
                $back->requests ], [ 'GET -', 'DELETE "x"' ], 'If-Match';

    is ask($gw, DELETE => 'namespaces/nosuch')->{status},
       ask($demo, DELETE => 'namespaces/nosuch')->{status},
       'one that is not there';

    # without the list nobody knows

    for my $fault ({ status => 500 }, { action => 'drop' },
                   { action => 'cut-after', bytes => 5 },
                   { status => 200, body => '{}' },
                   { status => 200, body => '[{"name":"z"}' },
                   { action => 'gzip' })
    {
        $build->();
        $demo->post('/demo/fault', JSON::PP::encode_json(
            { %$fault, path_regex => '/namespaces$' }));

        cmp_ok ask($gw, DELETE => 'namespaces/z')->{status}, '>=', 500,
               'no DELETE when the list is '
               . JSON::PP->new->canonical->encode($fault);
        $demo->post('/demo/fault', '{"action":"clear"}');
        is everything('namespaces'), 'dev dev-eu dev2 z', 'all are there';
    }

    ok $gw->grep_log(qr/with status 200 is not a whole list/), 'the log has it';

    $back = $t->upstream(sub {
        $_[0]->reply(200, '[{"name":"z","x":"' . 'x' x 70000 . '"}]');
    });
    $r = ask($t->nginx(backend => $back, location => 'sensu_page_buffer 64k;'),
             DELETE => 'namespaces/z');
    is "$r->{status} " . $r->json->{reason}, '502 element_too_large',
       'a list that is longer than what is held of one';

    ask($off, DELETE => 'namespaces/dev');
    is everything('namespaces'), 'z', 'sensu_guard off: three';
};


subtest '7: a limit that is none' => sub {
    reset_to(map { element(hooks => 'a', $_) } qw(h1 h2));

    is ask($demo, GET => 'checks?limit=-1')->{error},
       'closed without a response', 'the backend dies of -1';
    is names(ask($demo, GET => 'hooks?limit=x')), 'a/h1 a/h2',
       'and reads what is no number as none';

    for my $query ('limit=-1', 'limit=x', 'limit=+1', 'limit=%2B1', 'limit=1.0',
                   'limit=0x1', 'limit=%201', 'limit=', 'limit=1&limit=1',
                   'l%69mit=-1', 'limit=1234567890', 'limit=1%00')
    {
        $demo->forget;
        refused(7, 400, 'bad_limit', ask($gw, GET => "hooks?$query"), $query);
        is scalar(my @seen = $demo->requests), 0, 'nothing went up';
    }

    is ask($off, GET => 'hooks?limit=-1')->{status}, 400,
       'sensu_guard off: as long as the gateway pages';
    is names(ask($none, GET => 'hooks?limit=x')), 'a/h1 a/h2',
       'sensu_guard off and sensu_pages off: it passes';
};

$t->done;
