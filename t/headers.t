# Where a token is found, and what goes upstream: the caller's own
# Authorization, once, and no header that names an identity.

use lib 't/lib';
use SensuTest;

my $t = SensuTest->new;
my $back = $t->upstream(sub { $_[0]->reply(200, '[{"name":"a"},{"name":"b"}]') });

my $gw = $t->nginx(
    backend => $back,
    http => 'underscores_in_headers on; ignore_invalid_headers off;',
    locations => <<'END');
    location /ours/ {
        proxy_pass http://sensu;
        proxy_set_header X-Remote-User $sensu_user;
        proxy_set_header X-Sensu-Groups $sensu_groups;
    }
END

my $path = '/api/core/v2/namespaces/a/checks/b';
my $token = $t->token;

subtest 'H1: two Authorization headers' => sub {
    for my $pair ([$token, $token], [$token, 'bad'], ['bad', $token]) {
        for my $name ('Authorization', 'authorization', 'AUTHORIZATION') {
            my $r = $gw->get($path, headers => [
                Authorization => "Bearer $pair->[0]", $name => "Bearer $pair->[1]"]);
            is $r->{status}, 400, 'not one more than the other';
        }
    }

    is $gw->h2($path, args => [map { ('-H', "authorization: Bearer $token") } 1, 2])
          ->{status}, 400, 'HTTP/2';
    is scalar $back->requests, 0, 'the backend has seen none';
};

subtest 'H2: the scheme' => sub {
    is status("$_$token"), 200, $_
        for 'Bearer ', 'bearer ', 'BEARER ', 'bEaReR ', 'Bearer  ', 'Bearer    ';

    # blanks around a value are no part of it

    is status("  Bearer $token  "), 200, 'blanks around';

    for my $value ("Bearer\t$token", "Bearer $token $token", "Bearer $token,x",
                   "Bearer $token, Bearer $token", "Bearer,$token",
                   "Bearer \"$token\"", "Bearer=$token", "Bearer:$token",
                   "Bearer$token", "Bearer Bearer $token", $token,
                   "Token $token", "JWT $token", "Bearers $token",
                   "\"Bearer\" $token", "Bearer $token;a=b")
    {
        my $r = $gw->get($path, headers => [Authorization => $value]);
        is $r->{status}, 401, $value =~ s/\Q$token\E/TOKEN/gr;
    }

    like $gw->get($path, headers => [Authorization => "Bearer $token x"])
            ->header('WWW-Authenticate'), qr/error="invalid_request"/,
         'RFC 6750: invalid_request';
};

subtest 'H3: other schemes' => sub {
    for my $value ('Basic YTpi', 'Digest a="b"', 'Negotiate abc', 'Key abc', '',
                   'AWS4-HMAC-SHA256 x')
    {
        my $r = $gw->get($path, headers => [Authorization => $value]);

        is $r->{status}, 401, "\"$value\"";
        is $r->header('WWW-Authenticate'), 'Bearer realm="sensu"',
           'the realm alone';
    }
};

subtest 'H4, H5: nowhere else' => sub {
    for my $query ("access_token=$token", "token=$token", "authorization=$token",
                   "jwt=$token")
    {
        is $gw->get("$path?$query")->{status}, 401, $query =~ s/=.*//r;
    }

    for my $name (qw(Cookie Proxy-Authorization X-Authorization X-Access-Token
                     Authorization_ X-Forwarded-Access-Token Authentication))
    {
        is $gw->get($path, headers => [$name => "Bearer $token"])->{status}, 401,
           $name;
        is $gw->get($path, headers => [$name => "access_token=$token"])->{status},
           401, 'nor so';
    }

    is $gw->post('/a', "access_token=$token", headers => [
           'Content-Type', 'application/x-www-form-urlencoded'])->{status}, 401,
       'the body';
};

my @identity = qw(
    Remote-User Remote-Groups X-Remote-User X-Remote-Group X-Remote-Extra-a
    X-User X-Sensu-User X-Sensu-Groups X-Sensu-Anything X-Forwarded-User
    X-Forwarded-Groups X-Forwarded-Email X-Forwarded-Preferred-Username
    X-Forwarded-Access-Token X-Auth-Request-User X-Auth-Request-Access-Token
    X-WebAuth-User X-Authenticated-User X-Authenticated-Groups);

