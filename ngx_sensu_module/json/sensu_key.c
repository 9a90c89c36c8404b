
/*
 * The key scanner: walks only the objects on the paths that make a key, reads
 * the names of their members, and leaves every other member to a kernel of
 * the splitter, which finds where it ends.
 */


#include "sensu_key.h"
#include "sensu_split_kernel.h"


/* the objects on the paths, and the elements that hold them */

enum {
    SENSU_NO_OBJECT = 0,
    SENSU_NAMESPACE,
    SENSU_USER,
    SENSU_RESOURCE,
    SENSU_EVENT,
    SENSU_META,
    SENSU_EVENT_ENTITY,
    SENSU_EVENT_CHECK,
    SENSU_ENTITY_META,
    SENSU_CHECK_META
};


enum {
    SENSU_AT_BEGIN = 0,          /* the first byte of an element */
    SENSU_AT_MEMBER,             /* the quote of a member's name, or '}' */
    SENSU_AT_LETTER,             /* the first byte of the name */
    SENSU_AT_NAME,
    SENSU_AT_COLON,
    SENSU_AT_VALUE,
    SENSU_AT_PART,
    SENSU_AT_REST,               /* goes to the end of the member */
    SENSU_AT_OVER
};


typedef struct {
    sensu_str_t           name;
    unsigned              object;    /* its value, or */
    unsigned              part;      /* what its value is */
    unsigned              resets;    /* the parts to forget, as bits */
} sensu_key_member_t;


typedef struct {
    unsigned              parent;
    unsigned char         letters[2];   /* which may begin their names */
    sensu_key_member_t    members[2];
} sensu_key_object_t;


#define SENSU_KEY_ALL  ((1 << SENSU_KEY_PARTS) - 1)


#define sensu_member_object(name, object, resets)                             \
    { { sizeof(name) - 1, (const unsigned char *) name }, object, 0, resets }

#define sensu_member_part(name, part)                                         \
    { { sizeof(name) - 1, (const unsigned char *) name }, 0, part,            \
      1 << part }

#define sensu_member_none                                                     \
    { { 0, NULL }, 0, 0, 0 }


static const sensu_key_object_t  sensu_key_objects[] = {

    [SENSU_NAMESPACE] = {
        SENSU_NO_OBJECT, { 'n', 'n' },
        { sensu_member_part("name", SENSU_KEY_LAST), sensu_member_none }
    },

    [SENSU_USER] = {
        SENSU_NO_OBJECT, { 'u', 'u' },
        { sensu_member_part("username", SENSU_KEY_LAST),
          sensu_member_none }
    },

    [SENSU_RESOURCE] = {
        SENSU_NO_OBJECT, { 'm', 'm' },
        { sensu_member_object("metadata", SENSU_META,
                              1 << SENSU_KEY_NS | 1 << SENSU_KEY_LAST),
          sensu_member_none }
    },

    [SENSU_EVENT] = {
        SENSU_NO_OBJECT, { 'e', 'c' },
        { sensu_member_object("entity", SENSU_EVENT_ENTITY,
                              1 << SENSU_KEY_NS | 1 << SENSU_KEY_ENTITY),
          sensu_member_object("check", SENSU_EVENT_CHECK,
                              1 << SENSU_KEY_LAST) }
    },

    [SENSU_META] = {
        SENSU_RESOURCE, { 'n', 'n' },
        { sensu_member_part("name", SENSU_KEY_LAST),
          sensu_member_part("namespace", SENSU_KEY_NS) }
    },

    [SENSU_EVENT_ENTITY] = {
        SENSU_EVENT, { 'm', 'm' },
        { sensu_member_object("metadata", SENSU_ENTITY_META,
                              1 << SENSU_KEY_NS | 1 << SENSU_KEY_ENTITY),
          sensu_member_none }
    },

    [SENSU_EVENT_CHECK] = {
        SENSU_EVENT, { 'm', 'm' },
        { sensu_member_object("metadata", SENSU_CHECK_META,
                              1 << SENSU_KEY_LAST),
          sensu_member_none }
    },

    [SENSU_ENTITY_META] = {
        SENSU_EVENT_ENTITY, { 'n', 'n' },
        { sensu_member_part("name", SENSU_KEY_ENTITY),
          sensu_member_part("namespace", SENSU_KEY_NS) }
    },

    [SENSU_CHECK_META] = {
        SENSU_EVENT_CHECK, { 'n', 'n' },
        { sensu_member_part("name", SENSU_KEY_LAST), sensu_member_none }
    }
};


