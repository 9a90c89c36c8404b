# What sensu_metrics says of now: which backends nginx would ask, and until
# when the certificates are good.

use lib 't/lib';
use SensuTest;

use SensuTest::Metrics;

my $t = SensuTest->new;
my $back = $t->upstream(sub { $_[0]->reply(200, '{}') });
my ($cert, $key) = certificate($t);
my $tls_port = $t->port;
my $nobody = $t->port;
my $alive = '127.0.0.1:' . $back->port;

my $gw = $t->nginx(
    backend => $back,
    http => <<"END",
        upstream seen {
            zone seen 256k;
            server $alive;
            server $alive;
            server 127.0.0.1:$nobody max_fails=1 fail_timeout=600s;
            server 127.0.0.2:$nobody down;
            server 127.0.0.3:@{[$back->port]} backup;
        }
        upstream elsewhere {
            zone elsewhere 256k;
            server $alive;
            server 127.0.0.1:$nobody;
        }
        server {
            listen 127.0.0.1:$tls_port ssl;
            server_name shown.example;
            ssl_certificate $cert;
            ssl_certificate_key $key;
            sensu_gateway on;
            sensu_jwt_key HS256 @{[$t->secret_file]};
            location / { proxy_pass http://seen; }
            location /two/ { proxy_pass http://seen; }
        }
        server {
            listen 127.0.0.1:@{[$t->port]} ssl;
            server_name other.example;
            ssl_certificate $cert;
            ssl_certificate_key $key;
            location / { proxy_pass http://elsewhere; }
        }
END
    locations => <<'END',
        location /seen/ { proxy_pass http://seen; }
        location = /metrics { sensu_gateway off; sensu_metrics; }
END
);


sub now {
    my ($name) = @_;

    my $m = SensuTest::Metrics->parse($gw->get('/metrics')->{body});

    return { map { /^sensu_gateway_\Q$name\E\{(.*)\}$/ ? ($1 => $m->value($_))
                                                       : () } $m->series };
}


sub of { my ($server) = @_; return qq(upstream="seen",server="$server") }


subtest 'backends, of gateways, in an upstream with a zone' => sub {
    my %up = (of($alive) => 1, of("127.0.0.1:$nobody") => 1,
              of("127.0.0.2:$nobody") => 0,
              of('127.0.0.3:' . $back->port) => 1);

    is_deeply now('backend_up'), \%up, 'all but the one that is marked down';

    $gw->get('/seen/x', token => $t->token) for 1 .. 4;

    $up{ of("127.0.0.1:$nobody") } = 0;
    is_deeply now('backend_up'), \%up, 'nobody listens at this one';
};


subtest 'certificates, of servers with a gateway' => sub {
    my ($end) = `openssl x509 -noout -enddate -in $cert` =~ /notAfter=(.*)/;
    chomp(my $want = `date -u -d "$end" +%s`);

    my $now = now('certificate_not_after_seconds');

    is_deeply [ keys %$now ], [ 'server="shown.example"' ], 'of whom';
    cmp_ok abs($now->{'server="shown.example"'} - $want), '<=', 1,
        'until when, to a second';
};

$t->done;
