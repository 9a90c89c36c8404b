package SensuTest::Fuzz::Requests;

=head1 NAME

SensuTest::Fuzz::Requests - random and altered requests, and what of them may
reach the backend

=head1 METHODS

    http1(token)           some requests of HTTP/1, pipelined; steps to send
    http2(token)           the same as frames of HTTP/2
    answer(request)        the steps by which the backend answers
    judge(request, token)  what must not have reached the backend: a sentence,
                           or undef. These are: no or another token where the
                           path is not public; continue or limit as the client
                           wrote them; a path that is not canonical; a body that
                           names another namespace than its path

What a client writes as limit or continue has MARK in it.

=cut

use strict;
use warnings;

use JSON::PP ();


my $MARK = 'MARK';

my %public = map { $_ => 1 }
             qw(/health /auth /auth/test /auth/token /auth/logout);

my @segments = (qw(namespaces checks events users assets entities silenced
                   namespaces/a namespaces/- a a-b dev . .. %2e %2e%2e %2F %2f
                   a%2Fb %00 %ff %zz % x/../y ;a ~ * health auth cluster
                   metadata), '', '', "\\", "\xc3\xa4", 'n' x 300);
my @query = ("limit=$MARK", "limit=2", "%6cimit=3$MARK", "continue=$MARK",
             "c%6Fntinue=AAAAAAAAAAAAAAAAAA$MARK", "Continue=x$MARK",
             "continue=", "limit", "x=y", "a=%26limit%3D$MARK", "=&&=", '%',
             "limit=0", "limit=1000", "%00limit=$MARK", "limit%00=$MARK",
             "+limit=$MARK", "continue=AAAAAAAAAAAAAAAAAAAAAA", "x=a;b",
             "labelSelector=a%20in%20b", "continue[]=$MARK", "#limit=$MARK");
my @methods = ((qw(GET)) x 8, (qw(PUT POST DELETE)) x 2,
               qw(HEAD OPTIONS PATCH TRACE get FOO CONNECT PROPFIND));


sub one_of { $_[rand @_] }


sub target {
    return one_of('/', '*', 'x', 'http://h/api/core/v2/checks', '//', '/health',
                  '/auth', '/auth/../api/core/v2/checks', '/health/',
                  '/%61pi/core/v2/checks', '/api', '/API/core/v2/checks')
        if rand() < 0.15;

    my $path = one_of(('/api/core/v2') x 8, '/api/core', '/api/x/v2', '/api//v2',
                      '/api/core/v2/', '/api/core/v2alpha1');
    $path .= '/' . one_of(@segments) for 0 .. rand 4;

    return $path if rand() < 0.4;
    return "$path?" . join one_of('&', '&', ';'),
                      map { one_of(@query) } 0 .. rand 4;
}


sub token_lines {
    my ($token) = @_;

    my $good = "Bearer $token";
    my @parts = split /\./, $token;

    return (['Authorization', $good]) if rand() < 0.7;
    return () if rand() < 0.3;
    return (['Authorization', $good], ['Authorization', 'Bearer x'])
        if rand() < 0.2;

    return ([one_of('Authorization', 'authorization', 'Authorization '),
             one_of("bearer $token", "Bearer  $token", "Bearer $token x",
                    $token, 'Bearer', "Basic $token", "Key x", "Bearer$token",
                    "Bearer " . substr($token, 0, -1), "Bearer\t$token",
                    "Bearer $parts[0].$parts[1].", "Bearer ..", ' ',
                    "Bearer eyJhbGciOiJub25lIn0.$parts[1].", "\xff" x 20)]);
}


sub body {
    my $ns = one_of(qw(a a a-b dev), '../a', '');
    my $name = one_of(qw(checks a x dev));
    my $meta = one_of('metadata', 'metadata', 'Metadata', "m\\u0065tadata");

    my $text = one_of(
        qq({"$meta":{"name":"$name","namespace":"$ns"}}),
        qq({"$meta":{"name":"$name","namespace":"a"},"$meta":{"namespace":"$ns"}}),
        qq({"metadata":{"name":"$name","namespace":"a"},"x":[1,{}]}),
        qq({"entity":{"metadata":{"name":"$name","namespace":"$ns"}},)
        . qq("check":{"metadata":{"name":"a","namespace":"a"}}}),
        qq({"name":"$name"}), '{}', '[]', '', 'null', 'x' x one_of(10, 9000),
        '{"a":"' . ('x' x 600_000) . '"}', "{\"a\":\"\xff\"}", '[' x 5000);

    return rand() < 0.2 ? alter($text) : $text;
}


