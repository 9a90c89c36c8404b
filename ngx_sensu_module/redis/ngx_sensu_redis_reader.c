
/*
 * Answers as they arrive.  hiredis makes them, but would hold whatever a
 * server sends or announces: so it is fed a piece at a time, strings cut to
 * what anybody wants of them, and nothing that goes beyond the bounds.
 */


#include "ngx_sensu_redis_conn.h"


static void ngx_sensu_redis_reader_line(ngx_sensu_redis_reader_t *r,
    u_char ch);
static void ngx_sensu_redis_reader_count(ngx_sensu_redis_reader_t *r);
static void ngx_sensu_redis_reader_pass(ngx_sensu_redis_reader_t *r,
    u_char *data, size_t len);


u_char *
ngx_sensu_redis_reader_feed(ngx_sensu_redis_reader_t *r, u_char *p,
    u_char *last)
{
    size_t  n;

    r->reply = NULL;

    while (p < last && r->reply == NULL && r->error == NULL) {

        n = last - p;

        if (r->keep) {
            n = ngx_min(r->keep, n);
            r->keep -= n;

            ngx_sensu_redis_reader_pass(r, p, n);

        } else if (r->drop) {
            n = ngx_min(r->drop, n);
            r->drop -= n;

            if (r->drop == 0) {
                ngx_sensu_redis_reader_pass(r, (u_char *) CRLF, 2);
            }

        } else {
            n = 1;
            ngx_sensu_redis_reader_line(r, *p);
        }

        p += n;
    }

    return p;
}


/* the end of a line too long for an error is left out */

static void
ngx_sensu_redis_reader_line(ngx_sensu_redis_reader_t *r, u_char ch)
{
    if (ch != LF) {

        if (ch != CR && r->len < NGX_SENSU_REDIS_LINE - 2) {
            r->line[r->len++] = ch;
        }

        return;
    }

    ngx_sensu_redis_reader_count(r);

    if (r->error == NULL) {
        r->line[r->len++] = CR;
        r->line[r->len++] = LF;

        ngx_sensu_redis_reader_pass(r, r->line, r->len);
        r->len = 0;
    }
}


/* what is dropped of a string is the rest of it, and its line end */

static void
ngx_sensu_redis_reader_count(ngx_sensu_redis_reader_t *r)
{
    u_char     *p;
    ngx_int_t   n;

    p = r->line;
    p[r->len] = '\0';

    if (*p == '+' || *p == '-' || *p == ':') {
        return;
    }

    if (*p != '$' && *p != '*') {
        r->error = "Protocol error, no answer begins so";
        return;
    }

    n = ngx_atoi(p + 1, r->len - 1);

    if (ngx_strcmp(p + 1, "-1") == 0) {
        /* void */

    } else if (n == NGX_ERROR) {
        r->error = "Protocol error, a length that is no number";

    } else if (*p == '$') {
        r->keep = ngx_min((size_t) n, NGX_SENSU_REDIS_STRING);
        r->drop = (size_t) n - r->keep + 2;
        r->len = ngx_sprintf(p, "$%uz", r->keep) - p;

    } else {
        r->elements += n;

        if (r->elements > NGX_SENSU_REDIS_ELEMENTS) {
            r->error = "it answers more than was asked";
        }
    }
}


static void
ngx_sensu_redis_reader_pass(ngx_sensu_redis_reader_t *r, u_char *data,
    size_t len)
{
    r->size += len;

    if (redisReaderFeed(r->reader, (char *) data, len) != REDIS_OK
        || redisReaderGetReply(r->reader, &r->reply) != REDIS_OK)
    {
        r->error = r->reader->errstr;

    } else if (r->reply) {
        r->size = 0;
        r->elements = 0;

    } else if (r->size > NGX_SENSU_REDIS_ANSWER
               || r->reader->ridx > NGX_SENSU_REDIS_DEPTH)
    {
        r->error = "it answers more than was asked";
    }
}
