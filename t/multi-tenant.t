# docs/multi-tenant.md, run as it stands: its configuration, its commands, and
# what it says they print.

use lib 't/lib';
use SensuTest;

use SensuTest::Docs;

my $t = SensuTest->new;
my $demo = $t->demo;

my @blocks = blocks(slurp('docs/multi-tenant.md'));

my $secret = $t->secret_file;
my $back = $demo->port;
my $dir = $t->dir;

$t->write('account.pw', "0123456789abcdef\n", 0600);

# by roles, and by a list

my %port = (8080 => $back);

for my $http (grep { /^http \{/ } @blocks) {
    my ($port) = $http =~ /listen 127\.0\.0\.1:(\d+);/;

    $http =~ s/^http \{/http {\n%%TEMP%%\n    access_log off;/;
    $http =~ s{/etc/nginx/sensu/jwt\.secret}{$secret};
    $http =~ s{/etc/nginx/sensu/account\.pw}{$dir/account.pw};
    $http =~ s/127\.0\.0\.1:$port/127.0.0.1:%%PORT%%/;
    $http =~ s/127\.0\.0\.1:8080/127.0.0.1:$back/;

    $port{$port} = $t->nginx(conf => "%%GLOBALS%%\nevents { }\n$http")->port;
}

is join(' ', sort keys %port), '8080 8088 8089', 'the page has both ways';

my @commands = prompts(@blocks);

cmp_ok scalar @commands, '>', 20, 'the page has commands';

# one shell for all of them, as for the reader

my $mark = "--- end of command ---\n";
my $script = join '', map {
    $_->{run} =~ s/127\.0\.0\.1:(\d+)/127.0.0.1:$port{$1}/gr
              =~ s{/etc/nginx/sensu/}{$dir/}gr
    . "\nprintf '%s' '$mark'\n"
} @commands;

my $file = $t->write('commands.sh', $script);
my @printed = split /\Q$mark\E/, `cd $dir && bash $file 2>&1`;

is scalar @printed, scalar @commands, 'all have run';

for my $command (@commands) {
    my $printed = shift(@printed) // '';
    $printed =~ s/\n+\z/\n/;
    is $printed eq "\n" ? '' : $printed, $command->{prints}, $command->{run};
}

$t->done;
