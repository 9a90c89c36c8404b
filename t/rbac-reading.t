# A reading of roles by sensu_namespaces rbac, and those who wait for it: its
# client or its worker goes away, it takes too long, nginx is reloaded.

use lib 't/lib';
use SensuTest;
use SensuTest::Account;
use SensuTest::Roles;

my $CORE = '/api/core/v2';
my $CHECKS = 'namespaces/dev/checks';
my $ALL = 'dev/cpu dev/disk';
my $METRICS = 'location = /metrics { sensu_gateway off; sensu_metrics; }';

my $t = SensuTest->new;
my ($demo, undef, $account) = stage($t);


# requests of ann under way, each on a connection of its own

sub asking {
    my ($gw, $n) = @_;

    return map {
        my $c = $gw->connection;
        $c->send("GET $CORE/$CHECKS HTTP/1.1\r\nHost: x\r\n"
                 . 'Authorization: Bearer ' . token('ann') . "\r\n\r\n");
        $c
    } 1 .. $n;
}


# a gateway, and the client whose request reads the roles, which takes a while

sub in_a_reading {
    my ($times, $ms, %opt) = @_;

    fresh();
    token('ann');
    my $gw = gateway($times, %opt);

    # of two workers it is the first one that gets the client

    my (undef, @idle) = $gw->workers;
    halt(@idle);

    control(fault => { path_regex => "$CORE/roles", action => 'delay',
                       ms => $ms, times => 1 });
    $demo->forget;

    my ($c) = asking($gw, 1);

    ok $t->wait_for(sub { grep { m{/clusterroles} } $demo->requests }),
       'it reads';

    return ($gw, $c);
}


# A worker that was told, but has not stopped yet, may still be the one that is
# woken for a connection (EPOLLEXCLUSIVE), which then nobody accepts.

sub halt {
    my (@workers) = @_;

    kill 'STOP', @workers;

    for my $pid (@workers) {
        $t->wait_for(sub {
            SensuTest::Process::slurp("/proc/$pid/stat") =~ /\) T /
        }) or die "worker $pid does not stop\n";
    }
}


sub times_read { scalar grep { m{^GET $CORE/roles\?} } $demo->requests }


subtest 'two workers, a reload, many at once' => sub {
    fresh();
    my $gw = gateway('refresh=1h stale=2h', workers => 2);

    token('ann');
    $demo->forget;
    control(fault => { path_regex => "$CORE/roles", action => 'delay',
                       ms => 300, times => 1 });

    my @r = map { $_->response('GET') } asking($gw, 12);

    is join(' ', map { $_->{status} } @r), join(' ', (200) x 12),
       'all wait for the first';
    is logins(), 'GET /auth 200', 'who logs in for all of them';
    is times_read(), 1, 'and reads for both workers';

    $gw->reload;
    is shown(ask($gw, 'ann', GET => $CHECKS)), $ALL, 'after a reload';
    is times_read(), 1, 'nothing is read again';
};


subtest 'a reload under those who wait for another worker' => sub {
    my ($gw, $reads) = in_a_reading('refresh=1h stale=2h', 2000, workers => 2,
                                    locations => $METRICS);
    my ($old, $idle) = $gw->workers;

    # all of these are in the other one when that says something

    halt($old);
    kill 'CONT', $idle;
    my @c = asking($gw, 12);
    is $gw->get('/metrics')->{status}, 200, 'it has nothing else to do';
    kill 'CONT', $old;

    $gw->reload;

    is join(' ', map { shown($_->response('GET')) } $reads, @c),
       join(' ', ($ALL) x 13), 'everybody has his answer';
};


subtest 'who reads goes away' => sub {
    my ($gw, $c) = in_a_reading('refresh=1h stale=2h', 500);
    $c->reset;

    is shown(ask($gw, 'ann', GET => $CHECKS)), $ALL, 'another one does it';
};


subtest 'the worker that reads is killed' => sub {
    my ($gw, $c) = in_a_reading('refresh=1h stale=2h', 500);

    my ($old) = $gw->workers;
    $t->allow(qr/exited on signal 9/);
    kill 'KILL', $old;
    ok $t->wait_for(sub {
        my @now = $gw->workers;
        @now && $now[0] != $old
    }), 'another one takes its place';

    is shown(ask($gw, 'ann', GET => $CHECKS)), $ALL, 'and reads';
};


