# Bearer tokens as Sensu 5.5 makes and checks them: any HMAC of the SHA-2
# family, no leeway, and no expiry at all where "exp" is missing.
package Demo::Token;

use strict;
use warnings;
use Digest::SHA qw(hmac_sha256 hmac_sha384 hmac_sha512);
use Exporter 'import';
use MIME::Base64 qw(encode_base64url);
use Demo::Json qw(json_parse json_string);

our @EXPORT_OK = qw(sign verify access_token refresh_token base64url);

my %HMAC = (
    HS256 => \&hmac_sha256, HS384 => \&hmac_sha384, HS512 => \&hmac_sha512,
);
my $HEADER = encode_base64url('{"alg":"HS256","typ":"JWT"}');
my $LIFETIME = 15 * 60;


# base64url($text): the bytes, or undef where Go's decoder refuses.
sub base64url {
    my ($text) = @_;

    $text =~ tr/\r\n//d;
    return undef if $text =~ /[^A-Za-z0-9_-]/ || length($text) % 4 == 1;
    return MIME::Base64::decode_base64url($text);
}


sub sign {
    my ($claims, $secret) = @_;

    my $signed = $HEADER . '.' . encode_base64url($claims);
    return $signed . '.' . encode_base64url(hmac_sha256($signed, $secret));
}


sub _jti {
    return join '', map { sprintf '%08x', int rand 2 ** 32 } 1 .. 4;
}


# access_token($secret, $user, \@groups, $now): (token, jti, exp).
sub access_token {
    my ($secret, $user, $groups, $now) = @_;

    my ($jti, $exp) = (_jti(), $now + $LIFETIME);
    my $list = join ',', map { json_string($_) } @$groups;
    my $name = json_string($user);
    return (sign(qq({"exp":$exp,"jti":"$jti","sub":$name,"groups":[$list],)
        . qq("provider":{"provider_id":"basic","user_id":$name}}), $secret),
        $jti, $exp);
}


# refresh_token($secret, $user): (token, jti).
sub refresh_token {
    my ($secret, $user) = @_;

    my $jti = _jti();
    return (sign(qq({"jti":"$jti","sub":) . json_string($user)
        . ',"groups":null,"provider":{"provider_id":"","user_id":""}}',
        $secret), $jti);
}


# verify($token, $secret): the claims {exp, nbf, iat, jti, sub, groups}, or
# undef for anything but a well-formed token with a good signature.  Times are
# the caller's to judge.
sub verify {
    my ($token, $secret) = @_;

    my ($head, $body, $signature, @more) = split /\./, $token, -1;
    return undef if @more || !defined $signature;

    my ($header, $claims, $given)
        = map { base64url(s/=+\z//r) } $head, $body, $signature;
    return undef
        if !defined $header || !defined $claims || !defined $given;

    my ($fields) = json_parse($header);
    return undef if ref $fields ne 'Demo::Json::Object';
    my %field = @$fields;
    my $hmac = $HMAC{ref $field{alg} ? '' : $field{alg} // ''} or return undef;
    return undef if $hmac->("$head.$body", $secret) ne $given;

    return _claims($claims);
}


sub _claims {
    my ($text) = @_;

    my ($value) = json_parse($text);
    return undef if ref $value ne 'Demo::Json::Object';

    my %claims = (jti => '', sub => '', groups => []);
    for (my $i = 0; $i < @$value; $i += 2) {
        my ($name, $member) = (lc $value->[$i], $value->[$i + 1]);
        next if ref $member eq 'Demo::Json::Literal' && $$member eq 'null';

        if ($name =~ /\A(?:exp|nbf|iat)\z/) {
            return undef if ref $member ne 'Demo::Json::Number'
                || $$member !~ /\A-?[0-9]{1,18}\z/;
            $claims{$name} = $$member;
        }
        elsif ($name eq 'jti' || $name eq 'sub') {
            return undef if ref $member;
            $claims{$name} = $member;
        }
        elsif ($name eq 'groups') {
            return undef if ref $member ne 'ARRAY' || grep { ref } @$member;
            $claims{groups} = $member;
        }
    }
    return \%claims;
}


1;
