# Names: where a resolver is set they are asked for again at each connect, so
# that a primary that moves, sentinels and clusters that tell names need no
# reload; without one they are resolved when nginx starts.

use lib 't/lib';
use SensuTest;

use SensuTest::DNS;
use SensuTest::Pages;
use SensuTest::Sentinel;

my $t = SensuTest->new;
my $list = SensuTest::Pages->new($t, 21);

# two servers on one port, as a name leads to one or the other

my $first = $t->redis(port => 1);
my $port = $first->port;
my $second = $t->redis(port => $port, host => '127.0.0.2');
my $dns = SensuTest::DNS->new($t, 'primary.test' => ['127.0.0.1']);

my ($fine, $text) = gateway("redis://primary.test:$port", '', start => 0)
                    ->check;
ok !$fine, 'nobody knows the name, and there is no resolver: no start';
like $text, qr/host not found in "primary\.test:\d+" of sensu_redis: .* in \S+:\d+/,
    'and nginx -t says so';
like $text, qr/let a "resolver" be asked/, 'and what would help';

my $gw = gateway("redis://primary.test:$port/1", $dns->resolver);

is_deeply [ $list->whole($gw) ], [ $list->elements ], 'a walk, by the name';
is_deeply [ $first->clients, $second->clients ], [ 1, 0 ],
    'to where it leads';

# the primary dies, and its name leads to another one

$first->kill;
$dns->set('primary.test' => ['127.0.0.2']);
ok pages($gw), 'the name moved: found without a reload';
is $second->clients, 1, 'it is the other server';

# the primary becomes a replica, and its name leads to the new one

$first->start;
$second->cmd('REPLICAOF', '127.0.0.1', $port);
$dns->set('primary.test' => ['127.0.0.1']);
ok pages($gw), 'the primary was demoted: it is left without a reload';
is_deeply [ $first->clients, $second->clients ], [ 1, 0 ],
    'nobody is left behind';
is_deeply [ $list->whole($gw) ], [ $list->elements ], 'a walk';

# of several addresses one that does not answer is passed over

$second->kill;
$dns->set('primary.test' => [ map { "127.0.0.$_" } 1, 2, 3 ]);
$first->cmd('CLIENT', 'KILL', 'TYPE', 'normal');
ok pages($gw), 'one of three addresses is enough';

# a name that is gone

$dns->set('other.test' => ['127.0.0.1']);
ok $t->wait_for(sub {
    eval { $first->cmd('CLIENT', 'KILL', 'TYPE', 'normal') };
    $gw->grep_log(qr/resolved: Host not found; check the name, and the resol/)
}), 'the name is gone: the log says so';
is $list->page($gw)->{status}, 503, 'and 503';
$dns->set('primary.test' => ['127.0.0.1']);
ok pages($gw), 'until it is back';
$gw->stop;

# a sentinel that tells a name

my $sentinel = SensuTest::Sentinel->new($t, <<"END");
sentinel resolve-hostnames yes
sentinel announce-hostnames yes
sentinel monitor main localhost $port 1
END
ok $t->wait_for(sub {
    eval { $sentinel->cmd('SENTINEL', 'GET-MASTER-ADDR-BY-NAME',
                          'main')->[0] eq 'localhost' };
}), 'a sentinel that tells names';

$dns->set('sentinel.test' => ['127.0.0.1'], 'localhost' => ['127.0.0.1']);
$gw = gateway("sentinel://sentinel.test:$sentinel->{port}/main",
              $dns->resolver);
ok pages($gw), 'its master is found';
is_deeply [ $list->whole($gw) ], [ $list->elements ], 'a walk';
$gw->stop;

$gw = gateway("sentinel://127.0.0.1:$sentinel->{port}/main", '');
is $list->page($gw)->{status}, 503, 'without a resolver it is not';
ok $t->wait_for(sub { $gw->grep_log(qr/its name cannot be resolved; check/) },
                10), 'and the log says why';
$gw->stop;

# a cluster that tells names

my @nodes = map { $t->redis(port => 1, args => [
    '--cluster-enabled', 'yes', '--cluster-config-file', "nodes$_.conf",
    '--cluster-announce-hostname', "node$_.test",
    '--cluster-preferred-endpoint-type', 'hostname']) } 1 .. 2;
$nodes[0]->cmd('CLUSTER', 'ADDSLOTSRANGE', 0, 8191);
$nodes[1]->cmd('CLUSTER', 'ADDSLOTSRANGE', 8192, 16383);
$nodes[0]->cmd('CLUSTER', 'MEET', '127.0.0.1', $nodes[1]->port);
ok $t->wait_for(sub {
    2 == grep { $_->cmd('CLUSTER', 'INFO') =~ /cluster_state:ok/
                && $_->cmd('CLUSTER', 'NODES') =~ /node1\.test.*node2\.test
                                                   |node2\.test.*node1\.test/sx
         } @nodes;
}), 'a cluster that tells names';

$dns->set(map { ("node$_.test" => ['127.0.0.1']) } 1 .. 2);
$gw = gateway('cluster://node1.test:' . $nodes[0]->port, $dns->resolver);
ok pages($gw), 'a page';
$_->cmd('CONFIG', 'RESETSTAT') for @nodes;
is_deeply [ map { $list->whole($gw) } 1 .. 3 ], [ ($list->elements) x 3 ],
    'walks';
is_deeply [ map { $_->clients } @nodes ], [ 1, 1 ],
    'a connection to each, and none twice';
is scalar(grep { $_->cmd('INFO', 'errorstats') =~ /MOVED/ } @nodes), 0,
    'none went to the wrong server';

$t->done;


sub gateway {
    my ($url, $resolver, %more) = @_;
    return $t->nginx(backend => $list->backend, server => $list->server,
                     http => "$resolver sensu_redis $url timeout=2s;", %more);
}


sub pages {
    my ($gw) = @_;
    return $t->wait_for(sub { $list->page($gw)->{status} == 200 });
}
