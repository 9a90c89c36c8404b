
/*
 * Cluster: which server has which slot is learnt from CLUSTER SLOTS and from
 * every MOVED.  A slot whose server is down is asked of any other one, whose
 * MOVED names the replica that took over.
 */


#include "ngx_sensu_redis_peer.h"


/* milliseconds between two questions for the slots */
#define NGX_SENSU_REDIS_LEARN  1000


static ngx_uint_t ngx_sensu_redis_cluster_fails(ngx_sensu_redis_peer_t *peer);
static ngx_sensu_redis_peer_t *ngx_sensu_redis_cluster_find(
    ngx_sensu_redis_t *redis, ngx_sensu_redis_addr_t *addr);
static void ngx_sensu_redis_cluster_slots(ngx_sensu_redis_cmd_t *cmd,
    redisReply *reply);
static void ngx_sensu_redis_cluster_range(ngx_sensu_redis_cmd_t *cmd,
    redisReply *range);
static ngx_int_t ngx_sensu_redis_cluster_host(ngx_sensu_redis_cmd_t *cmd,
    redisReply *node, ngx_sensu_redis_addr_t *addr);
static void ngx_sensu_redis_cluster_assign(ngx_sensu_redis_t *redis,
    ngx_uint_t slot, ngx_sensu_redis_peer_t *peer);
static ngx_int_t ngx_sensu_redis_cluster_target(ngx_sensu_redis_cmd_t *cmd,
    const char *error, ngx_uint_t *slot, ngx_sensu_redis_addr_t *addr);
static ngx_uint_t ngx_sensu_redis_crc16(u_char *p, size_t len);


/* the part in the first braces is hashed alone, if there is one in them */

ngx_uint_t
ngx_sensu_redis_cluster_slot(ngx_str_t *key)
{
    u_char  *p, *last, *open, *close;

    p = key->data;
    last = p + key->len;

    open = ngx_strlchr(p, last, '{');

    if (open) {
        close = ngx_strlchr(open + 1, last, '}');

        if (close && close > open + 1) {
            p = open + 1;
            last = close;
        }
    }

    return ngx_sensu_redis_crc16(p, last - p) % NGX_SENSU_REDIS_SLOTS;
}


/* CRC-16/XMODEM, as the specification of Redis Cluster wants it */

static ngx_uint_t
ngx_sensu_redis_crc16(u_char *p, size_t len)
{
    size_t      i;
    ngx_uint_t  crc, bit;

    crc = 0;

    for (i = 0; i < len; i++) {
        crc ^= (ngx_uint_t) p[i] << 8;

        for (bit = 0; bit < 8; bit++) {
            crc = (crc & 0x8000) ? (crc << 1) ^ 0x1021 : crc << 1;
        }

        crc &= 0xffff;
    }

    return crc;
}


/* NULL: no server at all */

ngx_sensu_redis_peer_t *
ngx_sensu_redis_cluster_peer(ngx_sensu_redis_t *redis, ngx_uint_t slot)
{
    ngx_uint_t               i;
    ngx_sensu_redis_peer_t  *peer, *other;

    peer = NULL;

    if (redis->slots[slot]) {
        peer = redis->peers[redis->slots[slot] - 1];

        if (!ngx_sensu_redis_cluster_fails(peer)) {
            return peer;
        }
    }

    other = NULL;

    for (i = 0; i < redis->npeers; i++) {

        if (redis->peers[i]->state == NGX_SENSU_REDIS_READY) {
            return redis->peers[i];
        }

        if (!ngx_sensu_redis_cluster_fails(redis->peers[i])) {
            other = redis->peers[i];
        }
    }

    return other ? other : peer;
}


static ngx_uint_t
ngx_sensu_redis_cluster_fails(ngx_sensu_redis_peer_t *peer)
{
    return peer->state == NGX_SENSU_REDIS_DOWN
           || (peer->state == NGX_SENSU_REDIS_CONNECTING && peer->failures);
}


/* NULL: too many servers, or no memory */

