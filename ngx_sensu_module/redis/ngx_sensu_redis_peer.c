
/*
 * One Redis server and the one connection to it: connects and greets, sends
 * commands in a pipeline, keeps their deadlines with a single timer, and when
 * it is lost fails fast and tries again.
 */


#include "ngx_sensu_redis_peer.h"
#include "ngx_sensu_stat.h"


/* milliseconds: a connection that held so long may be renewed at once */
#define NGX_SENSU_REDIS_STABLE  1000


static void ngx_sensu_redis_peer_write(ngx_sensu_redis_peer_t *peer,
    ngx_sensu_redis_cmd_t *cmd);
static void ngx_sensu_redis_peer_reply(void *data, redisReply *reply);
static void ngx_sensu_redis_peer_conn_lost(void *data);
static void ngx_sensu_redis_peer_rest(void *data, ngx_uint_t force);
static void ngx_sensu_redis_peer_leave(ngx_sensu_redis_peer_t *peer,
    ngx_uint_t late);
static ngx_uint_t ngx_sensu_redis_peer_gone(ngx_sensu_redis_peer_t *peer,
    ngx_uint_t late);
static void ngx_sensu_redis_peer_fail(ngx_sensu_redis_peer_t *peer,
    ngx_sensu_redis_cmd_t *cmd);
static void ngx_sensu_redis_peer_retry_handler(ngx_event_t *ev);
static void ngx_sensu_redis_peer_timer_handler(ngx_event_t *ev);
static ngx_msec_t ngx_sensu_redis_peer_late(ngx_sensu_redis_peer_t *peer);


static const ngx_sensu_redis_owner_t  ngx_sensu_redis_peer_owner = {
    ngx_sensu_redis_peer_reply,
    ngx_sensu_redis_peer_conn_lost,
    ngx_sensu_redis_peer_rest
};


ngx_sensu_redis_peer_t *
ngx_sensu_redis_peer_create(ngx_pool_t *pool, ngx_sensu_redis_t *redis)
{
    ngx_sensu_redis_peer_t  *peer;

    peer = ngx_pcalloc(pool, sizeof(ngx_sensu_redis_peer_t));
    if (peer == NULL) {
        return NULL;
    }

    peer->redis = redis;
    peer->nseeds = 1;
    peer->what = "redis";

    ngx_queue_init(&peer->queue);

    peer->conn.owner = &ngx_sensu_redis_peer_owner;
    peer->conn.data = peer;

    peer->timer.handler = ngx_sensu_redis_peer_timer_handler;
    peer->timer.data = peer;
    peer->timer.log = ngx_cycle->log;

    peer->retry.handler = ngx_sensu_redis_peer_retry_handler;
    peer->retry.data = peer;
    peer->retry.log = ngx_cycle->log;

    /* a worker that shuts down need not wait for this one */
    peer->retry.cancelable = 1;

    return peer;
}


void
ngx_sensu_redis_peer_connect(ngx_sensu_redis_peer_t *peer)
{
    peer->state = NGX_SENSU_REDIS_CONNECTING;
    peer->found = 0;

    if (peer->seeds) {
        peer->addr = peer->seeds[peer->seed];
    }

    ngx_sensu_redis_peer_open(peer);
}


void
ngx_sensu_redis_peer_open(ngx_sensu_redis_peer_t *peer)
{
    ngx_sensu_redis_conn_close(&peer->conn);

    peer->conn.resolver = *peer->redis->resolver;
    peer->conn.tls = peer->redis->tls;

    if (ngx_sensu_redis_conn_open(&peer->conn, &peer->addr) != NGX_OK) {
        ngx_sensu_redis_peer_leave(peer, 0);
        return;
    }

    peer->redis->topology->greet(peer);
}


void
ngx_sensu_redis_peer_ready(ngx_sensu_redis_peer_t *peer)
{
    ngx_queue_t            *q;
    ngx_sensu_redis_cmd_t  *cmd;

    peer->state = NGX_SENSU_REDIS_READY;
    peer->ready = ngx_current_msec;
    peer->tried = 0;

    ngx_sensu_stat_add(NGX_SENSU_STAT_REDIS_CONNECTS, 1);
    ngx_sensu_stat_connections(1);

    if (peer->outage) {
        ngx_add_timer(&peer->retry, NGX_SENSU_REDIS_STABLE);

    } else {
        ngx_log_error(NGX_LOG_INFO, ngx_cycle->log, 0, "%s %s: connected",
                      peer->what, peer->addr.text);
    }

    for (q = ngx_queue_head(&peer->queue);
         q != ngx_queue_sentinel(&peer->queue);
         q = ngx_queue_next(q))
    {
        cmd = ngx_queue_data(q, ngx_sensu_redis_cmd_t, queue);
        ngx_sensu_redis_peer_write(peer, cmd);
    }

    if (ngx_exiting) {
        ngx_sensu_redis_peer_rest(peer, 0);
    }
}


