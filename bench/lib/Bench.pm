package Bench;

=head1 NAME

Bench - what the benchmarks share

=head1 SYNOPSIS

    use Bench;                              # and what SensuTest exports

    my $bench = Bench->new('access');
    my $back = $bench->backend(1000);
    my $edge = $bench->edge(backend => $back, server => $bench->gateway);

    $bench->rounds(sub {
        my $cpu = $bench->cpu($edge, sub { $bench->load($edge, '/x', requests => 9) });
        $bench->say('a case', 'cpu_us', $cpu / 9);
    });

    $bench->done;                               # prints the tables of it

=head1 IDEA

A benchmark runs its cases in rounds that take turns, so that what else the
machine does hits all alike, and says what it saw, one figure at a time. The
figures become lines of build/bench/NAME.tsv (round, case, figure, value), and
bench/report makes medians, ratios within a round, tables and plots of them.

A bench is a SensuTest: what it starts ends with it, however that ends.

=head1 METHODS

    new(name)                   opens the bench and its file
    edge(%opt)                  a lean nginx: module => 0 without the module,
                                load => [modules], main, http, server,
                                location => text, backend => part; it is a
                                SensuTest::Nginx with pid, that of its worker
    gateway(alg)                directives for a server that is a gateway
    tokens(alg, n)              a file of so many tokens for it
    rbac                        directives for one by roles that are read once
    backend(n, %opt)            bench/lib/backend.c with n events, hold => bytes,
                                bindings => how many
    haproxy(backend, text)      an haproxy with these lines in its frontend
    process(port, cmd...)       anything else that listens and is measured
    load(part, target, %opt)    bench/lib/load.c; gives what it printed, dies
                                of a wrong answer
    loads([part, ...], ...)     several of them at once
    run(cmd...)                 a program's output; it ends with us
    rounds(sub, n)              calls it for each round, once before to warm up
    cpu(part, sub)              microseconds of processor it used meanwhile
    memory(part, what)          VmRSS, VmHWM or another of its status, in bytes;
                                forget_peak(part) starts VmHWM anew
    say(case, figure, value)    a line of the file; take(cmd...) those that a
                                program prints
    end(parts...)               ends these already now
    done                        ends all, prints the tables

=head1 SETTINGS

    BENCH_ROUNDS=7 BENCH_SECONDS=2    how often, how long
    BENCH_QUICK=1                     once and tiny: does it run at all?
    BENCH_OUT=folder                  not build/bench, or build/bench/quick

=cut

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);

my $LIB;

BEGIN { $LIB = abs_path(dirname(__FILE__)) }

use lib "$LIB/../../t/lib";

use Bench::Figures;
use File::Path qw(make_path);
use SensuTest;

our @ISA = ('SensuTest');
our @EXPORT = (@SensuTest::EXPORT, '$QUICK', '$ROUNDS', '$SECONDS');

our $QUICK = $Bench::Figures::QUICK;
our $OUT = $Bench::Figures::OUT;
our $ROUNDS = $ENV{BENCH_ROUNDS} || ($QUICK ? 1 : 7);
our $SECONDS = $ENV{BENCH_SECONDS} || ($QUICK ? 0.1 : 2);

my $SECRET = '0123456789abcdef' x 2;


sub new {
    my ($class, $name) = @_;

    my $self = SensuTest::new($class);

    $self->{done} = 1;                      # it is no test
    $self->{name} = $name;
    $self->{secret} = $SECRET;
    $self->{round} = 1;

    make_path($OUT);
    open $self->{out}, '>', "$OUT/$name.tsv.new" or die "$OUT/$name.tsv: $!";
    print { $self->{out} } "round\tcase\tfigure\tvalue\n";

    return $self;
}


sub say {
    my ($self, @figure) = @_;

    return if $self->{round} == 0;          # warms up

    print { $self->{out} } join("\t", $self->{round}, @figure), "\n";
}


# of a program that prints such lines itself

sub take {
    my ($self, @cmd) = @_;
    print { $self->{out} } grep { /\t/ } map { "$_\n" } split /\n/, $self->run(@cmd);
}


sub rounds {
    my ($self, $sub, $n) = @_;

    for my $round (($QUICK ? 1 : 0) .. $n // $ROUNDS) {
        $self->{round} = $round;
        $sub->();
    }

    $self->{round} = 1;
}


