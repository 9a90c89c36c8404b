# sensu_namespaces: what its value gives to a caller, and what becomes of
# every kind of path. The backend would allow these callers everything: what
# is refused here is refused by the gateway.

use lib 't/lib';
use SensuTest;

my $CORE = '/api/core/v2';

my $t = SensuTest->new;
my $demo = $t->demo('--control', '--no-token-store');

my @namespaces = qw(A a a-b a.b ab);

$demo->post('/demo/reset', JSON::PP::encode_json({
    namespaces => \@namespaces, users => [qw(ann bob)],
    elements => [
        { type => 'clusterrolebindings', name => 'ann',
          subjects => [{ type => 'User', name => 'ann' }],
          role_ref => { type => 'ClusterRole', name => 'cluster-admin' } },
        map { my $ns = $_;
              { type => 'checks', namespace => $ns, name => 'cpu' },
              { type => 'checks', namespace => $ns, name => 'disk' } }
            @namespaces ],
}));

# the value comes with the request, in a header that only this test knows

my $gw = $t->nginx(backend => $demo,
                   location => 'sensu_namespaces $http_x_may;');

my $token = $t->token(sub => 'ann');


sub ask {
    my ($may, $method, $path, %opt) = @_;

    my @headers = defined $may ? ('X-May' => $may) : ();

    $demo->forget;
    return $gw->request($method, $path =~ m{^/} ? $path : "$CORE/$path",
                        token => $token, %opt,
                        headers => [@headers, @{ $opt{headers} // [] }]);
}


# what is in the answer: namespace/name, or names

sub shown {
    my ($r) = @_;

    return "$r->{status} " . reason($r) if $r->{status} != 200;
    return join ' ', map {
        my $meta = $_->{metadata} // {};
        $_->{name} // "$meta->{namespace}/$meta->{name}"
    } @{ $r->json };
}


sub reason { $_[0]->json->{reason} // '' }


# method and target of what the backend was asked

sub seen {
    return join ', ', map { (split / /)[1] } $demo->requests;
}


subtest 'values' => sub {
    my $all = join ' ', @namespaces;

    my @cases = (
        ['*', $all], [' * ', $all],
        ['a', 'a'], ['a,a-b', 'a a-b'], ['a-b a', 'a a-b'],
        [",, a ,,\tab , ", 'a ab'], ['a,a,a', 'a'], ['nosuch', ''],
        ['nosuch,A', 'A'], ['a.b', 'a.b'],
        ['', ''], ['  ', ''], [undef, ''],
        ['*,a', ''], ['a *', ''], ['**', ''], ['a*', ''], ['a/b', ''],
        ['..', ''], ['a,.', ''], ['a,b;c', ''], ['"a"', ''], ['["a"]', ''],
        ['-', ''],
    );

    for (@cases) {
        my ($may, $expected) = @$_;
        my $name = defined $may ? "'$may'" : 'no value';

        is shown(ask($may, GET => 'namespaces')), $expected,
           "$name: his namespaces";

        for my $ns (@namespaces) {
            my $r = ask($may, GET => "namespaces/$ns/checks");
            my $in = grep { $_ eq $ns } split / /, $expected;

            is shown($r), $in ? "$ns/cpu $ns/disk"
                              : '403 namespace_forbidden', "$name: $ns";
            is seen(), '', 'and the backend was not asked' if !$in;
        }
    }

    is scalar $gw->grep_log(qr/sensu_namespaces has the value "\*,a", /) > 0, 1,
       'a value that is none is in the log';
};


subtest 'a namespace is itself, not one that looks like it' => sub {
    is shown(ask('a', GET => "namespaces/$_/checks")),
       '403 namespace_forbidden', $_
        for qw(A a-b ab a%2Db a%2d a%5B %41 -a);

    is shown(ask('a', GET => 'namespaces/%61/checks')), 'a/cpu a/disk',
       'an escape is decoded once';
    is seen(), "$CORE/namespaces/a/checks", 'and not sent on';
};


subtest 'cluster-wide lists' => sub {
    is shown(ask('*', GET => 'checks')),
       'A/cpu A/disk a-b/cpu a-b/disk a.b/cpu a.b/disk a/cpu a/disk '
       . 'ab/cpu ab/disk', 'everything';
    is seen(), "$CORE/checks", 'in one request';

    is shown(ask('ab', GET => 'checks')), 'ab/cpu ab/disk', 'of one namespace';
    is seen(), "$CORE/namespaces/ab/checks", 'his';

    is shown(ask('ab', GET => 'checks?x=%41&limit=0&y')), 'ab/cpu ab/disk',
       'with a query';
    is seen(), "$CORE/namespaces/ab/checks?x=%41&y", 'that stays as it was';

    is shown(ask('ab,a,a-b', GET => 'checks')),
       'a-b/cpu a-b/disk a/cpu a/disk ab/cpu ab/disk', 'of three';
    is seen(), join(', ', map { "$CORE/namespaces/$_/checks" } qw(a-b a ab)),
       'one after the other, in the order of the whole list';

    is shown(ask($_, GET => 'checks')), '403 cluster_forbidden', "of '$_'"
        for '', '*,a';

    is shown(ask($_->[0], GET => "checks?limit=3")), $_->[1],
       "a page for '$_->[0]'"
        for ['*', 'A/cpu A/disk a-b/cpu'], ['ab', 'ab/cpu ab/disk'],
            ['a,ab', 'a/cpu a/disk ab/cpu'], ['', '403 cluster_forbidden'];
};


subtest 'the namespace "-" is all of them' => sub {
    for (['*', 'A/cpu A/disk a-b/cpu a-b/disk a.b/cpu a.b/disk a/cpu a/disk '
               . 'ab/cpu ab/disk'],
         ['ab', 'ab/cpu ab/disk'], ['a,ab', 'a/cpu a/disk ab/cpu ab/disk'],
         ['', '403 cluster_forbidden'])
    {
        is shown(ask($_->[0], GET => 'namespaces/-/checks')), $_->[1],
           "for '$_->[0]'";
        unlike seen(), qr{/-/}, 'the backend knows no such thing';
    }

    my $walk = $gw->walk("$CORE/namespaces/-/checks", 2, token => $token,
                         headers => ['X-May' => 'a,ab']);
    is scalar @{ $walk->{elements} }, 4, 'paged';

    is shown(ask('*', POST => 'namespaces/-/checks', body => '{}')),
       '405 method_not_allowed', 'nothing is written there';
    is seen(), '', 'and the backend is not asked to';
    is ask('a', POST => 'namespaces/-/checks', body => '{}')->{status}, 403,
       'nor by others';
    is shown(ask('a', GET => 'namespaces/-/checks/cpu')),
       '403 cluster_forbidden', 'nor read by name';
};


subtest 'namespaces' => sub {
    is shown(ask('ab,a', GET => 'namespaces?limit=1')), 'a', 'paged';

    for my $limit (1, 2, 3, 7) {
        my $walk = $gw->walk("$CORE/namespaces", $limit, token => $token,
                             headers => ['X-May' => 'a.b a nosuch ab']);

        is '[' . join(',', @{ $walk->{elements} }) . ']',
           '[{"name":"a"},{"name":"a.b"},{"name":"ab"}]', "limit $limit";
        is scalar @{ $walk->{pages} }, int((3 + $limit - 1) / $limit),
           'full pages';
    }

    is ask('a', GET => 'namespaces/a')->{status}, 200, 'his own';
    is ask('a', GET => "namespaces/$_")->{status}, 403, "not $_"
        for qw(A ab a-b nosuch);

    for my $method (qw(POST PUT DELETE PATCH HEAD)) {
        is ask('a', $method, 'namespaces/a',
               $method eq 'HEAD' ? () : (body => '{"name":"a"}'))->{status},
           403, "$method of his own";
        is seen(), '', 'stays here';
    }

    is ask('a', POST => 'namespaces', body => '{"name":"a"}')->{status}, 403,
       'nor a new one';
};


subtest 'what is of the cluster' => sub {
    for my $path (qw(users users/bob users/bob/password clusterroles
                     clusterroles/admin clusterrolebindings cluster/members
                     tessen apikeys))
    {
        for my $method (qw(GET POST PUT DELETE HEAD)) {
            my $r = ask('a,ab', $method, $path,
                        $method =~ /^P/ ? (body => '{}') : ());
            is $r->{status}, 403, "$method $path";
            is reason($r), 'cluster_forbidden', 'says why'
                if $method ne 'HEAD';
            is seen(), '', 'the backend was not asked';
        }
    }

    is ask('*', GET => $_)->{status}, 200, "$_ with *"
        for qw(users users/bob clusterroles clusterrolebindings tessen
               cluster/members);

    is ask('a', $_->[0], $_->[1], @$_ > 2 ? (body => '{}') : ())->{status},
       403, "$_->[0] $_->[1]"
        for [POST => 'checks', 1], [DELETE => 'checks/cpu'],
            [PUT => 'checks/cpu', 1], [GET => 'checks/cpu'],
            [HEAD => 'checks'];
};


subtest 'himself' => sub {
    is ask('a', GET => 'users/ann')->json->{username}, 'ann', 'is seen';
    is ask('a', GET => 'users/%61nn')->json->{username}, 'ann', 'by any name';

    is ask('a', PUT => 'users/ann/password',
           body => '{"password":"long enough"}')->{status}, 204, 'is changed';
    is ask('a', PUT => 'users/ann',
           body => '{"username":"bob","disabled":true}')->{status}, 400,
       'he is not somebody else';

    is ask('a', $_->[0], $_->[1], $_->[0] ne 'GET' ? (body => '{}') : ())
        ->{status}, 403, "$_->[0] $_->[1]"
        for [DELETE => 'users/ann'], [PUT => 'users/ann/reinstate'],
            [PUT => 'users/ann/groups/cluster-admins'],
            [DELETE => 'users/ann/groups'], [GET => 'users/bob'],
            [PUT => 'users/bob/password'], [POST => 'users/ann'],
            [GET => 'users/Ann'], [GET => 'users/an'];
};


subtest 'beside the API' => sub {
    for my $path ('/graphql', '/metrics', '/', '/version', '/apis/core/v2') {
        for my $method (qw(GET POST)) {
            my @body = $method eq 'POST' ? (body => '{}') : ();

            is reason(ask($_, $method, $path, @body)), 'cluster_forbidden',
               "$method $path, '$_'" for 'a', 'a,ab', '';
            is seen(), '', 'the backend was not asked';

            ask('*', $method, $path, @body);
            is seen(), $path, 'it is, with *';
        }
    }

    is ask('a', GET => '/health')->{status}, 200, '/health is public';
    is $gw->get('/auth', headers => [Authorization => 'Basic '
        . MIME::Base64::encode_base64('admin:P@ssw0rd!', '')])->{status}, 200,
       'so is /auth';
};


subtest 'methods in his namespace' => sub {
    my $body = '{"metadata":{"name":"new","namespace":"a"},"command":"x",'
               . '"interval":1,"subscriptions":["x"],"handlers":[]}';

    for ([a => 200, 204, 405], [ab => 403, 403, 403]) {
        my ($may, $ok, $deleted, $head) = @$_;

        is ask($may, POST => 'namespaces/a/checks', body => $body)->{status},
           $ok, "$may: POST";
        is ask($may, PUT => 'namespaces/a/checks/new', body => $body)
            ->{status}, $ok, "$may: PUT";
        is ask($may, DELETE => 'namespaces/a/checks/new')->{status}, $deleted,
           "$may: DELETE";
        is ask($may, $_, 'namespaces/a/checks')->{status}, $head, "$may: $_"
            for qw(HEAD OPTIONS);
    }
};

# the ways in docs/multi-tenant.md to come by the value

$t->write('teams.map', "~(^|,)web(,|\$) ab;\n\"\" \"\";\n");

my $recipes = $t->nginx(backend => $demo, http => <<"END",
    map \$sensu_groups \$all {
        "~(^|,)cluster-admins(,|\$)" "*";
    }
    map \$sensu_groups \$dev {
        "~(^|,)dev(,|\$)" "a,a-b";
    }
    map \$sensu_groups \$teams {
        include @{[ $t->dir ]}/teams.map;
    }
    map \$all \$may {
        "*"     "*";
        default "\$dev \$teams";
    }
END
    location => 'sensu_namespaces "$may $sensu_claim_namespaces";');


sub may {
    my (%claims) = @_;
    my $bearer = $t->token(sub => 'ann', %claims);
    return shown($recipes->get("$CORE/namespaces", token => $bearer));
}


subtest 'the value from the token' => sub {
    is may(groups => ['cluster-admins']), join(' ', @namespaces), '*';
    is may(groups => ['x', 'cluster-admins', 'dev']), join(' ', @namespaces),
       '* among others';
    is may(groups => ['dev']), 'a a-b', 'by a map of the groups';
    is may(groups => ['web']), 'ab', 'by a map in a file';
    is may(groups => ['web', 'x', 'dev']), 'a a-b ab', 'by both';
    is may(groups => []), '', 'by none';
    is may(groups => ['devs', 'mydev', 'cluster-admin']), '',
       'groups are whole words';
    is may(groups => ['x,cluster-admins', 'web,dev,']), '',
       'and none can look like several';
    is may(groups => [], namespaces => 'a.b'), 'a.b', 'by a claim';

    # what a claim may hold, to get out of its place in the list

    is may(groups => ['dev'], namespaces => $_), 'a a-b', "claim '$_'"
        for '*', 'ab;', 'ab *', '../ab', 'ab,ab';

    my $other = jwt('HS256', { sub => 'ann', groups => ['cluster-admins'],
                               exp => time + 60 }, 'x' x 32);
    is shown($recipes->get("$CORE/namespaces", token => $other)),
       '401 bad_signature', 'nothing of a token that is not good';
};


# until it is decided what a caller may see, he may see nothing

my $early = $t->nginx(
    backend => $demo,
    http => 'map $sensu_user:$sensu_namespaces $may { ann:* *; default ab; }',
    location => 'sensu_namespaces $may;', locations => <<'END');
    location /opened/ {
        sensu_namespaces *;
        error_page 404 = @narrow;
        proxy_intercept_errors on;
        rewrite ^/opened(/.*)$ $1 break;
        proxy_pass http://sensu;
    }
    location @narrow { sensu_namespaces $may; proxy_pass http://sensu; }
END

subtest 'a value by way of $sensu_namespaces' => sub {
    for my $before ('', '/opened') {
        is shown($early->get("$before$CORE/namespaces/a/checks/none",
                             token => $token)),
           '403 namespace_forbidden', "not what is not decided$before";
    }

    is shown($early->get("$CORE/namespaces", token => $token)), 'ab', 'a list';
};


# whoever lets a request in, its scope is the same

my $any = $t->nginx(backend => $demo, location => <<'END', locations => <<'END');
    sensu_namespaces $sensu_claim_namespaces;
    satisfy any;
    allow 127.0.0.1;
    deny all;
END
    location = /page {
        sensu_gateway off;
        ssi on;
        default_type text/html;
        return 200 '<!--#include virtual="$arg_of" -->';
    }
END

subtest 'satisfy any, and subrequests' => sub {
    my $ann = $t->token(sub => 'ann', namespaces => 'a');

    is shown($any->get("$CORE/namespaces/a/checks", token => $ann)),
       'a/cpu a/disk', 'with a token as ever';
    is shown($any->get("$CORE/namespaces/ab/checks", token => $ann)),
       '403 namespace_forbidden', 'the address opens no namespace';
    is shown($any->get("$CORE/namespaces/a/checks")),
       '403 namespace_forbidden', 'nor does it without a token';
    is shown($any->get("$CORE/checks")), '403 cluster_forbidden',
       'nor cluster-wide';

    my $page = sub {
        my ($of) = @_;
        $demo->forget;
        return $any->get("/page?of=$of", token => $ann)->{body};
    };

    like $page->("$CORE/namespaces/a/checks"), qr/"name":"cpu"/,
       'an included list';
    like $page->("$CORE/checks"), qr/"name":"cpu"/, 'a cluster-wide one';
    is seen(), "$CORE/namespaces/a/checks", 'is that of his namespace';

    unlike $page->($_), qr/"metadata"/, "not $_"
        for "$CORE/namespaces/ab/checks", "$CORE/users",
            "$CORE/namespaces/ab/checks/cpu";
    is seen(), '', 'the backend was not asked';
};

subtest 'an API below a prefix does not get round the gateway' => sub {
    my $gw = $t->nginx(backend => $demo, locations => <<'END');
        location /east/ { proxy_pass http://sensu/; }
        location /west/ {
            rewrite ^/west(/.*)$ $1 break;
            proxy_pass http://sensu;
        }
END
    my %admin = (token => $t->token);

    $demo->forget;
    is shown($gw->get("/east$CORE/namespaces/a/checks?continue=Li4v", %admin)),
       '404 unknown_path', 'where proxy_pass would cut the prefix off';
    $gw->get("/east$CORE/namespaces/a/checks", %admin);
    is seen(), '', 'the backend was not asked';
    is scalar($gw->grep_log(qr/cut it off with "rewrite/)), 1,
       'the log says how, once in a while';

    is shown($gw->get("/west$CORE/namespaces/a/checks", %admin)),
       'a/cpu a/disk', 'where a rewrite has cut it off';

    $demo->forget;
    $gw->get("/west$CORE/namespaces/a/checks/\xc3\xa4%5B", %admin);
    is seen(), "$CORE/namespaces/a/checks/%C3%A4%5B", 'escaped anew behind it';
};

$t->done;
