# What is a list beside the plain ones, and what only looks like one: silences
# of a check or subscription over all namespaces, a client that was given no
# namespace, a backend that sends a page elsewhere.

use lib 't/lib';
use SensuTest;

my $t = SensuTest->new;
my $core = '/api/core/v2';


sub silence {
    my ($ns, $name) = @_;
    return qq({"metadata":{"name":"$name","namespace":"$ns"}});
}


# a later backend has the sub-lists, everywhere; one of before 5.9 has none

my %silences = map { my $ns = $_;
                     $ns => [ map { silence($ns, "linux:$_") } qw(a b c) ] }
               qw(dev ops web);

my $back = $t->upstream(sub {
    my ($c, $req) = @_;

    return $c->reply(404, '404 page not found') if $req->{query} =~ /old/;
    return $c->reply(403, '{"message":"no","code":4}')
        if $req->{query} =~ /forbidden/ || $req->{path} =~ m{/web/};
    return $c->reply(200, 'ignored', 'X-Accel-Redirect' => '/elsewhere')
        if $req->{query} =~ /elsewhere/;

    my ($ns, $of) = $req->{path}
                    =~ m{^$core(?:/namespaces/(\w+))?/silenced(/\w+/\w+)?$};
    my @all = map { (@{ $silences{$_} }, $of ? () : silence($_, 'mac:a')) }
              $ns ? $ns : sort keys %silences;

    # the sub-list is never paged by the backend

    @all = splice @all, 0, $1 if !$of && $req->{query} =~ /limit=(\d+)/;
    $c->reply(200, '[' . join(',', @all) . ']');
});

my $gw = $t->nginx(
    backend => $back, location => 'sensu_namespaces $http_x_may;', locations =>
    'location = /elsewhere { internal; return 302 https://example.com/x; }');
my $pages = $t->nginx(
    backend => $back,
    location => 'sensu_namespaces $http_x_may; sensu_backend 5.18;');


sub as { (token => $t->token, headers => [ 'X-May' => $_[0] ]) }

my $path = "$core/silenced/checks/c";
my @both = map { @{ $silences{$_} } } qw(dev ops);


for my $case ([ '', $gw ], [ ', of a backend that pages silences', $pages ]) {
    my ($of, $gw) = @$case;

    subtest "silences of a check, over several namespaces$of" => sub {
        silences_of_a_check($gw);
    };
}


sub silences_of_a_check {
    my ($gw) = @_;

    for my $form ($path, "$core/namespaces/-/silenced/checks/c") {
        is_deeply elements($gw->get("$form?x", as('dev,ops,web'))->{body}),
                  \@both, "$form, unpaged: what is forbidden is left out";
        is_deeply $gw->walk("$form?x", 2, as('dev,ops,web'))->{elements},
                  \@both, 'walked';
        is_deeply $gw->walk("$form?x", 2, as('dev'))->{elements},
                  $silences{dev}, 'of one namespace';
        is_deeply $gw->walk("$form?x", 2, as('*'))->{elements},
                  [ @both, @{ $silences{web} } ], 'of all';
    }

    is_deeply $gw->walk("$core/silenced/subscriptions/s?x", 2, as('*'))
              ->{elements}, [ @both, @{ $silences{web} } ],
              'and of a subscription';

    is $gw->request(DELETE => "$path?x", as('dev,ops'))->{status}, 403,
       'nothing but GET';
    is $gw->get("$core/silenced/checks?x", as('dev,ops'))->{status}, 403,
       'nor a silence of that name';
}


subtest 'nothing in any of them' => sub {
    for my $case ([ old => 404, 404 ], [ forbidden => 403, 403 ]) {
        my ($what, $list, $sublist) = @$case;

        for my $page ('', '&limit=2') {
            is $gw->get("$path?$what$page", as('dev,ops'))->{status}, $sublist,
               "$what$page: a sub-list";
        }
    }

    for my $page ('', '&limit=2') {
        is $gw->get("$core/silenced?old$page", as('dev,ops'))->{body}, '[]',
           'the list of namespaces that are gone is empty';
    }

    # the same where the backend's own words are kept back

    my $kept = $t->nginx(backend => $back, location => 'sensu_namespaces '
                         . '$http_x_may; proxy_intercept_errors on;');

    for my $page ('', '&limit=2') {
        is $kept->get("$path?forbidden$page", as('dev,ops'))->{status}, 403,
           "proxy_intercept_errors$page";
        is $kept->get("$path?old$page", as('dev,ops'))->{status}, 404,
           'not there';
    }
};


subtest 'a redirect that is made here' => sub {
    for my $page ('', '&limit=2') {
        my $r = $gw->get("$core/namespaces/dev/silenced?elsewhere$page",
                         as('*'));
        is $r->{status} . ' ' . ($r->header('Location') // 'nowhere'),
           '302 https://example.com/x', "where it leads$page";
        is $gw->get("$core/silenced?elsewhere$page", as('dev,ops'))->{status},
           502, 'no part of a list';
    }
};


# sensuctl's "dump all --all-namespaces" goes on after a 404, not after a 400

subtest 'a client that was given no namespace' => sub {
    $back->forget;

    for my $tail ('hooks/', 'hooks', 'checks/c', 'silenced/checks/c') {
        my $r = $gw->get("$core/namespaces//$tail", as('*'));
        is "$r->{status} " . $r->json->{code}, '404 2', "/namespaces//$tail";
    }

    for my $odd ("$core/namespaces///hooks", "$core/namespaces//a//b",
                 "$core/namespaces//../hooks", '/namespaces//hooks',
                 "$core//hooks", "$core/namespaces/dev//hooks")
    {
        is $gw->get($odd, as('*'))->{status}, 400, $odd;
    }

    is scalar(my @seen = $back->requests), 0, 'nothing of it went up';
};

$t->done;