static ngx_sensu_redis_peer_t *
ngx_sensu_redis_cluster_find(ngx_sensu_redis_t *redis,
    ngx_sensu_redis_addr_t *addr)
{
    ngx_uint_t               i;
    ngx_sensu_redis_peer_t  *peer;

    for (i = 0; i < redis->npeers; i++) {
        peer = redis->peers[i];

        if (ngx_strcmp(peer->addr.text, addr->text) == 0) {
            return peer;
        }
    }

    if (redis->npeers < NGX_SENSU_REDIS_PEERS) {
        peer = ngx_sensu_redis_peer_create(redis->pool, redis);
        if (peer == NULL) {
            return NULL;
        }

        peer->addr = *addr;
        redis->peers[redis->npeers++] = peer;

        return peer;
    }

    /* the place of one that left the cluster */

    for (i = redis->nseeds; i < redis->npeers; i++) {
        peer = redis->peers[i];

        if (peer->slots == 0 && peer->state == NGX_SENSU_REDIS_IDLE) {
            peer->addr = *addr;
            peer->failures = 0;
            return peer;
        }
    }

    return NULL;
}


void
ngx_sensu_redis_cluster_learn(ngx_sensu_redis_peer_t *peer)
{
    ngx_str_t               args[2];
    ngx_sensu_redis_t      *redis;
    ngx_sensu_redis_cmd_t  *cmd;

    redis = peer->redis;

    if (redis->learnt
        && ngx_current_msec - redis->learnt < NGX_SENSU_REDIS_LEARN)
    {
        return;
    }

    ngx_str_set(&args[0], "CLUSTER");
    ngx_str_set(&args[1], "SLOTS");

    cmd = ngx_sensu_redis_cmd(redis, NULL, 2, args, NULL,
                              ngx_sensu_redis_cluster_slots);
    if (cmd == NULL) {
        return;
    }

    redis->learnt = ngx_current_msec;

    ngx_sensu_redis_peer_send(peer, cmd);
}


