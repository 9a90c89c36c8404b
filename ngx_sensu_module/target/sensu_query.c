
/*
 * The query string: one pass over the parameters, each judged by its decoded
 * name, kept or taken out as it came.
 */


#include "sensu_query.h"
#include "sensu_percent.h"


#define SENSU_QUERY_TOKEN   22
#define SENSU_QUERY_DIGITS  9
#define SENSU_QUERY_SORTED  64       /* parameters that canonical sorts */


/* what stands between two "&", as it came */

typedef struct {
    sensu_str_t           name;
    sensu_str_t           value;     /* empty also where "=" is missing */
} sensu_param_t;


static int sensu_query_check(sensu_str_t raw);
static void sensu_query_param(sensu_str_t piece, sensu_param_t *param);
static int sensu_query_limit(sensu_query_t *q, sensu_str_t value);
static int sensu_query_token(sensu_query_t *q, sensu_str_t value,
    unsigned char *dst);
static int sensu_query_byte(const unsigned char **p,
    const unsigned char *last);
static int sensu_query_is(sensu_str_t name, sensu_str_t word);
static int sensu_query_cmp(sensu_str_t a, sensu_str_t b);
static unsigned char *sensu_query_write(unsigned char *dst, sensu_str_t text);


sensu_query_rc_e
sensu_query_parse(sensu_query_t *q, sensu_str_t raw, unsigned char *buf)
{
    int             kept, limits, continues, bad_limit, bad_continue;
    sensu_str_t     piece;
    unsigned char  *p, *token;
    sensu_param_t   param;

    memset(q, 0, sizeof(sensu_query_t));

    q->rest.data = buf;

    if (raw.len == 0) {
        return SENSU_QUERY_OK;
    }

    if (!sensu_query_check(raw)) {
        return SENSU_QUERY_MALFORMED;
    }

    p = buf;
    token = buf + raw.len;

    kept = 0;
    limits = 0;
    continues = 0;
    bad_limit = 0;
    bad_continue = 0;

    while (raw.data != NULL) {

        piece = sensu_str_cut(&raw, '&');
        sensu_query_param(piece, &param);

        if (sensu_query_is(param.name, sensu_str("limit"))) {
            if (!sensu_query_limit(q, param.value) || limits++) {
                bad_limit = 1;
            }

            continue;
        }

        if (sensu_query_is(param.name, sensu_str("continue"))) {
            if (!sensu_query_token(q, param.value, token) || continues++) {
                bad_continue = 1;
            }

            continue;
        }

        if (kept++) {
            *p++ = '&';
        }

        memcpy(p, piece.data, piece.len);
        p += piece.len;
    }

    q->rest.len = p - buf;

    if (bad_limit) {
        return SENSU_QUERY_LIMIT;
    }

    return bad_continue ? SENSU_QUERY_CONTINUE : SENSU_QUERY_OK;
}


/* bytes that readers take for different things, escapes that are none */

static int
sensu_query_check(sensu_str_t raw)
{
    unsigned char         c;
    const unsigned char  *p, *last;

    p = raw.data;
    last = raw.data + raw.len;

    while (p < last) {
        c = *p;

        if (c <= ' ' || c == 0x7f || c == ';' || c == '#') {
            return 0;
        }

        if (sensu_percent_next(&p, last) == -1) {
            return 0;
        }
    }

    return 1;
}


static void
sensu_query_param(sensu_str_t piece, sensu_param_t *param)
{
    param->value = piece;
    param->name = sensu_str_cut(&param->value, '=');

    if (param->value.data == NULL) {
        param->value = sensu_str("");
    }
}


static int
sensu_query_limit(sensu_query_t *q, sensu_str_t value)
{
    int                   c, digits;
    const unsigned char  *p, *last;

    p = value.data;
    last = value.data + value.len;

    q->limit = 0;

    for (digits = 0; p < last; digits++) {
        c = sensu_query_byte(&p, last);

        if (c < '0' || c > '9' || digits == SENSU_QUERY_DIGITS) {
            q->limit = 0;
            return 0;
        }

        q->limit = q->limit * 10 + (c - '0');
    }

    return digits != 0;
}


