# sensu_metrics: a load is played over four workers, with a reload in its
# midst, and the counters say exactly what was done. What promtool says of them
# is for "make look".

use lib 't/lib';
use SensuTest;

use JSON::PP ();
use List::Util qw(shuffle);
use POSIX ();
use SensuTest::Metrics;

my $CLIENTS = 4;
my $ROUNDS = 3;
my $P = 'sensu_gateway_';

my $t = SensuTest->new;
my $demo = $t->demo('--rich', '--secret-file', $t->secret_file);
my $stall = $t->upstream(sub { $_[0]->stall(30) });
my $redis = $t->redis;
my $nobody = $t->port;
my $token = $demo->login;

$t->write('page.html', join '', map { qq(<!--#include virtual="$_" -->) }
          '/api/core/v2/namespaces/default', '/api/core/v2/namespaces/dev');

my ($cert, $key) = certificate($t);

my $gw = $t->nginx(
    backend => $demo,
    workers => 4,
    http => 'sensu_redis ' . $redis->url . ' timeout=5s;' . <<"END",
        upstream zoned {
            zone zoned 256k;
            server 127.0.0.1:$nobody;
            server 127.0.0.2:$nobody;
        }
        server {
            listen 127.0.0.1:@{[$t->port]} ssl;
            ssl_certificate $cert;
            ssl_certificate_key $key;
            sensu_gateway on;
            sensu_jwt_key HS256 @{[$t->secret_file]};
            location / { proxy_pass http://zoned; }
        }
END
    locations => <<"END");
        location = /metrics { sensu_gateway off; sensu_metrics; }
        location = /closed { sensu_metrics; }
        location /down/ { proxy_pass http://127.0.0.1:$nobody; }
        location /stall/ { proxy_pass http://127.0.0.1:@{[$stall->port]}; }
        location /denied/ { deny all; }
        location /moved/ { error_page 401 = \@moved; proxy_pass http://sensu; }
        location \@moved { return 200 moved; }
        location = /page.html { ssi on; root %%DIR%%; }
        location = /api/core/v2/mutators {
            sensu_native_pages off;
            proxy_pass http://sensu;
        }
        location /api/core/v2/users {
            sensu_namespaces "default dev";
            proxy_pass http://sensu;
        }
        location = /api/core/v2/handlers {
            sensu_namespaces "default dev";
            proxy_pass http://sensu;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }
END


subtest 'the text' => sub {
    my $r = $gw->get('/metrics');

    is $r->{status}, 200, 'is given';
    is $r->header('Content-Type'),
        'text/plain; version=0.0.4; charset=utf-8', 'its type';
    is $r->header('Cache-Control'), 'no-store', 'not to be stored';

    my $m = eval { SensuTest::Metrics->parse($r->{body}) };
    ok $m, 'its form' or diag $@;
    ok !(grep { !/^\Q$P\E/ } $m->families), 'one prefix for all';

    is $gw->request('HEAD', '/metrics')->{body}, '', 'HEAD has no body';
    is $gw->post('/metrics', 'x')->{status}, 405, 'POST is refused';
    is $gw->get('/closed')->{status}, 401, 'a gateway keeps it closed';
};


# What one does, and what that adds to the counters.

my $good = 'requests_total{scope="namespace",outcome="passed"}';
my $wide = 'requests_total{scope="cluster",outcome="passed"}';
my $path = '/api/core/v2/namespaces/dev/checks';
my $check = $demo->get($path, token => $token)->json->[0]{metadata}{name};
my $object = "$path/$check";

my @steps = (
    step('an object', sub { ask($object) }, $good => 1),
    step('an error of the backend', sub { ask("$path/none") }, $good => 1),
    step('HEAD', sub { $gw->request('HEAD', $object, token => $token) },
         $good => 1),
    step('over HTTP/2', sub { $gw->h2($object, token => $token) },
         $good => 1),
    step('three on one connection', \&pipeline, $good => 2,
         refused('missing_token', 'namespace')),
    step('a public path', sub { $gw->get('/health') },
         'requests_total{scope="none",outcome="passed"}' => 1),
    step('a page of includes', sub { ask('/page.html') },
         'requests_total{scope="none",outcome="passed"}' => 1),
    step('an error_page of the operator', sub { $gw->get('/moved/x') },
         refused('missing_token', 'none')),

    step('an expired token',
         sub { $gw->get($path, token => $t->token(exp => time - 60)) },
         refused('token_expired', 'namespace')),
    step('a token for ever',
         sub { $gw->get($path, token => $t->token(exp => undef)) },
         refused('bad_claims', 'namespace'), guard('token')),
    step('a bare token',
         sub { $gw->get($path, headers => [ Authorization => $token ]) },
         refused('missing_token', 'namespace'), guard('token')),
    step('a bad limit', sub { ask('/api/core/v2/checks?limit=-1') },
         refused('bad_limit', 'cluster'), guard('limit')),
    step('a bad continue', sub { ask('/api/core/v2/checks?continue=..') },
         refused('bad_continue', 'cluster'), guard('continue')),
    step('an unsafe path', sub { ask("$path/a%2fb") },
         refused('unsafe_path', 'none'), guard('path')),
    step('an unknown path', sub { ask('/api/core') },
         refused('unknown_path', 'none')),
    step('another namespace in the body',
         sub { $gw->post($path, '{"metadata":{"name":"a","namespace":"b"}}',
                         token => $token) },
         refused('body_mismatch', 'namespace'), guard('body')),
    step('a large body',
         sub { $gw->post($path, ' ' x 512_001, token => $token) },
         refused('body_too_large', 'namespace')),
    step('users, with two namespaces', sub { ask('/api/core/v2/users') },
         refused('cluster_forbidden', 'cluster')),
    step('a token that is gone',
         sub { ask('/api/core/v2/checks?continue=' . 'A' x 22) },
         refused('continue_expired', 'cluster'),
         'cursor_operations_total{operation="get",result="missing"}' => 1),

    step('what nginx denies', sub { ask('/denied/x') },
         'requests_total{scope="none",outcome="other"}' => 1,
         'refusals_total{reason="forbidden"}' => 1),
    step('what nginx does not read',
         sub { $gw->raw("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n") },
         'requests_total{scope="none",outcome="other"}' => 1,
         'refusals_total{reason="bad_request"}' => 1),
    step('a backend that is down', sub { ask('/down/x') },
         'requests_total{scope="none",outcome="failed"}' => 1,
         'refusals_total{reason="upstream_failed"}' => 1),
    step('a client that leaves', \&leave,
         'requests_total{scope="none",outcome="aborted"}' => 1),

    walk_of('checks', 4, 'native'),
    walk_of('mutators', 3, 'sliced'),
    merged(),
    filtered(),
);

my $before = counters();

# one process each; a byte in the pipe tells that half of it is done

pipe my $half, my $half_done or die "pipe: $!";

my @pids = map {
    my $pid = fork // die "fork: $!";
    play($_) if !$pid;
    $pid;
} 1 .. $CLIENTS;

close $half_done;
sysread $half, my $byte, 1;
$gw->reload;

is scalar(grep { waitpid($_, 0); $? != 0 } @pids), 0,
    'the clients got what they expected';

my %expected;

for my $step (@steps) {
    my %adds = @{ $step->{adds} };
    $expected{$P . $_} += $adds{$_} * $CLIENTS * $ROUNDS for keys %adds;
}

$expected{"${P}redis_commands_total"} =
    sum_of(qr/cursor_operations_total/, \%expected);

my $got;

$t->wait_for(sub { $got = changes(); JSON::PP->new->canonical->encode($got)
                   eq JSON::PP->new->canonical->encode(\%expected) });

is_deeply $got, \%expected, 'the counters say what was done, exactly'
    or diag explain { map { ($got->{$_} // 0) == ($expected{$_} // 0) ? ()
                            : ($_ => [ $got->{$_}, $expected{$_} ]) }
                      keys %{ { %$got, %expected } } };

my $after = counters();

is sum_of(qr/refusals_total/, $got),
   sum_of(qr/outcome="(?:refused|other|failed)"/, $got),
   'each refusal has one reason, and so has each failure';

for my $op (qw(get set)) {
    my $count = $after->value("${P}store_operation_duration_seconds_count"
                              . "{operation=\"$op\"}");
    is $count, sum_of(qr/cursor_operations_total\{operation="$op"/,
                      { map { $_ => $after->value($_) } $after->series }),
        "each $op of the store was timed";
}

ok $t->wait_for(sub { counters()->value("${P}redis_connections") == 4 }),
    'a connection to Redis for each worker';
is $after->value("${P}start_time_seconds"),
   $before->value("${P}start_time_seconds"), 'a reload keeps the counters';

# a worker that was killed leaves no connections behind

my ($victim) = $gw->workers;
$t->allow(qr/worker process $victim exited on signal 9/);
kill KILL => $victim;

ok $t->wait_for(sub {
    return 4 == grep { $_ != $victim } $gw->workers;
}), 'a worker was killed, another one started';
ok $t->wait_for(sub { counters()->value("${P}redis_connections") == 4 }),
    'the connections are four again';


subtest 'by route and class, each with how long it took' => sub {
    my $from = counters();

    ask($object);
    ask("$path/none");
    $gw->post($path, '{', token => $token);
    $gw->get($path);
    ask($path);
    ask('/api/core/v2/handlers');                    # merged, of two
    my $page = ask("$path?limit=1");
    ask("$path?limit=0&continue=AAAAAAAAAAAAAAAAAAAAAA");
    $gw->get('/health');
    ask('/down/x');
    leave();

    my %want = ('read",class="2xx' => 1, 'read",class="4xx' => 1,
                'write",class="4xx' => 1, 'list",class="2xx' => 2,
                'list",class="4xx' => 1, 'page",class="2xx' => 1,
                'page",class="4xx' => 1, 'other",class="2xx' => 1,
                'other",class="5xx' => 1, 'other",class="4xx' => 1);
    my %asked = (read => 2, list => 3, page => 1, other => 3);
    my ($got, %class, %took, %answers);

    $t->wait_for(sub {
        $got = counters()->less($from);
        %class = map { /responses_total\{route="(.*)"\}/
                       && $got->{$_} ? ($1 => $got->{$_}) : () } keys %$got;
        return sum(values %class) == sum(values %want);
    });

    is_deeply \%class, \%want, 'an answer each';

    for my $route (qw(read write list page other)) {
        $took{$route} = $got->{"${P}request_duration_seconds_count"
                               . "{route=\"$route\"}"} // 0;
        $answers{$route} = $got->{"${P}backend_duration_seconds_count"
                                  . "{route=\"$route\"}"} || next;
    }

    is_deeply \%took, { read => 2, write => 1, list => 3, page => 2,
                        other => 3 }, 'all took some time';
    is_deeply \%answers, \%asked,
        'of those that the backend was asked for, the list of two twice';
};


subtest 'a list of which a page takes a part' => sub {
    my $back = $t->upstream(sub {
        my ($c, $req) = @_;
        my ($ns) = $req->{path} =~ m{/namespaces/([^/]+)/};

        $c->reply(200, '[' . join(',', map {
            qq({"metadata":{"name":"$_","namespace":"$ns"}})
        } $ns eq 'a' ? () : qw(a b c)) . ']');
    });
    my $gw = $t->nginx(
        backend => $back,
        server => 'sensu_native_pages off; sensu_namespaces "a b c";',
        locations => 'location = /metrics { sensu_gateway off; sensu_metrics; }',
    );

    is scalar(@{ elements($gw->get('/api/core/v2/checks?limit=4',
                                   token => $t->token)->{body}) }), 4, 'a page';
    like $gw->get('/metrics')->{body},
         qr/^${P}list_elements_scanned_total 6$/m, 'each was read once';
};


subtest 'the dashboard and the alerts' => sub {
    my $dashboard = slurp('docs/grafana-dashboard.json');
    my $alerts = slurp('docs/alerts.yml');

    my $json = eval { JSON::PP->new->utf8->decode($dashboard) };
    ok $json, 'the dashboard is JSON' or diag $@;
    ok @{ $json->{panels} } > 10, 'it has panels';

    my %series = map { s/\{.*//r => 1 } $after->series;
    my %label = map { map { $_ => 1 } /([a-z]+="[^"]*")/g } $after->series;
    my %used;

    for my $text ($dashboard, $alerts) {
        $used{$_} = 1 for $text =~ /\b(sensu_gateway_[a-z_]+)/g;
    }

    is_deeply [ grep { !$series{$_} } sort keys %used ], [],
        'each name in them is a metric';
    is_deeply [ grep { !$used{$_} && !$used{"${_}_bucket"} }
                $after->families ], [], 'each metric is on them';

    my @labels = map { s/\\"/"/gr } $dashboard =~ /\b([a-z]+=\\"[a-z_]+\\")/g,
                 $alerts =~ /\b([a-z]+="[a-z_]+")/g;
    is_deeply [ grep { !$label{$_} } @labels ], [], 'so is each label';

    for my $any (map { split /\|/ } $alerts =~ /reason=~"([^"]+)"/g) {
        ok $label{"reason=\"$any\""}, "and the reason $any";
    }
};

$t->done;


sub step {
    my ($name, $do, @adds) = @_;
    return { name => $name, do => $do, adds => \@adds };
}


sub refused {
    my ($reason, $scope) = @_;
    return ("requests_total{scope=\"$scope\",outcome=\"refused\"}" => 1,
            "refusals_total{reason=\"$reason\"}" => 1);
}


sub guard { return ("guard_hits_total{point=\"$_[0]\"}" => 1) }


sub ask { return $gw->get($_[0], token => $token) }


# A worker that is to end closes the connection behind the answer under way, as
# nginx does: what it has not read is asked again.

sub pipeline {
    my $get = "GET $object HTTP/1.1\r\nHost: localhost\r\n";
    my $auth = "Authorization: Bearer $token\r\n";

    my @ask = ("$get$auth\r\n", "$get\r\n", "$get${auth}Connection: close\r\n\r\n");
    my @got;

    while (@ask) {
        my @answered = grep { $_ } map { $_->{status} }
                       $gw->raw(join('', @ask), scalar @ask);
        die "@got and no answer\n" if !@answered;

        push @got, @answered;
        splice @ask, 0, scalar @answered;
    }

    die "@got\n" if "@got" ne '200 401 200';
}


sub leave {
    my $c = $gw->connection;

    $c->send("GET /stall/x HTTP/1.1\r\nHost: localhost\r\n"
             . "Authorization: Bearer $token\r\n\r\n");
    $c->close;
}


# a whole walk: what it reads and sends follows from the list alone

sub walk_of {
    my ($type, $limit, $kind) = @_;

    my $list = $demo->get("/api/core/v2/$type", token => $token)->{body};
    my @all = @{ elements($list) };
    my $pages = int((@all + $limit - 1) / $limit);
    my ($scanned, $read) = (0, 0);

    for my $i (0 .. $pages - 1) {
        my $from = $kind eq 'native' ? $i * $limit : 0;
        my $to = $i * $limit + $limit;              # and one to see more
        $to = $#all if $to > $#all;

        $scanned += $to - $from + 1;
        $read += $kind eq 'native'
                 ? length '[' . join(',', @all[$from .. $to]) . ']'
                 : length $list;
    }

    my $sent = sum(map { 1 + length } @all);

    my $do = sub {
        my $walk = $gw->walk("/api/core/v2/$type", $limit, token => $token);
        die "$type\n" if @{ $walk->{pages} } != $pages;
    };

    return step("a walk over $type", $do,
                $wide => $pages, lists($scanned, scalar @all, $read, $sent),
                "pages_total{kind=\"$kind\"}" => $pages,
                list_fetches_total => $pages,
                'cursor_operations_total{operation="get",result="ok"}'
                    => $pages - 1,
                'cursor_operations_total{operation="set",result="ok"}'
                    => $pages - 1);
}


sub merged {
    my @lists = map { $demo->get("/api/core/v2/namespaces/$_/handlers",
                                 token => $token)->{body} } qw(default dev);
    my @own = grep { /"namespace":"(?:default|dev)"/ }
              @{ elements($demo->get('/api/core/v2/handlers',
                                     token => $token)->{body}) };
    my $scanned = sum(map { scalar @{ elements($_) } } @lists);
    my $left = $scanned - @own;

    return step('an unpaged list of two namespaces',
                sub { ask('/api/core/v2/handlers') }, $wide => 1,
                lists($scanned, scalar @own, sum(map { length } @lists),
                      sum(map { 1 + length } @own)),
                'whole_lists_total{kind="merged"}' => 1,
                list_fetches_total => 2,
                list_elements_withheld_total => $left,
                $left ? guard('list') : ());
}


sub filtered {
    my $list = $demo->get($path, token => $token)->{body};
    my @all = @{ elements($list) };
    my @own = grep { /"namespace":"dev"/ } @all;

    return step('the unpaged list of a namespace', sub { ask($path) },
                $good => 1,
                lists(scalar @all, scalar @own, length $list,
                      sum(map { 1 + length } @own)),
                'whole_lists_total{kind="filtered"}' => 1,
                list_elements_withheld_total => @all - @own,
                guard('list'));
}


sub lists {
    my ($scanned, $delivered, $read, $sent) = @_;

    return (list_elements_scanned_total => $scanned,
            list_elements_delivered_total => $delivered,
            list_read_bytes_total => $read,
            list_delivered_bytes_total => $sent,
            list_skipped_bytes_total => $read - $sent);
}


sub play {
    my ($client) = @_;

    srand $client;

    for my $round (1 .. $ROUNDS) {
        for my $step (shuffle @steps) {
            eval { $step->{do}->(); 1 } and next;
            print STDERR "$step->{name}: $@";
            POSIX::_exit(1);
        }

        syswrite $half_done, 'x' if $round == 1;
    }

    POSIX::_exit(0);
}


sub counters { SensuTest::Metrics->parse($gw->get('/metrics')->{body}) }


# of the counters, but those of new workers' connections

sub changes {
    my $change = counters()->less($before);

    # whether the end of a list comes in time, or is cut, is the machine's;
    # routes and classes have a test of their own
    delete @$change{ grep { !/_total\b/
                            || /redis_connects|upstream_cuts|responses/ }
                     keys %$change };
    return $change;
}


sub sum { my $n = 0; $n += $_ for @_; return $n }


sub sum_of {
    my ($pattern, $values) = @_;
    return sum(map { $values->{$_} } grep { $_ =~ $pattern } keys %$values);
}
