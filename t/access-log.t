# What a line of the access log knows: each reason that went out, by whichever
# part of nginx, and the backends behind pages and merged lists.

use lib 't/lib';
use SensuTest;

use IO::Socket::INET;

my $t = SensuTest->new;

my $api = sub {
    my ($c, $req) = @_;

    my $ns = $req->{path} =~ m{/namespaces/(\w+)/} ? $1 : '';

    return $c->reply(502, '{"message":"of the backend"}')
        if $req->{path} =~ m{/broken$};
    return $c->stall(10) if $req->{path} =~ m{/slow$};
    return $c->reply(200, '[' . join(',', map {
        qq({"metadata":{"name":"$_","namespace":"$ns"}}) } 'a' .. 'c') . ']');
};

my ($one, $two) = ($t->upstream($api), $t->upstream($api));
my $nobody = $t->port;

my $gw = $t->nginx(
    backend => $one,
    http => <<"END",
        upstream both { server 127.0.0.1:@{[$one->port]};
                        server 127.0.0.1:@{[$two->port]}; }
        limit_req_zone \$server_port zone=once:1m rate=1r/m;
        limit_req_status 429;
        log_format told '\$request_uri|\$status|\$sensu_error|'
                        '\$sensu_page_count|\$sensu_upstream_addr|'
                        '\$sensu_upstream_time';
END
    server => <<"END",
        access_log @{[$t->dir]}/told.txt told;
        sensu_namespaces "dev ops";
END
    locations => <<"END",
        location /slow/ { sensu_namespaces *; proxy_read_timeout 1s;
                          proxy_pass http://127.0.0.1:@{[$one->port]}; }
        location /down/ { sensu_namespaces *;
                          proxy_pass http://127.0.0.1:$nobody; }
        location /broken { sensu_namespaces *;
                           proxy_pass http://127.0.0.1:@{[$one->port]}; }
        location /replaced { sensu_namespaces *; proxy_intercept_errors on;
                             error_page 502 /own;
                             proxy_pass http://127.0.0.1:@{[$one->port]}/broken; }
        location = /own { sensu_gateway off; return 502 "own\\n"; }
        location /limited/ { sensu_namespaces *; limit_req zone=once;
                             proxy_pass http://127.0.0.1:@{[$one->port]}; }
        location = /closed { return 503; }
        location /api/core/v2/ { proxy_pass http://both; }
END
);

my $token = $t->token;
my $list = '/api/core/v2/checks';

# path => status, reason
my @refused = (
    [ '/down/x', 502, 'upstream_failed' ],
    [ '/slow/slow', 504, 'upstream_timeout' ],
    [ '/limited/x', 200, '' ],
    [ '/limited/y', 429, 'rate_limited' ],
    [ '/closed', 503, 'unavailable' ],
    [ '/broken', 502, '' ],
    [ "$list?limit=x", 400, 'bad_limit' ],
);

for my $case (@refused) {
    my ($path, $status, $reason) = @$case;

    my $r = $gw->get($path, token => $token);

    is $r->{status}, $status, "$path: status";
    like $r->{body}, qr/"reason": "$reason"/, 'the reason in the answer'
        if $reason;
    like told($path), qr/^$status\|$reason\|/, 'and in the log';
}

is $gw->get('/replaced', token => $token)->{status}, 502, 'a page in its place';
like told('/replaced'), qr/^502\|\|/, 'of what the backend said';

my $addr = join ', ', map { '127.0.0.1:' . $_->port } $one, $two;
my $back = join '|', map { quotemeta } $addr, join ', ', reverse split /, /, $addr;

is scalar @{ elements($gw->get($list, token => $token)->{body}) }, 6,
    'an unpaged merged list';
like told($list), qr/^200\|\|6\|(?:$back)\|\d+\.\d{3}$/,
    'its elements, the backends, and their time';

is scalar @{ elements($gw->get("$list?limit=5", token => $token)->{body}) }, 5,
    'a merged page';
like told("$list?limit=5"), qr/^200\|\|5\|(?:$back)\|\d+\.\d{3}$/, 'likewise';

my $one_list = '/api/core/v2/namespaces/dev/checks';

$gw->get("$one_list/a", token => $token);
like told("$one_list/a"), qr/^200\|\|\|127\.0\.0\.1:\d+\|\d+\.\d{3}$/,
    'a request of one backend';

like told("$list?limit=x"), qr/\|\|$/, 'nobody was asked: empty';

$t->done;


# the last line of a target, without it

sub told {
    my ($target) = @_;

    my $line = $t->wait_for(sub {
        (map { /^\Q$target\E\|(.*)/ ? $1 : () }
         split /\n/, slurp($t->dir . '/told.txt'))[-1];
    });

    return $line // '';
}
