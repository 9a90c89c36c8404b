
/*
 * Buffers on their way out.
 */


#ifndef _NGX_SENSU_BUF_H_INCLUDED_
#define _NGX_SENSU_BUF_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include "ngx_sensu_scratch.h"


/* an empty one of at least size bytes, one that was sent if there is any */
ngx_buf_t *ngx_sensu_buf_own(ngx_http_request_t *r, ngx_chain_t **free,
    size_t size, ngx_buf_tag_t tag);

/* of bytes that stay where they are; ends: the answer ends with them */
ngx_buf_t *ngx_sensu_buf_of(ngx_http_request_t *r, u_char *data, size_t len,
    ngx_uint_t ends);

/* appends to a chain whose end is at **last */
ngx_int_t ngx_sensu_buf_add(ngx_http_request_t *r, ngx_buf_t *b,
    ngx_chain_t ***last);

/* nobody wants what is in them */
ngx_int_t ngx_sensu_buf_drop(ngx_chain_t *in);

/*
 * The begin of an answer, held back: as long as nothing has gone out, what
 * fails can still be an error of its own.  nginx keeps so much by itself, for
 * it does not send little, but does not give it back.
 */

/* takes the bytes of the buffers; NGX_DECLINED: with these there is more than
   nginx would keep, and none is taken */
ngx_int_t ngx_sensu_early_hold(ngx_http_request_t *r,
    ngx_sensu_scratch_t *early, ngx_chain_t *in);

/* what is held, in a buffer before the others; NULL: no memory */
ngx_chain_t *ngx_sensu_early_release(ngx_http_request_t *r,
    ngx_sensu_scratch_t *early, ngx_chain_t *next);


#endif /* _NGX_SENSU_BUF_H_INCLUDED_ */
