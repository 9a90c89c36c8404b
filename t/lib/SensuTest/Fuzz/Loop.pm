package SensuTest::Fuzz::Loop;

=head1 NAME

SensuTest::Fuzz::Loop - clients, backend and Redis of a gateway in one process

=head1 IDEA

All that surrounds the gateway is one loop over sockets, so that a case knows
everything that was sent to the backend and what came back, without any other
process. What goes out is a list of steps: bytes; [pause => seconds]; ['close']
(FIN) or ['reset'] (RST), after which nothing follows.

=head1 METHODS

    listen(port, serve)    serve->(connection) is called whenever bytes have
                           come, and takes what it understands from {in}
    connect(port)          a connection to the gateway
    run(until, seconds)    until the sub is true; false when the time is over
    drop(connection)       FIN

A connection has {in}, {eof} (the peer closed, or the connection was lost) and
push(steps).

=cut

use strict;
use warnings;

use Errno qw(EAGAIN EINTR);
use IO::Socket::INET;
use Socket qw(SOL_SOCKET SO_LINGER);
use Time::HiRes qw(time);


sub new { bless { by_fd => {}, quiet => time }, $_[0] }


sub listen {
    my ($self, $port, $serve) = @_;

    my $socket = IO::Socket::INET->new(
        LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 128,
        ReuseAddr => 1, Blocking => 0)
        or die "port $port: $!\n";

    $self->add($socket, listens => 1, serve => $serve);
}


sub connect {
    my ($self, $port) = @_;

    my $socket = IO::Socket::INET->new(
        PeerAddr => '127.0.0.1', PeerPort => $port, Timeout => 5)
        or die "the gateway takes no connection: $!\n";
    $socket->blocking(0);

    return $self->add($socket);
}


sub add {
    my ($self, $socket, %more) = @_;

    my $c = bless { loop => $self, socket => $socket, fd => fileno $socket,
                    in => '', steps => [], wait => 0, %more },
                  'SensuTest::Fuzz::Connection';
    $self->{by_fd}{$c->{fd}} = $c;

    return $c;
}


sub drop {
    my ($self, $c) = @_;

    my $socket = delete $c->{socket} // return;
    delete $self->{by_fd}{$c->{fd}};
    $c->{eof} = 1;
    close $socket;
}


sub run {
    my ($self, $until, $seconds) = @_;

    my $end = time + $seconds;

    until ($until->()) {
        my $now = time;
        return 0 if $now > $end;

        my ($read, $write, $soon) = ('', '', $end - $now);

        for my $c (values %{ $self->{by_fd} }) {
            vec($read, $c->{fd}, 1) = 1 if !$c->{eof};
            next if !@{ $c->{steps} };

            if ($c->{wait} <= $now) {
                vec($write, $c->{fd}, 1) = 1;
            } elsif ($c->{wait} - $now < $soon) {
                $soon = $c->{wait} - $now;
            }
        }

        $soon = 0.05 if $soon > 0.05;
        next if select($read, $write, undef, $soon) <= 0;

        for my $fd (keys %{ $self->{by_fd} }) {
            my $c = $self->{by_fd}{$fd} // next;

            $self->readable($c) if vec $read, $fd, 1;
            $c->write if $c->{socket} && vec $write, $fd, 1;
        }
    }

    return 1;
}


sub readable {
    my ($self, $c) = @_;

    $self->{quiet} = time;

    if ($c->{listens}) {
        while (my $socket = $c->{socket}->accept) {
            $socket->blocking(0);
            $self->add($socket, serve => $c->{serve});
        }
        return;
    }

    my $n = sysread $c->{socket}, $c->{in}, 262144, length $c->{in};

    if (!defined $n) {
        return if $! == EAGAIN || $! == EINTR;
        return $self->drop($c);
    }

    $c->{eof} = 1 if $n == 0;
    $c->{serve}($c) if $c->{serve} && $n;

    # who serves has no more to say to somebody who is gone
    $self->drop($c) if $n == 0 && ($c->{serve} || !@{ $c->{steps} });
}


package SensuTest::Fuzz::Connection;

use Errno qw(EAGAIN EINTR);
use Socket qw(SOL_SOCKET SO_LINGER);
use Time::HiRes qw(time);


sub push {
    my ($self, @steps) = @_;
    push @{ $self->{steps} }, @steps;
}


sub write {
    my ($self) = @_;

    my $steps = $self->{steps};

    while (@$steps && $self->{wait} <= time) {
        my $step = $steps->[0];

        if (ref $step && $step->[0] eq 'pause') {
            $self->{wait} = time + $step->[1];

        } elsif (ref $step) {
            setsockopt $self->{socket}, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0)
                if $step->[0] eq 'reset';
            @$steps = ();
            return $self->{loop}->drop($self);

        } elsif ($step ne '') {
            my $n = syswrite $self->{socket}, $step;

            if (!defined $n) {
                return if $! == EAGAIN || $! == EINTR;
                @$steps = ();
                return $self->{loop}->drop($self);
            }

            $steps->[0] = substr $step, $n;
            next if $n < length $step;
        }

        shift @$steps;
    }
}

1;
