package SensuTest::Settings;

=head1 NAME

SensuTest::Settings - what nginx -t says of a configuration, word for word

=head1 SYNOPSIS

    my $conf = SensuTest::Settings->new($t, $back);

    $conf->said('a name', server => "sensu_gateway on; # here",
                locations => "location / { ... }", $message);
    $conf->gateway('sensu_page_max 0;', $message);     # in a whole gateway

A message is what nginx -t prints as warnings and errors, whole, or a pattern
for the first of them; '' is nothing. In it CONF is the configuration's file,
HERE the line of it that ends in "# here", DIR the folder of the bench.

=cut

use strict;
use warnings;

use Test::More ();

use SensuTest::Process;


sub new {
    my ($class, $t, $back) = @_;

    chmod 0600, $t->secret_file;

    return bless {
        t => $t,
        pass => 'proxy_pass http://127.0.0.1:' . $back->port . ';',
        key => 'sensu_jwt_key HS256 ' . $t->secret_file . ';',
    }, $class;
}


sub pass { $_[0]{pass} }

sub key { $_[0]{key} }


sub gateway {
    my ($self, $text, $message) = @_;

    $self->said($text =~ s/\Q$self->{key}\E //r,
                server => "sensu_gateway on; $self->{key}\n$text # here",
                locations => "location / { $self->{pass} }", $message);
}


# as the only key of a gateway

sub alone {
    my ($self, $text, $message) = @_;

    $self->said($text, server => "sensu_gateway on;\n$text # here",
                locations => "location / { $self->{pass} }", $message);
}


sub said {
    my ($self, $name, @part) = @_;

    my $message = pop @part;
    my %part = @part;
    my $dir = $self->{t}->dir;

    my $conf = join "\n", '%%GLOBALS%%', 'events { }', 'http {', '%%TEMP%%',
                    'access_log off;', $part{http} // '',
                    'server {' . ($message =~ /of the server/ ? ' # here' : ''),
                    'listen 127.0.0.1:%%PORT%%;', $part{server} // '',
                    $part{locations}, '}', '}', '';

    my $nginx = $self->{t}->nginx(conf => $conf, start => 0);
    my ($ok, $out) = $nginx->check;

    my @lines = split /\n/, SensuTest::Process::slurp($nginx->conf);
    my ($here) = grep { $lines[$_ - 1] =~ /# here/ } 1 .. @lines;

    for ($out) {
        s/\Q${\$nginx->conf}\E/CONF/g;
        s/CONF:$here\b/CONF:HERE/g if $here;
        s/\Q$dir\E/DIR/g;
    }

    my @said = map { s/^(?:nginx|angie): //r } grep { /\[(?:warn|emerg)\]/ }
               split /\n/, $out;

    if (ref $message) {
        Test::More::like($said[0], $message, $name);

    } else {
        Test::More::is(join("\n", @said), $message, $name);
    }

    Test::More::is(!!$ok, $message !~ /emerg/,
                   $ok ? 'starts' : 'does not start');

    return $out;
}


1;