sub end {
    my ($self, @parts) = @_;

    my %goes = map { $_ => 1 } @parts;

    push @{ $self->{unclean} }, map { $_->stop } @parts;
    $self->{parts} = [ grep { !$goes{$_} } @{ $self->{parts} } ];
}


sub done {
    my ($self) = @_;

    $self->stop_all;
    close $self->{out} or die "$self->{name}.tsv: $!";

    if (my @bad = (@{ $self->{unclean} }, $self->bad_lines)) {
        die join("\n", @bad), "\n";
    }

    rename "$OUT/$self->{name}.tsv.new", "$OUT/$self->{name}.tsv" or die $!;
    print $self->run("$LIB/../report", $self->{name});
}


# a program of this folder, made anew when its source is newer

sub program {
    my ($name) = @_;

    my ($from, $to) = ("$LIB/$name.c", "$OUT/$name");

    if (!-e $to || -M $from < -M $to) {
        system('gcc', '-std=gnu11', '-O2', '-g', '-Wall', '-Wextra', '-o',
               "$to.new", $from) == 0 && rename("$to.new", $to)
            or die "$name could not be compiled\n";
    }

    return $to;
}


sub run {
    my ($self, @cmd) = @_;
    return $self->finish($self->begin(@cmd));
}


sub begin {
    my ($self, @cmd) = @_;

    my $log = $self->write('run' . ++$self->{runs}, '');
    my $p = SensuTest::Process->spawn(log => $log, cmd => \@cmd);

    return { p => $p, log => $log, what => "@cmd" };
}


sub finish {
    my ($self, $run) = @_;

    SensuTest::Process::wait_for(sub { !$run->{p}->alive }, 3600)
        or die "$run->{what} has no end\n";

    my $text = slurp($run->{log});
    unlink $run->{log};
    die "$run->{what} failed:\n$text\n" if $run->{p}->code;

    return $text;
}


sub load {
    my ($self, @one) = @_;
    return ($self->loads(\@one))[0];
}


sub loads {
    my ($self, @all) = @_;

    my @runs = map {
        my ($part, $target, %opt) = @$_;
        $self->begin(program('load'), $part->port, $target,
                     map { "$_=$opt{$_}" } sort keys %opt);
    } @all;

    return map { { $self->finish($_) =~ /^(\S+) (\S+)$/mg } } @runs;
}


sub process {
    my ($self, $port, @cmd) = @_;

    my $log = "$self->{dir}/process$port.log";
    my $p = $self->part(Bench::Process->new($self, $port, $log, @cmd));

    SensuTest::Process::wait_for(sub {
        !$p->{process}->alive || IO::Socket::INET->new("127.0.0.1:$port")
    }, 60);

    die "$cmd[0] did not start:\n" . slurp($log) if !$p->{process}->alive;

    return $p;
}


# a recorded event of 999 bytes, by what its check has printed

sub element {
    my ($self) = @_;

    my $text = slurp("$SensuTest::ROOT/demo/data/recorded/get-event.body");
    chomp $text;

    my $history = join ',', ('{"status":0,"executed":1795435137}') x 5;

    $text =~ s/"name":"e1"/"name":"host-000000000"/ or die 'no entity';
    $text =~ s/"name":"check-1"/"name":"cpu"/ or die 'no check';
    $text =~ s/"history":null/"history":[$history]/ or die 'no history';
    $text =~ s/"output":"ok/'"output":"ok' . '.' x (999 - length $text)/e
        or die 'no output';

    return $self->write('element.json', $text);
}


sub backend {
    my ($self, $n, %opt) = @_;

    my $port = $self->port;

    return $self->process($port, program('backend'), $port, $self->element, $n,
                          map { "$_=$opt{$_}" } sort keys %opt);
}


sub haproxy {
    my ($self, $backend, $lines) = @_;

    my $port = $self->port;
    my $conf = $self->write("haproxy$port.cfg", <<"END");
global
    nbthread 1
    maxconn 2000
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    http-reuse always
frontend edge
    bind 127.0.0.1:$port
    $lines
    default_backend sensu
backend sensu
    server one 127.0.0.1:@{[ $backend->port ]}
END

    return $self->process($port, 'haproxy', '-db', '-f', $conf);
}


