
/*
 * Variables.  All go through the memoised accessors and may be used in any
 * phase; none is cached by nginx, for another location may have other keys.
 */


#include "ngx_sensu_module.h"
#include "ngx_sensu_backends.h"
#include "ngx_sensu_metrics.h"


static ngx_int_t ngx_sensu_variable_token(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_sensu_variable_caller(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_sensu_variable_claim(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static json_t *ngx_sensu_claim(json_t *claims, ngx_str_t *name);
static ngx_uint_t ngx_sensu_claim_is(const char *key, ngx_str_t *name);
static ngx_int_t ngx_sensu_variable_path(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_sensu_variable_namespaces(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_sensu_variable_scope(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_sensu_variable_page(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_sensu_variable_page_count(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_sensu_variable_error(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_sensu_variable_backends(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static void ngx_sensu_variable_set(ngx_http_variable_value_t *v,
    const void *data, size_t len);


static ngx_http_variable_t  ngx_sensu_variables[] = {

    { ngx_string("sensu_user"), NULL, ngx_sensu_variable_caller,
      offsetof(ngx_sensu_caller_t, user), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("sensu_groups"), NULL, ngx_sensu_variable_caller,
      offsetof(ngx_sensu_caller_t, groups), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("sensu_claim_"), NULL, ngx_sensu_variable_claim,
      0, NGX_HTTP_VAR_NOCACHEABLE|NGX_HTTP_VAR_PREFIX, 0 },

    { ngx_string("sensu_token"), NULL, ngx_sensu_variable_token,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("sensu_api_group"), NULL, ngx_sensu_variable_path,
      offsetof(sensu_path_t, group), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("sensu_api_version"), NULL, ngx_sensu_variable_path,
      offsetof(sensu_path_t, version), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("sensu_namespace"), NULL, ngx_sensu_variable_path,
      offsetof(sensu_path_t, ns), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("sensu_resource"), NULL, ngx_sensu_variable_path,
      offsetof(sensu_path_t, resource), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("sensu_name"), NULL, ngx_sensu_variable_path,
      offsetof(sensu_path_t, name), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("sensu_namespaces"), NULL, ngx_sensu_variable_namespaces,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("sensu_scope"), NULL, ngx_sensu_variable_scope,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("sensu_page"), NULL, ngx_sensu_variable_page,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("sensu_page_count"), NULL, ngx_sensu_variable_page_count,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("sensu_error"), NULL, ngx_sensu_variable_error,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("sensu_upstream_addr"), NULL, ngx_sensu_variable_backends,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("sensu_upstream_time"), NULL, ngx_sensu_variable_backends,
      1, NGX_HTTP_VAR_NOCACHEABLE, 0 },

      ngx_http_null_variable
};


ngx_int_t
ngx_sensu_add_variables(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = ngx_sensu_variables; v->name.len; v++) {
        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_sensu_variable_token(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    const char             *name;
    ngx_sensu_caller_t     *caller;
    ngx_sensu_loc_conf_t   *conf;

    caller = ngx_sensu_caller(r);
    if (caller == NULL) {
        return NGX_ERROR;
    }

    conf = ngx_sensu_loc_conf(r);

    name = (conf->gateway && ngx_sensu_is_public(r, &r->uri))
           ? sensu_token_name(SENSU_TOKEN_PUBLIC)
           : sensu_token_name(caller->verdict);

    ngx_sensu_variable_set(v, name, ngx_strlen(name));

    return NGX_OK;
}


/* empty unless the token verified in full */

static ngx_int_t
ngx_sensu_variable_caller(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    ngx_str_t           *s;
    ngx_sensu_caller_t  *caller;

    caller = ngx_sensu_caller(r);
    if (caller == NULL) {
        return NGX_ERROR;
    }

    s = (ngx_str_t *) ((u_char *) caller + data);

    ngx_sensu_variable_set(v, s->data, s->len);

    return NGX_OK;
}


/*
 * A claim's text: strings as they are, all else as compact JSON.  A text with
 * control characters is none: it could split a header that it is put into.
 */

static ngx_int_t
ngx_sensu_variable_claim(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    char                *dump;
    json_t              *claim;
    size_t               i;
    ngx_str_t            name, s;
    ngx_sensu_caller_t  *caller;

    caller = ngx_sensu_caller(r);
    if (caller == NULL) {
        return NGX_ERROR;
    }

    ngx_sensu_variable_set(v, NULL, 0);

    if (caller->verdict != SENSU_TOKEN_OK) {
        return NGX_OK;
    }

    name = *(ngx_str_t *) data;
    name.data += sizeof("sensu_claim_") - 1;
    name.len -= sizeof("sensu_claim_") - 1;

    claim = ngx_sensu_claim(caller->claims, &name);

    if (claim == NULL || json_is_null(claim)) {
        return NGX_OK;
    }

    if (json_is_string(claim)) {
        s.data = (u_char *) json_string_value(claim);
        s.len = json_string_length(claim);
        dump = NULL;

    } else {
        dump = json_dumps(claim, JSON_ENCODE_ANY|JSON_COMPACT);
        if (dump == NULL) {
            return NGX_ERROR;
        }

        s.data = (u_char *) dump;
        s.len = ngx_strlen(dump);
    }

    for (i = 0; i < s.len; i++) {
        if (s.data[i] < 0x20 || s.data[i] == 0x7f) {
            s.len = 0;
        }
    }

    v->data = ngx_pstrdup(r->pool, &s);
    v->len = s.len;

    free(dump);

    return v->data ? NGX_OK : NGX_ERROR;
}


/*
 * Names of variables are in lower case and have letters, digits and "_" only.
 * If no claim has just that name, the one that differs in letter case or has
 * other characters for "_" is meant, unless there are several.
 */

static json_t *
ngx_sensu_claim(json_t *claims, ngx_str_t *name)
{
    json_t      *claim, *found;
    ngx_uint_t   several;
    const char  *key;

    found = NULL;
    several = 0;

    json_object_foreach(claims, key, claim) {

        if (!ngx_sensu_claim_is(key, name)) {
            continue;
        }

        if (ngx_strncmp(key, name->data, name->len) == 0) {
            return claim;
        }

        several |= (found != NULL);
        found = claim;
    }

    return several ? NULL : found;
}


static ngx_uint_t
ngx_sensu_claim_is(const char *key, ngx_str_t *name)
{
    u_char  c;
    size_t  i;

    for (i = 0; i < name->len; i++) {
        c = ngx_tolower(key[i]);

        if (c == '\0') {
            return 0;
        }

        if ((c < 'a' || c > 'z') && (c < '0' || c > '9')) {
            c = '_';
        }

        if (c != name->data[i]) {
            return 0;
        }
    }

    return key[i] == '\0';
}


static ngx_int_t
ngx_sensu_variable_path(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    sensu_str_t         *s;
    ngx_sensu_target_t  *target;

    target = ngx_sensu_target(r);
    if (target == NULL) {
        return NGX_ERROR;
    }

    s = (sensu_str_t *) ((u_char *) &target->path + data);

    ngx_sensu_variable_set(v, s->data,
                           target->rc == SENSU_PATH_API ? s->len : 0);

    return NGX_OK;
}


/* those that the access phase decided by, before it none */

static ngx_int_t
ngx_sensu_variable_namespaces(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char           *p;
    size_t            i, len;
    sensu_str_t      *name;
    ngx_sensu_ctx_t  *ctx;

    ngx_sensu_variable_set(v, NULL, 0);

    ctx = ngx_sensu_ctx_find(r);

    if (ctx == NULL) {
        return NGX_OK;
    }

    if (ctx->namespaces.all) {
        ngx_sensu_variable_set(v, "*", 1);
        return NGX_OK;
    }

    name = ctx->namespaces.names;
    len = 0;

    for (i = 0; i < ctx->namespaces.n; i++) {
        len += name[i].len + 1;
    }

    if (len == 0) {
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_sensu_variable_set(v, p, len - 1);

    for (i = 0; i < ctx->namespaces.n; i++) {
        p = ngx_cpymem(p, name[i].data, name[i].len);
        *p++ = ',';
    }

    return NGX_OK;
}


static ngx_int_t
ngx_sensu_variable_scope(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    const ngx_str_t     *name;
    ngx_sensu_target_t  *target;

    target = ngx_sensu_target(r);
    if (target == NULL) {
        return NGX_ERROR;
    }

    name = &ngx_sensu_scopes[target->rc == SENSU_PATH_API ? target->path.scope
                                                          : SENSU_SCOPE_NONE];

    ngx_sensu_variable_set(v, name->data, name->len);

    return NGX_OK;
}


static ngx_int_t
ngx_sensu_variable_page(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    const ngx_str_t  *name;
    ngx_sensu_ctx_t  *ctx;

    ctx = ngx_sensu_ctx_find(r);

    name = &ngx_sensu_pages[ctx ? ctx->page_kind : NGX_SENSU_PAGE_NONE];

    ngx_sensu_variable_set(v, name->data, name->len);

    return NGX_OK;
}


static ngx_int_t
ngx_sensu_variable_page_count(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char           *p;
    ngx_sensu_ctx_t  *ctx;

    ctx = ngx_sensu_ctx_find(r);

    if (ctx == NULL || ctx->page_kind == NGX_SENSU_PAGE_NONE) {
        ngx_sensu_variable_set(v, NULL, 0);
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, NGX_INT_T_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_sensu_variable_set(v, p, ngx_sprintf(p, "%ui", ctx->page_count) - p);

    return NGX_OK;
}


static ngx_int_t
ngx_sensu_variable_error(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    const ngx_str_t    *reason;
    ngx_sensu_error_e   error;

    error = NGX_SENSU_ERROR_NONE;

    if (ngx_sensu_loc_conf(r)->gateway || ngx_sensu_ctx_find(r) != NULL) {
        error = ngx_sensu_error_of(r);
    }

    reason = &ngx_sensu_errors[error].reason;

    ngx_sensu_variable_set(v, reason->data, reason->len);

    return NGX_OK;
}


/* data: 0 for the addresses, 1 for the time */

static ngx_int_t
ngx_sensu_variable_backends(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_int_t  rc;
    ngx_str_t  text;

    rc = data ? ngx_sensu_backends_time(r, &text)
              : ngx_sensu_backends_addr(r, &text);

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_sensu_variable_set(v, text.data, text.len);

    return NGX_OK;
}


static void
ngx_sensu_variable_set(ngx_http_variable_value_t *v, const void *data,
    size_t len)
{
    v->data = (u_char *) data;
    v->len = len;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;
}
