
/*
 * An unpaged list over several namespaces: their lists are streamed through
 * sieves one after the other, in the order of the backend's cluster-wide
 * list, and none is held in memory.
 */


#ifndef _NGX_SENSU_MERGE_H_INCLUDED_
#define _NGX_SENSU_MERGE_H_INCLUDED_


#include "ngx_sensu_sieve.h"


struct ngx_sensu_merge_s {
    ngx_http_request_t       *request;
    ngx_uint_t                next;      /* namespace */
    ngx_http_request_t       *part;      /* the list being streamed */
    ngx_sensu_sieve_t        *sieve;     /* of all parts */
    ngx_uint_t                status;    /* of its answer */
    ngx_uint_t                own;       /* it is nginx's, no backend's */
    ngx_uint_t                forbidden; /* lists, */
    ngx_uint_t                gone;      /* and such as are not there */
};


/* for the filters: the answers of the parts */
ngx_int_t ngx_sensu_merge_header(ngx_http_request_t *sr, ngx_sensu_ctx_t *ctx);


#endif /* _NGX_SENSU_MERGE_H_INCLUDED_ */
