# sensu_namespaces rbac with an account that has an API key, by versions of the
# backend, with the rate limit, and with cursors in memory and in Redis.

use lib 't/lib';
use SensuTest;
use SensuTest::Roles;

my $CORE = '/api/core/v2';
my $CHECKS = 'namespaces/dev/checks';
my $KEY = '83abef1e-e7d7-4beb-91fc-79ad90084d5b';

my $t = SensuTest->new;
my %demo;
my $key = $t->write('account.key', "$KEY\n", 0600);
my $account = "sensu_account api_key_file=$key refresh=1h stale=2h;\n";


sub fresh {
    my ($demo) = @_;

    tell($demo, reset => {
        namespaces => [qw(dev dev-eu ops prod)],
        users => [ { name => 'gateway', password => 'pass', groups => [],
                     api_key => $KEY }, { name => 'ann', groups => [] } ],
        elements => [
            account('gateway'),
            binding('ann', 'dev', 'view', 'ann'),
            binding('ann', 'prod', 'view', 'ann'),
            checks(qw(dev dev-eu ops prod)) ],
    });
}


sub demo {
    my ($version) = @_;

    my $demo = $demo{$version} //= $t->demo('--control', '--sensu', $version,
                                            '--secret-file', $t->secret_file);
    fresh($demo);

    return $demo;
}


