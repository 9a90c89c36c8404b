# The unit tests of the files without nginx: each program of build/unit is a
# subtest. They are sanitized, so a program that ends badly says why.

use strict;
use warnings;

use Test::More;

my @sources = glob 't/unit/*.c';

ok @sources > 0, 'there are unit tests';

for my $source (@sources) {
    my ($name) = $source =~ m{([^/]+)\.c\z};

    subtest $name => sub { run("build/unit/$name", $source) };
}

done_testing;


sub run {
    my ($program, $source) = @_;

    if (!-x $program || -M $program > -M $source) {
        return fail "$program is missing or old: make unit";
    }

    open my $out, '-|', $program or return fail "$program: $!";

    my ($seen, $plan) = (0);

    while (my $line = <$out>) {
        if ($line =~ /^(not )?ok\b(?:\s+\d+)?\s*(?:-\s*)?(.*)/) {
            $seen++;
            ok !$1, $2;

        } elsif ($line =~ /^1\.\.(\d+)/) {
            $plan = $1;

        } else {
            chomp $line;
            diag $line;
        }
    }

    close $out;

    is $?, 0, 'ended with 0';
    is $seen, $plan, 'as many tests as planned';
}
