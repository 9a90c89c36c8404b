
/*
 * Sentinel: each time before it connects, the peer asks one sentinel after
 * the other where the master is.  The greeting then makes sure that it is
 * one; a lost connection or a READONLY is the sign to ask again.
 */


#include "ngx_sensu_redis_peer.h"


static void ngx_sensu_redis_sentinel_send(ngx_sensu_redis_peer_t *peer);
static void ngx_sensu_redis_sentinel_reply(redisAsyncContext *ac,
    void *reply, void *data);
static const char *ngx_sensu_redis_sentinel_master(redisReply *reply,
    ngx_sensu_redis_addr_t *addr);


void
ngx_sensu_redis_sentinel_ask(ngx_sensu_redis_peer_t *peer)
{
    peer->greeting = 0;
    peer->what = "sentinel";

    ngx_sensu_redis_sentinel_send(peer);
}


static void
ngx_sensu_redis_sentinel_send(ngx_sensu_redis_peer_t *peer)
{
    redisAsyncCommand(peer->ac, ngx_sensu_redis_sentinel_reply, NULL,
                      "SENTINEL get-master-addr-by-name %b",
                      peer->redis->master.data, peer->redis->master.len);
}


static void
ngx_sensu_redis_sentinel_reply(redisAsyncContext *ac, void *reply,
    void *data)
{
    const char              *error;
    ngx_sensu_redis_peer_t  *peer;
    ngx_sensu_redis_addr_t   addr;

    peer = ac->data;

    if (peer->ac != ac) {
        return;
    }

    if (reply == NULL) {
        ngx_sensu_redis_peer_lost(peer, ac->errstr, 1);
        return;
    }

    error = ngx_sensu_redis_sentinel_master(reply, &addr);

    if (error) {

        /* a sentinel has a password only where somebody gave it one */

        if (ngx_strncmp(error, "NOAUTH", 6) == 0
            && peer->redis->password.len
            && peer->greeting == 0)
        {
            peer->greeting = 1;
            ngx_sensu_redis_peer_auth(peer, NULL, NULL);
            ngx_sensu_redis_sentinel_send(peer);
            return;
        }

        ngx_sensu_redis_peer_lost(peer, error, 0);
        return;
    }

    /* freed when this callback has returned */

    peer->ac = NULL;
    redisAsyncFree(ac);

    peer->addr = addr;

    if (ngx_sensu_redis_peer_open(peer) == NGX_OK) {
        ngx_sensu_redis_peer_greet(peer);
    }
}


static const char *
ngx_sensu_redis_sentinel_master(redisReply *reply,
    ngx_sensu_redis_addr_t *addr)
{
    ngx_int_t    port;
    redisReply  *host, *number;

    if (reply->type == REDIS_REPLY_ERROR) {
        return reply->str;
    }

    if (reply->type == REDIS_REPLY_NIL) {
        return "it does not know the master";
    }

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2) {
        return "something else than an address";
    }

    host = reply->element[0];
    number = reply->element[1];

    if (host->type != REDIS_REPLY_STRING
        || number->type != REDIS_REPLY_STRING)
    {
        return "something else than an address";
    }

    port = ngx_atoi((u_char *) number->str, number->len);

    if (port == NGX_ERROR
        || ngx_sensu_redis_addr(addr, (u_char *) host->str, host->len, port)
           != NGX_OK)
    {
        return "it tells a host name where an address is needed";
    }

    return NULL;
}
