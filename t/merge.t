# Lists over several namespaces: they are the backend's own cluster-wide list
# without what the caller may not see, in the same order, byte for byte, paged
# and not; whatever happens to namespaces while one reads, there is no gap.

use lib 't/lib';
use SensuTest;

my $CORE = '/api/core/v2';
my $SEED = $ENV{SEED} // int rand 1e6;
my $ROUNDS = $ENV{N} // 4;

my $t = SensuTest->new;
my $demo = $t->demo('--control', '--no-token-store');
my $gw = $t->nginx(backend => $demo,
                   location => 'sensu_namespaces $http_x_may;');
my $token = $t->token(sub => 'admin');

srand $SEED;


sub reset_to {
    my ($what) = @_;
    my $r = $demo->post('/demo/reset', JSON::PP::encode_json($what));
    die $r->{body} if $r->{status} != 200;
}


sub control {
    my ($what, $value) = @_;
    my $r = $demo->post("/demo/$what", JSON::PP::encode_json($value));
    die $r->{body} if $r->{status} != 200;
}


sub as {
    my ($may) = @_;
    return (token => $token, headers => ['X-May' => $may]);
}


sub list_of {
    my ($elements) = @_;
    return '[' . join(',', @$elements) . ']';
}


sub namespace_of {
    my ($element) = @_;
    my $o = JSON::PP::decode_json($element);
    return ($o->{entity} // $o)->{metadata}{namespace};
}


sub pick { $_[rand @_] }


sub name {
    return join '', pick('a' .. 'c', 'A'),
                    map { pick('a' .. 'c', 'A', '-', '.', '_', '0') }
                        1 .. rand 4;
}


my @types = qw(assets checks entities events extensions filters handlers hooks
               mutators rolebindings roles silenced);

for my $round (1 .. $ROUNDS) {
    my %names = map { $_ => 1 } qw(a a-b a.b ab), map { name() } 1 .. rand 26;
    my @namespaces = sort keys %names;
    my @elements;

    for my $ns (@namespaces) {
        for my $type (@types) {
            for (1 .. rand 3) {
                my $name = $type eq 'silenced' ? lc(name()) . ':' . name()
                         : $type eq 'assets' ? lc name() : name() . 'x';
                push @elements,
                    { type => $type, namespace => $ns, name => $name,
                      $type eq 'events' ? (entity => name()) : () };
            }
        }
    }

    reset_to({ namespaces => \@namespaces, users => [],
               elements => \@elements });

    # some that are there, and some that are not, or by chance

    my @his = grep { rand() < 0.5 } @namespaces;
    push @his, pick(@namespaces) while @his < 2;
    push @his, 'gone', 'a-0';
    my $may = join ',', sort { rand() <=> 0.5 } @his;

    subtest "SEED=$SEED, round $round: " . @namespaces . ' namespaces' => sub {
        for my $type (@types) {
            my $path = "$CORE/$type";
            my %his = map { $_ => 1 } @his;
            my $all = elements($demo->get($path, token => $token)->{body});
            my $expected = list_of([grep { $his{namespace_of($_)} } @$all]);

            my $r = $gw->get($path, as($may));
            is $r->{body}, $expected, "$type, unpaged, for $may";
            ok $r->{complete}, 'with an end';

            for my $limit (1, 2, 3, 7) {
                my $walk = $gw->walk($path, $limit, as($may));
                is list_of($walk->{elements}), $expected,
                   "$type, limit $limit, for $may";
                ok !(grep { @$_ != $limit }
                     @{ $walk->{pages} }[0 .. $#{ $walk->{pages} } - 1]),
                   'full pages';
            }
        }
    };
}


# Namespaces come and go between two pages

sub start {
    my (@namespaces) = @_;

    reset_to({ namespaces => \@namespaces, users => [], elements => [
        map { my $ns = $_;
              map { { type => 'hooks', namespace => $ns, name => "h$_" } }
                  1 .. 3 } @namespaces ] });
}


sub names {
    my ($r) = @_;
    return join ' ', map { "$_->{metadata}{namespace}/$_->{metadata}{name}" }
                     @{ $r->json };
}


sub page {
    my ($may, $limit, $after) = @_;

    my $continue = $after ? '&continue=' . $after->header('Sensu-Continue')
                          : '';
    return $gw->get("$CORE/hooks?limit=$limit$continue", as($may));
}


subtest 'a namespace is deleted between two pages' => sub {
    for my $gone (qw(a b c)) {
        start(qw(a b c));

        my $first = page('a,b,c', 4);
        is names($first), 'a/h1 a/h2 a/h3 b/h1', 'page one';

        control('delete', [{ type => 'namespaces', name => $gone },
                           map { { type => 'hooks', namespace => $gone,
                                   name => "h$_" } } 1 .. 3 ]);

        my $second = page('a,b,c', 9, $first);
        is names($second), join(' ', grep { !m{^$gone/} }
                                qw(b/h2 b/h3 c/h1 c/h2 c/h3)),
           "without $gone what is left";
        is $second->header('Sensu-Continue'), undef, 'to its end';
    }
};


subtest 'a namespace is made between two pages' => sub {
    start(qw(a c));

    my $first = page('a,a-b,b,c', 2);
    is names($first), 'a/h1 a/h2', 'page one';

    control('put', [{ type => 'namespaces', name => $_ },
                    { type => 'hooks', namespace => $_, name => 'new' }])
        for qw(a-b b);

    is names(page('a,a-b,b,c', 9, $first)), 'a/h3 b/new c/h1 c/h2 c/h3',
       'what lies before comes too late, what lies behind comes';
};


subtest 'a namespace is taken from, or given to, the caller' => sub {
    start(qw(a b c d));

    my $first = page('a,b,c', 4);
    is names(page('a,c', 9, $first)), 'c/h1 c/h2 c/h3', 'b is his no more';
    is names(page('a,c,d', 9, $first)), 'c/h1 c/h2 c/h3 d/h1 d/h2 d/h3',
       'd is his now';
    is names(page('c', 9, $first)), 'c/h1 c/h2 c/h3', 'only one left';
    is names(page('a', 9, $first)), '', 'only what was read already';
    is page('', 9, $first)->{status}, 403, 'none';
    is names(page('*', 9, $first)),
       'b/h2 b/h3 c/h1 c/h2 c/h3 d/h1 d/h2 d/h3', 'all';
};


# the backend's own word: 403, 404, 5xx, cut, silence

sub fault { control('fault', { action => 'clear' }); control('fault', $_[0]) }

subtest 'a namespace that the backend forbids or does not have' => sub {
    start(qw(a b c d));

    for my $status (403, 404) {
        for my $ns (qw(a b d)) {
            fault({ path_regex => "/namespaces/$ns/hooks",
                    status => $status });

            my $expected = join ' ', grep { !m{^$ns/} }
                           map { my $n = $_; map { "$n/h$_" } 1 .. 3 }
                               qw(a b d);

            is names($gw->get("$CORE/hooks", as('a,b,d'))), $expected,
               "$status in $ns, unpaged";
            is names(page('a,b,d', 9)), $expected, "$status in $ns, a page";

            my $walk = $gw->walk("$CORE/hooks", 2, as('a,b,d'));
            is scalar @{ $walk->{elements} }, 6, 'a walk';
        }

        fault({ path_regex => '/hooks', status => $status });

        # nothing is there; but nothing that may be seen is a refusal

        for my $r ($gw->get("$CORE/hooks", as('a,b')), page('a,b', 9)) {
            my $expected = $status == 404 ? qr/^200 \[\]$/ : qr/^403 \{.*\}\n?$/;
            like "$r->{status} $r->{body}", $expected, "$status everywhere";
        }
    }

    control('fault', { action => 'clear' });

    # the real thing: a user whose roles are in two of his three namespaces

    reset_to({ namespaces => [qw(a b c)], users => ['eve'], elements => [
        map { my $ns = $_;
              { type => 'hooks', namespace => $ns, name => 'h' },
              $ns eq 'b' ? () :
              { type => 'rolebindings', namespace => $ns, name => 'eve',
                subjects => [{ type => 'User', name => 'eve' }],
                role_ref => { type => 'ClusterRole', name => 'view' } } }
            qw(a b c) ] });

    my $eve = $t->token(sub => 'eve', groups => []);
    my @eve = (token => $eve, headers => ['X-May' => 'a b c']);

    is $demo->get("$CORE/hooks", token => $eve)->{status}, 403,
       'the backend itself gives her nothing';
    is names($gw->get("$CORE/hooks", @eve)), 'a/h c/h', 'the gateway two';
    is names($gw->get("$CORE/hooks?limit=1", @eve)), 'a/h', 'a page';
};


subtest 'what is left out takes no room of the page' => sub {
    my $back = $t->upstream(sub {
        my ($c, $req) = @_;
        my ($ns) = $req->{path} =~ m{/namespaces/([^/]+)/};
        my ($refusal, $element, $as) = $req->{query} =~ /(\d+)/g;

        return $c->reply($as, 'n' x $refusal) if $ns =~ /^no/;
        $c->reply(200, qq([{"metadata":{"name":"a","namespace":"$ns"},"x":")
                       . 'y' x $element . '"}]');
    });
    my $gw = $t->nginx(backend => $back,
                       server => 'sensu_native_pages off; '
                                 . 'sensu_page_buffer 8k;',
                       location => 'sensu_namespaces $http_x_may;');
    my $many = join ' ', (map { sprintf 'no%03d', $_ } 1 .. 60), 'yes';

    for my $status (403, 404) {
        for my $case ([ 'no yes', 3000, 6000 ], [ 'no yes zes', 3000, 6000 ],
                      [ $many, 400, 100 ])
        {
            my ($may, $refusal, $element) = @$case;
            my $list = "$CORE/checks?$refusal&$element&$status";
            my $whole = $gw->get($list, as($may))->{body};

            is scalar(@{ elements($whole) }), $may =~ /zes/ ? 2 : 1,
               "$status of $refusal bytes before an element of $element";
            is list_of($gw->walk($list, 5, as($may))->{elements}), $whole,
               'paged';
        }
    }
};


subtest 'a namespace that fails is never a gap' => sub {
    start(qw(a b c d));

    for my $ns (qw(a b d)) {
        for my $fault ({ status => 500 }, { status => 503 },
                       { status => 401 }, { action => 'drop' },
                       { status => 206, body => 'null' },
                       { status => 204, body => '' },
                       { status => 302, body => '' },
                       { action => 'cut-after', bytes => 40 },
                       { action => 'cut-after', bytes => 0 },
                       { action => 'gzip' },
                       { status => 200, body => '{"not":"a list"}' },
                       { status => 200, body => '[{"metadata":' },
                       { status => 200, body => '[]x' },
                       { status => 200, body => '' })
        {
            my $name = join ' ', "$ns:", map { $fault->{$_} // () }
                       qw(action status bytes body);

            fault({ %$fault, path_regex => "/namespaces/$ns/hooks" });

            my $r = page('a,b,d', 9);
            cmp_ok $r->{status}, '>=', 400, "$name: no page";

            $r = $gw->get("$CORE/hooks", as('a,b,d'));

            if ($ns eq 'a'
                && ($fault->{action} // '') !~ /cut|gzip/
                && ($fault->{status} // 0) != 200)
            {
                cmp_ok $r->{status}, '>=', 400, "$name: no list";
                ok $r->{complete}, 'but a whole answer';

            } else {
                # it had begun, perhaps nothing of it was sent

                ok !$r->{complete} || $r->{status} >= 400,
                   "$name: the unpaged list is cut";
                unlike $r->{body}, qr/\]\z/, 'and does not look whole';
                unlike $r->{body}, qr/"not"|\x1f\x8b/, 'nor is there junk';
            }

            # what was got before the fault is served

            is names(page('a,b,d', 2)), 'a/h1 a/h2', "$name: a page before it"
                if $ns eq 'd';
        }
    }

    control('fault', { action => 'clear' });
};


subtest 'no more is asked for than the page may need' => sub {
    start(map { sprintf 'n%02d', $_ } 1 .. 20);
    my $may = join ',', map { sprintf 'n%02d', $_ } 1 .. 20;

    my $asked = sub {
        my ($limit) = @_;
        $demo->forget;
        page($may, $limit);
        return scalar(my @all = $demo->requests);
    };

    is $asked->(2), 1, 'one list has enough for two';
    is $asked->(3), 2, 'to know whether there are more takes one more';
    is $asked->(8), 3, 'three lists have nine';
    cmp_ok $asked->(30), '<=', 11 + 4, 'eleven lists for 31, four at once';

    # a later page: of the list it stands in what is left, of others all

    my $first = page($may, 3);
    $demo->forget;
    page($may, 3, $first);
    is scalar(grep { !/limit=/ } $demo->requests), 0, 'each a page only';
};

# a round of fetches is answered only when all of it has come

my $dir = $t->dir;
my $barrier = $t->upstream(sub {
    my ($c, $req) = @_;

    my ($n) = $req->{path} =~ /n(\d\d)/;
    my ($first, $last) = $n < 2 ? (1, 1) : $n < 6 ? (2, 5) : (6, 7);

    $t->write("came.$n", '');
    $t->write("inside.$n", '');

    SensuTest::Process::wait_for(sub {
        $last - $first + 1 == grep { -e sprintf "$dir/came.%02d", $_ }
                              $first .. $last;
    }) or return $c->reply(500, '{}');

    my @inside = glob "$dir/inside.*";
    open my $most, '>>', "$dir/most" or die;
    syswrite $most, @inside . "\n";

    unlink "$dir/inside.$n";
    $c->reply(200, '[]');
});

subtest 'as many side by side as sensu_merge_parallel says' => sub {
    my $to = $t->nginx(backend => $barrier,
                       location => 'sensu_namespaces $http_x_may; '
                                   . 'sensu_merge_parallel 4;');
    my $r = $to->get("$CORE/hooks?limit=1",
                     as(join ',', map { sprintf 'n%02d', $_ } 1 .. 7));

    is "$r->{status} $r->{body}", '200 []', 'one, four, and the two that are left';

    my ($most) = sort { $b <=> $a } split /\n/, slurp("$dir/most");
    cmp_ok $most, '<=', 4, 'never more';
};

$t->done;
