
/*
 * Queries: whatever comes in, what is left holds no limit and no continue in
 * the eyes of a form decoder or of nginx, and is otherwise what came in; the
 * canonical form is that of a plain list of decoded parameters.
 */


#include <ctype.h>
#include <stdio.h>
#include "sensu_query.h"
#include "fuzz.h"


#define FUZZ_PARAMS  2000
#define FUZZ_BYTES   4000


typedef struct {
    unsigned char         name[FUZZ_BYTES];
    size_t                nlen;
    unsigned char         value[FUZZ_BYTES];
    size_t                vlen;
} fuzz_param_t;


static const char *const  pieces[] = {
    "&", "&", "&", "=", "limit", "limit=", "limit=1", "%6Cimit=2", "lim%69t=3",
    "continue", "continue=", "c%6fntinue=", "Limit=4", "LIMIT", "limit%00",
    "limit+", "+limit", "AAAAAAAAAAAAAAAAAAAAAA", "abcdefghijklmnopqrstu_",
    "-", "_", "%2D", "%5f", "%41", "9", "123456789", "0", "00", "+", "%20",
    "%", "%2", "%zz", "%00", "%26", "%3D", "%25", "%2B", ";", "#", " ", "?",
    "x=1", "y=2", "x", "y=%C3%A4", "\xc3\xa4", "z=&z=", "labelSelector=a+b",
    "limit=1&", "&&", "\x7f", "\n", "%6Cimit", "%%36Cimit=1", "a", "b", "c"
};


static void
fuzz_wrong(const char *what, sensu_str_t raw)
{
    fprintf(stderr, "%s: \"%.*s\"\n", what, (int) raw.len, raw.data);
    abort();
}


/* returns -1 for a bad escape */

static int
fuzz_decode(const unsigned char *p, size_t len, int plus, unsigned char *dst)
{
    int     n;
    size_t  i;
    char    hex[3] = { 0, 0, 0 };

    n = 0;

    for (i = 0; i < len; i++) {

        if (p[i] != '%') {
            dst[n++] = (plus && p[i] == '+') ? ' ' : p[i];
            continue;
        }

        if (i + 2 >= len || !isxdigit(p[i + 1]) || !isxdigit(p[i + 2])) {
            return -1;
        }

        memcpy(hex, p + i + 1, 2);
        dst[n++] = (unsigned char) strtol(hex, NULL, 16);
        i += 2;
    }

    return n;
}


static int
fuzz_ours(const unsigned char *name, size_t len)
{
    return (len == 5 && memcmp(name, "limit", 5) == 0)
           || (len == 8 && memcmp(name, "continue", 8) == 0);
}


/* splits at "&" and, as old readers do, at ";" */

static void
fuzz_rest_is_free(sensu_str_t rest, sensu_str_t raw)
{
    int                   n, plus;
    size_t                i, start, end;
    static unsigned char  name[FUZZ_BYTES];

    for (i = 0, start = 0; i <= rest.len; i++) {

        if (i < rest.len && rest.data[i] != '&' && rest.data[i] != ';') {
            continue;
        }

        for (end = start; end < i && rest.data[end] != '='; end++) {
            /* void */
        }

        for (plus = 0; plus < 2; plus++) {
            n = fuzz_decode(rest.data + start, end - start, plus, name);

            if (n < 0 || fuzz_ours(name, n)) {
                fuzz_wrong("the rest is not free of them", raw);
            }
        }

        start = i + 1;
    }
}


static int
fuzz_cmp(const fuzz_param_t *a, const fuzz_param_t *b)
{
    int     rc;
    size_t  n;

    n = a->nlen < b->nlen ? a->nlen : b->nlen;
    rc = memcmp(a->name, b->name, n);

    return rc ? rc : (a->nlen > b->nlen) - (a->nlen < b->nlen);
}


static size_t
fuzz_length(unsigned char *dst, size_t len)
{
    size_t  n;

    for (n = 0; len > 127; len /= 128) {
        dst[n++] = (unsigned char) (128 + len % 128);
    }

    dst[n++] = (unsigned char) len;

    return n;
}


/* the canonical form of up to 64 parameters, by a bubble sort */

static void
fuzz_canonical(fuzz_param_t **params, size_t n, const sensu_query_t *q,
    sensu_str_t raw)
{
    size_t                i, j, len;
    fuzz_param_t         *swap;
    unsigned char        *got;
    static unsigned char  form[3 * FUZZ_BYTES];

    got = malloc(2 * q->rest.len + 64);
    len = sensu_query_canonical(q, got);

    for (i = 0; n <= 64 && i < n; i++) {
        for (j = 1; j < n; j++) {

            if (fuzz_cmp(params[j - 1], params[j]) > 0) {
                swap = params[j];
                params[j] = params[j - 1];
                params[j - 1] = swap;
            }
        }
    }

    for (i = 0, j = 0; n <= 64 && i < n; i++) {
        j += fuzz_length(form + j, params[i]->nlen);
        memcpy(form + j, params[i]->name, params[i]->nlen);
        j += params[i]->nlen;
        j += fuzz_length(form + j, params[i]->vlen);
        memcpy(form + j, params[i]->value, params[i]->vlen);
        j += params[i]->vlen;
    }

    if (n <= 64 && (j != len || memcmp(form, got, len) != 0)) {
        fuzz_wrong("canonical form", raw);
    }

    if ((len == 0) != (n == 0)) {
        fuzz_wrong("canonical form of nothing", raw);
    }

    free(got);
}


