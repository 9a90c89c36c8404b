package Bench::Goals;

=head1 NAME

Bench::Goals - what the figures are to be, and whether they are

=head1 FUNCTIONS

    judge($figures)     a list of {what, goal, is, met}, those that the
                        figures there can tell
    table(@goals)       as Markdown

=cut

use strict;
use warnings;

use List::Util qw(max min);

my @ALGS = qw(HS256 RS256 ES256);


sub judge {
    my ($f) = @_;

    return grep { defined $_->{is} } (
        tokens($f), split_($f), paging($f), walk($f),
        store($f), latency($f));
}


sub table {
    my (@goals) = @_;

    return Bench::Tables::table([ 'goal', 'wanted', 'measured', 'met' ],
        map { [ $_->{what}, $_->{goal}, $_->{is}, $_->{met} ? 'yes' : '**no**' ]
        } @goals);
}


sub at_most {
    my ($what, $limit, $is, $format) = @_;
    return one($what, 'at most ' . sprintf($format, $limit), $is, $format,
               sub { $is <= $limit });
}


sub at_least {
    my ($what, $limit, $is, $format) = @_;
    return one($what, 'at least ' . sprintf($format, $limit), $is, $format,
               sub { $is >= $limit });
}


sub one {
    my ($what, $goal, $is, $format, $met) = @_;

    return { what => $what, goal => $goal,
             is => defined $is ? sprintf($format, $is) : undef,
             met => defined $is && $met->() };
}


sub tokens {
    my ($f) = @_;

    my $cost = sub {
        my ($case) = @_;
        return $f->ratio('access', $case, Bench::Tables::plain($case), 'cpu');
    };

    return (known($cost), map {
        my $own = $cost->("module $_ known");
        my $other = $cost->("HAProxy $_");

        (at_most("a known $_ token, CPU to plain nginx", 1.10, $own, '%.2f'),
         at_most("... and below HAProxy's jwt_verify to plain HAProxy",
                 $other // 0, $own, '%.2f'));
    } @ALGS);
}


# whose namespaces are computed

sub known {
    my ($cost) = @_;

    return at_most('a known caller under sensu_namespaces rbac, CPU to plain nginx',
                   1.10, $cost->('module HS256 known, sensu_namespaces rbac'),
                   '%.2f');
}


sub split_ {
    my ($f) = @_;

    my $speed = sub { $f->median('split', "events: split, $_[0], spans, 16k",
                                 'speed') };

    return (
        at_least('splitting events with AVX2, GB/s', 5, $speed->('avx2'), '%.2f'),
        at_least('the same, portable, GB/s', 1.5, $speed->('portable'), '%.2f'),
        at_least('elements reported, to one that reports them, the lowest', 1,
                 lowest($f), '%.2f'),
        keys_read($f, 'avx2', 'elements'),
        keys_read($f, 'sse2', 'SSE4.2'),
    );
}


sub keys_read {
    my ($f, $kernel, $walk) = @_;

    return at_least("keys read with $kernel, to simdjson on demand, $walk", 1,
                    $f->ratio('split', "events: split and keys, $kernel",
                              "events: simdjson on demand, $walk", 'speed'),
                    '%.2f');
}


sub lowest {
    my ($f) = @_;

    return min map { my ($array) = /^(\w+):/;
                     $f->ratio('split', $_, "$array: byte automaton, spans, 16k",
                               'speed')
           } $f->cases('split', qr/: split, \w+, spans, 16k\z/);
}


sub paging {
    my ($f) = @_;

    return map {
        my ($n, $name) = @$_;
        my $grown = $f->median('paging', "$n, end", 'grown');

        (at_most("the last page of a list of $name, CPU to plain nginx", 1.5,
                 $f->ratio('paging', "$n, end", "$n, plain", 'cpu'), '%.2f'),
         at_most('... growth of the worker, kB: the page and 1 MB', 1050,
                 defined $grown ? $grown / 1000 : undef, '%.0f'));
    } [100_000, '100 MB'], [1_000_000, '1 GB'];
}


sub walk {
    my ($f) = @_;

    my $most = sub { max map { $f->median('walk', $_, 'fetched') } @_ };

    return (
        at_most('bytes of a native walk to the list, 100 a page, longest list '
                . 'or not', 1.05, $most->($f->cases('walk', qr/^N .*module/)),
                '%.3f'),
        at_most('... by pages of 50 and more', 1.05,
                $most->($f->cases('walk', qr/^page (?!10,).*module/)), '%.3f'),
        at_most('... by pages of 10', 1.05,
                $f->median('walk', 'page 10, module', 'fetched'), '%.3f'),
    );
}


sub store {
    my ($f) = @_;

    return (
        at_most('round trips to Redis to resume a page', 1,
                $f->median('store', 'Redis, next', 'get'), '%.3f'),
        at_most('... to save its cursor', 1,
                $f->median('store', 'Redis, next', 'set'), '%.3f'),
    );
}


# the machine's own ups and downs are in nginx's figures of the same state

sub latency {
    my ($f) = @_;

    my $to_nginx = sub {
        return $f->ratio('latency', "$_[0], module, no cursor",
                         "$_[0], nginx", 'p50');
    };

    my $well = $to_nginx->('well') or return;

    return map {
        at_most("median latency without a cursor, Redis $_, to Redis well", 1.25,
                $to_nginx->($_) / $well, '%.2f');
    } qw(frozen gone);
}

1;
