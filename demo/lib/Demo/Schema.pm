# What each type looks like: its members in the order in which they are
# written, read the way Go reads JSON (any letter case, last one wins, unknown
# members dropped).
package Demo::Schema;

use strict;
use warnings;
use Exporter 'import';
use Demo::Json qw(json_parse json_encode json_string);

our @EXPORT_OK = qw(decode encode elements_type %FAMILY @TYPES);

# The part of the key after /sensu.io/ of each list route.
our %FAMILY = (
    map({ $_ => $_ } qw(namespaces users assets checks entities events
        extensions handlers hooks mutators silenced)),
    map({ $_ => "rbac/$_" } qw(clusterroles clusterrolebindings roles
        rolebindings)),
    filters => 'event-filters',
);
our @TYPES = sort keys %FAMILY;

# "name kind" with "?" for members left out when empty.  Kinds: s string,
# n number, b boolean, l list of strings, m map of strings, r anything, or the
# name of another struct; [x] a list of structs, *x a struct that may be null.
my %SPEC = (
    namespaces => 'name s?',
    users      => 'username s?, password s?, groups l?, disabled b',
    meta       => 'name s?, namespace s?, labels m?, annotations m?',
    tessen     => 'opt_out b',

    clusterroles        => 'rules [rule], metadata meta',
    clusterrolebindings => 'subjects [subject], role_ref subject,
        metadata meta',
    rule                => 'verbs l, resources l, resource_names l',
    subject             => 'type s, name s',

    assets => 'url s?, sha512 s?, filters l, metadata meta',

    checks => 'command s?, handlers l, high_flap_threshold n, interval n,
        low_flap_threshold n, publish b, runtime_assets l, subscriptions l,
        proxy_entity_name s, check_hooks [hook_list], stdin b, subdue r,
        cron s?, ttl n, timeout n, proxy_requests r?, round_robin b,
        output_metric_format s, output_metric_handlers l, env_vars l,
        metadata meta, max_output_size n?, discard_output b?',
    hook_list => 'hooks l, type s?',

    entities => 'entity_class s, system system, subscriptions l, last_seen n,
        deregister b, deregistration deregistration, user s?, redact l?,
        metadata meta',
    system => 'hostname s?, os s?, platform s?, platform_family s?,
        platform_version s?, network network, arch s?',
    network        => 'interfaces [interface]',
    interface      => 'name s?, mac s?, addresses l',
    deregistration => 'handler s?',

    events => 'timestamp n?, entity *entities, check *event_check,
        metrics r?, metadata meta',
    event_check => 'command s?, handlers l, high_flap_threshold n, interval n,
        low_flap_threshold n, publish b, runtime_assets l, subscriptions l,
        proxy_entity_name s, check_hooks [hook_list], stdin b, subdue r,
        cron s?, ttl n, timeout n, proxy_requests r?, round_robin b,
        duration n?, executed n, history [history], issued n, output s,
        state s?, status n, total_state_change n, last_ok n, occurrences n,
        occurrences_watermark n, silenced l?, hooks r?,
        output_metric_format s, output_metric_handlers l, env_vars l,
        metadata meta, max_output_size n?, discard_output b?',
    history => 'status n, executed n',

    extensions => 'metadata meta, url s?',
    filters    => 'metadata meta, action s?, expressions l, when r?,
        runtime_assets l',
    handlers => 'metadata meta, type s?, mutator s?, command s?, timeout n,
        socket *socket, handlers l, filters l, env_vars l, runtime_assets l',
    socket   => 'host s?, port n',
    hooks    => 'metadata meta, command s?, timeout n, stdin b',
    mutators => 'metadata meta, command s?, timeout n, env_vars l,
        runtime_assets l',
    silenced => 'metadata meta, expire n, expire_on_resolve b, creator s?,
        check s?, reason s?, subscription s?, begin n',
);
$SPEC{roles} = $SPEC{clusterroles};
$SPEC{rolebindings} = $SPEC{clusterrolebindings};

my %MEMBERS;
for my $type (keys %SPEC) {
    for my $member (split /,\s*/, $SPEC{$type}) {
        my ($name, $kind, $optional) = $member =~ /\A(\w+) ([^?]+)(\??)\z/
            or die "bad member '$member' of $type";
        push @{$MEMBERS{$type}}, [$name, $kind, $optional];
    }
}

my %GO_KIND = (
    '' => 'string', ARRAY => 'array', 'Demo::Json::Object' => 'object',
    'Demo::Json::Number' => 'number',
);


# decode($type, $bytes): (record, undef) or (undef, error); a record is a hash
# of the members of that type.
sub decode {
    my ($type, $text) = @_;

    my ($value, $error) = json_parse($text);
    return (undef, $error) if defined $error;

    my %record;
    return (\%record, undef) if _is_null($value);
    eval { _apply($type, \%record, $value); 1 } or do {
        $error = $@;
        $error =~ s/\n\z//;
        return (undef, $error);
    };
    return (\%record, undef);
}


# Go matches member names in any letter case, by Unicode's simple folding.
sub _fold {
    my ($name) = @_;

    $name =~ s/\xc5\xbf/s/g;
    $name =~ s/\xe2\x84\xaa/k/g;
    return lc $name;
}


my %INDEX;

