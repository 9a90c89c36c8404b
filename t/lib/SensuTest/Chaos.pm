package SensuTest::Chaos;

=head1 NAME

SensuTest::Chaos - Redis servers, sentinels and a cluster that go mad

=head1 SYNOPSIS

    my $chaos = SensuTest::Chaos->new($t, seed => 7);
    $chaos->ports;            # four, each is all of it: server, sentinel, node
    $chaos->tell(@ports);     # those that answers name, as behind a proxy
    $chaos->calm;             # every answer is right from now on
    $chaos->mad;              # as at the start
    %n = $chaos->seen;        # how often each kind of trouble was made
    SensuTest::Chaos::kinds() # their names

One of six commands gets something else than a right answer: the next of
%ANSWERS, or the right one in a way of @WAYS. All ports share their keys.

=cut

use strict;
use warnings;

use IO::Socket::INET;
use SensuTest::Process;
use Socket qw(IPPROTO_TCP SOL_SOCKET SO_LINGER TCP_NODELAY);
use Time::HiRes qw(time);


# of (good answer, its own port, another one's)

my %ANSWERS = (
    (map { my $text = $_; ("error $text" => sub { "-$text\r\n" }) }
         'LOADING Redis is loading', 'READONLY replica', 'NOSCRIPT none',
         'MASTERDOWN link', 'CLUSTERDOWN slots', 'TRYAGAIN later',
         'NOAUTH Authentication required.', 'WRONGPASS invalid', 'OOM full',
         'NOPERM not allowed', 'MOVED', 'MOVED 1', 'MOVED x y:z',
         'MOVED 99999 127.0.0.1:1', 'MOVED 5 127.0.0.1:70000',
         'MOVED 7 a.name:1', 'MOVED 9 [::1]:1', 'MOVED 3 :1', 'ASK', 'ASK 1',
         'ASK 1 x', ''),
    'long error'      => sub { '-ERR ' . 'x' x 200_000 . "\r\n" },
    'moved to a node' => sub { "-MOVED 77 127.0.0.1:$_[2]\r\n" },
    'moved to itself' => sub { "-MOVED 4242 127.0.0.1:$_[1]\r\n" },
    'asks a node'     => sub { "-ASK 77 127.0.0.1:$_[2]\r\n" },
    'null'            => sub { "\$-1\r\n" },
    'null array'      => sub { "*-1\r\n" },
    'empty array'     => sub { "*0\r\n" },
    'mixed array'     => sub { "*3\r\n\$1\r\na\r\n:5\r\n*1\r\n+x\r\n" },
    'number'          => sub { ":42\r\n" },
    'huge number'     => sub { ":99999999999999999999999\r\n" },
    'no number'       => sub { ":\r\n" },
    'empty status'    => sub { "+\r\n" },
    'empty string'    => sub { "\$0\r\n\r\n" },
    'bytes'           => sub { "\$6\r\n\0\r\n\xff\x1b[\r\n" },
    'long string'     => sub { "\$5000\r\n" . 'z' x 5000 . "\r\n" },
    'longer string'   => sub { "\$300000\r\n" . 'z' x 300_000 . "\r\n" },
    'huge string'     => sub { "\$2147483647\r\nabc" },
    'huge array'      => sub { "*2147483647\r\n" },
    'large array'     => sub { "*100000\r\n:1\r\n" },
    'array too large' => sub { "*9223372036854775807\r\n" },
    'negative string' => sub { "\$-7\r\n" },
    'negative array'  => sub { "*-7\r\n" },
    'no length'       => sub { "\$x\r\n" },
    'nesting'         => sub { "*1\r\n" x 12 . ":1\r\n" },
    'endless nesting' => sub { "*1\r\n" x 50_000 },
    'wide nesting'    => sub { "*9\r\n" x 6 . ":1\r\n" },
    'empty line'      => sub { "\r\n" },
    'endless line'    => sub { 'x' x 100_000 },
    'HTTP'            => sub { "HTTP/1.1 400 Bad Request\r\n\r\n" },
    'a TLS alert'     => sub { "\x15\x03\x01\x00\x02\x02\x16" },
    'noise'           => sub { join '', map { chr int rand 256 } 1 .. 64 },
    'RESP3 map'       => sub { "%1\r\n+a\r\n+b\r\n" },
    'RESP3 double'    => sub { ",1.5\r\n" },
    'RESP3 boolean'   => sub { "#t\r\n" },
    'RESP3 null'      => sub { "_\r\n" },
    'RESP3 push'      => sub { ">2\r\n+invalidate\r\n*0\r\n" },
    'RESP3 set'       => sub { "~2\r\n:1\r\n:2\r\n" },
    'RESP3 verbatim'  => sub { "=7\r\ntxt:abc\r\n" },
    'RESP3 big'       => sub { "(3492890328409238509324850943850943825\r\n" },
    'RESP3 attribute' => sub { "|1\r\n+a\r\n+b\r\n:1\r\n" },
    'an error more'   => sub { "$_[0]-ERR extra\r\n" },
    'an answer more'  => sub { "$_[0]:1\r\n" },
    'odd slots'       => sub { "*3\r\n*3\r\n:0\r\n:16383\r\n*2\r\n\$0\r\n\r\n:"
                               . "$_[2]\r\n*1\r\n:5\r\n*3\r\n:5\r\n:-9\r\n"
                               . "*2\r\n\$1\r\n?\r\n:0\r\n" },
    'a name'          => sub { "*2\r\n\$6\r\na.name\r\n\$4\r\n6379\r\n" },
    'a wrong port'    => sub { "*2\r\n\$9\r\n127.0.0.1\r\n\$6\r\n999999\r\n" },
    'a replica'       => sub { "*1\r\n\$5\r\nslave\r\n" },
);

