# HTTP/3: the same gateway over QUIC, where nginx and curl have it.

use lib 't/lib';
use SensuTest;

my $nginx = $ENV{TEST_NGINX_BINARY} // '/usr/sbin/nginx';

plan skip_all => 'this nginx is built without HTTP/3'
    if `$nginx -V 2>&1` !~ /--with-http_v3_module/;
plan skip_all => 'this curl is built without HTTP/3'
    if `curl -V` !~ /\bHTTP3\b/;

my $t = SensuTest->new;
my ($cert, $key) = certificate($t);
my $demo = $t->demo('--secret-file', $t->secret_file);
my $port = $t->port;      # whose UDP at 127.0.0.1 says that it is taken

my $gw = $t->nginx(
    backend => $demo,
    server  => "listen 127.0.0.2:$port quic; listen 127.0.0.2:$port ssl;"
               . " ssl_certificate $cert; ssl_certificate_key $key;"
               . ' ssl_protocols TLSv1.3;',
);

my $base = "https://localhost:$port";
my $token = $demo->login;
my $list = '/api/core/v2/namespaces/default/checks';


subtest 'a walk, by the token and by the Link' => sub {
    my @all = map { $_->{metadata}{name} }
              @{ $demo->get($list, token => $token)->json };

    cmp_ok @all, '>', 4, 'some checks';

    is_deeply [ walk(sub { my ($r) = @_;
        my $next = $r->header('Sensu-Continue');
        return defined $next ? "$base$list?limit=2&continue=$next" : undef;
    }) ], \@all, 'by the token';

    is_deeply [ walk(sub { my ($r) = @_;
        my ($link) = ($r->header('Link') // '') =~ /^<(\S+)>; rel="next"$/
            or return;

        # a reference without a host stays where it was followed: on HTTP/3
        like $link, qr{^/api/}, 'relative';
        return "$base$link";
    }) ], \@all, 'by the Link';
};

subtest 'refusals' => sub {
    my $r = h3("$base$list");

    is $r->{status}, 401, 'no token';
    is $r->json->{reason}, 'missing_token', 'says so';
    like $r->header('WWW-Authenticate'), qr/^Bearer/, 'and what to bring';

    # whoever still sends when the answer ends has lost it, says curl

    my $body = $t->write('large', 'x' x 512_001);

    $r = h3("$base$list", token => $token, args => [
        '-X', 'POST', '-H', 'Content-Type: application/json',
        '-H', 'Expect: 100-continue', '--expect100-timeout', 60,
        '--data-binary', "\@$body" ]);

    is $r->{status}, 413, 'a body over the limit';
    is $r->json->{reason}, 'body_too_large', 'says so';

    is h3("$base$list?limit=2&continue=forged", token => $token)->{status}, 400,
       'a cursor that is none';
    is h3("$base/api/core/v2/namespaces/default/..%2fdev/checks",
          token => $token)->{status}, 400, 'a path that climbs';
};

$t->done;


sub walk {
    my ($next) = @_;

    my @names;

    for (my $url = "$base$list?limit=2"; defined $url; ) {
        my $r = h3($url, token => $token);

        is $r->{status}, 200, $url or last;
        push @names, map { $_->{metadata}{name} } @{ $r->json };
        $url = $next->($r);
    }

    return @names;
}


sub h3 {
    my ($url, %o) = @_;

    my $r = $gw->curl($url, token => $o{token},
                      args => [ '--http3-only', '--cacert', $cert,
                                '--resolve', "localhost:$port:127.0.0.2",
                                @{ $o{args} // [] } ]);

    is $r->{version}, '3', 'over HTTP/3';

    return $r;
}
