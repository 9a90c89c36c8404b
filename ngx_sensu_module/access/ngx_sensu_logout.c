
/*
 * Log-out for the whole fleet.
 *
 * A token is known by issuer, subject and jti, never by its text: one token
 * can be written in more than one way.  The store keeps the mark until the
 * token's exp.  A store that does not answer is a refusal.
 */


#include "ngx_sensu_headers.h"
#include "ngx_sensu_logout.h"
#include "ngx_sensu_wait.h"
#include "sensu_base64.h"


struct ngx_sensu_logout_s {
    ngx_http_request_t       *request;
    ngx_sensu_op_t           *op;        /* under way */
    ngx_int_t                 rc;        /* of it */
};


static ngx_int_t ngx_sensu_logout_start(ngx_http_request_t *r,
    ngx_sensu_ctx_t *ctx);
static void ngx_sensu_logout_checked(ngx_sensu_op_t *op);
static ngx_int_t ngx_sensu_logout_keep(ngx_http_request_t *r,
    ngx_sensu_caller_t *caller, ngx_str_t *key, ngx_str_t *who);
static time_t ngx_sensu_logout_life(ngx_http_request_t *r,
    ngx_sensu_caller_t *caller);
static void ngx_sensu_logout_noted(ngx_sensu_op_t *op);
static void ngx_sensu_logout_lost(const char *why, ngx_str_t *who);
static void ngx_sensu_logout_cleanup(void *data);
static ngx_int_t ngx_sensu_logout_key(ngx_sensu_caller_t *caller, u_char *buf,
    ngx_str_t *key);


#define ngx_sensu_logout_store(r)                                             \
    ((ngx_sensu_srv_conf_t *)                                                 \
     ngx_http_get_module_srv_conf(r, ngx_sensu_module))->logouts

/* "out:" and a hash in base64url */
#define NGX_SENSU_LOGOUT_KEY  (4 + SENSU_TOKEN_LEN)

/* ten years in seconds: the most that a mark lives */
#define NGX_SENSU_LOGOUT_LIFE  315360000


