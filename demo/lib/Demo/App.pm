# A request's way through the backend, in the order of the real middleware:
# route, token, token store, roles, size limit and query, handler.
package Demo::App;

use strict;
use warnings;
use Compress::Zlib ();
use Demo::Control;
use Demo::Json qw(json_parse);
use Demo::Lists qw(list_elements get_element query_parameters unescape);
use Demo::Rbac qw(authorize);
use Demo::Reply qw(ok_json text_error handler_error middleware_error);
use Demo::Routes qw(find_route);
use Demo::Schema qw(decode encode);
use Demo::Token qw(verify);
use Demo::Users qw(change_user auth bearer key_claims);
use Demo::Writes qw(write_element delete_element check_hook execute_check
    too_large);

my $LIMIT = 512_000;

my %VERB = (GET => 'get', POST => 'create', PUT => 'update',
    DELETE => 'delete');
my $MEMBERS = '{"header":{"cluster_id":4255616304056076734,'
    . '"member_id":9882886658148554927,"raft_term":2},"members":[{'
    . '"ID":9882886658148554927,"name":"default",'
    . '"peerURLs":["http://127.0.0.1:2380"],'
    . '"clientURLs":["http://localhost:2379"]}]}' . "\n";
my $HEALTH = '{"Alarms":null,"ClusterHealth":[{'
    . '"MemberID":9882886658148554927,"Name":"default","Err":"",'
    . '"Healthy":true}]}' . "\n";


# Options: state, and request_log (a handle), control, no_token_store, pretty,
# shuffle_labels, sensu (5.005, 5.010, 5.018, 6.000).
sub new {
    my ($class, %option) = @_;

    return bless {
        stats => Demo::Control::no_stats(), faults => [], claims => {}, sensu => 5.005,
        %option,
    }, $class;
}


# request($request): see Demo::Server.
sub request {
    my ($self, $request) = @_;

    if ($self->{control} && $request->{path} =~ m{\A/demo/}) {
        $request->{silent} = 1;
        return Demo::Control::answer($self, $request);
    }

    $self->{stats}{in_flight}++;
    my $fault = Demo::Control::fault($self, $request);
    $request->{ignore_paging} = $fault && $fault->{action} eq 'ignore-paging';
    my $answer = $fault && $fault->{status}
        ? Demo::Control::instead($fault) : $self->_route($request);

    return $answer if !$fault;
    return Demo::Control::spoil($fault, $answer) if !exists $answer->{need};
    my $then = $answer->{then};
    return {%$answer, then => sub {
        my $later = $then->(@_);
        return Demo::Control::spoil($fault, $later);
    }};
}


# finished($request, $response, $bytes): one line in the log, one in the sums.
sub finished {
    my ($self, $request, $response, $bytes) = @_;

    return if $request->{silent} || !$request->{method};
    my $stats = $self->{stats};
    $stats->{in_flight}--;
    $stats->{requests}++;
    $stats->{bytes}{$request->{path}} += $bytes;
    $stats->{count}{$request->{path}}++;

    my $log = $self->{request_log} or return;
    my $auth = $request->{header}{authorization} // '';
    my $agent = $request->{header}{'user-agent'} // '';
    my $kind = $auth eq '' ? 'none' : $agent =~ /\Angx_sensu_module/ ? 'account'
        : $auth =~ /\ABasic / ? 'basic' : $auth =~ /\AKey / ? 'key' : 'bearer';
    syswrite $log, sprintf "%s %s auth=%s %03d %d %d\n", $request->{method},
        $request->{target}, $kind, $response ? $response->{status} : 0, $bytes,
        $request->{received};
}


