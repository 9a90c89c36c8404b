# Walks over random lists that change all the time: what was there from the
# first page to the last comes exactly once, what comes was there at some
# time, the order is the backend's, and every walk ends. Natively and sliced,
# merged, through both stores, over a backend with the faults of 5.5.
#
#   WALKS=10000 SEED=7 prove t/paging-random.t      (tools/soak makes millions)

use lib 't/lib';
use SensuTest;
use SensuTest::Walks;

my $want = $ENV{WALKS} // 1200;
my $seed = $ENV{SEED} // int rand 1 << 31;
srand $seed;

my $t = SensuTest->new;
my $demo = $t->demo('--control', '--no-token-store');
my $redis = $t->redis;
my $url = $redis->url;

my @merged = ('a', 'a-b', 'a.b', 'aa', 'gone');

my $walks = SensuTest::Walks->new(
    demo => $demo,
    token => $t->token,
    scopes => { 'memory, merged' => \@merged },
    gateways => {
        'redis' => $t->nginx(backend => $demo, http => "sensu_redis $url;"),
        'memory' => $t->nginx(backend => $demo, workers => 2),
        'redis, sliced' => $t->nginx(backend => $demo,
                                     http => "sensu_redis $url prefix=x:;",
                                     server => 'sensu_native_pages off;'),
        'memory, merged' => $t->nginx(backend => $demo,
                                      server => "sensu_namespaces '@merged';"),
    });

while ($walks->{walks} < $want && !%{ $walks->{wrong} }) {
    $walks->round(150);
}

note join ', ', map { "$walks->{$_} $_" } qw(walks pages elements changes);

is_deeply $walks->{wrong}, {}, "$walks->{walks} walks over lists that change, "
                               . "seed $seed";
cmp_ok $walks->{walks}, '>=', $want, 'and none was given up';
cmp_ok $walks->{changes}, '>', $want / 4, 'there were changes';
cmp_ok $walks->{pages}, '>', 1.5 * $want, 'and pages';

$t->done;
