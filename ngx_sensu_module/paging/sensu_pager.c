
/*
 * The pager.
 */


#include "sensu_pager.h"


/*
 * More than this many elements beyond four times the place in the list, and a
 * walk of a list that has no order is over: each page may begin anew somewhere
 * before.
 */

#define SENSU_WALK_SLACK  10000


static sensu_pager_rc_e sensu_pager_check(sensu_pager_t *pager,
    const sensu_key_t *key);
static sensu_pager_rc_e sensu_pager_resume(sensu_pager_t *pager,
    const sensu_key_t *key, uint64_t hash);
static sensu_pager_rc_e sensu_pager_find(sensu_pager_t *pager,
    const sensu_key_t *key, uint64_t hash);
static int sensu_pager_behind(const sensu_key_t *key, sensu_str_t entity);
static void sensu_pager_order(sensu_pager_t *pager, const sensu_key_t *key);


void
sensu_pager_init(sensu_pager_t *pager, const sensu_position_t *from,
    const sensu_filter_t *filter)
{
    pager->native = 0;
    pager->most = 0;
    pager->filter = filter;
    pager->from = *from;

    pager->ordinal = 0;
    pager->received = 0;
    pager->rewind = 0;
    pager->run = 0;
    pager->resumed = (from->mode == SENSU_POSITION_START);
    pager->unsorted = (from->mode == SENSU_POSITION_EXACT);
    pager->ended = 0;
    pager->repeats = 0;
    pager->any = 0;
    pager->key.len = 0;
}


void
sensu_pager_native(sensu_pager_t *pager, uint64_t most)
{
    pager->native = 1;
    pager->most = most;
    pager->resumed = 1;
    pager->ordinal = pager->from.ordinal;
}


sensu_pager_rc_e
sensu_pager_next(sensu_pager_t *pager, const sensu_key_t *key, uint64_t hash)
{
    sensu_pager_rc_e  rc;

    pager->received++;

    if (pager->native) {
        rc = sensu_pager_check(pager, key);

        if (rc == SENSU_PAGER_UNTRUE) {
            return rc;
        }

        if (rc == SENSU_PAGER_SKIP) {
            /* what follows must be in order, too */
            sensu_pager_order(pager, key);
            pager->ended = 1;
            return rc;
        }

    } else if (!sensu_filter_pass(pager->filter, key)) {
        return SENSU_PAGER_FOREIGN;
    }

    pager->ordinal++;

    sensu_pager_order(pager, key);

    if (pager->resumed) {
        return SENSU_PAGER_KEEP;
    }

    return sensu_pager_resume(pager, key, hash);
}


sensu_pager_rc_e
sensu_pager_end(const sensu_pager_t *pager)
{
    if (pager->resumed || pager->from.mode != SENSU_POSITION_EXACT) {
        return SENSU_PAGER_KEEP;
    }

    return pager->rewind ? SENSU_PAGER_REWIND : SENSU_PAGER_LOST;
}


sensu_pager_rc_e
sensu_pager_advance(const sensu_pager_t *pager, sensu_position_t *position,
    const sensu_last_t *last, uint64_t n)
{
    int          cmp;
    sensu_str_t  from;

    from.data = position->key;
    from.len = position->key_len;

    position->delivered += n;

    if (pager->unsorted || last->key.len == 0) {

        if (position->delivered > 4 * last->ordinal + SENSU_WALK_SLACK) {
            return SENSU_PAGER_LOST;
        }

        position->mode = SENSU_POSITION_EXACT;

    } else {
        cmp = sensu_str_cmp(last->key, from);

        if (position->mode != SENSU_POSITION_START
            && (cmp < 0 || (cmp == 0 && last->run <= position->run)))
        {
            return SENSU_PAGER_UNTRUE;
        }

        position->mode = pager->repeats ? SENSU_POSITION_REPEATED
                                        : SENSU_POSITION_SORTED;
    }

    position->ordinal = last->ordinal;
    position->run = last->run;
    position->hash = last->key.len ? 0 : last->hash;
    position->key_len = last->key.len;
    memcpy(position->key, last->key.data, last->key.len);

    return SENSU_PAGER_KEEP;
}


int
sensu_filter_pass(const sensu_filter_t *filter, const sensu_key_t *key)
{
    sensu_str_t  entity;

    if (key->len == 0 && filter->names == NULL) {
        return filter->ns.len == 0 || !(filter->strict || key->named);
    }

    if (filter->ns.len != 0 && !sensu_str_eq(filter->ns, sensu_key_ns(key))) {
        return 0;
    }

    if (filter->entity.len != 0) {
        entity.data = key->data + key->ns_len + 1;
        entity.len = key->entity_len;

        if (!sensu_str_eq(filter->entity, entity)) {
            return 0;
        }
    }

    return filter->names == NULL
           || sensu_namespaces_has(filter->names, sensu_key_str(key));
}


