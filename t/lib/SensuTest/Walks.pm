package SensuTest::Walks;

=head1 NAME

SensuTest::Walks - random lists that change, and walks over them

=head1 SYNOPSIS

    my $walks = SensuTest::Walks->new(
        demo => $t->demo('--control', '--no-token-store'), token => $token,
        gateways => { native => $gw, merged => $other },
        scopes => { merged => ['a', 'a-b'] });

    $walks->round(150) while $walks->{walks} < 1000;
    is_deeply $walks->{wrong}, {}, 'no walk was wrong';

=head1 IDEA

The lists are the demo backend's, all of them this object's own. Between two
pages elements come and go. A walk is right if what was there from its first
page to its last came exactly once, nothing came that was not there at some
time, byte for byte, in the backend's order, and it ended.

Some lists have odd elements: names of up to 70,000 bytes, several with one
begin, and names that can not be read. While such a list changes a walk may
get 410, and where an element is larger than sensu_page_buffer 502; it is then
given up and counted in {refused}.

=head1 METHODS

    new(demo, token, gateways, scopes, ask, excuse)
        scopes  of a gateway that merges: the namespaces of its caller
        buffers of a gateway: its sensu_page_buffer, in bytes
        ask     sub (walk, target) that gives the response; the default asks
                over kept connections
        excuse  sub (walk, response): true if a refusal is all right; the walk
                is then given up and counted in {excused}
    new_state   fills the lists anew; walks under way are forgotten
    pages_of(n) n pages of six walks at a time, and changes
    trickle(walk)          a fault of the demo backend: the list comes in small
                           pieces, a hundred at the most
    round(n)    all of this, then the walks to their end

and the counts {walks}, {excused}, {refused}, {pages}, {elements}, {changes},
and {wrong}: what => sentences.

=cut

use strict;
use warnings;

use JSON::PP ();
use SensuTest::HTTP ();


my @types = qw(assets checks entities events handlers silenced roles
               namespaces users);
my @namespaces = qw(a a-b a.b a- ab aa A b);
my $ascii = JSON::PP->new->ascii->allow_nonref;
my $latin1 = JSON::PP->new->latin1;


sub new {
    my ($class, %opt) = @_;

    my $self = bless { scopes => {}, buffers => {}, excuse => sub { 0 },
                       wrong => {},
                       map({ $_ => 0 } qw(walks excused refused pages elements
                                          changes)),
                       %opt }, $class;

    $self->{control} = $self->{demo}->session;
    $self->{names} = [ sort keys %{ $self->{gateways} } ];
    $self->{sessions} = { map { $_ => $self->{gateways}{$_}->session }
                          @{ $self->{names} } };
    $self->{ask} //= sub {
        my ($walk, $target) = @_;
        return $walk->{session}->get($target, token => $self->{token});
    };

    return $self;
}


sub round {
    my ($self, $n) = @_;

    $self->new_state;
    $self->pages_of($n);

    while (my $walk = pop @{ $self->{active} }) {
        1 while $self->step($walk);
    }
}


sub pages_of {
    my ($self, $n) = @_;

    my $active = $self->{active};

    for (1 .. $n) {
        push @$active, $self->new_walk // () while @$active < 6;

        my $i = int rand @$active;
        splice @$active, $i, 1 if !$self->step($active->[$i]);

        $self->change if rand() < 0.3;
    }
}


sub one_of { $_[rand @_] }


sub word {
    my ($chars) = @_;
    return join '', map { substr $chars, rand length $chars, 1 }
                    1 .. 1 + rand 3;
}


sub random_name {
    my ($type) = @_;

    return join '/', map { word('ab-.A_') . 'x' } 1 .. 1 + rand 3
        if $type eq 'assets';
    return word('abA-._') . 'x:' . word('ab-*') if $type eq 'silenced';
    return word("ab-.A_ %\xe9") . 'x' if $type eq 'entities';
    return word('abA-._') . 'x';
}


# An element as the backend shows it: the same key may be written in several
# ways, and what looks like a key need not be one.

sub quoted {
    my ($text) = @_;

    my $json = $ascii->encode($text);
    $json =~ s/([ab])/sprintf '\\u%04x', ord $1/ge if rand() < 0.2;
    return $json;
}


sub meta {
    my ($ns, $name) = @_;

    my @members = ("\"name\":$name",
                   defined $ns ? '"namespace":' . quoted($ns) : (),
                   '"labels":{"name":"zz","namespace":"a","k":"]},{\u005b"}');
    @members = reverse @members if rand() < 0.3;

    return '"metadata":{' . join(',', @members) . '}';
}


