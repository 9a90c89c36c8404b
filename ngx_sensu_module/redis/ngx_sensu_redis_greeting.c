
/*
 * The first commands on a new connection: who we are, which database, and
 * what the topology wants to know.  Commands of requesters wait until all of
 * it is answered: a refused SELECT must not let them write to another
 * database.
 */


#include "ngx_sensu_redis_peer.h"


static void ngx_sensu_redis_auth_reply(ngx_sensu_redis_cmd_t *cmd,
    redisReply *reply);
static void ngx_sensu_redis_name_reply(ngx_sensu_redis_cmd_t *cmd,
    redisReply *reply);


void
ngx_sensu_redis_greet(ngx_sensu_redis_peer_t *peer, ngx_uint_t nargs,
    ngx_str_t *args, ngx_sensu_redis_reply_pt reply)
{
    u_char              number[NGX_INT_T_LEN];
    u_char              name[sizeof("ngx_sensu:") + NGX_INT64_LEN];
    ngx_str_t           select[2], setname[3];
    ngx_sensu_redis_t  *redis;

    redis = peer->redis;
    peer->what = "redis";

    if (redis->password.len) {
        ngx_sensu_redis_auth(peer);
    }

    if (redis->db) {
        ngx_str_set(&select[0], "SELECT");
        select[1].data = number;
        select[1].len = ngx_sprintf(number, "%ui", redis->db) - number;

        ngx_sensu_redis_say(peer, 2, select, NULL);
    }

    if (nargs) {
        ngx_sensu_redis_say(peer, nargs, args, reply);
    }

    ngx_str_set(&setname[0], "CLIENT");
    ngx_str_set(&setname[1], "SETNAME");
    setname[2].data = name;
    setname[2].len = ngx_sprintf(name, "ngx_sensu:%P", ngx_pid) - name;

    ngx_sensu_redis_say(peer, 3, setname, ngx_sensu_redis_name_reply);
}


void
ngx_sensu_redis_auth(ngx_sensu_redis_peer_t *peer)
{
    ngx_str_t           args[3];
    ngx_uint_t          n;
    ngx_sensu_redis_t  *redis;

    redis = peer->redis;
    n = 1;

    ngx_str_set(&args[0], "AUTH");

    if (redis->user.len) {
        args[n++] = redis->user;
    }

    args[n++] = redis->password;

    ngx_sensu_redis_say(peer, n, args, ngx_sensu_redis_auth_reply);
}


void
ngx_sensu_redis_say(ngx_sensu_redis_peer_t *peer, ngx_uint_t nargs,
    ngx_str_t *args, ngx_sensu_redis_reply_pt reply)
{
    ngx_sensu_redis_cmd_t  *cmd;

    /* the command before may have found no memory */

    if (peer->conn.reader.reader == NULL) {
        return;
    }

    cmd = ngx_sensu_redis_cmd(peer->redis, NULL, nargs, args, NULL, reply);

    if (cmd == NULL) {
        ngx_sensu_redis_peer_lost(peer, "no memory");
        return;
    }

    ngx_sensu_redis_peer_say(peer, cmd);
}


/*
 * A server that does not know AUTH says its arguments in the error, so only
 * what is known of errors is told.
 */

static void
ngx_sensu_redis_auth_reply(ngx_sensu_redis_cmd_t *cmd, redisReply *reply)
{
    u_char       reason[128];
    ngx_uint_t   trouble;
    const char  *text;

    if (reply->type == REDIS_REPLY_ERROR) {
        trouble = ngx_sensu_redis_trouble(reply->str);
        text = ngx_sensu_redis_troubles[trouble].text;

        *ngx_snprintf(reason, sizeof(reason) - 1, "%s was the answer to AUTH",
                      *text ? text : "an error") = '\0';

        ngx_sensu_redis_peer_lost(cmd->peer, (char *) reason);
    }
}


/* the name is a convenience: an ACL or a proxy may not have it */

static void
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
}
