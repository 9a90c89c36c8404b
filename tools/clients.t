# Every program of docs/walking.md, run as it stands: each prints the elements
# of the list, all of them and each once.

use lib 't/lib';
use SensuTest;

my $t = SensuTest->new;
my $gw = $t->nginx(backend => $t->demo('--rich', '--secret-file', $t->secret_file,
                                       '--no-token-store'));

$ENV{GATEWAY} = 'http://127.0.0.1:' . $gw->port;
$ENV{TOKEN} = $t->token(groups => ['cluster-admins']);

my %run = (sh => ['sh'], python => ['/usr/bin/python3'], javascript => ['node'],
           go => ['go', 'run']);
my %end = (sh => 'sh', python => 'py', javascript => 'js', go => 'go');

my @want = names($gw->get('/api/core/v2/namespaces/default/checks',
                          token => $ENV{TOKEN})->{body});
cmp_ok scalar @want, '>', 4, 'a list of several pages';

my %seen;
my $page = slurp('docs/walking.md');

while ($page =~ /^```(\w+)\n(.*?)^```$/gms) {
    my ($language, $program) = ($1, $2);

    ok $run{$language}, "$language is run" or next;

    my $n = ++$seen{$language};
    my $file = $t->write("walk$n.$end{$language}", $program);

    for my $by ($language eq 'go' ? qw(token link) : '') {
        local $ENV{BY} = $by;
        my $said = do {
            open my $out, '-|', 'sh', '-c', 'cd "$1" && shift && exec "$@" 2>&1', 'sh',
                 $t->dir, @{ $run{$language} }, $file or die $!;
            local $/;
            <$out>;
        };

        is_deeply [ names($said) ], \@want, "$language, program $n $by" or diag $said;
    }
}

is_deeply \%seen, { sh => 2, python => 2, javascript => 2, go => 1 }, 'all languages';

$t->done;


sub names { $_[0] =~ /"metadata":\s*\{"name":\s*"([^"]+)"/g }
