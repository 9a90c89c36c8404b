
/*
 * The table of the embedded store: a model of it that is plain and slow, and
 * the two side by side; then weeks of a table that is always full.
 */


#include <stdlib.h>
#include "tap.h"
#include "sensu_cursor.h"
#include "sensu_slots.h"


#define KEYS      400
#define LONGEST   4096


typedef struct {
    unsigned char  value[LONGEST];
    size_t         len;
    uint64_t       end;
    int            there;
} model_t;


static uint64_t  seed = 1;


static size_t
draw(size_t n)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);

    return (seed >> 33) % n;
}


static sensu_slots_t *
table(size_t size, void **block)
{
    *block = malloc(size);

    if (*block == NULL) {
        exit(1);
    }

    memset(*block, 0xa5, size);

    return sensu_slots_init(*block, size);
}


/* keys of all lengths, none the beginning of another's bytes */

static sensu_str_t
key_of(size_t n)
{
    size_t  i, len;

    static unsigned char  key[LONGEST];

    len = 4 + n * 7 % 120;

    for (i = 0; i < len; i++) {
        key[i] = 'a' + (n + i) % 26;
    }

    memcpy(key, &(uint32_t) { (uint32_t) n }, 4);

    return (sensu_str_t) { len, key };
}


static sensu_str_t
value_of(size_t n, size_t len)
{
    size_t  i;

    static unsigned char  value[LONGEST];

    for (i = 0; i < len; i++) {
        value[i] = n + i * 31;
    }

    return (sensu_str_t) { len, value };
}


static int
holds(sensu_slots_t *slots, size_t n, uint64_t now, const model_t *m)
{
    ssize_t        len;
    unsigned char  got[LONGEST];

    len = sensu_slots_get(slots, key_of(n), now, got, sizeof(got));

    if (!m->there || m->end <= now) {
        return len == -1;
    }

    return len == (ssize_t) m->len && memcmp(got, m->value, m->len) == 0;
}


/* what went must have been nearer to its end than what stayed */

static int
catch_up(sensu_slots_t *slots, uint64_t now, model_t *model, size_t but,
    ssize_t dropped)
{
    int            whole;
    size_t         n, gone;
    uint64_t       last, first;
    unsigned char  got[LONGEST];

    gone = 0;
    last = 0;
    first = UINT64_MAX;
    whole = 1;

    for (n = 0; n < KEYS; n++) {

        if (n == but || !model[n].there || model[n].end <= now) {
            continue;
        }

        if (sensu_slots_get(slots, key_of(n), now, got, sizeof(got)) == -1) {
            model[n].there = 0;
            last = model[n].end > last ? model[n].end : last;
            gone++;

        } else {
            first = model[n].end < first ? model[n].end : first;
            whole &= holds(slots, n, now, &model[n]);
        }
    }

    return whole && gone == (size_t) dropped && (gone == 0 || last <= first);
}


static void
test_model(sensu_slots_mode_e mode, size_t size, size_t longest)
{
    int             good;
    void           *block;
    size_t          i, n, len, full, most;
    model_t        *model;
    ssize_t         rc;
    uint64_t        now, end;
    sensu_str_t     value;
    sensu_slots_t  *slots;

    model = calloc(KEYS, sizeof(model_t));
    slots = table(size, &block);

    if (model == NULL) {
        exit(1);
    }

    full = 0;
    good = (slots != NULL);
    most = good ? sensu_slots_free(slots) : 0;
    now = 1000;

    for (i = 0; good && i < 20000; i++) {

        now += draw(3);
        n = draw(KEYS);
        len = draw(longest + 1);
        end = now + 1 + draw(2000);
        value = value_of(i, len);

        rc = sensu_slots_set(slots, key_of(n), value, now, end, mode);

        if (rc == -1) {
            full++;
            good = (mode == SENSU_SLOTS_KEEP);

        } else {
            model[n].there = 1;
            model[n].len = len;
            model[n].end = end;
            memcpy(model[n].value, value.data, len);
        }

        good = good && holds(slots, n, now, &model[n])
               && sensu_slots_free(slots) <= most;

        if (good && (rc != 0 || i % 64 == 0)) {
            good = catch_up(slots, now, model, n, rc == -1 ? 0 : rc);
        }
    }

    ok(good, "%s, %zu bytes, values up to %zu: as the model",
       mode == SENSU_SLOTS_KEEP ? "keep" : "evict", size, longest);

    /* all room comes back */

    now += 100000;

    if (good && mode == SENSU_SLOTS_KEEP) {
        ok(full > 0 || size > 1000000, "was full %zu times", full);
        is_int(sensu_slots_count(slots, now), 0, "all have ended");

        for (n = 0; n < KEYS; n++) {
            (void) sensu_slots_set(slots, key_of(n), value_of(n, 1), now,
                                   now, mode);
        }

        (void) sensu_slots_set(slots, sensu_str("k"), sensu_str("v"), now + 1,
                               now + 1, mode);
        ok(sensu_slots_free(slots) + 3 * KEYS * SENSU_SLOT >= most,
           "and their room is free");
    }

    free(model);
    free(block);
}