static const struct {
    unsigned              object;
    unsigned              parts;     /* of the key, as bits */

} sensu_key_kinds[] = {
    [SENSU_KEY_UNKNOWN] = { SENSU_NO_OBJECT, 0 },
    [SENSU_KEY_NAME] = { SENSU_NAMESPACE, 1 << SENSU_KEY_LAST },
    [SENSU_KEY_USERNAME] = { SENSU_USER, 1 << SENSU_KEY_LAST },
    [SENSU_KEY_META] = { SENSU_RESOURCE, 1 << SENSU_KEY_LAST },
    [SENSU_KEY_META_NS] = { SENSU_RESOURCE, 1 << SENSU_KEY_NS
                                            | 1 << SENSU_KEY_LAST },
    [SENSU_KEY_ASSET] = { SENSU_RESOURCE, 1 << SENSU_KEY_NS
                                          | 1 << SENSU_KEY_LAST },
    [SENSU_KEY_EVENT] = { SENSU_EVENT, 1 << SENSU_KEY_NS | 1 << SENSU_KEY_ENTITY
                                       | 1 << SENSU_KEY_LAST }
};


static void
sensu_key_forget(sensu_id_t *id, unsigned parts)
{
    unsigned  i;

    for (i = 0; i < SENSU_KEY_PARTS; i++) {
        if (parts & 1 << i) {
            id->part[i].len = 0;
        }
    }

    id->unfit &= ~parts;
}


void
sensu_key_scan_init(sensu_key_scan_t *scan, sensu_key_kind_e kind)
{
    scan->kind = kind;
    scan->kernel = sensu_split_kernel;
    scan->state = SENSU_AT_BEGIN;
    memset(&scan->nest, 0, sizeof(sensu_nest_t));

    sensu_key_forget(&scan->id, SENSU_KEY_ALL);
}


