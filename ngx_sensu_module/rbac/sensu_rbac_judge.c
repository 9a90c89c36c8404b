
/*
 * What becomes of a request: passed as it is, narrowed to the namespaces in
 * which it is allowed, or denied.
 */


#include "sensu_rbac.h"


static sensu_scope_verdict_e sensu_rbac_judge_list(const sensu_rbac_t *table,
    const sensu_rbac_who_t *who, const sensu_rbac_ask_t *ask,
    sensu_namespaces_t *set, unsigned char *marks);
static sensu_scope_verdict_e sensu_rbac_judge_namespaces(
    const sensu_rbac_t *table, const sensu_rbac_who_t *who,
    const sensu_rbac_ask_t *ask, int shown, sensu_namespaces_t *set,
    unsigned char *marks);


size_t
sensu_rbac_judge_room(const sensu_rbac_t *table, const sensu_path_t *path)
{
    size_t  n;

    n = path->ns.len ? 1 : sensu_rbac_count(table);

    return n * (sizeof(sensu_str_t) + 1) + sensu_rbac_ask_room(path);
}


sensu_scope_verdict_e
sensu_rbac_judge(const sensu_rbac_t *table, const sensu_rbac_who_t *who,
    const sensu_path_t *path, sensu_rbac_verb_e method, int shown,
    sensu_namespaces_t *set, void *memory)
{
    size_t             n;
    unsigned char     *marks;
    sensu_rbac_ask_t   ask;

    n = path->ns.len ? 1 : sensu_rbac_count(table);

    set->all = 0;
    set->n = 0;
    set->names = memory;

    marks = (unsigned char *) (set->names + n);

    sensu_rbac_ask(&ask, path, method, who->user, marks + n);

    if (!path->namespaced
        && sensu_str_eq(path->resource, sensu_str("namespaces")))
    {
        return sensu_rbac_judge_namespaces(table, who, &ask, shown, set,
                                           marks);
    }

    if (sensu_rbac_allows(table, who, &ask)) {

        if (path->ns.len) {
            set->names[set->n++] = path->ns;

        } else {
            set->all = path->namespaced;
        }

        return SENSU_SCOPE_PASS;
    }

    if (!path->namespaced || path->ns.len || ask.verb != SENSU_RBAC_LIST
        || !path->list)
    {
        return SENSU_SCOPE_DENY;
    }

    return sensu_rbac_judge_list(table, who, &ask, set, marks);
}


/* of all namespaces those in which he may list */

static sensu_scope_verdict_e
sensu_rbac_judge_list(const sensu_rbac_t *table, const sensu_rbac_who_t *who,
    const sensu_rbac_ask_t *ask, sensu_namespaces_t *set,
    unsigned char *marks)
{
    set->n = sensu_rbac_namespaces(table, who, ask, set->names, marks);

    return sensu_scope_list(set);
}


/* to be allowed to list all namespaces is not to see all of them */

static sensu_scope_verdict_e
sensu_rbac_judge_namespaces(const sensu_rbac_t *table,
    const sensu_rbac_who_t *who, const sensu_rbac_ask_t *ask, int shown,
    sensu_namespaces_t *set, unsigned char *marks)
{
    int  list;

    list = (ask->verb == SENSU_RBAC_LIST);

    if (!(list && shown) && !sensu_rbac_allows(table, who, ask)) {
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

    return sensu_rbac_sees(table, who, ask->name) ? SENSU_SCOPE_PASS
                                                  : SENSU_SCOPE_DENY;
}