my @WAYS = qw(byte-wise late cut close reset silent);


sub kinds { return (sort(keys %ANSWERS), @WAYS) }


sub new {
    my ($class, $t, %opt) = @_;

    my $self = bless { t => $t, seed => $opt{seed} // 1,
                       ports => [ map { $t->port } 1 .. 4 ] }, $class;
    $self->{file} = $t->dir . "/chaos$self->{ports}[0]";
    $self->tell(@{ $self->{ports} });

    my @listeners = map {
        IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $_,
                              Listen => 128, ReuseAddr => 1)
            or die "chaos: $!"
    } @{ $self->{ports} };

    my $parent = $$;

    $self->{process} = SensuTest::Process->spawn_sub(sub {
        $SIG{PIPE} = 'IGNORE';
        srand $self->{seed};
        @$self{qw(clients store seen kinds)} = ({}, {}, {}, []);

        while (getppid == $parent) {
            $self->turn(@listeners);
        }
    });

    return $t->part($self);
}


sub ports { @{ $_[0]{ports} } }


sub tell {
    my ($self, @ports) = @_;
    $self->{told} = \@ports;
    $self->order('mad');
}


sub calm { $_[0]->order('calm') }
sub mad { $_[0]->order('mad') }


sub seen {
    my ($self) = @_;
    return map { /\A(\d+) (.*)/ ? ($2 => $1) : () }
           split /\n/, SensuTest::Process::slurp("$self->{file}.seen");
}


sub stop {
    my ($self) = @_;
    my $how = $self->{process}->stop('TERM', 5);
    return $how eq '' ? () : $how;
}


# a rename, so that nobody reads half of it

sub put {
    my ($self, $suffix, $text) = @_;

    open my $fh, '>', "$self->{file}.new" or die;
    print $fh $text;
    close $fh;
    rename "$self->{file}.new", "$self->{file}.$suffix";
}


sub order {
    my ($self, $mood) = @_;
    $self->put(mood => "$mood @{ $self->{told} }");
}


# One turn: what has come is answered, and what was put off goes out.

sub turn {
    my ($self, @listeners) = @_;

    my ($mood, @told) = split / /,
        SensuTest::Process::slurp("$self->{file}.mood");
    $self->{is_mad} = $mood eq 'mad';
    $self->{told} = \@told;

    my ($in, $wait) = ('', 0.1);
    vec($in, fileno $_, 1) = 1 for @listeners;

    for my $c (values %{ $self->{clients} }) {
        vec($in, fileno $c->{socket}, 1) = 1;
        my $due = @{ $c->{out} } ? $c->{out}[0][0] - time : $wait;
        $wait = $due if $due < $wait;
    }

    select $in, undef, undef, $wait < 0 ? 0 : $wait;

    for my $n (0 .. $#listeners) {
        next if !vec $in, fileno $listeners[$n], 1;
        my $socket = $listeners[$n]->accept // next;
        setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1;
        $socket->blocking(0);
        $self->{clients}{$socket} = { socket => $socket, n => $n, in => '',
                                      out => [], last => 0 };
    }

    for my $c (values %{ $self->{clients} }) {
        $self->read($c) if vec $in, fileno $c->{socket}, 1;
        $self->write($c) if $self->{clients}{ $c->{socket} };
    }
}


