
/*
 * Cluster: which server has which slot is learnt from CLUSTER SLOTS and from
 * every MOVED.  A slot whose server is down is asked of any other one, whose
 * MOVED names the replica that took over.
 */


#include "ngx_sensu_redis_peer.h"


/* milliseconds between two questions for the slots */
#define NGX_SENSU_REDIS_LEARN  1000

#define NGX_SENSU_REDIS_HOPS   3       /* MOVED and ASK of one command */


static void ngx_sensu_redis_cluster_greet(ngx_sensu_redis_peer_t *peer);
static ngx_sensu_redis_peer_t *ngx_sensu_redis_cluster_pick(
    ngx_sensu_redis_cmd_t *cmd);
static ngx_uint_t ngx_sensu_redis_cluster_due(ngx_sensu_redis_t *redis);
static ngx_sensu_redis_peer_t *ngx_sensu_redis_cluster_find(
    ngx_sensu_redis_t *redis, ngx_sensu_redis_addr_t *addr);
static ngx_int_t ngx_sensu_redis_cluster_slots(ngx_sensu_redis_cmd_t *cmd,
    redisReply *reply);
static const char *ngx_sensu_redis_cluster_range(ngx_sensu_redis_peer_t *from,
    redisReply *range);
static void ngx_sensu_redis_cluster_assign(ngx_sensu_redis_t *redis,
    ngx_uint_t slot, ngx_sensu_redis_peer_t *peer);
static ngx_int_t ngx_sensu_redis_cluster_redirect(ngx_sensu_redis_cmd_t *cmd,
    const char *error);
static ngx_sensu_redis_peer_t *ngx_sensu_redis_cluster_target(
    ngx_sensu_redis_cmd_t *cmd, const char *error, ngx_uint_t *slot);
static ngx_sensu_redis_peer_t *ngx_sensu_redis_cluster_at(
    ngx_sensu_redis_peer_t *from, const char *host, size_t len,
    ngx_uint_t port);


const ngx_sensu_redis_topology_t  ngx_sensu_redis_cluster = {
    ngx_sensu_redis_cluster_greet,
    ngx_sensu_redis_cluster_pick,
    ngx_sensu_redis_cluster_redirect
};


static void
ngx_sensu_redis_cluster_greet(ngx_sensu_redis_peer_t *peer)
{
    ngx_sensu_redis_greet(peer, ngx_sensu_redis_cluster_slots,
                          ngx_sensu_redis_cluster_due(peer->redis)
                          ? "CLUSTER SLOTS" : NULL);
}


static ngx_sensu_redis_peer_t *
ngx_sensu_redis_cluster_pick(ngx_sensu_redis_cmd_t *cmd)
{
    ngx_uint_t               i;
    ngx_sensu_redis_t       *redis;
    ngx_sensu_redis_peer_t  *peer;

    redis = cmd->redis;
    peer = redis->slots[cmd->slot] ? redis->slots[cmd->slot]
                                   : redis->peers[0];

    if (!ngx_sensu_redis_peer_fails(peer) && redis->slots[cmd->slot]) {
        return peer;
    }

    for (i = 0; i < redis->npeers; i++) {

        if (redis->peers[i]->state == NGX_SENSU_REDIS_READY) {
            return redis->peers[i];
        }

        if (!ngx_sensu_redis_peer_fails(redis->peers[i])) {
            peer = redis->peers[i];
        }
    }

    return peer;
}


/* in the place of one that left the cluster; NULL: too many, or no memory */

