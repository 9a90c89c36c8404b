# Algorithms and keys: each key is used with its one algorithm, the header
# only chooses among them.

use lib 't/lib';
use SensuTest;

use Digest::SHA qw(hmac_sha256 hmac_sha384 hmac_sha512);
use MIME::Base64 qw(encode_base64url decode_base64);

my $t = SensuTest->new;
my $back = $t->upstream(sub { $_[0]->reply(200, '{}') });

my %pair = (
    RS => [key_pair($t, 'rsa')],
    ES256 => [key_pair($t, 'ec', 'prime256v1')],
    ES384 => [key_pair($t, 'ec', 'secp384r1')],
    ES512 => [key_pair($t, 'ec', 'secp521r1')],
    other => [key_pair($t, 'rsa')],
    other_ec => [key_pair($t, 'ec', 'prime256v1')],
);

my %secret = map { $_ => pack 'H*', $_ x 64 } qw(a1 b2 c3);
$t->write("$_.hex", $_ x 64, 0600) for keys %secret;

my %rsa = jwk_rsa($pair{RS}[1]);
my %ec = jwk_ec($pair{ES256}[1]);

$t->write('set.jwks', JSON::PP->new->encode({ keys => [
    { kty => 'oct', alg => 'HS256', kid => 'one', k => encode_base64url($secret{a1}) },
    { %rsa, kid => 'two', alg => 'RS256', use => 'sig' },
    { %ec, kid => 'three', key_ops => ['verify'] },
    { kty => 'oct', kid => 'enc', use => 'enc', k => encode_base64url($secret{b2}) },
    { kty => 'oct', kid => 'signs', key_ops => ['sign'],
      k => encode_base64url($secret{c3}) },
    { kty => 'OKP', crv => 'Ed25519', x => 'AA', kid => 'okp' },
] }), 0600);

my $d = $t->dir;
my $gw = $t->nginx(backend => $back, server => <<"SERVER", locations => <<"END");
    add_header X-Token "\$sensu_token" always;
