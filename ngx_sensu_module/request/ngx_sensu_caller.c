
/*
 * The caller: one lazy, memoised way from the Authorization header to
 * verified claims.  The verdict is bound to the rules it was reached under:
 * in a location with others the token is verified again, and where log-outs
 * count what was made of the caller elsewhere is made anew.
 */


#include "ngx_sensu_cache.h"
#include "ngx_sensu_mark.h"


#define NGX_SENSU_FOREIGN  50        /* tokens of a worker, and none of ours */


static ngx_uint_t ngx_sensu_caller_may_leave(ngx_http_request_t *r);
static ngx_sensu_caller_t *ngx_sensu_caller_token(ngx_http_request_t *r);
static ngx_int_t ngx_sensu_verify(ngx_http_request_t *r,
    sensu_token_rules_t *rules, ngx_sensu_caller_t *caller);
static ngx_sensu_identity_t *ngx_sensu_verify_field(
    ngx_sensu_loc_conf_t *conf, sensu_token_rules_t *rules,
    sensu_str_t field, ngx_sensu_caller_t *caller);
static void ngx_sensu_verify_tell(ngx_http_request_t *r,
    sensu_token_e verdict);


/* what a token counts for that was, or may have been, logged out */

static ngx_sensu_caller_t  ngx_sensu_caller_revoked = {
    .verdict = SENSU_TOKEN_REVOKED, .why = "logged out"
};

static ngx_sensu_caller_t  ngx_sensu_caller_unchecked = {
    .verdict = SENSU_TOKEN_UNCHECKED, .why = ""
};


ngx_sensu_caller_t *
ngx_sensu_caller(ngx_http_request_t *r)
{
    ngx_uint_t           leaves;
    ngx_sensu_caller_t  *caller;

    caller = ngx_sensu_caller_token(r);

    if (caller == NULL || caller->verdict != SENSU_TOKEN_OK) {
        return caller;
    }

    leaves = ngx_sensu_caller_may_leave(r);

    if (caller->leaves != leaves) {
        caller->leaves = leaves;
        ngx_sensu_variables_refresh(r);
    }

    if (!leaves) {
        return caller;
    }

    switch (ngx_sensu_mark(r)) {

    case NGX_DECLINED:
        return caller;

    case NGX_OK:
        return &ngx_sensu_caller_revoked;

    default: /* NGX_ERROR, NGX_AGAIN */
        return &ngx_sensu_caller_unchecked;
    }
}


ngx_int_t
ngx_sensu_caller_look(ngx_http_request_t *r)
{
    ngx_sensu_caller_t  *caller;

    if (!ngx_sensu_caller_may_leave(r)) {
        return NGX_OK;
    }

    caller = ngx_sensu_caller_token(r);
    if (caller == NULL) {
        return NGX_ERROR;
    }

    return (caller->verdict == SENSU_TOKEN_OK)
           ? ngx_sensu_mark_look(r, caller) : NGX_OK;
}


/* does a log-out count here? */

static ngx_uint_t
ngx_sensu_caller_may_leave(ngx_http_request_t *r)
{
    return ngx_sensu_loc_conf(r)->logout != NGX_SENSU_LOGOUT_OFF
           && r->headers_in.authorization != NULL
           && !ngx_sensu_is_public(r, &r->uri);
}


/* the token alone, whatever has become of it since */

static ngx_sensu_caller_t *
ngx_sensu_caller_token(ngx_http_request_t *r)
{
    ngx_uint_t             known;
    ngx_sensu_ctx_t       *ctx;
    ngx_sensu_caller_t    *caller;
    ngx_sensu_loc_conf_t  *conf;

    ctx = ngx_sensu_ctx(r->main);
    if (ctx == NULL) {
        return NULL;
    }

    conf = ngx_sensu_loc_conf(r);
    caller = &ctx->caller;

    if (caller->rules_id == conf->rules_id) {
        return caller;
    }

    known = caller->rules_id;

    ngx_memzero(caller, sizeof(ngx_sensu_caller_t));

    if (ngx_sensu_verify(r, &conf->rules, caller) != NGX_OK) {
        /* no memory: nobody must take this for a verdict */
        ngx_memzero(caller, sizeof(ngx_sensu_caller_t));
        return NULL;
    }

    caller->rules_id = conf->rules_id;
    caller->leaves = ngx_sensu_caller_may_leave(r);

    if (known) {
        ngx_sensu_variables_refresh(r);
    }

    return caller;
}


