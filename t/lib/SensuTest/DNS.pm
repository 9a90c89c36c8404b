package SensuTest::DNS;

=head1 NAME

SensuTest::DNS - a name server of the test's own

=head1 METHODS

    new($t, name => [addresses], ..)   on a UDP port; what is not there does
                           not exist
    set(name => [..], ..)  the names from now on; what was answered before is
                           good for a second
    resolver               the line for nginx
    stop

=cut

use strict;
use warnings;

use IO::Socket::INET;
use SensuTest::Process;
use Socket qw(inet_aton);


sub new {
    my ($class, $t, %names) = @_;

    my $self = bless { t => $t, file => $t->dir . '/names' }, $class;
    $self->set(%names);

    my $socket = IO::Socket::INET->new(Proto => 'udp',
                                       LocalAddr => '127.0.0.1', Timeout => 1)
        or die "dns: $!";
    $self->{port} = $socket->sockport;

    my $parent = $$;

    $self->{process} = SensuTest::Process->spawn_sub(sub {
        while (getppid == $parent) {
            vec(my $set = '', fileno $socket, 1) = 1;
            next if select($set, undef, undef, 0.5) <= 0;
            my $from = $socket->recv(my $query, 512) // next;
            $socket->send($self->answer($query), 0, $from);
        }
    });

    return $t->part($self);
}


sub set {
    my ($self, %names) = @_;

    # a rename, so that nobody reads half of it
    $self->{t}->write('names.new',
                      join '', map { "$_ @{ $names{$_} }\n" } sort keys %names);
    rename "$self->{file}.new", $self->{file};
}


sub resolver { "resolver 127.0.0.1:$_[0]{port};" }


sub stop {
    my ($self) = @_;
    my $how = $self->{process}->stop('TERM', 5);
    return $how eq '' ? () : $how;
}


# one question; of a name that has addresses its type A alone

sub answer {
    my ($self, $query) = @_;

    my ($id, $question) = (substr($query, 0, 2), substr($query, 12));
    my ($labels, $type) = $question =~ /\A((?:[^\0].*?)?)\0(..)/s;
    my @labels;

    while ($labels =~ /\G(.)/gs) {
        my $n = ord $1;
        push @labels, substr $labels, pos $labels, $n;
        pos($labels) += $n;
    }

    my %names = map { /\A(\S+) ?(.*)/ }
                split /\n/, SensuTest::Process::slurp($self->{file});
    my $addresses = $names{ join '.', @labels };
    my @records = unpack('n', $type) == 1 ? split / /, $addresses // '' : ();

    return $id . pack('n5', defined $addresses ? 0x8180 : 0x8183, 1,
                      scalar(@records), 0, 0)
           . "$labels\0$type" . pack('n', 1)
           . join '', map { pack('nnnNn', 0xc00c, 1, 1, 1, 4) . inet_aton($_) }
                      @records;
}

1;
