
/*
 * The pager: single cases, and walks over random lists that change between
 * the pages.  What was there all the time comes exactly once and in order,
 * nothing is made up, and every walk ends.
 */


#include <stdlib.h>
#include "tap.h"
#include "sensu_native.h"
#include "sensu_pager.h"


#define MAX    48                    /* elements of a list */
#define WALKS  20000


typedef struct {
    int                   id;
    uint64_t              hash;      /* of its bytes */
    char                  key[16];   /* "": none */
} item_t;


typedef struct {
    int                   n;
    item_t                items[MAX];
    unsigned char         ever[65536];   /* ids that were in it */
    unsigned char         always[65536]; /* and were never taken out */
} list_t;


typedef enum {
    UNIQUE = 0,              /* sorted, each key once */
    REPEATED,                /* sorted, some keys several times */
    UNSORTED,
    KEYLESS,
    TWINS,                   /* keyless, equal bytes several times */
    MIXED                    /* anything */
} kind_e;


/* how a backend answers a native request */

typedef enum {
    TRUE = 0,
    IGNORES_LIMIT,
    IGNORES_CURSOR,
    IGNORES_BOTH,
    REVERSES,
    FAULTS
} fault_e;


typedef struct {
    list_t                list;
    kind_e                kind;
    int                   changes;
    int                   native;
    fault_e               fault;
    sensu_position_t      position;
    int                   got[4096];     /* ids */
    int                   n;
    int                   pages;
    int                   fallbacks;
    const char           *wrong;
} walk_t;


static uint64_t              seed = 1;
static int                   ids;
static const sensu_filter_t  everything;


static unsigned
roll(unsigned n)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);

    return (unsigned) (seed >> 33) % n;
}


/* who is named so; the namespace and entity of "dev/web/cpu" on demand */

static sensu_id_t *
id_of(const char *text, int parts)
{
    int                i;
    size_t             n;
    static sensu_id_t  id;

    id.unfit = 0;
    id.key.len = strlen(text);
    memcpy(id.key.data, text, id.key.len);

    for (i = 0; i < SENSU_KEY_PARTS; i++) {
        n = i < parts ? strcspn(text, "/") : 0;

        id.part[i].len = n;
        memcpy(id.part[i].data, text, n);
        text += n + (text[n] == '/');
    }

    return &id;
}


static int
key_is(const sensu_key_t *key, const char *text)
{
    return sensu_key_is(key, (sensu_str_t) { strlen(text),
                                             (unsigned char *) text });
}


/* names whose order deceives: "a-b" and "a.b" stand before "a/b" */

static void
random_key(char *key)
{
    int                 i, n;
    static const char  *parts[] = { "a", "b", "A", "-", ".", "/", "~", "0" };

    key[0] = '\0';
    n = 1 + roll(5);

    for (i = 0; i < n; i++) {
        strcat(key, parts[roll(8)]);
    }
}


static int
find_key(const list_t *list, const char *key)
{
    int  i;

    for (i = 0; i < list->n; i++) {
        if (strcmp(list->items[i].key, key) == 0) {
            return i;
        }
    }

    return -1;
}


static void
insert(list_t *list, int at, const item_t *item)
{
    memmove(&list->items[at + 1], &list->items[at],
            (list->n - at) * sizeof(item_t));
    list->items[at] = *item;
    list->n++;
    list->ever[item->id] = 1;
}


/* a new element, where its kind of list has it */

static void
add(walk_t *walk, int fixed)
{
    int      i, at, sorted;
    item_t   item;
    list_t  *list;

    list = &walk->list;

    if (list->n == MAX) {
        return;
    }

    memset(&item, 0, sizeof(item_t));
    item.id = ids++;
    item.hash = UINT64_C(0x9e3779b97f4a7c15) * (item.id + 1);

    sorted = (walk->kind == UNIQUE || walk->kind == REPEATED);

    switch (walk->kind) {

    case KEYLESS:
        break;

    case TWINS:
        item.hash = roll(3);
        break;

    case UNSORTED:
        /* a name that came back would be taken for the one that went */
        sprintf(item.key, "%c%d", 'a' + roll(26), item.id);
        break;

    case MIXED:
        item.hash = roll(3);

        if (roll(3)) {
            random_key(item.key);
        }

        break;

    default:
        random_key(item.key);

        if (find_key(list, item.key) >= 0
            && (walk->kind != REPEATED || !fixed))
        {
            ids--;
            return;
        }
    }

    at = roll(list->n + 1);

    if (sorted) {
        for (i = 0; i < list->n
                    && strcmp(list->items[i].key, item.key) <= 0; i++)
        {
            /* void */
        }

        at = i;

    } else if (walk->kind == UNSORTED && !fixed && at < 2 && list->n >= 2) {
        /* the first two show that there is no order */
        at = 2;
    }

    insert(list, at, &item);

    if (fixed) {
        list->always[item.id] = 1;
    }
}


