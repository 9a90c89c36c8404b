# proxy_cache in a gateway: what the gateway asks for on its own account is
# neither taken from the cache nor kept in it. Old roles are no roles, an old
# list of namespaces does not say what a DELETE would take, and what the account
# of the gateway may see is nobody else's.

use lib 't/lib';
use SensuTest;
use SensuTest::Roles;

my $core = '/api/core/v2';

my $t = SensuTest->new;
my $demo = $t->demo('--control', '--secret-file', $t->secret_file);

sub control {
    my ($what, $value) = @_;

    my $r = $demo->post("/demo/$what", JSON::PP::encode_json($value));
    is $r->{status}, 200, "demo: $what" or diag $r->{body};
}

control(reset => {
    namespaces => [qw(dev ops)],
    users => ['eve', { name => 'gateway', password => 'S3cret:pass',
                       groups => [] }],
    elements => [
        account('gateway'), binding('eve', 'dev', 'admin', 'eve'),
        map { { type => 'checks', namespace => $_, name => 'cpu' } }
            qw(dev ops) ],
});

my $account = 'sensu_account gateway refresh=100ms stale=5m password_file='
              . $t->write('account.pw', "S3cret:pass\n", 0600) . ';';
my $n = 0;


# a cache of its own, with a key; all is kept, whatever its method

sub gateway {
    my ($key, $lines, $valid) = @_;
    my $name = 'cache' . ++$n;
    $valid //= '1h';

    my $cache = "proxy_cache $name; proxy_cache_valid any $valid; "
                . "proxy_cache_methods GET POST; proxy_cache_key $key;";

    return $t->nginx(
        backend => $demo,
        http => 'proxy_cache_path ' . $t->dir . "/$name keys_zone=$name:1m;",
        location => "$cache $lines",
        locations => "location /own/ { rewrite ^/own(/.*)\$ \$1 break; $cache "
                     . 'proxy_pass http://sensu; }');
}

my $admin = $demo->login('admin');
my $eve = $demo->login('eve');

for my $key ('$sensu_user$request_method$request_uri',
             '$proxy_host$request_uri')
{
    my $gw = gateway($key, "$account sensu_namespaces rbac;");

    is shown($gw->get("$core/checks", token => $eve)), 'dev/cpu',
       "$key: roles were read";

    for my $list (qw(clusterroles roles rolebindings)) {
        my $r = $gw->get("/own$core/$list?limit=500", token => $eve);
        is $r->{status}, 403, "$list, as the account saw them, are not kept";
    }

    is $gw->get("$core/namespaces/dev/checks/cpu", token => $eve)->{status},
       200, 'one of his, which is kept';

    control(delete => { type => 'rolebindings', namespace => 'dev',
                        name => 'eve' });

    ok $t->wait_for(sub {
        shown($gw->get("$core/namespaces/dev/checks/cpu", token => $eve))
            eq '403 rbac_forbidden'
    }), 'a right that is taken away is gone';

    control(put => binding('eve', 'dev', 'admin', 'eve'));
}

my $gw = gateway('$proxy_host$request_uri', '');

is shown($gw->get("$core/namespaces", token => $admin)), 'dev ops',
   'namespaces, which are kept';
control(put => { type => 'namespaces', name => 'dev-eu' });
is shown($gw->get("$core/namespaces", token => $admin)), 'dev ops',
   'as they were';
is shown($gw->delete("$core/namespaces/dev", token => $admin)),
   '409 namespace_prefix', 'but a DELETE asks which there are';

# what is renewed in the background is nobody's answer, and asks as the request did

$gw = gateway('$sensu_user$request_method$request_uri',
              'sensu_namespaces "dev ops"; proxy_cache_use_stale updating; '
              . 'proxy_cache_background_update on;', '1s');

for my $list ('checks', 'checks?limit=9', 'namespaces/dev/checks') {
    my $name = 'new-' . ++$n;
    my $get = sub { shown($gw->get("$core/$list", token => $admin)) };

    unlike $get->(), qr/$name/, "$list is kept";
    control(put => { type => 'checks', namespace => 'dev', name => $name });

    ok $t->wait_for(sub { $get->() =~ /$name/ }), 'and renewed';
    like $get->(), qr{^dev/cpu dev/new-}, 'whole';
}

is scalar $gw->grep_log(qr/\[warn\].*sensu: /), 0, 'without a word';

$t->done;
