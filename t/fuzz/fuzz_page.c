
/*
 * Whole walks: a list that the input makes is written as JSON, fed in random
 * chunks through splitter, key scanner and pager as the gateway does it, page
 * after page; natively too, by a backend that is true or is not.  What comes
 * out must be the list, as a loop over it says: an element once for each time
 * it is there, in order, none that the filter leaves out.
 *
 * Of a sorted list elements may be gone on some pages: those that never were
 * come exactly once, the others once at most.
 */


#include <stdio.h>
#include "sensu_native.h"
#include "sensu_pager.h"
#include "fuzz.h"


#define FUZZ_ELEMENTS  20
#define FUZZ_PAGES     200


typedef struct {
    char                  text[160];
    char                  key[40];   /* "": none */
} fuzz_element_t;


typedef enum {
    FUZZ_SLICES = 0,
    FUZZ_TRUE,               /* pages natively, as it should */
    FUZZ_IGNORES_LIMIT,
    FUZZ_IGNORES_CURSOR,
    FUZZ_IGNORES_BOTH
} fuzz_backend_e;


typedef struct {
    unsigned              n;
    fuzz_element_t        element[FUZZ_ELEMENTS];
    unsigned              there[FUZZ_ELEMENTS];  /* on this page */
    unsigned              gone[FUZZ_ELEMENTS];   /* on some page */
    unsigned              got[FUZZ_ELEMENTS];    /* times */
    int                   changes;
    fuzz_backend_e        backend;
    sensu_filter_t        filter;
    uint64_t              seed;
    int                   last;      /* element delivered last, or -1 */
} fuzz_walk_t;


typedef struct {
    size_t                len;
    unsigned char         data[FUZZ_ELEMENTS * 200];
    unsigned              n;
    unsigned              which[FUZZ_ELEMENTS];
} fuzz_list_t;


typedef struct {
    sensu_pager_t         pager;
    sensu_key_scan_t      scan;
    unsigned              limit;
    unsigned              n;         /* kept */
    unsigned              kept[FUZZ_ELEMENTS];
    sensu_last_t          last;
    sensu_pager_rc_e      rc;        /* of the element that ended it */
    unsigned              more;
} fuzz_page_t;


static void
fuzz_wrong(const fuzz_walk_t *w, const char *what, unsigned i)
{
    unsigned  k;

    fprintf(stderr, "%s, element %u; backend %d\n", what, i, w->backend);

    for (k = 0; k < w->n; k++) {
        fprintf(stderr, "%u: %s (%s) got %u, gone %u\n", k,
                w->element[k].text, w->element[k].key, w->got[k], w->gone[k]);
    }

    abort();
}


/* one byte: the namespace and the name, or what has no key */

static void
fuzz_element(fuzz_element_t *e, unsigned c)
{
    static const char *const  ns[] = { "a", "a-b", "a.", "b" };
    static const char *const  name[] = {
        "x", "y", "x-y", "X", "z/", "\\u0078", "a", "~"
    };
    static const char *const  plain[] = {
        "x", "y", "x-y", "X", "z/", "x", "a", "~"
    };
    static const char *const  odd[] = {
        "1", "null", "{}", "[\"a\",[]]", "\"a,]\"", "{\"metadata\":{}}",
        "{\"metadata\":{\"name\":\"x\"}}", "{\"name\":\"a\"}"
    };

    e->key[0] = '\0';

    if (c >= 224) {
        strcpy(e->text, odd[c % 8]);
        return;
    }

    snprintf(e->text, sizeof(e->text), (c & 32)
             ? "{\"metadata\":{\"name\":\"%2$s\",\"namespace\":\"%1$s\"}}"
             : "{\"labels\":[\"\\\"]\"],\"metadata\": { \"namespace\":\"%s\""
               ",\"k\":{\"name\":\"q\"}, \"name\":\"%s\" }}",
             ns[c % 4], name[c / 4 % 8]);

    snprintf(e->key, sizeof(e->key), "%s/%s", ns[c % 4], plain[c / 4 % 8]);
}


static int
fuzz_wanted(const fuzz_walk_t *w, unsigned i)
{
    const char  *key;

    if (w->filter.ns.len == 0) {
        return 1;
    }

    key = w->element[i].key;

    /* what names no namespace is nobody else's */
    return *key == '\0' || strncmp(key, "a/", 2) == 0;
}


static void
fuzz_change(fuzz_walk_t *w)
{
    unsigned  i;

    for (i = 0; i < w->n; i++) {
        w->there[i] = !w->changes || fuzz_random(&w->seed) % 4 != 0;
        w->gone[i] |= !w->there[i];
    }
}


