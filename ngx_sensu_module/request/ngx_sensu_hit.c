
/*
 * What the guard met: counted and logged, once a request and point.
 */


#include "ngx_sensu.h"


void
ngx_sensu_guard_hit(ngx_http_request_t *r, ngx_uint_t point, const char *what)
{
    ngx_str_t            user;
    ngx_sensu_ctx_t     *ctx;
    ngx_sensu_caller_t  *caller;

    static ngx_sensu_damper_t  dampers[NGX_SENSU_GUARD_POINTS];

    ctx = ngx_sensu_ctx_client(r);

    if (ctx == NULL || (ctx->guard_hits & (1 << point))) {
        return;
    }

    ctx->guard_hits |= 1 << point;

    ngx_sensu_stat_add(NGX_SENSU_STAT_GUARD + point, 1);

    /* the user is empty where the token was refused */

    caller = ngx_sensu_caller(r);
    if (caller == NULL) {
        return;
    }

    user = ngx_sensu_log_text(r->pool, &caller->user);

    if (what == NULL) {
        ngx_sensu_log(&dampers[point], NGX_LOG_INFO, r->connection->log,
                      "sensu: guard %ui: the backend listed elements for user "
                      "\"%V\" that were not asked for, they are left out",
                      point, &user);
        return;
    }

    ngx_sensu_log(&dampers[point], NGX_LOG_WARN, r->connection->log,
                  "sensu: guard %ui: refused user \"%V\": %s", point,
                  &user, what);
}


/* credentials that the backend itself would have taken */

void
ngx_sensu_guard_token(ngx_http_request_t *r, ngx_sensu_caller_t *caller)
{
    ngx_str_t  *value;

    if (caller->verdict == SENSU_TOKEN_BAD_CLAIMS
        && ngx_strncmp(caller->why, "exp ", 4) == 0)
    {
        ngx_sensu_guard_hit(r, 3, "a token that never expires, such as a "
                            "refresh token");
        return;
    }

    if (caller->verdict != SENSU_TOKEN_MISSING
        || r->headers_in.authorization == NULL)
    {
        return;
    }

    value = &r->headers_in.authorization->value;

    if (value->len > 3 && ngx_strncmp(value->data, "eyJ", 3) == 0) {
        ngx_sensu_guard_hit(r, 3, "a token without \"Bearer\" before it");
    }
}
