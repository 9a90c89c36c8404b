package SensuTest::Fuzz::Lists;

=head1 NAME

SensuTest::Fuzz::Lists - a random list, a backend that may spoil it, and the
judge of the pages

=head1 IDEA

One case is one walk. The list stays as it is; what the backend makes of it may
be cut, broken, compressed, late, or altered, in some answers or in each. So a
page is right if it goes on where the last one ended, and the last page is one
only if it reaches the end of the list. A page of altered bytes (flip, head, huge)
only must hold nothing of other namespaces; with it the walk is over.

=head1 METHODS

    new(door)              a case for this door: {name, scope, limited}
    target                 the list's path
    ask                    a page is asked for now
    answer(request)        the steps by which the backend answers
    page(response, limit)  judges one page: a sentence, or undef if it is right.
                           {next} is the token then
    {spoilt}               what was done to the answers for this page

=cut

use strict;
use warnings;

use Compress::Zlib ();
use MIME::Base64 qw(decode_base64url encode_base64url);
use SensuTest::HTTP ();


my $api = '/api/core/v2';
my @types = qw(assets checks entities events silenced roles namespaces users
               odd);
my @namespaces = qw(a a-b a.b aa A b);

# after these an answer may be taken for another one, or for whole
my %altered = map { $_ => 1 } qw(flip head huge);

my @faults = ((qw(cut reset garbage chunk gzip status length stall twice
                  nothing)) x 2, qw(flip head huge));


sub new {
    my ($class, $door) = @_;

    my $self = bless { door => $door, rate => one_of(0, 0, 0.1, 0.5, 1),
                       native => rand() < 0.6, leak => rand() < 0.3,
                       cursor => rand() < 0.3,
                       got => 0 }, $class;

    $self->{type} = one_of(@types);
    $self->{type} = 'checks' if $door->{scope} && $self->{type} eq 'users';

    $self->make_list;
    $self->make_path;

    return $self;
}


sub one_of { $_[rand @_] }
sub target { $_[0]{path} }


# what is done to an answer excuses this page alone

sub ask {
    my ($self) = @_;

    $self->{spoilt} = [];
    $self->{left_out} = {};
}


sub space { rand() < 0.9 ? '' : one_of(' ', "\n", "\t ", '  ') }


sub make_list {
    my ($self) = @_;

    my $type = $self->{type};
    my %by;

    for (1 .. one_of(0, 1, 3, 8, 20, 60)) {
        my $ns = one_of(@namespaces);
        my $name = join '', one_of(qw(a b Z)),
                        map { one_of(qw(a b - . x Z), '\u00e9', '\"') }
                            1 .. rand 4;
        my $entity = one_of(qw(e e- f));
        my $pad = rand() < 0.05 ? 'x' x rand 4000 : one_of(']', '},{', '\\\\');

        my $decoded = $name =~ s/\\u00e9/\xc3\xa9/gr =~ s/\\"/"/gr;
        my $key = $type eq 'events' ? "$ns/$entity/$decoded"
                : $type =~ /^(?:namespaces|users)$/ ? $decoded
                : "$ns/$decoded";

        my $meta = qq("metadata":{"name":"$name","namespace":"$ns"});
        my $text = $type eq 'namespaces' ? qq({"name":"$name"})
                 : $type eq 'users' ? qq({"p":"$pad","username":"$name"})
                 : $type eq 'events'
                   ? qq({"check":{"metadata":{"name":"$name","namespace":"$ns"}},)
                     . qq("p":"$pad","entity":{"metadata":{"name":"$entity",)
                     . qq("namespace":"$ns"}}})
                 : qq({"p":"$pad",$meta});

        $by{$key} //= { text => $text, key => $key, ns => $ns,
                        entity => $entity };
    }

    $self->{list} = [ map { $by{$_} } sort keys %by ];

    # lists of other resources: no key is known for them
    if ($type eq 'odd') {
        $_->{text} = one_of($_->{text}, int rand 1e6, '"a,]"', 'null',
                            '[[],{}]') for @{ $self->{list} };
        my %seen;
        $self->{list} = [ grep { !$seen{$_->{text}}++ } @{ $self->{list} } ];
        $self->{native} = 0;

    } elsif (rand() < 0.15 && !$self->{door}{scope}) {
        @{ $self->{list} } = sort { $a->{text} cmp $b->{text} }
                             @{ $self->{list} };
        $self->{native} = 0;
    }
}


