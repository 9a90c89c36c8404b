# The forms an answer can have: three spellings of errors, and JSON.
package Demo::Reply;

use strict;
use warnings;
use Exporter 'import';
use Demo::Json qw(json_string);

our @EXPORT_OK = qw(ok_json no_content text_error handler_error
    middleware_error not_found method_not_allowed);

my @JSON = (['Content-Type', 'application/json']);
my @NOSNIFF = (['X-Content-Type-Options', 'nosniff']);
my %STATUS = (0 => 500, 1 => 400, 2 => 404, 3 => 409, 4 => 403, 5 => 401);


sub ok_json {
    my ($bytes, @headers) = @_;

    return {status => 200, headers => [@JSON, @headers], body => $bytes};
}


sub no_content {
    return {status => 204, headers => [@JSON], body => ''};
}


# What http.Error of Go writes.
sub text_error {
    my ($status, $text) = @_;

    return {status => $status, body => "$text\n", headers => [
        ['Content-Type', 'text/plain; charset=utf-8'], @NOSNIFF]};
}


# Codes: 0 internal, 1 invalid argument, 2 not found, 3 already exists.
sub handler_error {
    my ($code, $message) = @_;

    return {status => $STATUS{$code}, headers => [@NOSNIFF],
        body => '{"message":' . json_string($message) . ",\"code\":$code}"};
}


# Codes: 0 internal, 4 permission denied, 5 unauthenticated.
sub middleware_error {
    my ($code, $message) = @_;

    return {status => $STATUS{$code}, headers => [],
        body => "{\"Code\":$code,\"Message\":" . json_string($message) . '}'};
}


sub not_found {
    return {status => 404, headers => [],
        body => "{\"code\":2,\"message\":\"not found\"}\n"};
}


sub method_not_allowed {
    return {status => 405, headers => [], body => ''};
}


1;
