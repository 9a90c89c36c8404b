
/*
 * A table in shared memory: slots of one size, a hash of keys, and a heap with
 * the value nearest to its end at the top.
 *
 * A block is the header, the buckets, the heap, and the slots.  Slots are
 * numbered from 1, 0 is none.  Those that were never used are never touched.
 */


#include <stddef.h>
#include <string.h>
#include "sensu_cursor.h"
#include "sensu_slots.h"


/* the first slot of a value; in all others data begins behind next */

typedef struct {
    uint32_t              next;      /* slot of the value, or free one */
    uint32_t              peer;      /* first slot of the same bucket */
    uint32_t              hash;
    uint32_t              place;     /* in the heap */
    uint64_t              end;
    uint32_t              key_len;
    uint32_t              value_len;
    unsigned char         data[SENSU_SLOT - 32];
} sensu_slot_t;


struct sensu_slots_s {
    uint32_t              size;      /* slots */
    uint32_t              mask;      /* of buckets */
    uint32_t              used;      /* slots that were ever used */
    uint32_t              free;      /* the first of those that are again */
    uint32_t              nfree;     /* of both kinds */
    uint32_t              count;     /* values */
    uint32_t              slots;     /* where in the block, in bytes */
};


/* going through the bytes of a value */

typedef struct {
    const sensu_slots_t  *slots;
    sensu_slot_t         *slot;
    size_t                pos;       /* in the slot */
} sensu_slots_at_t;


#define SENSU_SLOT_FIRST  offsetof(sensu_slot_t, data)
#define SENSU_SLOT_NEXT   sizeof(uint32_t)

#define SENSU_SLOTS_MAX   UINT32_C(0x2000000)    /* 2 GB of them */

/* most values that go only because they have ended, for one that comes */
#define SENSU_SLOTS_SWEEP  2


#define sensu_slot(s, n)                                                      \
    ((sensu_slot_t *) ((unsigned char *) (s) + (s)->slots)                    \
     + ((n) - 1))

#define sensu_slots_buckets(s)  ((uint32_t *) ((s) + 1))
#define sensu_slots_heap(s)     (sensu_slots_buckets(s) + (s)->mask + 1)


static uint32_t sensu_slots_find(const sensu_slots_t *s, sensu_str_t key,
    uint32_t hash);
static void sensu_slots_sweep(sensu_slots_t *s, uint64_t now, size_t need);
static uint32_t sensu_slots_add(sensu_slots_t *s, uint32_t hash, size_t need);
static void sensu_slots_remove(sensu_slots_t *s, uint32_t n);
static void sensu_slots_settle(sensu_slots_t *s, uint32_t n, uint32_t place);
static uint64_t sensu_slots_end(const sensu_slots_t *s, uint32_t place);
static size_t sensu_slots_need(size_t len);
static sensu_slots_at_t sensu_slots_at(const sensu_slots_t *s, uint32_t n);
static unsigned char *sensu_slots_span(sensu_slots_at_t *at, size_t len,
    size_t *span);
static int sensu_slots_equal(sensu_slots_at_t *at, sensu_str_t s);
static void sensu_slots_read(sensu_slots_at_t *at, unsigned char *dst,
    size_t len);
static void sensu_slots_write(sensu_slots_at_t *at, sensu_str_t s);


/* a bucket for every two slots, a place in the heap for each */

sensu_slots_t *
sensu_slots_init(void *block, size_t size)
{
    size_t          n, buckets, offset;
    sensu_slots_t  *s;

    offset = 0;
    n = size / (SENSU_SLOT + sizeof(uint32_t));

    if (n > SENSU_SLOTS_MAX) {
        n = SENSU_SLOTS_MAX;
    }

    for (buckets = 1; buckets * 2 <= n / 2; buckets *= 2) {
        /* void */
    }

    for ( /* void */ ; n; n--) {
        offset = sizeof(sensu_slots_t) + (buckets + n) * sizeof(uint32_t);
        offset = (offset + SENSU_SLOT - 1) / SENSU_SLOT * SENSU_SLOT;

        if (offset + n * SENSU_SLOT <= size) {
            break;
        }
    }

    if (n == 0) {
        return NULL;
    }

    s = block;
    memset(s, 0, sizeof(sensu_slots_t) + buckets * sizeof(uint32_t));

    s->size = n;
    s->mask = buckets - 1;
    s->nfree = n;
    s->slots = offset;

    return s;
}


