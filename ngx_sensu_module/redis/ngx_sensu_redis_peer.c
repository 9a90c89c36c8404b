
/*
 * One Redis server and the one connection to it: connects and greets, sends
 * commands in a pipeline, keeps their deadlines, and when it is lost fails
 * fast and tries again.
 */


#include "ngx_sensu_redis_peer.h"


/* milliseconds: a connection that held so long may be renewed at once */
#define NGX_SENSU_REDIS_STABLE  1000


static void ngx_sensu_redis_peer_ready(ngx_sensu_redis_peer_t *peer);
static void ngx_sensu_redis_peer_reply(ngx_sensu_redis_peer_t *peer,
    redisReply *reply);
static void ngx_sensu_redis_peer_leave(ngx_sensu_redis_peer_t *peer);
static void ngx_sensu_redis_peer_rest(ngx_sensu_redis_peer_t *peer,
    ngx_uint_t force);
static void ngx_sensu_redis_peer_gone(ngx_sensu_redis_peer_t *peer);
static void ngx_sensu_redis_peer_stop(ngx_sensu_redis_peer_t *peer);
static void ngx_sensu_redis_peer_drain(ngx_queue_t *queue);
static void ngx_sensu_redis_peer_fail(ngx_sensu_redis_cmd_t *cmd);
static void ngx_sensu_redis_peer_retry_handler(ngx_event_t *ev);


ngx_sensu_redis_peer_t *
ngx_sensu_redis_peer_create(ngx_sensu_redis_t *redis,
    ngx_sensu_redis_addr_t *addr)
{
    ngx_sensu_redis_peer_t  *peer;

    peer = ngx_pcalloc(redis->pool, sizeof(ngx_sensu_redis_peer_t));
    if (peer == NULL) {
        return NULL;
    }

    redis->peers[redis->npeers++] = peer;

    peer->redis = redis;
    peer->addr = *addr;

    ngx_queue_init(&peer->sent);
    ngx_queue_init(&peer->waiting);

    peer->conn.peer = peer;
    peer->conn.reply = ngx_sensu_redis_peer_reply;
    peer->conn.lost = ngx_sensu_redis_peer_leave;
    peer->conn.rest = ngx_sensu_redis_peer_rest;
    peer->conn.resolver = *redis->resolver;
    peer->conn.tls = redis->tls.on ? &redis->tls : NULL;

    peer->retry.handler = ngx_sensu_redis_peer_retry_handler;
    peer->retry.data = peer;

    /* a worker that shuts down need not wait for this one */
    peer->retry.cancelable = 1;

    return peer;
}


void
ngx_sensu_redis_peer_connect(ngx_sensu_redis_peer_t *peer)
{
    peer->state = NGX_SENSU_REDIS_CONNECTING;
    peer->retry.log = ngx_cycle->log;

    ngx_sensu_redis_peer_open(peer, peer->redis->slots
                                    ? &peer->addr
                                    : &peer->redis->seeds[peer->seed]);
}


void
ngx_sensu_redis_peer_open(ngx_sensu_redis_peer_t *peer,
    ngx_sensu_redis_addr_t *addr)
{
    ngx_sensu_redis_conn_open(&peer->conn, addr);

    if (peer->conn.reader.reader) {
        peer->redis->greet(peer);
    }
}


