
/*
 * sensu_rate_limit: one limit for a whole fleet of gateways, kept in Redis.
 */


#ifndef _NGX_SENSU_RATE_H_INCLUDED_
#define _NGX_SENSU_RATE_H_INCLUDED_


#include "ngx_sensu.h"
#include "ngx_sensu_gcra.h"


struct ngx_sensu_rate_s {
    ngx_http_complex_value_t *key;       /* an empty one is not limited */
    ngx_uint_t                number;    /* requests */
    ngx_uint_t                unit;      /* in so many microseconds */
    ngx_uint_t                interval;  /* microseconds for one of them */
    ngx_uint_t                burst;     /* at once, beyond the one */
    ngx_uint_t                open;      /* without Redis: let pass */
    ngx_str_t                 policy;    /* the value of RateLimit-Policy */
    ngx_sensu_place_t         place;
};


/* where a request stands */

struct ngx_sensu_rate_ctx_s {
    ngx_http_request_t       *request;
    ngx_sensu_op_t           *op;        /* under way */
    ngx_int_t                 rc;        /* of it */
    ngx_int_t                 ints[NGX_SENSU_GCRA_N];
    unsigned                  judged:1;
};


char *ngx_sensu_rate_conf(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* in the preaccess phase: NGX_DECLINED, NGX_AGAIN, or a status */
ngx_int_t ngx_sensu_rate(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx);


#endif /* _NGX_SENSU_RATE_H_INCLUDED_ */
