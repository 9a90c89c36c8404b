package SensuTest::Soak::Child;

=head1 NAME

SensuTest::Soak::Child - a process of the soak, its counts and complaints

=head1 METHODS

    run($class, name, dir, seed, turn, ...)  forks; in the child turn($child)
                         is called again and again until the file "stop" is
                         there
    count(what, n)       adds up; the parent sees it within a second
    wrong(what, text)    a wrong answer; the first few texts are kept
    troubled(kind, since, door)  was there such trouble at that time or later?
                         See SensuTest::Soak::Trouble; a door with "tls" in its
                         name has a Redis of its own
    counts, ended        for the parent: what the child counted so far; is it
                         over?

=cut

use strict;
use warnings;

use JSON::PP ();
use SensuTest::Process;
use SensuTest::Soak::Trouble;
use Time::HiRes qw(time);


sub run {
    my ($class, %opt) = @_;

    my $self = bless { %opt, counts => {}, texts => [],
                       file => "$opt{dir}/child.$opt{name}" }, $class;
    my $parent = $$;

    $self->{process} = SensuTest::Process->spawn_sub(sub {
        srand $opt{seed};
        my $told = 0;

        eval {
            until (-e "$opt{dir}/stop" || getppid != $parent) {
                $opt{turn}($self);

                if (time > $told + 1) {
                    $self->tell;
                    $told = time;
                }
            }
            1;
        } or $self->wrong('died', "$opt{name}: $@");

        $self->tell;
    });

    return $self;
}


sub count {
    my ($self, $what, $n) = @_;
    $self->{counts}{$what} += $n // 1;
}


sub wrong {
    my ($self, $what, $text) = @_;

    $self->count("wrong $what");
    push @{ $self->{texts} }, $text if @{ $self->{texts} } < 10;
}


sub troubled {
    my ($self, $kind, $since, $door) = @_;

    $kind .= '-tls' if $kind =~ /^(?:redis|emptied)\z/ && ($door // '') =~ /tls/;
    return SensuTest::Soak::Trouble::was($self->{dir}, $kind, $since);
}


sub tell {
    my ($self) = @_;

    open my $out, '>', "$self->{file}.new" or die $!;
    print $out JSON::PP->new->latin1->encode(
        { counts => $self->{counts}, texts => $self->{texts} });
    close $out or die $!;
    rename "$self->{file}.new", $self->{file} or die $!;
}


sub counts {
    my ($self) = @_;

    my $text = SensuTest::Process::slurp($self->{file});
    return $text eq '' ? { counts => {}, texts => [] }
                       : JSON::PP->new->latin1->decode($text);
}


sub ended { !$_[0]{process}->alive }

1;