static void
drop(walk_t *walk)
{
    int      at, i, same;
    list_t  *list;

    list = &walk->list;

    if (list->n < 3) {
        return;
    }

    at = 2 + roll(list->n - 2);

    if (walk->kind == REPEATED) {

        for (i = 0, same = 0; i < list->n; i++) {
            same += strcmp(list->items[i].key, list->items[at].key) == 0;
        }

        if (same > 1) {
            return;
        }
    }

    list->always[list->items[at].id] = 0;
    list->n--;
    memmove(&list->items[at], &list->items[at + 1],
            (list->n - at) * sizeof(item_t));
}


static void
start(walk_t *walk, kind_e kind, int changes)
{
    int     i, n;
    item_t  swap;

    memset(walk, 0, sizeof(walk_t));
    walk->kind = kind;
    walk->changes = changes;

    ids = 0;
    n = roll(MAX - 8) + (kind == UNSORTED ? 4 : 0);

    for (i = 0; i < n; i++) {
        add(walk, 1);
    }

    if (kind == UNSORTED && walk->list.n >= 2
        && strcmp(walk->list.items[0].key, walk->list.items[1].key) < 0)
    {
        swap = walk->list.items[0];
        walk->list.items[0] = walk->list.items[1];
        walk->list.items[1] = swap;
    }
}


static void
change(walk_t *walk)
{
    int  i;

    if (!walk->changes || (walk->kind == UNSORTED && walk->list.n < 3)) {
        return;
    }

    for (i = roll(6); i > 0; i--) {
        if (roll(2)) {
            add(walk, 0);

        } else {
            drop(walk);
        }
    }
}


/* the backend's answer: the whole list, or what a native request gets */

static int
answer(walk_t *walk, int native, int most, item_t *items)
{
    int      i, n;
    item_t  *from;

    n = 0;

    for (i = 0; i < walk->list.n; i++) {
        from = &walk->list.items[i];

        if (native && walk->position.key.len
            && walk->fault != IGNORES_CURSOR && walk->fault != IGNORES_BOTH
            && sensu_key_cmp(&id_of(from->key, 0)->key, &walk->position.key)
               <= 0)
        {
            continue;
        }

        items[n++] = *from;

        if (native && n == most && walk->fault != IGNORES_LIMIT
            && walk->fault != IGNORES_BOTH)
        {
            break;
        }
    }

    if (native && walk->fault == REVERSES && n > 1) {
        items[MAX] = items[0];
        items[0] = items[n - 1];
        items[n - 1] = items[MAX];
    }

    return n;
}


/* one page; 1: there is more, 0: the end, -1: it failed, -2: refused */

static int
page(walk_t *walk, int limit, int native)
{
    int               i, n, kept;
    item_t            items[MAX + 1], *page[MAX + 1];
    sensu_last_t      seen[MAX + 1];
    sensu_pager_t     pager;
    sensu_pager_rc_e  rc;

again:

    sensu_pager_init(&pager, &walk->position, &everything);

    if (native) {
        sensu_pager_native(&pager, limit + 1);
    }

    n = answer(walk, native, limit + 1, items);
    kept = 0;
    rc = SENSU_PAGER_KEEP;

    for (i = 0; i < n && kept < limit + 1; i++) {

        rc = sensu_pager_next(&pager, id_of(items[i].key, 0), items[i].hash);

        if (rc == SENSU_PAGER_KEEP) {
            sensu_pager_note(&pager, &seen[kept]);
            page[kept++] = &items[i];

        } else if (rc != SENSU_PAGER_SKIP) {
            break;
        }
    }

    if (i == n && kept < limit + 1 && rc != SENSU_PAGER_UNTRUE) {
        rc = sensu_pager_end(&pager);
    }

    switch (rc) {

    case SENSU_PAGER_KEEP:
    case SENSU_PAGER_SKIP:
        break;

    case SENSU_PAGER_UNTRUE:
        native = 0;
        walk->fallbacks++;
        goto again;

    case SENSU_PAGER_REWIND:
        walk->position.ordinal = pager.rewind;
        goto again;

    default:
        return -1;
    }

    walk->pages++;

    for (i = 0; i < kept && i < limit; i++) {
        walk->got[walk->n++] = page[i]->id;
    }

    if (kept <= limit) {
        return 0;
    }

    return sensu_pager_advance(&pager, &walk->position, &seen[limit - 1],
                               limit, sensu_str("ns"))
           == SENSU_PAGER_KEEP ? 1 : -2;
}


