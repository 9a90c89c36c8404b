
/*
 * The first commands on a new connection: who we are, which database, and
 * with sentinels whether this is a master.
 */


#include "ngx_sensu_redis_peer.h"


static void ngx_sensu_redis_greeted(redisAsyncContext *ac, void *reply,
    void *data);
static const char *ngx_sensu_redis_greeting_error(redisReply *reply,
    const char *step);


/*
 * Commands of requesters are held until all of this is answered: a refused
 * SELECT must not let them write to another database.
 */

void
ngx_sensu_redis_peer_greet(ngx_sensu_redis_peer_t *peer)
{
    redisAsyncContext  *ac;
    ngx_sensu_redis_t  *redis;

    ac = peer->ac;
    redis = peer->redis;
    peer->greeting = 0;

    peer->what = "redis";

    if (redis->password.len) {
        ngx_sensu_redis_peer_auth(peer, ngx_sensu_redis_greeted, "AUTH");
        peer->greeting++;
    }

    if (redis->db) {
        redisAsyncCommand(ac, ngx_sensu_redis_greeted, "SELECT",
                          "SELECT %d", (int) redis->db);
        peer->greeting++;
    }

    if (redis->topology == NGX_SENSU_REDIS_SENTINEL) {
        redisAsyncCommand(ac, ngx_sensu_redis_greeted, "ROLE", "ROLE");
        peer->greeting++;
    }

    redisAsyncCommand(ac, ngx_sensu_redis_greeted, "CLIENT",
                      "CLIENT SETNAME ngx_sensu:%d", (int) ngx_pid);
    peer->greeting++;
}


void
ngx_sensu_redis_peer_auth(ngx_sensu_redis_peer_t *peer, redisCallbackFn *fn,
    void *data)
{
    ngx_str_t  *user, *password;

    user = &peer->redis->user;
    password = &peer->redis->password;

    if (user->len) {
        redisAsyncCommand(peer->ac, fn, data, "AUTH %b %b", user->data,
                          user->len, password->data, password->len);

    } else {
        redisAsyncCommand(peer->ac, fn, data, "AUTH %b", password->data,
                          password->len);
    }
}


static void
ngx_sensu_redis_greeted(redisAsyncContext *ac, void *reply, void *data)
{
    const char              *error;
    ngx_sensu_redis_peer_t  *peer;

    peer = ac->data;

    if (peer->ac != ac) {
        return;
    }

    if (reply == NULL) {
        ngx_sensu_redis_peer_lost(peer, ac->errstr, 1);
        return;
    }

    error = ngx_sensu_redis_greeting_error(reply, data);

    if (error) {
        ngx_sensu_redis_peer_lost(peer, error, 0);
        return;
    }

    if (--peer->greeting == 0) {
        ngx_sensu_redis_peer_ready(peer);
    }
}


static const char *
ngx_sensu_redis_greeting_error(redisReply *reply, const char *step)
{
    if (reply->type == REDIS_REPLY_ERROR) {

        /* the name is a convenience: an ACL or a proxy may not have it */

        if (ngx_strcmp(step, "CLIENT") == 0
            && (ngx_strncmp(reply->str, "NOPERM", 6) == 0
                || ngx_strncmp(reply->str, "ERR unknown", 11) == 0))
        {
            return NULL;
        }

        return reply->str;
    }

    if (ngx_strcmp(step, "ROLE") == 0
        && (reply->type != REDIS_REPLY_ARRAY
            || reply->elements == 0
            || reply->element[0]->type != REDIS_REPLY_STRING
            || ngx_strcmp(reply->element[0]->str, "master") != 0))
    {
        return "it is not a master";
    }

    return NULL;
}
