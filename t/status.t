# sensu_status: the counters as a page that needs nothing but itself. What its
# script does in a browser is for "make look".

use lib 't/lib';
use SensuTest;

use Digest::SHA qw(sha256_base64);

my $t = SensuTest->new;
my $demo = $t->demo('--rich', '--secret-file', $t->secret_file);
my $redis = $t->redis;

my $nobody = $t->port;
my ($cert, $key) = certificate($t);     # good for 30 days; see below

my $gw = $t->nginx(
    backend => $demo,
    http => 'sensu_redis ' . $redis->url . ' timeout=5s;' . <<"END",
        upstream pair {
            zone pair 256k;
            server 127.0.0.1:$nobody max_fails=1 fail_timeout=600s;
            server 127.0.0.2:$nobody max_fails=1 fail_timeout=600s;
        }
        server {
            listen 127.0.0.1:@{[$t->port]} ssl;
            server_name soon.example;
            ssl_certificate @{[soon($t, $key)]};
            ssl_certificate_key $key;
            sensu_gateway on;
            sensu_jwt_key HS256 @{[$t->secret_file]};
            location / { proxy_pass http://pair; }
        }
END
    locations => 'location = /status { sensu_gateway off; sensu_status; }'
                 . 'location = /closed { sensu_status; }'
                 . 'location /pair/ { proxy_pass http://pair; }');

my $token = $demo->login;

my $pages = $gw->walk('/api/core/v2/checks', 5, token => $token)->{pages};
$gw->get('/api/core/v2/checks');
$gw->get('/api/core/v2/checks?limit=-1', token => $token);

my ($page, $body);

subtest 'the response' => sub {
    $page = fresh();
    $body = $page->{body};

    is $page->header('Content-Type'), 'text/html; charset=utf-8', 'is HTML';
    is $page->header('Cache-Control'), 'no-store', 'not to be stored';

    my $head = $gw->request('HEAD', '/status');
    is $head->{status}, 200, 'HEAD is answered';
    is $head->{body}, '', 'without a body';

    is $gw->post('/status', 'x')->{status}, 405, 'POST is not';
    is $gw->get('/closed')->{status}, 401, 'a gateway keeps it closed';
    is $gw->get('/closed', token => $token)->{status}, 200,
        'but to a good token';
};

subtest 'nothing from elsewhere' => sub {
    my $policy = $page->header('Content-Security-Policy');

    for my $tag (qw(style script)) {
        my @found = $body =~ m{<$tag>(.*?)</$tag>}gs;
        is @found, 1, "one $tag";

        my $hash = sha256_base64($found[0]) . '=';
        like $policy, qr/\Q$tag-src 'sha256-$hash'\E/,
            "which the policy knows by its hash";
    }

    like $policy, qr/^default-src 'none'; connect-src 'self';/,
        'and nothing else may be loaded';

    unlike $body, qr{\b(?:src|href|style|on\w+)=|https?://|\@import|url\(},
        'nor does the page ask for anything';
    like $body, qr{<noscript><meta http-equiv="refresh" content="5">},
        'without script it loads itself anew';
};

subtest 'for everybody' => sub {
    like $body, qr/<html lang="en">/, 'a language';
    like $body, qr/prefers-color-scheme:dark/, 'a dark form';

    my $tables = () = $body =~ /<table/g;
    my $captions = () = $body =~ /<caption>/g;
    is $captions, $tables, 'each table has a caption';

    unlike $body, qr/<th(?! scope|ead)/, 'each heading a scope';

    my @ids = $body =~ /\bid="([^"]+)"/g;
    my %seen;
    ok !(grep { $seen{$_}++ } @ids), 'each id is there once';
};

