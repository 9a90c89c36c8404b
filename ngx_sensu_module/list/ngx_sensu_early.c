
/*
 * The begin of an answer.
 */


#include "ngx_sensu_early.h"


#define NGX_SENSU_EARLY  4096


ngx_int_t
ngx_sensu_early_hold(ngx_http_request_t *r, ngx_sensu_scratch_t *early,
    ngx_chain_t *in)
{
    size_t                     most, len;
    ngx_buf_t                 *b;
    ngx_chain_t               *cl;
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    most = ngx_max(clcf->postpone_output, NGX_SENSU_EARLY);
    len = early->len;

    for (cl = in; cl; cl = cl->next) {
        len += cl->buf->last - cl->buf->pos;
    }

    if (len > most) {
        return NGX_DECLINED;
    }

    for (cl = in; cl; cl = cl->next) {
        b = cl->buf;

        if (ngx_sensu_scratch_add(early, b->pos, b->last - b->pos,
                                  r->connection->log)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        b->pos = b->last;
    }

    return NGX_OK;
}


ngx_chain_t *
ngx_sensu_early_release(ngx_http_request_t *r, ngx_sensu_scratch_t *early,
    ngx_chain_t *next)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    if (early->len == 0) {
        return next;
    }

    b = ngx_create_temp_buf(r->pool, early->len);
    cl = ngx_alloc_chain_link(r->pool);

    if (b == NULL || cl == NULL) {
        return NULL;
    }

    b->last = ngx_cpymem(b->last, early->data, early->len);
    ngx_sensu_scratch_free(early);

    cl->buf = b;
    cl->next = next;

    return cl;
}
