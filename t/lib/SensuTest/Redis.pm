package SensuTest::Redis;

=head1 NAME

SensuTest::Redis - a real redis-server, or valkey-server, of the test's own

=head1 METHODS

    new($t, port => 1, args => [..])   on a unix socket, or on a port; a number
                           over 1 is the port, host => '127.0.0.2' another
                           address
    url                    what sensu_redis wants
    cmd('GET', 'x')        a command by a connection of its own; gives the
                           reply: text, number, array ref, undef for nil;
                           dies with the text of an error reply
    keys(pattern)          sorted list
    clients                how many connections of gateways it has
    held                   true once these are so old that to lose one is no
                           outage: a second since their greeting
    freeze, thaw           STOP and CONT: it accepts, and never answers
    kill                   kill -9
    stop                   ends it
    restart                stops it if need be, starts it empty, same address
    server                 the program: TEST_REDIS, else what is installed

=cut

use strict;
use warnings;

use IO::Socket::INET;
use IO::Socket::UNIX;
use SensuTest::Process;


my $count = 0;


sub server {
    my @names = $ENV{TEST_REDIS} // qw(redis-server valkey-server);

    for my $name (@names) {
        return $name if grep { -x "$_/$name" } split /:/, $ENV{PATH};
    }

    die "none of @names is installed\n";
}


sub new {
    my ($class, $t, %opt) = @_;

    my $n = ++$count;
    my $self = bless { t => $t, n => $n, args => $opt{args} // [] }, $class;

    if ($opt{port}) {
        $self->{port} = $opt{port} > 1 ? $opt{port} : $t->port;
        $self->{host} = $opt{host} // '127.0.0.1';
        $self->{url} = "redis://$self->{host}:$self->{port}";

    } else {
        $self->{socket} = $t->dir . "/redis$n.sock";
        $self->{url} = "unix:$self->{socket}";
    }

    $self->start;

    return $self;
}


sub url { $_[0]{url} }
sub socket { $_[0]{socket} }
sub port { $_[0]{port} }
sub pid { $_[0]{process}->pid }


sub start {
    my ($self) = @_;

    my @where = $self->{port}
              ? ('--port', $self->{port}, '--bind', $self->{host})
              : ('--port', 0, '--unixsocket', $self->{socket},
                 '--unixsocketperm', 777);

    $self->{process} = SensuTest::Process->spawn(
        log => $self->{t}->dir . "/redis$self->{n}.out",
        cmd => [server(), @where, '--save', '', '--appendonly', 'no',
                '--dir', $self->{t}->dir, @{ $self->{args} }]);

    SensuTest::Process::wait_for(
        sub { eval { $self->cmd('PING'); 1 } || ($@ =~ /NOAUTH/) })
        or die server() . ' did not start: '
               . SensuTest::Process::slurp($self->{t}->dir
                                           . "/redis$self->{n}.out");
}


sub freeze { $_[0]{process}->signal('STOP') }
sub thaw { $_[0]{process}->signal('CONT') }


sub kill {
    my ($self) = @_;
    $self->{process}->stop('KILL', 5);
}


sub stop {
    my ($self) = @_;

    $self->thaw if $self->{process}->alive;
    my $how = $self->{process}->stop('TERM', 10);

    return $how eq '' ? () : $how;
}


sub restart {
    my ($self) = @_;
    $self->stop;
    unlink $self->{socket} if $self->{socket};
    $self->start;
}


sub connect {
    my ($self) = @_;

    my $s = $self->{port}
          ? IO::Socket::INET->new(PeerAddr => $self->{host} // '127.0.0.1',
                                  PeerPort => $self->{port}, Timeout => 5)
          : IO::Socket::UNIX->new(Peer => $self->{socket});

    return $s // die "redis: $!\n";
}


sub cmd {
    my ($self, @words) = @_;

    my $s = $self->connect;
    $s->autoflush(1);

    print $s '*' . @words . "\r\n",
             map { '$' . length($_) . "\r\n$_\r\n" } @words;

    return reply($s);
}


sub keys {
    my ($self, $pattern) = @_;
    return sort @{ $self->cmd('KEYS', $pattern // '*') };
}


sub clients {
    my ($self) = @_;

    my $n = () = $self->cmd('CLIENT', 'LIST') =~ /name=ngx_sensu:/g;
    return $n;
}


# An age of four may be three seconds, which begin when the connection is taken,
# before the greeting.

sub held {
    my ($self) = @_;

    my @ages = $self->cmd('CLIENT', 'LIST') =~ / name=ngx_sensu:\S* age=(\d+)/g;
    return @ages && !grep { $_ < 4 } @ages;
}


sub reply {
    my ($s) = @_;

    my $line = <$s> // die "redis: connection lost\n";
    $line =~ s/\r\n\z//;

    my ($type, $rest) = (substr($line, 0, 1), substr($line, 1));

    die "$rest\n" if $type eq '-';
    return $rest if $type eq '+' || $type eq ':';
    return undef if $rest < 0;

    if ($type eq '$') {
        read($s, my $data, $rest + 2) == $rest + 2
            or die "redis: short reply\n";
        return substr($data, 0, $rest);
    }

    return [ map { reply($s) } 1 .. $rest ];
}

1;
