
/*
 * Log-in.  An account with a password has tokens: it logs in when it has none,
 * or none that can be renewed, for each log-in leaves keys in the backend's
 * store.  They are kept for whoever reads next, in any worker.
 */


#include "ngx_sensu_login.h"
#include "sensu_claims.h"
#include "sensu_json.h"


/* bytes of a token at most */
#define NGX_SENSU_LOGIN_TOKEN  16384


static ngx_uint_t ngx_sensu_login_is_token(sensu_str_t token);


ngx_int_t
ngx_sensu_login_fetch(ngx_sensu_reading_t *reading)
{
    ngx_sensu_fetch_t  *fetch;

    fetch = reading->fetch;

    if (fetch != NULL && fetch->ended) {
        ngx_sensu_fetch_renew(fetch);

    } else {
        fetch = ngx_sensu_fetch_create(reading->errand.request);
        if (fetch == NULL) {
            return NGX_ERROR;
        }
    }

    fetch->room = &reading->room;
    fetch->done = reading->done;
    fetch->data = reading;

    reading->fetch = fetch;

    return NGX_OK;
}


ngx_int_t
ngx_sensu_login_credentials(ngx_sensu_reading_t *reading,
    ngx_str_t *credentials)
{
    ngx_str_t           *text;
    ngx_uint_t           token;
    ngx_sensu_roles_t   *roles;
    ngx_http_request_t  *r;

    r = reading->errand.request;
    roles = reading->roles;

    token = (roles->account->name.len != 0);
    text = token ? &reading->access : &roles->account->secret;

    credentials->data = ngx_pnalloc(r->pool, sizeof("Bearer ") + text->len);
    if (credentials->data == NULL) {
        return NGX_ERROR;
    }

    credentials->len = ngx_sprintf(credentials->data, "%s %V",
                                   token ? "Bearer" : "Key", text)
                       - credentials->data;

    return NGX_OK;
}


ngx_int_t
ngx_sensu_login_renew(ngx_sensu_reading_t *reading)
{
    ngx_str_t            body, credentials;
    ngx_http_request_t  *r;

    static ngx_str_t  path = ngx_string("/auth/token");
    static ngx_str_t  none = ngx_null_string;

    reading->state = NGX_SENSU_READING_RENEW;
    reading->renewed = 1;

    if (ngx_sensu_login_fetch(reading) != NGX_OK) {
        return NGX_ERROR;
    }

    r = reading->errand.request;

    body.data = ngx_pnalloc(r->pool, sizeof("{\"refresh_token\":\"\"}")
                                     + reading->refresh.len);

    if (body.data == NULL
        || ngx_sensu_login_credentials(reading, &credentials) != NGX_OK)
    {
        return NGX_ERROR;
    }

    body.len = ngx_sprintf(body.data, "{\"refresh_token\":\"%V\"}",
                           &reading->refresh)
               - body.data;

    return ngx_sensu_errand_start(&reading->errand, reading->fetch, &path,
                                  &none, &credentials, &body);
}


ngx_int_t
ngx_sensu_login(ngx_sensu_reading_t *reading)
{
    ngx_str_t             text, encoded, credentials;
    ngx_http_request_t   *r;
    ngx_sensu_account_t  *account;

    static ngx_str_t  path = ngx_string("/auth");
    static ngx_str_t  none = ngx_null_string;

    reading->state = NGX_SENSU_READING_LOGIN;
    reading->logged_in = 1;

    if (ngx_sensu_login_fetch(reading) != NGX_OK) {
        return NGX_ERROR;
    }

    r = reading->errand.request;
    account = reading->roles->account;

    text.len = account->name.len + 1 + account->secret.len;
    text.data = ngx_pnalloc(r->pool, text.len);
    credentials.data = ngx_pnalloc(r->pool, sizeof("Basic ")
                                            + ngx_base64_encoded_length(
                                                                   text.len));

    if (text.data == NULL || credentials.data == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_sprintf(text.data, "%V:%V", &account->name, &account->secret);

    encoded.data = ngx_cpymem(credentials.data, "Basic ", 6);
    ngx_encode_base64(&encoded, &text);
    credentials.len = 6 + encoded.len;

    return ngx_sensu_errand_start(&reading->errand, reading->fetch, &path,
                                  &none, &credentials, &none);
}


ngx_int_t
ngx_sensu_login_take(ngx_sensu_reading_t *reading)
{
    int           no_memory;
    json_t       *answer;
    ngx_int_t     rc;
    sensu_str_t   access, refresh;

    answer = sensu_json_load(ngx_sensu_str(reading->fetch->body), 0, NULL,
                             &no_memory);

    access = sensu_json_text(json_object_get(answer, "access_token"));
    refresh = sensu_json_text(json_object_get(answer, "refresh_token"));

    rc = NGX_DECLINED;

    if (ngx_sensu_login_is_token(access)
        && ngx_sensu_login_is_token(refresh))
    {
        rc = ngx_sensu_roles_keep(reading->roles, reading->turn, access,
                                  refresh);
    }

    json_decref(answer);

    if (rc == NGX_OK
        && ngx_sensu_roles_tokens(reading->roles,
                                  reading->errand.request->pool,
                                  &reading->access, &reading->refresh)
           != NGX_OK)
    {
        return NGX_ABORT;
    }

    return rc;
}


/* it goes into a header and into JSON */

static ngx_uint_t
ngx_sensu_login_is_token(sensu_str_t token)
{
    size_t  i;

    for (i = 0; i < token.len; i++) {
        if (token.data[i] <= ' ' || token.data[i] >= 0x7f
            || token.data[i] == '"' || token.data[i] == '\\')
        {
            return 0;
        }
    }

    return token.len != 0 && token.len <= NGX_SENSU_LOGIN_TOKEN;
}
