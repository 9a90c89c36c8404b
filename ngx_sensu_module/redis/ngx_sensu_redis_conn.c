
/*
 * A connection to a Redis server, see ngx_sensu_redis_conn.h.
 */


#include "ngx_sensu_redis_conn.h"


#define NGX_SENSU_REDIS_BUFFER  16384


static void ngx_sensu_redis_conn_resolve(ngx_sensu_redis_conn_t *conn);
static void ngx_sensu_redis_conn_resolve_handler(ngx_resolver_ctx_t *ctx);
static void ngx_sensu_redis_conn_connect(ngx_sensu_redis_conn_t *conn);
static void ngx_sensu_redis_conn_connected(ngx_sensu_redis_conn_t *conn);
static void ngx_sensu_redis_conn_opened(ngx_connection_t *c);
static void ngx_sensu_redis_conn_read_handler(ngx_event_t *rev);
static ngx_int_t ngx_sensu_redis_conn_take(ngx_sensu_redis_conn_t *conn,
    u_char *p, u_char *last);
static void ngx_sensu_redis_conn_write_handler(ngx_event_t *wev);
static void ngx_sensu_redis_conn_drop(ngx_sensu_redis_conn_t *conn);
static void ngx_sensu_redis_conn_said(ngx_log_t *log, ngx_uint_t level,
    u_char *buf, size_t len);


void
ngx_sensu_redis_conn_open(ngx_sensu_redis_conn_t *conn,
    ngx_sensu_redis_addr_t *addr)
{
    ngx_sensu_redis_conn_close(conn);

    conn->addr = addr;
    conn->naddrs = 0;
    conn->tried = 0;
    conn->last = &conn->out;

    conn->log.writer = ngx_sensu_redis_conn_said;
    conn->log.wdata = conn;

    conn->reader.reader = redisReaderCreate();

    if (conn->reader.reader == NULL) {
        (void) ngx_sensu_redis_conn_lost(conn, "no memory");

    } else if (addr->at.socklen == 0) {
        ngx_sensu_redis_conn_resolve(conn);

    } else {
        conn->addrs[conn->naddrs++] = addr->at;
        ngx_sensu_redis_conn_connect(conn);
    }
}


static void
ngx_sensu_redis_conn_resolve(ngx_sensu_redis_conn_t *conn)
{
    ngx_resolver_ctx_t  *ctx;

    ctx = conn->resolver ? ngx_resolve_start(conn->resolver, NULL) : NULL;

    if (ctx != NULL && ctx != NGX_NO_RESOLVER) {
        ctx->name.data = conn->addr->host;
        ctx->name.len = ngx_strlen(conn->addr->host);
        ctx->handler = ngx_sensu_redis_conn_resolve_handler;
        ctx->data = conn;
        ctx->timeout = 30000;    /* who waits for it has a deadline, too */

        conn->resolving = ctx;

        if (ngx_resolve_name(ctx) == NGX_OK) {
            return;
        }

        conn->resolving = NULL;
    }

    (void) ngx_sensu_redis_conn_lost(conn, "its name cannot be resolved");
}


/* may be called by ngx_resolve_name() itself */

static void
ngx_sensu_redis_conn_resolve_handler(ngx_resolver_ctx_t *ctx)
{
    ngx_uint_t               i;
    ngx_sensu_redis_at_t    *at;
    ngx_sensu_redis_conn_t  *conn;

    conn = ctx->data;

    if (ctx->state) {
        *ngx_snprintf((u_char *) conn->reason, sizeof(conn->reason) - 1,
                      "its name cannot be resolved: %s",
                      ngx_resolver_strerror(ctx->state)) = '\0';
    }

    for (i = 0; i < ctx->naddrs && i < NGX_SENSU_REDIS_ADDRS; i++) {
        at = &conn->addrs[i];
        at->socklen = ctx->addrs[i].socklen;

        ngx_memcpy(&at->sockaddr, ctx->addrs[i].sockaddr, at->socklen);
        ngx_inet_set_port(&at->sockaddr.sockaddr,
                          (in_port_t) conn->addr->port);
    }

    conn->naddrs = i;

    ngx_resolve_name_done(ctx);
    conn->resolving = NULL;

    ngx_sensu_redis_conn_connect(conn);
}


/* the next address that can be tried at all */

static void
ngx_sensu_redis_conn_connect(ngx_sensu_redis_conn_t *conn)
{
    ngx_int_t               rc;
    ngx_str_t               name;
    ngx_connection_t       *c;
    ngx_sensu_redis_at_t   *at;
    ngx_peer_connection_t   pc;

    conn->log.log_level = NGX_LOG_INFO;

    name.data = conn->addr->text;
    name.len = ngx_strlen(name.data);

    while (conn->tried < conn->naddrs) {

        ngx_memzero(&pc, sizeof(ngx_peer_connection_t));

        at = &conn->addrs[conn->tried++];

        pc.sockaddr = &at->sockaddr.sockaddr;
        pc.socklen = at->socklen;
        pc.name = &name;
        pc.get = ngx_event_get_peer;
        pc.log = &conn->log;
        pc.log_error = NGX_ERROR_ERR;
        pc.so_keepalive = (conn->addr->port != 0);

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

        return;
    }

    (void) ngx_sensu_redis_conn_lost(conn, NULL);
}


