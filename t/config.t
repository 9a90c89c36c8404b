# What nginx -t says: every wrong value stops it, with the file, the line and
# what would be right; what is right passes.

use lib 't/lib';
use SensuTest;

my $t = SensuTest->new;
my $back = $t->upstream(sub { $_[0]->reply(200, '[]') });

my $secret = $t->secret_file;
my ($rsa, $rsa_pub) = key_pair($t, 'rsa');
my ($ec, $ec_pub) = key_pair($t, 'ec');
my ($ec384, $ec384_pub) = key_pair($t, 'ec', 'secp384r1');
my ($weak, $weak_pub) = key_pair($t, 'rsa', 1024);

my $base64 = slurp($secret) =~ s/\n//r;
my $url = $base64 =~ tr{+/=}{-_}dr;

file('empty', '');
file('blank', "\n");
file('short', "c2hvcnQ=\n");                # "short"
file('not-base64', "??? this is not base64 ???\n");
file('text.pem', "no PEM\n");
file('not-json.jwks', '{');
file('none.jwks', '{"keys":[]}');
file('enc.jwks', '{"keys":[{"kty":"oct","use":"enc","k":"' . $url . '"}]}');
file('good.jwks', '{"keys":[{"kty":"oct","alg":"HS256","k":"' . $url . '"}]}');
file('mixed.jwks', '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AA"},'
                   . '{"kty":"oct","alg":"HS256","k":"' . $url . '"}]}');
file('hex', unpack('H*', $t->secret) . "\n");
# no random ones, of which some begin with a quote or a bracket
file('raw', join '', map { chr } 129 .. 160);
file('redis.password', "secret\n");

my $key = "sensu_jwt_key HS256 $secret;";
my $n;                                      # line of the directive

subtest 'keys' => sub {
    refused("sensu_jwt_key HS256 DIR/absent;", qr/has no such file: No such file/);
    refused("sensu_jwt_key HS256 DIR;", qr/no regular file/);
    refused("sensu_jwt_key HS256 DIR/empty;", qr/empty/);
    refused("sensu_jwt_key HS256 DIR/blank;", qr/0 bytes.*at least 32/);
    refused("sensu_jwt_key HS256 DIR/short;", qr/5 bytes.*at least 32/);
    refused("sensu_jwt_key HS512 $secret;", qr/32 bytes.*at least 64/);
    refused("sensu_jwt_key HS256 DIR/not-base64;", qr/base64.*format=/s);
    refused("sensu_jwt_key HS256 DIR/raw format=hex;", qr/hex/);
    refused("sensu_jwt_key HS256 $secret format=base32;", qr/format.*base64/);
    refused("sensu_jwt_key HS256 $secret kid=;", qr/use kid=ID or format=/);
    refused("sensu_jwt_key HS256 $secret key=a;", qr/use kid=ID or format=/);
    refused("sensu_jwt_key HS256;", qr/number of arguments/);

    for my $alg (qw(none None hs256 HS1 PS256 EdDSA HS257), '""') {
        refused("sensu_jwt_key $alg $secret;", qr/HS256.*RS256.*ES256/s);
    }

    refused("sensu_jwt_key RS256 $rsa;", qr/private.*public/s);
    refused("sensu_jwt_key ES256 $ec;", qr/private.*public/s);
    refused("sensu_jwt_key RS256 $ec_pub;", qr/RSA/);
    refused("sensu_jwt_key ES256 $rsa_pub;", qr/EC|P-256/);
    refused("sensu_jwt_key ES256 $ec384_pub;", qr/P-256/);
    refused("sensu_jwt_key ES384 $ec_pub;", qr/P-384/);
    refused("sensu_jwt_key RS256 $weak_pub;", qr/2048/);
    refused("sensu_jwt_key RS256 DIR/text.pem;", qr/PEM/);
    refused("sensu_jwt_key HS256 $rsa_pub;", qr/PEM|base64|public/);
    refused("sensu_jwt_key RS256 $rsa_pub format=raw;", qr/format/);

    refused("sensu_jwt_key_set DIR/absent;", qr/has no such file: No such file/);
    refused("sensu_jwt_key_set DIR/not-json.jwks;", qr/JSON/);
    refused("sensu_jwt_key_set DIR/none.jwks;", qr/key/);
    refused("sensu_jwt_key_set DIR/enc.jwks;", qr/key/);

    passes("sensu_jwt_key HS256 DIR/hex format=hex;");
    passes("sensu_jwt_key HS256 DIR/raw format=raw kid=a;");
    passes("sensu_jwt_key HS256 $secret; sensu_jwt_key RS512 $rsa_pub;"
           . " sensu_jwt_key ES256 $ec_pub kid=1;"
           . " sensu_jwt_key ES384 $ec384_pub;");
    passes("sensu_jwt_key_set DIR/good.jwks;");

    like passes("sensu_jwt_key_set DIR/mixed.jwks;"), warning(qr/kty is not/),
        'a key that is passed over is told of';
};

