# The program sensu-token: it says of a token what the gateway says of it, and
# why, and makes tokens that both take; never a secret on a screen.

use lib 't/lib';
use SensuTest;

use Cwd qw(abs_path);
use IPC::Open3;
use Symbol qw(gensym);

my $t = SensuTest->new;
my $back = $t->upstream(sub { $_[0]->reply(200, '{}') });
my $d = $t->dir;
my $program = abs_path($ENV{TEST_SENSU_TOKEN} || 'build/sensu-token');

die "make build/sensu-token\n" if !$program || !-x $program;

my $hs = $t->secret_file;
chmod 0600, $hs;

my %pair = (
    RS => [key_pair($t, 'rsa')],
    ES256 => [key_pair($t, 'ec', 'prime256v1')],
    ES384 => [key_pair($t, 'ec', 'secp384r1')],
    ES512 => [key_pair($t, 'ec', 'secp521r1')],
);

$t->write('long', unpack('H*', $t->secret) x 2, 0600);

my @algs = qw(HS256 HS384 HS512 RS256 RS384 RS512 ES256 ES384 ES512);
my %key = map { $_ => /^HS/ ? [("$d/long format=hex") x 2]
                            : [@{ $pair{/^RS/ ? 'RS' : $_} }] } @algs;

my $gw = $t->nginx(backend => $back, locations => join '', map { <<"END" } @algs);
    location /$_/ { sensu_jwt_key $_ $key{$_}[1]; proxy_pass http://sensu; }
END

subtest 'make, for every algorithm' => sub {
    for my $alg (@algs) {
        my ($code, $token, $err) = run('', 'make', '--key', "$alg $key{$alg}[0]",
                                       '--sub', 'ann', '--groups', 'dev,ops');

        is $code, 0, $alg or diag $err;
        chomp $token;

        is $gw->get("/$alg/x", token => $token)->{status}, 200,
           'the gateway takes it';
        is_deeply [run($token, 'check', '--key', "$alg $key{$alg}[1]")]->[0], 0,
           'and the program';
    }
};

# What the gateway of these options and the program say of a token

subtest 'check says what the gateway says' => sub {
    my @rules = (
        ["sensu_jwt_key HS256 $hs;", '--key', "HS256 $hs"],
        ["sensu_jwt_key HS256 $hs kid=a;", '--key', "HS256 $hs kid=a"],
        ["sensu_jwt_key HS256 $hs issuer=me;", '--key', "HS256 $hs issuer=me"],
        ["sensu_jwt_key HS256 $hs; sensu_jwt_issuer me you;", '--key',
         "HS256 $hs", '--issuer', 'me', '--issuer', 'you'],
        ["sensu_jwt_key HS256 $hs; sensu_jwt_audience it;", '--key',
         "HS256 $hs", '--audience', 'it'],
        ["sensu_jwt_key HS256 $hs; sensu_jwt_leeway 1m; sensu_jwt_iat on;",
         '--key', "HS256 $hs", '--leeway', '1m', '--iat'],
        ["sensu_jwt_key HS256 $hs; sensu_groups_claim a.b;", '--key',
         "HS256 $hs", '--groups-claim', 'a.b'],
        ["sensu_jwt_key RS256 $pair{RS}[1];", '--key', "RS256 $pair{RS}[1]"],
    );

    my @locations = map { "location /$_/ { $rules[$_][0] proxy_pass http://sensu; }" }
                    0 .. $#rules;
    my $judge = $t->nginx(backend => $back, locations => join("\n", @locations),
                          server => 'add_header X-Token $sensu_token always;');

    my $now = time;
    my @tokens = (
        $t->token, $t->token(exp => $now - 30), $t->token(exp => $now - 90),
        $t->token(nbf => $now + 30), $t->token(iat => $now + 90),
        $t->token(iss => 'me'), $t->token(iss => 'you', aud => ['it']),
        $t->token(a => { b => 'x' }), $t->token(a => { b => 7 }),
        $t->token(sub => ' a'), $t->token(exp => undef),
        jwt('HS256', { sub => 'a', exp => $now + 900 }, $t->secret, kid => 'a'),
        jwt('HS256', { sub => 'a', exp => $now + 900 }, $t->secret, kid => 'b'),
        jwt('HS256', { sub => 'a', exp => $now + 900 }, 'x' x 32),
        jwt('RS256', { sub => 'a', exp => $now + 900 }, $pair{RS}[0]),
        jwt('none', { sub => 'a', exp => $now + 900 }, ''),
        'foo', 'a.b.c', $t->token . '=',
    );

    my @differ;

    for my $i (0 .. $#rules) {
        for my $token (@tokens) {
            my (undef, @options) = @{ $rules[$i] };
            my $r = $judge->get("/$i/x", token => $token);
            my ($code, $out) = run($token, 'check', @options);
            my ($verdict) = $out =~ /^verdict: (.*)$/m;
            my ($why) = $out =~ /^reason: (.*)$/m;
            my ($said) = ($r->header('WWW-Authenticate') // '')
                         =~ /error_description="(.*)"/;

            push @differ, "rule $i, $token: $out" if
                $verdict ne $r->header('X-Token')
                || $code != ($r->{status} == 200 ? 0 : 1)
                || ($why // '') ne ($said // '');
        }
    }

    is_deeply \@differ, [], @rules * @tokens . ' verdicts';
};

subtest 'what would have to be different' => sub {
    my @options = ('--key', "HS256 $hs kid=a");
    my $say = sub { (run($_[0], 'check', @options))[1] };

    like $say->($t->token(exp => time - 300)),
         qr/^exp: \d{4}-\d\d-\d\d [\d:]+ UTC, 5 min( 1 s)? ago$/m, 'how long ago';
    like $say->(jwt('HS256', { sub => 'a', exp => time + 9 }, 'x' x 32)),
         qr/^alg: "HS256"\nkid: none\nkey here: HS256, kid "a"\nto change: /m,
         'the keys there are';
    like $say->(jwt('RS256', { sub => 'a', exp => time + 9 }, $pair{RS}[0],
                    kid => "x\ny")),
         qr/^alg: "RS256"\nkid: "x\\ny"\n/m, 'nothing that moves the cursor';
    like $say->('foo'), qr/^to change: it must be three parts/m, 'its form';
};

subtest 'show' => sub {
    my ($code, $out) = run($t->token(exp => time + 3600, sub => "\x{fc}"), 'show');

    is $code, 0, 'code';
    like $out, qr/^header: \{\n    "alg": "HS256"/, 'the header';
    like $out, qr/^    "sub": "\\u00FC"/m, 'claims';
    like $out, qr/^exp: .* UTC, in (?:1 h|59 min 59 s)$/m, 'times in words';
    like $out, qr/^nothing of this is verified/m, 'no verdict';
    like +(run($t->token(exp => 1e300), 'show'))[1], qr/^exp: beyond all calend/m,
         'any number';
    is +(run($_, 'show'))[0], 1, "\"$_\" is none" for 'foo', 'a.b.c', '..', '.a.';

    for my $around ("Bearer %s\n", "Authorization: Bearer %s\r\n", " %s ") {
        my $text = sprintf $around, $t->token;
        is +(run($text, 'check', '--key', "HS256 $hs"))[0], 0, $around;
    }
};

subtest 'wrong use' => sub {
    my $token = $t->token;

    for (['check'], ['check', '--key'], ['check', '--key', 'HS256'],
         ['check', '--key', 'HS256 hunter2-hunter2'], ['check', $token],
         ['check', '--key', "HS256 $hs kid=a hunter2"],
         ['check', '--key', "HS256 $hs", '--leeway', '2h'],
         ['check', '--key', "hunter2 $hs"], ['show', $token], ['make'],
         ['make', '--sub', 'a'], ['make', '--key', "ES256 $hs"],
         ['make', '--key', "HS256 $hs", '--claim', 'a'], [], ['none'])
    {
        my ($code, $out, $err) = run($token, @$_);

        is $code, 2, join ' ', map { length > 40 ? substr($_, 0, 40) : $_ } @$_;
        is $out, '', 'nothing';
        unlike $err, qr/hunter2|\Q$token\E/, 'and no secret or token is told';
    }

    is +(run('', 'check', '--key', "HS256 $hs"))[0], 2, 'no token';
    is +(run('', '--help'))[0], 0, '--help';
};

$t->done;


sub run {
    my ($in, @args) = @_;

    my $pid = open3(my $to, my $from, my $errors = gensym, $program, @args);
    local $SIG{PIPE} = 'IGNORE';

    print $to $in;
    close $to;

    my $out = do { local $/; <$from> };
    my $err = do { local $/; <$errors> };

    waitpid $pid, 0;

    return ($? >> 8, $out, $err);
}