/* was the element that a lost walk stood at really gone? or, of a list
   without keys, was what it had passed not what it was? */

static int
gone(const walk_t *walk)
{
    int  i, last;

    last = walk->got[walk->n - 1];

    if (walk->kind == KEYLESS) {
        for (i = 0; i < walk->n; i++) {
            if (i >= walk->list.n || walk->list.items[i].id != walk->got[i]) {
                return 1;
            }
        }

        return 0;
    }

    for (i = 0; i < walk->list.n; i++) {
        if (walk->list.items[i].id == last) {
            return 0;
        }
    }

    return 1;
}


static const char *
judge(const walk_t *walk)
{
    int                   i, id, place, before;
    static unsigned char  times[65536];

    memset(times, 0, sizeof(times));

    for (i = 0; i < walk->n; i++) {
        id = walk->got[i];
        times[id]++;

        if (!walk->list.ever[id]) {
            return "an element was made up";
        }

        if (times[id] > 1 && walk->list.always[id]) {
            return "an element came twice";
        }
    }

    before = -1;

    for (place = 0; place < walk->list.n; place++) {
        id = walk->list.items[place].id;

        if (!walk->list.always[id]) {
            continue;
        }

        for (i = 0; i < walk->n && walk->got[i] != id; i++) {
            /* void */
        }

        if (i == walk->n) {
            return "an element never came";
        }

        if (i <= before) {
            return "the order is another";
        }

        before = i;
    }

    return NULL;
}


static const char *
run(walk_t *walk)
{
    int            rc, limit, native;
    sensu_str_t    none = { 0, NULL };
    unsigned char  cursor[SENSU_NATIVE_MAX];

    limit = 1 + roll(8);

    for ( ;; ) {
        native = walk->native && roll(4)
                 && sensu_native_cursor(cursor, none, none, &walk->position)
                    >= 0;

        rc = page(walk, limit, native);

        if (rc == 0) {
            return judge(walk);
        }

        if (rc == -1) {
            return gone(walk) ? NULL : "an element that is there was lost";
        }

        if (rc == -2) {
            return "a position was refused";
        }

        if (walk->pages > 400 || walk->n > 4000) {
            return "the walk does not end";
        }

        if (roll(3) == 0) {
            limit = 1 + roll(8);
        }

        change(walk);
    }
}


static void
property(const char *name, kind_e kind, int changes, int native)
{
    int            i, bad, fallbacks;
    const char    *wrong, *first;
    static walk_t  walk;

    first = "";
    bad = 0;
    fallbacks = 0;

    for (i = 0; i < WALKS / 8; i++) {
        seed = i + 1;

        start(&walk, kind, changes);
        walk.native = native;
        walk.fault = native ? roll(FAULTS) : TRUE;

        wrong = run(&walk);
        fallbacks += walk.fallbacks;

        if (wrong && bad++ == 0) {
            first = wrong;
            printf("# seed %d: %s\n", i + 1, wrong);
        }
    }

    ok(bad == 0, "%s%s: %d walks%s%s", name,
       changes ? ", changing" : "", i, bad ? ", " : "", first);

    if (native) {
        ok(fallbacks > i / 8, "faults of the backend were seen");
    }
}


/* single cases: keys of a list, one page of it, and what becomes of it */

static void
one(const char *name, sensu_position_t *from, const char *keys, int native,
    const char *expected)
{
    char              got[64], text[2] = { 0, 0 };
    size_t            i;
    sensu_pager_t     pager;
    static const char  rcs[] = "KSFRLU";

    sensu_pager_init(&pager, from, &everything);

    if (native) {
        sensu_pager_native(&pager, 3);
    }

    for (i = 0; i < strlen(keys); i++) {
        /* "_": an element without a key */
        text[0] = keys[i] == '_' ? '\0' : keys[i];
        got[i] = rcs[sensu_pager_next(&pager, id_of(text, 0), 7)];
    }

    got[i] = rcs[sensu_pager_end(&pager)];
    got[i + 1] = '\0';

    if (!ok(strcmp(got, expected) == 0, "%s", name)) {
        printf("# got %s, expected %s\n", got, expected);
    }
}


