
/*
 * The key scanner: walks only the objects on the paths that make a key, reads
 * the names of their members, and leaves every other member to a kernel of
 * the splitter, which finds where it ends.
 */


#include "sensu_key.h"
#include "sensu_split_kernel.h"


/* the parts of a key, in its order */

enum {
    SENSU_NS = 0,
    SENSU_ENTITY,
    SENSU_NAME
};


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
    SENSU_BEGIN = 0,             /* the first byte of an element */
    SENSU_MEMBER,                /* the quote of a member's name, or '}' */
    SENSU_LETTER,                /* the first byte of the name */
    SENSU_READ_NAME,
    SENSU_COLON,
    SENSU_VALUE,
    SENSU_READ_FIELD,
    SENSU_REST,                  /* goes to the end of the member */
    SENSU_OVER
};


typedef struct {
    sensu_str_t           name;
    unsigned              object;    /* its value, or */
    unsigned              field;     /* what its value is */
    unsigned              resets;    /* the fields to forget, as bits */
} sensu_key_member_t;


typedef struct {
    unsigned              parent;
    unsigned char         letters[2];   /* which may begin their names */
    sensu_key_member_t    members[2];
} sensu_key_object_t;


#define sensu_member_object(name, object, resets)                             \
    { { sizeof(name) - 1, (const unsigned char *) name }, object, 0, resets }

#define sensu_member_field(name, field)                                       \
    { { sizeof(name) - 1, (const unsigned char *) name }, 0, field,           \
      1 << field }

#define sensu_member_none                                                     \
    { { 0, NULL }, 0, 0, 0 }


static const sensu_key_object_t  sensu_key_objects[] = {

    [SENSU_NAMESPACE] = {
        SENSU_NO_OBJECT, { 'n', 'n' },
        { sensu_member_field("name", SENSU_NAME), sensu_member_none }
    },

    [SENSU_USER] = {
        SENSU_NO_OBJECT, { 'u', 'u' },
        { sensu_member_field("username", SENSU_NAME), sensu_member_none }
    },

    [SENSU_RESOURCE] = {
        SENSU_NO_OBJECT, { 'm', 'm' },
        { sensu_member_object("metadata", SENSU_META,
                              1 << SENSU_NS | 1 << SENSU_NAME),
          sensu_member_none }
    },

    [SENSU_EVENT] = {
        SENSU_NO_OBJECT, { 'e', 'c' },
        { sensu_member_object("entity", SENSU_EVENT_ENTITY,
                              1 << SENSU_NS | 1 << SENSU_ENTITY),
          sensu_member_object("check", SENSU_EVENT_CHECK, 1 << SENSU_NAME) }
    },

    [SENSU_META] = {
        SENSU_RESOURCE, { 'n', 'n' },
        { sensu_member_field("name", SENSU_NAME),
          sensu_member_field("namespace", SENSU_NS) }
    },

    [SENSU_EVENT_ENTITY] = {
        SENSU_EVENT, { 'm', 'm' },
        { sensu_member_object("metadata", SENSU_ENTITY_META,
                              1 << SENSU_NS | 1 << SENSU_ENTITY),
          sensu_member_none }
    },

    [SENSU_EVENT_CHECK] = {
        SENSU_EVENT, { 'm', 'm' },
        { sensu_member_object("metadata", SENSU_CHECK_META, 1 << SENSU_NAME),
          sensu_member_none }
    },

    [SENSU_ENTITY_META] = {
        SENSU_EVENT_ENTITY, { 'n', 'n' },
        { sensu_member_field("name", SENSU_ENTITY),
          sensu_member_field("namespace", SENSU_NS) }
    },

    [SENSU_CHECK_META] = {
        SENSU_EVENT_CHECK, { 'n', 'n' },
        { sensu_member_field("name", SENSU_NAME), sensu_member_none }
    }
};


static const struct {
    unsigned              object;
    unsigned              fields;    /* of the key, as bits */

} sensu_key_kinds[] = {
    [SENSU_KEY_UNKNOWN] = { SENSU_NO_OBJECT, 0 },
    [SENSU_KEY_NAME] = { SENSU_NAMESPACE, 1 << SENSU_NAME },
    [SENSU_KEY_USERNAME] = { SENSU_USER, 1 << SENSU_NAME },
    [SENSU_KEY_META] = { SENSU_RESOURCE, 1 << SENSU_NAME },
    [SENSU_KEY_META_NS] = { SENSU_RESOURCE, 1 << SENSU_NS | 1 << SENSU_NAME },
    [SENSU_KEY_ASSET] = { SENSU_RESOURCE, 1 << SENSU_NS | 1 << SENSU_NAME },
    [SENSU_KEY_EVENT] = { SENSU_EVENT, 1 << SENSU_NS | 1 << SENSU_ENTITY
                                       | 1 << SENSU_NAME }
};


