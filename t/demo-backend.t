# The demo backend against the recordings of a real one: every exchange again,
# in their order, and the answer compared byte for byte.

use strict;
use warnings;

use lib 't/lib';
use SensuTest;

my $RECORDED = 'demo/data/recorded';
my @SAME = ('Content-Type', 'Content-Length', 'Transfer-Encoding',
            'Sensu-Continue', 'X-Content-Type-Options', 'Connection',
            'Content-Encoding', 'Allow', 'WWW-Authenticate', 'ETag');

# what the recording client sent as body is not recorded
my %BODY = (
    'post-bad-json' => '{"metadata":{"name":',
    'post-too-large' => '{"command":"' . 'x' x 512_000 . '"}',
    'put-check' => '{"command":"true","interval":60,"subscriptions":["linux"],'
        . '"metadata":{"name":"check-1","namespace":"default"}}',
);

my $t = SensuTest->new;
my $demo = $t->demo;
my $admin = $demo->login;

my ($titles, @exchanges) = split /\n/, slurp("$RECORDED/index.tsv");
my $compared = 0;

for (@exchanges) {
    my ($name, $method, $target, $authorization, $status, $size) = split /\t/;
    my %header = (Connection => 'keep-alive');
    $header{Authorization} = $authorization eq 'admin' ? "Bearer $admin"
        : $authorization if $authorization ne '-';

    my $r = $demo->request($method, $target, headers => [%header],
        exists $BODY{$name} ? (body => $BODY{$name}) : ());

    if ($status !~ /\A[0-9]+\z/) {
        is $r->{status}, 0, "$name: no response";
        is $r->{raw}, '', "$name: not one byte";
        next;
    }

    my $head = slurp("$RECORDED/$name.head");
    my ($line, @lines) = split /\r?\n/, $head;
    my %recorded = map { /\A([^:]+): (.*)\z/ ? (lc $1 => $2) : () } @lines;

    is "HTTP/$r->{version} $r->{status} $r->{reason}", $line, "$name: status";
    for my $field (@SAME) {
        is $r->header($field), $recorded{lc $field}, "$name: $field";
    }
    ok $r->{complete}, "$name: complete";
    my $body = $method eq 'HEAD' ? '' : slurp("$RECORDED/$name.body");
    is length $r->{body}, $size, "$name: size";
    ok same($r->{body}, $body), "$name: body, byte for byte";
    $compared++;
}

is $compared, 65, 'all with an answer';
$t->done;


# The real backend writes the labels of a check in an order that changes from
# answer to answer; the recordings hold both.  All else is compared as it is.
sub same {
    my ($one, $other) = @_;

    s{"labels":\{((?:"[^"]*":"[^"]*",?)+)\}}
     {'"labels":{' . join(',', sort split /,/, $1) . '}'}ge
        for $one, $other;
    return $one eq $other;
}
