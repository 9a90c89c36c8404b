
/*
 * The counters of a request, in the log phase.
 */


#ifndef _NGX_SENSU_COUNT_H_INCLUDED_
#define _NGX_SENSU_COUNT_H_INCLUDED_


#include "ngx_sensu.h"


ngx_int_t ngx_sensu_count_handler(ngx_http_request_t *r);


#endif /* _NGX_SENSU_COUNT_H_INCLUDED_ */