ngx_int_t
ngx_sensu_logout_check(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    ngx_sensu_loc_conf_t  *conf;

    conf = ngx_sensu_loc_conf(r);

    if (!conf->logout || ctx->caller.verdict != SENSU_TOKEN_OK
        || ctx->caller.claims == NULL || ngx_sensu_is_public(r))
    {
        return NGX_OK;
    }

    if (ctx->logout == NULL) {
        return ngx_sensu_logout_start(r, ctx);
    }

    if (ctx->logout->op != NULL) {
        return NGX_AGAIN;
    }

    switch (ctx->logout->rc) {

    case NGX_DECLINED:
        return NGX_OK;

    case NGX_OK:

        if (ngx_sensu_challenge(r, "invalid_token", "logged out") != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        return ngx_sensu_refuse(r, NGX_SENSU_TOKEN_REVOKED, NULL);

    default: /* NGX_ERROR */
        return ngx_sensu_refuse(r, NGX_SENSU_LOGOUT_FAILED, NULL);
    }
}


static ngx_int_t
ngx_sensu_logout_start(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    u_char               buf[NGX_SENSU_LOGOUT_KEY];
    ngx_str_t            key;
    ngx_sensu_store_t   *store;
    ngx_pool_cleanup_t  *cln;

    switch (ngx_sensu_logout_key(&ctx->caller, buf, &key)) {

    case NGX_OK:
        break;

    case NGX_DECLINED:
        return NGX_OK;

    default:
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_sensu_logout_t));
    if (cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cln->handler = ngx_sensu_logout_cleanup;

    ctx->logout = cln->data;
    ctx->logout->request = r;

    store = ngx_sensu_logout_store(r);

    ctx->logout->op = ngx_sensu_store_get(store, &key,
                                          ngx_sensu_logout_checked,
                                          ctx->logout);
    if (ctx->logout->op == NULL) {
        ctx->logout->rc = NGX_ERROR;
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->logout->op->kind = NGX_SENSU_OP_LOGOUT_GET;

    ngx_sensu_wait(r);

    return NGX_AGAIN;
}


static void
ngx_sensu_logout_cleanup(void *data)
{
    ngx_sensu_logout_t *logout = data;

    if (logout->op) {
        ngx_sensu_op_abandon(logout->op);
        logout->op = NULL;
    }
}


static void
ngx_sensu_logout_checked(ngx_sensu_op_t *op)
{
    ngx_sensu_logout_t  *logout;

    logout = op->data;

    logout->op = NULL;
    logout->rc = op->rc;

    ngx_sensu_wake(logout->request);
}


void
ngx_sensu_logout_note(ngx_http_request_t *r)
{
    u_char               buf[NGX_SENSU_LOGOUT_KEY];
    ngx_int_t            rc;
    ngx_str_t            key, who;
    ngx_sensu_caller_t  *caller;

    static ngx_str_t  path = ngx_string("/auth/logout");

    if (!ngx_sensu_loc_conf(r)->logout || r != r->main
        || r->method != NGX_HTTP_POST
        || r->headers_out.status != NGX_HTTP_OK
        || r->uri.len != path.len
        || ngx_memcmp(r->uri.data, path.data, path.len) != 0)
    {
        return;
    }

    caller = ngx_sensu_caller(r);

    /* an expired token needs no mark, and one that is not ours gets none */

    if (caller == NULL || caller->verdict != SENSU_TOKEN_OK) {
        return;
    }

    who.len = sizeof("user \"\", client: , request: \"\"") - 1
              + caller->user.len + r->connection->addr_text.len
              + r->request_line.len;

    who.data = ngx_pnalloc(r->pool, who.len);
    if (who.data == NULL) {
        ngx_str_set(&who, "somebody");

    } else {
        ngx_sprintf(who.data, "user \"%V\", client: %V, request: \"%V\"",
                    &caller->user, &r->connection->addr_text,
                    &r->request_line);
    }

    rc = ngx_sensu_logout_key(caller, buf, &key);

    if (rc == NGX_OK) {
        rc = ngx_sensu_logout_keep(r, caller, &key, &who);
    }

    if (rc != NGX_OK) {
        ngx_sensu_stat_add(NGX_SENSU_STAT_LOGOUTS_LOST, 1);
        ngx_sensu_logout_lost(rc == NGX_DECLINED ? "its token has no jti"
                                                 : "no memory", &who);
    }
}


static ngx_int_t
ngx_sensu_logout_keep(ngx_http_request_t *r, ngx_sensu_caller_t *caller,
    ngx_str_t *key, ngx_str_t *who)
{
    ngx_str_t        value;
    ngx_sensu_op_t  *op;

    ngx_str_set(&value, "1");

    op = ngx_sensu_store_set(ngx_sensu_logout_store(r), key, &value,
                             ngx_sensu_logout_life(r, caller),
                             ngx_sensu_logout_noted, NULL);
    if (op == NULL) {
        return NGX_ERROR;
    }

    op->kind = NGX_SENSU_OP_LOGOUT_SET;

    /* the request is gone when the store has answered: the operation, whose
       value is of no use in a set, keeps what the log may need of it */

    (void) ngx_sensu_op_value(op, who->data, who->len);

    return NGX_OK;
}


/*
 * As long as any location takes the token.  exp is any number: compared as
 * what it is, before it is made an integer.
 */

static time_t
ngx_sensu_logout_life(ngx_http_request_t *r, ngx_sensu_caller_t *caller)
{
    double                  left;
    ngx_sensu_main_conf_t  *smcf;

    smcf = ngx_http_get_module_main_conf(r, ngx_sensu_module);

    left = json_number_value(json_object_get(caller->claims, "exp"))
           - (double) ngx_time();

    if (left > NGX_SENSU_LOGOUT_LIFE) {
        left = NGX_SENSU_LOGOUT_LIFE;
    }

    return (time_t) left + smcf->leeway + 1;
}


static void
ngx_sensu_logout_noted(ngx_sensu_op_t *op)
{
    if (op->rc != NGX_OK) {
        ngx_sensu_logout_lost("the store is full or does not answer",
                              &op->value);
    }
}


/* the client has the backend's answer by now: each is told here */

static void
ngx_sensu_logout_lost(const char *why, ngx_str_t *who)
{
    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                  "sensu: a log-out was not kept, %s: the token is good here "
                  "until it expires, %V", why, who);
}


/* NGX_DECLINED: a token without jti can not be told from another */

static ngx_int_t
ngx_sensu_logout_key(ngx_sensu_caller_t *caller, u_char *buf, ngx_str_t *key)
{
    u_char        binding[SENSU_CURSOR_BINDING];
    json_t       *jti;
    sensu_str_t   parts[3];

    jti = json_object_get(caller->claims, "jti");

    if (!json_is_string(jti) || json_string_length(jti) == 0) {
        return NGX_DECLINED;
    }

    parts[0] = ngx_sensu_str(caller->issuer);
    parts[1] = ngx_sensu_str(caller->user);
    parts[2].data = (u_char *) json_string_value(jti);
    parts[2].len = json_string_length(jti);

    if (sensu_cursor_bind(binding, parts, 3) != 0) {
        return NGX_ERROR;
    }

    ngx_memcpy(buf, "out:", 4);

    key->data = buf;
    key->len = 4 + sensu_base64url_encode(buf + 4, binding,
                                          SENSU_CURSOR_BINDING);

    return NGX_OK;
}
