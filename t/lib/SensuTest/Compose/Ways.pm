package SensuTest::Compose::Ways;

=head1 NAME

SensuTest::Compose::Ways - the ways in which operators write a location

=head1 METHODS

    http                   what they need at the level http; the upstream "sensu"
                           is there
    ways                   name => the lines of a server, in which the gateway is
                           on, or { lines, and what is special of it:
                           left       the API is never let through there
                           also       a pattern of bodies that are his as well
                           text       stands somewhere in the answers
                           methods    the others become GET there
                       made       the path is made anew by a rewrite, so that of
                                  an odd one there is another request
                       fails      500 is an answer
                       others     let everybody in: nothing is theirs
                       kept       an answer may have this status of an error,
                                  in the place of its own
                       unread     roles can not be read by that way
                       copied     the backend is asked behind the answer, too }

    Texts between %% and %% are filled in: DIR; FRONT, the port of a server that
    answers every request with X-Accel-Redirect to /in and its own target; DEAD,
    one where nobody listens; BACK, the demo backend's.

=cut

use strict;
use warnings;


sub http {
    return <<'END';
    map $uri $of_uri { default $uri; }
    map $request_uri $of_request_uri { default $request_uri; }
    map $args $of_args { "" ""; default "?$args"; }
    map $sensu_namespace $cluster { ops sensu_ops; default sensu; }
    map $sensu_user $who { default "known:$sensu_user"; "" nobody; }
    map "$sensu_resource/$sensu_scope" $kind { default "$sensu_resource"; }
    map $request_method $mirrored { GET 1; default 0; }

    upstream sensu_ops { server 127.0.0.1:%%BACK%%; }
    upstream sensu_twice { server 127.0.0.1:%%DEAD%%; server 127.0.0.1:%%BACK%%; }
    upstream dead { server 127.0.0.1:%%DEAD%%; }
    upstream front { server 127.0.0.1:%%FRONT%%; }

    proxy_cache_path %%DIR%%/cache keys_zone=cache:1m;
    limit_req_zone $sensu_user zone=req:1m rate=100000r/s;
    limit_conn_zone $sensu_user zone=conn:1m;

    server {
        listen 127.0.0.1:%%FRONT%%;
        sensu_gateway off;
        client_max_body_size 10m;
        location / { add_header X-Accel-Redirect /in$request_uri; return 200; }
    }
END
}


my $PASS = 'proxy_pass http://sensu;';
my $IN = "location /in/ { rewrite ^/in(/.*)\$ \$1 break; $PASS }";
my $OFF = 'sensu_gateway off;';
my $SORRY = "location = /sorry { $OFF internal; return 200 PAGE; }"
            . "location \@sorry { $OFF return 200 PAGE; }";


sub plain { "location / { $PASS }" }


