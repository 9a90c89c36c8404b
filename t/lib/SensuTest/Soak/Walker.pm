package SensuTest::Soak::Walker;

=head1 NAME

SensuTest::Soak::Walker - walks over lists that change, through all that happens

=head1 IDEA

SensuTest::Walks with a demo backend of its own, in a process of its own. Now
and then a client is gone in the midst of a request, which then goes out again
as it was; or the backend spoils its next answer, after which the page is right
all the same or refused with a status that fits. What Redis and nginx suffer
meanwhile is looked up where it matters: see SensuTest::Soak::Trouble.

    new(gateways, scopes, buffers, demo, token, paging)
        paging  also faults after which a list is not paged natively for a
                minute
    turn(child)            some pages

=cut

use strict;
use warnings;

use JSON::PP ();
use SensuTest::Walks;
use Time::HiRes qw(sleep time);


my $STATE = 2000;        # pages on one state of the lists

# action, statuses it excuses; what is missing is once, of the next answer

my @faults = (
    { fault => { action => 'drop' }, status => [502] },
    { fault => { action => 'cut-after' }, status => [502] },
    { fault => { action => 'gzip' }, status => [502] },
    { fault => { action => 'delay' }, status => [] },
    { fault => { action => 'trickle' }, status => [] },
);

my @paging = (
    { fault => { action => 'ignore-paging' }, status => [] },
    { fault => { status => 500 }, status => [500] },
);


sub new {
    my ($class, %opt) = @_;
    return bless { %opt }, $class;
}


sub turn {
    my ($self, $child) = @_;

    my $walks = $self->{walks} //= SensuTest::Walks->new(
        map({ $_ => $self->{$_} } qw(gateways scopes buffers demo token)),
        ask => sub { $self->ask($child, @_) },
        excuse => sub { $self->excuse($child, @_) });

    if (!defined $self->{left} || $self->{left} <= 0) {
        $walks->new_state;
        $self->{left} = $STATE;
    }

    $self->{left} -= 50;
    $walks->pages_of(50);

    $child->{counts}{$_} = $walks->{$_}
        for qw(walks refused pages elements changes excused);

    my $wrong = $walks->{wrong};

    for my $what (sort keys %$wrong) {
        $child->wrong($what, $_) for @{ $wrong->{$what} };
    }

    $walks->{wrong} = {};
}


sub ask {
    my ($self, $child, $walk, $target) = @_;

    my $session = $walk->{session};
    my $demo = $self->{walks}{control};
    my $spoilt;

    if (rand() < 0.02) {
        $self->leave($session, $target);
        $child->count('requests');
        $child->count('clients gone');
    }

    if (rand() < 0.02) {
        $spoilt = $self->spoil($walk);
        $child->count("backend $spoilt->{name}");
    }

    $walk->{asked} = time;
    $walk->{fair} = $spoilt ? $spoilt->{status} : [];

    my $r = $session->get($target, token => $self->{token});

    $child->count('requests');
    $self->{walks}->control('fault', { action => 'clear' }) if $spoilt;

    # its token was saved after that
    $walk->{saved} = $walk->{asked} if $r->{status} == 200;
    return $r;
}


# a client that does not wait for its answer

sub leave {
    my ($self, $session, $target) = @_;

    my $text = $session->message('GET', $target, token => $self->{token});
    my $c = $session->connection;

    $c->send(substr $text, 0, rand() < 0.3 ? int rand length $text
                                            : length $text);
    sleep rand 0.003;
    rand() < 0.5 ? $c->reset : $c->close;
}


sub spoil {
    my ($self, $walk) = @_;

    my @all = (@faults, $self->{paging} ? @paging : ());
    my $one = $all[rand @all];
    my %fault = (path_regex => '^/api', times => 1, %{ $one->{fault} });
    my @status = @{ $one->{status} };

    $fault{bytes} = int rand 300 if ($fault{action} // '') eq 'cut-after';
    %fault = (%fault, %{ $self->{walks}->trickle($walk) })
        if ($fault{action} // '') eq 'trickle';

    if (($fault{action} // '') eq 'delay') {
        $fault{ms} = int rand 100;

        # longer than proxy_read_timeout
        if (rand() < 0.01) {
            $fault{ms} = 6000;
            @status = (504);
        }
    }

    $self->{walks}->control('fault', \%fault);

    my $name = $fault{action} // "status $fault{status}";
    $name = 'late' if ($fault{ms} // 0) >= 6000;

    return { status => \@status, name => $name };
}


sub excuse {
    my ($self, $child, $walk, $r) = @_;

    my $status = $r->{status};
    my $why = $status == 0 ? 'connection lost'
            : $r->{complete} ? "status $status" : 'answer cut';
    my $gateway = $walk->{gateway};

    my $fair = grep({ $_ == $status } @{ $walk->{fair} })
        || ($status == 503 && defined $r->header('Retry-After')
            && $gateway =~ /redis/
            && $child->troubled('redis', $walk->{asked}, $gateway))
        || ($status == 410 && $gateway =~ /redis/
            && $r->{body} =~ /continue_expired/
            && $child->troubled('emptied', $walk->{saved} // 0, $gateway))
        || (($status == 0 || !$r->{complete})
            && $child->troubled('term', $walk->{asked}));

    $child->count("excused $why") if $fair;
    return $fair;
}

1;
