
/*
 * One rate limit for a whole fleet: the generic cell rate algorithm in one
 * atomic script, by the clock of Redis.  Knows nothing of HTTP.
 */


#ifndef _NGX_SENSU_GCRA_H_INCLUDED_
#define _NGX_SENSU_GCRA_H_INCLUDED_


#include "ngx_sensu_redis.h"


/* what op->ints has when done() is called with NGX_OK; times in ms */

typedef enum {
    NGX_SENSU_GCRA_ALLOWED = 0,      /* 1, or 0 */
    NGX_SENSU_GCRA_LIMIT,            /* requests at once: burst + 1 */
    NGX_SENSU_GCRA_REMAINING,        /* of them now */
    NGX_SENSU_GCRA_RETRY_AFTER,      /* 0 where allowed */
    NGX_SENSU_GCRA_RESET,            /* until all of them are back */
    NGX_SENSU_GCRA_N
} ngx_sensu_gcra_e;


/*
 * Takes one request from the limit of key, which may be of any length: a
 * request each interval microseconds (1 to 10^10), and burst more at once
 * (up to 10^5).  NGX_ERROR in done(): Redis has failed.  NULL: no memory.
 */
ngx_sensu_op_t *ngx_sensu_gcra(ngx_sensu_redis_t *redis, ngx_str_t *key,
    ngx_uint_t interval, ngx_uint_t burst, ngx_sensu_op_pt done, void *data);


#endif /* _NGX_SENSU_GCRA_H_INCLUDED_ */
