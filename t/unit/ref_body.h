
/*
 * The reference for bodies: what a decoder as lenient as the backend's takes
 * from a text. Any letter case, the last of repeated members, objects that
 * come twice are merged, null changes nothing, what follows is not read.
 */


#ifndef _REF_BODY_H_INCLUDED_
#define _REF_BODY_H_INCLUDED_


#include <stdint.h>
#include <stdlib.h>
#include <string.h>


#define REF_BODY_MAX  4096


/* where a string member ends up */

typedef enum {
    REF_NAME = 0,            /* at the top */
    REF_USERNAME,
    REF_SUBSCRIPTION,
    REF_CHECK,
    REF_META_NS,
    REF_META_NAME,
    REF_ENTITY_NS,
    REF_ENTITY_NAME,
    REF_CHECK_NS,
    REF_CHECK_NAME,
    REF_PROXY,
    REF_FIELDS
} ref_field_e;


/* what an object is to the decoder */

typedef enum {
    REF_IN_OTHER = 0,
    REF_IN_TOP,
    REF_IN_META,
    REF_IN_ENTITY,
    REF_IN_ENTITY_META,
    REF_IN_CHECK,
    REF_IN_CHECK_META
} ref_in_e;


typedef struct {
    const unsigned char  *p;
    const unsigned char  *last;
    int                   event;     /* check is an object then */
    int                   wrong;     /* the backend refuses the body */
    size_t                len[REF_FIELDS];
    unsigned char         text[REF_FIELDS][REF_BODY_MAX];
} ref_body_t;


typedef struct {
    ref_in_e              in;
    const char           *member;
    int                   field;     /* or -1: an object */
    ref_in_e              object;
} ref_member_t;


static const ref_member_t  ref_members[] = {
    { REF_IN_TOP, "name", REF_NAME, REF_IN_OTHER },
    { REF_IN_TOP, "username", REF_USERNAME, REF_IN_OTHER },
    { REF_IN_TOP, "subscription", REF_SUBSCRIPTION, REF_IN_OTHER },
    { REF_IN_TOP, "metadata", -1, REF_IN_META },
    { REF_IN_META, "namespace", REF_META_NS, REF_IN_OTHER },
    { REF_IN_META, "name", REF_META_NAME, REF_IN_OTHER },
    { REF_IN_ENTITY, "metadata", -1, REF_IN_ENTITY_META },
    { REF_IN_ENTITY_META, "namespace", REF_ENTITY_NS, REF_IN_OTHER },
    { REF_IN_ENTITY_META, "name", REF_ENTITY_NAME, REF_IN_OTHER },
    { REF_IN_CHECK, "metadata", -1, REF_IN_CHECK_META },
    { REF_IN_CHECK, "proxy_entity_name", REF_PROXY, REF_IN_OTHER },
    { REF_IN_CHECK_META, "namespace", REF_CHECK_NS, REF_IN_OTHER },
    { REF_IN_CHECK_META, "name", REF_CHECK_NAME, REF_IN_OTHER }
};

static const ref_member_t  ref_event_members[] = {
    { REF_IN_TOP, "entity", -1, REF_IN_ENTITY },
    { REF_IN_TOP, "check", -1, REF_IN_CHECK }
};

static const ref_member_t  ref_check_member = {
    REF_IN_TOP, "check", REF_CHECK, REF_IN_OTHER
};


static int ref_value(ref_body_t *r, ref_in_e in, int field);


static void
ref_space(ref_body_t *r)
{
    while (r->p < r->last && strchr(" \t\r\n", *r->p) && *r->p) {
        r->p++;
    }
}


static int
ref_eat(ref_body_t *r, const char *word)
{
    size_t  n;

    n = strlen(word);

    if ((size_t) (r->last - r->p) < n || memcmp(r->p, word, n) != 0) {
        return 0;
    }

    r->p += n;

    return 1;
}