SERVER
    location /HS256/ { sensu_jwt_key HS256 $d/a1.hex format=hex; proxy_pass http://sensu; }
    location /HS384/ { sensu_jwt_key HS384 $d/a1.hex format=hex; proxy_pass http://sensu; }
    location /HS512/ { sensu_jwt_key HS512 $d/a1.hex format=hex; proxy_pass http://sensu; }
    location /RS256/ { sensu_jwt_key RS256 $pair{RS}[1]; proxy_pass http://sensu; }
    location /RS384/ { sensu_jwt_key RS384 $pair{RS}[1]; proxy_pass http://sensu; }
    location /RS512/ { sensu_jwt_key RS512 $pair{RS}[1]; proxy_pass http://sensu; }
    location /ES256/ { sensu_jwt_key ES256 $pair{ES256}[1]; proxy_pass http://sensu; }
    location /ES384/ { sensu_jwt_key ES384 $pair{ES384}[1]; proxy_pass http://sensu; }
    location /ES512/ { sensu_jwt_key ES512 $pair{ES512}[1]; proxy_pass http://sensu; }

    location /two/ {
        sensu_jwt_key HS256 $d/a1.hex format=hex kid=old;
        sensu_jwt_key HS256 $d/b2.hex format=hex kid=new;
        proxy_pass http://sensu;
    }
    location /plain/ {
        sensu_jwt_key HS256 $d/a1.hex format=hex;
        sensu_jwt_key HS256 $d/b2.hex format=hex;
        sensu_jwt_key ES256 $pair{ES256}[1];
        proxy_pass http://sensu;
        location /plain/own/ {
            sensu_jwt_key HS256 $d/c3.hex format=hex;
            proxy_pass http://sensu;
        }
        location /plain/same/ { proxy_pass http://sensu; }
    }
    location /set/ { sensu_jwt_key_set $d/set.jwks; proxy_pass http://sensu; }
END

my @algs = qw(HS256 HS384 HS512 RS256 RS384 RS512 ES256 ES384 ES512);

subtest 'every algorithm with its key, and with it alone' => sub {
    my %token = map { $_ => token($_) } @algs;

    for my $alg (@algs) {
        for my $at (@algs) {
            my $r = $gw->get("/$at/a", token => $token{$alg});

            is $r->{status}, $alg eq $at ? 200 : 401, "$alg at $at";
            is $r->header('X-Token'), $alg eq $at ? 'ok' : 'unknown_key',
               'verdict';
        }
    }
};

subtest 'a changed byte' => sub {
    for my $alg (@algs) {
        my ($head, $body, $sig) = split /\./, token($alg);

        my $raw = MIME::Base64::decode_base64url($sig);
        substr($raw, 7, 1) ^= "\x01";

        verdict("/$alg/", "$head.$body." . encode_base64url($raw),
                'bad_signature', "$alg: signature");
        verdict("/$alg/", "$head." . encode_base64url(
                    qq({"sub":"eve","exp":@{[time + 900]}})) . ".$sig",
                'bad_signature', 'payload');
    }
};

subtest 'K1: none' => sub {
    for my $alg (qw(none None NONE nOnE)) {
        my $bare = jwt('none', { sub => 'a', exp => time + 900 }, '',
                       alg => $alg);

        for my $at (@algs) {
            isnt $gw->get("/$at/a", token => $bare)->{status}, 200,
                 "$alg at $at";
            isnt $gw->get("/$at/a", token => $bare . 'c2ln')->{status}, 200,
                 'with a signature';
        }
    }
};

subtest 'K2, K3: alg' => sub {
    my $claims = encode_base64url(qq({"sub":"a","exp":@{[time + 900]}}));

    for my $header ('{}', '{"typ":"JWT"}', map { "{\"alg\":$_}" }
                    '1', 'null', '["HS256"]', '{}', '""', '"hs256"', '"Hs256"',
                    '"HS256 "', '"HS256\\u0000"', '"HMAC"', '"PS256"', '"HS1"')
    {
        my $text = encode_base64url($header) . ".$claims";
        isnt $gw->get('/HS256/a', token => "$text."
                      . encode_base64url(hmac_sha256($text, $secret{a1})))
                ->{status}, 200, $header;
    }
};

subtest 'K4: a public key as the secret' => sub {
    my %hash = (HS256 => \&hmac_sha256, HS384 => \&hmac_sha384,
                HS512 => \&hmac_sha512);

    for my $kind (qw(RS256 ES256)) {
        my $pem = slurp($pair{$kind eq 'RS256' ? 'RS' : $kind}[1]);
        my $der = decode_base64($pem =~ s/-----.*-----//gr);
        my $jwk = JSON::PP->new->canonical->encode(
            $kind eq 'RS256' ? \%rsa : \%ec);

        my %as = (PEM => $pem, 'without its end' => $pem =~ s/\n\z//r,
                  CRLF => $pem =~ s/\n/\r\n/gr, DER => $der, JWK => $jwk,
                  'with a preamble' => "text\n$pem",
                  base64 => MIME::Base64::encode_base64($der, ''));

        for my $form (sort keys %as) {
            for my $alg (sort keys %hash) {
                my $text = encode_base64url("{\"alg\":\"$alg\"}") . '.'
                    . encode_base64url(qq({"sub":"a","exp":@{[time + 900]}}));
                my $token = "$text." . encode_base64url(
                    $hash{$alg}->($text, $as{$form}));

                verdict("/$kind/", $token, 'unknown_key', "$form, $alg");
            }
        }
    }
};

subtest 'K5: an empty secret' => sub {
    verdict('/HS256/', jwt('HS256', { sub => 'a', exp => time + 900 }, $_),
            'bad_signature', 'length ' . length)
        for '', "\0", "\0" x 64;
};

subtest 'K6: another key of the kind' => sub {
    verdict('/RS256/', token('RS256', $pair{other}[0]), 'bad_signature', 'RSA');
    verdict('/ES256/', token('ES256', $pair{other_ec}[0]), 'bad_signature', 'EC');
};

subtest 'K8, S8: signatures that are none' => sub {
    my ($head, $body, $sig) = split /\./, token('ES256');

    verdict('/ES256/', "$head.$body." . encode_base64url($_), 'bad_signature',
            length() . ' bytes')
        for "\0" x 64, "\0" x 63 . "\1", "\xff" x 64, "\0", "\0" x 63,
            "\0" x 65, "\0" x 96, "\1" x 2000;

    ($head, $body, $sig) = split /\./, token('RS256');

    verdict('/RS256/', "$head.$body." . encode_base64url($_), 'bad_signature',
            length() . ' bytes')
        for "\0" x 256, "\0" x 255, "\xff" x 256, "\0" x 257, "\0";
};

subtest 'K11, K16: kid' => sub {
    verdict('/two/', token('HS256', $secret{a1}, kid => 'old'), 'ok', 'old');
    verdict('/two/', token('HS256', $secret{b2}, kid => 'new'), 'ok', 'new');
    verdict('/two/', token('HS256', $secret{a1}), 'ok', 'none: all are tried');
    verdict('/two/', token('HS256', $secret{a1}, kid => 'new'),
            'bad_signature', 'no fall-through to another key');
    verdict('/two/', token('HS256', $secret{a1}, kid => $_), 'unknown_key',
            "kid \"" . substr($_, 0, 20) . '"')
        for '', 'OLD', 'old ', 'x' x 5000, '../../dev/null', "'; DROP",
            '$var', 'ne';

    my $header = sub { jwt('HS256', { sub => 'a', exp => time + 900 },
                           $secret{a1},
                           header => "{\"alg\":\"HS256\",\"kid\":$_[0]}") };
    isnt $gw->get('/two/a', token => $header->($_))->{status}, 200, "kid $_"
        for '1', 'null', '["old"]', '{}', '"old\\u0000"';
};

subtest 'K13: keys in the header are not looked at' => sub {
    my %own = jwk_rsa($pair{other}[1]);

    verdict('/RS256/', token('RS256', $pair{other}[0], %$_), 'bad_signature',
            (keys %$_)[0])
        for { jwk => \%own }, { jku => 'http://127.0.0.1:1/' },
            { x5u => 'http://127.0.0.1:1/' }, { x5c => ['AA=='] };

    verdict('/RS256/', token('RS256', undef, jwk => \%own), 'ok',
            'nor do they harm');
};

subtest 'several keys, and the level that names them' => sub {
    verdict('/plain/', token('HS256', $secret{$_}), 'ok', $_) for qw(a1 b2);
    verdict('/plain/', token('ES256'), 'ok', 'EC beside it');
    verdict('/plain/', token('HS256', $secret{c3}), 'bad_signature', 'c3');
    verdict('/plain/', token('HS256', $secret{a1}, kid => 'x'), 'ok',
            'a kid that no key has, keys without a kid');
    verdict('/plain/same/', token('HS256', $secret{a1}), 'ok', 'inherited');
    verdict('/plain/own/', token('HS256', $secret{c3}), 'ok', 'replaced');
    verdict('/plain/own/', token('HS256', $secret{a1}), 'bad_signature',
            'none of the level above is left');
    verdict('/other', $t->token, 'ok', 'the server has its own');
};

subtest 'K14: a JWK Set' => sub {
    verdict('/set/', token('HS256', $secret{a1}, kid => 'one'), 'ok', 'oct');
    verdict('/set/', token('RS256', undef, kid => 'two'), 'ok', 'RSA');
    verdict('/set/', token('ES256', undef, kid => 'three'), 'ok', 'EC');
    verdict('/set/', token('RS384', undef, kid => 'two'), 'unknown_key',
            'alg of the key');
    verdict('/set/', token('HS384', $secret{a1}, kid => 'one'), 'unknown_key',
            'alg of a secret');
    verdict('/set/', token('HS256', $secret{b2}, kid => 'enc'), 'unknown_key',
            'use');
    verdict('/set/', token('HS256', $secret{c3}, kid => 'signs'),
            'unknown_key', 'key_ops');
    verdict('/set/', token('HS256', $secret{b2}), 'bad_signature',
            'what is passed over is not there');
};

subtest 'R2: remembered for its location only' => sub {
    my $token = token('HS256', $secret{a1});

    for (1 .. 3) {
        verdict('/HS256/', $token, 'ok', 'once more');
        verdict('/plain/own/', $token, 'bad_signature', 'not there');
        verdict('/HS384/', $token, 'unknown_key', 'nor there');
        verdict('/other', $token, 'bad_signature', 'nor at the server');
    }
};

$t->done;


sub token {
    my ($alg, $key, %header) = @_;

    $key //= $alg =~ /^HS/ ? $secret{a1}
           : $alg =~ /^RS/ ? $pair{RS}[0] : $pair{$alg}[0];

    return jwt($alg, { sub => 'a', exp => time + 900 }, $key, %header);
}


sub verdict {
    my ($at, $token, $verdict, $name) = @_;

    my $r = $gw->get("${at}a", token => $token);

    is $r->{status}, $verdict eq 'ok' ? 200 : 401, $name;
    is $r->header('X-Token'), $verdict, $verdict;
}


# members of a JWK, from the numbers that openssl prints

sub jwk_rsa {
    my ($pem) = @_;

    my ($hex) = `openssl rsa -pubin -in $pem -noout -modulus` =~ /=(\w+)/;
    return (kty => 'RSA', n => encode_base64url(pack 'H*', $hex), e => 'AQAB');
}


sub jwk_ec {
    my ($pem) = @_;

    my $der = decode_base64(slurp($pem) =~ s/-----.*-----//gr);
    my ($x, $y) = unpack 'a32a32', substr $der, -64;

    return (kty => 'EC', crv => 'P-256', x => encode_base64url($x),
            y => encode_base64url($y));
}
