# The floors that tools/lint keeps: a deliberate include upwards, call upwards
# and circle of files, each beside the sources as they are, each found.

use strict;
use warnings;

use lib 't/lib';

use File::Copy qw(copy);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use Test::More;

use SensuTest qw(slurp);

my $UP = 'is on a higher floor';

is_deeply [ findings() ], [], 'nothing in the tree itself';

is_deeply [ findings('json/sensu_up.c' => '#include "ngx_sensu.h"') ],
    [ 'ngx_sensu_module/json/sensu_up.c: includes ngx_sensu.h, which ' . $UP ],
    'an include from a lower room into a higher one';

is_deeply [ findings('store/ngx_sensu_up.c' =>
                     'void ngx_sensu_refuse(void);'
                     . 'void ngx_sensu_up(void) { ngx_sensu_refuse(); }') ],
    [ 'ngx_sensu_module/store/ngx_sensu_up.c: ngx_sensu_refuse of '
      . "request/ngx_sensu_error.c $UP" ],
    'a call likewise';

is_deeply [ findings('json/sensu_one.c' => 'void sensu_two(void);'
                     . 'void sensu_one(void) { sensu_two(); }',
                     'json/sensu_two.c' => 'void sensu_one(void);'
                     . 'void sensu_two(void) { sensu_one(); }') ],
    [ 'ngx_sensu_module: a circle: json/sensu_one.c json/sensu_two.c' ],
    'two files that call each other';

done_testing;


# What lint says of the floors of a copy of the tree with these files more.

sub findings {
    my (%file) = @_;

    my $tree = tempdir(CLEANUP => 1);

    make_path("$tree/tools", "$tree/build");
    copy('config', $tree);
    copy('tools/lint', "$tree/tools");
    system('cp', '-r', 'ngx_sensu_module', $tree) == 0 or die;
    system('cp', '-r', 'build/addon', "$tree/build") == 0 or die;

    for my $name (sort keys %file) {
        my $source = "$tree/ngx_sensu_module/$name";
        my $object = "$tree/build/addon/" . $name =~ s/c\z/o/r;

        open my $fh, '>', $source or die "$source: $!";
        print $fh "$file{$name}\n";
        close $fh;

        next if $file{$name} =~ /#include/;

        system('gcc', '-c', '-o', $object, $source) == 0 or die;
    }

    my $said = `perl $tree/tools/lint --floors`;

    return grep { /floor|circle/ && !/^note/ } split /\n/, $said;
}
