# What operators write that means something else, and what they put where a key
# belongs: each is an error or a warning that says where, what and how it would be
# right, and never tells a secret.  The messages are whole.

use lib 't/lib';
use SensuTest;

use IO::Compress::Gzip qw(gzip);
use MIME::Base64 qw(encode_base64 encode_base64url decode_base64);
use POSIX qw(mkfifo);
use SensuTest::Settings;

my $t = SensuTest->new;
my $back = $t->upstream(sub { $_[0]->reply(200, '[]') });
my $d = $t->dir;

my $conf = SensuTest::Settings->new($t, $back);
my $pass = $conf->pass;
my $key = $conf->key;

$t->write('jwks', '{"keys":[{"kty":"oct","k":"' . 'A' x 86 . '"}]}', 0600);
mkfifo("$d/fifo", 0600) or die "mkfifo: $!";

my @letters = ('a' .. 'z', 0 .. 9);
my @names = map { my $a = $_; map { "$a$_" } @letters } @letters;

my ($private, $public) = key_pair($t, 'rsa');
my $pem = slurp($public);
my $der = decode_base64($pem =~ s/-----.*-----//gr);
my ($ec_private, $ec_public) = key_pair($t, 'ec', 'prime256v1');
my $ec_der = decode_base64(slurp($ec_public) =~ s/-----.*-----//gr);
my $base64 = slurp($t->secret_file);
my $url = $base64 =~ tr{+/=\n}{-_}dr;
my $jwks = qq({"keys":[{"kty":"oct","k":"$url"}]});
my $utf16 = sub { "\xff\xfe" . join '', map { "$_\0" } split //, $_[0] };

gzip(\$jwks, \my $gzipped);


# A row is a configuration of one server and what nginx -t says of it: nothing,
# or the whole line. "here" marks the line of the configuration it must name.

subtest 'keys without a gateway' => sub {
    for my $directive ($key, 'sensu_namespaces web;', 'sensu_jwt_audience a;',
                       'sensu_jwt_issuer a;', "sensu_jwt_key_set $d/jwks;")
    {
        my ($name) = $directive =~ /^(\w+)/;
        my $vain = qq([emerg] "$name" in CONF:HERE protects nothing, as )
                   . '"sensu_gateway on;" is missing: add it there, or '
                   . '"sensu_gateway off;" if everybody is meant to get in';

        said("$name of a server", server => "$directive # here",
             locations => "location / { $pass }", $vain);
        said('of a location', locations => <<"END", $vain);
location / {
$directive # here
$pass }
END
        said('of all servers', http => "$directive # here",
             locations => "location / { $pass }", $vain);
    }

    said('off for the server is an answer',
         server => "$key sensu_gateway off;",
         locations => "location / { $pass }", '');
    said('and for the location', locations => <<"END", '');
location / { $key sensu_gateway off; $pass }
END
    said('keys for all servers, a gateway in one of them',
         http => $key, locations => "location / { sensu_gateway on; $pass }",
         '');
    said('keys of a server with a gateway in it', server => $key,
         locations => <<"END", '');
location / { sensu_gateway on; $pass }
location /open { sensu_gateway off; $pass }
END
    said('off for one location is none for the others', server => "$key # here",
         locations => <<"END", qr/^\[emerg\] "sensu_jwt_key" in CONF:HERE pro/);
location / { $pass }
location /open { sensu_gateway off; $pass }
END
};

subtest 'a location that was forgotten' => sub {
    my $open = sub {
        qq([warn] location "$_[0]" of the server in CONF:HERE is no gateway )
        . 'while others beside it are: everybody gets in, add '
        . '"sensu_gateway on;", or "sensu_gateway off;" if that is meant'
    };

    said('beside one', server => $key, locations => <<"END", $open->('/api'));
location / { sensu_gateway on; $pass }
location /api { $pass }
END
    said('a named one', server => $key, locations => <<"END", $open->('@b'));
location / { sensu_gateway on; $pass error_page 502 = \@b; }
location \@b { $pass }
END
    said('off', server => $key, locations => <<"END", '');
location / { sensu_gateway on; $pass }
location /api { sensu_gateway off; $pass }
END
    said('not proxied', server => $key, locations => <<"END", '');
location / { sensu_gateway on; $pass }
location /files { root $d; }
location /gone { return 404; }
location /numbers { sensu_metrics; }
END
    said('beside one that proxies by another name', server => $key,
         locations => <<"END", $open->('@b'));
location / { sensu_gateway on; try_files /absent \@b; }
location \@b { $pass }
END
    said('beside counters alone', server => $key,
         locations => <<"END", $open->('/'));
location = /metrics { sensu_gateway on; sensu_metrics; }
location / { $pass }
END
    said('with variables', server => "$key set \$b http://127.0.0.1;",
         locations => <<"END", $open->('/api'));
location / { sensu_gateway on; proxy_pass \$b; }
location /api { proxy_pass \$b; }
END
    said('grpc_pass', server => $key, locations => <<"END", $open->('/api'));
location / { sensu_gateway on; $pass }
location /api { grpc_pass grpc://127.0.0.1:1; }
END
    said('an if of a gateway', server => $key, locations => <<"END", '');
location / { sensu_gateway on; if (\$arg_a) { $pass } $pass }
END
};

subtest 'a location answers in one way' => sub {
    for my $name (qw(sensu_metrics sensu_status)) {
        said("$name before a proxy_pass", locations => <<"END",
location / {
$name; # here
$pass }
END
             qq([emerg] "$name" in CONF:HERE answers nothing, as something )
             . 'else in its location does, such as proxy_pass: give it a '
             . 'location of its own');
        said("$name behind it", locations => <<"END",
location / { $pass
$name; # here
}
END
             qq([emerg] "$name" directive stands where something else answers )
             . 'already, such as proxy_pass: give it a location of its own in '
             . 'CONF:HERE');
    }

    said('both', locations => <<"END",
location / { sensu_status;
sensu_metrics; # here
}
END
         '[emerg] "sensu_metrics" directive stands where something else '
         . 'answers already, such as proxy_pass: give it a location of its own '
         . 'in CONF:HERE');
};

subtest 'values that cannot be right' => sub {
    gateway('sensu_page_default 500; sensu_page_max 100;',
            '[emerg] "sensu_page_max" in CONF:HERE makes sensu_page_default, '
            . '500, more than sensu_page_max, 100, which no page exceeds; '
            . 'lower the one or raise the other');
    gateway('sensu_page_default 1001;',
            '[emerg] "sensu_page_default" in CONF:HERE makes '
            . 'sensu_page_default, 1001, more than sensu_page_max, 1000, which '
            . 'no page exceeds; lower the one or raise the other');
    gateway('sensu_page_default 100; sensu_page_max 100;', '');

    for my $path ('/x/..', '/x/.', '/..', '/x/../y') {
        gateway("sensu_public $path;",
                qq([emerg] "$path" is not a path in "sensu_public", use exact, )
                . 'unescaped paths such as /health, without a query or a '
                . 'pattern in CONF:HERE');
    }

    gateway('sensu_public /x/..y /.x /x.. /x./y;', '');

    for my $name (qw(sensu_jwt_audience sensu_jwt_issuer)) {
        gateway("$name \$host;",
                qq([emerg] "$name" takes "\$host" as it stands, without )
                . 'variables: name the text that is in the tokens in '
                . 'CONF:HERE');
    }

    gateway("sensu_jwt_key HS256 $d/fifo;",
            '[emerg] "sensu_jwt_key": "DIR/fifo": cannot be read: it is no regular file in '
            . 'CONF:HERE');
    gateway("sensu_jwt_key_set $d/fifo;",
            '[emerg] "sensu_jwt_key_set": "DIR/fifo": cannot be read: it is no regular file '
            . 'in CONF:HERE');
};

subtest 'namespaces' => sub {
    my $no = ' in "sensu_namespaces" is not the name of a namespace, use '
             . 'letters, digits and "_-.:", several between commas or blanks, '
             . 'or "*" alone for all in CONF:HERE';

    gateway("sensu_namespaces $$_[0];", qq([emerg] "$$_[1]"$no))
        for ['"a/b"', 'a/b'], ['"a,*"', '*'], ['"web, b/c"', 'b/c'],
            ['..', '..'];

    gateway("sensu_namespaces $_;",
            qq([warn] "$_" in "sensu_namespaces" is the name of a namespace: )
            . 'use "*" for all, "" for none, or leave the directive out in '
            . 'CONF:HERE') for qw(on off);

    gateway("sensu_namespaces $_;", '') for '*', '""', '"a b"', 'office', 'a,off';

    gateway('sensu_namespaces ' . join(',', @names[0 .. 1023]) . ';', '');
    gateway('sensu_namespaces ' . join(',', @names[0 .. 1024]) . ';',
            '[emerg] "sensu_namespaces" has 1025 names, use up to 1024, or "*" '
            . 'for all in CONF:HERE');
};

subtest 'namespaces of a map' => sub {
    my $gw = $t->nginx(backend => $back, http => <<"END",
        map \$sensu_user \$may {
            many "@{[join ',', @names[0 .. 1024]]}";
            odd 'a/b", client: 1.2.3.4, server: x';
            default "*";
        }
END
        server => 'sensu_namespaces $may;');

    is $gw->get('/api/core/v2/checks', token => $t->token(sub => $_))->{status},
       403, $_ for qw(many odd);

    like join('', $gw->grep_log(qr/sensu_namespaces has/)),
         qr/value[ ]"aa,ab,.*\.\.\."
            ,[ ]which[ ]is[ ]more[ ]than[ ]1024[ ]namespaces:
            [ ]the[ ]caller[ ]gets[ ]none/x, 'the true reason';
};

subtest 'headers of CORS' => sub {
    gateway("sensu_cors_headers $_;",
            qq([emerg] "$_" is not the name of a header in "sensu_cors_headers")
            . ', use letters, digits and "-", each name by itself in CONF:HERE')
        for '*', 'X-A,X-B', 'X_A', 'X-A:';
};

subtest 'rate limits' => sub {
    my $redis = 'sensu_redis redis://127.0.0.1:1/0;';

    for my $all ('zone=x', 'everybody') {
        gateway("$redis sensu_rate_limit $all rate=1r/s;",
                qq([warn] "$all" in "sensu_rate_limit" is the same for all )
                . 'callers, who share one count: name what tells them apart, '
                . 'such as $sensu_user or $binary_remote_addr in CONF:HERE');
    }

    gateway("$redis sensu_rate_limit \$nope rate=1r/s;",
            '[emerg] unknown variable "$nope" in "sensu_rate_limit" in '
            . 'CONF:HERE, define it with map or set, or use '
            . '$sensu_claim_NAME');
    gateway('sensu_namespaces $nope;',
            '[emerg] unknown variable "$nope" in "sensu_namespaces" in '
            . 'CONF:HERE, define it with map or set, or use '
            . '$sensu_claim_NAME');

    gateway("$redis sensu_rate_limit \$sensu_user rate=$_;",
            '[emerg] "sensu_rate_limit" cannot count so many requests that '
            . 'exactly, use up to 10000r/s, or 1000000r/s divided by a whole '
            . 'number in CONF:HERE')
        for qw(600000r/s 300000r/s);
    gateway("$redis sensu_rate_limit \$sensu_user rate=$_;", '')
        for qw(1000000r/s 500000r/s 10000r/s 9999r/s 7r/s 7r/m 1000000r/m);
};

subtest 'log-outs that nobody sees' => sub {
    my $never = '[warn] "sensu_logout on" for the gateway in CONF:HERE never '
                . 'sees a log-out: the location of /auth/logout must have '
                . '"sensu_gateway on" and "sensu_logout on", too';

    said('of another location', server => $key, locations => <<"END", $never);
location / { sensu_gateway off; $pass }
location /api {
sensu_gateway on; # here
sensu_logout on; $pass }
END
    gateway('sensu_logout on;', '');
};

subtest 'a return asks for no token' => sub {
    my $gw = $t->nginx(backend => $back, locations => <<"END");
location = /_return { internal; return 204; }
location = /_ask { internal; $pass proxy_method GET; }
location /open { auth_request /_return; sensu_gateway off; $pass }
location /asked { auth_request /_ask; sensu_gateway off; $pass }
END
    is $gw->get('/asked')->{status}, 401, 'a proxy_pass of a gateway asks';
    is $gw->get('/asked', token => $t->token)->{status}, 200, 'and lets in';
    is scalar $gw->grep_log(qr/was looked at/), 0, 'nothing to tell';

    is $gw->get('/open')->{status}, 200, 'a return lets everybody in';
    like +($gw->grep_log(qr/was looked at/))[0],
         qr/\[warn\][ ].*sensu:[ ]a[ ]subrequest[ ]to[ ]"\/_return"
            [ ]was[ ]answered[ ]with[ ]204
            [ ]before[ ]its[ ]token[ ]was[ ]looked[ ]at,[ ]by[ ]a[ ]"return"[ ]or
            [ ]a[ ]rewrite:[ ]nobody[ ]is[ ]asked[ ]for[ ]one/x,
         'which is told';
};

# What an operator puts where a key belongs.  A row: what the file holds, and what
# is said of it; every command in it is run, and what it makes is taken.

subtest 'sensu_jwt_key_set' => sub {
    my @rows = (
        [$pem, 'is a PEM file and no JWK Set: name it in "sensu_jwt_key ALG '
               . 'FILE;" with the algorithm that it is for'],
        ["\n<!doctype html><title>Log in</title>",
         'is a web page: compare the address that it was fetched from'],
        [$gzipped, 'is compressed: zcat DIR/f >FILE, or "curl --compressed" '
                   . 'when it is fetched'],
        ["\xef\xbb\xbf$jwks", 'begins with a byte order mark, which is no '
                              . 'part of it: tail -c +4 DIR/f >FILE'],
        [$utf16->($jwks), 'is UTF-16, as Windows\' tools save it: iconv -f '
                          . 'UTF-16 -t UTF-8 DIR/f >FILE'],
        [substr($utf16->($jwks), 2), 'is UTF-16, as Windows\' tools save it: '
                          . 'iconv -f UTF-16 -t UTF-8 DIR/f >FILE', 1],
        [qq({"kty":"oct","k":"$url"}), 'is one JWK and no JWK Set: put '
                          . '{"keys": [ before it and ]} behind'],
        ['{"issuer":"https://a","jwks_uri":"https://a/jwks"}',
         'is what the issuer says of itself: the JWK Set is at the address in '
         . 'its "jwks_uri"'],
        ['{"error":"not found"}', 'is not a JWK Set, which is {"keys": '
                                  . '[...]}'],
        ["$jwks}", 'is not JSON, line 1 column ' . (length($jwks) + 1)
                   . '; a JWK Set is {"keys": [...]}'],
        ['c2VjcmV0', 'is not JSON, line 1 column 1; a JWK Set is {"keys": '
                     . '[...]}'],
    );

    refused('sensu_jwt_key_set', '', @$_) for @rows;
};

subtest 'keys of a set' => sub {
    my $n = encode_base64url(substr $der, 33, 256);
    my ($x, $y) = map { encode_base64url($_) } unpack 'a32a32',
                  substr $ec_der, -64;
    my $long = encode_base64url("\0" . substr $ec_der, -64, 32);
    my $padded = encode_base64(substr($der, 33, 256), '');

    my @rows = (
        [qq({"kty":"RSA","e":"AQAB","n":"$padded"}),
         'n is base64 and not base64url: "-" and "_" stand for "+" and "/", '
         . 'and no "=" at the end'],
        ['{"kty":"RSA","kid":"k","x5c":["MIIB"]}',
         'n is missing, and the certificate in x5c is not looked into: take '
         . 'the key out of it for a sensu_jwt_key'],
        [qq({"kty":"RSA","n":"$n"}), 'e is missing'],
        [qq({"kty":"EC","crv":"P-256","x":"$long","y":"$y"}),
         'x has 33 bytes, more than the 32 of P-256'],
        [qq({"kty":"EC","crv":"P-256","x":"$y","y":"$x"}),
         'x and y are no point of P-256'],
    );

    for my $row (@rows) {
        my ($jwk, $why) = @$row;
        my $kid = $jwk =~ /"kid"/ ? ' (kid k)' : '';

        $t->write('f', qq({"keys":[$jwk]}), 0600);
        $conf->alone("sensu_jwt_key_set $d/f;",
            qq([warn] "DIR/f": key 1$kid is passed over: $why in CONF:HERE\n)
            . '[emerg] "sensu_jwt_key_set": "DIR/f": has no usable key in '
            . 'CONF:HERE');
    }
};

subtest 'public keys' => sub {
    my $out = '-out public.pem';
    my $convert = "tr -d '[:space:]' <DIR/f | openssl base64 -d -A | openssl "
                  . "pkey -pubin -inform DER $out";
    my $one = "stands on one line: sed 's/-----[A-Z ]*-----//g; s/ //g' DIR/f "
              . "| openssl base64 -d -A | openssl pkey -pubin -inform DER $out";

    my @rows = (
        [$pem =~ tr/\n//dr, $one],
        [$pem =~ tr/\n/ /r, $one],
        [$pem =~ s/\n/\\n/gr, 'has \n as two characters where its lines end: '
                              . q(sed 's/\\\\n/\n/g' DIR/f >public.pem)],
        [$pem =~ s/^/    /gmr, 'has blanks before its lines: sed '
                               . q('s/^[[:blank:]]*//' DIR/f >public.pem)],
        [encode_base64($der, ''), "is a key without the lines around it: "
                                  . $convert],
        [encode_base64($der), "is a key without the lines around it: $convert"],
        [$der, "is DER and not PEM: openssl pkey -pubin -inform DER -in DIR/f "
               . $out],
        [$utf16->($pem), 'is UTF-16, as Windows\' tools save it: iconv -f '
                         . 'UTF-16 -t UTF-8 DIR/f >FILE'],
        ["\xef\xbb\xbf$pem", 'begins with a byte order mark, which is no '
                             . 'part of it: tail -c +4 DIR/f >FILE'],
        [$jwks, 'is JSON; a JWK Set belongs to sensu_jwt_key_set'],
        ['<html>', 'is a web page: compare the address that it was fetched '
                   . 'from'],
        ["key\n", 'is not a PEM file; RS256 needs a public key that begins '
                  . 'with "-----BEGIN PUBLIC KEY-----"'],
        [$pem =~ s/MII/M!I/r, 'is not a PEM public key that OpenSSL can '
                              . 'read'],
        [slurp($private), 'is a private key, RS256 needs the public one: '
                          . "openssl pkey -in DIR/f -pubout $out"],
    );

    refused('sensu_jwt_key', 'RS256 ', @$_) for @rows;
};

subtest 'secrets' => sub {
    my $raw = 'is not base64; if the bytes of the file are the secret itself, '
              . 'say format=raw';
    my $name = 'has a name and "=" before the secret: leave only what stands '
               . 'behind them';

    my @rows = (
        [$utf16->($base64), 'is UTF-16, as Windows\' tools save it: iconv -f '
                            . 'UTF-16 -t UTF-8 DIR/f >FILE'],
        ["\xef\xbb\xbf$base64", 'begins with a byte order mark, which is no '
                                . 'part of it: tail -c +4 DIR/f >FILE'],
        ["JWT_SECRET=$base64", $name],
        [qq("$base64"), 'has quotes around the secret: leave them out'],
        [qq('$base64'), 'has quotes around the secret: leave them out'],
        ['what is no base64!' x 2, $raw],
        [$jwks, 'is JSON, no secret; a JWK Set belongs to sensu_jwt_key_set'],
        [$pem, 'is a PEM file, no secret for HS256; keys of that kind are for '
               . 'RS256 ... ES512'],
    );

    refused('sensu_jwt_key', 'HS256 ', @$_) for @rows;

    warned('HS256', 'correcthorsebatterystapleandsomemorewordsforlena',
           'is read as base64 but looks like words: if they are the secret '
           . 'themselves, say format=raw');
    warned('HS256', $utf16->('0123456789abcdef'), 'looks like a text with a '
           . 'byte order mark, or of UTF-16, all of which is part of the '
           . 'secret with format=raw', ' format=raw');
};

subtest 'no name of what is not there' => sub {
    my $secret = 'correct/horse+battery==';
    my $no = '"DIR/" has no such file: No such file or directory; its name is '
             . 'not told, as it may be a secret that belongs into a file in '
             . 'CONF:HERE';
    my $url = 'a file is wanted, not a URL, as nothing is fetched: fetch it '
              . 'into one by a timer, with "nginx -s reload" after it in '
              . 'CONF:HERE';
    my $redis = 'sensu_redis rediss://127.0.0.1:1';

    untold("sensu_jwt_key HS256 $secret;", qq([emerg] "sensu_jwt_key": $no));
    untold("sensu_jwt_key_set $secret;", qq([emerg] "sensu_jwt_key_set": $no));
    untold("sensu_jwt_key HS256 $d/absent;", qq([emerg] "sensu_jwt_key": $no));
    untold("sensu_jwt_key_set https://idp/$secret;",
           qq([emerg] "sensu_jwt_key_set": $url));
    # not all of it, as it has a "/" here and there, and the name between two
    # of them may be too long for a file
    untold('sensu_jwt_key RS256 "' . join("\n", (split /\n/, $pem)[0, 1, -1])
           . '";', qq([emerg] "sensu_jwt_key": $no));
    untold("sensu_jwt_key HS256 kid=a $secret;",
           '[emerg] unknown parameter 3 of "sensu_jwt_key", after ALG and '
           . 'FILE use kid=ID or format=base64|raw|hex or issuer=TEXT in '
           . 'CONF:HERE');
    untold("sensu_jwt_key_set DIR/f $secret;",
           '[emerg] unknown parameter 2 of "sensu_jwt_key_set", after FILE use '
           . 'issuer=TEXT in CONF:HERE');
    untold("sensu_jwt_key $secret HS256;",
           '[emerg] "sensu_jwt_key": the algorithm comes first and must be one '
           . 'of HS256, HS384, HS512, RS256, RS384, RS512, ES256, ES384, ES512 '
           . 'in CONF:HERE');
    untold("sensu_jwt_key HS256 $secret format=$secret;",
           qq([emerg] "sensu_jwt_key": $no));
    untold("$redis $_=$secret;", "[emerg] $_= of sensu_redis: $no")
        for qw(password_file ca);
    untold("$redis cert=" . $t->secret_file . " key=$secret;",
           "[emerg] key= of sensu_redis: $no");
    untold("$redis key=" . $t->secret_file . " cert=$secret;",
           "[emerg] cert= of sensu_redis: $no");
    untold("$redis key=data:$secret cert=" . $t->secret_file . ';',
           "[emerg] key= of sensu_redis: $no");
    untold("$redis $_$secret;",
           '[emerg] unknown parameter 2 of sensu_redis: after the URL there '
           . 'are timeout=, prefix=, user=, password_file=, tls=, ca=, cert=, '
           . 'key=, name= and verify= in CONF:HERE')
        for '', 'password=';
};

$t->done;


sub said { $conf->said(@_) }

sub gateway { $conf->gateway(@_) }


# the file, alone, is refused; a command in the message mends it

sub refused {
    my ($directive, $before, $text, $why, $broken) = @_;

    $t->write('f', $text, 0600);

    my $out = $conf->alone("$directive $before$d/f;",
        qq([emerg] "$directive": "DIR/f": $why in CONF:HERE));

    unlike $out, qr/\Q$url\E/, 'without the secret';

    my ($command) = $why =~ /: ((?:zcat|tail|tr|iconv|openssl|sed) [^,]*)/;

    return if !$command || $broken;

    $command =~ s/DIR/$d/g;
    $command =~ s/FILE/public.pem/;
    $command =~ s/\\\\/\\/g if $command =~ /two characters/;

    is system("cd $d && $command 2>$d/err"), 0, $command
        or diag slurp("$d/err");

    chmod 0600, "$d/public.pem";
    $conf->alone("$directive $before$d/public.pem;", '');
}


sub warned {
    my ($alg, $text, $why, $more) = @_;

    $t->write('f', $text, 0600);
    $conf->alone("sensu_jwt_key $alg $d/f" . ($more // '') . ';',
                 qq([warn] "DIR/f": $why in CONF:HERE));
}


sub untold {
    my ($text, $message) = @_;

    my $out = $text =~ /^sensu_redis/
        ? $conf->said($text =~ s/=.*//r, server => "$text # here",
                      locations => '', $message)
        : $conf->alone($text =~ s/DIR/$d/r, $message);

    unlike $out, qr/horse|MII/, 'without what stands there';
}
