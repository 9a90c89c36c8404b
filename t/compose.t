# However a location is written, nothing gets in, nothing gets out, nothing
# crashes: ways of writing one x callers x requests. What is judged, and how, is
# in SensuTest::Compose. Here each way and caller gets every COMPOSE_PART-th
# request, all of them with "make compose".
#
#   COMPOSE_PART=1 COMPOSE_WAY='^try' prove t/compose.t

use lib 't/lib';
use SensuTest;
use SensuTest::Compose;

my $PART = $ENV{COMPOSE_PART} // 2;
my $WAY = qr/$ENV{COMPOSE_WAY}/ if defined $ENV{COMPOSE_WAY};

my $t = SensuTest->new;
my $matrix = SensuTest::Compose->new($t, SensuTest::Compose::Ways::ways());
my @requests = SensuTest::Compose::Requests::requests();
my @ways = grep { !$WAY || /$WAY/ } $matrix->ways;

ok @ways >= 40, 'ways of writing a location: ' . @ways if !$WAY;
ok @requests >= 60, 'requests: ' . @requests;

my $turn = 0;

for my $way (@ways) {
    my @found;

    for my $caller ($matrix->callers) {
        $turn++;
        my @mine = grep { ($_ + $turn) % $PART == 0 } 0 .. $#requests;
        push @found, $matrix->check($way, $caller, @requests[@mine]);
    }

    is scalar @found, 0, $way
        or diag join "\n", @found[0 .. ($#found > 7 ? 7 : $#found)];
    ok $matrix->same($way) > 20 / $PART, "$way: answers of the plain location: "
                                 . $matrix->same($way)
        if !ref $matrix->{ways}{$way} || !$matrix->{ways}{$way}{left};
}

$t->done;
