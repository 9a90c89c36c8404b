# A cluster of three masters and a replica: cursors go where their slots are,
# also while slots move under load, and after a master has died.

use lib 't/lib';
use SensuTest;

use SensuTest::Pages;
use SensuTest::Process;

my $t = SensuTest->new;
my $list = SensuTest::Pages->new($t, 121);

my @nodes = map { node() } 0 .. 3;
my @masters = @nodes[0 .. 2];
my $replica = $nodes[3];

# a third of the slots for each, and the replica for the first

for my $n (0 .. 2) {
    my $first = int(16384 / 3 * $n);
    my $last = int(16384 / 3 * ($n + 1)) - 1;
    $last = 16383 if $n == 2;
    $nodes[$n]->cmd('CLUSTER', 'ADDSLOTS', $first .. $last);
    $nodes[$n]->cmd('CLUSTER', 'SET-CONFIG-EPOCH', $n + 1);
}

$nodes[0]->cmd('CLUSTER', 'MEET', '127.0.0.1', $_->port) for @nodes[1 .. 3];
my %id = map { $_->port => $_->cmd('CLUSTER', 'MYID') } @nodes;

ok $t->wait_for(sub {
    !grep { $_->cmd('CLUSTER', 'INFO') !~ /cluster_known_nodes:4/ } @nodes;
}), 'the nodes know each other';
ok $t->wait_for(sub {
    eval { $replica->cmd('CLUSTER', 'REPLICATE', $id{ $nodes[0]->port }) };
}), 'one is a replica';
ok $t->wait_for(sub {
    !grep { $_->cmd('CLUSTER', 'INFO') !~ /cluster_state:ok/ } @nodes
    and $replica->cmd('INFO', 'replication') =~ /master_link_status:up/;
}), 'the cluster is well';

# two of the four are named, one of them is the replica

my $gw = $t->nginx(backend => $list->backend, server => $list->server,
    workers => 2,
    http => 'sensu_redis cluster://127.0.0.1:' . $replica->port
            . ',127.0.0.1:' . $nodes[1]->port . '/;');

ok $t->wait_for(sub { !grep { $_->clients != 2 } @masters }),
    'each worker is connected to each master';

$_->cmd('CONFIG', 'RESETSTAT') for @nodes;
is_deeply [ $list->whole($gw) ], [ $list->elements ], 'a walk';

my @held = map { $_->cmd('DBSIZE') } @masters;
is scalar(grep { $_ > 0 } @held), 3, "each master holds cursors (@held)";
is calls('set'), 60, 'one SET for each cursor';
is calls('get'), 60, 'and one GET';
is scalar(grep { $_->cmd('INFO', 'errorstats') =~ /MOVED|ASK/ } @nodes), 0,
    'none went to the wrong server';

# the slot of a cursor moves while its page is asked for again and again

my $first = $list->page($gw);
my $token = SensuTest::Pages::next_of($first);
my ($from, $key) = place();
my ($to) = grep { $_ != $from } @masters;
my $slot = $from->cmd('CLUSTER', 'KEYSLOT', $key);

$_->cmd('CONFIG', 'RESETSTAT') for @nodes;

my $load = $t->part(bless { process => SensuTest::Process->spawn_sub(sub {
    open my $out, '>', $t->dir . '/load.out' or die;
    $out->autoflush(1);
    while (!-e $t->dir . '/load.end') {
        # the first one reads the slot's key, the second one writes it
        print $out $list->page($gw, $token)->{status}, "\n",
                   $list->page($gw)->{status}, "\n";
    }
}) }, 'SensuTest::Load');

served(20);
$to->cmd('CLUSTER', 'SETSLOT', $slot, 'IMPORTING', $id{ $from->port });
$from->cmd('CLUSTER', 'SETSLOT', $slot, 'MIGRATING', $id{ $to->port });
served(20);
$from->cmd('MIGRATE', '127.0.0.1', $to->port, $key, 0, 5000);
served(20);
cmp_ok errors($from, 'ASK'), '>', 0, 'the old server said ASK';
cmp_ok errors($from, 'MOVED'), '==', 0, 'and not yet MOVED';
$_->cmd('CLUSTER', 'SETSLOT', $slot, 'NODE', $id{ $to->port }) for $to, $from;
served(20);
my $moved = errors($from, 'MOVED');
cmp_ok $moved, '>', 0, 'then it said MOVED';
cmp_ok $moved, '<=', 4, 'to each worker once or twice';
served(40);
is errors($from, 'MOVED'), $moved, 'and no more';

