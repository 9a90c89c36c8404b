# Who else may let a request in: satisfy any beside allow and deny, and
# auth_request into a location of the gateway. nginx then takes back what the
# gateway has said of the request, or copies it: since 1.23 it follows a
# pointer from header to header there.

use lib 't/lib';
use SensuTest;

my $path = '/api/core/v2/namespaces/dev/checks';

my $t = SensuTest->new;
my $back = $t->upstream(sub { $_[0]->reply(200, '[]') });

# memory that nobody has cleared is full of something

my $gw = $t->nginx(
    backend => $back,
    env => { MALLOC_PERTURB_ => 90 },
    location => 'satisfy any; allow 127.0.0.1; deny all;',
    locations => <<'END',
        location /denied/ {
            satisfy any; deny all;
            rewrite ^/denied(/.*)$ $1 break;
            sensu_cors https://ui.test;
            proxy_pass http://sensu;
        }
        location /asks/ {
            sensu_gateway off;
            auth_request /gate;
            proxy_pass http://sensu;
        }
        location = /gate {
            internal;
            rewrite ^ /api/core/v2/namespaces/dev/checks/c break;
            proxy_pass http://sensu;
            proxy_pass_request_body off;
            proxy_set_header Content-Length "";
        }
END
);

my @tokens = (undef, 'bad', $t->token, jwt('HS256', { sub => 'ann' }, 'other'));

subtest 'the address lets in, whatever the token' => sub {
    for my $round (1 .. 20) {
        for my $token (@tokens) {
            my $r = $gw->get($path, token => $token);

            is $r->{status}, 200, 'let in';
            is $r->header('WWW-Authenticate'), undef, 'without a challenge';
        }
    }
};

subtest 'neither lets in' => sub {
    for my $token (@tokens[0, 1, 3]) {
        my $r = $gw->get("/denied$path", token => $token);

        is $r->{status}, 401, 'refused';
        is scalar(my @all = $r->header('WWW-Authenticate')), 1,
           'with one challenge';
    }

    is $gw->get("/denied$path", token => $tokens[2])->{status}, 200,
       'the token lets in';
};

subtest 'auth_request into the gateway' => sub {
    for my $round (1 .. 20) {
        for my $token (@tokens[0, 1, 3]) {
            my $r = $gw->get('/asks/x', token => $token);

            is $r->{status}, 401, 'refused';
            like $r->header('WWW-Authenticate'), qr/^Bearer realm="sensu"/,
                 'with the challenge';
        }
    }

    is $gw->get('/asks/x', token => $tokens[2])->{status}, 200, 'let in';
};

$t->done;
