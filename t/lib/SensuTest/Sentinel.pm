package SensuTest::Sentinel;

=head1 NAME

SensuTest::Sentinel - a real redis-sentinel, which watches one master

=head1 METHODS

    new($t, $text)         $text are more lines of its configuration, such as
                           "sentinel monitor main 127.0.0.1 6379 2"
    port, cmd              as of a SensuTest::Redis

=cut

use strict;
use warnings;

use parent -norequire, 'SensuTest::Redis';

use SensuTest::Process;
use SensuTest::Redis;


my $count = 0;


sub new {
    my ($class, $t, $text) = @_;

    my $self = $t->part(bless { port => $t->port }, $class);
    my $name = 'sentinel' . ++$count;
    my $conf = $t->write("$name.conf", <<"END");
port $self->{port}
bind 127.0.0.1
dir ${\$t->dir}
$text
END

    $self->{process} = SensuTest::Process->spawn(
        log => $t->dir . "/$name.out",
        cmd => [SensuTest::Redis::server(), $conf, '--sentinel']);

    $t->wait_for(sub { eval { $self->cmd('PING') } || $@ =~ /NOAUTH/ })
        or die 'no sentinel: '
               . SensuTest::Process::slurp($t->dir . "/$name.out");

    return $self;
}


sub stop {
    my ($self) = @_;

    my $how = $self->{process}->stop('TERM', 10);
    return $how eq '' ? () : $how;
}


1;
