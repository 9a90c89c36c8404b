# sensu_rate_limit: one limit for all gateways that share a Redis.

use lib 't/lib';
use SensuTest;

use IO::Select;

my $t = SensuTest->new;
my $back = $t->upstream(sub { $_[0]->reply(200, '[]') });
my $redis = $t->redis;

# one more location a case, so that each counts for itself

my $locations = join '', map { location(@$_) } (
    ['burst',  '$arg_key rate=1r/m burst=9'],
    ['second', '$arg_key rate=6r/m'],
    ['apart',  '$arg_key rate=6 r/m burst=2'],
    ['open',   '$arg_key rate=1r/m fail=open'],
    ['closed', '$arg_key rate=1r/m fail=closed'],
    ['user',   '$sensu_user rate=1r/m'],
);

my %common = (
    backend   => $back,
    gateway   => 0,
    http      => 'sensu_redis ' . $redis->url . ' timeout=5s;',
    server    => 'sensu_jwt_key HS256 ' . $t->secret_file . ';'
                 . ' sensu_public /burst /second /apart /open /closed;',
    locations => $locations,
);

my @gw = map { $t->nginx(%common, workers => 2) } 1, 2;


subtest '100 at once over two gateways: exactly as many as allowed' => sub {
    my @open = map {
        my $c = $gw[$_ % 2]->connection;
        $c->send("GET /burst?key=crowd HTTP/1.1\r\nHost: a\r\n"
                 . "Connection: close\r\n\r\n");
        $c;
    } 1 .. 100;

    my %status;
    $status{ $_->response->{status} }++ for @open;

    is_deeply \%status, { 200 => 10, 429 => 90 }, 'ten pass';
};

subtest 'what a client is told' => sub {
    my $r = get(0, '/burst?key=told');

    is $r->{status}, 200, 'passed';
    is $r->header('RateLimit-Policy'), '"default";q=10;w=600', 'the policy';
    like $r->header('RateLimit'), qr/^"default";r=9;t=60$/, 'what is left';
    is $r->header('Retry-After'), undef, 'no need to wait';

    get($_ % 2, '/burst?key=told') for 2 .. 10;
    $r = get(1, '/burst?key=told');

    is $r->{status}, 429, 'the eleventh does not';
    is_deeply $r->json,
        { message => 'too many requests', code => 1,
          reason => 'rate_limited' }, 'JSON';

    my ($left, $reset) = $r->header('RateLimit') =~ /r=(\d+);t=(\d+)/;

    is $left, 0, 'nothing left';
    cmp_ok $r->header('Retry-After'), '>=', $reset, 'not before the quota';
    cmp_ok $r->header('Retry-After'), '>=', 1, 'not at once';
    cmp_ok $r->header('Retry-After'), '<=', 60, 'but soon';
};

subtest 'keys' => sub {
    is get(0, '/burst')->{status}, 200, 'an empty one is not limited'
        for 1 .. 12;

    get(0, '/second?key=a');
    is get(0, '/second?key=b')->{status}, 200, 'each has a limit of its own';
    is get(0, '/second?key=a')->{status}, 429, 'that holds';
    is get(0, '/closed?key=' . 'x' x 4000)->{status}, 200, 'a long one';
    is get(0, '/closed?key=' . 'x' x 4000)->{status}, 429, 'is limited, too';

    cmp_ok length, '<=', 220, 'no key in Redis is long' for $redis->keys;
};

subtest 'a unit on its own' => sub {
    my @status = map { get(0, '/apart?key=a')->{status} } 1 .. 4;

    is_deeply \@status, [200, 200, 200, 429], '6 r/m burst=2';
};

