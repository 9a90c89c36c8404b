
/*
 * The sieve: streams a list through and leaves out the elements that do not
 * belong into it (a sibling namespace's, another entity's, namespaces that
 * are not the caller's).  What it holds is one element at the most, and the
 * header with the first few bytes: a list that fails before there is more is
 * an error of its own.
 */


#ifndef _NGX_SENSU_SIEVE_H_INCLUDED_
#define _NGX_SENSU_SIEVE_H_INCLUDED_


#include "ngx_sensu_buf.h"
#include "ngx_sensu_scan.h"


struct ngx_sensu_sieve_s {
    ngx_sensu_scan_t          scan;
    sensu_filter_t            filter;
    ngx_sensu_error_e         error;     /* of a part, before anything of the
                                            merged list was sent */
    size_t                    most;      /* bytes of an element */
    ngx_uint_t                sent;      /* elements, of a merged list of all
                                            its parts */

    ngx_uint_t                passed;    /* for the counters: elements, */
    ngx_uint_t                withheld;
    off_t                     received;  /* and bytes */
    off_t                     delivered;

    ngx_sensu_scratch_t       early;     /* the begin, with the header */
    ngx_sensu_scratch_t       held;      /* an element in several buffers */

    u_char                   *out;       /* the end of what stays of a buffer */
    ngx_chain_t              *free;      /* our own buffers */
    ngx_chain_t              *busy;

    unsigned                  inner:1;   /* part of a merged list: header and
                                            end are of the whole */
    unsigned                  begun:1;   /* the header was sent */
    unsigned                  over:1;    /* the element is larger */
    unsigned                  off:1;     /* not a list: it passes */
    unsigned                  closed:1;  /* "]" was sent */
};


/* a sieve for the list of a namespace (len 0: the target's own) */
ngx_sensu_sieve_t *ngx_sensu_sieve_create(ngx_http_request_t *r,
    ngx_sensu_ctx_t *ctx, sensu_str_t ns);

/* the same one for the next part of a merged list, with the request of that */
void ngx_sensu_sieve_next(ngx_sensu_sieve_t *sieve, ngx_http_request_t *r,
    ngx_sensu_ctx_t *ctx, sensu_str_t ns);

/* for the filters: is the answer one to be sifted?  If not ctx->sieve is NULL
   after it, and what is returned may be the error to be sent in its place */
ngx_sensu_error_e ngx_sensu_sieve_header(ngx_http_request_t *r,
    ngx_sensu_ctx_t *ctx);
ngx_int_t ngx_sensu_sieve_body(ngx_http_request_t *r,
    ngx_sensu_sieve_t *sieve, ngx_chain_t *in);


#endif /* _NGX_SENSU_SIEVE_H_INCLUDED_ */
