package SensuTest::Nginx;

=head1 NAME

SensuTest::Nginx - an nginx with the module, on ports of its own

=head1 METHODS

    new($t, %opt)           writes the configuration and starts nginx
        main, events, http, server, location   text for that level
        locations => text   more locations, beside the one for /
        backend => $part    something with a port: an upstream{} named sensu
                            and a proxy_pass to it
        gateway => 0        without sensu_gateway and sensu_jwt_key (with a
                            backend both are there unless this says no)
        module => 0         without load_module
        workers => 1        how many
        log_level => 'info' (notices are needed: they tell of dead workers)
        conf => text        a whole configuration instead; PORT, H2PORT, DIR,
                            GLOBALS (main level) and TEMP (http level), each
                            between %% and %%, are filled in
        env => {name, ..}   more of its environment
        start => 0          does not start it
    port, h2_port           HTTP/1 and HTTP/2 without TLS
    check                   nginx -t: (true if good, what it printed)
    start, stop             (stop is graceful: QUIT)
    reload(%opt)            HUP, perhaps with another configuration; waits for
                            the new workers
    workers                 their process ids
    log, access_log         text of the logs; grep_log(qr/../) lines of it

    version                 of the nginx that is tested, such as 1.022001
    http2('127.0.0.1:P')    the lines of a server for a listen with HTTP/2
    http2_listen(...)       those for one more in the same server

Requests: it is a SensuTest::HTTP.

=cut

use strict;
use warnings;

use parent 'SensuTest::HTTP';

use SensuTest::Process;


my $count = 0;


sub new {
    my ($class, $t, %opt) = @_;

    my $n = ++$count;
    my $self = bless { t => $t, n => $n, port => $t->port,
                       h2_port => $t->port, opt => \%opt }, $class;

    $self->{conf} = $t->dir . "/nginx$n.conf";
    $self->{log} = $t->dir . "/error$n.log";
    $self->{access} = $t->dir . "/access$n.txt";
    $self->{pid_file} = $t->dir . "/nginx$n.pid";

    $self->start if $opt{start} // 1;

    return $self;
}


sub port { $_[0]{port} }
sub h2_port { $_[0]{h2_port} }
sub conf { $_[0]{conf} }


