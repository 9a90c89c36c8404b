# What proxy_pass makes of a request is what was judged. Where it has a path of
# its own, captures or variables, the request line that nginx is about to send
# is read once more, and what is another one does not go up.

use lib 't/lib';
use SensuTest;

my $CORE = '/api/core/v2';

my $t = SensuTest->new;
my $back = $t->upstream(sub {
    my ($c, $req) = @_;
    return $c->reply(200, $c->{socket}->peerhost) if $req->{path} eq '/from';
    $c->reply(200, "$req->{method} $req->{target}");
});
my $to = '127.0.0.1:' . $back->port;

my %locations = (
    plain => 'location / { proxy_pass http://sensu; }',

    # what adds the API's path: it would be behind every check

    adds => "location /s/ { proxy_pass http://sensu$CORE/; }",
    adds_host => "location /s/ { set \$h 127.0.0.1; "
        . "proxy_pass http://\$h:@{[ $back->port ]}$CORE/\$1; }",
    adds_rest => "location ~ ^/s/(.*)\$ { set \$to $to; "
        . "proxy_pass http://\$to$CORE/\$1; }",
    adds_half => 'location /east { proxy_pass http://sensu/; }',
    adds_slash => 'location = /health { proxy_pass http://sensu'
        . "$CORE/users; }",
    adds_args => "location / { set \$to $to; proxy_pass http://\$to\$arg_to; }",
    adds_bind => "location /s/ { proxy_bind 127.0.0.2; "
        . "proxy_pass http://$to$CORE/; }",

    # what means the same

    same => 'location /api/ { proxy_pass http://sensu/api/; }',
    uri => 'location / { proxy_pass http://sensu$uri$is_args$args; }',
    uri_alone => 'location / { proxy_pass http://sensu$uri; }',
    capture => 'location ~ ^/api/(.*)$ '
        . '{ proxy_pass http://sensu/api/$1$is_args$args; }',
    request_uri => "location / { set \$to $to; "
        . 'proxy_pass http://$to$request_uri; }',
    rewritten => 'location / { rewrite ^(/.*)$ $1 break; '
        . 'proxy_pass http://sensu$request_uri; }',
    below => 'location / { proxy_pass http://sensu/a/b.c$uri$is_args$args; }',
    bind => 'location / { set $from 127.0.0.3; proxy_bind $from; '
        . "proxy_pass http://$to; }",
    bind_fixed => 'location / { proxy_bind 127.0.0.2; '
        . "proxy_pass http://$to; }",
    east => 'location /east/ { rewrite ^/east(/.*)$ $1 break; '
        . 'proxy_pass http://sensu; }',

    # what is another one

    other => "location / { proxy_pass http://sensu$CORE/namespaces/ops/checks; }",
    fixed => "location / { set \$x ''; "
        . "proxy_pass http://sensu\$x$CORE/namespaces/ops/checks; }",
    climbs => 'location ~ ^/api/(.*)$ '
        . "{ proxy_pass http://sensu$CORE/users/../\$1; }",
    below_api => 'location / { proxy_pass http://sensu/api/x$uri; }',
    method => 'location / { proxy_method DELETE; proxy_pass http://sensu; }',
    limit => 'location / { proxy_pass http://sensu$uri?continue=Li4v&$args; }',
    limit_after => 'location / '
        . '{ proxy_pass http://sensu$uri$is_args$args&limit=-1; }',
    limit_good => 'location / { proxy_pass http://sensu$uri?limit=5; }',
    beside => 'location / { proxy_pass http://sensu$uri?x=1; }',
    grpc => 'location / { grpc_pass grpc://sensu; }',

    # from a path that needs no token to one that does, and to one that does not

    open => 'location / { rewrite ^ /health break; '
        . 'proxy_pass http://sensu$request_uri; }',
    open_next => 'location / { error_page 401 @next; '
        . 'proxy_pass http://sensu; } '
        . 'location @next { rewrite ^ /health break; '
        . 'proxy_pass http://sensu$request_uri; }',
    open_fixed => 'location = /health { proxy_pass http://sensu/graphql; } '
        . 'location = /other { proxy_pass http://sensu/graphql; }',
    open_too => 'location = /health { proxy_pass http://sensu/auth; }',
);

my %port = map { $_ => $t->port } sort keys %locations;

my $gw = $t->nginx(backend => $back, gateway => 0,
    http => 'sensu_gateway on; sensu_jwt_key HS256 ' . $t->secret_file . ';'
            . join '', map { <<"END" }
    server {
        listen 127.0.0.1:$port{$_};
        $locations{$_}
    }
END
    sort keys %locations);

my $token = $t->token;