static void
ngx_sensu_redis_peer_ready(ngx_sensu_redis_peer_t *peer)
{
    ngx_queue_t  *q;

    peer->state = NGX_SENSU_REDIS_READY;
    peer->ready = ngx_current_msec;
    peer->tried = 0;

    ngx_sensu_stat_add(NGX_SENSU_STAT_REDIS_CONNECTS, 1);
    ngx_sensu_stat_connections(1);

    if (peer->outage) {
        ngx_add_timer(&peer->retry, NGX_SENSU_REDIS_STABLE);

    } else {
        ngx_log_error(NGX_LOG_INFO, ngx_cycle->log, 0, "%s %s: connected",
                      ngx_sensu_redis_what(peer), peer->conn.addr->text);
    }

    while (!ngx_queue_empty(&peer->waiting)) {
        q = ngx_queue_head(&peer->waiting);
        ngx_queue_remove(q);

        ngx_sensu_redis_peer_write(peer,
                                   ngx_queue_data(q, ngx_sensu_redis_cmd_t,
                                                  queue));
    }
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
        ngx_sensu_stat_add(NGX_SENSU_STAT_REDIS_FAILED_FAST, 1);

        if (cmd->op) {
            /* nobody was asked, so there is no latency */
            cmd->op->start = 0;
        }

        ngx_sensu_redis_complete(cmd, NGX_ERROR);
        return;
    }

    if (peer->state == NGX_SENSU_REDIS_READY) {
        ngx_sensu_redis_peer_write(peer, cmd);

    } else {
        ngx_queue_insert_tail(&peer->waiting, &cmd->queue);
    }
}


/* nobody waits for a server that was not there a moment ago */

ngx_uint_t
ngx_sensu_redis_peer_fails(ngx_sensu_redis_peer_t *peer)
{
    return peer->state == NGX_SENSU_REDIS_DOWN
           || (peer->state == NGX_SENSU_REDIS_CONNECTING && peer->outage);
}


void
ngx_sensu_redis_peer_write(ngx_sensu_redis_peer_t *peer,
    ngx_sensu_redis_cmd_t *cmd)
{
    if (cmd == NULL || peer->conn.reader.reader == NULL) {

        if (cmd) {
            /* the connection was lost by now */
            ngx_sensu_redis_complete(cmd, NGX_ERROR);

        } else if (peer->conn.reader.reader) {
            (void) ngx_sensu_redis_conn_lost(&peer->conn, "no memory");
        }

        return;
    }

    cmd->peer = peer;
    cmd->buf.pos = cmd->buf.start;

    ngx_queue_insert_tail(&peer->sent, &cmd->queue);

    ngx_sensu_redis_conn_write(&peer->conn, &cmd->link);

    if (cmd->op) {
        ngx_sensu_stat_add(NGX_SENSU_STAT_REDIS_COMMANDS, 1);
    }
}


static void
ngx_sensu_redis_peer_reply(ngx_sensu_redis_peer_t *peer, redisReply *reply)
{
    ngx_int_t               rc;
    ngx_sensu_redis_cmd_t  *cmd;

    cmd = ngx_queue_data(ngx_queue_head(&peer->sent), ngx_sensu_redis_cmd_t,
                         queue);

    if (ngx_queue_empty(&peer->sent) || cmd->buf.pos != cmd->buf.last) {
        (void) ngx_sensu_redis_peer_lost(peer, reply,
                                         "it answers more than was asked");
        return;
    }

    ngx_queue_remove(&cmd->queue);

    if (cmd->op && reply->type != REDIS_REPLY_ERROR) {
        peer->served = ngx_current_msec;
    }

    rc = cmd->reply(cmd, reply);

    if (rc != NGX_AGAIN) {
        ngx_sensu_redis_complete(cmd, rc);
    }

    if (peer->state == NGX_SENSU_REDIS_CONNECTING
        && peer->conn.opened
        && ngx_queue_empty(&peer->sent))
    {
        ngx_sensu_redis_peer_ready(peer);
    }

    if (ngx_exiting) {
        ngx_sensu_redis_peer_rest(peer, 0);
    }
}


void
ngx_sensu_redis_complete(ngx_sensu_redis_cmd_t *cmd, ngx_int_t rc)
{
    if (cmd->op) {
        ngx_sensu_op_complete(cmd->op, rc);
    }

    if (cmd->timer.timer_set) {
        ngx_del_timer(&cmd->timer);
    }

    ngx_free(cmd->buf.start);
    ngx_free(cmd);
}


