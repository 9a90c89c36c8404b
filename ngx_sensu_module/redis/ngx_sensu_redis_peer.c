
/*
 * One Redis server and the one connection to it: connects and greets, sends
 * commands in a pipeline, keeps their deadlines with a single timer, and when
 * it is lost fails fast and tries again, each time a little later.
 */


#include "ngx_sensu_redis_peer.h"
#include "ngx_sensu_stat.h"


#define NGX_SENSU_REDIS_BACKOFF_MIN  50
#define NGX_SENSU_REDIS_BACKOFF_MAX  5000


static void ngx_sensu_redis_connected(const redisAsyncContext *ac,
    int status);
static void ngx_sensu_redis_disconnected(const redisAsyncContext *ac,
    int status);
static void ngx_sensu_redis_write(ngx_sensu_redis_peer_t *peer,
    ngx_sensu_redis_cmd_t *cmd);
static void ngx_sensu_redis_replied(redisAsyncContext *ac, void *reply,
    void *data);
static void ngx_sensu_redis_at_once(ngx_sensu_redis_peer_t *peer);
static void ngx_sensu_redis_down(ngx_sensu_redis_peer_t *peer);
static void ngx_sensu_redis_retry_handler(ngx_event_t *ev);
static void ngx_sensu_redis_timer(ngx_sensu_redis_peer_t *peer);
static void ngx_sensu_redis_timer_handler(ngx_event_t *ev);
static void ngx_sensu_redis_fail_all(ngx_queue_t *queue);
static ngx_sensu_redis_cmd_t *ngx_sensu_redis_head(ngx_queue_t *queue);


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

    ngx_queue_init(&peer->sent);
    ngx_queue_init(&peer->waiting);

    peer->timer.handler = ngx_sensu_redis_timer_handler;
    peer->timer.data = peer;
    peer->timer.log = ngx_cycle->log;

    peer->retry.handler = ngx_sensu_redis_retry_handler;
    peer->retry.data = peer;
    peer->retry.log = ngx_cycle->log;

    /* a worker that shuts down need not wait for this one */
    peer->retry.cancelable = 1;

    return peer;
}


void
ngx_sensu_redis_peer_connect(ngx_sensu_redis_peer_t *peer)
{
    ngx_sensu_redis_fail_all(&peer->sent);

    peer->state = NGX_SENSU_REDIS_CONNECTING;

    if (peer->seeds) {
        peer->addr = peer->seeds[peer->seed];
    }

    if (ngx_sensu_redis_peer_open(peer) != NGX_OK) {
        return;
    }

    if (peer->redis->topology == NGX_SENSU_REDIS_SENTINEL) {
        ngx_sensu_redis_sentinel_ask(peer);

    } else {
        ngx_sensu_redis_peer_greet(peer);
    }
}


/* addr is numeric, so that hiredis asks no resolver */

ngx_int_t
ngx_sensu_redis_peer_open(ngx_sensu_redis_peer_t *peer)
{
    redisAsyncContext  *ac;

    peer->started = ngx_current_msec;

    if (peer->addr.port) {
        ac = redisAsyncConnect(peer->addr.host, (int) peer->addr.port);

    } else {
        ac = redisAsyncConnectUnix(peer->addr.host);
    }

    peer->ac = ac;

    if (ac == NULL || ac->err) {
        ngx_sensu_redis_peer_lost(peer, ac ? ac->errstr : "no memory", 0);
        return NGX_ERROR;
    }

    ac->data = peer;

    ngx_sensu_redis_guard(ac);

    if (ngx_sensu_redis_attach(ac) != NGX_OK) {
        ngx_sensu_redis_peer_lost(peer, "no worker_connections left", 0);
        return NGX_ERROR;
    }

    /* the callbacks come last: setting the first asks for a write event */

    redisAsyncSetDisconnectCallback(ac, ngx_sensu_redis_disconnected);
    redisAsyncSetConnectCallback(ac, ngx_sensu_redis_connected);

    if (peer->addr.port) {
        (void) redisEnableKeepAlive(&ac->c);
    }

    ngx_sensu_redis_timer(peer);

    return NGX_OK;
}


static void
ngx_sensu_redis_connected(const redisAsyncContext *ac, int status)
{
    ngx_sensu_redis_peer_t  *peer;

    peer = ac->data;

    if (status != REDIS_OK && peer->ac == ac) {
        ngx_sensu_redis_peer_lost(peer, ac->c.errstr, 1);
    }
}


