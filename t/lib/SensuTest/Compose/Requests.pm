package SensuTest::Compose::Requests;

=head1 NAME

SensuTest::Compose::Requests - who asks what in the matrix of compositions

=head1 METHODS

    state($rules)          what the demo backend is reset to; with "rbac" it has
                           roles that give them what a "list" would
    callers($t, $rules)    name => { token, may => [namespaces], all, known };
                           may is what sensu_namespaces gives him, known: his
                           token counts
    requests               [method, target, %opt], the same for everybody
    lies($line, $caller)   does a line of the backend's log lie in what he may
                           reach? a sentence on what is wrong, or undef

=cut

use strict;
use warnings;

use MIME::Base64 qw(decode_base64url encode_base64url);
use SensuTest::JWT;
use SensuTest::Roles;


my $CORE = '/api/core/v2';
my @TYPES = qw(assets checks entities events filters handlers hooks mutators
               silenced);
my @NAMESPACES = qw(dev dev-eu ops secret);
my %MAY = (one => ['dev'], two => ['dev', 'ops'], none => []);


sub thing {
    my ($type, $ns, $name) = @_;

    return { type => $type, namespace => $ns,
             name => $type eq 'silenced' ? "$name:$name" : $name,
             $type eq 'events' ? (entity => $name) : () };
}


sub state {
    my ($rules) = @_;

    return { namespaces => \@NAMESPACES,
             users => [qw(one two none adm),
                       { name => 'gateway', password => 'S3cret:pass',
                         groups => [] }],
             elements => [ $rules eq 'rbac' ? roles() : (),
                 map { my $type = $_;
                 map { (thing($type, $_, 'cpu'), thing($type, $_, 'disk')) }
                     @NAMESPACES } @TYPES ] };
}


sub roles {
    return account('gateway'),
        role('clusterroles', 'all', undef, [ ['*'], ['*'] ]),
        binding('adm', undef, 'all', 'adm'),
        map { my $who = $_;
              map { binding($who, $_, 'all', $who) } @{ $MAY{$who} } }
            sort keys %MAY;
}


# a backend that would let them do all shows what the gateway lets through

