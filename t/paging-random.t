# Walks over random lists that change all the time: what was there from the
# first page to the last comes exactly once, what comes was there at some
# time, the order is the backend's, and every walk ends. Natively and sliced,
# merged, through both stores, over a backend with the faults of 5.5.
#
#   WALKS=1000000 SEED=7 prove t/paging-random.t

use lib 't/lib';
use SensuTest;

my $walks = $ENV{WALKS} // 1200;
my $seed = $ENV{SEED} // int rand 1 << 31;
srand $seed;

my $t = SensuTest->new;
my $demo = $t->demo('--control', '--no-token-store');
my $redis = $t->redis;
my $url = $redis->url;
my $token = $t->token;

my @merged = ('a', 'a-b', 'a.b', 'aa', 'gone');

my %gw = (
    'redis' => $t->nginx(backend => $demo, http => "sensu_redis $url;"),
    'memory' => $t->nginx(backend => $demo, workers => 2),
    'redis, sliced' => $t->nginx(backend => $demo,
                                 http => "sensu_redis $url prefix=x:;",
                                 server => 'sensu_native_pages off;'),
    'memory, merged' => $t->nginx(backend => $demo,
                                  server => "sensu_namespaces '@merged';"),
);

my @types = qw(assets checks entities events handlers silenced roles
               namespaces users);
my @namespaces = qw(a a-b a.b a- ab aa A b);

my %list;              # by type: key => descriptor
my %wrong;
my ($done, $pages, $elements, $changes) = (0) x 4;


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

    my $json = JSON::PP->new->ascii->allow_nonref->encode($text);
    $json =~ s/([ab])/sprintf '\\u%04x', ord $1/ge if rand() < 0.2;
    return $json;
}


sub meta {
    my ($ns, $name) = @_;

    my @members = ('"name":' . quoted($name),
                   defined $ns ? '"namespace":' . quoted($ns) : (),
                   '"labels":{"name":"zz","namespace":"a","k":"]},{\u005b"}');
    @members = reverse @members if rand() < 0.3;

    return '"metadata":{' . join(',', @members) . '}';
}


sub element {
    my ($type, $ns, $name, $entity) = @_;

    my $text = $type eq 'namespaces' ? '{"name":' . quoted($name) . '}'
             : $type eq 'users' ? '{"username":' . quoted($name) . '}'
             : $type ne 'events' ? '{"a":[{"metadata":{"name":"no"}}],'
                                   . meta($ns, $name) . '}'
             : '{"check":{' . meta($ns, $name) . '},"metadata":{},'
               . '"entity":{' . meta($ns, $entity) . ',"x":1}}';

    return { type => $type, name => $name, raw => $text,
             $type =~ /^(?:namespaces|users)$/ ? () : (namespace => $ns),
             defined $entity ? (entity => $entity) : () };
}


sub random_element {
    my ($type) = @_;

    my $ns = $type =~ /^(?:namespaces|users)$/ ? undef : one_of(@namespaces);
    my $entity = $type eq 'events' ? word('ab-.') . 'x' : undef;
    my $name = $type eq 'namespaces' ? one_of(@namespaces) . word('ab-.')
             : random_name($type);

    my $key = join '/', grep { defined } $ns, $entity, $name;
    utf8::encode($key);

    return ($key, element($type, $ns, $name, $entity));
}


sub control {
    my ($what, $value) = @_;

    my $r = $demo->post("/demo/$what", JSON::PP->new->ascii->encode($value));
    die "/demo/$what: $r->{status} $r->{body}" if $r->{status} != 200;
}


# the key of what a page brought, by a parser of its own

sub key_of {
    my ($type, $text) = @_;

    my $o = JSON::PP->new->latin1->decode($text);
    my $meta = $o->{metadata};
    my @key = $type eq 'namespaces' ? $o->{name}
            : $type eq 'users' ? $o->{username}
            : $type ne 'events' ? @$meta{qw(namespace name)}
            : ($o->{entity}{metadata}{namespace}, $o->{entity}{metadata}{name},
               $o->{check}{metadata}{name});

    my $key = join '/', @key;
    utf8::encode($key);
    return $key;
}


sub new_state {
    %list = ();
    my @all;

    for my $type (@types) {
        for (1 .. rand 24) {
            my ($key, $element) = random_element($type);
            next if exists $list{$type}{$key};
            $list{$type}{$key} = $element;
            push @all, $element;
        }
    }

    control('reset', { namespaces => [], users => [], elements => \@all });

    # what a reset leaves of its own
    for my $type (qw(namespaces users)) {
        my $r = $demo->get("/api/core/v2/$type", token => $token);
        for (@{ elements($r->{body}) }) {
            $list{$type}{key_of($type, $_)} //= undef;
        }
    }
}