static void
ngx_sensu_redis_disconnected(const redisAsyncContext *ac, int status)
{
    ngx_sensu_redis_peer_t  *peer;

    peer = ac->data;

    if (peer->ac == ac) {
        ngx_sensu_redis_peer_lost(peer, ac->c.errstr, 1);
    }
}


void
ngx_sensu_redis_peer_ready(ngx_sensu_redis_peer_t *peer)
{
    ngx_uint_t              level;
    ngx_sensu_redis_cmd_t  *cmd;

    peer->state = NGX_SENSU_REDIS_READY;
    peer->ready = ngx_current_msec;
    peer->tried = 0;

    ngx_sensu_stat_add(NGX_SENSU_STAT_REDIS_CONNECTS, 1);
    ngx_sensu_stat_connections(1);

    level = peer->told ? NGX_LOG_NOTICE : NGX_LOG_INFO;

    ngx_log_error(level, ngx_cycle->log, 0, "%s %s: connected%s", peer->what,
                  peer->addr.text, peer->told ? " again" : "");

    peer->told = 0;

    while ((cmd = ngx_sensu_redis_head(&peer->waiting)) != NULL) {
        ngx_queue_remove(&cmd->queue);
        ngx_sensu_redis_write(peer, cmd);
    }

    ngx_sensu_redis_timer(peer);

    if (peer->redis->topology == NGX_SENSU_REDIS_CLUSTER) {
        ngx_sensu_redis_cluster_learn(peer);
    }

    if (ngx_exiting) {
        ngx_sensu_redis_peer_rest(peer, 0);
    }
}


void
ngx_sensu_redis_peer_send(ngx_sensu_redis_peer_t *peer,
    ngx_sensu_redis_cmd_t *cmd)
{
    ngx_uint_t  waits;

    cmd->peer = peer;

    switch (peer->state) {

    case NGX_SENSU_REDIS_READY:
        ngx_sensu_redis_write(peer, cmd);
        return;

    case NGX_SENSU_REDIS_IDLE:
        ngx_sensu_redis_peer_connect(peer);
        waits = (peer->state == NGX_SENSU_REDIS_CONNECTING);
        break;

    case NGX_SENSU_REDIS_CONNECTING:
        waits = (peer->failures == 0);
        break;

    default: /* NGX_SENSU_REDIS_DOWN */
        waits = 0;
    }

    if (!waits) {
        ngx_sensu_redis_fail_fast(cmd);
        return;
    }

    ngx_queue_insert_tail(&peer->waiting, &cmd->queue);
    ngx_sensu_redis_timer(peer);
}


static void
ngx_sensu_redis_write(ngx_sensu_redis_peer_t *peer,
    ngx_sensu_redis_cmd_t *cmd)
{
    if (cmd->asking) {
        redisAsyncCommand(peer->ac, NULL, NULL, "ASKING");
        cmd->asking = 0;
    }

    if (redisAsyncFormattedCommand(peer->ac, ngx_sensu_redis_replied, cmd,
                                   (char *) cmd->buf.data, cmd->buf.len)
        != REDIS_OK)
    {
        ngx_sensu_redis_complete(cmd, NGX_ERROR);
        return;
    }

    ngx_sensu_stat_add(NGX_SENSU_STAT_REDIS_COMMANDS, 1);

    ngx_queue_insert_tail(&peer->sent, &cmd->queue);
    ngx_sensu_redis_timer(peer);
}


/* hiredis calls it exactly once for each command, at a loss without reply */

static void
ngx_sensu_redis_replied(redisAsyncContext *ac, void *reply, void *data)
{
    ngx_sensu_redis_cmd_t *cmd = data;

    ngx_sensu_redis_peer_t  *peer;

    peer = cmd->peer;

    ngx_queue_remove(&cmd->queue);

    if (reply) {
        ngx_sensu_redis_timer(peer);
        ngx_sensu_redis_answer(cmd, reply);

        if (ngx_exiting && peer->ac == ac) {
            ngx_sensu_redis_peer_rest(peer, 0);
        }

        return;
    }

    if (peer->ac == ac) {
        ngx_sensu_redis_peer_lost(peer, ac->errstr, 1);
    }

    if (cmd->again
        && peer->state == NGX_SENSU_REDIS_CONNECTING
        && peer->failures == 0)
    {
        cmd->again = 0;
        ngx_queue_insert_tail(&peer->waiting, &cmd->queue);
        ngx_sensu_redis_timer(peer);
        return;
    }

    ngx_sensu_redis_complete(cmd, NGX_ERROR);
}


