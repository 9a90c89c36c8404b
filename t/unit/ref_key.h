
/*
 * The key of an element that lies whole in memory, read byte by byte: the
 * reference for the key scanner.  A string before a colon is a name, in what
 * is no JSON, too.
 */


#ifndef _REF_KEY_H_INCLUDED_
#define _REF_KEY_H_INCLUDED_


#include "sensu_key.h"
#include "ref_split.h"


typedef struct {
    const unsigned char  *p;
    const unsigned char  *last;
    unsigned char         text[3][20000];
    size_t                len[3];
} ref_key_t;


/* the key as a whole, and the lengths of its first two parts */

typedef struct {
    size_t                len;
    size_t                ns_len;
    size_t                entity_len;
    unsigned char         data[61000];
} ref_id_t;


/* the paths, written out: object, name, and what is at it */

typedef struct {
    const char           *object;
    const char           *name;
    const char           *child;
    int                   field;
} ref_path_t;


static const ref_path_t  ref_paths[] = {
    { "N", "name", NULL, 2 },
    { "U", "username", NULL, 2 },
    { "M", "metadata", "Mm", -1 },
    { "Mm", "namespace", NULL, 0 },
    { "Mm", "name", NULL, 2 },
    { "E", "entity", "Ee", -1 },
    { "E", "check", "Ec", -1 },
    { "Ee", "metadata", "Eem", -1 },
    { "Ec", "metadata", "Ecm", -1 },
    { "Eem", "namespace", NULL, 0 },
    { "Eem", "name", NULL, 1 },
    { "Ecm", "name", NULL, 2 },
    { NULL, NULL, NULL, 0 }
};


static inline void
ref_key_space(ref_key_t *r)
{
    while (r->p < r->last && ref_is_space(*r->p)) {
        r->p++;
    }
}


static inline int
ref_key_hex(const unsigned char *p, size_t len)
{
    int       value;
    unsigned  i;
    char      digits[5];

    if (len < 4) {
        return -1;
    }

    memcpy(digits, p, 4);
    digits[4] = '\0';

    for (i = 0; i < 4; i++) {
        if (memchr("0123456789abcdefABCDEF", digits[i], 22) == NULL) {
            return -1;
        }
    }

    value = (int) strtol(digits, NULL, 16);

    return value;
}


/* the bytes of a code point */

static inline size_t
ref_key_encode(unsigned char *to, unsigned long code)
{
    if (code < 0x80) {
        to[0] = (unsigned char) code;
        return 1;
    }

    if (code < 0x800) {
        to[0] = (unsigned char) (0xc0 + code / 64);
        to[1] = (unsigned char) (0x80 + code % 64);
        return 2;
    }

    if (code < 0x10000) {
        to[0] = (unsigned char) (0xe0 + code / 4096);
        to[1] = (unsigned char) (0x80 + code / 64 % 64);
        to[2] = (unsigned char) (0x80 + code % 64);
        return 3;
    }

    to[0] = (unsigned char) (0xf0 + code / 262144);
    to[1] = (unsigned char) (0x80 + code / 4096 % 64);
    to[2] = (unsigned char) (0x80 + code / 64 % 64);
    to[3] = (unsigned char) (0x80 + code % 64);

    return 4;
}


static inline int
ref_key_utf8(const unsigned char *p, size_t len)
{
    size_t         i, n, j;
    unsigned long  code;
    unsigned char  again[4];

    for (i = 0; i < len; i += n) {
        n = p[i] < 0x80 ? 1 : p[i] < 0xe0 ? 2 : p[i] < 0xf0 ? 3 : 4;

        if (n == 1) {
            continue;
        }

        if (i + n > len) {
            return 0;
        }

        code = p[i] & (0xff >> (n + 1));

        for (j = 1; j < n; j++) {
            code = code * 64 + (p[i + j] & 0x3f);
        }

        /* valid is what would be written so, and is no surrogate */

        if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)
            || ref_key_encode(again, code) != n
            || memcmp(again, p + i, n) != 0)
        {
            return 0;
        }
    }

    return 1;
}


/* what is between the quotes; the length, or -1 when it is malformed */

