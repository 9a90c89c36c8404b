# Role based access as 5.5.1 evaluates it, with its faults: bindings of
# sibling namespaces count, a binding to a missing role is an error.
package Demo::Rbac;

use strict;
use warnings;
use Exporter 'import';
use Demo::Schema qw(%FAMILY);
use Demo::Store qw(path_join prefix_end);

our @EXPORT_OK = qw(authorize);


# authorize($state, \%claims, \%attributes): 1, 0 or -1 (error).  Attributes:
# verb, resource, name, and namespace where the path has one.
sub authorize {
    my ($state, $claims, $attributes) = @_;

    # the same question, while nothing was written, has the same answer
    my $version = $state->{store}{version};
    my $cache = $state->{rbac_cache} //= {version => -1};
    $cache = $state->{rbac_cache} = {version => $version}
        if $cache->{version} != $version || keys %$cache > 10_000;
    my $question = join "\0", $claims->{sub}, @{$claims->{groups}}, '',
        map { $_ // '' } @$attributes{qw(verb resource name namespace)};
    return $cache->{$question} //= _authorize($state, $claims, $attributes);
}


sub _authorize {
    my ($state, $claims, $attributes) = @_;
    my $namespace = $attributes->{namespace};

    my @bindings = $state->records('clusterrolebindings');
    if (defined $namespace) {
        # the start of this range has lost its slash: siblings are read too
        my $prefix = path_join('/sensu.io/rbac/rolebindings', $namespace) . '/';
        push @bindings, $state->records('rolebindings',
            path_join($prefix), prefix_end($prefix));
    }

    for my $binding (@bindings) {
        next if !_subject($claims, $binding->{subjects});
        my $rules = _rules($state, $binding->{role_ref}, $namespace)
            or return -1;
        for my $rule (@$rules) {
            return 1 if _allows($rule, $attributes);
        }
    }

    return 0;
}


sub _subject {
    my ($claims, $subjects) = @_;

    for my $subject (@{$subjects // []}) {
        my ($type, $name) = map { $_ // '' } @$subject{qw(type name)};
        return 1 if $type eq 'User' && $name eq $claims->{sub};
        return 1 if $type eq 'Group'
            && grep { $_ eq $name } @{$claims->{groups}};
    }
    return 0;
}


sub _rules {
    my ($state, $ref, $namespace) = @_;
    my ($type, $name) = map { $_ // '' } @$ref{qw(type name)};

    my ($list, @where) = $type eq 'ClusterRole' ? ('clusterroles')
        : $type eq 'Role' ? ('roles', $namespace // '') : return undef;
    my ($role) = $state->get($list,
        path_join('/sensu.io', $FAMILY{$list}, @where, $name));
    return $role && ($role->{rules} // []);
}


sub _allows {
    my ($rule, $attributes) = @_;

    return _in($rule->{verbs}, $attributes->{verb}, '*')
        && _in($rule->{resources}, $attributes->{resource}, '*')
        && (!@{$rule->{resource_names} // []}
            || _in($rule->{resource_names}, $attributes->{name}));
}


sub _in {
    my ($list, @wanted) = @_;

    for my $item (@{$list // []}) {
        for my $wanted (@wanted) {
            return 1 if $item eq ($wanted // '');
        }
    }
    return 0;
}


1;
