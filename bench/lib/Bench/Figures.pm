package Bench::Figures;

=head1 NAME

Bench::Figures - what the benchmarks said, read from build/bench/*.tsv

=head1 METHODS

    new                         those in $OUT: build/bench, of a quick run
                                build/bench/quick, or BENCH_OUT
    names, has(name)            the benchmarks there
    cases(name, qr/../)         cases in the order of the file
    median(name, case, figure)  undef if it is not there
    least(name, case, figure)
    ratio(name, case, base, figure)
                                median of what it is to another case, within
                                each round

=cut

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);

our $ROOT = abs_path(dirname(__FILE__) . '/../../..');
our $QUICK = $ENV{BENCH_QUICK} // 0;
our $OUT = $ENV{BENCH_OUT} // "$ROOT/build/bench" . ($QUICK ? '/quick' : '');


sub new {
    my ($class) = @_;

    my $self = bless { cases => {}, values => {} }, $class;

    for my $file (sort glob "$OUT/*.tsv") {
        my ($name) = $file =~ m{([^/]+)\.tsv\z};

        open my $in, '<', $file or die "$file: $!";
        <$in>;                              # names of the columns

        while (my $line = <$in>) {
            chomp $line;
            my ($round, $case, $figure, $value) = split /\t/, $line;

            push @{ $self->{cases}{$name} }, $case
                if !$self->{values}{$name}{$case};
            $self->{values}{$name}{$case}{$figure}{$round} = $value;
        }
    }

    return $self;
}


sub names { sort keys %{ $_[0]{cases} } }
sub has { exists $_[0]{cases}{$_[1]} }


sub cases {
    my ($self, $name, $pattern) = @_;
    return grep { !$pattern || /$pattern/ } @{ $self->{cases}{$name} // [] };
}


sub by_round {
    my ($self, $name, $case, $figure) = @_;
    return $self->{values}{$name}{$case}{$figure} // {};
}


sub median {
    my ($self, @what) = @_;
    return middle(values %{ $self->by_round(@what) });
}


sub least {
    my ($self, @what) = @_;
    return (sort { $a <=> $b } values %{ $self->by_round(@what) })[0];
}


sub ratio {
    my ($self, $name, $case, $base, $figure) = @_;

    my $above = $self->by_round($name, $case, $figure);
    my $below = $self->by_round($name, $base, $figure);

    return middle(map { $above->{$_} / $below->{$_} }
                  grep { $below->{$_} } keys %$above);
}


sub middle {
    my @sorted = sort { $a <=> $b } @_;
    my $n = @sorted or return undef;
    return ($sorted[$n / 2] + $sorted[($n - 1) / 2]) / 2;
}

1;
