# Three sentinels, a master and a replica: the gateway finds the master, and
# the new one after a fail-over in the midst of a walk.

use lib 't/lib';
use SensuTest;

use SensuTest::Pages;
use SensuTest::Sentinel;

my $t = SensuTest->new;
my $list = SensuTest::Pages->new($t, 41);

my $master = $t->redis(port => 1);
my $replica = $t->redis(port => 1, args => ['--replicaof', '127.0.0.1',
                                            $master->port]);
my @sentinels = map { SensuTest::Sentinel->new($t, <<"END") } 1 .. 3;
sentinel monitor main 127.0.0.1 ${\$master->port} 2
sentinel down-after-milliseconds main 500
sentinel failover-timeout main 3000
END

ok $t->wait_for(sub {
    !grep { my $r = ask($_, 'SENTINEL', 'MASTER', 'main');
            my %m = @$r;
            $m{'num-slaves'} != 1 || $m{'num-other-sentinels'} != 2 }
         @sentinels;
}), 'the sentinels know each other and the replica';

my $url = 'sentinel://' . join(',', map { "127.0.0.1:$_->{port}" } @sentinels);

my $gw = $t->nginx(backend => $list->backend, server => $list->server,
                   http => "sensu_redis $url/main/3;", workers => 2);

my ($r, @elements);
$r = page(undef);
is $r->{status}, 200, 'a page';
is_deeply [ keys_of($master->port, 3) > 0, keys_of($master->port, 0) ],
    [ 1, 0 ], 'its cursor is in the master, in the database named';
$r = page(SensuTest::Pages::next_of($r)) for 1 .. 4;

ok $t->wait_for(sub { $master->clients == 2 }),
    'one connection of each worker';
is $replica->clients, 0, 'and none to the replica';
is scalar(grep { ask($_, 'CLIENT', 'LIST') =~ /cmd=sentinel\|get-master-addr/ }
          @sentinels), 0, 'nor to a sentinel';

# the cursors reach the replica before the master dies

ok $t->wait_for(sub { keys_of($replica->port, 3) == keys_of($master->port, 3) },
                10), 'the replica has the cursors';

$master->kill;

my $token = SensuTest::Pages::next_of($r);
my %seen;
ok $t->wait_for(sub {
    $r = $list->page($gw, $token);
    $seen{ $r->{status} }++;
    return $r->{status} == 200;
}), 'the walk goes on after the fail-over';
push @elements, @{ elements($r->{body}) };
is_deeply [ grep { $_ != 200 && $_ != 503 } keys %seen ], [],
    'until then 503';
cmp_ok $seen{503}, '>', 0, 'there was such a time';
ok $t->wait_for(sub {
    ask($sentinels[0], 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'main')->[1]
        == $replica->port
}), 'the replica is the master now, to each sentinel in the end';

while (defined($token = SensuTest::Pages::next_of($r))) {
    $t->wait_for(sub { ($r = $list->page($gw, $token))->{status} != 503 });
    push @elements, @{ elements($r->{body}) };
}
is_deeply \@elements, [ $list->elements ], 'and comes out complete';

ok $t->wait_for(sub { $replica->clients == 2 }), 'both workers are there';
ok scalar($gw->grep_log(qr/is (?:down|still down after [^:;]*): Connection refused/)),
    'the log says that the old one is gone';
ok $t->wait_for(sub {
    $gw->grep_log(qr/\b${\$replica->port}: connected again after/)
}), 'and where the gateway is now';
cmp_ok scalar($gw->grep_log(qr/\[(?:error|notice)\].* (?:redis|sentinel) /)),
    '<=', 24, 'in a few lines';

# demoted while it lives: its READONLY sends us to ask again

my $third = $t->redis(port => 1, args => ['--replicaof', '127.0.0.1',
                                          $replica->port]);
ok $t->wait_for(sub {
    my %m = @{ ask($sentinels[0], 'SENTINEL', 'MASTER', 'main') };
    my $up = $third->cmd('INFO', 'replication') =~ /master_link_status:up/;
    $up && grep { { @$_ }->{port} == $third->port }
                @{ ask($sentinels[0], 'SENTINEL', 'REPLICAS', 'main') };
}), 'another replica';

# told again where one was given up, as on a busy machine

ok $t->wait_for(sub {
    my $port = ask($sentinels[0], 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME',
                   'main')->[1];
    eval { ask($sentinels[0], 'SENTINEL', 'FAILOVER', 'main') }
        if $port == $replica->port;
    return $port == $third->port;
}), 'the sentinels are told to change';
ok $t->wait_for(sub {
    eval { keys_of($third->port, 3); 1 }
    && $third->cmd('ROLE')->[0] eq 'master'
    && $list->page($gw)->{status} == 200 && $third->clients == 2;
}), 'the gateway went there';
ok $t->wait_for(sub { $replica->clients == 0 }),
    'and left the one before';

$gw->stop;
ok $t->wait_for(sub { $third->clients == 0 }),
    'no connection is left';

# a name that no sentinel knows, and one sentinel of three that is not there

my $gone = $t->port;
$gw = $t->nginx(backend => $list->backend, server => $list->server,
                http => "sensu_redis $url/other;");
is $list->page($gw)->{status}, 503, 'an unknown master: 503';
ok $t->wait_for(sub { $gw->grep_log(qr/sentinel .*know the master; check the/) },
                10), 'the log says so';
$gw->stop;

$gw = $t->nginx(backend => $list->backend, server => $list->server,
                http => "sensu_redis sentinel://127.0.0.1:$gone,"
                        . "127.0.0.1:$sentinels[1]{port}/main;");
ok $t->wait_for(sub { $list->page($gw)->{status} == 200 }),
    'the next sentinel is asked';
is scalar($gw->grep_log(qr/\[error\].*sentinel/)), 0,
    'without a line in the log';

$t->done;


# a worker that has not noticed yet answers 503: it is asked again

sub page {
    my ($token) = @_;
    my $r;
    $t->wait_for(sub { ($r = $list->page($gw, $token))->{status} == 200 });
    push @elements, @{ elements($r->{body}) };
    return $r;
}


sub ask {
    my ($server, @words) = @_;
    return SensuTest::Redis::cmd($server, @words);
}


sub keys_of {
    my ($port, $db) = @_;

    my $s = SensuTest::Redis::connect({ port => $port });
    $s->autoflush(1);
    print $s "SELECT $db\r\nDBSIZE\r\n";
    SensuTest::Redis::reply($s);
    return SensuTest::Redis::reply($s);
}
