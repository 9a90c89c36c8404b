# HTTP/1 as Go's net/http reads and writes it: request heads, incremental
# request bodies, response heads.
package Demo::Http;

use strict;
use warnings;
use Exporter 'import';

our @EXPORT_OK = qw(parse_head take_body response_head);

my %REASON = (
    200 => 'OK', 201 => 'Created', 202 => 'Accepted', 204 => 'No Content',
    301 => 'Moved Permanently', 400 => 'Bad Request', 401 => 'Unauthorized',
    403 => 'Forbidden', 404 => 'Not Found', 405 => 'Method Not Allowed',
    409 => 'Conflict', 429 => 'Too Many Requests',
    431 => 'Request Header Fields Too Large',
    500 => 'Internal Server Error', 501 => 'Not Implemented',
    502 => 'Bad Gateway', 503 => 'Service Unavailable',
    504 => 'Gateway Timeout',
);
my @DAY = qw(Sun Mon Tue Wed Thu Fri Sat);
my @MONTH = qw(Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec);

# Larger bodies than fit here in one go are sent in chunks.
our $BUFFER = 2048;


# parse_head($text): (request, undef), or (undef, [status, text]) for what the
# server itself refuses.  Header names are lower case, first value kept.
sub parse_head {
    my ($text) = @_;

    my ($line, @lines) = split /\r?\n/, $text;
    my ($method, $target, $minor)
        = ($line // '') =~ m{\A([!-~]+) ([^ ]+) HTTP/1\.([01])\z}
        or return (undef, [400, '400 Bad Request']);

    my %header;
    for (@lines) {
        my ($name, $value)
            = /\A([!#\$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*\z/s
            or return (undef, [400, '400 Bad Request']);
        $name = lc $name;
        return (undef, [400, '400 Bad Request']) if $name =~
            /\A(?:content-length|host)\z/ && exists $header{$name}
            && $header{$name} ne $value;
        $header{$name} //= $value;
    }

    return (undef, [400, '400 Bad Request: missing required Host header'])
        if $minor && !defined $header{host};

    my $where = $target =~ m{\A[A-Za-z][A-Za-z0-9+.-]*://[^/?]*(.*)\z}s
        ? $1 : $target;
    $where = "/$where" if $where !~ m{\A[/*]};
    my ($path, $query) = split /\?/, $where, 2;
    return (undef, [400, '400 Bad Request']) if $path =~ /%(?![0-9a-fA-F]{2})/;

    my $connection = lc($header{connection} // '');
    my $close = $minor ? scalar $connection =~ /\bclose\b/
                       : scalar $connection !~ /\bkeep-alive\b/;
    my %request = (
        method => $method, target => $target, path => $path, query => $query,
        minor => $minor, header => \%header,
        close => $close,
    );

    if (defined $header{'transfer-encoding'}) {
        return (undef, [501, '501 Unsupported transfer encoding'])
            if lc $header{'transfer-encoding'} ne 'chunked';
        $request{chunked} = 1;
    }
    else {
        my $length = $header{'content-length'} // 0;
        return (undef, [400, '400 Bad Request'])
            if $length !~ /\A[0-9]{1,18}\z/;
        $request{length} = $length;
    }
    $request{expect} = $minor
        && lc($header{expect} // '') eq '100-continue';

    return (\%request, undef);
}


# take_body($request, \$in, \$body): moves what has arrived of the body from
# $in to $body (dropped where undef is given).  1 when it is complete, 0 when
# more is to come, -1 when the framing is wrong.
sub take_body {
    my ($request, $in, $body) = @_;

    if (!$request->{chunked}) {
        my $piece = substr $$in, 0, $request->{length}, '';
        $request->{length} -= length $piece;
        $request->{received} += length $piece;
        $$body .= $piece if $body;
        return $request->{length} == 0;
    }

    while (1) {
        if ($request->{chunk_left}) {
            my $piece = substr $$in, 0, $request->{chunk_left}, '';
            return 0 if $piece eq '';
            $request->{chunk_left} -= length $piece;
            $request->{received} += length $piece;
            $$body .= $piece if $body;
            $request->{chunk_end} = 1;
        }
        elsif ($request->{chunk_end}) {
            return 0 if length $$in < 2;
            return -1 if substr($$in, 0, 2, '') ne "\r\n";
            $request->{chunk_end} = 0;
        }
        elsif ($request->{trailer}) {
            $$in =~ s/\A([^\n]*)\n// or return length $$in > 65536 ? -1 : 0;
            return 1 if $1 =~ /\A\r?\z/;
        }
        else {
            $$in =~ s/\A([^\n]*)\n// or return length $$in > 65536 ? -1 : 0;
            my ($size) = $1 =~ /\A([0-9a-fA-F]{1,12})[ \t]*(?:;.*)?\r?\z/s
                or return -1;
            $request->{chunk_left} = hex $size;
            $request->{trailer} = 1 if hex($size) == 0;
        }
    }
}


my ($date, $date_of) = ('', 0);

sub _date {
    my $now = time;

    if ($now != $date_of) {
        my ($s, $m, $h, $day, $month, $year, $weekday) = gmtime $now;
        $date = sprintf '%s, %02d %s %d %02d:%02d:%02d GMT', $DAY[$weekday],
            $day, $MONTH[$month], $year + 1900, $h, $m, $s;
        $date_of = $now;
    }
    return $date;
}


# response_head($request, \%response): the bytes of status line and headers.
# Sets $response->{framing} to 'length', 'chunked' or 'close' (the end of the
# connection ends the body) and $response->{close} where it must be closed.
sub response_head {
    my ($request, $response) = @_;
    my ($status, $body) = @$response{qw(status body)};

    my $head = sprintf "HTTP/1.%d %d %s\r\n", $request->{minor}, $status,
        $REASON{$status} // 'Status';
    my $typed = 0;
    for my $pair (@{$response->{headers}}) {
        $head .= "$pair->[0]: $pair->[1]\r\n";
        $typed = 1 if $pair->[0] eq 'Content-Type';
    }
    $head .= 'Date: ' . _date() . "\r\n";

    $response->{close} ||= $request->{close};
    $response->{framing} = 'length';
    if ($status == 204) {
        $response->{body} = '';
    }
    elsif ($response->{stream} || length $body > $BUFFER) {
        if ($request->{minor}) {
            $response->{framing} = 'chunked';
            $head .= "Transfer-Encoding: chunked\r\n";
        }
        else {
            $response->{framing} = 'close';
            $response->{close} = 1;
        }
    }
    elsif ($request->{method} ne 'HEAD' || length $body) {
        $head .= 'Content-Length: ' . length($body) . "\r\n";
    }
    $head .= "Content-Type: text/plain; charset=utf-8\r\n"
        if !$typed && ($response->{stream} || length $body);

    if ($response->{close}) {
        $head .= "Connection: close\r\n" if $request->{minor};
    }
    elsif (!$request->{minor}) {
        $head .= "Connection: keep-alive\r\n";
    }

    if ($request->{method} eq 'HEAD') {
        $response->{body} = '';
        delete $response->{stream};
        $response->{framing} = 'length';
    }

    return "$head\r\n";
}


1;
