
/*
 * As much of nginx as the Redis client needs to run in a fuzzer: events and
 * timers that the fuzzer fires itself, a clock that it sets, and a log that
 * nobody reads but that is written, so that what is said in it is looked at.
 */


#ifndef _NGX_FUZZ_H_INCLUDED_
#define _NGX_FUZZ_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_event_connect.h>

#include "ngx_sensu_redis_peer.h"


#define FUZZ_TIMERS       600
#define FUZZ_CONNECTIONS  80
#define FUZZ_WRITE        60    /* bytes that go out at once */


typedef struct {
    int                         server;     /* the other end, -1: closed */
    ngx_connection_t           *client;     /* NULL: free */
    int                         edge;       /* something is to be read */
    ngx_connection_handler_pt   shaken;     /* of a handshake under way */
} fuzz_connection_t;


static fuzz_connection_t   fuzz_connections[FUZZ_CONNECTIONS];
static ngx_resolver_ctx_t *fuzz_names[FUZZ_CONNECTIONS];
static unsigned            fuzz_refuse;     /* so many connections */
static ngx_rbtree_node_t  *fuzz_timers[FUZZ_TIMERS];
static ngx_uint_t          fuzz_ntimers;
static ngx_log_t           fuzz_log;
static ngx_cycle_t         fuzz_cycle;


static ngx_time_t          fuzz_time;

volatile ngx_cycle_t  *ngx_cycle = &fuzz_cycle;
volatile ngx_time_t   *ngx_cached_time = &fuzz_time;
volatile ngx_msec_t    ngx_current_msec;
ngx_pid_t              ngx_pid;
ngx_uint_t             ngx_process;
ngx_uint_t             ngx_exiting;
ngx_rbtree_t           ngx_event_timer_rbtree;
ngx_queue_t            ngx_posted_events;


static void
fuzz_must(int cond, const char *what)
{
    if (!cond) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}


/* memory */

void *
ngx_alloc(size_t size, ngx_log_t *log)
{
    (void) log;

    return malloc(size);
}


void *
ngx_calloc(size_t size, ngx_log_t *log)
{
    (void) log;

    return calloc(1, size);
}


/* the pool is a list of what was taken from it, which the fuzzer frees */

typedef struct fuzz_block_s {
    struct fuzz_block_s  *next;
    double                data[];
} fuzz_block_t;

static fuzz_block_t  *fuzz_blocks;


void *
ngx_pcalloc(ngx_pool_t *pool, size_t size)
{
    fuzz_block_t  *block;

    (void) pool;

    block = calloc(1, sizeof(fuzz_block_t) + size);
    fuzz_must(block != NULL, "no memory");

    block->next = fuzz_blocks;
    fuzz_blocks = block;

    return block->data;
}


void *
ngx_pnalloc(ngx_pool_t *pool, size_t size)
{
    return ngx_pcalloc(pool, size);
}


static void
fuzz_free_pool(void)
{
    fuzz_block_t  *next;

    for ( /* void */ ; fuzz_blocks; fuzz_blocks = next) {
        next = fuzz_blocks->next;
        free(fuzz_blocks);
    }
}


/* strings: those conversions that the client uses */

static u_char *
fuzz_copy(u_char *p, u_char *last, const char *data, size_t len)
{
    while (len-- && p < last) {
        *p++ = (u_char) *data++;
    }

    return p;
}


