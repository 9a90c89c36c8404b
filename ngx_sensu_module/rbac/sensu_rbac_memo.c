
/*
 * Verdicts of one table.  They are found by all that a verdict is made of but
 * the name, on which those that are kept do not hang: the caller, the verb,
 * the resource, the namespace and what kind of path that is.
 */


#include <stdlib.h>
#include "sensu_rbac.h"
#include "sensu_ways.h"


#define SENSU_RBAC_MEMO_SETS  128    /* a power of two */
#define SENSU_RBAC_MEMO_WAYS  8

/* of namespace and resource; longer ones are not kept */
#define SENSU_RBAC_MEMO_TEXT  72


typedef struct {
    uint64_t              who;       /* 0: free */
    uint32_t              what;
    unsigned              verdict:8;
    unsigned              all:1;
    unsigned              n:1;
    sensu_str_t           name;      /* in the table: of a narrowed list */
    unsigned char         text[SENSU_RBAC_MEMO_TEXT];
} sensu_rbac_verdict_t;


struct sensu_rbac_memo_s {
    sensu_rbac_verdict_t  set[SENSU_RBAC_MEMO_SETS][SENSU_RBAC_MEMO_WAYS];
};


_Static_assert(sizeof(sensu_rbac_verdict_t) <= SENSU_WAYS_ENTRY,
               "sensu_ways_front() has no room for it");


static sensu_rbac_verdict_t *sensu_rbac_memo_set(sensu_rbac_memo_t *memo,
    uint64_t who, const sensu_rbac_ask_t *ask);
static uint32_t sensu_rbac_memo_hash(uint32_t hash, sensu_str_t text);
static uint32_t sensu_rbac_memo_what(const sensu_rbac_ask_t *ask);
static int sensu_rbac_memo_is(const sensu_rbac_verdict_t *verdict,
    uint64_t who, uint32_t what, const sensu_rbac_ask_t *ask);


sensu_rbac_memo_t *
sensu_rbac_memo_create(void)
{
    return calloc(1, sizeof(sensu_rbac_memo_t));
}


void
sensu_rbac_memo_clear(sensu_rbac_memo_t *memo)
{
    memset(memo, 0, sizeof(sensu_rbac_memo_t));
}


int
sensu_rbac_memo_find(sensu_rbac_memo_t *memo, uint64_t who,
    const sensu_rbac_ask_t *ask, sensu_scope_verdict_e *verdict,
    sensu_namespaces_t *set)
{
    size_t                 i;
    uint32_t               what;
    sensu_rbac_verdict_t  *known;

    known = sensu_rbac_memo_set(memo, who, ask);
    what = sensu_rbac_memo_what(ask);

    for (i = 0; known != NULL && i < SENSU_RBAC_MEMO_WAYS; i++) {

        if (!sensu_rbac_memo_is(&known[i], who, what, ask)) {
            continue;
        }

        sensu_ways_front(known, i, sizeof(sensu_rbac_verdict_t));

        *verdict = known->verdict;
        set->all = known->all;
        set->n = known->n;

        if (set->n) {
            set->names[0] = (known->verdict == SENSU_SCOPE_PASS)
                            ? ask->ns : known->name;
        }

        return 1;
    }

    return 0;
}


void
sensu_rbac_memo_add(sensu_rbac_memo_t *memo, uint64_t who,
    const sensu_rbac_ask_t *ask, sensu_scope_verdict_e verdict,
    const sensu_namespaces_t *set)
{
    unsigned char         *text;
    sensu_rbac_verdict_t  *known;

    known = sensu_rbac_memo_set(memo, who, ask);

    if (known == NULL || ask->named || set->n > 1) {
        return;
    }

    sensu_ways_front(known, SENSU_RBAC_MEMO_WAYS - 1,
                     sizeof(sensu_rbac_verdict_t));

    known->who = who;
    known->what = sensu_rbac_memo_what(ask);
    known->verdict = verdict;
    known->all = set->all;
    known->n = set->n;
    known->name = (set->n && verdict != SENSU_SCOPE_PASS)
                  ? set->names[0] : sensu_str_null;

    text = known->text;

    if (ask->ns.len) {
        memcpy(text, ask->ns.data, ask->ns.len);
        text += ask->ns.len;
    }

    if (ask->resource.len) {
        memcpy(text, ask->resource.data, ask->resource.len);
    }
}


/* NULL: not to be kept */

static sensu_rbac_verdict_t *
sensu_rbac_memo_set(sensu_rbac_memo_t *memo, uint64_t who,
    const sensu_rbac_ask_t *ask)
{
    uint32_t  hash;

    if (who == 0
        || ask->ns.len > SENSU_RBAC_MEMO_TEXT
        || ask->resource.len > SENSU_RBAC_MEMO_TEXT - ask->ns.len)
    {
        return NULL;
    }

    hash = (uint32_t) who * 31 + ask->verb;
    hash = sensu_rbac_memo_hash(hash, ask->ns);
    hash = sensu_rbac_memo_hash(hash, ask->resource);

    return memo->set[(hash ^ hash >> 15) & (SENSU_RBAC_MEMO_SETS - 1)];
}


static uint32_t
sensu_rbac_memo_hash(uint32_t hash, sensu_str_t text)
{
    size_t  i;

    for (i = 0; i < text.len; i++) {
        hash = (hash ^ text.data[i]) * 0x01000193;
    }

    return hash;
}


/* no length is over 8 bits, see above */

static uint32_t
sensu_rbac_memo_what(const sensu_rbac_ask_t *ask)
{
    return (uint32_t) ask->verb
           | (uint32_t) ask->namespaced << 4
           | (uint32_t) ask->list << 5
           | (uint32_t) ask->shown << 6
           | (uint32_t) (ask->name.len != 0) << 7
           | (uint32_t) ask->ns.len << 8
           | (uint32_t) ask->resource.len << 16;
}


static int
sensu_rbac_memo_is(const sensu_rbac_verdict_t *verdict, uint64_t who,
    uint32_t what, const sensu_rbac_ask_t *ask)
{
    size_t  n;

    if (verdict->who != who || verdict->what != what) {
        return 0;
    }

    n = ask->ns.len;

    return (n == 0 || memcmp(verdict->text, ask->ns.data, n) == 0)
           && (ask->resource.len == 0
               || memcmp(verdict->text + n, ask->resource.data,
                         ask->resource.len) == 0);
}
