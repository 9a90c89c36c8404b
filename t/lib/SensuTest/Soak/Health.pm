package SensuTest::Soak::Health;

=head1 NAME

SensuTest::Soak::Health - memory and descriptors of nginx's workers

=head1 METHODS

    new(nginx)
    sample(requests)       notes the workers' memory; forgets what it knew when
                           a worker is another one
    slope                  kB that a worker grows by for a million requests of
                           its own, and kB of growth: a line through the
                           second half of the samples, as a heap takes its
                           time to find its size
    {most}                 kB of one worker at any time
    open_files             of all workers together: kind => number

Memory is anonymous memory (RssAnon): what a worker shares is bounded by its
zones.

=cut

use strict;
use warnings;

use SensuTest::Process;


sub new {
    my ($class, %opt) = @_;
    return bless { %opt, samples => [], workers => '', most => 0 }, $class;
}


sub sample {
    my ($self, $requests) = @_;

    my @workers = $self->{nginx}->workers;
    my $kb = 0;

    for my $pid (@workers) {
        SensuTest::Process::slurp("/proc/$pid/status") =~ /^RssAnon:\s+(\d+)/m
            or return;
        $kb += $1;
        $self->{most} = $1 if $1 > $self->{most};
    }

    if ($self->{workers} ne "@workers") {
        $self->{workers} = "@workers";
        $self->{samples} = [];
    }

    push @{ $self->{samples} }, [$requests, $kb];
}


sub slope {
    my ($self) = @_;

    my @all = @{ $self->{samples} };
    splice @all, 0, @all / 2;

    return (0, 0) if @all < 2;

    my ($sx, $sy, $sxx, $sxy, $n) = (0, 0, 0, 0, scalar @all);

    for my $sample (@all) {
        # from the first on, so that nothing is lost to rounding
        my ($x, $y) = ($sample->[0] - $all[0][0], $sample->[1] - $all[0][1]);
        $sx += $x;
        $sy += $y;
        $sxx += $x * $x;
        $sxy += $x * $y;
    }

    my $below = $n * $sxx - $sx * $sx;
    my $slope = $below ? ($n * $sxy - $sx * $sy) / $below : 0;

    return ($slope * 1e6, $slope * ($all[-1][0] - $all[0][0]));
}


# sockets of TCP that do not listen, and files; channels between nginx's
# processes are not counted, as their number depends on who was started when

sub open_files {
    my ($self) = @_;

    my %kind = (connections => 0, files => 0);
    my %tcp;

    for my $line (split /\n/, SensuTest::Process::slurp('/proc/net/tcp')) {
        my @word = split ' ', $line;
        $tcp{$word[9]} = 1 if $word[3] ne '0A' && $word[9] =~ /^\d+$/;
    }

    for my $pid ($self->{nginx}->workers) {
        for my $fd (glob "/proc/$pid/fd/*") {
            my $to = readlink $fd // next;
            $kind{connections}++ if $to =~ /^socket:\[(\d+)\]/ && $tcp{$1};
            $kind{files}++ if $to =~ m{^/};
        }
    }

    return \%kind;
}

1;