/*
 * A connection that held for a while is renewed at once, and what was sent
 * over it goes out again: a server that was started anew or closes idle
 * connections is then not noticed.  Otherwise the next address is tried, and
 * after the last one the peer is down for a while.
 */

void
ngx_sensu_redis_peer_lost(ngx_sensu_redis_peer_t *peer, const char *reason,
    ngx_uint_t freed)
{
    ngx_uint_t          was_ready;
    redisAsyncContext  *ac;

    ac = peer->ac;
    peer->ac = NULL;

    was_ready = (peer->state == NGX_SENSU_REDIS_READY);

    (void) ngx_cpystrn((u_char *) peer->reason, (u_char *) reason,
                       sizeof(peer->reason));

    if (was_ready) {
        ngx_sensu_stat_add(NGX_SENSU_STAT_REDIS_LOSSES, 1);
        ngx_sensu_stat_connections(-1);

    } else {
        ngx_sensu_stat_add(NGX_SENSU_STAT_REDIS_CONNECT_FAILURES, 1);

        peer->seed = (peer->seed + 1) % peer->nseeds;
        peer->tried++;
    }

    if (was_ready
        && ngx_current_msec - peer->ready >= NGX_SENSU_REDIS_STABLE)
    {
        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                      "%s %s: lost the connection: %s", peer->what,
                      peer->addr.text, peer->reason);
        peer->told = 1;
        peer->failures = 0;
        ngx_sensu_redis_at_once(peer);

    } else if (!was_ready && peer->tried < peer->nseeds) {
        ngx_sensu_redis_at_once(peer);

    } else {
        ngx_sensu_redis_down(peer);
    }

    if (ac && !freed) {
        redisAsyncFree(ac);
    }
}


/* not from here, as hiredis may be in the midst of freeing */

static void
ngx_sensu_redis_at_once(ngx_sensu_redis_peer_t *peer)
{
    peer->state = NGX_SENSU_REDIS_CONNECTING;
    peer->started = ngx_current_msec;

    ngx_post_event(&peer->retry, &ngx_posted_events);

    ngx_sensu_redis_timer(peer);
}


static void
ngx_sensu_redis_down(ngx_sensu_redis_peer_t *peer)
{
    ngx_msec_t              wait;
    const char             *advice;

    wait = NGX_SENSU_REDIS_BACKOFF_MIN << ngx_min(peer->failures, 10);
    wait = ngx_min(wait, NGX_SENSU_REDIS_BACKOFF_MAX);

    /* spread over 75% to 125%, so that workers do not come as one */
    wait = wait * (750 + ngx_random() % 501) / 1000;

    peer->state = NGX_SENSU_REDIS_DOWN;
    peer->tried = 0;

    advice = ngx_sensu_redis_advice(peer->reason);

    if (peer->failures++ == 0 || advice != peer->advice) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "%s %s is down: %s; %s; what needs it gets an error "
                      "until it is back", peer->what, peer->addr.text,
                      peer->reason, advice);
        peer->told = 1;
        peer->advice = advice;
    }

    if (!peer->retry.posted) {
        ngx_add_timer(&peer->retry, wait);
    }

    ngx_sensu_redis_fail_all(&peer->waiting);

    ngx_sensu_redis_timer(peer);
}


static void
ngx_sensu_redis_retry_handler(ngx_event_t *ev)
{
    ngx_sensu_redis_peer_t  *peer;

    peer = ev->data;

    if (peer->state == NGX_SENSU_REDIS_DOWN
        && (ngx_exiting
            || (peer->redis->learnt && peer->slots == 0)))
    {
        /* if a command still wants it, then */
        peer->state = NGX_SENSU_REDIS_IDLE;
        return;
    }

    ngx_sensu_redis_peer_connect(peer);
}


/*
 * One timer for all: set for the first deadline there is.  ngx_add_timer()
 * leaves a timer that fires a little earlier as it is, so the handler looks
 * whose time is really over.
 */

