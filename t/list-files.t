# Lists that nginx keeps in files, as it does with what a slow client has yet to
# take and with what goes to a cache: what comes back out of a file is narrowed as
# what came from the backend was, whether nginx would send a file by sendfile and
# whether threads read it.

use lib 't/lib';
use SensuTest;
use Time::HiRes qw(sleep);

my $CORE = '/api/core/v2';
my $N = 6000;

my $t = SensuTest->new;
my $token = $t->token(sub => 'ann');

my $kept = 'proxy_cache kept; proxy_cache_valid 200 1h; '
           . 'proxy_cache_key "$server_port$http_authorization$uri$is_args$args";';

# output_buffers: more than one turn for what is read out of a file

my %servers = map { my ($name, $lines) = @$_;
                    ("memory $name" => $lines, "cache $name" => "$lines $kept") }
    [plain => 'sendfile off;'], [sendfile => 'sendfile on;'],
    [threads => 'aio threads; sendfile off;'],
    ['sendfile and threads' => 'sendfile on; aio threads;'],
    ['small pieces' => 'sendfile off; aio threads; aio_write on; '
        . 'output_buffers 1 1k; proxy_buffer_size 1k; proxy_buffers 4 1k; '
        . 'proxy_busy_buffers_size 2k;'];

my %port = map { $_ => $t->port } sort keys %servers;


# every other one is of a namespace that begins alike, as 5.5 lists it

sub element {
    my ($ns, $i) = @_;
    return sprintf '{"metadata":{"name":"h%04d","namespace":"%s"}}', $i, $ns;
}

sub list {
    my ($ns, $n) = @_;
    return '[' . join(',', map { element($_ % 2 ? "$ns-eu" : $ns, $_) } 1 .. $n) . ']';
}

sub of { my ($ns, $n) = @_; map { element($ns, 2 * $_) } 1 .. ($n // $N) / 2 }

my $back = $t->upstream(sub {
    my ($c, $req) = @_;
    my ($ns, $type) = $req->{path} =~ m{^$CORE/namespaces/([^/]+)/(\w+)$};

    return $c->reply(200, '"one"') if !$type;
    return $c->reply(200, list($ns, $type eq 'checks' ? 40 : $N));
});

my $gw = $t->nginx(backend => $back, gateway => 0,
    http => 'sensu_gateway on; sensu_jwt_key HS256 ' . $t->secret_file . ';'
            . 'sensu_namespaces "dev ops"; sensu_native_pages off;'
            . 'sensu_page_max 10000;'
            . 'proxy_cache_path %%DIR%%/kept keys_zone=kept:1m;'
            . join '', map { <<"END" }
    server {
        listen 127.0.0.1:$port{$_} sndbuf=8k;
        $servers{$_}
        location / { proxy_pass http://sensu; }
    }
END
    sort keys %servers);


# what he is slow to take waits in a file; the next answer follows the first

sub slowly {
    my ($server, $target) = @_;

    local $gw->{port} = $port{$server};
    my $c = $gw->connection(timeout => 5);

    $c->send($gw->message('GET', $target, token => $token, keepalive => 1));
    sleep 0.1;
    my $r = $c->response;

    return $r if !$r->{complete}
                 || ($r->header('Connection') // '') eq 'close';

    $c->send($gw->message('GET', "$CORE/namespaces/dev/hooks/x", token => $token));
    is $c->response->{body}, '"one"', "$target: what follows";

    return $r;
}


sub gives {
    my ($r, $name, @elements) = @_;

    is $r->{status}, 200, $name or diag $r->{body};
    ok $r->{complete}, "$name: all of it";
    ok $r->{body} eq '[' . join(',', @elements) . ']', "$name: his own"
        or diag length $r->{body}, ' bytes: ', substr $r->{body}, 0, 300;
}


for my $server (sort keys %servers) {
    subtest $server => sub {
        for my $turn ('at first', 'again') {
            gives(slowly($server, "$CORE/namespaces/dev/hooks"),
                  "one namespace, $turn", of('dev'));
            gives(slowly($server, "$CORE/namespaces/dev/checks"),
                  "a small list, $turn", of('dev', 40));
            gives(slowly($server, "$CORE/hooks"), "two of them, $turn",
                  of('dev'), of('ops'));
            gives(slowly($server, "$CORE/namespaces/dev/hooks?limit=2"),
                  "a page, $turn", (of('dev'))[0, 1]);
            gives(slowly($server, "$CORE/hooks?limit=10000"),
                  "a page of all, $turn", of('dev'), of('ops'));
        }
    } or last;
}

$t->done;