static sensu_position_t *
at(sensu_position_mode_e mode, const char *key, uint64_t ordinal, uint32_t run)
{
    static sensu_position_t  position;

    memset(&position, 0, sizeof(position));
    position.mode = mode;
    position.ordinal = ordinal;
    position.run = run;
    position.keyless = (mode == SENSU_POSITION_EXACT && key[0] == '\0');
    position.trail = position.keyless ? sensu_hash_chain(0, 7) : 0;
    position.key.len = strlen(key);
    memcpy(position.key.data, key, position.key.len);

    return &position;
}


static void
cases(void)
{
    one("from the start", at(SENSU_POSITION_START, "", 0, 0), "abc", 0,
        "KKKK");
    one("after a key", at(SENSU_POSITION_SORTED, "b", 2, 1), "abcd", 0,
        "SSKKK");
    one("after a key that is gone", at(SENSU_POSITION_SORTED, "b", 2, 1),
        "acd", 0, "SKKK");
    one("the tail is gone", at(SENSU_POSITION_SORTED, "c", 3, 1), "ab", 0,
        "SSK");
    one("after the second of three", at(SENSU_POSITION_SORTED, "b", 3, 2),
        "abbbc", 0, "SSSKKK");
    one("what is unsorted behind it stays",
        at(SENSU_POSITION_SORTED, "b", 2, 1), "abca", 0, "SSKKK");

    one("exact", at(SENSU_POSITION_EXACT, "a", 2, 1), "bac", 0, "SSKK");
    one("exact, moved on", at(SENSU_POSITION_EXACT, "a", 2, 1), "bxac", 0,
        "SSSKK");
    one("exact, moved back", at(SENSU_POSITION_EXACT, "a", 3, 1), "bacd", 0,
        "SSSRR");
    one("exact, gone", at(SENSU_POSITION_EXACT, "a", 2, 1), "bcd", 0, "SSSL");
    one("exact, at the end", at(SENSU_POSITION_EXACT, "a", 3, 1), "ba", 0,
        "SSR");
    one("without a key", at(SENSU_POSITION_EXACT, "", 1, 1), "_ab", 0,
        "SKKK");
    one("without a key, and the keys before it gone",
        at(SENSU_POSITION_EXACT, "", 3, 1), "_ab", 0, "SKKK");
    one("without a key, gone", at(SENSU_POSITION_EXACT, "", 1, 1), "ab", 0,
        "SSL");
    one("exact, with another without a key before it",
        at(SENSU_POSITION_EXACT, "b", 1, 1), "_b", 0, "SSL");

    one("after a key, then one without",
        at(SENSU_POSITION_SORTED, "b", 2, 1), "ab_c", 0, "SSKKK");
    one("one without a key among those passed",
        at(SENSU_POSITION_SORTED, "b", 2, 1), "_abc", 0, "SSSKK");
    one("one without a key at a place that is gone",
        at(SENSU_POSITION_SORTED, "b", 2, 1), "a_c", 0, "SSLK");
    one("the same at the end", at(SENSU_POSITION_SORTED, "b", 2, 1), "a_", 0,
        "SSL");

    one("native", at(SENSU_POSITION_SORTED, "b", 2, 1), "cde", 1, "KKKK");
    one("native, short", at(SENSU_POSITION_SORTED, "b", 2, 1), "c", 1, "KK");
    one("native, more than asked", at(SENSU_POSITION_START, "", 0, 0), "cdef",
        1, "KKKUK");
    one("native, from before", at(SENSU_POSITION_SORTED, "b", 2, 1), "bc", 1,
        "UKK");
    one("native, out of order", at(SENSU_POSITION_SORTED, "b", 2, 1), "ced",
        1, "KKUK");
    one("native, twice", at(SENSU_POSITION_SORTED, "b", 2, 1), "cc", 1,
        "KUK");
    one("native, no key", at(SENSU_POSITION_SORTED, "b", 2, 1), "c_", 1,
        "KUK");
}


/* filters: namespace, entity, names */

