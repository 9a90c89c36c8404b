
/*
 * JSON in the place of nginx's own error pages, and where the module's
 * filters hand on to.
 */


#ifndef _NGX_SENSU_ERROR_PAGE_H_INCLUDED_
#define _NGX_SENSU_ERROR_PAGE_H_INCLUDED_


#include "ngx_sensu.h"


extern ngx_http_output_header_filter_pt  ngx_sensu_next_header_filter;
extern ngx_http_output_body_filter_pt    ngx_sensu_next_body_filter;


/*
 * The filters' part: is this response one that nginx made up, to be replaced
 * by JSON?  If so sets the headers for it.
 */
ngx_int_t ngx_sensu_error_header(ngx_http_request_t *r);
/* in the header filter: this error goes out in the place of what came */
ngx_int_t ngx_sensu_error_instead(ngx_http_request_t *r,
    ngx_sensu_error_e error);
ngx_int_t ngx_sensu_error_body(ngx_http_request_t *r, ngx_chain_t *in);


#endif /* _NGX_SENSU_ERROR_PAGE_H_INCLUDED_ */
