
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
    LEGIBLE,                 /* sorted, with some without a key among them */
    SHUFFLED,                /* each key once, in another order each time */
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
    int                   keyless_changed;
    int                   lost;
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

    sorted = (walk->kind == UNIQUE || walk->kind == REPEATED
              || walk->kind == LEGIBLE);

    switch (walk->kind) {

    case KEYLESS:
        break;

    case TWINS:
        item.hash = roll(3);
        break;

    case LEGIBLE:

        if (roll(4) == 0) {
            break;
        }

        sprintf(item.key, "%c%d", 'a' + roll(26), item.id);
        break;

    case SHUFFLED:
        if (roll(4) == 0) {
            break;
        }

        /* fall through */

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

    if (sorted && item.key[0]) {
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

    } else if (item.key[0] == '\0') {
        walk->keyless_changed = 1;
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

    if (list->items[at].key[0] == '\0' || at == 0
        || list->items[at - 1].key[0] == '\0'
        || (at + 1 < list->n && list->items[at + 1].key[0] == '\0'))
    {
        walk->keyless_changed = 1;
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


/* a few of them, or all, change places */

static void
shuffle(list_t *list)
{
    int     i, at, with;
    item_t  swap;

    for (i = roll(roll(2) ? 2 : MAX); i > 0; i--) {
        at = roll(list->n);
        with = roll(list->n);

        swap = list->items[at];
        list->items[at] = list->items[with];
        list->items[with] = swap;
    }
}


static void
change(walk_t *walk)
{
    int  i;

    if (!walk->changes || (walk->kind == UNSORTED && walk->list.n < 3)) {
        return;
    }

    if (walk->kind == SHUFFLED && walk->list.n > 1) {
        shuffle(&walk->list);
        return;
    }

    if (walk->kind == LEGIBLE && roll(3)) {
        /* or else hardly a walk came to its end */
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
                               sensu_str("ns"))
           == SENSU_PAGER_KEEP ? 1 : -2;
}


/*
 * May the walk be lost?  Of a list in order only for what has no key: all of
 * those up to the position, or, where the key before it is gone, one next to
 * it.  Else where what was passed is not what it was.
 */

static int
gone(const walk_t *walk)
{
    int  i, k;

    if (walk->kind == UNIQUE || walk->kind == REPEATED) {
        return 0;
    }

    if (walk->kind == LEGIBLE) {
        return walk->keyless_changed;
    }

    for (i = 0, k = 0; i < walk->n; i++, k++) {
        if (k >= walk->list.n || walk->list.items[k].id != walk->got[i]) {
            return 1;
        }
    }

    return 0;
}


static const char *
judge_got(const walk_t *walk)
{
    int                   i, id;
    static unsigned char  times[65536];

    memset(times, 0, sizeof(times));

    for (i = 0; i < walk->n; i++) {
        id = walk->got[i];

        if (!walk->list.ever[id]) {
            return "an element was made up";
        }

        if (times[id]++) {
            return "an element came twice";
        }
    }

    return NULL;
}


static const char *
judge(const walk_t *walk)
{
    int          i, id, place, before;
    const char  *wrong;

    wrong = judge_got(walk);

    if (wrong) {
        return wrong;
    }

    if (walk->kind == SHUFFLED) {
        /* one that was not seen yet may stand before the position now */
        return NULL;
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
            walk->lost = 1;
            return gone(walk) ? judge_got(walk) : "the walk is lost";
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
    int            i, bad, fallbacks, lost;
    const char    *wrong, *first;
    static walk_t  walk;

    first = "";
    bad = 0;
    fallbacks = 0;
    lost = 0;

    for (i = 0; i < WALKS / 8; i++) {
        seed = i + 1;

        start(&walk, kind, changes);
        walk.native = native;
        walk.fault = native ? roll(FAULTS) : TRUE;

        wrong = run(&walk);
        fallbacks += walk.fallbacks;
        lost += walk.lost;

        if (wrong && bad++ == 0) {
            first = wrong;
            printf("# seed %d: %s\n", i + 1, wrong);
        }
    }

    ok(bad == 0, "%s%s: %d walks, %d lost%s%s", name,
       changes ? ", changing" : "", i, lost, bad ? ", " : "", first);

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
    static const char  rcs[] = "KSFLU";

    sensu_pager_init(&pager, from, &everything);

    if (native) {
        sensu_pager_native(&pager, 3);
    }

    for (i = 0; i < strlen(keys); i++) {
        /* "_": an element without a key */
        text[0] = keys[i] == '_' ? '\0' : keys[i];
        got[i] = rcs[sensu_pager_next(&pager, id_of(text, 0), 7)];

        if (got[i] == 'L') {
            break;
        }
    }

    if (i == strlen(keys)) {
        got[i++] = rcs[sensu_pager_end(&pager)];

    } else {
        i++;
    }

    got[i] = '\0';

    if (!ok(strcmp(got, expected) == 0, "%s", name)) {
        printf("# got %s, expected %s\n", got, expected);
    }
}


/* where a page ends whose last element is the last one seen */

static sensu_position_t *
after(const char *seen)
{
    char                     text[2] = { 0, 0 };
    sensu_last_t             last;
    sensu_pager_t            pager;
    static sensu_position_t  position;

    memset(&position, 0, sizeof(position));
    sensu_pager_init(&pager, &position, &everything);

    while (*seen) {
        text[0] = *seen == '_' ? '\0' : *seen;
        (void) sensu_pager_next(&pager, id_of(text, 0), 7);
        seen++;
    }

    if (pager.ordinal) {
        sensu_pager_note(&pager, &last);
        (void) sensu_pager_advance(&pager, &position, &last,
                                   (sensu_str_t) { 0, NULL });
    }

    return &position;
}


static void
cases(void)
{
    one("from the start", after(""), "abc", 0, "KKKK");
    one("after a key", after("ab"), "abcd", 0, "SSKKK");
    one("after a key that is gone", after("ab"), "acd", 0, "SKKK");
    one("the tail is gone", after("abc"), "ab", 0, "SSK");
    one("after the second of three", after("abb"), "abbbc", 0, "SSSKKK");
    one("what is unsorted behind it stays", after("ab"), "abca", 0, "SSKKK");
    one("unless what is before it changed", after("ac"), "abcda", 0,
        "SSSKL");
    one("its own key comes again", after("ab"), "acb", 0, "SKL");
    one("it has a twin now", after("ab"), "abb", 0, "SSKK");

    one("no order", after("ba"), "bac", 0, "SSKK");
    one("no order, one more before it", after("ba"), "bxac", 0, "SL");
    one("no order, one gone before it", after("bxa"), "bacd", 0, "SSL");
    one("no order, others before it", after("bxa"), "cxad", 0, "SSL");
    one("no order, gone", after("ba"), "bcd", 0, "SL");
    one("no order, the end is gone", after("bxa"), "ba", 0, "SSL");

    one("without a key", after("_"), "_ab", 0, "SKKK");
    one("without a key, and the keys before it gone", after("aa_"), "_bc", 0,
        "SKKK");
    one("without a key, gone", after("_"), "ab", 0, "L");
    one("without a key, behind one", after("a_"), "a_b", 0, "SSKK");
    one("without a key, one more key before its", after("b_"), "ab_c", 0,
        "SSSKK");
    one("without a key, one more key before it", after("a_"), "ab_c", 0,
        "SL");
    one("without a key, one of two gone", after("a__"), "a_b", 0, "SSL");
    one("the same at the end", after("a__"), "a_", 0, "SSL");

    one("after a key, then one without", after("ab"), "ab_c", 0, "SSKKK");
    one("one more without a key among those passed", after("ab"), "_abc", 0,
        "SSSL");
    one("one without a key among those passed", after("_ab"), "_abc", 0,
        "SSSKK");
    one("one without a key at a place that is gone", after("ab"), "a_c", 0,
        "SSL");
    one("the same at the end", after("ab"), "a_", 0, "SSL");
    one("the key is gone, what has none is as it was", after("_ab"), "_ac", 0,
        "SSKK");

    one("native", after("ab"), "cde", 1, "KKKK");
    one("native, short", after("ab"), "c", 1, "KK");
    one("native, more than asked", after(""), "cdef",
        1, "KKKUK");
    one("native, from before", after("ab"), "bc", 1,
        "UKK");
    one("native, out of order", after("ab"), "ced",
        1, "KKUK");
    one("native, twice", after("ab"), "cc", 1,
        "KUK");
    one("native, no key", after("ab"), "c_", 1,
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

        sensu_pager_init(&pager, after(""), &filter);
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


/* a page that was native, for nobody saw yet that the list has no order */

static void
turns(void)
{
    size_t            i;
    sensu_last_t      last;
    sensu_pager_t     pager;
    sensu_position_t  position;

    static const char *const  keys[] = { "b", "c", "a", "d" };

    memset(&position, 0, sizeof(position));

    for (i = 0; i < 2; i++) {
        sensu_pager_init(&pager, &position, &everything);
        sensu_pager_native(&pager, 2);

        is_int(sensu_pager_next(&pager, id_of(keys[i], 0), 0),
               SENSU_PAGER_KEEP, "natively: %s", keys[i]);

        sensu_pager_note(&pager, &last);
        (void) sensu_pager_advance(&pager, &position, &last, sensu_str(""));
    }

    sensu_pager_init(&pager, &position, &everything);

    for (i = 0; i < 4; i++) {
        is_int(sensu_pager_next(&pager, id_of(keys[i], 0), 0),
               i < 2 ? SENSU_PAGER_SKIP : SENSU_PAGER_KEEP,
               "then out of the whole list: %s", keys[i]);
    }

    /* and if another had been there */

    sensu_pager_init(&pager, &position, &everything);

    (void) sensu_pager_next(&pager, id_of("0", 0), 0);
    (void) sensu_pager_next(&pager, id_of("b", 0), 0);
    (void) sensu_pager_next(&pager, id_of("c", 0), 0);

    is_int(sensu_pager_next(&pager, id_of("a", 0), 0), SENSU_PAGER_LOST,
           "but not out of a list that has changed");
}


static sensu_last_t *
last_of(const char *key, uint64_t ordinal, uint32_t run)
{
    static sensu_last_t  last;

    sensu_key_copy(&last.key, &id_of(key, 0)->key);
    last.trail = 9;
    last.chain = 10;
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

    position = *after("m");
    position.trail = 9;
    sensu_pager_init(&pager, &position, &everything);
    pager.same = 1;

    is_int(sensu_pager_advance(&pager, &position, last_of("n", 6, 1), ns),
           SENSU_PAGER_KEEP, "a greater key");
    ok(key_is(&position.key, "n") && position.ordinal == 6
       && position.chain == 10 && !position.keyless, "is kept");

    sensu_pager_init(&pager, &position, &everything);

    is_int(sensu_pager_advance(&pager, &position, last_of("n", 6, 1), ns),
           SENSU_PAGER_UNTRUE, "the same again");
    is_int(sensu_pager_advance(&pager, &position, last_of("n", 6, 2), ns),
           SENSU_PAGER_KEEP, "its twin");
    ok(position.chain == 0, "what was before it is not known");
    is_int(sensu_pager_advance(&pager, &position, last_of("a", 6, 2), ns),
           SENSU_PAGER_UNTRUE, "a smaller key");

    pager.from.trail = 8;
    is_int(sensu_pager_advance(&pager, &position, last_of("n", 7, 1), ns),
           SENSU_PAGER_KEEP, "one without a key behind it");

    /* without one before it */

    position = *after("");
    sensu_pager_init(&pager, &position, &everything);

    is_int(sensu_pager_advance(&pager, &position, last_of("", 6, 0), ns),
           SENSU_PAGER_KEEP, "no key");
    ok(position.mode == SENSU_POSITION_SORTED && position.trail == 9
       && position.keyless && key_is(&position.key, "dev"),
       "the trail and the list are kept");

    sensu_pager_init(&pager, &position, &everything);
    is_int(sensu_pager_advance(&pager, &position, last_of("a", 7, 1), ns),
           SENSU_PAGER_KEEP, "then one with a key");

    /* two long keys with one begin have no order, but none against it */

    position = *after("");
    sensu_pager_init(&pager, &position, &everything);

    last = last_of("b", 3, 1);
    last->key.len = SENSU_KEY_MAX + 1;
    memset(last->key.data, 'n', SENSU_KEY_MAX);

    for (i = 0; i < 2; i++) {
        id = id_of("", 0);
        last->key.hash[0] = i;
        sensu_key_copy(&id->key, &last->key);
        (void) sensu_pager_next(&pager, id, 0);

        if (i == 0) {
            sensu_pager_note(&pager, last);
            (void) sensu_pager_advance(&pager, &position, last, ns);
            is_int(position.mode, SENSU_POSITION_SORTED, "a long key");
        }
    }

    is_int(pager.unsorted, 0, "and another with its begin");
    is_int(sensu_pager_next(&pager, id, 0), SENSU_PAGER_KEEP, "come");

    sensu_pager_init(&pager, &position, &everything);
    sensu_key_copy(&id->key, &position.key);
    is_int(sensu_pager_next(&pager, id, 0), SENSU_PAGER_SKIP, "the one");
    id->key.hash[0] = 1;
    is_int(sensu_pager_next(&pager, id, 0), SENSU_PAGER_KEEP, "the other");
    sensu_pager_note(&pager, last);
    is_int(sensu_pager_advance(&pager, &position, last, ns), SENSU_PAGER_KEEP,
           "is behind it");
    id->key.hash[0] = 2;

    /* the one is gone, the other may have been before it or behind */

    sensu_pager_init(&pager, &position, &everything);
    is_int(sensu_pager_next(&pager, id, 0), SENSU_PAGER_SKIP,
           "that comes in its place");
    is_int(sensu_pager_end(&pager), SENSU_PAGER_LOST, "and nothing more");
    is_int(sensu_pager_next(&pager, id_of("o", 0), 0), SENSU_PAGER_LOST,
           "or something behind both");
}


int
main(void)
{
    cases();
    filters();
    entity_ends();
    turns();
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
    property("some without a key", LEGIBLE, 0, 0);
    property("some without a key", LEGIBLE, 1, 0);
    property("another order each time", SHUFFLED, 1, 0);
    property("anything", MIXED, 0, 0);

    return done_testing();
}