static inline int
ref_key_unescape(const unsigned char *p, size_t len, unsigned char *to,
    size_t size)
{
    int     high, low;
    char   *e;
    size_t  i, n;

    static char  letters[] = "\"\\/bfnrt";
    static char  meant[] = "\"\\/\b\f\n\r\t";

    n = 0;

    for (i = 0; i < len; i++) {

        if (n + 4 > size || p[i] < 0x20) {
            return -1;
        }

        if (p[i] != '\\') {
            to[n++] = p[i];
            continue;
        }

        if (++i == len) {
            return -1;
        }

        if (p[i] != 'u') {
            e = p[i] ? strchr(letters, p[i]) : NULL;

            if (e == NULL) {
                return -1;
            }

            to[n++] = (unsigned char) meant[e - letters];
            continue;
        }

        high = ref_key_hex(p + i + 1, len - i - 1);
        i += 4;

        if (high <= 0 || (high >= 0xdc00 && high <= 0xdfff)) {
            return -1;
        }

        if (high >= 0xd800 && high <= 0xdbff) {

            if (len - i < 7 || p[i + 1] != '\\' || p[i + 2] != 'u') {
                return -1;
            }

            low = ref_key_hex(p + i + 3, len - i - 3);
            i += 6;

            if (low < 0xdc00 || low > 0xdfff) {
                return -1;
            }

            high = 0x10000 + (high - 0xd800) * 1024 + (low - 0xdc00);
        }

        n += ref_key_encode(to + n, (unsigned long) high);
    }

    return ref_key_utf8(to, n) ? (int) n : -1;
}


/* goes over a string, from after its opening quote; 0 when it has no end */

static inline int
ref_key_string(ref_key_t *r)
{
    for ( /* void */ ; r->p < r->last; r->p++) {
        if (*r->p == '\\') {
            r->p++;

        } else if (*r->p == '"') {
            r->p++;
            return 1;
        }
    }

    r->p = r->last;

    return 0;
}


/* what an object has next of its own: the quote of a string, or the bracket
   that closes it; 0 when there is neither */

static inline int
ref_key_next(ref_key_t *r)
{
    int  depth;

    depth = 0;

    for ( /* void */ ; r->p < r->last; r->p++) {

        switch (*r->p) {

        case '\\':
            /* outside of strings too it takes the power from a quote */

            if (r->last - r->p > 1
                && (r->p[1] == '"' || r->p[1] == '\\'))
            {
                r->p++;
            }

            break;

        case '"':
            if (depth == 0) {
                return 1;
            }

            r->p++;

            if (!ref_key_string(r)) {
                return 0;
            }

            r->p--;
            break;

        case '{':
        case '[':
            depth++;
            break;

        case '}':
        case ']':
            if (depth-- == 0) {
                return 1;
            }

            break;
        }
    }

    return 0;
}


static inline const ref_path_t *
ref_key_find(const char *object, const unsigned char *name, size_t len)
{
    int                n;
    unsigned char      text[20000];
    const ref_path_t  *path;

    n = ref_key_unescape(name, len, text, sizeof(text));

    for (path = ref_paths; n > 0 && path->object; path++) {
        if (strcmp(path->object, object) == 0
            && strlen(path->name) == (size_t) n
            && memcmp(path->name, text, n) == 0)
        {
            return path;
        }
    }

    return NULL;
}


/* forgets the fields below an object, or one field */

static inline void
ref_key_forget(ref_key_t *r, const ref_path_t *found)
{
    const ref_path_t  *path;

    if (found->child == NULL) {
        r->len[found->field] = 0;
        return;
    }

    for (path = ref_paths; path->object; path++) {
        if (strcmp(path->object, found->child) == 0) {
            ref_key_forget(r, path);
        }
    }
}


static inline int ref_key_object(ref_key_t *r, const char *object);


/* a string of an object, with the value if it is the name of one; 0 when the
   text ends before it does */