sub leave {
    my ($self, $c, $reset) = @_;

    setsockopt $c->{socket}, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0 if $reset;
    delete $self->{clients}{ $c->{socket} };
    close $c->{socket};
}


sub read {
    my ($self, $c) = @_;

    sysread $c->{socket}, $c->{in}, 65536, length $c->{in}
        or return $self->leave($c);

    while (my @words = command($c)) {
        $self->answer($c, @words);
    }
}


sub command {
    my ($c) = @_;

    $c->{in} =~ /\A\*(\d+)\r\n/g or return;

    my @words;
    for (1 .. $1) {
        $c->{in} =~ /\G\$(\d+)\r\n/gc or return;
        my $at = pos $c->{in};
        return if length $c->{in} < $at + $1 + 2;
        push @words, substr $c->{in}, $at, $1;
        pos($c->{in}) = $at + $1 + 2;
    }

    substr $c->{in}, 0, pos $c->{in}, '';

    return @words;
}


# what goes out is bytes with the time they are due at, in order

sub put_off {
    my ($c, $seconds, $what) = @_;

    my $due = time + $seconds;
    $due = $c->{last} if $due < $c->{last};
    $c->{last} = $due;
    push @{ $c->{out} }, [$due, $what];
}


sub write {
    my ($self, $c) = @_;

    while (@{ $c->{out} } && $c->{out}[0][0] <= time) {
        my $what = $c->{out}[0][1];

        return $self->leave($c, $what eq 'reset') if $what =~ /\A(?:close|reset)\z/;

        my $n = syswrite $c->{socket}, $what;
        return $self->leave($c) if !defined $n && !$!{EAGAIN};
        return if !defined $n;

        substr $c->{out}[0][1], 0, $n, '';
        shift @{ $c->{out} } if $c->{out}[0][1] eq '';
    }
}


sub answer {
    my ($self, $c, @words) = @_;

    my $good = $self->good(@words);
    return put_off($c, 0, $good) if !$self->{is_mad} || rand() < 5 / 6;

    # each kind in its turn, the turns in no order

    my $kinds = $self->{kinds};
    @$kinds = sort { rand() <=> 0.5 } kinds() if !@$kinds;
    my $kind = pop @$kinds;

    $self->{seen}{$kind}++;
    $self->put(seen => join '', map { "$self->{seen}{$_} $_\n" }
                                sort keys %{ $self->{seen} });

    if ($ANSWERS{$kind}) {
        my @told = @{ $self->{told} };
        put_off($c, 0, $ANSWERS{$kind}->($good, $told[ $c->{n} ],
                                         $told[rand @told]));

    } elsif ($kind eq 'byte-wise') {
        put_off($c, 0.0005, $_) for split //, $good;

    } elsif ($kind eq 'late') {
        put_off($c, 0.05 + rand 0.5, $good);

    } elsif ($kind eq 'silent') {
        put_off($c, 1.5, 'close');

    } else {
        put_off($c, 0, substr $good, 0, rand length $good) if $kind eq 'cut';
        put_off($c, 0, $kind eq 'reset' ? 'reset' : 'close');
    }
}


sub good {
    my ($self, @words) = @_;

    my ($name, $key, $value) = (uc $words[0], @words[1, 2]);
    my @told = @{ $self->{told} };

    if ($name eq 'GET') {
        my $held = $self->{store}{$key} // return "\$-1\r\n";
        return '$' . length($held) . "\r\n$held\r\n";
    }

    $self->{store}{$key} = $value if $name eq 'SET';

    return "*5\r\n:1\r\n:10\r\n:9\r\n:0\r\n:100\r\n" if $name eq 'EVAL';
    return "*3\r\n\$6\r\nmaster\r\n:0\r\n*0\r\n" if $name eq 'ROLE';

    if ($name eq 'SENTINEL') {
        my $port = $told[rand 2];
        return "*2\r\n\$9\r\n127.0.0.1\r\n\$" . length($port) . "\r\n$port\r\n";
    }

    if ($name eq 'CLUSTER') {
        return '*4' . join '', "\r\n", map {
            "*3\r\n:" . 4096 * $_ . "\r\n:" . (4096 * $_ + 4095)
            . "\r\n*2\r\n\$9\r\n127.0.0.1\r\n:$told[$_]\r\n" } 0 .. 3;
    }

    return "+OK\r\n";
}

1;
