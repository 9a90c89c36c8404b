
/*
 * What becomes of a request: passed as it is, narrowed to the namespaces in
 * which it is allowed, or denied.
 */


#include "sensu_rbac.h"


static sensu_scope_verdict_e sensu_rbac_judge_namespaces(
    const sensu_rbac_t *table, const sensu_rbac_who_t *who,
    sensu_rbac_ask_t *ask, sensu_namespaces_t *set, unsigned char *marks);
static size_t sensu_rbac_judge_n(const sensu_rbac_t *table,
    const sensu_rbac_ask_t *ask);


size_t
sensu_rbac_judge_room(const sensu_rbac_t *table, const sensu_rbac_ask_t *ask)
{
    return sensu_rbac_judge_n(table, ask) * (sizeof(sensu_str_t) + 1);
}


sensu_scope_verdict_e
sensu_rbac_judge(const sensu_rbac_t *table, const sensu_rbac_who_t *who,
    sensu_rbac_ask_t *ask, sensu_namespaces_t *set, void *memory)
{
    unsigned char  *marks;

    set->all = 0;
    set->n = 0;
    set->names = memory;

    marks = (unsigned char *) (set->names + sensu_rbac_judge_n(table, ask));

    if (!ask->namespaced
        && sensu_str_eq(ask->resource, sensu_str("namespaces")))
    {
        return sensu_rbac_judge_namespaces(table, who, ask, set, marks);
    }

    if (sensu_rbac_allows(table, who, ask)) {

        if (ask->ns.len) {
            set->names[set->n++] = ask->ns;

        } else {
            set->all = ask->namespaced;
        }

        return SENSU_SCOPE_PASS;
    }

    if (!ask->namespaced || ask->ns.len || ask->verb != SENSU_RBAC_LIST
        || !ask->list)
    {
        return SENSU_SCOPE_DENY;
    }

    /* of all namespaces those in which he may list */

    set->n = sensu_rbac_namespaces(table, who, ask, set->names, marks);

    return sensu_scope_list(set);
}


/* at least one, so that there is always room for a namespace by itself */

static size_t
sensu_rbac_judge_n(const sensu_rbac_t *table, const sensu_rbac_ask_t *ask)
{
    size_t  n;

    n = ask->ns.len ? 1 : sensu_rbac_count(table);

    return n ? n : 1;
}


/* to be allowed to list all namespaces is not to see all of them */

static sensu_scope_verdict_e
sensu_rbac_judge_namespaces(const sensu_rbac_t *table,
    const sensu_rbac_who_t *who, sensu_rbac_ask_t *ask,
    sensu_namespaces_t *set, unsigned char *marks)
{
    int  list;

    list = (ask->verb == SENSU_RBAC_LIST);

    if (!(list && ask->shown) && !sensu_rbac_allows(table, who, ask)) {
        return SENSU_SCOPE_DENY;
    }

    if (ask->verb != SENSU_RBAC_GET && !list) {
        return SENSU_SCOPE_PASS;
    }

    if (sensu_rbac_sees_all(table, who)) {
        set->all = 1;
        return SENSU_SCOPE_PASS;
    }

    if (list) {
        set->n = sensu_rbac_namespaces(table, who, NULL, set->names, marks);
        return SENSU_SCOPE_NAMESPACES;
    }

    ask->named = 1;

    return sensu_rbac_sees(table, who, ask->name) ? SENSU_SCOPE_PASS
                                                  : SENSU_SCOPE_DENY;
}
