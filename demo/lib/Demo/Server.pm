# One process, one loop: every connection is a small state machine and none
# ever waits for another.  States: head, body, delay, reply, drain, linger.
package Demo::Server;

use strict;
use warnings;
use Errno qw(EAGAIN EINTR EWOULDBLOCK);
use Socket qw(IPPROTO_TCP TCP_NODELAY);
use Time::HiRes qw(time);
use Demo::Http qw(parse_head take_body response_head);

my $READ = 65536;
my $QUEUE = 262_144;            # bytes made ready ahead of a slow reader
my $TURN = 1_048_576;           # bytes written to one reader in one turn
my $MAX_HEAD = 1_048_576;
my $MAX_DRAIN = 262_144;        # unread body skipped to keep a connection
my $MAX_CONNECTIONS = 1000;     # select() ends at 1024 descriptors


# $app->request($request) returns a response, or {need => limit, then => sub}
# to have the body read first: then->($body, $whole).  $app->finished($request,
# $response, bytes sent) is called once for each of them.
sub new {
    my ($class, %option) = @_;

    return bless {
        timeout => 15, connection => {}, read => '', write => '', %option,
    }, $class;
}


sub run {
    my ($self) = @_;

    $SIG{PIPE} = 'IGNORE';
    my $listener = $self->{listener};
    $listener->blocking(0);

    my $swept = time;
    while (1) {
        vec($self->{read}, fileno $listener, 1)
            = keys %{$self->{connection}} < $MAX_CONNECTIONS;
        my ($read, $write) = @$self{qw(read write)};
        my $found = select $read, $write, undef, $self->_wait;
        if ($found > 0) {
            $self->_accept if vec $read, fileno $listener, 1;
            for my $fd (keys %{$self->{connection}}) {
                my $c = $self->{connection}{$fd} or next;
                $self->_readable($c) if vec $read, $fd, 1;
                $self->_step($c) if vec($write, $fd, 1) && !$c->{gone};
            }
        }
        if ($self->{delayed} || time - $swept > 0.2) {
            $swept = time;
            $self->_sweep($swept);
        }
    }
}


sub _wait {
    my ($self) = @_;

    return 0.25 if !$self->{delayed};
    my $wait = $self->{delayed} - time;
    return $wait > 0.25 ? 0.25 : $wait > 0 ? $wait : 0;
}


sub _accept {
    my ($self) = @_;

    while (keys %{$self->{connection}} < $MAX_CONNECTIONS) {
        my $fh = $self->{listener}->accept or last;
        $fh->blocking(0);
        setsockopt $fh, IPPROTO_TCP, TCP_NODELAY, 1 if $self->{tcp};
        my $fd = fileno $fh;
        $self->{connection}{$fd} = {
            fh => $fh, fd => $fd, in => '', out => [], state => 'head',
            deadline => time + $self->{timeout},
        };
        vec($self->{read}, $fd, 1) = 1;
    }
}


sub _sweep {
    my ($self, $now) = @_;

    # one that goes to sleep again meanwhile is told by _sleep()
    $self->{delayed} = undef;

    for my $c (values %{$self->{connection}}) {
        if ($c->{state} eq 'delay') {
            if ($c->{wake} <= $now) {
                $c->{deadline} = $now + $self->{timeout};
                delete $c->{pause} ? $c->{state} = 'reply' : $self->_reply($c);
                $self->_step($c);
            }
            elsif (!$self->{delayed} || $c->{wake} < $self->{delayed}) {
                $self->{delayed} = $c->{wake};
            }
        }
        elsif ($c->{deadline} <= $now) {
            $self->_close($c);
        }
    }
}


sub _close {
    my ($self, $c) = @_;

    return if $c->{gone};
    $c->{gone} = 1;
    $self->_log($c, 0) if defined $c->{logged} && !$c->{logged};
    vec($self->{read}, $c->{fd}, 1) = 0;
    vec($self->{write}, $c->{fd}, 1) = 0;
    delete $self->{connection}{$c->{fd}};
    close $c->{fh};
}


sub _log {
    my ($self, $c, $ahead) = @_;

    $c->{logged} = 1;
    $self->{app}->finished($c->{request}, $c->{response}, $c->{sent} + $ahead);
}


sub _readable {
    my ($self, $c) = @_;

    my $got = sysread $c->{fh}, $c->{in}, $READ, length $c->{in};
    if (!defined $got) {
        return if $! == EAGAIN || $! == EINTR || $! == EWOULDBLOCK;
        return $self->_close($c);
    }
    if ($got == 0) {
        $c->{eof} = 1;
        vec($self->{read}, $c->{fd}, 1) = 0;
    }
    elsif ($c->{state} eq 'reply' || $c->{state} eq 'delay') {
        # a pipelined request waits its turn, and a lot of it outside
        vec($self->{read}, $c->{fd}, 1) = 0 if length $c->{in} >= $READ;
        return;
    }
    $self->_step($c);
}


