
/*
 * Buffers on their way out.
 */


#ifndef _NGX_SENSU_BUF_H_INCLUDED_
#define _NGX_SENSU_BUF_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


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


#endif /* _NGX_SENSU_BUF_H_INCLUDED_ */
