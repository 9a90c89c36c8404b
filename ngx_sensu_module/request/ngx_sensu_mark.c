
/*
 * The mark of a token that was logged out.
 *
 * A token is known by issuer, subject and jti, never by its text: one token
 * can be written in more than one way.
 */


#include "ngx_sensu_mark.h"
#include "ngx_sensu_wait.h"
#include "sensu_base64.h"
#include "sensu_json.h"


typedef struct ngx_sensu_waiter_s  ngx_sensu_waiter_t;

struct ngx_sensu_waiter_s {
    ngx_http_request_t       *request;
    ngx_sensu_waiter_t       *next;
};


struct ngx_sensu_logout_s {
    ngx_sensu_op_t           *op;        /* under way */
    ngx_int_t                 rc;        /* of it */
    ngx_sensu_waiter_t       *waiters;
};


static ngx_sensu_logout_t *ngx_sensu_mark_ask(ngx_http_request_t *r,
    ngx_sensu_caller_t *caller);
static ngx_int_t ngx_sensu_mark_wait(ngx_http_request_t *r,
    ngx_sensu_logout_t *logout);
static void ngx_sensu_mark_done(ngx_sensu_op_t *op);


ngx_int_t
ngx_sensu_mark_key(ngx_sensu_caller_t *caller, u_char *buf, ngx_str_t *key)
{
    u_char       binding[SENSU_CURSOR_BINDING];
    sensu_str_t  parts[3];

    parts[0] = ngx_sensu_str(caller->issuer);
    parts[1] = ngx_sensu_str(caller->user);
    parts[2] = sensu_json_text(json_object_get(caller->claims, "jti"));

    if (parts[2].len == 0) {
        return NGX_DECLINED;
    }

    sensu_cursor_bind(binding, parts, 3);

    ngx_memcpy(buf, "out:", 4);

    key->data = buf;
    key->len = 4 + sensu_base64url_encode(buf + 4, binding,
                                          SENSU_CURSOR_BINDING);

    return NGX_OK;
}


ngx_int_t
ngx_sensu_mark(ngx_http_request_t *r)
{
    ngx_sensu_logout_t    *logout;
    ngx_sensu_loc_conf_t  *conf;

    conf = ngx_sensu_loc_conf(r);

    logout = ngx_sensu_ctx(r->main)->logout;

    if (logout == NULL || logout->op != NULL) {
        return NGX_AGAIN;
    }

    if (logout->rc == NGX_ERROR && conf->logout == NGX_SENSU_LOGOUT_OPEN) {
        return NGX_DECLINED;
    }

    return logout->rc;
}


ngx_int_t
ngx_sensu_mark_look(ngx_http_request_t *r, ngx_sensu_caller_t *caller)
{
    ngx_sensu_ctx_t  *ctx;

    ctx = ngx_sensu_ctx(r->main);

    if (ctx->logout == NULL) {
        ctx->logout = ngx_sensu_mark_ask(r, caller);

        if (ctx->logout == NULL) {
            return NGX_ERROR;
        }
    }

    if (ctx->logout->op == NULL) {
        return NGX_OK;
    }

    return ngx_sensu_mark_wait(r, ctx->logout);
}


static ngx_sensu_logout_t *
ngx_sensu_mark_ask(ngx_http_request_t *r, ngx_sensu_caller_t *caller)
{
    u_char               buf[NGX_SENSU_MARK_KEY];
    ngx_str_t            key;
    ngx_sensu_logout_t  *logout;

    logout = ngx_pcalloc(r->pool, sizeof(ngx_sensu_logout_t));

    if (logout == NULL
        || ngx_sensu_wait_op(r->pool, &logout->op) != NGX_OK)
    {
        return NULL;
    }

    logout->rc = ngx_sensu_mark_key(caller, buf, &key);

    if (logout->rc != NGX_OK) {
        return logout;
    }

    logout->rc = NGX_ERROR;
    logout->op = ngx_sensu_store_get(ngx_sensu_mark_store(r), &key,
                                     ngx_sensu_mark_done, logout);

    if (logout->op != NULL) {
        logout->op->kind = NGX_SENSU_OP_LOGOUT_GET;
    }

    return logout;
}


/* a request that is run again by something else is on the list already */

static ngx_int_t
ngx_sensu_mark_wait(ngx_http_request_t *r, ngx_sensu_logout_t *logout)
{
    ngx_sensu_waiter_t  *waiter;

    for (waiter = logout->waiters; waiter; waiter = waiter->next) {
        if (waiter->request == r) {
            return NGX_AGAIN;
        }
    }

    waiter = ngx_palloc(r->pool, sizeof(ngx_sensu_waiter_t));
    if (waiter == NULL) {
        return NGX_ERROR;
    }

    waiter->request = r;
    waiter->next = logout->waiters;
    logout->waiters = waiter;

    ngx_sensu_wait(r);

    return NGX_AGAIN;
}


/* all are posted before one is run: with the first the pool may go */

static void
ngx_sensu_mark_done(ngx_sensu_op_t *op)
{
    ngx_http_request_t  *r;
    ngx_sensu_logout_t  *logout;
    ngx_sensu_waiter_t  *waiter;

    logout = op->data;

    logout->op = NULL;
    logout->rc = op->rc;

    waiter = logout->waiters;

    if (waiter == NULL) {
        return;
    }

    r = waiter->request;

    /* what was made of the caller where log-outs do not count, or as long as
       nobody knew */
    ngx_sensu_variables_refresh(r);

    if (op->rc == NGX_ERROR
        && ngx_sensu_loc_conf(r)->logout == NGX_SENSU_LOGOUT_OPEN)
    {
        ngx_sensu_log_damped(NGX_LOG_ERR, r->connection->log,
                             "sensu: the store does not say whether a token "
                             "was logged out, it is let in with fail=open");
    }

    for ( /* void */ ; waiter->next; waiter = waiter->next) {
        (void) ngx_http_post_request(waiter->request, NULL);
    }

    ngx_sensu_wake(waiter->request);
}