# Goes on with a connection until it has to wait.
sub _step {
    my ($self, $c) = @_;

    while (!$c->{gone}) {
        my $state = $c->{state};
        my $more = $state eq 'head' ? $self->_head($c)
                 : $state eq 'body' ? $self->_body($c)
                 : $state eq 'reply' ? $self->_pump($c)
                 : $state eq 'drain' ? $self->_drain($c)
                 : $state eq 'linger' ? $self->_linger($c) : 0;
        return if !$more;
    }
}


sub _head {
    my ($self, $c) = @_;

    my $end = index $c->{in}, "\r\n\r\n";
    my $size = $end < 0 ? 0 : $end + 4;
    if (!$size && $c->{in} =~ /\n\r?\n/) {
        $size = $+[0];
    }
    if (!$size) {
        return $self->_close($c) && 0 if $c->{eof};
        return $self->_refuse($c, [431, '431 Request Header Fields Too Large'])
            if length $c->{in} > $MAX_HEAD;
        if ($c->{in} ne '' && !$c->{begun}) {
            $c->{begun} = 1;
            $c->{deadline} = time + $self->{timeout};
        }
        return 0;
    }

    my ($request, $error) = parse_head(substr $c->{in}, 0, $size, '');
    return $self->_refuse($c, $error) if $error;

    my $now = time;
    @$c{qw(request begun sent logged)} = ($request, 0, 0, 0);
    $c->{write_deadline} = $now + $self->{timeout};
    $c->{deadline} = $now + $self->{timeout};
    $request->{received} = 0;

    my $answer = $self->{app}->request($request);
    if (!exists $answer->{need}) {
        return $self->_answer($c, $answer);
    }

    $c->{then} = $answer;
    $c->{body} = '';
    $c->{state} = 'body';
    if ($request->{expect}) {
        $request->{expect} = 0;
        syswrite $c->{fh}, "HTTP/1.1 100 Continue\r\n\r\n";
    }
    return 1;
}


sub _body {
    my ($self, $c) = @_;

    my $request = $c->{request};
    my $done = take_body($request, \$c->{in}, \$c->{body});
    my $limit = $c->{then}{need};
    my $over = defined $limit && length $c->{body} > $limit;

    if (!$over) {
        return $self->_close($c) && 0 if $done < 0 || (!$done && $c->{eof});
        return 0 if !$done;
    }

    my $then = delete $c->{then};
    my $body = delete $c->{body};
    $request->{complete} = $done > 0;
    return $self->_answer($c, $then->{then}->(
        $over ? substr($body, 0, $limit) : $body, !$over));
}


# A request that net/http answers by itself.
sub _refuse {
    my ($self, $c, $error) = @_;

    my $text = "HTTP/1.1 $error->[1]\r\n"
        . "Content-Type: text/plain; charset=utf-8\r\n"
        . "Connection: close\r\n\r\n$error->[1]";
    $text =~ s/\AHTTP\/1\.1 ([^\r:]*):[^\r]*/HTTP\/1.1 $1/;
    @$c{qw(request response sent logged)} = ({}, {close => 1}, 0, 1);
    $c->{write_deadline} = time + $self->{timeout};
    $c->{out} = [$text];
    $c->{queued} = length $text;
    $c->{state} = 'reply';
    return 1;
}


sub _answer {
    my ($self, $c, $response) = @_;

    $c->{response} = $response;
    if ($response->{drop}) {
        $self->_close($c);
        return 0;
    }
    if ($response->{delay}) {
        $self->_sleep($c, $response->{delay});
        return 0;
    }
    $self->_reply($c);
    return 1;
}


sub _sleep {
    my ($self, $c, $seconds) = @_;

    $c->{state} = 'delay';
    $c->{wake} = time + $seconds;
    $self->{delayed} = $c->{wake}
        if !$self->{delayed} || $c->{wake} < $self->{delayed};
}


