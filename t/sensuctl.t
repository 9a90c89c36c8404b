# The clients that there are, by what they send: sensuctl 5.5, which never
# pages and renews expired tokens by its own clock; sensuctl since 5.8, which
# follows Sensu-Continue; the dashboard, which must be told 401 when it is
# 401; and API keys.

use lib 't/lib';
use SensuTest;

my $t = SensuTest->new;
my $demo = $t->demo('--rich', '--secret-file', $t->secret_file);
my $redis = $t->redis;
my $gw = $t->nginx(backend => $demo,
                   http => 'sensu_redis ' . $redis->url . ' timeout=5s;');

my $direct = $demo->login;

my @types = qw(assets checks clusterrolebindings clusterroles entities events
               extensions filters handlers hooks mutators namespaces
               rolebindings roles silenced users);

# what go-resty sends with every request, also with a GET

my @resty = ('User-Agent' => 'go-resty v1.0 '
                             . '(https://github.com/go-resty/resty)',
             'Accept' => 'application/json',
             'Content-Type' => 'application/json',
             'Accept-Encoding' => 'gzip');


subtest 'sensuctl 5.5: lists, unpaged' => sub {
    my $ctl = configure($gw);

    for my $type (@types) {
        my $path = "/api/core/v2/$type";
        my $r = command($ctl, GET => $path);

        is $r->{status}, 200, "$type list";
        is still($type, $r->{body}), still($type, all_of($path)),
           'the whole of it, as the backend wrote it';
        is $r->header('Sensu-Continue'), undef, 'no header of paging';
        is $r->header('Content-Encoding'), undef, 'nor an encoding';
    }

    is $ctl->{renewed}, 0, 'a fresh token was not renewed';
};

subtest 'sensuctl 5.5: an object from its making to its end' => sub {
    my $ctl = configure($gw);
    my $list = '/api/core/v2/namespaces/default/checks';

    my $check = '{"command":"true","interval":60,"publish":true,'
                . '"subscriptions":["web"],"handlers":[],'
                . '"metadata":{"name":"of-ctl","namespace":"default"}}';

    like command($ctl, POST => $list, $check)->{status}, qr/^20[01]$/,
       'check create';
    like command($ctl, GET => "$list/of-ctl")->{body}, qr/"command":"true"/,
       'check info';

    like command($ctl, PUT => "$list/of-ctl", $check =~ s/true/false/r)
         ->{status}, qr/^20[01]$/, 'check set-command';
    like command($ctl, GET => "$list/of-ctl")->{body}, qr/"command":"false"/,
       'it is set';

    is command($ctl, DELETE => "$list/of-ctl")->{status}, 204,
       'check delete';
    is command($ctl, GET => "$list/of-ctl")->{status}, 404, 'it is gone';
};

subtest 'sensuctl 5.5: names as it escapes them' => sub {
    my $ctl = configure($gw);

    my ($asset) = map { $_->{metadata} }
                  grep { $_->{metadata}{name} =~ m{/} }
                  @{ JSON::PP->new->decode(all_of('/api/core/v2/assets')) };

    my $path = "/api/core/v2/namespaces/$asset->{namespace}/assets/"
               . $asset->{name} =~ s{/}{%2F}gr;

    my $r = command($ctl, GET => $path);
    is $r->{status}, 200, "asset info $asset->{name}";
    is $r->{body}, all_of($path), 'the one that was meant';

    my ($entry) = map { $_->{metadata} }
                  grep { $_->{metadata}{name} =~ /\*/ }
                  @{ JSON::PP->new->decode(all_of('/api/core/v2/silenced')) };

    $path = "/api/core/v2/namespaces/$entry->{namespace}/silenced/"
            . $entry->{name} =~ s{\*}{%2A}gr;

    $r = command($ctl, GET => $path);
    is $r->{status}, 200, "silenced info $entry->{name}";
    is still('silenced', $r->{body}), still('silenced', all_of($path)),
       'the one that was meant';
};

# Commands that are far apart: each finds its token expired, and renews it
# with the expired one. The backend's answer names the expiry of the old
# token, so that the next command renews once more.

subtest 'sensuctl 5.5: an expired token, and its renewals' => sub {
    my $ctl = configure($gw);
    my $list = '/api/core/v2/namespaces';
    my $long_ago = time - 60;

    expire($ctl, $long_ago);

    is $gw->get($list, token => $ctl->{access})->{status}, 401,
       'it would not do any more';

    $demo->forget;

    for (1 .. 3) {
        expire($ctl, $long_ago);

        is command($ctl, GET => $list)->{status}, 200, 'a command';
        is $ctl->{expires}, $long_ago, 'is told of the old expiry';
        is command($ctl, GET => $list)->{status}, 200, 'the next command';
    }

    is $ctl->{renewed}, 6, 'each with a renewal';

    my @got = map { m{(/\S*)} } $demo->requests;
    is_deeply \@got, [ ('/auth/token', $list) x 6 ],
       'one request each, and nothing besides';

    $ctl->{refresh} = 'x' . $ctl->{refresh};
    is renew($ctl)->{status}, 401, 'with a bad refresh token: 401';
};