static int
fuzz_passed(const fuzz_walk_t *w, sensu_str_t key, sensu_str_t behind)
{
    return w->backend != FUZZ_IGNORES_CURSOR
           && w->backend != FUZZ_IGNORES_BOTH
           && sensu_str_cmp(key, behind) <= 0;
}


static int
fuzz_enough(const fuzz_walk_t *w, const fuzz_list_t *list, uint64_t most)
{
    return w->backend != FUZZ_IGNORES_LIMIT
           && w->backend != FUZZ_IGNORES_BOTH
           && list->n == most;
}


/* what the backend sends */

static void
fuzz_list(const fuzz_walk_t *w, const sensu_position_t *from, uint64_t most,
    int native, fuzz_list_t *list)
{
    size_t       len;
    unsigned     i;
    sensu_str_t  key, behind;
    const char  *text;

    behind = from->keyless ? sensu_str("") : sensu_key_begin(&from->key);

    list->data[0] = '[';
    list->len = 1;
    list->n = 0;

    for (i = 0; i < w->n; i++) {
        key.data = (const unsigned char *) w->element[i].key;
        key.len = strlen(w->element[i].key);

        if (!w->there[i]) {
            continue;
        }

        if (native && (fuzz_passed(w, key, behind)
                       || fuzz_enough(w, list, most)
                       || (w->backend == FUZZ_TRUE && !fuzz_wanted(w, i))))
        {
            continue;
        }

        if (list->n) {
            list->data[list->len++] = ',';
        }

        text = w->element[i].text;
        len = strlen(text);
        memcpy(list->data + list->len, text, len);
        list->len += len;

        list->which[list->n++] = i;
    }

    list->data[list->len++] = ']';
}


static void
fuzz_deliver(fuzz_walk_t *w, unsigned i)
{
    w->got[i]++;

    if (!w->there[i] || !fuzz_wanted(w, i) || w->got[i] > 1) {
        fuzz_wrong(w, "not to be delivered", i);
    }

    if (w->last >= (int) i) {
        fuzz_wrong(w, "order", i);
    }

    w->last = i;
}


/* one element of the list that is made: true when the page needs no more */

static int
fuzz_take(fuzz_walk_t *w, fuzz_page_t *page, sensu_str_t element,
    unsigned i)
{
    sensu_hash_t        hash;
    const sensu_id_t   *id;
    const sensu_key_t  *key;

    id = sensu_key_scan_end(&page->scan);
    key = &id->key;

    if (key->len != strlen(w->element[i].key)
        || memcmp(key->data, w->element[i].key, key->len) != 0)
    {
        fuzz_wrong(w, "key", i);
    }

    sensu_hash_start(&hash);
    sensu_hash_add(&hash, element);
    page->rc = sensu_pager_next(&page->pager, id, sensu_hash_end(&hash));

    switch (page->rc) {

    case SENSU_PAGER_SKIP:
    case SENSU_PAGER_FOREIGN:
        return 0;

    case SENSU_PAGER_KEEP:
        if (page->n == page->limit) {
            page->more = 1;
            return 1;
        }

        sensu_pager_note(&page->pager, &page->last);
        page->kept[page->n++] = i;

        return 0;

    default:
        return 1;
    }
}


/* the list in chunks, each in memory that ends where it does */

static void
fuzz_feed(fuzz_walk_t *w, fuzz_page_t *page, const fuzz_list_t *list)
{
    size_t                n, at, len;
    unsigned              i;
    sensu_str_t           element;
    sensu_span_t          span;
    sensu_split_t         split;
    sensu_split_rc_e      rc;
    unsigned char         joined[400];
    const unsigned char  *p, *last;

    sensu_split_init(&split);
    split.read = sensu_key_read;
    split.data = &page->scan;

    i = 0;
    len = 0;

    for (at = 0; at < list->len; at += n) {
        n = fuzz_random(&w->seed) % 150;
        n = n < list->len - at ? n : list->len - at;

        p = fuzz_chunk(list->data + at, n);
        last = p + n;

        do {
            rc = sensu_split_next(&split, &p, last, &span);

            if (rc == SENSU_SPLIT_ERROR) {
                fuzz_wrong(w, split.error, i);
            }

            if (span.bytes.len) {
                memcpy(joined + len, span.bytes.data, span.bytes.len);
                len += span.bytes.len;
            }

            if (rc == SENSU_SPLIT_ELEMENT) {
                element = (sensu_str_t) { len, joined };
                len = 0;

                if (fuzz_take(w, page, element, list->which[i++])) {
                    return;
                }
            }

        } while (rc != SENSU_SPLIT_MORE);
    }

    if (!sensu_split_done(&split) || i != list->n) {
        fuzz_wrong(w, "not split", i);
    }

    page->rc = sensu_pager_end(&page->pager);
}


/* -1: not an answer to a native request; else whether there are more */

