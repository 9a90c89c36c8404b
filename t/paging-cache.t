# The recipe of docs/operating.md for lists that are read whole for each page:
# a walk reads its list once, and no answer reaches anybody but the one whose
# token it was got with.

use lib 't/lib';
use SensuTest;

my $t = SensuTest->new;
my $path = '/api/core/v2/silenced';
my $n = 10_000;


sub silence {
    my ($of, $i) = @_;
    return sprintf '{"metadata":{"name":"linux:%05d","namespace":"dev"},'
                   . '"creator":"%s","expire":-1}', $i, $of;
}


# each caller has silences of his own

my (%list, %token);

for my $sub (qw(ann bob)) {
    $list{$sub} = '[' . join(',', map { silence($sub, $_) } 1 .. $n) . ']';
    $token{$sub} = $t->token(sub => $sub);
}

my $renewed = $t->token(sub => 'ann', exp => int(time) + 7000);
my %of = (%token, again => $renewed);
my %sub = (ann => 'ann', bob => 'bob', again => 'ann');

my $back = $t->upstream(sub {
    my ($c, $req) = @_;
    my ($who) = grep { "Bearer $of{$_}" eq $req->{headers}{authorization} }
                sort keys %of;
    $c->reply(200, $list{$sub{$who}}, 'X-Of' => $sub{$who});
});

my ($recipe) = slurp('docs/operating.md')
               =~ /```nginx http\n([^`]*keys_zone=sensu_lists.*?)```/s;

my ($dir, $port, $secret) = ($t->dir, $t->port, $t->secret_file);
my $address = '127.0.0.1:' . $back->port;

$recipe =~ s{/var/lib/nginx/sensu}{$dir/lists} or die;
$recipe =~ s{listen 8090}{listen 127.0.0.1:$port} or die;
$recipe =~ s{/etc/nginx/sensu/jwt.secret}{$secret} or die;
$recipe =~ s{http://sensu;}{http://$address;}g or die;

$t->nginx(http => $recipe);
my $gw = SensuTest::Recipe->new($port);


sub asked {
    my @seen = $back->requests;
    $back->forget;
    return scalar @seen;
}


subtest 'a walk reads its list once' => sub {
    my $walk = $gw->walk($path, 100, token => $token{ann});

    is scalar @{ $walk->{pages} }, $n / 100, 'a hundred pages';
    ok join(',', @{ $walk->{elements} }) eq substr($list{ann}, 1, -1),
       'of all silences';
    cmp_ok asked(), '<=', 2, 'for one answer of the backend, two at most';
};

subtest 'an answer is for him alone whose token it was got with' => sub {
    my $r = $gw->get("$path?limit=2", token => $token{ann});
    my $continue = $r->header('Sensu-Continue');
    asked();

    is $gw->get("$path?limit=2", token => $token{bob})->{body},
       '[' . join(',', map { silence('bob', $_) } 1, 2) . ']', 'bob has his own';
    is asked(), 1, 'for which the backend was asked';

    is $gw->get("$path?limit=2&continue=$continue", token => $token{bob})
       ->{status}, 410, 'nor does he go on where ann was';

    my $walk = $gw->walk($path, 1000, token => $token{bob});
    ok join(',', @{ $walk->{elements} }) eq substr($list{bob}, 1, -1),
       'his walk is his';

    asked();
    is $gw->get("$path?limit=2&continue=$continue", token => $renewed)->{body},
       '[' . join(',', map { silence('ann', $_) } 3, 4) . ']',
       'a newer token of hers goes on';
    is asked(), 1, 'with an answer of its own';

    for my $bad ([], [ token => "$token{ann}x" ]) {
        is $gw->get("$path?limit=2", @$bad)->{status}, 401, 'nobody gets one';
    }

    is asked(), 0, 'nor is the backend asked';
};

subtest 'a list that is asked for whole is not an old one' => sub {
    $gw->get("$path?limit=1", token => $token{ann});
    asked();

    for (1, 2) {
        my $r = $gw->get($path, token => $token{ann});
        ok $r->{body} eq $list{ann}, 'the list';
        is asked(), 1, 'from the backend';
    }
};

$t->done;


package SensuTest::Recipe;

use parent -norequire, 'SensuTest::HTTP';


sub new { bless { port => $_[1] }, $_[0] }
sub port { $_[0]{port} }
sub h2_port { die 'no HTTP/2' }
