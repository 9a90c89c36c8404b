
/*
 * Log-out for the whole fleet: a POST /auth/logout that the backend granted
 * leaves a mark in the store until the token's exp.  Whether there is one is
 * part of the caller's verdict (ngx_sensu_mark).
 */


#include "ngx_sensu_logout.h"
#include "ngx_sensu_mark.h"


static ngx_int_t ngx_sensu_logout_keep(ngx_http_request_t *r,
    ngx_sensu_caller_t *caller, ngx_str_t *key, ngx_str_t *who);
static time_t ngx_sensu_logout_life(ngx_http_request_t *r,
    ngx_sensu_caller_t *caller);
static void ngx_sensu_logout_noted(ngx_sensu_op_t *op);
static void ngx_sensu_logout_lost(const char *why, ngx_str_t *who);


/* ten years in seconds: the most that a mark lives */
#define NGX_SENSU_LOGOUT_LIFE  315360000


char *
ngx_sensu_logout_conf(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_sensu_loc_conf_t *slcf = conf;

    ngx_str_t  *value;

    if (slcf->logout != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        slcf->logout = NGX_SENSU_LOGOUT_OFF;
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(value[1].data, "on") == 0) {

        if (cf->args->nelts == 2
            || ngx_strcmp(value[2].data, "fail=closed") == 0)
        {
            slcf->logout = NGX_SENSU_LOGOUT_CLOSED;
            return NGX_CONF_OK;
        }

        if (ngx_strcmp(value[2].data, "fail=open") == 0) {
            slcf->logout = NGX_SENSU_LOGOUT_OPEN;
            return NGX_CONF_OK;
        }
    }

    return "must be \"on\", \"on fail=open\", \"on fail=closed\" or \"off\"";
}


void
ngx_sensu_logout_note(ngx_http_request_t *r)
{
    u_char               buf[NGX_SENSU_MARK_KEY];
    ngx_int_t            rc;
    ngx_str_t            key, who, user;
    ngx_sensu_caller_t  *caller;

    if (!ngx_sensu_loc_conf(r)->logout || r != r->main
        || r->method != NGX_HTTP_POST
        || ngx_sensu_answer_status(r) != NGX_HTTP_OK
        || !sensu_str_eq(ngx_sensu_str(r->uri), sensu_str("/auth/logout")))
    {
        return;
    }

    caller = ngx_sensu_caller(r);

    if (caller != NULL && caller->verdict == SENSU_TOKEN_EXPIRED) {
        caller = ngx_sensu_caller_late(r);
    }

    /* what has expired everywhere needs no mark, what is not ours gets none */

    if (caller == NULL || caller->verdict != SENSU_TOKEN_OK) {
        return;
    }

    user = ngx_sensu_log_text(r->pool, &caller->user);

    who.len = sizeof("user \"\", client: , request: \"\"") - 1
              + user.len + r->connection->addr_text.len
              + r->request_line.len;

    who.data = ngx_pnalloc(r->pool, who.len);
    if (who.data == NULL) {
        ngx_str_set(&who, "somebody");

    } else {
        ngx_sprintf(who.data, "user \"%V\", client: %V, request: \"%V\"",
                    &user, &r->connection->addr_text,
                    &r->request_line);
    }

    rc = ngx_sensu_mark_key(caller, buf, &key);

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

    op = ngx_sensu_store_set(ngx_sensu_mark_store(r), key, &value,
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
    ngx_sensu_say(NGX_LOG_ERR, ngx_cycle->log,
                  "sensu: a log-out was not kept, %s: the token is good here "
                  "until it expires, %V", why, who);
}
