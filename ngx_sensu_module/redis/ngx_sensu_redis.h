
/*
 * Redis on nginx's event loop: one pipelined connection per worker and server,
 * connected ahead and on demand, with a deadline for each command, back-off
 * with jitter, and an immediate error while down.  Knows nothing of HTTP or of
 * cursors.
 */


#ifndef _NGX_SENSU_REDIS_H_INCLUDED_
#define _NGX_SENSU_REDIS_H_INCLUDED_


#include "ngx_sensu_op.h"


typedef struct ngx_sensu_redis_s  ngx_sensu_redis_t;


/*
 * Reads the arguments of sensu_redis:
 * URL [timeout=500ms] [prefix=sensu:] [password_file=F] [user=U].  Logs what
 * is wrong and what would be right with file and line, and returns NULL.
 * resolver is looked at when all is read: where there is one, names are asked
 * for at each connect, and without one they are resolved then.
 */
ngx_sensu_redis_t *ngx_sensu_redis_conf(ngx_conf_t *cf,
    ngx_resolver_t **resolver);
ngx_int_t ngx_sensu_redis_conf_end(ngx_conf_t *cf, ngx_sensu_redis_t *redis);

/* in each worker: connect ahead; at its end: free without an alert */
void ngx_sensu_redis_init_process(ngx_sensu_redis_t *redis);
void ngx_sensu_redis_exit_process(ngx_sensu_redis_t *redis);

/*
 * Runs a script, which takes a key, that gets the prefix, and two numbers, and
 * returns an array of integers (op->ints).  NULL: no memory.
 */
ngx_sensu_op_t *ngx_sensu_redis_script(ngx_sensu_redis_t *redis,
    ngx_str_t *script, ngx_str_t *key, ngx_uint_t arg1, ngx_uint_t arg2,
    ngx_sensu_op_pt done, void *data);


#endif /* _NGX_SENSU_REDIS_H_INCLUDED_ */
