package SensuTest::Soak::Visitor;

=head1 NAME

SensuTest::Soak::Visitor - all who do not walk: forgers, writers, slow readers

=head1 IDEA

Lists that do not change, behind a gateway with Redis, one with shared memory
and one that merges two namespaces. What each list is, was asked of the backend
itself, so that every 200 is known in advance; so is every refusal. Troubles of
Redis excuse only what needs a cursor.

    new(t, demo, gateways => { redis, memory, merged }, scope => [namespaces])
    turn(child)            one visit

=cut

use strict;
use warnings;

use IO::Select;
use JSON::PP ();
use SensuTest::HTTP ();
use SensuTest::JWT ();
use Time::HiRes qw(sleep time);


my $api = '/api/core/v2';
my @types = qw(assets checks entities events filters hooks mutators roles
               namespaces users);

# weight, method
my @visits = ([6, \&unpaged], [6, \&walk], [4, \&no_token], [3, \&bad_token],
              [3, \&write], [3, \&bad_write], [2, \&odd_get],
              [2, \&bad_continue], [2, \&slow], [2, \&gone], [1, \&h2]);
my @urn = map { ($_->[1]) x $_->[0] } @visits;


sub new {
    my ($class, %opt) = @_;

    my $self = bless { %opt, token => $opt{t}->token, renewed => time },
                     $class;

    for my $type (@types) {
        my $r = $opt{demo}->get("$api/$type", token => $self->{token});
        my @all = @{ SensuTest::HTTP::elements($r->{body}) };

        die "no $type to visit\n" if @all < 2;
        $self->{list}{$type} = \@all;
        $self->{merged}{$type} = [ grep { $self->in_scope($_) } @all ];
    }

    $self->{forged} = forged($opt{t});

    return $self;
}


sub in_scope {
    my ($self, $text) = @_;

    my $element = JSON::PP->new->decode($text);
    my $meta = ($element->{entity} // $element)->{metadata};
    return $meta && grep { $meta->{namespace} eq $_ } @{ $self->{scope} };
}


sub forged {
    my ($t) = @_;

    my %claims = (sub => 'admin', groups => ['cluster-admins'],
                  exp => time + 86400);
    my $good = SensuTest::JWT::jwt('HS256', \%claims, $t->secret);
    my ($head, $body, $signature) = split /\./, $good;

    return [
        SensuTest::JWT::jwt('HS256', \%claims, 'x' x 32),
        SensuTest::JWT::jwt('HS384', \%claims, $t->secret),
        SensuTest::JWT::jwt('HS256', { %claims, exp => 1 }, $t->secret),
        SensuTest::JWT::jwt('HS256', { sub => 'admin' }, $t->secret),
        "$head.$body.", "$head.$body", ".$body.$signature", 'x', '',
        "$good $good", $good . 'A', 'eyJhbGciOiJub25lIn0.' . $body . '.',
    ];
}


sub turn {
    my ($self, $child) = @_;

    # tokens live for 15 minutes
    if (time - $self->{renewed} > 300) {
        $self->{token} = $self->{t}->token;
        $self->{renewed} = time;
    }

    $self->{session} //= { map { $_ => $self->{gateways}{$_}->session }
                           keys %{ $self->{gateways} } };
    $self->{child} = $child;

    my $gateway = (qw(redis memory))[rand 2];
    $urn[rand @urn]->($self, $gateway);
}


# one request, of which a TERM is the only excuse not to be answered

sub ask {
    my ($self, $gateway, $method, $path, %opt) = @_;

    my $child = $self->{child};
    my $asked = time;

    my $r = $self->{session}{$gateway}->request(
        $method, $path, token => $self->{token}, %opt);
    $child->count('requests');

    if (!$r->{status} || !$r->{complete}) {
        if ($child->troubled('term', $asked)) {
            $child->count('excused connection lost');

        } else {
            $child->wrong('answer', "$gateway $method $path: $r->{error}");
        }

        return;
    }

    return $r;
}


sub expect {
    my ($self, $r, $status, $what, $pattern) = @_;

    $r // return;
    return 1 if $r->{status} =~ /^(?:$status)\z/
                && (!$pattern || $r->{body} =~ $pattern);

    $self->{child}->wrong('answer', "$what: $r->{status} "
                                    . substr $r->{body}, 0, 200);
    return;
}


sub same {
    my ($self, $got, $want, $what) = @_;

    return if join("\0", @$got) eq join("\0", @$want);
    $self->{child}->wrong('answer', sprintf '%s: %d elements instead of %d, '
                          . 'or others', $what, scalar @$got, scalar @$want);
}