static size_t
ref_utf8(unsigned char *dst, uint32_t c)
{
    if (c < 0x80) {
        dst[0] = (unsigned char) c;
        return 1;
    }

    if (c < 0x800) {
        dst[0] = (unsigned char) (0xc0 | (c >> 6));
        dst[1] = (unsigned char) (0x80 | (c & 0x3f));
        return 2;
    }

    if (c < 0x10000) {
        dst[0] = (unsigned char) (0xe0 | (c >> 12));
        dst[1] = (unsigned char) (0x80 | ((c >> 6) & 0x3f));
        dst[2] = (unsigned char) (0x80 | (c & 0x3f));
        return 3;
    }

    dst[0] = (unsigned char) (0xf0 | (c >> 18));
    dst[1] = (unsigned char) (0x80 | ((c >> 12) & 0x3f));
    dst[2] = (unsigned char) (0x80 | ((c >> 6) & 0x3f));
    dst[3] = (unsigned char) (0x80 | (c & 0x3f));

    return 4;
}


/* four hex digits, or -1 */

static int32_t
ref_hex4(ref_body_t *r)
{
    int      i;
    char     digits[5];
    char    *end;
    int32_t  c;

    if (r->last - r->p < 4) {
        return -1;
    }

    for (i = 0; i < 4; i++) {
        digits[i] = (char) r->p[i];

        if (strchr("0123456789abcdefABCDEF", digits[i]) == NULL
            || digits[i] == '\0')
        {
            return -1;
        }
    }

    digits[4] = '\0';
    c = (int32_t) strtol(digits, &end, 16);
    r->p += 4;

    return c;
}


/* after "\u"; a lone surrogate is U+FFFD, and no error */

static int
ref_escape(ref_body_t *r, uint32_t *c)
{
    int32_t               high, low;
    const unsigned char  *back;

    high = ref_hex4(r);

    if (high < 0) {
        return 0;
    }

    *c = (uint32_t) high;

    if (high < 0xd800 || high > 0xdfff) {
        return 1;
    }

    *c = 0xfffd;
    back = r->p;

    if (high < 0xdc00 && ref_eat(r, "\\u")) {
        low = ref_hex4(r);

        if (low >= 0xdc00 && low <= 0xdfff) {
            *c = 0x10000 + ((uint32_t) (high - 0xd800) << 10)
                 + (uint32_t) (low - 0xdc00);
            return 1;
        }
    }

    r->p = back;

    return 1;
}


/* dst: at least as many bytes as are left; invalid UTF-8 stays as it is */

static int
ref_string(ref_body_t *r, unsigned char *dst, size_t *len)
{
    uint32_t       c;
    unsigned char  b;
    const char    *e;

    static const char  from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";

    *len = 0;

    if (!ref_eat(r, "\"")) {
        return 0;
    }

    while (r->p < r->last && *r->p >= 0x20) {
        b = *r->p++;

        if (b == '"') {
            return 1;
        }

        if (b != '\\') {
            dst[(*len)++] = b;
            continue;
        }

        if (r->p == r->last) {
            return 0;
        }

        b = *r->p++;
        e = b ? strchr(from, b) : NULL;

        if (e != NULL) {
            dst[(*len)++] = (unsigned char) to[e - from];

        } else if (b == 'u' && ref_escape(r, &c)) {
            *len += ref_utf8(dst + *len, c);

        } else {
            return 0;
        }
    }

    return 0;
}


/* compares by code points: s and U+017F are one, k and U+212A are */

static int
ref_folds(const unsigned char *key, size_t len, const char *member)
{
    size_t    i, n;
    uint32_t  c;

    i = 0;

    while (i < len) {

        c = key[i];
        n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

        if (i + n > len) {
            return 0;
        }

        if (n == 2) {
            c = ((c & 0x1f) << 6) | (key[i + 1] & 0x3f);

        } else if (n == 3) {
            c = ((c & 0x0f) << 12) | ((key[i + 1] & 0x3fu) << 6)
                | (key[i + 2] & 0x3f);
        }

        i += n;

        if (c == 0x17f) {
            c = 's';

        } else if (c == 0x212a) {
            c = 'k';

        } else if (c >= 'A' && c <= 'Z') {
            c += 'a' - 'A';
        }

        if (c == 0 || c != (unsigned char) *member++) {
            return 0;
        }
    }

    return *member == '\0';
}


