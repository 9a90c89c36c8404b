
/*
 * A client that asks one thing again and again, and says what it got.
 *
 *   load PORT TARGET [NAME=VALUE...]
 *
 *   conns=8      connections, kept alive
 *   requests=N   so many, exactly; or
 *   seconds=S    for so long
 *   rate=R       that many a second, come what may (open loop); as fast as
 *                answers come without it (closed loop)
 *   tokens=FILE  bearer tokens, one a line, used in turn
 *   status=200   what every answer must have
 *
 * At a rate, each request has a time at which it is due, and its latency is
 * counted from then: a request that waits because those before it take long
 * has waited (no "coordinated omission").
 */


#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>


#define SECOND     1000000000ull
#define PATIENCE   (120 * SECOND)
#define HEAD_MAX   8192
#define CONNS_MAX  4096


typedef struct {
    int       fd;
    int       busy;
    int       closes;         /* the answer said so */
    uint64_t  due;
    size_t    got;            /* bytes of the head */
    int64_t   left;           /* of the body; -1 in the head */
    char      head[HEAD_MAX + 1];
} conn_t;


static int         port, conns = 8, status = 200;
static double      rate, seconds;
static uint64_t    requests;

static char      **texts;     /* the requests, one for each token */
static size_t      ntexts;

static int         epfd, nfree;
static conn_t     *all, **idle;
static uint64_t    sent, done, wrong, bytes;
static float      *took;      /* microseconds */
static size_t      room;


static void
fail(const char *what)
{
    perror(what);
    exit(1);
}


static uint64_t
now(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return ts.tv_sec * SECOND + ts.tv_nsec;
}


static void
add_text(const char *target, const char *token)
{
    texts = realloc(texts, (ntexts + 1) * sizeof(char *));

    if (texts == NULL
        || asprintf(&texts[ntexts++], "GET %s HTTP/1.1\r\nHost: bench\r\n"
                    "%s%s%s\r\n", target, token ? "Authorization: Bearer " : "",
                    token ? token : "", token ? "\r\n" : "") < 0)
    {
        fail("memory");
    }
}


static void
read_tokens(const char *target, const char *path)
{
    char  line[8192];
    FILE *file;

    file = fopen(path, "r");
    if (file == NULL) {
        fail(path);
    }

    while (fgets(line, sizeof(line), file)) {
        line[strcspn(line, "\n")] = '\0';
        add_text(target, line);
    }

    fclose(file);
}


static void
open_conn(conn_t *c)
{
    struct epoll_event  ev;
    struct sockaddr_in  sin;

    memset(&sin, 0, sizeof(sin));
    sin.sin_family = AF_INET;
    sin.sin_port = htons(port);
    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

    c->fd = socket(AF_INET, SOCK_STREAM, 0);

    if (c->fd < 0 || connect(c->fd, (struct sockaddr *) &sin, sizeof(sin)) != 0
        || fcntl(c->fd, F_SETFL, O_NONBLOCK) != 0)
    {
        fail("connect");
    }

    ev.events = EPOLLIN;
    ev.data.ptr = c;

    if (epoll_ctl(epfd, EPOLL_CTL_ADD, c->fd, &ev) != 0) {
        fail("epoll_ctl");
    }
}


static void
ask(uint64_t due)
{
    size_t   len;
    conn_t  *c;

    c = idle[--nfree];
    c->busy = 1;
    c->closes = 0;
    c->due = due;
    c->got = 0;
    c->left = -1;

    len = strlen(texts[sent % ntexts]);

    if (write(c->fd, texts[sent % ntexts], len) != (ssize_t) len) {
        close(c->fd);                   /* closed while it was idle */
        open_conn(c);

        if (write(c->fd, texts[sent % ntexts], len) != (ssize_t) len) {
            fail("write");
        }
    }

    sent++;
}


static void
finish(conn_t *c, const char *trouble)
{
    if (trouble && wrong++ == 0) {
        fprintf(stderr, "load: %s: %.*s\n", trouble,
                (int) strcspn(c->head, "\r\n"), c->head);
    }

    if (done == room) {
        room = room ? room * 2 : 65536;
        took = realloc(took, room * sizeof(float));

        if (took == NULL) {
            fail("memory");
        }
    }

    took[done++] = (now() - c->due) / 1000.0;

    if (trouble || c->closes) {
        close(c->fd);
        open_conn(c);
    }

    c->busy = 0;
    idle[nfree++] = c;
}


static const char *
header(const conn_t *c, const char *name)
{
    const char  *p;

    p = strcasestr(c->head, name);

    return p ? p + strlen(name) + strspn(p + strlen(name), " ") : NULL;
}


/* the head is there: what is the body's length, and how much came with it */

static const char *
parse_head(conn_t *c, const char *end)
{
    size_t       more;
    const char  *p;

    more = c->head + c->got - end;

    p = header(c, "\nContent-Length:");
    if (p == NULL) {
        return "an answer without a length";
    }

    c->left = strtoll(p, NULL, 10) - (int64_t) more;
    bytes += more;

    p = header(c, "\nConnection:");
    c->closes = p && strncasecmp(p, "close", 5) == 0;

    if (atoi(c->head + strlen("HTTP/1.1 ")) != status) {
        return "not the answer that was wanted";
    }

    return c->left < 0 ? "more than an answer" : NULL;
}


