package SensuTest::HTTP;

=head1 NAME

SensuTest::HTTP - a client that hides nothing of what went over the wire

=head1 METHODS

An nginx, an upstream and the demo backend are all of this class: what one
asks through the gateway one may ask directly, too.

    get($path, %opt), post($path, $body, %opt), put, delete,
    request($method, $path, %opt)
        One request on a connection of its own. Options: token => bearer,
        headers => [name, value, ...], body => text, version => '1.0',
        chunked => [pieces] (a chunked body), timeout => seconds.
        Gives a response.

    raw($bytes, $n)        sends bytes as they are, gives $n responses (1)
    connection             open: ->send(bytes), ->response($method), ->eof
                           (true once the peer has closed), ->close, ->reset
    session                a client of it that keeps its connection from one
                           request to the next. One that finds it closed,
                           without a byte of an answer, goes out once more
    h2($path, %opt)        the same over HTTP/2 without TLS, by curl
    curl($url, args => [..], %opt)   anything else that curl can do
    walk($path, $limit, %opt)
        Follows Sensu-Continue to its end: {pages => [[..]..], elements,
        tokens, responses}. It dies on a status other than 200, on a token
        seen before and after max => 1000 pages.

A response is a hash: status, reason, version, headers (list of pairs), body
(decoded), raw, complete (false: cut before its announced end), plus header
(name; all values in list context, the first in scalar), json, error (what
went wrong on the wire, or empty; its status is then 0).

    elements($text)        function: splits a JSON array into the texts of
                           its elements, byte for byte

=cut

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use JSON::PP ();
use SensuTest::Process;
use Time::HiRes qw(time);


sub get { my ($s, $p, @o) = @_; $s->request('GET', $p, @o) }
sub delete { my ($s, $p, @o) = @_; $s->request('DELETE', $p, @o) }
sub post { my ($s, $p, $b, @o) = @_; $s->request('POST', $p, body => $b, @o) }
sub put { my ($s, $p, $b, @o) = @_; $s->request('PUT', $p, body => $b, @o) }


sub request {
    my ($self, $method, $path, %opt) = @_;

    my $c = $self->connection(%opt);
    $c->send(message($self, $method, $path, %opt));
    return $c->response($method);
}


sub raw {
    my ($self, $bytes, $n, %opt) = @_;

    my $c = $self->connection(%opt);
    $c->send($bytes);

    my @got = map { $c->response } 1 .. $n // 1;
    return wantarray ? @got : $got[0];
}


sub connection {
    my ($self, %opt) = @_;
    return SensuTest::HTTP::Connection->new(
        $self->port, SensuTest::Process::patience($opt{timeout}));
}


sub session {
    my ($self) = @_;
    return bless { to => $self, port => $self->port }, 'SensuTest::HTTP::Session';
}