static const ref_member_t *
ref_member(const ref_body_t *r, ref_in_e in, const unsigned char *key,
    size_t len)
{
    size_t               i, n;
    const ref_member_t  *m;

    if (r->event) {
        for (i = 0; i < 2; i++) {
            m = &ref_event_members[i];

            if (m->in == in && ref_folds(key, len, m->member)) {
                return m;
            }
        }

    } else if (in == REF_IN_TOP && ref_folds(key, len, "check")) {
        return &ref_check_member;
    }

    n = sizeof(ref_members) / sizeof(ref_members[0]);

    for (i = 0; i < n; i++) {
        m = &ref_members[i];

        if (m->in == in && ref_folds(key, len, m->member)) {
            return m;
        }
    }

    return NULL;
}


static int
ref_object(ref_body_t *r, ref_in_e in)
{
    size_t               len;
    const ref_member_t  *m;

    /* not on the stack, as a body nests as deep as it is long */
    static unsigned char  key[REF_BODY_MAX];

    ref_space(r);

    if (ref_eat(r, "}")) {
        return 1;
    }

    do {
        ref_space(r);

        if (!ref_string(r, key, &len)) {
            return 0;
        }

        ref_space(r);

        if (!ref_eat(r, ":")) {
            return 0;
        }

        m = ref_member(r, in, key, len);

        if (!ref_value(r, m ? m->object : REF_IN_OTHER, m ? m->field : -1)) {
            return 0;
        }

        ref_space(r);

    } while (ref_eat(r, ","));

    return ref_eat(r, "}");
}


static int
ref_array(ref_body_t *r)
{
    ref_space(r);

    if (ref_eat(r, "]")) {
        return 1;
    }

    do {
        if (!ref_value(r, REF_IN_OTHER, -1)) {
            return 0;
        }

        ref_space(r);

    } while (ref_eat(r, ","));

    return ref_eat(r, "]");
}


static size_t
ref_digits(ref_body_t *r)
{
    size_t  n;

    for (n = 0; r->p < r->last && *r->p >= '0' && *r->p <= '9'; n++) {
        r->p++;
    }

    return n;
}


static int
ref_number(ref_body_t *r)
{
    (void) ref_eat(r, "-");

    if (!ref_eat(r, "0") && !ref_digits(r)) {
        return 0;
    }

    if (ref_eat(r, ".") && !ref_digits(r)) {
        return 0;
    }

    if (ref_eat(r, "e") || ref_eat(r, "E")) {
        (void) (ref_eat(r, "+") || ref_eat(r, "-"));
        return ref_digits(r) != 0;
    }

    return 1;
}


/* field: the string's place, or -1; in: what an object here would be */

static int
ref_value(ref_body_t *r, ref_in_e in, int field)
{
    size_t  len;

    static unsigned char  text[REF_BODY_MAX];

    ref_space(r);

    if (ref_eat(r, "null")) {
        return 1;
    }

    if (r->p < r->last && *r->p == '"') {

        if (!ref_string(r, text, &len)) {
            return 0;
        }

        if (field >= 0) {
            memcpy(r->text[field], text, len);
            r->len[field] = len;
        }

        r->wrong |= (in != REF_IN_OTHER);

        return 1;
    }

    r->wrong |= (field >= 0);

    if (ref_eat(r, "{")) {
        return ref_object(r, in);
    }

    r->wrong |= (in != REF_IN_OTHER);

    if (ref_eat(r, "[")) {
        return ref_array(r);
    }

    return ref_eat(r, "true") || ref_eat(r, "false") || ref_number(r);
}


/* false: the backend refuses the body; fields stay empty where absent */

static int
ref_body(ref_body_t *r, const unsigned char *body, size_t len, int event)
{
    r->p = body;
    r->last = body + len;
    r->event = event;
    r->wrong = 0;

    memset(r->len, 0, sizeof(r->len));

    return ref_value(r, REF_IN_TOP, -1) && !r->wrong;
}


#endif /* _REF_BODY_H_INCLUDED_ */
