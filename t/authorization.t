# The caller's own Authorization goes to the backend: once, and in the one
# form that the backend reads, however the client wrote it.

use lib 't/lib';
use SensuTest;

my $t = SensuTest->new;

my $back = $t->upstream(sub {
    my ($c, $req) = @_;
    my @got = $req->{head} =~ /^authorization: (.*?)\r?$/gim;
    $c->reply(200, '["' . join('","', @got) . '"]',
              'Content-Type' => 'application/json');
});

my $gw = $t->nginx(backend => $back, location => 'sensu_api_key pass;');
my $token = $t->token;

for my $path ('/api/core/v2/namespaces/dev/checks/a',   # passed on
              '/api/core/v2/checks',                    # a list, as a whole
              '/api/core/v2/checks?limit=5')            # a page of it
{
    for my $scheme ('Bearer ', 'bearer ', 'BEARER  ', 'Bearer   ') {
        is $gw->get($path, headers => [Authorization => "$scheme$token"])
              ->{body},
           qq(["Bearer $token"]), "\"$scheme\" $path";
    }

    is $gw->get($path, headers => [Authorization => 'Key abc-def'])->{body},
       '["Key abc-def"]', "an API key, $path";
}

$t->done;
