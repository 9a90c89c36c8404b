
/*
 * The mark of a token that was logged out: its key in the store, and whether
 * it is there.  It is looked up once for a client's request and all its
 * subrequests.
 */


#ifndef _NGX_SENSU_MARK_H_INCLUDED_
#define _NGX_SENSU_MARK_H_INCLUDED_


#include "ngx_sensu.h"


/* "out:" and a hash in base64url */
#define NGX_SENSU_MARK_KEY  (4 + SENSU_TOKEN_LEN)


#define ngx_sensu_mark_store(r)                                               \
    ((ngx_sensu_srv_conf_t *)                                                 \
     ngx_http_get_module_srv_conf(r, ngx_sensu_module))->logouts


/* buf: NGX_SENSU_MARK_KEY bytes; NGX_DECLINED: a token without jti can not be
   told from another */
ngx_int_t ngx_sensu_mark_key(ngx_sensu_caller_t *caller, u_char *buf,
    ngx_str_t *key);

/*
 * Of a verified token, under sensu_logout of this location: NGX_DECLINED, there
 * is no mark; NGX_OK, there is; NGX_ERROR, the store failed; NGX_AGAIN, it was
 * not asked yet, or has not answered.
 */
ngx_int_t ngx_sensu_mark(ngx_http_request_t *r);

/* asks, if nobody has; the request is woken when the answer is there:
   NGX_AGAIN, NGX_OK (known), NGX_ERROR (no memory) */
ngx_int_t ngx_sensu_mark_look(ngx_http_request_t *r,
    ngx_sensu_caller_t *caller);


#endif /* _NGX_SENSU_MARK_H_INCLUDED_ */