void
ngx_sensu_redis_peer_say(ngx_sensu_redis_peer_t *peer,
    ngx_sensu_redis_cmd_t *cmd)
{
    ngx_uint_t    n;
    ngx_queue_t  *q;

    q = &peer->queue;

    if (peer->state == NGX_SENSU_REDIS_READY) {
        q = ngx_queue_last(q);

    } else {
        for (n = peer->sent; n; n--) {
            q = ngx_queue_next(q);
        }
    }

    cmd->peer = peer;

    ngx_queue_insert_after(q, &cmd->queue);

    ngx_sensu_redis_peer_write(peer, cmd);

    ngx_sensu_redis_cmd_until(cmd);
}


void
ngx_sensu_redis_peer_send(ngx_sensu_redis_peer_t *peer,
    ngx_sensu_redis_cmd_t *cmd)
{
    cmd->peer = peer;

    if (peer->state == NGX_SENSU_REDIS_IDLE) {
        ngx_sensu_redis_peer_connect(peer);
    }

    if (ngx_sensu_redis_peer_fails(peer)) {
        peer->refused++;
        ngx_sensu_redis_fail_fast(cmd);
        return;
    }

    ngx_queue_insert_tail(&peer->queue, &cmd->queue);

    if (peer->state == NGX_SENSU_REDIS_READY) {
        ngx_sensu_redis_peer_write(peer, cmd);
    }

    ngx_sensu_redis_cmd_until(cmd);
}


/* nobody waits for a server that was not there a moment ago */

ngx_uint_t
ngx_sensu_redis_peer_fails(ngx_sensu_redis_peer_t *peer)
{
    return peer->state == NGX_SENSU_REDIS_DOWN
           || (peer->state == NGX_SENSU_REDIS_CONNECTING && peer->outage);
}


static void
ngx_sensu_redis_peer_write(ngx_sensu_redis_peer_t *peer,
    ngx_sensu_redis_cmd_t *cmd)
{
    peer->sent++;

    ngx_sensu_redis_conn_write(&peer->conn, cmd->buf.data, cmd->buf.len);

    if (cmd->op) {
        ngx_sensu_stat_add(NGX_SENSU_STAT_REDIS_COMMANDS, 1);
    }
}


static void
ngx_sensu_redis_peer_reply(void *data, redisReply *reply)
{
    ngx_sensu_redis_peer_t *peer = data;

    ngx_uint_t              own;
    ngx_queue_t            *q;
    ngx_sensu_redis_cmd_t  *cmd;

    if (peer->sent == 0) {
        ngx_sensu_redis_peer_lost(peer, reply->type == REDIS_REPLY_ERROR
                                  ? reply->str
                                  : "it answers more than was asked");
        return;
    }

    q = ngx_queue_head(&peer->queue);
    cmd = ngx_queue_data(q, ngx_sensu_redis_cmd_t, queue);

    ngx_queue_remove(q);
    peer->sent--;

    if (ngx_queue_empty(&peer->queue) && peer->timer.timer_set) {
        ngx_del_timer(&peer->timer);
    }

    /* one for a requester may be gone, or sent elsewhere, by its reply */

    own = (cmd->op == NULL);

    if (!own && reply->type != REDIS_REPLY_ERROR) {
        peer->served = ngx_current_msec;
    }

    if (cmd->reply) {
        cmd->reply(cmd, reply);

    } else if (reply->type == REDIS_REPLY_ERROR) {
        ngx_sensu_redis_peer_lost(peer, reply->str);
    }

    if (own) {
        ngx_sensu_redis_complete(cmd, NGX_OK);
    }

    if (ngx_exiting) {
        ngx_sensu_redis_peer_rest(peer, 0);
    }
}


static void
ngx_sensu_redis_peer_conn_lost(void *data)
{
    ngx_sensu_redis_peer_leave(data, 0);
}


