
/*
 * Waiting, with a request, for something that is not its own: a fetch, or the
 * store.
 */


#ifndef _NGX_SENSU_WAIT_H_INCLUDED_
#define _NGX_SENSU_WAIT_H_INCLUDED_


#include "ngx_sensu.h"


/* before a phase handler returns NGX_AGAIN: watches for a client that goes
   away, and has the phases run again when the request is woken */
void ngx_sensu_wait(ngx_http_request_t *r);

/* from the event loop, never from the request's own stack; the request may be
   gone afterwards */
void ngx_sensu_wake(ngx_http_request_t *r);

/* an operation that is still under way when the pool ends is abandoned; *op is
   NULL while there is none */
ngx_int_t ngx_sensu_wait_op(ngx_pool_t *pool, ngx_sensu_op_t **op);


#endif /* _NGX_SENSU_WAIT_H_INCLUDED_ */
