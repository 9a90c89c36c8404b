# sensu_logout: a token that was logged out is dead for the whole fleet.

use lib 't/lib';
use SensuTest;

my $t = SensuTest->new;
my $demo = $t->demo('--rich', '--secret-file', $t->secret_file,
                    '--no-token-store');
my $redis = $t->redis;

# the demo backend keeps no account of tokens here: what is refused, is
# refused by the gateways

my %on = (backend => $demo, location => 'sensu_logout on;');
my %shared = (%on, http => 'sensu_redis ' . $redis->url . ' timeout=5s;');

my ($one, $two) = map { $t->nginx(%shared) } 1, 2;
my $memory = $t->nginx(%on, workers => 2);
my $off = $t->nginx(backend => $demo);

my $list = '/api/core/v2/namespaces';


subtest 'through Redis' => sub {
    my ($access, $refresh) = login($one);

    is $one->get($list, token => $access)->{status}, 200, 'good here';
    is $two->get($list, token => $access)->{status}, 200, 'and there';

    is logout($one, $access, $refresh)->{status}, 200, 'logged out here';

    ok $t->wait_for(sub {
        $two->get($list, token => $access)->{status} == 401
    }), 'refused there';

    my $r = $one->get($list, token => $access);

    is $r->{status}, 401, 'and here';
    is $r->json->{reason}, 'token_revoked', 'with a reason';
    like $r->header('WWW-Authenticate'), qr/error="invalid_token"/,
         'and a challenge';

    my ($fresh) = login($one);
    is $one->get($list, token => $fresh)->{status}, 200,
       'a new login is another token';
};

subtest 'the token in another spelling is the same token' => sub {
    my ($access, $refresh) = login($one);

    logout($one, $access, $refresh);

    ok $t->wait_for(sub {
        $two->get($list, headers => [Authorization => "bearer  $access"])
            ->{status} == 401
    }), 'another case of the scheme';
};

subtest 'the mark ends with the token' => sub {
    my ($key) = grep { /out:/ } $redis->keys;
    my $ttl = $redis->cmd('TTL', $key);

    cmp_ok $ttl, '>', 800, 'lives as long as the token';
    cmp_ok $ttl, '<=', 902, 'and no longer';
};

subtest 'a log-out that failed marks nothing' => sub {
    my ($access) = login($one);

    is logout($one, $access, 'junk')->{status}, 401, 'refused by the backend';
    is $one->get($list, token => $access)->{status}, 200, 'still good';
};

subtest 'nobody logs out another' => sub {
    my ($access, $refresh) = login($one);
    my $forged = $access =~ s/.$/A/r =~ s/^[^.]+\.\K[^.]+/e30/r;

    logout($one, $forged, $refresh);

    is $one->get($list, token => $access)->{status}, 200, 'still good';
};

subtest 'through shared memory' => sub {
    my ($access, $refresh) = login($memory);

    logout($memory, $access, $refresh);

    ok $t->wait_for(sub {
        !grep { $memory->get($list, token => $access)->{status} != 401 } 1 .. 6
    }), 'refused by every worker';
};