sub some_list {
    my ($self, $gateway) = @_;

    my $type = $types[rand @types];

    if (rand() < 0.3 && $type ne 'users' && $type ne 'namespaces') {
        return ('merged', $type, $self->{merged}{$type});
    }

    return ($gateway, $type, $self->{list}{$type});
}


sub unpaged {
    my ($self, $gateway) = @_;

    ($gateway, my $type, my $want) = $self->some_list($gateway);
    my $r = $self->ask($gateway, 'GET', "$api/$type");

    $self->{child}->count('whole lists');
    $self->whole($r, $want, "$gateway $type");
}


sub whole {
    my ($self, $r, $want, $what) = @_;

    $self->expect($r, 200, $what) or return;
    my $got = eval { SensuTest::HTTP::elements($r->{body}) }
              // return $self->{child}->wrong('answer', "$what: $@");
    $self->same($got, $want, $what);
}


sub walk {
    my ($self, $gateway) = @_;

    ($gateway, my $type, my $want) = $self->some_list($gateway);

    my $limit = 1 + int(@$want / (2 + rand 5));
    my ($next, @got, $saved) = ('');

    for (1 .. @$want + 2) {
        my $asked = time;
        my $r = $self->ask($gateway, 'GET', "$api/$type?limit=$limit$next")
                // return;

        if ($gateway eq 'redis'
            && ($r->{status} == 503
                && $self->{child}->troubled('redis', $asked)
                || $r->{status} == 410 && defined $saved
                && $self->{child}->troubled('emptied', $saved)))
        {
            return $self->{child}->count("excused status $r->{status}");
        }

        $self->expect($r, 200, "$gateway $type, page") or return;
        push @got, @{ SensuTest::HTTP::elements($r->{body}) };
        $saved = $asked;

        my $token = $r->header('Sensu-Continue');

        if (!defined $token) {
            $self->{child}->count('walks');
            return $self->same(\@got, $want, "$gateway $type, walk");
        }

        $next = "&continue=$token";
    }

    $self->{child}->wrong('endless', "$gateway $type");
}


# paths with this in them must never be seen by the backend

sub forbidden { "$api/namespaces/forbidden/" . $types[rand @types] }


sub no_token {
    my ($self, $gateway) = @_;

    my $r = $self->ask($gateway, 'GET', $self->forbidden, token => undef);
    $self->{child}->count('bad tokens');
    $self->expect($r, 401, 'no token', qr/missing_token/);
}


sub bad_token {
    my ($self, $gateway) = @_;

    my $token = $self->{forged}[rand @{ $self->{forged} }];
    my $r = $self->ask($gateway, 'GET', $self->forbidden . '?limit=2',
                       token => $token);
    $self->{child}->count('bad tokens');
    $self->expect($r, 401, "token $token");
}


sub body {
    my ($ns, $name, $pad) = @_;

    return qq({"metadata":{"name":"$name","namespace":"$ns"},"type":"pipe",)
           . qq("command":"true@{[' ' x ($pad // 0)]}","timeout":1});
}


sub write {
    my ($self, $gateway) = @_;

    my $name = 'soak-' . int rand 50;
    my $body = body('default', $name, rand() < 0.1 ? 400_000 : 0);
    my %how = rand() < 0.5 ? (body => $body)
            : (chunked => [ unpack '(a100000)*', $body ]);

    my $r = $self->ask($gateway, 'PUT',
                       "$api/namespaces/default/handlers/$name", %how);
    $self->{child}->count('writes');
    $self->expect($r, '20[014]', "PUT $name");
}


sub bad_write {
    my ($self, $gateway) = @_;

    my $path = "$api/namespaces/default/handlers/forbidden";
    my @bad = (
        [ 400, 'body_mismatch', body => body('dev', 'forbidden') ],
        [ 400, 'body_mismatch', body => body('default', 'other') ],
        [ 400, 'body_mismatch',
          body => body('default', 'forbidden') =~ s/namespace/NameSpace/r
                  =~ s/default/dev/r ],
        [ 400, 'body_not_json', body => '{"metadata":' ],
        [ 413, 'body_too_large', body => body('default', 'forbidden', 512_000),
          ],
        [ 413, 'body_too_large', chunked => [ ('x' x 60_000) x 9 ] ],
        [ 415, 'body_type', body => body('default', 'forbidden'),
          headers => [ 'Content-Type', 'application/x-www-form-urlencoded' ] ],
    );
    my ($status, $reason, @how) = @{ $bad[rand @bad] };

    my $r = $self->ask($gateway, 'PUT', $path, @how);
    $self->{child}->count('bad writes');
    $self->expect($r, $status, "PUT, $reason", qr/$reason/);
}


# conditions and ranges do not apply to lists, HEAD is the backend's own affair

