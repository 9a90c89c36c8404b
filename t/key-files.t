# What an operator puts where a key belongs: nginx -t says what it is and how it
# becomes one, and never tells a secret.  The messages are whole, and every
# command in them is run: what it makes is taken.

use lib 't/lib';
use SensuTest;

use IO::Compress::Gzip qw(gzip);
use MIME::Base64 qw(encode_base64 encode_base64url decode_base64);
use SensuTest::Settings;

my $t = SensuTest->new;
my $back = $t->upstream(sub { $_[0]->reply(200, '[]') });
my $conf = SensuTest::Settings->new($t, $back);
my $d = $t->dir;

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


# A row: the directive, what the file holds, and what is said of it.

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
    untold('sensu_jwt_key RS256 "' . $pem . '";',
           qq([emerg] "sensu_jwt_key": $no));
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
