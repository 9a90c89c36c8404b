# Tokens and roles of the demo backend: what a 5.5.1 backend lets in.

use strict;
use warnings;

use lib 't/lib';
use MIME::Base64 qw(encode_base64 encode_base64url);
use SensuTest;

my $CORE = '/api/core/v2';

my $t = SensuTest->new;
my $demo = $t->demo('--control');
my $now = int time;


# what one gets with this value of Authorization

sub answer {
    my ($authorization, $path, $method) = @_;

    my $r = $demo->request($method // 'GET', "$CORE/" . ($path // 'hooks'),
        headers => [defined $authorization
            ? (Authorization => $authorization) : ()]);
    return "$r->{status} " . ($r->{body} =~ /"message":"([^"]*)"/i ? $1 : '');
}


sub auth {
    my ($path, $authorization, $body) = @_;

    return $demo->request(defined $body ? 'POST' : 'GET', "/auth$path",
        headers => [defined $authorization
            ? (Authorization => $authorization) : ()],
        defined $body ? (body => $body) : ());
}


sub basic { return 'Basic ' . encode_base64("$_[0]:$_[1]", '') }

my $BAD = '401 invalid credentials';


subtest 'tokens' => sub {
    my $pair = auth('', basic('admin', 'P@ssw0rd!'))->json;
    my $token = $pair->{access_token};
    my ($jti) = $t->claims($token)->{jti};
    my $with = sub {
        my ($alg, %claims) = @_;
        my %all = (sub => 'admin', groups => ['cluster-admins'],
            jti => $jti, exp => $now + 60, %claims);
        delete @all{grep { !defined $all{$_} } keys %all};
        return 'Bearer ' . jwt($alg, \%all, $t->secret);
    };

    is answer("Bearer $token"), '200 ', 'its own';
    is answer($token), '200 ', 'without a scheme';
    is answer("$_ $token"), $BAD, "'$_'" for 'bearer', 'Bearer ', 'Key';
    is answer($_), '401 bad credentials', 'nothing' for undef, '';
    is answer("Bearer $_"), $BAD, 'garbage' for 'x', 'x.y.z', "$token.x";
    is answer("Bearer $token="), '200 ', 'padded';

    is answer($with->($_)), '200 ', $_ for qw(HS256 HS384 HS512);
    is answer($with->('none')), $BAD, 'none';
    is answer($with->('HS256', exp => $_->[0])), $_->[1], "exp $_->[2]"
        for [undef, '200 ', 'missing'], [0, '200 ', '0'],
            [$now - 10, $BAD, 'past'], ["$now", $BAD, 'string'],
            [$now + 1.5, $BAD, 'fraction'];
    is answer($with->('HS256', $_ => $now + 60)), $BAD, $_ for qw(nbf iat);
    is answer($with->('HS256', iss => 'x', aud => 'y')), '200 ', 'iss, aud';
    is answer($with->('HS256', $_ => undef)), '401 unauthenticated', "no $_"
        for qw(sub jti);
    is answer($with->('HS256', groups => [])),
        '403 unauthorized to perform action', 'groups are the token\'s';
    is answer("Bearer $pair->{refresh_token}"),
        '403 unauthorized to perform action', 'a refresh token is a token';

    my $refresh = qq({"refresh_token":"$pair->{refresh_token}"});
    my $old = $with->('HS256', exp => $now - 1000);
    my $new = auth('/token', $old, $refresh)->json;
    is $new->{expires_at}, $now - 1000, 'renewed; expires_at is the old one';
    is answer("Bearer $token"), '401 unauthenticated', 'the old is revoked';
    is answer("Bearer $new->{access_token}"), '200 ', 'the new is good';
    is auth('/logout', "Bearer $new->{access_token}", $refresh)->{status},
        200, 'logged out';
    is answer("Bearer $new->{access_token}"), '401 unauthenticated', 'is out';
    my $r = auth('/token', $old, $refresh);
    is "$r->{status} $r->{body}", "401 Unauthorized\n", 'cannot be renewed';
};


subtest '/auth' => sub {
    my $pair = auth('', basic('user1', 'P@ssw0rd!'))->json;
    my $claims = $t->claims($pair->{access_token});
    is_deeply $claims->{groups}, ['dev', 'system:users'], 'groups';
    is $claims->{exp} - $pair->{expires_at}, 0, 'expiry';
    is_deeply $t->claims($pair->{refresh_token}), { groups => undef,
        sub => 'user1', jti => $t->claims($pair->{refresh_token})->{jti},
        provider => { provider_id => '', user_id => '' } }, 'refresh token';

    my $bearer = "Bearer $pair->{access_token}";
    for (['', undef, undef, "401 Request unauthorized\n"],
         ['', basic('user1', 'x'), undef, "401 Unauthorized\n"],
         ['', $bearer, undef, "400 EOF\n"],
         ['/test', basic('user1', 'P@ssw0rd!'), undef, '200 '],
         ['/test', basic('user1', 'x'), undef, "401 Request unauthorized\n"],
         ['/token', basic('user1', 'P@ssw0rd!'), '{}',
          "400 invalid access token\n"],
         ['/token', 'Bearer x', '{}', "401 Request unauthorized\n"],
         ['/token', $bearer, '{}', "401 Request unauthorized\n"],
         ['/logout', $bearer, '', "400 EOF\n"])
    {
        my ($path, $authorization, $body, $expected) = @$_;
        my $r = auth($path, $authorization, $body);
        is "$r->{status} $r->{body}", $expected, "/auth$path";
    }
};


