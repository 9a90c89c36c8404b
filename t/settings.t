# Settings that start but mean something else: each is an error or a warning
# that says where, what and how it would be right.  The messages are whole.

use lib 't/lib';
use SensuTest;

use POSIX qw(mkfifo);
use SensuTest::Settings;

my $t = SensuTest->new;
my $back = $t->upstream(sub { $_[0]->reply(200, '[]') });
my $d = $t->dir;

my $conf = SensuTest::Settings->new($t, $back);
my $pass = $conf->pass;
my $key = $conf->key;

$t->write('jwks', '{"keys":[{"kty":"oct","k":"' . 'A' x 86 . '"}]}', 0600);
mkfifo("$d/fifo", 0600) or die "mkfifo: $!";

my @letters = ('a' .. 'z', 0 .. 9);
my @names = map { my $a = $_; map { "$a$_" } @letters } @letters;


# A row is a configuration of one server and what nginx -t says of it: nothing,
# or the whole line. "here" marks the line of the configuration it must name.

subtest 'keys without a gateway' => sub {
    for my $directive ($key, 'sensu_namespaces web;', 'sensu_jwt_audience a;',
                       'sensu_jwt_issuer a;', "sensu_jwt_key_set $d/jwks;")
    {
        my ($name) = $directive =~ /^(\w+)/;
        my $vain = qq([emerg] "$name" in CONF:HERE protects nothing, as )
                   . '"sensu_gateway on;" is missing: add it there, or '
                   . '"sensu_gateway off;" if everybody is meant to get in';

        said("$name of a server", server => "$directive # here",
             locations => "location / { $pass }", $vain);
        said('of a location', locations => <<"END", $vain);
location / {
$directive # here
$pass }
END
        said('of all servers', http => "$directive # here",
             locations => "location / { $pass }", $vain);
    }

    said('off for the server is an answer',
         server => "$key sensu_gateway off;",
         locations => "location / { $pass }", '');
    said('and for the location', locations => <<"END", '');
location / { $key sensu_gateway off; $pass }
END
    said('keys for all servers, a gateway in one of them',
         http => $key, locations => "location / { sensu_gateway on; $pass }",
         '');
    said('keys of a server with a gateway in it', server => $key,
         locations => <<"END", '');
location / { sensu_gateway on; $pass }
location /open { sensu_gateway off; $pass }
END
    said('off for one location is none for the others', server => "$key # here",
         locations => <<"END", qr/^\[emerg\] "sensu_jwt_key" in CONF:HERE pro/);
location / { $pass }
location /open { sensu_gateway off; $pass }
END
};

