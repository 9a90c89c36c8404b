# A mirror that copies the requests of another application to the API, through a
# location of the gateway: what goes up from there was judged like any request,
# with its body and its method.

use lib 't/lib';
use SensuTest;

my $core = '/api/core/v2';

my $t = SensuTest->new;

my $back = $t->upstream(sub {
    my ($c, $req) = @_;
    return $c->reply(200, '[]') if $req->{path} =~ m{/hooks$};
    return $c->reply(403, '{}') if $req->{path} =~ m{/checks$};
    return $c->reply(500, '{}') if $req->{path} =~ m{/filters$};
    $c->reply(200, $req->{path} eq "$core/namespaces" && $req->{method} eq 'GET'
                   ? '[{"name":"dev"},{"name":"dev-eu"},{"name":"ops"}]' : '{}');
});

my $gw = $t->nginx(
    backend => $back,
    http => 'client_body_buffer_size 64k; upstream kept { server 127.0.0.1:'
            . $back->port . '; keepalive 4; }',
    locations => <<'END');
    location /app/ {
        sensu_gateway off;
        mirror /_copy;
        mirror /_dev;
        empty_gif;
    }
    location = /_copy {
        internal;
        sensu_max_body 200;
        if ($request_uri ~ ^/app([^?]*)) { set $path $1; }
        rewrite ^ $path break;
        proxy_pass http://sensu;
    }
    location /list/ {
        sensu_gateway off;
        mirror /_list;
        empty_gif;
    }
    location = /_list {
        internal;
        sensu_namespaces "dev ops";
        if ($request_uri ~ ^/list/([^?]*)) { set $type $1; }
        rewrite ^ /api/core/v2/$type break;
        proxy_pass http://kept;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
    }
    location = /_dev {
        internal;
        sensu_namespaces dev;
        if ($request_uri ~ ^/app([^?]*)) { set $path $1; }
        rewrite ^ $path break;
        proxy_pass http://sensu;
        proxy_set_header X-Of dev;
    }
END

sub hook {
    my ($ns, $more) = @_;
    return qq({"metadata":{"name":"h","namespace":"$ns"},"command":")
           . ($more // '') . '"}';
}


# what of it came to the API; the last is seen when those before were decided

sub copied {
    my ($method, $path, %opt) = @_;

    my $to = $gw->session;

    $back->forget;
    $to->request($method, "/app$core/$path", token => $t->token, %opt);
    $to->get("/app$core/hooks?last", token => $t->token);

    ok $t->wait_for(sub {
        2 == grep { $_->{target} =~ /\?last$/ } $back->requests
    }), 'decided';

    return join ', ', sort map { "$_->{method} $_->{path}"
        . ($_->{head} =~ /^X-Of: (\w+)/m ? " of $1" : '') }
        grep { $_->{target} !~ /\?last$/ } $back->requests;
}

my $path = 'namespaces/dev/hooks/h';
my $there = "PUT $core/$path";

is copied(PUT => $path, body => hook('dev')), "$there, $there of dev",
   'a good one';
is copied(PUT => $path, chunked => [hook('dev')]), "$there, $there of dev",
   'in chunks';
is copied(PUT => $path, body => hook('ops')), '',
   'a body that names another namespace';
is copied(PUT => $path, chunked => [hook('ops')]), '', 'in chunks';
is copied(PUT => $path, body => hook('dev', 'x' x 200)), "$there of dev",
   'a body that is too large for one of them';
is copied(PUT => $path, body => 'name=h', headers =>
          ['Content-Type' => 'application/x-www-form-urlencoded']), '', 'a form';
is copied(PUT => $path, body => hook('dev'), token => undef), '', 'no token';
is copied(GET => 'namespaces/ops/hooks/h'),
   "GET $core/namespaces/ops/hooks/h", 'another namespace';
is copied(DELETE => 'namespaces/ops'),
   "DELETE $core/namespaces/ops, GET $core/namespaces", 'a DELETE is looked up';
is copied(DELETE => 'namespaces/dev'), "GET $core/namespaces",
   'and not sent if it would take others with it';

# A list of several namespaces is asked for in parts, which nobody reads. What
# goes up behind a request is the next one of that connection.

for my $row ([hooks => 2], ['hooks?limit=9' => 2], [checks => 2],
             ['checks?limit=9' => 2], [filters => 1], [handlers => 2])
{
    my ($list, $n) = @$row;

    $back->forget;
    is $gw->get("/list/$list", token => $t->token,
                body => "GET /hidden HTTP/1.0\r\n\r\n")->{status}, 200,
       "$list of several namespaces" for 1 .. 2;
    ok $t->wait_for(sub { 2 * $n == $back->requests }), 'is copied'
        or diag join "\n", map { $_->{target} } $back->requests;
    is_deeply [ grep { !m{/(?:dev|ops)/\w+$} } map { $_->{path} }
                $back->requests ], [], 'without the body';
}

$t->done;
