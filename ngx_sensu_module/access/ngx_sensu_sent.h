
/*
 * What goes upstream is what was judged: the request line that nginx is about
 * to send is read once more.
 */


#ifndef _NGX_SENSU_SENT_H_INCLUDED_
#define _NGX_SENSU_SENT_H_INCLUDED_


#include "ngx_sensu.h"


/* of a location that is a gateway, once all is read */
ngx_int_t ngx_sensu_sent_init(ngx_conf_t *cf, ngx_http_core_loc_conf_t *clcf);


#endif /* _NGX_SENSU_SENT_H_INCLUDED_ */
