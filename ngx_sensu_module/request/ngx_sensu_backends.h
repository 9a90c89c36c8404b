
/*
 * Which backends answered a request, all that was asked for it included:
 * nginx's own $upstream_addr knows nothing of subrequests.
 */


#ifndef _NGX_SENSU_BACKENDS_H_INCLUDED_
#define _NGX_SENSU_BACKENDS_H_INCLUDED_


#include "ngx_sensu.h"


/* their addresses, each once, as "a, b"; NGX_ERROR: no memory */
ngx_int_t ngx_sensu_backends_addr(ngx_http_request_t *r, ngx_str_t *text);

/* how long they took together, in seconds as "0.012"; empty: none was asked;
   NGX_ERROR: no memory */
ngx_int_t ngx_sensu_backends_time(ngx_http_request_t *r, ngx_str_t *text);


/* counts each of their answers, by how long it took */
void ngx_sensu_backends_count(ngx_http_request_t *r,
    ngx_sensu_route_kind_e route);


#endif /* _NGX_SENSU_BACKENDS_H_INCLUDED_ */
