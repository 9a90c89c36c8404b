# docs/multi-tenant.md, run as it stands: its configuration, its commands, and
# what it says they print.

use lib 't/lib';
use SensuTest;

my $t = SensuTest->new;
my $demo = $t->demo;

my @blocks = slurp("$SensuTest::ROOT/docs/multi-tenant.md")
             =~ /((?:^    .*\n|^\n(?=\n*    ))+)/mg;

s/^    |^\n+//mg for @blocks;

my ($http) = grep { /^http \{/ } @blocks;
my $secret = $t->secret_file;
my $back = $demo->port;

$http =~ s/^http \{/http {\n%%TEMP%%\n    access_log off;/;
$http =~ s{/etc/nginx/sensu/jwt\.secret}{$secret};
$http =~ s/127\.0\.0\.1:8088/127.0.0.1:%%PORT%%/;
$http =~ s/127\.0\.0\.1:8080/127.0.0.1:$back/;

my $gw = $t->nginx(conf => "%%GLOBALS%%\nevents { }\n$http");

my @commands;

for (map { split /\n/ } grep { /^\$ / } @blocks) {
    if (/^\$ (.*)/) {
        push @commands, { run => $1, prints => '' };

    } elsif (/^> (.*)/) {
        $commands[-1]{run} .= "\n$1";

    } else {
        $commands[-1]{prints} .= "$_\n";
    }
}

cmp_ok scalar @commands, '>', 20, 'the page has commands';

# one shell for all of them, as for the reader

my $mark = "--- end of command ---\n";
my $port = $gw->port;
my $script = join '', map {
    $_->{run} =~ s/127\.0\.0\.1:8088/127.0.0.1:$port/gr
    . "\nprintf '%s' '$mark'\n"
} @commands;

my $file = $t->write('commands.sh', $script);
my $dir = $t->dir;
my @printed = split /\Q$mark\E/, `cd $dir && bash $file 2>&1`;

is scalar @printed, scalar @commands, 'all have run';

for my $command (@commands) {
    my $printed = shift(@printed) // '';
    $printed =~ s/\n+\z/\n/;
    is $printed eq "\n" ? '' : $printed, $command->{prints}, $command->{run};
}

$t->done;
