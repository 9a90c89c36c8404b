# --scale: as many realistic elements as asked for.  Only their keys are kept;
# the bytes are made from a recorded element whenever they are read.
package Demo::Scale;

use strict;
use warnings;
use Demo::Schema qw(decode encode);

my @CHECKS = qw(cpu disk-usage http-latency load memory ntp-offset swap
    uptime);


# fill($state, type, count, namespaces): adds namespaces load-1, load-2, ...
# and spreads the elements over them.
sub fill {
    my ($state, $type, $count, $namespaces) = @_;

    die "--scale-type is one of events, checks, entities\n"
        if $type !~ /\A(?:events|checks|entities)\z/;

    my $width = length $namespaces;
    my @keys;
    for my $n (1 .. $namespaces) {
        my $namespace = sprintf "load-%0${width}d", $n;
        $state->put({type => 'namespaces', name => $namespace});

        my $here = int($count * $n / $namespaces)
            - int($count * ($n - 1) / $namespaces);
        push @keys, $type eq 'events'
            ? map({ sprintf '/sensu.io/events/%s/host-%07d/%s', $namespace,
                $_ >> 3, $CHECKS[$_ & 7] } 0 .. $here - 1)
            : map({ sprintf '/sensu.io/%s/%s/%s-%07d', $type, $namespace,
                $type eq 'checks' ? 'check' : 'host', $_ } 0 .. $here - 1);
    }

    $state->{store}->put_sorted(\@keys);
    $state->{store}{generate} = _generator($state, $type);
}


sub _generator {
    my ($state, $type) = @_;

    my ($bytes) = $state->{store}->get({
        events   => '/sensu.io/events/dev/web/disk-usage',
        checks   => '/sensu.io/checks/dev/disk-usage',
        entities => '/sensu.io/entities/dev/web',
    }->{$type});
    my ($record) = decode($type, $bytes);

    my @meta = $type eq 'events'
        ? ($record->{entity}{metadata}, $record->{check}{metadata})
        : $record->{metadata};
    $_->{namespace} = '@NAMESPACE@' for @meta;
    $meta[0]{name} = '@FIRST@';
    $meta[1]{name} = '@SECOND@' if @meta > 1;
    $record->{metadata}{namespace} = '@NAMESPACE@';
    $meta[-1]{annotations} = {
        name => 'not the name', runbook => 'https://wiki.example/disk?a=1&b=2',
        note => 'shown in the "on call" view; été',
    };

    # one concatenation, compiled once: this runs for every byte of a list
    my @literal = split /\@(NAMESPACE|FIRST|SECOND)\@/, encode($type, $record);
    my %variable = (NAMESPACE => '$n', FIRST => '$f', SECOND => '$s');
    my $code = join '.', map {
        $_ % 2 ? $variable{$literal[$_]} : "\$literal[$_]"
    } 0 .. $#literal;

    return eval 'sub { my (undef, undef, undef, $n, $f, $s) = '
        . "split m{/}, \$_[0]; $code }";
}


1;