ssize_t
sensu_slots_get(const sensu_slots_t *s, sensu_str_t key, uint64_t now,
    unsigned char *dst, size_t room)
{
    uint32_t          n;
    sensu_slot_t     *slot;
    sensu_slots_at_t  at;

    n = sensu_slots_find(s, key, sensu_hash(key));

    if (n == 0) {
        return -1;
    }

    slot = sensu_slot(s, n);

    if (slot->end <= now || slot->value_len > room) {
        return -1;
    }

    at = sensu_slots_at(s, n);

    (void) sensu_slots_equal(&at, key);
    sensu_slots_read(&at, dst, slot->value_len);

    return slot->value_len;
}


ssize_t
sensu_slots_set(sensu_slots_t *s, sensu_str_t key, sensu_str_t value,
    uint64_t now, uint64_t end, sensu_slots_mode_e mode)
{
    size_t             need, own;
    ssize_t            dropped;
    uint32_t           n, hash;
    sensu_slot_t      *slot;
    sensu_slots_at_t   at;

    need = sensu_slots_need(key.len + value.len);
    hash = sensu_hash(key);
    dropped = 0;

    sensu_slots_sweep(s, now, need);

    n = sensu_slots_find(s, key, hash);
    own = n ? sensu_slots_need(key.len + sensu_slot(s, n)->value_len) : 0;

    if (need > s->size
        || (mode == SENSU_SLOTS_KEEP && need > s->nfree + own))
    {
        return -1;
    }

    if (own != need) {

        if (n) {
            sensu_slots_remove(s, n);
        }

        while (need > s->nfree) {
            dropped += (sensu_slots_end(s, 0) > now);
            sensu_slots_remove(s, *sensu_slots_heap(s));
        }

        n = sensu_slots_add(s, hash, need);
    }

    slot = sensu_slot(s, n);

    slot->key_len = key.len;
    slot->value_len = value.len;
    slot->end = end;

    at = sensu_slots_at(s, n);

    sensu_slots_write(&at, key);
    sensu_slots_write(&at, value);

    sensu_slots_settle(s, n, slot->place);

    return dropped;
}


size_t
sensu_slots_count(const sensu_slots_t *s, uint64_t now)
{
    size_t  i, n;

    for (i = 0, n = 0; i < s->count; i++) {
        n += (sensu_slots_end(s, i) > now);
    }

    return n;
}


size_t
sensu_slots_free(const sensu_slots_t *s)
{
    return (size_t) s->nfree * SENSU_SLOT;
}


static uint32_t
sensu_slots_find(const sensu_slots_t *s, sensu_str_t key, uint32_t hash)
{
    uint32_t          n;
    sensu_slot_t     *slot;
    sensu_slots_at_t  at;

    n = sensu_slots_buckets(s)[hash & s->mask];

    while (n) {
        slot = sensu_slot(s, n);

        if (slot->hash == hash && slot->key_len == key.len) {
            at = sensu_slots_at(s, n);

            if (sensu_slots_equal(&at, key)) {
                return n;
            }
        }

        n = slot->peer;
    }

    return 0;
}


/* what has ended goes: all that is needed, and a little more than comes in */

static void
sensu_slots_sweep(sensu_slots_t *s, uint64_t now, size_t need)
{
    size_t  i;

    for (i = 0; s->count && sensu_slots_end(s, 0) <= now; i++) {

        if (i >= SENSU_SLOTS_SWEEP && s->nfree >= need) {
            return;
        }

        sensu_slots_remove(s, *sensu_slots_heap(s));
    }
}


/* a chain of free slots, last in the heap; the bytes are still to come */

static uint32_t
sensu_slots_add(sensu_slots_t *s, uint32_t hash, size_t need)
{
    size_t         i;
    uint32_t       n, first, *bucket;
    sensu_slot_t  *slot;

    first = 0;

    for (i = 0; i < need; i++) {

        if (s->free) {
            n = s->free;
            s->free = sensu_slot(s, n)->next;

        } else {
            n = ++s->used;
        }

        sensu_slot(s, n)->next = first;
        first = n;
    }

    s->nfree -= need;

    bucket = &sensu_slots_buckets(s)[hash & s->mask];

    slot = sensu_slot(s, first);
    slot->hash = hash;
    slot->peer = *bucket;
    slot->place = s->count++;

    *bucket = first;

    return first;
}


