# All that the backend knows: the key space, the users' passwords, the tokens
# handed out.  It starts as recorded; --rich adds elements with awkward names.
package Demo::State;

use strict;
use warnings;
use Demo::Element qw(element key_of name_of);
use Demo::Json qw(json_parse json_encode);
use Demo::Schema qw(decode encode %FAMILY @TYPES);
use Demo::Store qw(path_join prefix_end);

my $PASSWORD = 'P@ssw0rd!';


sub new {
    my ($class, %option) = @_;

    my $self = bless {
        store => Demo::Store->new, password => {}, token => {},
        expires => {}, %option,
    }, $class;
    $self->_load;
    return $self;
}


sub _load {
    my ($self) = @_;

    $self->{store}->clear;
    $self->{store}->put('/sensu.io/authentication/secret', $self->{secret});
    $self->{store}->put('/sensu.io/tessen', '{"opt_out":false}');

    for my $type (@TYPES) {
        my $file = "$self->{data}/recorded/list-$type.body";
        open my $in, '<:raw', $file or die "cannot read $file: $!\n";
        local $/;
        my ($list, $error) = json_parse(<$in>);
        die "$file: $error\n" if defined $error;
        $self->put_bytes($type, json_encode($_)) for @$list;
    }
    $self->{password} = {map { $_ => $PASSWORD } qw(admin agent user1 user2
        user3)};
}


# put_bytes($type, $bytes): stores one element as it stands.
sub put_bytes {
    my ($self, $type, $bytes) = @_;

    my ($record, $error) = decode($type, $bytes);
    die "$error\n" if defined $error;
    my ($key, $name) = (key_of($type, $record), name_of($type, $record));
    my $label = $key eq "/sensu.io/$FAMILY{$type}/$name" ? undef : $name;
    $self->{store}->put($key, $bytes, $label);
    return $key;
}


