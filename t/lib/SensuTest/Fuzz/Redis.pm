package SensuTest::Fuzz::Redis;

=head1 NAME

SensuTest::Fuzz::Redis - a small Redis in the loop, which may go mad

=head1 METHODS

    new(loop, port)
    url
    mad(probability)       of each answer to be spoilt
    altered                were bytes of an answer exchanged since then?
    sick                   was an answer spoilt so lately that the gateway may
                           not have found it well again?

=cut

use strict;
use warnings;

use Time::HiRes qw(time);


# a connection is silent for four time-outs of two seconds before it is lost, and
# nginx waits up to 5 seconds and a quarter before it connects again
my $RECOVERED = 16;


sub new {
    my ($class, $loop, $port) = @_;

    my $self = bless { port => $port, mad => 0, spoilt => time, values => {} },
                     $class;
    $loop->listen($port, sub { $self->serve(@_) });

    return $self;
}


sub url { "redis://127.0.0.1:$_[0]{port}" }


sub mad {
    my ($self, $probability) = @_;
    $self->{mad} = $probability;
    $self->{altered} = 0;
}


sub altered { $_[0]{altered} }
sub sick { $_[0]{mad} || time < $_[0]{spoilt} + $RECOVERED }


sub serve {
    my ($self, $c) = @_;

    while (my $words = command($c)) {
        my @steps = $self->answer(@$words);

        if (rand() < $self->{mad}) {
            $self->{spoilt} = time;
            @steps = $self->spoil(@steps);
        }

        $c->push(@steps);
    }
}


sub command {
    my ($c) = @_;

    $c->{in} =~ /\A\*(\d+)\r\n/ or return;
    my ($n, $at, @words) = ($1, $+[0]);

    for (1 .. $n) {
        substr($c->{in}, $at) =~ /\A\$(\d+)\r\n/ or return;
        $at += $+[0];
        return if length $c->{in} < $at + $1 + 2;
        push @words, substr $c->{in}, $at, $1;
        $at += $1 + 2;
    }

    substr($c->{in}, 0, $at) = '';
    return \@words;
}


sub answer {
    my ($self, $what, $key, $value) = @_;

    # cursors outlive no case by much
    $self->{values} = {} if keys %{ $self->{values} } > 5000;

    if (uc $what eq 'SET') {
        $self->{values}{$key} = $value;
        return "+OK\r\n";
    }

    if (uc $what eq 'GET') {
        my $found = $self->{values}{$key} // return "\$-1\r\n";
        return '$' . length($found) . "\r\n$found\r\n";
    }

    return "+OK\r\n";
}


my @odd = (
    "-ERR no\r\n", "-MOVED 1 127.0.0.1:1\r\n", "-NOSCRIPT\r\n", "-\r\n",
    "-LOADING x\r\n", "-READONLY x\r\n", "+OK\r\n", "+\r\n", ":1\r\n",
    ":-9223372036854775808\r\n", ":99999999999999999999\r\n", "\$-1\r\n",
    "\$0\r\n\r\n", "\$3\r\nabc\r\n", "\$-2\r\n", "\$999999999999\r\n",
    "\$5000\r\n" . ('s1' x 2500) . "\r\n", "*-1\r\n", "*0\r\n", "*1\r\n",
    "*2\r\n:1\r\n:2\r\n", "*3\r\n*1\r\n*1\r\n:1\r\n\$-1\r\n+x\r\n",
    "*2147483647\r\n", "*16385\r\n", ('*1' . "\r\n") x 12 . ":1\r\n",
    "HTTP/1.1 400 Bad Request\r\n\r\n", "\0\0\0\0", "\r\n", "?\r\n",
);


sub spoil {
    my ($self, @steps) = @_;

    my $how = int rand 10;
    my $text = $steps[0];

    return $odd[rand @odd] if $how < 3;
    return map { $odd[rand @odd] } 0 .. rand 4 if $how == 3;
    return (substr($text, 0, rand length $text), ['close']) if $how == 4;
    return ['reset'] if $how == 5;
    return [ pause => 2.4 ], $text if $how == 6;
    return map({ ($_, [ pause => 0.001 ]) } split //, $text) if $how == 7;

    # some bytes are others, and a cursor may be another one
    $self->{altered} = 1;

    for (0 .. rand 3) {
        substr($text, rand length $text, 1) = chr rand 256;
    }

    return $text;
}

1;
