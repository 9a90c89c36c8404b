
/*
 * The store of cursors: get and set of small values with a time to live,
 * asynchronous, completed exactly once and never inside the caller's stack.
 * Two kinds: a shared memory zone and Redis.  Knows nothing of HTTP.
 */


#ifndef _NGX_SENSU_STORE_H_INCLUDED_
#define _NGX_SENSU_STORE_H_INCLUDED_


#include "ngx_sensu_redis.h"


#define NGX_SENSU_STORE_VALUE_MAX  4096


typedef struct ngx_sensu_store_s  ngx_sensu_store_t;

struct ngx_sensu_store_s {
    ngx_sensu_op_t      *(*get)(ngx_sensu_store_t *store, ngx_str_t *key,
                              ngx_sensu_op_pt done, void *data);
    ngx_sensu_op_t      *(*set)(ngx_sensu_store_t *store, ngx_str_t *key,
                              ngx_str_t *value, time_t ttl,
                              ngx_sensu_op_pt done, void *data);
    const char            *kind;     /* "memory", "redis" */
    void                  *ctx;      /* of the implementation */
};

/* get and set return NULL when there is no memory for the operation */

#define ngx_sensu_store_get(store, key, done, data)                           \
    (store)->get(store, key, done, data)
#define ngx_sensu_store_set(store, key, value, ttl, done, data)               \
    (store)->set(store, key, value, ttl, done, data)

/*
 * The embedded stores, each in a zone of shared memory that it adds to the
 * configuration.  When that of cursors is full those nearest to their end go;
 * that of log-outs refuses more, and is kept by a reload with another size.
 */
ngx_sensu_store_t *ngx_sensu_store_memory(ngx_conf_t *cf, ngx_str_t *name,
    size_t size);
ngx_sensu_store_t *ngx_sensu_store_logouts(ngx_conf_t *cf, ngx_str_t *name,
    size_t size);
/* bytes that are free in an embedded store */
size_t ngx_sensu_store_memory_free(ngx_sensu_store_t *store);

/* the store of a fleet: SET key value EX ttl, GET key */
ngx_sensu_store_t *ngx_sensu_store_redis(ngx_conf_t *cf,
    ngx_sensu_redis_t *redis);


#endif /* _NGX_SENSU_STORE_H_INCLUDED_ */
