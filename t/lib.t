# The test library itself, with an nginx that has no module.

use lib 't/lib';
use SensuTest;

my $t = SensuTest->new;

my $up = $t->upstream(sub {
    my ($c, $req) = @_;

    if ($req->{path} eq '/chunked') {
        $c->head(200, 'Transfer-Encoding' => 'chunked');
        $c->chunk($_) for 'ab', 'c' x 300;
        return $c->end_chunks;
    }

    if ($req->{path} eq '/cut') {
        $c->head(200, 'Content-Length' => 10);
        $c->send('12345');
        return $c->close;
    }

    if ($req->{path} eq '/list') {
        my ($at) = ($req->{query} // '') =~ /continue=t(\d)/;
        $at //= 0;
        return $c->reply(200, "[{\"n\":$at},{\"a\":[\"]\\\"\", 1 ]} ]",
                         $at < 2 ? ('Sensu-Continue' => 't' . ($at + 1)) : ());
    }

    $c->reply(200, $req->{method} . ' ' . $req->{body}, 'X-A' => 'one');
});

my $nginx = $t->nginx(module => 0, gateway => 0, backend => $up,
                      location => 'add_header X-B 1; add_header X-B 2;');

my $r = $nginx->get('/a?b');
is $r->{status}, 200, 'get';
is $r->{body}, 'GET ', 'body';
is_deeply [ $r->header('x-b') ], [1, 2], 'repeated header';
is $r->header('X-A'), 'one', 'upstream header';

is $nginx->post('/x', 'text')->{body}, 'POST text', 'declared body';
is $nginx->post('/x', undef, chunked => ['te', 'xt'])->{body}, 'POST text',
   'chunked body';
is $nginx->get('/chunked')->{body}, 'ab' . 'c' x 300, 'chunked response';
is $nginx->h2('/x', body => 'two')->{body}, 'POST two', 'HTTP/2';
is $nginx->h2('/x')->header('x-a'), 'one', 'HTTP/2 headers';

my $cut = $nginx->get('/cut');
ok !$cut->{complete}, 'a cut response is told from a whole one';

my @two = $nginx->raw("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
                      . "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n", 2);
is_deeply [ map { $_->{status} } @two ], [200, 200], 'pipelined';

my @seen = $up->requests;
is $seen[0]{target}, '/a?b', 'the upstream recorded it';
is $seen[2]{body}, 'text', 'with its body';
is $seen[-1]{n}, scalar @seen, 'and numbered it';
ok $up->connections >= 1 && $up->connections < @seen, 'connections are kept';

my $walk = $nginx->walk('/list', 2);
is scalar @{ $walk->{pages} }, 3, 'a walk';
is_deeply $walk->{tokens}, ['t1', 't2'], 'its tokens';
is $walk->{elements}[1], '{"a":["]\\"", 1 ]}', 'elements as they came';
is_deeply elements(' [ ] '), [], 'an empty list';
ok !eval { elements('[1,2'); 1 }, 'an open list is refused';
ok !eval { elements('[1]x'); 1 }, 'text after a list is refused';

my $pid = ($nginx->workers)[0];
$nginx->reload(location => 'return 204;');
isnt(($nginx->workers)[0], $pid, 'another worker');
is $nginx->get('/')->{status}, 204, 'another configuration';

my $bad = $t->nginx(module => 0, server => 'nonsense;', start => 0);
my ($good, $said) = $bad->check;
ok !$good, 'nginx -t refuses';
like $said, qr/unknown directive "nonsense"/, 'and says why';

for my $redis ($t->redis, $t->redis(port => 1)) {
    $redis->cmd('SET', 'k', "v\r\n");
    is $redis->cmd('GET', 'k'), "v\r\n", 'redis, ' . $redis->url;
    is_deeply [ $redis->keys ], ['k'], 'keys';
    $redis->kill;
    ok !eval { $redis->cmd('PING'); 1 }, 'killed';
    $redis->restart;
    is $redis->cmd('GET', 'k'), undef, 'restarted empty';
    ok !eval { $redis->cmd('NONSENSE'); 1 }, 'an error reply dies';
}

# RFC 7515, A.1: the claims and the key are the example's, so the signature
# must be the example's, too

require MIME::Base64;
is jwt('HS256', "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n "
                . "\"http://example.com/is_root\":true}",
       MIME::Base64::decode_base64url(
           'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0i'
           . 'PS4hcgUuTwjAzZr1Z9CAow'),
       header => "{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}"),
   'eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOj'
   . 'EzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjft'
   . 'JeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk', 'HS256 as in RFC 7515';

my ($private) = key_pair($t, 'ec', 'secp384r1');
is length((split /\./, jwt('ES384', { sub => 'a' }, $private))[2]), 128,
   'ES384 has 96 bytes';

($private) = key_pair($t, 'rsa');
is length((split /\./, jwt('RS256', { sub => 'a' }, $private))[2]), 342,
   'RS256 has 256 bytes';

$t->done;
