
/*
 * A backend that costs next to nothing: a list of events made before the
 * first request, paged as Sensu's own backend pages it.
 *
 *   backend PORT ELEMENT N [hold=BYTES] [bindings=N]
 *
 * ELEMENT is a file with one event, in which 000000000 stands for its number.
 *
 *   GET .../events     the list, or what limit= and continue= ask for
 *   GET /counts        requests and bytes of list so far, and starts anew
 *   GET .../roles, and the like   by which everybody may view default
 *   GET anything       a small object
 *
 * hold: of each list no more than so many bytes are sent until SIGUSR1 comes.
 * bindings: so many more of others in 1000 namespaces, for one reader at a
 * time: each page begins behind the one before it.
 */


#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>


#define DIGITS     "000000000"
#define NDIGITS    (sizeof(DIGITS) - 1)
#define IN_MAX     8192
#define CONNS_MAX  8192
#define NAMESPACES 1000      /* with bindings */


typedef struct {
    int      fd;
    int      busy;            /* with an answer */
    int      waits;           /* for the socket */
    size_t   got;
    size_t   rest;            /* bytes of the list that are held back */
    int      parts, part;
    struct iovec  iov[4];
    char     in[IN_MAX + 1];
    char     head[512];
} conn_t;


static int       epfd, held;
static size_t    width, total, hold, bindings;
static char     *list;
static conn_t   *conns[CONNS_MAX];
static uint64_t  requests, bytes;

static volatile sig_atomic_t  released;


static void
fail(const char *what)
{
    perror(what);
    exit(1);
}


static void
make_list(const char *path, size_t n)
{
    char     number[NDIGITS + 1], *element, *p;
    FILE    *file;
    size_t   i;

    file = fopen(path, "r");
    element = calloc(1, 65536);

    if (file == NULL || element == NULL) {
        fail(path);
    }

    width = fread(element, 1, 65535, file) + 1;       /* and its comma */
    fclose(file);

    list = malloc(n * width + 2);
    if (list == NULL) {
        fail("memory");
    }

    total = n;
    list[0] = '[';

    for (i = 0; i < n; i++) {
        snprintf(number, sizeof(number), "%09zu", i % 1000000000);
        p = list + 1 + i * width;
        memcpy(p, element, width - 1);
        p[width - 1] = ',';

        while ((p = memmem(p, list + 1 + (i + 1) * width - p, DIGITS,
                           NDIGITS)) != NULL)
        {
            memcpy(p, number, NDIGITS);
            p += NDIGITS;
        }
    }

    free(element);
}


static int
base64_value(int c)
{
    static const char  *set = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "abcdefghijklmnopqrstuvwxyz0123456789-_";
    const char         *p;

    p = c ? strchr(set, c) : NULL;

    return p ? (int) (p - set) : -1;
}


/* the number of the first element behind a cursor */

static size_t
position(const char *cursor)
{
    int     v, bits;
    char    text[512];
    size_t  n;
    char   *p;

    for (n = 0, bits = 0, v = 0; base64_value(*cursor) >= 0; cursor++) {
        v = (v << 6 | base64_value(*cursor)) & 0xffff;
        bits += 6;

        if (bits >= 8 && n < sizeof(text) - 1) {
            bits -= 8;
            text[n++] = v >> bits;
        }
    }

    text[n] = '\0';
    p = strpbrk(text, "0123456789");

    return p ? strtoull(p, NULL, 10) + 1 : 0;
}


static size_t
cursor_after(char *out, size_t i)
{
    size_t               n, j;
    char                 text[64];
    uint32_t             v;
    static const char   *set = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "abcdefghijklmnopqrstuvwxyz0123456789-_";

    memset(text, 0, sizeof(text));
    n = snprintf(text, sizeof(text), "/default/host-%09zu/cpu", i) + 1;

    for (j = 0; j < n * 4 / 3 + (n % 3 != 0); j++) {
        v = (uint8_t) text[j / 4 * 3] << 16 | (uint8_t) text[j / 4 * 3 + 1] << 8
            | (uint8_t) text[j / 4 * 3 + 2];
        out[j] = set[v >> (18 - j % 4 * 6) & 63];
    }

    return j;
}