subtest 'the numbers' => sub {
    my $n = @$pages;

    is row($body, 'native: the backend paged'), $n, 'pages';
    is row($body, 'looked up, found'), $n - 1, 'tokens looked up';
    is row($body, 'saved'), $n - 1, 'tokens saved';
    is row($body, 'missing_token'), 1, 'refusals';
    is row($body, 'bad_limit'), 1, 'of each reason';
    is row($body, 'limit: not a number'), 1, 'a guard hit';
    like $body, qr{<dt>Continue tokens</dt><dd>Redis <small>1 connection<},
        'the connection to Redis';
    unlike $body, qr/namespace_forbidden/, 'no row for what never was';
};

subtest 'trouble first' => sub {
    my @trouble = trouble();

    is @trouble, 1, 'one thing so far';
    like $trouble[0], qr/^The certificate of soon\.example ends in [34] days$/,
        'a certificate that ends soon';

    is $gw->get('/pair/x', token => $token)->{status}, 502, 'backends that are down';
    $redis->kill;
    $gw->get('/api/core/v2/checks?limit=1', token => $token);

    ok $t->wait_for(sub { @trouble = trouble(); @trouble >= 6 }), 'all of it'
        or diag explain \@trouble;

    like $trouble[0], qr/^Redis \S+ has been down for \d+ s: \w/, 'Redis, since when, why';
    like $trouble[1], qr/^Backend 127\.0\.0\.1:$nobody of pair is not asked: /, 'a backend';
    like $trouble[2], qr/^Backend 127\.0\.0\.2:$nobody of pair is not asked: /, 'another';
    like join("\n", @trouble), qr/^502 upstream_failed, the last one \d+ s ago, 1 in all$/m,
        'what clients got';
    like join("\n", @trouble), qr/^503 store_failed, /m, 'for which reason';

    my $page = $gw->get('/status')->{body};

    ok index($page, '<h2>Trouble') < index($page, 'class="tiles"'), 'before all else';
    like $page, qr{Last lines of the error log.*<td class="bad">redis \S+ is down: }s,
        'and what the log says';

    $redis->restart;
    ok $t->wait_for(sub { $gw->grep_log(qr/connected again/) }), 'it is back';
    is scalar(grep { /^Redis/ } trouble()), 0, 'and gone from the page';
};

subtest 'log lines are text' => sub {
    my $none = $t->nginx(backend => $demo, http => 'map $host $odd { default "<b>&"; }',
        server => 'sensu_namespaces $odd;',
        locations => 'location = /status { sensu_gateway off; sensu_namespaces *; sensu_status; }');

    like $none->get('/status')->{body}, qr/No trouble in the last five minutes/, 'none';
    $none->get('/api/core/v2/checks', token => $token);
    like $none->get('/status')->{body}, qr/value &quot;&lt;b&gt;&amp;&quot;, which is not/,
        'and nothing else';
};

subtest 'shares' => sub {
    my ($store) = $body =~ m{<caption>Latency of the store</caption>(.*?)</table>}s;
    my @shares = $store =~ m{<small>([\d.]+) %</small>}g;
    my $sum = 0;
    $sum += $_ for @shares;

    is @shares, 12, 'a number at each bar';
    ok $sum > 98 && $sum <= 100.1, 'which are all together';
};

$t->done;


sub trouble {
    my ($list) = $gw->get('/status')->{body}
                 =~ m{<section class="trouble".*?<ul>\n(.*?)</ul>}s;

    return map { s/<[^>]*>//gr } split /\n/, $list // '';
}


# a certificate that is good for three days and a bit

sub soon {
    my ($t, $key) = @_;

    my $cert = $t->dir . '/soon.pem';

    system("openssl req -x509 -key $key -subj /CN=soon -days 4 -out $cert") == 0 or die;

    return $cert;
}


# what ended just now may not be counted yet

sub fresh {
    my $r;

    $t->wait_for(sub {
        $r = $gw->get('/status');
        return row($r->{body}, 'bad_limit');
    });

    return $r;
}


sub row {
    my ($text, $title) = @_;

    my ($rest) = $text =~ m{<th scope="row">\Q$title\E\b(.*)};
    return $rest && $rest =~ /<data id="c\d+" value="(\d+)">/ ? $1 : undef;
}