subtest 'secrets that others may read' => sub {
    chmod 0600, $secret;
    unlike passes("sensu_jwt_key HS256 $secret;"), qr/\[warn\]/,
        'none for a file of the owner';

    chmod 0644, $secret;
    my $out = passes("sensu_jwt_key HS256 $secret;");
    like $out, warning(qr/read/), 'a warning';
    like $out, qr/chmod/, 'with the remedy';

    unlike passes("sensu_jwt_key RS256 $rsa_pub;"), qr/\[warn\]/,
        'public keys are no secrets';

    for (qw(good.jwks mixed.jwks)) {
        chmod 0644, $t->dir . "/$_";
        like passes("sensu_jwt_key_set DIR/$_;"), warning(qr/read/), $_;
        chmod 0600, $t->dir . "/$_";
    }

    unlike slurp($secret), qr/^$/, 'the secret';
    unlike $out, qr/\Q$base64\E/, 'is not in the messages';
};

subtest 'a gateway without a key' => sub {
    my ($ok, $out) = check('sensu_gateway on;');
    ok !$ok, 'does not start';
    like $out, qr/nginx\d+\.conf:$n\b/, 'file and line';
    like $out, qr/sensu_jwt_key HS256 FILE/, 'remedy';

    ($ok, $out) = check('', location => 'sensu_gateway on;');
    ok !$ok, 'nor one of a location';
};

