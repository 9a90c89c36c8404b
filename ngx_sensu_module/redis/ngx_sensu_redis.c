
/*
 * The Redis client: commands and their operations, sent to the server that is
 * right for their key, and answered.
 */


#include "ngx_sensu_redis_peer.h"


static void ngx_sensu_redis_answer(ngx_sensu_redis_cmd_t *cmd,
    redisReply *reply);


void
ngx_sensu_redis_init_process(ngx_sensu_redis_t *redis, ngx_cycle_t *cycle)
{
    ngx_uint_t  i;

    for (i = 0; i < redis->npeers; i++) {
        redis->peers[i]->timer.log = cycle->log;
        redis->peers[i]->retry.log = cycle->log;
    }

    /* the clock is that of before the configuration was read */

    ngx_time_update();

    /* one server of a cluster tells the others */

    ngx_sensu_redis_peer_connect(redis->peers[0]);
}


void
ngx_sensu_redis_exit_process(ngx_sensu_redis_t *redis)
{
    ngx_uint_t  i;

    for (i = 0; i < redis->npeers; i++) {
        ngx_sensu_redis_peer_close(redis->peers[i]);
        ngx_sensu_redis_tls_forget(&redis->peers[i]->conn.session);
    }

    ngx_sensu_op_exit_process();
}


ngx_sensu_redis_cmd_t *
ngx_sensu_redis_ask(ngx_sensu_redis_t *redis, ngx_sensu_op_e kind,
    ngx_uint_t nargs, ngx_str_t *args, ngx_str_t *key,
    ngx_sensu_redis_reply_pt value)
{
    ngx_sensu_op_t         *op;
    ngx_sensu_redis_cmd_t  *cmd;

    op = ngx_sensu_op_create(kind, NULL, NULL);
    if (op == NULL) {
        return NULL;
    }

    cmd = ngx_sensu_redis_cmd(redis, op, nargs, args, key,
                              ngx_sensu_redis_answer);
    if (cmd == NULL) {
        ngx_free(op);
        return NULL;
    }

    cmd->value = value;

    return cmd;
}


ngx_sensu_op_t *
ngx_sensu_redis_send(ngx_sensu_redis_cmd_t *cmd, ngx_sensu_op_pt done,
    void *data)
{
    ngx_sensu_op_t          *op;
    ngx_sensu_redis_peer_t  *peer;

    op = cmd->op;
    op->done = done;
    op->data = data;

    peer = cmd->redis->topology->pick(cmd);

    if (peer) {
        ngx_sensu_redis_peer_send(peer, cmd);

    } else {
        ngx_sensu_redis_fail_fast(cmd);
    }

    return op;
}


static void
ngx_sensu_redis_answer(ngx_sensu_redis_cmd_t *cmd, redisReply *reply)
{
    if (reply->type != REDIS_REPLY_ERROR) {
        cmd->value(cmd, reply);
        return;
    }

    /* a server that does not have the script gets it, and keeps it */

    if (cmd->script
        && ngx_strncmp(reply->str, "NOSCRIPT", 8) == 0
        && ngx_sensu_redis_cmd_eval(cmd) == NGX_OK)
    {
        ngx_sensu_redis_peer_send(cmd->peer, cmd);
        return;
    }

    if (cmd->redis->topology->redirect(cmd, reply->str) == NGX_OK) {
        return;
    }

    ngx_sensu_redis_peer_refused(cmd->peer, reply->str);
    ngx_sensu_redis_complete(cmd, NGX_ERROR);
}