static void
sensu_slots_remove(sensu_slots_t *s, uint32_t n)
{
    uint32_t      *link, last;
    sensu_slot_t  *slot, *tail;

    slot = sensu_slot(s, n);

    link = &sensu_slots_buckets(s)[slot->hash & s->mask];

    while (*link != n) {
        link = &sensu_slot(s, *link)->peer;
    }

    *link = slot->peer;

    /* the last of the heap comes into its place */

    last = sensu_slots_heap(s)[--s->count];

    if (last != n) {
        sensu_slots_settle(s, last, slot->place);
    }

    s->nfree += sensu_slots_need((size_t) slot->key_len + slot->value_len);

    for (tail = slot; tail->next; tail = sensu_slot(s, tail->next)) {
        /* void */
    }

    tail->next = s->free;
    s->free = n;
}


/* puts a value into a place of the heap, or where its end lets it be */

static void
sensu_slots_settle(sensu_slots_t *s, uint32_t n, uint32_t place)
{
    uint32_t  next, *heap;
    uint64_t  end;

    heap = sensu_slots_heap(s);
    end = sensu_slot(s, n)->end;

    while (place && sensu_slots_end(s, (place - 1) / 2) > end) {
        next = (place - 1) / 2;
        heap[place] = heap[next];
        sensu_slot(s, heap[place])->place = place;
        place = next;
    }

    for ( ;; ) {
        next = 2 * place + 1;

        if (next + 1 < s->count
            && sensu_slots_end(s, next + 1) < sensu_slots_end(s, next))
        {
            next++;
        }

        if (next >= s->count || sensu_slots_end(s, next) >= end) {
            break;
        }

        heap[place] = heap[next];
        sensu_slot(s, heap[place])->place = place;
        place = next;
    }

    heap[place] = n;
    sensu_slot(s, n)->place = place;
}


static uint64_t
sensu_slots_end(const sensu_slots_t *s, uint32_t place)
{
    return sensu_slot(s, sensu_slots_heap(s)[place])->end;
}


static size_t
sensu_slots_need(size_t len)
{
    size_t  first, more;

    first = SENSU_SLOT - SENSU_SLOT_FIRST;
    more = SENSU_SLOT - SENSU_SLOT_NEXT;

    return (len <= first) ? 1 : 1 + (len - first + more - 1) / more;
}


static sensu_slots_at_t
sensu_slots_at(const sensu_slots_t *s, uint32_t n)
{
    return (sensu_slots_at_t) { s, sensu_slot(s, n), SENSU_SLOT_FIRST };
}


/* the next bytes that stand together, at most len */

static unsigned char *
sensu_slots_span(sensu_slots_at_t *at, size_t len, size_t *span)
{
    unsigned char  *p;

    if (at->pos == SENSU_SLOT) {
        at->slot = sensu_slot(at->slots, at->slot->next);
        at->pos = SENSU_SLOT_NEXT;
    }

    *span = SENSU_SLOT - at->pos;

    if (*span > len) {
        *span = len;
    }

    p = (unsigned char *) at->slot + at->pos;
    at->pos += *span;

    return p;
}


static int
sensu_slots_equal(sensu_slots_at_t *at, sensu_str_t s)
{
    size_t          n;
    unsigned char  *p;

    for ( /* void */ ; s.len; s.data += n, s.len -= n) {
        p = sensu_slots_span(at, s.len, &n);

        if (memcmp(p, s.data, n) != 0) {
            return 0;
        }
    }

    return 1;
}


static void
sensu_slots_read(sensu_slots_at_t *at, unsigned char *dst, size_t len)
{
    size_t          n;
    unsigned char  *p;

    for ( /* void */ ; len; dst += n, len -= n) {
        p = sensu_slots_span(at, len, &n);
        memcpy(dst, p, n);
    }
}


static void
sensu_slots_write(sensu_slots_at_t *at, sensu_str_t s)
{
    size_t          n;
    unsigned char  *p;

    for ( /* void */ ; s.len; s.data += n, s.len -= n) {
        p = sensu_slots_span(at, s.len, &n);
        memcpy(p, s.data, n);
    }
}
