package SensuTest::Compose;

=head1 NAME

SensuTest::Compose - ways of writing a location, callers and requests against
each other

=head1 IDEA

Each way is a server of one nginx, on a port of its own, before one demo
backend that would let these callers do all. What is asked of a way is asked of
the plain location, too. Then

    - what has reached the backend lies in what the caller may reach,
    - what the client got is what the plain location gives, or a refusal: our
      JSON, or the page of the operator (PAGE),
    - nothing of a namespace that is not his is in it,
    - there is an answer, no alert, no dead worker.

=head1 METHODS

    new($t, $rules, %ways) the backend and the nginx; whose namespaces are a
                           "list" of the configuration's, or of "rbac"
    play($part)            all ways (COMPOSE_WAY: a pattern of theirs), each
                           caller with every $part-th request: tests
    check($way, $caller, @requests)
                           the findings, as sentences
    same($way)             how many answers were those of the plain location,
                           other than refusals
    callers, ways          the names

=cut

use strict;
use warnings;

use IO::Uncompress::Gunzip ();
use Test::More ();
use SensuTest::Compose::Requests;
use SensuTest::Compose::Ways;


# paths that nginx makes plain before it rewrites them
my $ODD = qr{\.\.|//|%2e|%2f|%61|^/in}i;


sub new {
    my ($class, $t, $rules, %ways) = @_;

    my $self = bless { t => $t, rules => $rules, ways => \%ways, same => {},
                       plain => {} }, $class;

    $self->{demo} = $t->demo('--control', '--no-token-store');

    my $r = $self->{demo}->post('/demo/reset', JSON::PP::encode_json(
        SensuTest::Compose::Requests::state($rules)));
    die "reset: $r->{body}" if $r->{status} != 200;

    $self->{port}{$_} = $t->port for sort keys %ways;

    $self->{gw} = $t->nginx(backend => $self->{demo}, gateway => 0,
                            log_level => 'notice', http => $self->http);
    $self->{callers} = { SensuTest::Compose::Requests::callers($t, $rules) };
    $self->{callers}{gone}{token} = $self->log_out('admin');

    return $self;
}


sub http {
    my ($self) = @_;

    my $t = $self->{t};
    mkdir $t->dir . '/none';

    return conf_of($t, $self->{rules}, { FRONT => $t->port, DEAD => $t->port,
                         BACK => $self->{demo}->port },
                   map { my $way = $self->{ways}{$_};
                         $_ => [$self->{port}{$_}, ref $way ? $way->{lines} : $way] }
                       sort keys %{ $self->{port} });
}


# the level http with a server for each way

sub conf_of {
    my ($t, $rules, $ports, %ways) = @_;

    my %fill = (DIR => $t->dir, %$ports);

    my %namespaces = (
        list => 'sensu_namespaces $may;',
        rbac => 'sensu_account gateway password_file='
                . $t->write('account.pw', "S3cret:pass\n", 0600)
                . ' refresh=1h stale=2h; sensu_namespaces rbac;');

    my $text = "sensu_gateway on;\nsensu_logout on;\n"
        . 'sensu_jwt_key HS256 ' . $t->secret_file . ";\n"
        . "$namespaces{$rules}\nproxy_set_header Accept-Encoding '';\n"
        . "map \$sensu_user \$may { adm '*'; admin '*'; "
        . "one dev; two 'dev ops'; default ''; }\nkeepalive_requests 100000;\n"
        . "proxy_connect_timeout 2s; proxy_read_timeout 5s;\n"
        . SensuTest::Compose::Ways::http();

    for my $name (sort keys %ways) {
        my ($port, $lines) = @{ $ways{$name} };
        $text .= "server {\n listen 127.0.0.1:$port;\n$lines\n}\n";
    }

    return $text =~ s/%%(DIR|FRONT|DEAD|BACK)%%/$fill{$1}/gr;
}


sub play {
    my ($self, $part) = @_;

    my $only = $ENV{COMPOSE_WAY} // '';
    my @ways = grep { /$only/ } $self->ways;
    my @requests = SensuTest::Compose::Requests::requests();
    my $turn = 0;

    Test::More::cmp_ok(scalar @ways, '>=', 40, 'ways of writing a location')
        if $only eq '';
    Test::More::cmp_ok(scalar @requests, '>=', 60, 'requests');

    for my $way (@ways) {
        my @found;

        for my $caller ($self->callers) {
            $turn++;
            my @mine = grep { ($_ + $turn) % $part == 0 } 0 .. $#requests;
            push @found, $self->check($way, $caller, @requests[@mine]);
        }

        Test::More::is(scalar @found, 0, $way)
            or Test::More::diag(join "\n", @found[0 .. ($#found > 7 ? 7
                                                                    : $#found)]);

        next if $self->special($way, 'left') || $self->unread($way);

        Test::More::cmp_ok($self->same($way), '>', 20 / $part,
                           "$way: answers of the plain location");
    }
}


sub special {
    my ($self, $way, $what) = @_;

    return ref $self->{ways}{$way} && $self->{ways}{$way}{$what};
}


sub unread {
    my ($self, $way) = @_;

    return $self->{rules} eq 'rbac' && $self->special($way, 'unread');
}


sub callers { sort keys %{ $_[0]{callers} } }
sub ways { grep { $_ ne 'plain' } sort keys %{ $_[0]{ways} } }
sub same { $_[0]{same}{ $_[1] } // 0 }


# the token of a user who may all, and was here before

sub log_out {
    my ($self, $user) = @_;

    my $basic = MIME::Base64::encode_base64("$user:P\@ssw0rd!", '');
    my $plain = $self->door('plain');
    my $tokens = $plain->get('/auth', headers => [
        Authorization => "Basic $basic"])->json;
    my $r = $plain->post('/auth/logout', JSON::PP::encode_json({
        refresh_token => $tokens->{refresh_token} }),
        token => $tokens->{access_token});

    die "logout: $r->{status} $r->{body}" if $r->{status} >= 300;

    return $tokens->{access_token};
}


sub ask {
    my ($self, $way, $caller, $request) = @_;

    my ($method, $target, %opt) = @$request;

    return $self->door($way)->request($method, $target,
                                      token => $caller->{token}, %opt);
}


# one connection that is kept, to the server of a way

sub door {
    my ($self, $way) = @_;

    return $self->{session}{$way} //= bless {
        to => $self->{gw}, port => $self->{port}{$way} },
        'SensuTest::HTTP::Session';
}


sub check {
    my ($self, $way, $name, @requests) = @_;

    my $caller = $self->{callers}{$name};
    my $special = ref $self->{ways}{$way} ? $self->{ways}{$way} : {};
    my (@found, %asked);

    $self->plain($caller, $_) for @requests;
    $self->{demo}->forget;

    for my $request (@requests) {
        my $r = $self->ask($way, $caller, $request);
        my $wrong = $self->judge($way, $special, $caller, $request, $r);

        $asked{$request->[0]} = 1;
        push @found, "$way: $name: @$request[0, 1]: $wrong" if $wrong;
    }

    # nginx reads no more of a connection as long as it copies a request of it
    $self->ask($way, {}, [ GET => '/api/core/v2/hooks' ]) if $special->{copied};

    for my $line (grep { !/ auth=account / } $self->{demo}->requests) {
        my $wrong = SensuTest::Compose::Requests::lies(
            $line, $special->{others} ? { %$caller, known => 1 } : $caller);

        $wrong //= 'a method that nobody used'
            if $line =~ m{^(?!GET)\S+ /api/} && !$asked{ (split / /, $line)[0] };
        push @found, "$way: $name: the backend got $wrong: $line" if $wrong;
    }

    return @found;
}


# what the plain location answers, asked once

sub plain {
    my ($self, $caller, $request) = @_;

    return $self->{plain}{$caller->{name}}{"@$request"}
           //= $self->ask('plain', $caller, $request);
}


sub judge {
    my ($self, $way, $special, $caller, $request, $r) = @_;

    my $plain = $self->plain($caller, $request);
    my $body = unzipped($r);

    return "no answer: $r->{error}" if $r->{status} == 0 || !$r->{complete};

    while ($body =~ /"namespace":"([^"]*)"/g) {
        my $ns = $1;
        return "something of $ns"
            if !grep { $_ eq $ns } @{ $caller->{may} };
    }

    return if $special->{random};

    $body =~ s/\Q$special->{text}// if defined $special->{text};

    my $status = $special->{kept} && $r->{status} =~ $special->{kept}
                 ? $plain->{status} : $r->{status};

    return if $special->{methods} && $request->[0] !~ $special->{methods};

    # where the path is made anew, it is another request
    return if $special->{made} && $request->[1] =~ $ODD;

    if (refusal($status, $body, $request->[0])) {
        return $status >= 500 && $plain->{status} < 500
               && !$special->{fails} && !$special->{left} && !made_left($r)
               && !$self->unread($way)
               ? "$r->{status} $body" : undef;
    }

    return if $special->{also} && $body =~ $special->{also};
    return if $special->{others} && $body =~ /^\[\]\n?$/;

    # nginx's own: an internal location, and a slash at the end of one
    return if $request->[1] =~ m{^/in} && $r->{status} == 404
              || $request->[1] eq '/api' && $r->{status} == 301;

    return "$status, plain has $plain->{status}: $body"
        if $status != $plain->{status};
    return if $status >= 400;
    return "another body: " . substr($body, 0, 200) . ", plain has: "
           . substr($plain->{body}, 0, 200) if $body ne $plain->{body};

    for my $header ('Sensu-Continue', 'Content-Type') {
        my ($is, $was) = map { $_->header($header) } $r, $plain;

        return "$header: " . ($is // 'none') . ', plain has: '
               . ($was // 'none') if defined $is != defined $was
            || defined $is && $is ne $was && $header ne 'Sensu-Continue';
    }

    return "the API is let through" if $special->{left} && $caller->{known}
        && $request->[1] =~ m{^/api/} && $status < 400;

    $self->{same}{$way}++ if $status < 300;

    return;
}


sub unzipped {
    my ($r) = @_;

    my $body = $r->{body};

    return $body if ($r->header('Content-Encoding') // '') ne 'gzip';

    IO::Uncompress::Gunzip::gunzip(\$body, \my $text)
        or die "gzip: $IO::Uncompress::Gunzip::GunzipError";

    return $text;
}


sub made_left { $_[0]{body} =~ /"reason": "gateway_left"/ }


sub refusal {
    my ($status, $body, $method) = @_;

    return 1 if $body eq 'PAGE';
    return 0 if $status < 400;

    return $method eq 'HEAD' || $body =~ /"reason": "\w+"/;
}

1;
