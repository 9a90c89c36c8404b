package SensuTest;

=head1 NAME

SensuTest - what a test of the gateway needs, from ports to log checks

=head1 SYNOPSIS

    use lib 't/lib';
    use SensuTest;                       # brings Test::More, strict, warnings

    my $t     = SensuTest->new;          # a temp folder, free ports
    my $back  = $t->upstream(sub {       # a programmable backend: see
        my ($c, $req) = @_;              # SensuTest::Upstream
        $c->reply(200, '[{"name":"a"}]');
    });
    my $redis = $t->redis;               # a real redis-server
    my $gw    = $t->nginx(               # the gateway: see SensuTest::Nginx
        backend => $back,
        http    => 'sensu_redis ' . $redis->url . ';',
    );

    my $r = $gw->get('/api/core/v2/namespaces', token => $t->token);
    is $r->{status}, 200, 'a list';      # see SensuTest::HTTP
    is $r->header('Sensu-Continue'), undef, 'has no more';

    $t->done;                            # stops all, checks the logs

=head1 IDEA

One object of this class is one test bench. It owns a temp folder and every
process started in it; C<done> stops them, adds the checks of the logs as
tests and calls done_testing. A file that ends without C<done> fails.

    new                     the bench
    dir, write(name, text)  its folder; writes a file there, gives the path
    port                    a free port of 127.0.0.1, not given out twice
    demo(args)              the demo backend, in SensuTest::Upstream; it knows
                            tokens of its login only, unless it is started
                            with '--no-token-store'
    upstream(sub)           a programmable backend
    redis(%opt)             a redis-server, SensuTest::Redis
    nginx(%opt)             an nginx, SensuTest::Nginx
    secret, secret_file     the HS256 secret of this bench, and its file
    token(%claims)          a good HS256 token for it, claims overridden
    allow(qr/../)           an alert this test expects, not counted at done
    wait_for(sub, seconds)  polls until true; false when the time is over
    memory(n)               a bound on a worker's memory, see TEST_MEMORY
    modules                 the folder of nginx's own dynamic modules

The functions C<jwt>, C<key_pair>, C<certificate> (SensuTest::JWT),
C<elements> (SensuTest::HTTP) and C<slurp> (a file's text) are exported.

=head1 MODES

    TEST_NGINX_BINARY=path   another nginx
    TEST_NGINX_VERSION=x.y.z the nginx that a fork with other numbers is made of
    TEST_NGINX_GLOBALS=text  more lines at the top of every configuration
    TEST_MODULE=path         another build/ngx_sensu_module.so; empty: it is
                             in the nginx itself
    TEST_ASAN_PRELOAD=1      the module was built with -fsanitize=address;
                             libasan is loaded before the stock nginx
    TEST_NGINX_MODULES=path  where the dynamic modules of that nginx are
    TEST_NGINX_WRAP=words    a command before nginx's own, as of valgrind
    TEST_SLOW=2              patience with a slower nginx: every time-out of
                             the tests is that much longer
    TEST_MEMORY=2            and as much more memory is a worker given
    TEST_LEAVE=1             the temp folder stays, its name is printed

=cut

use strict;
use warnings;

use Cwd qw(abs_path);
use Digest::SHA ();
use Exporter ();
use File::Basename qw(dirname);
use File::Temp ();
use IO::Socket::INET;
use MIME::Base64 qw(encode_base64);
use Test::More ();
use Time::HiRes qw(sleep time);

use SensuTest::HTTP ();
use SensuTest::JWT ();
use SensuTest::Nginx;
use SensuTest::Process;
use SensuTest::Redis;
use SensuTest::Upstream;

our @ISA = ('Exporter');
our @EXPORT = qw(jwt key_pair certificate elements slurp);

our $ROOT = abs_path(dirname(__FILE__) . '/../..');

*jwt = \&SensuTest::JWT::jwt;
*key_pair = \&SensuTest::JWT::key_pair;
*certificate = \&SensuTest::JWT::certificate;
*elements = \&SensuTest::HTTP::elements;
*slurp = \&SensuTest::Process::slurp;

my @benches;


sub import {
    my $class = shift;

    strict->import;
    warnings->import;

    my $to = caller;
    eval "package $to; Test::More->import; 1" or die $@;
    $class->export_to_level(1, $class, @_);
}


sub new {
    my ($class) = @_;

    # the whole path is for workers that may run as another user
    my $dir = File::Temp::tempdir('sensu-XXXXXX', TMPDIR => 1);
    chmod 0755, $dir;

    my $self = bless { dir => $dir, parts => [], allow => [], owner => $$ },
                     $class;
    push @benches, $self;

    $self->{secret} = Digest::SHA::sha256(rand() . time() . $$);

    return $self;
}


sub dir { $_[0]{dir} }


sub write {
    my ($self, $name, $text, $mode) = @_;

    my $path = "$self->{dir}/$name";

    open my $fh, '>:raw', $path or die "$path: $!";
    print $fh $text;
    close $fh or die "$path: $!";
    chmod $mode, $path if defined $mode;

    return $path;
}


# Below the ephemeral range, so that no outgoing connection takes it, and so
# is that number plus 10000, which a node of a Redis cluster takes, too. Tests
# that run side by side are kept apart by a UDP socket on the same number.

sub port {
    my ($self) = @_;

    for (1 .. 200) {
        my $port = 11000 + int rand 9000;

        my $lock = IO::Socket::INET->new(
            Proto => 'udp', LocalAddr => '127.0.0.1', LocalPort => $port)
            or next;

        my $free = IO::Socket::INET->new(
            Proto => 'tcp', LocalAddr => '127.0.0.1', LocalPort => $port,
            Listen => 1, ReuseAddr => 1)
            or next;

        close $free;
        push @{ $self->{locks} }, $lock;

        return $port;
    }

    die 'no free port';
}


sub secret { $_[0]{secret} }


sub secret_file {
    my ($self) = @_;

    return $self->{secret_file}
           //= $self->write('jwt.secret', encode_base64($self->secret, '') . "\n",
                            0644);
}


