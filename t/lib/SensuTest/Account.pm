package SensuTest::Account;

=head1 NAME

SensuTest::Account - a gateway that reads roles by an account of its own

=head1 SYNOPSIS

    use SensuTest::Account;

    my ($demo, $password, $account) = stage($t);
    fresh();                        # ann may view dev and prod; bob nothing
    my $gw = gateway('refresh=1h stale=2h', workers => 2);
    ask($gw, 'ann', GET => 'checks');
    ends_with($gw, 'ann', 'checks', 'dev/cpu dev/disk', 'name of the test');
    control(fault => { action => 'clear' });
    token('ann');

stage() starts the demo backend; $password is the file, $account the directive
without its times. ends_with() asks until the answer is that; logins() is what the
backend was asked for tokens, and how it answered.

=cut

use strict;
use warnings;

use Exporter 'import';
use SensuTest::Roles;
use Test::More;

our @EXPORT = qw(stage control fresh gateway token ask ends_with logins);

my ($t, $demo, $account, %token);


sub stage {
    ($t) = @_;

    my $password = $t->write('account.pw', "pass\n", 0600);

    $demo = $t->demo('--control', '--secret-file', $t->secret_file);
    $account = "sensu_account gateway password_file=$password";

    return ($demo, $password, $account);
}


sub control {
    my ($what, $value) = @_;

    tell($demo, $what, $value);
}


sub fresh {
    %token = ();

    control(fault => { action => 'clear' });
    control(reset => {
        namespaces => [qw(dev ops prod)],
        users => [ { name => 'gateway', password => 'pass', groups => [] },
                   map { { name => $_, groups => [] } } qw(ann bob) ],
        elements => [
            account('gateway'),
            binding('ann', 'dev', 'view', 'ann'),
            binding('ann', 'prod', 'view', 'ann'),
            checks(qw(dev ops prod)) ],
    });
}


sub gateway {
    my ($times, %opt) = @_;

    return $t->nginx(backend => $demo, %opt,
                     location => ($opt{account} // $account) . " $times;\n"
                                 . ($opt{location} // '')
                                 . 'sensu_namespaces rbac;');
}


sub token {
    my ($user) = @_;

    return $token{$user} //= $demo->login($user);
}


sub ask {
    my ($gw, $user, $method, $path, %opt) = @_;

    return $gw->request($method,
                        $path =~ m{^/} ? $path : "/api/core/v2/$path",
                        token => token($user), %opt);
}


# what the backend was asked with Basic, and for tokens

sub logins {
    return join ' ', map { m{^(\w+ /auth\S*) auth=\w+ (\d+)} ? "$1 $2" : () }
                     $demo->requests;
}


sub ends_with {
    my ($gw, $user, $path, $expected, $name) = @_;
    my $last;

    ok $t->wait_for(sub {
        ($last = shown(ask($gw, $user, GET => $path))) eq $expected
    }), $name or diag "got $last";
}


1;