static ngx_sensu_redis_peer_t *
ngx_sensu_redis_cluster_find(ngx_sensu_redis_t *redis,
    ngx_sensu_redis_addr_t *addr)
{
    ngx_uint_t               i;
    ngx_sensu_redis_peer_t  *peer, *left;

    left = NULL;

    for (i = 0; i < redis->npeers; i++) {
        peer = redis->peers[i];

        if (ngx_strcmp(peer->addr.text, addr->text) == 0) {
            return peer;
        }

        if (i >= redis->nseeds
            && peer->slots == 0
            && peer->state == NGX_SENSU_REDIS_IDLE)
        {
            left = peer;
        }
    }

    if (left) {
        left->addr = *addr;

    } else if (redis->npeers < NGX_SENSU_REDIS_PEERS) {
        left = ngx_sensu_redis_peer_create(redis, addr);
    }

    return left;
}


/* whether the slots were not asked for lately: they are now */

static ngx_uint_t
ngx_sensu_redis_cluster_due(ngx_sensu_redis_t *redis)
{
    if (redis->learnt
        && ngx_current_msec - redis->learnt < NGX_SENSU_REDIS_LEARN)
    {
        return 0;
    }

    redis->learnt = ngx_max(ngx_current_msec, 1);

    return 1;
}


static ngx_int_t
ngx_sensu_redis_cluster_slots(ngx_sensu_redis_cmd_t *cmd, redisReply *reply)
{
    size_t              i;
    const char         *odd;
    ngx_sensu_redis_t  *redis;

    redis = cmd->redis;

    if (reply->type == REDIS_REPLY_ERROR) {
        ngx_sensu_redis_peer_refused(cmd->peer, reply->str);
        return NGX_OK;
    }

    if (reply->type != REDIS_REPLY_ARRAY) {
        ngx_sensu_redis_peer_odd(cmd->peer, "something else than slots");
        return NGX_OK;
    }

    for (i = 0; i < NGX_SENSU_REDIS_SLOTS; i++) {
        ngx_sensu_redis_cluster_assign(redis, i, NULL);
    }

    for (i = 0; i < reply->elements; i++) {
        odd = ngx_sensu_redis_cluster_range(cmd->peer, reply->element[i]);

        if (odd) {
            ngx_sensu_redis_peer_odd(cmd->peer, odd);
        }
    }

    /* the masters that are new, ahead of the first command */

    for (i = 0; i < redis->npeers; i++) {
        if (redis->peers[i]->slots
            && redis->peers[i]->state == NGX_SENSU_REDIS_IDLE
            && !ngx_exiting)
        {
            ngx_sensu_redis_peer_connect(redis->peers[i]);
        }
    }

    return NGX_OK;
}


/* first slot, last slot, master, replicas; returns what is odd about it */

static const char *
ngx_sensu_redis_cluster_range(ngx_sensu_redis_peer_t *from, redisReply *range)
{
    long long                slot, last;
    redisReply              *node, *host;
    ngx_sensu_redis_peer_t  *peer;

    if (range->type != REDIS_REPLY_ARRAY
        || range->elements < 3
        || range->element[0]->type != REDIS_REPLY_INTEGER
        || range->element[1]->type != REDIS_REPLY_INTEGER
        || range->element[2]->type != REDIS_REPLY_ARRAY
        || range->element[2]->elements < 2
        || range->element[2]->element[1]->type != REDIS_REPLY_INTEGER)
    {
        return "slots without an address";
    }

    slot = range->element[0]->integer;
    last = range->element[1]->integer;
    node = range->element[2];
    host = node->element[0];

    peer = ngx_sensu_redis_cluster_at(from, host->str,
                             host->type == REDIS_REPLY_STRING ? host->len : 0,
                             (ngx_uint_t) node->element[1]->integer);

    if (peer == NULL || slot < 0 || last >= NGX_SENSU_REDIS_SLOTS) {
        return "more servers or slots than there can be";
    }

    while (slot <= last) {
        ngx_sensu_redis_cluster_assign(from->redis, (ngx_uint_t) slot++, peer);
    }

    return NULL;
}


static void
ngx_sensu_redis_cluster_assign(ngx_sensu_redis_t *redis, ngx_uint_t slot,
    ngx_sensu_redis_peer_t *peer)
{
    if (redis->slots[slot]) {
        redis->slots[slot]->slots--;
    }

    if (peer) {
        peer->slots++;
    }

    redis->slots[slot] = peer;
}


