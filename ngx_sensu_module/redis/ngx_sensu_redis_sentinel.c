
/*
 * Sentinel: each time before it connects, the peer asks one sentinel after
 * the other where the master is.  The greeting then makes sure that it is
 * one; a lost connection or a READONLY is the sign to ask again.
 */


#include "ngx_sensu_redis_peer.h"


#define NGX_SENSU_REDIS_MASTER  "SENTINEL get-master-addr-by-name %b"


static ngx_int_t ngx_sensu_redis_sentinel_first(ngx_sensu_redis_cmd_t *cmd,
    redisReply *reply);
static ngx_int_t ngx_sensu_redis_sentinel_master(ngx_sensu_redis_cmd_t *cmd,
    redisReply *reply);
static ngx_int_t ngx_sensu_redis_sentinel_role(ngx_sensu_redis_cmd_t *cmd,
    redisReply *reply);


/* an address that is not the master's is that of a sentinel */

void
ngx_sensu_redis_sentinel_greet(ngx_sensu_redis_peer_t *peer)
{
    /* a session is of one server, and this is another one than before */

    ngx_sensu_redis_tls_forget(&peer->conn);

    if (peer->conn.addr != &peer->addr) {
        ngx_sensu_redis_say(peer, ngx_sensu_redis_sentinel_first,
                            NGX_SENSU_REDIS_MASTER, peer->redis->master.data,
                            peer->redis->master.len);
        return;
    }

    ngx_sensu_redis_greet(peer);
    ngx_sensu_redis_say(peer, ngx_sensu_redis_sentinel_role, "ROLE");
}


/* a sentinel has a password only where somebody gave it one */

static ngx_int_t
ngx_sensu_redis_sentinel_first(ngx_sensu_redis_cmd_t *cmd, redisReply *reply)
{
    ngx_sensu_redis_peer_t  *peer;

    peer = cmd->peer;

    if (reply->type == REDIS_REPLY_ERROR
        && peer->redis->password.len
        && ngx_strncmp(reply->str, "NOAUTH", 6) == 0)
    {
        ngx_sensu_redis_auth(peer);
        ngx_sensu_redis_say(peer, ngx_sensu_redis_sentinel_master,
                            NGX_SENSU_REDIS_MASTER, peer->redis->master.data,
                            peer->redis->master.len);
        return NGX_OK;
    }

    return ngx_sensu_redis_sentinel_master(cmd, reply);
}


static ngx_int_t
ngx_sensu_redis_sentinel_master(ngx_sensu_redis_cmd_t *cmd, redisReply *reply)
{
    redisReply              *host, *port;
    ngx_sensu_redis_peer_t  *peer;
    ngx_sensu_redis_addr_t   addr;

    peer = cmd->peer;

    if (reply->type == REDIS_REPLY_ARRAY
        && reply->elements == 2
        && reply->element[0]->type == REDIS_REPLY_STRING
        && reply->element[0]->len
        && reply->element[1]->type == REDIS_REPLY_STRING)
    {
        host = reply->element[0];
        port = reply->element[1];

        if (ngx_sensu_redis_addr(&addr, (u_char *) host->str, host->len,
                                 ngx_atoi((u_char *) port->str, port->len))
            == NGX_OK)
        {
            peer->addr = addr;
            ngx_sensu_redis_peer_open(peer, &peer->addr);
            return NGX_OK;
        }
    }

    return ngx_sensu_redis_peer_lost(peer, reply,
                                     reply->type == REDIS_REPLY_NIL
                                     ? "it does not know the master"
                                     : "something else than an address");
}


static ngx_int_t
ngx_sensu_redis_sentinel_role(ngx_sensu_redis_cmd_t *cmd, redisReply *reply)
{
    if (reply->type == REDIS_REPLY_ARRAY
        && reply->elements
        && reply->element[0]->type == REDIS_REPLY_STRING
        && ngx_strcmp(reply->element[0]->str, "master") == 0)
    {
        return NGX_OK;
    }

    return ngx_sensu_redis_peer_lost(cmd->peer, reply, "it is not a master");
}
