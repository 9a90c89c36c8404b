package SensuTest::Soak::Trouble;

=head1 NAME

SensuTest::Soak::Trouble - what the soak does to Redis and nginx, and when

=head1 METHODS

    new(t, redis => [plain, tls], nginx)
                           everybody else reads the file trouble in t's folder
    redis                  one trouble of one of them, some seconds: frozen,
                           killed for a while, or restarted; in the latter two
                           it comes back empty; or flushed, which nobody
                           notices but for what is gone
    reload, term           HUP to the master, TERM to one worker
    counts                 how often each

    was(dir, kind, since)  function: was there such trouble at that time or
                           later? Kinds are redis (while it lasts, and until
                           every worker must be connected again), emptied,
                           both with "-tls" for the one by TLS; reload and
                           term (some seconds, for connections that were under
                           way)

=cut

use strict;
use warnings;

use SensuTest::Process;
use Time::HiRes qw(sleep time);


# the gateway waits up to 6.25 seconds between two attempts, and for an answer
my $RECONNECTED = 9;
my $LAST_ANSWERS = 3;


sub new {
    my ($class, %opt) = @_;
    return bless { %opt, counts => {}, until => {} }, $class;
}


sub counts { $_[0]{counts} }


sub tell {
    my ($self, $kind, $until) = @_;

    $self->{until}{$kind} = $until;
    $self->{t}->write('trouble.new', join '', map {
        "$_ $self->{until}{$_}\n" } sort keys %{ $self->{until} });
    rename $self->{t}->dir . '/trouble.new', $self->{t}->dir . '/trouble'
        or die $!;
}


sub was {
    my ($dir, $kind, $since) = @_;

    my ($until) = SensuTest::Process::slurp("$dir/trouble")
                  =~ /^$kind ([\d.]+)/m;
    return ($until // 0) >= $since;
}


# told before it begins, for longer than it lasts

sub redis {
    my ($self) = @_;

    my $what = (qw(frozen killed restarted flushed))[rand 4];
    my $long = 1 + rand 3;              # the time-out is 2 s
    my $which = int rand 2;
    my ($redis, $kind) = ($self->{redis}[$which], $which ? '-tls' : '');

    $self->{counts}{'Redis' . ($which ? ' by TLS' : '') . " $what"}++;

    if ($what eq 'flushed') {
        $self->tell("emptied$kind", time + 60);
        $redis->cmd('FLUSHALL');
        return $self->tell("emptied$kind", time);
    }

    $self->tell("redis$kind", time + 60);

    if ($what eq 'frozen') {
        $redis->freeze;
        sleep $long;
        $redis->thaw;

    } else {
        $self->tell("emptied$kind", time + 60);

        $what eq 'killed' ? $redis->kill : $redis->stop;
        sleep $long if $what eq 'killed';
        $redis->restart;

        $self->tell("emptied$kind", time);
    }

    $self->tell("redis$kind", time + $RECONNECTED);
}


sub reload {
    my ($self) = @_;

    $self->{counts}{reloads}++;
    $self->tell('reload', time + $LAST_ANSWERS);
    $self->{nginx}{process}->signal('HUP');
}


sub term {
    my ($self) = @_;

    my @workers = $self->{nginx}->workers;
    $self->{counts}{'workers TERM'}++;
    $self->tell('term', time + $LAST_ANSWERS);
    kill 'TERM', $workers[rand @workers];
}

1;
