# A text out of a token is data. Commas, blanks and "*" mean something where the
# operator wrote them, in the value of sensu_namespaces or in a map of his. What
# comes out of a claim is one name, whatever is in it, or none; $sensu_groups is
# a name for each group. Then N random tokens.
#
#   N=5000 SEED=3 prove t/namespaces.t

use lib 't/lib';
use SensuTest;
use utf8;

my $CORE = '/api/core/v2';
my $SEED = $ENV{SEED} // int rand 1e6;
my $N = $ENV{N} // 400;

# whatever a claim may be taken apart into is there to be got

my @known = (qw(dev ops web prod x y team-x team-dev team-web prod-x a b-x ...),
             'team-', 'all:x', 'Üsers', 'web prod', 'a/b', '*', 'dev,ops');

my $t = SensuTest->new;

my $back = $t->upstream(sub {
    my ($c, $req) = @_;
    $c->reply(200, JSON::PP->new->utf8->encode([map { { name => $_ } } @known]));
});

# a value, and what it gives for claims

my @values = (
    ['$sensu_groups' => sub { groups(@_) }],
    ['$sensu_user' => sub { name($_[0]{sub}) }],
    ['team-$sensu_user' => sub { name("team-$_[0]{sub}") }],
    ['$sensu_claim_ns' => sub { name($_[0]{ns}) }],
    ['${Sensu_Groups},ops' => sub { (groups(@_), 'ops') }],
    ['team-$sensu_groups' => sub { name('team-' . joined(@_)) }],
    ['"$sensu_claim_ns, $sensu_groups y"'
        => sub { (name($_[0]{ns}), groups(@_), 'y') }],
    ['$list' => sub { list(@_) }],
    ['"$list $sensu_groups"' => sub { (list(@_), groups(@_)) }],
    ['$one-$sensu_user' => sub { name("prod-$_[0]{sub}") }],
    ['all:$sensu_user,$sensu_claim_ns'
        => sub { (name("all:$_[0]{sub}"), name($_[0]{ns})) }],
);

my $gw = $t->nginx(backend => $back, http => <<'END',
    map $sensu_user $list { root "*"; x "a, b-x"; bad "a/b"; default ""; }
    map $sensu_user $one { default prod; }
END
    locations => join '', map { <<"END" } 0 .. $#values);
    location /$_/ {
        rewrite ^/\\d+(/.*)\$ \$1 break;
        sensu_namespaces $values[$_][0];
        proxy_pass http://sensu;
    }
END


sub name { grep { /\A[A-Za-z0-9_.:-]+\z/ && !/\A\.\.?\z/ } @_ }
sub clear { grep { !/,|\A \z|\A | \z|\A\z/ } @{ $_[0]{groups} } }
sub groups { name(clear(@_)) }
sub joined { join ',', clear(@_) }

sub list {
    my ($claims) = @_;
    return $claims->{sub} eq 'root' ? '*' : $claims->{sub} eq 'x' ? qw(a b-x)
           : ();
}


# what he is shown of all that there is

sub gets {
    my ($i, $claims) = @_;

    my $token = jwt('HS256', { exp => time + 300, %$claims }, $t->secret);
    my $r = $gw->get("/$i$CORE/namespaces", token => $token);

    return $r->{status} if $r->{status} != 200;
    return join ' | ', map { $_->{name} } @{ $r->json };
}


sub should {
    my ($i, $claims) = @_;

    my @names = $values[$i][1]->($claims);
    my %mine = map { $_ => 1 } @names;

    return join ' | ', grep { $mine{'*'} || $mine{$_} } @known;
}


subtest 'what is known to go wrong' => sub {
    my @cases = (
        [0, 'web prod as one group', { groups => ['web prod'] }, ''],
        [0, '* as a group', { groups => ['*'] }, ''],
        [0, 'odd groups beside a good one',
         { groups => ['a/b', 'Üsers', 'dev', 'cn=x;y', 'web prod', '*'] }, 'dev'],
        [0, 'two groups', { groups => ['web', 'dev'] }, 'dev | web'],
        [1, 'a user called *', { sub => '*' }, ''],
        [2, 'a list as a user', { sub => 'x,prod' }, ''],
        [2, 'words as a user', { sub => 'x prod' }, ''],
        [2, 'a user', { sub => 'x' }, 'team-x'],
        [3, '* as a claim', { ns => '*' }, ''],
        [3, 'a list as a claim', { ns => 'dev,ops' }, ''],
        [3, 'an array as a claim', { ns => ['dev'] }, ''],
        [3, 'a claim', { ns => 'dev' }, 'dev'],
        [4, 'beside a word', { groups => ['dev'] }, 'dev | ops'],
        [5, 'one group in a word', { groups => ['web'] }, 'team-web'],
        [5, 'two groups in a word', { groups => ['web', 'prod'] }, ''],
        [7, 'the list of a map', { sub => 'x' }, 'a | b-x'],
        [7, 'the * of a map', { sub => 'root' }, join ' | ', @known],
        [8, 'a map and a group', { sub => 'x', groups => ['dev', '*'] },
         'dev | a | b-x'],
        [8, 'a map that gives no list', { sub => 'bad', groups => ['dev'] }, ''],
    );

    for (@cases) {
        my ($i, $name, $claims, $expected) = @$_;
        is gets($i, { sub => 'ann', groups => [], ns => '', %$claims }),
           $expected, "$values[$i][0]: $name";
    }

    is scalar $gw->grep_log(qr/has the value "a\/b", which is not a list/), 1,
       'the operator\'s mistake is in the log';
};


srand $SEED;

my @parts = ('dev', 'ops', 'web', 'prod', 'x', 'y', 'a', 'team-', 'root', '*',
             ',', ' ', ', ', '/', 'Ü', ';', '..', '.', '-', ':', '$list',
             '${sensu_groups}', '%2C', '|', '"', '\\', '*,', ' *', 'dev,ops');

sub pick { $_[rand @_] }
sub text { join '', map { pick(@parts) } 1 .. 1 + int rand pick(1, 1, 2, 4) }

subtest "random claims, SEED=$SEED" => sub {
    my %seen;

    for (1 .. $N) {
        my %claims = (sub => text(), ns => text(),
                      groups => [map { text() } 1 .. int rand 5]);
        my $i = int rand @values;
        my $got = gets($i, \%claims);

        $seen{$got eq '401' ? 'refused' : $got eq '' ? 'none' : 'some'}++;

        # a text that is no header's value is no name of a user
        next if $got eq '401' && $claims{sub} =~ /\A | \z/;

        my $expected = should($i, \%claims);
        next if $got eq $expected;

        fail("$values[$i][0] of " . JSON::PP->new->canonical->ascii
             ->encode(\%claims) . " gives '$got', not '$expected'");
    }

    ok $seen{$_}, "$_: " . ($seen{$_} // 0) for qw(none some);
};

$t->done;
