# POST, PUT and DELETE of elements.  Where an element goes is said by its body
# alone: name and namespace of the URL count for access only.
package Demo::Writes;

use strict;
use warnings;
use Exporter 'import';
use Demo::Element qw(key_of cluster_scoped);
use Demo::Reply qw(ok_json no_content handler_error);
use Demo::Schema qw(decode encode %FAMILY);
use Demo::Store qw(path_join prefix_end);
use Demo::Validate qw(validate);

our @EXPORT_OK = qw(write_element delete_element too_large check_hook
    execute_check);

my %NOUN = (assets => 'asset', checks => 'check', entities => 'entity',
    filters => 'filter', handlers => 'handler', hooks => 'hook',
    mutators => 'mutator', silenced => 'silenced entry');


# too_large($error, $whole): the answer to a body that could not be read.
sub too_large {
    my ($error, $whole) = @_;

    return handler_error(0, $error)
        if $whole || $error !~ /\A(?:unexpected )?EOF\z/;
    return {%{handler_error(0, 'http: request body too large')}, close => 1};
}


# write_element($app, $route, $body, $whole): POST creates, PUT replaces;
# $whole is false where the body was cut at the limit.
sub write_element {
    my ($app, $route, $body, $whole) = @_;
    my ($type, $state) = ($route->{type}, $app->{state});
    my $create = $route->{method} eq 'POST';

    my ($record, $error) = decode($type, $body);
    return too_large($error, $whole) if defined $error;
    $state->expire;
    _prepare($record, $route) if $type eq 'silenced';

    my $exists = $create && _exists($state, $route, $record);
    my $late = $type =~ /role|\A(?:namespaces|events)\z/;
    return handler_error(3, 'resource already exists') if $exists && !$late;

    my $bad = validate($type, $record);
    if ($type eq 'users' && !defined $bad) {
        my $size = length($record->{password} // '');
        $bad = $size == 0 ? "password can't be empty"
            : $size < 8 ? 'password length must be at least 8 characters'
            : undef;
    }
    return handler_error(1, $bad) if defined $bad;

    my $missing = _missing_namespace($state, $type, $record);
    return handler_error(0, $missing) if defined $missing;
    if ($exists) {
        return $type eq 'namespaces'
            ? handler_error(0, "could not create the namespace $record->{name}")
            : handler_error(3, 'resource already exists');
    }

    my %shown = %$record;
    delete $shown{password};
    my $answer = ok_json(encode($type, \%shown));
    $answer->{close} = 1 if !$whole;

    if ($type ne 'events') {
        $state->put_record($type, $record);
    }
    elsif ($record->{check} && $state->namespace_exists(
        $record->{entity}{metadata}{namespace}))
    {
        # what the real backend does a moment later, is done at once here
        $record->{timestamp} ||= time;
        delete $record->{metrics};
        $state->put_record($type, $record);
    }
    return $answer;
}


sub _prepare {
    my ($entry, $route) = @_;

    my ($subscription, $check) = map { $_ // '' }
        @$entry{qw(subscription check)};
    $entry->{metadata}{name} = $subscription . $check eq '' ? ''
        : ($subscription eq '' ? '*' : $subscription) . ':'
        . ($check eq '' ? '*' : $check);
    $entry->{begin} ||= time;
    $entry->{creator} = $route->{claims}{sub};
}


# An event is looked for in the namespace of the URL, and by prefix.
sub _exists {
    my ($state, $route, $record) = @_;
    my $store = $state->{store};

    return $store->exists(key_of($route->{type}, $record))
        if $route->{type} ne 'events';
    return 0 if !$record->{check} || !$record->{entity};
    my $key = path_join('/sensu.io/events', $route->{namespace},
        $record->{entity}{metadata}{name} // '',
        $record->{check}{metadata}{name} // '');
    my $found = $store->{keys}[$store->index_of($key)];
    return defined $found && index($found, $key) == 0;
}


sub _missing_namespace {
    my ($state, $type, $record) = @_;

    return undef if cluster_scoped($type) || $type eq 'events';
    my ($namespace, $name)
        = map { $_ // '' } @{$record->{metadata}}{qw(namespace name)};
    return undef if $namespace ne '' && $state->namespace_exists($namespace);

    return "the namespace $namespace does not exist" if $type =~ /\Arole/;
    return qq(could not create the extension "$name" in namespace "$namespace")
        if $type eq 'extensions';
    return "could not create the $NOUN{$type} $name in namespace $namespace";
}


# delete_element($app, $route): most types are looked up by the path that the
# name makes, then deleted by the name found there, in the namespace asked.
sub delete_element {
    my ($app, $route) = @_;
    my ($type, $namespace, $name) = @$route{qw(type namespace name)};
    my $store = $app->{state}{store};

    return _delete_namespace($app, $name) if $type eq 'namespaces';

    $app->{state}->expire;
    my @place = ('/sensu.io', $FAMILY{$type}, $namespace // ());
    my $key = path_join(@place, $name);
    if ($type eq 'events') {
        $store->delete($key);
        return no_content();
    }

    my ($record, $error) = $app->{state}->get($type, $key);
    if ($type eq 'extensions') {
        $store->delete($key);
        return no_content();
    }
    return handler_error(0, $error) if defined $error;
    return handler_error(2, 'not found') if !$record;

    $key = path_join(@place, $record->{metadata}{name} // '')
        if $type !~ /role|\Asilenced\z/;
    $store->delete($key);
    delete $app->{state}{expires}{$key};
    return no_content();
}


# Deletes every namespace that starts with the name, then complains; from
# 5.10.0 on the one that is named.
sub _delete_namespace {
    my ($app, $name) = @_;
    my $state = $app->{state};
    my $store = $state->{store};

    my ($record, $error) = $state->get('namespaces',
        path_join('/sensu.io/namespaces', $name));
    return handler_error(0, $error) if defined $error;
    return handler_error(2, 'not found') if !$record;
    $name = $record->{name} // '';
    return handler_error(0, 'must specify name') if $name eq '';

    for my $type (qw(checks entities assets handlers mutators)) {
        my $prefix = path_join('/sensu.io', $FAMILY{$type}, $name) . '/';
        return handler_error(0, 'namespace is not empty')
            if $store->keys_of($prefix, prefix_end($prefix));
    }

    my $prefix = path_join('/sensu.io/namespaces', $name);
    my @gone = $app->{sensu} >= 5.010 ? $prefix
        : $store->keys_of($prefix, prefix_end($prefix));
    $store->delete($_) for @gone;
    return @gone == 1 ? no_content()
        : handler_error(0, "namespace $name does not exist");
}


# check_hook($app, $route, $body, $whole): PUT adds hooks of a type to a check,
# DELETE takes one away.
sub check_hook {
    my ($app, $route, $body, $whole) = @_;
    my ($hook, $error);

    if ($route->{method} eq 'PUT') {
        ($hook, $error) = decode('hook_list', $body);
        return too_large($error, $whole) if defined $error;
    }
    my ($check, $bad) = _check_of($app, $route);
    return $bad if $bad;

    my $lists = $check->{check_hooks} //= [];
    my $type = $hook ? $hook->{type} // '' : $route->{hook_type};
    my ($list) = grep { ($_->{type} // '') eq $type } @$lists;
    if ($hook && $list) {
        my %seen = map { $_ => 1 } @{$list->{hooks} // []};
        push @{$list->{hooks}}, grep { !$seen{$_}++ } @{$hook->{hooks} // []};
    }
    elsif ($hook) {
        push @$lists, $hook;
    }
    else {
        my @left = grep { $_ ne $route->{hook} } @{$list->{hooks} // []};
        return handler_error(2, 'not found')
            if !$list || @left == @{$list->{hooks} // []};
        $list->{hooks} = \@left;
        $check->{check_hooks} = [grep { @{$_->{hooks} // []} } @$lists];
    }

    $app->{state}->put_record('checks', $check);
    return no_content();
}


sub execute_check {
    my ($app, $route, $body, $whole) = @_;

    my (undef, $error) = decode('checks', $body);
    return too_large($error, $whole) if defined $error;
    my ($check, $bad) = _check_of($app, $route);
    return $bad if $bad;
    return {status => 202, headers => [], body => '{"issued":' . time . '}'};
}


sub _check_of {
    my ($app, $route) = @_;

    my ($check, $error) = $app->{state}->get('checks', path_join(
        '/sensu.io/checks', $route->{namespace}, $route->{name}));
    return (undef, handler_error(0, $error)) if defined $error;
    return (undef, handler_error(2, 'not found')) if !$check;
    return $check;
}


1;
