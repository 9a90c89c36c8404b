
/*
 * The first commands on a new connection: who we are, which database, and
 * what the topology wants to know.  Commands of requesters wait until all of
 * it is answered: a refused SELECT must not let them write to another
 * database.  One server, which has all the keys, wants to know nothing.
 */


#include "ngx_sensu_redis_peer.h"


static void ngx_sensu_redis_one_greet(ngx_sensu_redis_peer_t *peer);
static ngx_int_t ngx_sensu_redis_auth_reply(ngx_sensu_redis_cmd_t *cmd,
    redisReply *reply);
static ngx_int_t ngx_sensu_redis_name_reply(ngx_sensu_redis_cmd_t *cmd,
    redisReply *reply);


const ngx_sensu_redis_topology_t  ngx_sensu_redis_one = {
    ngx_sensu_redis_one_greet,
    NULL,
    NULL
};


static void
ngx_sensu_redis_one_greet(ngx_sensu_redis_peer_t *peer)
{
    ngx_sensu_redis_greet(peer, NULL, NULL);
}


void
ngx_sensu_redis_greet(ngx_sensu_redis_peer_t *peer,
    ngx_sensu_redis_reply_pt reply, const char *command)
{
    ngx_sensu_redis_t  *redis;

    redis = peer->redis;
    peer->what = "redis";

    if (redis->password.len) {
        ngx_sensu_redis_auth(peer);
    }

    if (redis->db) {
        ngx_sensu_redis_say(peer, NULL, "SELECT %lu", redis->db);
    }

    if (command) {
        ngx_sensu_redis_say(peer, reply, command);
    }

    ngx_sensu_redis_say(peer, ngx_sensu_redis_name_reply,
                        "CLIENT SETNAME ngx_sensu:%d", (int) ngx_pid);
}


void
ngx_sensu_redis_auth(ngx_sensu_redis_peer_t *peer)
{
    ngx_str_t  *user, *password;

    user = &peer->redis->user;
    password = &peer->redis->password;

    if (user->len) {
        ngx_sensu_redis_say(peer, ngx_sensu_redis_auth_reply, "AUTH %b %b",
                            user->data, user->len, password->data,
                            password->len);

    } else {
        ngx_sensu_redis_say(peer, ngx_sensu_redis_auth_reply, "AUTH %b",
                            password->data, password->len);
    }
}


void
ngx_sensu_redis_say(ngx_sensu_redis_peer_t *peer,
    ngx_sensu_redis_reply_pt reply, const char *fmt, ...)
{
    int                     len;
    char                   *text;
    va_list                 args;
    ngx_sensu_redis_cmd_t  *cmd;

    /* it may be lost by now */

    if (peer->conn.reader.reader == NULL) {
        return;
    }

    va_start(args, fmt);
    len = redisvFormatCommand(&text, fmt, args);
    va_end(args);

    cmd = ngx_sensu_redis_cmd(peer->redis, NULL, reply, text, len);

    if (cmd == NULL) {
        ngx_sensu_redis_peer_lost(peer, "no memory");
        return;
    }

    ngx_sensu_redis_peer_write(peer, cmd);
}


/*
 * A server that does not know AUTH says its arguments in the error, so only
 * what is known of errors is told.
 */

static ngx_int_t
ngx_sensu_redis_auth_reply(ngx_sensu_redis_cmd_t *cmd, redisReply *reply)
{
    u_char       reason[128];
    const char  *text;

    if (reply->type == REDIS_REPLY_ERROR) {
        text = ngx_sensu_redis_trouble(reply->str)->text;

        *ngx_snprintf(reason, sizeof(reason) - 1, "%s was the answer to AUTH",
                      *text ? text : "an error") = '\0';

        ngx_sensu_redis_peer_lost(cmd->peer, (char *) reason);
    }

    return NGX_OK;
}


/* the name is a convenience: an ACL or a proxy may not have it */

static ngx_int_t
ngx_sensu_redis_name_reply(ngx_sensu_redis_cmd_t *cmd, redisReply *reply)
{
    if (reply->type == REDIS_REPLY_ERROR
        && ngx_strncmp(reply->str, "NOPERM", 6) != 0
        && ngx_strncmp(reply->str, "ERR unknown", 11) != 0)
    {
        ngx_sensu_redis_peer_lost(cmd->peer, reply->str);

    } else {
        ngx_sensu_redis_peer_ready(cmd->peer);
    }

    return NGX_OK;
}