# the path, and what of the list belongs there

sub make_path {
    my ($self) = @_;

    my $type = $self->{type};
    my $scope = $self->{door}{scope};
    my $spaced = $type !~ /^(?:namespaces|users|odd)$/;
    my $list = $self->{list};

    $self->{path} = "$api/$type";
    $self->{want} = $list;

    if ($type eq 'odd') {
        $self->{path} = "$api/namespaces/a/odd";
        $self->{want} = [ grep { $_->{text} !~ /^\{/ || $_->{ns} eq 'a' }
                          @$list ];

    } elsif ($spaced && rand() < 0.6) {
        my $ns = $scope ? one_of(@$scope) : one_of(@namespaces);
        $self->{path} = "$api/namespaces/$ns/$type";
        $self->{want} = [ grep { $_->{ns} eq $ns } @$list ];

        if ($type eq 'events' && rand() < 0.5) {
            my $entity = one_of(qw(e e- f));
            $self->{path} .= "/$entity";
            $self->{want} = [ grep { $_->{entity} eq $entity }
                              @{ $self->{want} } ];
        }

    } elsif ($scope) {
        my %in = map { $_ => 1 } @$scope;
        $self->{want} = $type eq 'namespaces'
                      ? [ grep { $in{$_->{key}} } @$list ]
                      : [ grep { $in{$_->{ns}} } @$list ];
    }
}


# What the backend has for this request, before it spoils it.

sub elements_for {
    my ($self, $req) = @_;

    my @all = @{ $self->{list} };
    my ($path, $query) = split /\?/, $req->{target}, 2;
    my $prefix = '';

    if ($self->{type} ne 'odd' && $path =~ m{/namespaces/([^/]+)/}) {
        my $ns = $1;
        $prefix = "$ns/";
        # the leak of 5.5: siblings by name
        @all = grep { index($_->{ns}, $ns) == 0
                      && ($self->{leak} || $_->{ns} eq $ns) } @all;
    }

    @all = grep { index($_->{entity}, $1) == 0 } @all
        if $path =~ m{/events/([^/]+)$};

    if ($self->{native} && ($query // '') =~ /(?:^|&)limit=(\d+)/) {
        my $limit = $1;

        if ($query =~ /(?:^|&)continue=([\w-]+)/) {
            my $from = $prefix . decode_base64url($1);
            @all = grep { $_->{key} ge $from } @all;
        }

        splice @all, $limit if @all > $limit;
    }

    return map { $_->{text} } @all;
}


sub answer {
    my ($self, $req) = @_;

    my $body = '[' . join(',', map { space() . $_ . space() }
                               $self->elements_for($req)) . ']' . space();

    my $fault = rand() < $self->{rate} ? one_of(@faults) : '';
    push @{ $self->{spoilt} }, $fault if $fault;

    my $framing = one_of(qw(length length chunked close));
    my @head = (['Content-Type', 'application/json'],
                $self->{cursor} ? ['Sensu-Continue', 'bm8'] : (),
                rand() < 0.2 ? ['ETag', '"x"'] : (),
                rand() < 0.1 ? ['X-Long', 'y' x rand 3000] : ());
    my $status = 200;

    if ($fault eq 'status') {
        ($status, $body) = status_of($body);
        $self->leave_out($req) if $status == 403 || $status == 404;
    }

    $body = alter($body) if $fault eq 'flip';
    $body .= one_of(']', '[]', 'x', ',', '{}') if $fault eq 'garbage';

    $body =~ s/\[/'["' . 'x' x one_of(3000, 20_000, 300_000) . '",'/e
        if $fault eq 'huge';

    if ($fault eq 'gzip') {
        push @head, ['Content-Encoding', one_of('gzip', 'deflate', 'br')];
        $body = Compress::Zlib::memGzip($body);
    }

    return $self->frame($req, $fault, $framing, $status, \@head, $body);
}


# a part of a merged list that is forbidden or gone is left out of it

sub leave_out {
    my ($self, $req) = @_;

    $self->{left_out}{$1} = 1 if $self->{path} !~ m{/namespaces/}
                                 && $req->{target} =~ m{/namespaces/([^/]+)/};
}


sub status_of {
    my ($body) = @_;

    my $status = one_of(500, 404, 403, 400, 204, 302, 200, 200, 206, 429);

    return ($status, $status == 204 ? ''
                   : one_of('{"message":"no","code":2}', '{}', '', 'null',
                            $status == 200 ? '"x"' : '[]'));
}


sub alter {
    my ($text) = @_;

    for (0 .. rand 3) {
        last if $text eq '';
        substr($text, rand length $text, one_of(0, 1, 1, 2))
            = one_of(chr rand 256, split //, '[]{},"\\:0 ');
    }

    return $text;
}


sub frame {
    my ($self, $req, $fault, $framing, $status, $head, $body) = @_;

    my $whole = $body;
    my @end;

    $framing = 'length' if $fault eq 'length' || $status == 204;
    $framing = 'chunked' if $fault eq 'chunk';

    if ($framing eq 'length') {
        my $length = length $body;
        $length += one_of(-1, 1, 5, -int $length / 2)
            if $fault eq 'length';
        $length = 1 if $length < 1;

        push @$head, ['Content-Length', $length] if $status != 204;

    } elsif ($framing eq 'chunked') {
        push @$head, ['Transfer-Encoding', 'chunked'];
        $body = chunks($body);

    } else {
        push @$head, ['Connection', 'close'];
        @end = (['close']);
    }

    $body = broken_chunks($body, $whole) if $fault eq 'chunk';

    # else what is too much would be the beginning of the next answer
    if ($fault =~ /^(?:chunk|status|length|twice|head)\z/
        && $framing ne 'close')
    {
        push @$head, ['Connection', 'close'];
        @end = (['close']);
    }

    push @$head, [one_of('Content-Length', 'Transfer-Encoding'),
                  one_of('5', 'chunked', 'x')] if $fault eq 'twice';

    my $line = "HTTP/1.1 $status X\r\n";
    my $text = $line
             . join('', map { "$_->[0]: $_->[1]\r\n" } @$head) . "\r\n";

    # What begins with another line nginx takes for HTTP/0.9, passes it as such
    # and keeps the client's connection open, with or without this module; the
    # end says that nothing follows this answer.
    if ($fault eq 'head') {
        $text =~ s/(?:Connection: close\r\n)?\r\n\z//;
        $text = $line . alter(substr $text, length $line)
                . "\r\nConnection: close\r\n\r\n";
    }

    # the answer to a HEAD has none
    return ($text, @end) if $req->{method} eq 'HEAD';

    my $all = "$text$body";

    return [ one_of('close', 'reset') ] if $fault eq 'nothing';

    # a body without its last byte is a list that is not closed
    my $cut = int rand(length($text)
                       + length($whole =~ s/\s+\z//r) * (rand() < 0.9));
    $cut = length($all) - 1 if $cut >= length $all;

    return (substr($all, 0, $cut), [ $fault eq 'cut' ? 'close' : 'reset' ])
        if $fault eq 'cut' || $fault eq 'reset';

    return (substr($all, 0, $cut), [ pause => 0.7 ], ['close'])
        if $fault eq 'stall';

    return pieces($all), @end;
}


sub chunks {
    my ($text) = @_;

    my $out = '';

    while ($text ne '') {
        my $chunk = substr $text, 0, 1 + rand(rand() < 0.3 ? 10 : 5000), '';
        $out .= sprintf "%x%s\r\n%s\r\n", length $chunk,
                        rand() < 0.1 ? ';x=y' : '', $chunk;
    }

    return $out . "0\r\n" . (rand() < 0.1 ? "X-T: 1\r\n" : '') . "\r\n";
}


# of the form that no reader takes; none that makes a list of other bytes

sub broken_chunks {
    my ($text, $whole) = @_;

    my $how = int rand 4;

    return $text =~ s/\A[0-9a-f]+/one_of('x', '-5', 'fffffffffffffffff1')/er
        if $how == 0;
    return sprintf "%x\r\n%s\r\n0\r\n\r\n", 1e6 + length $whole, $whole
        if $how == 1;
    return $text =~ s/0\r\n(?:X-T: 1\r\n)?\r\n\z//r if $how == 2;
    return $text =~ s/\A([0-9a-f]+[^\r]*\r\n.)/$1\r\n/sr;
}


sub pieces {
    my ($text) = @_;

    return $text if rand() < 0.6;

    my @steps;

    while ($text ne '' && @steps < 40) {
        push @steps, substr($text, 0, 1 + rand(length($text) / 3), '');
        push @steps, [ pause => 0.001 ] if rand() < 0.5;
    }

    return (@steps, $text);
}


sub page {
    my ($self, $r, $limit) = @_;

    my @spoilt = @{ $self->{spoilt} };
    my $altered = grep { $altered{$_} } @spoilt;
    my $list = grep { $_ eq 'status' || $_ eq 'head' || $_ eq 'flip' } @spoilt;

    delete $self->{next};

    if ($r->{status} != 200) {
        return @spoilt ? undef : "status $r->{status} $r->{body}";
    }

    # a list that streams by may end early, and then it is seen
    return @spoilt ? undef : 'not complete' if !$r->{complete};

    # nor is it looked into where there is nothing to leave out
    return undef if @spoilt && !$limit && !$self->{door}{scope}
                    && $self->{path} !~ m{/namespaces/};

    my $got = eval { SensuTest::HTTP::elements($r->{body}) };

    # another answer than a list passes as it is
    return $list ? undef : "no list: $r->{body}" if !$got;

    return $self->known($got) if $altered;
    return undef if $list && !@$got;

    return $self->goes_on($r, $got, $limit);
}


# elements after altered bytes: none that is another namespace's

sub known {
    my ($self, $got) = @_;

    my %want = map { $_->{text} => 1 } @{ $self->{want} };
    my %all = map { $_->{text} => 1 } @{ $self->{list} };

    for my $text (@$got) {
        return "foreign $text" if $all{$text} && !$want{$text};
    }

    return;
}


sub goes_on {
    my ($self, $r, $got, $limit) = @_;

    my $want = $self->{want};
    my $next = $r->header('Sensu-Continue');
    my $at = $self->{got};

    return "a page of " . @$got if $limit && @$got > $limit;

    for my $text (@$got) {
        $at++ while $at < @$want && $want->[$at]{text} ne $text
                    && $self->{left_out}{$want->[$at]{ns}};

        my $right = $want->[$at++] // return "beyond the end: $text";
        return "not $right->{text} but $text" if $text ne $right->{text};
    }

    $self->{got} = $at;

    if (!defined $next) {
        $at++ while $at < @$want && $self->{left_out}{$want->[$at]{ns}};
        return $at == @$want ? undef : "ended at $at of " . @$want;
    }

    return 'an empty page' if !@$got;

    # the backend's own cursor says that there are more
    return 'more beyond the end' if $at == @$want && !$self->{cursor};
    return "not a token: $next" if $next !~ /^[\w-]{22}\z/;
    return 'two names, two tokens'
        if $next ne ($r->header('X-Sensu-Continue') // '');

    $self->{next} = $next;
    return;
}

1;
