package SensuTest::Docs;

=head1 NAME

SensuTest::Docs - the commands and programs of README.md and docs/

=head1 FUNCTIONS

    section($file, $title)  the text below that heading, to the next of its rank
    blocks($text, $indent)  its indented blocks (4), without the indent
    prompts(@blocks)        of those that begin with a prompt, "$ ": a list of
                            {run => command, prints => what the page says,
                            without blank lines}
    session()               docs/operating.md's three of a session: logging in
                            (as admin, with the demo backend's password),
                            renewing, logging out
    walks()                 docs/walking.md's programs: {file, text, command}

=cut

use strict;
use warnings;

use Exporter 'import';
use SensuTest::Process;

our @EXPORT = qw(section blocks prompts session walks);

# a program's end, and what runs it

my %RUN = (sh => [ 'sh', 'sh' ], python => [ 'py', '/usr/bin/python3' ],
           javascript => [ 'js', 'node' ], go => [ 'go', 'go run' ]);


sub section {
    my ($file, $title) = @_;

    my ($text) = SensuTest::Process::slurp($file)
                 =~ /^(##+ \Q$title\E\n.*?)(?=^## |\z)/ms;

    return $text // die "$file has no section \"$title\"\n";
}


sub blocks {
    my ($text, $indent) = @_;

    my $blank = ' ' x ($indent // 4);

    return map { s/^$blank//mgr =~ s/\A\n+//r }
           $text =~ /((?:^$blank.*\n|^\n(?=\n*$blank))+)/mg;
}


sub prompts {
    my @commands;

    for (map { split /\n/ } grep { /^\$ / } @_) {
        if (/^\$ (.*)/) {
            push @commands, { run => $1, prints => '' };

        } elsif (/^> (.*)/) {
            $commands[-1]{run} .= "\n$1";

        } elsif ($_ ne '') {
            $commands[-1]{prints} .= "$_\n";
        }
    }

    return @commands;
}


sub session {
    my ($login, $rest) = blocks(section('docs/operating.md', 'Log-out'));

    return ($login =~ s/-u admin/-u 'admin:P\@ssw0rd!'/r, split /\n\n/, $rest =~ s/\s+\z//r);
}


sub walks {
    my $page = SensuTest::Process::slurp('docs/walking.md');
    my (%seen, @walks);

    while ($page =~ /^```(\w+)\n(.*?)^```$/gms) {
        my ($language, $text) = ($1, $2);
        my $run = $RUN{$language} or die "docs/walking.md: what runs $language?\n";
        my $file = 'walk' . ++$seen{$language} . ".$$run[0]";

        push @walks, map { { file => $file, text => $text, command => "$_$$run[1] $file" } }
                     $language eq 'go' ? ('BY=token ', 'BY=link ') : '';
    }

    return @walks;
}

1;
