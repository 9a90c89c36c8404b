# What the gateway decides by roles is what the backend itself decides: random
# roles and bindings, callers, paths and methods, each asked of both. They may
# differ in two points only, in which a 5.5 backend errs: a binding in a sibling
# by name, and one to a role that is not there.
#
#   N=100000 SEED=1 prove t/rbac-random.t

use lib 't/lib';
use SensuTest;
use SensuTest::Roles;

my $N = $ENV{N} // 2400;
my $SEED = $ENV{SEED} // int rand 1e6;

my $CORE = '/api/core/v2';
my $BATCH = 40;
my $USERS = 200;

my @in_namespaces = qw(assets checks entities events extensions filters
                       handlers hooks mutators rolebindings roles silenced);
my @cluster = qw(clusterrolebindings clusterroles users);
my @names = qw(cpu disk cpu-2 ops ann u1);
my @verbs = qw(get list create update delete);

srand $SEED;
note "SEED=$SEED";

my $t = SensuTest->new;
my $demo = $t->demo('--control', '--no-token-store', '--secret-file',
                    $t->secret_file);
my $account = 'sensu_account gateway password_file='
              . $t->write('account.pw', "pass\n", 0600);


sub pick { $_[int rand @_] }


sub some {
    my ($p, @of) = @_;
    my @in = grep { rand() < $p } @of;

    return @in ? @in : pick(@of);
}


sub rules {
    my (@types) = @_;

    return map {
        [ rand() < .15 ? ['*'] : [ some(.4, @verbs) ],
          rand() < .1 ? ['*'] : [ some(.2, @types) ],
          rand() < .3 ? [ some(.4, @names, 'web/cpu', 'linux:cpu') ] : undef ]
    } 0 .. int rand 3;
}


sub who {
    return map { rand() < .5 ? 'u' . int rand $USERS : '@g' . int rand 12 }
               0 .. int rand 3;
}


# errs: with what a 5.5 backend does not do right

sub world {
    my ($namespaces, $errs) = @_;

    my @types = (@in_namespaces, @cluster, qw(namespaces localselfuser));
    my @elements = account('gateway');
    my %roles;

    for my $n (0 .. 7) {
        push @elements, role('clusterroles', "cr$n", undef, rules(@types));
    }

    for my $ns (@$namespaces) {
        $roles{$ns} = [ map { "r$_" } some(.5, 0 .. 4) ];
        push @elements, role('roles', $_, $ns, rules(@in_namespaces))
            for @{ $roles{$ns} };

        push @elements, map { { type => 'checks', namespace => $ns,
                                name => $_ } } qw(cpu disk);
        push @elements, { type => 'handlers', namespace => $ns,
                          name => 'cpu' };
    }

    for my $n (0 .. 39) {
        my $ns = pick(@$namespaces);
        my $role = rand() < .5 ? 'cr' . int rand 8
                               : '=' . pick(@{ $roles{$ns} });
        $role = pick('=r9', 'nosuch') if $errs && rand() < .1;

        push @elements, binding("b$n", $ns, $role, who());
    }

    for my $n (0 .. 5) {
        push @elements, binding("c$n", undef, 'cr' . int rand 8,
                                ('u' . int rand $USERS), '@g' . int rand 40);
    }

    push @elements, binding('role', undef, '=r1', 'u1', '@g3'),
                    role('clusterroles', 'reads', undef,
                         [ [qw(get list)], ['*'] ]),
                    binding('sibling', 'dev-eu', 'reads', '@g4') if $errs;

    tell($demo, reset => {
        namespaces => $namespaces, elements => \@elements,
        users => [ { name => 'gateway', password => 'pass', groups => [] },
                   { name => 'ann', groups => [] } ],
    });

    return \@elements;
}


# method and path; what is written is no JSON, and what is deleted not there