static const char *
argument(const char *target, const char *name)
{
    size_t  len;

    len = strlen(name);
    target = strchr(target, '?');

    while (target) {
        target++;

        if (strncmp(target, name, len) == 0 && target[len] == '=') {
            return target + len + 1;
        }

        target = strchr(target, '&');
    }

    return NULL;
}


static void
answer_list(conn_t *c, const char *target)
{
    char         cursor[160];
    size_t       from, n;
    const char  *p;

    p = argument(target, "continue");
    from = p ? position(p) : 0;
    from = from < total ? from : total;

    p = argument(target, "limit");
    n = p ? strtoull(p, NULL, 10) : 0;
    n = n && n < total - from ? n : total - from;

    cursor[0] = '\0';

    if (from + n < total) {
        strcpy(cursor, "Sensu-Continue: ");
        strcpy(cursor + 16 + cursor_after(cursor + 16, from + n - 1), "\r\n");
    }

    c->iov[0].iov_base = c->head;
    c->iov[0].iov_len = snprintf(c->head, sizeof(c->head),
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        "Content-Length: %zu\r\n%s\r\n", n ? n * width + 1 : 2, cursor);
    c->iov[1].iov_base = "[";
    c->iov[1].iov_len = 1;
    c->iov[2].iov_base = list + 1 + from * width;
    c->iov[2].iov_len = n ? n * width - 1 : 0;
    c->iov[3].iov_base = "]";
    c->iov[3].iov_len = 1;
    c->parts = 4;

    if (held && c->iov[2].iov_len > hold) {
        c->rest = c->iov[2].iov_len - hold;
        c->iov[2].iov_len = hold;
        c->parts = 3;
    }

    requests++;
}


static void
answer_text(conn_t *c, const char *text)
{
    c->iov[0].iov_base = c->head;
    c->iov[0].iov_len = snprintf(c->head, sizeof(c->head),
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        "Content-Length: %zu\r\n\r\n%s", strlen(text), text);
    c->parts = 1;
}


/* an element of a list of roles: one of ours first, then those of others */

static int
role_of(char *out, size_t room, const char *list, size_t i)
{
    size_t  ns;

    ns = bindings ? (i - 1) * NAMESPACES / bindings : 0;

    if (strcmp(list, "namespaces") == 0) {
        return snprintf(out, room, i ? "{\"name\":\"tenant-%03zu\"}"
                                     : "{\"name\":\"default\"}", i - 1);
    }

    if (strcmp(list, "clusterroles") == 0) {
        return snprintf(out, room,
            "{\"rules\":[{\"verbs\":[\"get\",\"list\"],\"resources\":"
            "[\"checks\",\"events\"]}],\"metadata\":{\"name\":\"view\"}}");
    }

    if (i == 0) {
        return snprintf(out, room,
            "{\"subjects\":[{\"type\":\"Group\",\"name\":\"system:users\"}],"
            "\"role_ref\":{\"type\":\"ClusterRole\",\"name\":\"view\"},"
            "\"metadata\":{\"name\":\"all\",\"namespace\":\"default\"}}");
    }

    return snprintf(out, room,
        "{\"subjects\":[{\"type\":\"User\",\"name\":\"user-%zu\"},"
        "{\"type\":\"Group\",\"name\":\"team-%zu\"}],"
        "\"role_ref\":{\"type\":\"ClusterRole\",\"name\":\"view\"},"
        "\"metadata\":{\"name\":\"b-%09zu\",\"namespace\":\"tenant-%03zu\"}}",
        i / 2, i / 3, i, ns);
}


