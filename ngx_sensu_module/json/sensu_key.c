
/*
 * The key scanner: a kernel of the splitter finds what may be a name in the
 * objects on the paths that make a key, and where they end; the scanner reads
 * these names and the strings that they name.
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
    SENSU_AT_SKIP,               /* in one without a key */
    SENSU_AT_SEEK,               /* looks for a name */
    SENSU_AT_NAME,
    SENSU_AT_COLON,
    SENSU_AT_VALUE,
    SENSU_AT_PART,
    SENSU_AT_END
};


typedef struct {
    sensu_str_t           name;
    unsigned              object;    /* its value, or */
    unsigned              part;      /* what its value is */
    unsigned              resets;    /* the parts to forget, as bits */
} sensu_key_member_t;


typedef struct {
    unsigned              parent;
    int                   depth;
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
        SENSU_NO_OBJECT, 1, { 'n', 'n' },
        { sensu_member_part("name", SENSU_KEY_LAST), sensu_member_none }
    },

    [SENSU_USER] = {
        SENSU_NO_OBJECT, 1, { 'u', 'u' },
        { sensu_member_part("username", SENSU_KEY_LAST),
          sensu_member_none }
    },

    [SENSU_RESOURCE] = {
        SENSU_NO_OBJECT, 1, { 'm', 'm' },
        { sensu_member_object("metadata", SENSU_META,
                              1 << SENSU_KEY_NS | 1 << SENSU_KEY_LAST),
          sensu_member_none }
    },

    [SENSU_EVENT] = {
        SENSU_NO_OBJECT, 1, { 'e', 'c' },
        { sensu_member_object("entity", SENSU_EVENT_ENTITY,
                              1 << SENSU_KEY_NS | 1 << SENSU_KEY_ENTITY),
          sensu_member_object("check", SENSU_EVENT_CHECK,
                              1 << SENSU_KEY_LAST) }
    },

    [SENSU_META] = {
        SENSU_RESOURCE, 2, { 'n', 'n' },
        { sensu_member_part("name", SENSU_KEY_LAST),
          sensu_member_part("namespace", SENSU_KEY_NS) }
    },

    [SENSU_EVENT_ENTITY] = {
        SENSU_EVENT, 2, { 'm', 'm' },
        { sensu_member_object("metadata", SENSU_ENTITY_META,
                              1 << SENSU_KEY_NS | 1 << SENSU_KEY_ENTITY),
          sensu_member_none }
    },

    [SENSU_EVENT_CHECK] = {
        SENSU_EVENT, 2, { 'm', 'm' },
        { sensu_member_object("metadata", SENSU_CHECK_META,
                              1 << SENSU_KEY_LAST),
          sensu_member_none }
    },

    [SENSU_ENTITY_META] = {
        SENSU_EVENT_ENTITY, 3, { 'n', 'n' },
        { sensu_member_part("name", SENSU_KEY_ENTITY),
          sensu_member_part("namespace", SENSU_KEY_NS) }
    },

    [SENSU_CHECK_META] = {
        SENSU_EVENT_CHECK, 3, { 'n', 'n' },
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


/* the present member is of no more interest */

static const unsigned char *
sensu_key_leave(sensu_key_scan_t *scan, sensu_nest_t *nest,
    const unsigned char *p)
{
    scan->state = SENSU_AT_SEEK;
    sensu_nest_start(nest, p);

    return p;
}


/* nearly always all of a name is here, without an escape */

static const unsigned char *
sensu_key_name(sensu_key_scan_t *scan, const unsigned char *p,
    const unsigned char *last)
{
    size_t              len;
    unsigned            i;
    const sensu_str_t  *name;

    for (i = 0; i < 2; i++) {
        name = &sensu_key_objects[scan->object].members[i].name;
        len = name->len;

        if (len && (size_t) (last - p) > len && p[len] == '"'
            && memcmp(p, name->data, len) == 0)
        {
            scan->member = i;
            scan->state = SENSU_AT_COLON;
            return p + len + 1;
        }
    }

    len = sizeof(scan->name);

    if ((size_t) (last - p) < len || memchr(p, '\\', len)) {
        scan->state = SENSU_AT_NAME;
        sensu_text_start(&scan->text, scan->name, len);
    }

    return p;
}


static const unsigned char *
sensu_key_seek(sensu_key_scan_t *scan, sensu_nest_t *nest,
    const unsigned char *p, const unsigned char *last)
{
    const sensu_key_object_t  *object;

    object = &sensu_key_objects[scan->object];

    p = scan->kernel->find(nest, p, last, object->depth, object->letters);

    if (p == NULL) {
        return NULL;
    }

    if (nest->depth < object->depth) {
        scan->object = object->parent;
        scan->state = object->parent ? SENSU_AT_SEEK : SENSU_AT_END;
        return p;
    }

    return p < last ? sensu_key_name(scan, p + 1, last) : last;
}


/* a name in pieces, or with escapes */

static const unsigned char *
sensu_key_read_name(sensu_key_scan_t *scan, sensu_nest_t *nest,
    const unsigned char *p, const unsigned char *last)
{
    int                        ended;
    unsigned                   i;
    sensu_str_t                name;
    const sensu_key_member_t  *m;

    p = sensu_text_feed(&scan->text, p, last, &ended);

    if (!ended) {
        return p;
    }

    m = sensu_key_objects[scan->object].members;
    name.len = scan->text.bad ? 0 : scan->text.len;
    name.data = scan->name;

    for (i = 0; i < 2; i++) {
        if (name.len != 0 && sensu_str_eq(name, m[i].name)) {
            scan->member = i;
            scan->state = SENSU_AT_COLON;
            return p;
        }
    }

    return sensu_key_leave(scan, nest, p);
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

    text->bad |= sensu_text_utf8(text->data, len) != len;

    sensu_key_append(part, &scan->sha, text->data, len);

    text->len -= len;
    memmove(text->data, text->data + len, text->len);
}


/* the part is complete */

static const unsigned char *
sensu_key_part_end(sensu_key_scan_t *scan, sensu_nest_t *nest,
    sensu_key_t *part, const unsigned char *p)
{
    if (sensu_key_is_long(part)) {
        SHA256_Final(part->hash, &scan->sha);
    }

    return sensu_key_leave(scan, nest, p);
}


static const unsigned char *
sensu_key_read_part(sensu_key_scan_t *scan, sensu_nest_t *nest,
    const unsigned char *p, const unsigned char *last)
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

    p = sensu_key_part_end(scan, nest, part, p);

    if (scan->text.bad) {
        part->len = 0;
        scan->id.unfit |= 1 << i;
    }

    return p;
}