sub question {
    my ($namespaces) = @_;

    if (rand() < .2) {
        return pick(
            (map { my $type = $_;
                   ([ GET => $type ], [ GET => "$type/" . pick(@names) ],
                    [ POST => $type ], [ PUT => "$type/" . pick(@names) ],
                    [ DELETE => "$type/none" ]) } @cluster),
            [ GET => 'users/u' . int rand 9 ],
            [ PUT => 'users/u' . int(rand 9) . '/password' ],
            [ GET => 'cluster/members' ], [ GET => 'tessen' ],
            [ PUT => 'tessen' ], [ POST => 'namespaces' ],
            [ PUT => 'namespaces/dev' ]);
    }

    my $ns = 'namespaces/' . pick(@$namespaces, 'nosuch');
    my $type = pick(@in_namespaces);
    my $name = $type eq 'silenced' ? 'linux:cpu' : pick(@names);

    if ($type eq 'events') {
        return pick([ GET => "$ns/events" ], [ GET => "$ns/events/web" ],
                    [ GET => "$ns/events/web/cpu" ],
                    [ PUT => "$ns/events/web/cpu" ], [ POST => "$ns/events" ],
                    [ DELETE => "$ns/events/web/none" ]);
    }

    return pick(
        [ GET => "$ns/$type" ], [ GET => "$ns/$type/$name" ],
        [ POST => "$ns/$type" ], [ PUT => "$ns/$type/$name" ],
        [ DELETE => "$ns/$type/none" . ($type eq 'silenced' ? ':none' : '') ],
        $type eq 'checks' ? ([ POST => "$ns/checks/$name/execute" ],
                             [ PUT => "$ns/checks/$name/hooks/critical" ],
                             [ DELETE => "$ns/checks/$name/hooks/critical/"
                                         . 'hook/none' ])
                          : ());
}


my %caller;

sub caller_of {
    my ($user) = @_;

    return $caller{$user} //= do {
        my @groups = ('system:users', map { 'g' . int rand 12 }
                                          1 .. int rand 4);
        { user => $user, groups => \@groups,
          token => $t->token(sub => $user, groups => \@groups) };
    };
}


# the answers of a server to all, on one connection