static size_t
roles_page(char *out, const char *list, size_t from, size_t end)
{
    char  *p;

    p = out;
    *p++ = '[';

    for ( ; from < end; from++) {
        p += role_of(p, 1024, list, from);
        *p++ = ',';
    }

    p -= (p[-1] == ',');
    *p++ = ']';

    return p - out;
}


/* a page of such a list; 0: it is none */

static int
answer_roles(conn_t *c, const char *target)
{
    size_t       i, n, limit;
    const char  *p;

    static char    text[256 * 1024];
    static size_t  at;

    static const struct {
        const char  *name;
        int          ours;           /* elements without bindings */
        int          others;         /* as many as 0: none, 1: namespaces,
                                        2: bindings */
    } lists[] = {
        { "namespaces", 1, 1 }, { "clusterroles", 1, 0 }, { "roles", 0, 0 },
        { "clusterrolebindings", 0, 0 }, { "rolebindings", 1, 2 }
    };

    p = target + strlen("/api/core/v2/");

    for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        n = strlen(lists[i].name);

        if (strncmp(target, "/api/core/v2/", p - target) == 0
            && strncmp(p, lists[i].name, n) == 0 && p[n] == '?')
        {
            break;
        }
    }

    if (i == sizeof(lists) / sizeof(lists[0])) {
        return 0;
    }

    n = lists[i].ours;
    n += !bindings ? 0 : lists[i].others == 1 ? NAMESPACES
       : lists[i].others == 2 ? bindings : 0;

    p = argument(target, "limit");
    limit = p ? strtoull(p, NULL, 10) : n;
    at = argument(target, "continue") ? at : 0;

    c->iov[1].iov_base = text;
    c->iov[1].iov_len = roles_page(text, lists[i].name, at,
                                   at + limit < n ? at + limit : n);
    at += limit - 1;

    c->iov[0].iov_base = c->head;
    c->iov[0].iov_len = snprintf(c->head, sizeof(c->head),
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        "Content-Length: %zu\r\n\r\n", c->iov[1].iov_len);
    c->parts = 2;

    return 1;
}


static void
answer(conn_t *c)
{
    char  *target, *end, text[128];

    target = strchr(c->in, ' ');
    end = target ? strchr(target + 1, ' ') : NULL;

    if (end == NULL) {
        answer_text(c, "{}");
        return;
    }

    *end = '\0';
    target++;

    if (strcmp(target, "/counts") == 0) {
        snprintf(text, sizeof(text), "{\"requests\":%ju,\"bytes\":%ju}",
                 (uintmax_t) requests, (uintmax_t) bytes);
        requests = bytes = 0;
        answer_text(c, text);

    } else if (strstr(target, "/events") != NULL) {
        answer_list(c, target);

    } else if (!answer_roles(c, target)) {
        answer_text(c, "{\"metadata\":{\"name\":\"cpu\","
                       "\"namespace\":\"default\"}}");
    }
}


static void
drop(conn_t *c)
{
    conns[c->fd] = NULL;
    close(c->fd);
    free(c);
}


static void
listen_to(conn_t *c, int out)
{
    struct epoll_event  ev;

    ev.events = out ? EPOLLOUT : EPOLLIN;
    ev.data.fd = c->fd;

    if (c->waits != out && epoll_ctl(epfd, EPOLL_CTL_MOD, c->fd, &ev) != 0) {
        fail("epoll_ctl");
    }

    c->waits = out;
}


/* as much of the answer as goes; false when the connection is gone */

static int
send_answer(conn_t *c)
{
    size_t         len;
    ssize_t        n;
    struct iovec  *iov;

    while (c->part < c->parts) {
        n = writev(c->fd, &c->iov[c->part], c->parts - c->part);

        if (n < 0) {
            if (errno == EAGAIN) {
                listen_to(c, 1);
                return 1;
            }

            return 0;
        }

        for ( /* void */ ; c->part < c->parts; c->part++) {
            iov = &c->iov[c->part];
            len = (size_t) n < iov->iov_len ? (size_t) n : iov->iov_len;
            iov->iov_base = (char *) iov->iov_base + len;
            iov->iov_len -= len;
            n -= len;

            if (c->part) {
                bytes += len;
            }

            if (iov->iov_len) {
                break;
            }
        }
    }

    listen_to(c, 0);

    if (c->rest == 0) {
        c->busy = 0;
        c->got = 0;
    }

    return 1;
}


