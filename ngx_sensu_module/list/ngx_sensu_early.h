
/*
 * The begin of an answer, held back: as long as nothing has gone out, what
 * fails can still be an error of its own.  nginx keeps so much by itself, for
 * it does not send little, but does not give it back.
 */


#ifndef _NGX_SENSU_EARLY_H_INCLUDED_
#define _NGX_SENSU_EARLY_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include "ngx_sensu_scratch.h"


/* takes the bytes of the buffers; NGX_DECLINED: with these there is more than
   nginx would keep, and none is taken */
ngx_int_t ngx_sensu_early_hold(ngx_http_request_t *r,
    ngx_sensu_scratch_t *early, ngx_chain_t *in);

/* what is held, in a buffer before the others; NULL: no memory */
ngx_chain_t *ngx_sensu_early_release(ngx_http_request_t *r,
    ngx_sensu_scratch_t *early, ngx_chain_t *next);


#endif /* _NGX_SENSU_EARLY_H_INCLUDED_ */
