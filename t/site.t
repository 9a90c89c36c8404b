# sample/: the edge as one site beside another, in Debian's own configuration,
# as it is but for addresses, ports and paths. The other site stays what it is,
# byte for byte.

use lib 't/lib';
use SensuTest;

use File::Copy qw(copy);
use File::Path qw(make_path);

my $t = SensuTest->new;
my $dir = $t->dir;
my $etc = "$dir/nginx";
my $back = $t->upstream(sub { $_[0]->reply(200, '[{"name":"a"},{"name":"b"}]') });

my ($http, $https) = ($t->port, $t->port);

chmod 0600, $t->secret_file;
certificate($t);
make_path("$etc/$_") for qw(conf.d sites-available sites-enabled);
$t->write('index.html', "the other site\n", 0644);

for my $file (qw(nginx.conf mime.types sites-available/default)) {
    copy("/etc/nginx/$file", "$etc/$file") or die "/etc/nginx/$file: $!";
}

# Debian's main file, with this test's paths

my $main = slurp("$etc/nginx.conf");

$main =~ s{^(?:user|pid|error_log|worker_processes|include .*modules-enabled).*}{}gm;
$main =~ s{\bevents\s*\{}{%%GLOBALS%%\nevents \{};
$main =~ s{\bhttp\s*\{}{http \{\n%%TEMP%%};
$main =~ s{/etc/nginx/}{$etc/}g;
$main =~ s{/var/log/nginx/}{$dir/}g;

like $main, qr{include $etc/sites-enabled/\*;}, "Debian's file is still what it was";

my $site = slurp("$etc/sites-available/default");
$site =~ s{listen \[::\]:80.*}{};
$site =~ s{listen 80 }{listen 127.0.0.1:$http };
$site =~ s{root /var/www/html;}{root $dir;};
write_site('sites-enabled/default', $site);

my $nginx = $t->nginx(conf => $main);
my $before = other();

is $before->{body}, "the other site\n", 'the other site, before';

# the edge comes

for my $file (qw(conf.d/sensu-edge.conf sites-available/sensu-edge)) {
    my $text = slurp("sample/$file");

    $text =~ s{listen 443 }{listen 127.0.0.1:$https };
    $text =~ s{10\.0\.0\.1[12]:8080}{127.0.0.1:@{[$back->port]}}g;
    $text =~ s{/etc/nginx/sensu/}{$dir/}g;
    $text =~ s{/var/log/nginx/}{$dir/}g;
    unlike $text =~ s/^\s*#.*//gmr, qr{\b10\.0\.0\.|/etc/|/var/}, "$file: all was changed";

    write_site($file, $text);
}

symlink '../sites-available/sensu-edge', "$etc/sites-enabled/sensu-edge" or die $!;

my ($good, $said) = $nginx->check;
ok $good, 'nginx -t' or diag $said;
unlike $said, qr/\[(?:warn|emerg)\]/, 'without a warning';

$nginx->reload;

my $after = other();
my $token = $t->token;

is $after->{body}, $before->{body}, 'the other site has its content';
is_deeply [ names($after) ], [ names($before) ], 'and its headers';
is slurp("$etc/sites-enabled/default"), $site, 'nobody touched its file';

is edge('/api/core/v2/namespaces')->{status}, 401, 'the edge asks for a token';

my $page = edge('/api/core/v2/namespaces?limit=1', token => $token);
is $page->{body}, '[{"name":"a"}]', 'and pages';

like edge('/edge/metrics')->{body}, qr/^sensu_gateway_/m, 'its metrics';

# each has its own log

$nginx->{process}->signal('USR1');

ok $t->wait_for(sub { slurp("$dir/sensu.log") =~ /limit=1/ }), "the edge's log";
like slurp("$dir/access.log"), qr{"GET /index\.html}, "the other site's log";
unlike slurp("$dir/access.log"), qr{/api/}, 'has nothing of the edge';

$t->done;


sub write_site {
    my ($name, $text) = @_;

    open my $fh, '>', "$etc/$name" or die "$etc/$name: $!";
    print $fh $text;
    close $fh;
}


sub other { $nginx->curl("http://127.0.0.1:$http/index.html") }


sub edge {
    my ($path, %opt) = @_;
    return $nginx->curl("https://127.0.0.1:$https$path", %opt, args => ['-k']);
}


# all but the time

sub names {
    my ($r) = @_;
    return sort grep { !/^date:/i } split /\r\n/, $r->{raw};
}
