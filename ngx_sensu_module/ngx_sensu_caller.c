
/*
 * The caller: one lazy, memoised way from the Authorization header to
 * verified claims.  The verdict is bound to the rules it was reached under:
 * in a location with others the token is verified again.
 */


#include "ngx_sensu.h"


static ngx_uint_t ngx_sensu_same_rules(const sensu_token_rules_t *a,
    const sensu_token_rules_t *b);
static sensu_token_e ngx_sensu_verify(ngx_http_request_t *r,
    ngx_sensu_caller_t *caller);
static ngx_int_t ngx_sensu_identity(ngx_http_request_t *r,
    ngx_sensu_caller_t *caller);
static ngx_int_t ngx_sensu_copy_claim(ngx_http_request_t *r, ngx_str_t *dst,
    json_t *claim);


ngx_sensu_caller_t *
ngx_sensu_caller(ngx_http_request_t *r)
{
    ngx_sensu_ctx_t       *ctx;
    ngx_sensu_caller_t    *caller;
    ngx_sensu_loc_conf_t  *conf;

    ctx = ngx_sensu_ctx(r->main);
    if (ctx == NULL) {
        return NULL;
    }

    conf = ngx_sensu_loc_conf(r);
    caller = &ctx->caller;

    if (caller->rules != NULL
        && ngx_sensu_same_rules(caller->rules, &conf->rules))
    {
        return caller;
    }

    if (caller->claims) {
        json_decref(caller->claims);
    }

    ngx_memzero(caller, sizeof(ngx_sensu_caller_t));

    caller->rules = &conf->rules;
    caller->why = "";
    caller->verdict = ngx_sensu_verify(r, caller);

    if (caller->verdict == SENSU_TOKEN_OK
        && ngx_sensu_identity(r, caller) != NGX_OK)
    {
        /* no memory: nobody must take this for a verdict */
        json_decref(caller->claims);
        ngx_memzero(caller, sizeof(ngx_sensu_caller_t));
        return NULL;
    }

    return caller;
}


static ngx_uint_t
ngx_sensu_same_rules(const sensu_token_rules_t *a,
    const sensu_token_rules_t *b)
{
    return a == b
           || (a->keys == b->keys && a->leeway == b->leeway
               && sensu_str_eq(a->issuer, b->issuer)
               && sensu_str_eq(a->audience, b->audience));
}


static sensu_token_e
ngx_sensu_verify(ngx_http_request_t *r, ngx_sensu_caller_t *caller)
{
    sensu_str_t       token;
    sensu_token_e     rc;
    ngx_table_elt_t  *header;

    header = r->headers_in.authorization;

    if (header == NULL || caller->rules->keys == NULL) {
        return SENSU_TOKEN_MISSING;
    }

    rc = sensu_token_from_header(ngx_sensu_str(header->value), &token);

    if (rc != SENSU_TOKEN_OK) {
        return rc;
    }

    return sensu_token_verify(caller->rules, token, ngx_time(),
                              &caller->claims, &caller->why);
}


/* texts are copied to the pool: the log phase comes late */

static ngx_int_t
ngx_sensu_identity(ngx_http_request_t *r, ngx_sensu_caller_t *caller)
{
    size_t   len, i;
    u_char  *p;
    json_t  *groups, *group;

    if (ngx_sensu_copy_claim(r, &caller->user,
                             json_object_get(caller->claims, "sub"))
        != NGX_OK
        || ngx_sensu_copy_claim(r, &caller->issuer,
                                json_object_get(caller->claims, "iss"))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    groups = json_object_get(caller->claims, "groups");
    len = 0;

    json_array_foreach(groups, i, group) {
        len += json_string_length(group) + 1;
    }

    if (len == 0) {
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    caller->groups.data = p;

    json_array_foreach(groups, i, group) {
        if (i) {
            *p++ = ',';
        }

        p = ngx_cpymem(p, json_string_value(group),
                       json_string_length(group));
    }

    caller->groups.len = p - caller->groups.data;

    return NGX_OK;
}


static ngx_int_t
ngx_sensu_copy_claim(ngx_http_request_t *r, ngx_str_t *dst, json_t *claim)
{
    ngx_str_t  src;

    if (!json_is_string(claim)) {
        return NGX_OK;
    }

    src.data = (u_char *) json_string_value(claim);
    src.len = json_string_length(claim);

    dst->data = ngx_pstrdup(r->pool, &src);
    if (dst->data == NULL) {
        return NGX_ERROR;
    }

    dst->len = src.len;

    return NGX_OK;
}


ngx_uint_t
ngx_sensu_is_public(ngx_http_request_t *r)
{
    ngx_str_t             *path;
    ngx_uint_t             i;
    ngx_sensu_loc_conf_t  *conf;

    conf = ngx_sensu_loc_conf(r);

    if (conf->public == NULL) {
        return 0;
    }

    path = conf->public->elts;

    for (i = 0; i < conf->public->nelts; i++) {
        if (path[i].len == r->uri.len
            && ngx_memcmp(path[i].data, r->uri.data, r->uri.len) == 0)
        {
            return 1;
        }
    }

    return 0;
}