static inline int
ref_key_member(ref_key_t *r, const char *object)
{
    int                   n;
    const ref_path_t     *path;
    const unsigned char  *start;

    start = ++r->p;

    if (!ref_key_string(r)) {
        return 0;
    }

    path = ref_key_find(object, start, r->p - start - 1);
    ref_key_space(r);

    if (path == NULL || r->p == r->last || *r->p != ':') {
        return 1;
    }

    r->p++;
    ref_key_space(r);

    if (r->p == r->last) {
        return 0;
    }

    ref_key_forget(r, path);

    if (path->child && *r->p == '{') {
        r->p++;
        return ref_key_object(r, path->child);
    }

    if (path->child == NULL && *r->p == '"') {
        start = ++r->p;

        if (!ref_key_string(r)) {
            return 0;
        }

        n = ref_key_unescape(start, r->p - start - 1, r->text[path->field],
                             sizeof(r->text[0]));

        if (n > 0) {
            r->len[path->field] = n;
        }
    }

    return 1;
}


/* an object, from after its bracket to after the closing one */

static inline int
ref_key_object(ref_key_t *r, const char *object)
{
    while (ref_key_next(r)) {

        if (*r->p != '"') {
            r->p++;
            return 1;
        }

        if (!ref_key_member(r, object)) {
            return 0;
        }
    }

    return 0;
}


/* path.Clean() of a name: its parts on a stack */

static inline size_t
ref_key_clean(unsigned char *text, size_t len)
{
    int     n, i;
    char    copy[5001], *part, *save, *parts[2600];
    size_t  out;

    memcpy(copy, text, len);
    copy[len] = '\0';
    n = 0;

    for (part = strtok_r(copy, "/", &save); part;
         part = strtok_r(NULL, "/", &save))
    {
        if (strcmp(part, ".") == 0) {
            continue;
        }

        if (strcmp(part, "..") != 0) {
            parts[n++] = part;

        } else if (n-- == 0) {
            return 0;
        }
    }

    for (out = 0, i = 0; i < n; i++) {
        if (i) {
            text[out++] = '/';
        }

        memcpy(text + out, parts[i], strlen(parts[i]));
        out += strlen(parts[i]);
    }

    return out;
}


/* joins the texts that the kind needs; the length, 0 when one is missing, or
   an asset's name is too long to be cleaned */

static inline void
ref_key_join(ref_key_t *r, sensu_key_kind_e kind, ref_id_t *key)
{
    int          ok;
    size_t       n;
    static char  joined[61000];
    const char  *f;

    static const char *const  needs[] = {
        "", "2", "2", "2", "02", "02", "012"
    };

    n = 0;
    ok = kind != SENSU_KEY_UNKNOWN;

    if (kind == SENSU_KEY_ASSET && r->len[2]) {
        r->len[2] = r->len[2] > SENSU_KEY_MAX
                    ? 0 : ref_key_clean(r->text[2], r->len[2]);
    }

    for (f = needs[kind]; *f; f++) {
        ok = ok && r->len[*f - '0'] != 0;

        if (n) {
            joined[n++] = '/';
        }

        memcpy(joined + n, r->text[*f - '0'], r->len[*f - '0']);
        n += r->len[*f - '0'];
    }

    key->len = ok ? n : 0;
    key->ns_len = key->len ? r->len[0] : 0;
    key->entity_len = key->len ? r->len[1] : 0;
    memcpy(key->data, joined, key->len);
}


static inline void
ref_key(sensu_key_kind_e kind, const unsigned char *data, size_t len,
    ref_id_t *key)
{
    static ref_key_t          r;
    static const char *const  roots[] = {
        "", "N", "U", "M", "M", "M", "E"
    };

    r.p = data + 1;
    r.last = data + len;
    memset(r.len, 0, sizeof(r.len));

    if (kind == SENSU_KEY_UNKNOWN || len == 0 || data[0] != '{'
        || !ref_key_object(&r, roots[kind]))
    {
        memset(r.len, 0, sizeof(r.len));
    }

    ref_key_join(&r, kind, key);
}


static inline int
ref_key_same(const sensu_id_t *id, const ref_id_t *key)
{
    sensu_str_t  begin;

    begin = sensu_key_begin(&id->key);

    return id->key.len == key->len
           && memcmp(begin.data, key->data, begin.len) == 0
           && (key->len == 0
               || (id->part[SENSU_KEY_NS].len == key->ns_len
                   && id->part[SENSU_KEY_ENTITY].len == key->entity_len));
}


#endif /* _REF_KEY_H_INCLUDED_ */