subtest 'H6: headers that name an identity' => sub {
    my %spelt = (
        'as it is' => sub { $_[0] },
        'lower case' => sub { lc $_[0] },
        'upper case' => sub { uc $_[0] },
        'underscores' => sub { $_[0] =~ tr/-/_/r },
        'one underscore' => sub { $_[0] =~ s/-/_/r },
        'the last one' => sub { $_[0] =~ s/-(?=[^-]*$)/_/r },
    );

    for my $spelling (sort keys %spelt) {
        my @headers = map { ($spelt{$spelling}->($_) => 'root',
                             $spelt{$spelling}->($_) => 'root2') } @identity;

        for my $case (['let in', $path, $token], ['public', '/health'],
                      ['a list', '/api/core/v2/checks', $token],
                      ['a page', '/api/core/v2/checks?limit=1', $token],
                      ['beside the API', '/other/a', $token])
        {
            my ($name, $at, $with) = @$case;

            $back->forget;
            my $r = $gw->get($at, token => $with, headers => [@headers]);
            is $r->{status}, 200, "$spelling, $name";

            my @got = $back->requests;
            ok @got >= 1, 'the backend was asked';
            unlike $_->{head}, qr/root/, 'and told nothing of it' for @got;
        }
    }

    $back->forget;
    $gw->h2($path, token => $token, headers => [map { (lc $_ => 'root') } @identity]);
    unlike +($back->requests)[0]{head}, qr/root/, 'HTTP/2';
};

subtest 'what the operator sets himself' => sub {
    $back->forget;
    $gw->get('/ours/a', token => $token, headers => ['X-Remote-User' => 'root',
                                                     'X-Sensu-Groups' => 'root']);

    my $got = ($back->requests)[0];
    is $got->{headers}{'x-remote-user'}, 'admin', 'is there';
    is $got->{headers}{'x-sensu-groups'}, 'cluster-admins', 'and true';
    unlike $got->{head}, qr/root/, 'and nothing else';
};

subtest 'other headers pass' => sub {
    $back->forget;
    my %pass = ('User-Agent' => 'a', Accept => 'application/json',
                'X-Request-Id' => '1', 'X-Forwarded-For' => '1.2.3.4',
                'X-Users' => 'b', 'X-Forwarded-Host' => 'c', Via => 'd',
                'Accept-Language' => 'e', Traceparent => 'f');

    $gw->get($path, token => $token, headers => [%pass]);
    my $got = ($back->requests)[0]{headers};

    is $got->{lc $_}, $pass{$_}, $_ for sort keys %pass;
};

subtest 'H7: named in Connection' => sub {
    for my $value ('Authorization', 'close, authorization', 'X-Remote-User') {
        $back->forget;
        my $r = $gw->get($path, token => $token, headers => [
            Connection => $value, 'X-Remote-User' => 'root']);

        is $r->{status}, 200, $value;
        is +($back->requests)[0]{headers}{authorization}, "Bearer $token",
           'the credential that was checked arrives';
        unlike +($back->requests)[0]{head}, qr/root/, 'no identity does';
    }
};

subtest 'H9: methods and versions' => sub {
    for my $method (qw(GET HEAD POST PUT PATCH DELETE OPTIONS PROPFIND FOO)) {
        my $n = $back->requests;
        is $gw->request($method, $path)->{status}, 401, "$method: no token";
        is scalar $back->requests, $n, 'not passed';
    }

    for my $method (qw(TRACE CONNECT)) {
        like $gw->request($method, $path, token => $token)->{status},
             qr/^40[05]$/, $method;
    }

    is $gw->get($path, version => '1.0')->{status}, 401, 'HTTP/1.0: no token';
    is $gw->get($path, version => '1.0', token => $token)->{status}, 200, 'one';

    my $old = $gw->connection;
    $old->send("GET $path\r\n");
    $old->fill while !$old->{eof} && !$old->{error};
    like $old->{in}, qr/missing_token/, 'HTTP/0.9';
};