sub _reply {
    my ($self, $c) = @_;
    my ($request, $response) = @$c{qw(request response)};

    # as Go: a body nobody read is skipped if it is small
    if (!$request->{complete}) {
        $response->{close} = 1 if $request->{expect}
            || ($request->{length} // 0) > $MAX_DRAIN;
    }

    my $head = response_head($request, $response);
    my $body = $response->{body} // '';
    my $cut = $response->{cut};
    my $chunked = $response->{framing} eq 'chunked';

    if (defined $cut) {
        $response->{close} = 1;
        $c->{left} = $cut;
    }
    else {
        delete $c->{left};
    }

    $c->{out} = [$head];
    $c->{queued} = length $head;
    if (!$response->{stream} && $body ne '') {
        $self->_queue($c, $body, $chunked);
        $self->_queue_end($c) if $chunked;
    }
    $c->{state} = 'reply';
    $c->{deadline} = $c->{write_deadline} < time
        ? time + $self->{timeout} : $c->{write_deadline};
}


# Queues a piece of the body; past the byte where the fault "cut-after" wants
# it to end, nothing more.
sub _queue {
    my ($self, $c, $piece, $chunked) = @_;

    my @parts = $chunked ? (sprintf("%x\r\n", length $piece), $piece, "\r\n")
                         : $piece;
    if (defined $c->{left}) {
        return if $c->{cut_done};
        if (length $piece >= $c->{left}) {
            # at the very end of a chunk only the last, empty one is missing
            @parts = (@parts > 1 ? $parts[0] : (),
                substr $piece, 0, $c->{left}) if length $piece > $c->{left};
            $c->{cut_done} = 1;
            delete $c->{response}{stream};
        }
        $c->{left} -= length $piece;
    }

    # a large piece keeps its own place, so that it is not copied
    for my $part (@parts) {
        if (length $part < 32768 && length($c->{out}[-1] // '') < 32768
            && @{$c->{out}} && !$c->{offset})
        {
            $c->{out}[-1] .= $part;
        }
        else {
            push @{$c->{out}}, $part;
        }
        $c->{queued} += length $part;
    }
}


sub _queue_end {
    my ($self, $c) = @_;

    return if $c->{cut_done};
    push @{$c->{out}}, "0\r\n\r\n";
    $c->{queued} += 5;
}


# Writes what is ready; 1 when the whole response is out.
sub _pump {
    my ($self, $c) = @_;
    my $response = $c->{response};

    my $turn = 0;
    while (1) {
        while ($response->{stream} && $c->{queued} < $QUEUE) {
            my $piece = $response->{stream}->();
            my $chunked = $response->{framing} eq 'chunked';
            if (defined $piece) {
                $self->_queue($c, $piece, $chunked) if $piece ne '';
            }
            else {
                delete $response->{stream};
                $self->_queue_end($c) if $chunked;
            }
        }
        return $self->_written($c) if !@{$c->{out}};

        # the line is in the log before the client can have seen the end
        $self->_log($c, $c->{queued})
            if !$c->{logged} && !$response->{stream} && $c->{queued} <= $READ;

        my $offset = $c->{offset} // 0;
        my $size = length($c->{out}[0]) - $offset;
        my $slow = $response->{trickle};
        $size = $slow->[0] if $slow && $size > $slow->[0];
        my $wrote = syswrite $c->{fh}, $c->{out}[0], $size, $offset;
        if (!defined $wrote) {
            if ($! != EAGAIN && $! != EINTR && $! != EWOULDBLOCK) {
                $self->_close($c);
                return 0;
            }
            vec($self->{write}, $c->{fd}, 1) = 1;
            return 0;
        }

        $c->{sent} += $wrote;
        $c->{queued} -= $wrote;
        $c->{offset} = $offset + $wrote;
        if ($c->{offset} == length $c->{out}[0]) {
            shift @{$c->{out}};
            $c->{offset} = 0;
        }

        if ($slow && @{$c->{out}}) {
            $c->{pause} = 1;
            vec($self->{write}, $c->{fd}, 1) = 0;
            $self->_sleep($c, $slow->[1]);
            return 0;
        }

        $turn += $wrote;
        if ($turn > $TURN) {
            vec($self->{write}, $c->{fd}, 1) = 1;
            return 0;
        }
    }
}


sub _written {
    my ($self, $c) = @_;

    vec($self->{write}, $c->{fd}, 1) = 0;
    my ($request, $response) = @$c{qw(request response)};
    @$c{qw(response offset)} = (undef, 0);

    if (delete $c->{cut_done}) {
        $self->_close($c);
        return 0;
    }
    if ($response->{close}) {
        shutdown $c->{fh}, 1;
        $c->{state} = 'linger';
        $c->{deadline} = time + 1;
        vec($self->{read}, $c->{fd}, 1) = 1 if !$c->{eof};
        return 1;
    }

    vec($self->{read}, $c->{fd}, 1) = 1 if !$c->{eof};
    $c->{deadline} = time + $self->{timeout};
    $c->{state} = $request->{complete} ? 'head' : 'drain';
    return 1;
}


sub _drain {
    my ($self, $c) = @_;
    my $request = $c->{request};

    my $done = take_body($request, \$c->{in}, undef);
    if ($done < 0 || $request->{received} > 2 * $MAX_DRAIN) {
        return $self->_close($c) && 0;
    }
    return $self->_close($c) && 0 if !$done && $c->{eof};
    return 0 if !$done;
    $c->{state} = 'head';
    return 1;
}


# The answer is out: take what still comes, so that no reset overtakes it.
sub _linger {
    my ($self, $c) = @_;

    $c->{in} = '';
    $self->_close($c) if $c->{eof};
    return 0;
}


1;
