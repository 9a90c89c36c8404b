
/*
 * sensu_logout: a token that was logged out is refused by the whole fleet
 * until it expires.
 */


#ifndef _NGX_SENSU_LOGOUT_H_INCLUDED_
#define _NGX_SENSU_LOGOUT_H_INCLUDED_


#include "ngx_sensu.h"


/*
 * In the access phase, for a request that was admitted: is its token revoked?
 * NGX_OK, NGX_AGAIN while the store is asked, or a status.
 */
ngx_int_t ngx_sensu_logout_check(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx);

/* in the header filter: revokes the token of a POST /auth/logout that the
   backend granted */
void ngx_sensu_logout_note(ngx_http_request_t *r);


#endif /* _NGX_SENSU_LOGOUT_H_INCLUDED_ */
