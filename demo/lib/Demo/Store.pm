# The key space of etcd: every key in one array in byte order, elements kept
# as the bytes that a list shows.  Nothing here knows types or JSON.
package Demo::Store;

use strict;
use warnings;
use Exporter 'import';

our @EXPORT_OK = qw(path_join prefix_end);


# $generate->($key), if given, makes the bytes of keys put without a value.
sub new {
    my ($class) = @_;

    return bless {
        keys => [], value => {}, label => {}, generate => undef, version => 0,
    }, $class;
}


# path_join(@parts): Go's path.Join, which also cleans; '..' climbs.
sub path_join {
    my $path = join '/', grep { $_ ne '' } @_;

    return '' if $path eq '';
    return $path if $path !~ m{//|/\z|(?:\A|/)\.\.?(?:/|\z)};

    my $rooted = $path =~ m{\A/};
    my @out;
    for my $part (split m{/}, $path) {
        next if $part eq '' || $part eq '.';
        if ($part ne '..') {
            push @out, $part;
        }
        elsif (@out && $out[-1] ne '..') {
            pop @out;
        }
        elsif (!$rooted) {
            push @out, '..';
        }
    }

    my $clean = ($rooted ? '/' : '') . join '/', @out;
    return $clean eq '' ? '.' : $clean;
}


# prefix_end($prefix): the first key after all keys that start with $prefix.
sub prefix_end {
    my ($prefix) = @_;

    $prefix =~ s/\xff+\z//;
    return "\xff" x 8 if $prefix eq '';
    substr($prefix, -1) = chr(1 + ord substr $prefix, -1);
    return $prefix;
}


# index_of($key): index of the first key that is not below $key.
sub index_of {
    my ($self, $key) = @_;
    my $keys = $self->{keys};

    my ($low, $high) = (0, scalar @$keys);
    while ($low < $high) {
        my $mid = ($low + $high) >> 1;
        if ($keys->[$mid] lt $key) { $low = $mid + 1 } else { $high = $mid }
    }
    return $low;
}


# bounds($start, $end): indexes (low, high) of the keys in [$start, $end).
sub bounds {
    my ($self, $start, $end) = @_;

    my $low = $self->index_of($start);
    my $high = $self->index_of($end);
    return ($low, $high < $low ? $low : $high);
}


sub exists {
    my ($self, $key) = @_;

    my $found = $self->{keys}[$self->index_of($key)];
    return defined $found && $found eq $key;
}


sub get {
    my ($self, $key) = @_;

    my $value = $self->{value}{$key};
    if (!defined $value) {
        return undef if !$self->{generate} || !$self->exists($key);
        return $self->{generate}->($key);
    }
    return ref $value ? $value->() : $value;
}


# slice($low, $high): the elements at those indexes, joined by commas.
sub slice {
    my ($self, $low, $high) = @_;
    my ($value, $generate) = @$self{qw(value generate)};

    return join ',', map {
        my $v = $value->{$_};
        !defined $v ? $generate->($_) : ref $v ? $v->() : $v
    } @{$self->{keys}}[$low .. $high - 1];
}


# put($key, $bytes, $label): $label is the name that the element carries,
# where it is not the tail of the key.  A code reference instead of bytes is
# called at every read.
sub put {
    my ($self, $key, $bytes, $label) = @_;

    my $at = $self->index_of($key);
    my $keys = $self->{keys};
    splice @$keys, $at, 0, $key if $at == @$keys || $keys->[$at] ne $key;

    $self->{value}{$key} = $bytes;
    if (defined $label) { $self->{label}{$key} = $label }
    else { delete $self->{label}{$key} }
    $self->{version}++;
}


# put_sorted(\@keys): many new keys at once, in order, without values.
sub put_sorted {
    my ($self, $keys) = @_;

    return if !@$keys;
    splice @{$self->{keys}}, $self->index_of($keys->[0]), 0, @$keys;
    $self->{version}++;
}


sub delete {
    my ($self, $key) = @_;

    my $at = $self->index_of($key);
    my $keys = $self->{keys};
    return 0 if $at == @$keys || $keys->[$at] ne $key;

    splice @$keys, $at, 1;
    delete $self->{value}{$key};
    delete $self->{label}{$key};
    $self->{version}++;
    return 1;
}


# keys_of($start, $end): a copy of the keys in [$start, $end).
sub keys_of {
    my ($self, $start, $end) = @_;

    my ($low, $high) = $self->bounds($start, $end);
    return @{$self->{keys}}[$low .. $high - 1];
}


sub clear {
    my ($self) = @_;

    @$self{qw(keys value label generate)} = ([], {}, {}, undef);
    $self->{version}++;
}


1;
