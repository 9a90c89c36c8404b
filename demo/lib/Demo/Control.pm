# --control: the test's own hand on the backend, under /demo/.  State, faults
# and sums; none of it exists in the real one.
package Demo::Control;

use strict;
use warnings;
use Compress::Zlib ();
use Demo::Json qw(json_parse json_hash json_string);
use Demo::Reply qw(ok_json text_error not_found);

my %ACTION = map { $_ => 1 }
    qw(status cut-after delay trickle gzip drop ignore-paging clear);


sub no_stats {
    return {requests => 0, in_flight => 0, bytes => {}, count => {}};
}


sub answer {
    my ($app, $request) = @_;
    my ($method, $path) = @$request{qw(method path)};

    return ok_json(_stats($app)) if $path eq '/demo/stats' && $method eq 'GET';
    return {need => undef, then => sub {
        my ($value, $error) = json_parse($_[0]);
        return text_error(400, $error) if defined $error;
        my $done = eval { _do($app, $path, json_hash($value)) };
        return text_error(400, $@ =~ s/\n\z//r) if $@;
        return $done ? ok_json('{}') : not_found();
    }} if $method eq 'POST';
    return not_found();
}


sub _stats {
    my ($app) = @_;
    my $stats = $app->{stats};

    my $sums = sub {
        my ($sum) = @_;
        return join ',',
            map { json_string($_) . ":$sum->{$_}" } sort keys %$sum;
    };
    return sprintf '{"requests":%d,"in_flight":%d,"count":{%s},"bytes":{%s}}',
        $stats->{requests}, $stats->{in_flight}, $sums->($stats->{count}),
        $sums->($stats->{bytes});
}


sub _do {
    my ($app, $path, $wanted) = @_;
    my $state = $app->{state};

    my @each = ref $wanted eq 'ARRAY' ? @$wanted : $wanted;
    if ($path eq '/demo/reset') { $state->reset($wanted) }
    elsif ($path eq '/demo/put') { $state->put($_) for @each }
    elsif ($path eq '/demo/delete') { $state->remove($_) for @each }
    elsif ($path eq '/demo/fault') { _add($app, $_) for @each }
    elsif ($path eq '/demo/stats') {
        # new sums; what is under way stays counted
        $app->{stats} = {%{no_stats()},
            in_flight => $app->{stats}{in_flight}};
    }
    else { return 0 }
    return 1;
}


# A fault: {path_regex, times} and one of {status, body, headers},
# {action: cut-after, bytes}, {action: delay, ms}, {action: trickle, bytes,
# ms}, {action: gzip}, {action: drop}, {action: ignore-paging}; {action: clear} takes all away.
sub _add {
    my ($app, $fault) = @_;

    $fault->{action} //= 'status';
    die "no such action\n" if !$ACTION{$fault->{action}};
    die "status missing\n"
        if $fault->{action} eq 'status' && !$fault->{status};
    if ($fault->{action} eq 'clear') {
        $app->{faults} = [];
        return;
    }
    my $pattern = $fault->{path_regex} // '';
    $fault->{pattern} = eval { qr/$pattern/ } or die "bad path_regex\n";
    push @{$app->{faults}}, $fault;
}


# fault($app, $request): the first that matches the path or the whole target.
sub fault {
    my ($app, $request) = @_;

    for my $fault (@{$app->{faults}}) {
        next if $request->{path} !~ $fault->{pattern}
            && $request->{target} !~ $fault->{pattern};
        next if defined $fault->{times} && $fault->{times}-- <= 0;
        return $fault;
    }
    return undef;
}


# instead($fault): the answer that a fault with a status gives.
sub instead {
    my ($fault) = @_;

    my %header = ('Content-Type' => 'application/json',
        %{$fault->{headers} // {}});
    return {status => $fault->{status},
        headers => [map { [$_, $header{$_}] } sort keys %header],
        body => $fault->{body} // '{"message":"demo fault","code":0}'};
}


# spoil($fault, $response): the response with what the fault does to it.
sub spoil {
    my ($fault, $response) = @_;
    my $action = $fault->{action};

    return {drop => 1, status => 0} if $action eq 'drop';
    if ($action eq 'cut-after') {
        $response->{cut} = $fault->{bytes} // 0;
    }
    elsif ($action eq 'trickle') {
        $response->{trickle} = [$fault->{bytes} || 1, ($fault->{ms} // 1) / 1000];
    }
    elsif ($action eq 'delay' || $fault->{ms}) {
        $response->{delay} = ($fault->{ms} // 0) / 1000;
    }
    elsif ($action eq 'gzip' && !$response->{drop}) {
        my $body = $response->{body};
        if (my $stream = delete $response->{stream}) {
            while (defined(my $piece = $stream->())) {
                $body .= $piece;
            }
        }
        $response->{body} = Compress::Zlib::memGzip($body);
        push @{$response->{headers}}, ['Content-Encoding', 'gzip'];
    }
    return $response;
}


1;
