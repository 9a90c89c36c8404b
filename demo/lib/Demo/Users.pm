# Users and what hangs on them: passwords, groups, /auth and its tokens.
package Demo::Users;

use strict;
use warnings;
use Exporter 'import';
use MIME::Base64 qw(decode_base64);
use Demo::Json qw(json_parse json_string);
use Demo::Reply qw(ok_json no_content text_error handler_error);
use Demo::Store qw(path_join);
use Demo::Token qw(access_token refresh_token verify);
use Demo::Writes qw(too_large);

our @EXPORT_OK = qw(change_user auth bearer key_claims);


# change_user($app, $route, $body, $whole): DELETE users/{u} (disables),
# reinstate, password, groups.
sub change_user {
    my ($app, $route, $body, $whole) = @_;
    my ($state, $what) = ($app->{state}, $route->{action});

    my $password;
    if ($what eq 'password') {
        my ($value, $error) = json_parse($body);
        return too_large($error, $whole) if defined $error;
        return handler_error(0, 'json: cannot unmarshal into Go value of type '
            . 'map[string]string') if ref $value ne 'Demo::Json::Object';
        my %member = @$value;
        $password = $member{password} // '';
    }

    my ($user, $error) = $state->get('users',
        path_join('/sensu.io/users', $route->{name}));
    return handler_error(0, $error) if defined $error;
    return handler_error(2, 'not found') if !$user;

    my $name = $user->{username} // '';
    if ($what eq 'disable') {
        $user->{disabled} = 1;
        delete $state->{token}{$_}
            for grep { index($_, "$name\0") == 0 } keys %{$state->{token}};
    }
    elsif ($what eq 'reinstate') {
        $user->{disabled} = 0;
    }
    elsif ($what eq 'password') {
        return handler_error(1, $password eq '' ? "password can't be empty"
            : 'password length must be at least 8 characters')
            if ref $password || length $password < 8;
        $user->{password} = $password;
    }
    elsif ($what eq 'groups') {
        $user->{groups} = [];
    }
    elsif ($route->{method} eq 'PUT') {
        my $groups = $user->{groups} //= [];
        push @$groups, $route->{group}
            if !grep { $_ eq $route->{group} } @$groups;
    }
    else {
        $user->{groups}
            = [grep { $_ ne $route->{group} } @{$user->{groups} // []}];
    }

    $state->put_record('users', $user);
    return no_content();
}


# bearer($request): the text of the token, undef without one.  As 5.5 does, it
# takes a bare token too.
sub bearer {
    my ($request) = @_;

    my $value = $request->{header}{authorization} // '';
    $value =~ s/\ABearer //;
    return $value eq '' ? undef : $value;
}


# auth($app, $request): /auth, /auth/test, /auth/token, /auth/logout.  One
# middleware stands before all four: it wants a pair of tokens unless there
# are Basic credentials.
sub auth {
    my ($app, $request) = @_;
    my $state = $app->{state};

    my $token = bearer($request) // '';
    if ($token =~ /\ABasic /) {
        return _basic($app, $request);
    }

    my $access = verify($token, $state->{secret});
    return text_error(401, 'Request unauthorized')
        if !$access || _not_yet($access);

    return {need => undef, then => sub {
        my ($body) = @_;

        my ($value, $error) = json_parse($body);
        return text_error(400, $error) if defined $error;
        my %member = ref $value eq 'Demo::Json::Object' ? @$value : ();
        %member = map { lc $_ => $member{$_} } keys %member;
        my $text = ref $member{refresh_token} ? ''
            : $member{refresh_token} // '';

        my $refresh = verify($text, $state->{secret});
        return text_error(401, 'Request unauthorized')
            if !$refresh || _not_yet($refresh) || _expired($refresh)
            || $access->{sub} eq '' || $access->{sub} ne $refresh->{sub};

        return $request->{path} eq '/auth/token'
                ? _renew($app, $access, $refresh, $text)
            : $request->{path} eq '/auth/logout'
                ? _logout($app, $access, $refresh)
            : text_error(401, $request->{path} eq '/auth' ? 'Unauthorized'
                : 'Request unauthorized');
    }};
}


sub _expired {
    my ($claims) = @_;

    return $claims->{exp} && time > $claims->{exp};
}


sub _not_yet {
    my ($claims) = @_;

    return ($claims->{nbf} // 0) > time || ($claims->{iat} // 0) > time;
}


sub _basic {
    my ($app, $request) = @_;
    my ($state, $path) = ($app->{state}, $request->{path});

    return text_error(400, 'invalid access token')
        if $path =~ m{\A/auth/(?:token|logout)\z};

    my ($coded) = $request->{header}{authorization} =~ /\ABasic +(\S+)/;
    my ($name, $password) = split /:/, decode_base64($coded // ''), 2;
    my $user = _user($state, $name // '');
    my $known = $state->{password}{$name // ''};
    if (!$user || !defined $known || !defined $password
        || $known ne $password)
    {
        return text_error(401, $path eq '/auth' ? 'Unauthorized'
            : 'Request unauthorized');
    }
    return {status => 200, headers => [], body => ''} if $path ne '/auth';

    my ($access, $jti, $exp) = _issue($state, $user);
    my ($refresh, $refresh_jti) = refresh_token($state->{secret}, $name);
    $state->{token}{"$name\0$refresh_jti"} = 1;
    return _tokens($access, $exp, $refresh);
}


# The user of that name, unless disabled.
sub _user {
    my ($state, $name) = @_;

    my ($user) = $state->get('users', path_join('/sensu.io/users', $name));
    return $user && !$user->{disabled} && ($user->{username} // '') eq $name
        ? $user : undef;
}


# key_claims($app, $key): of the user whose API key that is; not in
# system:users.  undef: of nobody.
sub key_claims {
    my ($app, $key) = @_;

    my $name = $app->{state}{api_key}{$key} // return undef;
    my $user = _user($app->{state}, $name) // return undef;

    return {sub => $name, groups => $user->{groups} // [], jti => '', exp => 0};
}


sub _issue {
    my ($state, $user) = @_;

    my ($token, $jti, $exp) = access_token($state->{secret},
        $user->{username}, [@{$user->{groups} // []}, 'system:users'], time);
    $state->{token}{"$user->{username}\0$jti"} = 1;
    return ($token, $jti, $exp);
}


sub _tokens {
    my ($access, $exp, $refresh) = @_;

    return ok_json(qq({"access_token":"$access","expires_at":$exp,)
        . '"refresh_token":' . json_string($refresh) . '}');
}


# The answer names the expiry of the OLD token: a fault of 5.5.
sub _renew {
    my ($app, $access, $refresh, $text) = @_;
    my $state = $app->{state};

    return text_error(401, 'Unauthorized')
        if !$state->{token}{"$refresh->{sub}\0$refresh->{jti}"}
        && !$app->{no_token_store};
    delete $state->{token}{"$access->{sub}\0$access->{jti}"};
    my $user = _user($state, $access->{sub})
        or return text_error(401, 'Unauthorized');
    my ($token) = _issue($state, $user);
    return _tokens($token, $access->{exp} // 0, $text);
}


sub _logout {
    my ($app, $access, $refresh) = @_;

    delete $app->{state}{token}{"$_->{sub}\0$_->{jti}"} for $access, $refresh;
    return {status => 200, headers => [], body => ''};
}


1;
