
/*
 * A connection to a Redis server, see ngx_sensu_redis_conn.h.
 */


#include "ngx_sensu_redis_conn.h"


#define NGX_SENSU_REDIS_BUFFER  16384


static ngx_int_t ngx_sensu_redis_conn_resolve(ngx_sensu_redis_conn_t *conn);
static void ngx_sensu_redis_conn_resolve_handler(ngx_resolver_ctx_t *ctx);
static void ngx_sensu_redis_conn_handler(ngx_event_t *ev);
static ngx_int_t ngx_sensu_redis_conn_connect(ngx_sensu_redis_conn_t *conn);
static void ngx_sensu_redis_conn_connected(ngx_sensu_redis_conn_t *conn);
static void ngx_sensu_redis_conn_handshaken(ngx_connection_t *c);
static void ngx_sensu_redis_conn_opened(ngx_sensu_redis_conn_t *conn);
static void ngx_sensu_redis_conn_read_handler(ngx_event_t *rev);
static ngx_int_t ngx_sensu_redis_conn_take(ngx_sensu_redis_conn_t *conn,
    u_char *p, u_char *last);
static void ngx_sensu_redis_conn_write_handler(ngx_event_t *wev);
static void ngx_sensu_redis_conn_lost(ngx_sensu_redis_conn_t *conn,
    const char *reason);
static void ngx_sensu_redis_conn_drop(ngx_sensu_redis_conn_t *conn);
static void ngx_sensu_redis_conn_said(ngx_log_t *log, ngx_uint_t level,
    u_char *buf, size_t len);


ngx_int_t
ngx_sensu_redis_conn_open(ngx_sensu_redis_conn_t *conn,
    ngx_sensu_redis_addr_t *addr)
{
    conn->addr = addr;
    conn->naddrs = 0;
    conn->tried = 0;

    conn->broken = 0;

    conn->event.handler = ngx_sensu_redis_conn_handler;
    conn->event.data = conn;
    conn->event.log = &conn->log;

    conn->log.writer = ngx_sensu_redis_conn_said;
    conn->log.wdata = conn;

    ngx_memzero(&conn->reader, sizeof(ngx_sensu_redis_reader_t));

    conn->reader.reader = redisReaderCreate();

    if (conn->reader.reader == NULL) {
        ngx_sprintf((u_char *) conn->reason, "no memory%Z");
        return NGX_ERROR;
    }

    if (addr->socklen == 0) {
        return ngx_sensu_redis_conn_resolve(conn);
    }

    conn->addrs[0] = addr->sockaddr;
    conn->naddrs = 1;

    return ngx_sensu_redis_conn_connect(conn);
}


