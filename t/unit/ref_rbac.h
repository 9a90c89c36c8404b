
/*
 * Who may do what, said once more and as plainly as can be: the elements of
 * the five lists are gone through for every question.
 */


#ifndef _REF_RBAC_H_INCLUDED_
#define _REF_RBAC_H_INCLUDED_


#include <stdlib.h>
#include "sensu_rbac.h"
#include "sensu_scope.h"


typedef struct {
    json_t               *list[SENSU_RBAC_LISTS];    /* arrays */
} ref_rbac_t;


static const char *
ref_text(const json_t *object, const char *key)
{
    const char  *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}


static int
ref_is(const char *text, sensu_str_t other)
{
    return *text && strlen(text) == other.len
           && memcmp(text, other.data, other.len) == 0;
}


static int
ref_in(const json_t *array, const char *star, sensu_str_t other)
{
    size_t       i;
    const char  *text;

    for (i = 0; i < json_array_size(array); i++) {
        text = json_string_value(json_array_get(array, i));

        if (text && ((star && strcmp(text, star) == 0)
                     || ref_is(text, other)))
        {
            return 1;
        }
    }

    return 0;
}


static int
ref_rule_allows(const json_t *rule, const sensu_rbac_ask_t *ask)
{
    json_t      *names = json_object_get(rule, "resource_names");
    const char  *verb = ask->verb == SENSU_RBAC_GET ? "get"
                      : ask->verb == SENSU_RBAC_LIST ? "list"
                      : ask->verb == SENSU_RBAC_CREATE ? "create"
                      : ask->verb == SENSU_RBAC_UPDATE ? "update"
                      : ask->verb == SENSU_RBAC_DELETE ? "delete" : "";

    if (!ref_in(json_object_get(rule, "verbs"), "*",
                (sensu_str_t) { strlen(verb), (unsigned char *) verb })
        || !ref_in(json_object_get(rule, "resources"), "*", ask->resource))
    {
        return 0;
    }

    if (names == NULL || json_is_null(names)
        || (json_is_array(names) && json_array_size(names) == 0))
    {
        return 1;
    }

    return ref_in(names, NULL, ask->name);
}


/* a role of the list, in the namespace that its metadata must have */

static const json_t *
ref_role(const ref_rbac_t *ref, const char *name, const char *ns)
{
    size_t        i;
    json_t       *list, *metadata;
    const json_t *found = NULL;

    list = ref->list[*ns ? SENSU_RBAC_ROLES : SENSU_RBAC_CLUSTERROLES];

    for (i = 0; *name && i < json_array_size(list); i++) {
        metadata = json_object_get(json_array_get(list, i), "metadata");

        if (strcmp(ref_text(metadata, "name"), name) == 0
            && (!*ns || strcmp(ref_text(metadata, "namespace"), ns) == 0))
        {
            found = json_array_get(list, i);
        }
    }

    return found;
}


/* the role that a binding means in the namespace ns; "": cluster-wide */

static const json_t *
ref_bound(const ref_rbac_t *ref, const json_t *binding, const char *ns)
{
    json_t      *role = json_object_get(binding, "role_ref");
    const char  *type = ref_text(role, "type");

    if (strcmp(type, "ClusterRole") == 0) {
        return ref_role(ref, ref_text(role, "name"), "");
    }

    if (strcmp(type, "Role") == 0 && *ns) {
        return ref_role(ref, ref_text(role, "name"), ns);
    }

    return NULL;
}


static int
ref_subject(const json_t *binding, const sensu_rbac_who_t *who)
{
    size_t       i, n;
    json_t      *subjects = json_object_get(binding, "subjects");
    json_t      *subject;
    const char  *name, *type;

    for (i = 0; i < json_array_size(subjects); i++) {
        subject = json_array_get(subjects, i);
        type = ref_text(subject, "type");
        name = ref_text(subject, "name");

        if (strcmp(type, "User") == 0 && ref_is(name, who->user)) {
            return 1;
        }

        for (n = 0; strcmp(type, "Group") == 0 && n < who->ngroups; n++) {
            if (ref_is(name, who->groups[n])) {
                return 1;
            }
        }
    }

    return 0;
}


/* what a rule is worth for GET /namespaces: 1 anything, 2 on what lives in
   namespaces; only the types that fuzzer and tests use */

