package SensuTest::RedisProxy;

=head1 NAME

SensuTest::RedisProxy - stands before a Redis and spoils what it is told to

=head1 METHODS

    new($t, $redis)        a port before a SensuTest::Redis that has a port
    url
    mode('pass')           every byte as it is
    mode('half')           three bytes of the answer to a command, then none
    mode('reset')          RST when a command comes
    mode('close')          FIN when a command comes
    mode('once')           the same, for one command only
    mode('slow')           answers 0.1 seconds later
    mode('late')           the same, the greeting's too
    mode('bytes')          answers byte by byte
    mode('answer', text)   this for each command, in the place of the answer
    mode('silent')         takes connections and never says a word
    spoilt                 how many commands it did that to

Commands are GET, SET and EVAL; but for late and silent, the greeting
of a connection always passes. A mode holds from then on, for connections that are
already there, too; but no byte is ever lost between others, so one that was
silent, or had half of an answer, has nothing more.

=cut

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use POSIX qw(WNOHANG);
use SensuTest::Process;
use Socket qw(SOL_SOCKET SO_LINGER);
use Time::HiRes qw(sleep);


sub new {
    my ($class, $t, $redis) = @_;

    my $self = bless { t => $t, port => $t->port, to => $redis->port },
                     $class;
    $self->{file} = $t->dir . "/proxy$self->{port}.mode";
    $self->{count} = $t->dir . "/proxy$self->{port}.count";
    $t->write("proxy$self->{port}.count", '');
    $self->mode('pass');

    my $listener = IO::Socket::INET->new(
        LocalAddr => '127.0.0.1', LocalPort => $self->{port}, Listen => 64,
        ReuseAddr => 1)
        or die "proxy: $!";

    my $parent = $$;

    $self->{process} = SensuTest::Process->spawn_sub(sub {
        $SIG{CHLD} = 'IGNORE';

        while (getppid == $parent) {
            next if !IO::Select->new($listener)->can_read(0.5);
            my $client = $listener->accept // next;
            next if fork;
            serve($self, $client);
            POSIX::_exit(0);
        }
    });

    return $t->part($self);
}


sub url { "redis://127.0.0.1:$_[0]{port}" }


sub mode {
    my ($self, @mode) = @_;

    # a rename, so that nobody reads half of it
    $self->{t}->write("proxy$self->{port}.new", join ' ', @mode);
    rename $self->{t}->dir . "/proxy$self->{port}.new", $self->{file};
}


sub spoilt { -s $_[0]{count} }


sub stop {
    my ($self) = @_;
    my $how = $self->{process}->stop('TERM', 5);
    return $how eq '' ? () : $how;
}


sub serve {
    my ($self, $client) = @_;

    my $server = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$self->{to}")
        or return;
    my $both = IO::Select->new($client, $server);
    my $answer = '';
    my $silent = 0;

    while (1) {
        for my $from ($both->can_read) {
            sysread($from, my $data, 65536) or return;

            my ($mode, $text) = split / /,
                SensuTest::Process::slurp($self->{file}), 2;

            $silent = 1 if $mode eq 'silent';
            next if $silent;

            if ($from == $server) {
                my $spoil = $answer;
                $answer = '';
                $silent = ($spoil eq 'half');
                deliver($client, $data, $spoil);
                next;
            }

            if ($mode eq 'late') {
                $answer = 'slow';
                syswrite $server, $data;
                next;
            }

            my $n = () = $data =~ /\r\n(?:GET|SET|EVAL)\r\n/g;

            if ($n == 0 || $mode eq 'pass') {
                syswrite $server, $data;
                next;
            }

            open my $count, '>>', $self->{count} or die;
            syswrite $count, 'x' x $n;
            close $count;

            if ($mode eq 'answer') {
                syswrite $client, $text x $n;

            } elsif ($mode eq 'reset') {
                setsockopt $client, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0);
                return;

            } elsif ($mode eq 'close' || $mode eq 'once') {
                $self->mode('pass') if $mode eq 'once';
                return;

            } else {
                $answer = $mode;
                syswrite $server, $data;
            }
        }
    }
}


sub deliver {
    my ($client, $data, $spoil) = @_;

    if ($spoil eq 'half') {
        syswrite $client, substr($data, 0, 3);

    } elsif ($spoil eq 'bytes') {
        for my $byte (split //, $data) {
            syswrite $client, $byte;
            sleep 0.001;
        }

    } else {
        sleep 0.1 if $spoil eq 'slow';
        syswrite $client, $data;
    }
}

1;
