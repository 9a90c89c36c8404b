
/*
 * The phases of a request: who is let in, and what is done for him.
 */


#ifndef _NGX_SENSU_ACCESS_H_INCLUDED_
#define _NGX_SENSU_ACCESS_H_INCLUDED_


#include "ngx_sensu.h"


/* ngx_sensu_access.c */

ngx_int_t ngx_sensu_server_rewrite_handler(ngx_http_request_t *r);
ngx_int_t ngx_sensu_rewrite_handler(ngx_http_request_t *r);
ngx_int_t ngx_sensu_preaccess_handler(ngx_http_request_t *r);
ngx_int_t ngx_sensu_access_handler(ngx_http_request_t *r);
/* token and namespaces: NGX_OK or a status */
ngx_int_t ngx_sensu_admit(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx);
/* the namespaces alone */
ngx_int_t ngx_sensu_authorize(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx);
ngx_int_t ngx_sensu_log_handler(ngx_http_request_t *r);

/* ngx_sensu_request.c: the precontent phase, everything after admission */

ngx_int_t ngx_sensu_request_handler(ngx_http_request_t *r);

/* ngx_sensu_guard.c */

/* NGX_OK, a status, NGX_DONE: runs the phases again when the body is there */
ngx_int_t ngx_sensu_guard_body(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx);
void ngx_sensu_guard_body_filter_init(void);

/* ngx_sensu_delete.c: DELETE of a namespace that is a prefix of others */

ngx_int_t ngx_sensu_guard_delete(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx);


#endif /* _NGX_SENSU_ACCESS_H_INCLUDED_ */