static ngx_int_t
ngx_sensu_redis_conn_resolve(ngx_sensu_redis_conn_t *conn)
{
    ngx_resolver_ctx_t  *ctx;

    ctx = conn->resolver ? ngx_resolve_start(conn->resolver, NULL)
                         : NGX_NO_RESOLVER;

    if (ctx == NGX_NO_RESOLVER) {
        ngx_sprintf((u_char *) conn->reason, "its name cannot be resolved%Z");
        return NGX_ERROR;
    }

    ngx_sprintf((u_char *) conn->reason, "no memory%Z");

    if (ctx == NULL) {
        return NGX_ERROR;
    }

    ctx->name.data = conn->addr->host;
    ctx->name.len = ngx_strlen(conn->addr->host);
    ctx->handler = ngx_sensu_redis_conn_resolve_handler;
    ctx->data = conn;
    ctx->timeout = 30000;    /* who waits for it has a deadline, too */

    conn->resolving = ctx;

    if (ngx_resolve_name(ctx) != NGX_OK) {
        conn->resolving = NULL;
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* what comes of it waits: this may be inside of ngx_resolve_name() */

static void
ngx_sensu_redis_conn_resolve_handler(ngx_resolver_ctx_t *ctx)
{
    ngx_uint_t               i;
    ngx_sockaddr_t          *sockaddr;
    ngx_sensu_redis_conn_t  *conn;

    conn = ctx->data;

    if (ctx->state) {
        *ngx_snprintf((u_char *) conn->reason, sizeof(conn->reason) - 1,
                      "its name cannot be resolved: %s",
                      ngx_resolver_strerror(ctx->state)) = '\0';
    }

    for (i = 0; i < ctx->naddrs && i < NGX_SENSU_REDIS_ADDRS; i++) {
        sockaddr = &conn->addrs[i];

        ngx_memcpy(sockaddr, ctx->addrs[i].sockaddr, ctx->addrs[i].socklen);
        ngx_inet_set_port(&sockaddr->sockaddr, (in_port_t) conn->addr->port);
    }

    conn->naddrs = i;

    ngx_resolve_name_done(ctx);
    conn->resolving = NULL;

    ngx_post_event(&conn->event, &ngx_posted_events);
}


static void
ngx_sensu_redis_conn_handler(ngx_event_t *ev)
{
    ngx_sensu_redis_conn_t  *conn;

    conn = ev->data;

    if (conn->broken || ngx_sensu_redis_conn_connect(conn) != NGX_OK) {
        ngx_sensu_redis_conn_lost(conn, NULL);
    }
}


/* the next address that can be tried at all */

static ngx_int_t
ngx_sensu_redis_conn_connect(ngx_sensu_redis_conn_t *conn)
{
    ngx_int_t               rc;
    ngx_str_t               name;
    ngx_connection_t       *c;
    ngx_peer_connection_t   pc;

    conn->log.log_level = NGX_LOG_INFO;

    name.data = conn->addr->text;
    name.len = ngx_strlen(name.data);

    while (conn->tried < conn->naddrs) {

        ngx_memzero(&pc, sizeof(ngx_peer_connection_t));

        pc.sockaddr = &conn->addrs[conn->tried].sockaddr;
        pc.socklen = ngx_sensu_redis_socklen(&conn->addrs[conn->tried]);
        pc.name = &name;
        pc.get = ngx_event_get_peer;
        pc.log = &conn->log;
        pc.log_error = NGX_ERROR_ERR;
        pc.so_keepalive = (conn->addr->port != 0);

        conn->tried++;

        rc = ngx_event_connect_peer(&pc);

        if (rc != NGX_OK && rc != NGX_AGAIN) {
            continue;
        }

        c = pc.connection;
        c->data = conn;
        c->read->handler = ngx_sensu_redis_conn_read_handler;
        c->write->handler = ngx_sensu_redis_conn_write_handler;

        conn->connection = c;

        /* a command does not wait for the answer to the one before */

        if (conn->addr->port) {
            (void) ngx_tcp_nodelay(c);
        }

        if (rc == NGX_OK) {
            ngx_post_event(c->write, &ngx_posted_events);
        }

        return NGX_OK;
    }

    return NGX_ERROR;
}


static void
ngx_sensu_redis_conn_connected(ngx_sensu_redis_conn_t *conn)
{
    int                err;
    ngx_int_t          rc;
    socklen_t          len;
    ngx_connection_t  *c;

    c = conn->connection;

    err = 0;
    len = sizeof(int);

    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, (void *) &err, &len) == -1) {
        err = ngx_socket_errno;
    }

    if (err) {
        ngx_sensu_redis_conn_drop(conn);

        *ngx_strerror(err, (u_char *) conn->reason, sizeof(conn->reason) - 1)
            = '\0';

        if (ngx_sensu_redis_conn_connect(conn) != NGX_OK) {
            ngx_sensu_redis_conn_lost(conn, NULL);
        }

        return;
    }

    if (conn->tls == NULL) {
        ngx_sensu_redis_conn_opened(conn);
        return;
    }

    rc = ngx_sensu_redis_tls_start(conn->tls, c, conn->addr, &conn->session,
                                   ngx_sensu_redis_conn_handshaken);

    if (rc != NGX_AGAIN) {
        ngx_sensu_redis_conn_handshaken(c);
    }
}


