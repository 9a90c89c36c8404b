
/*
 * The first commands on a new connection: who we are, and which database.
 * Commands of requesters wait until all that is said first is answered: a
 * refused SELECT must not let them write to another database.
 */


#include "ngx_sensu_redis_peer.h"


static ngx_int_t ngx_sensu_redis_auth_error(ngx_sensu_redis_cmd_t *cmd,
    const char *error);
static ngx_int_t ngx_sensu_redis_name_error(ngx_sensu_redis_cmd_t *cmd,
    const char *error);


void
ngx_sensu_redis_greet(ngx_sensu_redis_peer_t *peer)
{
    ngx_sensu_redis_t  *redis;

    redis = peer->redis;

    if (redis->password.len) {
        ngx_sensu_redis_auth(peer);
    }

    if (redis->db) {
        ngx_sensu_redis_say(peer, NULL, NULL, "SELECT %lu", redis->db);
    }

    ngx_sensu_redis_say(peer, NULL, ngx_sensu_redis_name_error,
                        "CLIENT SETNAME ngx_sensu:%d", (int) ngx_pid);
}


void
ngx_sensu_redis_auth(ngx_sensu_redis_peer_t *peer)
{
    ngx_str_t  *user, *password;

    user = &peer->redis->user;
    password = &peer->redis->password;

    if (user->len) {
        ngx_sensu_redis_say(peer, NULL, ngx_sensu_redis_auth_error,
                            "AUTH %b %b", user->data, user->len,
                            password->data, password->len);

    } else {
        ngx_sensu_redis_say(peer, NULL, ngx_sensu_redis_auth_error, "AUTH %b",
                            password->data, password->len);
    }
}


/*
 * A server that does not know AUTH says its arguments in the error, so only
 * what is known of errors is told.
 */

static ngx_int_t
ngx_sensu_redis_auth_error(ngx_sensu_redis_cmd_t *cmd, const char *error)
{
    u_char       reason[128];
    const char  *text;

    text = ngx_sensu_redis_trouble(error)->text;

    *ngx_snprintf(reason, sizeof(reason) - 1, "%s was the answer to AUTH",
                  *text ? text : "an error") = '\0';

    return ngx_sensu_redis_peer_lost(cmd->peer, (char *) reason);
}


/* the name is a convenience: an ACL or a proxy may not have it */

static ngx_int_t
ngx_sensu_redis_name_error(ngx_sensu_redis_cmd_t *cmd, const char *error)
{
    return (ngx_strncmp(error, "NOPERM", 6) == 0
            || ngx_strncmp(error, "ERR unknown", 11) == 0)
           ? NGX_OK : ngx_sensu_redis_peer_lost(cmd->peer, error);
}
