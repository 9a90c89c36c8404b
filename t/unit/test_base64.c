
/*
 * Base64: every length there and back, and every text that is not the one
 * text of a value refused.
 */


#include <stdlib.h>
#include "tap.h"
#include "sensu_base64.h"


typedef struct {
    const char  *text;
    const char  *value;      /* NULL: refused */
} row_t;


static const row_t  rows[] = {
    { "", "" },
    { "Zg", "f" },
    { "Zm8", "fo" },
    { "Zm9v", "foo" },
    { "Zm9vYg", "foob" },
    { "Zm9vYmE", "fooba" },
    { "Zm9vYmFy", "foobar" },
    { "_-8", "\xff\xef" },
    { "Z", NULL },
    { "Zm9vY", NULL },
    { "Zg==", NULL },
    { "Zm8=", NULL },
    { "Zm9v=", NULL },
    { "=", NULL },
    { "====", NULL },
    { "Zh", NULL },
    { "Zm9", NULL },
    { "/+8", NULL },
    { "Zm9v\n", NULL },
    { " Zm9v", NULL },
    { "Zm 9v", NULL },
    { "Zm9!", NULL },
    { "Zm9\xc3", NULL },
    { "\x80\x80\x80\x80", NULL }
};


static const row_t  lenient[] = {
    { "Zg==", "f" },
    { "Zg==\n", "f" },
    { "Zg", "f" },
    { "Zm9v\r\n", "foo" },
    { "Zm9v\nYmFy\n", "foobar" },
    { "/+8=", "\xff\xef" },
    { "_-8", "\xff\xef" },
    { "", "" },
    { " \n", "" },
    { "Zg=", NULL },
    { "Zg===", NULL },
    { "Zm9v=", NULL },
    { "Zm9v====", NULL },
    { "Zg==Zg==", NULL },
    { "=Zg=", NULL },
    { "Z", NULL },
    { "Zm9v!", NULL },
    { "Zh==", NULL }
};


/* an exact copy on the heap, so that the sanitizer sees one byte too far */

static sensu_str_t
copy(const void *data, size_t len)
{
    void  *p;

    p = malloc(len ? len : 1);
    if (p == NULL) {
        exit(1);
    }

    memcpy(p, data, len);

    return (sensu_str_t) { len, p };
}


static void
test_rows(const char *name, const row_t *row, size_t n, int strict)
{
    ssize_t         len;
    sensu_str_t     src;
    unsigned char  *dst;

    for ( /* void */ ; n; n--, row++) {
        src = copy(row->text, strlen(row->text));
        dst = malloc(src.len + 2);

        if (dst == NULL) {
            exit(1);
        }

        len = strict ? sensu_base64url_decode(dst, src)
                     : sensu_base64_decode(dst, src);

        if (row->value == NULL) {
            is_int(len, -1, "%s: %zu is refused", name, n);

        } else {
            ok(len == (ssize_t) strlen(row->value)
               && memcmp(dst, row->value, len) == 0, "%s: %zu is read", name,
               n);
        }

        free((void *) src.data);
        free(dst);
    }
}


static void
test_lengths(void)
{
    int             good;
    size_t          i, len, n;
    sensu_str_t     src, text;
    unsigned char   value[300], *buf;

    good = 1;

    for (len = 0; len < sizeof(value); len++) {

        for (i = 0; i < len; i++) {
            value[i] = i * 167 + len;
        }

        src = copy(value, len);
        buf = malloc(sensu_base64url_length(len) + 1);

        if (buf == NULL) {
            exit(1);
        }

        buf[sensu_base64url_length(len)] = '@';
        n = sensu_base64url_encode(buf, src.data, len);

        text.len = n;
        text.data = buf;

        good &= n == sensu_base64url_length(len) && buf[n] == '@';

        /* in place, as cursors are read */

        good &= sensu_base64url_decode(buf, text) == (ssize_t) len
                && memcmp(buf, value, len) == 0;

        free((void *) src.data);
        free(buf);
    }

    ok(good, "all lengths to 299, there and back");
}


/* each two-character text: one byte has one text only */

static void
test_unique(void)
{
    int            a, b, texts;
    unsigned char  text[2], dst[4];

    texts = 0;

    for (a = 0; a < 256; a++) {
        for (b = 0; b < 256; b++) {
            text[0] = a;
            text[1] = b;

            texts += sensu_base64url_decode(dst, (sensu_str_t) { 2, text })
                     == 1;
        }
    }

    is_int(texts, 256, "S5: 256 texts for 256 values of a byte");
}


int
main(void)
{
    test_rows("strict", rows, sizeof(rows) / sizeof(rows[0]), 1);
    test_rows("lenient", lenient, sizeof(lenient) / sizeof(lenient[0]), 0);
    test_lengths();
    test_unique();

    return done_testing();
}