static void
ngx_sensu_redis_conn_handshaken(ngx_connection_t *c)
{
    const char              *error;
    ngx_sensu_redis_conn_t  *conn;

    conn = c->data;

    error = ngx_sensu_redis_tls_check(conn->tls, c);

    if (error) {
        ngx_sensu_redis_conn_lost(conn, *error ? error : NULL);
        return;
    }

    c->read->handler = ngx_sensu_redis_conn_read_handler;
    c->write->handler = ngx_sensu_redis_conn_write_handler;

    ngx_sensu_redis_conn_opened(conn);
}


static void
ngx_sensu_redis_conn_opened(ngx_sensu_redis_conn_t *conn)
{
    ngx_connection_t  *c;

    c = conn->connection;
    c->idle = 1;

    conn->opened = 1;

    ngx_post_event(c->write, &ngx_posted_events);

    if (c->read->ready) {
        ngx_post_event(c->read, &ngx_posted_events);
    }
}


/*
 * What is asked for in one turn of the loop goes out in one write at its
 * end: the socket is nearly always writable, so the write handler is posted.
 */

void
ngx_sensu_redis_conn_write(ngx_sensu_redis_conn_t *conn, u_char *data,
    size_t len)
{
    size_t      size, unsent;
    u_char     *p;
    ngx_buf_t  *b;

    b = &conn->out;

    if (conn->broken) {
        return;
    }

    if ((size_t) (b->end - b->last) < len) {
        unsent = b->last - b->pos;
        size = ngx_max(2 * (unsent + len), 1024);

        p = ngx_alloc(size, ngx_cycle->log);
        if (p == NULL) {
            /* answers would no longer be those to the commands */
            conn->broken = 1;
            ngx_sprintf((u_char *) conn->reason, "no memory%Z");
            ngx_post_event(&conn->event, &ngx_posted_events);
            return;
        }

        if (unsent) {
            ngx_memcpy(p, b->pos, unsent);
        }

        if (b->start) {
            ngx_free(b->start);
        }

        b->start = p;
        b->pos = p;
        b->last = p + unsent;
        b->end = p + size;
    }

    b->last = ngx_cpymem(b->last, data, len);

    if (conn->opened && conn->connection->write->ready) {
        ngx_post_event(conn->connection->write, &ngx_posted_events);
    }
}


static void
ngx_sensu_redis_conn_write_handler(ngx_event_t *wev)
{
    ssize_t                  n;
    ngx_buf_t               *b;
    ngx_connection_t        *c;
    ngx_sensu_redis_conn_t  *conn;

    c = wev->data;
    conn = c->data;
    b = &conn->out;

    if (!conn->opened) {
        ngx_sensu_redis_conn_connected(conn);
        return;
    }

    while (b->pos < b->last && wev->ready) {
        n = c->send(c, b->pos, b->last - b->pos);

        if (n == NGX_AGAIN) {
            break;
        }

        if (n == NGX_ERROR || n == 0) {
            ngx_sensu_redis_conn_lost(conn, NULL);
            return;
        }

        b->pos += n;
    }

    if (b->pos == b->last) {
        b->pos = b->start;
        b->last = b->start;
    }

    if (ngx_handle_write_event(wev, 0) != NGX_OK) {
        ngx_sensu_redis_conn_lost(conn, NULL);
    }
}


/*
 * nginx sets close when a worker begins to shut down, and error as well at
 * worker_shutdown_timeout.
 */

static void
ngx_sensu_redis_conn_read_handler(ngx_event_t *rev)
{
    ngx_connection_t        *c;
    ngx_sensu_redis_conn_t  *conn;

    c = rev->data;
    conn = c->data;

    if (c->close) {
        c->close = 0;
        conn->owner->rest(conn->data, c->error);
        return;
    }

    ngx_sensu_redis_conn_read(conn);
}


void
ngx_sensu_redis_conn_read(ngx_sensu_redis_conn_t *conn)
{
    u_char             buf[NGX_SENSU_REDIS_BUFFER];
    ssize_t            n;
    ngx_connection_t  *c;

    if (!conn->opened) {
        return;
    }

    c = conn->connection;

    do {
        n = c->recv(c, buf, NGX_SENSU_REDIS_BUFFER);

        if (n == NGX_AGAIN) {
            break;
        }

        if (n == NGX_ERROR || n == 0) {
            ngx_sensu_redis_conn_lost(conn, n == 0
                                      ? "Server closed the connection" : NULL);
            return;
        }

        if (ngx_sensu_redis_conn_take(conn, buf, buf + n) != NGX_OK) {
            return;
        }

    } while (c->read->ready);

    if (ngx_handle_read_event(c->read, 0) != NGX_OK) {
        ngx_sensu_redis_conn_lost(conn, NULL);
    }
}