static void
ngx_sensu_redis_timer(ngx_sensu_redis_peer_t *peer)
{
    ngx_msec_t              end;
    ngx_uint_t              found, i;
    ngx_sensu_redis_cmd_t  *cmd[2];

    cmd[0] = ngx_sensu_redis_head(&peer->sent);
    cmd[1] = ngx_sensu_redis_head(&peer->waiting);

    found = (peer->state == NGX_SENSU_REDIS_CONNECTING);
    end = peer->started + peer->redis->timeout;

    for (i = 0; i < 2; i++) {
        if (cmd[i]
            && (!found || (ngx_msec_int_t) (cmd[i]->deadline - end) < 0))
        {
            end = cmd[i]->deadline;
            found = 1;
        }
    }

    if (peer->timer.timer_set
        && (!found || (ngx_msec_int_t) (end - peer->timer.timer.key) < 0))
    {
        ngx_del_timer(&peer->timer);
    }

    if (found) {
        end -= ngx_current_msec;
        ngx_add_timer(&peer->timer, ngx_max((ngx_msec_int_t) end, 1));
    }
}


static void
ngx_sensu_redis_timer_handler(ngx_event_t *ev)
{
    u_char                   reason[64];
    ngx_uint_t               late;
    ngx_sensu_redis_cmd_t   *cmd;
    ngx_sensu_redis_peer_t  *peer;

    peer = ev->data;

    if (peer->ac == NULL) {
        ngx_sensu_redis_fail_all(&peer->sent);
    }

    cmd = ngx_sensu_redis_head(&peer->sent);

    late = (cmd && (ngx_msec_int_t) (ngx_current_msec - cmd->deadline) >= 0);

    if (peer->state == NGX_SENSU_REDIS_CONNECTING
        && ngx_current_msec - peer->started >= peer->redis->timeout)
    {
        late = 1;
    }

    if (late) {
        ngx_sensu_stat_add(NGX_SENSU_STAT_REDIS_TIMEOUTS, 1);

        ngx_sprintf(reason, "no answer in %Mms%Z", peer->redis->timeout);

        /* who does not answer is not asked again at once */
        peer->ready = ngx_current_msec;

        ngx_sensu_redis_peer_lost(peer, (char *) reason, 0);
    }

    while ((cmd = ngx_sensu_redis_head(&peer->waiting)) != NULL
           && (ngx_msec_int_t) (ngx_current_msec - cmd->deadline) >= 0)
    {
        ngx_queue_remove(&cmd->queue);
        ngx_sensu_redis_complete(cmd, NGX_ERROR);
    }

    ngx_sensu_redis_timer(peer);
}


/*
 * What was sent over a connection that is gone was answered, or called back
 * as lost.  But out of memory hiredis takes a command without a note of its
 * callback: those are left.
 */

static void
ngx_sensu_redis_fail_all(ngx_queue_t *queue)
{
    ngx_sensu_redis_cmd_t  *cmd;

    while ((cmd = ngx_sensu_redis_head(queue)) != NULL) {
        ngx_queue_remove(&cmd->queue);
        ngx_sensu_redis_complete(cmd, NGX_ERROR);
    }
}


static ngx_sensu_redis_cmd_t *
ngx_sensu_redis_head(ngx_queue_t *queue)
{
    if (ngx_queue_empty(queue)) {
        return NULL;
    }

    return ngx_queue_data(ngx_queue_head(queue), ngx_sensu_redis_cmd_t,
                          queue);
}


/*
 * A worker that shuts down keeps no connection it does not need: where Redis
 * is reached through this very nginx (a stream proxy for TLS), each of the
 * two would wait for the other.  The next command connects again.
 */

void
ngx_sensu_redis_peer_rest(ngx_sensu_redis_peer_t *peer, ngx_uint_t force)
{
    if (force
        || (peer->state == NGX_SENSU_REDIS_READY
            && ngx_queue_empty(&peer->sent)
            && ngx_queue_empty(&peer->waiting)))
    {
        ngx_sensu_redis_peer_close(peer);
    }
}


/* without a line in the log */

void
ngx_sensu_redis_peer_close(ngx_sensu_redis_peer_t *peer)
{
    redisAsyncContext  *ac;

    if (peer->state == NGX_SENSU_REDIS_READY) {
        ngx_sensu_stat_connections(-1);
    }

    ac = peer->ac;
    peer->ac = NULL;
    peer->state = NGX_SENSU_REDIS_IDLE;

    if (ac) {
        redisAsyncFree(ac);
    }

    ngx_sensu_redis_fail_all(&peer->sent);
    ngx_sensu_redis_fail_all(&peer->waiting);

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