subtest 'by user' => sub {
    my %a = (token => $t->token(sub => 'a'));

    is get(0, '/user', %a)->{status}, 200, 'his first';
    is get(1, '/user', %a)->{status}, 429, 'his second, elsewhere';
    is get(1, '/user', token => $t->token(sub => 'b'))->{status}, 200,
       'another user';
    is get(1, '/user', token => $t->token(sub => 'a', exp => 1))->{status},
       401, 'an expired token is not his: not limited, but refused';
};

subtest 'the quota comes back' => sub {
    get(0, '/second?key=back');
    is get(0, '/second?key=back')->{status}, 429, 'used up';

    ok $t->wait_for(sub {
        get(0, '/second?key=back')->{status} == 200
    }), 'there again';
};

subtest 'without Redis' => sub {
    $redis->kill;

    my $r = get(0, '/closed?key=z');

    is $r->{status}, 503, 'fail=closed refuses';
    is $r->json->{reason}, 'rate_limit_failed', 'and says why';
    ok $r->header('Retry-After'), 'and when to try again';

    is get(0, '/open?key=z')->{status}, 200, 'fail=open lets pass'
        for 1 .. 3;

    $redis->restart;

    ok $t->wait_for(sub { $redis->clients == 4 }), 'each worker finds it again';

    for my $n (0, 1) {
        is get($n, "/closed?key=n$n")->{status}, 200,
           "gateway $n works again without a reload";
    }
};

subtest 'after the clock of Redis was set back' => sub {
    my $now = $redis->cmd('TIME')->[0];
    my $ahead = sub { sprintf '%d000000', $now + $_[0] };

    # as keys are then: their time is ahead, and so is their end
    for my $whole ($ahead->(3600), '1e308', 'inf', 'nan', 'x') {
        get(0, '/burst?key=back');
        my ($key) = grep { /back/ } $redis->keys;
        $redis->cmd('SET', $key, $whole, 'PX', 3_600_000);
        is get($_ % 2, '/burst?key=back')->{status}, 200, "$whole: passed"
            for 1 .. 10;
        is get(0, '/burst?key=back')->{status}, 429, 'and counted from there';
        $redis->cmd('DEL', $key);
    }

    # a window is ten minutes
    get(0, '/burst?key=back');
    my ($key) = grep { /back/ } $redis->keys;
    $redis->cmd('SET', $key, $ahead->(900), 'PX', 3_600_000);
    my $r = get(0, '/burst?key=back');
    is $r->{status}, 429, 'a step shorter than a window gives nobody a new one';
    cmp_ok $r->header('Retry-After'), '<=', 60, 'and is cut';
};

subtest 'a limit that makes no sense does not start' => sub {
    for my $case (
        ['$arg_key burst=3', qr/needs a rate, such as rate=10r\/s/],
        ['$arg_key rate=0r/s', qr/"rate=0r\/s" is not a parameter/],
        ['$arg_key rate=5', qr/needs a rate/],
        ['$arg_key rate=5r/h', qr/use rate=10r\/s or rate=600r\/m/],
        ['$arg_key rate=5r/s burst=x', qr/"burst=x" is not a parameter/],
        ['$arg_key rate=5r/s fail=maybe', qr/fail=open or fail=closed/])
    {
        my ($ok, $said) = check($case->[0], $common{http});

        ok !$ok, $case->[0];
        like $said, $case->[1], 'says what is right';
    }

    my ($ok, $said) = check('$arg_key rate=5r/s', '');

    ok !$ok, 'without Redis';
    like $said, qr/in \S+:\d+ needs a Redis to count in, add "sensu_redis/,
         'says so, and where';
};

$t->done;


sub location {
    my ($name, $limit) = @_;

    return "location = /$name { sensu_gateway on; "
           . "sensu_rate_limit $limit; proxy_pass http://sensu; }\n";
}


sub get {
    my ($i, $path, @opt) = @_;
    return $gw[$i]->get($path, @opt);
}


sub check {
    my ($limit, $http) = @_;

    return $t->nginx(%common, http => $http, start => 0,
                     locations => location('a', $limit))->check;
}