/* NGX_DONE: it is closed, or another one by now */

static ngx_int_t
ngx_sensu_redis_conn_take(ngx_sensu_redis_conn_t *conn, u_char *p,
    u_char *last)
{
    ngx_int_t    rc;
    ngx_uint_t   number;
    redisReply  *reply;

    number = conn->number;

    while (p < last) {
        rc = ngx_sensu_redis_reader_feed(&conn->reader, &p, last, &reply);

        if (rc == NGX_AGAIN) {
            break;
        }

        if (rc == NGX_ERROR) {
            ngx_sensu_redis_conn_lost(conn, conn->reader.error);
            return NGX_DONE;
        }

        conn->owner->reply(conn->data, reply);

        freeReplyObject(reply);

        if (conn->number != number) {
            return NGX_DONE;
        }
    }

    return NGX_OK;
}


static void
ngx_sensu_redis_conn_lost(ngx_sensu_redis_conn_t *conn, const char *reason)
{
    if (reason) {
        (void) ngx_cpystrn((u_char *) conn->reason, (u_char *) reason,
                           sizeof(conn->reason));
    }

    conn->owner->lost(conn->data);
}


void
ngx_sensu_redis_conn_close(ngx_sensu_redis_conn_t *conn)
{
    if (conn->resolving) {
        ngx_resolve_name_done(conn->resolving);
        conn->resolving = NULL;
    }

    if (conn->event.posted) {
        ngx_delete_posted_event(&conn->event);
    }

    ngx_sensu_redis_conn_drop(conn);

    if (conn->reader.reader) {
        redisReaderFree(conn->reader.reader);
        conn->reader.reader = NULL;
    }

    if (conn->out.start) {
        ngx_free(conn->out.start);
        ngx_memzero(&conn->out, sizeof(ngx_buf_t));
    }
}


static void
ngx_sensu_redis_conn_drop(ngx_sensu_redis_conn_t *conn)
{
    ngx_pool_t        *pool;
    ngx_connection_t  *c;

    c = conn->connection;

    /* the reason is known by now */
    conn->log.log_level = 0;

    conn->connection = NULL;
    conn->opened = 0;
    conn->number++;

    if (c == NULL) {
        return;
    }

    /* a "close notify" only where nothing else waits to be written */
    ngx_sensu_redis_tls_end(c, conn->out.pos != conn->out.last);

    pool = c->pool;

    ngx_close_connection(c);

    if (pool) {
        ngx_destroy_pool(pool);
    }
}


/*
 * What nginx would log of this connection becomes the reason for its loss,
 * which is told once and not at each attempt.  "... failed (111: Connection
 * refused)": only what is in the brackets, and without the number.
 */

static void
ngx_sensu_redis_conn_said(ngx_log_t *log, ngx_uint_t level, u_char *buf,
    size_t len)
{
    u_char                  *p, *last, *text;
    ngx_sensu_redis_conn_t  *conn;

    conn = log->wdata;
    last = buf + len - NGX_LINEFEED_SIZE;

    /* time, level, and 123#123: */

    text = ngx_strlchr(buf, last, '#');
    text = text ? ngx_strlchr(text, last, ' ') : NULL;
    text = text ? text + 1 : buf;

    p = ngx_strnstr(text, " failed (", last - text);

    if (p && last[-1] == ')') {
        text = p + sizeof(" failed (") - 1;
        last--;

        p = ngx_strlchr(text, last, ' ');
        text = p ? p + 1 : text;
    }

    len = ngx_min((size_t) (last - text), sizeof(conn->reason) - 1);

    *ngx_cpymem((u_char *) conn->reason, text, len) = '\0';
}