/* the rest of an answer that was held */

static int
send_rest(conn_t *c)
{
    if (c->rest == 0) {
        return 1;
    }

    c->iov[2].iov_len += c->rest;
    c->rest = 0;
    c->part = c->part < 2 ? c->part : 2;
    c->parts = 4;

    return send_answer(c);
}


static int
serve(conn_t *c)
{
    ssize_t  n;

    if (c->waits) {
        return send_answer(c);
    }

    n = read(c->fd, c->in + c->got, IN_MAX - c->got);

    if (n <= 0) {
        return n < 0 && errno == EAGAIN;
    }

    c->got += n;
    c->in[c->got] = '\0';

    if (c->busy || strstr(c->in, "\r\n\r\n") == NULL) {
        return c->got < IN_MAX;
    }

    c->busy = 1;
    c->part = 0;
    answer(c);

    return send_answer(c);
}


static void
accept_one(int listener)
{
    int                 fd, on;
    struct epoll_event  ev;

    fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    if (fd < 0) {
        return;
    }

    if (fd >= CONNS_MAX || (conns[fd] = calloc(1, sizeof(conn_t))) == NULL) {
        close(fd);
        return;
    }

    on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));

    conns[fd]->fd = fd;
    ev.events = EPOLLIN;
    ev.data.fd = fd;

    if (epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &ev) != 0) {
        fail("epoll_ctl");
    }
}


static void
release(int signo)
{
    (void) signo;
    released = 1;
}


static int
listen_at(int port)
{
    int                 fd, on;
    struct epoll_event  ev;
    struct sockaddr_in  sin;

    memset(&sin, 0, sizeof(sin));
    sin.sin_family = AF_INET;
    sin.sin_port = htons(port);
    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

    fd = socket(AF_INET, SOCK_STREAM, 0);
    on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));

    epfd = epoll_create1(0);
    ev.events = EPOLLIN;
    ev.data.fd = fd;

    if (fd < 0 || bind(fd, (struct sockaddr *) &sin, sizeof(sin)) != 0
        || listen(fd, 4096) != 0
        || epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &ev) != 0)
    {
        fail("listen");
    }

    return fd;
}


int
main(int argc, char **argv)
{
    int                 i, n, fd, listener;
    struct epoll_event  ev[64];

    if (argc < 4) {
        fprintf(stderr, "usage: backend PORT ELEMENT N [hold=BYTES] "
                        "[bindings=N]\n");
        return 2;
    }

    signal(SIGPIPE, SIG_IGN);
    signal(SIGUSR1, release);

    for (i = 4; i < argc; i++) {

        if (strncmp(argv[i], "hold=", 5) == 0) {
            hold = atoi(argv[i] + 5);

        } else if (strncmp(argv[i], "bindings=", 9) == 0) {
            bindings = atoi(argv[i] + 9);
        }
    }

    held = hold != 0;
    make_list(argv[2], strtoull(argv[3], NULL, 10));
    listener = listen_at(atoi(argv[1]));

    for ( ;; ) {
        n = epoll_wait(epfd, ev, 64, -1);

        for (i = 0; i < n; i++) {
            fd = ev[i].data.fd;

            if (fd == listener) {
                accept_one(listener);

            } else if (conns[fd] && !serve(conns[fd])) {
                drop(conns[fd]);
            }
        }

        for (fd = 0; held && released && fd < CONNS_MAX; fd++) {
            if (conns[fd] && !send_rest(conns[fd])) {
                drop(conns[fd]);
            }
        }

        held = held && !released;
    }
}
