# sensu_namespaces rbac: what a caller gets is what the backend's own roles and
# bindings give him, read by an account of the gateway's own.

use lib 't/lib';
use SensuTest;
use SensuTest::Roles;

my $CORE = '/api/core/v2';

my $t = SensuTest->new;
my $demo = $t->demo('--control', '--secret-file', $t->secret_file);

my $account = 'sensu_account gateway password_file='
              . $t->write('account.pw', "S3cret:pass\n", 0600);


my @namespaces = qw(default dev dev-eu dev.x ops prod);

sub control { tell($demo, @_) }


sub fresh {
    my (@more) = @_;

    control(reset => {
        namespaces => \@namespaces,
        users => [
            { name => 'gateway', password => 'S3cret:pass', groups => [] },
            (map { { name => $_, groups => [] } } qw(ann bob cid eve)),
            { name => 'dan', groups => ['ops-team'] } ],
        elements => [
            account('gateway'),
            role('roles', 'checks', 'dev', [ ['get', 'list'], ['checks'] ]),
            binding('ann-checks', 'dev', '=checks', 'ann'),
            binding('ann-view', 'prod', 'view', 'ann'),
            binding('bob-view', 'dev-eu', 'view', 'bob'),
            binding('team', 'ops', 'edit', '@ops-team'),
            binding('cid', undef, 'view', 'cid'),
            (map { my $ns = $_;
                   map { ({ type => 'checks', namespace => $ns, name => $_ },
                          { type => 'handlers', namespace => $ns,
                            name => $_ }) } qw(cpu disk) } @namespaces),
            @more ],
    });
}


fresh();

my %conf = (backend => $demo);

my $gw = $t->nginx(%conf, location => "$account refresh=1h stale=2h;\n"
                                      . 'sensu_namespaces rbac;');
my %token;


sub token {
    my ($user) = @_;

    return $token{$user} //= $demo->login($user);
}


sub ask {
    my ($user, $method, $path, %opt) = @_;

    return ($opt{gw} // $gw)->request($method,
        $path =~ m{^/} ? $path : "$CORE/$path", token => token($user), %opt);
}


subtest 'his lists, his namespaces' => sub {
    is shown(ask('ann', GET => 'checks')),
       'dev/cpu dev/disk prod/cpu prod/disk', 'merged from two';
    is shown(ask('ann', GET => 'handlers')), 'prod/cpu prod/disk',
       'of another type from one';
    is shown(ask('ann', GET => 'namespaces/-/handlers')),
       'prod/cpu prod/disk', 'written with "-"';
    is shown(ask('ann', GET => 'events')), '', 'nothing there';
    is shown(ask('ann', GET => 'namespaces')), 'dev prod',
       'those where a binding gives him something';
    is shown(ask('ann', GET => 'namespaces/dev')), 'dev', 'one of them';
    is shown(ask('ann', GET => 'namespaces/ops')), '403 rbac_forbidden',
       'and another one';
    is shown(ask('ann', GET => 'roles')), '403 rbac_forbidden',
       'a type that he may list nowhere';
    is shown(ask('ann', GET => 'users')), '403 rbac_forbidden', 'users';
    is shown(ask('ann', GET => 'users/ann')), 'ann', 'himself';

    my $walk = $gw->walk("$CORE/checks", 1, token => token('ann'));
    is join(' ', map { shown($_) } @{ $walk->{responses} }),
       'dev/cpu dev/disk prod/cpu prod/disk', 'page by page';

    is shown(ask('dan', GET => 'checks')), 'ops/cpu ops/disk', 'by a group';
    is shown(ask('cid', GET => 'checks')),
       join(' ', map { ("$_/cpu", "$_/disk") }
                 qw(default dev-eu dev.x dev ops prod)), 'cluster-wide';
    is shown(ask('cid', GET => 'namespaces')), join(' ', @namespaces),
       'then he sees all namespaces';
    is shown(ask('eve', GET => 'checks')), '403 rbac_forbidden',
       'nobody in particular has no list';
    is shown(ask('eve', GET => 'namespaces')), '', 'and sees no namespace';
    is shown(ask('admin', GET => 'users')),
       'admin agent ann bob cid dan eve gateway', 'the admin has it all';
};


