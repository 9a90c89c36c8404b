
/*
 * The Redis client: operations and their commands, sent to the server that is
 * right for their key, and answered.
 */


#include "ngx_sensu_redis_peer.h"


static ngx_int_t ngx_sensu_redis_integers(ngx_sensu_redis_cmd_t *cmd,
    redisReply *reply);


void
ngx_sensu_redis_init_process(ngx_sensu_redis_t *redis)
{
    /* one server of a cluster tells the others */

    ngx_sensu_redis_peer_connect(redis->peers[0]);
}


void
ngx_sensu_redis_exit_process(ngx_sensu_redis_t *redis)
{
    ngx_uint_t  i;

    for (i = 0; i < redis->npeers; i++) {
        ngx_sensu_redis_peer_close(redis->peers[i]);
    }

    ngx_sensu_op_exit_process();
}


ngx_sensu_op_t *
ngx_sensu_redis_send(ngx_sensu_redis_t *redis, ngx_sensu_redis_cmd_t *cmd,
    ngx_sensu_op_e kind, ngx_str_t *key, ngx_sensu_op_pt done, void *data)
{
    ngx_sensu_op_t  *op;

    op = (cmd && redis->prefix.len + key->len <= NGX_SENSU_REDIS_KEY)
         ? ngx_sensu_op_create(kind, done, data) : NULL;

    if (op == NULL) {

        if (cmd) {
            ngx_sensu_redis_complete(cmd, NGX_ERROR);
        }

        return NULL;
    }

    cmd->op = op;
    cmd->again = (kind != NGX_SENSU_OP_SCRIPT);

    ngx_sensu_redis_peer_send(redis->slots
                              ? ngx_sensu_redis_cluster_pick(redis, key)
                              : redis->peers[0], cmd);

    return op;
}


ngx_int_t
ngx_sensu_redis_odd(ngx_sensu_redis_cmd_t *cmd, redisReply *reply,
    const char *what)
{
    if (reply->type != REDIS_REPLY_ERROR) {
        return ngx_sensu_redis_told(cmd->peer, what);
    }

    return cmd->peer->redis->slots
           ? ngx_sensu_redis_cluster_error(cmd, reply->str)
           : ngx_sensu_redis_told(cmd->peer, reply->str);
}


ngx_sensu_op_t *
ngx_sensu_redis_script(ngx_sensu_redis_t *redis, ngx_str_t *script,
    ngx_str_t *key, ngx_uint_t arg1, ngx_uint_t arg2, ngx_sensu_op_pt done,
    void *data)
{
    return ngx_sensu_redis_send(
        redis,
        ngx_sensu_redis_cmd(redis, ngx_sensu_redis_integers,
                            "EVAL %b 1 %b%b %lu %lu",
                            script->data, script->len,
                            redis->prefix.data, redis->prefix.len,
                            key->data, key->len, arg1, arg2),
        NGX_SENSU_OP_SCRIPT, key, done, data);
}


static ngx_int_t
ngx_sensu_redis_integers(ngx_sensu_redis_cmd_t *cmd, redisReply *reply)
{
    size_t           i;
    ngx_sensu_op_t  *op;

    op = cmd->op;

    /* only an array has elements */

    for (i = 0; i < reply->elements && i < NGX_SENSU_OP_INTS; i++) {

        if (reply->element[i]->type != REDIS_REPLY_INTEGER) {
            break;
        }

        op->ints[i] = (ngx_int_t) reply->element[i]->integer;
    }

    op->nints = i;

    return (i && i == reply->elements)
           ? NGX_OK : ngx_sensu_redis_odd(cmd, reply,
                                          "something else than integers");
}