/*
 * Is this what a backend sends that was asked for elements behind a key?  One
 * exception is no fault: of an entity's events the namespace's list is asked
 * for from that entity on, and it goes on with those that come after.
 */

static sensu_pager_rc_e
sensu_pager_check(sensu_pager_t *pager, const sensu_key_t *key)
{
    sensu_str_t     last;
    sensu_filter_t  ns;

    if (key->len == 0 || pager->received > pager->most) {
        return SENSU_PAGER_UNTRUE;
    }

    last.data = pager->any ? pager->key.data : pager->from.key;
    last.len = pager->any ? pager->key.len : pager->from.key_len;

    if (sensu_str_cmp(sensu_key_str(key), last) <= 0) {
        return SENSU_PAGER_UNTRUE;
    }

    if (sensu_filter_pass(pager->filter, key)) {
        return SENSU_PAGER_KEEP;
    }

    ns = *pager->filter;
    ns.entity.len = 0;

    return (sensu_filter_pass(&ns, key)
            && sensu_pager_behind(key, pager->filter->entity))
           ? SENSU_PAGER_SKIP : SENSU_PAGER_UNTRUE;
}


/*
 * Does another entity's event come after all of this one's?  In the order of
 * the joined bytes: where one name begins the other, a slash is next.
 */

static int
sensu_pager_behind(const sensu_key_t *key, sensu_str_t entity)
{
    int          rc;
    size_t       n;
    sensu_str_t  other;

    if (entity.len == 0) {
        return 0;
    }

    other.data = key->data + key->ns_len + 1;
    other.len = key->entity_len;

    n = other.len < entity.len ? other.len : entity.len;
    rc = memcmp(other.data, entity.data, n);

    if (rc == 0) {
        rc = (other.len > n) ? other.data[n] - '/' : '/' - entity.data[n];
    }

    return rc > 0;
}


/* keeps account of order and of runs of equal keys */

static void
sensu_pager_order(sensu_pager_t *pager, const sensu_key_t *key)
{
    int  cmp;

    cmp = 1;

    if (key->len == 0) {
        pager->unsorted = 1;

    } else if (pager->any) {
        cmp = sensu_str_cmp(sensu_key_str(key), sensu_key_str(&pager->key));

        if (cmp < 0) {
            pager->unsorted = 1;

        } else if (cmp == 0) {
            pager->repeats = 1;
        }
    }

    pager->run = (cmp == 0) ? pager->run + 1 : 1;
    pager->any = 1;

    pager->key.len = key->len;
    memcpy(pager->key.data, key->data, key->len);
}


static sensu_pager_rc_e
sensu_pager_resume(sensu_pager_t *pager, const sensu_key_t *key, uint64_t hash)
{
    int          cmp;
    sensu_str_t  from;

    if (pager->from.mode == SENSU_POSITION_EXACT) {
        return sensu_pager_find(pager, key, hash);
    }

    from.data = pager->from.key;
    from.len = pager->from.key_len;

    cmp = sensu_str_cmp(sensu_key_str(key), from);

    if (key->len == 0 || cmp < 0
        || (cmp == 0 && pager->run <= pager->from.run))
    {
        return SENSU_PAGER_SKIP;
    }

    pager->resumed = 1;

    return SENSU_PAGER_KEEP;
}


/*
 * Looks for the element that was delivered last: at its old place, else at
 * the nearest one.  One before the old place is only known to be the nearest
 * when as many elements after it were seen.
 */

static sensu_pager_rc_e
sensu_pager_find(sensu_pager_t *pager, const sensu_key_t *key, uint64_t hash)
{
    int                      same;
    const sensu_position_t  *from;

    from = &pager->from;

    if (from->key_len != 0) {
        same = key->len == from->key_len
               && memcmp(key->data, from->key, key->len) == 0;

    } else {
        same = key->len == 0 && hash == from->hash;
    }

    if (pager->ordinal < from->ordinal) {

        if (same) {
            pager->rewind = pager->ordinal;
        }

        return SENSU_PAGER_SKIP;
    }

    if (same) {
        pager->resumed = 1;
        return SENSU_PAGER_SKIP;
    }

    return (pager->rewind != 0
            && pager->ordinal - from->ordinal >= from->ordinal - pager->rewind)
           ? SENSU_PAGER_REWIND : SENSU_PAGER_SKIP;
}
