# Tokens and key sets as real issuers write them: what only looks odd is taken,
# and the key of one issuer never vouches for another's users.

use lib 't/lib';
use SensuTest;

use MIME::Base64 qw(decode_base64 encode_base64url);

my $t = SensuTest->new;
my $back = $t->upstream(sub { $_[0]->reply(200, '{}') });
my $d = $t->dir;

chmod 0600, $t->secret_file;

my ($rsa, $rsa_public) = key_pair($t, 'rsa');
my ($next, $next_public) = key_pair($t, 'rsa');
my ($ec, $ec_public) = short_key();
my %secret = map { $_ => $_ x 32 } qw(a b);

my %rsa = rsa($rsa_public);
my %next = rsa($next_public);
my %ec = ec($ec_public);
my %oct = map { $_ => { kty => 'oct', k => encode_base64url($secret{$_}) } } qw(a b);

is length(MIME::Base64::decode_base64url($ec{x})), 31, 'an x of 31 bytes, as Keycloak writes it';

set('one', { %rsa, kid => '1', alg => 'RS256' },
           { %rsa, kid => '1', alg => 'RS512' }, { %ec, kid => '1' });
set('now', { %rsa, kid => '1', alg => 'RS256' });
set('soon', { %rsa, kid => '1', alg => 'RS256' },
            { %next, kid => '1', alg => 'RS256' });
set('a', { %{ $oct{a} }, kid => '1', alg => 'HS256' });
set('b', { %{ $oct{b} }, kid => '1', alg => 'HS256' });

my $gw = $t->nginx(backend => $back, http => buffers(), server => <<'SERVER',
    add_header X-Token $sensu_token always;
    add_header X-Groups $sensu_groups always;
SERVER
    locations => <<"END");
location /one/ { sensu_jwt_key_set $d/one; proxy_pass http://sensu; }
location /same/ {
    sensu_jwt_key_set $d/now;
    sensu_jwt_key_set $d/now;
    proxy_pass http://sensu;
}
location /both/ {
    sensu_jwt_key_set $d/now;
    sensu_jwt_key_set $d/soon;
    proxy_pass http://sensu;
}
location /bound/ {
    sensu_jwt_issuer https://a https://b;
    sensu_jwt_key_set $d/a issuer=https://a;
    sensu_jwt_key_set $d/b issuer=https://b;
    proxy_pass http://sensu;
}
END

is_deeply [ $gw->grep_log(qr{\[warn\]}) ], [], 'nothing to be told of these sets';

subtest 'one kid, several keys' => sub {
    verdict('one', 'ok', RS256 => $rsa);
    verdict('one', 'ok', RS512 => $rsa);
    verdict('one', 'ok', ES256 => $ec);
    verdict('one', 'unknown_key', RS384 => $rsa);
    verdict('one', 'bad_signature', RS256 => $next);
};

subtest 'the set of today and that of tomorrow' => sub {
    verdict('same', 'ok', RS256 => $rsa);
    verdict('both', 'ok', RS256 => $rsa);
    verdict('both', 'ok', RS256 => $next);
    verdict('same', 'bad_signature', RS256 => $next);
};

subtest 'a key and its issuer' => sub {
    for my $key (qw(a b)) {
        verdict('bound', $_ eq $key ? 'ok' : 'bad_claims', HS256 => $secret{$key},
                iss => "https://$_") for qw(a b);
        verdict('bound', 'bad_claims', HS256 => $secret{$key}, iss => 'https://c');
        verdict('bound', 'bad_claims', HS256 => $secret{$key});
    }
};

subtest 'a user of 200 groups' => sub {
    my @groups = map { sprintf 'cn=team-%03d,ou=groups,dc=example,dc=com', $_ } 1 .. 200;
    my $token = $t->token(groups => \@groups);

    cmp_ok length $token, '>', 8192, 'a token of ' . length($token) . ' bytes';
    is $gw->get('/x', token => $token)->{status}, 200,
       "with the buffers of $_" for 'README and samples';
};

subtest 'times as fractions' => sub {
    my $now = time;

    verdict('one', 'ok', RS256 => $rsa, $_ => "$now.999") for qw(nbf iat);
};

$t->done;


sub verdict {
    my ($at, $verdict, $alg, $key, %claims) = @_;

    my $exp = time + 900;
    my $claims = join ',', qq("sub":"ann","exp":$exp),
                 map { qq("$_":) . ($claims{$_} =~ /^[\d.]+$/ ? $claims{$_} : qq("$claims{$_}")) }
                 sort keys %claims;
    my $r = $gw->get("/$at/x", token => jwt($alg, "{$claims}", $key, kid => '1'));

    is $r->header('X-Token'), $verdict, join ' ', $at, $alg, %claims, $verdict;
}


sub set {
    my ($name, @keys) = @_;
    $t->write($name, JSON::PP->new->encode({ keys => \@keys }), 0600);
}


# of README and of both samples: the same line

sub buffers {
    my %line = map { $_ => 1 }
               map { slurp($_) =~ /^\s*(large_client_header_buffers .*?;)/mg }
               'README.md', 'nginx.conf.sample', 'sample/sites-available/sensu-edge';

    is scalar(keys %line), 1, 'README and both samples set the same buffers';

    return (keys %line)[0];
}


sub rsa {
    my ($pem) = @_;

    my ($hex) = `openssl rsa -pubin -in $pem -noout -modulus` =~ /=(\w+)/;
    return (kty => 'RSA', n => encode_base64url(pack 'H*', $hex), e => 'AQAB');
}


# without the zeros that its coordinates begin with

sub ec {
    my ($pem) = @_;

    my ($x, $y) = map { s/\A\0+//r } unpack 'a32a32',
                  substr decode_base64(slurp($pem) =~ s/-----.*-----//gr), -64;

    return (kty => 'EC', crv => 'P-256', x => encode_base64url($x),
            y => encode_base64url($y));
}


# one of 256 keys has such an x; this is one

sub short_key {
    my $private = $t->write('short.pem', <<'END', 0600);
-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIMXfVtkN0JcJwdiyfmgSF1RC4+q4JNGeCq1zTyewtdHboAoGCCqGSM49
AwEHoUQDQgAEAFBwFnRx+jhixZlnHRyoj57uesq0nU3FSp3RTB73Q3wO2fQXz2Qm
D4BDGsR+lG8F5W1TQFI7JJSx3an2BEsz+w==
-----END EC PRIVATE KEY-----
END
    system("openssl pkey -in $private -pubout -out $d/short.pub.pem") == 0 or die;

    return ($private, "$d/short.pub.pem");
}