sub message {
    my ($self, $method, $path, %opt) = @_;

    my @headers = @{ $opt{headers} // [] };
    my %have = map { lc $headers[$_] => 1 } grep { $_ % 2 == 0 } 0 .. $#headers;
    my $body = $opt{body} // '';

    unshift @headers, Host => 'localhost' if !$have{host};
    push @headers, Connection => 'close'
        if !$have{connection} && !$opt{keepalive};
    push @headers, Authorization => "Bearer $opt{token}" if defined $opt{token};

    push @headers, 'Content-Type' => 'application/json'
        if !$have{'content-type'} && (defined $opt{body} || $opt{chunked});

    if ($opt{chunked}) {
        push @headers, 'Transfer-Encoding' => 'chunked';
        $body = join '', map { sprintf "%x\r\n%s\r\n", length, $_ }
                         @{ $opt{chunked} }, '';

    } elsif (defined $opt{body} && !$have{'content-length'}) {
        push @headers, 'Content-Length' => length $body;
    }

    my $text = "$method $path HTTP/" . ($opt{version} // '1.1') . "\r\n";

    while (my ($name, $value) = splice @headers, 0, 2) {
        $text .= "$name: $value\r\n";
    }

    return "$text\r\n$body";
}


# HTTP/2 with prior knowledge on the port made for it

sub h2 {
    my ($self, $path, %opt) = @_;

    return $self->curl('http://127.0.0.1:' . $self->h2_port . $path, %opt,
                       args => [ '--http2-prior-knowledge',
                                 @{ $opt{args} // [] } ]);
}


sub curl {
    my ($self, $url, %opt) = @_;

    my @headers = @{ $opt{headers} // [] };
    my @args = @{ $opt{args} // [] };

    push @headers, Authorization => "Bearer $opt{token}" if defined $opt{token};
    push @headers, 'Content-Type' => 'application/json' if defined $opt{body};

    while (my ($name, $value) = splice @headers, 0, 2) {
        push @args, '-H', "$name: $value";
    }

    push @args, '-X', $opt{method} if $opt{method};
    push @args, '--data-binary', '@-' if defined $opt{body};

    my $dump = $self->{t}->dir . '/curl.head';
    unlink $dump;

    my $in = $self->{t}->write('curl.body', $opt{body} // '');

    open my $out, '-|', 'sh', '-c', 'exec "$@" < "$0"', $in, 'curl', '-s',
         '--path-as-is', '-D', $dump,
         '-m', SensuTest::Process::patience($opt{timeout}), @args,
         '--', $url
        or die "curl: $!";
    binmode $out;
    local $/;
    my $body = <$out> // '';
    close $out;

    my $r = SensuTest::HTTP::Response->parse_head(
        SensuTest::Process::slurp($dump) =~ s/\r\n\r\n\z//r);
    $r->{body} = $body;
    $r->{complete} = $? == 0;
    $r->{error} = $? ? 'curl ended with ' . ($? >> 8) : '';

    return $r;
}


sub walk {
    my ($self, $path, $limit, %opt) = @_;

    my $max = delete $opt{max} // 1000;
    my %walk = (pages => [], elements => [], tokens => [], responses => []);
    my ($token, %seen);

    for (1 .. $max) {
        my @query;
        push @query, "limit=$limit" if defined $limit;
        push @query, "continue=$token" if defined $token;

        my $mark = !@query ? '' : $path =~ /\?/ ? '&' : '?';
        my $target = $path . $mark . join '&', @query;
        my $r = $self->get($target, %opt);

        die "$target: $r->{status} $r->{error} $r->{body}\n"
            if $r->{status} != 200 || !$r->{complete};

        my $page = elements($r->{body});

        push @{ $walk{responses} }, $r;
        push @{ $walk{pages} }, $page;
        push @{ $walk{elements} }, @$page;

        $token = $r->header('Sensu-Continue');
        return \%walk if !defined $token;

        die "$target: token given before\n" if $seen{$token}++;
        push @{ $walk{tokens} }, $token;
    }

    die "$path?limit=$limit: no end after $max pages\n";
}


sub elements {
    my ($text) = @_;

    my @found;

    $text =~ /\G\s*\[\s*/gc or die 'not an array: ' . substr($text, 0, 80);
    return [] if $text =~ /\G\]\s*\z/gc;

    my ($depth, $start) = (0, pos $text);

    while ($text =~ /\G[^"\[\]{},]*+("(?:[^"\\]++|\\.)*+"|[\[\]{},])/gcs) {
        my $c = $1;

        if ($c eq '{' || $c eq '[') {
            $depth++;

        } elsif ($depth && ($c eq '}' || $c eq ']')) {
            $depth--;

        } elsif (!$depth && ($c eq ',' || $c eq ']')) {
            push @found, substr($text, $start, pos($text) - 1 - $start)
                         =~ s/\A\s+|\s+\z//gr;
            $start = pos $text;

            if ($c eq ']') {
                $text =~ /\G\s*\z/gc or die 'text after the array';
                return \@found;
            }
        }
    }

    die 'array not closed';
}


package SensuTest::HTTP::Connection;

use Time::HiRes qw(time);


sub new {
    my ($class, $port, $timeout) = @_;

    my $socket = IO::Socket::INET->new(
        PeerAddr => '127.0.0.1', PeerPort => $port, Timeout => 10);

    my $self = bless { socket => $socket, in => '', timeout => $timeout },
                     $class;
    $self->{error} = "connect: $!" if !$socket;
    $socket->autoflush(1) if $socket;

    return $self;
}


sub send {
    my ($self, $bytes) = @_;

    my $socket = $self->{socket} // return 0;
    my $at = 0;

    while ($at < length $bytes) {
        my $n = syswrite $socket, $bytes, length($bytes) - $at, $at;
        return 0 if !defined $n;         # the answer says why
        $at += $n;
    }

    return 1;
}


# Reads more bytes; false at the end, on an error or when the time is over.

sub fill {
    my ($self) = @_;

    my $socket = $self->{socket} // return 0;

    if (!IO::Select->new($socket)->can_read($self->{timeout})) {
        $self->{error} = 'timed out';
        return 0;
    }

    my $n = sysread $socket, $self->{in}, 65536, length $self->{in};
    $self->{error} = "read: $!" if !defined $n;
    $self->{eof} = 1 if !$n;

    return $n;
}


sub eof {
    my ($self) = @_;

    while ($self->fill) { }
    return $self->{eof} && $self->{in} eq '';
}


sub close {
    my ($self) = @_;
    CORE::close($self->{socket}) if $self->{socket};
    $self->{socket} = undef;
}


sub reset {
    my ($self) = @_;

    # SO_LINGER of 0 seconds: close sends RST
    setsockopt $self->{socket}, Socket::SOL_SOCKET(), Socket::SO_LINGER(),
               pack('ii', 1, 0);
    $self->close;
}


sub response {
    my ($self, $method) = @_;

    while (1) {
        until ($self->{in} =~ /\r\n\r\n/) {
            next if $self->fill;
            return SensuTest::HTTP::Response->failed(
                $self->{error} || 'closed without a response', $self->{in});
        }

        my $head = substr $self->{in}, 0, index($self->{in}, "\r\n\r\n");
        substr($self->{in}, 0, length($head) + 4) = '';

        my $r = SensuTest::HTTP::Response->parse_head($head);
        next if $r->{status} =~ /^1/;

        $self->read_body($r, $method // 'GET');
        return $r;
    }
}


sub read_body {
    my ($self, $r, $method) = @_;

    $r->{complete} = 1;

    return if $method eq 'HEAD' || $r->{status} =~ /^(?:204|304)\z/;

    if (lc($r->header('Transfer-Encoding') // '') eq 'chunked') {
        $r->{complete} = $self->read_chunks($r);
        return;
    }

    my $want = $r->header('Content-Length');

    while (!defined $want || length $self->{in} < $want) {
        last if !$self->fill;
    }

    $want //= length $self->{in};
    $r->{body} = substr $self->{in}, 0, $want, '';
    $r->{complete} = 0 if length $r->{body} < $want;
    $r->{error} = $self->{error} // '';
}


sub read_chunks {
    my ($self, $r) = @_;

    while (1) {
        my ($size, $head);

        until (defined $size) {
            if ($self->{in} =~ /\A([0-9a-fA-F]+)[^\r\n]*\r\n/) {
                ($size, $head) = (hex $1, $+[0]);

            } elsif (!$self->fill) {
                return 0;
            }
        }

        while (length $self->{in} < $head + $size + 2) {
            return 0 if !$self->fill;
        }

        $r->{body} .= substr $self->{in}, $head, $size;
        substr($self->{in}, 0, $head + $size + 2) = '';

        return 1 if $size == 0;
    }
}


package SensuTest::HTTP::Session;

our @ISA = 'SensuTest::HTTP';


sub port { $_[0]{port} }


sub request {
    my ($self, $method, $path, %opt) = @_;

    my $text = $self->message($method, $path, %opt, keepalive => 1);
    my ($kept, $r) = $self->{kept};

    while (1) {
        my $c = $self->{kept} //= $self->connection(%opt);

        $c->send($text);
        $r = $c->response($method);

        $self->forget
            if !$r->{complete} || ($r->header('Connection') // '') =~ /close/i;

        return $r if $r->{status} || $r->{raw} ne '' || !$kept
                     || ($c->{error} // '') eq 'timed out';
        undef $kept;
    }
}


sub forget {
    my ($self) = @_;
    my $c = delete $self->{kept} or return;
    $c->close;
}


package SensuTest::HTTP::Response;


sub failed {
    my ($class, $error, $rest) = @_;
    return bless { status => 0, reason => '', headers => [], body => $rest,
                   complete => 0, error => $error, raw => $rest }, $class;
}


sub parse_head {
    my ($class, $head) = @_;

    my ($first, @lines) = split /\r\n/, $head;

    my ($version, $status, $reason) =
        ($first // '') =~ m{^HTTP/([\d.]+) (\d{3}) ?(.*)}
        or return $class->failed('no status line', $head);

    return bless { status => $status, reason => $reason, version => $version,
                   headers => [ map { [ /^([^:]*):\s*(.*?)\s*$/ ] } @lines ],
                   body => '', complete => 1, error => '', raw => $head },
                 $class;
}


sub header {
    my ($self, $name) = @_;

    my @found = map { $_->[1] } grep { lc $_->[0] eq lc $name }
                @{ $self->{headers} };

    return wantarray ? @found : $found[0];
}


sub json {
    my ($self) = @_;
    return JSON::PP->new->utf8->allow_nonref->decode($self->{body});
}

1;