sub answers {
    my ($server, @asked) = @_;
    my $c = $server->connection;

    my $text = sub {
        my ($who, $method, $path) = @{ $_[0] };
        my $body = $method =~ /^P/ ? 'x' : '';

        return "$method $CORE/$path HTTP/1.1\r\nHost: x\r\n"
               . "Authorization: Bearer $who->{token}\r\n"
               . ($body ne '' ? "Content-Type: application/json\r\n"
                                . "Content-Length: 1\r\n" : '')
               . "\r\n$body";
    };

    return map {
        my $asked = $_;
        $c->send($text->($asked));
        my $r = $c->response($asked->[1]);

        $c = $server->connection
            if !$r->{complete}
               || ($r->header('Connection') // '') =~ /close/i;
        $r;
    } @asked;
}


# 'yes', 'no', 'dangling'; undef: no route leads there

sub verdict_of_backend {
    my ($r) = @_;

    return if $r->{status} == 405 || $r->{body} eq
                  qq({"code":2,"message":"not found"}\n);
    return 'dangling' if $r->{body} =~ /unexpected error occurred during auth/;
    return $r->{status} == 403 ? 'no' : 'yes';
}


sub verdict_of_gateway {
    my ($r) = @_;

    return $r->{body} =~ /"rbac_forbidden"/ ? 'no'
         : $r->{status} == 403 ? 'the backend said no' : 'yes';
}


# does a binding name him, that such an error could come of?

sub names {
    my ($caller, $element) = @_;

    return grep {
        my $subject = $_;
        $subject->{type} eq 'User'
            ? $subject->{name} eq $caller->{user}
            : grep { $_ eq $subject->{name} } @{ $caller->{groups} }
    } @{ $element->{subjects} // [] };
}


sub in_a_sibling {
    my ($caller, $path, $elements) = @_;
    my ($ns) = $path =~ m{^namespaces/([^/]+)/} or return 0;

    return grep { $_->{type} eq 'rolebindings'
                  && $_->{namespace} =~ /^\Q$ns\E[-.]/
                  && names($caller, $_) } @$elements;
}


# Few may do anything in some worlds: then more is asked than $n, so that
# enough is seen of both kinds.

sub compare {
    my ($gw, $n, $namespaces, $elements, $errs) = @_;
    my (%sum, @differ);

    while ($n > 0 || $n > -$N && grep { ($sum{$_} // 0) <= 20 }
                                      qw(yes/yes no/no))
    {
        my @asked = map { [ caller_of('u' . int rand $USERS),
                            @{ question($namespaces) } ] } 1 .. $BATCH;
        my @real = answers($demo, @asked);
        my @ours = answers($gw, @asked);

        for my $i (0 .. $#asked) {
            my ($who, $method, $path) = @{ $asked[$i] };
            my $real = verdict_of_backend($real[$i]) // next;
            my $ours = verdict_of_gateway($ours[$i]);

            $n--;
            $sum{"$real/$ours"}++;

            next if $real eq $ours;
            next if $errs && $real eq 'dangling';
            next if $errs && $real eq 'yes' && $ours eq 'no'
                    && in_a_sibling($who, $path, $elements);

            push @differ, "SEED=$SEED: $who->{user} (@{ $who->{groups} }) "
                          . "$method $path: the backend $real, here $ours "
                          . "($ours[$i]{status})";
        }
    }

    is join("\n", @differ), '', 'no other difference';
    diag map { "    $_: $sum{$_}\n" } sort keys %sum if $ENV{N};

    return \%sum;
}


# a cluster-wide list is the admin's, filtered by the backend's own verdicts

sub compare_lists {
    my ($gw, $n, $namespaces) = @_;
    my $admin = { user => 'admin',
                  token => $t->token(groups => [ 'cluster-admins' ]) };
    my @differ;

    for (1 .. $n) {
        my $who = caller_of('u' . int rand $USERS);
        my $type = pick('checks', 'checks', @in_namespaces);

        my ($all, $his, @each) = (
            answers($demo, [ $admin, GET => $type ], [ $who, GET => $type ],
                    map { [ $who, GET => "namespaces/$_/$type" ] }
                        @$namespaces));
        my ($ours) = answers($gw, [ $who, GET => $type ]);

        my %may = map { ($namespaces->[$_] => $each[$_]{status} == 200) }
                      0 .. $#each;
        my @expected = grep { $his->{status} == 200
                              || $may{ $_->{metadata}{namespace} } }
                           @{ $all->json };

        my $expected = (grep { $_ } values %may) || $his->{status} == 200
            ? join ' ', map { "$_->{metadata}{namespace}/$_->{metadata}{name}" }
                            @expected
            : '403 rbac_forbidden';

        next if shown($ours) eq $expected;
        push @differ, "SEED=$SEED: $who->{user} $type: " . shown($ours)
                      . " and not $expected";
    }

    is join("\n", @differ), '', 'each merged list is what he may see';
}


sub gateway {
    return $t->nginx(backend => $demo, log_level => 'warn',
                     location => "$account refresh=1h stale=2h;\n"
                                 . 'sensu_namespaces rbac;');
}


subtest 'where a 5.5 backend is right' => sub {
    my @namespaces = qw(a bb c dev ops prod qa);

    my $worlds = 2 + int($N / 20000);

    for (1 .. $worlds) {
        my $elements = world(\@namespaces, 0);
        my $gw = gateway();
        %caller = ();

        my $sum = compare($gw, $N / 2 / $worlds, \@namespaces,
                          $elements, 0);

        cmp_ok $sum->{$_} // 0, '>', 20, "of both kinds: $_"
            for qw(yes/yes no/no);

        compare_lists($gw, $N / 20 / $worlds, \@namespaces);
        $gw->stop;
    }
};


subtest 'where it errs' => sub {
    my @namespaces = qw(dev dev-eu dev.x dev2 ops ops-eu);

    my $elements = world(\@namespaces, 1);
    my $gw = gateway();
    %caller = ();

    my $sum = compare($gw, $N / 2, \@namespaces, $elements, 1);
    cmp_ok $sum->{"dangling/no"} // 0, '>', 0, 'roles that are not there';
    cmp_ok $sum->{'yes/no'} // 0, '>', 0, 'bindings of a sibling';
};


$t->done;
