# What the backend refuses to store, in its own words.
package Demo::Validate;

use strict;
use warnings;
use Exporter 'import';

our @EXPORT_OK = qw(validate);

my %CHECK = (
    namespaces => sub { _name('namespace name ', $_[0]{name}) },
    users => sub { _name('username ', $_[0]{username}, qr/[a-z0-9_.\-]+/) },
    clusterroles        => sub { _rbac('ClusterRole', $_[0]) },
    clusterrolebindings => sub { _rbac('ClusterRoleBinding', $_[0]) },
    roles               => sub { _rbac('Role', $_[0]) },
    rolebindings        => sub { _rbac('RoleBinding', $_[0]) },
    assets     => \&_asset,
    checks     => \&_check,
    entities   => \&_entity,
    events     => \&_event,
    extensions => sub {
        _name('', _meta($_[0], 'name'))
            // (($_[0]{url} // '') eq '' ? 'empty URL' : undef)
            // (_meta($_[0], 'namespace') eq '' ? 'empty namespace' : undef)
    },
    filters => sub {
        my ($f) = @_;
        my $action = $f->{action} // '';
        _name('filter name ', _meta($f, 'name'))
            // ($action =~ /\A(?:allow|deny)\z/ ? undef
                : "action '$action' is not valid")
            // (@{$f->{expressions} // []} ? undef
                : 'filter must have one or more expressions')
            // _namespace($f)
    },
    handlers => \&_handler,
    hooks    => sub {
        _name('hook name ', _meta($_[0], 'name'))
            // (($_[0]{command} // '') eq '' ? 'command cannot be empty'
                : undef)
            // (($_[0]{timeout} // 0) > 0 ? undef
                : 'hook timeout must be greater than 0')
            // _namespace($_[0])
    },
    mutators => sub {
        _name('mutator name ', _meta($_[0], 'name'))
            // (($_[0]{command} // '') eq '' ? 'mutator command must be set'
                : undef)
            // _namespace($_[0])
    },
    silenced => \&_silenced,
);


# validate($type, \%record): undef, or what is wrong with it.
sub validate {
    my ($type, $record) = @_;

    return $CHECK{$type}->($record);
}


sub _meta {
    my ($record, $member) = @_;

    return $record->{metadata}{$member} // '';
}


sub _name {
    my ($what, $name, $pattern) = @_;

    $pattern //= qr/[A-Za-z0-9_.\-]+/;
    $name //= '';
    return $what . 'must not be empty' if $name eq '';
    return $what . 'cannot contain spaces or special characters'
        if $name !~ /\A$pattern\z/;
    return undef;
}


sub _subscription {
    my ($what, $name) = @_;

    return _name($what, $name, qr/[A-Za-z0-9_.\-]+:?[A-Za-z0-9_.\-]+/);
}


sub _namespace {
    my ($record) = @_;

    return _meta($record, 'namespace') eq '' ? 'namespace must be set' : undef;
}


# The text does not reach the client: these answer "invalid argument(s)".
sub _rbac {
    my ($kind, $record) = @_;

    my $bad = _subscription("the $kind name ", _meta($record, 'name'));
    $bad //= (_meta($record, 'namespace') ne '') == ($kind =~ /\ACluster/)
        ? 'wrong namespace' : undef;
    if ($kind =~ /Binding/) {
        my $ref = $record->{role_ref} // {};
        $bad //= 'no roleRef'
            if ($ref->{name} // '') eq '' || ($ref->{type} // '') eq '';
        $bad //= 'no subject' if !@{$record->{subjects} // []};
    }
    else {
        $bad //= 'no rule' if !@{$record->{rules} // []};
    }
    return defined $bad ? 'invalid argument(s) received' : undef;
}


sub _asset {
    my ($asset) = @_;
    my $name = _meta($asset, 'name');

    return 'name cannot be empty' if $name eq '';
    return 'name must be lowercase and may only contain forward slashes, '
        . 'underscores, dashes and numbers' if $name !~ m{\A[a-z0-9/_.\-]+\z};
    return 'namespace cannot be empty' if _meta($asset, 'namespace') eq '';
    my ($sum, $url) = map { $_ // '' } @$asset{qw(sha512 url)};
    return 'SHA-512 checksum cannot be empty' if $sum eq '';
    return 'SHA-512 checksum must be at least 128 characters'
        if length $sum < 128;
    return 'URL cannot be empty' if $url eq '';
    return 'URL must be HTTP or HTTPS' if $url !~ m{\Ahttps?:}i;
    return undef;
}


sub _check {
    my ($check) = @_;
    my ($interval, $cron, $ttl) = ($check->{interval} // 0,
        $check->{cron} // '', $check->{ttl} // 0);

    return _name('check name ', _meta($check, 'name'))
        // ($cron ne '' && $interval > 0
            ? 'must only specify either an interval or a cron schedule' : undef)
        // ($cron eq '' && $interval == 0
            ? 'check interval must be greater than 0 or a valid cron schedule '
                . 'must be provided' : undef)
        // _namespace($check)
        // ($ttl > 0 && $ttl <= $interval
            ? 'ttl must be greater than check interval' : undef);
}


sub _entity {
    my ($entity) = @_;

    return _name('entity name ', _meta($entity, 'name'))
        // _name('entity class ', $entity->{entity_class})
        // _namespace($entity);
}


sub _event {
    my ($event) = @_;
    my ($entity, $check) = @$event{qw(entity check)};

    return 'event must contain an entity' if !$entity;
    return 'event must contain a check or metrics'
        if !$check && !defined $event->{metrics};

    my $bad = _entity($entity);
    return "entity is invalid: $bad" if defined $bad;
    if ($check) {
        $bad = _name('check name ', _meta($check, 'name'))
            // (($check->{interval} // 0) < 1 && ($check->{cron} // '') eq ''
                ? 'check interval must be greater than or equal to 1' : undef);
        return "check is invalid: $bad" if defined $bad;
    }
    return 'events cannot be named' if _meta($event, 'name') ne '';
    return undef;
}


sub _handler {
    my ($handler) = @_;
    my $type = $handler->{type} // '';

    my $bad = _name('handler name ', _meta($handler, 'name'));
    return $bad if defined $bad;
    return 'empty handler type' if $type eq '';
    if ($type =~ /\A(?:tcp|udp)\z/) {
        my $socket = $handler->{socket}
            or return 'tcp and udp handlers need a valid socket';
        return 'socket host undefined' if ($socket->{host} // '') eq '';
        return 'socket port undefined' if !$socket->{port};
    }
    elsif ($type !~ /\A(?:pipe|set|grpc)\z/) {
        return "unknown handler type: $type";
    }
    return _namespace($handler);
}


sub _silenced {
    my ($entry) = @_;
    my ($subscription, $check)
        = map { $_ // '' } @$entry{qw(subscription check)};

    return 'must provide check or subscription'
        if $subscription . $check eq '' || "$subscription$check" eq '**';
    my $bad;
    $bad = _subscription('Subscription ', $subscription)
        if $subscription !~ /\A\*?\z/;
    $bad //= _name('Check ', $check) if $check !~ /\A\*?\z/;
    return $bad;
}


1;
