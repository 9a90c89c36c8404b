
/*
 * Verb, resource and name of a request, as the backend derives them from
 * method and path.  Names are compared as they go upstream, percent-encoded:
 * the backend does not decode them for its rules.
 */


#include "sensu_rbac.h"


static sensu_str_t sensu_rbac_ask_name(const sensu_path_t *path,
    unsigned char *buf);
static int sensu_rbac_ask_lists(const sensu_path_t *path);
static int sensu_rbac_ask_self(const sensu_rbac_ask_t *ask,
    const sensu_path_t *path, sensu_str_t user);
static int sensu_rbac_ask_nameless(const sensu_path_t *path);


void
sensu_rbac_ask(sensu_rbac_ask_t *ask, const sensu_path_t *path,
    sensu_rbac_verb_e method, sensu_str_t user, unsigned char *buf)
{
    memset(ask, 0, sizeof(sensu_rbac_ask_t));

    ask->verb = method;
    ask->namespaced = path->namespaced;
    ask->list = path->list;
    ask->resource = path->resource;
    ask->name = sensu_rbac_ask_name(path, buf);
    ask->ns = path->ns;

    if (sensu_rbac_ask_nameless(path)) {
        ask->resource = sensu_str_null;
    }

    if (method == SENSU_RBAC_GET
        && (ask->name.len == 0 || sensu_rbac_ask_lists(path)))
    {
        ask->verb = SENSU_RBAC_LIST;
        ask->name = sensu_str_null;
    }

    if (sensu_rbac_ask_self(ask, path, user)) {
        ask->resource = sensu_str("localselfuser");
    }
}


static sensu_str_t
sensu_rbac_ask_name(const sensu_path_t *path, unsigned char *buf)
{
    unsigned char  *p;

    if (sensu_rbac_ask_nameless(path)) {
        return path->subpath;
    }

    p = sensu_path_escape(buf, path->name);

    if (sensu_str_eq(path->resource, sensu_str("events"))
        && path->subpath.len != 0)
    {
        *p++ = '/';
        memcpy(p, path->subpath.data, path->subpath.len);
        p += path->subpath.len;
    }

    return (sensu_str_t) { p - buf, buf };
}


static int
sensu_rbac_ask_lists(const sensu_path_t *path)
{
    return path->list
           || (sensu_str_eq(path->resource, sensu_str("silenced"))
               && (sensu_str_eq(path->name, sensu_str("checks"))
                   || sensu_str_eq(path->name, sensu_str("subscriptions"))));
}


static int
sensu_rbac_ask_self(const sensu_rbac_ask_t *ask, const sensu_path_t *path,
    sensu_str_t user)
{
    if (path->namespaced || user.len == 0
        || !sensu_str_eq(path->resource, sensu_str("users"))
        || !sensu_str_eq(ask->name, user))
    {
        return 0;
    }

    return (ask->verb == SENSU_RBAC_GET && path->subpath.len == 0)
           || (ask->verb == SENSU_RBAC_UPDATE
               && sensu_str_eq(path->subpath, sensu_str("password")));
}


/* cluster/members[/{id}] and tessen: the backend derives no resource */

static int
sensu_rbac_ask_nameless(const sensu_path_t *path)
{
    return !path->namespaced
           && (sensu_str_eq(path->resource, sensu_str("cluster"))
               || sensu_str_eq(path->resource, sensu_str("tessen")));
}
