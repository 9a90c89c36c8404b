# README.md and docs/: every directive, variable and error is there and no
# other, every nginx block passes nginx -t, every link leads somewhere.
#
# A block of configuration says what it is after the word nginx: "main" (a
# whole nginx.conf), "http", "server" or "location" (what stands there).

use lib 't/lib';
use SensuTest;

my $t = SensuTest->new;

my %page = map { $_ => slurp($_) } 'README.md', glob 'docs/*.md';
# the module's files, whatever folder they are in
my %source = map { m{([^/]+)\z} => $_ }
             glob 'ngx_sensu_module/*.[ch] ngx_sensu_module/*/*.[ch]';

files();

subtest 'directives' => sub {
    my %context = directives();
    my $text = $page{'docs/directives.md'};
    my %entry;

    cmp_ok scalar(keys %context), '>', 20, 'the table was read';

    while ($text =~ /^## (\w+)\n(.*?)(?=^## |\z)/gms) {
        $entry{$1} = $2;
    }

    is_deeply [ sort keys %entry ], [ sort keys %context ],
        'in docs/directives.md and in the module';

    for my $name (sort keys %entry) {
        like $entry{$name}, qr/^- Syntax: `\Q$name\E[ ;]/m, "$name: syntax";
        like $entry{$name}, qr/^- Default: \S/m, "$name: default";
        like $entry{$name}, qr/^- Context: \Q$context{$name}\E$/m,
            "$name: context";
        like $entry{$name}, qr/^```nginx .*?^\s*\Q$name\E[ ;]/ms,
            "$name: example";
        like $page{'README.md'}, qr/\b\Q$name\E\b/, "$name: in the README";
    }

    for my $path (sort keys %page) {
        my %unknown = map { $_ => 1 } grep { !$context{$_} }
                      $page{$path} =~ /(?<![\w\$])(sensu_(?:gateway|jwt|public
                          |api|max|namespaces|guard|pages?|native|cursor|redis
                          |rate|logout|cors|metrics|status)\w*)\b(?!:)/gx;

        # nor files of the module
        delete $unknown{$_} for grep { $source{"$_.c"} } keys %unknown;

        # nor zones and upstreams of examples
        delete $unknown{$_} for grep {
            $page{$path} =~ m{(?:zone[= ]|upstream |://)$_\b} } keys %unknown;

        is_deeply [ sort keys %unknown ], [], "$path names no others";
    }
};

subtest 'variables' => sub {
    my @names = slurp($source{'ngx_sensu_variables.c'})
                =~ /^    \{ ngx_string\("(sensu_\w+)"\)/gm;
    s/_\z/_NAME/ for @names;

    my @rows = $page{'docs/variables.md'} =~ /^\| `\$(sensu_\w+)` \|/gm;
    is_deeply [ sort @rows ], [ sort @names ], 'in docs/variables.md';

    like $page{'README.md'}, qr/\$\Q$_\E\b/, "\$$_ in the README" for @names;

    my ($verdicts) = slurp($source{'sensu_token.c'})
                     =~ /sensu_token_names\[\] = \{(.*?)^\};/ms;
    my @verdicts = $verdicts =~ /"(\w+)"/g;
    cmp_ok scalar(@verdicts), '>', 5, 'values of $sensu_token were read';

    like $page{'docs/variables.md'}, qr/^\| `$_` \|/m, "\$sensu_token: $_"
        for @verdicts;
};

subtest 'errors' => sub {
    my %want;
    my $text = slurp($source{'ngx_sensu_error.c'});
    my %code;

    while ($text =~ /^#define (NGX_SENSU_\w+) +(\d+)$/gm) {
        $code{$1} = $2;
    }

    while ($text =~ /\{ (\d+), (NGX_SENSU_\w+), ngx_string\("(\w+)"\)/g) {
        $want{$3} //= [ $1, $code{$2} ];
    }

    cmp_ok scalar(keys %want), '>', 40, 'the tables were read';

    my (%got, %row);

    while ($page{'docs/errors.md'}
           =~ /^\| `(\w+)` \| ([^|]+?) \| (\d) \|(.*)\|$/gm)
    {
        ok !exists $got{$1}, "$1 is there once";
        $got{$1} = [ $2 eq 'other 4xx' ? 0 : $2, $3 ];
        $row{$1} = $4;
        like $4, qr/\S|^\s*$/, "$1: cause";
    }

    is_deeply \%got, \%want, 'reason, status and code of each';

    my %bound = (body_too_large => 'sensu_max_body', element_too_large => 'sensu_page_buffer',
                 rate_limited => 'sensu_rate_limit', list_encoded => 'proxy_set_header',
                 api_not_served => 'sensu_api', rbac_unknown => 'sensu_account');

    like $row{$_}, qr/`$bound{$_}\b/, "$_: by $bound{$_}" for sort keys %bound;
};

subtest 'limits' => sub {
    my @rows = $page{'docs/limits.md'} =~ /^\| (?!What|---)(.*) \|$/gm;
    my %context = directives();

    cmp_ok scalar @rows, '>', 15, 'the table was read';
    like $page{'docs/limits.md'}, qr/^\|.*`$_`/m, "$_ has its row"
        for grep { /_(?:max\w*|buffer|ttl|leeway|parallel|limit)$|^sensu_rbac_zone$/ }
            sort keys %context;
};

subtest 'what nginx -t says' => sub {
    my $said = join '', map {
        my $c = slurp($source{$_});
        map { s/\\"/"/gr } $c =~ /"((?:[^"\\\n]|\\.)*)"/g;
    } sort keys %source;

    my $n = 0;

    for my $line ($page{'docs/directives.md'} =~ /^    ("[^\n]*: [^\n]*)$/gm) {
        my @parts = split m{;\s|:\s|No\ such\ file\ or\ directory|\sin(?=\s+/)
                            |"[^"]*"|'[^']*'|/etc/\S+|\b\d+\b|[HRE]S\d+}x, $line;

        for my $part (@parts) {
            $part =~ s/\A[\s,()]+|[\s,()]+\z//g;
            next if length $part < 15;

            ok index($said, $part) >= 0, "docs/directives.md: $part";
            $n++;
        }
    }

    cmp_ok $n, '>', 5, 'lines were found';
};

subtest 'man pages' => sub {
    my $man = `tools/man` =~ s/\\f[BR]|\\(?=-)//gr;
    my %context = directives();
    my %error = slurp($source{'ngx_sensu_error.c'})
                =~ /\{ \d+, (NGX_SENSU_\w+), ngx_string\("(\w+)"\)/g;

    is_deeply [ grep { $man !~ /\b$_\b/ } sort keys %context, values %error ], [],
        'ngx_sensu_module(7) has every directive and reason';

    my $page = slurp('program/sensu-token.1') =~ s/\\-/-/gr;
    my $code = join '', map { slurp($_) } glob 'program/*.c';

    my %takes = map { $_ => 1 }
                $code =~ /(?:option\(|strcmp\(\w+\[\w\], )"(--[\w-]+)"/g;
    my %told = map { $_ => 1 } $page =~ /(--[a-z-]+[a-z])/g;
    my ($usage) = $code =~ /program_usage\[\] =(.*?);\n\n/s;
    my %usage = map { $_ => 1 } $usage =~ /(--[a-z-]+[a-z])/g;

    delete $takes{'--help'};

    is_deeply [ sort keys %told ], [ sort keys %takes ],
        'sensu-token(1) has every option';
    is_deeply [ sort keys %usage ], [ sort keys %takes ], 'and so has --help';
};

subtest 'log lines' => sub {
    my $text = $page{'docs/operating.md'} =~ s/\s+/ /gr;
    my $n = 0;

    for my $name (sort grep { /^ngx_.*\.c\z/ } keys %source) {
        my $c = slurp($source{$name});

        while ($c =~ /ngx_(?:log_error|sensu_(?:log_damped|log|say))\(
                      (?:&[^,]*,\s*)?NGX_LOG_(?:ERR|WARN|NOTICE),.*?
                      ((?:"(?:[^"\\]|\\.)*"\s*)+)/gsx)
        {
            my $line = join '', map { s/\\"/"/gr } $1 =~ /"((?:[^"\\]|\\.)*)"/g;

            # what stands between its values
            my @said = grep { length > 9 } split /%[*\w]\w*/, $line;

            ok !(grep { index($text, $_ =~ s/\A[\s:;,]+|[\s:;,]+\z//gr) < 0 } @said),
                "docs/operating.md: $line";
            $n++;
        }
    }

    cmp_ok $n, '>', 15, 'lines were found';
};

subtest 'configurations' => sub {
    my $n = 0;

    for my $path (sort keys %page) {
        my $text = $page{$path};

        is scalar(() = $text =~ /^ *```/gm) % 2, 0, "$path: blocks end";

        while ($text =~ /^( *)```nginx(?: (\w+))?\n(.*?)^ *```$/gms) {
            my ($level, $block) = ($2 // '', $3);
            my $line = 1 + (() = substr($text, 0, $-[0]) =~ /\n/g);
            my $conf = whole($level, $block);

            ok defined $conf, "$path:$line: its level is known" or next;

            my ($ok, $out) = $t->nginx(conf => $conf, start => 0)->check;
            ok $ok, "$path:$line" or diag $out;
            unlike $out, qr/\[(?:emerg|alert|warn)\]/, '... without a warning';
            $n++;
        }
    }

    cmp_ok $n, '>', 25, 'blocks were found';
};

subtest 'links' => sub {
    my %anchors;

    for my $path (keys %page) {
        $anchors{$path}{slug($_)} = 1 for $page{$path} =~ /^#+ (.*)$/gm;
    }

    for my $path (sort keys %page) {
        my ($dir) = $path =~ m{^(.*/)?};

        while ($page{$path} =~ /\]\(([^)\s]+)\)/g) {
            my ($file, $anchor) = split /#/, $1, 2;
            next if $file =~ m{^https?://};

            my $to = $file eq '' ? $path : ($dir // '') . $file;
            1 while $to =~ s{[^/]+/\.\./}{};

            ok -e $to, "$path: $to is there";
            ok !defined $anchor || $anchors{$to}{$anchor},
                "$path: $to has the heading " . ($anchor // '');
        }
    }
};

for my $path (sort keys %page) {
    unlike $page{$path}, qr{(?<![\w.])/(?:work|tmp|home|root)/|\.\./shared},
        "$path: no path of a machine";
    unlike $page{$path}, qr/\b(?:TODO|FIXME|XXX)\b/, "$path: nothing is left";
}

$t->done;


# name => "http, server, location"

sub directives {
    my $text = slurp($source{'ngx_sensu_module.c'});
    my %context;

    while ($text =~ /\{ ngx_string\("(sensu_\w+)"\),\s+([A-Z0-9_|\s]+?),/g) {
        my ($name, $flags) = ($1, $2);
        my $any = $flags =~ /NGX_SENSU_ANY_CONF/;

        $context{$name} = join ', ', grep { $_ } (
            $any || $flags =~ /HTTP_MAIN_CONF/ ? 'http' : '',
            $any || $flags =~ /HTTP_SRV_CONF/ ? 'server' : '',
            $any || $flags =~ /HTTP_LOC_CONF/ ? 'location' : '');
    }

    return %context;
}


# what the examples name in /etc/nginx/sensu

sub files {
    my (undef, $rsa) = key_pair($t, 'rsa');
    my (undef, $ec) = key_pair($t, 'ec');

    my $secret = slurp($t->secret_file);
    my $url = $secret =~ s/\s+//r =~ tr{+/}{-_}r =~ s/=+//r;

    $t->write($_, $secret, 0600)
        for qw(jwt.secret jwt.secret.old jwt.secret.new east.secret west.secret);
    $t->write('rsa-public.pem', slurp($rsa));
    $t->write('ec-public.pem', slurp($ec));
    $t->write('jwks.json', qq({"keys":[{"kty":"oct","kid":"1","alg":"HS256",)
                           . qq("k":"$url"}]}\n), 0600);
    $t->write('redis.password', "secret\n", 0600);
    $t->write('account.pw', "secret\n", 0600);
    $t->write('htpasswd', "ops:{PLAIN}secret\n", 0600);
    certificate($t);
}


# the block in an nginx.conf around it

sub whole {
    my ($level, $text) = @_;

    my $dir = $t->dir;

    $text =~ s{/etc/nginx/sensu/}{$dir/}g;
    $text =~ s{/var/log/nginx/}{$dir/}g;
    $text =~ s{/etc/ssl/certs/ca-certificates.crt}{$dir/cert.pem}g;
    $text =~ s{^\s*(?:load_module|pid|error_log)\s[^;]*;$}{}gm;

    # names of the outer world, which need not be known here
    $text =~ s/\b[\w-]+\.example\.com:/127.0.0.1:/g;

    if ($level eq 'main') {
        return $text =~ /^stream \{/m
             ? 'load_module ' . $t->modules . "/ngx_stream_module.so;\n"
               . "%%GLOBALS%%\n" . rest($text)
             : "%%GLOBALS%%\n" . rest($text);
    }

    my $key = 'sensu_gateway on; sensu_jwt_key HS256 ' . $t->secret_file . ';';
    $key = '' if $text =~ /sensu_jwt_key/;
    my $redis = $text =~ /sensu_rate_limit/ && $text !~ /sensu_redis/
              ? 'sensu_redis redis://127.0.0.1:6379/0;' : '';
    my $upstream = $text =~ /upstream sensu \{/
                 ? '' : 'upstream sensu { server 127.0.0.1:1; }';

    my $off = $text =~ /^sensu_gateway on;/m || $key
              ? '' : 'sensu_gateway off; ';
    my $location = "location / { ${off}proxy_pass http://sensu; }";
    my $own = $text =~ m{^\s*location / \{}m ? '' : $location;

    my $http = $level eq 'http' ? $text
             : $level eq 'server' ? "server { $key\n$text\n$own }"
             : $level eq 'location'
               ? "server { $key location / { $text\n"
                 . ($text =~ /proxy_pass/ ? '' : 'proxy_pass http://sensu;')
                 . ' } }'
             : return undef;

    return "%%GLOBALS%%\n" . rest("http { $upstream $redis\n$http\n}");
}


# each server needs a port of its own: nginx -t opens them

sub rest {
    my ($text) = @_;

    $text =~ s/^(\s*http \{)/$1\n%%TEMP%%\n/m;
    $text = "events {}\n$text" if $text !~ /^\s*events\b/m;
    $text =~ s/^(\s*listen )(?:[\d.]+:)?\d+/$1 . '127.0.0.1:' . $t->port/gme;
    $text =~ s/(\bserver \{)(?![^{}]*(?:\{[^{}]*\}[^{}]*)*\blisten )
              /"$1 listen 127.0.0.1:" . $t->port . ';'/gex;

    return $text;
}


sub slug {
    my ($heading) = @_;

    $heading = lc $heading =~ s/`//gr;
    $heading =~ s/[^\w\s-]//g;

    return $heading =~ s/\s/-/gr;
}
