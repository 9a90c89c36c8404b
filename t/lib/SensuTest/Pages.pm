package SensuTest::Pages;

=head1 NAME

SensuTest::Pages - a list behind the gateway, and pages of it

=head1 SYNOPSIS

    my $list = SensuTest::Pages->new($t, 7);       # 7 checks
    my $gw = $t->nginx(backend => $list->backend, server => $list->server,
                       http => '...');
    my $r = $list->page($gw);                      # the first page of 2
    $r = $list->page($gw, SensuTest::Pages::next_of($r));

=head1 METHODS

    new($t, $n)            a backend with $n checks in "default"; it knows no
                           paging parameters, so the gateway slices
    backend, server        for $t->nginx
    path, elements         of the list
    page($gw, token)       a page of two elements
    small($gw)             a list of one page: needs no store
    whole($gw, ...)        a walk, each page by the next of these gateways, a
                           503 asked again until it is not one: the elements
    next_of($response)     function: the continue token

=cut

use strict;
use warnings;

use SensuTest::HTTP ();
use SensuTest::Process ();


sub new {
    my ($class, $t, $n) = @_;

    my $self = bless { t => $t, path => '/api/core/v2/namespaces/default/' },
                     $class;

    $self->{elements} = [ map { element($_) } 1 .. $n ];

    my %body = (
        "$self->{path}checks" => '[' . join(',', @{ $self->{elements} }) . ']',
        "$self->{path}assets" => '[' . element(1) . ']',
    );

    $self->{backend} = $t->upstream(sub {
        my ($c, $req) = @_;
        my $body = $body{ $req->{path} };
        return $c->reply(404, '{}') if !defined $body;
        $c->reply(200, $body, 'Content-Type' => 'application/json');
    });

    return $self;
}


sub element {
    my ($n) = @_;
    return sprintf '{"command":"true","metadata":{"name":"check-%05d",'
                   . '"namespace":"default"}}', $n;
}


sub backend { $_[0]{backend} }
sub server { 'sensu_native_pages off;' }
sub path { "$_[0]{path}checks" }
sub elements { @{ $_[0]{elements} } }


sub page {
    my ($self, $gw, $token, %opt) = @_;
    return $gw->get($self->target($token), token => $self->{t}->token, %opt);
}


sub target {
    my ($self, $token) = @_;

    my $path = $self->path . '?limit=' . ($self->{limit} // 2);
    return defined $token ? "$path&continue=$token" : $path;
}


sub small {
    my ($self, $gw) = @_;
    return $gw->get("$self->{path}assets?limit=2", token => $self->{t}->token);
}


sub whole {
    my ($self, @gateways) = @_;

    my (@elements, $token);

    for (1 .. 1000) {
        my $r;

        SensuTest::Process::wait_for(sub {
            $r = $self->page($gateways[0], $token);
            $r->{status} != 503;
        });

        die "$r->{status} $r->{error} $r->{body}\n" if $r->{status} != 200;

        push @elements, @{ SensuTest::HTTP::elements($r->{body}) };
        $token = next_of($r) // return @elements;
        push @gateways, shift @gateways;
    }

    die "a walk without an end\n";
}


sub next_of {
    my ($response) = @_;
    return scalar $response->header('Sensu-Continue');
}

1;
