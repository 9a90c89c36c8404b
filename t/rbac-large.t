# Ten thousand bindings in a thousand namespaces: read page by page, held, and
# decided by.

use lib 't/lib';
use SensuTest;
use SensuTest::Roles;

my $CORE = '/api/core/v2';
my $BINDINGS = 10_000;
my $NAMESPACES = 1000;

my $t = SensuTest->new;
my $demo = $t->demo('--control', '--no-token-store', '--secret-file',
                    $t->secret_file);
my $account = 'sensu_account gateway password_file='
              . $t->write('account.pw', "pass\n", 0600);

my @namespaces = map { sprintf 'tenant-%03d', $_ } 0 .. $NAMESPACES - 1;


# binding n is of user-n/2 and of a group of three, every third is to a Role

sub place { return $namespaces[$_[0] * $NAMESPACES / $BINDINGS] }


sub fresh {
    my @of = 0 .. $BINDINGS - 1;

    tell($demo, reset => {
        namespaces => \@namespaces,
        users => [ { name => 'gateway', password => 'pass', groups => [] } ],
        elements => [
            account('gateway'),
            binding('aaa', 'tenant-000', 'view', 'first'),
            (map { $_ % 3 ? () : role('roles', "role-$_", place($_),
                                      [ ['get', 'list'], ['checks'] ]) } @of),
            (map { binding("b-$_", place($_), $_ % 3 ? 'view' : "=role-$_",
                           'user-' . int($_ / 2), '@team-' . int($_ / 3)) }
                 @of),
            (map { { type => 'checks', namespace => $namespaces[$_],
                     name => 'cpu' } } 0 .. 9) ],
    });
}


sub token {
    my ($user, @groups) = @_;
    return $t->token(sub => $user, groups => [ 'system:users', @groups ]);
}


fresh();

my $gw = $t->nginx(backend => $demo, location => "$account refresh=1h stale=2h;\n"
                                                 . 'sensu_namespaces rbac;');

sub ask {
    my ($path, $user, @groups) = @_;

    return shown($gw->get("$CORE/$path", token => token($user, @groups)));
}


subtest 'read by pages' => sub {
    $demo->forget;
    is ask('checks', 'nobody'), '403 rbac_forbidden', 'by the first request';

    my %pages;
    $pages{ s{^GET $CORE/}{}r =~ s/&continue=\S+//r =~ s/ .*//r }++
        for grep { m{^GET $CORE/} } $demo->requests;

    is_deeply \%pages, {
        'namespaces?limit=501' => 2, 'clusterroles?limit=501' => 1,
        'roles?limit=501' => 7, 'clusterrolebindings?limit=501' => 1,
        'rolebindings?limit=501' => 21 }, 'of 500, none as a whole';
};


subtest 'held, in the zone that there is by itself' => sub {
    is scalar($gw->grep_log(qr{not read|too small})), 0, "not a word in the log"
        or diag $gw->log;
};


subtest 'decided by' => sub {
    is ask('namespaces', 'first'), 'tenant-000', 'the first binding';
    is ask('checks', 'user-5'), 'tenant-001/cpu', 'one place of two bindings';
    is ask('checks', 'user-5', 'team-9'), 'tenant-001/cpu tenant-002/cpu',
       'with a group';
    is ask('checks', 'u', 'team-3'), 'tenant-000/cpu tenant-001/cpu',
       'the group alone';
    is ask('namespaces', 'user-4999'), 'tenant-999', 'the last binding';
    is ask('namespaces/tenant-999/checks', 'user-4999'), '', 'his list';
    is ask('namespaces/tenant-998/checks', 'user-4999'), '403 rbac_forbidden',
       'that of a neighbour';

    my ($all) = map { $_->{body} } $gw->get("$CORE/namespaces",
                                            token => $t->token);
    is scalar(() = $all =~ /"name"/g), $NAMESPACES, 'the admin sees all';
};


subtest 'a thousand decisions, each twice' => sub {
    my @wrong;

    for my $n (map { int rand $BINDINGS } 1 .. 500) {
        my $ns = rand() < .5 ? place($n) : $namespaces[rand @namespaces];
        my $user = 'user-' . int($n / 2);
        my %his = map { place($_) => 1 } grep { int($_ / 2) == int($n / 2) }
                      $n - 1 .. $n + 1;

        for (1, 2) {
            my $got = ask("namespaces/$ns/checks", $user);
            push @wrong, "$user in $ns: $got"
                if ($got eq '403 rbac_forbidden') == ($his{$ns} // 0);
        }
    }

    is join("\n", @wrong), '', 'no other than the bindings say';
};


$t->done;