static int
ref_worth(const json_t *role)
{
    int      worth = 0, verb;
    size_t   i, k, n;
    json_t  *rule, *rules = json_object_get(role, "rules");
    json_t  *names, *resources, *verbs;

    for (i = 0; i < json_array_size(rules); i++) {
        rule = json_array_get(rules, i);
        names = json_object_get(rule, "resource_names");
        verbs = json_object_get(rule, "verbs");
        resources = json_object_get(rule, "resources");
        verb = 0;

        for (k = 0; k < json_array_size(verbs); k++) {
            verb |= ref_in(verbs, "*", sensu_str("get"))
                    || ref_in(verbs, NULL, sensu_str("list"))
                    || ref_in(verbs, NULL, sensu_str("create"))
                    || ref_in(verbs, NULL, sensu_str("update"))
                    || ref_in(verbs, NULL, sensu_str("delete"));
        }

        if (names && !json_is_null(names)
            && !(json_is_array(names) && json_array_size(names) == 0))
        {
            for (k = 0, n = 0; k < json_array_size(names); k++) {
                n += json_string_length(json_array_get(names, k)) > 0;
            }

            verb = verb && n;
        }

        for (k = 0; verb && k < json_array_size(resources); k++) {
            if (json_string_length(json_array_get(resources, k))) {
                worth |= 1;
            }
        }

        if (verb && (ref_in(resources, "*", sensu_str("checks"))
                     || ref_in(resources, NULL, sensu_str("events"))
                     || ref_in(resources, NULL, sensu_str("silenced"))))
        {
            worth |= 2;
        }
    }

    return worth;
}


/* ask: NULL for worth alone */

static int
ref_grants(const ref_rbac_t *ref, const json_t *binding, const char *ns,
    const sensu_rbac_who_t *who, const sensu_rbac_ask_t *ask, int worth)
{
    size_t         i;
    json_t        *rules;
    const json_t  *role;

    role = ref_subject(binding, who) ? ref_bound(ref, binding, ns) : NULL;

    if (ask == NULL) {
        return (ref_worth(role) & worth) != 0;
    }

    rules = json_object_get(role, "rules");

    for (i = 0; i < json_array_size(rules); i++) {
        if (ref_rule_allows(json_array_get(rules, i), ask)) {
            return 1;
        }
    }

    return 0;
}


/* by bindings of the namespace ns and, where they name a Role, cluster-wide */

static int
ref_allows_in(const ref_rbac_t *ref, const sensu_rbac_who_t *who,
    const sensu_rbac_ask_t *ask, const char *ns)
{
    size_t   i;
    json_t  *list, *binding;

    list = ref->list[SENSU_RBAC_CLUSTERROLEBINDINGS];

    for (i = 0; i < json_array_size(list); i++) {
        binding = json_array_get(list, i);

        if (strcmp(ref_text(json_object_get(binding, "role_ref"), "type"),
                   "Role") == 0
            && ref_grants(ref, binding, ns, who, ask, 1))
        {
            return 1;
        }
    }

    list = ref->list[SENSU_RBAC_ROLEBINDINGS];

    for (i = 0; *ns && i < json_array_size(list); i++) {
        binding = json_array_get(list, i);

        if (strcmp(ref_text(json_object_get(binding, "metadata"),
                            "namespace"), ns) == 0
            && ref_grants(ref, binding, ns, who, ask, 1))
        {
            return 1;
        }
    }

    return 0;
}


static int
ref_everywhere(const ref_rbac_t *ref, const sensu_rbac_who_t *who,
    const sensu_rbac_ask_t *ask)
{
    size_t   i;
    json_t  *list = ref->list[SENSU_RBAC_CLUSTERROLEBINDINGS];

    for (i = 0; i < json_array_size(list); i++) {
        if (ref_grants(ref, json_array_get(list, i), "", who, ask, 2)) {
            return 1;
        }
    }

    return 0;
}


static int
ref_allows(const ref_rbac_t *ref, const sensu_rbac_who_t *who,
    const sensu_rbac_ask_t *ask)
{
    char  ns[256];

    memcpy(ns, ask->ns.len ? ask->ns.data : (unsigned char *) "", ask->ns.len);
    ns[ask->ns.len] = '\0';

    return ref_everywhere(ref, who, ask)
           || (*ns && ref_allows_in(ref, who, ask, ns));
}


static sensu_rbac_t *
ref_table(const ref_rbac_t *ref)
{
    size_t               i, n;
    sensu_rbac_t        *table;
    sensu_rbac_build_t  *build;

    build = sensu_rbac_build_create();

    for (i = 0; i < SENSU_RBAC_LISTS; i++) {
        for (n = 0; n < json_array_size(ref->list[i]); n++) {
            if (sensu_rbac_build_add(build, i, json_array_get(ref->list[i], n))
                != 0)
            {
                abort();
            }
        }
    }

    table = sensu_rbac_build_table(build);
    sensu_rbac_build_free(build);

    return table;
}


/*
 * What becomes of a request, by the text alone.  verb, resource, name and ns
 * are what the backend derives, written by hand; name and resource of somebody
 * himself for the caller "eva".
 */

