
/*
 * The Redis client: makes commands of operations, sends them to the server
 * that is right for their key, and completes the operations when answered.
 */


#include "ngx_sensu_redis_peer.h"
#include "ngx_sensu_stat.h"


/* of a "*" or "$", a number, and two line ends */
#define NGX_SENSU_REDIS_ARGUMENT  (1 + NGX_SIZE_T_LEN + 2 + 2)


ngx_int_t
ngx_sensu_redis_init_process(ngx_sensu_redis_t *redis, ngx_cycle_t *cycle)
{
    ngx_uint_t  i;

    /* not in the cache manager, nor in the cache loader */

    if (ngx_process != NGX_PROCESS_WORKER
        && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    for (i = 0; i < redis->npeers; i++) {
        redis->peers[i]->timer.log = cycle->log;
        redis->peers[i]->retry.log = cycle->log;
    }

    /* one server of a cluster tells the others */

    ngx_sensu_redis_peer_connect(redis->peers[0]);

    return NGX_OK;
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


ngx_sensu_redis_cmd_t *
ngx_sensu_redis_cmd(ngx_sensu_redis_t *redis, ngx_sensu_op_t *op,
    ngx_uint_t nargs, ngx_str_t *args, ngx_str_t *key,
    ngx_sensu_redis_reply_pt reply)
{
    size_t                  len;
    u_char                 *p;
    ngx_uint_t              i;
    ngx_sensu_redis_cmd_t  *cmd;

    len = NGX_SENSU_REDIS_ARGUMENT;

    for (i = 0; i < nargs; i++) {
        len += NGX_SENSU_REDIS_ARGUMENT + args[i].len;
    }

    cmd = ngx_calloc(sizeof(ngx_sensu_redis_cmd_t), ngx_cycle->log);
    if (cmd == NULL) {
        return NULL;
    }

    p = ngx_alloc(len, ngx_cycle->log);
    if (p == NULL) {
        ngx_free(cmd);
        return NULL;
    }

    cmd->redis = redis;
    cmd->op = op;
    cmd->reply = reply;
    cmd->deadline = ngx_current_msec + redis->timeout;
    cmd->nargs = nargs;
    cmd->buf.data = p;

    if (key && redis->topology == NGX_SENSU_REDIS_CLUSTER) {
        cmd->slot = ngx_sensu_redis_cluster_slot(key);
    }

    p = ngx_sprintf(p, "*%ui" CRLF, nargs);

    for (i = 0; i < nargs; i++) {
        if (i == 2) {
            cmd->rest = p - cmd->buf.data;
        }

        p = ngx_sensu_redis_argument(p, &args[i]);
    }

    cmd->buf.len = p - cmd->buf.data;

    return cmd;
}


ngx_int_t
ngx_sensu_redis_key(ngx_sensu_redis_t *redis, ngx_str_t *key, ngx_str_t *name)
{
    u_char  *p;

    if (redis->prefix.len + key->len > NGX_SENSU_REDIS_KEY) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(name->data, redis->prefix.data, redis->prefix.len);
    p = ngx_cpymem(p, key->data, key->len);

    name->len = p - name->data;

    return NGX_OK;
}


u_char *
ngx_sensu_redis_argument(u_char *p, ngx_str_t *arg)
{
    p = ngx_sprintf(p, "$%uz" CRLF, arg->len);
    p = ngx_cpymem(p, arg->data, arg->len);

    *p++ = CR;
    *p++ = LF;

    return p;
}


void
ngx_sensu_redis_send(ngx_sensu_redis_cmd_t *cmd)
{
    ngx_sensu_redis_t       *redis;
    ngx_sensu_redis_peer_t  *peer;

    redis = cmd->redis;

    if (redis->topology == NGX_SENSU_REDIS_CLUSTER) {
        peer = ngx_sensu_redis_cluster_peer(redis, cmd->slot);

    } else {
        peer = redis->peers[0];
    }

    if (peer == NULL) {
        ngx_sensu_redis_fail_fast(cmd);
        return;
    }

    ngx_sensu_redis_peer_send(peer, cmd);
}


void
ngx_sensu_redis_answer(ngx_sensu_redis_cmd_t *cmd, redisReply *reply)
{
    if (reply->type != REDIS_REPLY_ERROR) {
        cmd->reply(cmd, reply);
        return;
    }

    if (cmd->script
        && ngx_strncmp(reply->str, "NOSCRIPT", 8) == 0
        && ngx_sensu_redis_eval(cmd) == NGX_OK)
    {
        return;
    }

    if (cmd->redis->topology == NGX_SENSU_REDIS_CLUSTER
        && ngx_sensu_redis_cluster_redirect(cmd, reply->str) == NGX_OK)
    {
        return;
    }

    ngx_sensu_redis_refused(cmd->peer, reply->str);
    ngx_sensu_redis_complete(cmd, NGX_ERROR);
}


/* ends a command: its operation too, where it has one */

void
ngx_sensu_redis_complete(ngx_sensu_redis_cmd_t *cmd, ngx_int_t rc)
{
    if (cmd->op) {
        ngx_sensu_op_complete(cmd->op, rc);
    }

    ngx_free(cmd->buf.data);
    ngx_free(cmd);
}


void
ngx_sensu_redis_fail_fast(ngx_sensu_redis_cmd_t *cmd)
{
    ngx_sensu_stat_add(NGX_SENSU_STAT_REDIS_FAILED_FAST, 1);

    if (cmd->op) {
        /* nobody was asked, so there is no latency */
        cmd->op->start = 0;
    }

    ngx_sensu_redis_complete(cmd, NGX_ERROR);
}
