
/*
 * The Redis client: operations and their commands, sent to the server that is
 * right for their key, and answered.
 */


#include "ngx_sensu_redis_peer.h"


/* of an EVALSHA: what an EVAL has otherwise, a name and a hash */
#define NGX_SENSU_REDIS_EVALSHA                                               \
    (sizeof("$7" CRLF "EVALSHA" CRLF "$40" CRLF CRLF) - 1 + 40)


static ngx_int_t ngx_sensu_redis_error(ngx_sensu_redis_cmd_t *cmd,
    const char *error);
static ngx_int_t ngx_sensu_redis_eval(ngx_sensu_redis_cmd_t *cmd);
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

    if (cmd == NULL) {
        return NULL;
    }

    op = (redis->prefix.len + key->len <= NGX_SENSU_REDIS_KEY)
         ? ngx_sensu_op_create(kind, done, data) : NULL;

    if (op == NULL) {
        ngx_sensu_redis_complete(cmd, NGX_ERROR);
        return NULL;
    }

    cmd->op = op;
    cmd->error = ngx_sensu_redis_error;
    cmd->again = (kind != NGX_SENSU_OP_SCRIPT);

    ngx_sensu_redis_peer_send(redis->slots
                              ? ngx_sensu_redis_cluster_pick(redis, key)
                              : redis->peers[0], cmd);

    return op;
}


static ngx_int_t
ngx_sensu_redis_error(ngx_sensu_redis_cmd_t *cmd, const char *error)
{
    /* a server that does not have the script gets it, and keeps it */

    if (cmd->script
        && ngx_strncmp(error, "NOSCRIPT", 8) == 0
        && ngx_sensu_redis_eval(cmd) == NGX_OK)
    {
        ngx_sensu_redis_peer_send(cmd->peer, cmd);
        return NGX_AGAIN;
    }

    return cmd->peer->redis->slots ? ngx_sensu_redis_cluster_error(cmd, error)
                                   : ngx_sensu_redis_peer_refused(cmd, error);
}


ngx_sensu_op_t *
ngx_sensu_redis_script(ngx_sensu_redis_t *redis, ngx_str_t *sha1,
    ngx_str_t *script, ngx_str_t *key, ngx_uint_t arg1, ngx_uint_t arg2,
    ngx_sensu_op_pt done, void *data)
{
    ngx_sensu_redis_cmd_t  *cmd;

    cmd = ngx_sensu_redis_cmd(redis, ngx_sensu_redis_integers, NULL,
                              "EVALSHA %b 1 %b%b %lu %lu",
                              sha1->data, sha1->len,
                              redis->prefix.data, redis->prefix.len,
                              key->data, key->len, arg1, arg2);
    if (cmd) {
        cmd->script = script;
    }

    return ngx_sensu_redis_send(redis, cmd, NGX_SENSU_OP_SCRIPT, key, done,
                                data);
}


/* the same command with the text in place of its hash */

static ngx_int_t
ngx_sensu_redis_eval(ngx_sensu_redis_cmd_t *cmd)
{
    u_char     *p, *start, *rest;
    ngx_buf_t  *b;

    b = &cmd->buf;

    rest = ngx_strlchr(b->start, b->last, LF) + 1;

    start = ngx_alloc(b->last - b->start + cmd->script->len + NGX_SIZE_T_LEN,
                      ngx_cycle->log);
    if (start == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(start, b->start, rest - b->start);
    p = ngx_sprintf(p, "$4" CRLF "EVAL" CRLF "$%uz" CRLF "%V" CRLF,
                    cmd->script->len, cmd->script);

    rest += NGX_SENSU_REDIS_EVALSHA;
    p = ngx_cpymem(p, rest, b->last - rest);

    ngx_free(b->start);

    b->start = start;
    b->last = p;
    cmd->script = NULL;

    return NGX_OK;
}


static ngx_int_t
ngx_sensu_redis_integers(ngx_sensu_redis_cmd_t *cmd, redisReply *reply)
{
    size_t           i;
    ngx_uint_t       odd;
    redisReply      *element;
    ngx_sensu_op_t  *op;

    op = cmd->op;

    odd = (reply->type != REDIS_REPLY_ARRAY
           || reply->elements >= NGX_SENSU_OP_INTS);

    for (i = 0; !odd && i < reply->elements; i++) {

        element = reply->element[i];
        odd = (element->type != REDIS_REPLY_INTEGER);

        op->ints[op->nints++] = (ngx_int_t) element->integer;
    }

    return odd ? ngx_sensu_redis_peer_odd(cmd->peer,
                                          "something else than integers")
               : NGX_OK;
}