subtest 'a token that has expired for the log-out alone' => sub {
    my $gw = $t->nginx(
        backend => $t->upstream(sub { $_[0]->reply(200, '[]') }),
        location => 'sensu_logout on;', locations => <<"END");
        location /api/ { sensu_logout on; sensu_jwt_leeway 1h;
                         proxy_pass http://sensu; }
        location /strict/ { sensu_logout on; proxy_pass http://sensu; }
END
    my @old = (token => $t->token(sub => 'ann', jti => 'a',
                                  exp => int(time) - 60));

    is $gw->get($list, @old)->{status}, 200, 'good there';
    is $gw->post('/auth/logout', '{}', @old)->{status}, 200, 'logged out';

    ok $t->wait_for(sub {
        my $r = $gw->get($list, @old);
        $r->{status} == 401 && $r->json->{reason} eq 'token_revoked';
    }), 'refused there';

    # the other location's rules are what they were, whatever was asked before

    is $gw->get('/strict/', @old)->json->{reason}, 'token_expired',
       'and expired here';
};

subtest 'off by default' => sub {
    my ($access, $refresh) = login($off);

    is logout($off, $access, $refresh)->{status}, 200, 'logged out';
    is $off->get($list, token => $access)->{status}, 200,
       'the backend alone knows';
};

subtest 'a token that can not be told from others is not looked up' => sub {
    is $one->get($list, token => $t->token(jti => undef))->{status}, 200,
       'one without jti';
};

# wherever a caller counts for something, a log-out does

my $any = 'sensu_namespaces $role; satisfy any; allow 127.0.0.1; deny all;';

my $everywhere = $t->nginx(
    backend => $demo,
    http => 'sensu_redis ' . $redis->url . ' timeout=5s;'
            . 'map $sensu_user $role { default ""; admin "*"; }',
    server => 'sensu_logout on; set $early "$sensu_user";',
    locations => 'location /any/ { rewrite ^/any(/.*)$ $1 break; ' . $any . '
                      proxy_pass http://sensu; }
                  location = /asked { sensu_gateway off; auth_request /check;
                      try_files /none =404; }
                  location = /check { internal; rewrite ^ ' . $list . ' break;
                      proxy_pass http://sensu; }
                  location = /who { sensu_gateway off; return 200
                      "$sensu_user,$sensu_token,$early,$role"; }
                  location = /first { sensu_gateway off; sensu_logout off;
                      set $seen $role; rewrite ^ /role last; }
                  location = /role { sensu_gateway off; return 200 "($role)"; }
                  location = /who-cares { sensu_gateway off; sensu_logout off;
                      return 200 "$sensu_user,$sensu_token"; }
                  location = /open/ { sensu_public /open/;
                      rewrite ^ ' . $list . ' break;
                      proxy_pass http://sensu; }
                  location = /late { sensu_public /late; set $seen $role;
                      rewrite ^ /any' . $list . ' last; }
                  location = /ssi.html { sensu_gateway off; ssi on;
                      ssi_types *; root ' . $t->dir . '; }
                  location = /inside { rewrite ^ ' . $list . ' break;
                      proxy_pass http://sensu; }');

$t->write('ssi.html', '<!--# include virtual="/inside?1" -->;'
                      . '<!--# include virtual="/inside?2" -->;'
                      . '<!--# include virtual="/inside?3" -->');

subtest 'wherever the caller counts' => sub {
    my ($access, $refresh) = login($everywhere);
    my $get = sub { $everywhere->get($_[0], token => $access) };

    is $get->($_)->{body}, $get->($list)->{body}, "satisfy any: in, $_"
        for "/any$list", '/late';
    is $get->('/who')->{body}, 'admin,ok,admin,*', 'variables: admin';
    is $get->('/asked')->{status}, 404, 'auth_request: in';
    is $get->('/open/')->{status}, 200, 'from a public path: in';
    is scalar(() = $get->('/ssi.html')->{body} =~ /"name"/g) > 2, 1,
        'three subrequests: in';

    is logout($everywhere, $access, $refresh)->{status}, 200, 'logged out';
    ok $t->wait_for(sub { $get->($list)->{status} == 401 }), 'refused';

    for my $path ("/any$list", '/late') {
        my $r = $get->($path);
        is "$r->{status} $r->{body}", '200 []', "satisfy any: none, $path";
    }

    is $get->('/who')->{body}, ',revoked,,', 'variables: nobody';
    is $get->('/first')->{body}, '()', 'though they were somebody\'s before';
    is $get->('/who-cares')->{body}, 'admin,ok', 'where it is off: admin';
    is $get->('/asked')->{status}, 401, 'auth_request: out';
    is $get->('/open/')->{status}, 401, 'from a public path: out';

    my @reasons = $get->('/ssi.html')->{body} =~ /"(token_revoked)"/g;
    is scalar(@reasons), 3, 'three subrequests: out';
    is $everywhere->get('/health', token => $access)->{status}, 200,
        'what is public stays so';
};

# nothing is known yet where the request comes to: that is nobody's value

subtest 'a caller who was one before log-outs counted' => sub {
    my $late = $t->nginx(
        %shared, location => '',
        http => $shared{http} . 'map $sensu_user $role { default ""; '
                . 'admin "*"; } map $role $outer { default $role; }',
        locations => 'location = /early { sensu_gateway off; set $x $outer;
                          rewrite ^ /any' . $list . ' last; }
                      location /any/ { sensu_logout on; satisfy any; allow all;
                          rewrite ^/any(/.*)$ $1 break;
                          sensu_namespaces $outer; proxy_pass http://sensu; }
                      location = /first { sensu_gateway off; set $x $role;
                          rewrite ^ /told last; }
                      location = /told { sensu_gateway off; sensu_logout on;
                          return 200 "$role"; }
                      location = /later { sensu_logout on;
                          sensu_public /later; rewrite ^ /after;
                          set $after "$sensu_user"; }
                      location = /after { sensu_gateway off;
                          return 200 "($after)"; }
                      location = /auth/logout { sensu_logout on;
                          proxy_pass http://sensu; }');

    my ($access, $refresh) = login($late);
    my $get = sub { $late->get('/early', token => $access)->{body} };

    like $get->(), qr/"name":"ops"/, 'is one when the store has answered';
    is logout($late, $access, $refresh)->{status}, 200, 'logged out';
    ok $t->wait_for(sub { $get->() eq '[]' }), 'has no namespace any more';
    is $late->get('/first', token => $access)->{body}, '',
       'nor has he one where nobody asks for a token';
    is $late->get('/later', token => $access)->{body}, '()',
       'nor before the store was asked';
};

subtest 'several subrequests wait for one answer' => sub {
    my $parts = $t->nginx(
        %shared, location => '',
        locations => 'location = /ssi.html { sensu_gateway off; ssi on;
                          ssi_types *; root ' . $t->dir . '; }
                      location = /auth/logout { sensu_logout on;
                          proxy_pass http://sensu; }
                      location = /copied { sensu_gateway off; empty_gif;
                          mirror /inside; mirror /inside; }
                      location = /inside { sensu_logout on;
                          rewrite ^ ' . $list . ' break;
                          proxy_pass http://sensu; }');

    my ($access, $refresh) = login($parts);
    my $get = sub { $parts->get('/ssi.html', token => $access)->{body} };
    my $looked = sub { $redis->cmd('INFO', 'commandstats')
                       =~ /cmdstat_get:calls=(\d+)/ ? $1 : 0 };

    my $before = $looked->();
    is scalar(my @lists = $get->() =~ /\[\{"name"/g), 3, 'in';
    is $looked->() - $before, 1, 'one look-up';

    # those whose turn comes run again in any case, those in the background do not
    $demo->forget;
    $parts->get('/copied', token => $access);
    ok $t->wait_for(sub { 2 == grep { /^GET \Q$list\E / } $demo->requests }),
       'two copies';

    is logout($parts, $access, $refresh)->{status}, 200, 'logged out';
    ok $t->wait_for(sub { 3 == (() = $get->() =~ /token_revoked/g) }),
        'out';
};

my $open = $t->nginx(%shared, location => 'sensu_logout on fail=open;');

subtest 'a configuration that never sees a log-out' => sub {
    my $pass = 'proxy_pass http://sensu;';
    my $api = "location /api/ { sensu_logout on; $pass }";
    my $never = qr/\[warn\] .*nginx\d+\.conf:\d+ never sees a log-out/;

    my %seen = (
        $api => 0,
        "$api location /auth/ { $pass }" => 0,
        "$api location /auth/logout { sensu_gateway off; sensu_logout on; }"
            => 0,
        "location /api { sensu_logout on; $pass }" => 0,
        "location = /health { sensu_logout on; $pass } $api" => 0,
        "location /auth { sensu_logout on; $pass }" => 1,
        "location ~ ^/(auth|api)/ { sensu_logout on; $pass }" => 1,
        "location /east/ { try_files /absent \@b; sensu_gateway off; }"
            . "location \@b { sensu_logout on; $pass }" => 1,
        "location ~ ^/api/ { sensu_logout on; $pass }" => 0,
        "$api location = /auth/logout { sensu_logout on; $pass }" => 1,
        "$api location /auth { location /auth/logout { sensu_logout on; } }"
            => 1,
        "location /east/ { sensu_logout on; rewrite ^/east(/.*)\$ \$1 break;"
            . $pass . '}' => 1,
    );

    for my $locations (sort keys %seen) {
        my ($ok, $out) = $t->nginx(%shared, location => '', start => 0,
                                   locations => $locations)->check;

        ok $ok && $seen{$locations} == ($out !~ $never), $locations
            or diag $out;
    }
};

subtest 'without Redis nobody knows: nobody gets in' => sub {
    my ($access) = login($one);
    my ($out, $refresh) = login($open);

    logout($open, $out, $refresh);
    ok $t->wait_for(sub { $open->get($list, token => $out)->{status} == 401 },
                    5), 'with fail=open a log-out holds, too';

    $redis->kill;

    my $r = $one->get($list, token => $access);

    is $r->{status}, 503, 'refused';
    is $r->json->{reason}, 'logout_check_failed', 'with a reason';
    is $r->header('Retry-After'), 1, 'for a moment';
    is $one->get('/health')->{status}, 200, 'what needs no token goes on';

    is $everywhere->get('/who', token => $access)->{body}, ',unchecked,,',
        'variables: nobody';
    is $everywhere->get('/asked', token => $access)->{status}, 500,
        'auth_request: out';

    is $open->get($list, token => $out)->{status}, 200,
        'fail=open: what can not be looked up, is let in';
    is scalar($open->grep_log(qr/it is let in with fail=open/)), 1,
        'of which the log says so';

    is logout($one, login($one))->{status}, 200, 'a log-out';
    ok $t->wait_for(sub { $one->grep_log(qr/a log-out was not kept, the store/) }),
       'of which the log says that it was not noted';

    $redis->restart;

    ok $t->wait_for(sub {
        $one->get($list, token => $access)->{status} == 200
    }), 'works again without a reload';
};

$t->done;


sub login {
    my ($gw) = @_;

    my $r = $gw->get('/auth', headers => [
        Authorization => 'Basic ' . MIME::Base64::encode_base64(
            'admin:P@ssw0rd!', '') ]);

    return @{ $r->json }{qw(access_token refresh_token)};
}


sub logout {
    my ($gw, $access, $refresh) = @_;

    return $gw->post('/auth/logout', qq({"refresh_token":"$refresh"}),
                     token => $access,
                     headers => ['Content-Type' => 'application/json']);
}
