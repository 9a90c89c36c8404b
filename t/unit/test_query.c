
/*
 * Queries: limit and continue are found under any encoding, and the rest is
 * as it came.
 */


#include <stdlib.h>
#include "tap.h"
#include "sensu_query.h"


#define TOKEN  "abcdefghijklmnopqrstu_"


typedef struct {
    const char           *raw;
    sensu_query_rc_e      rc;
    int                   limit;     /* -1: none, read as 0 */
    const char           *token;     /* NULL: none */
    const char           *rest;      /* NULL: the same as raw */
} row_t;


#define OK         SENSU_QUERY_OK
#define MALFORMED  SENSU_QUERY_MALFORMED
#define LIMIT      SENSU_QUERY_LIMIT
#define CONTINUE   SENSU_QUERY_CONTINUE


static const row_t  rows[] = {
    { "", OK, -1, NULL, NULL },
    { "limit=3", OK, 3, NULL, "" },
    { "limit=0", OK, 0, NULL, "" },
    { "limit=007", OK, 7, NULL, "" },
    { "limit=999999999", OK, 999999999, NULL, "" },
    { "continue=" TOKEN, OK, -1, TOKEN, "" },
    { "limit=3&continue=" TOKEN, OK, 3, TOKEN, "" },
    { "continue=" TOKEN "&a=1&limit=3", OK, 3, TOKEN, "a=1" },
    { "continue=&limit=3", OK, 3, NULL, "" },
    { "continue&limit=3", OK, 3, NULL, "" },

    /* the names in other spellings */

    { "%6Cimi%74=3", OK, 3, NULL, "" },
    { "%6c%69%6d%69%74=3", OK, 3, NULL, "" },
    { "limit=%33", OK, 3, NULL, "" },
    { "c%6Fntinue=" TOKEN, OK, -1, TOKEN, "" },
    { "continue=%61bcdefghijklmnopqrstu%5F", OK, -1, TOKEN, "" },
    { "Limit=3", OK, -1, NULL, NULL },
    { "LIMIT=x&Continue=y", OK, -1, NULL, NULL },
    { "limit%20=3", OK, -1, NULL, NULL },
    { "limit+=3", OK, -1, NULL, NULL },
    { "limit%00=3", OK, -1, NULL, NULL },
    { "%256Cimit=3", OK, -1, NULL, NULL },
    { "limits=3&limi=2", OK, -1, NULL, NULL },
    { "x=limit=3", OK, -1, NULL, NULL },

    /* the rest stays as it came */

    { "a=1", OK, -1, NULL, NULL },
    { "a=%7e&b=+&c=%2f", OK, -1, NULL, NULL },
    { "a=1&limit=2&b=3", OK, 2, NULL, "a=1&b=3" },
    { "limit=2&&b=3&", OK, 2, NULL, "&b=3&" },
    { "&", OK, -1, NULL, NULL },
    { "a", OK, -1, NULL, NULL },
    { "=&a=&=b", OK, -1, NULL, NULL },
    { "a=\xc3\xa4", OK, -1, NULL, NULL },

    /* limit is [0-9]{1,9}, once */

    { "limit=", LIMIT, -1, NULL, "" },
    { "limit", LIMIT, -1, NULL, "" },
    { "limit=-1", LIMIT, -1, NULL, "" },
    { "limit=+1", LIMIT, -1, NULL, "" },
    { "limit=%2B1", LIMIT, -1, NULL, "" },
    { "limit=1+", LIMIT, -1, NULL, "" },
    { "limit=%201", LIMIT, -1, NULL, "" },
    { "limit=1.0", LIMIT, -1, NULL, "" },
    { "limit=0x10", LIMIT, -1, NULL, "" },
    { "limit=1e3", LIMIT, -1, NULL, "" },
    { "limit=abc&a=1", LIMIT, -1, NULL, "a=1" },
    { "limit=1000000000", LIMIT, -1, NULL, "" },
    { "limit=0000000001", LIMIT, -1, NULL, "" },
    { "limit=99999999999999999999", LIMIT, -1, NULL, "" },
    { "limit=1%00", LIMIT, -1, NULL, "" },
    { "limit=1=", LIMIT, -1, NULL, "" },
    { "limit=1&limit=1", LIMIT, -1, NULL, "" },
    { "limit=1&a=1&%6cimit=2", LIMIT, -1, NULL, "a=1" },
    { "limit=&limit=1", LIMIT, -1, NULL, "" },

    /* continue is a token or nothing, once */

    { "continue=x", CONTINUE, -1, NULL, "" },
    { "continue=AA&a=1", CONTINUE, -1, NULL, "a=1" },
    { "continue=abcdefghijklmnopqrstu", CONTINUE, -1, NULL, "" },
    { "continue=abcdefghijklmnopqrstuvw", CONTINUE, -1, NULL, "" },
    { "continue=abcdefghijklmnopqrstu=", CONTINUE, -1, NULL, "" },
    { "continue=abcdefghijklmnopqrstu/", CONTINUE, -1, NULL, "" },
    { "continue=abcdefghijklmnopqrstu+", CONTINUE, -1, NULL, "" },
    { "continue=abcdefghijklmnopqrst%00u", CONTINUE, -1, NULL, "" },
    { "continue=Li4v", CONTINUE, -1, NULL, "" },
    { "continue=" TOKEN "&continue=" TOKEN, CONTINUE, -1, NULL, "" },
    { "continue=&continue=" TOKEN, CONTINUE, -1, NULL, "" },
    { "continue&continue", CONTINUE, -1, NULL, "" },
    { "continue=x&limit=x", LIMIT, -1, NULL, "" },

    /* what nobody may read */

    { "a=%zz", MALFORMED, -1, NULL, "" },
    { "a=%", MALFORMED, -1, NULL, "" },
    { "a=%4", MALFORMED, -1, NULL, "" },
    { "%=1&limit=1", MALFORMED, -1, NULL, "" },
    { "a=1;limit=1", MALFORMED, -1, NULL, "" },
    { "limit=1;continue=x", MALFORMED, -1, NULL, "" },
    { "limit=1#", MALFORMED, -1, NULL, "" },
    { "a=b c", MALFORMED, -1, NULL, "" },
    { "a=\t", MALFORMED, -1, NULL, "" },
    { "a=\x7f", MALFORMED, -1, NULL, "" },
    { "a=%3B%23", OK, -1, NULL, NULL }
};