static int
fuzz_is_malformed(sensu_str_t raw)
{
    size_t                i;
    static unsigned char  all[FUZZ_BYTES];

    for (i = 0; i < raw.len; i++) {
        if (raw.data[i] <= 32 || strchr("\x7f;#", raw.data[i]) != NULL) {
            return 1;
        }
    }

    return fuzz_decode(raw.data, raw.len, 1, all) < 0;
}


static int
fuzz_limit(const unsigned char *value, size_t len, uint32_t *limit)
{
    size_t  i;

    *limit = 0;

    for (i = 0; i < len; i++) {
        if (!isdigit(value[i])) {
            return 0;
        }

        *limit = *limit * 10 + (value[i] - '0');
    }

    return len >= 1 && len <= 9;
}


static int
fuzz_token(const unsigned char *value, size_t len)
{
    size_t  i;

    for (i = 0; i < len; i++) {
        if (value[i] >= 0x80
            || (!isalnum(value[i]) && value[i] != '-' && value[i] != '_'))
        {
            return 0;
        }
    }

    return len == 22;
}


static void
fuzz_query(sensu_str_t raw, const sensu_query_t *q, sensu_query_rc_e rc)
{
    int               bad_limit, bad_token, limits, tokens;
    size_t            i, n, start, end, kept, rest;
    uint32_t          limit;
    unsigned char     token[22];
    sensu_query_rc_e  expected;

    static fuzz_param_t   store[FUZZ_PARAMS], *params[FUZZ_PARAMS], *param;
    static unsigned char  left[FUZZ_BYTES];

    bad_limit = bad_token = limits = tokens = 0;
    n = kept = rest = start = 0;
    limit = 0;

    for (i = 0; i <= raw.len && n < FUZZ_PARAMS; i++) {

        if (i < raw.len && raw.data[i] != '&') {
            continue;
        }

        for (end = start; end < i && raw.data[end] != '='; end++) {
            /* void */
        }

        param = &store[n];
        param->nlen = fuzz_decode(raw.data + start, end - start, 1,
                                  param->name);
        end += (end < i);
        param->vlen = fuzz_decode(raw.data + end, i - end, 1, param->value);

        if (param->nlen == 5 && memcmp(param->name, "limit", 5) == 0) {
            bad_limit |= limits++
                         || !fuzz_limit(param->value, param->vlen, &limit);

        } else if (param->nlen == 8
                   && memcmp(param->name, "continue", 8) == 0)
        {
            if (param->vlen == 22) {
                memcpy(token, param->value, 22);
            }

            bad_token |= tokens++
                         || (param->vlen
                             && !fuzz_token(param->value, param->vlen));
            tokens += (param->vlen != 0);

        } else {
            if (kept++) {
                left[rest++] = '&';
            }

            memcpy(left + rest, raw.data + start, i - start);
            rest += i - start;

            if (i > start) {
                params[n] = param;
                n++;
            }
        }

        start = i + 1;
    }

    expected = bad_limit ? SENSU_QUERY_LIMIT
               : bad_token ? SENSU_QUERY_CONTINUE : SENSU_QUERY_OK;

    if (rc != expected) {
        fuzz_wrong("verdict", raw);
    }

    if (q->rest.len != rest || memcmp(q->rest.data, left, rest) != 0) {
        fuzz_wrong("the rest is changed", raw);
    }

    if (rc == SENSU_QUERY_OK
        && (q->has_limit != (limits != 0) || q->limit != limit
            || q->has_continue != (tokens == 2)))
    {
        fuzz_wrong("limit or continue", raw);
    }

    if (q->has_continue && rc == SENSU_QUERY_OK
        && (q->token.len != 22 || memcmp(q->token.data, token, 22) != 0))
    {
        fuzz_wrong("token", raw);
    }

    fuzz_canonical(params, n, q, raw);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sensu_str_t       raw;
    sensu_query_t     q;
    unsigned char    *copy, *buf;
    sensu_query_rc_e  rc;

    static fuzz_text_t  text;

    if (size == 0) {
        return 0;
    }

    fuzz_text(&text, data, size, pieces, sizeof(pieces) / sizeof(pieces[0]),
              "x=1&limit=2");

    copy = malloc(text.len ? text.len : 1);
    memcpy(copy, text.data, text.len);
    buf = malloc(text.len + 64);

    raw.data = text.len ? copy : NULL;
    raw.len = text.len;

    rc = sensu_query_parse(&q, raw, buf);

    if ((rc == SENSU_QUERY_MALFORMED) != fuzz_is_malformed(raw)) {
        fuzz_wrong("malformed", raw);
    }

    fuzz_rest_is_free(q.rest, raw);

    if (rc == SENSU_QUERY_MALFORMED) {
        if (q.rest.len != 0 || q.has_limit || q.has_continue) {
            fuzz_wrong("something is left of a malformed query", raw);
        }

    } else if (raw.len != 0) {
        fuzz_query(raw, &q, rc);
    }

    free(copy);
    free(buf);

    return 0;
}
