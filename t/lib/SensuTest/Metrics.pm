package SensuTest::Metrics;

=head1 NAME

SensuTest::Metrics - a strict reader of Prometheus' text format 0.0.4

=head1 METHODS

    parse($text)           dies at the first thing that is not as the format
                           and Prometheus' naming conventions want it
    value('name{a="b"}')   of a series, undef if there is none; labels in the
                           order of the text
    series                 all names with labels, in order
    families               names of the families; type($family) its type
    less($earlier)         a hash of what has changed, series => by how much

=cut

use strict;
use warnings;


my $NAME = qr/[a-z][a-z0-9]*(?:_[a-z0-9]+)*/;
my $LABELS = qr/\{$NAME="[^"\\\n]*"(?:,$NAME="[^"\\\n]*")*\}/;
my $NUMBER = qr/-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/;

my %suffixes = (histogram => [ qw(_bucket _sum _count) ], counter => [ '' ],
                gauge => [ '' ]);


sub parse {
    my ($class, $text) = @_;

    my $self = bless { order => [], value => {}, type => {}, families => [] },
                     $class;

    die "no end of the last line\n" if $text !~ /\n\z/;

    my ($family, $type);

    for my $line (split /\n/, $text) {

        if ($line =~ /^# HELP ($NAME) (\S.*\S)\z/) {
            die "$1 is there twice\n" if exists $self->{type}{$1};
            die "$family has no samples\n"
                if $family && !grep { /^\Q$family\E/ } @{ $self->{order} };

            ($family, $type) = ($1, undef);
            push @{ $self->{families} }, $family;
            $self->{type}{$family} = undef;

        } elsif ($line =~ /^# TYPE ($NAME) (counter|gauge|histogram)\z/) {
            die "TYPE of $1 not behind its HELP\n"
                if !$family || $1 ne $family || $type;

            $type = $self->{type}{$family} = $2;

            die "$family: counters, and only they, end with _total\n"
                if ($type eq 'counter') != ($family =~ /_total\z/);

        } elsif ($line =~ /^($NAME)($LABELS)? ($NUMBER)\z/) {
            $self->sample($family, $type, $1, $2 // '', $3);

        } else {
            die "not a line of the format: $line\n";
        }
    }

    $self->check_histogram($_)
        for grep { $self->{type}{$_} eq 'histogram' } @{ $self->{families} };

    return $self;
}


sub sample {
    my ($self, $family, $type, $name, $labels, $value) = @_;

    die "$name without a TYPE before it\n"
        if !$type || !grep { $name eq $family . $_ } @{ $suffixes{$type} };
    die "$name$labels is there twice\n"
        if exists $self->{value}{$name . $labels};
    die "$name$labels is negative\n" if $type ne 'gauge' && $value < 0;

    push @{ $self->{order} }, $name . $labels;
    $self->{value}{$name . $labels} = $value;
}


sub check_histogram {
    my ($self, $family) = @_;

    my (%bound, %count);

    for my $series (@{ $self->{order} }) {
        my ($rest, $le) = $series =~ /^\Q${family}_bucket\E\{(.*?),?le="([^"]+)"\}\z/
            or next;
        my $value = $self->{value}{$series};
        my $number = $le eq '+Inf' ? 9**9**9 : $le;

        die "$series: bounds do not rise\n"
            if defined $bound{$rest} && $number <= $bound{$rest};
        die "$series: less than the bucket before\n"
            if $value < ($count{$rest} // 0);

        ($bound{$rest}, $count{$rest}) = ($number, $value);
    }

    die "$family has no buckets\n" if !%bound;

    for my $rest (keys %bound) {
        my $labels = $rest eq '' ? '' : "{$rest}";

        die "$family$labels has no bucket +Inf\n" if $bound{$rest} != 9**9**9;
        die "$family$labels: +Inf is not the count\n"
            if $count{$rest} != ($self->value("${family}_count$labels") // -1);
        die "$family$labels has no sum\n"
            if !defined $self->value("${family}_sum$labels");
    }
}


sub value { $_[0]{value}{$_[1]} }
sub series { @{ $_[0]{order} } }
sub families { @{ $_[0]{families} } }
sub type { $_[0]{type}{$_[1]} }


sub less {
    my ($self, $earlier) = @_;

    my %change = map { $_ => $self->value($_) - ($earlier->value($_) // 0) }
                 $self->series;

    return { map { $_ => $change{$_} } grep { $change{$_} } keys %change };
}

1;
