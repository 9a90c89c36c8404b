# Log in, renew, log out: the commands of docs/operating.md, run by a shell as
# they stand there but for address and password.

use lib 't/lib';
use SensuTest;

use SensuTest::Docs;

my $t = SensuTest->new;
my $demo = $t->demo('--secret-file', $t->secret_file);
my $gw = $t->nginx(backend => $demo, server => 'sensu_logout on;');
my $url = 'http://127.0.0.1:' . $gw->port;

my ($login, $renew, $out) = session();

$login =~ s{https://sensu\.example\.com}{$url};

like $login, qr{^U=http}m, 'a log-in';
like $out, qr{/auth/logout$}, 'a log-out';

my $get = qq(curl -s -o /dev/null -w '%{http_code}\n' -H "Authorization: Bearer \$T" )
          . '$U/api/core/v2/namespaces';
my $token = q{sed -n 's|.*"access_token": *"\\([^"]*\\)".*|\\1|p'};

is sh("$login\n$get"), "200\n", 'logged in';
is sh("$login\nT=\$($renew | $token)\n$get"), "200\n", 'with the renewed token';
like sh("$login\n$out"), qr{^HTTP/1\.1 200 }, 'logged out';
is sh("$login\n($out) >/dev/null\n$get"), "401\n", 'which ends the token';
is sh("$login\n($renew) >/dev/null\n($out) >/dev/null\n$get"), "401\n",
    'also one that was renewed';

like sh("$login\ncurl -si -H \"Authorization: Bearer \$T\" -X POST \$U/auth/logout; $get"),
    qr/^HTTP\S+ 400 .*EOF.*\n?200$/s, 'a bare one ends nothing';

$t->done;


sub sh {
    my ($text) = @_;

    open my $out, '-|', 'sh', '-c', $text or die $!;
    local $/;

    return <$out>;
}