/* from too small for anything on: no length but fits, or is refused whole */

static void
test_sizes(void)
{
    int             good;
    void           *block;
    size_t          size, len, fits;
    unsigned char   got[LONGEST];
    sensu_slots_t  *slots;

    slots = table(64, &block);
    ok(slots == NULL, "64 bytes are no table");
    free(block);

    good = 1;

    for (size = 64; size < 3000; size += 8) {
        slots = table(size, &block);

        fits = slots ? sensu_slots_free(slots) : 0;

        for (len = 0; slots && len < 2 * size && len < LONGEST; len += 13) {

            if (sensu_slots_set(slots, sensu_str("key"), value_of(len, len),
                                1, 9, SENSU_SLOTS_EVICT)
                == -1)
            {
                good &= (len + 3 + 32 > fits - fits / SENSU_SLOT * 4);
                continue;
            }

            good &= (sensu_slots_get(slots, sensu_str("key"), 2, got,
                                     sizeof(got))
                     == (ssize_t) len)
                    && memcmp(got, value_of(len, len).data, len) == 0;
        }

        free(block);
    }

    ok(good, "tables of all small sizes");
}


static void
test_rows(void)
{
    void           *block;
    unsigned char   got[8];
    sensu_slots_t  *slots;

    slots = table(4096, &block);

    is_int(sensu_slots_set(slots, sensu_str("a"), sensu_str("one"), 5, 10,
                           SENSU_SLOTS_KEEP), 0, "a value");
    is_int(sensu_slots_get(slots, sensu_str("a"), 9, got, 3), 3,
           "before its end");
    is_int(sensu_slots_get(slots, sensu_str("a"), 10, got, 3), -1,
           "not at its end");
    is_int(sensu_slots_get(slots, sensu_str("a"), 9, got, 2), -1,
           "not into less room");
    is_int(sensu_slots_get(slots, sensu_str("b"), 9, got, 3), -1,
           "not under another key");
    is_int(sensu_slots_get(slots, sensu_str("aone"), 9, got, 3), -1,
           "nor under one that goes on in the value");

    is_int(sensu_slots_set(slots, sensu_str("a"), value_of(1, 1000), 5, 20,
                           SENSU_SLOTS_KEEP), 0, "a longer one in its place");
    is_int(sensu_slots_set(slots, sensu_str("a"), value_of(1, 4096), 5, 20,
                           SENSU_SLOTS_EVICT), -1, "one that never fits");
    is_int(sensu_slots_get(slots, sensu_str("a"), 9, got, 8), -1,
           "is refused, longer than room");
    is_int(sensu_slots_count(slots, 9), 1, "and what was there, stays");

    free(block);
}


static int
by_hash(const void *a, const void *b)
{
    uint64_t  x = *(const uint64_t *) a, y = *(const uint64_t *) b;

    return (x > y) - (x < y);
}


/* two keys of one hash: drawn from so many that there are some */

