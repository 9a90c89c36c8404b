# Large lists over several namespaces, not paged: they stream through, whatever
# the protocol and however slow the client, and the worker does not grow with
# them; nor does a page over a thousand namespaces cost a thousand buffers.

use lib 't/lib';
use SensuTest;

use Time::HiRes qw(sleep);

my $CORE = '/api/core/v2';

my $t = SensuTest->new;
my $demo = $t->demo('--no-token-store', '--scale', 4500,
                    '--scale-namespaces', 3);
my $token = $t->token(sub => 'admin');
my $path = "$CORE/events";
my @as = (token => $token, headers => ['X-May' => 'load-1,load-2,load-3']);

my %gw = map { $_->[0] => $t->nginx(
    backend => $demo, location => "sensu_namespaces \$http_x_may; $_->[1]") }
    ['buffered', ''], ['unbuffered', 'proxy_buffering off;'],
    ['small', 'proxy_buffer_size 4k; proxy_buffers 2 4k;'
              . 'proxy_busy_buffers_size 4k; proxy_max_temp_file_size 0;'];

# the backend's own, of these three namespaces

my $expected = join ',', map {
    $demo->get("$CORE/namespaces/$_/events?continue=AA", token => $token)
        ->{body} =~ s/\A\[|\]\z//gr } qw(load-1 load-2 load-3);
$expected = "[$expected]";

cmp_ok length $expected, '>', 10_000_000, 'a large list';


sub peak {
    my ($gw) = @_;

    my ($worker) = $gw->workers;
    my ($kilobytes) = slurp("/proc/$worker/status") =~ /^VmHWM:\s*(\d+)/m;
    return $kilobytes;
}


sub same {
    my ($r, $name) = @_;

    # not is(): a difference would print all of it
    ok $r->{body} eq $expected && $r->{complete}, $name
        or diag "$r->{status}, " . length($r->{body}) . " bytes, $r->{error}";
}


for my $name (sort keys %gw) {
    my $gw = $gw{$name};

    subtest $name => sub {
        $gw->get("$path?limit=1", @as);
        my $before = peak($gw);

        same($gw->get($path, @as), 'HTTP/1.1');
        same($gw->get($path, @as, version => '1.0'), 'HTTP/1.0');
        same($gw->h2($path, @as, timeout => 60), 'HTTP/2');

        cmp_ok peak($gw) - $before, '<', $t->memory(4000), 'the worker did not grow';
    };
}


sub open_list {
    my ($gw, $bytes) = @_;

    my $c = $gw->connection(timeout => 60);
    $c->send(SensuTest::HTTP::message($gw, 'GET', $path, @as));

    my $got = '';
    while (length $got < $bytes) {
        sysread $c->{socket}, $got, 65536, length $got or last;
    }

    return ($c, $got);
}


subtest 'a slow client' => sub {
    my $gw = $gw{small};
    my $before = peak($gw);

    my ($c, $got) = open_list($gw, 100_000);

    for (1 .. 20) {
        sleep 0.05;
        sysread $c->{socket}, $got, 65536, length $got;
    }

    1 while sysread $c->{socket}, $got, 1 << 20, length $got;
    $got =~ s/\A.*?\r\n\r\n//s;
    my %unchunked;
    $unchunked{body} = '';

    while ($got =~ /\G([0-9a-f]+)\r\n/gc) {
        my $n = hex $1;
        $unchunked{body} .= substr $got, pos($got), $n;
        pos($got) += $n + 2;
        $unchunked{complete} = 1 if $n == 0;
    }

    same({ status => 200, error => '', %unchunked }, 'gets all of it');
    cmp_ok peak($gw) - $before, '<', $t->memory(4000), 'the worker did not grow';
};


subtest 'clients that go' => sub {
    for my $name (sort keys %gw) {
        my $gw = $gw{$name};

        for my $bytes (1, 100_000, 8_000_000) {
            my ($c) = open_list($gw, $bytes);
            $bytes == 1 ? $c->reset : $c->close;
        }

        same($gw->get($path, @as), "$name: the next one gets all");
    }
};


subtest 'a client that takes nothing' => sub {
    my $impatient = $t->nginx(backend => $demo, location =>
        'sensu_namespaces $http_x_may; send_timeout 1s;');

    my ($c) = open_list($impatient, 1);

    ok $t->wait_for(sub { $impatient->grep_log(qr/client timed out/) }),
       'is given up';

    local $SIG{ALRM} = sub { die "he was not given up\n" };
    alarm 30;

    my $rest = '';
    1 while sysread $c->{socket}, $rest, 1 << 20;
    alarm 0;

    unlike $rest, qr/\]\r\n0\r\n\r\n\z/, 'has no end';
    is scalar($impatient->grep_log(qr/client timed out/)), 1, 'once';

    same($impatient->get($path, @as), 'the next one gets all');
};


subtest 'many namespaces' => sub {
    my $n = 600;
    my $may = join ',', map { sprintf 'n%03d', $_ } 1 .. $n;
    my $last = sprintf 'n%03d', $n;
    my $one = qq([{"metadata":{"name":"x","namespace":"$last"}}]);

    my $empty = $t->nginx(
        http => "map \$uri \$list { ~/$last/ '$one'; default '[]'; }",
        location => 'default_type application/json; return 200 $list;');
    for my $query ('?limit=10', '') {
        my $gw = $t->nginx(
            backend => $empty,
            http => "map \$host \$may { default $may; }",
            location => 'sensu_namespaces $may;');

        $gw->get("$CORE/namespaces/n001/hooks?limit=1", token => $token);

        my $before = peak($gw);
        my $r = $gw->get("$CORE/hooks$query", token => $token);
        my $grown = peak($gw) - $before;

        is $r->{body}, $one, "hooks$query: the one that there is";
        cmp_ok $grown, '<', $t->memory(20 * $n), 'for less than 20 KB each';
    }
};

$t->done;
