# The gateway as the answer to somebody else's subrequest: SSI's includes, side by
# side, one after the other and kept in memory, auth_request, mirror, addition; and
# as what is done after an answer, by post_action.
# What is put in is what a request of its own gets, whatever it is made of; where
# only the status counts nothing is written; and everything ends. N pairs of
# requests at random.
#
#   N=1000 SEED=3 prove t/subrequests.t

use lib 't/lib';
use SensuTest;

my $CORE = '/api/core/v2';
my $N = $ENV{N} // 60;
my $SEED = $ENV{SEED} // int rand 1e6;

srand $SEED;
note "SEED=$SEED";

my $t = SensuTest->new;
my $token = $t->token(sub => 'ann');


# lists of that many elements in each namespace, and such as are none

my %elements = (hooks => 3, checks => 3000, assets => 0, silenced => 40);

my %other = (handlers => [500, '{"message":"no"}'], filters => [200, '{}'],
             mutators => [403, '{"message":"forbidden"}'],
             events => [200, '[{"metadata":{"namespace":"dev"']);

sub list {
    my ($ns, $n) = @_;

    return '[' . join(',', map { qq({"metadata":{"name":"h$_","namespace":"$ns"}}) }
                               1 .. $n) . ']';
}

my $back = $t->upstream(sub {
    my ($c, $req) = @_;
    my ($ns, $type, $name) = $req->{path}
        =~ m{^$CORE/namespaces/([^/]+)/(\w+)(?:/(\w+))?$};

    return $c->reply(200, 'other') if !$type;
    return $c->reply(200, qq({"metadata":{"name":"$name","namespace":"$ns"}}))
        if $name;
    return $c->reply(@{ $other{$type} }) if $other{$type};
    return $c->reply(200, list($ns, $elements{$type}));
});

my @requests = map { "$CORE/$_" } 'namespaces/dev/hooks/h1',
    'namespaces/none/hooks',
    map { my $type = $_;
          map { ("$_$type", "$_$type?limit=2", "$_$type?limit=9&x=1") }
              '', 'namespaces/dev/' } sort(keys %elements, keys %other);

my $gw = $t->nginx(
    backend => $back,
    http => 'subrequest_output_buffer_size 4m;',
    location => 'sensu_namespaces "dev ops";',
    locations => <<'END');
location /page/ { sensu_gateway off; ssi on; root %%DIR%%; }
location = /asked { sensu_gateway off; auth_request /_sub; proxy_pass http://sensu; }
location = /mirrored { sensu_gateway off; mirror /_sub; proxy_pass http://sensu; }
location = /followed { sensu_gateway off; post_action /_sub; proxy_pass http://sensu; }
location = /_sub {
    internal;
    sensu_namespaces "dev ops";
    if ($http_x_limit) { rewrite ^ $http_x_path?limit=$http_x_limit break; }
    rewrite ^ $http_x_path break;
    proxy_pass http://sensu;
}
END

mkdir $t->dir . '/page';

my %plain;
my $page = 0;

for my $i (1 .. $N) {
    my ($one, $two) = map { $requests[rand @requests] } 1, 2;
    my ($a, $b) = map { plain($_) } $one, $two;

    subtest "$one, $two" => sub {
        shows($a, $b, '<%s><%s>', map { include($_) } $one, $two);
        shows($a, $b, '<%s><%s>', map { include($_, 'wait="yes"') } $one, $two);
        shows($b, $a, '<%s><%s>', include($two), include($one, 'wait="yes"'));
        kept($one, $a);
        counts($one, $a);
    } or last;
}

subtest 'a list that is too long to be held back' => sub {
    counts("$CORE/checks", plain("$CORE/checks"));
};

$t->done;


# what a request of its own gets

sub plain {
    my ($target) = @_;
    return $plain{$target} //= $gw->get($target, token => $token);
}


sub include {
    my ($target, $more) = @_;
    return sprintf '<!--# include virtual="%s" %s -->', $target, $more // '';
}


sub got {
    my ($text) = @_;

    my $name = 'page/' . ++$page . '.html';
    $t->write($name, $text);

    return $gw->get("/$name", token => $token);
}


# a list that breaks off takes the page with it, as nobody sees there that it is
# not whole

sub shows {
    my ($a, $b, $form, @includes) = @_;

    my $r = got(sprintf $form, @includes);

    unlike $r->{error} // '', qr/tim/, 'it ends';

    return if !$r->{complete} && grep { $_->{status} == 502 } $a, $b;

    ok $r->{body} eq sprintf($form, $a->{body}, $b->{body}), "@includes"
        or diag "SEED=$SEED ", length $r->{body}, ': ', substr $r->{body}, 0, 300;
}


# Lists of several namespaces are not, but for their pages. Nor are nginx's
# own error pages.

sub kept {
    my ($target, $plain) = @_;

    my $r = got(include($target, 'set="kept"')
                . '<<!--# echo var="kept" default="" encoding="none" -->>');

    return ok $r->{body} eq "<$plain->{body}>", "$target in memory"
           || diag "SEED=$SEED ", substr $r->{body}, 0, 300
        if $plain->{status} == 200 && $target =~ m{limit=|/namespaces/};

    return if !$r->{complete} && $plain->{status} == 502;

    ok $r->{complete} && $r->{body} =~ /\A<(?:\{.*\})?>\z/s, 'or nothing'
        or diag "SEED=$SEED $target: $r->{status} ", substr $r->{body}, 0, 300;
}


# of a list that is not paged it is the status of the backend's

sub counts {
    my ($target, $plain) = @_;

    my ($path, $limit) = split /[?]limit=(\d+).*/, $target;
    my @get = (token => $token, headers =>
               ['X-Path' => $path, $limit ? ('X-Limit' => $limit) : ()]);

    is $gw->get('/mirrored', @get)->{body}, 'other', 'a mirror is silent';

    my $c = $gw->connection;
    $c->send($gw->message('GET', '/followed', @get, keepalive => 1)
             . $gw->message('GET', '/followed', @get));
    my ($first, $next) = map { $c->response } 1, 2;
    is $first->{body}, 'other', 'so is a post_action';
    ok $next->{body} eq 'other' || $next->{raw} eq '',   # 500 ends a connection
       "$target: and what follows is the next answer"
        or diag substr $next->{raw}, 0, 200;

    my $r = $gw->get('/asked', @get);
    my $status = $target =~ /(?:filters|events)$/ ? 200 : $plain->{status};

    return is $r->{body}, 'other', "$target: auth_request lets in" if $status == 200;
    is $r->{status}, $status == 403 ? 403 : 500, "$target: auth_request does not";
}
