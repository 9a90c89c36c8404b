# The verified caller in variables: in every phase, empty unless the token
# verified in full, and never of another location's keys.

use lib 't/lib';
use SensuTest;

my $t = SensuTest->new;

my $back = $t->upstream(sub {
    my ($c, $req) = @_;

    return $c->reply(200, '', 'X-Accel-Redirect' => '/b/inner')
        if $req->{path} eq '/a/accel';
    return $c->reply(200, '', 'X-Accel-Redirect' => '/a/inner')
        if $req->{path} eq '/a/accel-same';
    return $c->reply(200, '<!--# include virtual="/b/part" -->|'
                          . '<!--# include virtual="/a/part" -->',
                     'Content-Type' => 'text/html')
        if $req->{path} eq '/a/ssi';
    return $c->reply(500, 'broken') if $req->{path} =~ /broken$/;
    return $c->reply(200, join ',', map { $req->{headers}{$_} // '-' }
                     qw(x-user x-mapped x-nested));
});

my $secret_b = pack 'H*', 'b0' x 32;
$t->write('b.secret', 'b0' x 32, 0600);
$t->write('users.txt', "admin:{PLAIN}word\n", 0644);
$t->write('plain.html', "plain\n", 0644);

sub token_b { jwt('HS256', { sub => 'bob', exp => time + 900, @_ }, $secret_b) }

my $told = '';                              # all of the access log

my $gw = $t->nginx(
    backend => $back,
    http => <<'END',
        log_format told '$request_uri user=$sensu_user groups=$sensu_groups '
                        'token=$sensu_token mail=$sensu_claim_mail '
                        'mapped=$mapped nested=$nested '
                        '$sensu_scope/$sensu_api_group/$sensu_api_version/'
                        '$sensu_namespace/$sensu_resource/$sensu_name '
                        'error=$sensu_error';

        map $sensu_user $mapped { default "none"; ~^(?<who>.+)$ "m-$who"; }
        map $mapped $nested { default "n-$mapped"; }
        map $sensu_user $limit_key { "" $binary_remote_addr;
                                     default "user:$sensu_user"; }
        map $sensu_user $spaces { default ""; ann "dev"; bob "dev,ops"; }
        limit_req_zone $sensu_user zone=user:1m rate=1r/m;
        limit_req_zone $limit_key zone=key:1m rate=1r/m;
END
    server => <<"END",
        access_log @{[$t->dir]}/told.txt told;
        set \$early "\$sensu_user";
        proxy_set_header X-User "\$sensu_user";
        proxy_set_header X-Mapped "\$mapped";
        proxy_set_header X-Nested "\$nested";
        add_header X-Early "\$early" always;
        add_header X-User "\$sensu_user" always;
        add_header X-Mapped "\$mapped" always;
        add_header X-Token "\$sensu_token" always;
END
    location => 'proxy_set_header X-User $sensu_user;
                 proxy_set_header X-Mapped $mapped;
                 proxy_set_header X-Nested $nested;',
    locations => <<"END",
        location /claims {
            proxy_pass http://sensu;
            set \$claims "\$sensu_claim_num|\$sensu_claim_real";
            set \$claims "\$claims|\$sensu_claim_yes|\$sensu_claim_no";
            set \$claims "\$claims|\$sensu_claim_null|\$sensu_claim_list";
            set \$claims "\$claims|\$sensu_claim_object|\$sensu_claim_text";
            set \$claims "\$claims|\$sensu_claim_absent|\$sensu_claim_empty";
            add_header X-Claims \$claims;
            set \$names "\$sensu_claim_camelcase|\$sensu_claim_with_dash";
            set \$names "\$names|\$sensu_claim_exact|\$sensu_claim_two";
            add_header X-Names "\$names|\$sensu_claim_e_x_uri";
            add_header X-Split "[\$sensu_claim_split]";
            add_header X-Long \$sensu_claim_long;
            add_header X-Groups \$sensu_groups;
        }
        location /rewrite {
            if (\$sensu_user = ann) { return 200 "ann"; }
            if (\$sensu_user) { return 200 "other"; }
            return 200 "nobody";
        }
        location /byuser { limit_req zone=user; proxy_pass http://sensu; }
        location /bykey { limit_req zone=key; proxy_pass http://sensu; }

        location /a/ { proxy_pass http://sensu; ssi on; }
        location /a/rewritten { rewrite ^ /b/rewritten; }
        location /a/error { error_page 500 /b/error; proxy_intercept_errors on;
                            rewrite ^ /a/broken break; proxy_pass http://sensu; }
        location /a/named { error_page 500 = \@b; proxy_intercept_errors on;
                            rewrite ^ /a/broken break; proxy_pass http://sensu; }
        location /a/try { root @{[$t->dir]}; try_files /nosuch /b/tried; }
        location /a/asks { auth_request /b/ask; proxy_pass http://sensu; }
        location /a/mirrors { mirror /b/mirror; proxy_pass http://sensu; }
        location /a/refused { error_page 401 = /open; proxy_pass http://sensu; }
        location /a/set { set \$ns dev; sensu_namespaces \$ns;
                          rewrite ^ /api/core/v2/namespaces/dev/checks break;
                          proxy_pass http://sensu; }

        location /b/ {
            sensu_jwt_key HS256 @{[$t->dir]}/b.secret format=hex;
            proxy_pass http://sensu;
            add_header X-User "\$sensu_user" always;
            add_header X-Mapped "\$mapped" always;
            add_header X-Nested "\$nested" always;
            add_header X-Token "\$sensu_token" always;
        }
        location = /b/branch {
            sensu_jwt_key HS256 @{[$t->dir]}/b.secret format=hex;
            if (\$mapped = m-ann) { return 200 "mixed"; }
            return 200 "\$mapped";
        }
        location \@b {
            sensu_jwt_key HS256 @{[$t->dir]}/b.secret format=hex;
            add_header X-Mapped "\$mapped" always;
            proxy_pass http://sensu;
        }
        location /api/core/v2/namespaces/ops/ {
            sensu_jwt_key HS256 @{[$t->dir]}/b.secret format=hex;
            sensu_namespaces \$spaces;
            proxy_pass http://sensu;
        }
        location /open { sensu_gateway off; proxy_pass http://sensu; }
        location /open/b { sensu_gateway off; proxy_pass http://sensu;
            sensu_jwt_key HS256 @{[$t->dir]}/b.secret format=hex; }

        location /any/ {
            satisfy any;
            proxy_pass http://sensu;
            location /any/address { allow 127.0.0.1; deny all;
                                    proxy_pass http://sensu; }
            location /any/nobody { deny all; proxy_pass http://sensu; }
            location /any/basic { auth_basic x;
                                  auth_basic_user_file @{[$t->dir]}/users.txt;
                                  proxy_pass http://sensu; }
        }
        location /all/ { deny all; proxy_pass http://sensu; }
        location /api/core/v2/namespaces/any/ {
            satisfy any; allow 127.0.0.1; deny all;
            sensu_namespaces \$sensu_claim_ns;
            proxy_pass http://sensu;
        }
END
);

my $ann = $t->token(sub => 'ann', groups => ['dev', 'ops'],
                    mail => 'ann@example');

subtest 'a good token in every phase' => sub {
    my $path = '/api/core/v2/namespaces/dev/checks/cpu';
    my $r = $gw->get($path, token => $ann);

    is $r->{status}, 200, 'in';
    is $r->header('X-Early'), 'ann', 'the rewrite phase of the server';
    is $r->header('X-User'), 'ann', 'add_header';
    is $r->header('X-Mapped'), 'm-ann', 'a map';
    is $r->{body}, 'ann,m-ann,n-m-ann', 'proxy_set_header';
    is told($path), "$path user=ann groups=dev,ops token=ok mail=ann\@example "
       . 'mapped=m-ann nested=n-m-ann namespace/core/v2/dev/checks/cpu error=',
       'the log';

    is $gw->get('/rewrite', token => $ann)->{body}, 'ann', 'if';
    is $gw->get('/rewrite', token => $t->token)->{body}, 'other', 'of another';
    is $gw->h2($path, token => $ann)->header('X-User'), 'ann', 'HTTP/2';
};

subtest 'C12: nothing of a token that failed anything' => sub {
    my %bad = (
        malformed => 'a b',
        bad_signature => jwt('HS256', { sub => 'ann', exp => time + 900 },
                             'x' x 32),
        unknown_key => jwt('HS384', { sub => 'ann', exp => time + 900 },
                           $t->secret),
        expired => $t->token(sub => 'ann', exp => time - 1),
        not_yet => $t->token(sub => 'ann', nbf => time + 100),
        bad_claims => $t->token(sub => 'ann', exp => undef),
        missing => undef,
    );

    for my $case (sort keys %bad) {
        my $r = $gw->get('/api/core/v2/checks', token => $bad{$case});

        is $r->{status}, 401, $case;
        is $r->header($_), undef, "no $_" for qw(X-Early X-User);
        is $r->header('X-Mapped'), 'none', 'nobody for a map';
        is $r->header('X-Token'), $case, 'why';
        like told('/api/core/v2/checks'), qr{ user=-? groups=-? token=$case mail=-? mapped=none },
             'nor in the log';
        is $gw->get('/rewrite', token => $bad{$case})->{body}, 'nobody',
           'nor in the rewrite phase';
    }
};

subtest 'the path' => sub {
    my %path = (
        '/api/core/v2/checks' => 'cluster/core/v2//checks/',
        '/api/core/v2/namespaces' => 'cluster/core/v2//namespaces/',
        '/api/core/v2/namespaces/a/assets/x%2Fy' =>
            'namespace/core/v2/a/assets/x/y',
        '/health' => 'none/////',
        '/api/nonsense' => 'none/////',
        '/api/core/v2/namespaces/a/checks/..%2fb' => 'none/////',
    );

    for my $path (sort keys %path) {
        $gw->get($path);             # known without a token
        like told($path) =~ s/-(?=\/| )//gr, qr{ \Q$path{$path}\E error}, $path;
    }

    $gw->get('/api/core/v2/checks?limit=x', token => $ann);
    like told('/api/core/v2/checks?limit=x'), qr{error=bad_limit$}, '$sensu_error';
};

subtest 'C10, C11: texts of claims' => sub {
    my $r = $gw->get('/claims', token => jwt('HS256', '{"sub":"ann","exp":'
        . (time + 900) . ',"num":42,"real":1.5,"yes":true,"no":false,'
        . '"null":null,"list":["a",1],"object":{"a":{"b":1}},"text":"t \u00e9",'
        . '"empty":"","camelCase":"camel","with-dash":"dash","exact":"low",'
        . '"EXACT":"high","Two":"1","tWo":"2","e.x/uri":"uri",'
        . '"split":"a\r\nX-Admin: 1","long":"' . 'x' x 3000 . '",'
        . '"groups":["a","b,admin","","c"]}', $t->secret));

    is $r->{status}, 200, 'in';
    is $r->header('X-Claims'),
       "42|1.5|true|false||[\"a\",1]|{\"a\":{\"b\":1}}|t \xc3\xa9||", 'texts';
    is $r->header('X-Names'), 'camel|dash|low||uri',
       'names in lower case; two that differ in case alone are none';
    is $r->header('X-Split'), '[]', 'no control characters';
    is $r->header('X-Admin'), undef, 'nothing is split';
    is length $r->header('X-Long'), 3000, 'long';
    is $r->header('X-Groups'), 'a,c', 'a group with a comma is left out';
};

subtest 'R5: limit_req' => sub {
    my %token = map { $_ => $t->token(sub => "l-$_") } 1 .. 3;

    # by the user alone: what has none is not limited, nginx's rule

    is $gw->get('/byuser', token => $token{1})->{status}, 200, 'one';
    is $gw->get('/byuser', token => $token{1})->{status}, 503, 'is enough';
    is $gw->get('/byuser', token => $token{2})->{status}, 200, 'of each user';

    # a bad token does not count for the user whose name it has

    is $gw->get('/byuser', token => $t->token(sub => 'l-3', exp => 1))
          ->{status}, 401, 'an expired token' for 1 .. 2;
    is $gw->get('/byuser', token => $token{3})->{status}, 200,
       'has spent nothing of the user';

    is $gw->get('/bykey', token => $token{1})->{status}, 200, 'by the user';
    is $gw->get('/bykey')->{status}, 401, 'by the address';
    is $gw->get('/bykey')->{status}, 503, 'limited';
    is $gw->get('/bykey', token => 'bad')->{status}, 503, 'bad tokens, too';
    is $gw->get('/bykey', token => $token{2})->{status}, 200,
       'users behind the address are not';
};

subtest 'P9: two locations with keys of their own' => sub {
    is $gw->get('/b/x', token => $ann)->{status}, 401, 'a is not for b';
    is $gw->get('/a/x', token => token_b)->{status}, 401, 'b is not for a';

    my $r = $gw->get('/b/x', token => token_b);
    is $r->{status}, 200, 'b is for b';
    is $r->header('X-User'), 'bob', 'user';
    is $r->header('X-Mapped'), 'm-bob', 'map, though the server asked first';
    is $r->header('X-Nested'), 'n-m-bob', 'a map of it';

    is $gw->get('/b/branch', token => $ann)->{body}, 'none', 'rewrite phase';
    is $gw->get('/b/branch', token => token_b)->{body}, 'm-bob', 'of b';

    # from a to b with a's token: refused there; with b's: refused here, where
    # it is asked for

    is $gw->get('/a/rewritten', token => $ann)->{status}, 401, 'rewrite: a';

    $r = $gw->get('/a/rewritten', token => token_b);
    is $r->{status}, 200, 'rewrite: b, for a is left before it asks';
    is $r->{body}, 'bob,m-bob,n-m-bob', 'as bob';

    for my $how (qw(error named try accel)) {
        my $r = $gw->get("/a/$how", token => $ann);

        is $r->{status}, 401, "$how: a";
        unlike $r->{body}, qr/ann/, 'b does not know ann';
        is $r->header('X-User') // '', '', 'no user' if $how ne 'named';
        is $r->header('X-Mapped'), 'none', "$how: none for a map";
        like told("/a/$how"), qr{ user=-? .* mapped=none nested=n-none },
             'nor the log';

        is $gw->get("/a/$how", token => token_b)->{status}, 401,
           'b does not pass a' if $how ne 'try';
    }

    is $gw->get('/a/accel-same', token => $ann)->{body}, 'ann,m-ann,n-m-ann',
       'X-Accel-Redirect to a location with the same keys';
};

subtest 'P11: subrequests' => sub {
    my $r = $gw->get('/a/ssi', token => $ann);

    is $r->{status}, 200, 'SSI';
    is +(split /\|/, $r->{body})[1], 'ann,m-ann,n-m-ann', 'its own keys';
    unlike +(split /\|/, $r->{body})[0], qr/ann/, 'the other does not know ann';
    like told('/a/ssi'), qr{ user=ann .* mapped=m-ann nested=n-m-ann },
         'the log of the request';

    is $gw->get('/a/asks', token => $ann)->{status}, 401,
       'auth_request in a location with other keys';

    $back->forget;
    $r = $gw->get('/a/mirrors', token => $ann);
    is $r->{body}, 'ann,m-ann,n-m-ann', 'mirror';
    ok !(grep { $_->{path} =~ /mirror$/ } $back->requests),
       'what is not let in is not mirrored';
    like told('/a/mirrors'), qr{ user=ann .* mapped=m-ann }, 'the log';
};

subtest 'a location without a gateway' => sub {
    is $gw->get('/open/a', token => $ann)->{body}, 'ann,m-ann,n-m-ann',
       'knows the caller by its keys';
    is $gw->get('/open/b', token => $ann)->{body}, '-,none,n-none',
       'and by no others';
    is $gw->get('/open/a', token => $t->token(exp => 1))->{body},
       '-,none,n-none', 'verified all the same';
    is $gw->get('/a/refused', token => token_b)->{body}, '-,none,n-none',
       'also in an error_page';
};

subtest 'sensu_namespaces' => sub {
    my $ops = '/api/core/v2/namespaces/ops/checks/x';

    is $gw->get($ops, token => token_b)->{status}, 200, 'a map';
    is $gw->get($ops, token => token_b(sub => 'eve'))->{status}, 403, 'its default';
    is $gw->get($ops, token => $ann)->{status}, 401, 'under its own keys';
    is $gw->get('/a/set', token => $ann)->{status}, 200, 'a value of set';
};

subtest 'satisfy' => sub {
    is $gw->get('/any/address')->{status}, 200, 'any: an address';
    is $gw->get('/any/address')->header('WWW-Authenticate'), undef,
       'and no challenge';
    is $gw->get('/any/address')->{body}, '-,none,n-none', 'nobody';
    is $gw->get('/any/address', token => $ann)->{body}, 'ann,m-ann,n-m-ann',
       'with a token somebody';
    is $gw->get('/any/nobody')->{status}, 401, 'any: neither';
    is $gw->get('/any/nobody', token => $ann)->{status}, 200, 'any: a token';

    my $r = $gw->get('/any/basic');
    is $r->{status}, 401, 'any: neither';
    is_deeply [ sort map { /^(\w+)/ } $r->header('WWW-Authenticate') ],
       [qw(Basic Bearer)], 'both are asked for';
    is $gw->get('/any/basic', headers => [
           Authorization => 'Basic YWRtaW46d29yZA=='])->{status}, 200, 'Basic';
    is $gw->get('/any/basic', token => $ann)->{status}, 200, 'Bearer';

    is $gw->get('/all/x', token => $ann)->{status}, 403, 'all: address, too';

    my $any = '/api/core/v2/namespaces/any/checks/x';
    is $gw->get($any)->{status}, 403, 'an address is no namespace';
    is $gw->get($any, token => $t->token(ns => 'any'))->{status}, 200,
       'a claim is';
    is $gw->get($any, token => $t->token(ns => 'any', exp => 1))->{status}, 403,
       'but not of an expired token';
};

subtest 'the token is in no log' => sub {
    my ($sig) = $ann =~ /([^.]+)$/;
    unlike $told, qr/\Q$sig\E/, 'access log';
    unlike $gw->log, qr/\Q$sig\E/, 'error log';
};

$t->done;


# the line of the access log, which is written after the response

sub told {
    my ($path) = @_;

    my $file = $t->dir . '/told.txt';
    my $line = $t->wait_for(sub { (grep { /^\Q$path\E / }
                                   split /\n/, slurp($file))[-1] });

    $told .= slurp($file);
    truncate $file, 0;

    return $line;
}