sub callers {
    my ($t, $rules) = @_;

    my @groups = $rules eq 'rbac' ? (groups => []) : ();
    my $token = sub {
        $t->token(sub => $_[0], jti => "jti-$_[0]", @groups, @_[1 .. $#_])
    };

    my %callers = (
        nobody => { may => [] },
        forged => { may => [], token => substr($token->('adm'), 0, -6) . 'AAAAAA' },
        other_key => { may => [], token => SensuTest::JWT::jwt('HS256',
            { sub => 'adm', exp => time + 900 }, 'x' x 32) },
        expired => { may => [], token => $token->('adm', exp => time - 60) },
        refresh => { may => [], token => $token->('adm', exp => undef) },
        gone => { may => [] },
        adm => { may => [@NAMESPACES], all => 1, known => 1,
                 token => $token->('adm') },
        map { $_ => { may => $MAY{$_}, known => 1, token => $token->($_) } }
            keys %MAY,
    );

    $callers{$_}{name} = $_ for keys %callers;

    return %callers;
}


# what is written is in no list that is asked for

sub mutator {
    my ($ns, $name) = @_;
    return qq({"metadata":{"name":"$name","namespace":"$ns"},"command":"x"});
}


sub requests {
    my $dev = "$CORE/namespaces/dev";
    my $ops = "$CORE/namespaces/ops";
    my $up = encode_base64url("../ops/\0");
    my @good = (body => mutator('dev', 'cpu'));

    my @lists = map { ["GET", $_] }
        (map { ("$CORE/$_", "$CORE/$_?limit=1", "$dev/$_", "$dev/$_?limit=1") }
             qw(checks events silenced)),
        "$CORE/entities?limit=3", "$CORE/namespaces/-/hooks", "$ops/hooks",
        "$ops/hooks?limit=5", "$CORE/hooks?x=%41&limit=100", "$dev/events/cpu",
        "$CORE/namespaces", "$CORE/namespaces?limit=1", "$CORE/users",
        "$CORE/clusterroles", "$CORE/namespaces/nosuch/checks",
        "$CORE/handlers?labelSelector=a%20in%20b";

    my @reads = map { ["GET", $_] }
        "$dev/checks/cpu", "$ops/checks/cpu", "$dev/checks/c%70u",
        "$dev/checks/none", "$CORE/namespaces/dev", "$CORE/namespaces/ops",
        "$CORE/users/one", "$CORE/users/adm", "$dev/assets/a%2Fb", '/health',
        '/graphql', '/version', '/api/other/v1/checks', "$CORE/CHECKS";

    my @writes = (
        [PUT => "$dev/mutators/cpu", @good],
        [PUT => "$ops/mutators/cpu", body => mutator('ops', 'cpu')],
        [PUT => "$dev/mutators/cpu", body => mutator('ops', 'cpu')],
        [PUT => "$dev/mutators/cpu", body => mutator('dev', '../ops/x')],
        [PUT => "$dev/mutators/cpu", chunked => [mutator('dev', 'cpu')]],
        [POST => "$dev/mutators", body => '{"a":"' . 'x' x 600_000 . '"}'],
        [POST => "$dev/mutators", body => '{}', headers => ['Content-Type' => '']],
        [POST => "$dev/checks/cpu/execute", body => 'no'],
        [DELETE => "$dev/mutators/none"],
        [DELETE => "$ops/mutators/none"],
        [DELETE => "$CORE/namespaces/dev"],
        [DELETE => "$CORE/namespaces/nosuch", body => "GET /x HTTP/1.1\r\n\r\n"],
        [DELETE => "$dev/checks"],
        [PATCH => "$dev/checks/cpu", body => '{}'],
        [HEAD => "$dev/checks"], [OPTIONS => "$CORE/checks"],
        [PUT => "$CORE/users/one/password", body => '{"a":1}'],
        [POST => '/graphql', body => '{}'],
    );

    my @attacks = map { ["GET", $_] }
        "$dev/checks/..%2Fops%2Fcpu", "$dev/checks/..%252Fops%252Fcpu",
        "$dev/../ops/checks", "$dev/%2e%2e/ops/checks", "$dev//checks",
        "$dev/checks?continue=$up", "$CORE/checks?%63ontinue=$up",
        "$dev/events/cpu%3Flimit=1%26continue=$up", "$dev/checks?limit=-1",
        "$dev/checks;x", "$dev/checks?a;limit=1", '/%61pi/core/v2/checks',
        "/in$ops/checks", "/in/..$ops/checks", "/api", "$CORE/namespaces/-/",
        "$dev%2F..%2Fops/checks", "$dev/checks?limit=1&continue=" . 'A' x 22,
        "$CORE/namespaces/dev-eu/checks", "$CORE/namespaces/*/checks";

    push @attacks,
        [GET => "$dev/checks", headers => [Range => 'bytes=0-1',
            'If-None-Match' => '*', 'X-Remote-User' => 'adm']],
        [GET => "$ops/checks", headers => ['X-HTTP-Method-Override' => 'PUT',
            'X-Original-URL' => "$dev/checks", 'X-Accel-Redirect' => "$ops/x"]],
        [GET => "$CORE/checks", headers => ['Accept-Encoding' => 'gzip']];

    return (@lists, @reads, @writes, @attacks);
}


my %public = map { $_ => 1 } qw(/health /auth /auth/test /auth/token /auth/logout);


sub lies {
    my ($line, $caller) = @_;

    my ($method, $target) = split / /, $line;
    my ($path, $query) = split /\?/, $target, 2;

    return if $public{$path};
    return 'a path that climbs'
        if $path =~ m{%2e|/\.\.?(?:/|$)|//|%25|%3f|%23|%00}i;

    # beside the API these are any words
    my $api = ($path =~ s/%([0-9a-f]{2})/chr hex $1/gier) =~ m{/api(?:/|$)};

    return 'a path with an escaped slash'
        if $api && $path =~ /%2f/i
           && $path !~ m{^$CORE/(?:namespaces/[\w-]+/)?assets/[^/]+(?:/[^%]*)?$};

    $query = '' if !defined $query || !$api;

    for my $cursor ($query =~ /(?:^|&)continue=([^&]*)/g) {
        return 'a cursor of the client'
            if decode_base64url($cursor) !~ /\A[^.\/]*(?:\/[^.\/]*)*\0\z/;
    }

    return 'a limit of the client' if $query =~ /limit=-/;
    return 'a request of nobody' if !$caller->{known};
    return if $caller->{all};

    my ($names, $ns) =
        $path =~ m{^/api/(?:core/v2|other/v1|x/v1)/(namespaces)(?:/([^/]+)|$)};

    # the list of them is asked for whole, of whatever group, and narrowed
    return if $names && !defined $ns && $method eq 'GET';
    return if defined $ns && grep { $_ eq $ns } @{ $caller->{may} };
    return if $path =~ m{^$CORE/users/\Q$caller->{name}\E(?:/password)?$}
              && $method =~ /^(?:GET|PUT)$/;

    return 'what is not his';
}

1;
