# From a raw path to what it names.  Like the real router it decides about
# 404, 405 and 301 before anybody asks for credentials.
package Demo::Routes;

use strict;
use warnings;
use Exporter 'import';
use Demo::Element qw(cluster_scoped);
use Demo::Reply qw(not_found method_not_allowed);
use Demo::Schema qw(%FAMILY);
use Demo::Store qw(path_join);

our @EXPORT_OK = qw(find_route);

my %OUTSIDE = (
    '/auth' => 'GET', '/auth/test' => 'GET', '/auth/token' => 'POST',
    '/auth/logout' => 'POST', '/health' => 'GET', '/graphql' => 'POST',
    '/metrics' => undef,
);


# find_route($request, $sensu): (route, undef) or (undef, response).  Names in a route
# are as they stand in the path, still encoded.
sub find_route {
    my ($request, $sensu) = @_;
    my ($method, $path) = @$request{qw(method path)};

    my $clean = path_join($path);
    $clean .= '/' if $path =~ m{/\z} && $clean ne '/';
    return (undef, _redirect($request, $clean)) if $clean ne $path;

    if (exists $OUTSIDE{$path}) {
        return (undef, method_not_allowed())
            if defined $OUTSIDE{$path} && $method ne $OUTSIDE{$path};
        return ({outside => $path}, undef);
    }
    my ($rest) = $path =~ m{\A/api/core/v2/(.+)\z}s
        or return (undef, not_found());

    my ($route, %methods) = _core($sensu, split m{/}, $rest, -1);
    return (undef, not_found()) if !$route;
    return (undef, method_not_allowed()) if !$methods{$method};

    # some paths mean different things under different methods
    %$route = (%$route, %{$methods{$method}}) if ref $methods{$method};
    $route->{method} = $method;
    return ($route, undef);
}


sub _methods {
    return map { $_ => 1 } @_;
}


sub _core {
    my ($sensu, @part) = @_;

    return if grep { $_ eq '' } @part;
    my ($type, $name, $more) = @part;

    if ($type eq 'namespaces' && @part > 2) {
        return _namespaced(@part[1 .. $#part]);
    }
    if ($type eq 'users' && @part > 2) {
        return _user(@part[1 .. $#part]);
    }
    if ($type eq 'cluster') {
        return if @part > 3 || ($name // '') ne 'members';
        my %route = (handler => 'members', resource => '', id => $more);
        return (\%route, defined $more ? _methods(qw(PUT DELETE))
                                       : _methods(qw(GET POST)));
    }
    return ({handler => 'metrics', resource => ''}, _methods('POST'))
        if $sensu >= 5.010 && "@part" eq 'tessen metrics';
    return ({handler => 'tessen', resource => ''}, _methods(qw(GET PUT)))
        if $type eq 'tessen' && @part == 1;

    return if !$FAMILY{$type} || @part > 2;
    my %route = (type => $type, resource => $type);
    if (!cluster_scoped($type)) {
        return @part == 1 ? ({%route, handler => 'list'}, _methods('GET')) : ();
    }
    if (@part == 1) {
        return (\%route, GET => {handler => 'list'},
            POST => {handler => 'write'});
    }
    return ({%route, name => $name}, GET => {handler => 'get'},
        PUT => {handler => 'write'}, DELETE => $type eq 'users'
            ? {handler => 'user', action => 'disable'}
            : {handler => 'delete'});
}


sub _namespaced {
    my ($namespace, $type, $name, @more) = @_;

    return if !$FAMILY{$type} || cluster_scoped($type);
    my %route = (type => $type, resource => $type, namespace => $namespace);

    if (!defined $name) {
        return (\%route, GET => {handler => 'list'},
            $type eq 'extensions' ? () : (POST => {handler => 'write'}));
    }
    if ($type eq 'events') {
        return ({%route, entity => $name, handler => 'list'}, _methods('GET'))
            if !@more;
        return if @more > 1;
        return ({%route, name => "$name/$more[0]"}, GET => {handler => 'get'},
            PUT => {handler => 'write'}, DELETE => {handler => 'delete'});
    }

    $route{name} = $name;
    if (@more && $type eq 'checks') {
        return ({%route, handler => 'execute'}, _methods('POST'))
            if "@more" eq 'execute';
        return if $more[0] ne 'hooks';
        @route{qw(handler hook_type hook)} = ('hook', @more[1, 3]);
        return (\%route, _methods('PUT')) if @more == 2;
        return (\%route, _methods('DELETE')) if @more == 4
            && $more[2] eq 'hook';
        return;
    }
    return if @more;
    return (\%route, GET => {handler => 'get'}, PUT => {handler => 'write'},
        $type eq 'assets' ? () : (DELETE => {handler => 'delete'}));
}


sub _user {
    my ($name, $action, @more) = @_;

    my %route = (type => 'users', resource => 'users', name => $name,
        handler => 'user', action => $action);
    return (\%route, _methods('PUT'))
        if $action =~ /\A(?:reinstate|password)\z/ && !@more;
    return if $action ne 'groups' || @more > 1;
    return (\%route, _methods('DELETE')) if !@more;
    return ({%route, action => 'group', group => $more[0]},
        _methods(qw(PUT DELETE)));
}


# Go writes the cleaned path as if it had not been encoded yet.
sub _redirect {
    my ($request, $clean) = @_;

    $clean =~ s{([^A-Za-z0-9\-_.~\$&+,/:;=@])}{sprintf '%%%02X', ord $1}ge;
    $clean .= "?$request->{query}" if defined $request->{query};
    return {status => 301, headers => [['Location', $clean]], body => ''};
}


1;
