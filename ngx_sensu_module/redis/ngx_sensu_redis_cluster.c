
/*
 * Cluster: which server has which slot is learnt from CLUSTER SLOTS and from
 * every MOVED.  A slot whose server is down is asked of any other one, whose
 * MOVED names the replica that took over.
 */


#include "ngx_sensu_redis_peer.h"


/* milliseconds between two questions for the slots */
#define NGX_SENSU_REDIS_LEARN  1000

#define NGX_SENSU_REDIS_HOPS   3       /* MOVED and ASK of one command */


static ngx_uint_t ngx_sensu_redis_cluster_slot(ngx_str_t *prefix,
    ngx_str_t *key);
static ngx_uint_t ngx_sensu_redis_cluster_crc16(u_char *p, size_t len);
static void ngx_sensu_redis_cluster_learn(ngx_sensu_redis_peer_t *from);
static ngx_int_t ngx_sensu_redis_cluster_slots(ngx_sensu_redis_cmd_t *cmd,
    redisReply *reply);
static void ngx_sensu_redis_cluster_range(ngx_sensu_redis_peer_t *from,
    redisReply *range);
static void ngx_sensu_redis_cluster_assign(ngx_sensu_redis_t *redis,
    ngx_uint_t slot, ngx_sensu_redis_peer_t *peer);
static ngx_sensu_redis_peer_t *ngx_sensu_redis_cluster_target(
    ngx_sensu_redis_cmd_t *cmd, const char *error, ngx_uint_t *slot);
static ngx_sensu_redis_peer_t *ngx_sensu_redis_cluster_find(
    ngx_sensu_redis_peer_t *from, const char *host, size_t len,
    ngx_uint_t port);


void
ngx_sensu_redis_cluster_greet(ngx_sensu_redis_peer_t *peer)
{
    ngx_sensu_redis_greet(peer);
    ngx_sensu_redis_cluster_learn(peer);
}


