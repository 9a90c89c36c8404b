# As t/compose.t, where the namespaces are not a list of the configuration's,
# but of the backend's roles: which the gateway reads by way of the very
# location that a request comes into, whatever is in it.

use lib 't/lib';
use SensuTest;
use SensuTest::Compose;

my $t = SensuTest->new;

SensuTest::Compose->new($t, 'rbac', SensuTest::Compose::Ways::ways())
                  ->play($ENV{COMPOSE_PART} // 6);

$t->done;