subtest 'values' => sub {
    my %right = (
        sensu_guard => qr/on.*off/,
        sensu_pages => qr/on.*off/,
        sensu_native_pages => qr/on.*off/,
        sensu_api_key => qr/pass.*reject/,
        sensu_max_body => qr/512000/,
        sensu_page_max => qr/1 to 100000/,
        sensu_page_default => qr/0 .*to 100000/,
        sensu_page_buffer => qr/4k to 1024m/,
        sensu_cursor_ttl => qr/1s to 24h/,
        sensu_jwt_leeway => qr/0s to 1h/,
    );

    my %wrong = (
        sensu_guard => [qw(maybe)],
        sensu_pages => [qw(all)],
        sensu_native_pages => [qw(2)],
        sensu_api_key => [qw(accept on "")],
        sensu_max_body => [qw(0 -1 half 5kk 9999999999999999999 "")],
        sensu_page_max => [qw(0 -1 many 100001 1.5 99999999999999999999)],
        sensu_page_default => [qw(-1 all 100001)],
        sensu_page_buffer => [qw(0 4095 2g x)],
        sensu_cursor_ttl => [qw(0 0s 25h never -5m 5mm)],
        sensu_jwt_leeway => [qw(-1s 2h soon)],
    );

    for my $name (sort keys %wrong) {
        refused("$key $name $_;", qr/"\Q$name\E".*?$right{$name}
                                     |$right{$name}.*?"?\Q$name\E/x)
            for @{ $wrong{$name} };
        refused("$key $name;", qr/number of arguments.*$name/);
    }

    my %good = (
        sensu_gateway => [qw(on)],
        sensu_guard => [qw(on off)],
        sensu_pages => [qw(on off)],
        sensu_native_pages => [qw(on off)],
        sensu_api_key => [qw(pass reject)],
        sensu_max_body => [qw(1 512000 500k 10m)],
        sensu_page_max => [qw(1 100000)],
        sensu_page_default => [qw(0 50)],
        sensu_page_buffer => [qw(4k 8m 1024m)],
        sensu_cursor_ttl => [qw(1 1s 5m 24h 1d)],
        sensu_jwt_leeway => [qw(0 5s 1h)],
        sensu_public => ['/health', '/health /version'],
        sensu_api => ['core/v2', '*/*', 'core/* enterprise/store/v1'],
        sensu_cors => ['off', 'https://a.example', 'http://localhost:3000',
                       'https://[::1]:8443', 'https://a https://b'],
        sensu_namespaces => ['*', 'a,b', '"a b"', '$sensu_claim_ns',
                             '"$arg_a,$http_b"', '""'],
        sensu_jwt_issuer => ['https://issuer', '"with space"'],
        sensu_jwt_audience => ['sensu'],
    );

    for my $name (sort keys %good) {
        passes("$key $name $_;") for @{ $good{$name} };

        my $once = "$name $good{$name}[0];";
        refused("$key $once $once", qr/"$name" directive is duplicate/)
            if $name ne 'sensu_gateway';
    }

    for my $value (qw(yes 1 "")) {
        my ($ok, $out) = check("$key sensu_gateway $value;", bare => 1);
        ok !$ok, "sensu_gateway $value";
        like $out, qr/"sensu_gateway" directive, it must be "on" or "off"/,
             'on or off';
    }
};

subtest 'texts' => sub {
    refused("$key $_ \"\";", qr/"$_" needs a text/)
        for qw(sensu_jwt_issuer sensu_jwt_audience);

    for my $path ('health', '""', '/a?b', '/a%20b', '/api/*', '//a', '/../a') {
        refused("$key sensu_public $path;", qr/exact.*such as \/health/);
    }

    for my $api ('core', 'core/2', '/v2', 'core/v2/checks/x', 'core/', '""') {
        refused("$key sensu_api $api;", qr/GROUP\/VERSION such as core\/v2/);
    }

    for my $origin ('*', 'null', '""', 'a.example', 'https://', 'https://a/',
                    'HTTPS://a', 'https://A.example', 'https://a:443',
                    'http://a:80', 'https://a:0', 'https://a:65536',
                    'https://a:', 'https://a:08', 'https://a?b', 'https://*.a',
                    'https://u@a', 'https://[::1', 'https://a,https://b',
                    'https://a off')
    {
        refused("$key sensu_cors $origin;", qr/scheme:\/\/host/);
    }

    passes("$key sensu_cors https://a:80 http://a:443 http://a:65535;");
};

subtest 'words of sensu_namespaces' => sub {
    refused("$key sensu_namespaces $_;", qr/"sensu_namespaces" is not .*use letters/)
        for 'a/b', '"a,*"', '"* a"', '**', '"dev;ops"', '..', '"$arg_a *"';

    passes("$key sensu_namespaces $_;")
        for '*', '"* "', 'a-b,c.d:e', '"$arg_a*"', '"x$sensu_user $arg_x"';
};

subtest 'variables of sensu_namespaces' => sub {
    refused("$key sensu_namespaces \$nosuch;",
            qr/"\$nosuch" in "sensu_namespaces".*define it/s);
    refused("$key sensu_namespaces \"a,\$sensu_user,\$nosuch_2\";",
            qr/"\$nosuch_2" in/);
    refused("$key sensu_namespaces \"a $_\";",
            qr/in "sensu_namespaces" is what a request asks for/)
        for '$sensu_namespace', '$sensu_namespaces', '${sensu_name}', 'x-$Sensu_Name';

    passes("$key set \$ns a; sensu_namespaces \$ns;");
    passes("$key sensu_namespaces \$mapped;",
           http => 'map $sensu_user $mapped { default ""; a b; }');
};

subtest 'stores' => sub {
    for my $redis ('redis', 'http://127.0.0.1/', 'redis://', 'redis://h:x',
                   'redis://h:70000', 'redis://h/x', 'unix:', '""',
                   'redis://127.0.0.1 timeout=x', 'redis://127.0.0.1 nonsense',
                   'redis://127.0.0.1 password_file=DIR/absent')
    {
        my ($ok, $out) = check($key, server_first => "sensu_gateway on; sensu_redis $redis;");
        ok !$ok, "sensu_redis $redis";
        like $out, qr/nginx\d+\.conf:\d+/, 'file and line';
        like $out, qr/redis:\/\/|unix:|timeout=|No such|prefix=|host:port/, 'remedy';
    }

    for my $zone ('a', 'a:', ':8m', 'a:1k', 'a:x', 'a:-1') {
        my ($ok, $out) = check($key, http => "sensu_cursor_zone $zone;");
        ok !$ok, "sensu_cursor_zone $zone";
        like $out, qr/NAME:SIZE.*nginx\d+\.conf:\d+/, 'place and remedy';
    }

    my ($ok, $out) = check($key, http => 'sensu_cursor_zone a:8m;'
                                       . ' sensu_cursor_zone b:8m;');
    like $out, qr/"sensu_cursor_zone" directive is duplicate/, 'two zones';

    ($ok, $out) = check("$key sensu_gateway off;",
                        http => 'sensu_cursor_zone other:32k;');
    ok $ok, 'a zone, even if no gateway uses it' or diag $out;

    ($ok, $out) = check($key, server_first => 'sensu_gateway on; sensu_redis '
        . 'redis://127.0.0.1:6379/3 timeout=1s prefix=s: password_file=DIR/'
        . 'redis.password user=gateway;');
    ok $ok, 'Redis with all parameters' or diag $out;
};

subtest 'what stands where' => sub {
    for my $name (qw(sensu_redis sensu_cursor_zone)) {
        my ($ok, $out) = check($key, location => "$name a:8m;");
        ok !$ok, "$name in a location";
        like $out, qr/"$name" directive is not allowed here/, 'not allowed';
    }

    my ($ok, $out) = check('', http => "$key sensu_gateway on;");
    ok $ok, 'all at the level http' or diag $out;

    ($ok, $out) = check('', location => "$key sensu_gateway on; "
                                      . "sensu_cors https://a;");
    ok $ok, 'all in a location' or diag $out;
};

$t->done;


sub file {
    my ($name, $text) = @_;
    return $t->write($name, $text, 0600);
}


# nginx -t with the directive on a line of its own, its number in $n

sub check {
    my ($text, %more) = @_;

    my $first = $more{server_first} // '';
    my $http = $more{http} // '';
    my $location = $more{location} // '';
    my $dir = $t->dir;

    my $conf = <<"END";
%%GLOBALS%%
events { worker_connections 64; }
http {
%%TEMP%%
access_log off;
$http
server {
listen 127.0.0.1:%%PORT%%;
$first
$text
location / {
proxy_pass http://127.0.0.1:@{[$back->port]};
$location
}
}
}
END

    $conf =~ s/DIR/$dir/g if $conf !~ /%%DIR/;
    $text =~ s/DIR/$dir/g;

    my $nginx = $t->nginx(conf => $conf, start => 0);
    my @result = $nginx->check;

    my @lines = split /\n/, slurp($nginx->conf);
    ($n) = $text ne '' ? grep { $lines[$_ - 1] eq $text } 1 .. @lines : 0;

    return @result;
}


sub refused {
    my ($text, $why) = @_;

    my ($ok, $out) = check("sensu_gateway on; $text" =~ s/(?<=;) (?=sensu_gateway)//r);
    my $name = $text =~ s/^\Q$key\E //r;

    ok !$ok, "$name: refused";
    like $out, qr/nginx\d+\.conf:$n\b/, 'names the line';
    like $out, qr/\[emerg\].*$why/s, 'and what would be right';
}


sub passes {
    my ($text, %more) = @_;

    $more{server_first} = 'sensu_gateway on;' if $text !~ /sensu_gateway/;

    my ($ok, $out) = check($text, %more);
    ok $ok, $text =~ s/^\Q$key\E //r or diag $out;

    return $out;
}


sub warning {
    my ($what) = @_;
    return qr/\[warn\].*$what.*nginx\d+\.conf:\d+/;
}