sub change {
    my ($active) = @_;

    my $type = one_of(@types);
    my @keys = grep { $list{$type}{$_} } keys %{ $list{$type} };

    if (@keys && rand() < 0.5) {
        my $key = one_of(@keys);
        my $element = delete $list{$type}{$key};
        delete $element->{raw};

        control('delete', $element);
        delete $_->{always}{$key} for grep { $_->{type} eq $type } @$active;

    } else {
        my ($key, $element) = random_element($type);
        return if exists $list{$type}{$key};
        $list{$type}{$key} = $element;

        control('put', $element);
        $_->{ever}{$key} = 1
            for grep { $_->{type} eq $type && $_->{wants}($key) } @$active;
    }

    $changes++;
}


sub new_walk {
    my $name = one_of(sort keys %gw);
    my $type = one_of(@types);
    my $path = "/api/core/v2/$type";
    my $wants = sub { 1 };
    my $spaced = $type !~ /^(?:namespaces|users)$/;

    return if $name =~ /merged/ && $type eq 'users';

    if ($spaced && rand() < 0.5) {
        my $ns = $name =~ /merged/ ? one_of(@merged) : one_of(@namespaces);
        my $prefix = "$ns/";

        $path = "/api/core/v2/namespaces/$ns/$type";

        if ($type eq 'events' && rand() < 0.6) {
            my $entity = word('ab-.') . 'x';
            $path .= "/$entity";
            $prefix .= "$entity/";
        }

        $wants = sub { index($_[0], $prefix) == 0 };

    } elsif ($name =~ /merged/) {
        my %in = map { $_ => 1 } @merged;
        $wants = sub { $in{ (split m{/}, $_[0], 2)[0] } };
    }

    my %now = map { $_ => 1 } grep { $wants->($_) } keys %{ $list{$type} };

    return { gw => $gw{$name}, name => "$name: $path", type => $type,
             path => $path, wants => $wants, always => { %now },
             ever => { %now }, got => [], limit => 1 + int rand 4 };
}


# one page; true while there are more

sub step {
    my ($w) = @_;

    my @query = defined $w->{next} ? "continue=$w->{next}" : ();
    my $limit = rand() < 0.3 ? 1 + int rand 6 : $w->{limit};
    push @query, "limit=$limit" if !defined $w->{next} || rand() < 0.8;

    my $r = $w->{gw}->get("$w->{path}?" . join('&', @query),
                          token => $token);
    $pages++;

    if ($r->{status} != 200) {
        return problem($w, "status $r->{status} $r->{body}");
    }

    my @keys = map { key_of($w->{type}, $_) } @{ elements($r->{body}) };
    push @{ $w->{got} }, @keys;
    $elements += @keys;

    $w->{next} = $r->header('Sensu-Continue');

    if (@{ $w->{got} } > 500 || $w->{pages}++ > 500) {
        return problem($w, 'does not end');
    }

    return 1 if defined $w->{next};

    judge($w);
    return 0;
}


sub problem {
    my ($w, $what) = @_;

    push @{ $wrong{$what =~ s/ .*//r} }, "$w->{name}: $what";
    return 0;
}


sub judge {
    my ($w) = @_;

    my @got = @{ $w->{got} };
    my %times;
    $times{$_}++ for @got;

    problem($w, "twice $_") for grep { $times{$_} > 1 } keys %times;
    problem($w, "invented $_") for grep { !$w->{ever}{$_} } keys %times;
    problem($w, "lost $_") for grep { !$times{$_} } keys %{ $w->{always} };

    for my $i (1 .. $#got) {
        problem($w, "order $got[$i]") if $got[$i] le $got[$i - 1];
    }
}


while ($done < $walks) {
    new_state();

    my @active;

    for (1 .. 150) {
        push @active, new_walk() // () while @active < 6;

        my $i = int rand @active;

        if (!step($active[$i])) {
            splice @active, $i, 1;
            $done++;
        }

        change(\@active) if rand() < 0.3;
    }

    for my $w (@active) {
        1 while step($w);
        $done++;
    }

    last if %wrong;
}

note "$done walks, $pages pages, $elements elements, $changes changes";

is_deeply \%wrong, {}, "$done walks over lists that change, seed $seed";
cmp_ok $changes, '>', $done / 4, 'there were changes';
cmp_ok $pages, '>', 1.5 * $done, 'and pages';

$t->done;