sub _apply {
    my ($type, $record, $value) = @_;

    _mismatch($value, $type) if ref $value ne 'Demo::Json::Object';

    my $index = $INDEX{$type} //= {map { $_->[0] => $_ } @{$MEMBERS{$type}}};
    for (my $i = 0; $i < @$value; $i += 2) {
        my $member = $index->{$value->[$i]} || $index->{_fold($value->[$i])}
            or next;
        _set($type, $record, $member, $value->[$i + 1]);
    }
}


sub _set {
    my ($type, $record, $member, $value) = @_;
    my ($name, $kind) = @$member;

    if (_is_null($value)) {
        # null empties lists, maps and pointers and leaves the rest alone
        delete $record->{$name} if $kind =~ /\A(?:[lmr]\z|\[|\*)/;
        return;
    }
    if ($kind eq 'r') {
        $record->{$name} = json_encode($value);
        return;
    }
    if (length $kind > 1) {
        if ($kind =~ /\A\[(\w+)\]\z/) {
            my $item = $1;
            _mismatch($value, $type, $name) if ref $value ne 'ARRAY';
            $record->{$name} = [map {
                my %one;
                _apply($item, \%one, $_) if !_is_null($_);
                \%one
            } @$value];
        }
        else {
            _apply($kind =~ s/\A\*//r, $record->{$name} //= {}, $value);
        }
        return;
    }
    if ($kind eq 's') {
        _mismatch($value, $type, $name) if ref $value;
        $record->{$name} = $value;
    }
    elsif ($kind eq 'n') {
        _mismatch($value, $type, $name) if ref $value ne 'Demo::Json::Number'
            || ($$value !~ /\A-?[0-9]+\z/ && $name ne 'duration');
        $record->{$name} = $$value;
    }
    elsif ($kind eq 'b') {
        _mismatch($value, $type, $name) if ref $value ne 'Demo::Json::Literal';
        $record->{$name} = $$value eq 'true' ? 1 : 0;
    }
    elsif ($kind eq 'l') {
        _mismatch($value, $type, $name)
            if ref $value ne 'ARRAY' || grep { ref && !_is_null($_) } @$value;
        $record->{$name} = [map { _is_null($_) ? '' : $_ } @$value];
    }
    else {
        _mismatch($value, $type, $name) if ref $value ne 'Demo::Json::Object';
        for (my $i = 0; $i < @$value; $i += 2) {
            _mismatch($value->[$i + 1], $type, $name)
                if ref $value->[$i + 1] && !_is_null($value->[$i + 1]);
            $record->{$name}{$value->[$i]} = _is_null($value->[$i + 1])
                ? '' : $value->[$i + 1];
        }
    }
}


sub _is_null {
    my ($value) = @_;

    return ref $value eq 'Demo::Json::Literal' && $$value eq 'null';
}


sub _mismatch {
    my ($value, $type, $name) = @_;

    my $kind = $GO_KIND{ref $value} // 'bool';
    die "json: cannot unmarshal $kind into Go "
        . (defined $name ? "struct field $type.$name" : "value of type $type")
        . "\n";
}


# encode($type, \%record): the bytes that the backend writes for it.
sub encode {
    my ($type, $record) = @_;

    my @out;
    for my $member (@{$MEMBERS{$type}}) {
        my $value = $record->{$member->[0]};
        if (!defined $value) {
            my $absent = $member->[3] //= _absent(@$member);
            push @out, $absent if $absent ne '';
            next;
        }

        my ($name, $kind, $optional) = @$member;
        my $text;
        if ($kind eq 's') {
            next if $optional && $value eq '';
            $text = json_string($value);
        }
        elsif ($kind eq 'n') {
            next if $optional && !$value;
            $text = $value;
        }
        elsif ($kind eq 'b') {
            next if $optional && !$value;
            $text = $value ? 'true' : 'false';
        }
        elsif ($kind eq 'l') {
            next if $optional && !@$value;
            $text = '[' . join(',', map { json_string($_) } @$value) . ']';
        }
        elsif ($kind eq 'm') {
            next if !%$value;
            $text = json_encode($value);
        }
        elsif ($kind eq 'r') {
            $text = $value;
        }
        elsif ($kind =~ /\A\[(\w+)\]\z/) {
            my $item = $1;
            $text = '[' . join(',', map { encode($item, $_) } @$value) . ']';
        }
        else {
            $text = encode($kind =~ s/\A\*//r, $value);
        }
        push @out, qq{"$name":$text};
    }

    return '{' . join(',', @out) . '}';
}


# What is written for a member that has no value; '' for none at all.
sub _absent {
    my ($name, $kind, $optional) = @_;

    return '' if $optional || $kind =~ /\A\*/;
    my %text = (s => '""', n => '0', b => 'false', l => 'null', r => 'null');
    return qq{"$name":} . ($text{$kind}
        // ($kind =~ /\A\[/ ? 'null' : encode($kind, {})));
}


# elements_type($key): the list route that a key belongs to, or undef.
my %TYPE_OF = reverse %FAMILY;

sub elements_type {
    my ($key) = @_;

    return $key =~ m{\A/sensu\.io/(rbac/[^/]+|[^/]+)/} ? $TYPE_OF{$1} : undef;
}


1;
