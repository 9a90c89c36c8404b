
/*
 * Native paging: which lists, and the cursors made for them.
 */


#include "tap.h"
#include "sensu_native.h"


typedef struct {
    const char               *name;
    const char               *ns;
    const char               *entity;
    sensu_position_mode_e     mode;
    const char               *key;
    const char               *cursor;    /* without its NUL; NULL: none leads
                                            there */
} cursor_t;


#define START     SENSU_POSITION_START
#define SORTED    SENSU_POSITION_SORTED
#define EXACT     SENSU_POSITION_EXACT
#define REPEATED  SENSU_POSITION_REPEATED


static const cursor_t  cursors[] = {
    { "in a namespace", "dev", "", SORTED, "dev/cpu", "cpu" },
    { "first page of a namespace", "dev", "", START, "", "" },
    { "cluster-wide", "", "", SORTED, "dev/cpu", "dev/cpu" },
    { "a namespace's name", "", "", SORTED, "dev", "dev" },
    { "events", "", "", SORTED, "dev/web/cpu", "dev/web/cpu" },
    { "events of a namespace", "dev", "", SORTED, "dev/web/cpu", "web/cpu" },
    { "of an entity", "dev", "web", SORTED, "dev/web/cpu", "web/cpu" },
    { "of an entity, first", "dev", "web", START, "", "web/" },
    { "an asset with a slash", "dev", "", SORTED, "dev/org/tool",
      "org/tool" },
    { "dots that are no path", "dev", "", SORTED, "dev/..a", "..a" },
    { "three dots", "dev", "", SORTED, "dev/...", "..." },
    { "upper case, colon, bytes", "dev", "", SORTED, "dev/A:\xc3\xa4%2f",
      "A:\xc3\xa4%2f" },

    { "climbs", "dev", "", SORTED, "dev/../ops/x", NULL },
    { "climbs at the end", "dev", "", SORTED, "dev/a/..", NULL },
    { "climbs at once", "", "", SORTED, "../a", NULL },
    { "a dot", "dev", "", SORTED, "dev/./a", NULL },
    { "a doubled slash", "dev", "", SORTED, "dev/a//b", NULL },
    { "a slash at the end", "dev", "", SORTED, "dev/a/", NULL },
    { "a slash at the start", "", "", SORTED, "/a", NULL },
    { "an entity that climbs", "dev", "..", START, "", NULL },
    { "an entity with a slash that climbs", "dev", "a/../b", START, "", NULL },
    { "another namespace's key", "dev", "", SORTED, "ops/cpu", NULL },
    { "a sibling's key", "dev", "", SORTED, "dev-eu/cpu", NULL },
    { "a namespace and no name", "dev", "", SORTED, "dev/", NULL },
    { "a shorter key", "dev", "", SORTED, "de", NULL },
    { "no order", "dev", "", EXACT, "dev/cpu", NULL },
    { "no key", "dev", "", EXACT, "", NULL },
    { "one of several", "dev", "", REPEATED, "dev/cpu", NULL }
};


typedef struct {
    const char               *path;
    int                       native;
} route_t;


static const route_t  routes[] = {
    { "/api/core/v2/namespaces", 1 },
    { "/api/core/v2/users", 1 },
    { "/api/core/v2/checks", 1 },
    { "/api/core/v2/events", 1 },
    { "/api/core/v2/namespaces/dev/assets", 1 },
    { "/api/core/v2/namespaces/dev/events/web", 1 },
    { "/api/core/v2/silenced", 0 },
    { "/api/core/v2/namespaces/dev/silenced", 0 },
    { "/api/core/v3/checks", 0 },
    { "/api/core/v2beta1/checks", 0 },
    { "/api/enterprise/v2/checks", 0 }
};


static const struct {
    unsigned                  version;
    int                       native;
} silenced[] = {
    { SENSU_BACKEND_VERSION(5, 17, 999), 0 },
    { SENSU_BACKEND_VERSION(5, 18, 0), 1 },
    { SENSU_BACKEND_VERSION(6, 1, 4), 1 },
    { SENSU_BACKEND_VERSION(6, 2, 0), 0 }
};


