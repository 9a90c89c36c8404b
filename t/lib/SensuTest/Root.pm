package SensuTest::Root;

=head1 NAME

SensuTest::Root - commands in the bare Debian root that tools/bare-root made

=head1 FUNCTIONS

    root($command)         runs it there, as root in /root, and gives what it
                           printed; that it succeeds is a test
    root($command, 1)      it may fail
    put($from, $to, $mode) a file of ours, copied to a path of the root
    network(@addresses)    brings up the loopback of this network namespace,
                           with these addresses, too

=cut

use strict;
use warnings;

use Exporter 'import';
use SensuTest::Process;
use Test::More ();

our @EXPORT = qw(root put network);

my $ROOT = $ENV{ROOT};


sub root {
    my ($command, $may_fail) = @_;

    my $pid = open(my $out, '-|') // die "fork: $!";

    if ($pid == 0) {
        %ENV = (PATH => '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
                HOME => '/root', LC_ALL => 'C', DEBIAN_FRONTEND => 'noninteractive');
        open STDIN, '<', '/dev/null';
        open STDERR, '>&', \*STDOUT;
        exec 'chroot', $ROOT, 'bash', '-c', "cd /root; $command" or die;
    }

    local $/;
    my $said = <$out> // '';
    close $out;

    if (!$may_fail) {
        local $Test::Builder::Level = $Test::Builder::Level + 1;
        Test::More::ok($? == 0, $command) or Test::More::diag($said);
    }

    return $said;
}


sub put {
    my ($from, $to, $mode) = @_;

    my $path = "$ROOT$to";

    open my $fh, '>', $path or die "$path: $!";
    print $fh SensuTest::Process::slurp($from);
    close $fh or die "$path: $!";
    chmod $mode, $path;
}


sub network {
    my (@addresses) = @_;

    die "start it by tools/bare-root\n" if !$ROOT;

    for my $command ('link set lo up',
                     map { "address add $_ dev lo" } @addresses)
    {
        system("ip $command") == 0 or die "ip $command failed\n";
    }
}

1;
