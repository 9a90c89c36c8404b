# A Redis that speaks TLS only, reached through a stream server of the same
# nginx. As with all long sessions of stream, an old worker may have one of the
# new worker's: worker_shutdown_timeout ends it, and nobody notices. Sessions are
# not reused, as nginx does not free the last one of a peer when a worker ends.

use lib 't/lib';
use SensuTest;

use SensuTest::Pages;

my $t = SensuTest->new;
my $list = SensuTest::Pages->new($t, 21);
my $dir = $t->dir;
my ($cert, $key) = certificate($t);

my $port = $t->port;
my $redis = $t->redis(args => ['--tls-port', $port, '--bind', '127.0.0.1',
    '--tls-cert-file', $cert, '--tls-key-file', $key,
    '--tls-ca-cert-file', $cert, '--tls-auth-clients', 'no']);

my $gw = gateway($cert);
is_deeply [ $list->whole($gw) ], [ $list->elements ], 'a walk';
is clients(), 1, 'over TLS';

my ($old) = $gw->workers;
$gw->reload;
ok $t->wait_for(sub { !-e "/proc/$old" }), 'a reload: the old worker ends';
ok $t->wait_for(sub { clients() == 1 }), 'and its connection';
is_deeply [ $list->whole($gw) ], [ $list->elements ], 'a walk after it';
$gw->stop;

# a certificate of somebody else

certificate($t);
$gw = gateway($cert);
is $list->page($gw)->{status}, 503, 'another certificate: 503';
is $list->small($gw)->{status}, 200, '200 without a cursor';
ok scalar($gw->grep_log(qr/certificate verify error|upstream SSL certificate/)),
    'the stream server says why';
$gw->stop;

$t->done;


sub gateway {
    my ($trusted) = @_;

    my $modules = $t->modules;

    return $t->nginx(backend => $list->backend, server => $list->server,
        http => "sensu_redis unix:$dir/tls.sock timeout=2s;",
        main => <<"END");
load_module $modules/ngx_stream_module.so;
worker_shutdown_timeout 1s;
stream {
    server {
        listen unix:$dir/tls.sock;
        proxy_pass 127.0.0.1:$port;
        proxy_ssl on;
        proxy_ssl_session_reuse off;
        proxy_ssl_verify on;
        proxy_ssl_trusted_certificate $trusted;
        proxy_ssl_name localhost;
    }
}
END
}


sub clients {
    my $n = () = $redis->cmd('CLIENT', 'LIST')
            =~ / laddr=127\.0\.0\.1:$port .*name=ngx_sensu:/g;
    return $n;
}
