# However a location is written, nothing gets in, nothing gets out, nothing
# crashes: ways of writing one x callers x requests. What is judged, and how, is
# in SensuTest::Compose. Here each way and caller gets every COMPOSE_PART-th
# request, all of them with "make compose".
#
#   COMPOSE_PART=1 COMPOSE_WAY='^try' prove t/compose.t

use lib 't/lib';
use SensuTest;
use SensuTest::Compose;

my $t = SensuTest->new;

SensuTest::Compose->new($t, 'list', SensuTest::Compose::Ways::ways())
                  ->play($ENV{COMPOSE_PART} // 2);

$t->done;