# put_record($type, \%record): the same for a decoded element.
sub put_record {
    my ($self, $type, $record) = @_;

    my $name = name_of($type, $record);
    my $key = path_join('/sensu.io', $FAMILY{$type}, $name);
    my $label = $key eq "/sensu.io/$FAMILY{$type}/$name" ? undef : $name;

    if ($type eq 'users' && defined $record->{password}) {
        $self->{password}{$name} = delete $record->{password};
    }
    my $bytes = encode($type, $record);
    if ($type eq 'silenced') {
        delete $self->{expires}{$key};
        $bytes = $self->_leased($key, $record) if ($record->{expire} // 0) > 0;
    }
    $self->{store}->put($key, $bytes, $label);
    return $key;
}


# A silenced entry with a time limit shows at every read what is left of it.
sub _leased {
    my ($self, $key, $record) = @_;

    my $wait = $record->{begin} - time;
    my $until = time + $record->{expire} + ($wait > 0 ? $wait : 0);
    $self->{expires}{$key} = $until;
    my %copy = %$record;
    return sub { encode('silenced', {%copy, expire => $until - time}) };
}


sub expire {
    my ($self) = @_;

    for my $key (keys %{$self->{expires}}) {
        next if $self->{expires}{$key} >= time;
        delete $self->{expires}{$key};
        $self->{store}->delete($key);
    }
}


# get($type, $key): the record at that key, read as that type: (record, error);
# neither if there is no such key.
sub get {
    my ($self, $type, $key) = @_;

    my $bytes = $self->{store}->get($key);
    return (undef, undef) if !defined $bytes;
    return decode($type, $bytes);
}


sub namespace_exists {
    my ($self, $name) = @_;

    return $self->{store}->exists(path_join('/sensu.io/namespaces', $name));
}


# records($type): all elements of a type, decoded, in key order; $under
# narrows it to [start, end) as etcd would read it.
sub records {
    my ($self, $type, $start, $end) = @_;

    $start //= "/sensu.io/$FAMILY{$type}/";
    $end //= prefix_end($start);
    return map { (decode($type, $self->{store}->get($_)))[0] }
        $self->{store}->keys_of($start, $end);
}


# reset(\%wanted): {namespaces => [name...], elements => [descriptor...],
# users => [name or {username, password, groups, api_key}...]} instead of everything
# but admin, agent and the built-in cluster roles and bindings.
sub reset {
    my ($self, $wanted) = @_;
    my $store = $self->{store};

    my $end = '/sensu.io/~';
    for my $key ($store->keys_of('/sensu.io/', $end)) {
        next if $key =~ m{\A/sensu\.io/(?:authentication/|tessen\z
            |rbac/cluster(?:roles|rolebindings)/
             (?:admin|cluster-admin|edit|view|system:agent|system:user)\z
            |users/(?:admin|agent)\z)}x;
        $store->delete($key);
    }
    $store->{generate} = undef;
    $self->{expires} = {};
    $self->{api_key} = {};
    delete @{$self->{password}}{grep { !/\A(?:admin|agent)\z/ }
        keys %{$self->{password}}};

    $self->put({type => 'namespaces', name => $_})
        for @{$wanted->{namespaces} // []};
    $self->put({type => 'users', ref ? %$_ : (name => $_)})
        for @{$wanted->{users} // []};
    $self->put($_) for @{$wanted->{elements} // []};
}


# put(\%descriptor), remove(\%descriptor): see Demo::Element; "raw" in a
# descriptor is taken as the very bytes of the element.
sub put {
    my ($self, $d) = @_;

    _check($d);
    my $record = element($d);
    if ($d->{type} eq 'users') {
        $record->{password} = $d->{password} // $PASSWORD;
        $self->{api_key}{$d->{api_key}} = $d->{name} if defined $d->{api_key};
    }
    my $key = $self->put_record($d->{type}, $record);
    $self->{store}->put($key, $d->{raw}, $self->{store}{label}{$key})
        if defined $d->{raw};
}


sub remove {
    my ($self, $d) = @_;

    _check($d);
    return $self->{store}->delete(key_of($d->{type}, element($d)));
}


sub _check {
    my ($d) = @_;

    die "no such type\n" if !$FAMILY{$d->{type} // ''};
    die "no name\n" if !defined($d->{name} // $d->{username});
    die "no entity\n" if $d->{type} eq 'events' && !defined $d->{entity};
    die "not a silenced name\n"
        if $d->{type} eq 'silenced' && $d->{name} !~ /:/;
}


# --rich: several elements of every type in namespaces that are siblings by
# name, with names and labels that catch careless readers.
sub enrich {
    my ($self) = @_;

    my @namespaces = qw(default dev dev-eu dev.x dev2 Dev checks);
    my @names = qw(Cpu cp cpu cpu-2 cpu.x);
    my %tricky = (
        labels => {name => 'not-the-name', namespace => 'not-the-namespace',
            metadata => '{"name":"nested"}', 'check' => 'a<b>&c'},
        annotations => {entity => 'été ☃',
            "quote\"d" => "tab\tline\nend\\"},
    );

    $self->put({type => 'namespaces', name => $_}) for @namespaces;
    $self->put({type => 'users', name => $_, groups => ['ops']})
        for qw(a-b a.b a_b ab zoe);
    for my $type (qw(clusterroles clusterrolebindings)) {
        $self->put({type => $type, name => $_}) for qw(Team team:ops team-ops);
    }

    for my $namespace (@namespaces) {
        my @in = (namespace => $namespace, %tricky);
        for my $type (qw(checks entities extensions filters handlers hooks
            mutators))
        {
            $self->put({type => $type, @in, name => $_}) for @names;
        }
        $self->put({type => 'assets', @in, name => $_})
            for qw(org-tool org.tool org/tool orgtool org/tool/sub);
        for my $type (qw(roles rolebindings)) {
            $self->put({type => $type, @in, name => $_})
                for qw(Ops ops:team ops-team);
        }
        $self->put({type => 'silenced', @in, name => $_})
            for qw(web:cpu *:cpu web:* a-b:c a.b:c a1:c entity:web:cpu);
        for my $entity (qw(web web-1 web.1 web1)) {
            $self->put({type => 'events', @in, entity => $entity, name => $_})
                for qw(cp cpu cpu-2);
        }
    }
}


1;
