# Rewrites and redirects: what is judged is what goes upstream, from the
# location that sends it. A path read before a rewrite is read again after it,
# what a gateway has let in does not leave it for a location that is none, and
# a body that was too large for one location is so for the next.

use lib 't/lib';
use SensuTest;

my $core = '/api/core/v2';

my $t = SensuTest->new;
my $back = $t->upstream(sub {
    my ($c, $req) = @_;
    return $c->reply(403, '{}') if $req->{path} =~ m{/refused};
    $c->reply(200, $req->{path} =~ m{/(?:checks|hooks)$} ? '[]'
                   : "$req->{method} $req->{target} " . length $req->{body});
});

my $secret = $t->secret_file;
my $open = 'sensu_gateway off; proxy_pass http://sensu;';

sub gateway { $t->nginx(backend => $back, @_) }

my $token = $t->token(sub => 'ann');
my $page = "the operator's page\n";
$t->write('sorry.html', $page);

subtest 'a path that was read before a rewrite' => sub {
    my $gw = gateway(server => <<'END', location => 'sensu_namespaces dev;',
        if ($sensu_scope = "cluster") { rewrite ^ /health last; }
        if ($sensu_namespace = "old") {
            rewrite ^(.*)/namespaces/old/(.*)$ $1/namespaces/dev/$2 last;
        }
END
        locations => 'location /east/ { set $n $sensu_namespace; '
                     . 'rewrite ^/east(/.*)$ $1 break; sensu_namespaces dev; '
                     . 'proxy_pass http://sensu; }');

    is $gw->get("$core/users")->{body}, 'GET /health 0',
       'to a public path: only that goes up';
    is $gw->get("$core/namespaces/old/hooks/h", token => $token)->{body},
       "GET $core/namespaces/dev/hooks/h 0", 'to another namespace';
    is $gw->get("/east$core/namespaces/dev/hooks/h", token => $token)->{body},
       "GET $core/namespaces/dev/hooks/h 0", 'a prefix cut off';
    is $gw->get("/east$core/namespaces/ops/hooks/h", token => $token)
          ->{status}, 403, 'and judged without it';
};

# Each is asked for until one of its kind was delayed.

subtest 'a limit_req that delays, behind a redirect' => sub {
    my $back = $t->upstream(sub {
        my ($c, $req) = @_;
        return $c->reply(200, '', 'X-Accel-Redirect' => '@limited')
            if $req->{headers}{'x-first'};
        $c->reply(200, $req->{path} =~ m{s$} ? '[]' : '{}');
    });

    my $limited = 'limit_req zone=z burst=9; proxy_pass http://sensu;';
    my %way = (
        try_files => [ 'try_files /none @limited;', $limited ],
        'X-Accel-Redirect' => [ 'proxy_set_header X-First 1;', $limited ],
    );

    for my $way (sort keys %way) {
        my ($first, $then) = @{ $way{$way} };

        for ([ GET => "$core/namespaces/dev/hooks/h" ],
             [ GET => "$core/hooks?limit=5" ],
             [ GET => "$core/hooks" ], [ DELETE => "$core/namespaces/n" ])
        {
            my $gw = $t->nginx(
                backend => $back, server => 'sensu_namespaces $may;',
                http => 'map $request_method $may { default "dev ops"; DELETE *; }
                         limit_req_zone $server_port zone=z:1m rate=1r/s;',
                location => $first, locations => "location \@limited { $then }");

            my %status;

            ok $t->wait_for(sub {
                $status{$gw->request(@$_, token => $token)->{status}}++;
                $gw->grep_log(qr/delaying request/);
            }), "@$_, $way: delayed";
            is join(' ', keys %status), 200, 'and answered';
            $gw->stop;
        }
    }
};