static void
hear(conn_t *c)
{
    char        *end;
    ssize_t      n;
    const char  *trouble;

    static char  body[262144];

    if (c->left < 0) {
        n = read(c->fd, c->head + c->got, HEAD_MAX - c->got);

    } else {
        n = read(c->fd, body, sizeof(body));
    }

    if (n < 0 && errno == EAGAIN) {
        return;
    }

    if (n <= 0) {
        if (c->busy) {
            c->head[c->got] = '\0';
            finish(c, "cut off");

        } else {
            close(c->fd);
            open_conn(c);
        }

        return;
    }

    trouble = NULL;

    if (c->left < 0) {
        c->got += n;
        c->head[c->got] = '\0';

        end = strstr(c->head, "\r\n\r\n");

        if (end) {
            trouble = parse_head(c, end + 4);

        } else if (c->got == HEAD_MAX) {
            trouble = "a long head";
        }

    } else {
        c->left -= n;
        bytes += n;
    }

    if (trouble || c->left == 0) {
        finish(c, trouble);
    }
}


static void
wait_for(uint64_t time)
{
    int                 i, n;
    uint64_t            t;
    struct timespec     ts;
    struct epoll_event  ev[64];

    t = now();
    t = time > t ? time - t : 0;
    ts.tv_sec = t / SECOND;
    ts.tv_nsec = t % SECOND;

    n = epoll_pwait2(epfd, ev, 64, &ts, NULL);

    for (i = 0; i < n; i++) {
        hear(ev[i].data.ptr);
    }
}


static double
run(void)
{
    uint64_t  t, start, end, due;

    start = now();
    end = start + (uint64_t) (seconds * SECOND);

    if (rate > 0 && requests == 0) {
        requests = rate * seconds;
    }

    for ( ;; ) {
        t = now();
        due = rate > 0 ? start + (uint64_t) (sent * (SECOND / rate)) : t;

        if (requests ? sent == requests : t >= end) {
            break;
        }

        if (nfree && due <= t) {
            ask(due);

        } else {
            wait_for(nfree ? due : t + SECOND);
        }

        if (t > start + (uint64_t) (seconds * SECOND) + 30 * PATIENCE) {
            fprintf(stderr, "load: it took too long\n");
            exit(1);
        }
    }

    for (end = now() + PATIENCE; done < sent; /* void */ ) {
        wait_for(now() + SECOND);

        if (now() > end) {
            fprintf(stderr, "load: %ju without an answer\n",
                    (uintmax_t) (sent - done));
            exit(1);
        }
    }

    return (double) (now() - start) / SECOND;
}


static int
by_value(const void *a, const void *b)
{
    float  x, y;

    x = *(const float *) a;
    y = *(const float *) b;

    return (x > y) - (x < y);
}


static void
option(const char *target, const char *name, const char *value)
{
    if (strcmp(name, "conns") == 0) {
        conns = atoi(value);

    } else if (strcmp(name, "requests") == 0) {
        requests = strtoull(value, NULL, 10);

    } else if (strcmp(name, "seconds") == 0) {
        seconds = atof(value);

    } else if (strcmp(name, "rate") == 0) {
        rate = atof(value);

    } else if (strcmp(name, "status") == 0) {
        status = atoi(value);

    } else if (strcmp(name, "tokens") == 0) {
        read_tokens(target, value);

    } else {
        fprintf(stderr, "load: what is %s?\n", name);
        exit(2);
    }
}


int
main(int argc, char **argv)
{
    int     i;
    char   *value;
    double  time;

    static const double  part[] = { 50, 90, 99, 99.9, 100 };

    if (argc < 3) {
        fprintf(stderr, "usage: load PORT TARGET [NAME=VALUE...]\n");
        return 2;
    }

    port = atoi(argv[1]);

    for (i = 3; i < argc; i++) {
        value = strchr(argv[i], '=');

        if (value == NULL) {
            fprintf(stderr, "load: %s is no NAME=VALUE\n", argv[i]);
            return 2;
        }

        *value = '\0';
        option(argv[2], argv[i], value + 1);
    }

    if (ntexts == 0) {
        add_text(argv[2], NULL);
    }

    if (conns < 1 || conns > CONNS_MAX || (requests == 0 && seconds <= 0)) {
        fprintf(stderr, "load: conns, or requests or seconds?\n");
        return 2;
    }

    epfd = epoll_create1(0);
    all = calloc(conns, sizeof(conn_t));
    idle = calloc(conns, sizeof(conn_t *));

    if (epfd < 0 || all == NULL || idle == NULL) {
        fail("memory");
    }

    for (i = 0; i < conns; i++) {
        open_conn(&all[i]);
        idle[nfree++] = &all[i];
    }

    time = run();
    qsort(took, done, sizeof(float), by_value);

    printf("requests %ju\nwrong %ju\nbytes %ju\nseconds %.6f\n",
           (uintmax_t) done, (uintmax_t) wrong, (uintmax_t) bytes, time);

    for (i = 0; done && i < 5; i++) {
        printf("p%g %.1f\n", part[i],
               took[(size_t) (part[i] / 100 * (done - 1) + 0.5)]);
    }

    return wrong != 0;
}