ngx_sensu_redis_peer_t *
ngx_sensu_redis_cluster_pick(ngx_sensu_redis_t *redis, ngx_str_t *key)
{
    ngx_uint_t               i;
    ngx_sensu_redis_peer_t  *peer;

    peer = redis->slots[ngx_sensu_redis_cluster_slot(&redis->prefix, key)];

    if (peer && !ngx_sensu_redis_peer_fails(peer)) {
        return peer;
    }

    peer = peer ? peer : redis->peers[0];

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


/* the part in the first braces is hashed alone, if there is one in them */

static ngx_uint_t
ngx_sensu_redis_cluster_slot(ngx_str_t *prefix, ngx_str_t *key)
{
    u_char  name[NGX_SENSU_REDIS_KEY], *p, *last, *open, *close;

    p = name;
    last = ngx_cpymem(p, prefix->data, prefix->len);
    last = ngx_cpymem(last, key->data, key->len);

    open = ngx_strlchr(p, last, '{');

    if (open) {
        close = ngx_strlchr(open + 1, last, '}');

        if (close && close > open + 1) {
            p = open + 1;
            last = close;
        }
    }

    return ngx_sensu_redis_cluster_crc16(p, last - p) % NGX_SENSU_REDIS_SLOTS;
}


/* CRC-16/XMODEM, as the specification of Redis Cluster wants it */

static ngx_uint_t
ngx_sensu_redis_cluster_crc16(u_char *p, size_t len)
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


/* asks for the slots, but not if that was lately */

static void
ngx_sensu_redis_cluster_learn(ngx_sensu_redis_peer_t *from)
{
    if (from->redis->learnt == 0
        || ngx_current_msec - from->redis->learnt >= NGX_SENSU_REDIS_LEARN)
    {
        from->redis->learnt = ngx_max(ngx_current_msec, 1);

        ngx_sensu_redis_say(from, ngx_sensu_redis_cluster_slots,
                            "CLUSTER SLOTS");
    }
}


static ngx_int_t
ngx_sensu_redis_cluster_slots(ngx_sensu_redis_cmd_t *cmd, redisReply *reply)
{
    size_t              i;
    ngx_sensu_redis_t  *redis;

    redis = cmd->peer->redis;

    if (reply->type != REDIS_REPLY_ARRAY) {
        return ngx_sensu_redis_told(cmd->peer,
                                    reply->type == REDIS_REPLY_ERROR
                                    ? reply->str
                                    : "something else than slots");
    }

    for (i = 0; i < NGX_SENSU_REDIS_SLOTS; i++) {
        ngx_sensu_redis_cluster_assign(redis, i, NULL);
    }

    for (i = 0; i < reply->elements; i++) {
        ngx_sensu_redis_cluster_range(cmd->peer, reply->element[i]);
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


/* first slot, last slot, master, replicas */

static void
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
        (void) ngx_sensu_redis_told(from, "slots without an address");
        return;
    }

    slot = range->element[0]->integer;
    last = range->element[1]->integer;
    node = range->element[2];
    host = node->element[0];

    peer = ngx_sensu_redis_cluster_find(from, host->str,
                             host->type == REDIS_REPLY_STRING ? host->len : 0,
                             (ngx_uint_t) node->element[1]->integer);

    if (peer == NULL || slot < 0 || last >= NGX_SENSU_REDIS_SLOTS) {
        (void) ngx_sensu_redis_told(from, "more servers or slots than there "
                                    "can be");
        return;
    }

    while (slot <= last) {
        ngx_sensu_redis_cluster_assign(from->redis, (ngx_uint_t) slot++, peer);
    }
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


ngx_int_t
ngx_sensu_redis_cluster_error(ngx_sensu_redis_cmd_t *cmd, const char *error)
{
    u_char                   odd[200];
    ngx_uint_t               slot, moved;
    ngx_sensu_redis_cmd_t   *asking;
    ngx_sensu_redis_peer_t  *peer, *from;

    moved = (ngx_strncmp(error, "MOVED ", 6) == 0);

    if (!moved && ngx_strncmp(error, "ASK ", 4) != 0) {
        return ngx_sensu_redis_told(cmd->peer, error);
    }

    from = cmd->peer;
    peer = ngx_sensu_redis_cluster_target(cmd, error, &slot);

    if (peer == NULL) {
        *ngx_snprintf(odd, sizeof(odd) - 1,
                      "a redirection that leads nowhere: %s", error) = '\0';

        return ngx_sensu_redis_told(from, (char *) odd);
    }

    if (moved) {
        ngx_sensu_redis_cluster_assign(from->redis, slot, peer);

        /* where one slot went others may have gone */
        ngx_sensu_redis_cluster_learn(from);

    } else {
        asking = ngx_sensu_redis_cmd(from->redis, ngx_sensu_redis_may,
                                     "ASKING");
        if (asking) {
            ngx_sensu_redis_peer_send(peer, asking);
        }
    }

    ngx_sensu_redis_peer_send(peer, cmd);

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

    return ngx_sensu_redis_cluster_find(cmd->peer, host, colon - host, port);
}


/*
 * An empty or unknown host is the one that answers.  In the place of one that
 * left the cluster; NULL: no address, too many, or no memory.
 */

static ngx_sensu_redis_peer_t *
ngx_sensu_redis_cluster_find(ngx_sensu_redis_peer_t *from, const char *host,
    size_t len, ngx_uint_t port)
{
    ngx_uint_t               i;
    ngx_sensu_redis_t       *redis;
    ngx_sensu_redis_addr_t   addr;
    ngx_sensu_redis_peer_t  *peer, *left;

    redis = from->redis;
    addr = from->addr;
    len = (len && *host != '?') ? len : 0;

    if (ngx_sensu_redis_addr(&addr, (u_char *) host, len, port) != NGX_OK) {
        return NULL;
    }

    left = NULL;

    for (i = 0; i < redis->npeers; i++) {
        peer = redis->peers[i];

        if (ngx_strcmp(peer->addr.text, addr.text) == 0) {
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
        left->addr = addr;
        ngx_sensu_redis_tls_forget(&left->conn);

    } else if (redis->npeers < NGX_SENSU_REDIS_PEERS) {
        left = ngx_sensu_redis_peer_create(redis, &addr);
    }

    return left;
}
