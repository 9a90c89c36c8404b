
/*
 * Commands: made of their arguments, and ended together with the operation
 * that they are for.
 */


#include "ngx_sensu_redis_peer.h"
#include "ngx_sensu_stat.h"


/* of a "*" or "$", a number, and two line ends */
#define NGX_SENSU_REDIS_ARGUMENT  (1 + NGX_SIZE_T_LEN + 2 + 2)


static void ngx_sensu_redis_too_late(ngx_sensu_redis_cmd_t *cmd,
    redisReply *reply);
static u_char *ngx_sensu_redis_argument(u_char *p, ngx_str_t *arg);
static ngx_uint_t ngx_sensu_redis_slot(ngx_str_t *key);
static ngx_uint_t ngx_sensu_redis_crc16(u_char *p, size_t len);


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

    /* a deadline by the clock of now: this turn of the loop may be long */

    ngx_time_update();

    cmd->redis = redis;
    cmd->op = op;
    cmd->reply = reply;
    cmd->start = ngx_current_msec;
    cmd->deadline = cmd->start + redis->timeout;
    cmd->nargs = nargs;
    cmd->buf.data = p;

    if (key && redis->slots) {
        cmd->slot = ngx_sensu_redis_slot(key);
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


static u_char *
ngx_sensu_redis_argument(u_char *p, ngx_str_t *arg)
{
    p = ngx_sprintf(p, "$%uz" CRLF, arg->len);
    p = ngx_cpymem(p, arg->data, arg->len);

    *p++ = CR;
    *p++ = LF;

    return p;
}


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


/*
 * One timer for all.  It may fire early, when who it was set for has long
 * been answered, and is then set for the first deadline that there is.
 */

void
ngx_sensu_redis_cmd_until(ngx_sensu_redis_cmd_t *cmd)
{
    ngx_event_t     *timer;
    ngx_msec_int_t   left;

    timer = &cmd->peer->timer;

    if (timer->timer_set) {

        if ((ngx_msec_int_t) (cmd->deadline - timer->timer.key) >= 0) {
            return;
        }

        ngx_del_timer(timer);
    }

    left = (ngx_msec_int_t) (cmd->deadline - ngx_current_msec);

    ngx_add_timer(timer, ngx_max(left, 1));
}


/*
 * Who waits for it is told, and nobody else: its answer, should it come, still
 * has its place among the others.
 */

void
ngx_sensu_redis_cmd_late(ngx_sensu_redis_cmd_t *cmd)
{
    u_char       text[64];
    ngx_msec_t   timeout;

    timeout = cmd->redis->timeout;

    ngx_sprintf(text, "no answer in %Mms%Z", timeout);

    ngx_sensu_stat_add(NGX_SENSU_STAT_REDIS_TIMEOUTS, 1);
    ngx_sensu_redis_tell(cmd->redis, cmd->peer->addr.text, "was late:",
                         (char *) text);

    ngx_sensu_op_complete(cmd->op, NGX_ERROR);

    cmd->op = NULL;
    cmd->again = 0;
    cmd->reply = ngx_sensu_redis_too_late;
    cmd->deadline += NGX_SENSU_REDIS_SILENCE * timeout;
}


static void
ngx_sensu_redis_too_late(ngx_sensu_redis_cmd_t *cmd, redisReply *reply)
{
    /* nobody waits for it */
}


/* the hash's place has room enough for all but the text */

ngx_int_t
ngx_sensu_redis_cmd_eval(ngx_sensu_redis_cmd_t *cmd)
{
    size_t      len;
    u_char     *p, *last;
    ngx_str_t   eval, buf;

    ngx_str_set(&eval, "EVAL");

    len = cmd->buf.len - cmd->rest;

    buf.data = ngx_alloc(cmd->buf.len + cmd->script->len + NGX_SIZE_T_LEN,
                         ngx_cycle->log);
    if (buf.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_sprintf(buf.data, "*%ui" CRLF, cmd->nargs);
    p = ngx_sensu_redis_argument(p, &eval);
    p = ngx_sensu_redis_argument(p, cmd->script);
    last = ngx_cpymem(p, cmd->buf.data + cmd->rest, len);

    buf.len = last - buf.data;

    ngx_free(cmd->buf.data);
    cmd->buf = buf;
    cmd->rest = p - buf.data;
    cmd->script = NULL;

    return NGX_OK;
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


/*
 * Of a cluster: the part in the first braces is hashed alone, if there is one
 * in them.
 */

static ngx_uint_t
ngx_sensu_redis_slot(ngx_str_t *key)
{
    u_char  *p, *last, *open, *close;

    p = key->data;
    last = p + key->len;

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
