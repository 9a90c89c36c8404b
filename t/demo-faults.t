# The faults of a 5.5.1 backend, which the demo backend has to have as well.

use strict;
use warnings;

use lib 't/lib';
use MIME::Base64 qw(encode_base64url);
use SensuTest;

my $CORE = '/api/core/v2';

my $t = SensuTest->new;
my $demo = $t->demo('--rich', '--control');
my $admin = $demo->login;


sub get {
    my ($path, %opt) = @_;
    return $demo->get("$CORE/$path", token => $admin, %opt);
}


sub cursor {
    return 'continue=' . encode_base64url($_[0]);
}


# what a list shows: names, with namespace and entity before them

sub names {
    my ($r) = @_;
    return join ' ', map {
        my $meta = ($_->{check} // $_)->{metadata} // {};
        $_->{entity} ? "$_->{entity}{metadata}{name}/$meta->{name}"
            : $_->{name} // $_->{username}
                // "$meta->{namespace}/$meta->{name}"
    } @{ $r->json };
}


sub start_with {
    my ($what) = @_;
    is $demo->post('/demo/reset', JSON::PP::encode_json($what))->{status}, 200,
        'a new state';
}


sub message {
    my ($r) = @_;
    return "$r->{status} " . ($r->{body} =~ /"message":"([^"]*)"/i ? $1 : '');
}


subtest 'cursors' => sub {
    start_with({ namespaces => [qw(a a-b a.c ab)], users => [qw(ann bob)],
            elements => [
        map({ my $n = $_;
              map { { type => 'hooks', namespace => $n, name => $_ } }
                  qw(H h-1 h.1 h1) } qw(a a-b a.c ab)),
        map({ my $e = $_;
              map { { type => 'events', namespace => 'a', entity => $e,
                      name => $_ } } qw(cpu cpu-2) } qw(web web-1 web1)),
    ] });

    is get('namespaces?limit=2')->header('Sensu-Continue'), 'AA', 'AA';
    is names(get('namespaces?limit=2&continue=AA')), 'a a-b', 'loops';
    is names(get('users?limit=2&' . cursor("agent\0"))), 'ann bob',
        'a made cursor works';
    is names(get('hooks?limit=1&' . cursor("a-b/h1\0"))), 'a.c/H', 'or here';

    is names(get('hooks?limit=3')), 'a-b/H a-b/h-1 a-b/h.1', 'key order';
    is names(get('namespaces/ab/hooks')), 'ab/H ab/h-1 ab/h.1 ab/h1', 'none';
    my $all = names(get('namespaces/a/hooks'));
    is $all, join(' ', map { my $n = $_; map { ("$n/$_") } qw(H h-1 h.1 h1) }
        qw(a-b a.c a)), 'siblings leak, before the own elements';
    is names(get('namespaces/a/hooks?continue=AA')),
        'a/H a/h-1 a/h.1 a/h1', 'unless a cursor is given';

    my $r = get('namespaces/a/hooks?limit=1');
    is names($r), 'a-b/H', 'the first page is a sibling\'s';
    $r = get('namespaces/a/hooks?limit=1&continue='
        . $r->header('Sensu-Continue'));
    is names($r), 'a/h-1', 'and a/H is never seen';

    is names(get('namespaces/a/events/web')), join(' ', map { ("$_/cpu",
        "$_/cpu-2") } qw(web-1 web web1)), 'an entity is a prefix';
    is names(get('namespaces/a/events?limit=1&' . cursor("web-1/cpu-2\0"))),
        'web/cpu', 'events go on after a made cursor';
    is names(get('events?limit=1&' . cursor("a/web-1/cpu-2\0"))), 'web/cpu',
        'without a leading slash as well';
    is names(get('namespaces/a/events/web1?limit=1')), 'web1/cpu', 'one';
    $r = get('events?limit=2&' . cursor("/z/z/z\0"));
    is $r->{body} . $r->header('Sensu-Continue'),
        '[]' . encode_base64url("/z/z/z\0"), 'the end of events echoes';
    is get('hooks?limit=2&' . cursor("z\0"))->header('Sensu-Continue'), undef,
        'others do not';

    is get('hooks?limit=-1')->header('Sensu-Continue'),
        encode_base64url("ab/h1\0"), 'all, and a cursor';
    is get('checks?limit=-1')->{error}, 'closed without a response', 'panic';
    is get("hooks?$_")->{body}, get('hooks')->{body}, "$_ is no limit"
        for 'limit=0', 'limit=', 'limit=x', 'Limit=1', 'limit=%201',
            'limit=99999999999999999999', 'limit=0&limit=1', 'namespace=a';
    is names(get("hooks?limit=1&continue=$_")), 'a-b/H', "bad cursor: $_"
        for 'YQ==', '%21', 'a';

    is names(get('namespaces/a/hooks?' . cursor('../'))), names(get('hooks'))
        =~ s/ ab.*//r, 'a cursor climbs to other namespaces';
    is get('namespaces?' . cursor('../hooks') . '&limit=2')->{body}, '[{},{}]',
        'and to other types';
    is get('namespaces?' . cursor('../'))->{status}, 500, 'and falls';

    is get("hooks?a=$_")->{body}, "Request exceeded max length\n", "?a=$_"
        for '%zz', '1;2';
};


