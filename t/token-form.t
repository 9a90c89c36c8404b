# Tokens by their form: what is not exactly one compact token with a good
# header and payload is refused, and the backend hears nothing of it.

use lib 't/lib';
use SensuTest;

use Digest::SHA qw(hmac_sha256);
use MIME::Base64 qw(encode_base64url decode_base64url);

my $t = SensuTest->new;
my $back = $t->upstream(sub { $_[0]->reply(200, '{}') });

my $gw = $t->nginx(
    backend => $back,
    http => 'large_client_header_buffers 4 32k;',
    server => 'add_header X-User "$sensu_user" always;
               add_header X-Token "$sensu_token" always;');

my $path = '/api/core/v2/namespaces/a/checks/b';
my $good = $t->token;
my ($head, $body, $sig) = split /\./, $good;
my $exp = time + 900;

good('the token itself', $good);

subtest 'S1: nothing' => sub {
    refused($_, "\"$_\"") for '', 'Bearer', 'Bearer ', 'Bearer   ', 'bearer';
    is $gw->get($path)->{status}, 401, 'no header';
};

subtest 'S2: dots' => sub {
    bad($_) for $head, "$head.$body", "$good.", "$good.$sig", ".$good", '..',
                '.', '...', "..$sig", ".$body.$sig", "$head..$sig",
                "$head.$body.", "$head.$body.$sig.", "$head.$body..$sig";
};

subtest 'malformed, and no sign of foreign keys' => sub {
    for my $text ('foo', 'foo.bar', '..', 'a.b.c.d', "$head.$body.", "$good=",
                  "$head.$body.a", substr($good, 0, 20))
    {
        my $r = $gw->get($path, token => $text);

        is $r->header('X-Token'), 'malformed', substr $text, 0, 20;
        is $r->json->{reason}, 'malformed_token', 'reason';
        is $r->header('WWW-Authenticate'),
           'Bearer realm="sensu", error="invalid_request", error_description='
           . '"the token is not three parts of base64url"', 'challenge';
    }
};

subtest 'R2: remembered as a whole' => sub {
    # so many that some lie in the same place of the worker's memory

    my $client = $gw->session;
    my @letters = ('A' .. 'Z', 'a' .. 'z', 0 .. 9, '-', '_');
    my %seen;

    good('the good one', $good);

    for (1 .. 1500) {
        my $end = join '', map { $letters[rand @letters] } 1 .. 12;
        my $token = substr($good, 0, -12) . $end;

        $seen{$client->get($path, token => $token)->{status}}++
            if $token ne $good;
    }

    is join(' ', keys %seen), 401, 'with another end';

    # with another middle: the first character of the signature
    bad("$head.$body." . ($sig =~ /^A/ ? 'B' : 'A') . substr $sig, 1);
};

subtest 'S3: padding' => sub {
    bad("$good$_") for '=', '==', '=junk';
    bad("$head=.$body.$sig");
    bad("$head.$body==.$sig");
};

subtest 'S3: a payload that is signed, but no base64url' => sub {
    for my $odd ($body . 'A' x ((5 - length($body) % 4) % 4), "$body=", "$body+") {
        my $text = "$head.$odd";
        bad("$text." . encode_base64url(hmac_sha256($text, $t->secret)));
    }
};

subtest 'S4: a foreign byte in the signature' => sub {
    for my $byte ('!', ' ', '@', "\t", ',', '"', '%', "\xe9") {
        bad(join '.', $head, $body, substr($sig, 0, 20) . $byte
                                    . substr($sig, 20));
    }

    bad(join '.', $head, $body, substr($sig, 0, 20) . 'AA' . substr($sig, 22));
};

subtest 'S5: spare bits' => sub {
    my @digits = ('A' .. 'Z', 'a' .. 'z', 0 .. 9, '-', '_');
    my $last = substr $sig, -1;
    my ($n) = grep { $digits[$_] eq $last } 0 .. 63;

    # 32 bytes leave two bits of the last digit unused

    for my $bits (1 .. 3) {
        my $other = $digits[($n & ~3) | $bits];
        bad("$head.$body." . substr($sig, 0, -1) . $other);
    }
};

subtest 'S6: the other alphabet' => sub {
    my $n = 0;

    while (1) {
        my $token = $t->token(n => $n++);
        next if $token !~ /-/ || $token !~ /_/;
        good('base64url', $token);
        bad($token =~ tr{-_}{+/}r);
        last;
    }
};

subtest 'S7: size' => sub {
    my $fill = sub {
        my ($size) = @_;
        my $bare = length $t->token(fill => '');
        return $t->token(fill => 'x' x (($size - $bare) * 3 / 4));
    };

    good("about $_ bytes", $fill->($_)) for 2000, 2100, 8000, 16300;
    good('16_500 bytes', $fill->(16_500));
    good('30_000 bytes', $fill->(30_000));

    my $r = $gw->get($path, token => $fill->(40_000));
    is $r->{status}, 400, 'more than nginx takes of a header';
};

subtest 'S9: header and payload' => sub {
    my $claims = qq({"sub":"admin","exp":$exp});
    my %header = (alg => 'HS256');

    for my $payload ('[]', '"text"', '1', 'null', '', ' ', '{', "$claims x",
                     "$claims$claims", "\xef\xbb\xbf$claims",
                     qq({"sub":"adm\xffin","exp":$exp}),
                     qq({"sub":"adm\0in","exp":$exp}),
                     qq({"sub":"adm\\u0000in","exp":$exp}),
                     qq({'sub':'admin','exp':$exp}),
                     qq({"sub":"admin","exp":$exp,}))
    {
        bad(sign(encode_base64url('{"alg":"HS256"}') . '.'
                 . encode_base64url($payload)));
    }

    for my $h ('[]', '"HS256"', '1', 'null', '', '{"alg":"HS256"} x', '{',
               "\xef\xbb\xbf{\"alg\":\"HS256\"}", "{\"alg\":\"HS256\0\"}",
               '{"alg":"HS256\\u0000"}')
    {
        bad(sign(encode_base64url($h) . '.' . encode_base64url($claims)));
    }

    good('white space', sign(encode_base64url(" {\n\"alg\" : \"HS256\"}\t")
                             . '.' . encode_base64url(" $claims\n")));
};

subtest 'S10: nesting and many members' => sub {
    good('nesting of 10', claims('"a":' . '[' x 10 . ']' x 10));
    bad(claims('"a":' . '[' x 3000 . ']' x 3000));
    good('500 members', claims(join ',', map { "\"m$_\":$_" } 1 .. 500));
};

subtest 'S11: members that stand twice' => sub {
    bad(claims('"sub":"eve"'), claims('"exp":1'));
    bad(claims('"x":1,"x":1'));
    bad(claims('"o":{"x":1,"x":2}'));
    bad(claims('"s\\u0075b":"eve"'));
    bad(sign(encode_base64url('{"alg":"HS256","alg":"HS256"}') . ".$body"));
    bad(sign(encode_base64url('{"alg":"none","alg":"HS256"}') . ".$body"));
};

subtest 'S12: other serialisations' => sub {
    bad("$head.$body.$sig.$sig.$sig");
    bad(encode_base64url(qq({"payload":"$body","protected":"$head",)
                         . qq("signature":"$sig"})));
    bad(sign(encode_base64url('{"alg":"HS256","cty":"JWT"}') . '.'
             . encode_base64url($good)));
};

subtest 'S13: extensions' => sub {
    for my $header ({ crit => ['exp'] }, { crit => [] }, { crit => ['b64'],
                    b64 => JSON::PP::false() }, { b64 => JSON::PP::false() })
    {
        bad(jwt('HS256', { sub => 'admin', exp => $exp }, $t->secret,
                %$header));
    }
};

subtest 'S14: typ is not looked at' => sub {
    good($_ // 'none', jwt('HS256', { sub => 'admin', exp => $exp },
                           $t->secret, typ => $_))
        for undef, 'JWT', 'jwt', 'at+jwt', 'other';
};

$t->done;


sub sign {
    my ($text) = @_;
    return "$text." . encode_base64url(
        Digest::SHA::hmac_sha256($text, $t->secret));
}


sub claims {
    my ($more) = @_;
    return sign(encode_base64url('{"alg":"HS256"}') . '.'
                . encode_base64url(qq({"sub":"admin","exp":$exp,$more})));
}


sub good {
    my ($name, $token) = @_;
    is $gw->get($path, token => $token)->{status}, 200, $name;
}


sub bad {
    my ($token) = @_;
    refused("Bearer $token", length $token > 60 ? substr($token, 0, 25) . '...'
                             . substr($token, -25) : $token);
}


sub refused {
    my ($value, $name) = @_;

    my $n = $back->requests;
    my $r = $gw->get($path, headers => [Authorization => $value]);

    is $r->{status}, 401, "$name: 401";
    like $r->header('WWW-Authenticate'), qr/^Bearer realm="sensu"/, 'challenge';
    is $r->header('X-User'), undef, 'nobody';
    isnt $r->header('X-Token'), 'ok', 'not ok';
    is scalar $back->requests, $n, 'the backend hears nothing';
}