static u_char *
fuzz_print(u_char *p, u_char *last, const char *fmt, va_list args)
{
    int          is_unsigned;
    char         number[32];
    size_t       len;
    long long    n;
    ngx_str_t   *str;
    const char  *s;

    for ( /* void */ ; *fmt; fmt++) {

        if (*fmt != '%') {
            p = fuzz_copy(p, last, fmt, 1);
            continue;
        }

        fmt++;
        is_unsigned = (*fmt == 'u');
        fmt += is_unsigned;

        switch (*fmt) {

        case 'V':
            str = va_arg(args, ngx_str_t *);
            p = fuzz_copy(p, last, (char *) str->data, str->len);
            continue;

        case '*':
            len = va_arg(args, size_t);
            p = fuzz_copy(p, last, va_arg(args, char *), len);
            fmt++;
            continue;

        case 's':
            s = va_arg(args, const char *);
            p = fuzz_copy(p, last, s, strlen(s));
            continue;

        case 'Z':
            p = fuzz_copy(p, last, "", 1);
            continue;

        case 'd':
        case 'P':
            n = va_arg(args, int);
            break;

        case 'i':
        case 'z':
        case 'M':
        case 'T':
            n = va_arg(args, long);
            break;

        default:
            fuzz_must(0, "a conversion that is not here");
            return p;
        }

        len = snprintf(number, sizeof(number), is_unsigned ? "%llu" : "%lld",
                       n);
        p = fuzz_copy(p, last, number, len);
    }

    return p;
}


u_char *
ngx_sprintf(u_char *buf, const char *fmt, ...)
{
    u_char   *p, text[4096];
    va_list   args;

    va_start(args, fmt);
    p = fuzz_print(text, text + sizeof(text), fmt, args);
    va_end(args);

    /* where it belongs only so many bytes are written as there are */
    return ngx_cpymem(buf, text, p - text);
}


u_char *
ngx_snprintf(u_char *buf, size_t max, const char *fmt, ...)
{
    u_char   *p;
    va_list   args;

    va_start(args, fmt);
    p = fuzz_print(buf, buf + max, fmt, args);
    va_end(args);

    return p;
}


u_char *
ngx_slprintf(u_char *buf, u_char *last, const char *fmt, ...)
{
    u_char   *p;
    va_list   args;

    va_start(args, fmt);
    p = fuzz_print(buf, last, fmt, args);
    va_end(args);

    return p;
}


u_char *
ngx_vslprintf(u_char *buf, u_char *last, const char *fmt, va_list args)
{
    return fuzz_print(buf, last, fmt, args);
}


void
ngx_log_error_core(ngx_uint_t level, ngx_log_t *log, ngx_err_t err,
    const char *fmt, ...)
{
    u_char   text[2048], *p;
    va_list  args;

    (void) err;

    va_start(args, fmt);
    p = fuzz_print(text, text + sizeof(text) - 1, fmt, args);
    va_end(args);

    fuzz_must(memchr(text, '\n', p - text) == NULL, "more than one line");
    ngx_linefeed(p);

    if (log->writer) {
        log->writer(log, level, text, p - text);
    }

    fuzz_must(level > NGX_LOG_ALERT, "an alert");
}


ngx_int_t
ngx_connection_error(ngx_connection_t *c, ngx_err_t err, char *text)
{
    ngx_log_error_core(NGX_LOG_ERR, c->log, err, "%s (%d: %s)", text, err,
                       strerror(err));
    return NGX_ERROR;
}


u_char *
ngx_strnstr(u_char *s1, char *s2, size_t n)
{
    return memmem(s1, n, s2, strlen(s2));
}


u_char *
ngx_cpystrn(u_char *dst, u_char *src, size_t n)
{
    if (n == 0) {
        return dst;
    }

    while (--n && *src) {
        *dst++ = *src++;
    }

    *dst = '\0';

    return dst;
}


ngx_int_t
ngx_atoi(u_char *line, size_t n)
{
    ngx_int_t  value;

    if (n == 0) {
        return NGX_ERROR;
    }

    for (value = 0; n--; line++) {
        if (*line < '0' || *line > '9'
            || value > (NGX_MAX_INT_T_VALUE - 9) / 10)
        {
            return NGX_ERROR;
        }

        value = value * 10 + (*line - '0');
    }

    return value;
}


/* timers, in no order: there are few */

void
ngx_rbtree_insert(ngx_rbtree_t *tree, ngx_rbtree_node_t *node)
{
    (void) tree;

    fuzz_must(fuzz_ntimers < FUZZ_TIMERS, "timers without end");
    fuzz_timers[fuzz_ntimers++] = node;
}