static const struct {
    const char           *name;
    sensu_key_kind_e      kind;

} sensu_key_resources[] = {
    { "assets", SENSU_KEY_ASSET },
    { "checks", SENSU_KEY_META_NS },
    { "clusterrolebindings", SENSU_KEY_META },
    { "clusterroles", SENSU_KEY_META },
    { "entities", SENSU_KEY_META_NS },
    { "events", SENSU_KEY_EVENT },
    { "extensions", SENSU_KEY_META_NS },
    { "filters", SENSU_KEY_META_NS },
    { "handlers", SENSU_KEY_META_NS },
    { "hooks", SENSU_KEY_META_NS },
    { "mutators", SENSU_KEY_META_NS },
    { "namespaces", SENSU_KEY_NAME },
    { "rolebindings", SENSU_KEY_META_NS },
    { "roles", SENSU_KEY_META_NS },
    { "silenced", SENSU_KEY_META_NS },
    { "users", SENSU_KEY_USERNAME }
};


sensu_key_kind_e
sensu_key_kind(sensu_str_t resource)
{
    size_t       i;
    const char  *name;

    for (i = 0;
         i < sizeof(sensu_key_resources) / sizeof(sensu_key_resources[0]);
         i++)
    {
        name = sensu_key_resources[i].name;

        if (strlen(name) == resource.len
            && memcmp(name, resource.data, resource.len) == 0)
        {
            return sensu_key_resources[i].kind;
        }
    }

    return SENSU_KEY_UNKNOWN;
}


static void
sensu_key_scan_reset(sensu_key_scan_t *scan)
{
    scan->state = SENSU_BEGIN;
    memset(scan->len, 0, sizeof(scan->len));
}


void
sensu_key_scan_init(sensu_key_scan_t *scan, sensu_key_kind_e kind)
{
    scan->kind = kind;
    scan->kernel = sensu_split_kernel;
    memset(&scan->nest, 0, sizeof(sensu_nest_t));

    sensu_key_scan_reset(scan);
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
    scan->state = SENSU_REST;
    sensu_nest_start(&scan->nest, p, 1, in_string);

    return p;
}


/* a name that begins with another letter than those on the paths is not read */

static const unsigned char *
sensu_key_letter(sensu_key_scan_t *scan, const unsigned char *p)
{
    const unsigned char  *letters;

    letters = sensu_key_objects[scan->object].letters;

    if (*p != letters[0] && *p != letters[1] && *p != '\\') {
        return sensu_key_leave(scan, p, 1);
    }

    scan->state = SENSU_READ_NAME;
    sensu_text_start(&scan->text, scan->name, sizeof(scan->name));

    return p;
}


static const unsigned char *
sensu_key_read_name(sensu_key_scan_t *scan, const unsigned char *p,
    const unsigned char *last)
{
    int                        ended;
    unsigned                   i;
    sensu_str_t                name;
    const sensu_key_member_t  *m;

    p = sensu_text_feed(&scan->text, p, last, &ended);

    if (!ended) {
        return p;
    }

    name.len = scan->text.bad ? 0 : scan->text.len;
    name.data = scan->name;
    m = sensu_key_objects[scan->object].members;

    for (i = 0; i < 2; i++) {
        if (name.len != 0 && sensu_str_eq(name, m[i].name)) {
            scan->member = i;
            scan->state = SENSU_COLON;
            return p;
        }
    }

    return sensu_key_leave(scan, p, 0);
}


/* the value of a member on a path: what an earlier one gave is forgotten */

static const unsigned char *
sensu_key_value(sensu_key_scan_t *scan, const unsigned char *p)
{
    unsigned                   i;
    const sensu_key_member_t  *m;

    m = &sensu_key_objects[scan->object].members[scan->member];

    for (i = 0; i < SENSU_KEY_FIELDS; i++) {
        if (m->resets & 1 << i) {
            scan->len[i] = 0;
        }
    }

    if (m->object) {
        if (*p == '{') {
            scan->nest.block = NULL;
            scan->object = m->object;
            scan->state = SENSU_MEMBER;
            return p + 1;
        }

    } else if (*p == '"') {
        scan->state = SENSU_READ_FIELD;
        sensu_text_start(&scan->text, scan->field[m->field], SENSU_KEY_MAX);
        return p + 1;
    }

    return sensu_key_leave(scan, p, 0);
}


