# sensu_status: the counters as a page that needs nothing but itself. What its
# script does in a browser is for "make look".

use lib 't/lib';
use SensuTest;

use Digest::SHA qw(sha256_base64);

my $t = SensuTest->new;
my $demo = $t->demo('--rich', '--secret-file', $t->secret_file);
my $redis = $t->redis;

my $gw = $t->nginx(
    backend => $demo,
    http => 'sensu_redis ' . $redis->url . ' timeout=5s;',
    locations => 'location = /status { sensu_gateway off; sensu_status; }'
                 . 'location = /closed { sensu_status; }');

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

$t->done;


# what ended just now may not be counted yet

sub fresh {
    my $r;

    $t->wait_for(sub {
        $r = $gw->get('/status');
        return row($r->{body}, 'bad_limit');
    }, 10);

    return $r;
}


sub row {
    my ($text, $title) = @_;

    my ($rest) = $text =~ m{<th scope="row">\Q$title\E\b(.*)};
    return $rest && $rest =~ /<data id="c\d+" value="(\d+)">/ ? $1 : undef;
}