void
ngx_sensu_redis_peer_lost(ngx_sensu_redis_peer_t *peer, const char *reason)
{
    (void) ngx_cpystrn((u_char *) peer->conn.reason, (u_char *) reason,
                       sizeof(peer->conn.reason));

    ngx_sensu_redis_peer_leave(peer, 0);
}


void
ngx_sensu_redis_peer_refused(ngx_sensu_redis_peer_t *peer, const char *error)
{
    ngx_sensu_redis_peer_odd(peer, error);

    /* another connection may lead elsewhere */

    if (peer->state == NGX_SENSU_REDIS_READY
        && ngx_sensu_redis_troubles[ngx_sensu_redis_trouble(error)].renew)
    {
        ngx_sensu_redis_peer_lost(peer, error);
    }
}


void
ngx_sensu_redis_peer_odd(ngx_sensu_redis_peer_t *peer, const char *what)
{
    ngx_sensu_stat_add(NGX_SENSU_STAT_REDIS_ERRORS, 1);

    ngx_sensu_redis_tell(peer->redis, peer->addr.text, "answered", what);
}


/*
 * What was sent goes out again over the next connection where it may be sent
 * twice, and where that is made at once; all else fails.
 */

static void
ngx_sensu_redis_peer_leave(ngx_sensu_redis_peer_t *peer, ngx_uint_t late)
{
    ngx_uint_t              sent, fails;
    ngx_queue_t            *q, *next;
    ngx_sensu_redis_cmd_t  *cmd;

    fails = ngx_sensu_redis_peer_gone(peer, late);

    sent = peer->sent;
    peer->sent = 0;

    for (q = ngx_queue_head(&peer->queue);
         q != ngx_queue_sentinel(&peer->queue);
         q = next)
    {
        next = ngx_queue_next(q);
        cmd = ngx_queue_data(q, ngx_sensu_redis_cmd_t, queue);

        if (!fails && (sent == 0 || cmd->again)) {
            cmd->again = (sent == 0) ? cmd->again : 0;

        } else {
            ngx_sensu_redis_peer_fail(peer, cmd);
        }

        sent -= (sent > 0);
    }

    if (ngx_queue_empty(&peer->queue) && peer->timer.timer_set) {
        ngx_del_timer(&peer->timer);
    }
}


/*
 * A connection that held for a while is renewed at once: a server that was
 * started anew or closes idle connections is then not noticed.  Otherwise the
 * next address is tried, and after the last one the peer is down.  Returns
 * whether commands fail now.
 */

static ngx_uint_t
ngx_sensu_redis_peer_gone(ngx_sensu_redis_peer_t *peer, ngx_uint_t late)
{
    ngx_uint_t  at_once;

    ngx_sensu_redis_conn_close(&peer->conn);

    if (peer->retry.timer_set) {
        ngx_del_timer(&peer->retry);
    }

    if (peer->state == NGX_SENSU_REDIS_READY) {
        ngx_sensu_stat_add(NGX_SENSU_STAT_REDIS_LOSSES, 1);
        ngx_sensu_stat_connections(-1);

        at_once = !late && peer->outage == 0
                  && ngx_current_msec - peer->ready >= NGX_SENSU_REDIS_STABLE;

        if (at_once) {
            ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                          "%s %s: lost the connection: %s", peer->what,
                          peer->addr.text, peer->conn.reason);
        }

    } else {
        ngx_sensu_stat_add(NGX_SENSU_STAT_REDIS_CONNECT_FAILURES, 1);

        peer->seed = (peer->seed + 1) % peer->nseeds;

        at_once = (++peer->tried < peer->nseeds);
    }

    if (!at_once) {
        peer->state = NGX_SENSU_REDIS_DOWN;
        peer->tried = 0;

        ngx_add_timer(&peer->retry, ngx_sensu_redis_outage(peer));
        return 1;
    }

    /* not from here, as this may be inside of peer_connect() */

    peer->state = NGX_SENSU_REDIS_CONNECTING;

    ngx_post_event(&peer->retry, &ngx_posted_events);

    return 0;
}


static void
ngx_sensu_redis_peer_fail(ngx_sensu_redis_peer_t *peer,
    ngx_sensu_redis_cmd_t *cmd)
{
    ngx_queue_remove(&cmd->queue);

    if (cmd->op) {
        peer->refused++;
    }

    ngx_sensu_redis_complete(cmd, NGX_ERROR);
}


/* the time to try again; while it is ready, the proof that it is well */

