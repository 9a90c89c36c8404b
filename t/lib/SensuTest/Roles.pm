package SensuTest::Roles;

=head1 NAME

SensuTest::Roles - roles and bindings for the demo backend

=head1 SYNOPSIS

    use SensuTest::Roles;

    role('clusterroles', 'viewer', undef, [ ['get', 'list'], ['checks'] ]);
    role('roles', 'cpu', 'dev', [ ['*'], ['checks'], ['cpu'] ]);
    binding('a', 'dev', 'viewer', 'ann', '@web');   # a ClusterRole
    binding('b', 'dev', '=cpu', 'bob');             # a Role
    binding('c', undef, 'viewer', 'cid');           # cluster-wide
    account($name, @groups);                        # what a gateway needs
    checks(@namespaces);                            # cpu and disk in each
    tell($demo, put => role(...));                  # a test by itself

Each gives elements as the demo backend's /demo/reset and /demo/put take them;
a subject with "@" before its name is a group. shown($response) is what an answer
has in it: namespace/name, or names; of others the status and the reason.

=cut

use strict;
use warnings;

use Exporter 'import';
use JSON::PP ();
use Test::More;

our @EXPORT = qw(role binding account checks tell shown);


sub role {
    my ($type, $name, $ns, @rules) = @_;

    return { type => $type, name => $name,
             defined $ns ? (namespace => $ns) : (),
             rules => [ map { { verbs => $_->[0], resources => $_->[1],
                                resource_names => $_->[2] } } @rules ] };
}


sub binding {
    my ($name, $ns, $role, @who) = @_;

    return { type => defined $ns ? 'rolebindings' : 'clusterrolebindings',
             name => $name, defined $ns ? (namespace => $ns) : (),
             role_ref => { type => $role =~ s/^=// ? 'Role' : 'ClusterRole',
                           name => $role },
             subjects => [ map { /^@(.*)/ ? { type => 'Group', name => $1 }
                                          : { type => 'User', name => $_ } }
                               @who ] };
}


sub account {
    my ($name) = @_;

    return role('clusterroles', 'gateway-reader', undef,
                [ ['get', 'list'], [qw(clusterroles clusterrolebindings roles
                                       rolebindings namespaces)] ]),
           binding('gateway-reader', undef, 'gateway-reader', $name);
}


sub checks {
    my (@namespaces) = @_;

    return map {
        my $ns = $_;
        map { { type => 'checks', namespace => $ns, name => $_ } } qw(cpu disk)
    } @namespaces;
}


sub tell {
    my ($demo, $what, $value) = @_;

    my $r = $demo->post("/demo/$what", JSON::PP::encode_json($value));
    is $r->{status}, 200, "demo: $what" or diag $r->{body};
}


sub shown {
    my ($r) = @_;

    if ($r->{status} != 200) {
        my $json = eval { $r->json } // {};
        return "$r->{status} " . ($json->{reason} // 'of the backend');
    }

    my $json = $r->json;

    return join ' ', map {
        my $meta = $_->{metadata} // {};
        $_->{name} // $_->{username} // "$meta->{namespace}/$meta->{name}"
    } ref $json eq 'ARRAY' ? @$json : $json;
}


1;
