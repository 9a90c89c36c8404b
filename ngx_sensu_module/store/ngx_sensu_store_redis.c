
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
static void ngx_sensu_store_redis_got(ngx_sensu_redis_cmd_t *cmd,
    redisReply *reply);
static void ngx_sensu_store_redis_was_set(ngx_sensu_redis_cmd_t *cmd,
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
    u_char                  buf[NGX_SENSU_REDIS_KEY];
    ngx_str_t               args[2];
    ngx_sensu_redis_cmd_t  *cmd;

    args[1].data = buf;

    if (ngx_sensu_redis_key(store->ctx, key, &args[1]) != NGX_OK) {
        return NULL;
    }

    ngx_str_set(&args[0], "GET");

    cmd = ngx_sensu_redis_ask(store->ctx, NGX_SENSU_OP_GET, 2, args, &args[1],
                              ngx_sensu_store_redis_got);
    if (cmd == NULL) {
        return NULL;
    }

    cmd->again = 1;

    return ngx_sensu_redis_send(cmd, done, data);
}


static ngx_sensu_op_t *
ngx_sensu_store_redis_set(ngx_sensu_store_t *store, ngx_str_t *key,
    ngx_str_t *value, time_t ttl, ngx_sensu_op_pt done, void *data)
{
    u_char                  buf[NGX_SENSU_REDIS_KEY];
    u_char                  seconds[NGX_TIME_T_LEN];
    ngx_str_t               args[5];
    ngx_sensu_redis_cmd_t  *cmd;

    args[1].data = buf;

    if (ngx_sensu_redis_key(store->ctx, key, &args[1]) != NGX_OK) {
        return NULL;
    }

    ngx_str_set(&args[0], "SET");
    args[2] = *value;
    ngx_str_set(&args[3], "EX");
    args[4].data = seconds;
    args[4].len = ngx_sprintf(seconds, "%T", ngx_max(ttl, 1)) - seconds;

    cmd = ngx_sensu_redis_ask(store->ctx, NGX_SENSU_OP_SET, 5, args, &args[1],
                              ngx_sensu_store_redis_was_set);
    if (cmd == NULL) {
        return NULL;
    }

    /* that may be done twice: it writes the same value */
    cmd->again = 1;

    return ngx_sensu_redis_send(cmd, done, data);
}


static void
ngx_sensu_store_redis_got(ngx_sensu_redis_cmd_t *cmd, redisReply *reply)
{
    size_t     len;
    ngx_int_t  rc;

    if (reply->type == REDIS_REPLY_NIL) {
        ngx_sensu_redis_complete(cmd, NGX_DECLINED);
        return;
    }

    if (reply->type != REDIS_REPLY_STRING) {
        ngx_sensu_redis_peer_odd(cmd->peer, "something else than a string");
        ngx_sensu_redis_complete(cmd, NGX_ERROR);
        return;
    }

    len = reply->len;

    if (len > NGX_SENSU_STORE_VALUE_MAX) {

        /* not of ours; but it is there, which is all that a log-out needs */

        ngx_sensu_redis_peer_odd(cmd->peer, "a value too long for a cursor");
        len = NGX_SENSU_STORE_VALUE_MAX;
    }

    rc = ngx_sensu_op_value(cmd->op, (u_char *) reply->str, len);

    ngx_sensu_redis_complete(cmd, rc);
}


static void
ngx_sensu_store_redis_was_set(ngx_sensu_redis_cmd_t *cmd, redisReply *reply)
{
    if (reply->type != REDIS_REPLY_STATUS) {
        ngx_sensu_redis_peer_odd(cmd->peer, "something else than OK");
        ngx_sensu_redis_complete(cmd, NGX_ERROR);
        return;
    }

    ngx_sensu_redis_complete(cmd, NGX_OK);
}