subtest 'what is forbidden does not reach the backend' => sub {
    $demo->forget;

    is shown(ask('ann', @$_)), '403 rbac_forbidden', "@$_" for
        [GET => 'namespaces/ops/checks'], [GET => 'namespaces/dev/handlers'],
        [GET => 'namespaces/dev/handlers/cpu'],
        [DELETE => 'namespaces/dev/checks/cpu'],
        [PUT => 'namespaces/dev/checks/cpu'],
        [POST => 'namespaces/dev/checks'],
        [DELETE => 'namespaces/dev'], [GET => 'namespaces/nosuch/checks'],
        [GET => '/graphql'];

    is_deeply [ $demo->requests ], [], 'nothing came';

    my $r = ask('ann', GET => 'namespaces/ops/checks');
    is $r->json->{code}, 4, "Sensu's own number";
};


subtest 'a sibling by name is another namespace' => sub {
    is shown($demo->get("$CORE/namespaces/dev/checks/cpu",
                        token => token('bob'))), 'dev/cpu',
       'the backend itself lets him in';

    is shown(ask('bob', GET => 'namespaces/dev/checks/cpu')),
       '403 rbac_forbidden', 'here it does not help';
    is shown(ask('bob', GET => 'namespaces/dev/checks')),
       '403 rbac_forbidden', 'nor for the list';
    is shown(ask('bob', GET => 'checks')), 'dev-eu/cpu dev-eu/disk',
       'his own list';
    is shown(ask('bob', GET => 'namespaces')), 'dev-eu', 'his namespaces';
};


subtest 'the account' => sub {
    my $own = $t->nginx(%conf, location => "$account refresh=1h stale=2h;\n"
                                           . 'sensu_namespaces rbac;');
    token('ann');
    $demo->forget;

    ask('ann', GET => 'namespaces/dev/checks', gw => $own) for 1 .. 3;

    is join(' ', map { s/ auth=/ /r =~ s/ \d+ \d+\z//r . ',' }
                 $demo->requests),
       "GET /auth account 200, "
       . join('', map { "GET $CORE/$_?limit=501 account 200, " }
                  qw(namespaces clusterroles roles clusterrolebindings
                     rolebindings))
       . join(' ', ("GET $CORE/namespaces/dev/checks bearer 200,") x 3),
       'logs in and reads once';

    unlike $own->log . $gw->log, qr/S3cret/, 'no password in a log';
};


subtest 'the backend away: used on for a while, then nobody gets in' => sub {
    my ($long, $short) = map {
        $t->nginx(%conf, location => "$account refresh=100ms stale=$_;\n"
                                     . 'sensu_namespaces rbac;')
    } qw(1h 3s);

    is shown(ask('ann', GET => 'namespaces/dev/checks', gw => $_)),
       'dev/cpu dev/disk', 'read' for $long, $short;

    control(fault => { path_regex => '/roles', status => 503 });

    ok $t->wait_for(sub {
        ask('ann', GET => 'namespaces/dev/checks', gw => $long);
        $long->grep_log(qr/roles and bindings were not read: \S+ cannot be /)
    }), 'reading fails';

    is shown(ask('ann', GET => 'namespaces/dev/checks', gw => $long)),
       'dev/cpu dev/disk', 'what was read is used on';

    my $r;

    ok $t->wait_for(sub {
        $r = ask('ann', GET => 'namespaces/dev/checks', gw => $short);
        $r->{status} != 200
    }), 'until it is too old';

    is shown($r), '503 rbac_unknown', 'then nobody knows';
    is $r->header('Retry-After'), 1, 'for now';
    is shown(ask('admin', GET => 'users', gw => $short)), '503 rbac_unknown',
       'not even of the admin';

    control(fault => { action => 'clear' });

    ok $t->wait_for(sub {
        ask('ann', GET => 'namespaces/dev/checks', gw => $short)->{status}
            == 200
    }), 'and when the backend is there again, so is he';

    ok $t->wait_for(sub { $short->grep_log(qr/are read again/) }),
       'which is in the log';
};


$t->done;
