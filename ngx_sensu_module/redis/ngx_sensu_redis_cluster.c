
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
static ngx_uint_t ngx_sensu_redis_cluster_learn(ngx_sensu_redis_t *redis,
    ngx_str_t *args);
static ngx_sensu_redis_peer_t *ngx_sensu_redis_cluster_find(
    ngx_sensu_redis_t *redis, ngx_sensu_redis_addr_t *addr);
static void ngx_sensu_redis_cluster_slots(ngx_sensu_redis_cmd_t *cmd,
    redisReply *reply);
static void ngx_sensu_redis_cluster_range(ngx_sensu_redis_cmd_t *cmd,
    redisReply *range);
static ngx_int_t ngx_sensu_redis_cluster_host(ngx_sensu_redis_cmd_t *cmd,
    redisReply *node, ngx_sensu_redis_addr_t *addr);
static ngx_int_t ngx_sensu_redis_cluster_same(ngx_sensu_redis_peer_t *peer,
    ngx_sensu_redis_addr_t *addr, ngx_uint_t port);
static void ngx_sensu_redis_cluster_assign(ngx_sensu_redis_t *redis,
    ngx_uint_t slot, ngx_sensu_redis_peer_t *peer);
static ngx_int_t ngx_sensu_redis_cluster_redirect(ngx_sensu_redis_cmd_t *cmd,
    const char *error);
static ngx_int_t ngx_sensu_redis_cluster_asking(ngx_sensu_redis_peer_t *peer);
static void ngx_sensu_redis_cluster_asked(ngx_sensu_redis_cmd_t *cmd,
    redisReply *reply);
static ngx_int_t ngx_sensu_redis_cluster_target(ngx_sensu_redis_cmd_t *cmd,
    const char *error, ngx_uint_t *slot, ngx_sensu_redis_addr_t *addr);


const ngx_sensu_redis_topology_t  ngx_sensu_redis_cluster = {
    ngx_sensu_redis_cluster_greet,
    ngx_sensu_redis_cluster_pick,
    ngx_sensu_redis_cluster_redirect
};


static void
ngx_sensu_redis_cluster_greet(ngx_sensu_redis_peer_t *peer)
{
    ngx_str_t   args[2];
    ngx_uint_t  n;

    n = ngx_sensu_redis_cluster_learn(peer->redis, args);

    ngx_sensu_redis_greet(peer, n, args, ngx_sensu_redis_cluster_slots);
}


/* NULL: no server at all */

static ngx_sensu_redis_peer_t *
ngx_sensu_redis_cluster_pick(ngx_sensu_redis_cmd_t *cmd)
{
    ngx_uint_t               i;
    ngx_sensu_redis_t       *redis;
    ngx_sensu_redis_peer_t  *peer, *other;

    redis = cmd->redis;
    peer = NULL;

    if (redis->slots[cmd->slot]) {
        peer = redis->peers[redis->slots[cmd->slot] - 1];

        if (!ngx_sensu_redis_peer_fails(peer)) {
            return peer;
        }
    }

    other = NULL;

    for (i = 0; i < redis->npeers; i++) {

        if (redis->peers[i]->state == NGX_SENSU_REDIS_READY) {
            return redis->peers[i];
        }

        if (!ngx_sensu_redis_peer_fails(redis->peers[i])) {
            other = redis->peers[i];
        }
    }

    return other ? other : peer;
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
            return peer;
        }
    }

    return NULL;
}


/* the arguments of the question for the slots; none: it was asked lately */

static ngx_uint_t
ngx_sensu_redis_cluster_learn(ngx_sensu_redis_t *redis, ngx_str_t *args)
{
    if (redis->learnt
        && ngx_current_msec - redis->learnt < NGX_SENSU_REDIS_LEARN)
    {
        return 0;
    }

    redis->learnt = ngx_max(ngx_current_msec, 1);

    ngx_str_set(&args[0], "CLUSTER");
    ngx_str_set(&args[1], "SLOTS");

    return 2;
}


