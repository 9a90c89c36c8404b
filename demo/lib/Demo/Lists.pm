# GET of lists and single objects, with native limit and continue as 5.5.1
# has them: a cursor is a path joined to the key prefix of the list.
package Demo::Lists;

use strict;
use warnings;
use Exporter 'import';
use MIME::Base64 qw(decode_base64 encode_base64 encode_base64url);
use Demo::Element qw(name_of);
use Demo::Json qw(json_pretty);
use Demo::Reply qw(ok_json handler_error);
use Demo::Schema qw(decode encode elements_type %FAMILY);
use Demo::Store qw(path_join prefix_end);
use Demo::Token qw(base64url);

our @EXPORT_OK = qw(list_elements get_element query_parameters unescape);

my $WHOLE = 500;            # longer lists are streamed
my $STEP = 64;              # elements a streamed piece


# unescape($text): percent decoding; undef for a bad escape.
sub unescape {
    my ($text, $form) = @_;

    $text =~ tr/+/ / if $form;
    return $text if $text !~ /%/;
    return undef if $text =~ /%(?![0-9a-fA-F]{2})/;
    $text =~ s/%(..)/chr hex $1/ge;
    return $text;
}


# query_parameters($query): the first value of each, or undef where Go's
# parser reports an error.
sub query_parameters {
    my ($query) = @_;
    my %parameter;

    for my $pair (split /&/, $query // '') {
        next if $pair eq '';
        return undef if $pair =~ /;/;
        my ($name, $value) = split /=/, $pair, 2;
        $name = unescape($name // '', 1);
        $value = unescape($value // '', 1);
        return undef if !defined $name || !defined $value;
        $parameter{$name} //= $value;
    }
    return \%parameter;
}


# list_elements($app, $route, \%parameters): the route has a type and, where
# the path has them, namespace and entity.
sub list_elements {
    my ($app, $route, $parameter) = @_;
    my ($type, $namespace, $entity) = @$route{qw(type namespace entity)};
    my $store = $app->{state}{store};

    $app->{state}->expire;
    my $limit = $parameter->{limit} // '';
    $limit = $limit =~ /\A[+-]?[0-9]{1,19}\z/ && abs $limit < 2 ** 63
        ? $limit + 0 : 0;
    my $continue = base64url($parameter->{continue} // '') // '';

    if ($type eq 'entities' && $app->{sensu} >= 6 && $continue ne '') {
        $continue = _one_of_two($continue)
            // return handler_error(0, 'invalid continue token');
    }

    my $prefix = path_join('/sensu.io', $FAMILY{$type}, $namespace // (),
        $entity // ());
    $prefix .= '/' if defined $namespace && !defined $entity;
    my $start = path_join($prefix, $continue);
    if ($type eq 'silenced' && $app->{sensu} < 5.018 || $route->{ignore_paging}) {
        ($start, $limit) = ($prefix, 0);
    }

    my ($low, $high) = $store->bounds($start, prefix_end($prefix));
    my $count = $high - $low;
    $high = $low + $limit if $limit > 0 && $limit < $count;

    my ($next, $foreign) = ('', 0);
    if ($low < $high) {
        my $family = "/sensu.io/$FAMILY{$type}/";
        $foreign = grep { index($_, $family) != 0 }
            @{$store->{keys}}[$low, $high - 1];
        $next = _cursor($app, $route, $store->{keys}[$high - 1])
            if $limit && $count > $limit;
    }
    elsif ($type eq 'events') {
        $next = $continue;      # the end of the events echoes the cursor
    }
    elsif ($limit < 0) {
        return {drop => 1, status => 0};
    }

    $next = _two_of_one($next)
        if $type eq 'entities' && $app->{sensu} >= 6 && $next ne '';
    my @header = $next eq '' ? ()
        : ['Sensu-Continue', encode_base64url($next)];
    return _foreign($app, $type, $low, $high, @header) if $foreign;
    return _page($app, $type, $low, $high, @header);
}


# From 6.0 on an entity is in two places of the store, and so is its cursor.
sub _two_of_one {
    my $both = encode_base64($_[0], '');
    return qq({"ConfigContinue":"$both","StateContinue":"$both"});
}


sub _one_of_two {
    my ($config, $state) = $_[0] =~ m{\A\{"ConfigContinue":"([A-Za-z0-9+/]+=*)",
                                        "StateContinue":"([A-Za-z0-9+/]+=*)"\}\z}x
        or return undef;
    return $config eq $state ? decode_base64($config) : undef;
}


# Elements of the list's own type, as they are stored.
sub _page {
    my ($app, $type, $low, $high, @header) = @_;
    my $store = $app->{state}{store};

    if ($high - $low <= $WHOLE) {
        my $whole = $app->{whole} //= {version => -1};
        $whole = $app->{whole} = {version => $store->{version}}
            if $whole->{version} != $store->{version} || keys %$whole > 200;
        my $body = $type eq 'silenced' || $app->{shuffle_labels}
            ? undef : $whole->{"$low-$high"};
        if (!defined $body) {
            $body = '[' . _bytes($app, $low, $high) . ']';
            $body = json_pretty($body) if $app->{pretty};
            $whole->{"$low-$high"} = $body;
        }
        return ok_json($body, @header);
    }

    my $response = ok_json('', @header);
    $response->{stream} = _stream($app, $low, $high);
    return $response;
}


# The real backend writes the labels of checks, also those in events, in an
# order that differs from answer to answer.  --shuffle-labels does so as well,
# for pairs of labels.
sub _bytes {
    my ($app, $low, $high) = @_;

    my $bytes = $app->{state}{store}->slice($low, $high);
    $bytes =~ s{"labels":\{("[^"\\]*":"[^"\\]*"),("[^"\\]*":"[^"\\]*")\}}
               {'"labels":{' . (rand > 0.5 ? "$1,$2" : "$2,$1") . '}'}ge
        if $app->{shuffle_labels};
    return $bytes;
}


# Goes by keys, not indexes: what is written meanwhile does not disturb it.
sub _stream {
    my ($app, $low, $high) = @_;
    my $store = $app->{state}{store};
    my ($key, $last) = @{$store->{keys}}[$low, $high - 1];
    my ($lead, $done) = ('[', 0);

    return sub {
        return undef if $done;

        my $from = $store->index_of($key);
        my $to = $from + $STEP;
        my $end = $store->index_of("$last\0");
        if ($to >= $end) {
            ($to, $done) = ($end, 1);
        }
        else {
            $key = $store->{keys}[$to];
        }

        my $piece = $from < $to ? _bytes($app, $from, $to) : '';
        $piece = json_pretty($piece) if $app->{pretty};
        $piece = $lead . $piece if $piece ne '';
        $lead = $app->{pretty} ? ",\n" : ',';
        return $done ? "$piece]" : $piece;
    };
}


# The range has run over other families: everything there is read as if it
# were of this type.
sub _foreign {
    my ($app, $type, $low, $high, @header) = @_;
    my $store = $app->{state}{store};

    my @elements;
    for my $key (@{$store->{keys}}[$low .. $high - 1]) {
        my ($record, $error) = decode($type, $store->get($key));
        return handler_error(0, $error) if defined $error;
        delete $record->{password};
        push @elements, encode($type, $record);
    }
    return ok_json('[' . join(',', @elements) . ']', @header);
}


# The backend's own cursor: the key of the last element without its prefix,
# but for types whose elements have no metadata it is always the same.
sub _cursor {
    my ($app, $route, $key) = @_;
    my ($type, $namespace, $entity) = @$route{qw(type namespace entity)};
    my $store = $app->{state}{store};

    return "\0" if $type eq 'namespaces' || $type eq 'users';

    my $family = "/sensu.io/$FAMILY{$type}/";
    my $name = $store->{label}{$key};
    if (!defined $name) {
        if (index($key, $family) == 0) {
            $name = substr $key, length $family;
        }
        else {
            my ($record) = decode($type, $store->get($key));
            $name = $record ? name_of($type, $record) : '';
        }
    }

    if ($type eq 'events') {
        return "/$name\0" if !defined $namespace;
        $name =~ s{\A[^/]*/}{};
        $name =~ s{\A[^/]*/}{} if defined $entity;
    }
    elsif (!defined $namespace) {
        return path_join($name) . "\0";
    }
    else {
        $name =~ s{\A[^/]*/}{};
    }
    return "$name\0";
}


# get_element($app, $route): one object, by the path that its name makes of
# the key; an event is the first key that starts with it.
sub get_element {
    my ($app, $route) = @_;
    my ($type, $namespace, $name) = @$route{qw(type namespace name)};
    my $store = $app->{state}{store};

    $app->{state}->expire;
    my $key = path_join('/sensu.io', $FAMILY{$type}, $namespace // (), $name);
    if ($type eq 'events') {
        my $found = $store->{keys}[$store->index_of($key)];
        return handler_error(2, 'not found')
            if !defined $found || index($found, $key) != 0;
        $key = $found;
    }

    my $bytes = $store->get($key);
    if (!defined $bytes) {
        return $type eq 'extensions'
            ? handler_error(0, 'the extension does not exist')
            : handler_error(2, 'not found');
    }

    if ((elements_type($key) // '') ne $type) {
        my ($record, $error) = decode($type, $bytes);
        return handler_error(0, $error) if defined $error;
        $bytes = encode($type, $record);
    }
    return ok_json($app->{pretty} ? json_pretty($bytes) : $bytes);
}


1;
