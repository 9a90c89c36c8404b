package SensuTest::Process;

=head1 NAME

SensuTest::Process - a child process that never outlives the test

=head1 METHODS

    spawn(log => path, env => {..}, cmd => [..])   starts it
    pid, alive, signal(name)
    stop(signal, seconds)   ends it; gives '' or a sentence when it had to be
                            killed
    code                    the wait status, after it has ended
    patience(seconds)       function: how long to wait for something, 60 s unless
                            said, which a busy machine may take and no test
                            needs; multiplied by TEST_SLOW
    wait_for(sub, seconds)  function: polls until true, or for that long

The child is started through setpriv --pdeathsig, so that it ends with the
test even if that one is killed.

=cut

use strict;
use warnings;

use POSIX qw(WNOHANG);
use Time::HiRes qw(sleep time);


our $SLOW = $ENV{TEST_SLOW} // 1;


sub spawn {
    my ($class, %opt) = @_;

    my $pid = fork // die "fork: $!";

    if ($pid == 0) {
        $SIG{INT} = $SIG{TERM} = $SIG{HUP} = $SIG{PIPE} = 'DEFAULT';
        open STDIN, '<', '/dev/null';
        open STDOUT, '>>', $opt{log} or POSIX::_exit(127);
        open STDERR, '>&', \*STDOUT;
        %ENV = (%ENV, %{ $opt{env} // {} });
        { exec 'setpriv', '--pdeathsig', 'TERM', @{ $opt{cmd} } }
        POSIX::_exit(127);
    }

    return bless { pid => $pid, cmd => $opt{cmd} }, $class;
}


# a child that runs Perl code; it looks itself whether the test still lives

sub spawn_sub {
    my ($class, $sub) = @_;

    my $pid = fork // die "fork: $!";

    if ($pid == 0) {
        $SIG{INT} = $SIG{TERM} = $SIG{HUP} = 'DEFAULT';
        eval { $sub->(); 1 } or print STDERR $@;
        POSIX::_exit(0);
    }

    return bless { pid => $pid, cmd => ['perl'] }, $class;
}


sub pid { $_[0]{pid} }
sub code { $_[0]{code} }


sub alive {
    my ($self) = @_;

    return 0 if defined $self->{code};
    return 1 if waitpid($self->{pid}, WNOHANG) == 0;

    $self->{code} = $?;
    return 0;
}


sub signal {
    my ($self, $name) = @_;
    return kill $name, $self->{pid};
}


sub stop {
    my ($self, $signal, $seconds) = @_;

    return '' if !$self->alive;

    $self->signal($signal);
    return '' if wait_for(sub { !$self->alive }, $seconds // 10);

    $self->signal('KILL');
    $self->signal('CONT');
    wait_for(sub { !$self->alive });

    return "$self->{cmd}[0] did not end on $signal, killed";
}


sub patience { ($_[0] // 60) * $SLOW }


sub wait_for {
    my ($sub, $seconds) = @_;

    my $end = time + patience($seconds);
    my $pause = 0.002;

    while (1) {
        my $value = $sub->();
        return $value if $value;
        return if time > $end;
        sleep $pause;
        $pause *= 1.5 if $pause < 0.1;
    }
}


sub slurp {
    my ($path) = @_;

    open my $fh, '<:raw', $path or return '';
    local $/;
    return scalar(<$fh>) // '';
}

1;
