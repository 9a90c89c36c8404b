
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


#define FUZZ_TIMERS       300
#define FUZZ_CONNECTIONS  64


typedef struct {
    int                   server;    /* the other end, -1: closed */
    ngx_connection_t     *client;    /* NULL: free */
} fuzz_connection_t;


static int                 fuzz_listener;
static fuzz_connection_t   fuzz_connections[FUZZ_CONNECTIONS];
static ngx_rbtree_node_t  *fuzz_timers[FUZZ_TIMERS];
static ngx_uint_t          fuzz_ntimers;
static ngx_log_t           fuzz_log;
static ngx_cycle_t         fuzz_cycle;
static ngx_atomic_t        fuzz_counter;


volatile ngx_cycle_t  *ngx_cycle = &fuzz_cycle;
volatile ngx_msec_t    ngx_current_msec;
ngx_pid_t              ngx_pid;
ngx_uint_t             ngx_process;
ngx_uint_t             ngx_exiting;
ngx_rbtree_t           ngx_event_timer_rbtree;
ngx_queue_t            ngx_posted_events;
ngx_event_actions_t    ngx_event_actions;
ngx_atomic_t          *ngx_connection_counter = &fuzz_counter;


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

        case 's':
            s = va_arg(args, const char *);
            p = fuzz_copy(p, last, s, strlen(s));
            continue;

        case 'Z':
            p = fuzz_copy(p, last, "", 1);
            continue;

        case 'd':
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


void
ngx_log_error_core(ngx_uint_t level, ngx_log_t *log, ngx_err_t err,
    const char *fmt, ...)
{
    u_char   text[2048];
    va_list  args;

    (void) log;
    (void) err;

    va_start(args, fmt);
    fuzz_print(text, text + sizeof(text), fmt, args);
    va_end(args);

    fuzz_must(level > NGX_LOG_ALERT, "an alert");
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


static int
fuzz_address(int family, u_char *text, size_t len, void *addr)
{
    char  copy[64];

    if (len >= sizeof(copy) || memchr(text, '\0', len)) {
        return 0;
    }

    memcpy(copy, text, len);
    copy[len] = '\0';

    return inet_pton(family, copy, addr) == 1;
}


in_addr_t
ngx_inet_addr(u_char *text, size_t len)
{
    in_addr_t  addr;

    return fuzz_address(AF_INET, text, len, &addr) ? addr : INADDR_NONE;
}


ngx_int_t
ngx_inet6_addr(u_char *p, size_t len, u_char *addr)
{
    return fuzz_address(AF_INET6, p, len, addr) ? NGX_OK : NGX_ERROR;
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


/* connections: accepted here as soon as the client has one */

static ngx_int_t
fuzz_add_event(ngx_event_t *ev, ngx_int_t event, ngx_uint_t flags)
{
    (void) event;
    (void) flags;

    ev->active = 1;

    return NGX_OK;
}


static ngx_int_t
fuzz_del_event(ngx_event_t *ev, ngx_int_t event, ngx_uint_t flags)
{
    (void) event;
    (void) flags;

    ev->active = 0;

    return NGX_OK;
}


ngx_connection_t *
ngx_get_connection(ngx_socket_t s, ngx_log_t *log)
{
    ngx_uint_t          i;
    ngx_connection_t   *c;
    fuzz_connection_t  *place;

    for (i = 0; i < FUZZ_CONNECTIONS; i++) {
        place = &fuzz_connections[i];

        if (place->client == NULL) {
            break;
        }
    }

    if (i == FUZZ_CONNECTIONS) {
        return NULL;
    }

    c = calloc(1, sizeof(ngx_connection_t));
    c->read = calloc(1, sizeof(ngx_event_t));
    c->write = calloc(1, sizeof(ngx_event_t));

    c->fd = s;
    c->log = log;
    c->read->data = c;
    c->write->data = c;
    c->write->write = 1;

    place->client = c;
    place->server = accept4(fuzz_listener, NULL, NULL, SOCK_NONBLOCK);
    fuzz_must(place->server != -1, "nobody has connected");

    return c;
}


static ngx_connection_t  *fuzz_graves[FUZZ_CONNECTIONS];
static ngx_uint_t         fuzz_ngraves;


static void
fuzz_close(fuzz_connection_t *place)
{
    if (place->server != -1) {
        close(place->server);
        place->server = -1;
    }
}


void
ngx_free_connection(ngx_connection_t *c)
{
    ngx_uint_t          i;
    fuzz_connection_t  *place;

    for (i = 0; i < FUZZ_CONNECTIONS; i++) {
        place = &fuzz_connections[i];

        if (place->client == c) {
            fuzz_must(!c->read->active && !c->write->active
                      && !c->read->posted && !c->write->posted,
                      "events of a connection that is free");
            fuzz_close(place);
            place->client = NULL;
            free(c->read);
            free(c->write);

            /* the client still writes to it, and never to its events */
            c->read = c->write = NULL;
            free(fuzz_graves[fuzz_ngraves % FUZZ_CONNECTIONS]);
            fuzz_graves[fuzz_ngraves++ % FUZZ_CONNECTIONS] = c;
            return;
        }
    }

    fuzz_must(0, "a connection that is not in use");
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


static void
fuzz_nginx_init(const char *path)
{
    struct sockaddr_un  addr;

    fuzz_log.log_level = NGX_LOG_INFO;
    fuzz_cycle.log = &fuzz_log;
    ngx_event_actions.add = fuzz_add_event;
    ngx_event_actions.del = fuzz_del_event;
    ngx_process = NGX_PROCESS_WORKER;
    ngx_queue_init(&ngx_posted_events);

    /* as nginx does */
    signal(SIGPIPE, SIG_IGN);

    memset(&addr, 0, sizeof(addr));
    addr.sun_family = AF_UNIX;
    strcpy(addr.sun_path, path);

    fuzz_listener = socket(AF_UNIX, SOCK_STREAM|SOCK_NONBLOCK, 0);
    fuzz_must(fuzz_listener != -1
              && bind(fuzz_listener, (struct sockaddr *) &addr,
                      sizeof(addr)) == 0
              && listen(fuzz_listener, 100) == 0,
              "no socket to listen on");
}


#endif /* _NGX_FUZZ_H_INCLUDED_ */