static int
fuzz_page(fuzz_walk_t *w, sensu_position_t *position, unsigned limit,
    int native)
{
    unsigned            i;
    static fuzz_list_t  list;
    static fuzz_page_t  page;

    page.n = page.more = 0;
    page.limit = limit;

    fuzz_list(w, position, limit + 1, native, &list);

    sensu_key_scan_init(&page.scan, SENSU_KEY_META_NS);
    sensu_pager_init(&page.pager, position, &w->filter);

    if (native) {
        sensu_pager_native(&page.pager, limit + 1);
    }

    fuzz_feed(w, &page, &list);

    if (native && page.rc == SENSU_PAGER_UNTRUE
        && w->backend != FUZZ_TRUE)
    {
        return -1;
    }

    /* the lists of this fuzzer never make it give up */

    if (page.rc != SENSU_PAGER_KEEP) {
        fuzz_wrong(w, "given up", page.rc);
    }

    for (i = 0; i < page.n; i++) {
        fuzz_deliver(w, page.kept[i]);
    }

    if (page.more
        && sensu_pager_advance(&page.pager, position, &page.last,
                               w->filter.ns)
           != SENSU_PAGER_KEEP)
    {
        fuzz_wrong(w, "no progress", page.n);
    }

    return page.more;
}


/* the cursor of a native request leads behind the position, or there is none */

static int
fuzz_native(const fuzz_walk_t *w, const sensu_position_t *position)
{
    int            n;
    size_t         skip;
    unsigned char  cursor[SENSU_NATIVE_MAX];

    n = sensu_native_cursor(cursor, w->filter.ns, sensu_str(""), position);

    if (n == -1 || position->mode == SENSU_POSITION_START) {
        return n != -1;
    }

    skip = w->filter.ns.len ? w->filter.ns.len + 1 : 0;

    if ((size_t) n != position->key.len - skip + 1
        || memcmp(cursor, position->key.data + skip, n - 1) != 0
        || cursor[n - 1] != '\0')
    {
        fuzz_wrong(w, "cursor", n);
    }

    return 1;
}


static void
fuzz_walk(fuzz_walk_t *w)
{
    int               more;
    unsigned          i, pages, limit;
    sensu_position_t  position;

    memset(&position, 0, sizeof(position));
    memset(w->gone, 0, sizeof(w->gone));
    memset(w->got, 0, sizeof(w->got));
    w->last = -1;

    pages = 0;

    do {
        if (pages++ > FUZZ_PAGES) {
            fuzz_wrong(w, "no end", 0);
        }

        fuzz_change(w);
        limit = 1 + fuzz_random(&w->seed) % 6;
        more = -1;

        if (w->backend != FUZZ_SLICES && fuzz_native(w, &position)) {
            more = fuzz_page(w, &position, limit, 1);
        }

        if (more == -1) {
            more = fuzz_page(w, &position, limit, 0);
        }

    } while (more);

    for (i = 0; i < w->n; i++) {
        if (fuzz_wanted(w, i) && !w->gone[i] && w->got[i] != 1) {
            fuzz_wrong(w, "lost", i);
        }
    }
}


static int
fuzz_compare(const void *a, const void *b)
{
    return strcmp(((const fuzz_element_t *) a)->key,
                  ((const fuzz_element_t *) b)->key);
}


/* ascending, each key once, none without: as the backend stores them */

static void
fuzz_sort(fuzz_walk_t *w)
{
    unsigned  i, n;

    qsort(w->element, w->n, sizeof(fuzz_element_t), fuzz_compare);

    for (i = 0, n = 0; i < w->n; i++) {
        if (w->element[i].key[0] != '\0'
            && (n == 0
                || strcmp(w->element[n - 1].key, w->element[i].key) != 0))
        {
            w->element[n++] = w->element[i];
        }
    }

    w->n = n;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t              i;
    static fuzz_walk_t  w;

    if (size < 3) {
        return 0;
    }

    w.seed = data[1];
    w.n = 0;

    memset(&w.filter, 0, sizeof(w.filter));

    if (data[0] & 1) {
        w.filter.ns = sensu_str("a");
    }

    for (i = 2; i < size && w.n < FUZZ_ELEMENTS; i++) {
        fuzz_element(&w.element[w.n++], data[i]);
    }

    w.backend = (fuzz_backend_e) (data[0] >> 1 & 7);

    if (data[0] & 0x10) {
        fuzz_sort(&w);
        w.changes = data[0] >> 5 & 1;
        w.backend = w.backend > FUZZ_IGNORES_BOTH ? FUZZ_TRUE : w.backend;

    } else {
        /* such lists a backend knows no native pages of */
        w.changes = 0;
        w.backend = (w.backend & 1) ? FUZZ_IGNORES_BOTH : FUZZ_SLICES;
    }

    fuzz_walk(&w);

    return 0;
}