subtest 'out of the gateway' => sub {
    my $gw = gateway(
        http => 'sensu_namespaces dev;',
        location => 'try_files /none @open;',
        locations => <<"END");
        location \@open { $open }
        location \@closed { proxy_pass http://sensu; }
        location /closed/ { rewrite ^/closed(.*)\$ \$1 break;
            proxy_pass http://sensu; try_files /none \@closed; }
END

    for my $path ("$core/hooks", "$core/hooks?limit=1&continue=Li4v",
                  "$core/namespaces/dev/hooks/h")
    {
        my $n = $back->requests;
        my $r = $gw->get($path, token => $token);
        my $reason = (eval { $r->json } // {})->{reason} // '';

        next if $path =~ /continue/ && is $reason, 'bad_continue', $path;
        is "$r->{status} $reason", '500 gateway_left', "try_files: $path";
        is scalar $back->requests, $n, 'nothing went up';
    }

    my @lines = $gw->grep_log(qr/let in was redirected to location "\@open"/);
    ok @lines > 0, 'the log names the location';

    is $gw->get("/closed$core/namespaces/dev/hooks/h", token => $token)
          ->{status}, 200, 'into another gateway';
    is $gw->get("/closed$core/namespaces/ops/hooks/h", token => $token)
          ->{status}, 403, 'which judges';
};

subtest 'error pages' => sub {
    my $gw = gateway(locations => <<"END");
        location \@open { $open }
        location \@errors { rewrite ^ /sorry break; $open }
        location /sorry { $open }
        location = /file { sensu_gateway off; alias %%DIR%%/sorry.html; }
        location /uri { error_page 502 /sorry; proxy_pass http://127.0.0.1:1; }
        location /name { error_page 502 \@open; proxy_pass http://127.0.0.1:1; }
        location /other { error_page 502 = \@open; proxy_pass http://127.0.0.1:1; }
        location /page { error_page 502 \@errors; proxy_pass http://127.0.0.1:1; }
        location /sent { error_page 502 = /file; proxy_pass http://127.0.0.1:1; }
        location /gone { error_page 502 /none; proxy_pass http://127.0.0.1:1; }
        location = /none { root %%DIR%%; log_not_found off; }
        location /out/ { sensu_gateway off; proxy_pass http://sensu/; }
        location /api/ { error_page 502 /out\$uri;
            proxy_pass http://127.0.0.1:1; }
        location /asked { error_page 502 /to?\$args;
            proxy_pass http://127.0.0.1:1; }
        location /to { sensu_gateway off; proxy_pass http://sensu\$arg_to; }
        location /anon { error_page 401 = \@open; proxy_pass http://sensu; }
END
    my %want = (uri => '502 GET /sorry 0', name => '500 gateway_left',
                other => '500 gateway_left', page => '502 GET /sorry 0',
                sent => "200 $page", gone => '404 not_found');

    for my $name (sort keys %want) {
        my $r = $gw->get("/$name", token => $token);
        my $error = (eval { $r->json } // {})->{reason};
        is "$r->{status} " . ($error // $r->{body}), $want{$name}, $name;
    }

    my $n = $back->requests;

    for my $path ("$core/namespaces/dev/hooks/h", "/asked?to=$core/checks",
                  "/asked?to=/%00/..$core/checks")
    {
        my $r = $gw->get($path, token => $token);
        is $r->json->{reason}, 'gateway_left', "the API as its own page: $path";
    }

    is scalar $back->requests, $n, 'is not asked for';

    is $gw->get('/anon')->{body}, 'GET /anon 0',
       'what was refused is the operator\'s';
};

subtest 'a list in the place of an error is a list' => sub {
    my $other = '{"metadata":{"name":"o","namespace":"dev-eu"}}';
    my $mine = '{"metadata":{"name":"m","namespace":"dev"}}';
    my $lists = $t->upstream(sub {
        my ($c, $req) = @_;
        return $c->send("HTTP/1.1 200 OK\r\nbad\0: header\r\n\r\n")
            if $req->{path} =~ /mutators/;
        return $c->send("HTTP/1.1 000 X\r\n\r\n[$other,$mine]")
            if $req->{path} =~ /assets/;
        $c->reply($req->{path} =~ /filters/ ? 203 : 200, "[$other,$mine]");
    });

    my $gw = $t->nginx(backend => $lists, server => 'sensu_namespaces dev;',
        http => 'proxy_cache_path %%DIR%%/cache keys_zone=lists:1m;',
        locations => <<'END');
        root %%DIR%%/none;
        log_not_found off;
        location /api/ { error_page 404 @kept; }
        location ~ /checks$ { error_page 404 /in$uri?$args; }
        location @kept { proxy_pass http://sensu; }
        location ~ /handlers$ { error_page 404 @cached; }
        location @cached { proxy_cache lists; proxy_cache_valid 200 1m;
                           proxy_pass http://sensu; }
        location ^~ /in/ { rewrite ^/in(/.*)$ $1 break;
                           proxy_pass http://sensu; }
END

    my $dev = "$core/namespaces/dev";

    for my $target (map { ("$dev/$_", "$core/$_", "$dev/$_?limit=5") }
                        qw(hooks checks))
    {
        my $r = $gw->get($target, token => $token);
        is "$r->{status} $r->{body}", "404 [$mine]", $target;
    }

    my $n = $lists->requests;

    for (1 .. 2) {
        my $r = $gw->get("$dev/handlers", token => $token);
        is "$r->{status} $r->{body}", "404 [$mine]", 'kept in a cache';
    }

    is scalar $lists->requests, $n + 1, 'which has answered once';

    my %wrong = (assets => 'bad_list', filters => 'bad_list',
                 mutators => 'upstream_failed');

    for my $type (sort keys %wrong) {
        my $r = $gw->get("$dev/$type", token => $token);
        is "$r->{status} @{[ $r->json->{reason} ]}", "502 $wrong{$type}", $type;
    }
};

subtest 'the page of the operator wins' => sub {
    my $gw = gateway(
        server => "error_page 403 404 413 503 /e.txt; error_page 500 /gz;",
        locations => <<'END');
        location = /e.txt { sensu_gateway off; alias %%DIR%%/sorry.html; }
        location = /gz { gzip on; gzip_min_length 1; gzip_types *; gunzip on;
                         sensu_gateway on; sensu_public /gz;
                         proxy_pass http://sensu; }
        location /503 { return 503; }
        location /404 { return 404; }
        location /500 { return 500; }
        location /deny { deny all; }
        location /size { client_max_body_size 10; proxy_pass http://sensu; }
        location /teapot { return 418; }
END
    for my $case (['/503', 503], ['/404', 404], ['/deny', 403]) {
        my $r = $gw->get($case->[0], token => $token);
        is "$r->{status} $r->{body}", "$case->[1] $page", "of a $case->[1]";
    }

    my $r = $gw->post('/size', 'x' x 20, token => $token);
    is "$r->{status} $r->{body}", "413 $page", 'of a declared length';

    $r = $gw->get('/500', token => $token, headers => ['Accept-Encoding',
                                                       'gzip']);
    is $r->{status}, 500, 'compressed';
    isnt $r->{body}, '', 'with its body';
    unlike $r->{body}, qr/reason/, 'not ours';

    is $gw->get('/teapot', token => $token)->json->{reason}, 'request_refused',
       'without one: JSON';
};

subtest 'a body that was too large' => sub {
    my $gw = gateway(http => 'client_max_body_size 10m;',
                     server => "sensu_max_body 1000;", locations => <<"END");
        location \@g { proxy_pass http://sensu; }
        location /plain { sensu_gateway off; proxy_pass http://sensu/refused;
            proxy_intercept_errors on; error_page 403 \@g; }
        location /again { error_page 413 \@g; proxy_pass http://sensu; }
        location /first { client_max_body_size 10; error_page 413 = \@g;
            proxy_pass http://sensu; }
END
    my $big = 'x' x 2000;

    for my $case (['/plain', body => $big], ['/again', body => $big],
                  ['/again', chunked => [$big]], ['/first', body => 'x' x 500],
                  ['/first', body => $big])
    {
        my ($path, %body) = @$case;
        my @before = grep { $_->{path} !~ /refused/ } $back->requests;
        my $r = $gw->request('POST', $path, token => $token, %body);
        my @after = grep { $_->{path} !~ /refused/ } $back->requests;

        is $r->{status}, 413, "$path, " . join ' ', grep { !/x/ } keys %body;
        is scalar @after, scalar @before, 'nothing of it goes up';
    }

    is $gw->post('/plain', 'x', token => $token)->{body}, 'POST /plain 1',
       'a small one does';
};

$t->done;