# flips, cuts, repeats

sub alter {
    my ($text) = @_;

    for (0 .. rand 3) {
        return $text if $text eq '';

        my $at = int rand length $text;
        my $how = int rand 5;

        substr($text, $at, 1) = chr rand 256 if $how == 0;
        substr($text, $at, 0) = one_of("\r\n", "\n", "\0", ' ', ':', "\r", '%',
                                       chr rand 256) if $how == 1;
        substr($text, $at, 1 + rand 5) = '' if $how == 2;
        substr($text, $at, 0) = substr $text, rand length $text, 1 + rand 40
            if $how == 3;
        $text = substr $text, 0, $at if $how == 4 && rand() < 0.2;
    }

    return $text;
}


sub request {
    my ($token) = @_;

    my $method = one_of(@methods);
    my @head = (['Host', one_of('localhost', 'localhost', 'x:1', '')],
                token_lines($token));
    my $body = '';

    push @head, one_of(
        ['Range', 'bytes=0-1'], ['If-None-Match', '*'],
        ['Expect', '100-continue'], ['Connection', 'close'],
        ['Connection', 'authorization'], ['Upgrade', 'h2c'],
        ['Accept-Encoding', 'gzip'], ['X-Sensu-User', 'admin'],
        ['X-Long', 'z' x one_of(100, 7000, 40_000)], ['TE', 'trailers'],
        ['X-HTTP-Method-Override', 'DELETE'], ["X\0Y", 'z'], ['', ''])
        for 1 .. rand 3;

    if ($method =~ /^(?:P|get|FOO)/ || rand() < 0.1) {
        $body = body();
        push @head, ['Content-Type', one_of('application/json',
                     'application/json', 'application/json; charset=utf-8',
                     'text/plain', 'multipart/form-data; boundary=x', '',
                     'application/x-www-form-urlencoded')] if rand() < 0.9;

        if (rand() < 0.4) {
            push @head, ['Transfer-Encoding',
                         one_of(('chunked') x 6, 'Chunked', 'gzip, chunked',
                                'identity', 'chunked, x')];
            $body = chunked($body);
            push @head, ['Content-Length', 5] if rand() < 0.1;

        } elsif (rand() < 0.95) {
            push @head, ['Content-Length',
                         one_of((length $body) x 8, length($body) + 3, 0, -1,
                                '1e3', 'x', 9 x 18, 9 x 30)];
        }
    }

    my $version = one_of(('1.1') x 8, '1.0', '0.9', '2.0', '1.');

    return "$method " . target() . " HTTP/$version\r\n"
           . join('', map { "$_->[0]: $_->[1]\r\n" } @head) . "\r\n$body";
}


sub chunked {
    my ($text) = @_;

    my $out = '';

    while ($text ne '') {
        my $chunk = substr $text, 0, 1 + rand(length($text) + 10), '';
        my $size = rand() < 0.97 ? sprintf '%x', length $chunk
                                 : one_of('0', 'x', '-1', 'f' x 17);
        $out .= "$size\r\n$chunk\r\n";
    }

    return $out . (rand() < 0.9 ? "0\r\n\r\n" : '');
}


sub http1 {
    my ($token) = @_;

    my $text = join '', map { request($token) } 1 .. one_of(1, 1, 1, 2, 3);
    $text = alter($text) if rand() < 0.5;

    return pieces($text);
}


sub pieces {
    my ($text) = @_;

    return $text if rand() < 0.7;

    my @steps;

    while (length $text > 1 && @steps < 12) {
        push @steps, substr($text, 0, 1 + rand length $text, ''),
                     [ pause => rand 0.003 ];
    }

    push @steps, $text;
    push @steps, [ one_of('close', 'reset') ] if rand() < 0.2;

    return @steps;
}


# HEADERS in literals that no table knows, DATA, and what else there is

sub frame {
    my ($type, $flags, $stream, $payload) = @_;
    return substr(pack('N', length $payload), 1)
           . pack('CCN', $type, $flags, $stream) . $payload;
}


