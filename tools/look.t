# What others make of metrics, alerts, dashboard and status page: promtool and
# a headless Chromium. "make look" starts this; the screenshots are to be
# looked at, in build/look.

use lib 't/lib';
use SensuTest;

use JSON::PP ();

my $t = SensuTest->new;
my $demo = $t->demo('--rich', '--secret-file', $t->secret_file);
my $redis = $t->redis;

my $gw = $t->nginx(
    backend => $demo,
    workers => 2,
    http => 'sensu_redis ' . $redis->url . ';'
            . 'upstream pair { zone pair 256k; server 127.0.0.1:'
            . $t->port . ' max_fails=1 fail_timeout=600s; server 127.0.0.2:'
            . $t->port . ' max_fails=1 fail_timeout=600s; }',
    locations => 'location = /metrics { sensu_gateway off; sensu_metrics; }'
                 . 'location /down/ { proxy_pass http://pair; }'
                 . 'location = /status { sensu_gateway off; sensu_status; }');

my $token = $demo->login;
my $url = 'http://127.0.0.1:' . $gw->port . '/status';

load();

subtest 'promtool' => sub {
    my $metrics = $t->write('metrics.txt', $gw->get('/metrics')->{body});

    is `promtool check metrics < $metrics 2>&1`, '', 'the metrics';
    like `promtool check rules docs/alerts.yml 2>&1`, qr/SUCCESS: \d+ rules/,
        'the alerts';

    my ($scrape) = slurp('docs/directives.md') =~ /^```yaml\n(scrape_configs:.*?)^```$/ms;
    like `promtool check config @{[$t->write('prometheus.yml', $scrape)]} 2>&1`,
        qr/SUCCESS: .*prometheus\.yml is valid/, 'the configuration in the docs';

    my $dashboard = JSON::PP->new->utf8->decode(
        slurp('docs/grafana-dashboard.json'));
    my $n = 0;
    my @rules = map { { record => 'x:' . $n++, expr => $_ } }
                map { s/\$__rate_interval/5m/gr =~ s/\$instance/.*/gr }
                map { $_->{expr} } map { @{ $_->{targets} } }
                @{ $dashboard->{panels} };
    my $rules = $t->write('rules.yml', JSON::PP->new->encode(
        { groups => [ { name => 'x', rules => \@rules } ] }));

    like `promtool check rules $rules 2>&1`, qr/SUCCESS: $n rules/,
        'each expression of the dashboard';
};

# The page fetches itself anew every five seconds; requests go on meanwhile.

my $load = SensuTest::Process->spawn_sub(sub {
    while (getppid != 1) {
        load();
        select undef, undef, undef, 0.02;
    }
});

mkdir 'build/look';

for my $shot ([ 'wide', '1280,1800' ],
              [ 'narrow', '390,1800' ],
              [ 'narrow-dark', '390,1800', '--force-dark-mode',
                '--blink-settings=preferredColorScheme=0' ],
              [ 'dark', '1280,1800', '--force-dark-mode',
                '--blink-settings=preferredColorScheme=0' ])
{
    my ($name, $size, @how) = @$shot;
    my $png = "build/look/$name.png";

    unlink $png;
    chromium(@how, "--window-size=$size", '--hide-scrollbars',
             "--screenshot=$png");
    cmp_ok -s $png // 0, '>', 10_000, "$png";
}

my $dom = chromium('--dump-dom');

# and a bad night: what is wrong, and the tiles, on the first screen of a phone

$gw->get('/down/x', token => $token) for 1 .. 3;
$redis->kill;
$t->wait_for(sub { $gw->get('/status')->{body} =~ /<b>Redis/ });

for my $shot ([ 'trouble-phone', '390,844' ],
              [ 'trouble-wide', '1280,900' ],
              [ 'trouble-dark', '1280,900', '--force-dark-mode',
                '--blink-settings=preferredColorScheme=0' ])
{
    my ($name, $size, @how) = @$shot;
    my $png = "build/look/$name.png";

    unlink $png;
    chromium(@how, "--window-size=$size", '--hide-scrollbars', "--screenshot=$png");
    cmp_ok -s $png // 0, '>', 10_000, "$png";
}

like $dom, qr/<polyline points="\d+\.\d,\d+\.\d \d/,
    'the script runs under the policy, fetches the page anew, draws the line';
like $dom, qr/<polyline points="[^"]*,(?!29\.0)\d/, 'which is not flat';
like $dom, qr/live, every 5 s/, 'it is live';
unlike slurp($t->dir . '/chromium.log'), qr/Content.Security.Policy|Uncaught/i,
    'Chromium has no complaint';

$load->stop('KILL', 5);
$t->done;


sub load {
    $gw->walk('/api/core/v2/checks', 5, token => $token);
    $gw->walk('/api/core/v2/silenced', 2, token => $token);
    $gw->get('/api/core/v2/checks');
    $gw->get('/api/core/v2/checks?limit=-1', token => $token);
    $gw->get('/api/core/v2/namespaces/dev/checks', token => $token);
}


# what it prints; time is virtual: 21 seconds pass as fast as they can

sub chromium {
    my (@args) = @_;

    my @cmd = (qw(timeout 60 chromium --headless --no-sandbox --disable-gpu
                  --disable-quic --no-first-run --enable-logging=stderr
                  --disable-background-networking --disable-sync
                  --disable-component-update --virtual-time-budget=21000),
               '--user-data-dir=' . $t->dir . '/chromium', @args, $url);

    open my $out, '-|', 'sh', '-c', 'exec "$@" 2>> "$0"',
         $t->dir . '/chromium.log', @cmd or die "chromium: $!";

    local $/;
    my $said = <$out> // '';
    close $out;

    is $?, 0, "chromium $args[0]"
        or diag slurp($t->dir . '/chromium.log');

    return $said;
}