typedef struct {
    const char           *method;
    const char           *path;
    const char           *verb;      /* "": none of those */
    const char           *resource;
    const char           *name;
    const char           *ns;
    int                   namespaced;
    int                   list;      /* a GET of it is one */
} ref_request_t;


/* the module's own question; returns the bytes of its name */

static inline size_t
ref_ask(sensu_rbac_ask_t *ask, const ref_request_t *request, sensu_str_t user,
    int shown)
{
    sensu_str_t        raw;
    sensu_path_t       path;
    sensu_rbac_verb_e  verb;

    static unsigned char  buf[1024], name[1024];

    verb = strcmp(request->method, "GET") == 0 ? SENSU_RBAC_GET
         : strcmp(request->method, "POST") == 0 ? SENSU_RBAC_CREATE
         : strcmp(request->method, "PUT") == 0 ? SENSU_RBAC_UPDATE
         : strcmp(request->method, "DELETE") == 0 ? SENSU_RBAC_DELETE
         : SENSU_RBAC_OTHER;

    raw.data = (const unsigned char *) request->path;
    raw.len = strlen(request->path);

    if (sensu_path_parse(&path, raw, buf) != SENSU_PATH_API) {
        abort();
    }

    sensu_rbac_ask(ask, &path, verb, user, name);
    ask->shown = shown;

    return ask->name.len;
}


static inline void
ref_verdict(char *out, sensu_scope_verdict_e verdict,
    const sensu_namespaces_t *set)
{
    size_t  i;

    out += sprintf(out, "%s", verdict == SENSU_SCOPE_PASS ? "pass"
                            : verdict == SENSU_SCOPE_DENY ? "deny" : "only");

    /* of those that pass the path says where */

    for (i = 0; verdict > SENSU_SCOPE_DENY && i < set->n; i++) {
        out += sprintf(out, " %.*s", (int) set->names[i].len,
                       set->names[i].data);
    }
}


/* those that exist, in the order of name + "/" */

static inline int
ref_only(char *out, const ref_rbac_t *ref, const sensu_rbac_who_t *who,
    const sensu_rbac_ask_t *ask)
{
    int          found = 0;
    size_t       i, k;
    json_t      *list = ref->list[SENSU_RBAC_NAMESPACES];
    const char  *name;

    static const char *const  order[] = {
        "bob", "dev-eu", "dev.x", "dev", "eva", "ops", "team"
    };

    out += sprintf(out, "only");

    for (k = 0; k < sizeof(order) / sizeof(order[0]); k++) {
        for (i = 0; i < json_array_size(list); i++) {
            name = ref_text(json_array_get(list, i), "name");

            if (strcmp(name, order[k]) == 0
                && ref_allows_in(ref, who, ask, name))
            {
                out += sprintf(out, " %s", name);
                found = 1;
                break;
            }
        }
    }

    return found;
}


static inline void
ref_judge(char *out, const ref_rbac_t *ref, const sensu_rbac_who_t *who,
    const ref_request_t *request, int shown)
{
    int               list, get, names;
    size_t            i;
    sensu_rbac_ask_t  ask;

    static const char *const  verbs[] = {
        "get", "list", "create", "update", "delete", ""
    };

    memset(&ask, 0, sizeof(ask));

    for (i = 0; strcmp(verbs[i], request->verb) != 0; i++) { /* void */ }

    ask.verb = i;
    ask.resource.data = (const unsigned char *) request->resource;
    ask.resource.len = strlen(request->resource);
    ask.name.data = (const unsigned char *) request->name;
    ask.name.len = strlen(request->name);
    ask.ns.data = (const unsigned char *) request->ns;
    ask.ns.len = strlen(request->ns);

    list = (strcmp(request->verb, "list") == 0);
    get = (strcmp(request->verb, "get") == 0);
    names = (strcmp(request->resource, "namespaces") == 0);

    strcpy(out, "deny");

    /* /namespaces: those in which he may do something, unless he sees all */

    if (names && (list || get)) {

        if (!(list && shown) && !ref_allows(ref, who, &ask)) {
            return;
        }

        if (ref_everywhere(ref, who, NULL)) {
            strcpy(out, "pass");

        } else if (list) {
            (void) ref_only(out, ref, who, NULL);

        } else if (ref_allows_in(ref, who, NULL, request->name)) {
            strcpy(out, "pass");
        }

        return;
    }

    if (ref_allows(ref, who, &ask)) {
        strcpy(out, "pass");
        return;
    }

    /* a cluster-wide list of what lives in namespaces */

    if (list && request->list && request->namespaced && *request->ns == '\0'
        && !ref_only(out, ref, who, &ask))
    {
        strcpy(out, "deny");
    }
}


#endif /* _REF_RBAC_H_INCLUDED_ */
