package Bench::Plots;

=head1 NAME

Bench::Plots - plots of the figures, SVG by gnuplot

=head1 FUNCTIONS

    draw($figures, folder)      those that the figures there are enough for

=cut

use strict;
use warnings;

use Bench::Tables;
use File::Path qw(make_path);
use File::Temp;

my %PLOTS = (
    access => \&access,
    latency => \&latency,
    paging => \&paging,
    split => \&split_,
    walk => \&walk,
);

my $START = <<'END';
set terminal svg size 760,380 font 'sans,11' background 'white'
set grid ytics lc rgb '#dddddd'
set border 3
set tics nomirror
set style fill solid 0.8 noborder
END


sub draw {
    my ($f, $dir) = @_;

    make_path($dir);

    for my $name (sort keys %PLOTS) {
        next if !$f->has($name);

        my $svg = gnuplot($START . $PLOTS{$name}->($f));
        $svg =~ s/[ \t]+$//mg;
        $svg =~ s/^\n//mg;

        open my $out, '>', "$dir/$name.svg" or die "$dir/$name.svg: $!";
        print $out $svg;
        close $out or die $!;
    }
}


sub gnuplot {
    my ($script) = @_;

    my $file = File::Temp->new;
    print $file $script;
    close $file;

    my $svg = `gnuplot $file`;
    die "gnuplot failed: is gnuplot-nox there?\n" if $?;

    return $svg;
}


sub rows {
    return "\$data << EOD\n", (map { join(' ', @$_) . "\n" } @_), "EOD\n";
}


# gnuplot's own word for no value

sub known {
    return map { $_ // 'NaN' } @_;
}


sub bars {
    my ($label, @rows) = @_;

    return join '', rows(map { [ qq("$_->[0]"), known($_->[1]) ] } @rows),
        "set ylabel '$label'\nset xtics rotate by -35\nset yrange [0:*]\n",
        "set boxwidth 0.7\nunset key\nset rmargin 14\n",
        "plot \$data using 0:2:xtic(1) with boxes lc rgb '#4477aa', ",
        "'' using 0:2:(sprintf('%.1f', \$2)) with labels offset 0,0.6\n";
}


# of each colour so many lines, each dashed in another way

sub lines {
    my ($more, $heads, $dashes, @rows) = @_;

    my @plots = map {
        '$data using 1:' . ($_ + 2) . ' with linespoints lw 2 pt 7 ps 0.6 lc '
        . (1 + int $_ / $dashes) . ' dt ' . (1 + $_ % $dashes)
        . qq( title "$heads->[$_]")
    } 0 .. $#$heads;

    return join '', rows(map { [ known(@$_) ] } @rows),
        "set key outside right top\n$more\nplot ", join(', ', @plots), "\n";
}


sub access {
    my ($f) = @_;

    return bars('CPU, us a request', map {
        [ s/, sensu_pages off/, no pages/r, $f->median('access', $_, 'cpu') ]
    } $f->cases('access'));
}


sub split_ {
    my ($f) = @_;

    return bars('events, GB/s', map {
        [ s/^events: //r, $f->median('split', $_, 'speed') ]
    } $f->cases('split', qr/^events:/));
}


sub paging {
    my ($f) = @_;

    my @ways = ('plain', 'start', 'middle', 'end', 'Lua');

    return lines("set logscale xy\nset xlabel 'elements of 999 bytes'\n"
                 . "set ylabel 'CPU of the worker, ms'", \@ways, 1, map {
        my $n = $_;
        [ $n, map { my $us = $f->median('paging', "$n, $_", 'cpu');
                    $us && $us / 1000 } @ways ]
    } Bench::Tables::sizes($f, 'paging', qr/^(\d+),/));
}


sub walk {
    my ($f) = @_;

    my $cpu = sub { $f->median('walk', "$_[0], module", 'cpu') };

    return lines("set logscale x\nset yrange [0:*]\n"
                 . "set xlabel 'elements of the list (100 a page); of a page'\n"
                 . "set ylabel 'CPU of the worker, us an element'",
                 [ 'by list', 'by page' ], 1,
                 (map { [ $_, $cpu->("N $_"), undef ] }
                  Bench::Tables::sizes($f, 'walk', qr/^N (\d+)/)),
                 (map { [ $_, undef, $cpu->("page $_") ] }
                  Bench::Tables::sizes($f, 'walk', qr/^page (\d+)/)));
}


sub latency {
    my ($f) = @_;

    my @cases = $f->cases('latency');
    my @parts = qw(p50 p90 p99 p99.9 p100);

    return lines("set logscale y\nset ylabel 'ms'\nset xtics ('p50' 0, "
                 . "'p90' 1, 'p99' 2, 'p99.9' 3, 'longest' 4)",
                 \@cases, 3, map { my $n = $_;
        [ $n, map { $f->median('latency', $_, $parts[$n]) } @cases ]
    } 0 .. $#parts);
}

1;