sub token {
    my ($self, %claims) = @_;

    return jwt('HS256',
               { sub => 'admin', groups => ['cluster-admins'],
                 exp => int(time) + 900, jti => 'feed' x 8, %claims },
               $self->secret);
}


sub redis {
    my ($self, %opt) = @_;
    return $self->part(SensuTest::Redis->new($self, %opt));
}


sub upstream {
    my ($self, $handler, %opt) = @_;
    return $self->part(SensuTest::Upstream->new($self, $handler, %opt));
}


sub demo {
    my ($self, @args) = @_;
    return $self->part(SensuTest::Demo->new($self, @args));
}


sub nginx {
    my ($self, %opt) = @_;
    return $self->part(SensuTest::Nginx->new($self, %opt));
}


sub part {
    my ($self, $part) = @_;
    push @{ $self->{parts} }, $part;
    return $part;
}


sub allow {
    my ($self, @patterns) = @_;
    push @{ $self->{allow} }, @patterns;
}


sub wait_for {
    my ($self, $sub, $seconds) = @_;
    return SensuTest::Process::wait_for($sub, $seconds);
}


sub memory { $_[1] * ($ENV{TEST_MEMORY} // 1) }
sub modules { $ENV{TEST_NGINX_MODULES} // '/usr/lib/nginx/modules' }


# What an error log may never hold. A sanitizer's abort is only a notice of
# the master ("exited with code 1"), so notices are searched as well.

my $BAD = qr/\[(?:alert|crit|emerg)\]
             | Sanitizer | runtime\ error: | ^==\d+==\ +\S
             | exited\ with\ code\ [1-9]
             | exited\ on\ signal/x;


sub bad_lines {
    my ($self) = @_;

    my @bad;

    for my $log (glob "$self->{dir}/*.log") {
        for my $line (split /\n/, slurp($log)) {
            next if $line !~ $BAD;
            next if grep { $line =~ $_ } @{ $self->{allow} };
            push @bad, $line;
        }
    }

    return @bad;
}


sub stop_all {
    my ($self) = @_;

    return if $self->{stopped}++;

    # nginx first: it must not see its backends go
    my @parts = sort { ref($b) =~ /Nginx/ <=> ref($a) =~ /Nginx/ }
                @{ $self->{parts} };

    push @{ $self->{unclean} }, map { $_->stop } @parts;
}


sub done {
    my ($self) = @_;

    $self->stop_all;
    $self->{done} = 1;

    my @unclean = @{ $self->{unclean} };
    Test::More::is(scalar @unclean, 0, 'everything ended by itself')
        or Test::More::diag($_) for @unclean ? @unclean : '';

    my @bad = $self->bad_lines;
    Test::More::is(scalar @bad, 0, 'no alert, no dead worker, no sanitizer')
        or Test::More::diag(join "\n", @bad[0 .. ($#bad > 20 ? 20 : $#bad)]);

    Test::More::done_testing();
}


sub cleanup {
    my ($self) = @_;

    return if $self->{owner} != $$;

    $self->stop_all;

    if ($ENV{TEST_LEAVE}) {
        Test::More::diag("left: $self->{dir}");
        return;
    }

    system 'rm', '-rf', $self->{dir};
}


$SIG{$_} = sub { exit 1 } for qw(INT TERM HUP);
$SIG{PIPE} = 'IGNORE';


END {
    my $code = $?;

    for my $bench (@benches) {
        next if $bench->{owner} != $$;

        $bench->cleanup;

        if (!$bench->{done} && $code == 0) {
            Test::More::diag('the test ended without $t->done');
            $code = 1;
        }
    }

    $? = $code;
}

1;