static void
ngx_sensu_redis_cluster_slots(ngx_sensu_redis_cmd_t *cmd, redisReply *reply)
{
    size_t              i;
    ngx_sensu_redis_t  *redis;

    redis = cmd->redis;

    if (reply->type == REDIS_REPLY_ERROR) {
        ngx_sensu_redis_peer_refused(cmd->peer, reply->str);
        return;
    }

    if (reply->type != REDIS_REPLY_ARRAY) {
        ngx_sensu_redis_peer_odd(cmd->peer, "something else than slots");
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
        ngx_sensu_redis_peer_odd(cmd->peer, "slots without an address");
        return;
    }

    slot = range->element[0]->integer;
    last = range->element[1]->integer;

    peer = ngx_sensu_redis_cluster_find(cmd->redis, &addr);

    if (peer == NULL || slot < 0 || last >= NGX_SENSU_REDIS_SLOTS) {
        ngx_sensu_redis_peer_odd(cmd->peer,
                                 "more servers or slots than there can be");
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
    redisReply  *host, *port;

    if (node->type != REDIS_REPLY_ARRAY
        || node->elements < 2
        || node->element[1]->type != REDIS_REPLY_INTEGER)
    {
        return NGX_DECLINED;
    }

    host = node->element[0];
    port = node->element[1];

    if (host->type != REDIS_REPLY_STRING
        || host->len == 0
        || host->str[0] == '?')
    {
        return ngx_sensu_redis_cluster_same(cmd->peer, addr, port->integer);
    }

    return ngx_sensu_redis_addr(addr, (u_char *) host->str, host->len,
                                (ngx_uint_t) port->integer);
}


static ngx_int_t
ngx_sensu_redis_cluster_same(ngx_sensu_redis_peer_t *peer,
    ngx_sensu_redis_addr_t *addr, ngx_uint_t port)
{
    u_char     *host;
    ngx_int_t   rc;

    host = peer->addr.host;

    rc = ngx_sensu_redis_addr(addr, host, ngx_strlen(host), port);

    addr->name = peer->addr.name;

    return rc;
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


static ngx_int_t
ngx_sensu_redis_cluster_redirect(ngx_sensu_redis_cmd_t *cmd,
    const char *error)
{
    u_char                   text[200];
    ngx_str_t                args[2];
    ngx_uint_t               slot, moved, n;
    ngx_sensu_redis_addr_t   addr;
    ngx_sensu_redis_peer_t  *peer, *from;

    moved = (ngx_strncmp(error, "MOVED ", 6) == 0);

    if (!moved && ngx_strncmp(error, "ASK ", 4) != 0) {
        return NGX_DECLINED;
    }

    peer = NULL;
    slot = 0;
    from = cmd->peer;

    if (cmd->hops++ < NGX_SENSU_REDIS_HOPS
        && ngx_sensu_redis_cluster_target(cmd, error, &slot, &addr) == NGX_OK)
    {
        peer = ngx_sensu_redis_cluster_find(cmd->redis, &addr);
    }

    if (peer == NULL
        || (!moved && ngx_sensu_redis_cluster_asking(peer) != NGX_OK))
    {
        *ngx_snprintf(text, sizeof(text) - 1,
                      "a redirection that leads nowhere: %s", error) = '\0';

        ngx_sensu_redis_peer_odd(from, (char *) text);
        ngx_sensu_redis_complete(cmd, NGX_ERROR);
        return NGX_OK;
    }

    if (moved) {
        ngx_sensu_redis_cluster_assign(cmd->redis, slot, peer);
    }

    ngx_sensu_redis_peer_send(peer, cmd);

    /* where one slot went others may have gone */

    n = moved ? ngx_sensu_redis_cluster_learn(from->redis, args) : 0;

    if (n) {
        ngx_sensu_redis_say(from, n, args, ngx_sensu_redis_cluster_slots);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_sensu_redis_cluster_asking(ngx_sensu_redis_peer_t *peer)
{
    ngx_str_t               asking;
    ngx_sensu_redis_cmd_t  *cmd;

    ngx_str_set(&asking, "ASKING");

    cmd = ngx_sensu_redis_cmd(peer->redis, NULL, 1, &asking, NULL,
                              ngx_sensu_redis_cluster_asked);
    if (cmd == NULL) {
        return NGX_ERROR;
    }

    ngx_sensu_redis_peer_send(peer, cmd);

    return NGX_OK;
}


static void
ngx_sensu_redis_cluster_asked(ngx_sensu_redis_cmd_t *cmd, redisReply *reply)
{
    if (reply->type == REDIS_REPLY_ERROR) {
        ngx_sensu_redis_peer_refused(cmd->peer, reply->str);
    }
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

    if (len == 0 || *host == '?') {
        return ngx_sensu_redis_cluster_same(cmd->peer, addr, port);
    }

    return ngx_sensu_redis_addr(addr, (u_char *) host, len, port);
}