sub element {
    my ($type, $ns, $name, $quoted, $entity) = @_;

    my $text = $type eq 'namespaces' ? "{\"name\":$quoted}"
             : $type eq 'users' ? "{\"username\":$quoted}"
             : $type ne 'events' ? '{"a":[{"metadata":{"name":"no"}}],'
                                   . meta($ns, $quoted) . '}'
             : '{"check":{' . meta($ns, $quoted) . '},"metadata":{},'
               . '"entity":{' . meta($ns, quoted($entity)) . ',"x":1}}';

    return { type => $type, name => $name, raw => $text,
             $type =~ /^(?:namespaces|users)$/ ? () : (namespace => $ns),
             defined $entity ? (entity => $entity) : () };
}


# a name and how it is written: around the length of which a key is kept whole,
# and far beyond it; some that nobody can read

sub odd_name {
    my ($name) = @_;

    return ($name, one_of('"\\ud800"', '"a\\u0000"', '17', '{"name":"a"}', '""'))
        if rand() < 0.4;

    my $long = rand() < 0.5 ? 2030 + int rand 40
             : rand() < 0.8 ? 2049 + int rand 3000 : int rand 70000;

    $name .= 'x' x ($long - length $name) . one_of('', 'a', 'b')
        if $long > length $name;

    return ($name, quoted($name));
}


sub random_element {
    my ($type, $odd) = @_;

    my $ns = $type =~ /^(?:namespaces|users)$/ ? undef : one_of(@namespaces);
    my $entity = $type eq 'events' ? word('ab-.') . 'x' : undef;
    my $name = $type eq 'namespaces' ? one_of(@namespaces) . word('ab-.')
             : random_name($type);
    my $text = quoted($name);

    $odd = $odd && defined $ns && rand() < 0.3;
    ($name, $text) = odd_name($name) if $odd;

    my $key = join '/', grep { defined } $ns, $entity, $name;
    utf8::encode($key);

    return ($key, { %{ element($type, $ns, $name, $text, $entity) },
                    $odd ? (odd => 1) : () });
}


sub control {
    my ($self, $what, $value) = @_;

    my $r = $self->{control}->post("/demo/$what", $ascii->encode($value));
    die "/demo/$what: $r->{status} $r->{error} $r->{body}\n"
        if $r->{status} != 200;
}


# {list}: by type, key => descriptor; {key}: by type, bytes => key, also of
# what was there before

sub new_state {
    my ($self) = @_;

    $self->{active} = [];
    $self->{list} = {};
    $self->{key} = {};

    my @all;

    for my $type (@types) {
        $self->{odd}{$type} = rand() < 0.3;

        for (1 .. rand 24) {
            my ($key, $element) = random_element($type, $self->{odd}{$type});
            push @all, $element if $self->add($key, $element);
        }
    }

    $self->control('reset', { namespaces => [], users => [],
                              elements => [ map { sent($_) } @all ] });

    # what a reset leaves of its own
    for my $type (qw(namespaces users)) {
        my $r = $self->{control}->get("/api/core/v2/$type",
                                      token => $self->{token});

        for my $text (@{ SensuTest::HTTP::elements($r->{body}) }) {
            next if exists $self->{key}{$type}{$text};

            my $element = $latin1->decode($text);
            my $key = $element->{name} // $element->{username};
            utf8::encode($key);

            $self->{key}{$type}{$text} = $key;
            $self->{list}{$type}{$key} = undef;
        }
    }
}


# what the backend has to know of it

sub sent {
    my %element = %{ $_[0] };
    delete $element{odd};
    return \%element;
}