static sensu_str_t
str(const char *s)
{
    return (sensu_str_t) { strlen(s), (const unsigned char *) s };
}


static void
test_row(const row_t *row)
{
    const char        *rest;
    sensu_query_t      q;
    unsigned char     *buf;
    sensu_query_rc_e   rc;

    buf = malloc(strlen(row->raw) + 64);
    rc = sensu_query_parse(&q, str(row->raw), buf);
    rest = row->rest ? row->rest : row->raw;

    is_int(rc, row->rc, "\"%s\": verdict", row->raw);
    ok(sensu_str_eq(q.rest, str(rest)), "\"%s\": the rest is \"%s\"",
       row->raw, rest);

    if (rc == SENSU_QUERY_OK) {
        is_int((int) q.limit, row->limit == -1 ? 0 : row->limit,
               "\"%s\": limit", row->raw);
        ok((q.token.len != 0) == (row->token != NULL)
           && (row->token == NULL || sensu_str_eq(q.token, str(row->token))),
           "\"%s\": continue", row->raw);
    }

    free(buf);
}


/* texts with one letter are of one meaning, others are not */

typedef struct {
    char                  group;
    const char           *raw;
} canonical_t;


static const canonical_t  canonical[] = {
    { 'a', "" },
    { 'a', "&&" },
    { 'a', "limit=3&continue=" TOKEN },
    { 'b', "x=1&y=2" },
    { 'b', "y=2&x=1" },
    { 'b', "%79=2&limit=1&&x=%31" },
    { 'c', "x=1&x=2" },
    { 'd', "x=2&x=1" },
    { 'e', "x=1&y=" },
    { 'e', "y&x=1" },
    { 'f', "x=1y=" },
    { 'g', "x=a+b" },
    { 'g', "x=a%20b" },
    { 'h', "x=a%2Bb" },
    { 'i', "x=a%26y=b" },
    { 'j', "x=a&y=b" },
    { 'k', "xa=" },
    { 'l', "x=a" },
    { 'm', "=" },
    { 'n', "=a" },
    { 'o', "a" },
    { 'p', "X=1&y=2" },
    { 'q', "x=1&xx=1&x=2" },
    { 'q', "xx=1&x=1&x=2" },
    { 'r', "x=2&xx=1&x=1" }
};


static size_t
form(const char *raw, unsigned char **dst)
{
    size_t          len;
    sensu_query_t   q;
    unsigned char  *buf;

    buf = malloc(strlen(raw) + 64);
    sensu_query_parse(&q, str(raw), buf);

    *dst = malloc(2 * q.rest.len + 64);
    len = sensu_query_canonical(&q, *dst);

    free(buf);

    return len;
}


static void
test_canonical(void)
{
    size_t          i, j, n, alen, blen;
    unsigned char  *a, *b;

    n = sizeof(canonical) / sizeof(canonical[0]);

    for (i = 0; i < n; i++) {
        alen = form(canonical[i].raw, &a);

        for (j = 0; j < i; j++) {
            blen = form(canonical[j].raw, &b);

            is_int(alen == blen && memcmp(a, b, alen) == 0,
                   canonical[i].group == canonical[j].group,
                   "forms of \"%s\" and \"%s\"", canonical[i].raw,
                   canonical[j].raw);
            free(b);
        }

        free(a);
    }

    is_int(form("", &a), 0, "nothing has no form");
    free(a);
}


/* the room, with short and long parameters and with many of them */

static void
test_room(void)
{
    char           *raw;
    size_t          i, n, len;
    unsigned char  *dst;

    static const size_t  counts[] = { 1, 63, 64, 65, 66, 5000 };

    for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        raw = calloc(1, 4 * counts[i] + 1);

        for (n = 0; n < counts[i]; n++) {
            strcat(raw + 2 * n, "a&");
        }

        len = form(raw, &dst);
        is_int(len, 3 * counts[i], "%zu parameters", counts[i]);
        free(dst);

        memset(raw, 'x', 4 * counts[i]);
        len = form(raw, &dst);
        ok(len > 4 * counts[i] && len < 4 * counts[i] + 6,
           "one parameter of %zu bytes", 4 * counts[i]);
        free(dst);
        free(raw);
    }
}


int
main(void)
{
    size_t         i;
    sensu_query_t  q;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        test_row(&rows[i]);
    }

    is_int(sensu_query_parse(&q, (sensu_str_t) { 0, NULL },
                             (unsigned char *) ""),
           SENSU_QUERY_OK, "no query at all");
    is_int(q.rest.len, 0, "has no rest");

    test_canonical();
    test_room();

    return done_testing();
}
