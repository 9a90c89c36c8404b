package Bench::Tables;

=head1 NAME

Bench::Tables - the figures of each benchmark as tables of Markdown

=head1 FUNCTIONS

    text($figures, name)    the tables of one benchmark

=cut

use strict;
use warnings;

my %TABLES = (
    machine => \&machine,
    access => \&access,
    instructions => \&instructions,
    paging => \&paging,
    walk => \&walk,
    latency => \&latency,
    memory => \&memory,
    merge => \&merge,
    store => \&store,
    split => \&split_,
    token => \&token,
    rbac => \&rbac,
);


sub text {
    my ($figures, $name) = @_;
    return join "\n", ($TABLES{$name} // die "no tables for $name\n")->($figures);
}


# The first column is text, the others are numbers; undef is a dash.

sub table {
    my ($heads, @rows) = @_;

    return join '', map { '| ' . join(' | ', map { $_ // '-' } @$_) . " |\n" }
           $heads, [ '---', map { '---:' } 2 .. @$heads ], @rows;
}


sub number {
    my ($format, $value, $unit) = @_;
    return defined $value ? sprintf $format, $value / ($unit // 1) : undef;
}


sub machine {
    my ($f) = @_;
    return table(['', ''], map { [ $_, $f->{values}{machine}{$_}{is}{1} ] }
                           $f->cases('machine')) =~ s/---:/---/r;
}


sub access {
    my ($f) = @_;

    return table(
        ['', 'CPU, us a request', 'of its plain', 'requests/s', 'RSS, MB'],
        map { [ $_, number('%.1f', $f->median('access', $_, 'cpu')),
                number('%.2f', $f->ratio('access', $_, plain($_), 'cpu')),
                number('%.0f', $f->median('access', $_, 'rate')),
                number('%.1f', $f->median('access', $_, 'memory'), 1e6) ]
        } $f->cases('access'));
}


# what a case of access is to be compared with: the plain proxy with such tokens

sub plain {
    my ($case) = @_;

    my $proxy = $case =~ /^HAProxy/ ? 'HAProxy' : 'nginx';

    return $case =~ /([RE]S256)/ ? "$proxy, $1 token" : $proxy;
}


sub instructions {
    my ($f) = @_;

    my $base = $f->median('instructions', 'nginx', 'instructions');

    return table(
        ['', 'instructions a request', 'of plain nginx', 'more than it'],
        map { my $n = $f->median('instructions', $_, 'instructions');
              [ $_, number('%.0f', $n), number('%.2f', $n / $base),
                number('%.0f', $n - $base) ]
        } $f->cases('instructions'));
}


sub sizes {
    my ($f, $name, $pattern) = @_;

    my %seen;
    return sort { $a <=> $b } grep { !$seen{$_}++ }
           map { $_ =~ $pattern ? $1 : () } $f->cases($name);
}


sub paging {
    my ($f) = @_;

    my @sizes = sizes($f, 'paging', qr/^(\d+),/);
    my @ways = ('plain', 'plain, unbuffered', 'start', 'middle', 'end', 'Lua');
    my $cpu = sub { $f->median('paging', "$_[0], $_[1]", 'cpu') };

    return (
        "Milliseconds of the worker's CPU:\n",
        table([ 'elements', 'bytes', @ways ],
              map { my $n = $_;
                    [ $n, number('%.0f MB', $n, 1000),
                      map { number('%.2f', $cpu->($n, $_), 1000) } @ways ]
              } @sizes),
        "To plain proxying of the whole list:\n",
        table([ 'elements', @ways[1 .. $#ways] ],
              map { my $n = $_;
                    [ $n, map { number('%.3f', $f->ratio('paging', "$n, $_",
                                                         "$n, plain", 'cpu')) }
                          @ways[1 .. $#ways] ]
              } @sizes),
        "Growth of the worker, kB, for a page of 50 kB:\n",
        table([ 'elements', @ways ],
              map { my $n = $_;
                    [ $n, map { number('%.0f', $f->median('paging', "$n, $_",
                                                          'grown'), 1000) }
                          @ways ]
              } @sizes),
    );
}


sub merge {
    my ($f) = @_;

    return table(
        ['namespaces', 'lists asked for', 'latencies, median', 'least',
         'elements fetched to those of the page'],
        map { my $case = $_;
              [ $case, number('%.0f', $f->median('merge', $case, 'lists')),
                number('%.1f', $f->median('merge', $case, 'latencies')),
                number('%.1f', $f->least('merge', $case, 'latencies')),
                number('%.3f', $f->median('merge', $case, 'fetched')) ]
        } $f->cases('merge'));
}


sub walk {
    my ($f) = @_;

    my $row = sub {
        my ($kind, $n) = @_;
        my $case = "$kind $n, module";

        return [ $n, number('%.0f', $f->median('walk', $case, 'requests')),
                 number('%.4f', $f->median('walk', $case, 'fetched')),
                 number('%.2f', $f->median('walk', $case, 'cpu')),
                 number('%.1f', $f->median('walk', $case, 'cpu_page')),
                 number('%.2f', $f->median('walk', "$kind $n, direct", 'cpu')) ];
    };

    my @heads = ('requests', 'bytes to the list', "worker's CPU, us an element",
                 'us a page', "the backend's alone, us an element");
    my $demo = sub {
        my ($n, $way, $figure, $format) = @_;
        return number($format, $f->median('walk', "demo $n, $way", $figure));
    };

    return (
        "By length, 100 a page:\n",
        table([ 'elements', @heads ],
              map { $row->('N', $_) } sizes($f, 'walk', qr/^N (\d+)/)),
        "By page, of one list:\n",
        table([ 'page', @heads ],
              map { $row->('page', $_) } sizes($f, 'walk', qr/^page (\d+)/)),
        "At the demo backend, by its own cursors and by the gateway's:\n",
        table([ 'page', 'requests', 'bytes to the list', "gateway's requests",
                'bytes to the list' ],
              map { [ $_, $demo->($_, 'direct', 'requests', '%.0f'),
                      $demo->($_, 'direct', 'fetched', '%.4f'),
                      $demo->($_, 'module', 'requests', '%.0f'),
                      $demo->($_, 'module', 'fetched', '%.4f') ]
              } sizes($f, 'walk', qr/^demo (\d+)/)),
    );
}


sub latency {
    my ($f) = @_;

    my @parts = qw(p50 p90 p99 p99.9 p100);

    return table(
        [ 'Redis, who', (map { "$_, ms" } @parts[0 .. 3]), 'longest, ms' ],
        map { my $case = $_;
              [ $case, map { number('%.2f', $f->median('latency', $case, $_)) }
                       @parts ]
        } $f->cases('latency'));
}


sub memory {
    my ($f) = @_;

    return table(
        ['', 'an idle connection, kB', 'a page of 50 kB under way, kB'],
        map { [ $_, number('%.1f', $f->median('memory', $_, 'idle'), 1000),
                number('%.1f', $f->median('memory', $_, 'page'), 1000) ]
        } $f->cases('memory'));
}


sub store {
    my ($f) = @_;

    return table(
        [ 'store, page', 'pages/s', 'CPU, us a page', 'GET a page', 'SET a page' ],
        map { [ $_, number('%.0f', $f->median('store', $_, 'rate')),
                number('%.1f', $f->median('store', $_, 'cpu')),
                number('%.3f', $f->median('store', $_, 'get')),
                number('%.3f', $f->median('store', $_, 'set')) ]
        } $f->cases('store'));
}


sub split_ {
    my ($f) = @_;

    my $speed = sub { $f->median('split', "$_[0]: $_[1]", 'speed') };
    my %seen;
    my @arrays = grep { !$seen{$_}++ } map { /^(\w+):/ } $f->cases('split');
    my @ways = map { s/^events: //r } $f->cases('split', qr/^events:/);
    my @short = ('byte automaton',
                 'byte automaton, spans, 16k',
                 (map { "split, $_, spans, 16k" } qw(avx2 sse2 portable)),
                 'simdjson stage 1');

    return (
        "A list of events, GB/s:\n",
        table([ 'way', 'GB/s', 'to the automaton', 'to memcpy' ],
              map { my $way = $_;
                    [ $way, number('%.2f', $speed->('events', $way)),
                      map { number('%.2f', $f->ratio('split', "events: $way",
                                                     "events: $_", 'speed')) }
                          'byte automaton', 'memcpy' ]
              } @ways),
        "All arrays, GB/s:\n",
        table([ 'array', map { s/, 16k//r } @short ],
              map { my $array = $_;
                    [ $array, map { number('%.2f', $speed->($array, $_)) } @short ]
              } @arrays),
    );
}


sub token {
    my ($f) = @_;

    my @algs = map { /^(\w+), all/ ? $1 : () } $f->cases('token');
    my $cpu = sub { number('%.2f', $f->median('token', $_[0], 'cpu')) };

    return (
        table([ '', 'whole verification, us', 'of it the signature',
                "libjwt's jwt_decode, no claim checked" ],
              map { [ $_, $cpu->("$_, all"), $cpu->("$_, signature"),
                      $cpu->("$_, libjwt") ] } @algs),
        table([ 'a step with HS256', 'us' ],
              map { [ s/^step, //r, $cpu->($_) ] }
              $f->cases('token', qr/^step/)),
    );
}


sub rbac {
    my ($f) = @_;

    my $is = sub { my ($case, $what, $format, $unit) = @_;
                   number($format, $f->median('rbac', $case, $what), $unit) };

    return table(
        ['', 'JSON, kB', 'table, kB', 'to make it, ms', 'in one piece, ms',
         'a decision, us', 'decisions/s', 'remembered, us',
         "a caller's namespaces, us", 'read by a worker, CPU ms', 'it grows, kB'],
        map { my $decision = $f->median('rbac', $_, 'decision');
              [ $_, $is->($_, 'json', '%.0f', 1e3),
                $is->($_, 'size', '%.0f', 1e3), $is->($_, 'build', '%.1f'),
                $is->($_, 'order', '%.1f'), number('%.2f', $decision),
                number('%.0f', $decision && 1e6 / $decision),
                $is->($_, 'remembered', '%.3f'), $is->($_, 'namespaces', '%.2f'),
                $is->($_, 'read', '%.1f'), $is->($_, 'grown', '%.0f', 1e3) ]
        } $f->cases('rbac'));
}

1;