sub add {
    my ($self, $key, $element) = @_;

    my $type = $element->{type};
    my $raw = $element->{raw};

    # what nobody can read must still be told apart here
    return 0 if exists $self->{list}{$type}{$key}
                || ($self->{key}{$type}{$raw} // $key) ne $key;

    $self->{list}{$type}{$key} = $element;
    $self->{key}{$type}{$element->{raw}} = $key;

    return 1;
}


sub change {
    my ($self) = @_;

    my $active = $self->{active};
    my $type = one_of(@types);
    my $list = $self->{list}{$type} //= {};
    my @keys = grep { $list->{$_} } keys %$list;

    for my $walk (grep { $_->{type} eq $type } @$active) {
        $walk->{shaky} ||= grep { $list->{$_}{odd} && $walk->{wants}($_) } @keys;
    }

    if (@keys && rand() < 0.5) {
        my $key = one_of(@keys);
        my $element = sent(delete $list->{$key});
        delete $element->{raw};

        $self->control('delete', $element);
        delete $_->{always}{$key} for grep { $_->{type} eq $type } @$active;

    } else {
        my ($key, $element) = random_element($type, $self->{odd}{$type});
        $self->add($key, $element) or return;

        $self->control('put', sent($element));

        for (grep { $_->{type} eq $type && $_->{wants}($key) } @$active) {
            $_->{ever}{$key} = 1;
            $_->{shaky} ||= $element->{odd};
        }
    }

    $self->{changes}++;
}


sub new_walk {
    my ($self) = @_;

    my $name = one_of(@{ $self->{names} });
    my $scope = $self->{scopes}{$name};
    my $type = one_of(@types);
    my $path = "/api/core/v2/$type";
    my $wants = sub { 1 };
    my $spaced = $type !~ /^(?:namespaces|users)$/;

    return if $scope && $type eq 'users';

    if ($spaced && rand() < 0.5) {
        my $ns = one_of($scope ? @$scope : @namespaces);
        my $prefix = "$ns/";

        $path = "/api/core/v2/namespaces/$ns/$type";

        if ($type eq 'events' && rand() < 0.6) {
            my $entity = word('ab-.') . 'x';
            $path .= "/$entity";
            $prefix .= "$entity/";
        }

        $wants = sub { index($_[0], $prefix) == 0 };

    } elsif ($scope) {
        my %in = map { $_ => 1 } @$scope;
        $wants = sub { $in{ (split m{/}, $_[0], 2)[0] } };
    }

    my %now = map { $_ => 1 }
              grep { $wants->($_) } keys %{ $self->{list}{$type} };

    return { gateway => $name, session => $self->{sessions}{$name},
             name => "$name: $path", type => $type, path => $path,
             wants => $wants, always => { %now }, ever => { %now }, got => [],
             limit => 1 + int rand 4 };
}


# one page; true while there are more

sub step {
    my ($self, $w) = @_;

    my @query = defined $w->{next} ? "continue=$w->{next}" : ();
    my $limit = rand() < 0.3 ? 1 + int rand 6 : $w->{limit};
    push @query, "limit=$limit" if !defined $w->{next} || rand() < 0.8;

    my $r = $self->{ask}($w, "$w->{path}?" . join '&', @query);

    if ($r->{status} != 200 || !$r->{complete}) {
        if ($self->may_refuse($w, $r)) {
            $self->{refused}++;
            return 0;
        }

        if ($self->{excuse}($w, $r)) {
            $self->{excused}++;
            return 0;
        }

        return $self->problem($w, "status $r->{status} $r->{error} "
                                  . $r->{body});
    }

    $self->{pages}++;
    $self->{elements} += @{ $self->take($w, $r) // return 0 };

    $w->{next} = $r->header('Sensu-Continue');

    if (@{ $w->{got} } > 500 || $w->{pages}++ > 500) {
        return $self->problem($w, 'endless');
    }

    return 1 if defined $w->{next};

    $self->judge($w);
    return 0;
}


sub trickle {
    my ($self, $walk) = @_;

    my $list = $self->{list}{$walk->{type}};
    my $size = 0;
    $size += length $_->{raw} for grep { $_ } values %$list;

    my $bytes = 300 + int rand 4000;
    $bytes = 1 + int $size / 100 if $bytes * 100 < $size;

    return { action => 'trickle', ms => 1, bytes => $bytes };
}


# a place that nobody can find again for sure, an element without room

sub may_refuse {
    my ($self, $w, $r) = @_;

    return 1 if $r->{status} == 410 && $w->{shaky}
                && $r->{body} =~ /continue_expired/;

    my $buffer = $self->{buffers}{$w->{gateway}} or return 0;
    my $list = $self->{list}{$w->{type}};

    return $r->{status} == 502 && $r->{body} =~ /element_too_large/
           && grep { $list->{$_} && length $list->{$_}{raw} >= $buffer }
                   keys %$list;
}


# the keys of a page's elements, each found by its bytes

sub take {
    my ($self, $w, $r) = @_;

    my $known = $self->{key}{$w->{type}};
    my $texts = eval { SensuTest::HTTP::elements($r->{body}) };

    if (!$texts) {
        $self->problem($w, "malformed $r->{body}");
        return;
    }

    for my $text (@$texts) {
        my $key = $known->{$text};

        if (!defined $key) {
            $self->problem($w, "invented $text");
            return;
        }

        push @{ $w->{got} }, $key;
    }

    return $texts;
}


sub problem {
    my ($self, $w, $what) = @_;

    push @{ $self->{wrong}{$what =~ s/ .*//sr} }, "$w->{name}: $what";
    return 0;
}


sub judge {
    my ($self, $w) = @_;

    my @got = @{ $w->{got} };
    my %times;
    $times{$_}++ for @got;

    $self->problem($w, "doubled $_") for grep { $times{$_} > 1 } keys %times;
    $self->problem($w, "foreign $_") for grep { !$w->{ever}{$_} } keys %times;
    $self->problem($w, "lost $_")
        for grep { !$times{$_} } keys %{ $w->{always} };

    for my $i (1 .. $#got) {
        $self->problem($w, "order $got[$i]") if $got[$i] le $got[$i - 1];
    }

    $self->{walks}++;
}

1;