static sensu_str_t
text(const char *s)
{
    return (sensu_str_t) { strlen(s), (unsigned char *) s };
}


static void
check_cursor(const cursor_t *c)
{
    int                      n;
    size_t                   len;
    unsigned char            got[SENSU_NATIVE_MAX];
    static sensu_position_t  from;

    from.mode = c->mode;
    from.key.len = strlen(c->key);
    memcpy(from.key.data, c->key, from.key.len);

    n = sensu_native_cursor(got, text(c->ns), text(c->entity), &from);

    if (c->cursor == NULL) {
        is_int(n, -1, "%s: none", c->name);
        return;
    }

    len = strlen(c->cursor);

    ok(n == (int) len + 1 && memcmp(got, c->cursor, len + 1) == 0, "%s",
       c->name);
}


/* the bytes want both characters that the alphabets differ in, and padding */

static void
check_two_cursors(void)
{
    int                         n;
    size_t                      i;
    unsigned char               got[SENSU_NATIVE_TWO_MAX];
    unsigned char               most[SENSU_NATIVE_MAX];
    static const unsigned char  cursor[] = { 0xfb, 0xff, 0xbf, 'a', 0 };
    static const char           want[] =
        "{\"ConfigContinue\":\"+/+/YQA=\",\"StateContinue\":\"+/+/YQA=\"}";

    n = sensu_native_two(got, cursor, sizeof(cursor));
    ok(n == (int) sizeof(want) - 1 && memcmp(got, want, n) == 0,
       "two cursors");

    for (i = 0; i < sizeof(most); i++) {
        most[i] = 'x';
    }

    n = sensu_native_two(got, most, sizeof(most));
    ok(n > 0 && n < (int) sizeof(got) && got[n - 1] == '}' && got[n] == '\0',
       "two of the longest");
}


int
main(void)
{
    int                      n;
    size_t                   i;
    sensu_path_t             path;
    unsigned char            buf[1024], got[SENSU_NATIVE_MAX];
    static sensu_position_t  from;

    for (i = 0; i < sizeof(cursors) / sizeof(cursors[0]); i++) {
        check_cursor(&cursors[i]);
    }

    from.mode = START;
    is_int(sensu_native_cursor(got, text(""), text(""), &from), 0,
           "a first page of a cluster-wide list needs none");

    /* the longest key */

    from.mode = SORTED;
    from.key.len = SENSU_KEY_MAX;
    memset(from.key.data, 'x', SENSU_KEY_MAX);
    n = sensu_native_cursor(got, text(""), text(""), &from);
    is_int(n, SENSU_KEY_MAX + 1, "the longest key");

    memset(buf, 'x', sizeof(buf));
    from.mode = START;
    is_int(sensu_native_cursor(got, text("dev"),
                               (sensu_str_t) { SENSU_NATIVE_MAX,
                                              from.key.data },
                               &from),
           -1, "an entity that is too long");

    for (i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {

        (void) sensu_path_parse(&path, text(routes[i].path), buf);

        is_int(sensu_native_list(&path, sensu_key_kind(path.resource), 5005000),
               routes[i].native, "%s", routes[i].path);
    }

    (void) sensu_path_parse(&path, text("/api/core/v2/things"), buf);
    is_int(sensu_native_list(&path, SENSU_KEY_UNKNOWN, 5005000), 0,
           "not where the keys are not known");

    (void) sensu_path_parse(&path, text("/api/core/v2/silenced/checks/c"), buf);
    is_int(sensu_native_list(&path, sensu_key_kind(path.resource), 5018000), 0,
           "not a check's silences, which are a list of their own");

    (void) sensu_path_parse(&path, text("/api/core/v2/silenced"), buf);

    for (i = 0; i < sizeof(silenced) / sizeof(silenced[0]); i++) {
        is_int(sensu_native_list(&path, sensu_key_kind(path.resource),
                                 silenced[i].version),
               silenced[i].native, "silenced of %u", silenced[i].version);
    }

    check_two_cursors();

    return done_testing();
}
