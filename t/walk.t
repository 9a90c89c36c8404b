# Every list of the backend, walked to its end: what comes is the unpaged
# list, byte for byte, whatever the limit and wherever the cursors are kept.

use lib 't/lib';
use SensuTest;

my $t = SensuTest->new;
my $demo = $t->demo('--rich', '--secret-file', $t->secret_file);
my $redis = $t->redis;

my %gateway = (
    redis  => $t->nginx(backend => $demo,
                        http => 'sensu_redis ' . $redis->url . ' timeout=5s;'),
    memory => $t->nginx(backend => $demo),
);

my $token = $demo->login;

my @types = qw(assets checks clusterrolebindings clusterroles entities events
               extensions filters handlers hooks mutators namespaces
               rolebindings roles silenced users);

for my $store (sort keys %gateway) {
    my $gw = $gateway{$store};

    for my $type (@types) {
        my $path = "/api/core/v2/$type";
        my $all = $demo->get($path, token => $token)->{body};

        subtest "$type through $store" => sub {
            same_walk($gw, $path, $_, volatile($type, $all)) for 1, 2, 3, 7;
        };
    }
}

subtest 'lists of a namespace hold nothing of its siblings' => sub {
    my $gw = $gateway{redis};

    for my $ns (qw(dev dev-eu dev.x default)) {
        for my $type (qw(checks entities handlers events silenced assets)) {
            my $path = "/api/core/v2/namespaces/$ns/$type";
            my @own = grep { namespace($type, $_) eq $ns }
                      @{ elements($demo->get("/api/core/v2/$type",
                                             token => $token)->{body}) };

            my $own = '[' . join(',', @own) . ']';

            same_walk($gw, $path, $_, volatile($type, $own)) for 1, 2, 5;

            is volatile($type, $gw->get($path, token => $token)->{body}),
               volatile($type, $own), "$path unpaged";
        }
    }
};

subtest 'events of an entity are of no other' => sub {
    for my $entity (qw(web web-1 web1)) {
        my $path = "/api/core/v2/namespaces/dev/events/$entity";

        my @own = grep { /"metadata":\{"name":"\Q$entity\E",/ }
                  @{ elements($demo->get($path, token => $token)->{body}) };

        ok @own, "$entity has events";

        my $own = '[' . join(',', @own) . ']';

        same_walk($gateway{memory}, $path, $_, $own) for 1, 2, 3;
        is $gateway{memory}->get($path, token => $token)->{body}, $own,
           "$path unpaged";
    }
};

subtest 'the example that loops on the backend' => sub {
    my $path = '/api/core/v2/namespaces';

    my $first = $demo->get("$path?limit=2", token => $token);
    my $cursor = $first->header('Sensu-Continue');
    my $second = $demo->get("$path?limit=2&continue=$cursor",
                            token => $token);

    is $second->{body}, $first->{body}, 'the backend serves page one again';

    my $n = @{ elements($demo->get($path, token => $token)->{body}) };
    my $walk = $gateway{redis}->walk($path, 2, token => $token);

    is scalar @{ $walk->{pages} }, int(($n + 1) / 2), 'the gateway ends';
};

$t->done;


sub same_walk {
    my ($gw, $path, $limit, $all) = @_;

    my $walk = $gw->walk($path, $limit, token => $token);
    my @pages = @{ $walk->{pages} };
    my $last = pop @{ $walk->{responses} };

    is volatile($path, '[' . join(',', @{ $walk->{elements} }) . ']'), $all,
       "$path, limit $limit: the whole list";

    ok !(grep { @$_ != $limit } @pages[0 .. $#pages - 1]),
       'pages are full';
    ok !(grep { $_ !~ /^[A-Za-z0-9_-]{22}$/ } @{ $walk->{tokens} }),
       'tokens of 22 characters';
    ok !(grep { $_->header('X-Sensu-Continue') ne $_->header('Sensu-Continue') }
         @{ $walk->{responses} }), 'under both names';
    is $last->header('Sensu-Continue') // $last->header('X-Sensu-Continue'),
       undef, 'none at the end';
}


# what is left of an entry's lease changes from one read to the next

sub volatile {
    my ($type, $text) = @_;

    $text =~ s/"expire":\d+/"expire":0/g if $type =~ /silenced/;
    return $text;
}


sub namespace {
    my ($type, $element) = @_;

    my $o = JSON::PP->new->decode($element);
    $o = $o->{entity} if $type eq 'events';
    return $o->{metadata}{namespace};
}
