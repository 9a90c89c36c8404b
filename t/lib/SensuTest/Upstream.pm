package SensuTest::Upstream;

=head1 NAME

SensuTest::Upstream - a backend that does what a test says; the demo backend

=head1 SYNOPSIS

    my $up = $t->upstream(sub {
        my ($c, $req) = @_;
        return $c->reply(404, '{}') if $req->{path} eq '/none';
        $c->reply(200, '[1,2]', 'Sensu-Continue' => 'AA');
    });

=head1 METHODS

    new($t, sub)           a listener on a port of its own; a process for
                           each connection, so nothing waits for another.
                           What the sub writes to variables is seen only by
                           later requests of the same connection
    requests               what came, in order, as hashes: method, target,
                           path, query, version, headers (lower-case name =>
                           value; several joined by ", "), body, complete
                           (false: cut), n (from 1, over all connections), c
                           (number of the connection)
    connections            how many came
    forget                 empties both

The sub gets the request and a connection that knows

    reply(status, body, name => value...)   a whole response with its length
    head(status, name => value...)          only the head: no length added
    send(bytes)                             bytes as they are
    bytewise(bytes, seconds)                one by one (0.001 s apart)
    chunk(bytes), end_chunks                chunked coding
    stall(seconds)                          says nothing; ends early if the
                                            peer closes, then true
    close, reset                            FIN or RST; no further request

A connection is kept for the next request unless the sub closed it, the
request said so, or the sub left a response without a length.

SensuTest::Demo is the demo backend as a process: $t->demo('--rich', ...);
its requests() reads its own log.

=cut

use strict;
use warnings;

use parent -norequire, 'SensuTest::HTTP';

use Fcntl qw(:flock SEEK_SET);
use IO::Select;
use IO::Socket::INET;
use JSON::PP ();
use POSIX qw(WNOHANG);
use SensuTest::HTTP;
use SensuTest::Process;
use Time::HiRes qw(sleep time);


my $json = JSON::PP->new->latin1->canonical;


sub new {
    my ($class, $t, $handler) = @_;

    my $self = bless { t => $t, port => $t->port }, $class;
    $self->{record} = $t->dir . "/upstream$self->{port}.rec";
    $t->write("upstream$self->{port}.rec", '');

    my $listener = IO::Socket::INET->new(
        LocalAddr => '127.0.0.1', LocalPort => $self->{port},
        Listen => 128, ReuseAddr => 1)
        or die "upstream: $!";

    my $parent = $$;
    $self->{process} = SensuTest::Process->spawn_sub(
        sub { accept_loop($self, $listener, $handler, $parent) });

    close $listener;

    return $self;
}


sub port { $_[0]{port} }
sub h2_port { die 'an upstream has no HTTP/2' }


sub stop {
    my ($self) = @_;

    # the processes of the connections end with their group's head
    my $how = $self->{process}->stop('TERM', 5);
    return $how eq '' ? () : $how;
}


sub accept_loop {
    my ($self, $listener, $handler, $parent) = @_;

    my $select = IO::Select->new($listener);
    my ($n, %children) = (0);

    $SIG{TERM} = sub {
        kill 'KILL', keys %children;
        POSIX::_exit(0);
    };

    while (getppid == $parent) {
        while ((my $pid = waitpid -1, WNOHANG) > 0) {
            delete $children{$pid};
        }

        next if !$select->can_read(0.5);
        my $socket = $listener->accept or next;
        $n++;

        my $pid = fork // die "fork: $!";

        if ($pid == 0) {
            $SIG{TERM} = 'DEFAULT';
            close $listener;
            record($self, { connection => $n });
            serve($self, $socket, $handler, $n);
            POSIX::_exit(0);
        }

        $children{$pid} = 1;
        close $socket;
    }

    kill 'KILL', keys %children;
}


