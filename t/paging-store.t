# Pages and the store of cursors: a page that has more needs it, one that has
# all does not; a store that fails is 503 and never a page without a token.

use lib 't/lib';
use SensuTest;

my $t = SensuTest->new;
my $token = $t->token;
my $path = '/api/core/v2/namespaces';
my @all = map { qq({"name":"n$_"}) } 1 .. 9;

my $back = $t->upstream(sub {
    my ($c, $req) = @_;
    $c->reply(200, '[' . join(',', @all) . ']');
});

my $redis = $t->redis(args => [ '--maxmemory-policy', 'noeviction' ]);
my $gw = $t->nginx(backend => $back, workers => 2,
                   http => 'sensu_redis ' . $redis->url . ' timeout=1s;',
                   server => 'sensu_native_pages off;');


sub page { my ($query, $g) = @_; ($g // $gw)->get("$path?$query", token => $token) }


sub no_store {
    my ($r, $name) = @_;

    is "$r->{status} " . $r->json->{reason}, '503 store_failed', $name;
    is $r->header('Content-Type'), 'application/json', 'JSON';
    like $r->header('Retry-After'), qr/^\d+$/, 'Retry-After';
    is $r->header('Sensu-Continue') // $r->header('Link'), undef,
       'no way on';
    unlike $r->{body}, qr/n1/, 'no element';
}


sub works_again {
    my ($name, $query) = @_;

    my $r = $t->wait_for(sub {
        my $r = page($query // 'limit=4');
        $r->{status} == 200 && $r;
    });

    ok $r && defined $r->header('Sensu-Continue'), $name;
    return $r->header('Sensu-Continue');
}


my $first = works_again('it works');

for my $fault (
    [ 'stopped', sub { $redis->stop }, sub { $redis->restart } ],
    [ 'frozen', sub { $redis->freeze }, sub { $redis->thaw } ],
    [ 'killed', sub { $redis->kill }, sub { $redis->restart } ],
    [ 'full', sub { $redis->cmd('CONFIG', 'SET', 'maxmemory', '1') },
      sub { $redis->cmd('CONFIG', 'SET', 'maxmemory', '0') } ],
    [ 'a replica', sub { $redis->cmd('REPLICAOF', '127.0.0.1', '1') },
      sub { $redis->cmd('REPLICAOF', 'NO', 'ONE') } ],
) {
    my ($name, $break, $mend) = @$fault;

    subtest "Redis is $name" => sub {
        my $c = works_again('before');

        $break->();
        no_store(page('limit=4'), 'a page that has more');

        for my $query ('limit=9', 'limit=1000', '') {
            my $r = page($query);

            is $r->{status}, 200, "\"$query\": a list that fits";
            is_deeply elements($r->{body}), \@all, 'all of it';
        }

        if ($name !~ /full|replica/) {
            no_store(page("limit=4&continue=$c"), 'a next page');
        }

        is page('limit=4&continue=x')->{status}, 400, 'a malformed token';

        $mend->();
        my $again = works_again('mended: works without a reload');
        is $again, $c, 'with the same token';

        # the other worker finds its own way back
        my $r = $t->wait_for(sub {
            my $r = page("limit=100&continue=$again");
            $r->{status} != 503 && $r;
        });
        is_deeply elements($r->{body}), [ @all[4 .. 8] ], 'that goes on';
    };
}

subtest 'Redis lost its memory' => sub {
    my $c = works_again('before');

    $redis->cmd('FLUSHALL');
    my $r = page("limit=4&continue=$c");
    is "$r->{status} " . $r->json->{reason}, '410 continue_expired',
       'the walk is over';

    # more than one, if the first answer was late
    my @keys = do { works_again('a new one'); $redis->keys };
    my $record = $redis->cmd('GET', $keys[0]);

    for my $value ('rubbish', '', substr($record, 0, 40), $record . 'x' x 5000,
                   's0' . substr($record, 2))
    {
        $redis->cmd('SET', $_, $value) for @keys;
        $r = page("limit=4&continue=$c");
        is "$r->{status} " . $r->json->{reason}, '410 continue_expired',
           'a value of ' . length($value) . ' bytes that is no cursor';
    }

    for my $key (@keys) {
        $redis->cmd('DEL', $key);
        $redis->cmd('LPUSH', $key, 'x');
    }

    $r = page("limit=4&continue=$c");
    like $r->{status}, qr/^(?:410|503)$/, 'a value of another type';
};

subtest 'what is kept in it' => sub {
    $redis->cmd('FLUSHALL');
    my $c = works_again('a page');
    my @keys = $redis->keys;

    is scalar @keys, 1, 'one key';
    like $keys[0], qr/^sensu:/, 'under the prefix';
    unlike $keys[0], qr/\Q$c\E/, 'the token is not in it';

    my $record = $redis->cmd('GET', $keys[0]);
    cmp_ok length $record, '<=', 200, 'a small record';
    unlike $record, qr/\Q$c\E|admin/, 'neither token nor name';
    cmp_ok $redis->cmd('TTL', $keys[0]), '<=', 300, 'it ends';

    works_again('again') for 1 .. 5;
    is scalar(() = $redis->keys), 1, 'the same page makes no new keys';

    $gw->walk($path, 2, token => $token) for 1 .. 3;
    is scalar(() = $redis->keys), 5, 'nor does the same walk';
};

subtest 'a zone of shared memory that is full' => sub {
    my $small = $t->nginx(
        backend => $back,
        http => 'sensu_cursor_zone tiny:32k;',
        server => 'sensu_native_pages off;',
    );

    my (@tokens, %status);

    for my $n (1 .. 400) {
        my $r = page("limit=4&x=$n", $small);
        $status{$r->{status}}++;
        push @tokens, $r->header('Sensu-Continue');
    }

    is_deeply \%status, { 200 => 400 }, 'still makes room for the newest';

    my $r = page("limit=4&x=400&continue=$tokens[-1]", $small);
    is_deeply elements($r->{body}), [ @all[4 .. 7] ], 'which go on';

    $r = page("limit=4&x=1&continue=$tokens[0]", $small);
    is $r->{status}, 410, 'the oldest are gone';

    is scalar $small->grep_log(qr/sensu_cursor_zone "tiny" is full/), 1,
       'and the log says so once';
};

$t->done;