static const unsigned char *
sensu_key_space(const unsigned char *p, const unsigned char *last)
{
    while (p < last
           && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
    {
        p++;
    }

    return p;
}


/* the present member is of no more interest; p may be in a string of it */

static const unsigned char *
sensu_key_leave(sensu_key_scan_t *scan, const unsigned char *p, int in_string)
{
    scan->state = SENSU_AT_REST;
    sensu_nest_start(&scan->nest, p, 1, in_string);

    return p;
}


/* after the name of a member, p: is it one on the paths? */

static const unsigned char *
sensu_key_named(sensu_key_scan_t *scan, const unsigned char *p,
    sensu_str_t name)
{
    unsigned                   i;
    const sensu_key_member_t  *m;

    m = sensu_key_objects[scan->object].members;

    for (i = 0; i < 2; i++) {
        if (name.len != 0 && sensu_str_eq(name, m[i].name)) {
            scan->member = i;
            scan->state = SENSU_AT_COLON;
            return p;
        }
    }

    return sensu_key_leave(scan, p, 0);
}


/* a name that begins with another letter than those on the paths is not read */

static const unsigned char *
sensu_key_letter(sensu_key_scan_t *scan, const unsigned char *p,
    const unsigned char *last)
{
    sensu_str_t           name;
    const unsigned char  *end, *letters;

    letters = sensu_key_objects[scan->object].letters;

    if (*p != letters[0] && *p != letters[1] && *p != '\\') {
        return sensu_key_leave(scan, p, 1);
    }

    /* nearly always all of it is here, without an escape */

    end = memchr(p, '"', last - p < 16 ? last - p : 16);

    if (end != NULL && memchr(p, '\\', end - p) == NULL) {
        name.data = p;
        name.len = end - p;
        return sensu_key_named(scan, end + 1, name);
    }

    scan->state = SENSU_AT_NAME;
    sensu_text_start(&scan->text, scan->name, sizeof(scan->name));

    return p;
}


static const unsigned char *
sensu_key_read_name(sensu_key_scan_t *scan, const unsigned char *p,
    const unsigned char *last)
{
    int          ended;
    sensu_str_t  name;

    p = sensu_text_feed(&scan->text, p, last, &ended);

    if (!ended) {
        return p;
    }

    name.len = scan->text.bad ? 0 : scan->text.len;
    name.data = scan->name;

    return sensu_key_named(scan, p, name);
}


/* the value of a member on a path: what an earlier one gave is forgotten */

static const unsigned char *
sensu_key_value(sensu_key_scan_t *scan, const unsigned char *p)
{
    const sensu_key_member_t  *m;

    m = &sensu_key_objects[scan->object].members[scan->member];

    sensu_key_forget(&scan->id, m->resets);

    if (m->object) {
        if (*p == '{') {
            scan->nest.block = NULL;
            scan->object = m->object;
            scan->state = SENSU_AT_MEMBER;
            return p + 1;
        }

    } else if (*p == '"') {
        scan->state = SENSU_AT_PART;
        sensu_text_start(&scan->text, scan->piece, SENSU_KEY_PIECE);
        return p + 1;

    } else if (*p != 'n') {
        /* null is as good as nothing */
        scan->id.unfit |= 1 << m->part;
    }

    return sensu_key_leave(scan, p, 0);
}


/*
 * Takes over what was read of a part: all of it, or up to the last character,
 * which may not be whole yet.
 */

static void
sensu_key_take(sensu_key_scan_t *scan, sensu_key_t *part, int ended)
{
    size_t         len;
    sensu_text_t  *text;

    text = &scan->text;
    len = text->len;

    while (!ended && text->len - len < 4 && text->data[len - 1] >= 0x80) {
        len--;

        if (text->data[len] >= 0xc0) {
            break;
        }
    }

    text->bad |= !sensu_text_utf8(text->data, len);

    sensu_key_append(part, &scan->sha, text->data, len);

    text->len -= len;
    memmove(text->data, text->data + len, text->len);
}


static const unsigned char *
sensu_key_read_part(sensu_key_scan_t *scan, const unsigned char *p,
    const unsigned char *last)
{
    int           ended;
    size_t        room;
    unsigned      i;
    sensu_key_t  *part;

    i = sensu_key_objects[scan->object].members[scan->member].part;
    part = &scan->id.part[i];

    /* a byte becomes one at most, but the last one of an escape four */

    room = SENSU_KEY_PIECE - 4 - scan->text.len;

    if ((size_t) (last - p) > room) {
        last = p + room;
    }

    p = sensu_text_feed(&scan->text, p, last, &ended);

    if (ended || scan->text.len >= SENSU_KEY_PIECE / 2) {
        sensu_key_take(scan, part, ended);
    }

    if (!ended) {
        return p;
    }

    if (sensu_key_is_long(part)) {
        SHA256_Final(part->hash, &scan->sha);
    }

    if (scan->text.bad) {
        part->len = 0;
        scan->id.unfit |= 1 << i;
    }

    return sensu_key_leave(scan, p, 0);
}


static const unsigned char *
sensu_key_rest(sensu_key_scan_t *scan, const unsigned char *p,
    const unsigned char *last)
{
    p = scan->kernel->member(&scan->nest, p, last,
                             sensu_key_objects[scan->object].letters);

    if (p == NULL) {
        sensu_key_forget(&scan->id, SENSU_KEY_ALL);
        scan->state = SENSU_AT_OVER;
        return last;
    }

    if (p == last) {
        return last;
    }

    if (*p++ == ',') {
        scan->state = SENSU_AT_MEMBER;
        return p;
    }

    scan->nest.block = NULL;
    scan->object = sensu_key_objects[scan->object].parent;

    if (scan->object == SENSU_NO_OBJECT) {
        scan->state = SENSU_AT_OVER;
        return p;
    }

    return sensu_key_leave(scan, p, 0);
}


static const unsigned char *
sensu_key_step(sensu_key_scan_t *scan, const unsigned char *p,
    const unsigned char *last)
{
    switch (scan->state) {

    case SENSU_AT_BEGIN:
        sensu_key_forget(&scan->id, SENSU_KEY_ALL);
        scan->object = sensu_key_kinds[scan->kind].object;
        scan->state = *p == '{' ? SENSU_AT_MEMBER : SENSU_AT_OVER;
        return p + 1;

    case SENSU_AT_LETTER:
        return sensu_key_letter(scan, p, last);

    case SENSU_AT_NAME:
        return sensu_key_read_name(scan, p, last);

    case SENSU_AT_PART:
        return sensu_key_read_part(scan, p, last);

    case SENSU_AT_REST:
        return sensu_key_rest(scan, p, last);

    case SENSU_AT_OVER:
        return last;

    default: /* white space may come first */
        p = sensu_key_space(p, last);
        break;
    }

    if (p == last) {
        return p;
    }

    if (scan->state == SENSU_AT_VALUE) {
        return sensu_key_value(scan, p);
    }

    if (scan->state == SENSU_AT_MEMBER && *p == '"') {
        scan->state = SENSU_AT_LETTER;
        return p + 1;
    }

    if (scan->state == SENSU_AT_COLON && *p == ':') {
        scan->state = SENSU_AT_VALUE;
        return p + 1;
    }

    return sensu_key_leave(scan, p, 0);
}


void
sensu_key_scan_feed(sensu_key_scan_t *scan, sensu_str_t bytes)
{
    const unsigned char  *p, *last;

    if (scan->kind == SENSU_KEY_UNKNOWN || bytes.len == 0) {
        return;
    }

    last = bytes.data + bytes.len;

    for (p = bytes.data; p < last; /* void */ ) {
        p = sensu_key_step(scan, p, last);
    }

    /* the next span may come at the same address */

    scan->nest.block = NULL;
}


/* the parts that make it, with slashes between them */

static void
sensu_key_join(sensu_key_scan_t *scan, unsigned parts)
{
    unsigned      i;
    sensu_str_t   begin;
    sensu_key_t  *key, *part;

    static const unsigned char  slash[] = "/";

    key = &scan->id.key;
    key->len = 0;

    for (i = 0; i < SENSU_KEY_PARTS; i++) {

        if ((parts & 1 << i) == 0) {
            continue;
        }

        part = &scan->id.part[i];

        if (part->len == 0) {
            key->len = 0;
            return;
        }

        if (key->len) {
            sensu_key_append(key, &scan->sha, slash, 1);
        }

        begin = sensu_key_begin(part);
        sensu_key_append(key, &scan->sha, begin.data, begin.len);

        if (sensu_key_is_long(part)) {
            /* the hash stands for what is not here */
            sensu_key_append(key, &scan->sha, part->hash, SENSU_KEY_HASH);
            key->len += part->len - SENSU_KEY_MAX - SENSU_KEY_HASH;
        }
    }

    if (sensu_key_is_long(key)) {
        SHA256_Final(key->hash, &scan->sha);
    }
}


const sensu_id_t *
sensu_key_scan_end(sensu_key_scan_t *scan)
{
    unsigned      named;
    sensu_id_t   *id;
    sensu_key_t  *name;

    id = &scan->id;
    name = &id->part[SENSU_KEY_LAST];

    if (scan->state != SENSU_AT_OVER) {
        /* not well-formed inside: whatever it says of a namespace is void */
        named = id->part[SENSU_KEY_NS].len != 0;
        sensu_key_forget(id, SENSU_KEY_ALL);
        id->unfit = named << SENSU_KEY_NS;
    }

    if (scan->kind == SENSU_KEY_ASSET && name->len) {
        name->len = sensu_key_is_long(name)
                    ? 0 : sensu_key_clean(name->data, name->len);
        id->unfit |= (name->len == 0) << SENSU_KEY_LAST;
    }

    sensu_key_join(scan, sensu_key_kinds[scan->kind].parts);

    scan->state = SENSU_AT_BEGIN;

    return id;
}
