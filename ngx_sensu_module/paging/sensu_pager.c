
/*
 * The pager.
 */


#include "sensu_pager.h"


static sensu_pager_rc_e sensu_pager_check(sensu_pager_t *pager,
    const sensu_id_t *id);
static sensu_pager_rc_e sensu_pager_resume(sensu_pager_t *pager,
    const sensu_key_t *key);
static sensu_pager_rc_e sensu_pager_find(sensu_pager_t *pager);
static int sensu_pager_misled(const sensu_pager_t *pager);
static int sensu_pager_behind(const sensu_id_t *id, sensu_str_t entity);
static int sensu_pager_cmp(const sensu_key_t *later, const sensu_key_t *key);
static void sensu_pager_order(sensu_pager_t *pager, const sensu_key_t *key);
static int sensu_filter_names(const sensu_namespaces_t *names,
    const sensu_key_t *key);


void
sensu_pager_init(sensu_pager_t *pager, const sensu_position_t *from,
    const sensu_filter_t *filter)
{
    /* but the keys, which are large */
    memset(pager, 0, offsetof(sensu_pager_t, from));

    pager->filter = filter;
    pager->from = *from;
    pager->resumed = (from->mode == SENSU_POSITION_START);
    pager->passed = from->keyless;
    pager->same = pager->resumed;
    pager->key.len = 0;
}


void
sensu_pager_native(sensu_pager_t *pager, uint64_t most)
{
    pager->native = 1;
    pager->most = most;
    pager->resumed = 1;
    pager->ordinal = pager->from.ordinal;
    pager->trail = pager->from.trail;
    pager->chain = pager->from.chain;
    pager->same |= (pager->chain != 0);
}


sensu_pager_rc_e
sensu_pager_next(sensu_pager_t *pager, const sensu_id_t *id, uint64_t hash)
{
    sensu_pager_rc_e    rc;
    const sensu_key_t  *key;

    key = &id->key;
    pager->received++;

    if (pager->native) {
        rc = sensu_pager_check(pager, id);

        if (rc == SENSU_PAGER_UNTRUE) {
            return rc;
        }

        if (rc == SENSU_PAGER_SKIP) {
            /* what follows must be in order, too */
            sensu_pager_order(pager, key);
            pager->ended = 1;
            return rc;
        }

    } else if (!sensu_filter_pass(pager->filter, id)) {
        return SENSU_PAGER_FOREIGN;
    }

    pager->ordinal++;

    if (key->len == 0) {
        pager->trail = sensu_hash_chain(pager->trail, hash);

    } else {
        hash = sensu_hash_key(key);
        sensu_pager_order(pager, key);
    }

    pager->chain = sensu_hash_chain(pager->chain, hash);

    if (pager->native) {
        return SENSU_PAGER_KEEP;
    }

    if (pager->resumed) {
        return sensu_pager_misled(pager) ? SENSU_PAGER_LOST
                                         : SENSU_PAGER_KEEP;
    }

    return (pager->from.mode == SENSU_POSITION_EXACT)
           ? sensu_pager_find(pager) : sensu_pager_resume(pager, key);
}


sensu_pager_rc_e
sensu_pager_end(const sensu_pager_t *pager)
{
    if (pager->resumed) {
        return SENSU_PAGER_KEEP;
    }

    /* all that is left of a list in order may lie before a key that is gone */

    return (pager->from.mode == SENSU_POSITION_EXACT || pager->passed
            || pager->twin || pager->trail != pager->from.trail)
           ? SENSU_PAGER_LOST : SENSU_PAGER_KEEP;
}


void
sensu_pager_note(const sensu_pager_t *pager, sensu_last_t *last)
{
    sensu_key_copy(&last->key, &pager->key);

    last->trail = pager->trail;
    last->chain = pager->chain;
    last->ordinal = pager->ordinal;
    last->run = pager->run;
}


sensu_pager_rc_e
sensu_pager_advance(const sensu_pager_t *pager, sensu_position_t *position,
    const sensu_last_t *last, sensu_str_t ns)
{
    int                      cmp;
    const sensu_position_t  *from;

    from = &pager->from;
    cmp = 1;

    if (from->mode != SENSU_POSITION_START && !from->keyless) {
        cmp = sensu_pager_cmp(&last->key, &from->key);
        cmp = cmp ? cmp : (int) (last->run > from->run);
    }

    if (pager->unsorted) {
        position->mode = SENSU_POSITION_EXACT;

    } else if (from->mode != SENSU_POSITION_EXACT
               && (cmp < 0 || (cmp == 0 && last->trail == from->trail)))
    {
        return SENSU_PAGER_UNTRUE;

    } else {
        position->mode = pager->repeats ? SENSU_POSITION_REPEATED
                                        : SENSU_POSITION_SORTED;
    }

    position->ordinal = last->ordinal;
    position->run = last->run;
    position->trail = last->trail;
    position->chain = pager->same ? last->chain : 0;
    position->keyless = (last->key.len == 0);
    sensu_key_copy(&position->key, &last->key);

    if (position->keyless && ns.len) {
        /* of a long namespace the begin will do to find its list */
        position->key.len = ns.len < SENSU_KEY_MAX ? ns.len : SENSU_KEY_MAX;
        memcpy(position->key.data, ns.data, position->key.len);
    }

    return SENSU_PAGER_KEEP;
}