sub gateway {
    my ($demo, $version, %opt) = @_;

    return $t->nginx(backend => $demo, http => $opt{http} // '',
                     location => ($opt{account} // $account)
                                 . "sensu_backend $version;\n"
                                 . ($opt{location} // '')
                                 . 'sensu_namespaces rbac;',
                     locations => 'location = /metrics { sensu_gateway off;
                                       sensu_metrics; }
                                   location = /status { sensu_gateway off;
                                       sensu_status; }');
}


sub ask {
    my ($gw, $demo, $user, $path) = @_;

    return $gw->get("$CORE/$path", token => $demo->login($user));
}


subtest 'an API key' => sub {
    my $demo = demo('5.18');
    my $gw = gateway($demo, '5.18');

    $demo->login('ann');
    $demo->forget;
    is shown(ask($gw, $demo, 'ann', 'checks')),
       'dev/cpu dev/disk prod/cpu prod/disk', 'reads roles';
    is scalar(grep { m{/auth} } $demo->requests), 1,
       'without any log-in (the one is the test)';
    is scalar(grep { m{^GET $CORE/rolebindings\S* auth=account 200} }
                  $demo->requests), 1, 'by what it is';
    unlike $gw->log, qr/$KEY/, 'and is in no log';
};


subtest 'a key that the backend does not take' => sub {
    my $demo = demo('5.18');
    my $wrong = $t->write('wrong.key', "no-such-key\n", 0600);
    my $gw = gateway($demo, '5.18', account =>
                     "sensu_account api_key_file=$wrong refresh=1h stale=2h;");

    is shown(ask($gw, $demo, 'ann', $CHECKS)), '503 rbac_unknown',
       'nobody gets in';
    like join('', $gw->grep_log(qr/not read/)),
         qr/does not take the API key of sensu_account in \S+:\d+ \(401 for/,
         'the log says why';
    unlike $gw->log, qr/no-such-key/, 'without the key';
    is scalar(grep { m{/auth/token} } $demo->requests), 0,
       'there is nothing to renew';
};


subtest 'a key whose user may not read' => sub {
    my $demo = demo('5.18');
    my $gw = gateway($demo, '5.18');

    tell($demo, delete => binding('gateway-reader', undef, 'gateway-reader',
                                  'gateway'));
    is shown(ask($gw, $demo, 'ann', $CHECKS)), '503 rbac_unknown', 'refused';
    like join('', $gw->grep_log(qr/not read/)),
         qr/may not list \S+, give it a role/, 'the log says what it needs';
};


subtest 'files that hold no key' => sub {
    my $demo = demo('5.18');

    for ([ $t->dir . '/nosuch', qr/has no such file/ ],
         [ $t->dir, qr/is (?:not a|no) (?:regular )?file|directory/i ],
         [ $t->write('empty.key', '', 0600), qr/empty\.key.*is empty/ ],
         [ $t->write('line.key', "\n$KEY\n", 0600),
           qr/its first line must be/ ],
         [ $t->write('long.key', 'x' x 513, 0600),
           qr/its first line must be .* 1 to 512 bytes/ ])
    {
        my ($file, $why) = @$_;
        my ($ok, $said) = $t->nginx(backend => $demo, start => 0,
            location => "sensu_account api_key_file=$file; sensu_backend 5.18;"
                        . 'sensu_namespaces rbac;')->check;

        ok !$ok, "refused: $file";
        like $said, $why, '... and why';
        like $said, qr/sensu_account.* in \S+:\d+/s, '... and where';
    }

    my $open = $t->write('open.key', "$KEY\n", 0644);
    my ($ok, $said) = $t->nginx(backend => $demo, start => 0,
        location => "sensu_account api_key_file=$open; sensu_backend 5.18;"
                    . 'sensu_namespaces rbac;')->check;

    ok $ok, 'one that everybody may read is taken';
    like $said, qr/everybody may read this/, 'with a warning';
};


subtest "a backend of version $_" => sub {
    my $version = $_;
    my $demo = demo($version);
    my $password = $t->write('account.pw', "pass\n", 0600);
    my $gw = gateway($demo, $version, account =>
        "sensu_account gateway password_file=$password refresh=1h stale=2h;\n");

    is shown(ask($gw, $demo, 'ann', 'checks')),
       'dev/cpu dev/disk prod/cpu prod/disk', 'a merged list';
    is shown(ask($gw, $demo, 'ann', 'namespaces')), 'dev prod', 'his namespaces';
    is shown(ask($gw, $demo, 'ann', 'namespaces/dev-eu/checks')),
       '403 rbac_forbidden', 'not the sibling';
    is scalar(() = $gw->walk("$CORE/checks", 1, token => $demo->login('ann'))
                       ->{responses}->@*), 4, 'page by page';
} for qw(5.5 5.10 5.18 6.0);


subtest 'with the rate limit' => sub {
    my $demo = demo('5.18');
    my $gw = gateway($demo, '5.18',
        http => 'sensu_redis ' . $t->redis->url . ';',
        location => 'sensu_rate_limit $sensu_user rate=1r/m burst=2;');
    my $token = $demo->login('ann');
    my $get = sub { $gw->get("$CORE/$_[0]", token => $_[1] // $token) };

    is shown($get->($CHECKS)), 'dev/cpu dev/disk', 'the first';
    is shown($get->('namespaces/ops/checks')), '403 rbac_forbidden',
       'a forbidden one counts';
    is shown($get->('checks')), 'dev/cpu dev/disk prod/cpu prod/disk',
       'a merged list is one';

    my $before = scalar $demo->requests;

    is shown($get->('checks')), '429 rate_limited', 'then it is enough';
    is scalar($demo->requests), $before, 'and nobody is asked';
    is shown($get->('users', $demo->login('admin'))),
       'admin agent ann gateway', 'of somebody else it is not';
};


subtest 'metrics and status page' => sub {
    my $demo = demo('5.18');
    my $gw = gateway($demo, '5.18');
    my $metric = sub {
        my ($of) = $gw->get('/metrics')->{body}
            =~ /^sensu_gateway_rbac_\Q$_[0]\E (\S+)$/m;
        return $of;
    };
    my $row = sub {
        my ($rest) = $gw->get('/status')->{body}
            =~ m{<th scope="row">\Q$_[0]\E</th>(.*)};
        return $rest =~ s/<data[^>]*>|<.*?>//gr;
    };

    is $metric->('age_seconds'), undef, 'nothing was read yet';
    is $row->('read last'), 'never', 'says the page, too';

    tell($demo, fault => { path_regex => '/roles', status => 503, times => 1 });
    ask($gw, $demo, 'ann', $CHECKS);
    ok $t->wait_for(sub {
        ask($gw, $demo, 'ann', $CHECKS)->{status} == 200
    }), 'a reading that fails, and one that does not';
    ask($gw, $demo, 'ann', $_) for 'checks', 'namespaces', 'namespaces/ops/checks';
    ask($gw, $demo, 'ann', $CHECKS);

    is $metric->('refreshes_total{result="ok"}'), 1, 'read';
    is $metric->('refreshes_total{result="failed"}'), 1, 'failed';
    is $metric->('decisions_total{outcome="passed"}'), 2, 'passed';
    is $metric->('decisions_total{outcome="narrowed"}'), 2, 'narrowed';
    is $metric->('decisions_total{outcome="forbidden"}'), 1, 'forbidden';
    cmp_ok $metric->('decisions_total{outcome="unknown"}'), '>=', 1, 'unknown';
    like $metric->('age_seconds'), qr/^\d+\.\d{3}$/, 'an age';

    is $row->('read'), 1, 'on the page: read';
    is $row->('not read'), 1, 'not read';
    is $row->('allowed as it is'), 2, 'passed';
    is $row->('list narrowed'), 2, 'narrowed';
    is $row->('forbidden'), 1, 'forbidden';
    like $row->('read last'), qr/^\d+ s ago$/, 'how long ago';
};


subtest "cursors in $_" => sub {
    my $store = $_;
    my $demo = demo('5.18');
    my $gw = gateway($demo, '5.18', http => $store eq 'Redis'
                     ? 'sensu_redis ' . $t->redis->url . ';' : '');
    my $walk = $gw->walk("$CORE/checks", 1, token => $demo->login('ann'));

    is join(' ', map { shown($_) } @{ $walk->{responses} }),
       'dev/cpu dev/disk prod/cpu prod/disk', 'a walk';

    my $first = $gw->get("$CORE/checks?limit=1", token => $demo->login('ann'));
    my $next = "checks?limit=1&continue=" . $first->header('Sensu-Continue');

    is shown(ask($gw, $demo, 'admin', $next)), '410 continue_expired',
       "a caller's token is not another's, whatever his roles";
} for qw(memory Redis);


$t->done;
