# Reloads under load, with keys that come and go: no wrong verdict and no
# failed request, and no worker that ends badly.

use lib 't/lib';
use SensuTest;

use POSIX ();
use Time::HiRes qw(sleep time);

my $t = SensuTest->new;
my $back = $t->upstream(sub { $_[0]->reply(200, '{}') });

my %secret = (old => $t->secret, new => pack 'H*', '7a' x 32);
$t->write('new.hex', '7a' x 32, 0600);

my %key = (
    old => 'sensu_jwt_key HS256 ' . $t->secret_file . ' kid=old;',
    new => "sensu_jwt_key HS256 @{[$t->dir]}/new.hex format=hex kid=new;",
);

my $gw = $t->nginx(backend => $back, gateway => 0, workers => 2,
                   main => 'worker_shutdown_timeout 5s;',
                   server => "sensu_gateway on; $key{old}");

my $path = '/api/core/v2/namespaces/a/checks/b';
my %token = map { $_ => jwt('HS256', { sub => $_, exp => time + 900 },
                            $secret{$_}, kid => $_) } qw(old new);
my $forged = jwt('HS256', { sub => 'eve', exp => time + 900 }, 'x' x 32,
                 kid => 'old');

subtest 'a key is added, then the old one removed' => sub {
    is status('old'), 200, 'old';
    is status('new'), 401, 'not new yet';

    my @workers = $gw->workers;
    $gw->reload(server => "sensu_gateway on; $key{old} $key{new}");
    isnt join(' ', $gw->workers), join(' ', @workers), 'new workers';

    is status($_), 200, "$_ is good" for qw(old new old new);

    $gw->reload(server => "sensu_gateway on; $key{new}");

    is status('new'), 200, 'new';
    is status('old'), 401, 'old is gone, though it was remembered' for 1 .. 3;
};

subtest 'what is right before a reload is asked anew after it' => sub {
    my %rules = (
        'an issuer' => 'sensu_jwt_issuer https://issuer;',
        'an audience' => 'sensu_jwt_audience sensu;',
    );

    is status('new'), 200, 'good';

    for my $name (sort keys %rules) {
        $gw->reload(server => "sensu_gateway on; $key{new} $rules{$name}");
        is status('new'), 401, "$name is asked for";
        $gw->reload(server => "sensu_gateway on; $key{new}");
        is status('new'), 200, 'and not any more';
    }
};

subtest 'HUP every 50 ms under load' => sub {
    # what is good at every moment, and what is good at none

    my %want = (new => 200, forged => 401, none => 401);

    $gw->reload(server => "sensu_gateway on; include @{[keys_file(0)]};");

    my @loads = map { load($_ % 2, \%want) } 1 .. 3;

    my $end = time + ($ENV{RELOAD_SECONDS} // 8);
    my $n = 0;

    while (time < $end) {
        keys_file(++$n);
        $gw->{process}->signal('HUP');
        sleep 0.05;
    }

    my ($requests, @wrong) = (0);

    for my $load (@loads) {
        my $said = finish($load);
        $requests += $1 if $said =~ /^requests (\d+)/m;
        push @wrong, $said =~ /^wrong (.*)/mg;
    }

    is scalar @wrong, 0, "no wrong answer of $requests" or diag @wrong[0 .. 5];
    cmp_ok $requests, '>=', 300, 'each load made its hundred';
    cmp_ok $n, '>', 20, "over $n reloads";

    ok $t->wait_for(sub { $gw->workers == 2 }), 'two workers are left';

    my @ended = $gw->grep_log(qr/worker process \d+ exited with code/);
    cmp_ok scalar(@ended), '>', 10, 'workers came and went';
    is scalar(grep { !/exited with code 0/ } @ended), 0, 'all with 0';
};

$t->done;


sub status { $gw->get($path, token => $token{$_[0]})->{status} }


# both keys, in one order or the other; whole at every moment

sub keys_file {
    my ($n) = @_;

    my $new = $t->write('keys.tmp', $n % 2 ? "$key{old} $key{new}"
                                           : "$key{new} $key{old}");
    my $file = $t->dir . '/keys.inc';
    rename $new, $file or die "$file: $!";

    return $file;
}


# A process that asks until it is told to stop, on connections that it keeps
# or on new ones. A kept connection that nginx closes between two requests is
# no failure: the request goes out again, once, on a new one.

sub load {
    my ($keep, $want) = @_;

    my $stop = $t->dir . "/stop.$keep." . rand;
    my $log = "$stop.log";

    my $process = SensuTest::Process->spawn_sub(sub {
        open my $out, '>', $log or die $!;
        my ($n, $c) = (0);

        until (-e $stop && $n >= 100) {
            for my $who (sort keys %$want) {
                my $r = ask($keep, \$c, $who);
                $n++;

                print $out "wrong $who: $r->{status} $r->{error}\n"
                    if $r->{status} != $want->{$who};
            }
        }

        print $out "requests $n\n";
        close $out;
    });

    return { process => $process, stop => $stop, log => $log };
}


sub ask {
    my ($keep, $c, $who) = @_;

    my $token = $who eq 'forged' ? $forged : $token{$who};
    my $head = "GET $path HTTP/1.1\r\nHost: a\r\n"
             . ($token ? "Authorization: Bearer $token\r\n" : '')
             . ($keep ? '' : "Connection: close\r\n") . "\r\n";

    my $kept = $keep && $$c;

    $$c = $gw->connection if !$kept;
    $$c->send($head);

    my $r = $$c->response;

    if ($r->{status} == 0 && $kept) {
        $$c = $gw->connection;
        $$c->send($head);
        $r = $$c->response;
    }

    $$c = undef if !$keep || $r->{status} == 0
                   || lc($r->header('Connection') // '') eq 'close';

    return $r;
}


sub finish {
    my ($load) = @_;

    $t->write($load->{stop} =~ s/.*\///r, '');
    $t->wait_for(sub { !$load->{process}->alive }, 120);
    $load->{process}->stop('KILL');

    return slurp($load->{log});
}
