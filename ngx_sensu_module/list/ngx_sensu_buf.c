
/*
 * Buffers on their way out.
 */


#include "ngx_sensu_buf.h"


/* bytes of an answer that are held back, unless nginx keeps more */

#define NGX_SENSU_EARLY  4096


ngx_buf_t *
ngx_sensu_buf_own(ngx_http_request_t *r, ngx_chain_t **free, size_t size,
    ngx_buf_tag_t tag)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    cl = ngx_chain_get_free_buf(r->pool, free);
    if (cl == NULL) {
        return NULL;
    }

    b = cl->buf;
    ngx_free_chain(r->pool, cl);

    if ((size_t) (b->end - b->start) < size) {

        if (b->start) {
            (void) ngx_pfree(r->pool, b->start);
        }

        /* beyond a page's size, so that ngx_pfree() can free it */
        size = ngx_max(size, 2 * ngx_pagesize);

        b->start = ngx_palloc(r->pool, size);
        if (b->start == NULL) {
            return NULL;
        }

        b->end = b->start + size;
    }

    b->pos = b->start;
    b->last = b->start;
    b->tag = tag;
    b->temporary = 1;
    b->flush = 0;
    b->sync = 0;
    b->last_buf = 0;
    b->last_in_chain = 0;

    return b;
}


ngx_buf_t *
ngx_sensu_buf_of(ngx_http_request_t *r, u_char *data, size_t len,
    ngx_uint_t ends)
{
    ngx_buf_t  *b;

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NULL;
    }

    b->pos = data;
    b->last = data + len;
    b->memory = (len != 0);
    b->last_buf = (ends && r == r->main);
    b->last_in_chain = ends;

    return b;
}


ngx_int_t
ngx_sensu_buf_add(ngx_http_request_t *r, ngx_buf_t *b, ngx_chain_t ***last)
{
    ngx_chain_t  *cl;

    cl = ngx_alloc_chain_link(r->pool);
    if (cl == NULL) {
        return NGX_ERROR;
    }

    cl->buf = b;
    cl->next = NULL;

    **last = cl;
    *last = &cl->next;

    return NGX_OK;
}


ngx_int_t
ngx_sensu_buf_drop(ngx_chain_t *in)
{
    for ( /* void */ ; in; in = in->next) {
        in->buf->pos = in->buf->last;
        in->buf->file_pos = in->buf->file_last;
    }

    return NGX_OK;
}


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