static const unsigned char *
sensu_key_read_field(sensu_key_scan_t *scan, const unsigned char *p,
    const unsigned char *last)
{
    int                        ended;
    const sensu_key_member_t  *m;

    p = sensu_text_feed(&scan->text, p, last, &ended);

    if (!ended) {
        return p;
    }

    m = &sensu_key_objects[scan->object].members[scan->member];

    if (!scan->text.bad && sensu_text_utf8(scan->text.data, scan->text.len)) {
        scan->len[m->field] = scan->text.len;
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
        sensu_key_scan_reset(scan);
        scan->state = SENSU_OVER;
        return last;
    }

    if (p == last) {
        return last;
    }

    if (*p++ == ',') {
        scan->state = SENSU_MEMBER;
        return p;
    }

    scan->nest.block = NULL;
    scan->object = sensu_key_objects[scan->object].parent;

    if (scan->object == SENSU_NO_OBJECT) {
        scan->state = SENSU_OVER;
        return p;
    }

    return sensu_key_leave(scan, p, 0);
}


static const unsigned char *
sensu_key_step(sensu_key_scan_t *scan, const unsigned char *p,
    const unsigned char *last)
{
    switch (scan->state) {

    case SENSU_BEGIN:
        scan->object = sensu_key_kinds[scan->kind].object;
        scan->state = *p == '{' ? SENSU_MEMBER : SENSU_OVER;
        return p + 1;

    case SENSU_LETTER:
        return sensu_key_letter(scan, p);

    case SENSU_READ_NAME:
        return sensu_key_read_name(scan, p, last);

    case SENSU_READ_FIELD:
        return sensu_key_read_field(scan, p, last);

    case SENSU_REST:
        return sensu_key_rest(scan, p, last);

    case SENSU_OVER:
        return last;

    default: /* white space may come first */
        p = sensu_key_space(p, last);
        break;
    }

    if (p == last) {
        return p;
    }

    if (scan->state == SENSU_VALUE) {
        return sensu_key_value(scan, p);
    }

    if (scan->state == SENSU_MEMBER && *p == '"') {
        scan->state = SENSU_LETTER;
        return p + 1;
    }

    if (scan->state == SENSU_COLON && *p == ':') {
        scan->state = SENSU_VALUE;
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


/*
 * Cleans a name as Go's path.Join() does.  Returns its new length, 0 when
 * nothing is left or it climbs above its begin.
 */

static size_t
sensu_key_clean(unsigned char *name, size_t len)
{
    size_t  i, n, out;

    out = 0;

    for (i = 0; i < len; i += n + 1) {

        for (n = 0; i + n < len && name[i + n] != '/'; n++) { /* void */ }

        if (n == 0 || (n == 1 && name[i] == '.')) {
            continue;
        }

        if (n == 2 && name[i] == '.' && name[i + 1] == '.') {
            if (out == 0) {
                return 0;
            }

            while (out && name[--out] != '/') { /* void */ }

            continue;
        }

        if (out) {
            name[out++] = '/';
        }

        memmove(name + out, name + i, n);
        out += n;
    }

    return out;
}


void
sensu_key_scan_end(sensu_key_scan_t *scan, sensu_key_t *key)
{
    size_t    len, size;
    unsigned  i, fields;

    key->len = 0;
    key->ns_len = 0;
    key->entity_len = 0;
    key->named = (scan->len[SENSU_NS] != 0);

    if (scan->kind == SENSU_KEY_ASSET) {
        scan->len[SENSU_NAME] = sensu_key_clean(scan->field[SENSU_NAME],
                                                scan->len[SENSU_NAME]);
    }

    fields = scan->state == SENSU_OVER ? sensu_key_kinds[scan->kind].fields
                                       : 0;
    size = 0;

    for (i = 0; i < SENSU_KEY_FIELDS; i++) {

        if ((fields & 1 << i) == 0) {
            continue;
        }

        len = scan->len[i];

        if (len == 0 || size + (size != 0) + len > SENSU_KEY_MAX) {
            goto done;
        }

        if (size) {
            key->data[size++] = '/';
        }

        memcpy(key->data + size, scan->field[i], len);
        size += len;
    }

    if (size) {
        key->len = size;
        key->ns_len = fields & 1 << SENSU_NS ? scan->len[SENSU_NS] : 0;
        key->entity_len = scan->len[SENSU_ENTITY];
    }

done:

    sensu_key_scan_reset(scan);
}