subtest 'a location that was forgotten' => sub {
    my $open = sub {
        qq([warn] location "$_[0]" of the server in CONF:HERE is no gateway )
        . 'while others beside it are: everybody gets in, add '
        . '"sensu_gateway on;", or "sensu_gateway off;" if that is meant'
    };

    said('beside one', server => $key, locations => <<"END", $open->('/api'));
location / { sensu_gateway on; $pass }
location /api { $pass }
END
    said('a named one', server => $key, locations => <<"END", $open->('@b'));
location / { sensu_gateway on; $pass error_page 502 = \@b; }
location \@b { $pass }
END
    said('off', server => $key, locations => <<"END", '');
location / { sensu_gateway on; $pass }
location /api { sensu_gateway off; $pass }
END
    said('not proxied', server => $key, locations => <<"END", '');
location / { sensu_gateway on; $pass }
location /files { root $d; }
location /gone { return 404; }
location /numbers { sensu_metrics; }
END
    said('beside one that proxies by another name', server => $key,
         locations => <<"END", $open->('@b'));
location / { sensu_gateway on; try_files /absent \@b; }
location \@b { $pass }
END
    said('beside counters alone', server => $key,
         locations => <<"END", $open->('/'));
location = /metrics { sensu_gateway on; sensu_metrics; }
location / { $pass }
END
    said('with variables', server => "$key set \$b http://127.0.0.1;",
         locations => <<"END", $open->('/api'));
location / { sensu_gateway on; proxy_pass \$b; }
location /api { proxy_pass \$b; }
END
    said('grpc_pass', server => $key, locations => <<"END", $open->('/api'));
location / { sensu_gateway on; $pass }
location /api { grpc_pass grpc://127.0.0.1:1; }
END
    said('an if of a gateway', server => $key, locations => <<"END", '');
location / { sensu_gateway on; if (\$arg_a) { $pass } $pass }
END
};

subtest 'a location answers in one way' => sub {
    for my $name (qw(sensu_metrics sensu_status)) {
        said("$name before a proxy_pass", locations => <<"END",
location / {
$name; # here
$pass }
END
             qq([emerg] "$name" in CONF:HERE answers nothing, as something )
             . 'else in its location does, such as proxy_pass: give it a '
             . 'location of its own');
        said("$name behind it", locations => <<"END",
location / { $pass
$name; # here
}
END
             qq([emerg] "$name" directive stands where something else answers )
             . 'already, such as proxy_pass: give it a location of its own in '
             . 'CONF:HERE');
    }

    said('both', locations => <<"END",
location / { sensu_status;
sensu_metrics; # here
}
END
         '[emerg] "sensu_metrics" directive stands where something else '
         . 'answers already, such as proxy_pass: give it a location of its own '
         . 'in CONF:HERE');
};

subtest 'values that cannot be right' => sub {
    gateway('sensu_page_default 500; sensu_page_max 100;',
            '[emerg] "sensu_page_max" in CONF:HERE makes sensu_page_default, '
            . '500, more than sensu_page_max, 100, which no page exceeds; '
            . 'lower the one or raise the other');
    gateway('sensu_page_default 1001;',
            '[emerg] "sensu_page_default" in CONF:HERE makes '
            . 'sensu_page_default, 1001, more than sensu_page_max, 1000, which '
            . 'no page exceeds; lower the one or raise the other');
    gateway('sensu_page_default 100; sensu_page_max 100;', '');

    for my $path ('/x/..', '/x/.', '/..', '/x/../y') {
        gateway("sensu_public $path;",
                qq([emerg] "$path" is not a path in "sensu_public", use exact, )
                . 'unescaped paths such as /health, without a query or a '
                . 'pattern in CONF:HERE');
    }

    gateway('sensu_public /x/..y /.x /x.. /x./y;', '');

    for my $name (qw(sensu_jwt_audience sensu_jwt_issuer)) {
        gateway("$name \$host;",
                qq([emerg] "$name" takes "\$host" as it stands, without )
                . 'variables: name the text that is in the tokens in '
                . 'CONF:HERE');
    }

    gateway("sensu_jwt_key HS256 $d/fifo;",
            '[emerg] "sensu_jwt_key": "DIR/fifo": cannot be read: it is no regular file in '
            . 'CONF:HERE');
    gateway("sensu_jwt_key_set $d/fifo;",
            '[emerg] "sensu_jwt_key_set": "DIR/fifo": cannot be read: it is no regular file '
            . 'in CONF:HERE');
};

subtest 'namespaces' => sub {
    my $no = ' in "sensu_namespaces" is not the name of a namespace, use '
             . 'letters, digits and "_-.:", several between commas or blanks, '
             . 'or "*" alone for all in CONF:HERE';

    gateway("sensu_namespaces $$_[0];", qq([emerg] "$$_[1]"$no))
        for ['"a/b"', 'a/b'], ['"a,*"', '*'], ['"web, b/c"', 'b/c'],
            ['..', '..'];

    gateway("sensu_namespaces $_;",
            qq([warn] "$_" in "sensu_namespaces" is the name of a namespace: )
            . 'use "*" for all, "" for none, or leave the directive out in '
            . 'CONF:HERE') for qw(on off);

    gateway("sensu_namespaces $_;", '') for '*', '""', '"a b"', 'office', 'a,off';

    gateway('sensu_namespaces ' . join(',', @names[0 .. 1023]) . ';', '');
    gateway('sensu_namespaces ' . join(',', @names[0 .. 1024]) . ';',
            '[emerg] "sensu_namespaces" has 1025 names, use up to 1024, or "*" '
            . 'for all in CONF:HERE');
};

subtest 'namespaces of a map' => sub {
    my $gw = $t->nginx(backend => $back, http => <<"END",
        map \$sensu_user \$may {
            many "@{[join ',', @names[0 .. 1024]]}";
            odd 'a/b", client: 1.2.3.4, server: x';
            default "*";
        }
END
        server => 'sensu_namespaces $may;');

    is $gw->get('/api/core/v2/checks', token => $t->token(sub => $_))->{status},
       403, $_ for qw(many odd);

    like join('', $gw->grep_log(qr/sensu_namespaces has/)),
         qr/value[ ]"aa,ab,.*\.\.\."
            ,[ ]which[ ]is[ ]more[ ]than[ ]1024[ ]namespaces:
            [ ]the[ ]caller[ ]gets[ ]none/x, 'the true reason';
};

subtest 'headers of CORS' => sub {
    gateway("sensu_cors_headers $_;",
            qq([emerg] "$_" is not the name of a header in "sensu_cors_headers")
            . ', use letters, digits and "-", each name by itself in CONF:HERE')
        for '*', 'X-A,X-B', 'X_A', 'X-A:';
};

subtest 'rate limits' => sub {
    my $redis = 'sensu_redis redis://127.0.0.1:1/0;';

    for my $all ('zone=x', 'everybody') {
        gateway("$redis sensu_rate_limit $all rate=1r/s;",
                qq([warn] "$all" in "sensu_rate_limit" is the same for all )
                . 'callers, who share one count: name what tells them apart, '
                . 'such as $sensu_user or $binary_remote_addr in CONF:HERE');
    }

    gateway("$redis sensu_rate_limit \$nope rate=1r/s;",
            '[emerg] unknown variable "$nope" in "sensu_rate_limit" in '
            . 'CONF:HERE, define it with map or set, or use '
            . '$sensu_claim_NAME');
    gateway('sensu_namespaces $nope;',
            '[emerg] unknown variable "$nope" in "sensu_namespaces" in '
            . 'CONF:HERE, define it with map or set, or use '
            . '$sensu_claim_NAME');

    gateway("$redis sensu_rate_limit \$sensu_user rate=$_;",
            '[emerg] "sensu_rate_limit" cannot count so many requests that '
            . 'exactly, use up to 10000r/s, or 1000000r/s divided by a whole '
            . 'number in CONF:HERE')
        for qw(600000r/s 300000r/s);
    gateway("$redis sensu_rate_limit \$sensu_user rate=$_;", '')
        for qw(1000000r/s 500000r/s 10000r/s 9999r/s 7r/s 7r/m 1000000r/m);
};

subtest 'log-outs that nobody sees' => sub {
    my $never = '[warn] "sensu_logout on" for the gateway in CONF:HERE never '
                . 'sees a log-out: the location of /auth/logout must have '
                . '"sensu_gateway on" and "sensu_logout on", too';

    said('of another location', server => $key, locations => <<"END", $never);
location / { sensu_gateway off; $pass }
location /api {
sensu_gateway on; # here
sensu_logout on; $pass }
END
    gateway('sensu_logout on;', '');
};

subtest 'a return asks for no token' => sub {
    my $gw = $t->nginx(backend => $back, locations => <<"END");
location = /_return { internal; return 204; }
location = /_ask { internal; $pass proxy_method GET; }
location /open { auth_request /_return; sensu_gateway off; $pass }
location /asked { auth_request /_ask; sensu_gateway off; $pass }
END
    is $gw->get('/asked')->{status}, 401, 'a proxy_pass of a gateway asks';
    is $gw->get('/asked', token => $t->token)->{status}, 200, 'and lets in';
    is scalar $gw->grep_log(qr/was looked at/), 0, 'nothing to tell';

    is $gw->get('/open')->{status}, 200, 'a return lets everybody in';
    like +($gw->grep_log(qr/was looked at/))[0],
         qr/\[warn\][ ].*sensu:[ ]a[ ]subrequest[ ]to[ ]"\/_return"
            [ ]was[ ]answered[ ]with[ ]204
            [ ]before[ ]its[ ]token[ ]was[ ]looked[ ]at,[ ]by[ ]a[ ]"return"[ ]or
            [ ]a[ ]rewrite:[ ]nobody[ ]is[ ]asked[ ]for[ ]one/x,
         'which is told';
};

$t->done;


sub said { $conf->said(@_) }

sub gateway { $conf->gateway(@_) }
