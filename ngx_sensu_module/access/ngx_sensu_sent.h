
/*
 * What goes upstream is what was judged: the request line that nginx is about
 * to send is read once more.
 */


#ifndef _NGX_SENSU_SENT_H_INCLUDED_
#define _NGX_SENSU_SENT_H_INCLUDED_


#include "ngx_sensu.h"


/* of a location that is a gateway, once all is read */
ngx_int_t ngx_sensu_sent_init(ngx_conf_t *cf, ngx_http_core_loc_conf_t *clcf);

/*
 * Of a request whose line nginx has written.  NGX_DECLINED: it is another than
 * the one that was let in, and why says what it is.
 */
ngx_int_t ngx_sensu_sent_judge(ngx_http_request_t *r, const char **why);

/* the same of one that has left the gateway */
ngx_int_t ngx_sensu_sent_left(ngx_http_request_t *r, const char **why);


#endif /* _NGX_SENSU_SENT_H_INCLUDED_ */
