
/*
 * Queries: whatever comes in, what is left holds no limit and no continue in
 * the eyes of a form decoder or of nginx, and is otherwise what came in; the
 * canonical form is that of a plain list of decoded parameters.
 */


#include <ctype.h>
#include <stdio.h>
#include "sensu_query.h"
#include "fuzz.h"


#define FUZZ_BYTES   4000            /* of a text */


typedef struct {
    unsigned char        *name;      /* decoded */
    size_t                nlen;
    unsigned char        *value;
    size_t                vlen;
} fuzz_param_t;


/* what the reference makes of a query */

typedef struct {
    sensu_query_rc_e      rc;
    int                   limits;    /* how often it is there */
    int                   tokens;
    uint32_t              limit;
    sensu_str_t           token;     /* the last one that is not empty */
    size_t                n;
    fuzz_param_t          params[FUZZ_BYTES];
    size_t                len;
    unsigned char         rest[FUZZ_BYTES];
    size_t                used;
    unsigned char         decoded[FUZZ_BYTES];
} fuzz_query_t;


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
fuzz_canonical(fuzz_query_t *ref, const sensu_query_t *q, sensu_str_t raw)
{
    int                   swapped;
    size_t                i, j, len;
    fuzz_param_t          swap, *param;
    unsigned char        *got;
    static unsigned char  form[3 * FUZZ_BYTES];

    got = malloc(2 * q->rest.len + 64);
    len = sensu_query_canonical(q, got);

    if ((len == 0) != (ref->n == 0)) {
        fuzz_wrong("canonical form of nothing", raw);
    }

    if (ref->n > 64) {
        free(got);
        return;
    }

    do {
        swapped = 0;

        for (i = 1; i < ref->n; i++) {
            param = &ref->params[i];

            if (fuzz_cmp(param - 1, param) > 0) {
                swap = *param;
                *param = param[-1];
                param[-1] = swap;
                swapped = 1;
            }
        }

    } while (swapped);

    for (i = 0, j = 0; i < ref->n; i++) {
        param = &ref->params[i];

        j += fuzz_length(form + j, param->nlen);
        memcpy(form + j, param->name, param->nlen);
        j += param->nlen;
        j += fuzz_length(form + j, param->vlen);
        memcpy(form + j, param->value, param->vlen);
        j += param->vlen;
    }

    if (j != len || memcmp(form, got, len) != 0) {
        fuzz_wrong("canonical form", raw);
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


/* one parameter, as it came */

static void
fuzz_param(fuzz_query_t *ref, const unsigned char *p, size_t len, int first)
{
    size_t         n;
    fuzz_param_t  *param;

    for (n = 0; n < len && p[n] != '='; n++) {
        /* void */
    }

    param = &ref->params[ref->n];

    param->name = ref->decoded + ref->used;
    param->nlen = fuzz_decode(p, n, 1, param->name);

    n += (n < len);

    param->value = param->name + param->nlen;
    param->vlen = fuzz_decode(p + n, len - n, 1, param->value);

    ref->used += param->nlen + param->vlen;

    if (param->nlen == 5 && memcmp(param->name, "limit", 5) == 0) {

        if (ref->limits++
            || !fuzz_limit(param->value, param->vlen, &ref->limit))
        {
            ref->rc = SENSU_QUERY_LIMIT;
        }

        return;
    }

    if (param->nlen == 8 && memcmp(param->name, "continue", 8) == 0) {

        if ((ref->tokens++
             || (param->vlen && !fuzz_token(param->value, param->vlen)))
            && ref->rc == SENSU_QUERY_OK)
        {
            ref->rc = SENSU_QUERY_CONTINUE;
        }

        ref->token.data = param->value;
        ref->token.len = param->vlen;

        return;
    }

    if (!first) {
        ref->rest[ref->len++] = '&';
    }

    memcpy(ref->rest + ref->len, p, len);
    ref->len += len;
    ref->n += (len != 0);
}


static void
fuzz_compare(sensu_str_t raw, const sensu_query_t *q, sensu_query_rc_e rc)
{
    int     first;
    size_t  i, start, kept;

    static fuzz_query_t  ref;

    ref.rc = SENSU_QUERY_OK;
    ref.limits = ref.tokens = 0;
    ref.n = ref.len = ref.used = ref.limit = 0;
    ref.token.len = 0;

    first = 1;

    for (i = 0, start = 0; i <= raw.len; i++) {

        if (i < raw.len && raw.data[i] != '&') {
            continue;
        }

        kept = ref.limits + ref.tokens;
        fuzz_param(&ref, raw.data + start, i - start, first);

        if ((size_t) (ref.limits + ref.tokens) == kept) {
            first = 0;
        }

        start = i + 1;
    }

    if (rc != ref.rc) {
        fuzz_wrong("verdict", raw);
    }

    if (q->rest.len != ref.len || memcmp(q->rest.data, ref.rest, ref.len)) {
        fuzz_wrong("the rest is changed", raw);
    }

    if (rc == SENSU_QUERY_OK
        && (q->limit != ref.limit || !sensu_str_eq(q->token, ref.token)))
    {
        fuzz_wrong("limit or continue", raw);
    }

    fuzz_canonical(&ref, q, raw);
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
        if (q.rest.len != 0 || q.limit != 0 || q.token.len != 0) {
            fuzz_wrong("something is left of a malformed query", raw);
        }

    } else if (raw.len != 0) {
        fuzz_compare(raw, &q, rc);
    }

    free(copy);
    free(buf);

    return 0;
}