void
ngx_rbtree_delete(ngx_rbtree_t *tree, ngx_rbtree_node_t *node)
{
    ngx_uint_t  i;

    (void) tree;

    for (i = 0; i < fuzz_ntimers && fuzz_timers[i] != node; i++) {
        /* void */
    }

    fuzz_must(i < fuzz_ntimers, "a timer that is not set");
    fuzz_timers[i] = fuzz_timers[--fuzz_ntimers];
}


static void
fuzz_wait(ngx_msec_t msec)
{
    ngx_uint_t    i;
    ngx_event_t  *ev;

    ngx_current_msec += msec;

    for (i = 0; i < fuzz_ntimers; /* void */ ) {

        if (fuzz_timers[i]->key > ngx_current_msec) {
            i++;
            continue;
        }

        ev = (ngx_event_t *) ((char *) fuzz_timers[i]
                              - offsetof(ngx_event_t, timer));
        ngx_del_timer(ev);
        ev->timedout = 1;
        ev->handler(ev);

        /* it may have changed any of them */
        i = 0;
    }
}


void
ngx_time_update(void)
{
    /* the fuzzer's clock */
}


void
ngx_inet_set_port(struct sockaddr *sa, in_port_t port)
{
    /* at the same place for both families */
    ((struct sockaddr_in *) sa)->sin_port = htons(port);
}


size_t
ngx_sock_ntop(struct sockaddr *sa, socklen_t socklen, u_char *text, size_t len,
    ngx_uint_t port)
{
    char                  host[INET6_ADDRSTRLEN];
    struct sockaddr_in   *sin = (struct sockaddr_in *) sa;
    struct sockaddr_in6  *sin6 = (struct sockaddr_in6 *) sa;

    (void) port;

    fuzz_must(socklen == (sa->sa_family == AF_INET ? sizeof(*sin)
                                                   : sizeof(*sin6)),
              "half an address");

    (void) inet_ntop(sa->sa_family, sa->sa_family == AF_INET
                                    ? (void *) &sin->sin_addr
                                    : (void *) &sin6->sin6_addr,
                     host, sizeof(host));

    return snprintf((char *) text, len, "[%s]:%u", host, ntohs(sin->sin_port));
}


/* names: whoever asks is told later, by fuzz_resolve() */

ngx_resolver_ctx_t *
ngx_resolve_start(ngx_resolver_t *r, ngx_resolver_ctx_t *temp)
{
    (void) r;
    (void) temp;

    return calloc(1, sizeof(ngx_resolver_ctx_t));
}


static void
fuzz_name(ngx_resolver_ctx_t *from, ngx_resolver_ctx_t *to)
{
    ngx_uint_t  i;

    for (i = 0; i < FUZZ_CONNECTIONS; i++) {
        if (fuzz_names[i] == from) {
            fuzz_names[i] = to;
            return;
        }
    }

    fuzz_must(0, from ? "a name nobody asked for" : "names without end");
}


ngx_int_t
ngx_resolve_name(ngx_resolver_ctx_t *ctx)
{
    fuzz_name(NULL, ctx);

    return NGX_OK;
}


void
ngx_resolve_name_done(ngx_resolver_ctx_t *ctx)
{
    fuzz_name(ctx, NULL);
    free(ctx);
}


char *
ngx_resolver_strerror(ngx_int_t err)
{
    return err == NGX_RESOLVE_NXDOMAIN ? "Host not found" : "Timed out";
}