subtest 'users' => sub {
    my $admin = $demo->login;
    my $change = sub {
        my ($method, $path, $body) = @_;
        return $demo->request($method, "$CORE/users$path", token => $admin,
            defined $body ? (body => $body) : ())->{status};
    };

    is $change->(POST => '', '{"username":"eve","password":"long enough",'
        . '"groups":["dev"]}'), 200, 'created';
    my $eve = $demo->login('eve', 'long enough');
    is answer("Bearer $eve", 'users/eve'), '200 ', 'sees herself';
    is answer("Bearer $eve", 'users/admin'),
        '403 unauthorized to perform action', 'and nobody else';
    is answer("Bearer $eve", 'namespaces'), '200 ', 'and all namespaces';
    is $change->(PUT => '/eve/groups/ops'), 204, 'in a group';
    is $change->(PUT => '/eve/password', '{"password":"short"}'), 400, 'short';
    is $change->(PUT => '/eve/password', '{"password":"long, again"}'), 204,
        'password';
    $eve = $demo->login('eve', 'long, again');
    is_deeply $t->claims($eve)->{groups}, ['dev', 'ops', 'system:users'],
        'groups of a new token';
    is $change->(DELETE => '/eve'), 204, 'disabled';
    is answer("Bearer $eve", 'users/eve'), '401 unauthenticated', 'at once';
    is auth('', basic('eve', 'long, again'))->{status}, 401, 'no login';
    is $change->(PUT => '/eve/reinstate'), 204, 'back again';
    is answer("Bearer $eve", 'users/eve'), '401 unauthenticated', 'not hers';
    is auth('', basic('eve', 'long, again'))->{status}, 200, 'login';
    unlike $demo->get("$CORE/users", token => $admin)->{body}, qr/password/,
        'no passwords in the list';
};


subtest 'roles' => sub {
    my $binding = sub {
        my ($namespace, $user, $type, $role) = @_;
        return { type => defined $namespace ? 'rolebindings'
                    : 'clusterrolebindings',
                 name => $user, namespace => $namespace,
                 subjects => [{ type => 'User', name => $user }],
                 role_ref => { type => $type, name => $role } };
    };
    my @users = qw(one named sibling dangling wide);
    $demo->post('/demo/reset', JSON::PP::encode_json({
        namespaces => [qw(a a-b b)], users => \@users,
        elements => [
            { type => 'roles', namespace => 'a', name => 'reader', rules => [
                { verbs => ['get', 'list'], resources => ['hooks'] }] },
            { type => 'roles', namespace => 'a', name => 'named', rules => [
                { verbs => ['*'], resources => ['hooks'],
                  resource_names => ['h'] }] },
            map({ { type => 'hooks', namespace => $_, name => 'h' } }
                qw(a a-b b)),
            $binding->('a', 'one', Role => 'reader'),
            $binding->('a', 'named', Role => 'named'),
            $binding->('a-b', 'sibling', ClusterRole => 'view'),
            $binding->('a-b', 'dangling', Role => 'nowhere'),
            $binding->(undef, 'wide', ClusterRole => 'view'),
        ] }));
    my %token = map { $_ => 'Bearer ' . $demo->login($_) } @users;
    my $can = sub {
        my ($user, $path, $method) = @_;
        return (split / /, answer($token{$user}, $path, $method))[0];
    };

    is $can->('one', $_->[0]), $_->[1], "one: $_->[0]"
        for ['namespaces/a/hooks', 200], ['namespaces/a/hooks/h', 200],
            ['hooks', 403], ['namespaces/b/hooks', 403],
            ['namespaces/a/checks', 403], ['cluster/members', 403],
            ['tessen', 403], ['namespaces/a/hooks/..%2Fb%2Fh', 200];
    is $can->('one', 'namespaces/a/hooks/h', 'DELETE'), 403, 'no right to';
    is $can->('named', $_->[0]), $_->[1], "named: $_->[0]"
        for ['namespaces/a/hooks/h', 200], ['namespaces/a/hooks/%68', 403],
            ['namespaces/a/hooks', 403];
    is $can->('sibling', 'namespaces/a/hooks'), 200, 'a sibling\'s binding';
    is $can->('sibling', 'namespaces/b/hooks'), 403, 'no sibling';
    is answer($token{dangling}, 'namespaces/a/hooks'),
        '500 unexpected error occurred during authorization', 'dangling';
    is $can->('dangling', 'namespaces/b/hooks'), 403, 'elsewhere just no';
    is $can->('wide', $_->[0]), $_->[1], "wide: $_->[0]"
        for ['hooks', 200], ['namespaces/b/events', 200], ['users', 403];
};

$t->done;


sub SensuTest::claims {
    my ($self, $token) = @_;
    return JSON::PP::decode_json(
        MIME::Base64::decode_base64url((split /\./, $token)[1]));
}
