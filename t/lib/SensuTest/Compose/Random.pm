package SensuTest::Compose::Random;

=head1 NAME

SensuTest::Compose::Random - random configurations and requests for the matrix

=head1 METHODS

    way                    the lines of a server, made of pieces: how a request
                           comes in, by which ways it goes on, what proxies it
                           in which form, and what else is set on the way. The
                           location where it comes in is a gateway, the others
                           mostly
    request                [method, target, %opt]

=cut

use strict;
use warnings;

use MIME::Base64 qw(encode_base64url);
use SensuTest::Compose::Requests;


sub one_of { $_[rand @_] }
sub maybe { rand() < $_[0] ? $_[1] : '' }


my @pass = (('proxy_pass http://sensu;') x 4,
    'proxy_pass http://sensu$uri$is_args$args;', 'proxy_pass http://sensu$uri;',
    'proxy_pass http://sensu$request_uri;', 'proxy_pass http://sensu$of_uri$of_args;',
    'proxy_pass http://sensu$of_request_uri;', 'proxy_pass http://$cluster;',
    'set $up sensu; proxy_pass http://$up;',
    'set $up 127.0.0.1:%%BACK%%; proxy_pass http://$up$request_uri;',
    'set $u $request_uri; proxy_pass http://sensu$u;',
    'proxy_pass http://sensu/api/core/v2$uri;',
    'proxy_pass http://sensu$uri?limit=2&$args;',
    'proxy_pass http://sensu_twice;', 'proxy_pass http://dead;',
    'proxy_pass http://front;');

my @more = ('gzip on; gzip_types *;', 'gunzip on;', 'ssi on; ssi_types *;',
    'sub_filter name name; sub_filter_types *;', 'proxy_buffering off;',
    'proxy_request_buffering off;', 'proxy_http_version 1.1;',
    'proxy_intercept_errors on;', 'chunked_transfer_encoding off;',
    'limit_rate 50m;', 'satisfy any; allow 127.0.0.1; deny all;',
    'satisfy any; deny all;', 'limit_except GET { deny all; }',
    'mirror /_m;', 'auth_request /_g;', 'auth_request /_ok;',
    'slice 64k; proxy_set_header Range $slice_range;', 'expires 1m;',
    'add_header X-A $sensu_user always;', 'limit_req zone=req burst=10000;',
    'limit_conn conn 1000;', 'post_action /_ok;', 'client_max_body_size 100;',
    'client_body_buffer_size 16;', 'proxy_bind 127.0.0.6;',
    'proxy_method DELETE;', 'proxy_pass_request_body off;',
    'proxy_pass_request_headers on;', 'proxy_ignore_client_abort on;',
    'proxy_next_upstream error http_404 non_idempotent;', 'proxy_redirect off;',
    'proxy_cache cache; proxy_cache_valid any 1s; '
        . 'proxy_cache_key $sensu_user$sensu_token$request_method$request_uri;',
    'sensu_pages off;', 'sensu_native_pages off;',
    'sensu_page_default 1;', 'sensu_api */*;', 'sensu_page_buffer 4k;',
    'aio threads; output_buffers 1 1k;', 'recursive_error_pages on;');

my @early = ('set $n $sensu_namespace;', 'set $n $kind$who;',
    'if ($sensu_namespace = secret) { return 403; }',
    'if ($sensu_scope = cluster) { set $n 1; }', 'if ($who = nobody) { return 401; }',
    'rewrite ^(/.*)$ $1 break;', 'rewrite ^/(.*)$ /$1?x=1 break;',
    'rewrite ^/in(/.*)$ $1 break;', 'rewrite ^/in(/.*)$ $1 last;',
    'if ($request_method = POST) { rewrite ^ /health last; }');

# The first ones are about requests that were let in. What was refused goes where
# the operator says, also to the backend without a gateway.

my @pages = ('error_page 401 403 404 413 /sorry;', 'error_page 403 = @sorry;',
    'error_page 502 504 = @next;', 'error_page 404 /in$uri;',
    'error_page 404 405 502 @next;', 'error_page 404 502 =404 /in$uri$is_args$args;',
    'error_page 403 =200 /sorry;',
    'error_page 400 404 409 413 500 502 = @next;', 'error_page 401 @next;');

# the last ones lead on before a gateway has judged, or what one has refused