static void
ngx_sensu_redis_peer_retry_handler(ngx_event_t *ev)
{
    ngx_sensu_redis_peer_t  *peer;

    peer = ev->data;

    if (peer->state == NGX_SENSU_REDIS_READY) {
        ngx_sensu_redis_outage_over(peer);
        return;
    }

    if (peer->state == NGX_SENSU_REDIS_DOWN
        && (ngx_exiting || (peer->redis->learnt && peer->slots == 0)))
    {
        /* if a command still wants it, then */
        peer->state = NGX_SENSU_REDIS_IDLE;
        peer->outage = 0;
        return;
    }

    ngx_sensu_redis_peer_connect(peer);
}


static void
ngx_sensu_redis_peer_timer_handler(ngx_event_t *ev)
{
    ngx_msec_t               msec;
    ngx_queue_t             *q;
    ngx_sensu_redis_cmd_t   *cmd;
    ngx_sensu_redis_peer_t  *peer;

    peer = ev->data;

    /* the answer may be there, and its event yet to come */

    ngx_sensu_redis_conn_read(&peer->conn);

    msec = ngx_sensu_redis_peer_late(peer);

    if (msec) {
        ngx_sensu_stat_add(NGX_SENSU_STAT_REDIS_TIMEOUTS, 1);

        ngx_sprintf((u_char *) peer->conn.reason, "no answer in %Mms%Z", msec);

        ngx_sensu_redis_peer_leave(peer, 1);
    }

    for (q = ngx_queue_head(&peer->queue);
         q != ngx_queue_sentinel(&peer->queue);
         q = ngx_queue_next(q))
    {
        cmd = ngx_queue_data(q, ngx_sensu_redis_cmd_t, queue);
        ngx_sensu_redis_cmd_until(cmd);
    }
}


/*
 * Who waits too long fails alone: one late answer is no outage.  A connection
 * that stays silent, or does not even begin, is lost: returns after how long.
 */

static ngx_msec_t
ngx_sensu_redis_peer_late(ngx_sensu_redis_peer_t *peer)
{
    ngx_uint_t              n;
    ngx_queue_t            *q, *next;
    ngx_sensu_redis_cmd_t  *cmd;

    n = 0;

    for (q = ngx_queue_head(&peer->queue);
         q != ngx_queue_sentinel(&peer->queue);
         q = next)
    {
        next = ngx_queue_next(q);
        cmd = ngx_queue_data(q, ngx_sensu_redis_cmd_t, queue);

        if ((ngx_msec_int_t) (ngx_current_msec - cmd->deadline) >= 0) {

            if (n >= peer->sent) {
                ngx_sensu_redis_peer_fail(peer, cmd);

            } else if (cmd->op) {
                ngx_sensu_redis_cmd_late(cmd);

            } else {
                return cmd->deadline - cmd->start;
            }
        }

        n++;
    }

    return 0;
}


/*
 * A worker that shuts down keeps no connection it does not need: where Redis
 * is reached through this very nginx (a stream proxy), each of the two would
 * wait for the other.  The next command connects again.
 */

static void
ngx_sensu_redis_peer_rest(void *data, ngx_uint_t force)
{
    ngx_sensu_redis_peer_t *peer = data;

    if (force
        || (peer->state == NGX_SENSU_REDIS_READY
            && ngx_queue_empty(&peer->queue)))
    {
        ngx_sensu_redis_peer_close(peer);
    }
}


/* without a line in the log */

void
ngx_sensu_redis_peer_close(ngx_sensu_redis_peer_t *peer)
{
    ngx_queue_t            *q;
    ngx_sensu_redis_cmd_t  *cmd;

    if (peer->state == NGX_SENSU_REDIS_READY) {
        ngx_sensu_stat_connections(-1);
    }

    peer->state = NGX_SENSU_REDIS_IDLE;
    peer->outage = 0;
    peer->sent = 0;

    ngx_sensu_redis_conn_close(&peer->conn);

    while (!ngx_queue_empty(&peer->queue)) {
        q = ngx_queue_head(&peer->queue);
        cmd = ngx_queue_data(q, ngx_sensu_redis_cmd_t, queue);
        ngx_sensu_redis_peer_fail(peer, cmd);
    }

    if (peer->retry.posted) {
        ngx_delete_posted_event(&peer->retry);
    }

    if (peer->retry.timer_set) {
        ngx_del_timer(&peer->retry);
    }

    if (peer->timer.timer_set) {
        ngx_del_timer(&peer->timer);
    }
}
