# Claims: time to the second, types, and what a location asks for.

use lib 't/lib';
use SensuTest;

use Time::HiRes qw(sleep);

my $t = SensuTest->new;
my $back = $t->upstream(sub { $_[0]->reply(200, '{}') });

my $gw = $t->nginx(backend => $back, locations => <<'END');
    location /leeway/ { sensu_jwt_leeway 60s; proxy_pass http://sensu; }
    location /issuer/ { sensu_jwt_issuer https://issuer; proxy_pass http://sensu; }
    location /iat/ { sensu_jwt_iat on; proxy_pass http://sensu; }
    location /iat/leeway/ { sensu_jwt_iat on; sensu_jwt_leeway 60s; proxy_pass http://sensu; }
    location /roles/ {
        sensu_groups_claim realm_access.roles;
        add_header X-Groups "$sensu_groups";
        proxy_pass http://sensu;
    }
    location /two/ {
        sensu_jwt_issuer https://issuer https://other;
        proxy_pass http://sensu;
    }
    location /audience/ { sensu_jwt_audience sensu; proxy_pass http://sensu; }
END

my $now = time;

subtest 'C1: exp is required' => sub {
    is status('/a', '"sub":"a"'), 401, 'none';
    like why('/a', '"sub":"a"'), qr/exp is missing/, 'why';
};

subtest 'C2: the second' => sub {
    # started well within a second, so that both clocks show the same one

    sleep 1 - (Time::HiRes::time() - int Time::HiRes::time()) + 0.05;
    my $second = time;

    is status('/a', "\"sub\":\"a\",\"exp\":$second"), 401, 'exp = now';
    is why('/a', "\"sub\":\"a\",\"exp\":$second"), 'the token expired', 'why';
    is status('/a', '"sub":"a","exp":' . ($second - 1)), 401, 'a second ago';
    is status('/a', '"sub":"a","exp":' . ($second + 30)), 200, 'later';

    is status('/leeway/a', '"sub":"a","exp":' . ($second - 50)), 200, 'leeway';
    is status('/leeway/a', '"sub":"a","exp":' . ($second - 60)), 401,
       'the end of the leeway';
    is status('/a', '"sub":"a","exp":' . ($second - 50)), 401,
       'of that location only';
};

subtest 'C3: types and ranges of exp' => sub {
    is status('/a', "\"sub\":\"a\",\"exp\":$_"), 401, "exp $_"
        for '-1', '0', '-0', '0.0', '-1e300', "\"@{[$now + 900]}\"", 'true',
            'null', '[]', '{}', "[@{[$now + 900]}]", '1E400', '-1E400',
            '9223372036854775808', '1.5', 'NaN', '0x7fffffff';

    is status('/a', "\"sub\":\"a\",\"exp\":$_"), 200, "exp $_"
        for $now + 900, ($now + 900) . '.5', '1e10', '9007199254740993',
            '9223372036854775807', '1e300';
};

subtest 'C4: the largest exp with leeway' => sub {
    is status('/leeway/a', '"sub":"a","exp":9223372036854775807'), 200,
       'no overflow';
    is status('/leeway/a', '"sub":"a","exp":-9223372036854775808'), 401,
       'nor below';
};

subtest 'C5: nbf, C6: iat' => sub {
    for my $name (qw(nbf iat)) {
        my $base = "\"sub\":\"a\",\"exp\":@{[$now + 900]},\"$name\"";
        my $at = $name eq 'iat' ? '/iat' : '';

        is status("$at/a", "$base:@{[$now - 10]}"), 200, "$name is past";
        is status("$at/a", "$base:@{[time]}.999"), 200, 'of this second';
        is status("$at/a", "$base:@{[$now + 100]}"), 401, 'is to come';
        is status("$at/leeway/a", "$base:@{[$now + 30]}"), 200, 'within leeway';
        is status("$at/leeway/a", "$base:@{[$now + 200]}"), 401, 'beyond it';
        is status("$at/a", "$base:9223372036854775807"), 401, 'the last';
        is status('/a', "$base:$_"), 401, "is $_"
            for '"0"', 'null', 'true', '[]', '{}', '1E400';
    }

    is status('/a', "\"sub\":\"a\",\"exp\":@{[$now + 900]},\"iat\":$_"), 200,
       "iat $_ where nobody asks" for $now + 100, '9223372036854775807';
};

subtest 'claims that nobody uses' => sub {
    my $base = "\"sub\":\"a\",\"exp\":@{[$now + 900]}";

    is status('/a', "$base,\"x\":$_"), 200, "x $_"
        for '18446744073709551615', '1.5e400', '"a\u0000b"', '"\ud83d"',
            '[{"y":-9223372036854775809}]';
    is status('/a', "\"exp\":@{[$now + 900]},\"sub\":$_"), 401, "sub $_"
        for '" admin "', '" "', '"a\ud83d"', '"a\u0000b"';
    is why('/a', "\"exp\":@{[$now + 900]},\"sub\":\" a\""),
       'sub begins or ends with a blank', 'why';
};

subtest 'groups elsewhere' => sub {
    my $base = "\"sub\":\"a\",\"exp\":@{[$now + 900]}";
    my $groups = sub { request('/roles/a', "$base,$_[0]")->header('X-Groups') };

    is $groups->('"realm_access":{"roles":["a","b"]},"groups":["c"]'), 'a,b',
       'in an object';
    is $groups->('"realm_access":{"roles":"one"}'), 'one', 'one string';
    is $groups->('"realm_access":{"roles":[" a","b ","c"]}'), 'c',
       'none that HTTP would change';
    is $groups->('"groups":["c"]'), undef, 'none there';
    is status('/roles/a', "$base,\"realm_access\":{\"roles\":[1]}"), 401,
       'not of texts';
};

subtest 'several issuers' => sub {
    my $base = "\"sub\":\"a\",\"exp\":@{[$now + 900]}";

    is status('/two/a', "$base,\"iss\":\"$_\""), 200, $_
        for 'https://issuer', 'https://other';
    is status('/two/a', "$base,\"iss\":\"$_\""), 401, $_
        for 'https://issuer https://other', 'https://', '';
};

subtest 'C7: iss' => sub {
    my $base = "\"sub\":\"a\",\"exp\":@{[$now + 900]}";

    is status('/issuer/a', "$base,\"iss\":\"https://issuer\""), 200, 'the one';
    is status('/issuer/a', $base), 401, 'none';
    is status('/issuer/a', "$base,\"iss\":$_"), 401, "iss $_"
        for '"https://issuer/"', '"https://issue"', '"HTTPS://issuer"', '""',
            '["https://issuer"]', 'null', '1', '"https://issuer\\u0000"';
    is status('/a', "$base,\"iss\":\"any\""), 200, 'where none is asked for';
};

subtest 'C8: aud' => sub {
    my $base = "\"sub\":\"a\",\"exp\":@{[$now + 900]}";

    is status('/audience/a', "$base,\"aud\":$_"), 200, $_
        for '"sensu"', '["sensu"]', '["other","sensu"]';
    is status('/audience/a', $base), 401, 'none';
    is status('/audience/a', "$base,\"aud\":$_"), 401, "aud $_"
        for '"sens"', '"sensu2"', '"Sensu"', '[]', '["other"]', '[1,"sensu"]',
            '[["sensu"]]', '{"sensu":1}', 'null', '"sensu,other"',
            '"sensu other"';
};

subtest 'sub and groups' => sub {
    my $exp = '"exp":' . ($now + 900);

    is status('/a', "$exp,\"sub\":$_"), 401, "sub $_"
        for '""', 'null', '1', '["a"]', '{}', 'true', '"a\\nb"', '"\\u007f"';
    is status('/a', $exp), 401, 'no sub';

    is status('/a', "$exp,\"sub\":\"a\",\"groups\":$_"), 200, "groups $_"
        for 'null', '[]', '["a","b"]', '[""]', '"a"';
    is status('/a', "$exp,\"sub\":\"a\",\"groups\":$_"), 401, "groups $_"
        for '{}', '[1]', '[null]', '["a\\r\\nb"]', '1';
};

subtest 'R2: a remembered token ends in its second' => sub {
    my $exp = time + 3;
    my $token = $t->token(exp => $exp);
    my $nbf = $t->token(exp => $now + 900, nbf => $exp);

    is $gw->get('/a', token => $token)->{status}, 200, 'good' for 1 .. 3;
    is $gw->get('/leeway/a', token => $token)->{status}, 200, 'with leeway';
    is $gw->get('/a', token => $nbf)->{status}, 401, 'another not yet';

    sleep 0.05 while time <= $exp;

    my $r = $gw->get('/a', token => $token);
    is $r->{status}, 401, 'not a second longer';
    is $r->json->{reason}, 'token_expired', 'and why';
    is $gw->get('/leeway/a', token => $token)->{status}, 200,
       'still with leeway';
    is $gw->get('/a', token => $nbf)->{status}, 200,
       'a refusal is not remembered';
};

$t->done;


sub request {
    my ($path, $claims) = @_;
    return $gw->get($path, token => jwt('HS256', "{$claims}", $t->secret));
}


sub status { request(@_)->{status} }


sub why {
    my $challenge = request(@_)->header('WWW-Authenticate');
    my ($text) = $challenge =~ /^Bearer realm="sensu", error="invalid_token", /
               ? $challenge =~ /, error_description="([^"]*)"$/ : ();
    return $text;
}