sub hpack {
    return join '', map {
        my ($name, $value) = @$_;
        "\0" . join '', map { length $_ < 127 ? chr(length $_) . $_
                              : "\x7f" . chr(length($_) - 127 & 127 | 128)
                                . chr((length($_) - 127) >> 7) . $_ }
                        $name, $value;
    } @_;
}


sub http2 {
    my ($token) = @_;

    my $text = '';

    for my $n (1 .. one_of(1, 2, 5)) {
        my $stream = 2 * $n - 1;
        my @head = ([':method', one_of(@methods)], [':path', target()],
                    [':scheme', 'http'], [':authority', 'localhost'],
                    map { [ lc $_->[0] =~ s/ //gr, $_->[1] ] }
                        token_lines($token));
        my $body = rand() < 0.4 ? substr(body(), 0, 16_000) : '';

        push @head, ['content-type', 'application/json'] if $body ne '';
        push @head, ['content-length', one_of(length $body, length $body, 3)]
            if rand() < 0.3;
        @head = sort { rand() < 0.5 ? -1 : 1 } @head if rand() < 0.1;

        $text .= frame(1, $body eq '' ? 5 : 4, $stream,
                       substr hpack(@head), 0, 16_000);
        $text .= frame(0, one_of(1, 1, 1, 0), $stream, $body) if $body ne '';
        $text .= frame(one_of(0 .. 10), int rand 256, one_of(0, $stream, 8),
                       join '', map { chr rand 256 } 1 .. one_of(0, 4, 5, 8, 40))
            if rand() < 0.3;
        $text .= frame(3, 0, $stream, pack 'N', 8) if rand() < 0.2;
    }

    $text = alter($text) if rand() < 0.5;

    return ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" . frame(4, 0, 0, ''),
            pieces($text));
}


sub answer {
    my ($req) = @_;

    my $body = $req->{method} eq 'HEAD' ? '' : one_of('[]', '[{"a":1},2]', '{}');

    return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
           . 'Content-Length: ' . length($body) . "\r\n\r\n$body";
}


sub decoded {
    my ($text) = @_;
    return $text =~ s/\+/ /gr =~ s/%([0-9a-fA-F]{2})/chr hex $1/ger;
}


sub judge {
    my ($req, $token) = @_;

    my ($path, $query) = split /\?/, $req->{target}, 2;
    my $auth = $req->{headers}{authorization} // '';

    return "without a good token: '$auth'"
        if !$public{$path} && $auth !~ /^bearer +\Q$token\E *\z/i;

    for my $param (split /[&;]/, $query // '') {
        my ($name, $value) = map { decoded($_) } split /=/, $param, 2;
        $name //= '';

        return "the client's $name"
            if $name =~ /^(?:limit|continue)\z/ && ($value // '') =~ /$MARK/;
    }

    if ($path =~ m{^/+api(?:/|$)} && $path !~ m{^/api(?:/[^/]+)+\z}) {
        return 'an odd path';
    }

    for my $segment (split m{/}, $path) {
        return 'a segment that climbs' if decoded($segment) =~ /^\.\.?\z/
                                          || decoded($segment) =~ /[\0\\]/;
        return 'an encoded slash' if $segment =~ /%2f/i
                                     && $path !~ m{/assets/[^/]+};
    }

    return body_of($req, $path);
}


# the namespace that a decoder which ignores case and takes the last one finds

sub body_of {
    my ($req, $path) = @_;

    my ($ns) = $path =~ m{^/api/core/v2/namespaces/([^/]+)/} or return;
    return if $req->{method} !~ /^P/;
    return 'a body that is cut' if !$req->{complete};

    my $object = eval { JSON::PP->new->utf8->decode($req->{body}) };
    return 'a body that is no object' if ref $object ne 'HASH';

    for my $name (keys %$object) {
        my $meta = $object->{$name};
        next if lc $name ne 'metadata' || ref $meta ne 'HASH';

        for my $member (keys %$meta) {
            return "a body of namespace $meta->{$member}"
                if lc $member eq 'namespace' && $meta->{$member} ne ''
                   && $meta->{$member} ne decoded($ns);
        }
    }

    return;
}

1;
