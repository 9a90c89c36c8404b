# sensu_backend: what later backends do right is left to them, what they do
# in another way is done so.

use lib 't/lib';
use SensuTest;

my $CORE = '/api/core/v2';

my $t = SensuTest->new;
my ($demo, $gw, $token);


sub start {
    my ($backend, $version) = @_;

    $demo = $t->demo('--rich', '--control', '--sensu', $backend,
                     '--secret-file', $t->secret_file);
    $gw = $t->nginx(backend => $demo,
                    server => $version ? "sensu_backend $version;" : '',
                    location => 'add_header X-Page $sensu_page always;');
    $token = $demo->login;
}


# the kind of pages that a list is walked by; the walk equals the whole list

sub pages {
    my ($path) = @_;

    my $all = elements($demo->get($path, token => $token)->{body});
    my ($ns) = $path =~ m{/namespaces/([^/]+)/};
    $all = [ grep { /"namespace":"\Q$ns\E"/ } @$all ] if $ns;

    my %kind;

    for my $limit (1, 2, 5) {
        my $walk = $gw->walk($path, $limit, token => $token);

        is_deeply [ map { s/"expire":-?\d+//r } @{ $walk->{elements} } ],
                  [ map { s/"expire":-?\d+//r } @$all ],
                  "$path by $limit: the whole list";
        $kind{ $_->header('X-Page') } = 1 for @{ $walk->{responses} };
    }

    return join ' ', sort keys %kind;
}


sub put_siblings {
    $demo->post('/demo/put', JSON::PP::encode_json(
        [ map { { type => 'namespaces', name => $_ } } qw(one one-more) ]));
}


sub names {
    return join ' ', grep { /^one/ } map { $_->{name} }
           @{ $demo->get("$CORE/namespaces", token => $token)->json };
}


sub delete_one {
    return $gw->request('DELETE', "$CORE/namespaces/one", token => $token);
}


subtest '5.5, the default' => sub {
    start('5.5');

    is pages("$CORE/entities"), 'native', 'entities';
    is pages("$CORE/silenced"), 'sliced', 'silenced';
    is pages("$CORE/namespaces"), 'native', 'namespaces';

    put_siblings();
    is delete_one()->{status}, 409, 'a namespace that would take another along';
    is names(), 'one one-more', 'nothing is deleted';

    is $gw->post("$CORE/tessen/metrics", '[{}]', token => $token)->{status}, 400,
       'metrics are no object';
};

subtest '5.10' => sub {
    start('5.10', '5.10');

    put_siblings();
    is delete_one()->{status}, 204, 'a namespace';
    is names(), 'one-more', 'and no other';
    is pages("$CORE/silenced"), 'sliced', 'silenced';

    is $gw->post("$CORE/tessen/metrics", '[{}]', token => $token)->{status}, 200,
       'metrics';
    is $gw->post("$CORE/tessen", '[{}]', token => $token)->{status}, 400,
       'nothing else is an array';
};

subtest '5.18 to 6.1' => sub {
    start('5.18', '5.20.2');

    is pages("$CORE/silenced"), 'native', 'silenced';
    is pages("$CORE/namespaces"), 'sliced', 'namespaces';
    is pages("$CORE/namespaces/dev/silenced"), 'native', 'of a namespace';
    is pages("$CORE/entities"), 'native', 'entities';
};

subtest '6.2' => sub {
    start('6.0', '6.2');

    is pages("$CORE/entities"), 'native', 'entities';
    is pages("$CORE/namespaces/dev/entities"), 'native', 'of a namespace';
    is pages("$CORE/checks"), 'native', 'checks have the plain cursor';
    is pages("$CORE/silenced"), 'sliced', 'silenced';
};

subtest 'another version than the backend has' => sub {
    start('6.0');
    is pages("$CORE/entities"), 'native sliced', 'costs whole lists';

    start('5.5', '6.0');
    is pages("$CORE/namespaces/dev/entities"), 'sliced', 'and so does this';
    is pages("$CORE/entities"), 'native sliced', 'of all namespaces, too';

    # it answers with all of them, and no other list
    start('5.5', '5.18');
    is pages("$CORE/silenced"), 'native sliced', 'and this';
};

subtest 'no version' => sub {
    for my $text (qw(5 v5.5 5.5.1.1 4.2 7.0 newest)) {
        my ($good, $said) = $t->nginx(
            start => 0, backend => $demo,
            server => "sensu_backend $text;")->check;

        ok !$good, "\"$text\"";
        like $said, qr/"\Q$text\E" is not a version in "sensu_backend"/, 'said';
    }
};

subtest 'sensu_public default' => sub {
    my $back = $t->upstream(sub { $_[0]->reply(200, '{}') });
    my $open = $t->nginx(backend => $back,
                         server => 'sensu_public default /version;');

    is $open->get($_)->{status}, 200, $_
        for qw(/health /auth /auth/test /auth/token /auth/logout /version);
    is $open->get('/ready')->{status}, 401, 'and no more';
};

$t->done;