static ngx_int_t
ngx_sensu_redis_cluster_redirect(ngx_sensu_redis_cmd_t *cmd,
    const char *error)
{
    int                      len;
    char                    *text;
    u_char                   odd[200];
    ngx_uint_t               slot, moved;
    ngx_sensu_redis_cmd_t   *asking;
    ngx_sensu_redis_peer_t  *peer, *from;

    moved = (ngx_strncmp(error, "MOVED ", 6) == 0);

    if (!moved && ngx_strncmp(error, "ASK ", 4) != 0) {
        return NGX_DECLINED;
    }

    from = cmd->peer;
    peer = ngx_sensu_redis_cluster_target(cmd, error, &slot);

    if (peer == NULL) {
        *ngx_snprintf(odd, sizeof(odd) - 1,
                      "a redirection that leads nowhere: %s", error) = '\0';

        ngx_sensu_redis_peer_odd(from, (char *) odd);
        return NGX_ERROR;
    }

    if (moved) {
        ngx_sensu_redis_cluster_assign(cmd->redis, slot, peer);

    } else {
        len = redisFormatCommand(&text, "ASKING");
        asking = ngx_sensu_redis_cmd(cmd->redis, NULL,
                                     ngx_sensu_redis_peer_said, text, len);
        if (asking) {
            ngx_sensu_redis_peer_send(peer, asking);
        }
    }

    ngx_sensu_redis_peer_send(peer, cmd);

    /* where one slot went others may have gone */

    if (moved && ngx_sensu_redis_cluster_due(from->redis)) {
        ngx_sensu_redis_say(from, ngx_sensu_redis_cluster_slots,
                            "CLUSTER SLOTS");
    }

    return NGX_AGAIN;
}


/* "MOVED 3999 127.0.0.1:6381": the last colon is before the port */

static ngx_sensu_redis_peer_t *
ngx_sensu_redis_cluster_target(ngx_sensu_redis_cmd_t *cmd, const char *error,
    ngx_uint_t *slot)
{
    const char  *p, *host, *colon;
    ngx_int_t    n, port;

    p = strchr(error, ' ') + 1;
    host = strchr(p, ' ');
    colon = strrchr(p, ':');

    if (host == NULL || colon < host
        || cmd->hops++ == NGX_SENSU_REDIS_HOPS)
    {
        return NULL;
    }

    n = ngx_atoi((u_char *) p, host++ - p);
    port = ngx_atoi((u_char *) colon + 1, ngx_strlen(colon + 1));

    if (n == NGX_ERROR || n >= NGX_SENSU_REDIS_SLOTS || port == NGX_ERROR) {
        return NULL;
    }

    *slot = (ngx_uint_t) n;

    return ngx_sensu_redis_cluster_at(cmd->peer, host, colon - host, port);
}


/* an empty or unknown host is the one that answers; NULL: not one of ours */

static ngx_sensu_redis_peer_t *
ngx_sensu_redis_cluster_at(ngx_sensu_redis_peer_t *from, const char *host,
    size_t len, ngx_uint_t port)
{
    u_char                  *p;
    ngx_sensu_redis_addr_t   addr;

    if (port - 1 >= 65535) {
        return NULL;
    }

    if (len == 0 || *host == '?') {
        addr = from->addr;
        addr.port = port;

        ngx_inet_set_port(&addr.at.sockaddr.sockaddr, (in_port_t) port);

        p = (u_char *) strrchr((char *) addr.text, ':') + 1;
        ngx_sprintf(p, "%ui%Z", port);

    } else if (ngx_sensu_redis_addr(&addr, (u_char *) host, len, port)
               != NGX_OK)
    {
        return NULL;
    }

    return ngx_sensu_redis_cluster_find(from->redis, &addr);
}