sub odd_get {
    my ($self, $gateway) = @_;

    my ($list, $type, $want) = $self->some_list($gateway);

    if (rand() < 0.4) {
        my $r = $self->ask($gateway, 'HEAD', "$api/$type?limit=3");
        $self->{child}->count('HEAD');
        return $self->expect($r, '200|405', 'HEAD', qr/^\z/);
    }

    my @odd = (['If-None-Match', '*'], ['Range', 'bytes=1-2'],
               ['If-Modified-Since', 'Fri, 01 Jan 2100 00:00:00 GMT'],
               ['If-Match', '"x"']);
    my $odd = $odd[rand @odd];

    # as one page, which is the last
    my $query = rand() < 0.5 ? '?limit=1000' : '';
    my $r = $self->ask($list, 'GET', "$api/$type$query", headers => $odd);
    $self->{child}->count('conditional');
    $self->whole($r, $want, "$list $type, $odd->[0]");
}


sub bad_continue {
    my ($self, $gateway) = @_;

    my ($path, $reason) = ("$api/checks?limit=2&continue=", 'bad_continue');
    my ($status, $token) = (400, 'L2NoZWNrcy8');

    if (rand() < 0.5) {
        ($status, $reason, $gateway) = (410, 'continue_expired', 'memory');
        $token = join '', map { ('a' .. 'z', 0 .. 9, '_')[rand 37] } 1 .. 21;
        $token .= 'A';
    }

    my $r = $self->ask($gateway, 'GET', "$path$token");
    $self->{child}->count('bad continue');
    $self->expect($r, $status, "continue=$token", qr/$reason/);
}


# reads a list of a megabyte with pauses; nginx has little room for what it
# wants to send (sndbuf)

sub slow {
    my ($self, $gateway) = @_;

    my ($list, $type, $want) = (rand() < 0.3 ? 'merged' : $gateway, 'events');
    $want = $self->{$list eq 'merged' ? 'merged' : 'list'}{$type};

    my $c = $self->{session}{$list}->connection;
    my $asked = time;
    $c->send($self->{session}{$list}->message(
        'GET', "$api/$type" . (rand() < 0.5 ? '?limit=1000' : ''),
        token => $self->{token}));

    for (1 .. 5) {
        sleep rand 0.2;
        $c->{socket} or last;
        sysread $c->{socket}, $c->{in}, 4096, length $c->{in} or last;
    }

    my $r = $c->response;
    $self->{child}->count($_) for 'requests', 'slow readers';

    return $self->{child}->count('excused connection lost')
        if !$r->{complete} && $self->{child}->troubled('term', $asked);

    $self->whole($r, $want, "$list $type, read slowly, " . $r->{error});
}


# the client is gone: within its head, its body, or the answer

sub gone {
    my ($self, $gateway) = @_;

    my $session = $self->{session}{$gateway};
    my $text = rand() < 0.4
             ? $session->message('PUT', "$api/namespaces/default/handlers/gone",
                                 token => $self->{token},
                                 body => body('default', 'gone', 300_000))
             : $session->message('GET', "$api/events"
                                 . (rand() < 0.5 ? '' : '?limit=200'),
                                 token => $self->{token});

    my $c = $session->connection;
    $c->send(rand() < 0.5 ? $text : substr $text, 0, int rand length $text);
    sleep rand 0.02;
    sysread $c->{socket}, my $some, 1 + int rand 5000
        if $c->{socket} && IO::Select->new($c->{socket})->can_read(0.01);
    rand() < 0.5 ? $c->reset : $c->close;

    $self->{child}->count($_) for 'requests', 'clients gone';
}


# HTTP/2, several streams at a time; now and then the client is gone

sub h2 {
    my ($self, $gateway) = @_;

    my ($list, $type) = $self->some_list($gateway);
    my $asked = time;
    my $limit = rand() < 0.2 ? 0.05 : 20;

    open my $h2load, '-|', 'timeout', $limit, 'h2load', '-n', 30, '-c', 2,
         '-m', 5, "--header=authorization: Bearer $self->{token}",
         'http://127.0.0.1:' . $self->{gateways}{$list}->h2_port
         . "$api/$type"
        or die "h2load: $!";
    my $out = do { local $/; <$h2load> };
    close $h2load;

    $self->{child}->count('requests', 30);
    return $self->{child}->count('clients gone') if $limit < 1;

    $self->{child}->count('HTTP/2', 30);
    return if $out =~ /^status codes: 30 2xx/m;

    # a GOAWAY ends what h2load still wanted to send
    return $self->{child}->count('excused connection lost')
        if $self->{child}->troubled('term', $asked)
           || $self->{child}->troubled('reload', $asked);

    $self->{child}->wrong('answer', "h2load $list $type: $out");
}

1;
