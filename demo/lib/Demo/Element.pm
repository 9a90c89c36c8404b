# Small but realistic elements of every type, made from a descriptor such as
# {type => 'events', namespace => 'dev', entity => 'web', name => 'cpu'}.
package Demo::Element;

use strict;
use warnings;
use Exporter 'import';
use Demo::Store qw(path_join);
use Demo::Schema qw(%FAMILY);

our @EXPORT_OK = qw(element key_of name_of cluster_scoped);

my %CLUSTER = map { $_ => 1 }
    qw(namespaces users clusterroles clusterrolebindings);

my %BODY = (
    assets => sub { (url => 'https://assets.example/a.tar.gz',
        sha512 => '0f' x 64) },
    checks => sub { (command => 'check-disk -w "80%" -c 90', handlers => [],
        interval => 60, publish => 1, subscriptions => ['linux']) },
    entities   => sub { (entity_class => 'proxy') },
    extensions => sub { (url => 'http://127.0.0.1:9/x') },
    filters    => sub { (action => 'allow',
        expressions => ['event.check.occurrences == 1 && true']) },
    handlers     => sub { (type => 'pipe', command => 'cat') },
    hooks        => sub { (command => 'ps aux', timeout => 60) },
    mutators     => sub { (command => 'cat') },
    roles        => \&_rules,
    clusterroles => \&_rules,
    rolebindings => sub { (subjects => [{type => 'User', name => 'nobody'}],
        role_ref => {type => 'ClusterRole', name => 'view'}) },
);
$BODY{clusterrolebindings} = $BODY{rolebindings};


sub _rules {
    return (rules => [{verbs => ['get', 'list'], resources => ['checks']}]);
}


sub cluster_scoped {
    my ($type) = @_;

    return $CLUSTER{$type};
}


# element(\%descriptor): a record as Demo::Schema writes it.  Members of the
# descriptor that are members of the type replace what would be made up.
sub element {
    my ($d) = @_;
    my ($type, $name) = @$d{qw(type name)};

    return {name => $name} if $type eq 'namespaces';
    if ($type eq 'users') {
        return {username => $d->{username} // $name,
            groups => $d->{groups}, disabled => $d->{disabled}};
    }

    my %meta = (name => $name);
    $meta{namespace} = $d->{namespace} if !cluster_scoped($type);
    $meta{labels} = $d->{labels} if $d->{labels};
    $meta{annotations} = $d->{annotations} if $d->{annotations};

    if ($type eq 'events') {
        my $entity = {entity_class => 'proxy', metadata => {
            name => $d->{entity}, namespace => $d->{namespace}}};
        my $check = {command => 'true', handlers => [], interval => 60,
            subscriptions => [], output => $d->{output} // "ok \"fine\"\n",
            state => 'passing', occurrences => 1, metadata => \%meta};
        return {timestamp => 1795435137, entity => $entity,
            check => $check, metadata => {}};
    }
    if ($type eq 'silenced') {
        my ($subscription, $check) = $name =~ /\A(.*):([^:]*)\z/s;
        return {metadata => \%meta, expire => -1, creator => 'admin',
            begin => 1795435137,
            check => $check eq '*' ? '' : $check,
            subscription => $subscription eq '*' ? '' : $subscription};
    }

    my %record = ($BODY{$type}->(), metadata => \%meta);
    for (qw(rules subjects role_ref command url)) {
        $record{$_} = $d->{$_} if exists $d->{$_};
    }
    return \%record;
}


# name_of($type, $record): the name as the element shows it, with namespace
# and entity before it where the type has these; and the key made of it.
sub name_of {
    my ($type, $record) = @_;

    return $record->{name} // '' if $type eq 'namespaces';
    return $record->{username} // '' if $type eq 'users';

    if ($type eq 'events') {
        my $entity = $record->{entity}{metadata};
        return join '/', map { $_ // '' } $entity->{namespace},
            $entity->{name}, $record->{check}{metadata}{name};
    }

    my $meta = $record->{metadata};
    return $meta->{name} // '' if cluster_scoped($type);
    return ($meta->{namespace} // '') . '/' . ($meta->{name} // '');
}


sub key_of {
    my ($type, $record) = @_;

    return path_join('/sensu.io', $FAMILY{$type}, name_of($type, $record));
}


1;