static void
fuzz_resolve(unsigned which)
{
    ngx_uint_t           i, n;
    struct sockaddr_in   sin[16];
    ngx_resolver_ctx_t  *ctx;
    ngx_resolver_addr_t  addrs[16];

    memset(sin, 0, sizeof(sin));
    memset(addrs, 0, sizeof(addrs));

    for (n = 0; n < 16; n++) {
        sin[n].sin_family = AF_INET;
        addrs[n].sockaddr = (struct sockaddr *) &sin[n];
        addrs[n].socklen = sizeof(struct sockaddr_in);
    }

    for (i = 0; i < FUZZ_CONNECTIONS; i++) {
        ctx = fuzz_names[i];

        if (ctx) {
            ctx->addrs = addrs;
            ctx->naddrs = which & 15;
            ctx->state = ctx->naddrs ? NGX_OK : NGX_RESOLVE_NXDOMAIN;
            ctx->handler(ctx);
            return;
        }
    }
}


/* connections: the other end is there as soon as the client has its own */

ngx_int_t
ngx_handle_read_event(ngx_event_t *rev, ngx_uint_t flags)
{
    return (rev->active || flags) ? NGX_OK : NGX_ERROR;
}


ngx_int_t
ngx_handle_write_event(ngx_event_t *wev, size_t lowat)
{
    return (wev->active || lowat) ? NGX_OK : NGX_ERROR;
}


static ssize_t
fuzz_recv(ngx_connection_t *c, u_char *buf, size_t size)
{
    ssize_t  n;

    n = recv(c->fd, buf, size, MSG_DONTWAIT);

    if (n <= 0) {
        c->read->ready = 0;
        c->read->eof = (n == 0);
    }

    return (n == -1 && errno == EAGAIN) ? NGX_AGAIN : n;
}


static ngx_chain_t *
fuzz_send_chain(ngx_connection_t *c, ngx_chain_t *in, off_t limit)
{
    ssize_t  n, room;

    (void) limit;

    for (room = FUZZ_WRITE; in && room; room -= n) {

        n = ngx_min(room, in->buf->last - in->buf->pos);
        n = send(c->fd, in->buf->pos, n, MSG_DONTWAIT);

        if (n == -1) {
            break;
        }

        in->buf->pos += n;

        if (in->buf->pos == in->buf->last) {
            in = in->next;
        }
    }

    c->write->ready = (in == NULL);

    return (in && room && errno != EAGAIN) ? NGX_CHAIN_ERROR : in;
}


ngx_int_t
ngx_event_get_peer(ngx_peer_connection_t *pc, void *data)
{
    (void) pc;
    (void) data;

    return NGX_OK;
}


static fuzz_connection_t *
fuzz_place(ngx_connection_t *c)
{
    ngx_uint_t  i;

    for (i = 0; i < FUZZ_CONNECTIONS; i++) {
        if (fuzz_connections[i].client == c) {
            return &fuzz_connections[i];
        }
    }

    fuzz_must(0, "a connection that is not in use");

    return NULL;
}


ngx_int_t
ngx_tcp_nodelay(ngx_connection_t *c)
{
    (void) fuzz_place(c);

    return NGX_OK;
}


ngx_int_t
ngx_event_connect_peer(ngx_peer_connection_t *pc)
{
    int                 pair[2];
    ngx_uint_t          i;
    ngx_connection_t   *c;
    fuzz_connection_t  *place;

    for (i = 0; i < FUZZ_CONNECTIONS && fuzz_connections[i].client; i++) {
        /* void */
    }

    fuzz_must(i < FUZZ_CONNECTIONS, "connections without end");

    if (fuzz_refuse) {
        fuzz_refuse--;
        ngx_log_error(NGX_LOG_ERR, pc->log, ECONNREFUSED,
                      "connect() to %V failed (111: Connection refused)",
                      pc->name);
        return NGX_DECLINED;
    }

    fuzz_must(socketpair(AF_UNIX, SOCK_STREAM|SOCK_NONBLOCK, 0, pair) == 0,
              "no sockets");

    c = calloc(1, sizeof(ngx_connection_t));
    c->read = calloc(1, sizeof(ngx_event_t));
    c->write = calloc(1, sizeof(ngx_event_t));

    c->fd = pair[0];
    c->log = pc->log;
    c->recv = fuzz_recv;
    c->send_chain = fuzz_send_chain;
    c->read->data = c;
    c->read->log = pc->log;
    c->read->active = 1;
    c->write->data = c;
    c->write->log = pc->log;
    c->write->active = 1;
    c->write->write = 1;

    place = &fuzz_connections[i];
    place->client = c;
    place->server = pair[1];
    place->edge = 0;
    place->shaken = NULL;

    pc->connection = c;

    /* as it is through a unix socket and through the network */

    c->write->ready = (i & 1);

    return (i & 1) ? NGX_OK : NGX_AGAIN;
}


