
/*
 * The store of a fleet: a cursor is one string of Redis with a time to live.
 */


#include "ngx_sensu_store.h"
#include "ngx_sensu_redis_peer.h"


static ngx_sensu_op_t *ngx_sensu_store_redis_get(ngx_sensu_store_t *store,
    ngx_str_t *key, ngx_sensu_op_pt done, void *data);
static ngx_sensu_op_t *ngx_sensu_store_redis_set(ngx_sensu_store_t *store,
    ngx_str_t *key, ngx_str_t *value, time_t ttl, ngx_sensu_op_pt done,
    void *data);
static ngx_int_t ngx_sensu_store_redis_got(ngx_sensu_redis_cmd_t *cmd,
    redisReply *reply);
static ngx_int_t ngx_sensu_store_redis_was_set(ngx_sensu_redis_cmd_t *cmd,
    redisReply *reply);


ngx_sensu_store_t *
ngx_sensu_store_redis(ngx_conf_t *cf, ngx_sensu_redis_t *redis)
{
    ngx_sensu_store_t  *store;

    store = ngx_pcalloc(cf->pool, sizeof(ngx_sensu_store_t));
    if (store == NULL) {
        return NULL;
    }

    store->get = ngx_sensu_store_redis_get;
    store->set = ngx_sensu_store_redis_set;
    store->kind = "redis";
    store->ctx = redis;

    return store;
}


static ngx_sensu_op_t *
ngx_sensu_store_redis_get(ngx_sensu_store_t *store, ngx_str_t *key,
    ngx_sensu_op_pt done, void *data)
{
    ngx_sensu_redis_t  *redis;

    redis = store->ctx;

    return ngx_sensu_redis_send(
        redis,
        ngx_sensu_redis_cmd(redis, ngx_sensu_store_redis_got,
                            "GET %b%b", redis->prefix.data, redis->prefix.len,
                            key->data, key->len),
        NGX_SENSU_OP_GET, key, done, data);
}


static ngx_sensu_op_t *
ngx_sensu_store_redis_set(ngx_sensu_store_t *store, ngx_str_t *key,
    ngx_str_t *value, time_t ttl, ngx_sensu_op_pt done, void *data)
{
    ngx_sensu_redis_t  *redis;

    redis = store->ctx;

    return ngx_sensu_redis_send(
        redis,
        ngx_sensu_redis_cmd(redis, ngx_sensu_store_redis_was_set,
                            "SET %b%b %b EX %lld",
                            redis->prefix.data, redis->prefix.len,
                            key->data, key->len, value->data, value->len,
                            (long long) ngx_max(ttl, 1)),
        NGX_SENSU_OP_SET, key, done, data);
}


static ngx_int_t
ngx_sensu_store_redis_got(ngx_sensu_redis_cmd_t *cmd, redisReply *reply)
{
    size_t  len;

    if (reply->type == REDIS_REPLY_NIL) {
        return NGX_DECLINED;
    }

    if (reply->type != REDIS_REPLY_STRING) {
        return ngx_sensu_redis_odd(cmd, reply, "something else than a string");
    }

    len = reply->len;

    if (len > NGX_SENSU_STORE_VALUE_MAX) {

        /* not of ours; but it is there, which is all that a log-out needs */

        (void) ngx_sensu_redis_odd(cmd, reply, "a value too long for a cursor");
        len = NGX_SENSU_STORE_VALUE_MAX;
    }

    return ngx_sensu_op_value(cmd->op, (u_char *) reply->str, len);
}


static ngx_int_t
ngx_sensu_store_redis_was_set(ngx_sensu_redis_cmd_t *cmd, redisReply *reply)
{
    if (reply->type != REDIS_REPLY_STATUS) {
        return ngx_sensu_redis_odd(cmd, reply, "something else than OK");
    }

    return NGX_OK;
}
