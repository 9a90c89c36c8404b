
/*
 * Answers as they arrive.  hiredis makes them, but would hold whatever a
 * server sends or announces: so it is fed a piece at a time, strings cut to
 * what anybody wants of them, and nothing that goes beyond the bounds.
 */


#include "ngx_sensu_redis_conn.h"


static void ngx_sensu_redis_reader_line(ngx_sensu_redis_reader_t *r,
    u_char **p, u_char *last);
static void ngx_sensu_redis_reader_value(ngx_sensu_redis_reader_t *r);
static void ngx_sensu_redis_reader_string(ngx_sensu_redis_reader_t *r,
    u_char **p, u_char *last);
static void ngx_sensu_redis_reader_array(ngx_sensu_redis_reader_t *r,
    ngx_int_t n);
static void ngx_sensu_redis_reader_end(ngx_sensu_redis_reader_t *r);
static void ngx_sensu_redis_reader_pass(ngx_sensu_redis_reader_t *r,
    u_char *data, size_t len);


ngx_int_t
ngx_sensu_redis_reader_feed(ngx_sensu_redis_reader_t *r, u_char **p,
    u_char *last, redisReply **reply)
{
    while (*p < last && !r->whole && r->error == NULL) {

        if (r->keep || r->drop) {
            ngx_sensu_redis_reader_string(r, p, last);

        } else {
            ngx_sensu_redis_reader_line(r, p, last);
        }
    }

    if (r->error) {
        return NGX_ERROR;
    }

    if (!r->whole) {
        return NGX_AGAIN;
    }

    r->whole = 0;
    r->elements = 0;
    r->size = 0;
    *reply = NULL;

    if (redisReaderGetReply(r->reader, (void **) reply) != REDIS_OK
        || *reply == NULL)
    {
        r->error = r->reader->err ? r->reader->errstr : "Protocol error";
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* the end of a line too long for an error is left out */

static void
ngx_sensu_redis_reader_line(ngx_sensu_redis_reader_t *r, u_char **p,
    u_char *last)
{
    u_char  ch;

    while (*p < last) {
        ch = *(*p)++;

        if (ch == LF) {
            ngx_sensu_redis_reader_value(r);
            r->len = 0;
            return;
        }

        if (ch != CR && r->len < NGX_SENSU_REDIS_LINE - 2) {
            r->line[r->len++] = ch;
        }
    }
}


static void
ngx_sensu_redis_reader_value(ngx_sensu_redis_reader_t *r)
{
    u_char     *p;
    ngx_int_t   n;

    p = r->line;
    n = NGX_ERROR;

    if (r->len && (*p == '$' || *p == '*')) {
        n = ngx_atoi(p + 1, r->len - 1);

        if (n == NGX_ERROR && (r->len != 3 || ngx_strncmp(p + 1, "-1", 2))) {
            r->error = "Protocol error, a length that is no number";
            return;
        }

        if (*p == '$' && n >= 0) {
            r->keep = ngx_min((size_t) n, NGX_SENSU_REDIS_STRING);
            r->drop = (size_t) n - r->keep + 2;
            r->len = ngx_sprintf(p, "$%uz", r->keep) - p;
        }

    } else if (r->len == 0 || (*p != '+' && *p != '-' && *p != ':')) {
        r->error = "Protocol error, no answer begins so";
        return;
    }

    p[r->len++] = CR;
    p[r->len++] = LF;

    ngx_sensu_redis_reader_pass(r, p, r->len);

    if (*p == '*' && n > 0) {
        ngx_sensu_redis_reader_array(r, n);

    } else if (r->drop == 0) {
        ngx_sensu_redis_reader_end(r);

    } else if (r->keep == 0) {
        ngx_sensu_redis_reader_pass(r, (u_char *) CRLF, 2);
    }
}


/* what is dropped is the rest of it, and its line end */

static void
ngx_sensu_redis_reader_string(ngx_sensu_redis_reader_t *r, u_char **p,
    u_char *last)
{
    size_t  n;

    if (r->keep) {
        n = ngx_min(r->keep, (size_t) (last - *p));

        ngx_sensu_redis_reader_pass(r, *p, n);
        *p += n;
        r->keep -= n;

        if (r->keep == 0) {
            ngx_sensu_redis_reader_pass(r, (u_char *) CRLF, 2);
        }

        return;
    }

    n = ngx_min(r->drop, (size_t) (last - *p));

    *p += n;
    r->drop -= n;

    if (r->drop == 0) {
        ngx_sensu_redis_reader_end(r);
    }
}


static void
ngx_sensu_redis_reader_array(ngx_sensu_redis_reader_t *r, ngx_int_t n)
{
    if (r->depth == NGX_SENSU_REDIS_DEPTH
        || (ngx_uint_t) n > NGX_SENSU_REDIS_ELEMENTS - r->elements)
    {
        r->error = "it answers more than was asked";
        return;
    }

    r->elements += n;
    r->owed[r->depth++] = n;
}


/* of a value: it may have been the last one of the arrays it is in */

static void
ngx_sensu_redis_reader_end(ngx_sensu_redis_reader_t *r)
{
    while (r->depth) {

        if (--r->owed[r->depth - 1]) {
            return;
        }

        r->depth--;
    }

    r->whole = 1;
}


static void
ngx_sensu_redis_reader_pass(ngx_sensu_redis_reader_t *r, u_char *data,
    size_t len)
{
    r->size += len;

    if (r->size > NGX_SENSU_REDIS_ANSWER) {
        r->error = "it answers more than was asked";
        return;
    }

    if (redisReaderFeed(r->reader, (char *) data, len) != REDIS_OK) {
        r->error = "no memory";
    }
}
