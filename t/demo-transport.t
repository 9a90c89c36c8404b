# The demo backend's HTTP, its options, and the handles that tests have on it.

use strict;
use warnings;

use lib 't/lib';
use IO::Socket::UNIX ();
use SensuTest;
use SensuTest::Process;

my $CORE = '/api/core/v2';

my $t = SensuTest->new;
my $demo = $t->demo('--control', '--timeout', '1.2');
my $admin = $demo->login;
my $program = 'demo/sensu-backend';


sub request {
    my ($path, @lines) = @_;
    return join "\r\n", "GET $CORE/$path HTTP/1.1", 'Host: x',
        "Authorization: Bearer $admin", @lines, '', '';
}


sub control {
    my ($what, $data) = @_;
    my $r = $demo->post("/demo/$what", JSON::PP::encode_json($data));
    is $r->{status}, 200, "/demo/$what";
}


subtest 'connections' => sub {
    my $c = $demo->connection;
    $c->send(request('namespaces') . request('checks') . request('hooks'));
    my @all = map { $c->response } 1 .. 3;
    is_deeply [map { $_->{status} } @all], [200, 200, 200], 'pipelined';
    is length $all[1]{body}, 16379, 'in order';
    $c->send(request('hooks', 'Connection: close'));
    is $c->response->header('Connection'), 'close', 'closes when asked';
    ok $c->eof, 'closed';

    my $r = $demo->get("$CORE/checks", token => $admin, version => '1.0');
    is $r->header('Transfer-Encoding'), undef, 'HTTP/1.0: no chunks';
    is length $r->{body}, 16379, 'the end of the connection ends it';
    is $r->{version}, '1.0', 'its version';

    $c = $demo->connection;
    ok $c->eof, 'an idle connection is closed';
    $c = $demo->connection;
    $c->send("POST $CORE/namespaces/dev/hooks HTTP/1.1\r\nHost: x\r\n"
        . "Authorization: Bearer $admin\r\nContent-Length: 9\r\n"
        . "Content-Type: application/json\r\n\r\n{");
    ok $c->eof, 'a body that does not come: not one byte';

    is $demo->raw("GET / HTTP/1.1\r\n\r\n")->{status}, 400, 'no Host';
    is $demo->raw("GET /\r\n\r\n")->{status}, 400, 'no version';
    $c = $demo->connection;
    $c->send("POST $CORE/namespaces/dev/hooks HTTP/1.1\r\nHost: x\r\n"
        . "Expect: 100-continue\r\nContent-Length: 9\r\n\r\n");
    $c->fill while $c->{in} !~ /\r\n\r\n/;
    like $c->{in}, qr{\AHTTP/1.1 401 }, 'no 100 before a 401';
    $c = $demo->connection;
    $c->send("POST $CORE/namespaces/dev/hooks HTTP/1.1\r\nHost: x\r\n"
        . "Authorization: Bearer $admin\r\nContent-Type: a/b\r\n"
        . "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    $c->fill while $c->{in} !~ /\r\n\r\n/;
    like $c->{in}, qr{\AHTTP/1.1 100 Continue\r\n\r\n\z}, '100 otherwise';
    $c->send('{}');
    is $c->response('POST')->{status}, 400, 'then the answer';

    $r = $demo->get('/metrics', headers => ['Accept-Encoding' => 'gzip']);
    is $r->header('Content-Encoding'), 'gzip', 'metrics are compressed';
    $r = $demo->get("$CORE/checks", token => $admin,
        headers => ['Accept-Encoding' => 'gzip', Range => 'bytes=0-1']);
    is $r->header('Content-Encoding'), undef, 'nothing else is';
    is length $r->{body}, 16379, 'nor cut to ranges';
    is $demo->post('/graphql', '[{},{}]', token => $admin)->{body},
        '[{"data":{}},{"data":{}}]', 'graphql';
};


subtest 'faults' => sub {
    my $list = "$CORE/checks";
    my $get = sub { $demo->get($_[0] // $list, token => $admin) };
    my $whole = $get->()->{body};
    my $fault = sub { control('fault', $_[0]) };

    $fault->({ path_regex => '/checks$', status => 503, times => 1 });
    is $get->()->{status}, 503, 'a status';
    is $get->()->{status}, 200, 'once';
    $fault->({ path_regex => 'limit=7', status => 200, body => '[1' });
    is $get->("$list?limit=7")->{body}, '[1', 'a body, by the query';
    $fault->({ action => 'clear' });

    $fault->({ path_regex => '/checks', action => 'cut-after', bytes => 99 });
    my $r = $get->();
    ok !$r->{complete}, 'cut';
    $r = $get->("$list?limit=3");
    is $r->{body}, substr($whole, 0, 99), 'after 99 bytes';
    is $r->header('Content-Length'), 1177, 'more were announced';
    $fault->({ action => 'clear' });

    $fault->({ path_regex => '/checks', action => 'cut-after',
        bytes => length $whole });
    $r = $get->();
    ok $r->{body} eq $whole, 'every byte came';
    ok !$r->{complete}, 'but not the last chunk';
    $fault->({ action => 'clear' });

    $fault->({ path_regex => '/checks', action => 'drop' });
    is $get->()->{error}, 'closed without a response', 'dropped';
    $fault->({ action => 'clear' });
    $fault->({ path_regex => '/checks', action => 'gzip' });
    $r = $get->();
    is $r->header('Content-Encoding'), 'gzip', 'compressed';
    ok $r->{body} ne $whole, 'really';
    $fault->({ action => 'clear' });
    $fault->({ path_regex => '/checks', action => 'ignore-paging' });
    ok $get->("$list?limit=3")->{body} eq $whole, 'limit ignored';
    $fault->({ action => 'clear' });

    $fault->({ path_regex => '/checks', action => 'trickle', ms => 1,
        bytes => 1 + int(length($whole) / 20) });
    ok $get->()->{body} eq $whole, 'in twenty pieces';
    $fault->({ action => 'clear' });

    $fault->({ path_regex => '/checks', action => 'delay', ms => 300 });
    my $slow = $demo->connection;
    $slow->send(request('checks'));
    is $get->("$CORE/hooks")->{body}, '[]', 'others do not wait';
    is JSON::PP::decode_json($demo->get('/demo/stats')->{body})->{in_flight},
        1, 'for the one that is late';
    is length $slow->response->{body}, length $whole, 'it comes';
    $fault->({ action => 'clear' });
};


subtest 'state and log' => sub {
    control('reset', { namespaces => ['a'], elements => [
        map { { type => 'hooks', namespace => 'a', name => $_ } } qw(x y) ] });
    my $list = sub {
        return join ' ', map { $_->{metadata}{name} } @{ $demo->get(
            "$CORE/hooks", token => $admin)->json };
    };
    is $list->(), 'x y', 'reset';
    control('put', { type => 'hooks', namespace => 'a', name => 'x.1' });
    control('delete', { type => 'hooks', namespace => 'a', name => 'y' });
    is $list->(), 'x x.1', 'put and deleted';
    control('put', { type => 'hooks', namespace => 'a', name => 'z',
        raw => '{ "metadata" : {"name":"z","namespace":"a"} }' });
    like $demo->get("$CORE/hooks", token => $admin)->{body},
        qr/,\{ "metadata" : /, 'bytes as given';
    is $demo->post('/demo/put', '{"type":"nosuch"}')->{status}, 400, 'no type';

    $demo->forget;
    control('stats', {});
    my $r = $demo->get("$CORE/hooks?limit=1", token => $admin);
    $demo->put("$CORE/namespaces/a/hooks/x", '{}', token => $admin);
    $demo->get('/health', headers => [Authorization => 'Basic eA==']);
    my $size = length($r->{raw}) + 4 + length $r->{body};
    like join("\n", $demo->requests), qr{\A
        GET\ $CORE/hooks\?limit=1\ auth=bearer\ 200\ $size\ 0\n
        PUT\ $CORE/namespaces/a/hooks/x\ auth=bearer\ 400\ [0-9]+\ 2\n
        GET\ /health\ auth=basic\ 200\ [0-9]+\ 0\z}x, 'a line each';
    my $stats = $demo->get('/demo/stats')->json;
    is $stats->{requests}, 3, 'counted';
    is $stats->{bytes}{"$CORE/hooks"}, $size, 'summed up by path';
};


subtest 'options' => sub {
    my $out = $t->dir . '/options';
    my $run = sub {
        my $p = SensuTest::Process->spawn(log => $out, cmd => [$program, @_]);
        $t->wait_for(sub { !$p->alive });
        return ($p->code >> 8) . ' ' . slurp($out);
    };

    like $run->('--listen', '127.0.0.1:' . $demo->port),
        qr/\A1 demo backend: 127[^\n]*is in use by another process\n\z/, 'port';
    unlink $out;
    like $run->('--listen', 'nowhere'), qr/\A1 demo backend: .*\n\z/, 'place';
    unlink $out;
    like $run->(), qr/\A1 usage: /, 'nothing';

    my $other = $t->demo('--no-token-store', '--pretty', '--rich');
    my $r = $other->get("$CORE/namespaces?limit=1", token => $t->token);
    is $r->{body}, qq([\n  {\n    "name": "Dev"\n  }\n]), 'pretty';
    for my $type (qw(namespaces users clusterroles clusterrolebindings roles
        rolebindings assets checks entities events filters handlers hooks
        extensions mutators silenced))
    {
        cmp_ok scalar @{ $other->get("$CORE/$type", token => $t->token)->json },
            '>', 5, "rich: $type";
    }

    my $shuffled = $t->demo('--no-token-store', '--shuffle-labels');
    my %seen = map { $shuffled->get("$CORE/checks", token => $t->token)->{body}
        => 1 } 1 .. 40;
    cmp_ok scalar keys %seen, '>', 1, 'labels change their order';

    my $path = $t->dir . '/socket';
    my $secret = $t->dir . '/new.secret';
    my $p = SensuTest::Process->spawn(log => "$out.unix", cmd => [$program,
        '--listen', "unix:$path", '--secret-file', $secret]);
    ok $t->wait_for(sub { slurp("$out.unix") eq "demo backend on unix:$path\n"
        }), 'unix socket';
    my $connected = IO::Socket::UNIX->new(Peer => $path);
    ok $connected, 'connects';
    is sprintf('%o', (stat $secret)[2] & 0777), '600', 'secret file';
    is length MIME::Base64::decode_base64(slurp($secret)), 32, '32 bytes';
    is $p->stop('TERM', 5), '', 'ends on TERM';
    is $p->code, 0, 'with 0';
};


subtest 'scale' => sub {
    my $big = $t->demo('--scale', 3_000, '--scale-namespaces', 3,
        '--no-token-store', '--timeout', 120);
    my @o = (token => $t->token);

    # a reader that reads nothing must not be in the way of others
    my $lazy = $big->connection;
    $lazy->send("GET $CORE/events HTTP/1.1\r\nHost: x\r\n"
        . 'Authorization: Bearer ' . $t->token . "\r\n\r\n");
    my $r = $big->get("$CORE/events", @o);
    ok $r->{complete}, 'a large list';
    my @all = events($r);
    is scalar @all, 3_032, 'all elements';
    cmp_ok length($r->{body}) / @all, '>', 2300, 'of a realistic size';
    is scalar events($big->get("$CORE/namespaces/load-2/events", @o)),
        1_000, 'spread over namespaces';
    my $r2 = $big->get("$CORE/events?limit=1001", @o);
    is scalar events($r2), 1001, 'a streamed page';
    ok $r2->{body} eq '[' . join(',', @all[0 .. 1000]) . ']',
        'the same bytes';
    ok $lazy->response->{body} eq $r->{body}, 'the lazy one has it, too';
};

$t->done;


# the elements of a list of events, found quickly

sub events {
    my ($r) = @_;
    return my @all = split /(?<=\}),(?=\{"timestamp":)/,
        $r->{body} =~ s/\A\[|\]\z//gr;
}