sub edge {
    my ($self, %opt) = @_;

    my %o = (main => '', http => '', server => '', location => '', load => [],
             %opt);
    my ($up, $pass) = ('', '');

    if ($o{backend}) {
        $up = 'upstream sensu { server 127.0.0.1:' . $o{backend}->port . ';'
              . ' keepalive 64; keepalive_requests 100000000; }';
        $pass = 'proxy_pass http://sensu; proxy_http_version 1.1; '
                . 'proxy_set_header Connection "";';
    }

    my $load = join '', map { "load_module /usr/lib/nginx/modules/$_.so;\n" }
                        @{ $o{load} };

    my $edge = $self->nginx(module => $o{module} // 1, log_level => 'notice',
                            start => $o{start} // 1, conf => <<"END");
$load
%%GLOBALS%%
worker_processes 1;
worker_rlimit_nofile 10000;
$o{main}
events { worker_connections 4096; }
http {
%%TEMP%%
    access_log off;
    keepalive_requests 100000000;
    default_type application/json;
    $up
    $o{http}
    server {
        listen 127.0.0.1:%%PORT%% backlog=4096;
        $o{server}
        location / { $pass $o{location} }
    }
}
END

    return bless $edge, 'Bench::Edge';
}


sub gateway {
    my ($self, $alg) = @_;

    $alg //= 'HS256';
    my $file = $alg eq 'HS256' ? $self->secret_file : $self->pair($alg)->[1];

    return "sensu_gateway on; sensu_jwt_key $alg $file;\n";
}


sub rbac {
    my ($self) = @_;

    return 'sensu_backend 5.21; sensu_namespaces rbac; sensu_account api_key_file='
           . $self->write('key', "key\n") . " refresh=1h stale=2h;\n";
}


sub pair {
    my ($self, $alg) = @_;

    return $self->{pair}{$alg}
           //= [ key_pair($self, $alg =~ /^RS/ ? 'rsa' : 'ec') ];
}


sub tokens {
    my ($self, $alg, $n) = @_;

    my $key = $alg eq 'HS256' ? $SECRET : $self->pair($alg)->[0];

    my @made = map { jwt($alg, {
        exp => time + 36_000, jti => sprintf('%032x', $_), sub => 'admin',
        groups => ['cluster-admins', 'system:users'],
        provider => { provider_id => 'basic', user_id => 'admin' },
    }, $key) } 1 .. $n;

    return $self->write("$alg.$n.tokens", join '', map { "$_\n" } @made);
}


# Microseconds on a processor: the first number of schedstat, nanoseconds.

sub cpu {
    my ($self, $part, $sub) = @_;

    my $file = '/proc/' . $part->pid . '/schedstat';
    my ($before) = split ' ', slurp($file);
    $sub->();
    my ($after) = split ' ', slurp($file);

    return ($after - $before) / 1000;
}


sub memory {
    my ($self, $part, $what) = @_;

    slurp('/proc/' . $part->pid . '/status') =~ /^$what:\s+(\d+) kB/m
        or die "no $what";

    return $1 * 1024;
}


sub forget_peak {
    my ($self, $part) = @_;

    open my $fh, '>', '/proc/' . $part->pid . '/clear_refs' or die $!;
    print $fh '5';
    close $fh or die "clear_refs: $!";
}


package Bench::Edge;

use parent -norequire, 'SensuTest::Nginx';


# the worker's, as long as there is no reload

sub pid {
    my ($self) = @_;
    return $self->{worker} //= ($self->workers)[0];
}


sub reload {
    my ($self, %opt) = @_;
    delete $self->{worker};
    return $self->SUPER::reload(%opt);
}


# Lua frees a list of 1 GB for a while before it ends

sub stop {
    my ($self) = @_;

    my $process = delete $self->{process} or return;
    my $how = $process->alive ? $process->stop('QUIT', 120)
                              : 'nginx was gone before its end';

    return $how eq '' ? () : $how;
}


package Bench::Process;

use parent -norequire, 'SensuTest::HTTP';


sub new {
    my ($class, $b, $port, $log, @cmd) = @_;

    return bless { t => $b, port => $port, process => SensuTest::Process->spawn(
        log => $log, cmd => \@cmd) }, $class;
}


sub pid { $_[0]{process}->pid }
sub port { $_[0]{port} }


sub stop {
    my ($self) = @_;
    my $how = $self->{process}->stop('TERM', 10);
    return $how eq '' ? () : $how;
}

1;