ngx_int_t
ngx_sensu_redis_must(ngx_sensu_redis_cmd_t *cmd, redisReply *reply)
{
    return reply->type == REDIS_REPLY_ERROR
           ? ngx_sensu_redis_peer_lost(cmd->peer, reply, NULL) : NGX_OK;
}


ngx_int_t
ngx_sensu_redis_may(ngx_sensu_redis_cmd_t *cmd, redisReply *reply)
{
    return reply->type == REDIS_REPLY_ERROR
           ? ngx_sensu_redis_told(cmd->peer, reply->str) : NGX_OK;
}


ngx_int_t
ngx_sensu_redis_peer_lost(ngx_sensu_redis_peer_t *peer, redisReply *reply,
    const char *what)
{
    what = (reply->type == REDIS_REPLY_ERROR) ? reply->str : what;

    return ngx_sensu_redis_conn_lost(&peer->conn, what);
}


ngx_int_t
ngx_sensu_redis_told(ngx_sensu_redis_peer_t *peer, const char *what)
{
    ngx_sensu_stat_add(NGX_SENSU_STAT_REDIS_ERRORS, 1);

    ngx_sensu_redis_tell(peer, "answered", what);

    /* another connection may lead elsewhere */

    if (peer->state == NGX_SENSU_REDIS_READY
        && ngx_sensu_redis_trouble(what)->renew)
    {
        (void) ngx_sensu_redis_conn_lost(&peer->conn, what);
    }

    return NGX_ERROR;
}


/*
 * What was sent goes out again over the next connection where it may be sent
 * twice, and where that is made at once; all else fails.
 */

static void
ngx_sensu_redis_peer_leave(ngx_sensu_redis_peer_t *peer)
{
    ngx_queue_t            *q, *prev;
    ngx_sensu_redis_cmd_t  *cmd;

    ngx_sensu_redis_peer_gone(peer);

    for (q = ngx_queue_last(&peer->sent);
         q != ngx_queue_sentinel(&peer->sent);
         q = prev)
    {
        prev = ngx_queue_prev(q);
        cmd = ngx_queue_data(q, ngx_sensu_redis_cmd_t, queue);

        if (cmd->again) {
            cmd->again = 0;

            ngx_queue_remove(q);
            ngx_queue_insert_head(&peer->waiting, q);
        }
    }

    ngx_sensu_redis_peer_drain(&peer->sent);

    if (peer->state == NGX_SENSU_REDIS_DOWN) {
        ngx_sensu_redis_peer_drain(&peer->waiting);
    }
}


/*
 * A connection that held for a while is renewed at once: a server that was
 * started anew or closes idle connections is then not noticed.  Otherwise the
 * next address is tried, and after the last one the peer is down.
 */

static void
ngx_sensu_redis_peer_gone(ngx_sensu_redis_peer_t *peer)
{
    ngx_uint_t  at_once, nseeds;

    ngx_sensu_redis_peer_stop(peer);

    if (peer->state == NGX_SENSU_REDIS_READY) {
        ngx_sensu_stat_add(NGX_SENSU_STAT_REDIS_LOSSES, 1);

        at_once = peer->outage == 0
                  && ngx_current_msec - peer->ready >= NGX_SENSU_REDIS_STABLE;

        if (at_once) {
            ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                          "%s %s: lost the connection: %s",
                          ngx_sensu_redis_what(peer), peer->conn.addr->text,
                          peer->conn.reason);
        }

    } else {
        ngx_sensu_stat_add(NGX_SENSU_STAT_REDIS_CONNECT_FAILURES, 1);

        nseeds = peer->redis->slots ? 1 : peer->redis->nseeds;

        peer->seed = (peer->seed + 1) % nseeds;
        at_once = (++peer->tried < nseeds);
    }

    if (at_once) {

        /* not from here, as this may be inside of peer_connect() */

        peer->state = NGX_SENSU_REDIS_CONNECTING;

        ngx_post_event(&peer->retry, &ngx_posted_events);

    } else {
        peer->state = NGX_SENSU_REDIS_DOWN;
        peer->tried = 0;

        ngx_add_timer(&peer->retry, ngx_sensu_redis_outage(peer));
    }
}