subtest 'H10: an upgrade' => sub {
    my @upgrade = (Connection => 'Upgrade', Upgrade => 'websocket',
                   'Sec-WebSocket-Version' => 13);

    $back->forget;
    is $gw->get($path, headers => [@upgrade])->{status}, 401, 'no token';
    is scalar $back->requests, 0, 'not passed';
    is $gw->get($path, headers => [@upgrade], token => $token)->{status}, 200,
       'with one it is a request as any other';
    is +($back->requests)[0]{headers}{upgrade}, undef, 'and no upgrade';
};

# what he and the backend said then would pass no filter

subtest 'H10: an upgrade where there is a list' => sub {
    my $up = $t->upstream(sub {
        my ($c) = @_;
        $c->head(101, Connection => 'upgrade', Upgrade => 'x');
        $c->send('[{"metadata":{"name":"x","namespace":"ops"}}]');
        $c->close;
    });
    my $list = $t->nginx(backend => $up, gateway => 0,
        server => 'sensu_gateway on; sensu_jwt_key HS256 ' . $t->secret_file . ';',
        location => 'proxy_set_header Upgrade $http_upgrade;');

    for my $target ('/api/core/v2/namespaces/a/checks',
                    '/api/core/v2/namespaces/a/checks?limit=1') {
        my $c = $list->connection(timeout => 3);
        $c->send($list->message('GET', $target, token => $token, headers =>
                                [Connection => 'upgrade', Upgrade => 'x']));
        is $c->response->{status}, 502, $target;
        is +($up->requests)[-1]{headers}{upgrade}, undef, 'it is not asked for';
        unlike $c->{in}, qr/ops/, 'nor is there anything behind it';
    }
};

subtest 'H11: Authorization upstream' => sub {
    for my $at ($path, '/api/core/v2/checks', '/api/core/v2/checks?limit=1',
                '/other')
    {
        for my $scheme ('Bearer', 'bearer') {
            $back->forget;
            $gw->get($at, headers => [Authorization => "$scheme $token"]);

            for my $got ($back->requests) {
                my @lines = $got->{head} =~ /^authorization: *(.*?)\r?$/mig;
                is_deeply \@lines, ["Bearer $token"],
                    "$at: once, in the form that the backend reads";
            }
        }
    }
};

subtest 'P7: request lines' => sub {
    my @tail = ("Host: localhost", "Connection: close",
                "Authorization: Bearer $token", '', '');

    for my $line ("GET http://other.example$path HTTP/1.1",
                  "GET http://localhost$path HTTP/1.1")
    {
        $back->forget;
        my $r = $gw->raw(join "\r\n", $line, @tail);
        is $r->{status}, 200, 'absolute form';
        is +($back->requests)[0]{target}, $path, 'comes as the path';
    }

    for my $target ('/%00', '/api/core/v2/checks%00', '/a\\b', '/a%5cb',
                    '/api/core/v2/namespaces/a/checks/b#c', '/a%zz', '*',
                    "/api/core/v2/na\x01mespaces", '/a%0d%0ab', 'relative')
    {
        my $n = $back->requests;
        my $r = $gw->raw(join "\r\n", "GET $target HTTP/1.1", @tail);

        like $r->{status}, qr/^40[014]$/, $target =~ s/[^ -~]/./gr;
        is scalar $back->requests, $n, 'not passed';
    }
};

subtest 'P1 to P4: where paths lead' => sub {
    for my $bad ('//api/core/v2/checks', '/x/../api/core/v2/checks',
                 '/x/%2e%2e/api/core/v2/checks', '/x/..%2fapi/core/v2/checks',
                 '/health/%252e%252e/api/core/v2/checks',
                 '/api%2fcore/v2/checks', '/api/core/v2/namespaces/a/checks/..',
                 '/api/core//v2/checks')
    {
        my $n = $back->requests;
        is $gw->get($bad, token => $token)->{status}, 400, $bad;
        is scalar $back->requests, $n, 'not passed';
    }

    for my $other ('/health/..;/api/core/v2/checks', '/API/core/v2/checks',
                   '/health/%E2%80%A5/api/core/v2/checks')
    {
        is $gw->get($other)->{status}, 401, "$other: no token";
    }
};

$t->done;


sub status {
    my ($value) = @_;
    return $gw->get($path, headers => [Authorization => $value])->{status};
}