sub version {
    my $nginx = $ENV{TEST_NGINX_BINARY} // '/usr/sbin/nginx';

    my ($major, $minor, $patch) = ($ENV{TEST_NGINX_VERSION} // `$nginx -v 2>&1`)
                                  =~ m{(?:/|^)(\d+)\.(\d+)\.(\d+)}
        or die "$nginx -v says no version\n";

    return $major + $minor / 1e3 + $patch / 1e6;
}


# Since 1.25.1 a directive has it for all of a server's listens.

sub http2_listen {
    my ($listen) = @_;

    return "listen $listen" . (version() < 1.025001 ? ' http2' : '') . ";\n";
}


sub http2 {
    my ($listen) = @_;

    return http2_listen($listen) . (version() < 1.025001 ? '' : "http2 on;\n");
}


sub write_conf {
    my ($self, %more) = @_;

    %{ $self->{opt} } = (%{ $self->{opt} }, %more);

    my $text = $self->{opt}{conf} // $self->template;

    $text =~ s/%%PORT%%/$self->{port}/g;
    $text =~ s/%%H2PORT%%/$self->{h2_port}/g;
    $text =~ s/%%DIR%%/$self->{t}->dir/ge;
    $text =~ s/%%GLOBALS%%/$self->globals/e;
    $text =~ s/%%TEMP%%/$self->temp_paths/e;

    $self->{t}->write("nginx$self->{n}.conf", $text);
}


sub globals {
    my ($self) = @_;

    my $user = $> == 0 ? 'user root;' : '';
    my $module = $ENV{TEST_MODULE}
                 // "$SensuTest::ROOT/build/ngx_sensu_module.so";
    my $load = $module ne '' && ($self->{opt}{module} // 1)
             ? "load_module $module;" : '';

    my $level = $self->{opt}{log_level} // 'info';

    return "$load\n$user\ndaemon off;\npid $self->{pid_file};\n"
           . "error_log $self->{log} $level;\n"
           . ($ENV{TEST_NGINX_GLOBALS} // '') . "\n";
}


sub temp_paths {
    my ($self) = @_;

    return join '', map { "    ${_}_temp_path $self->{t}{dir}/tmp$self->{n}_$_;\n" }
                    qw(client_body proxy fastcgi uwsgi scgi);
}


sub template {
    my ($self) = @_;

    my %o = (main => '', events => '', http => '', server => '',
             location => '', locations => '', workers => 1,
             %{ $self->{opt} });

    my ($upstream, $pass) = ('', '');

    if ($o{backend}) {
        my @backends = ref $o{backend} eq 'ARRAY' ? @{ $o{backend} }
                                                  : $o{backend};
        $upstream = join "\n        ", 'upstream sensu {',
                    (map { 'server 127.0.0.1:' . $_->port . ';' } @backends),
                    'keepalive 8; keepalive_timeout 10s; }';
        $pass = 'proxy_pass http://sensu; proxy_http_version 1.1; '
                . 'proxy_set_header Connection ""; '
                . 'proxy_set_header Accept-Encoding "";';

        if ($o{gateway} // 1) {
            $o{server} = 'sensu_gateway on; sensu_jwt_key HS256 '
                         . $self->{t}->secret_file . ";\n$o{server}";
        }
    }

    return $self->globals . <<"END" . $self->temp_paths . <<"END";
worker_processes $o{workers};
$o{main}
events {
    worker_connections 512;
    $o{events}
}
http {
END
    access_log $self->{access};
    sendfile on;            # as Debian's nginx.conf has it
    tcp_nopush on;
    $upstream
    $o{http}
    server {
        listen 127.0.0.1:$self->{port};
        ${\http2("127.0.0.1:$self->{h2_port}")}
        server_name localhost;
        $o{server}
        location / {
            $pass
            $o{location}
        }
        $o{locations}
    }
}
END
}


sub command {
    my ($self, @more) = @_;

    return (split(' ', $ENV{TEST_NGINX_WRAP} // ''),
            $ENV{TEST_NGINX_BINARY} // '/usr/sbin/nginx',
            '-p', $self->{t}->dir . '/', '-c', $self->{conf},
            '-e', $self->{log}, @more);
}


# Leaks of nginx's own, by the function of nginx that took the memory: a
# worker leaves its table of connections behind, and the context that patterns
# are compiled with. nginx -t leaves the pools of the configuration that it
# read; memory that no pool knows of is missed all the same. A stock nginx has
# no symbols to tell these leaks by, so there leaks are not looked for.

my @LEAKS = qw(ngx_event_process_init ngx_http_regex_compile ngx_regex_compile);
my @LEAKS_OF_CHECK = qw(ngx_create_pool ngx_palloc_large);


sub environment {
    my ($t, $check) = @_;

    my $leaks = $ENV{TEST_ASAN_PRELOAD} ? 0 : 1;
    my $known = $t->write($check ? 'lsan-check.txt' : 'lsan.txt',
                          join '', map { "leak:$_\n" } @LEAKS,
                                   $check ? @LEAKS_OF_CHECK : ());

    my %env = (ASAN_OPTIONS => "detect_odr_violation=0:detect_leaks=$leaks",
               LSAN_OPTIONS => "suppressions=$known:print_suppressions=0",
               UBSAN_OPTIONS => 'print_stacktrace=1');

    if ($ENV{TEST_ASAN_PRELOAD}) {
        chomp($env{LD_PRELOAD} = `gcc -print-file-name=libasan.so`);
    }

    return \%env;
}


sub check {
    my ($self) = @_;

    my $out = $self->{t}->dir . '/check.out';
    unlink $out;

    # an [emerg] of this is not one of the server's log
    local $self->{log} = $self->{t}->dir . '/check.err';
    $self->write_conf;

    my $p = SensuTest::Process->spawn(
        log => $out, env => environment($self->{t}, 'check'),
        cmd => [ $self->command('-t') ]);
    SensuTest::Process::wait_for(sub { !$p->alive })
        or die $p->stop('KILL');

    my $said = SensuTest::Process::slurp($out);

    # whether it refused or not, it has to end by itself
    push @{ $self->{t}{unclean} }, "nginx -t: $said"
        if $p->code & 127 || $p->code >> 8 > 1
           || $said =~ /Sanitizer|runtime error:/;

    return ($p->code == 0, $said);
}


sub start {
    my ($self) = @_;

    $self->write_conf;

    my $p = SensuTest::Process->spawn(
        log => $self->{log},
        env => { %{ environment($self->{t}) }, %{ $self->{opt}{env} // {} } },
        cmd => [ $self->command ]);

    $self->{process} = $p;

    SensuTest::Process::wait_for(
        sub { -s $self->{pid_file} && $self->complete || !$p->alive });

    die "nginx did not start:\n" . $self->log . "\n"
        if !$p->alive || !$self->complete;
}


sub stop {
    my ($self) = @_;

    my $p = delete $self->{process} or return;

    if (!$p->alive) {
        return 'nginx was gone before its end: ' . $p->code;
    }

    my $how = $p->stop('QUIT', 20);

    # what the workers said last is in the log now
    return $how ne '' ? $how
         : $p->code ? 'nginx ended with ' . ($p->code >> 8)
         : ();
}


# The title of a process tells, but that of one within valgrind does not
# change: then the log tells.

sub workers {
    my ($self) = @_;

    my $is_worker = sub {
        SensuTest::Process::slurp("/proc/$_[0]/cmdline")
            =~ /^(?:nginx|angie): worker process(?! is shut)/;
    };

    if ($ENV{TEST_NGINX_WRAP}) {
        my $log = $self->log;
        my %is = map { $_ => 1 } $log =~ /: start worker process (\d+)$/mg;
        delete @is{ $log =~ /\] (\d+)#\d+: gracefully shutting down$/mg };
        $is_worker = sub { $is{$_[0]} };
    }

    my $master = $self->{process}->pid;
    my @found;

    for my $file (glob '/proc/[0-9]*/stat') {
        my $stat = SensuTest::Process::slurp($file);
        my ($pid, $parent) = $stat =~ /^(\d+) \(.*\) [^Z] (\d+)/ or next;
        next if $parent != $master;

        push @found, $pid if $is_worker->($pid);
    }

    @found = sort { $a <=> $b } @found;
    return @found;
}


# All workers are there, the first of which takes connections before the last one
# is, and none of these.

sub complete {
    my ($self, @old) = @_;

    my %old = map { $_ => 1 } @old;
    my @now = $self->workers;
    return @now >= ($self->{opt}{workers} // 1) && !grep { $old{$_} } @now;
}


sub reload {
    my ($self, %opt) = @_;

    my @old = $self->workers;

    $self->write_conf(%opt);
    $self->{process}->signal('HUP');

    SensuTest::Process::wait_for(sub { $self->complete(@old) })
        or die "no new workers after the reload:\n" . $self->log;
}


sub log { SensuTest::Process::slurp($_[0]{log}) }
sub access_log { SensuTest::Process::slurp($_[0]{access}) }


sub grep_log {
    my ($self, $pattern) = @_;
    return grep { $_ =~ $pattern } split /\n/, $self->log;
}

1;