static void
filters(void)
{
    char                name[3 * SENSU_KEY_MAX];
    sensu_id_t         *id;
    sensu_filter_t      filter;
    sensu_namespaces_t  names;
    sensu_str_t         three[] = { { 3, (unsigned char *) "dev" },
                                    { SENSU_KEY_MAX, NULL },
                                    { 3, (unsigned char *) "ops" } };

    memset(&filter, 0, sizeof(filter));
    memset(&names, 0, sizeof(names));

    id = id_of("dev/web/cpu", 3);
    ok(sensu_filter_pass(&filter, id), "no filter");

    filter.ns = sensu_str("dev");
    ok(sensu_filter_pass(&filter, id), "its namespace");

    filter.ns = sensu_str("dev-eu");
    ok(!sensu_filter_pass(&filter, id), "a sibling's");

    filter.ns = sensu_str("dev");
    filter.entity = sensu_str("web");
    ok(sensu_filter_pass(&filter, id), "its entity");

    filter.entity = sensu_str("we");
    ok(!sensu_filter_pass(&filter, id), "another entity");

    filter.entity = sensu_str("web");
    id->part[SENSU_KEY_ENTITY].len = 0;
    id->unfit = 1 << SENSU_KEY_ENTITY;
    ok(!sensu_filter_pass(&filter, id), "an entity that can not be read");

    filter.entity.len = 0;
    id->key.len = 0;
    ok(sensu_filter_pass(&filter, id), "no key, but its namespace");

    filter.ns = sensu_str("de");
    ok(!sensu_filter_pass(&filter, id), "no key, but another namespace");

    id->part[SENSU_KEY_NS].len = 0;
    id->unfit = 1 << SENSU_KEY_NS;
    ok(!sensu_filter_pass(&filter, id), "a namespace that can not be read");

    id->unfit = 0;
    ok(sensu_filter_pass(&filter, id), "nobody's");

    filter.strict = 1;
    ok(!sensu_filter_pass(&filter, id), "nobody's, in a merged list");

    memset(name, 'n', sizeof(name));
    three[1].data = (unsigned char *) name;
    memset(&filter, 0, sizeof(filter));
    names.n = 3;
    names.names = three;
    filter.names = &names;

    ok(!sensu_filter_pass(&filter, id), "no name");
    ok(sensu_filter_pass(&filter, id_of("ops", 0)), "a name that is listed");
    ok(!sensu_filter_pass(&filter, id_of("ops-2", 0)), "one that is not");

    id->key.len = SENSU_KEY_MAX;
    memset(id->key.data, 'n', SENSU_KEY_MAX);
    ok(sensu_filter_pass(&filter, id), "a long one that is listed");

    id->key.len = sizeof(name);
    ok(!sensu_filter_pass(&filter, id), "a longer one");
}


/*
 * Of an entity's events the namespace's list is read from the entity to the
 * next one.  One that comes before was not asked for.
 */

typedef struct {
    const char           *ns;
    const char           *entity;
    sensu_pager_rc_e      rc;
} event_t;


static void
entity_ends(void)
{
    char             text[32];
    size_t           i;
    sensu_pager_t    pager;
    sensu_filter_t   filter;
    const event_t   *event;

    static const event_t  events[] = {
        { "dev", "web", SENSU_PAGER_KEEP },
        { "dev", "web1", SENSU_PAGER_SKIP },
        { "dev", "web.", SENSU_PAGER_UNTRUE },
        { "dev", "web-1", SENSU_PAGER_UNTRUE },
        { "dev", "wec", SENSU_PAGER_SKIP },
        { "dev", "x", SENSU_PAGER_SKIP },
        { "dev", "we", SENSU_PAGER_UNTRUE },
        { "dev", "wea", SENSU_PAGER_UNTRUE },
        { "dev", "app", SENSU_PAGER_UNTRUE },
        { "ops", "web", SENSU_PAGER_UNTRUE },
        { "ops", "x", SENSU_PAGER_UNTRUE }
    };

    memset(&filter, 0, sizeof(filter));
    filter.ns = sensu_str("dev");
    filter.entity = sensu_str("web");

    for (i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        event = &events[i];

        sensu_pager_init(&pager, at(SENSU_POSITION_START, "", 0, 0), &filter);
        sensu_pager_native(&pager, 9);

        snprintf(text, sizeof(text), "%s/%s/cpu", event->ns, event->entity);

        is_int(sensu_pager_next(&pager, id_of(text, 3), 0), event->rc,
               "of web's events: %s", text);
        is_int(pager.ended, event->rc == SENSU_PAGER_SKIP, "its end");

        if (pager.ended) {
            is_int(sensu_pager_next(&pager, id_of("dev/web/cpu", 3), 0),
                   SENSU_PAGER_UNTRUE, "none of web's comes after that");
        }
    }
}


