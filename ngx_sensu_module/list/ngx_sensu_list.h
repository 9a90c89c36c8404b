
/*
 * What a handler asks for that answers with a list.
 */


#ifndef _NGX_SENSU_LIST_H_INCLUDED_
#define _NGX_SENSU_LIST_H_INCLUDED_


#include "ngx_sensu.h"


/* ngx_sensu_plan.c: of a list: where its elements have their keys, which
   belong into the answer, and its namespace if it is not of several */

sensu_key_kind_e ngx_sensu_list_kind(const sensu_path_t *path);
void ngx_sensu_list_filter(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx,
    sensu_str_t ns, sensu_filter_t *filter);
sensu_str_t *ngx_sensu_list_single(ngx_sensu_ctx_t *ctx);

/* ngx_sensu_page.c: NGX_AGAIN while under way */

ngx_int_t ngx_sensu_page_handler(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx);

/* ngx_sensu_merge.c */

ngx_int_t ngx_sensu_merge_handler(ngx_http_request_t *r,
    ngx_sensu_ctx_t *ctx);

/* ngx_sensu_sieve.c */

ngx_int_t ngx_sensu_sieve_start(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx);


#endif /* _NGX_SENSU_LIST_H_INCLUDED_ */
