# The error log: a line says what, who and what to do, never the token, and
# what goes on and on is one line in a while.

use lib 't/lib';
use SensuTest;

my $t = SensuTest->new;
my $demo = $t->demo('--rich', '--secret-file', $t->secret_file,
                    '--no-token-store');
my $redis = $t->redis;

my $gw = $t->nginx(backend => $demo,
                   http => 'sensu_redis ' . $redis->url . ' timeout=5s;',
                   locations => 'location = /metrics { sensu_gateway off; '
                                . 'sensu_metrics; }');

my %who = (groups => ['cluster-admins']);
my $alice = $t->token(%who, sub => 'alice');
my $bob = $t->token(%who, sub => 'bob');
my $list = '/api/core/v2/checks?limit=1';

subtest 'a guard hit again and again' => sub {
    my @got = map { $gw->get("$list&limit=x", token => $alice)->{status} }
              1 .. 30;

    is_deeply \@got, [ (400) x 30 ], 'each is refused';
    counted('guard_hits_total{point="limit"}', 30);

    my @lines = $gw->grep_log(qr/\[warn\].*sensu: guard 7: /);
    is @lines, 1, 'one line';
    like $lines[0], qr/refused user "alice": limit is not a number/,
        'that says who, and what';
};

# Random subs, of what the fields of nginx's lines are made of: a program that
# looks for one finds nginx's own and no other.  N=2000 SEED=3 prove t/log.t

subtest 'a sub imitates no field' => sub {
    my $seed = $ENV{SEED} // int rand 1e6;
    my $n = $ENV{N} // 200;
    my @parts = ('"', ', ', ',', ' ', 'client: 9.9.9.9', 'server: x', '\\',
                 'request: "GET / HTTP/1.1"', "\x{a0}", "\x{2028}", "\x{e9}",
                 'host: "y"', 'may not use', '%s%V%n', '[error]', 'x' x 800);

    srand $seed;
    diag "SEED=$seed";

    my $none = $t->nginx(backend => $demo, server => 'sensu_namespaces "";');
    my @odd;

    for (1 .. $n) {
        my $sub = 'a' . join('', map { $parts[rand @parts] } 1 .. 1 + rand 6)
                  . 'z';
        $none->get('/api/core/v2/checks', token => $t->token(sub => $sub));
    }

    my @lines = $none->grep_log(qr/may not use "/);
    is @lines, $n, 'a line for each';

    for my $line (@lines) {
        my @client = $line =~ /client:\s*(\d[\d.]*)/g;
        my @host = $line =~ /host:\s*"([^"]*)"/g;
        my @user = $line =~ /: \*\d+ sensu: user "([!#-~]*)" may not use "/;

        push @odd, $line if "@client" ne '127.0.0.1' || @host != 1 || @user != 1
                            || length $user[0] > 600;
    }

    is_deeply \@odd, [], 'with the fields of nginx alone';
};

subtest 'a continue token of somebody else' => sub {
    my $token = $gw->get($list, token => $alice)->header('Sensu-Continue');

    my @got = map { $gw->get("$list&continue=$token", token => $bob)->{status} }
              1 .. 5;

    is_deeply \@got, [ (410) x 5 ], 'each is refused';
    counted('refusals_total{reason="continue_expired"}', 5);

    my @lines = $gw->grep_log(qr/continue token of another caller/);
    is @lines, 1, 'one line';
    like $lines[0], qr/\[warn\].*user "bob" sent/, 'that says who';
};

subtest 'a store that is gone' => sub {
    $redis->kill;

    my @got = map { $gw->get($list, token => $alice)->{status} } 1 .. 10;

    is_deeply \@got, [ (503) x 10 ], 'pages with more are refused';
    counted('refusals_total{reason="store_failed"}', 10);

    is scalar($gw->grep_log(qr/a page was refused with 503.*see the lines about/)),
        1, 'one line';
    ok $gw->grep_log(qr/redis\ .*\ is\ down:\ (?:.*;\ check\ the\ server
                        |Connection\ refused;\ check\ that\ it\ runs)/x),
        'and one that says what to do';
};

subtest 'a wrong secret' => sub {
    my $wrong = $t->nginx(backend => $demo);
    my $foreign = sub {
        my ($n) = @_;
        $wrong->get('/api/core/v2/checks', token =>
                    jwt('HS256', { sub => 'a', exp => time + 900 }, 'x' x 32))
            for 1 .. $n;
    };
    my $told = sub { scalar $wrong->grep_log(qr/\[warn\].*is sensu_jwt_key the secr/) };

    $foreign->(49);
    $wrong->get('/api/core/v2/checks', token => 'foo') for 1 .. 60;
    is $told->(), 0, 'not yet';

    $foreign->(30);
    is $told->(), 1, 'told once';

    $wrong->reload;
    is $wrong->get('/api/core/v2/checks', token => $alice)->{status}, 200, 'one';
    $foreign->(60);
    is $told->(), 1, 'where one token is good the others are foreign';

    $wrong->reload;
    $foreign->(50);
    is $told->(), 2, 'a reload begins anew';
};

ok index($gw->log, (split /\./, $alice)[2]) < 0
   && index($gw->log, (split /\./, $bob)[1]) < 0, 'no bearer token is in it';

$t->done;


sub counted {
    my ($series, $n) = @_;

    ok $t->wait_for(sub {
        my ($found) = $gw->get('/metrics')->{body}
                      =~ /^sensu_gateway_\Q$series\E (\d+)$/m;
        return $found == $n;
    }), 'and counted';
}