my @on = ('try_files /none @next;', 'try_files /none /in$uri$is_args$args;',
    'try_files $uri $uri/ @next;', 'proxy_pass http://front;',
    'root %%DIR%%/none; error_page 404 405 = @next;',
    'root %%DIR%%/none; error_page 404 405 @next;',
    'proxy_pass http://dead; error_page 502 = @next;',
    'root %%DIR%%/none; error_page 403 404 405 = @next;',
    'rewrite ^(/.*)$ /in$1 last;', 'rewrite ^ /in$request_uri? last;');


# no two of a kind: what nginx would not take twice

sub some {
    my ($n, @from) = @_;

    my (%seen, $text);
    $text = '';

    for (1 .. rand $n + 1) {
        my $piece = one_of(@from);
        next if grep { $seen{$_}++ } $piece =~ /(?:^|; |\} )(?!set|rewrite|if|add)([a-z_]+)/g;
        $text .= " $piece";
    }

    return $text;
}


sub location {
    my ($name, $gateway, $open, $last) = @_;

    my $way = $last || rand() < 0.5 ? one_of(@pass)
                                    : one_of($open ? @on[0 .. 5] : @on);
    my $text = some(2, @early) . some(3, @more);

    $text .= some(1, $open ? @pages[0 .. 4] : @pages) if $gateway;

    # each only once
    my %have = map { $_ => 1 } $text =~ /\b(error_page|satisfy|rewrite)\b/g;
    $text = '' if $way =~ /error_page|root/ && $have{error_page};

    return "location $name {" . ($gateway ? '' : ' sensu_gateway off;')
           . "$text $way }\n";
}


sub way {
    my $open = rand() < 0.2;      # one of the others is no gateway
    my $first = one_of('/', '/', '/', '/api/', '~ ^/(?<a>api)/(.*)$', '^~ /api/core');

    return maybe(0.1, "merge_slashes off;\n")
        . maybe(0.2, 'underscores_in_headers on; ignore_invalid_headers off;')
        . maybe(0.2, one_of(@early[0 .. 4]) . "\n")
        . location($first, 1, $open)
        . ($first eq '/' ? '' : location('/', 1, $open, 1))
        . location('@next', !$open, $open, 1)
        . location('/in/', !$open, $open, 1) =~ s/\{/{ internal; rewrite ^\/in(\/.*)\$ \$1 break;/r
        . 'location = /sorry { sensu_gateway off; internal; return 200 PAGE; }'
        . 'location @sorry { sensu_gateway off; return 200 PAGE; }'
        . 'location = /_ok { sensu_gateway off; internal; return 204; }'
        . 'location = /_m { sensu_gateway off; internal; proxy_pass http://front; '
        . 'proxy_ignore_headers X-Accel-Redirect; }'
        . 'location = /_g { internal; rewrite ^ /api/core/v2/namespaces break; '
        . 'proxy_pass_request_body off; proxy_set_header Content-Length ""; '
        . "proxy_pass http://sensu; }\n";
}


my @all = SensuTest::Compose::Requests::requests();

my @segments = (qw(namespaces checks events hooks handlers silenced entities dev
    ops dev-eu secret cpu disk users one namespaces/dev namespaces/ops
    namespaces/- .. %2e%2e . %2F ..%2Fops ..%252Fops a%2Fb %61 %25 %3F assets in
    %00 ;x *), '');
my @query = ('limit=1', 'limit=2', '%6cimit=1', 'limit=-1', 'x=y', 'continue=',
    'continue=' . encode_base64url("../ops/\0"), 'continue=' . 'A' x 22,
    'a=%26limit%3D1', 'labelSelector=x');


sub request {
    return @{ one_of(\@all) ? [ @{ one_of(@all) } ] : [] } if rand() < 0.6;

    my $path = one_of(('/api/core/v2') x 6, '/in/api/core/v2', '/api/x/v1', '');
    $path .= '/' . one_of(@segments) for 0 .. rand 4;
    $path .= '?' . join '&', map { one_of(@query) } 0 .. rand 2 if rand() < 0.5;

    my $method = one_of(('GET') x 6, qw(PUT DELETE POST HEAD));
    my @body = $method =~ /^P/ ? (body => '{"metadata":{"name":"'
        . one_of('cpu', 'x', '../x') . '","namespace":"'
        . one_of('dev', 'dev', 'ops') . '"},"command":"x"}') : ();

    return ($method, $path, @body);
}

1;