subtest 'sensuctl 5.5: what it does not react to' => sub {
    my $r = $gw->get('/api/core/v2/checks', headers => [ @resty ],
                     token => $t->token(exp => time - 60));

    is $r->{status}, 401, 'expired: 401, which it prints';
    is $r->json->{code}, 5, 'with the number it knows';
    ok defined $r->json->{message}, 'and a sentence';
};

subtest 'sensuctl since 5.8: --chunk-size' => sub {
    my $ctl = configure($gw);

    for my $type (@types) {
        my $path = "/api/core/v2/$type";

        for my $size (1, 4, 1000) {
            my ($found, $loops) = chunked($ctl, $path, $size);

            is still($type, $found), still($type, all_of($path)),
               "$type --chunk-size $size";
            cmp_ok $loops, '<=', 1 + @{ elements($found) } / $size,
               'no more requests than that takes';
        }
    }
};

# A server between: the browser talks GraphQL to the dashboard, which asks for
# whole lists with a token of its own. It tries again on 401, up to 3 times.

subtest 'dashboard' => sub {
    my $ui = configure($gw, 'Go-http-client/1.1');

    for my $list (qw(namespaces silenced namespaces/default/entities
                     namespaces/default/events namespaces/default/checks
                     namespaces/default/silenced))
    {
        my $path = "/api/core/v2/$list";

        is still($list, command($ui, GET => $path)->{body}),
           still($list, all_of($path)), $list;
    }

    is renew($ui)->{status}, 200, 'renewed two minutes after issue';

    my $r = $gw->post('/auth/logout', qq({"refresh_token":"$ui->{refresh}"}),
                      token => $ui->{access});
    is $r->{status}, 200, 'logged out';

    for my $try (1 .. 3) {
        my $r = command($ui, GET => '/api/core/v2/namespaces');

        is $r->{status}, 401, "try $try: 401 stays 401";
        is $r->{body}, $demo->get('/api/core/v2/namespaces',
                                  token => $ui->{access})->{body},
           'in the words of the backend';
    }

    is renew($ui)->{status}, 401, 'nor is it renewed';
};

subtest 'API keys' => sub {
    my $key = 'Key 83abef1e-e7d7-4beb-91fc-79ad90084d5b';

    my $back = $t->upstream(sub {
        my ($c, $req) = @_;
        my $good = $req->{headers}{authorization} eq $key;
        $c->reply($good ? (200, '[]') : (401, '{"message":"bad","code":5}'));
    });

    my $reject = $t->nginx(backend => $back);
    my $pass = $t->nginx(backend => $back, server => 'sensu_api_key pass;');

    my $ask = sub {
        my ($nginx, $value) = @_;
        return $nginx->get('/api/core/v2/checks', headers =>
                           [ @resty, Authorization => $value ])->{status};
    };

    is $ask->($reject, $key), 401, 'refused';
    is scalar($back->requests), 0, 'by the gateway';

    is $ask->($pass, $key), 200, 'or passed';
    is $ask->($pass, 'Key of-nobody'), 401, 'for the backend to judge';
};

# What came later than 5.5. The programs are not at hand: this is what their
# documents and sources say they send, and the directive that opens it.

subtest 'sensuctl since 5.8: silenced list --chunk-size asks once' => sub {
    my $ctl = configure($gw);
    my $all = elements(all_of('/api/core/v2/silenced'));
    my $r = command($ctl, GET => '/api/core/v2/silenced?limit=1');

    cmp_ok scalar @$all, '>', 1, 'there are several';
    is scalar @{ elements($r->{body}) }, 1, 'a page is what it shows';
    ok defined $r->header('Sensu-Continue'), 'and more is told, to no avail';
    is still('silenced', command($ctl, GET => '/api/core/v2/silenced')->{body}),
       still('silenced', all_of('/api/core/v2/silenced')),
       'without --chunk-size it shows all';
};

subtest 'sensuctl dump: of all namespaces, by its own chunks' => sub {
    my $ctl = configure($gw);

    for my $type (grep { $_ ne 'extensions' } @types) {
        my $path = "/api/core/v2/$type";
        is still($type, (chunked($ctl, $path, 100))[0]),
           still($type, all_of($path)), $type;
    }
};

