# Parts of nginx that keep something for the whole request, with its
# subrequests: values of maps, the list of headers, the way to a named
# location. What the gateway asks for has its own.

use lib 't/lib';
use SensuTest;

my $core = '/api/core/v2';

my $t = SensuTest->new;
my $token = $t->token(sub => 'ann');

my $back = $t->upstream(sub {
    my ($c, $req) = @_;
    my ($ns) = $req->{path} =~ m{/namespaces/([^/]+)/hooks$};

    return $c->reply(403, '{}') if $ns && $ns eq 'closed';
    return $c->reply(200, '', 'X-Accel-Redirect' => '/nowhere')
        if $ns && $ns eq 'lost';
    return $c->reply(200, qq([{"metadata":{"name":"h","namespace":"$ns"}}]))
        if $ns;
    return $c->reply(200, '[{"name":"dev"}]') if $req->{method} eq 'GET'
        && $req->{path} eq "$core/namespaces";

    my %h = $req->{head} =~ /^(Range|If-None-Match|Accept-Encoding|X-\w+): (.*?)\r?$/mg;
    $c->reply(200, join ' ', "$req->{method} $req->{target}",
              map { "$_=$h{$_}" } sort keys %h);
});

$t->write('other.key', `head -c 32 /dev/urandom | base64`);
chmod 0600, $t->dir . '/other.key';

my $gw = $t->nginx(backend => $back, http => <<'END',
    map $uri $target { default $uri; }
    limit_req_zone $target zone=asked:1m rate=1000r/s;
    map $sensu_user $who { default "known:$sensu_user"; "" nobody; }
END
    location => 'sensu_namespaces "closed dev ops"; '
                . 'proxy_intercept_errors on; error_page 403 /sorry;',
    locations => <<"END");
    location = /sorry { sensu_gateway off; return 200 sorry; }
    location /map/ {
        rewrite ^/map(/.*)\$ \$1 break;
        limit_req zone=asked burst=1000 nodelay;    # asks for the map first
        sensu_namespaces "dev ops";
        add_header X-Target \$target;
        proxy_pass http://sensu\$target\$is_args\$args;
    }
    location /all/ {
        rewrite ^/all(/.*)\$ \$1 break;
        proxy_pass http://sensu\$target\$is_args\$args;
    }
    location /tried/ {
        rewrite ^/tried(/.*)\$ \$1 break;
        sensu_namespaces "dev ops";
        try_files /none \@named;
    }
    location /lost/ {
        rewrite ^/lost(/.*)\$ \$1 break;
        sensu_namespaces "dev lost";
        proxy_pass http://sensu;
    }
    location = /nowhere { sensu_gateway off; return 404; }
    location \@named { sensu_namespaces "dev ops"; proxy_pass http://sensu; }
    location /who/ {
        auth_request /keyless;
        proxy_set_header X-Who \$who;
        proxy_pass http://sensu;
    }
    location = /keyless {
        internal; sensu_gateway off; sensu_jwt_key HS256 %%DIR%%/other.key;
        proxy_set_header X-Who \$who; proxy_pass http://sensu;
    }
    location /app { sensu_gateway off; auth_request /auth; proxy_pass http://sensu;
                    proxy_set_header Accept-Encoding \$http_accept_encoding; }
    location = /auth {
        internal; rewrite ^ $core/namespaces break; proxy_pass http://sensu;
        proxy_pass_request_body off; proxy_set_header Content-Length "";
    }
END

sub namespaces {
    my ($r) = @_;
    return "$r->{status} $r->{body}" if $r->{status} != 200;
    return join ' ', map { $_->{metadata}{namespace} } @{ $r->json };
}

for my $query ('', '?limit=9') {
    my $mapped = $gw->get("/map$core/hooks$query", token => $token);
    is namespaces($mapped), 'dev ops', "proxy_pass by a map of the path$query";
    is $mapped->header('X-Target'), "$core/hooks", 'which stays the client\'s own';
    is namespaces($gw->get("/tried$core/hooks$query", token => $token)),
       'dev ops', "try_files to a named location$query";
    is namespaces($gw->get("$core/hooks$query", token => $token)),
       'dev ops', "a forbidden namespace, with proxy_intercept_errors$query";
    is $gw->get("/lost$core/hooks$query", token => $token)->{status}, 404,
       "what nginx does not find is no empty namespace$query";
}

is $gw->delete("/all$core/namespaces/x", token => $token)->{body},
   "DELETE $core/namespaces/x", 'a DELETE is of what it names';

like $gw->get('/who/x', token => $token)->{body}, qr/X-Who=known:ann/,
     'a map is of the location\'s caller';

my $r = $gw->get('/app', token => $token, headers =>
    ['Range' => 'bytes=0-1', 'If-None-Match' => '"a"', 'X-User' => 'me',
     'Accept-Encoding' => 'gzip']);
is $r->{body}, 'GET /app Accept-Encoding=gzip If-None-Match="a" '
   . 'Range=bytes=0-1 X-User=me', 'a subrequest leaves the headers alone';

$t->done;