sub ways {
    return (
        plain => plain(),

        # proxy_pass in its forms

        path => "location / { $PASS }"
            . 'location /api/ { proxy_pass http://sensu/api/; }',
        uri => 'location / { proxy_pass http://sensu$uri$is_args$args; }',
        uri_alone => 'location / { proxy_pass http://sensu$uri; }',
        request_uri => 'location / { proxy_pass http://sensu$request_uri; }',
        request_uri_before => 'location / { if ($request_uri ~ nothing) { return '
            . '404; } proxy_pass http://sensu$request_uri; }',
        document_uri => 'location / '
            . '{ proxy_pass http://sensu$document_uri$of_args; }',
        map_uri => 'location / '
            . '{ proxy_pass http://sensu$of_uri$is_args$args; }',
        map_request_uri => 'location / { proxy_pass http://sensu$of_request_uri; }',
        captures => { unread => 1, lines => "location / { $PASS } "
            . 'location ~ ^/api/(.*)$ '
            . '{ proxy_pass http://sensu/api/$1$is_args$args; }' },
        named_captures => { unread => 1, lines => "location / { $PASS } "
            . 'location ~ ^/(?<a>api)/(?<b>.*)$ '
            . '{ proxy_pass http://sensu/$a/$b$is_args$args; }' },
        all_captures => 'location ~ ^(/.*)$ '
            . '{ proxy_pass http://sensu$1$is_args$args; }',
        upstream => 'location / { set $up sensu; proxy_pass http://$up; }',
        cluster => 'location / { proxy_pass http://$cluster; }',
        address => 'location / { set $up 127.0.0.1:%%BACK%%; '
            . 'proxy_pass http://$up$request_uri; }',
        set_request_uri => { fails => 1, unread => 1, lines => 'location / '
            . '{ set $u $request_uri; proxy_pass http://sensu$u; }' },
        adds => { left => 1, lines => "location /s/ { $PASS }"
            . 'location / { proxy_pass http://sensu/api/core/v2/; }' },
        other => { left => 1, lines => 'location / '
            . '{ proxy_pass http://sensu/api/core/v2/namespaces/ops/hooks/cpu; }' },
        grpc => { left => 1,
            lines => 'location / { grpc_pass grpc://127.0.0.1:%%BACK%%; }' },
        method => { left => 1, also => qr/^$/, lines => 'location / { proxy_method DELETE; '
            . "$PASS }" },

        # rewrites, set, if

        rewrite_break => { made => 1,
            lines => "location / { rewrite ^(/.*)\$ \$1 break; $PASS }" },
        rewrite_last => { made => 1,
            lines => "location / { rewrite ^(/.*)\$ /in\$1 last; } $IN" },
        rewrite_server => { made => 1, lines => "rewrite ^(/.*)\$ /in\$1; $IN" },
        rewrite_args => { made => 1, lines => 'location / { rewrite ^/(.*)$ /$1?x=1 break; '
            . "$PASS }" },
        set_before => { made => 1, lines => 'location / { set $n $sensu_namespace; set $k $kind; '
            . "rewrite ^(/.*)\$ \$1 break; proxy_set_header X-N \$n\$k; $PASS }" },
        if_proxy => "location / { if (\$request_method = GET) { $PASS } $PASS }",
        if_namespace => 'if ($sensu_namespace = secret) { return 403; } '
            . "location / { $PASS }",
        if_scope => { also => qr/ClusterHealth|^$/, lines => 'if ($sensu_scope = '
            . "\"cluster\") { rewrite ^ /health last; } location / { $PASS }" },
        if_user => 'location / { if ($sensu_user = one) { set $x 1; } '
            . "if (\$who = nobody) { return 401; } $PASS }",
        prefix_set => { made => 1, lines => 'set $n $sensu_namespace; '
            . "location / { rewrite ^(/.*)\$ /in\$1 last; } $IN" },

        # ways from one location to another

        try_files => "location / { try_files /none \@g; } location \@g { $PASS }",
        try_files_uri => { made => 1,
            lines => "location / { try_files /none /in\$uri\$is_args\$args; } "
            . $IN },
        try_files_left => { left => 1, lines => 'location / '
            . "{ try_files /none \@g; } location \@g { $OFF $PASS }" },
        try_files_uri_left => { left => 1, lines => 'location / '
            . '{ try_files /none /out$uri; } '
            . "location /out/ { $OFF internal; proxy_pass http://sensu/; }" },
        error_page_left => { left => 1, lines => 'location / { '
            . 'proxy_pass http://dead; error_page 502 = @g; } '
            . "location \@g { $OFF $PASS }" },
        error_page_out => { left => 1, lines => 'location / { '
            . 'proxy_pass http://dead; error_page 502 = /out$uri; } '
            . "location /out/ { $OFF internal; proxy_pass http://sensu/; }" },
        error_page_second => { unread => 1, lines => 'location / '
            . '{ proxy_pass http://dead; error_page 502 = @g; } '
            . "location \@g { $PASS }" },
        error_page_static => { unread => 1, lines => 'location / '
            . '{ root %%DIR%%/none; log_not_found off; error_page 404 405 = @g; } '
            . "location \@g { $PASS }" },
        error_page_kept => { unread => 1, kept => qr/^40[45]$/,
            lines => 'location / { root %%DIR%%/none; log_not_found off; '
            . "error_page 404 405 \@g; } location \@g { $PASS }" },
        error_page_kept_uri => { unread => 1, made => 1, kept => qr/^502$/,
            lines => 'location / { proxy_pass http://dead; '
            . 'error_page 502 /in$uri$is_args$args; } ' . $IN,
            methods => qr/^(?:GET|HEAD)$/ },
        nested => "location /api/ { location /api/core/ { $PASS } $PASS } "
            . "location / { $PASS }",
        nested_regex => "location / { location ~ /namespaces/ { $PASS } $PASS }",
        accel => { made => 1, methods => qr/^(?:GET|HEAD)$/, lines => 'location / '
            . "{ proxy_pass http://front; } $IN" },
        accel_left => { left => 1, lines => 'location / '
            . "{ proxy_pass http://front; } location /in/ { $OFF internal; "
            . 'proxy_pass http://sensu/; }' },
        next_upstream => 'location / { proxy_pass http://sensu_twice; '
            . 'proxy_next_upstream error non_idempotent; }',
        post_action => "location / { $PASS post_action /done; } "
            . "location = /done { $OFF return 200; }",

        # error pages of the operator's

        error_page => "location / { $PASS error_page 400 401 403 404 405 409 410 "
            . "413 415 500 502 /sorry; } $SORRY",
        error_page_named => "error_page 401 403 404 413 \@sorry; location / "
            . "{ $PASS } $SORRY",
        error_page_200 => { also => qr/^$/,
            lines => "error_page 403 404 413 =200 /sorry; location / "
            . "{ $PASS } $SORRY" },
        intercept => "location / { proxy_intercept_errors on; $PASS "
            . "error_page 400 403 404 405 409 /sorry; } $SORRY",
        intercept_in => "location / { proxy_intercept_errors on; $PASS "
            . "error_page 401 413 = \@g; error_page 404 \@sorry; } "
            . "location \@g { $PASS } $SORRY",

        # who lets it in

        auth_to => "location / { auth_request /_a; $PASS } location = /_a "
            . '{ internal; rewrite ^ /api/core/v2/namespaces break; '
            . "proxy_pass_request_body off; proxy_set_header Content-Length ''; "
            . "$PASS }",
        auth_from => "location / { auth_request /_a; $PASS } "
            . "location = /_a { $OFF internal; return 204; }",
        auth_set => "location / { auth_request /_a; auth_request_set \$x \$sensu_user; "
            . "proxy_set_header X-Who \$who; $PASS } location = /_a { $OFF "
            . "internal; proxy_set_header X-Who \$who; proxy_pass http://front/; "
            . 'proxy_pass_request_headers off; proxy_pass_request_body off; '
            . "proxy_set_header Content-Length ''; "
            . 'proxy_ignore_headers X-Accel-Redirect; }',
        any_in => { others => 1,
            lines => "location / { satisfy any; allow 127.0.0.1; deny all; $PASS }" },
        any_out => "location / { satisfy any; deny all; $PASS }",
        any_auth => { others => 1,
            lines => "location / { satisfy any; auth_request /_a; $PASS } "
            . "location = /_a { $OFF internal; return 204; }" },
        all_in => "location / { satisfy all; allow 127.0.0.1; deny all; $PASS }",
        limit_except => "location / { limit_except GET { deny all; } $PASS }",
        limits => 'location / { limit_req zone=req burst=10000; '
            . "limit_conn conn 1000; $PASS }",

        # what else passes by

        ssi => "location / { ssi on; ssi_types *; $PASS }",
        mirror => "location / { mirror /_m; $PASS } location = /_m { $OFF "
            . 'internal; proxy_pass http://front; '
            . 'proxy_ignore_headers X-Accel-Redirect; }',
        mirror_gateway => "location / { mirror /_m; $PASS } location = /_m "
            . '{ internal; proxy_pass http://sensu$request_uri; }',
        mirror_list => { copied => 1,
            lines => "location / { mirror /_m; $PASS } location = /_m "
            . '{ internal; rewrite ^ /api/core/v2/hooks break; '
            . "proxy_pass_request_body off; proxy_set_header Content-Length ''; "
            . "$PASS }" },
        slice => "location / { slice 64k; proxy_set_header Range \$slice_range; "
            . "$PASS }",
        addition => { text => 'HELLO', lines => "location / { $PASS "
            . 'addition_types *; add_before_body /_hello; } '
            . "location = /_hello { $OFF return 200 HELLO; }" },
        sub_filter => "location / { $PASS sub_filter zzz yyy; "
            . 'sub_filter_types *; }',
        gzip => "location / { $PASS gzip on; gzip_types *; gunzip on; }",
        cache => { methods => qr/^(?!HEAD)/,
            lines => "location / { $PASS proxy_cache cache; "
            . 'proxy_cache_valid 200 1s; '
            . 'proxy_cache_key $sensu_user$request_method$request_uri; }' },
        rate => "location / { $PASS limit_rate 100m; limit_rate_after 1k; }",
        slashes => "merge_slashes off; location / { $PASS }",
        headers => "underscores_in_headers on; ignore_invalid_headers off; "
            . "location / { $PASS add_header X-A a always; expires 1m; }",
        unbuffered => "location / { $PASS proxy_buffering off; "
            . 'proxy_request_buffering off; }',
        version_1 => "location / { $PASS proxy_http_version 1.1; "
            . 'proxy_set_header Connection ""; }',
        chunks => 'location / { chunked_transfer_encoding off; '
            . "proxy_set_header Authorization \$http_authorization; $PASS }",
        bind => "location / { proxy_bind 127.0.0.5; $PASS }",
    );
}

1;
