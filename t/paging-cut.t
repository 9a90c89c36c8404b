# Answers that break off, and requests that do: a list that was cut is 502 or
# a page that was complete, never a wrong end; a client that goes away and a
# worker that ends leave nothing behind; a connection to the backend is used
# again when little was left on it, cut when much was, and never cut when its
# answer is being cached.

use lib 't/lib';
use SensuTest;
use Time::HiRes qw(sleep);

my $t = SensuTest->new;
my $redis = $t->redis;

my @elements = ('{"name":"a\"]"}', '{"name":"b"}', '{"name":"c"}', '4');
my $list = ' [' . join(' ,', @elements) . " ]\n";
my $marks = $t->dir . '/marks';

my $back = $t->upstream(\&backend);

my $cache = 'proxy_cache lists; proxy_cache_valid 200 1h; '
            . 'proxy_ignore_headers Cache-Control; proxy_cache_key $uri$args; '
            . 'proxy_cache_lock on;';

my %gw = map { $_ => $t->nginx(
    backend => $back,
    http => 'sensu_redis ' . $redis->url . ' timeout=10s; '
            . 'proxy_cache_path ' . $t->dir . "/cache$_ keys_zone=lists:1m;",
    server => "sensu_native_pages off; proxy_buffering $_; "
              . 'proxy_next_upstream off;',
    locations => location('/cached/', $cache)
                 . location('/impatient/', 'proxy_read_timeout 1s;'),
) } qw(on off);

my $token = $t->token;
my $path = '/api/core/v2/namespaces';


sub location {
    my ($prefix, $conf) = @_;

    return "location $prefix { $conf rewrite ^$prefix(.*)\$ /\$1 break; "
           . 'proxy_pass http://sensu; proxy_http_version 1.1; '
           . "proxy_set_header Connection ''; }\n";
}


sub mark {
    open my $fh, '>>', $marks;
    print $fh "$_[0]\n";
}


sub marked { scalar grep { $_ eq $_[0] } split /\n/, slurp($marks) }


# what the query says: f(raming), at (which byte to end), then (what to do),
# go (what to wait for before the rest)

