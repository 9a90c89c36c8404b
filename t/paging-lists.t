# Lists at their edges: names of any length and such as can not be read, lists
# that fail before their first byte, and backends that are slow at the end.

use lib 't/lib';
use SensuTest;
use Time::HiRes qw(time);

my $t = SensuTest->new;
my $core = '/api/core/v2';


sub element {
    my ($name, $ns, $size) = @_;
    return qq({"metadata":{"name":"$name","namespace":"$ns"},"x":")
           . 'y' x ($size // 0) . '"}';
}


sub list { '[' . join(',', @_) . ']' }


my %names = (
    short => [ map { element($_, 'dev') } qw(a b c) ],
    long => [ element('a', 'dev'), element('b' x 2100, 'dev'),
              element('c', 'dev'), element('d' x 70000, 'dev'),
              element('e', 'dev') ],
    twins => [ element('a', 'dev'), element('b' x 5000 . '1', 'dev'),
               element('b' x 5000 . '2', 'dev'), element('c', 'dev') ],
    unreadable => [ element('a', 'dev'), element('\ud800', 'dev'),
                    element('b\u0000', 'dev'), element("\xff", 'dev'),
                    element('z', 'dev') ],
);

my @foreign = (element('x', 'd' x 3000), element('y', '\ud800'),
               element('z', 'dev\u0000'), element('w', 'dev-eu'));

my %body = (
    garbage => '[1,]', html => '<html>', deep => '[' x 1100,
    mark => "\xef\xbb\xbf" . list(element('x', 'ops')), cut => '[{"a":',
    wide => "\0" . join("\0", split //, list(element('x', 'ops'))),
);

# answers of which the status is that of no list; the last one has none

my %odd = (
    hint => "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    none => "HTTP/1.1 000 X\r\n\r\n", ancient => '',
);

# the same after a few elements: nothing of those has gone out yet

my $few = join ',', map { element($_, 'dev') } qw(a b c);

my %fails = (
    %body, open => "[$few", half => "[$few,{\"meta", more => "[$few] [",
);

my $back = $t->upstream(sub {
    my ($c, $req) = @_;

    my ($what) = ($req->{query} // '') =~ /what=(\w+)/;

    if ($what eq 'slow') {
        $c->head(200, 'Content-Type' => 'application/json',
                 'Transfer-Encoding' => 'chunked');
        $c->chunk('[' . join ',', map { element("c$_", 'dev', 1000) }
                                  100 .. 201);

        # some while the page begins to go out, and for as long as limit_rate
        # takes for what was before

        for (1 .. 140) {
            $c->chunk(',' . element("d$_", 'dev', 1000));
            select undef, undef, undef, $_ < 40 ? 0.0002 : 0.02;
        }

        return;
    }

    if ($what eq 'held') {
        # its end comes when the test says so

        $c->head(200, 'Content-Type' => 'application/json',
                 'Transfer-Encoding' => 'chunked');
        $c->chunk('[' . join ',', map { element($_, 'dev') } 'a' .. 'h');
        $t->wait_for(sub { -e $t->dir . '/end' });
        return $c->chunk(']');
    }

    return $c->reply(200, '[' . join ',', map { element("c$_", 'dev', 1000) }
                                          100 .. 400) if $what eq 'unfinished';

    if ($what =~ /^(?:longer|shorter)$/) {
        # than its length says
        $c->head(200, 'Content-Length' => length($few)
                                          + ($what eq 'longer' ? 1 : 9));
        $c->send("[$few" . ($what eq 'longer' ? ',1]' : ',1'));
        return $c->close;
    }

    if ($what eq 'later') {
        return $c->reply(500, '{}') if $req->{path} =~ /namespaces.ops/;
        return $c->reply(200, "[$few]");
    }

    return $c->reply(200, $fails{$what}) if exists $fails{$what};
    return $c->reply(206, list(element('x', 'ops'))) if $what eq 'part';
    return $c->reply(302, '') if $what eq 'moved';

    if (exists $odd{$what}) {
        $c->send($odd{$what} . list(element('x', 'prod')));
        return $c->close;
    }

    my @all = @{ $names{$what} };
    @all = map { s/"namespace":"dev"/"namespace":"ops"/r } @all
        if $req->{path} =~ /namespaces.ops/;
    $c->reply(200, list(@all, @foreign));
});

sub gateway {
    return $t->nginx(
        backend => $back,
        server => 'sensu_native_pages off;',
        locations => join '',
            "location /slow/ { limit_rate 40k; sensu_page_max 100; "
            . 'rewrite ^/slow(.*)$ $1 break; proxy_pass http://sensu; }',
            "location /merged/ { sensu_namespaces 'dev ops'; "
            . 'rewrite ^/merged(.*)$ $1 break; proxy_pass http://sensu; }');
}

my $gw = gateway();

my @token = (token => $t->token);


subtest 'no name hides an element, and none lets a foreign one in' => sub {
    for my $what (sort keys %names) {
        my $path = "$core/namespaces/dev/checks?what=$what";

        is_deeply elements($gw->get($path, @token)->{body}), $names{$what},
                  "$what: filtered";

        for my $limit (1, 2, 100) {
            is_deeply $gw->walk($path, $limit, @token)->{elements},
                      $names{$what}, "walked by $limit";
        }

        my @both = (@{ $names{$what} },
                    map { s/"namespace":"dev"/"namespace":"ops"/r }
                    @{ $names{$what} });

        $path = "/merged$core/checks?what=$what";
        is_deeply elements($gw->get($path, @token)->{body}), \@both, 'merged';
        is_deeply $gw->walk($path, 2, @token)->{elements}, \@both,
                  'merged and walked';
    }
};

subtest 'what fails before its first byte is an answer' => sub {
    for my $what (sort(keys %fails), qw(part longer shorter)) {
        next if $what eq 'html';

        for my $path ("$core/namespaces/dev/checks", "/merged$core/checks") {
            my $r = $gw->get("$path?what=$what", @token);
            is $r->{status}, 502, "$what: $path";
            like $r->{body}, qr/"reason": "\w+"/, 'says why';
        }
    }

    is $gw->get("/merged$core/checks?what=html", @token)->{status}, 502,
       'nor is HTML a part of a list';
    is $gw->get("/merged$core/checks?what=later", @token)->{status}, 500,
       'a later part that fails while little was there';
    is $gw->h2("/merged$core/checks?what=half", @token)->{status}, 502,
       'nor by HTTP/2';
};

subtest 'an answer whose status is that of no list' => sub {
    for my $what (sort keys %odd) {
        for my $path ("$core/namespaces/dev/checks", "/merged$core/checks") {
            for my $page ('', '&limit=5') {
                my $c = $gw->connection;
                $c->send($gw->message('GET', "$path?what=$what$page", @token));
                1 while $c->fill;
                unlike $c->{in}, qr/"prod"/, "$what: $path$page";

                # since 1.29 nginx knows what a 103 is
                like $c->{in}, qr/"reason": "\w+"|\[\]/, 'but why not';
            }
        }
    }
};

# such lines come but once in a while, so each case has its own nginx

subtest 'the log says with which status an answer was no list' => sub {
    my $dev = "$core/namespaces/dev/checks";
    my $merged = "/merged$core/checks";

    for my $case ([ $dev, 'part', 206 ], [ "$dev?limit=5", 'part', 206 ],
                  [ $dev, 'wide', 200 ], [ "$dev?limit=5", 'wide', 200 ],
                  [ $merged, 'html', 200 ], [ "$merged?limit=5", 'html', 200 ],
                  [ $merged, 'moved', 302 ],
                  [ "$merged?limit=5", 'moved', 302 ])
    {
        my ($path, $what, $status) = @$case;
        my $new = gateway();

        $path .= ($path =~ /\?/ ? '&' : '?') . "what=$what";

        my $r = $new->get($path, @token);
        is "$r->{status} " . $r->json->{reason}, '502 bad_list', $path;
        is scalar($new->grep_log(qr/with status $status is not a whole list/)),
           1, "the log has $status";
        $new->stop;
    }
};

# it says where the next page begins by the name of the last element

subtest 'a page of a backend whose own cursor is larger than proxy_buffer_size' => sub {
    my @all = map { element($_, 'dev') } 'a', 'b' x 30000, 'c' .. 'f';

    my $up = $t->upstream(sub {
        my ($c, $req) = @_;
        my ($limit) = ($req->{query} // '') =~ /limit=(\d+)/ or
            return $c->reply(200, list(@all));
        $c->reply(200, list(@all[0 .. $limit - 1]),
                  'Sensu-Continue' => 'b' x (length $all[$limit - 1]));
    });

    my $native = $t->nginx(backend => $up);
    my $walk = $native->walk("$core/namespaces/dev/checks", 1, @token);

    is_deeply $walk->{elements}, \@all, 'the list is sliced';
    is scalar(grep { $_->{query} && $_->{query} =~ /limit/ } $up->requests), 1,
       'and was asked for a page but once';

    $up->stop;
    is $native->get("$core/namespaces/dev/hooks?limit=1", @token)->{status},
       502, 'a backend that is gone is not asked twice';
};

# many, as it depends on the moment whether the two get in each other's way

subtest 'a backend that is slow at the end' => sub {
    my $path = "/slow$core/namespaces/dev/checks?what=slow&limit=100";
    my @clients = map { $gw->connection(timeout => 30) } 1 .. 16;

    $_->send($gw->message('GET', $path, @token, keepalive => 1)) for @clients;

    is scalar @{ elements($_->response->{body}) }, 100,
        'limit_rate goes on to the end' for @clients;
};

subtest 'the end of a list that nobody wants is not waited for' => sub {
    my $c = $gw->connection(timeout => 20);

    for my $what ('what=held&limit=2', 'what=cut&limit=2') {
        $c->send($gw->message('GET', "$core/namespaces/dev/checks?$what", @token,
                              keepalive => 1));
        isnt $c->response->{status}, 0, $what;
    }

    $t->write('end', '');
};

subtest 'a list that is whole by its length, but has no end' => sub {
    for my $path ("$core/namespaces/dev/checks", "/merged$core/checks") {
        my $r = $gw->get("$path?what=unfinished", @token);
        is $r->{status}, 200, "$path has begun";
        ok !$r->{complete}, 'and is seen to break off';
    }
};

$t->done;