subtest 'changes by merge patch' => sub {
    my $path = '/api/core/v2/namespaces/default/checks/cpu';
    my $echo = $t->upstream(sub {
        my ($c, $req) = @_;
        $c->reply(200, '{}', ETag => '"2"');
    });
    my $edge = $t->nginx(backend => $echo);
    my @patch = (token => $t->token, headers =>
        [ 'Content-Type' => 'application/merge-patch+json',
          'If-Match' => '"1"', 'If-None-Match' => '"0"' ]);

    my $r = $edge->request('PATCH', $path, @patch, body => '{"interval":10}');
    my ($got) = $echo->requests;

    is $r->{status}, 200, 'passes';
    is $r->header('ETag'), '"2"', 'with its tag';
    is "$got->{method} $got->{path}", "PATCH $path", 'as it was sent';
    is $got->{headers}{lc $_->[0]}, $_->[1], $_->[0]
        for ['Content-Type', 'application/merge-patch+json'],
            ['If-Match', '"1"'], ['If-None-Match', '"0"'];
    is $got->{body}, '{"interval":10}', 'and its body';

    is $edge->request('PATCH', $path, @patch,
           body => '{"metadata":{"namespace":"other"}}')->{status}, 400,
       'but not into another namespace';
};

subtest 'groups of later Sensu' => sub {
    my $back = $t->upstream(sub { $_[0]->reply(200, '{}') });
    my $core = $t->nginx(backend => $back);
    my $open = $t->nginx(backend => $back,
                         server => 'sensu_api core/v2 enterprise/*;');
    my $cut = $t->nginx(backend => $back, server =>
        'sensu_api core/v2 enterprise/*; sensu_namespaces default;');

    my $prune = '/api/enterprise/prune/v1alpha';
    my %send = (token => $t->token,
                headers => ['Content-Type' => 'application/json']);

    for my $case (
        [ POST => $prune, '[{"type":"Namespace"}]' ],
        [ GET => '/api/enterprise/store/v1/provider', undef ],
        [ PUT => '/api/enterprise/authentication/v2/authproviders/ldap', '{}' ],
        [ GET => '/api/enterprise/bsm/v1alpha/namespaces/default/'
                 . 'service-components/web', undef ])
    {
        my ($method, $path, $body) = @$case;
        my @body = defined $body ? (body => $body) : ();

        is $core->request($method, $path, %send, @body)->{status}, 404,
           "$method $path: not by itself";
        is scalar($back->requests), 0, 'nor seen by the backend';

        is $open->request($method, $path, %send, @body)->{status}, 200,
           'but with sensu_api';
        my ($got) = $back->requests;
        is "$got->{method} $got->{path} $got->{body}",
           "$method $path " . ($body // ''), 'as it was sent';
        $back->forget;
    }

    is $cut->request('POST', $prune, %send, body => '[]')->{status}, 403,
       'an action is not of a namespace';
    is $open->get('/api/core/v2', %send)->{status}, 404, 'core has none';
    is scalar($back->requests), 0, 'nothing of these is seen';
};

$t->done;


# sensuctl configure

sub configure {
    my ($to, $agent) = @_;

    my @headers = @resty;
    $headers[1] = $agent if defined $agent;

    my $r = $to->get('/auth', headers =>
        [ @headers, Authorization => 'Basic YWRtaW46UEBzc3cwcmQh' ]);

    is $r->{status}, 200, 'login';

    my $ctl = { to => $to, headers => \@headers, renewed => 0 };
    keep($ctl, $r);

    return $ctl;
}


sub keep {
    my ($ctl, $r) = @_;

    @$ctl{qw(access refresh expires)}
        = @{ $r->json }{qw(access_token refresh_token expires_at)};
}


sub renew {
    my ($ctl) = @_;

    my $r = $ctl->{to}->post('/auth/token',
        qq({"refresh_token":"$ctl->{refresh}"}),
        headers => $ctl->{headers}, token => $ctl->{access});

    keep($ctl, $r) if $r->{status} == 200;

    return $r;
}


sub expire {
    my ($ctl, $when) = @_;

    $ctl->{access} = $t->token(exp => $when);
    $ctl->{expires} = $when;
}


# the clock of the client decides, and the token is renewed with the old one

sub command {
    my ($ctl, $method, $path, $body) = @_;

    if ($ctl->{expires} <= time) {
        is renew($ctl)->{status}, 200, 'renewed with an old token';
        $ctl->{renewed}++;
    }

    return $ctl->{to}->request($method, $path, token => $ctl->{access},
                               headers => $ctl->{headers},
                               defined $body ? (body => $body) : ());
}


# sensuctl's loop has no protection of its own; the test's is 1000

sub chunked {
    my ($ctl, $path, $size) = @_;

    my (@found, $loops);
    my $query = "limit=$size";

    while (++$loops < 1000) {
        my $r = command($ctl, GET => "$path?$query");

        die "$path?$query: $r->{status}" if $r->{status} != 200;

        push @found, @{ elements($r->{body}) };

        my $next = $r->header('Sensu-Continue') // '';
        return ('[' . join(',', @found) . ']', $loops) if $next eq '';

        $query = "continue=$next&limit=$size";
    }

    die "$path: no end";
}


sub all_of {
    my ($path) = @_;
    return $demo->get($path, token => $direct)->{body};
}


# what is left of an entry's lease changes from one read to the next

sub still {
    my ($type, $text) = @_;

    $text =~ s/"expire":\d+/"expire":0/g if $type =~ /silenced/;
    return $text;
}