static void
fuzz_close(fuzz_connection_t *place)
{
    if (place->server != -1) {
        close(place->server);
        place->server = -1;
        place->edge = 1;
    }
}


void
ngx_close_connection(ngx_connection_t *c)
{
    fuzz_connection_t  *place;

    place = fuzz_place(c);

    if (c->read->posted) {
        ngx_delete_posted_event(c->read);
    }

    if (c->write->posted) {
        ngx_delete_posted_event(c->write);
    }

    fuzz_close(place);
    place->client = NULL;

    close(c->fd);
    free(c->read);
    free(c->write);
    free(c);
}


void
ngx_destroy_pool(ngx_pool_t *pool)
{
    fuzz_must(pool == NULL, "a pool of nobody");
}


/* a handshake that may take a turn, and that every third server fails */

ngx_int_t
ngx_sensu_redis_tls_start(ngx_sensu_redis_conn_t *conn,
    ngx_connection_handler_pt handler)
{
    if (conn->addr->port & 1) {
        return NGX_OK;
    }

    fuzz_must(conn->session == NULL, "a session of nobody");
    fuzz_place(conn->connection)->shaken = handler;

    return NGX_AGAIN;
}


const char *
ngx_sensu_redis_tls_check(ngx_sensu_redis_conn_t *conn)
{
    return (fuzz_place(conn->connection) - fuzz_connections) % 3 == 2
           ? "no" : NULL;
}


void
ngx_sensu_redis_tls_end(ngx_sensu_redis_conn_t *conn)
{
    (void) fuzz_place(conn->connection);
}


void
ngx_sensu_redis_tls_forget(ngx_sensu_redis_conn_t *conn)
{
    fuzz_must(conn->session == NULL, "a session of nobody");
}


static void
fuzz_run_posted(void)
{
    ngx_queue_t  *q;
    ngx_event_t  *ev;

    while (!ngx_queue_empty(&ngx_posted_events)) {
        q = ngx_queue_head(&ngx_posted_events);
        ev = ngx_queue_data(q, ngx_event_t, queue);
        ngx_delete_posted_event(ev);
        ev->handler(ev);
    }
}


/* what epoll would tell of a connection, which may end with any of it */

static void
fuzz_events(fuzz_connection_t *place)
{
    char                        drain[4096];
    ngx_connection_t           *c;
    ngx_connection_handler_pt   shaken;

    c = place->client;
    shaken = place->shaken;

    if (shaken) {
        place->shaken = NULL;
        shaken(c);

    } else if (!c->write->ready) {
        c->write->ready = 1;
        c->write->handler(c->write);
    }

    fuzz_run_posted();

    while (place->server != -1
           && recv(place->server, drain, sizeof(drain), 0) > 0)
    {
        /* void */
    }

    if (place->client == c && place->edge) {
        place->edge = 0;
        c->read->ready = 1;
        c->read->handler(c->read);
    }

    fuzz_run_posted();
}


static void
fuzz_nginx_init(void)
{
    fuzz_log.log_level = NGX_LOG_INFO;
    fuzz_cycle.log = &fuzz_log;
    ngx_process = NGX_PROCESS_WORKER;
    ngx_queue_init(&ngx_posted_events);

    /* as nginx does */
    signal(SIGPIPE, SIG_IGN);
}


#endif /* _NGX_FUZZ_H_INCLUDED_ */
