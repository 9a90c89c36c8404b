# The scripts of the Debian package, where nothing has to be installed for it.

use lib 't/lib';
use SensuTest;

my $t = SensuTest->new;
my $d = $t->dir;

mkdir "$d/etc" or die;
mkdir "$d/etc/nginx" or die;
mkdir "$d/etc/nginx/$_" or die for qw(sites-enabled conf.d modules-enabled);

$t->write('etc/nginx/nginx.conf', "events { }\n# sensu_gateway on;\n");
$t->write('etc/nginx/modules-enabled/mod-http-sensu.conf',
          "load_module modules/ngx_sensu_module.so;\n");

is_deeply [postrm('remove')], [0, ''], 'nothing is in the way';

$t->write('etc/nginx/sites-enabled/sensu-edge', "server {\n    sensu_gateway on;\n}\n");
$t->write('etc/nginx/conf.d/sensu.conf', "sensu_redis redis://127.0.0.1;\n");

my ($code, $said) = postrm('remove');
is $code, 0, 'removed in any case';
like $said, qr/^nginx will not start again as long as/, 'what is wrong';
is join(' ', sort $said =~ m{^    \Q$d\E/etc/nginx/(\S+)$}mg),
   'conf.d/sensu.conf sites-enabled/sensu-edge', 'where';

# nginx upgrades itself to another version, and is left alone by the same one

for my $case ([ '', '' ], [ '1.0-1', '' ], [ '0.9-1', 'nginx upgrade' ]) {
    my ($old, $done) = @$case;

    is postinst($old), $done, "installed over " . ($old || 'nothing');
}

like postinst('0.9-1', 1), qr/^restart nginx to use the new/, 'if it can not, that is said';

is_deeply [postrm($_)], [0, ''], "$_ says nothing" for qw(upgrade purge);

$t->done;


sub postinst {
    my ($old, $fails) = @_;

    stub('dpkg-query' => 'printf 1.0-1');
    stub(nginx => "exit @{[$fails ? 1 : 0]}");
    stub('invoke-rc.d' => '[ "$2" = nginx ] || echo "$@"');

    local $ENV{PATH} = "$d:$ENV{PATH}";
    my $said = `sh debian/libnginx-mod-http-sensu.postinst configure $old 2>&1`;

    return $said =~ s/\n\z//r;
}


sub stub {
    my ($name, $text) = @_;

    $t->write($name, "#!/bin/sh\n$text\n", 0755);
}


sub postrm {
    my ($what) = @_;

    local $ENV{DPKG_ROOT} = $d;
    my $said = `sh debian/libnginx-mod-http-sensu.postrm $what 2>&1`;

    return ($? >> 8, $said);
}
