# What passes without a token: exact paths. Their credentials are for the
# backend to judge.

use lib 't/lib';
use SensuTest;

use MIME::Base64 qw(encode_base64);

my $t = SensuTest->new;

my $back = $t->upstream(sub { $_[0]->reply(200, '{}') });

my $gw = $t->nginx(backend => $back, locations => <<'END');
    location /own/ {
        proxy_pass http://sensu;
        sensu_public /own/version /own/ready;
    }
    location /keys/ { proxy_pass http://sensu; sensu_api_key pass; }
    location /keys/no/ { proxy_pass http://sensu; sensu_api_key reject; }
    location /api/core/v2/checks {
        proxy_pass http://sensu;
        sensu_api_key pass;
        sensu_namespaces "";
    }
    location /told { proxy_pass http://sensu; sensu_public /told;
                     add_header X-Token $sensu_token;
                     add_header X-User "[$sensu_user]"; }
END

subtest 'the default: health, and what hands out tokens' => sub {
    for my $path (qw(/health /auth /auth/test /auth/token /auth/logout)) {
        $back->forget;
        is $gw->get($path)->{status}, 200, $path;
        is +($back->requests)[0]{path}, $path, 'comes to the backend';
        is $gw->get("$path?a=b")->{status}, 200, 'with a query';
    }
};

subtest 'exact paths only' => sub {
    for my $path ('/health/', '/healthy', '/Health', '/health;a', '/health%2f',
                  '/healt', '/auth/', '/auth/other', '/authx', '/',
                  '/health%20', '/version', '/metrics', '/ready', '/graphql',
                  '/api/core/v2/checks?/health', '/health%3f')
    {
        is $gw->get($path)->{status}, 401, $path;
    }

    # nginx reads these as /health, so a token is not asked for, but the
    # backend might not

    for my $path ('//health', '/x/../health', '/./health', '/health/.',
                  '/x/%2e%2e/health', '/auth/../health')
    {
        my $n = $back->requests;
        like $gw->get($path)->{status}, qr/^40[01]$/, $path;
        is scalar $back->requests, $n, 'not for the backend';
    }
};

subtest 'a list of the operator replaces it' => sub {
    is $gw->get('/own/version')->{status}, 200, 'one';
    is $gw->get('/own/ready')->{status}, 200, 'another';
    is $gw->get('/own/health')->{status}, 401, 'not one more';
};

subtest 'credentials pass as they are' => sub {
    my $basic = 'Basic ' . encode_base64('admin:P@ssw0rd!', '');
    my $expired = 'Bearer ' . $t->token(exp => time - 100);

    my @cases = (
        ['GET', '/auth', $basic],
        ['GET', '/auth/test', $basic],
        ['POST', '/auth/token', $expired],
        ['POST', '/auth/logout', $expired],
        ['POST', '/auth/token', 'Bearer rubbish'],
        ['GET', '/health', $expired],
    );

    for my $case (@cases) {
        my ($method, $path, $credentials) = @$case;

        $back->forget;
        my $r = $gw->request($method, $path,
                             headers => [Authorization => $credentials],
                             body => '{"refresh_token":"x"}');

        is $r->{status}, 200, "$method $path";
        is +($back->requests)[0]{headers}{authorization}, $credentials,
           'with what the client sent';
        is +($back->requests)[0]{body}, '{"refresh_token":"x"}', 'and its body';
    }
};

sub reason { return "$_[0]{status} " . ($_[0]->json->{reason} // '') }


# the backend's key of a user is a path, joined and cleaned

subtest 'no name of a user that climbs' => sub {
    $back->forget;

    for my $name ('../mutators/dev/x', 'a/../../checks/dev/evil', './admin', '..')
    {
        for my $path (qw(/auth /auth/test /health)) {
            for my $scheme ('Basic ', 'bAsIc  ') {
                my $r = $gw->get($path, headers => [ Authorization =>
                    $scheme . encode_base64("$name:pw", '') ]);

                is reason($r), "400 unsafe_path", "$scheme$name, $path";
            }
        }
    }

    is scalar($back->requests), 0, 'nothing comes to the backend';

    for my $name ('a..b', '...', 'a/b', 'a', '') {
        is $gw->get('/auth', headers => [ Authorization =>
               'Basic ' . encode_base64("$name:../pw", '') ])->{status},
           200, "\"$name\" is for the backend to judge";
    }
};

subtest 'no API key that climbs' => sub {
    $back->forget;

    for my $key (qw(../hooks/dev/x ../users/admin a/b /)) {
        is reason($gw->get('/keys/x',
                            headers => [Authorization => "Key $key"])),
           '401 malformed_token', $key;
    }

    is scalar($back->requests), 0, 'nothing comes to the backend';
};

subtest 'with the demo backend: log in, renew, log out' => sub {
    my $demo = $t->demo;
    my $real = $t->nginx(backend => $demo);
    my $basic = encode_base64('admin:P@ssw0rd!', '');

    my $login = $real->get('/auth', headers => [Authorization => "Basic $basic"]);
    is $login->{status}, 200, 'in';

    my %had = %{ $login->json };
    my $list = '/api/core/v2/namespaces';

    is $real->get($list, token => $had{access_token})->{status}, 200, 'works';
    is $real->get($list, token => $had{refresh_token})->{status}, 401,
       'the refresh token is none for access';

    my $renewed = $real->post('/auth/token',
                              qq({"refresh_token":"$had{refresh_token}"}),
                              token => $had{access_token});
    is $renewed->{status}, 200, 'renewed';

    my $token = $renewed->json->{access_token};
    is $real->get($list, token => $token)->{status}, 200, 'works';
    is $real->get($list, token => $had{access_token})->{status}, 401,
       'the old one is not good any more, says the backend';

    is $real->post('/auth/logout', qq({"refresh_token":"$had{refresh_token}"}),
                   token => $token)->{status}, 200, 'out';
    is $real->get($list, token => $token)->{status}, 401,
       'a verified token is asked for again at each request';
};

subtest 'API keys' => sub {
    my $key = [Authorization => 'Key 0123-4567'];

    my $r = $gw->get('/other', headers => $key);
    is $r->{status}, 401, 'not by default';
    is $r->header('WWW-Authenticate'), 'Bearer realm="sensu"', 'the realm alone';
    is $r->json->{reason}, 'api_key_refused', 'and why';

    is $gw->get('/keys/no/a', headers => $key)->{status}, 401, 'reject';

    $back->forget;
    is $gw->get('/keys/a', headers => $key)->{status}, 200, 'pass';
    is +($back->requests)[0]{headers}{authorization}, 'Key 0123-4567',
       'for the backend to judge';

    is $gw->get('/keys/a', headers => [Authorization => $_])->{status}, 401, $_
        for 'Key', 'Key ', 'Key a b', 'Keys a', 'Key a, Key b', 'Key,a';

    is $gw->get('/api/core/v2/checks', headers => $key)->{status}, 403,
       'but opens no namespace';
};

subtest 'variables' => sub {
    my $r = $gw->get('/told');
    is $r->header('X-Token'), 'public', 'public';
    is $r->header('X-User'), '[]', 'nobody';

    $r = $gw->get('/told', token => $t->token(sub => 'ann'));
    is $r->header('X-Token'), 'public', 'public';
    is $r->header('X-User'), '[ann]', 'a good token tells who';

    $r = $gw->get('/told', token => $t->token(exp => 1));
    is $r->header('X-User'), '[]', 'a bad one nothing';
};

$t->done;
