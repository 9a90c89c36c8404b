
/*
 * Scripts: known to the server by their hash; where it does not have one yet
 * the same command goes out again with the text, which it then keeps.
 */


#include "ngx_sensu_redis_peer.h"


static void ngx_sensu_redis_script_reply(ngx_sensu_redis_cmd_t *cmd,
    redisReply *reply);


ngx_sensu_op_t *
ngx_sensu_redis_script(ngx_sensu_redis_t *redis, ngx_str_t *sha1,
    ngx_str_t *script, ngx_str_t *key, ngx_uint_t nargs, ngx_str_t *args,
    ngx_sensu_op_pt done, void *data)
{
    u_char                  buf[NGX_SENSU_REDIS_KEY];
    ngx_str_t               argv[4 + NGX_SENSU_REDIS_ARGS];
    ngx_uint_t              i;
    ngx_sensu_redis_cmd_t  *cmd;

    argv[3].data = buf;

    if (nargs > NGX_SENSU_REDIS_ARGS
        || ngx_sensu_redis_key(redis, key, &argv[3]) != NGX_OK)
    {
        return NULL;
    }

    ngx_str_set(&argv[0], "EVALSHA");
    argv[1] = *sha1;
    ngx_str_set(&argv[2], "1");

    for (i = 0; i < nargs; i++) {
        argv[4 + i] = args[i];
    }

    cmd = ngx_sensu_redis_ask(redis, NGX_SENSU_OP_SCRIPT, 4 + nargs, argv,
                              &argv[3], ngx_sensu_redis_script_reply);
    if (cmd == NULL) {
        return NULL;
    }

    cmd->script = script;

    return ngx_sensu_redis_send(cmd, done, data);
}


static void
ngx_sensu_redis_script_reply(ngx_sensu_redis_cmd_t *cmd, redisReply *reply)
{
    size_t           i;
    ngx_int_t        rc;
    redisReply      *element;
    ngx_sensu_op_t  *op;

    op = cmd->op;
    rc = NGX_OK;

    switch (reply->type) {

    case REDIS_REPLY_NIL:
        rc = NGX_DECLINED;
        break;

    case REDIS_REPLY_INTEGER:
        op->ints[op->nints++] = (ngx_int_t) reply->integer;
        break;

    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
        rc = ngx_sensu_op_value(op, (u_char *) reply->str, reply->len);
        break;

    case REDIS_REPLY_ARRAY:
        for (i = 0; i < reply->elements && i < NGX_SENSU_OP_INTS; i++) {
            element = reply->element[i];

            if (element->type != REDIS_REPLY_INTEGER) {
                rc = NGX_ERROR;
                break;
            }

            op->ints[op->nints++] = (ngx_int_t) element->integer;
        }

        break;

    default:
        rc = NGX_ERROR;
    }

    if (rc == NGX_ERROR) {
        ngx_sensu_redis_peer_odd(cmd->peer, "something else than integers");
    }

    ngx_sensu_redis_complete(cmd, rc);
}
