# sensu_logout: a token that was logged out is dead for the whole fleet.

use lib 't/lib';
use SensuTest;

my $t = SensuTest->new;
my $demo = $t->demo('--rich', '--secret-file', $t->secret_file,
                    '--no-token-store');
my $redis = $t->redis;

# the demo backend keeps no account of tokens here: what is refused, is
# refused by the gateways

my %on = (backend => $demo, location => 'sensu_logout on;');
my %shared = (%on, http => 'sensu_redis ' . $redis->url . ' timeout=5s;');

my ($one, $two) = map { $t->nginx(%shared) } 1, 2;
my $memory = $t->nginx(%on, workers => 2);
my $off = $t->nginx(backend => $demo);

my $list = '/api/core/v2/namespaces';


subtest 'through Redis' => sub {
    my ($access, $refresh) = login($one);

    is $one->get($list, token => $access)->{status}, 200, 'good here';
    is $two->get($list, token => $access)->{status}, 200, 'and there';

    is logout($one, $access, $refresh)->{status}, 200, 'logged out here';

    ok $t->wait_for(sub {
        $two->get($list, token => $access)->{status} == 401
    }, 2), 'refused there';

    my $r = $one->get($list, token => $access);

    is $r->{status}, 401, 'and here';
    is $r->json->{reason}, 'token_revoked', 'with a reason';
    like $r->header('WWW-Authenticate'), qr/error="invalid_token"/,
         'and a challenge';

    my ($fresh) = login($one);
    is $one->get($list, token => $fresh)->{status}, 200,
       'a new login is another token';
};

subtest 'the token in another spelling is the same token' => sub {
    my ($access, $refresh) = login($one);

    logout($one, $access, $refresh);

    ok $t->wait_for(sub {
        $two->get($list, headers => [Authorization => "bearer  $access"])
            ->{status} == 401
    }, 2), 'another case of the scheme';
};

subtest 'the mark ends with the token' => sub {
    my ($key) = grep { /out:/ } $redis->keys;
    my $ttl = $redis->cmd('TTL', $key);

    cmp_ok $ttl, '>', 800, 'lives as long as the token';
    cmp_ok $ttl, '<=', 902, 'and no longer';
};

subtest 'a log-out that failed marks nothing' => sub {
    my ($access) = login($one);

    is logout($one, $access, 'junk')->{status}, 401, 'refused by the backend';
    is $one->get($list, token => $access)->{status}, 200, 'still good';
};

subtest 'nobody logs out another' => sub {
    my ($access, $refresh) = login($one);
    my $forged = $access =~ s/.$/A/r =~ s/^[^.]+\.\K[^.]+/e30/r;

    logout($one, $forged, $refresh);

    is $one->get($list, token => $access)->{status}, 200, 'still good';
};

subtest 'through shared memory' => sub {
    my ($access, $refresh) = login($memory);

    logout($memory, $access, $refresh);

    ok $t->wait_for(sub {
        !grep { $memory->get($list, token => $access)->{status} != 401 } 1 .. 6
    }, 2), 'refused by every worker';
};

subtest 'off by default' => sub {
    my ($access, $refresh) = login($off);

    is logout($off, $access, $refresh)->{status}, 200, 'logged out';
    is $off->get($list, token => $access)->{status}, 200,
       'the backend alone knows';
};

subtest 'a token that can not be told from others is not looked up' => sub {
    is $one->get($list, token => $t->token(jti => undef))->{status}, 200,
       'one without jti';
};

subtest 'without Redis nobody knows: nobody gets in' => sub {
    my ($access) = login($one);

    $redis->kill;

    my $r = $one->get($list, token => $access);

    is $r->{status}, 503, 'refused';
    is $r->json->{reason}, 'logout_check_failed', 'with a reason';
    is $r->header('Retry-After'), 1, 'for a moment';
    is $one->get('/health')->{status}, 200, 'what needs no token goes on';

    is logout($one, login($one))->{status}, 200, 'a log-out';
    ok $t->wait_for(sub { $one->grep_log(qr/a log-out was not kept, the store/) }, 5),
       'of which the log says that it was not noted';

    $redis->restart;

    ok $t->wait_for(sub {
        $one->get($list, token => $access)->{status} == 200
    }, 10), 'works again without a reload';
};

$t->done;


sub login {
    my ($gw) = @_;

    my $r = $gw->get('/auth', headers => [
        Authorization => 'Basic ' . MIME::Base64::encode_base64(
            'admin:P@ssw0rd!', '') ]);

    return @{ $r->json }{qw(access_token refresh_token)};
}


sub logout {
    my ($gw, $access, $refresh) = @_;

    return $gw->post('/auth/logout', qq({"refresh_token":"$refresh"}),
                     token => $access,
                     headers => ['Content-Type' => 'application/json']);
}