ngx_sensu_caller_t *
ngx_sensu_caller_late(ngx_http_request_t *r)
{
    sensu_token_rules_t     rules;
    ngx_sensu_caller_t     *caller;
    ngx_sensu_main_conf_t  *smcf;

    smcf = ngx_http_get_module_main_conf(r, ngx_sensu_module);

    rules = ngx_sensu_loc_conf(r)->rules;
    rules.leeway = smcf->leeway;

    caller = ngx_pcalloc(r->pool, sizeof(ngx_sensu_caller_t));

    return (caller != NULL && ngx_sensu_verify(r, &rules, caller) == NGX_OK)
           ? caller : NULL;
}


ngx_int_t
ngx_sensu_caller_renew(ngx_http_request_t *r)
{
    ngx_sensu_ctx_t  *ctx;

    ctx = ngx_sensu_ctx_find(r->main);

    if (ctx == NULL || ctx->caller.rules_id == 0) {
        return NGX_OK;
    }

    if (ctx->caller.rules_id == ngx_sensu_loc_conf(r)->rules_id
        && ctx->caller.leaves == ngx_sensu_caller_may_leave(r))
    {
        return NGX_OK;
    }

    return ngx_sensu_caller(r) ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_sensu_verify(ngx_http_request_t *r, sensu_token_rules_t *rules,
    ngx_sensu_caller_t *caller)
{
    ngx_table_elt_t       *header;
    ngx_pool_cleanup_t    *cln;
    ngx_sensu_identity_t  *identity;
    ngx_sensu_loc_conf_t  *conf;

    conf = ngx_sensu_loc_conf(r);
    header = r->headers_in.authorization;

    caller->why = "";
    caller->verdict = SENSU_TOKEN_MISSING;

    if (header == NULL || conf->keys == NULL) {
        return NGX_OK;
    }

    /* before there is something to release */

    cln = ngx_pool_cleanup_add(r->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    identity = ngx_sensu_verify_field(conf, rules,
                                      ngx_sensu_str(header->value), caller);

    ngx_sensu_verify_tell(r, caller->verdict);

    if (caller->verdict != SENSU_TOKEN_OK) {
        return NGX_OK;
    }

    if (identity == NULL) {
        return NGX_ERROR;
    }

    /* until the end of the request: variables point to its texts */

    cln->handler = ngx_sensu_identity_release;
    cln->data = identity;

    caller->claims = identity->claims;
    caller->id = identity->id;
    caller->user = identity->user;
    caller->groups = identity->groups;
    caller->issuer = identity->issuer;

    return NGX_OK;
}


/*
 * A wrong secret refuses everybody, each with a line of level info at most.
 * Workers begin anew with a reload, and so does this.
 */

static void
ngx_sensu_verify_tell(ngx_http_request_t *r, sensu_token_e verdict)
{
    static ngx_uint_t  known, foreign;

    if (verdict == SENSU_TOKEN_OK) {
        known = 1;
        return;
    }

    if ((verdict != SENSU_TOKEN_BAD_SIGNATURE
         && verdict != SENSU_TOKEN_UNKNOWN_KEY)
        || known || foreign == NGX_SENSU_FOREIGN)
    {
        return;
    }

    if (++foreign == NGX_SENSU_FOREIGN) {
        ngx_sensu_say(NGX_LOG_WARN, r->connection->log,
                      "sensu: not one of the first %d tokens was signed with "
                      "a key of this gateway: is sensu_jwt_key the secret of "
                      "this cluster?", NGX_SENSU_FOREIGN);
    }
}


/*
 * Sets the verdict; the identity is of OK alone, NULL then: no memory.  What
 * other rules than the location's let in is not remembered as its.
 */

static ngx_sensu_identity_t *
ngx_sensu_verify_field(ngx_sensu_loc_conf_t *conf,
    sensu_token_rules_t *rules, sensu_str_t field, ngx_sensu_caller_t *caller)
{
    json_t                *claims;
    sensu_str_t            token;
    ngx_sensu_identity_t  *identity;

    identity = ngx_sensu_cache_find(conf, field, ngx_time());

    if (identity != NULL) {
        caller->verdict = SENSU_TOKEN_OK;
        return identity;
    }

    caller->verdict = sensu_token_from_header(field, &token);

    if (caller->verdict != SENSU_TOKEN_OK) {
        return NULL;
    }

    caller->verdict = sensu_token_verify(rules, token, ngx_time(),
                                         &claims, &caller->why);

    if (caller->verdict != SENSU_TOKEN_OK) {
        return NULL;
    }

    identity = ngx_sensu_identity(rules, claims);

    if (identity != NULL && rules == &conf->rules) {
        ngx_sensu_cache_add(conf, field, identity);
    }

    return identity;
}


ngx_uint_t
ngx_sensu_is_public(ngx_http_request_t *r, ngx_str_t *path)
{
    return ngx_sensu_is_listed(ngx_sensu_loc_conf(r)->public, path);
}
