package SensuTest::Soak::Caller;

=head1 NAME

SensuTest::Soak::Caller - those who log in and out, have roles, and come too
often

=head1 IDEA

A backend whose lists do not change, and that keeps no account of tokens: what
is refused for a log-out, for a role or for haste, the gateway refuses. A token
that was logged out is tried again and again until shortly before it ends: once
it gets an answer, it was revived. What excuses that is a Redis that was emptied,
not one that was away, and nothing at all where marks are in memory. Some of all
requests go over HTTP/3 where it can be had, and whole walks.

    new(t, demo, h3, gateways => { door => SensuTest::Soak::Door, ... })
        doors: "out, memory" and "out, ..." with sensu_logout, rbac, limited,
        and "walks, ..."; h3 is true if all are there over HTTP/3, too
    fill(demo)             the namespaces, roles and lists of such a backend
    account                of the gateway: its name and password
    turn(child)            one visit

=cut

use strict;
use warnings;

use JSON::PP ();
use MIME::Base64 ();
use SensuTest::HTTP ();
use SensuTest::Roles qw(role binding);
use Time::HiRes qw(time);


my $api = '/api/core/v2';
my @namespaces = qw(dev ops prod);
my $KEPT = 3000;           # tokens that were logged out
my $OLD_WORKERS = 40;      # they wait 30 s for a QUIC client that is gone
my $LIFE = 600;            # seconds for which each is tried; it lives for 900
my $H3 = 0.03;             # of the requests, a curl each

my @visits = ([2, \&log_out], [20, \&out_again], [8, \&lists_of_roles],
              [8, \&refused_by_roles], [8, \&limited], [2, \&walk_by_h3]);
my @urn = map { ($_->[1]) x $_->[0] } @visits;


sub new {
    my ($class, %opt) = @_;

    my $self = bless { %opt, out => [] }, $class;

    for my $kind (qw(out walks)) {
        $self->{$kind . '_doors'} = [ sort grep { /^$kind/ }
                                           keys %{ $opt{gateways} } ];
    }

    return $self;
}


sub account { ('gateway', 'S3cret:pass') }


sub fill {
    my ($demo) = @_;

    my ($name, $password) = account();

    my $r = $demo->post('/demo/reset', JSON::PP::encode_json({
        namespaces => \@namespaces,
        users => [ { name => $name, password => $password, groups => [] },
                   map { { name => $_, groups => [] } } qw(ann eve) ],
        elements => [
            SensuTest::Roles::account($name),
            role('roles', 'checks', 'dev', [ ['get', 'list'], ['checks'] ]),
            binding('ann', 'dev', '=checks', 'ann'),
            map { my $ns = $_;
                  map { { type => 'checks', namespace => $ns,
                          name => "$ns-$_" } } 1 .. 9 } @namespaces ],
    }));

    die "/demo/reset: $r->{status} $r->{body}\n" if $r->{status} != 200;
}


sub turn {
    my ($self, $child) = @_;

    $self->{child} = $child;
    $self->{session} //= { map { $_ => $self->{gateways}{$_}->session }
                           keys %{ $self->{gateways} } };

    # tokens live for 15 minutes
    if (time - ($self->{renewed} // 0) > 300) {
        $self->{token} = { map { $_ => $self->{demo}->login($_) }
                           qw(admin ann eve) };
        $self->{renewed} = time;
    }

    $urn[rand @urn]->($self);
}


# One request. Nothing comes back where trouble excuses that there is no answer,
# or Redis' trouble a 503.

sub ask {
    my ($self, $door, $method, $path, %opt) = @_;

    my $child = $self->{child};
    my $asked = time;
    my $h3 = delete $opt{h3} // rand() < $H3;

    return $self->ask_by_h3($door, $method, $path, %opt) if $h3 && $self->{h3};

    my $r = $self->{session}{$door}->request($method, $path, %opt);
    $child->count('requests');

    if (!$r->{status} || !$r->{complete}) {
        $child->troubled('term', $asked)
            ? $child->count('excused connection lost')
            : $child->wrong('answer', "$door $method $path: $r->{error}");
        return;
    }

    return $self->available($r, $door, $asked);
}