static void
ngx_sensu_redis_cluster_slots(ngx_sensu_redis_cmd_t *cmd, redisReply *reply)
{
    size_t              i;
    ngx_sensu_redis_t  *redis;

    redis = cmd->redis;

    if (reply->type != REDIS_REPLY_ARRAY) {
        ngx_sensu_redis_odd(cmd, "something else than slots");
        ngx_sensu_redis_complete(cmd, NGX_ERROR);
        return;
    }

    for (i = 0; i < NGX_SENSU_REDIS_SLOTS; i++) {
        ngx_sensu_redis_cluster_assign(redis, i, NULL);
    }

    for (i = 0; i < reply->elements; i++) {
        ngx_sensu_redis_cluster_range(cmd, reply->element[i]);
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

    ngx_sensu_redis_complete(cmd, NGX_OK);
}


/* first slot, last slot, master, replicas */

static void
ngx_sensu_redis_cluster_range(ngx_sensu_redis_cmd_t *cmd, redisReply *range)
{
    long long                slot, last;
    ngx_sensu_redis_addr_t   addr;
    ngx_sensu_redis_peer_t  *peer;

    if (range->type != REDIS_REPLY_ARRAY
        || range->elements < 3
        || range->element[0]->type != REDIS_REPLY_INTEGER
        || range->element[1]->type != REDIS_REPLY_INTEGER
        || ngx_sensu_redis_cluster_host(cmd, range->element[2], &addr)
           != NGX_OK)
    {
        ngx_sensu_redis_odd(cmd, "slots without an address");
        return;
    }

    slot = range->element[0]->integer;
    last = range->element[1]->integer;

    peer = ngx_sensu_redis_cluster_find(cmd->redis, &addr);

    if (peer == NULL || slot < 0 || last >= NGX_SENSU_REDIS_SLOTS) {
        ngx_sensu_redis_odd(cmd, "more servers or slots than there can be");
        return;
    }

    while (slot <= last) {
        ngx_sensu_redis_cluster_assign(cmd->redis, (ngx_uint_t) slot++, peer);
    }
}


/* an empty or unknown host is the one that answers */

static ngx_int_t
ngx_sensu_redis_cluster_host(ngx_sensu_redis_cmd_t *cmd, redisReply *node,
    ngx_sensu_redis_addr_t *addr)
{
    char        *p;
    redisReply  *host, *port;

    if (node->type != REDIS_REPLY_ARRAY
        || node->elements < 2
        || node->element[1]->type != REDIS_REPLY_INTEGER)
    {
        return NGX_DECLINED;
    }

    host = node->element[0];
    port = node->element[1];

    p = cmd->peer->addr.host;

    if (host->type == REDIS_REPLY_STRING
        && host->len
        && host->str[0] != '?')
    {
        p = host->str;
    }

    return ngx_sensu_redis_addr(addr, (u_char *) p, ngx_strlen(p),
                                (ngx_uint_t) port->integer);
}


static void
ngx_sensu_redis_cluster_assign(ngx_sensu_redis_t *redis, ngx_uint_t slot,
    ngx_sensu_redis_peer_t *peer)
{
    ngx_uint_t  i;

    if (redis->slots[slot]) {
        redis->peers[redis->slots[slot] - 1]->slots--;
        redis->slots[slot] = 0;
    }

    for (i = 0; peer && i < redis->npeers; i++) {
        if (redis->peers[i] == peer) {
            redis->slots[slot] = (u_char) (i + 1);
            peer->slots++;
            return;
        }
    }
}


ngx_int_t
ngx_sensu_redis_cluster_redirect(ngx_sensu_redis_cmd_t *cmd,
    const char *error)
{
    ngx_uint_t               slot, moved;
    ngx_sensu_redis_addr_t   addr;
    ngx_sensu_redis_peer_t  *peer, *from;

    moved = (ngx_strncmp(error, "MOVED ", 6) == 0);

    if (!moved && ngx_strncmp(error, "ASK ", 4) != 0) {
        return NGX_DECLINED;
    }

    peer = NULL;
    from = cmd->peer;

    if (cmd->hops++ < NGX_SENSU_REDIS_HOPS
        && ngx_sensu_redis_cluster_target(cmd, error, &slot, &addr) == NGX_OK)
    {
        peer = ngx_sensu_redis_cluster_find(cmd->redis, &addr);
    }

    if (peer == NULL) {
        ngx_sensu_redis_odd(cmd, error);
        ngx_sensu_redis_complete(cmd, NGX_ERROR);
        return NGX_OK;
    }

    if (moved) {
        ngx_sensu_redis_cluster_assign(cmd->redis, slot, peer);

    } else {
        cmd->asking = 1;
    }

    ngx_sensu_redis_peer_send(peer, cmd);

    if (moved) {
        /* where one slot went others may have gone */
        ngx_sensu_redis_cluster_learn(from);
    }

    return NGX_OK;
}


/* "MOVED 3999 127.0.0.1:6381": the last colon is before the port */

static ngx_int_t
ngx_sensu_redis_cluster_target(ngx_sensu_redis_cmd_t *cmd, const char *error,
    ngx_uint_t *slot, ngx_sensu_redis_addr_t *addr)
{
    size_t       len;
    ngx_int_t    n, port;
    const char  *p, *host, *colon;

    p = strchr(error, ' ') + 1;

    host = strchr(p, ' ');
    if (host == NULL) {
        return NGX_DECLINED;
    }

    n = ngx_atoi((u_char *) p, host++ - p);

    colon = strrchr(host, ':');
    if (colon == NULL || n == NGX_ERROR || n >= NGX_SENSU_REDIS_SLOTS) {
        return NGX_DECLINED;
    }

    port = ngx_atoi((u_char *) colon + 1, ngx_strlen(colon + 1));
    if (port == NGX_ERROR) {
        return NGX_DECLINED;
    }

    *slot = (ngx_uint_t) n;
    len = colon - host;

    if (len == 0) {
        host = cmd->peer->addr.host;
        len = ngx_strlen(host);
    }

    return ngx_sensu_redis_addr(addr, (u_char *) host, len, port);
}