subtest 'writes' => sub {
    start_with({ namespaces => [qw(a b b2)], elements => [
        { type => 'hooks', namespace => 'a', name => 'same' },
        { type => 'hooks', namespace => 'b', name => 'same' },
        { type => 'events', namespace => 'a', entity => 'web', name => 'cpu' },
    ] });
    my $put = sub {
        my ($path, $body, @more) = @_;
        return $demo->put("$CORE/$path", $body, token => $admin, @more);
    };

    my $r = $put->('namespaces/a/hooks/other', '{"MetaData":{"NAME":"no",'
        . '"name":"h","nameſpace":"b"},"command":"<x>","timeout":3,"zzz":1}}{');
    is $r->{body}, '{"metadata":{"name":"h","namespace":"b"},'
        . '"command":"\u003cx\u003e","timeout":3,"stdin":false}',
        'the body says where, in any case, the last one counts';
    is names(get('hooks')), 'a/same b/h b/same', 'it is in b';

    my $post = sub {
        my ($path, $body, @more) = @_;
        return $demo->post("$CORE/$path", $body, token => $admin, @more);
    };
    my $good = '{"metadata":{"name":"p","namespace":"a"},"command":"x",'
        . '"timeout":1}';
    is $post->('namespaces/a/hooks', $good)->{status}, 200, 'created';
    is message($post->('namespaces/a/hooks', $good)),
        '409 resource already exists', 'not twice';
    is message($post->('namespaces/a/hooks', $good =~ s/"a"/"z"/r)),
        '500 could not create the hook p in namespace z', 'no such namespace';
    is message($post->('namespaces/a/hooks', $good =~ s/,"namespace":"a"//r)),
        '400 namespace must be set', 'no namespace';
    is message($post->('namespaces/a/hooks', $good =~ s/"p"/"p q"/r)),
        '400 hook name cannot contain spaces or special characters', 'name';
    is message($post->('namespaces', '{"name":"a"}')),
        '500 could not create the namespace a', 'namespace twice';

    is message($post->('namespaces/a/hooks', $_->[0])), "500 $_->[1]", $_->[1]
        for ['', 'EOF'], ['{', 'unexpected EOF'], ['{"a":x}',
            "invalid character 'x' looking for beginning of value"];
    is $post->('namespaces/a/hooks', '{"metadata":1}')->{status}, 500,
        'wrong kind of value';
    for my $type ('', 'application/x-www-form-urlencoded') {
        is message($post->('namespaces/a/hooks', $good, headers =>
            ['Content-Type' => $type])), '500 EOF', "type '$type'";
    }
    is $post->('namespaces/a/hooks', $good, headers =>
        ['Content-Type' => 'text/plain'])->{status}, 409, 'any other type';

    my $size = sub {
        my ($n) = @_;
        my $body = $good =~ s/"p"/"big"/r;
        return $body =~ s/"x"/'"' . 'x' x ($n - length($body) + 1) . '"'/er;
    };
    is $put->('namespaces/a/hooks/big', $size->(512_000))->{status}, 200,
        '512,000 bytes';
    $r = $put->('namespaces/a/hooks/big', $size->(512_001));
    is message($r) . $r->header('Connection'),
        '500 http: request body too largeclose', 'one more';
    is message($put->('namespaces/a/hooks/big', undef, chunked =>
        [$size->(512_001)])), '500 http: request body too large', 'in chunks';
    is $put->('namespaces/a/hooks/big', $size->(512_000) . "\n" x 1_000_000)
        ->{status}, 200, 'white space after it does not count';
    is $demo->get("$CORE/namespaces", token => $admin, body => 'x' x 600_000)
        ->{status}, 200, 'nor does what nobody reads';
    is $demo->put("$CORE/namespaces/a/hooks/big", $size->(512_001))->{status},
        401, 'access comes first';

    my $event = '{"entity":{"entity_class":"proxy","metadata":{"name":"%s",'
        . '"namespace":"b"}},"check":{"interval":1,"metadata":{"name":"c",'
        . '"namespace":"b"}}}';
    is $put->('namespaces/a/events/x/y', sprintf $event, 'e')->{status}, 200,
        'an event';
    is names(get('namespaces/b/events?continue=AA')), 'e/c', 'goes to b';
    is message($post->('namespaces/a/events', sprintf($event, 'web')
        =~ s/"c"/"cp"/r)), '409 resource already exists', 'by prefix';

    is get('namespaces/a/hooks/..%2Fb%2Fh')->json->{metadata}{namespace}, 'b',
        'a name climbs';
    my $delete = sub {
        return $demo->delete("$CORE/$_[0]", token => $admin);
    };
    is $delete->('namespaces/a/hooks/..%2Fb%2Fsame')->{status}, 204, 'deleted';
    is names(get('hooks')), 'a/big a/p b/h b/same', 'the wrong one';
    is message($delete->('namespaces/b')),
        '500 namespace b does not exist', 'b is gone';
    is names(get('namespaces')), 'a', 'and b2';
    is $delete->('namespaces/a/assets/x')->{status}, 405, 'assets stay';
    is $delete->('namespaces/a/extensions/x')->{status}, 204, 'no extension';
    is get('namespaces/a/extensions/x')->{status}, 500, 'none to get';
    is names(get('namespaces/a/events/we%62')), '', 'events are not decoded';
    is get('namespaces/a/events/we/b')->{status}, 404, 'no event';
    like get('namespaces/a/events/web/cp')->{body}, qr/"name":"cpu"/, 'prefix';
    is get('namespaces/a/hooks/%70')->{status}, 200, 'others once';
    is get('namespaces/a/hooks/%2570')->{status}, 404, 'not twice';
};


subtest 'special types' => sub {
    start_with({ namespaces => [qw(a b)], elements => [
        { type => 'checks', namespace => 'a', name => 'c' } ] });
    my $ask = sub {
        my ($method, $path, $body) = @_;
        return $demo->request($method, "$CORE/$path", token => $admin,
            defined $body ? (body => $body) : ());
    };

    my $entry = '{"metadata":{"name":"x","namespace":"a"},"check":"c",'
        . '"expire":%d}';
    my $r = $ask->(POST => 'namespaces/b/silenced', sprintf $entry, 100);
    is $r->json->{metadata}{name}, '*:c', 'the name of a silenced entry';
    is $r->json->{creator}, 'admin', 'its creator';
    like get('silenced')->json->[0]{expire}, qr/\A(?:100|9[0-9])\z/, 'is left';
    is get('namespaces/a/silenced/%2A:c')->{status}, 200, 'encoded name';
    is $ask->(PUT => 'namespaces/a/silenced/y', sprintf $entry, 1)->{status},
        200, 'replaced';
    ok $t->wait_for(sub { get('silenced')->{body} eq '[]' }), 'is over';
    is message($ask->(POST => 'namespaces/a/silenced',
        '{"metadata":{"namespace":"a"}}')),
        '400 must provide check or subscription', 'neither';

    my $hooks = 'namespaces/a/checks/c/hooks';
    is $ask->(PUT => "$hooks/critical",
        '{"type":"critical","hooks":["p","q"]}')->{status}, 204, 'hooks';
    is $ask->(DELETE => "$hooks/critical/hook/p")->{status}, 204, 'not p';
    like get('checks')->{body},
        qr/"check_hooks":\[\{"hooks":\["q"\],"type":"critical"\}\]/, 'only q';
    is $ask->(DELETE => "$hooks/critical/hook/p")->{status}, 404, 'no more p';
    is $ask->(POST => 'namespaces/a/checks/c/execute', '{}')->{status}, 202,
        'executed';

    is $ask->(PUT => 'tessen', '{"opt_out":true}')->{body},
        '{"opt_out":true}', 'tessen';
    is get('tessen')->{body}, '{"opt_out":true}', 'is kept';
    is $ask->(POST => 'cluster/members')->{body},
        "missing peer-addrs form value\n", 'no addresses';
    like $ask->(DELETE => 'cluster/members/xyz')->{body}, qr/\Abad id \(xyz\)/,
        'bad id';
    is message($ask->(POST => 'namespaces/a/roles',
        '{"metadata":{"name":"r","namespace":"a"}}')),
        '400 invalid argument(s) received', 'a role without rules';
};


subtest 'paths' => sub {
    my $status = sub { $demo->request($_[0], $_[1])->{status} };

    is $status->(GET => $_), 404, "404 $_"
        for "$CORE/nosuch", "$CORE/checks/", "$CORE/checks/a", '/version', '/',
            "$CORE/chec%6Bs", '/apis/core/v2/checks', "$CORE/Checks",
            "$CORE/namespaces/a/silenced/checks/c", '/api/core/v1/checks';
    is $status->(@$_), 405, "405 @$_"
        for [HEAD => "$CORE/checks"], [OPTIONS => "$CORE/checks"],
            [PATCH => "$CORE/namespaces/a/checks/b"], [POST => '/health'],
            [POST => "$CORE/namespaces/a/extensions"], [GET => '/graphql'],
            [POST => "$CORE/namespaces/a/events/e"],
            [DELETE => "$CORE/namespaces/a/assets/b"];
    my $r = $demo->get("$CORE/namespaces/a//checks/../x%2Fy?q=1");
    is "$r->{status} " . $r->header('Location'),
        "301 $CORE/namespaces/a/x%252Fy?q=1", 'cleaned, and encoded again';
    is $status->(GET => "$CORE/namespaces/a/checks"), 401, 'found';
    is $status->(GET => "$CORE/%zz"), 400, 'bad escape';
    is $status->(GET => "http://x$CORE/namespaces/checks"), 401, 'absolute';
};

$t->done;