sub serve {
    my ($self, $socket, $handler, $n) = @_;

    my $c = SensuTest::Upstream::Connection->new($socket);

    while (my $req = $c->request) {
        $req->{c} = $n;
        $req->{n} = record($self, $req);

        $c->{framed} = 0;
        $c->{last} = $req->{version} eq '1.0'
                     || lc($req->{headers}{connection} // '') eq 'close';
        eval { $handler->($c, $req); 1 }
            or print STDERR "upstream handler: $@";

        last if !$c->{framed} || !$c->{socket} || !$req->{complete}
                || $c->{last};
    }

    $c->close;
}


# Appends one line; the lock makes the lines' order the requests' order.

sub record {
    my ($self, $what) = @_;

    open my $fh, '+<:raw', $self->{record} or return 0;
    flock $fh, LOCK_EX;
    my $n = grep { !/^\{"connection"/ } <$fh>;
    print $fh $json->encode($what), "\n";
    close $fh;

    return $n + 1;
}


sub records {
    my ($self) = @_;
    return map { $json->decode($_) }
           split /\n/, SensuTest::Process::slurp($self->{record});
}


sub requests {
    my ($self) = @_;

    my $n = 0;
    return map { { %$_, n => ++$n } } grep { !$_->{connection} }
           $self->records;
}


sub connections {
    my ($self) = @_;
    return scalar grep { $_->{connection} } $self->records;
}


sub forget {
    my ($self) = @_;
    truncate $self->{record}, 0;
}


package SensuTest::Upstream::Connection;

use Time::HiRes qw(sleep time);


sub new {
    my ($class, $socket) = @_;
    $socket->autoflush(1);

    # else a body waits until its head was acknowledged, 40 ms later
    setsockopt $socket, Socket::IPPROTO_TCP(), Socket::TCP_NODELAY(), 1;

    return bless { socket => $socket, in => '' }, $class;
}


sub fill {
    my ($self) = @_;
    return sysread $self->{socket}, $self->{in}, 65536, length $self->{in};
}


sub request {
    my ($self) = @_;

    until ($self->{in} =~ /\r\n\r\n/) {
        $self->fill or return;
    }

    my $head = substr $self->{in}, 0, index($self->{in}, "\r\n\r\n");
    substr($self->{in}, 0, length($head) + 4) = '';

    my ($first, @lines) = split /\r\n/, $head;
    my ($method, $target, $version) =
        $first =~ m{^(\S+) (.*) HTTP/([\d.]+)$} or return;

    my %headers;

    for (@lines) {
        my ($name, $value) = /^([^:]*):\s*(.*?)\s*$/ or next;
        $name = lc $name;
        $headers{$name} = exists $headers{$name} ? "$headers{$name}, $value"
                                                 : $value;
    }

    my ($path, $query) = split /\?/, $target, 2;
    my %req = (method => $method, target => $target, version => $version,
               path => $path, query => $query, headers => \%headers,
               head => $head, body => '', complete => 1);

    $self->read_body(\%req);

    return \%req;
}


sub read_body {
    my ($self, $req) = @_;

    if (my $want = $req->{headers}{'content-length'}) {
        while (length $self->{in} < $want) {
            last if !$self->fill;
        }

        $req->{complete} = 0 if length $self->{in} < $want;
        $req->{body} = substr $self->{in}, 0, $want, '';

    } elsif (lc($req->{headers}{'transfer-encoding'} // '') eq 'chunked') {
        # the same coding in both directions
        $req->{complete} = SensuTest::HTTP::Connection::read_chunks(
            $self, $req);
    }
}


sub send {
    my ($self, $bytes) = @_;

    my $at = 0;

    while ($self->{socket} && $at < length $bytes) {
        my $n = syswrite $self->{socket}, $bytes, length($bytes) - $at, $at;
        return 0 if !defined $n;
        $at += $n;
    }

    return 1;
}


sub head {
    my ($self, $status, @headers) = @_;

    my $text = "HTTP/1.1 $status X\r\n";

    while (my ($name, $value) = splice @headers, 0, 2) {
        $text .= "$name: $value\r\n";
        $self->{framed} = 1 if $name =~ /^(?:content-length|transfer-enc)/i;
    }

    return $self->send("$text\r\n");
}


sub reply {
    my ($self, $status, $body, %headers) = @_;

    $headers{'Content-Type'} //= 'application/json';
    $headers{'Content-Length'} //= length $body;

    # or nginx may keep a connection that is about to end
    $headers{'Connection'} //= 'close' if $self->{last};

    $self->head($status, map { $_ => $headers{$_} } sort keys %headers);
    return $self->send($body);
}


sub bytewise {
    my ($self, $bytes, $pause) = @_;

    for my $byte (split //, $bytes) {
        $self->send($byte) or return 0;
        sleep $pause // 0.001;
    }

    return 1;
}


sub chunk {
    my ($self, $bytes) = @_;
    return $self->send(sprintf "%x\r\n%s\r\n", length $bytes, $bytes);
}


sub end_chunks { $_[0]->send("0\r\n\r\n") }


sub stall {
    my ($self, $seconds) = @_;
    return scalar IO::Select->new($self->{socket})->can_read($seconds);
}


*close = \&SensuTest::HTTP::Connection::close;
*reset = \&SensuTest::HTTP::Connection::reset;


package SensuTest::Demo;

use parent -norequire, 'SensuTest::HTTP';


sub new {
    my ($class, $t, @args) = @_;

    my $self = bless { t => $t, port => $t->port, args => \@args }, $class;

    $self->{out} = $t->dir . "/demo$self->{port}.out";
    $self->{request_log} = $t->dir . "/demo$self->{port}.requests";
    $self->start;

    return $self;
}


sub start {
    my ($self) = @_;

    my $t = $self->{t};
    unlink $self->{out};

    $self->{process} = SensuTest::Process->spawn(
        log => $self->{out},
        cmd => ["$SensuTest::ROOT/demo/sensu-backend",
                '--listen', "127.0.0.1:$self->{port}",
                '--secret-file', $t->secret_file,
                '--request-log', $self->{request_log},
                @{ $self->{args} }]);

    SensuTest::Process::wait_for(sub {
        SensuTest::Process::slurp($self->{out}) =~ /demo backend on/
            || !$self->{process}->alive
    });

    die 'the demo backend did not start: '
        . SensuTest::Process::slurp($self->{out}) if !$self->{process}->alive;
}


sub port { $_[0]{port} }
sub h2_port { die 'the demo backend has no HTTP/2' }


sub stop {
    my ($self) = @_;
    my $how = $self->{process}->stop('TERM', 10);
    return $how eq '' ? () : $how;
}


# a token as the backend itself hands it out, for the user (admin)

sub login {
    my ($self, $user, $password) = @_;

    my $basic = MIME::Base64::encode_base64(
        ($user // 'admin') . ':' . ($password // 'P@ssw0rd!'), '');
    my $r = $self->get('/auth', headers => [Authorization => "Basic $basic"]);

    die "no login: $r->{status} $r->{body}" if $r->{status} != 200;
    return $r->json->{access_token};
}


# one line per request

sub requests {
    my ($self) = @_;
    return split /\n/, SensuTest::Process::slurp($self->{request_log});
}


sub forget { truncate $_[0]{request_log}, 0 }

1;