static sensu_last_t *
last_of(const char *key, uint64_t ordinal, uint32_t run)
{
    static sensu_last_t  last;

    sensu_key_copy(&last.key, &id_of(key, 0)->key);
    last.trail = 9;
    last.ordinal = ordinal;
    last.run = run;

    return &last;
}


static void
advances(void)
{
    size_t            i;
    sensu_id_t       *id;
    sensu_str_t       ns = sensu_str("dev");
    sensu_last_t     *last;
    sensu_pager_t     pager;
    sensu_position_t  position;

    position = *at(SENSU_POSITION_SORTED, "m", 5, 1);
    sensu_pager_init(&pager, &position, &everything);

    is_int(sensu_pager_advance(&pager, &position, last_of("n", 6, 1), 1, ns),
           SENSU_PAGER_KEEP, "a greater key");
    ok(key_is(&position.key, "n") && position.ordinal == 6
       && position.delivered == 1 && !position.keyless, "is kept");

    sensu_pager_init(&pager, &position, &everything);

    is_int(sensu_pager_advance(&pager, &position, last_of("n", 6, 1), 1, ns),
           SENSU_PAGER_UNTRUE, "the same again");
    is_int(sensu_pager_advance(&pager, &position, last_of("n", 6, 2), 1, ns),
           SENSU_PAGER_KEEP, "its twin");
    is_int(sensu_pager_advance(&pager, &position, last_of("a", 6, 2), 1, ns),
           SENSU_PAGER_UNTRUE, "a smaller key");

    is_int(sensu_pager_advance(&pager, &position, last_of("", 6, 2), 1, ns),
           SENSU_PAGER_KEEP, "no key");
    ok(position.mode == SENSU_POSITION_EXACT && position.trail == 9
       && position.keyless && key_is(&position.key, "dev"),
       "the trail and the list are kept");

    is_int(sensu_pager_advance(&pager, &position, last_of("", 6, 2), 100000,
                               ns),
           SENSU_PAGER_LOST, "a walk much longer than its list");

    /* what was delivered of the lists before does not count */

    position = *at(SENSU_POSITION_START, "", 0, 0);
    sensu_pager_init(&pager, &position, &everything);
    position.delivered = 100000;
    pager.unsorted = 1;

    is_int(sensu_pager_advance(&pager, &position, last_of("b", 3, 1), 3, ns),
           SENSU_PAGER_KEEP, "an unsorted list after a long one");
    is_int(position.delivered, 3, "counts from its own start");

    /* behind a key that is not known to its end only the element leads */

    last = last_of("b", 3, 1);
    last->key.len = SENSU_KEY_MAX + 1;
    memset(last->key.data, 'n', SENSU_KEY_MAX);
    pager.unsorted = 0;

    is_int(sensu_pager_advance(&pager, &position, last, 3, ns),
           SENSU_PAGER_KEEP, "a long key");
    is_int(position.mode, SENSU_POSITION_EXACT, "is looked for as itself");

    /* and two of them have no order */

    sensu_pager_init(&pager, &position, &everything);
    pager.resumed = 1;

    for (i = 0; i < 2; i++) {
        id = id_of("", 0);
        last->key.hash[0] = i;
        sensu_key_copy(&id->key, &last->key);
        (void) sensu_pager_next(&pager, id, 0);
    }

    is_int(pager.unsorted, 1, "long keys with one begin are not in order");
}


int
main(void)
{
    cases();
    filters();
    entity_ends();
    advances();

    property("sorted", UNIQUE, 0, 0);
    property("sorted", UNIQUE, 1, 0);
    property("sorted, natively", UNIQUE, 0, 1);
    property("sorted, natively", UNIQUE, 1, 1);
    property("repeated keys", REPEATED, 0, 0);
    property("repeated keys", REPEATED, 1, 0);
    property("repeated keys, natively", REPEATED, 0, 1);
    property("unsorted", UNSORTED, 0, 0);
    property("unsorted", UNSORTED, 1, 0);
    property("without keys", KEYLESS, 0, 0);
    property("without keys", KEYLESS, 1, 0);
    property("equal elements without keys", TWINS, 0, 0);
    property("anything", MIXED, 0, 0);

    return done_testing();
}