/* an empty one is none: clients send it for their first page */

static int
sensu_query_token(sensu_query_t *q, sensu_str_t value, unsigned char *dst)
{
    int                   c;
    size_t                n;
    const unsigned char  *p, *last;

    p = value.data;
    last = value.data + value.len;

    q->token.len = 0;

    if (p == last) {
        return 1;
    }

    for (n = 0; p < last; n++) {
        c = sensu_query_byte(&p, last);

        if (n == SENSU_QUERY_TOKEN
            || !((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
                 || (c >= '0' && c <= '9') || c == '-' || c == '_'))
        {
            return 0;
        }

        dst[n] = (unsigned char) c;
    }

    if (n != SENSU_QUERY_TOKEN) {
        return 0;
    }

    q->token.len = n;
    q->token.data = dst;

    return 1;
}


/* form decoding: a plus is a space */

static int
sensu_query_byte(const unsigned char **p, const unsigned char *last)
{
    if (**p == '+') {
        (*p)++;
        return ' ';
    }

    return sensu_percent_next(p, last);
}


static int
sensu_query_is(sensu_str_t name, sensu_str_t word)
{
    return sensu_query_cmp(name, word) == 0;
}


/* compares what the texts decode to */

static int
sensu_query_cmp(sensu_str_t a, sensu_str_t b)
{
    int                   x, y;
    const unsigned char  *p, *q, *plast, *qlast;

    p = a.data;
    plast = a.data + a.len;

    q = b.data;
    qlast = b.data + b.len;

    while (p < plast && q < qlast) {
        x = sensu_query_byte(&p, plast);
        y = sensu_query_byte(&q, qlast);

        if (x != y) {
            return x - y;
        }
    }

    return (p < plast) - (q < qlast);
}


size_t
sensu_query_canonical(const sensu_query_t *q, unsigned char *dst)
{
    size_t          i, n;
    sensu_str_t     rest, piece;
    sensu_param_t   param, sorted[SENSU_QUERY_SORTED];
    unsigned char  *p;

    n = 0;
    p = dst;
    rest = q->rest;

    /* an insertion sort that keeps the order of repeated parameters */

    while (rest.data != NULL) {

        piece = sensu_str_cut(&rest, '&');

        if (piece.len == 0) {
            continue;
        }

        sensu_query_param(piece, &param);

        if (n == SENSU_QUERY_SORTED) {
            p = sensu_query_write(p, param.name);
            p = sensu_query_write(p, param.value);
            continue;
        }

        for (i = n++; i > 0; i--) {

            if (sensu_query_cmp(sorted[i - 1].name, param.name) <= 0) {
                break;
            }

            sorted[i] = sorted[i - 1];
        }

        sorted[i] = param;
    }

    for (i = 0; i < n; i++) {
        p = sensu_query_write(p, sorted[i].name);
        p = sensu_query_write(p, sorted[i].value);
    }

    return p - dst;
}


/* length, seven bits a byte with the lowest first, then the decoded bytes */

static unsigned char *
sensu_query_write(unsigned char *dst, sensu_str_t text)
{
    size_t                len;
    const unsigned char  *p, *last;

    p = text.data;
    last = text.data + text.len;

    for (len = 0; p < last; len++) {
        (void) sensu_query_byte(&p, last);
    }

    while (len >= 0x80) {
        *dst++ = (unsigned char) (0x80 | (len & 0x7f));
        len >>= 7;
    }

    *dst++ = (unsigned char) len;

    for (p = text.data; p < last; /* void */ ) {
        *dst++ = (unsigned char) sensu_query_byte(&p, last);
    }

    return dst;
}
