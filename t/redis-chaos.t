# A Redis gone mad: every sixth answer is something else than it should be, or
# comes byte by byte, late, cut off or never, from a server, sentinels and a
# cluster, plain and through TLS, while nginx reloads. No page is ever wrong,
# nobody waits long, and all is well as soon as Redis is.
#
#   CHAOS_SECONDS=2   for each of the six
#   CHAOS_SEED=n      of the troubles

use lib 't/lib';
use SensuTest;

use POSIX ();
use SensuTest::Chaos;
use SensuTest::Pages;
use SensuTest::Process;
use Time::HiRes qw(sleep time);

my $SECONDS = $ENV{CHAOS_SECONDS} // 2;
my $SEED = $ENV{CHAOS_SEED} // int rand 1e6;
my $WALKERS = 6;

my $t = SensuTest->new;
my $list = SensuTest::Pages->new($t, 30);
my @elements = $list->elements;
my $chaos = SensuTest::Chaos->new($t, seed => $SEED);
my @plain = $chaos->ports;
my @tls = map { $t->port } @plain;
my ($cert, $key) = certificate($t);
my $password = $t->write('password', "secret\n", 0600);

diag "CHAOS_SEED=$SEED";

# what the four say, through TLS; this nginx sends on after who reads has left

$t->allow(qr/SSL_shutdown\(\) failed .*application data after close notify/);
$t->nginx(conf => <<"END", module => 0);
%%GLOBALS%%
load_module ${\$t->modules}/ngx_stream_module.so;
worker_shutdown_timeout 1s;
events { worker_connections 1024; }
stream {
    ssl_certificate $cert;
    ssl_certificate_key $key;
${\join '', map {
    "    server { listen 127.0.0.1:$tls[$_] ssl; proxy_pass 127.0.0.1:$plain[$_]; }\n"
} 0 .. $#plain}}
http {
    server { listen 127.0.0.1:%%PORT%%; }
}
END

for my $tls (0, 1) {
    my @ports = map { "127.0.0.1:$_" } $tls ? @tls : @plain;

    for my $url ('redis' . 's' x $tls . "://$ports[0]/2",
                 "sentinel://$ports[0],$ports[1],$ports[2]/main/1",
                 "cluster://$ports[0],$ports[1]")
    {
        my ($kind) = $url =~ /(\w+)/;
        my $more = !$tls ? '' : "ca=$cert name=localhost"
                                . ($kind =~ /^redis/ ? '' : ' tls=on');
        $chaos->tell($tls ? @tls : @plain);
        chaos("$kind, " . ($tls ? 'TLS' : 'plain'), "$url $more");
    }
}

my %seen = $chaos->seen;
cmp_ok scalar(keys %seen), '>=', 40, 'so many kinds of trouble were made';

$t->done;


sub chaos {
    my ($name, $redis) = @_;

    my $gw = $t->nginx(backend => $list->backend, workers => 2,
        server => $list->server . ' sensu_logout on;',
        location => 'sensu_rate_limit $sensu_user rate=10000r/s burst=1000 '
                    . 'fail=open;',
        log_level => 'notice',
        http => "sensu_redis $redis timeout=200ms password_file=$password;");

    my $end = time + $SECONDS;
    my @walkers = map { walker($gw, $_, $end) } 1 .. $WALKERS;

    while (time < $end) {
        sleep $SECONDS < 3 ? $SECONDS / 2 : 3;
        $gw->reload;
    }

    my %said;
    for my $walker (@walkers) {
        waitpid $walker->{pid}, 0;
        for (split /\n/, slurp($walker->{file})) {
            my ($what, $n) = split /\t/;
            $said{$what} += $n;
        }
    }

    cmp_ok $said{200} // 0, '>', 0, "$name: there are pages";
    delete @said{qw(200 503 410 401)};
    is_deeply \%said, {}, "$name: pages as they should be, 503, 410 and 401";

    $chaos->calm;
    # each worker has a connection of its own
    ok $t->wait_for(sub { !grep { whole($gw) ne 'whole' } 1 .. 5 }),
        "$name: well, as soon as Redis is";
    my @fine = map { whole($gw) } 1 .. 5;
    is "@fine", 'whole whole whole whole whole', "$name: and stays so";
    $chaos->mad;
    $gw->stop;
}


# a walk: "whole", or what was wrong with it

sub whole {
    my ($gw) = @_;

    my @got = eval { $list->whole($gw) } or return $@;
    return "@got" eq "@elements" ? 'whole' : "@got";
}


# walks, each with a query of its own; an unexpected page is told by its name

sub walker {
    my ($gw, $n, $end) = @_;

    my $file = $t->dir . "/walker$n";
    my $pid = fork // die;
    return { pid => $pid, file => $file } if $pid;

    my (%said, $token, $at, $x);

    while (time < $end) {
        ($at, $x) = (0, "$n-" . int rand 1e9) if !defined $token;

        my $path = $list->path . "?limit=7&x=$x"
                   . (defined $token ? "&continue=$token" : '');
        my $start = time;
        my $r = $gw->get($path, token => $t->token(jti => "$x", sub => "u$n"));
        my $took = time - $start;
        my $what = $r->{status};

        if ($what == 200) {
            my $last = $at + 6 < $#elements ? $at + 6 : $#elements;
            $token = SensuTest::Pages::next_of($r);

            $what = "a wrong page: $r->{body}"
                if $r->{body} ne '[' . join(',', @elements[$at .. $last]) . ']';
            $what = 'a wrong end'
                if defined $token != ($last < $#elements);
            $at = $last + 1;

        } elsif ($what == 0 || $what == 410) {
            undef $token;
        }

        # a connection that was idle when its worker ended
        $what = 503 if $what == 0;

        $what = "$took seconds" if $took > 20 * $SensuTest::Process::SLOW;
        $said{ $what =~ tr/\n\t/  /r }++;
    }

    open my $fh, '>', $file or die;
    print $fh "$_\t$said{$_}\n" for keys %said;
    close $fh;

    POSIX::_exit(0);
}
