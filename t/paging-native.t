# Native paging: what goes to the backend, that its faults are seen and got
# round within the client's request, what is learnt of it, what it saves.

use lib 't/lib';
use SensuTest;
use MIME::Base64 qw(decode_base64url encode_base64url);

my $t = SensuTest->new;
my $demo = $t->demo('--rich', '--control', '--no-token-store');

my $header = 'add_header X-Page $sensu_page always;';
my $gw = $t->nginx(backend => $demo, server => $header);
my $token = $t->token;
my $api = '/api/core/v2';


sub control { my ($what, $json) = @_; $demo->post("/demo/$what", $json) }


# the targets that reached the backend since the last call

my $seen = 0;

sub targets {
    my @all = map { (split)[1] } grep { !m{ /demo/} } $demo->requests;
    my @new = @all[$seen .. $#all];
    $seen = @all;
    return @new;
}


sub keys_of {
    my ($type, $text, $ns) = @_;

    my $o = JSON::PP->new->decode($text);
    my $meta = $o->{metadata};

    return $o->{name} if $type eq 'namespaces';
    return $o->{username} if $type eq 'users';

    my @key = $type =~ /events/
            ? ($o->{entity}{metadata}{namespace}, $o->{entity}{metadata}{name},
               $o->{check}{metadata}{name})
            : ($meta->{namespace} // (), $meta->{name});
    shift @key if $ns;

    return join '/', @key;
}


subtest 'what is asked for' => sub {
    my %ns = map { $_ => 1 } grep { !/namespaces|users|cluster/ }
    my @types = qw(assets checks clusterrolebindings clusterroles entities
                   events extensions filters handlers hooks mutators
                   namespaces rolebindings roles users);

    for my $list ((map { [ $_, '' ] } @types),
                  (map { [ $_, 'dev' ] } grep { $ns{$_} } @types),
                  [ 'events/web', 'dev' ])
    {
        my ($type, $ns) = @$list;
        my $path = $ns ? "$api/namespaces/$ns/$type" : "$api/$type";

        targets();
        my $walk = $gw->walk($path, 2, token => $token);
        my @got = targets();
        my @wanted = $ns ? "\0" : ();
        @wanted = "web/\0" if $type eq 'events/web';

        # after each page a cursor of its last element

        push @wanted, map { keys_of($type, $_->[-1], $ns) . "\0" }
                      grep { @$_ == 2 } @{ $walk->{pages} };
        pop @wanted if @wanted > @got;
        unshift @wanted, undef if !$ns;
        pop @wanted if @wanted > @got;

        $path =~ s{/web\z}{};

        is_deeply \@got,
                  [ map { "$path?limit=3" . (defined $_ ? '&continue='
                                             . encode_base64url($_) : '') }
                    @wanted ], "$path: limit + 1 and cursors made here";
        is $walk->{responses}[-1]->header('X-Page'), 'native', 'native';
    }

    targets();
    my $walk = $gw->walk("$api/silenced", 1, token => $token);
    is_deeply [ targets() ], [ ("$api/silenced") x @{ $walk->{pages} } ],
              'silenced is asked for as a whole';
    is $walk->{responses}[0]->header('X-Page'), 'sliced', 'and sliced';

    $gw->get("$api/checks?limit=999999999&a=%62&&c", token => $token);
    is_deeply [ targets() ], [ "$api/checks?a=%62&&c&limit=1001" ],
              'other parameters stay, the maximum holds';
};

subtest 'a cursor of a client goes nowhere' => sub {
    my $evil = encode_base64url('../');
    my $mine = $gw->get("$api/checks?limit=1", token => $token)
               ->header('Sensu-Continue');

    my @names = ('continue', '%63ontinue', 'c%6Fntinue', 'continu%65',
                 '%63%6f%6e%74%69%6e%75%65', 'continue%00', 'x=1;continue',
                 '&&continue', '+continue');

    targets();

    for my $path ("$api/checks", "$api/namespaces/dev/checks",
                  "$api/namespaces/dev/events/web", "$api/silenced",
                  "$api/namespaces/dev/checks/disk", "$api/tessen",
                  "$api/cluster/members", "$api/things", '/health', '/metrics',
                  '/auth/test', '/graphql')
    {
        for my $name (@names) {
            for my $value ($evil, $mine) {
                for my $limit ('', 'limit=1&') {
                    $gw->get("$path?$limit$name=$value", token => $token);
                }
            }

            $gw->request($_, "$path?$name=$evil", token => $token)
                for qw(HEAD OPTIONS);
        }
    }

    my @got = targets();
    ok @got > 100, 'requests reached the backend';

    my $decoded = sub { $_[0] =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ger };
    is_deeply [ grep { $decoded->($_) =~ /(?:^|[?&;])continue=(?:\Q$evil\E|
                                          \Q$mine\E)/x } @got ], [],
              'none brought it';
    is_deeply [ grep { /Sensu-Continue/i } map { $_->[0] } map {
                    @{ $gw->get($_, token => $token)->{headers} } }
                "$api/checks", "$api/namespaces", "$api/checks?limit=0",
                "$api/namespaces/dev/checks" ], [],
              'and none of the backend came back';
};

subtest 'faults of the backend' => sub {
    my $path = "$api/entities";
    my $all = $demo->get($path, token => $token)->{body};

    my %fault = (
        'ignores paging' => '{"action":"ignore-paging"}',
        'answers 500 to cursors' => '{"path_regex":"continue=","status":500,'
                                    . '"body":"{}"}',
        'answers 400 to cursors' => '{"path_regex":"continue=","status":400,'
                                    . '"body":"{}"}',
        'answers 500 to limits' => '{"path_regex":"limit=","status":500,'
                                   . '"body":"{}"}',
    );

    for my $name (sort keys %fault) {
        my $other = $t->nginx(backend => $demo, server => $header,
                              workers => 2);
        control('fault', $fault{$name});
        targets();

        my $walk = $other->walk($path, 3, token => $token);
        is '[' . join(',', @{ $walk->{elements} }) . ']', $all,
           "a backend that $name: the whole list";

        my @got = targets();
        my $n = @{ $walk->{pages} };

        cmp_ok scalar @got, '<=', $n + 1, 'one request more at most';
        cmp_ok scalar(grep { /limit=/ } @got), '<=', 2, 'it was learnt';
        is scalar $other->grep_log(qr/does not page "entities"/), 1,
           'and logged';

        control('fault', '{"action":"clear"}');
        $other->reload;
        $other->get("$path?limit=3", token => $token);
        is_deeply [ targets() ], [ $path ], 'still known after a reload';

        $other->get("$api/checks?limit=3", token => $token);
        is_deeply [ targets() ], [ "$api/checks?limit=4" ],
                  'of this route alone';

        for my $else ("$api/namespaces/dev/entities?limit=3",
                      "$path?limit=3&labelSelector=a")
        {
            $other->get($else, token => $token);
            my @asked = targets();
            like $asked[0], qr/limit=4/, "nor of another list: $else";
        }

        $other->stop;
    }

    # an entity's events are asked for from the entity on: what comes before
    # it is not their end

    my ($ns, $entity, @want) = last_entity();
    control('fault', $fault{'ignores paging'});
    is_deeply $gw->walk("$api/namespaces/$ns/events/$entity", 2,
                        token => $token)->{elements}, \@want,
              "a backend that ignores paging: the events of $entity";
    control('fault', '{"action":"clear"}');

    # and where they end is seen without the guard, too

    my $list = "$api/namespaces/$ns/events";
    my @events = @{ SensuTest::HTTP::elements(
                        $demo->get($list, token => $token)->{body}) };
    my ($first) = map { (split m{/}, keys_of('events', $_))[1] } $events[0];
    my $open = $t->nginx(backend => $demo, location => 'sensu_guard off;');

    isnt $first, $entity, 'others come after';
    is_deeply $open->walk("$list/$first", 1, token => $token)->{elements},
              [ grep { (split m{/}, keys_of('events', $_))[1] eq $first }
                @events ], "sensu_guard off: the events of $first";
    $open->stop;
    targets();

    # what hits both ways is the backend's answer, and no lesson

    control('fault', '{"path_regex":"hooks","status":500,"times":2,'
                     . '"body":"{\"message\":\"down\"}"}');
    targets();
    my $r = $gw->get("$api/hooks?limit=1", token => $token);
    is "$r->{status} $r->{body}", '500 {"message":"down"}', 'a real 500';
    is_deeply [ targets() ], [ "$api/hooks?limit=2", "$api/hooks" ],
              'was tried both ways';
    $gw->get("$api/hooks?limit=1", token => $token);
    is_deeply [ targets() ], [ "$api/hooks?limit=2" ], 'nothing was learnt';

    my $c = $gw->get("$api/checks?limit=1", token => $token)
            ->header('Sensu-Continue');
    control('fault', '{"path_regex":"checks","status":401,"times":1,'
                     . '"body":"{\"message\":\"invalid credentials\"}"}');
    $r = $gw->get("$api/checks?limit=1&continue=$c", token => $token);
    is "$r->{status} $r->{body}", '401 {"message":"invalid credentials"}',
       'a 401 within a walk is the client\'s';
    $r = $gw->get("$api/checks?limit=1&continue=$c", token => $token);
    is $r->{status}, 200, 'and the walk goes on after it';
};


# the one with events that stands last in a namespace, where it is not alone

sub last_entity {
    my %of;

    for (@{ elements($demo->get("$api/events", token => $token)->{body}) }) {
        my ($ns, $entity) = split m{/}, keys_of('events', $_);
        push @{ $of{$ns}{$entity} }, $_;
    }

    for my $ns (sort grep { keys %{ $of{$_} } > 1 } keys %of) {
        my ($entity) = sort { "$b/" cmp "$a/" } keys %{ $of{$ns} };
        return ($ns, $entity, @{ $of{$ns}{$entity} });
    }
}


# backends worse than the real one

my @own = map { check($_) } 'a' .. 'h';
my @sibling = map { check($_, 'dev-eu') } 'a', 'b';

my %worse = (
    'serves page one again' => sub { splice @{ [ @own ] }, 0, $_[0] },
    'lists siblings first' => sub { ((@sibling, after($_[1]))
                                     [0 .. $_[0] - 1]) },
    'lists siblings last' => sub { (after($_[1]), @sibling) },
    'turns pages round' => sub { reverse grep { defined }
                                 (after($_[1]))[0 .. $_[0] - 1] },
    'repeats an element' => sub { my @e = after($_[1]);
                                  @e ? ($e[0], @e) : () },
    'is one behind' => sub { my @e = after($_[1]);
                             (grep { defined } $own[$#own - @e], @e)
                             [0 .. $_[0] - 1] },
    'sends other things' => sub { (1, 2, 3)[0 .. $_[0] - 1] },
);


sub check {
    my ($name, $ns) = @_;
    $ns //= 'dev';
    return qq({"metadata":{"name":"$name","namespace":"$ns"}});
}


sub after {
    my ($cursor) = @_;
    return grep { /"name":"(.*?)"/ && "$1\0" gt $cursor } @own;
}


my $worse = $t->upstream(sub {
    my ($c, $req) = @_;

    my ($how) = map { s/\+/ /gr } ($req->{query} // '') =~ /how=([^&]*)/;
    my ($limit) = ($req->{query} // '') =~ /limit=(\d+)/;
    my ($cursor) = ($req->{query} // '') =~ /continue=([^&]*)/;

    my @all = $how eq 'lists siblings last' ? (@own, @sibling)
                                            : (@sibling, @own);
    my %more;

    if ($limit) {
        $cursor = decode_base64url($cursor // '');

        if ($how =~ /maximum/) {
            my @e = after($cursor);
            @all = splice @e, 0, $limit < 2 ? $limit : 2;
            %more = ('Sensu-Continue' => 'xxxx') if @e;

        } elsif ($how =~ /empty/) {
            @all = $cursor eq "\0" ? @own[0 .. $limit - 1] : ();
            %more = ('Sensu-Continue' => 'xxxx');

        } else {
            @all = grep { defined } $worse{$how}->($limit, $cursor);
        }
    }

    $c->reply(200, '[' . join(',', @all) . ']', %more);
});

subtest 'backends that are worse' => sub {
    for my $how (sort keys %worse) {
        for my $limit (1, 3, 5) {
            my $other = $t->nginx(backend => $worse, server => $header);
            my $walk = $other->walk("$api/namespaces/dev/checks?how="
                                    . $how =~ s/ /+/gr, $limit,
                                    token => $token);

            is_deeply $walk->{elements}, \@own, "one that $how, limit $limit";
            $other->stop;
        }
    }

    my $other = $t->nginx(backend => $worse, server => $header);
    my $path = "$api/namespaces/dev/checks";

    my $walk = $other->walk("$path?how=maximum", 5, token => $token);
    is_deeply $walk->{elements}, \@own, 'one with a maximum of its own';
    is_deeply [ map { scalar @$_ } @{ $walk->{pages} } ], [ 2, 2, 2, 2 ],
              'gives short pages';

    $walk = $other->walk("$path?how=empty", 3, token => $token);
    is_deeply $walk->{elements}, \@own,
              'one that says "more" with nothing in the page';
};

subtest 'sensu_native_pages off' => sub {
    my $other = $t->nginx(backend => $demo,
                          server => "$header sensu_native_pages off;");
    targets();
    my $walk = $other->walk("$api/checks", 4, token => $token);

    is_deeply [ targets() ], [ ("$api/checks") x @{ $walk->{pages} } ],
              'no parameter goes up';
    is $walk->{responses}[1]->header('X-Page'), 'sliced', 'all is sliced';
};

subtest 'an operator\'s own form of proxy_pass' => sub {
    my $other = $t->nginx(
        backend => $demo,
        http => 'map $request_uri $seen { default $request_uri; }',
        server => 'set $x $seen;',
        location => '} location ~ ^/api/core/v2/(checks|entities) { '
                    . 'proxy_pass http://sensu$request_uri; ',
    );

    targets();
    my $walk = $other->walk("$api/checks", 2, token => $token);
    my @got = targets();

    is_deeply $walk->{elements},
              elements($demo->get("$api/checks", token => $token)->{body}),
              'with $request_uri: the whole list';
    is_deeply [ grep { !/limit=3(?:&|\z)/ } @got ], [], 'natively';
};

subtest 'a walk moves no more than the list' => sub {
    my $big = $t->demo('--scale', 2000, '--control', '--no-token-store');
    my $other = $t->nginx(backend => $big);
    my $bytes = sub {
        my $stats = $big->get('/demo/stats')->json;
        my $n = 0;
        $n += $_ for values %{ $stats->{bytes} };
        $big->post('/demo/stats', '{}');
        return $n;
    };

    $bytes->();
    my $all = $big->get("$api/events", token => $token)->{body};
    my $whole = $bytes->();

    for my $limit (100, 1000) {
        my $walk = $other->walk("$api/events", $limit, token => $token);
        my $moved = $bytes->();

        is '[' . join(',', @{ $walk->{elements} }) . ']', $all,
           "limit $limit: the whole list";
        cmp_ok $moved, '<=', 1.05 * $whole,
               sprintf 'moved %.3f times its bytes', $moved / $whole;
    }
};

$t->done;
