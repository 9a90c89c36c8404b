# A caller who is limited to one namespace, and whose token the backend itself
# would let do everything, tries what backends fall for, and then N random
# targets. Nothing of another namespace is read, listed, written or deleted:
# answers never hold a foreign thing, what the backend is asked lies in his
# namespace, and its state elsewhere is what it was.
#
#   N=10000 SEED=1 prove t/isolation.t

use lib 't/lib';
use MIME::Base64 qw(encode_base64url decode_base64url);
use SensuTest;

my $CORE = '/api/core/v2';
my $SEED = $ENV{SEED} // int rand 1e6;
my $N = $ENV{N} // 1500;

my $t = SensuTest->new;
my $demo = $t->demo('--control', '--no-token-store');
my $gw = $t->nginx(backend => $demo,
    http => 'map $sensu_user $all { admin "*"; default ""; }',
    location => 'sensu_namespaces "$all $sensu_claim_namespaces";');

my $admin = $t->token(sub => 'admin');
my $token = $t->token(sub => 'mallory', namespaces => 'a');

# every name that is not his has "foreign" in it

my @foreign = qw(a-foreign a.foreign aforeign foreign A-foreign);
my @types = qw(assets checks entities events extensions filters handlers hooks
               mutators rolebindings roles silenced);
my @cluster = qw(users clusterroles clusterrolebindings cluster/members
                 tessen);
my @methods = qw(GET HEAD POST PUT DELETE PATCH OPTIONS);

my $r = $demo->post('/demo/reset', JSON::PP::encode_json({
    namespaces => ['a', @foreign], users => [qw(mallory foreign-user)],
    elements => [
        { type => 'clusterroles', name => 'foreign-role',
          rules => [{ verbs => ['*'], resources => ['*'] }] },
        { type => 'clusterrolebindings', name => 'foreign-binding',
          subjects => [{ type => 'User', name => 'foreign-user' }],
          role_ref => { type => 'ClusterRole', name => 'foreign-role' } },
        map { my $ns = $_; map { thing($_, $ns) } @types } 'a', @foreign,
    ] }));
die $r->{body} if $r->{status} != 200;


sub thing {
    my ($type, $ns) = @_;

    my $name = $ns eq 'a' ? 'own' : 'foreign-thing';
    $name = "$name:own" if $type eq 'silenced';

    return { type => $type, namespace => $ns, name => $name,
             $type eq 'events' ? (entity => 'own') : () };
}


# all that is not his, as an admin sees it

sub state {
    my @all;

    for my $type (@types, qw(namespaces users clusterroles clusterrolebindings
                             tessen cluster/members))
    {
        my $body = $demo->get("$CORE/$type", token => $admin)->{body};

        push @all, "\n$type ", $body =~ /^\[/
            ? grep { !/"namespace":"a"[,}]/ && !/"username":"mallory"/ }
                   @{ elements($body) }
            : $body;
    }

    return join ' ', @all;
}


# what the backend may be asked for this caller