# By a connection of its own. Those under way at a TERM or a reload may be lost:
# old workers share the socket until they have ended, and take what is not theirs
# (nginx issue 425). What nginx never saw as a request is curl's: one with OpenSSL's
# QUIC shakes hands and then stays silent, once in 20,000 times, also with an nginx
# that has no module.

sub ask_by_h3 {
    my ($self, $door, $method, $path, %opt) = @_;

    my $child = $self->{child};
    my $asked = time;
    my $r = $self->{gateways}{$door}->h3($method, $path, %opt);

    $child->count('requests');

    if (!$r->{complete}) {
        my $fair = $child->troubled('term', $asked)
                   || $child->troubled('reload', $asked - $OLD_WORKERS);

        !$r->{seen} ? $child->count('never arrived')
            : $fair ? $child->count('excused connection lost')
            : $child->wrong('answer', "HTTP/3, $door $method $path, asked at "
                  . "$asked: $r->{error} $r->{body}; "
                  . SensuTest::Process::slurp($self->{t}->dir . '/trouble'));
        return;
    }

    $child->count('HTTP/3');
    return $self->available($r, $door, $asked);
}


sub available {
    my ($self, $r, $door, $asked) = @_;

    return $r if $r->{status} != 503 || $door !~ /redis|limited/
                 || !$self->{child}->troubled('redis', $asked, $door);

    $self->{child}->count('excused status 503');
    return;
}


sub expect {
    my ($self, $r, $status, $what, $pattern) = @_;

    $r // return;
    return 1 if $r->{status} == $status
                && (!$pattern || $r->{body} =~ $pattern);

    $self->{child}->wrong('answer', "$what: $r->{status} "
                                    . substr $r->{body}, 0, 200);
    return;
}


sub log_out {
    my ($self) = @_;

    my $door = $self->{out_doors}[rand @{ $self->{out_doors} }];
    my $basic = MIME::Base64::encode_base64('ann:P@ssw0rd!', '');
    my $began = time;

    my $r = $self->ask($door, 'GET', '/auth',
                       headers => [ Authorization => "Basic $basic" ]);
    $self->expect($r, 200, "$door, log-in") or return;

    my $got = $r->json;
    my $ask = sub { $self->ask($door, 'GET', "$api/namespaces/dev/checks?limit=3",
                               token => $got->{access_token}) };

    $r = $ask->();
    $self->expect($r, 200, "$door, logged in") or return;

    $r = $self->ask($door, 'POST', '/auth/logout',
                    token => $got->{access_token},
                    body => JSON::PP::encode_json({
                        refresh_token => $got->{refresh_token} }));
    $self->expect($r, 200, "$door, log-out") or return;

    # the mark is under way when the answer is; without Redis nobody has it,
    # nor if its worker ended first
    my $known = $self->{t}->wait_for(sub {
        $r = $ask->();
        return !$r || $r->{status} == 401;
    }, 5);

    return if !$r || $self->troubled($door, $began, qw(redis emptied term));

    $self->{child}->count('logged out');
    return $self->revived($door, $r) if !$known;

    push @{ $self->{out} }, { door => $door, since => $began,
                              token => $got->{access_token} };
}


sub troubled {
    my ($self, $door, $since, @kinds) = @_;

    return $door =~ /redis/
           && grep { $self->{child}->troubled($_, $since, $door) } @kinds;
}


sub revived {
    my ($self, $door, $r) = @_;
    $self->{child}->wrong('revived', "$door: $r->{status} "
                                     . substr $r->{body}, 0, 200);
}