int
sensu_filter_pass(const sensu_filter_t *filter, const sensu_id_t *id)
{
    const sensu_key_t  *ns, *entity;

    ns = &id->part[SENSU_KEY_NS];
    entity = &id->part[SENSU_KEY_ENTITY];

    if (filter->ns.len != 0) {

        if (ns->len == 0) {
            return !filter->strict && (id->unfit & 1 << SENSU_KEY_NS) == 0;
        }

        if (!sensu_key_is(ns, filter->ns)) {
            return 0;
        }
    }

    if (filter->entity.len != 0 && !sensu_key_is(entity, filter->entity)) {
        return 0;
    }

    return filter->names == NULL
           || sensu_filter_names(filter->names, &id->key);
}


static int
sensu_filter_names(const sensu_namespaces_t *names, const sensu_key_t *key)
{
    size_t  i;

    if (!sensu_key_is_long(key)) {
        return sensu_namespaces_has(names, sensu_key_begin(key));
    }

    for (i = 0; i < names->n; i++) {
        if (sensu_key_is(key, names->names[i])) {
            return 1;
        }
    }

    return names->all;
}


/*
 * Is this what a backend sends that was asked for elements behind a key?  One
 * exception is no fault: of an entity's events the namespace's list is asked
 * for from that entity on, and it goes on with those that come after.
 */

static sensu_pager_rc_e
sensu_pager_check(sensu_pager_t *pager, const sensu_id_t *id)
{
    sensu_filter_t      ns;
    const sensu_key_t  *before;

    if (id->key.len == 0 || pager->received > pager->most) {
        return SENSU_PAGER_UNTRUE;
    }

    before = pager->any ? &pager->key : &pager->from.key;

    if (sensu_key_cmp(&id->key, before) <= 0) {
        return SENSU_PAGER_UNTRUE;
    }

    if (sensu_filter_pass(pager->filter, id)) {
        return SENSU_PAGER_KEEP;
    }

    ns = *pager->filter;
    ns.entity.len = 0;

    return (sensu_filter_pass(&ns, id)
            && sensu_pager_behind(id, pager->filter->entity))
           ? SENSU_PAGER_SKIP : SENSU_PAGER_UNTRUE;
}


/*
 * Does another entity's event come after all of this one's?  In the order of
 * the joined bytes: where one name begins the other, a slash is next.
 */

static int
sensu_pager_behind(const sensu_id_t *id, sensu_str_t entity)
{
    int          rc;
    size_t       n;
    sensu_str_t  other;

    if (entity.len == 0) {
        return 0;
    }

    other = sensu_key_begin(&id->part[SENSU_KEY_ENTITY]);

    n = other.len < entity.len ? other.len : entity.len;
    rc = memcmp(other.data, entity.data, n);

    if (rc != 0 || n == SENSU_KEY_MAX) {
        return rc > 0;
    }

    return (other.len > n ? other.data[n] - '/' : '/' - entity.data[n]) > 0;
}


/* of two that have no order the one that comes later is the greater one */

static int
sensu_pager_cmp(const sensu_key_t *later, const sensu_key_t *key)
{
    return sensu_key_is_twin(later, key) ? 1 : sensu_key_cmp(later, key);
}


/* keeps account of order and of runs of equal keys */

static void
sensu_pager_order(sensu_pager_t *pager, const sensu_key_t *key)
{
    int  cmp;

    cmp = 1;

    if (pager->any) {
        cmp = sensu_pager_cmp(key, &pager->key);

        if (cmp < 0) {
            pager->unsorted = 1;

        } else if (cmp == 0) {
            pager->repeats = 1;
        }
    }

    pager->run = (cmp == 0) ? pager->run + 1 : 1;
    pager->any = 1;

    sensu_key_copy(&pager->key, key);
}


/*
 * Of a list in order: it goes on behind the key, and behind the elements
 * without one that came up to the position.  Those are all there are up to
 * here, or nobody knows which of them were delivered.
 */

static sensu_pager_rc_e
sensu_pager_resume(sensu_pager_t *pager, const sensu_key_t *key)
{
    int                      cmp, trail;
    const sensu_position_t  *from;

    from = &pager->from;
    trail = (pager->trail == from->trail);
    cmp = 0;

    if (key->len != 0) {
        cmp = from->keyless ? 1 : sensu_key_cmp(key, &from->key);

        if (cmp == 0 && pager->run >= from->run) {
            pager->passed = 1;
        }

        if (cmp < 0 && sensu_key_is_twin(key, &from->key)) {
            pager->twin = 1;
        }
    }

    if (cmp > 0) {

        if (!trail || pager->passed || pager->twin) {
            return SENSU_PAGER_LOST;
        }

        pager->resumed = 1;
        return SENSU_PAGER_KEEP;
    }

    pager->resumed = (cmp == 0 && pager->passed && trail);
    pager->same = (pager->resumed && pager->chain == from->chain);

    return SENSU_PAGER_SKIP;
}


/* of a list without order: at its old place, with all before it */

static sensu_pager_rc_e
sensu_pager_find(sensu_pager_t *pager)
{
    if (pager->ordinal < pager->from.ordinal) {
        return SENSU_PAGER_SKIP;
    }

    if (pager->chain != pager->from.chain) {
        return SENSU_PAGER_LOST;
    }

    pager->resumed = 1;
    pager->same = 1;

    return SENSU_PAGER_SKIP;
}


/*
 * A list that was taken to be in order is not, and is not what it was up to
 * the position: an element may have been delivered that stands behind it now.
 */

static int
sensu_pager_misled(const sensu_pager_t *pager)
{
    return pager->unsorted && !pager->same && !pager->from.keyless;
}
