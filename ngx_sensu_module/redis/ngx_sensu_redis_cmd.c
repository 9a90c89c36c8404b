
/*
 * Commands: made of their arguments, and ended together with the operation
 * that they are for.
 */


#include "ngx_sensu_redis_peer.h"


static ngx_uint_t ngx_sensu_redis_crc16(u_char *p, size_t len);


ngx_sensu_redis_cmd_t *
ngx_sensu_redis_cmd(ngx_sensu_redis_t *redis, ngx_sensu_op_t *op,
    ngx_sensu_redis_reply_pt reply, char *text, int len)
{
    ngx_sensu_redis_cmd_t  *cmd;

    if (len < 0) {
        return NULL;
    }

    cmd = ngx_calloc(sizeof(ngx_sensu_redis_cmd_t), ngx_cycle->log);
    if (cmd == NULL) {
        ngx_free(text);
        return NULL;
    }

    cmd->redis = redis;
    cmd->op = op;
    cmd->reply = reply;

    cmd->link.buf = &cmd->buf;
    cmd->buf.start = (u_char *) text;
    cmd->buf.pos = cmd->buf.start;
    cmd->buf.last = cmd->buf.start + len;
    cmd->buf.memory = 1;
    cmd->buf.flush = 1;

    cmd->timer.data = cmd;
    cmd->timer.log = ngx_cycle->log;

    /* by the clock of now: this turn of the loop may be long, and the clock of
       a worker that starts is that of before the configuration was read */

    ngx_time_update();

    cmd->wait = redis->timeout;
    ngx_add_timer(&cmd->timer, cmd->wait);

    return cmd;
}


void
ngx_sensu_redis_complete(ngx_sensu_redis_cmd_t *cmd, ngx_int_t rc)
{
    if (cmd->op) {
        ngx_sensu_op_complete(cmd->op, rc);
    }

    if (cmd->timer.timer_set) {
        ngx_del_timer(&cmd->timer);
    }

    ngx_free(cmd->buf.start);
    ngx_free(cmd);
}


/*
 * Of a cluster: the part in the first braces is hashed alone, if there is one
 * in them.
 */

ngx_uint_t
ngx_sensu_redis_slot(ngx_str_t *prefix, ngx_str_t *key)
{
    u_char  name[NGX_SENSU_REDIS_KEY], *p, *last, *open, *close;

    p = name;
    last = ngx_cpymem(p, prefix->data, prefix->len);
    last = ngx_cpymem(last, key->data, key->len);

    open = ngx_strlchr(p, last, '{');

    if (open) {
        close = ngx_strlchr(open + 1, last, '}');

        if (close && close > open + 1) {
            p = open + 1;
            last = close;
        }
    }

    return ngx_sensu_redis_crc16(p, last - p) % NGX_SENSU_REDIS_SLOTS;
}


/* CRC-16/XMODEM, as the specification of Redis Cluster wants it */

static ngx_uint_t
ngx_sensu_redis_crc16(u_char *p, size_t len)
{
    size_t      i;
    ngx_uint_t  crc, bit;

    crc = 0;

    for (i = 0; i < len; i++) {
        crc ^= (ngx_uint_t) p[i] << 8;

        for (bit = 0; bit < 8; bit++) {
            crc = (crc & 0x8000) ? (crc << 1) ^ 0x1021 : crc << 1;
        }

        crc &= 0xffff;
    }

    return crc;
}
