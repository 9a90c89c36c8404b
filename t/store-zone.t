# The zones of the embedded store, when they are full and when they change:
# continue tokens of every length share one, log-outs have one of their own
# that nothing pushes them out of.
#
#     TEST_WEEK=50    so many reloads at the end

use lib 't/lib';
use SensuTest;

use SensuTest::Metrics;

my $t = SensuTest->new;

# lists of three whose keys are as long as the path's last part says, and
# whatever else there is; a slow log-out takes two seconds

my $back = $t->upstream(sub {
    my ($c, $req) = @_;

    sleep 2 if $req->{headers}{'x-slow'};

    my $body = join ',', map { qq({"metadata":{"name":"$_"}}) } names($req);

    $c->reply(200, $body ? "[$body]" : '{}',
              'Content-Type' => 'application/json');
});

my %conf = (backend => $back, server => 'sensu_logout on;', workers => 2,
            locations => 'location = /m { sensu_gateway off; sensu_metrics; }');

my $gw = $t->nginx(%conf, http => zones('64k', '32k'));
my $list = '/api/core/v2/clusterroles';
my $jti = 0;


subtest 'keys of every length have the same room' => sub {
    my $before = metrics();
    my (%status, $last);

    for my $n (1 .. 700) {
        my $r = page($n % 7 ? 10 : 30 * ($n % 60), $n);
        $status{ $r->{status} }++;
    }

    is_deeply \%status, { 200 => 700 }, 'each page has its token'
        or diag explain \%status;

    my $evicted = metrics()->{cursor_evictions_total};
    cmp_ok $evicted, '>', 100, 'though the zone is full';

    my $r = page(2000, 'long');
    is $r->{status}, 200, 'one with a very long key, too';

    cmp_ok metrics()->{cursor_evictions_total} - $evicted, '<=', 13,
        'and no more than its size went for it';

    is $gw->get("$list-2000?x=long&limit=1&continue="
                . $r->header('Sensu-Continue'), token => $t->token)->{status},
        200, 'it is there';
};

my @out = map { logged_out() } 1 .. 3;

subtest 'pages push no log-out out' => sub {
    page(30, "again$_") for 1 .. 600;
    is_deeply [ map { status($_) } @out ], [ 401, 401, 401 ],
        'all are still logged out';
};

subtest 'a reload with other sizes keeps log-outs' => sub {
    for my $size ('64k', '48k', '32k') {
        $gw->reload(http => zones($size, $size));
        push @out, logged_out();
        is_deeply [ grep { status($_) != 401 } @out ], [], "with $size";
    }

    $gw->reload(http => zones('64k', '64k') =~ s/sensu_logouts:/other:/r);
    is_deeply [ grep { status($_) != 401 } @out ], [], 'and another name';
};

subtest 'a log-out that is under way while nginx reloads' => sub {
    my $token = $t->token(jti => 'on the way');
    my $c = $gw->connection;

    $c->send("POST /auth/logout HTTP/1.1\r\nHost: localhost\r\n"
             . "Authorization: Bearer $token\r\nX-Slow: 1\r\n"
             . "Content-Type: application/json\r\nContent-Length: 2\r\n"
             . "Connection: close\r\n\r\n{}");

    $gw->reload(http => zones('64k', '128k'));

    is $c->response('POST')->{status}, 200, 'answered by the old worker';
    is status($token), 401, 'seen by the new ones';
};

subtest 'whatever a token says of its end' => sub {
    my @late;

    for my $exp ('9223372036854775807', '1e300', '1795000000000000000',
                 '1e16', '253402300799')
    {
        my $token = $t->token(jti => "exp $exp", exp => $exp + 0);
        is status($token), 200, "exp $exp: good";
        is logout($token)->{status}, 200, 'logged out';
        is status($token), 401, 'refused';
        push @late, $token;
    }

    # the shortest life of a mark is a second
    sleep 2;
    is_deeply [ grep { status($_) != 401 } @late ], [], 'and stay so';
};

subtest 'a zone of log-outs that is full' => sub {
    $gw = $t->nginx(%conf, http => zones('64k', '32k'));
    @out = ();

    my ($token, $n);

    for (1 .. 1000) {
        $token = logged_out(sub => 'somebody');
        last if status($token) != 401;
        push @out, $token;
    }

    cmp_ok scalar(@out), '>', 200, 'held some hundreds';
    is status($token), 200, 'the next one is good';
    is_deeply [ grep { status($_) != 401 } @out ], [],
        'none that it held is good again';

    my @lines = $gw->grep_log(qr/a log-out was not kept/);
    is scalar(@lines), 1, 'a line of the log says so';
    like $lines[0], qr/user "somebody", client: 127.0.0.1, request: "POST /,
        'with user, client and request';
    is scalar($gw->grep_log(qr/sensu_logout_zone "sensu_logouts" is full/)), 1,
        'another one says why';
    is metrics()->{'logout_operations_total{operation="set",result="failed"}'},
        1, 'and a counter';
};

subtest 'the mark of a token without a name' => sub {
    my $token = $t->token(jti => undef);
    is logout($token)->{status}, 200, 'the backend has logged it out';
    is status($token), 200, 'it can not be told from others';
    is scalar($gw->grep_log(qr/not kept, its token has no jti: .*"admin"/)), 1,
        'of which the log says so';
};

subtest 'a week' => sub {
    $gw = $t->nginx(%conf, http => zones('64k', '64k'));
    @out = ();

    for my $day (1 .. $ENV{TEST_WEEK} // 3) {
        page($_ * 40, "$day/$_") for 1 .. 50;
        push @out, logged_out();
        $gw->reload(http => zones(32 + 8 * ($day % 5) . 'k',
                                  32 + 8 * ($day % 3) . 'k'));
        is_deeply [ grep { status($_) != 401 } @out ], [], "reload $day";
    }
};

$t->done;


sub zones {
    my ($cursors, $logouts) = @_;
    return "sensu_cursor_zone sensu_cursors:$cursors;"
           . "sensu_logout_zone sensu_logouts:$logouts;";
}


sub names {
    my ($req) = @_;
    my ($n) = $req->{path} =~ /-(\d+)\z/ or return;
    return map { $_ . 'n' x $n } 'a' .. 'c';
}


sub page {
    my ($len, $x) = @_;
    return $gw->get("$list-$len?limit=1&x=$x", token => $t->token);
}


sub status {
    my ($token) = @_;
    return $gw->get('/api/core/v2/namespaces/default', token => $token)
        ->{status};
}


sub logged_out {
    my $token = $t->token(jti => 'token ' . ++$jti, @_);
    logout($token);
    return $token;
}


sub logout {
    my ($token) = @_;
    return $gw->post('/auth/logout', '{"refresh_token":"x"}', token => $token,
                     headers => ['Content-Type' => 'application/json']);
}


sub metrics {
    my $m = SensuTest::Metrics->parse($gw->get('/m')->{body});
    return { map { s/^sensu_gateway_//r => $m->value($_) } $m->series };
}
