
/*
 * Scope: membership in the caller's namespaces decides everything; whatever
 * no rule allows is denied.
 */


#include "sensu_scope.h"


static int sensu_scope_find(const sensu_namespaces_t *set, sensu_str_t name,
    size_t *pos);
static int sensu_scope_name_ok(sensu_str_t name);
static void sensu_scope_cut(sensu_namespaces_t *set,
    const sensu_namespaces_t *limit);
static sensu_scope_verdict_e sensu_scope_cluster(
    const sensu_namespaces_t *set, const sensu_path_t *path,
    sensu_str_t user, sensu_scope_method_e method);


int
sensu_namespaces_add(sensu_namespaces_t *set, sensu_str_t value)
{
    int          rc;
    sensu_str_t  name, rest;

    rest = value;

    if (sensu_scope_next(&rest, &name) && sensu_str_eq(name, sensu_str("*"))
        && !sensu_scope_next(&rest, &name))
    {
        set->all = 1;
        set->n = 0;
        return 0;
    }

    while (sensu_scope_next(&value, &name)) {

        rc = sensu_namespaces_add_name(set, name);

        if (rc != 1) {
            set->all = 0;
            set->n = 0;
            return rc ? rc : -1;
        }
    }

    return 0;
}


int
sensu_namespaces_add_name(sensu_namespaces_t *set, sensu_str_t name)
{
    size_t  pos;

    if (!sensu_scope_name_ok(name)) {
        return 0;
    }

    if (set->all || sensu_scope_find(set, name, &pos)) {
        return 1;
    }

    if (set->n == SENSU_SCOPE_MAX) {
        return SENSU_NAMESPACES_MANY;
    }

    memmove(&set->names[pos + 1], &set->names[pos],
            (set->n - pos) * sizeof(sensu_str_t));
    set->names[pos] = name;
    set->n++;

    return 1;
}


int
sensu_namespaces_add_groups(sensu_namespaces_t *set, sensu_str_t groups)
{
    sensu_str_t  name;

    while (groups.data != NULL) {

        name = sensu_str_cut(&groups, ',');

        if (sensu_namespaces_add_name(set, name) < 0) {
            return SENSU_NAMESPACES_MANY;
        }
    }

    return 0;
}


/* whatever separates is a comma, or not above the blank */

size_t
sensu_namespaces_room(sensu_str_t value)
{
    size_t  i, n;

    n = 1;

    for (i = 0; i < value.len; i++) {
        n += (value.data[i] == ',' || value.data[i] <= ' ');
    }

    return n < SENSU_SCOPE_MAX ? n : SENSU_SCOPE_MAX;
}


int
sensu_namespaces_has(const sensu_namespaces_t *set, sensu_str_t ns)
{
    size_t  pos;

    return set->all || sensu_scope_find(set, ns, &pos);
}


sensu_scope_verdict_e
sensu_scope_judge(const sensu_namespaces_t *set, const sensu_path_t *path,
    sensu_str_t user, sensu_scope_method_e method)
{
    if (set->all) {
        return SENSU_SCOPE_PASS;
    }

    switch (path->scope) {

    case SENSU_SCOPE_NAMESPACE:
        return sensu_namespaces_has(set, path->ns) ? SENSU_SCOPE_PASS
                                                   : SENSU_SCOPE_DENY;

    case SENSU_SCOPE_CLUSTER:
        break;

    default:
        return SENSU_SCOPE_DENY;
    }

    if (!path->namespaced) {
        return sensu_scope_cluster(set, path, user, method);
    }

    if (method != SENSU_SCOPE_GET || !path->list) {
        return SENSU_SCOPE_DENY;
    }

    return sensu_scope_list(set);
}


sensu_scope_verdict_e
sensu_scope_list(const sensu_namespaces_t *set)
{
    return set->all ? SENSU_SCOPE_PASS
           : set->n == 0 ? SENSU_SCOPE_DENY
           : set->n == 1 ? SENSU_SCOPE_ONE : SENSU_SCOPE_MERGE;
}