sub out_again {
    my ($self) = @_;

    my $out = $self->{out};
    shift @$out while @$out > $KEPT || @$out && $out->[0]{since} < time - $LIFE;
    @$out or return;

    my $one = $out->[rand @$out];
    my $r = $self->ask($one->{door}, 'GET', "$api/checks",
                       token => $one->{token}) // return;

    if ($r->{status} == 401 && $r->{body} =~ /token_revoked/) {
        return $self->{child}->count('log-outs asked again');
    }

    @$out = grep { $_ != $one } @$out;

    return $self->{child}->count('excused log-out lost')
        if $self->troubled($one->{door}, $one->{since}, 'emptied');

    $self->revived($one->{door}, $r);
}


sub names {
    my ($r) = @_;
    return join ' ', map { $_->{metadata}{name} } @{ $r->json };
}


sub checks_of { join ' ', map { my $ns = $_; map { "$ns-$_" } 1 .. 9 } @_ }


sub same {
    my ($self, $got, $want, $what) = @_;

    return if $got eq $want;

    my %may = map { $_ => 1 } split ' ', $want;
    my $foreign = grep { !$may{$_} } split ' ', $got;
    $self->{child}->wrong($foreign ? 'foreign' : 'answer', "$what: $got");
}


sub lists_of_roles {
    my ($self) = @_;

    my ($who, @may) = rand() < 0.7 ? ('ann', 'dev') : ('admin', @namespaces);
    my $query = rand() < 0.5 ? '' : '?limit=' . (1 + int rand 12);
    my @got;

    for (my $next = $query; defined $next; ) {
        my $r = $self->ask('rbac', 'GET', "$api/checks$next",
                           token => $self->{token}{$who});
        $self->expect($r, 200, "rbac, $who") or return;
        push @got, names($r);

        my $token = $r->header('Sensu-Continue');
        $next = defined $token ? "?continue=$token" : undef;
    }

    $self->{child}->count('lists by roles');
    $self->same(join(' ', @got), checks_of(@may), "rbac, $who");
}


sub refused_by_roles {
    my ($self) = @_;

    my ($who, $path) = @{ (
        [ ann => "$api/namespaces/ops/checks" ], [ ann => "$api/users" ],
        [ ann => "$api/namespaces/prod/checks?limit=2" ],
        [ ann => "$api/namespaces/dev/handlers" ], [ eve => "$api/checks" ],
        [ eve => "$api/namespaces/dev/checks/dev-1" ])[rand 6] };

    my $r = $self->ask('rbac', 'GET', $path, token => $self->{token}{$who});

    $self->{child}->count('refused by roles');
    $self->expect($r, 403, "rbac, $who $path", qr/rbac_forbidden/);
}


sub limited {
    my ($self) = @_;

    my $r = $self->ask('limited', 'GET', "$api/namespaces/dev/checks",
                       token => $self->{token}{admin}) // return;

    return $self->{child}->count('rate limited')
        if $r->{status} == 429 && defined $r->header('Retry-After');

    $self->expect($r, 200, 'within the limit') or return;
    $self->same(names($r), checks_of('dev'), 'limited');
}


# a walk whose cursors are in memory, or in a Redis that may be emptied

sub walk_by_h3 {
    my ($self) = @_;

    $self->{h3} or return;

    my $doors = $self->{walks_doors};
    my $door = $doors->[rand @$doors];
    my $query = '?limit=' . (4 + int rand 10);
    my ($next, $saved, @got) = ('', 0);

    while (defined $next) {
        my $asked = time;
        my $r = $self->ask($door, 'GET', "$api/checks$query$next", h3 => 1,
                           token => $self->{token}{admin}) // return;

        return $self->{child}->count('excused status 410')
            if $r->{status} == 410 && $r->{body} =~ /continue_expired/
               && $self->troubled($door, $saved, 'emptied');

        $self->expect($r, 200, "HTTP/3, $door") or return;
        push @got, names($r);

        my $token = $r->header('Sensu-Continue');
        $next = defined $token ? "&continue=$token" : undef;
        $saved = $asked;
    }

    $self->{child}->count($_) for 'walks', 'walks over HTTP/3';
    $self->same(join(' ', @got), checks_of(@namespaces), "HTTP/3, $door");
}

1;