static void
ngx_sensu_redis_peer_stop(ngx_sensu_redis_peer_t *peer)
{
    if (peer->state == NGX_SENSU_REDIS_READY) {
        ngx_sensu_stat_connections(-1);
    }

    ngx_sensu_redis_conn_close(&peer->conn);

    if (peer->retry.posted) {
        ngx_delete_posted_event(&peer->retry);
    }

    if (peer->retry.timer_set) {
        ngx_del_timer(&peer->retry);
    }
}


static void
ngx_sensu_redis_peer_drain(ngx_queue_t *queue)
{
    while (!ngx_queue_empty(queue)) {
        ngx_sensu_redis_peer_fail(ngx_queue_data(ngx_queue_head(queue),
                                                 ngx_sensu_redis_cmd_t,
                                                 queue));
    }
}


static void
ngx_sensu_redis_peer_fail(ngx_sensu_redis_cmd_t *cmd)
{
    ngx_queue_remove(&cmd->queue);

    if (cmd->op) {
        cmd->peer->refused++;
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


/*
 * Who waits too long fails alone: one late answer is no outage, and should it
 * come it still has its place among the others.  A connection that stays
 * silent, or does not even begin, is lost.
 */

void
ngx_sensu_redis_peer_late(ngx_event_t *ev)
{
    u_char                   text[64];
    ngx_msec_t               silence;
    ngx_sensu_redis_cmd_t   *cmd;
    ngx_sensu_redis_peer_t  *peer;

    cmd = ev->data;
    peer = cmd->peer;
    silence = NGX_SENSU_REDIS_SILENCE * peer->redis->timeout;

    /* the answer may be there, and its event yet to come */

    if (!cmd->late) {
        cmd->late = 1;
        ngx_add_timer(ev, 1);
        return;
    }

    if (cmd->op && peer->state != NGX_SENSU_REDIS_READY) {
        ngx_sensu_redis_peer_fail(cmd);
        return;
    }

    ngx_sensu_stat_add(NGX_SENSU_STAT_REDIS_TIMEOUTS, 1);
    ngx_sprintf(text, "no answer in %Mms%Z", cmd->wait);

    if (cmd->op == NULL) {
        /* one that is silent has not held */
        peer->ready = ngx_current_msec;

        (void) ngx_sensu_redis_conn_lost(&peer->conn, (char *) text);
        return;
    }

    ngx_sensu_redis_tell(peer, "was late:", (char *) text);

    ngx_sensu_op_complete(cmd->op, NGX_ERROR);

    cmd->op = NULL;
    cmd->again = 0;
    cmd->late = 0;
    cmd->reply = ngx_sensu_redis_may;
    cmd->wait += silence;

    ngx_add_timer(ev, silence);
}


/*
 * A worker that shuts down keeps no connection it does not need: where Redis
 * is reached through this very nginx (a stream proxy), each of the two would
 * wait for the other.  The next command connects again.
 */

static void
ngx_sensu_redis_peer_rest(ngx_sensu_redis_peer_t *peer, ngx_uint_t force)
{
    if (force
        || (peer->state == NGX_SENSU_REDIS_READY
            && ngx_queue_empty(&peer->sent)))
    {
        ngx_sensu_redis_peer_close(peer);
    }
}


/* without a line in the log */

void
ngx_sensu_redis_peer_close(ngx_sensu_redis_peer_t *peer)
{
    ngx_sensu_redis_peer_stop(peer);

    peer->state = NGX_SENSU_REDIS_IDLE;
    peer->outage = 0;

    ngx_sensu_redis_peer_drain(&peer->sent);
    ngx_sensu_redis_peer_drain(&peer->waiting);

    ngx_sensu_redis_tls_forget(&peer->conn);
}
