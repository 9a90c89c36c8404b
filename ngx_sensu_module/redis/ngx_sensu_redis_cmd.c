
/*
 * Commands, made of their arguments.
 */


#include "ngx_sensu_redis_peer.h"


ngx_sensu_redis_cmd_t *
ngx_sensu_redis_cmd(ngx_sensu_redis_t *redis, ngx_sensu_redis_reply_pt reply,
    const char *fmt, ...)
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

    cmd->reply = reply;

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