static void
ngx_sensu_redis_conn_connected(ngx_sensu_redis_conn_t *conn)
{
    int                err;
    socklen_t          len;
    ngx_connection_t  *c;

    c = conn->connection;

    err = 0;
    len = sizeof(int);

    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, (void *) &err, &len) == -1) {
        err = ngx_socket_errno;
    }

    if (err) {
        (void) ngx_connection_error(c, err, "connect() failed");

        ngx_sensu_redis_conn_drop(conn);
        ngx_sensu_redis_conn_connect(conn);

    } else if (conn->tls == NULL
               || ngx_sensu_redis_tls_start(conn, ngx_sensu_redis_conn_opened)
                  != NGX_AGAIN)
    {
        ngx_sensu_redis_conn_opened(c);
    }
}


/* hands are shaken, where that is wanted */

static void
ngx_sensu_redis_conn_opened(ngx_connection_t *c)
{
    const char              *why;
    ngx_sensu_redis_conn_t  *conn;

    conn = c->data;
    why = conn->tls ? ngx_sensu_redis_tls_check(conn) : NULL;

    if (why) {
        (void) ngx_sensu_redis_conn_lost(conn, why);
        return;
    }

    c->read->handler = ngx_sensu_redis_conn_read_handler;
    c->write->handler = ngx_sensu_redis_conn_write_handler;
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
ngx_sensu_redis_conn_write(ngx_sensu_redis_conn_t *conn, ngx_chain_t *link)
{
    link->next = NULL;

    *conn->last = link;
    conn->last = &link->next;

    if (conn->opened && conn->connection->write->ready) {
        ngx_post_event(conn->connection->write, &ngx_posted_events);
    }
}


static void
ngx_sensu_redis_conn_write_handler(ngx_event_t *wev)
{
    ngx_connection_t        *c;
    ngx_sensu_redis_conn_t  *conn;

    c = wev->data;
    conn = c->data;

    if (!conn->opened) {
        ngx_sensu_redis_conn_connected(conn);
        return;
    }

    if (conn->out || c->buffered) {
        conn->out = c->send_chain(c, conn->out, 0);

        if (conn->out == NULL) {
            conn->last = &conn->out;
        }
    }

    if (conn->out == NGX_CHAIN_ERROR
        || ngx_handle_write_event(wev, 0) != NGX_OK)
    {
        (void) ngx_sensu_redis_conn_lost(conn, NULL);
    }
}


/*
 * nginx sets close when a worker begins to shut down, and error as well at
 * worker_shutdown_timeout.
 */

static void
ngx_sensu_redis_conn_read_handler(ngx_event_t *rev)
{
    u_char                   buf[NGX_SENSU_REDIS_BUFFER];
    ssize_t                  n;
    ngx_connection_t        *c;
    ngx_sensu_redis_conn_t  *conn;

    c = rev->data;
    conn = c->data;

    if (c->close) {
        c->close = 0;
        conn->rest(conn->peer, c->error);
        return;
    }

    if (!conn->opened) {
        return;
    }

    do {
        n = c->recv(c, buf, NGX_SENSU_REDIS_BUFFER);

        if (n == NGX_AGAIN) {
            break;
        }

        if (n == NGX_ERROR || n == 0) {
            (void) ngx_sensu_redis_conn_lost(conn, n == 0
                                             ? "Server closed the connection"
                                             : NULL);
            return;
        }

        if (ngx_sensu_redis_conn_take(conn, buf, buf + n) != NGX_OK) {
            return;
        }

    } while (rev->ready);

    if (ngx_handle_read_event(rev, 0) != NGX_OK) {
        (void) ngx_sensu_redis_conn_lost(conn, NULL);
    }
}


/* NGX_DONE: it is closed, or another one by now */

static ngx_int_t
ngx_sensu_redis_conn_take(ngx_sensu_redis_conn_t *conn, u_char *p,
    u_char *last)
{
    redisReply  *reply;

    while (p < last) {
        p = ngx_sensu_redis_reader_feed(&conn->reader, p, last);

        if (conn->reader.error) {
            (void) ngx_sensu_redis_conn_lost(conn, conn->reader.error);
            return NGX_DONE;
        }

        reply = conn->reader.reply;

        if (reply == NULL) {
            break;
        }

        conn->reply(conn->peer, reply);

        freeReplyObject(reply);

        if (conn->reader.reply == NULL) {
            return NGX_DONE;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_sensu_redis_conn_lost(ngx_sensu_redis_conn_t *conn, const char *reason)
{
    if (reason) {
        (void) ngx_cpystrn((u_char *) conn->reason, (u_char *) reason,
                           sizeof(conn->reason));
    }

    conn->lost(conn->peer);

    return NGX_ERROR;
}


void
ngx_sensu_redis_conn_close(ngx_sensu_redis_conn_t *conn)
{
    if (conn->resolving) {
        ngx_resolve_name_done(conn->resolving);
        conn->resolving = NULL;
    }

    ngx_sensu_redis_conn_drop(conn);

    if (conn->reader.reader) {
        redisReaderFree(conn->reader.reader);
        ngx_memzero(&conn->reader, sizeof(ngx_sensu_redis_reader_t));
    }

    conn->out = NULL;
}


static void
ngx_sensu_redis_conn_drop(ngx_sensu_redis_conn_t *conn)
{
    ngx_pool_t        *pool;
    ngx_connection_t  *c;

    c = conn->connection;

    /* the reason is known by now */
    conn->log.log_level = 0;

    conn->opened = 0;

    if (c == NULL) {
        return;
    }

    ngx_sensu_redis_tls_end(conn);

    conn->connection = NULL;

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
