package SensuTest::JWT;

=head1 NAME

SensuTest::JWT - makes tokens and keys

=head1 FUNCTIONS

    jwt($alg, $claims, $key, %header)
        A compact token. $claims is a hash ref, or text taken as it is (to
        write what no JSON encoder would). $key is the secret's bytes for HS*,
        the path of a private PEM for RS* and ES*, ignored for 'none'. %header
        adds to {alg, typ}; a value of undef takes a member away;
        header => text takes the place of the whole header.

    key_pair($t, 'rsa', bits) or key_pair($t, 'ec', curve)
        Paths of the private and the public PEM file. Curves as openssl
        names them: prime256v1, secp384r1, secp521r1.

    certificate($t)
        Paths of a self-made certificate for localhost and of its key:
        cert.pem and key.pem of the test's folder.

=cut

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256 hmac_sha384 hmac_sha512);
use IPC::Open2;
use JSON::PP ();
use MIME::Base64 qw(encode_base64url);


my %HMAC = (
    HS256 => \&hmac_sha256,
    HS384 => \&hmac_sha384,
    HS512 => \&hmac_sha512,
);

# bytes of r and of s
my %WIDTH = (ES256 => 32, ES384 => 48, ES512 => 66);

my $json = JSON::PP->new->canonical->utf8;
my $pairs = 0;


sub jwt {
    my ($alg, $claims, $key, %header) = @_;

    my $head = delete $header{header};

    if (!defined $head) {
        my %all = (alg => $alg, typ => 'JWT', %header);
        delete $all{$_} for grep { !defined $all{$_} } keys %all;
        $head = $json->encode(\%all);
    }

    $claims = $json->encode($claims) if ref $claims;

    utf8::encode($_) for grep { utf8::is_utf8($_) } $head, $claims;

    my $text = encode_base64url($head) . '.' . encode_base64url($claims);

    return "$text." . encode_base64url(signature($alg, $text, $key));
}


sub signature {
    my ($alg, $text, $key) = @_;

    return '' if $alg eq 'none';
    return $HMAC{$alg}->($text, $key) if $HMAC{$alg};

    my ($family, $bits) = $alg =~ /^(RS|ES)(256|384|512)\z/
        or die "no such algorithm here: $alg";

    my $raw = openssl($text, 'dgst', "-sha$bits", '-sign', $key);

    return $family eq 'RS' ? $raw : raw_signature($raw, $WIDTH{$alg});
}


# DER (SEQUENCE of two INTEGERs) to r || s of fixed width, RFC 7518 3.4

sub raw_signature {
    my ($der, $width) = @_;

    my ($tag, $len) = unpack 'C2', $der;
    my $at = $len & 0x80 ? 2 + ($len & 0x7f) : 2;
    my $out = '';

    for (1, 2) {
        my $n = ord substr $der, $at + 1, 1;
        my $int = substr $der, $at + 2, $n;
        $at += 2 + $n;

        $int =~ s/^\0+//;
        $out .= "\0" x ($width - length $int) . $int;
    }

    return $out;
}


sub openssl {
    my ($input, @args) = @_;

    my $pid = open2(my $out, my $in, 'openssl', @args);
    binmode $_ for $out, $in;
    print $in $input;
    close $in;

    local $/;
    my $result = <$out>;
    waitpid $pid, 0;
    die "openssl @args failed" if $?;

    return $result;
}


sub key_pair {
    my ($t, $kind, $what) = @_;

    my $base = $t->dir . '/key' . ++$pairs;
    my ($private, $public) = ("$base.pem", "$base.pub.pem");

    my @gen = $kind eq 'rsa'
            ? ('RSA', '-pkeyopt', 'rsa_keygen_bits:' . ($what // 2048))
            : ('EC', '-pkeyopt', 'ec_paramgen_curve:'
                                 . ($what // 'prime256v1'));

    openssl('', 'genpkey', '-quiet', '-algorithm', @gen, '-out', $private);
    openssl('', 'pkey', '-in', $private, '-pubout', '-out', $public);

    return ($private, $public);
}


sub certificate {
    my ($t) = @_;

    my ($cert, $key) = map { $t->dir . "/$_.pem" } qw(cert key);

    system('openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 '
           . "-nodes -subj /CN=localhost -keyout $key -out $cert "
           . "2> $cert.err") == 0
        or die 'openssl: ' . SensuTest::Process::slurp("$cert.err");

    return ($cert, $key);
}

1;