sub _route {
    my ($self, $request) = @_;

    my ($route, $refusal) = find_route($request, $self->{sensu});
    return $refusal if $refusal;
    return $self->_outside($request, $route->{outside}) if $route->{outside};

    my ($claims, $denied) = $self->_authenticate($request);
    return $denied if $denied;
    $route->{claims} = $claims;

    $denied = $self->_authorize($route, $claims);
    return $denied if $denied;

    # names are decoded after access was decided; those of events never are
    for my $member (qw(namespace name group hook hook_type)) {
        next if !defined $route->{$member} || ($member eq 'name'
            && ($route->{type} // '') eq 'events');
        $route->{$member} = unescape($route->{$member});
    }
    $route->{ignore_paging} = $request->{ignore_paging};

    return $self->_limited($request, sub { $self->_handle($route, @_) },
        $request->{method} =~ /\AP/);
}


# The claims of a live token or, from 5.15, of an API key, or the 401.
sub _authenticate {
    my ($self, $request) = @_;

    my ($key) = ($request->{header}{authorization} // '') =~ /\AKey (.*)/s;
    if (defined $key && $self->{sensu} >= 5.015) {
        my $claims = key_claims($self, $key);
        return ($claims, $claims ? undef
            : middleware_error(5, 'invalid credentials'));
    }

    my $token = bearer($request);
    return (undef, middleware_error(5, 'bad credentials'))
        if !defined $token;

    my $known = $self->{claims};
    %$known = () if keys %$known > 1000;
    my $claims = $known->{$token} //= verify($token, $self->{state}{secret})
        // 0;
    my $now = time;
    return (undef, middleware_error(5, 'invalid credentials'))
        if !$claims || ($claims->{exp} && $now > $claims->{exp})
        || ($claims->{nbf} // 0) > $now || ($claims->{iat} // 0) > $now;

    return (undef, middleware_error(5, 'unauthenticated'))
        if $claims->{sub} eq '' || !($self->{no_token_store}
            || $self->{state}{token}{"$claims->{sub}\0$claims->{jti}"});
    return ($claims, undef);
}


sub _authorize {
    my ($self, $route, $claims) = @_;

    my ($resource, $name) = @$route{qw(resource name)};
    my $verb = $VERB{$route->{method}};
    $verb = 'list' if $verb eq 'get' && !defined $name;
    if ($resource eq 'silenced' && $verb eq 'get'
        && $name =~ /\A(?:checks|subscriptions)\z/)
    {
        $verb = 'list';
    }
    if ($resource eq 'users' && defined $name && $name eq $claims->{sub}) {
        my $action = $route->{action} // '';
        $resource = 'localselfuser' if ($verb eq 'get' && $action eq '')
            || ($verb eq 'update' && $action eq 'password');
    }

    my $namespace = defined $route->{namespace}
        ? unescape($route->{namespace}) : undef;
    # a list has no name that a rule could mean, not even an entity's events
    my $allowed = authorize($self->{state}, $claims, {verb => $verb,
        resource => $resource, namespace => $namespace,
        name => $verb eq 'list' ? '' : $name // $route->{id} // ''});
    return $allowed > 0 ? undef : $allowed < 0
        ? middleware_error(0, 'unexpected error occurred during authorization')
        : middleware_error(4, 'unauthorized to perform action');
}


# The limit on bodies, which also parses the query and, where the type of the
# body is a form's or none, eats the body.
sub _limited {
    my ($self, $request, $handler, $reads) = @_;

    my $parameter = query_parameters($request->{query});
    my $refused = text_error(500, 'Request exceeded max length');
    return $refused if !$parameter && !$reads;
    return $handler->($parameter, '', 1) if !$reads;

    my $type = $request->{header}{'content-type'} // '';
    $type = 'application/x-www-form-urlencoded' if $type eq '';
    my $token = qr/[!#\$%&'*+.^_`|~0-9A-Za-z-]+/;
    return $refused if $type !~ m{\A\s*$token(?:/$token)?\s*
        (?:;\s*$token\s*=\s*(?:$token|"(?:[^"\\]|\\.)*")\s*)*;?\s*\z}x;
    my $form = $type =~ m{\A\s*application/x-www-form-urlencoded\s*(?:;|\z)}i;

    return {need => $LIMIT, then => sub {
        my ($body, $whole) = @_;

        if ($form) {
            return {%$refused, close => 1} if !$whole;
            my $fields = query_parameters($body);
            return $refused if !$fields;
            $parameter = {%$fields, %$parameter} if $parameter;
            $body = '';
        }
        return $refused if !$parameter;
        return $handler->($parameter, $body, $whole);
    }};
}


sub _handle {
    my ($self, $route, $parameter, $body, $whole) = @_;
    my $handler = $route->{handler};

    return $handler eq 'list' ? list_elements($self, $route, $parameter)
        : $handler eq 'get' ? get_element($self, $route)
        : $handler eq 'write' ? write_element($self, $route, $body, $whole)
        : $handler eq 'delete' ? delete_element($self, $route)
        : $handler eq 'user' ? change_user($self, $route, $body, $whole)
        : $handler eq 'hook' ? check_hook($self, $route, $body, $whole)
        : $handler eq 'execute' ? execute_check($self, $route, $body, $whole)
        : $handler eq 'metrics' ? {status => 200, body => ''}
        : $handler eq 'tessen' ? $self->_tessen($route, $body, $whole)
        : $self->_members($route, $parameter);
}


sub _tessen {
    my ($self, $route, $body, $whole) = @_;
    my $store = $self->{state}{store};

    if ($route->{method} eq 'PUT') {
        my ($record, $error) = decode('tessen', $body);
        return too_large($error, $whole) if defined $error;
        $store->put('/sensu.io/tessen', encode('tessen', $record));
    }
    return ok_json($store->get('/sensu.io/tessen'));
}


sub _members {
    my ($self, $route, $parameter) = @_;
    my $id = $route->{id};

    return text_error(400, "bad id ($id): strconv.ParseUint: parsing "
        . "\"$id\": invalid syntax")
        if defined $id && $id !~ /\A[0-9a-fA-F]{1,16}\z/;
    return text_error(400, 'missing peer-addrs form value')
        if $route->{method} =~ /\AP/
        && ($parameter->{'peer-addrs'} // '') eq '';
    return text_error(500, 'etcdserver: member not found') if defined $id;
    return {status => 200, headers => [], body => $MEMBERS};
}


sub _outside {
    my ($self, $request, $path) = @_;

    return auth($self, $request) if $path =~ m{\A/auth};
    return $self->_metrics($request) if $path eq '/metrics';
    return $self->_limited($request, sub {
        return {status => 200, headers => [], body => $HEALTH};
    }, 0) if $path eq '/health';

    my $graphql = sub {
        my (undef, $body, $whole) = @_;
        my ($claims, $denied) = $self->_authenticate($request);
        return $denied if $denied;
        my ($value, $error) = json_parse($body);
        return too_large($error, $whole) if defined $error;
        my $one = '{"data":{}}';
        return ok_json(ref $value eq 'Demo::Json::Object' ? $one
            : '[' . join(',', ($one) x @$value) . ']')
            if ref $value eq 'Demo::Json::Object' || ref $value eq 'ARRAY';
        return handler_error(0, 'received unexpected request body');
    };
    return $self->_limited($request, $graphql, 1);
}


sub _metrics {
    my ($self, $request) = @_;

    my $text = "# HELP demo_requests_total Requests answered.\n"
        . "# TYPE demo_requests_total counter\n"
        . "demo_requests_total $self->{stats}{requests}\n";
    my @headers = ['Content-Type',
        'text/plain; version=0.0.4; charset=utf-8'];
    if (($request->{header}{'accept-encoding'} // '') =~ /\bgzip\b/) {
        push @headers, ['Content-Encoding', 'gzip'];
        $text = Compress::Zlib::memGzip($text);
    }
    return {status => 200, headers => \@headers, body => $text};
}


1;