/* a part; nearly always all of it is here, in plain letters */

static const unsigned char *
sensu_key_part(sensu_key_scan_t *scan, sensu_nest_t *nest, unsigned i,
    const unsigned char *p, const unsigned char *last)
{
    sensu_key_t          *part;
    const unsigned char  *end;

    for (end = p; end < last; end++) {
        if (*end < 0x20 || *end >= 0x80 || *end == '"' || *end == '\\') {
            break;
        }
    }

    if (end == last || *end != '"') {
        scan->state = SENSU_AT_PART;
        sensu_text_start(&scan->text, scan->piece, SENSU_KEY_PIECE);
        return p;
    }

    part = &scan->id.part[i];
    sensu_key_append(part, &scan->sha, p, end - p);

    return sensu_key_part_end(scan, nest, part, end + 1);
}


/* the value of a member on a path: what an earlier one gave is forgotten */

static const unsigned char *
sensu_key_value(sensu_key_scan_t *scan, sensu_nest_t *nest,
    const unsigned char *p, const unsigned char *last)
{
    const sensu_key_member_t  *m;

    m = &sensu_key_objects[scan->object].members[scan->member];

    sensu_key_forget(&scan->id, m->resets);

    if (m->object) {
        if (*p == '{') {
            nest->depth++;
            scan->object = m->object;
            p++;
        }

    } else if (*p == '"') {
        return sensu_key_part(scan, nest, m->part, p + 1, last);

    } else if (*p != 'n') {
        /* null is as good as nothing */
        scan->id.unfit |= 1 << m->part;
    }

    return sensu_key_leave(scan, nest, p);
}


static const unsigned char *
sensu_key_begin_element(sensu_key_scan_t *scan, sensu_nest_t *nest,
    const unsigned char *p, const unsigned char *last)
{
    sensu_key_forget(&scan->id, SENSU_KEY_ALL);

    scan->object = sensu_key_kinds[scan->kind].object;

    if (*p != '{' || scan->object == SENSU_NO_OBJECT) {
        scan->state = SENSU_AT_SKIP;
        return scan->kernel->nested(nest, p, last);
    }

    nest->depth++;
    scan->state = SENSU_AT_SEEK;

    return p + 1;
}


static const unsigned char *
sensu_key_step(sensu_key_scan_t *scan, sensu_nest_t *nest,
    const unsigned char *p, const unsigned char *last)
{
    switch (scan->state) {

    case SENSU_AT_BEGIN:
        return sensu_key_begin_element(scan, nest, p, last);

    case SENSU_AT_SKIP:
        return scan->kernel->nested(nest, p, last);

    case SENSU_AT_SEEK:
        return sensu_key_seek(scan, nest, p, last);

    case SENSU_AT_NAME:
        return sensu_key_read_name(scan, nest, p, last);

    case SENSU_AT_PART:
        return sensu_key_read_part(scan, nest, p, last);

    default: /* white space may come first */
        p = sensu_key_space(p, last);
        break;
    }

    if (p == last) {
        return p;
    }

    if (scan->state == SENSU_AT_VALUE) {
        return sensu_key_value(scan, nest, p, last);
    }

    if (*p == ':') {
        scan->state = SENSU_AT_VALUE;
        return p + 1;
    }

    /* a string, but no name */

    return sensu_key_leave(scan, nest, p);
}


const unsigned char *
sensu_key_read(void *data, sensu_nest_t *nest, const unsigned char *p,
    const unsigned char *last)
{
    sensu_key_scan_t  *scan = data;

    do {
        p = sensu_key_step(scan, nest, p, last);

    } while (p != NULL && p < last && nest->depth != 0);

    return p;
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
    sensu_id_t   *id;
    sensu_key_t  *name;

    id = &scan->id;
    name = &id->part[SENSU_KEY_LAST];

    if (scan->state != SENSU_AT_END) {
        sensu_key_forget(id, SENSU_KEY_ALL);
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