sub backend {
    my ($c, $req) = @_;

    my %q = map { /(.*?)=(.*)/ ? ($1, $2) : () }
            split /&/, $req->{query} // '';
    my $body = defined $q{big} ? big($q{big}) : $list;
    my $cut = defined $q{at} ? substr $body, 0, $q{at} : $body;

    if ($q{wait}) {
        mark("asked $q{wait}");
        mark("gone $q{wait}") if $c->stall($q{s} // 10);
    }

    my @type = ('Content-Type' => 'application/json');

    if (($q{f} // 'length') eq 'length') {
        $c->head(200, @type, 'Content-Length' => length $body);
        $c->send($cut);

    } elsif ($q{f} eq 'chunked') {
        $c->head(200, @type, 'Transfer-Encoding' => 'chunked');
        $c->chunk($cut) if $cut ne '';
        $c->end_chunks if $cut eq $body;

    } else {
        $c->head(200, @type, 'Connection' => 'close');
        $c->send($cut);
    }

    if ($q{go}) {
        rest($c, $q{f}, $q{go}, substr $body, $q{at});
        $cut = $body;
    }

    if ($q{then}) {
        mark("sent $q{then}");
        mark("gone $q{then}") if $c->stall($q{s} // 10);
    }

    $q{reset} ? $c->reset : $c->close if $cut ne $body;
}


# after it was told to go on, or much too late

sub rest {
    my ($c, $framing, $name, $rest) = @_;

    for (1 .. 1000) {
        last if marked("go $name");
        sleep 0.02;
    }

    mark("all $name");

    if ($framing eq 'length') {
        $c->send($rest);

    } else {
        $c->chunk($rest);
        $c->end_chunks;
    }
}


# a list of so many bytes, a page of it in front

sub big {
    my ($size) = @_;

    my $one = '{"name":"%08d","x":"' . 'y' x 1000 . '"}';
    return '[' . join(',', map { sprintf $one, $_ } 1 .. $size / 1024) . ']';
}


sub get { my ($gw, $q, @o) = @_; $gw->get("$path?$q", token => $token, @o) }

sub soon { $_[0]->get("/impatient$path?$_[1]", token => $token) }


for my $mode (sort keys %gw) {
    my $gw = $gw{$mode};

    for my $framing (qw(length chunked close)) {
        for my $limit (1, 9) {
            my ($pages, $errors, @wrong) = (0, 0);

            for my $at (0 .. length($list) - 3) {
                my $r = get($gw, "limit=$limit&f=$framing&at=$at");

                if ($r->{status} == 200 && defined $r->header('Sensu-Continue')
                    && $r->{body} eq '[' . $elements[0] . ']')
                {
                    $pages++;

                } elsif ($r->{status} == 502
                         && $r->json->{reason} eq 'list_truncated')
                {
                    $errors++;

                } else {
                    push @wrong, "$at: $r->{status} $r->{body}";
                }
            }

            is_deeply \@wrong, [], "buffering $mode, $framing, limit $limit: "
                                   . 'cut at every byte';
            ok $errors > 20 && ($limit == 1 ? $pages > 10 : $pages == 0),
               "$errors times 502, $pages whole pages";
        }

        # an unpaged list that is filtered can only break off, too

        my @wrong;

        for my $at (0 .. length($list) - 3) {
            my $r = $gw->get("/api/core/v2/namespaces/x/things?f=$framing"
                             . "&at=$at", token => $token);
            push @wrong, "$at: $r->{status} $r->{body}"
                if $r->{complete} && $r->{status} != 502;
        }

        is_deeply \@wrong, [], "buffering $mode, $framing: unpaged";
    }

    for my $at (0, 30) {
        my $r = get($gw, "limit=9&at=$at&reset=1");
        is $r->{status}, 502, "reset by the backend after $at bytes";
    }

    my $r = soon($gw, 'limit=9&wait=ever&s=3');
    is "$r->{status} " . $r->json->{reason}, '504 upstream_timeout',
       'a backend that says nothing';

    $r = soon($gw, 'limit=9&at=30&then=ever&s=3');
    is "$r->{status} " . $r->json->{reason}, '502 list_truncated',
       'a backend that falls silent within the list';

    $r = soon($gw, 'limit=2&f=chunked&big=100000&at=60000&then=ever&s=3');
    is scalar @{ elements($r->{body}) }, 2,
       'or after all that was asked for: the page does not wait';
}


subtest 'clients that go away' => sub {
    for my $mode (sort keys %gw) {
        my $gw = $gw{$mode};

        for my $how (qw(close reset)) {
            my $n = "$mode-$how";

            leave($gw, "limit=2&wait=before-$n", "asked before-$n", $how);
            ok $t->wait_for(sub { marked("gone before-$n") }),
               "$n before the answer: the backend is let go";

            leave($gw, "limit=9&at=30&then=amid-$n", "sent amid-$n", $how);
            ok $t->wait_for(sub { marked("gone amid-$n") }),
               "$n within the answer: the backend is let go";
        }
    }
};


subtest 'clients that go away while the store is asked' => sub {
    for my $mode (sort keys %gw) {
        my $gw = $gw{$mode};
        my $c = get($gw, 'limit=2')->header('Sensu-Continue');

        $redis->freeze;

        for my $how (qw(close reset)) {
            leave($gw, "limit=2&continue=$c", undef, $how);
            leave($gw, 'limit=3', undef, $how);
        }

        # in the midst of it another one is served that needs no store
        is get($gw, 'limit=4')->{status}, 200, 'others are served';

        $redis->thaw;

        my $r = $t->wait_for(sub {
            my $r = get($gw, "limit=2&continue=$c");
            $r->{status} == 200 && $r;
        });

        is_deeply elements($r->{body}), [ @elements[2, 3] ],
                  "buffering $mode: the walk goes on";
    }
};


subtest 'a worker that ends' => sub {
    my $gw = $gw{on};

    my $waiting = sub {
        my ($mark) = @_;
        my $c = $gw->connection;
        $c->send($gw->message('GET', "$path?limit=2&wait=$mark&s=1",
                              token => $token));
        $t->wait_for(sub { marked("asked $mark") }) or die 'not asked';
        return $c;
    };

    my $c = $waiting->('reload');
    $gw->reload;
    my $r = $c->response;
    is_deeply elements($r->{body}), [ @elements[0, 1] ],
              'a reload waits for a page';

    my $next = $gw->get("$path?limit=2&wait=reload&s=1&continue="
                        . $r->header('Sensu-Continue'), token => $token);
    is_deeply elements($next->{body}), [ @elements[2, 3] ],
              'its token is known to the new worker';

    # a page that waits for the store when the worker is told to end

    $redis->freeze;
    $c = $gw->connection;
    $c->send($gw->message('GET', "$path?limit=2", token => $token));
    sleep 0.2;
    $gw->reload;
    $redis->thaw;
    $r = $c->response;
    is $r->{status}, 200, 'a reload while the store is asked';

    $c = $waiting->('quit');
    $gw->{process}->signal('QUIT');
    $r = $c->response;
    is_deeply elements($r->{body}), [ @elements[0, 1] ], 'QUIT, too';
};


subtest 'the connection to the backend' => sub {
    my $gw = $gw{off};

    for my $framing (qw(length chunked)) {
        is connections($gw, 5, "limit=2&f=$framing&big=2000000"), 5,
           "$framing, much is left: cut";
        ok used_again($gw, "limit=2&f=$framing&big=100000"),
           "$framing, little is left: used again";
    }

    $gw = $t->nginx(
        backend => $back,
        http => 'proxy_cache_path ' . $t->dir . '/cache keys_zone=lists:1m;',
        server => 'sensu_native_pages off;',
        locations => location('/cached/', $cache),
    );

    is connections($gw, 5, "limit=2&big=2000000"), 5, 'buffered: cut';
    ok used_again($gw, 'limit=2&big=100000'), 'buffered: used again';

    $back->forget;

    my $walk = $gw->walk("/cached$path?big=600000&f=chunked", 100,
                         token => $token);
    is '[' . join(',', @{ $walk->{elements} }) . ']', big(600000),
       'a walk through the cache';
    is scalar($back->requests), 1, 'the backend was asked once';
};


subtest 'a page whose answer fills a cache' => sub {
    my $gw = $t->nginx(
        backend => $back,
        http => 'proxy_cache_path ' . $t->dir . '/filled keys_zone=lists:1m;',
        server => 'sensu_native_pages off;',
        locations => location('/cached/', $cache),
    );

    my $big = elements(big(300000));

    for my $framing (qw(length chunked)) {
        my $q = "/cached$path?limit=2&big=300000&at=100000&f=$framing"
                . "&go=$framing";

        $back->forget;

        my $r = $gw->get($q, token => $token, keepalive => 1);
        is_deeply elements($r->{body}), [ @$big[0, 1] ], "$framing: a page";
        is $r->header('Connection'), 'close',
           'for the next one another connection';
        ok !marked("all $framing"), 'the backend is not done with the list';

        mark("go $framing");

        $r = $gw->get("$q&continue=" . $r->header('Sensu-Continue'),
                      token => $token);
        is_deeply elements($r->{body}), [ @$big[2, 3] ], 'the next page';
        ok marked("all $framing"), 'of the list that is whole by then';

        is scalar($back->requests), 1, 'and in the cache';
    }

    my $r = $gw->get("/cached$path?limit=2&f=length", token => $token,
                     keepalive => 1);
    isnt $r->header('Connection'), 'close', 'what is all there is not waited for';
};


subtest 'a list beside it that fills a cache' => sub {
    my $back = $t->upstream(sub {
        my ($c, $req) = @_;
        my ($ns) = $req->{path} =~ m{/namespaces/([^/]+)/};
        my ($go) = $req->{query} =~ /go=(\w+)/;

        if ($ns eq 'late') {
            mark("asked $go");
            $t->wait_for(sub { marked("go $go") });
        }

        $c->reply(200, '[' . join(',', map {
            qq({"metadata":{"name":"$_","namespace":"$ns"}})
        } $ns eq 'a' ? () : qw(a b c)) . ']');
    });
    my $gw = $t->nginx(
        backend => $back,
        http => 'proxy_cache_path ' . $t->dir . '/beside keys_zone=lists:1m;',
        server => 'sensu_native_pages off; sensu_namespaces "a b late"; '
                  . "$cache proxy_cache_lock_timeout 30s;",
    );
    my $checks = '/api/core/v2/checks';

    for my $case ([ header => 'the backend has said nothing yet' ],
                  [ lock => 'another request asks for it' ])
    {
        my ($go, $why) = @$case;
        my $other;

        if ($go eq 'lock') {
            $other = $gw->connection;
            $other->send($gw->message('GET', "$checks?go=$go&limit=9",
                                      token => $token));
            ok $t->wait_for(sub { marked("asked $go") }), 'one that waits';
        }

        my $r = $gw->get("$checks?go=$go&limit=2", token => $token,
                         keepalive => 1);
        is scalar(@{ elements($r->{body}) }), 2, "a page, and $why";
        is $r->header('Connection'), 'close',
           'for the next request another connection';

        mark("go $go");
        is $other->response->{status}, 200, 'and the other' if $other;
    }
};


# sends a request and goes away when the backend has got it

sub leave {
    my ($gw, $q, $mark, $how) = @_;

    my $c = $gw->connection;
    $c->send($gw->message('GET', "$path?$q", token => $token));

    defined $mark ? $t->wait_for(sub { marked($mark) }) : sleep 0.05;

    $c->$how;
}


sub connections {
    my ($gw, $n, $q) = @_;

    $back->forget;

    for (1 .. $n) {
        my $r = get($gw, $q);
        is scalar @{ elements($r->{body}) }, 2, 'a page' if $_ == 1;
        sleep 0.05;
    }

    my %seen = map { $_->{c} => 1 } $back->requests;
    return scalar keys %seen;
}


# the rest has to come at once, which on a busy machine it does now and then

sub used_again {
    my ($gw, $q) = @_;

    for (1 .. 40) {
        return 1 if connections($gw, 5, $q) < 5;
    }
}


# QUIT was part of the test
delete $gw{on}{process};

$t->done;
