# Every program of docs/walking.md, run as it stands: each prints the elements
# of the list, all of them and each once.

use lib 't/lib';
use SensuTest;

use SensuTest::Docs;

my $t = SensuTest->new;
my $d = $t->dir;
my $gw = $t->nginx(backend => $t->demo('--rich', '--secret-file', $t->secret_file,
                                       '--no-token-store'));

$ENV{GATEWAY} = 'http://127.0.0.1:' . $gw->port;
$ENV{TOKEN} = $t->token(groups => ['cluster-admins']);

my @want = names($gw->get('/api/core/v2/namespaces/default/checks',
                          token => $ENV{TOKEN})->{body});
cmp_ok scalar @want, '>', 4, 'a list of several pages';

my @walks = walks();
is @walks, 8, 'four languages, each by token and by link';

for my $walk (@walks) {
    $t->write($walk->{file}, $walk->{text});

    my $said = `cd $d && $walk->{command} 2>&1`;
    is_deeply [ names($said) ], \@want, $walk->{command} or diag $said;
}

$t->done;


sub names { $_[0] =~ /"metadata":\s*\{"name":\s*"([^"]+)"/g }