subtest 'the worker that reads is stopped' => sub {
    my ($gw, $c) = in_a_reading('refresh=1s stale=5s', 60_000);

    my ($old) = $gw->workers;
    $gw->reload;
    halt($old);

    is shown(ask($gw, 'ann', GET => $CHECKS)), $ALL,
       'another one does not wait for it for ever';

    kill 'CONT', $old;
    is shown($c->response('GET')), $ALL, 'and it has what that has read';
    is shown(ask($gw, 'ann', GET => $CHECKS)), $ALL, 'nor does it do harm';
};


subtest 'a turn lasts as its own account says' => sub {
    my ($gw, $c) = in_a_reading('refresh=1h stale=2h', 6000);

    $gw->reload(location => "$account refresh=2s stale=2s;\n"
                            . 'sensu_namespaces rbac;');

    is shown(ask($gw, 'ann', GET => $CHECKS)), $ALL, 'another one waits';
    is shown($c->response('GET')), $ALL, 'for that which comes to its end';

    my @lists = qw(namespaces clusterroles roles clusterrolebindings
                   rolebindings);
    is join(' ', map { m{v2/(\w+)\?} } $demo->requests), "@lists @lists",
       'then it reads what is too old for it anew';
};


# By the limits of whoever asked they would be refused, for everybody, or wait.

subtest 'limits behind a redirect are not for what the account asks' => sub {
    for ('', 'burst=9') {
        fresh();
        my $gw = $t->nginx(
            backend => $demo,
            http => 'map $uri $read { ~/checks$ ""; default read; }
                     limit_req_zone $read zone=read:1m rate=1r/m;',
            server => "$account refresh=1h stale=2h; sensu_namespaces rbac;",
            location => 'try_files /none @limited;',
            locations => "location \@limited {
                limit_req zone=read $_; proxy_pass http://sensu; }");

        is shown(ask($gw, 'ann', GET => $CHECKS)), $ALL, "limit_req $_";
        is shown(ask($gw, 'ann', GET => 'namespaces')), 'dev prod',
           'a caller of one of these';
        is scalar($gw->grep_log(qr/(?:limit|delay)ing request/)), 0,
           'was the first who counts';
    }
};


# its table is in a zone that has room for two of them

subtest 'a new password while roles are read' => sub {
    fresh();
    control(put => [ map { binding("b$_", 'dev', 'view', "user$_") }
                         1 .. 2000 ]);

    my $gw = gateway('refresh=1s stale=1h', http => 'sensu_rbac_zone r:160k;');
    is shown(ask($gw, 'ann', GET => $CHECKS)), $ALL, 'read';

    control(fault => { path_regex => "$CORE/roles", action => 'delay',
                       ms => 3000, times => 1 });
    $demo->forget;
    ok $t->wait_for(sub {
        ask($gw, 'ann', GET => $CHECKS);
        grep { m{/clusterroles} } $demo->requests;
    }), 'and read once more';

    $t->write('account.pw', "new\n", 0600);
    control(put => { type => 'users', name => 'gateway', groups => [],
                     password => 'new' });
    $gw->reload;
    is shown(ask($gw, 'ann', GET => $CHECKS)), $ALL, 'by the new one';

    control(put => binding('bob', 'ops', 'view', 'bob'));
    ends_with($gw, 'bob', 'namespaces/ops/checks', 'ops/cpu ops/disk',
              'a change finds room');
    is scalar($gw->grep_log(qr/is too small/)), 0, 'and found it at once';

    $t->write('account.pw', "pass\n", 0600);
};


subtest 'a backend that takes too long' => sub {

    # at one byte a turn its header does not end, at 300 its list does not

    for (1, 300) {
        fresh();
        my $gw = gateway('refresh=1s stale=1s', backend => [ $demo, $demo ],
            locations => $METRICS . 'location = /health { sensu_gateway off;
                                     proxy_pass http://sensu; }');

        control(fault => { path_regex => "$CORE/clusterroles", ms => 500,
                           action => 'trickle', bytes => $_ });

        for my $n (1 .. 3) {
            ok $t->wait_for(sub {
                my $r = ask($gw, 'ann', GET => $CHECKS);
                is shown($r), '503 rbac_unknown', 'nobody waits for it';
                $gw->get('/metrics')->{body}
                    =~ /^sensu_gateway_upstream_cuts_total $n$/m
            }), "$_ bytes at a time, given up $n times";
        }

        ok scalar($gw->grep_log(qr/takes longer than stale=1000ms/)), 'a line';
        is scalar($gw->grep_log(qr/upstream timed out|no live upstreams/)), 0,
           'the servers are not to blame';
        is $gw->get('/health')->{status}, 200, 'and still used by others';

        control(fault => { action => 'clear' });
        ends_with($gw, 'ann', $CHECKS, $ALL, 'and back');
    }
};


$t->done;
