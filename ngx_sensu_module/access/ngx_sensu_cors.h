
/*
 * Cross-origin requests of browsers (the Fetch standard, section 3.2): the
 * backend knows nothing of them, so the gateway answers for it.
 */


#ifndef _NGX_SENSU_CORS_H_INCLUDED_
#define _NGX_SENSU_CORS_H_INCLUDED_


#include "ngx_sensu.h"


/* of a listed origin, and not just any OPTIONS */
ngx_uint_t ngx_sensu_cors_is_preflight(ngx_http_request_t *r);

/* to every response of a location with sensu_cors; NGX_ERROR: no memory */
ngx_int_t ngx_sensu_cors_header(ngx_http_request_t *r);

/* the directive of that name */
char *ngx_sensu_cors_headers_conf(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* for the configuration: scheme://host[:port] as browsers write it? */
ngx_uint_t ngx_sensu_cors_is_origin(ngx_str_t *text);


#endif /* _NGX_SENSU_CORS_H_INCLUDED_ */
