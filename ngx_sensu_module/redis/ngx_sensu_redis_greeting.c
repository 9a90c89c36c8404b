
/*
 * The first commands on a new connection: who we are, and which database.
 * Commands of requesters wait until all that is said first is answered: a
 * refused SELECT must not let them write to another database.
 */


#include "ngx_sensu_redis_peer.h"


static ngx_int_t ngx_sensu_redis_authed(ngx_sensu_redis_cmd_t *cmd,
    redisReply *reply);
static ngx_int_t ngx_sensu_redis_named(ngx_sensu_redis_cmd_t *cmd,
    redisReply *reply);


void
ngx_sensu_redis_greet(ngx_sensu_redis_peer_t *peer)
{
    ngx_sensu_redis_t  *redis;

    redis = peer->redis;

    if (redis->password.len) {
        ngx_sensu_redis_auth(peer);
    }

    if (redis->db) {
        ngx_sensu_redis_say(peer, ngx_sensu_redis_must, "SELECT %lu",
                            redis->db);
    }

    ngx_sensu_redis_say(peer, ngx_sensu_redis_named,
                        "CLIENT SETNAME ngx_sensu:%d", (int) ngx_pid);
}


void
ngx_sensu_redis_auth(ngx_sensu_redis_peer_t *peer)
{
    ngx_str_t  *user, *password;

    user = &peer->redis->user;
    password = &peer->redis->password;

    if (user->len) {
        ngx_sensu_redis_say(peer, ngx_sensu_redis_authed, "AUTH %b %b",
                            user->data, user->len,
                            password->data, password->len);

    } else {
        ngx_sensu_redis_say(peer, ngx_sensu_redis_authed, "AUTH %b",
                            password->data, password->len);
    }
}


/*
 * A server that does not know AUTH says its arguments in the error, so only
 * what is known of errors is told.
 */

static ngx_int_t
ngx_sensu_redis_authed(ngx_sensu_redis_cmd_t *cmd, redisReply *reply)
{
    u_char       reason[128];
    const char  *text;

    if (reply->type != REDIS_REPLY_ERROR) {
        return NGX_OK;
    }

    text = ngx_sensu_redis_trouble(reply->str)->text;

    *ngx_snprintf(reason, sizeof(reason) - 1, "%s was the answer to AUTH",
                  *text ? text : "an error") = '\0';

    return ngx_sensu_redis_conn_lost(&cmd->peer->conn, (char *) reason);
}


/* the name is a convenience: an ACL or a proxy may not have it */

static ngx_int_t
ngx_sensu_redis_named(ngx_sensu_redis_cmd_t *cmd, redisReply *reply)
{
    return (reply->type == REDIS_REPLY_ERROR
            && (ngx_strncmp(reply->str, "NOPERM", 6) == 0
                || ngx_strncmp(reply->str, "ERR unknown", 11) == 0))
           ? NGX_OK : ngx_sensu_redis_must(cmd, reply);
}