sensu_scope_verdict_e
sensu_scope_meet(sensu_namespaces_t *set, sensu_scope_verdict_e verdict,
    const sensu_namespaces_t *limit, sensu_scope_verdict_e limited)
{
    if (set->all) {
        *set = *limit;

    } else if (!limit->all) {
        sensu_scope_cut(set, limit);
    }

    if (verdict == SENSU_SCOPE_DENY || limited == SENSU_SCOPE_DENY) {
        return SENSU_SCOPE_DENY;
    }

    if (verdict == SENSU_SCOPE_PASS) {
        return limited;
    }

    if (verdict == SENSU_SCOPE_NAMESPACES) {
        return verdict;
    }

    return sensu_scope_list(set);
}


/* both are in one order */

static void
sensu_scope_cut(sensu_namespaces_t *set, const sensu_namespaces_t *limit)
{
    int     rc;
    size_t  i, n, kept;

    i = 0;
    n = 0;
    kept = 0;

    while (i < set->n && n < limit->n) {
        rc = sensu_scope_cmp(set->names[i], limit->names[n]);

        if (rc == 0) {
            set->names[kept++] = set->names[i];
        }

        i += (rc <= 0);
        n += (rc >= 0);
    }

    set->n = kept;
}


/* cluster-scoped resources: his namespaces and himself */

static sensu_scope_verdict_e
sensu_scope_cluster(const sensu_namespaces_t *set, const sensu_path_t *path,
    sensu_str_t user, sensu_scope_method_e method)
{
    if (sensu_str_eq(path->resource, sensu_str("namespaces"))) {

        if (method != SENSU_SCOPE_GET) {
            return SENSU_SCOPE_DENY;
        }

        if (path->name.len == 0) {
            return SENSU_SCOPE_NAMESPACES;
        }

        return sensu_namespaces_has(set, path->name) ? SENSU_SCOPE_PASS
                                                     : SENSU_SCOPE_DENY;
    }

    if (sensu_str_eq(path->resource, sensu_str("users"))
        && user.len != 0 && sensu_str_eq(path->name, user)
        && (method == SENSU_SCOPE_GET || method == SENSU_SCOPE_PUT)
        && (path->subpath.len == 0
            || sensu_str_eq(path->subpath, sensu_str("password"))))
    {
        return SENSU_SCOPE_PASS;
    }

    return SENSU_SCOPE_DENY;
}


int
sensu_scope_next(sensu_str_t *value, sensu_str_t *name)
{
    int                   separator;
    const unsigned char  *p, *last;

    name->len = 0;

    p = value->data;
    last = (value->len != 0) ? value->data + value->len : p;

    while (p < last) {
        separator = (strchr(", \t\r\n", *p) != NULL && *p != '\0');

        if (separator && name->len != 0) {
            break;
        }

        if (!separator && name->len++ == 0) {
            name->data = p;
        }

        p++;
    }

    value->data = p;
    value->len = last - p;

    return name->len != 0;
}


/* where the name is in the set, or would be */

static int
sensu_scope_find(const sensu_namespaces_t *set, sensu_str_t name, size_t *pos)
{
    int     rc;
    size_t  low, high, mid;

    low = 0;
    high = set->n;

    while (low < high) {
        mid = low + (high - low) / 2;
        rc = sensu_scope_cmp(set->names[mid], name);

        if (rc == 0) {
            *pos = mid;
            return 1;
        }

        if (rc < 0) {
            low = mid + 1;

        } else {
            high = mid;
        }
    }

    *pos = low;

    return 0;
}


/* where one begins the other, the longer one has its next byte at the slash */

int
sensu_scope_cmp(sensu_str_t a, sensu_str_t b)
{
    int     rc;
    size_t  n;

    n = a.len < b.len ? a.len : b.len;
    rc = n ? memcmp(a.data, b.data, n) : 0;

    if (rc != 0 || a.len == b.len) {
        return rc;
    }

    if (a.len > b.len) {
        return a.data[n] < '/' ? -1 : 1;
    }

    return b.data[n] < '/' ? 1 : -1;
}


static int
sensu_scope_name_ok(sensu_str_t name)
{
    size_t         i, dots;
    unsigned char  c;

    dots = 0;

    for (i = 0; i < name.len; i++) {
        c = name.data[i];

        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
              || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.'
              || c == ':'))
        {
            return 0;
        }

        dots += (c == '.');
    }

    return name.len > 2 || dots != name.len;
}