$t->write('load.end', '');
ok $t->wait_for(sub { !$load->{process}->alive }), 'the load ends';
is_deeply [ grep { $_ != 200 } statuses() ], [], 'each request got its page';

# a master dies, its replica takes over

# (a cursor's slot is random, so there should be many)

for my $user (1 .. 30) {
    $gw->get($list->target, token => $t->token(sub => "user-$user"));
}

my @of_first = grep { slot_of($_) < int(16384 / 3) } keys_of($nodes[0]);
cmp_ok scalar(@of_first), '>', 0, 'the first master holds cursors';
ok $t->wait_for(sub { $replica->cmd('DBSIZE') == $nodes[0]->cmd('DBSIZE') },
                10), 'its replica, too';

$nodes[0]->kill;
my @tokens = walk_tokens();
ok $t->wait_for(sub { $replica->cmd('ROLE')->[0] eq 'master' }),
    'the replica took over';
is_deeply [ $list->whole($gw) ], [ $list->elements ], 'a walk after it';
ok $t->wait_for(sub { $replica->clients == 2 }),
    'both workers know the new master';
ok scalar($gw->grep_log(qr/is (?:down|still down after [^:;]*): Connection refused/)),
    'the log says that the old one is gone';
is_deeply [ grep { $list->page($gw, $_)->{status} != 200 } @tokens ], [],
    'cursors from before are still good';

$gw->stop;
for my $node (@nodes[1 .. 3]) {
    ok $t->wait_for(sub { $node->clients == 0 }), 'no connection is left';
}

# one that is no cluster

my $redis = $t->redis(port => 1);
$gw = $t->nginx(backend => $list->backend, server => $list->server,
    http => 'sensu_redis cluster://127.0.0.1:' . $redis->port . ';');
ok $t->wait_for(sub { $gw->grep_log(qr/cluster support disabled.*use redis:/) },
                10), 'what is no cluster is told from one';
$gw->stop;

$gw = $t->nginx(backend => $list->backend, server => $list->server,
    http => 'sensu_redis redis://127.0.0.1:' . $nodes[1]->port . ';');
my @all = map { $list->page($gw, $_)->{status} } @tokens;
cmp_ok scalar(grep { $_ == 503 } @all), '>', 0, 'one of a cluster alone: 503';
ok scalar($gw->grep_log(qr/MOVED.*use cluster:/)), 'the log says what to write';

$t->done;


sub node {
    my $n = ++$t->{cluster_nodes};
    return $t->redis(port => 1, args => ['--cluster-enabled', 'yes',
        '--cluster-node-timeout', 3000, '--cluster-config-file',
        "nodes$n.conf"]);
}



sub calls {
    my ($command) = @_;

    my $sum = 0;
    for my $node (@masters) {
        $sum += $1 if $node->cmd('INFO', 'commandstats')
                      =~ /cmdstat_$command:calls=(\d+)/;
    }
    return $sum;
}


sub errors {
    my ($node, $name) = @_;
    return $node->cmd('INFO', 'errorstats') =~ /errorstat_$name:count=(\d+)/
           ? $1 : 0;
}


sub keys_of { $_[0]->keys('sensu:*') }
sub slot_of { $nodes[1]->cmd('CLUSTER', 'KEYSLOT', $_[0]) }


# where the cursor of the first page is: it is the one written anew

sub place {
    for my $node (@masters) {
        for my $key (keys_of($node)) {
            $node->cmd('DEL', $key);
            my $gone = $list->page($gw, $token)->{status} == 410;
            $list->page($gw);
            return ($node, $key) if $gone;
        }
    }
    die 'the cursor is nowhere';
}


# the tokens of a walk, as far as it gets

sub walk_tokens {
    my (@tokens, $token);

    $t->wait_for(sub {
        my $r = $list->page($gw, $token);
        $token = SensuTest::Pages::next_of($r);
        push @tokens, $token if $r->{status} == 200 && defined $token;
        return $r->{status} == 200 && !defined $token;
    });

    return @tokens;
}


sub statuses { split /\n/, slurp($t->dir . '/load.out') }


sub served {
    my ($n) = @_;
    my $now = statuses();
    $t->wait_for(sub { statuses() >= $now + $n }) or die 'no load';
}


package SensuTest::Load;

sub stop { my ($self) = @_; $self->{process}->stop('TERM', 5); return }
