
/*
 * Headers of the client that must not reach the backend.
 */


#ifndef _NGX_SENSU_HEADERS_H_INCLUDED_
#define _NGX_SENSU_HEADERS_H_INCLUDED_


#include "ngx_sensu.h"


/* drops headers that name an identity: nobody verified them */
void ngx_sensu_headers_clean(ngx_http_request_t *r);

/* of a list: no ranges, no conditions, no compression from the backend */
void ngx_sensu_headers_plain(ngx_http_request_t *r);


#endif /* _NGX_SENSU_HEADERS_H_INCLUDED_ */