sub ask {
    my ($server, $target, %opt) = @_;

    local $gw->{port} = $port{$server};
    my $r = $gw->request($opt{method} // 'GET', $target, token => $token,
                         %opt);

    return $r->{status} == 200 ? $r->{body} : "$r->{status} "
           . ($r->{body} =~ /"reason": "(\w+)"/ ? $1 : $r->{body});
}


my $checks = "$CORE/namespaces/dev/checks";
my $left = '500 gateway_left';

subtest 'a path of the API that was none' => sub {
    is ask($_, '/s/namespaces/dev'), $left, $_
        for qw(adds adds_host adds_rest adds_bind);
    is ask('adds', '/s/namespaces/dev', method => 'DELETE'), $left, 'a DELETE';
    is ask('adds', '/s/checks?limit=1'), $left, 'a page';
    is ask('adds_half', '/eastapi/core/v2/checks'), $left, 'half of a segment';
    is ask('adds_half', '/east/api/core/v2/checks'), '404 unknown_path',
       'what is seen in the path itself is told apart';
    is ask('adds_half', '/eastother'), 'GET /other', 'what is none passes';
    is ask('adds_half', '/east/other'), $left, 'not in its plain form';
    is ask('adds_slash', '/health'), $left, 'a public path';
    is ask('adds_half', '/east%61pi/core/v2/checks'), $left, 'escaped';
    is ask('adds_args', "/x?to=$CORE/checks"), $left, 'out of the query';
    is ask('adds_args', "/x?to=/%00/..$CORE/checks"), $left, 'behind a NUL';
};

subtest 'the same path' => sub {
    for (qw(plain same uri capture request_uri bind)) {
        is ask($_, "$checks/cpu?x=%41"), "GET $checks/cpu?x=%41", $_;
        is ask($_, "$checks/c%70u", method => 'DELETE'), "DELETE $checks/cpu",
           "$_, escaped";
    }

    is ask('bind', '/from'), '127.0.0.3', 'proxy_bind with a variable';
    is ask('bind_fixed', '/from'), '127.0.0.2', 'proxy_bind';
    is ask('plain', '/from'), '127.0.0.1', 'and none';

    is ask('uri_alone', "$checks/cpu?x=1"), "GET $checks/cpu",
       'without the query';
    is ask('below', "$checks/cpu?x"), "GET /a/b.c$checks/cpu?x",
       'below a prefix';
    is ask('beside', "$checks/cpu"), "GET $checks/cpu?x=1",
       'with a parameter beside';
    is ask('east', "/east$checks/cpu"), "GET $checks/cpu", 'a prefix cut off';
    is ask('uri', '/graphql'), 'GET /graphql', 'what is not of the API';
    is ask('rewritten', '/graphql'), 'GET /graphql', 'which was rewritten';
    is ask('rewritten', $_), $left, $_
        for '/%3F/%2e%2e', '/x//../graphql', '/x/%2e%2e/graphql';
};

subtest 'another' => sub {
    is ask($_, "$checks/cpu"), $left, $_
        for qw(other fixed climbs below_api method limit limit_good
                limit_after grpc);
    is ask('uri', "$CORE/namespaces/dev/assets/a%2Fb"), $left,
       'a slash that is none any more';
    is ask('plain', "$CORE/namespaces/dev/assets/a%2Fb"),
       "GET $CORE/namespaces/dev/assets/a%2Fb", 'and stays one elsewhere';
};

subtest 'a public path stays public' => sub {
    for my $who ($token, undef) {
        is ask('open', $_, token => $who), $left, $_
            for '/graphql', '/graphql/health/', '/x/..%2f/health',
                '/x/../health/y', "$checks/cpu";
        is ask('open', $_, token => $who), "GET $_", "$_ is one, too"
            for qw(/%68ealth /auth /a/b.c/health);
        is ask('open_fixed', '/health', token => $who), $left, 'fixed';
        is ask('open_too', '/health', token => $who), 'GET /auth',
           'fixed, another public one';
    }

    is ask('open_next', '/graphql', token => undef), $left,
       'what was refused has a second try';
    is ask('open_fixed', '/other'), 'GET /graphql', 'with a token';
    like ask('open_fixed', '/other', token => undef), qr/^401/, 'and without';
};

my @wrong = grep { !m{^\w+ (?:/a/b\.c)?$checks/cpu\b}
                   && !m{^GET (?:/other|/from|.*/assets/a%2Fb)$}
                   && !m{^GET (?:/graphql|/auth|/%68ealth|/a/b\.c/health)$} }
            map { "$_->{method} $_->{target}" } $back->requests;

is "@wrong", '', 'nothing else has reached the backend';

ok $gw->grep_log(qr/proxy_pass in location "\/s\/" sends a path of the API/),
   'the log says where, what and what helps';

$t->done;