static void
test_hash(void)
{
    void           *block;
    size_t          i, n;
    uint32_t        pair[2];
    uint64_t       *row;
    sensu_str_t     key[2];
    unsigned char   got[8];
    sensu_slots_t  *slots;

    n = 400000;
    row = malloc(n * sizeof(uint64_t));

    if (row == NULL) {
        exit(1);
    }

    for (i = 0; i < n; i++) {
        pair[0] = i * 2654435761u;
        key[0] = (sensu_str_t) { 4, (unsigned char *) pair };
        row[i] = sensu_hash(key[0]) << 32 | pair[0];
    }

    qsort(row, n, sizeof(uint64_t), by_hash);

    for (i = 1; i < n && row[i] >> 32 != row[i - 1] >> 32; i++) { /* void */ }

    ok(i < n, "two keys have one hash");

    pair[0] = row[i - 1];
    pair[1] = row[i < n ? i : 0];
    free(row);

    key[0] = (sensu_str_t) { 4, (unsigned char *) &pair[0] };
    key[1] = (sensu_str_t) { 4, (unsigned char *) &pair[1] };

    slots = table(4096, &block);

    (void) sensu_slots_set(slots, key[0], sensu_str("one"), 1, 9,
                           SENSU_SLOTS_KEEP);
    is_int(sensu_slots_get(slots, key[1], 2, got, 8), -1, "one is not there");

    (void) sensu_slots_set(slots, key[1], sensu_str("four"), 1, 9,
                           SENSU_SLOTS_KEEP);
    is_int(sensu_slots_get(slots, key[0], 2, got, 8), 3, "then one is");
    is_int(sensu_slots_get(slots, key[1], 2, got, 8), 4, "beside the other");

    free(block);
}


/*
 * Weeks of it: five minutes of life, keys and values of all lengths, so many
 * that the table is always full; now and then a process takes the block over.
 * A cursor that went before its end was among those nearest to it, and what
 * went for one value was never more than its own size.
 */

static void
test_week(size_t cursors)
{
    int             good;
    void           *block;
    size_t          i, j, len, size, early;
    ssize_t         rc;
    uint64_t        now;
    unsigned char   got[LONGEST];
    sensu_slots_t  *slots;

    size = 1024 * 1024;
    slots = table(size, &block);
    good = (slots != NULL);
    early = 0;
    now = 0;

    for (i = 0; good && i < cursors; i++) {

        now += (i % 50 == 0);
        len = 60 + (draw(16) ? draw(100) : draw(2100));

        rc = sensu_slots_set(slots, key_of(i), value_of(i, len), now,
                             now + 300, SENSU_SLOTS_EVICT);

        good = rc >= 0 && (size_t) rc <= 1 + (len + 124) / 60;
        early += rc;

        /* that one, and one of a while ago */

        j = i - draw(i < 500 ? i + 1 : 500);

        good = good
               && sensu_slots_get(slots, key_of(i), now, got, LONGEST)
                  == (ssize_t) len
               && sensu_slots_get(slots, key_of(j), now, got, LONGEST) >= 60;

        if (cursors >= 50 && i % (cursors / 50) == 0) {
            void  *other = malloc(size);

            if (other == NULL) {
                exit(1);
            }

            memcpy(other, block, size);
            free(block);
            slots = block = other;
        }
    }

    ok(good, "%zu cursors: each is there, and those of a while ago", cursors);
    ok(early * 10 > cursors * 9 - 90000, "the table was full all the time");

    free(block);
}


int
main(void)
{
    const char  *cursors;

    test_rows();
    test_sizes();
    test_hash();

    test_model(SENSU_SLOTS_EVICT, 4096, 60);
    test_model(SENSU_SLOTS_EVICT, 65536, 600);
    test_model(SENSU_SLOTS_EVICT, 65536, 4000);
    test_model(SENSU_SLOTS_KEEP, 4096, 1);
    test_model(SENSU_SLOTS_KEEP, 32768, 1000);
    test_model(SENSU_SLOTS_KEEP, 4194304, 4000);

    cursors = getenv("TEST_CURSORS");
    test_week(cursors ? strtoul(cursors, NULL, 10) : 100000);

    return done_testing();
}