sub his {
    my ($line) = @_;

    my ($method, $target) = split / /, $line;
    my ($path, $query) = split /\?/, $target, 2;

    while (($query // '') =~ /(?:^|&)continue=([^&]*)/g) {
        # one that the gateway makes: an element of his, or the first
        return 0 if decode_base64url($1) !~ /\A[^.\/]*(?:\/[^.\/]*)?\0\z/;
    }

    return 0 if $path =~ m{%2e%2e|/\.\.?(?:/|$)|//}i;
    return 0 if $path =~ /%2f/i && $path !~ m{^$CORE/namespaces/a/assets/[^/]+(?:/[^%]*)?$};

    return $path =~ m{^$CORE/namespaces/a/[^/]}
        || $path eq "$CORE/namespaces/a" && $method eq 'GET'
        || $path eq "$CORE/namespaces" && $method eq 'GET'
        || $path =~ m{^$CORE/users/mallory(?:/password)?$}
           && $method =~ /^(?:GET|PUT)$/
        || $path =~ m{^/(?:health|auth|auth/test|auth/token|auth/logout)$};
}


my $before = state();
my @tried;

like $before, qr/foreign/, 'there is something to be read';


sub try {
    my ($method, $target, %opt) = @_;

    my $r = $gw->request($method, $target, token => $token, %opt);
    seen_by_him("$method $target", $r);
    return $r;
}


sub seen_by_him {
    my ($what, $r) = @_;

    push @tried, $what;
    fail("$what: the answer has something foreign: $r->{body}")
        if "$r->{body}@{ $r->{headers} // [] }" =~ /foreign/i;
    fail("$what: no answer, $r->{error}") if $r->{status} == 0;
}


# after a batch: what the backend was asked, and what it holds

sub nothing_happened {
    my ($name) = @_;

    my @asked = $demo->requests;
    my @wrong = grep { !his($_) } @asked;

    is scalar @wrong, 0, "$name: " . @tried . ' tried, ' . @asked
                         . ' asked of the backend, all his'
        or diag join "\n", @wrong[0 .. ($#wrong > 9 ? 9 : $#wrong)];

    my $after = state();
    is $after, $before, 'what is not his is as it was'
        or diag join "\n", @tried;

    $before = $after;
    $demo->forget;
    @tried = ();
}


$demo->forget;


# a body that says $ns, for each type

sub body_of {
    my ($type, $ns, $name, $meta) = @_;

    $meta //= qq("metadata":{"name":"$name","namespace":"$ns"});

    return qq({"entity":{"entity_class":"proxy",$meta},)
           . qq("check":{"interval":1,$meta}}) if $type eq 'events';

    my %rest = (
        assets => '"url":"http://x/","sha512":"' . '0' x 128 . '"',
        checks => '"command":"x","interval":1,"subscriptions":["x"]',
        entities => '"entity_class":"proxy"',
        extensions => '"url":"http://x/"',
        filters => '"action":"allow","expressions":["true"]',
        handlers => '"type":"pipe","command":"x"',
        hooks => '"command":"x","timeout":1',
        mutators => '"command":"x"',
        rolebindings => '"subjects":[{"type":"User","name":"mallory"}],'
            . '"role_ref":{"type":"ClusterRole","name":"cluster-admin"}',
        roles => '"rules":[{"verbs":["*"],"resources":["*"]}]',
        silenced => '"subscription":"subscription"',
    );

    return "{$rest{$type},$meta}";
}


subtest 'he may use his own' => sub {
    for my $type (@types) {
        my $path = "$CORE/namespaces/a/$type";

        for my $list ($path, "$CORE/$type", "$CORE/namespaces/-/$type",
                      "$path?limit=1", "$CORE/$type?limit=5")
        {
            my $r = try(GET => $list);
            is $r->{status}, 200, "GET $list";
            is scalar @{ $r->json }, 1, 'has one element';
        }
    }

    is try(GET => "$CORE/namespaces")->{body}, '[{"name":"a"}]', 'his one';
    is try(POST => "$CORE/namespaces/a/hooks",
           body => body_of('hooks', 'a', 'new'))->{status}, 200, 'a new one';
    is try(DELETE => "$CORE/namespaces/a/hooks/new")->{status}, 204, 'is gone';
    nothing_happened('his own');
};


subtest 'every route and method' => sub {
    my @names = map { ($_, "$_/foreign-thing", "$_/own/foreign-thing",
                       "$_/own/hooks/critical", "$_/own/execute") } @types;

    for my $method (@methods) {
        my @body = $method =~ /^P/ ? (body => '{}') : ();

        for my $at ('', map { "namespaces/$_/" } @foreign[0, 3]) {
            try($method, "$CORE/$at$_", @body) for @names;
        }

        for my $path (@cluster, 'apikeys', map { ("namespaces/$_", "users/$_",
                      "clusterroles/$_", "clusterrolebindings/$_") }
                      @foreign, qw(foreign-user foreign-role foreign-binding
                      cluster-admin))
        {
            try($method, "$CORE/$path", @body);
        }

        try($method, $_, @body)
            for "$CORE/users/foreign-user/password", '/graphql', '/metrics',
                "$CORE/users/mallory/groups/cluster-admins", '/', '/version',
                "$CORE/users/foreign-user/reinstate", '/api', $CORE,
                "$CORE/namespaces", '/apis/core/v2/checks', '/demo/stats';
    }

    nothing_happened('routes');
};


my @climbs = ('..', '%2e%2e', '.%2E', '%2E.', '%252e%252e', '..;x', '...',
              '..%00', '%c0%ae%c0%ae', '..%5c', '.', '%2e');
my @slashes = ('/', '%2F', '%2f', '%252F', '//', '%5C', '\\', '/./', '%2F%2F');

subtest 'encodings' => sub {
    for my $up (@climbs) {
        for my $slash (@slashes) {
            for my $path ("namespaces/a/checks/$up${slash}foreign$slash"
                          . 'foreign-thing',
                          "namespaces/a/checks$slash$up$slash$up${slash}"
                          . 'foreign/checks',
                          "namespaces/a$slash$up${slash}foreign/checks",
                          "namespaces/foreign$slash$up${slash}a/checks",
                          "namespaces/a/assets/$up${slash}foreign$slash"
                          . 'foreign-thing',
                          "namespaces$slash$up${slash}checks",
                          "users/mallory$slash$up${slash}foreign-user")
            {
                try(GET => "$CORE/$path");
                try(DELETE => "$CORE/$path") if rand() < 0.3;
                try(PUT => "$CORE/$path", body => body_of('checks', 'foreign',
                    'foreign-thing')) if rand() < 0.3;
            }
        }
    }

    for my $ns ('%66oreign', 'foreign%20', 'foreign%2F', 'a%2Fforeign', 'a,b',
                'a%00foreign', '%61-foreign', 'FOREIGN', '*', '%2A', '-', '%2D',
                'a%3Fforeign', 'a%23', 'a;foreign', 'a%3Bforeign', '', '%', 'a%')
    {
        try($_, "$CORE/namespaces/$ns/checks") for qw(GET POST);
        try(GET => "$CORE/namespaces/$ns/checks/foreign-thing");
        try(DELETE => "$CORE/namespaces/$ns");
    }

    try(GET => $_)
        for "http://other$CORE/checks", "http://x$CORE/namespaces/foreign/checks",
            "$CORE/namespaces/a/../foreign/checks", "/x/..$CORE/users",
            "$CORE/%63hecks", '/%61pi/core/v2/users', '/API/core/v2/users',
            '/api/core/v2%2Fusers', "$CORE/namespaces%2Fforeign%2Fchecks",
            "$CORE/Namespaces/foreign/checks", "$CORE/checks/", "/$CORE/checks",
            '/api/*/v2/users', '/api/core/v3/users', "$CORE/users?",
            "$CORE/users#", "$CORE/users;", "$CORE/users%3F";

    nothing_happened('encodings');
};


subtest 'parameters' => sub {
    my @cursors = map { encode_base64url($_) }
        '../', '../../', "../foreign/\0", "foreign/foreign-thing\0", "\0",
        "../hooks", "a/own\0", '/', "../foreign/";

    for my $path ('namespaces', 'checks', 'namespaces/a/checks', 'events',
                  'namespaces/a/events/own', 'silenced', 'namespaces/a/hooks')
    {
        for my $cursor (@cursors, 'x' x 22) {
            for my $name ('continue', '%63ontinue', 'c%6Fntinue', 'Continue',
                          'continue%00', 'x&continue', 'limit=1&continue',
                          'limit=1;continue', 'continue=&continue',
                          'a=%26continue', '&&continue', 'continue[]')
            {
                try(GET => "$CORE/$path?$name=$cursor");
            }
        }

        try(GET => "$CORE/$path?$_")
            for 'limit=-1', 'limit=99999999999', 'limit=x', 'limit=1%26x',
                'namespace=foreign', 'ns=*', 'limit=1&namespace=foreign';
    }

    # a token of another caller, and one's own on another list

    my $all = $t->token(sub => 'admin');
    my $other = $gw->get("$CORE/checks?limit=1", token => $all)
                ->header('Sensu-Continue');
    ok defined $other, 'there is another';
    $demo->forget;

    is try(GET => "$CORE/checks?limit=9&continue=$other")->{status}, 410,
       'is not his';

    nothing_happened('parameters');
};


subtest 'bodies' => sub {
    my @metas = map { my $ns = $_; (
        qq("metadata":{"name":"%s","namespace":"$ns"}),
        qq("METADATA":{"NAME":"%s","NAMESPACE":"$ns"}),
        qq("metadata":{"name":"%s","namespace":"a","namespace":"$ns"}),
        qq("metadata":{"name":"%s","namespace":"a","Namespace":"$ns"}),
        qq("metadata":{"name":"%s","namespace":"a"},)
            . qq("metadata":{"name":"%s","namespace":"$ns"}),
        qq("metadata":{"name":"%s","namespace":"a"},)
            . qq("metaData":{"namespace":"$ns"}),
        qq("metadata":{"name":"%s","name\xc5\xbfpace":"$ns"}),
        qq("metadata":{"name":"%s","\\u006eamespace":"$ns"}),
        qq("metadata":{"name":"%s","namespace":["$ns"]}),
        qq("metadata":{"name":"../$ns/%s","namespace":"a"}),
        qq("metadata":{"name":"%s","namespace":"a/../$ns"}),
        qq("metadata":{"name":"%s","namespace":"../checks/$ns"}),
    ) } 'foreign', 'a-foreign';

    for my $type (@types) {
        for my $meta (@metas) {
            my $name = $type eq 'silenced' ? 'subscription:*' : 'evil';
            (my $named = $meta) =~ s/%s/$name/g;
            my $body = body_of($type, undef, undef, $named);
            my $at = "$CORE/namespaces/a/$type";

            try(POST => $at, body => $_)
                for $body, "$body$body", "\xef\xbb\xbf$body", " $body\n{",
                    body_of($type, 'a', 'evil2') . $body;
            try(PUT => $type eq 'events' ? "$at/evil/evil" : "$at/$name",
                body => $body);
            try(POST => $at, chunked => [unpack '(a20)*', $body]);
            try(POST => $at, body => $body,
                headers => ['Content-Type' => 'text/plain']);
        }
    }

    try(PUT => "$CORE/users/mallory", body => '{"username":"foreign-user",'
        . '"disabled":true}');
    nothing_happened('bodies');
};


subtest 'headers and framing' => sub {
    my $path = "$CORE/namespaces/foreign/checks";
    my $mine = "$CORE/namespaces/a/checks";

    try(GET => $mine, headers => $_)
        for ['X-HTTP-Method-Override' => 'DELETE'],
            ['X-Original-URL' => $path], ['X-Rewrite-URL' => $path],
            ['X-Forwarded-Uri' => $path], ['X-Forwarded-Prefix' => '/..'],
            ['X-Remote-User' => 'admin'], ['X_Remote_User' => 'admin'],
            ['X-Sensu-Namespace' => 'foreign'], ['Host' => 'foreign:8080/..'],
            ['X-Accel-Redirect' => $path], ['Range' => 'bytes=0-'],
            ['Connection' => 'Authorization'], ['Referer' => $path];

    try(POST => "$mine/own/execute", body => '{}',
        headers => ['X-HTTP-Method-Override' => 'PUT']);

    # a second request hidden in the first

    my $hidden = "GET $path HTTP/1.1\r\nHost: x\r\n"
                 . "Authorization: Bearer $token\r\n\r\n";
    my $head = "POST $mine HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
               . "Authorization: Bearer $token\r\n"
               . "Content-Type: application/json\r\n";

    for my $frame ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                   "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
                   "Content-Length: 5\r\nContent-Length: 0\r\n",
                   "Transfer-Encoding: x, chunked\r\n",
                   "Transfer-Encoding : chunked\r\n",
                   "Content-Length: 0\r\n", "Content-Length: +5\r\n")
    {
        my $r = $gw->raw("$head$frame\r\n0\r\n\r\n$hidden");
        seen_by_him("smuggling: $frame", $r);
    }

    seen_by_him('pipelined', $_)
        for $gw->raw("GET $mine HTTP/1.1\r\nHost: x\r\n"
                     . "Authorization: Bearer $token\r\n\r\n$hidden", 2);

    # what a request line may be

    for my $target ("$path HTTP/1.1", "$mine HTTP/1.1\t$path", '*',
                    "//x$path", "$mine\x01$path", "x:$path", "?$path")
    {
        my $r = $gw->raw("GET $target HTTP/1.1\r\nHost: x\r\n"
                         . "Connection: close\r\n"
                         . "Authorization: Bearer $token\r\n\r\n");
        seen_by_him("line: $target", $r);
    }

    # the same over HTTP/2

    for my $target ($path, "$CORE/checks", "$mine/..%2F..%2Fforeign%2Fchecks",
                    "$mine/../../foreign/checks", "$mine?continue=Li4v",
                    "$CORE/users", "$CORE/namespaces")
    {
        seen_by_him("HTTP/2: $target", $gw->h2($target, token => $token));
    }

    nothing_happened('headers');
};


# random targets

sub pick { $_[rand @_] }

sub segment {
    return pick('namespaces', 'a', 'a', @foreign, '-', @types, @cluster, 'own',
                'foreign-thing', 'foreign-user', 'mallory', 'password', 'core',
                'v2', 'api', @climbs, '', '%61', 'execute', 'hooks', '*', '%2A',
                'x%2Fy');
}


sub target {
    my $path = pick($CORE, $CORE, $CORE, '/api/core', '', "$CORE/namespaces/a",
                    "$CORE/namespaces/a", "$CORE/namespaces/foreign");

    $path .= pick('/', '/', '/', '/', @slashes) . segment()
        for 1 .. 1 + rand 5;

    # a byte here and there

    while (rand() < 0.2) {
        my $at = 1 + int rand length $path;
        substr($path, $at, pick(0, 0, 1)) =
            pick('/', '%', '.', ';', 'A', '%2F', '%00', "\x7f", '-', '?');
    }

    return $path if rand() < 0.6;

    return $path . '?' . join '&', map {
        pick('limit', 'continue', '%63ontinue', 'x', 'Limit') . '='
        . pick(1, 2, '-1', 'x', encode_base64url('../'), '%00', 'foreign',
               encode_base64url("foreign/x\0"))
    } 1 .. 1 + rand 2;
}


srand $SEED;

my $batch = 500;

for (my $done = 0; $done < $N; $done += $batch) {
    my $n = $N - $done < $batch ? $N - $done : $batch;

    for (1 .. $n) {
        my $method = pick(@methods, 'GET', 'GET', 'GET', 'DELETE');
        my @body = $method !~ /^P/ ? () : (body => body_of(pick(@types),
            pick('a', 'foreign'), pick('own', 'foreign-thing')));

        try($method, target(), @body);
    }

    nothing_happened("SEED=$SEED, " . ($done + 1) . ' to ' . ($done + $n));
}

$t->done;
