
/*
 * Commands: made of their arguments, and those of the client's own.
 */


#include "ngx_sensu_redis_peer.h"


ngx_sensu_redis_cmd_t *
ngx_sensu_redis_cmd(ngx_sensu_redis_t *redis, ngx_sensu_redis_value_pt value,
    ngx_sensu_redis_error_pt error, const char *fmt, ...)
{
    int                     len;
    char                   *text;
    va_list                 args;
    ngx_sensu_redis_cmd_t  *cmd;

    va_start(args, fmt);
    len = redisvFormatCommand(&text, fmt, args);
    va_end(args);

    if (len < 0) {
        return NULL;
    }

    cmd = ngx_calloc(sizeof(ngx_sensu_redis_cmd_t), ngx_cycle->log);
    if (cmd == NULL) {
        ngx_free(text);
        return NULL;
    }

    cmd->value = value;
    cmd->error = error;

    cmd->link.buf = &cmd->buf;
    cmd->buf.start = (u_char *) text;
    cmd->buf.last = cmd->buf.start + len;
    cmd->buf.memory = 1;
    cmd->buf.flush = 1;

    cmd->timer.handler = ngx_sensu_redis_peer_late;
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
ngx_sensu_redis_say_cmd(ngx_sensu_redis_peer_t *peer,
    ngx_sensu_redis_cmd_t *cmd)
{
    if (peer->conn.reader.reader == NULL) {

        /* it was lost by now */

        if (cmd) {
            ngx_sensu_redis_complete(cmd, NGX_ERROR);
        }

    } else if (cmd == NULL) {
        (void) ngx_sensu_redis_peer_lost(peer, "no memory");

    } else {
        ngx_sensu_redis_peer_write(peer, cmd);
    }
}
