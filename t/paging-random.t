# Walks over random lists that change all the time: what was there from the
# first page to the last comes exactly once, what comes was there at some
# time, the order is the backend's, and every walk ends. Natively and sliced,
# merged, through both stores, over a backend with the faults of 5.5 that at
# times sends its answer in small pieces; with a page buffer of next to nothing
# and clients that get their answers slowly; names of 1 to 70,000 bytes, and
# such as nobody can read.
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
my $merged = "sensu_namespaces '@merged';";

my %gateways = (
    'redis' => $t->nginx(backend => $demo, http => "sensu_redis $url timeout=10s;"),
    'memory' => $t->nginx(backend => $demo, workers => 2),
    'redis, sliced' => $t->nginx(backend => $demo,
                                 http => "sensu_redis $url timeout=10s prefix=x:;",
                                 server => 'sensu_native_pages off;'),
    'memory, merged' => $t->nginx(backend => $demo, server => $merged),
    '4k' => $t->nginx(backend => $demo, server => 'sensu_page_buffer 4k; '
                      . 'sensu_native_pages off; limit_rate 64k;'),
    '4k, merged' => $t->nginx(backend => $demo, server =>
                              "$merged sensu_page_buffer 4k;"),
    'slow' => $t->nginx(backend => $demo, server => 'limit_rate 64k;'),
);

my $walks;

$walks = SensuTest::Walks->new(
    demo => $demo,
    token => $t->token,
    scopes => { map { $_ => \@merged } grep { /merged/ } keys %gateways },
    buffers => { map { $_ => 4096 } grep { /4k/ } keys %gateways },
    gateways => \%gateways,
    ask => sub {
        my ($walk, $target) = @_;
        my $slow = rand() < 0.03;

        $walks->control('fault', { path_regex => '^/api',
                                   %{ $walks->trickle($walk) } }) if $slow;

        my $r = $walk->{session}->get($target, token => $walks->{token});

        $walks->control('fault', { action => 'clear' }) if $slow;
        return $r;
    });

while ($walks->{walks} < $want && !%{ $walks->{wrong} }) {
    $walks->round(150);
}

note join ', ', map { "$walks->{$_} $_" }
                    qw(walks refused pages elements changes);

diag substr $_, 0, 400 for map { @$_ } values %{ $walks->{wrong} };
is_deeply $walks->{wrong}, {}, "$walks->{walks} walks over lists that change, "
                               . "seed $seed";
cmp_ok $walks->{walks}, '>=', $want, 'and none was given up';
cmp_ok $walks->{refused}, '<', $want / 4, 'but some that nobody could go on';
cmp_ok $walks->{changes}, '>', $want / 4, 'there were changes';
cmp_ok $walks->{pages}, '>', 1.5 * $want, 'and pages';

$t->done;
