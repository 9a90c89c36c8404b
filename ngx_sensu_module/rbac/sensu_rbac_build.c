
/*
 * From the five lists to a table.  Words are numbered as they come, and put in
 * order when all are there (sensu_rbac_table.c).
 */


#include <stdlib.h>
#include "sensu_json.h"
#include "sensu_rbac_table.h"


static int sensu_rbac_add_role(sensu_rbac_build_t *build,
    const json_t *element, const char *ns);
static int sensu_rbac_add_rule(sensu_rbac_build_t *build,
    const json_t *rule, sensu_rbac_role_t *role);
static uint32_t sensu_rbac_verbs(const json_t *verbs);
static int sensu_rbac_add_items(sensu_rbac_build_t *build,
    const json_t *list, uint32_t *n);
static int sensu_rbac_is_namespaced(const char *resource);
static int sensu_rbac_name_role(sensu_rbac_build_t *build, const char *ns,
    const char *name);
static int sensu_rbac_add_binding(sensu_rbac_build_t *build,
    const json_t *element, const char *ns);
static int sensu_rbac_bind(sensu_rbac_build_t *build,
    const json_t *element, const char *place, const json_t *role);
static int sensu_rbac_add_word(sensu_rbac_build_t *build,
    sensu_rbac_part_e part, const char *text);
static int sensu_rbac_word(sensu_rbac_build_t *build, const char *text,
    uint32_t *word);


sensu_rbac_build_t *
sensu_rbac_build_create(void)
{
    sensu_rbac_build_t  *build;

    build = calloc(1, sizeof(sensu_rbac_build_t));
    if (build == NULL) {
        return NULL;
    }

    build->words = json_object();
    build->roles = json_object();

    if (build->words == NULL || build->roles == NULL) {
        sensu_rbac_build_free(build);
        return NULL;
    }

    return build;
}


void
sensu_rbac_build_free(sensu_rbac_build_t *build)
{
    size_t  i;

    if (build == NULL) {
        return;
    }

    json_decref(build->words);
    json_decref(build->roles);

    for (i = 0; i < SENSU_RBAC_PARTS; i++) {
        free(build->part[i].elts);
    }

    free(build);
}


int
sensu_rbac_build_add(sensu_rbac_build_t *build, sensu_rbac_list_e list,
    const json_t *element)
{
    const char    *ns, *name;
    const json_t  *metadata;

    metadata = json_object_get(element, "metadata");
    ns = sensu_json_string(json_object_get(metadata, "namespace"));
    name = sensu_json_string(json_object_get(element, "name"));

    switch (list) {

    case SENSU_RBAC_NAMESPACES:
        return sensu_rbac_add_word(build, SENSU_RBAC_NAMESPACE, name);

    case SENSU_RBAC_CLUSTERROLES:
        return sensu_rbac_add_role(build, element, "");

    case SENSU_RBAC_ROLES:
        return *ns ? sensu_rbac_add_role(build, element, ns) : 0;

    case SENSU_RBAC_CLUSTERROLEBINDINGS:
        return sensu_rbac_add_binding(build, element, "");

    default: /* SENSU_RBAC_ROLEBINDINGS */
        return *ns ? sensu_rbac_add_binding(build, element, ns) : 0;
    }
}


static int
sensu_rbac_add_role(sensu_rbac_build_t *build, const json_t *element,
    const char *ns)
{
    size_t              i;
    json_t             *metadata, *rules, *rule;
    const char         *name;
    sensu_rbac_role_t   role;

    metadata = json_object_get(element, "metadata");
    name = sensu_json_string(json_object_get(metadata, "name"));

    if (*name == '\0') {
        return 0;
    }

    memset(&role, 0, sizeof(sensu_rbac_role_t));
    role.first = build->part[SENSU_RBAC_RULE].n;

    rules = json_object_get(element, "rules");

    json_array_foreach(rules, i, rule) {
        if (sensu_rbac_add_rule(build, rule, &role) != 0) {
            return -1;
        }
    }

    if (sensu_rbac_name_role(build, ns, name) != 0) {
        return -1;
    }

    return sensu_rbac_push(build, SENSU_RBAC_ROLE, &role);
}


/* a rule that names names, none of which can be read, is about nothing */

static int
sensu_rbac_add_rule(sensu_rbac_build_t *build, const json_t *rule,
    sensu_rbac_role_t *role)
{
    size_t              i;
    json_t             *resources, *resource, *names;
    const char         *text;
    sensu_rbac_rule_t   found;

    memset(&found, 0, sizeof(sensu_rbac_rule_t));

    resources = json_object_get(rule, "resources");
    names = json_object_get(rule, "resource_names");

    found.verbs = sensu_rbac_verbs(json_object_get(rule, "verbs"));
    found.first = build->part[SENSU_RBAC_ITEM].n;

    if (sensu_rbac_add_items(build, resources, &found.resources) != 0
        || sensu_rbac_add_items(build, names, &found.names) != 0)
    {
        return -1;
    }

    if (found.verbs == 0 || found.resources == 0
        || (found.names == 0 && names != NULL && !json_is_null(names)
            && !(json_is_array(names) && json_array_size(names) == 0)))
    {
        return 0;
    }

    json_array_foreach(resources, i, resource) {
        text = sensu_json_string(resource);
        found.all |= (strcmp(text, "*") == 0);
        role->namespaced |= sensu_rbac_is_namespaced(text);
    }

    role->n++;

    return sensu_rbac_push(build, SENSU_RBAC_RULE, &found);
}


static uint32_t
sensu_rbac_verbs(const json_t *verbs)
{
    size_t       i, n;
    json_t      *verb;
    uint32_t     bits;
    const char  *text;

    static const char *const  names[] = {
        "get", "list", "create", "update", "delete"
    };

    bits = 0;

    json_array_foreach(verbs, i, verb) {
        text = sensu_json_string(verb);

        if (strcmp(text, "*") == 0) {
            return SENSU_RBAC_ALL_VERBS;
        }

        for (n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
            if (strcmp(text, names[n]) == 0) {
                bits |= 1u << n;
            }
        }
    }

    return bits;
}


static int
sensu_rbac_add_items(sensu_rbac_build_t *build, const json_t *list,
    uint32_t *n)
{
    size_t   i, before;
    json_t  *item;

    before = build->part[SENSU_RBAC_ITEM].n;

    json_array_foreach(list, i, item) {
        if (sensu_rbac_add_word(build, SENSU_RBAC_ITEM,
                                sensu_json_string(item))
            != 0)
        {
            return -1;
        }
    }

    *n = build->part[SENSU_RBAC_ITEM].n - before;

    return 0;
}


/*
 * Known ones only: of a type that this does not know, nobody concludes that
 * all namespaces may be seen.
 */

static int
sensu_rbac_is_namespaced(const char *resource)
{
    size_t  i;

    static const char *const  types[] = {
        "*", "assets", "checks", "entities", "entity_configs", "events",
        "extensions", "filters", "handlers", "hooks", "mutators",
        "pipelines", "rolebindings", "roles", "rule-templates", "searches",
        "secrets", "service-components", "silenced",
        "sumo-logic-metrics-handlers", "tcp-stream-handlers"
    };

    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(resource, types[i]) == 0) {
            return 1;
        }
    }

    return 0;
}


/* gives the next role its name */

static int
sensu_rbac_name_role(sensu_rbac_build_t *build, const char *ns,
    const char *name)
{
    size_t   number;
    json_t  *places;

    number = build->part[SENSU_RBAC_ROLE].n;
    places = json_object_get(build->roles, name);

    if (places == NULL) {
        places = json_object();

        if (json_object_set_new(build->roles, name, places) != 0) {
            return -1;
        }
    }

    return json_object_set_new(places, ns, json_integer(number));
}


/*
 * A cluster-wide binding may name a Role: it holds wherever there is one of
 * that name.
 */

static int
sensu_rbac_add_binding(sensu_rbac_build_t *build, const json_t *element,
    const char *ns)
{
    json_t      *places, *role, *ref;
    const char  *type, *name, *place;

    ref = json_object_get(element, "role_ref");
    type = sensu_json_string(json_object_get(ref, "type"));
    name = sensu_json_string(json_object_get(ref, "name"));
    places = json_object_get(build->roles, name);
    role = NULL;

    if (strcmp(type, "ClusterRole") == 0) {
        role = json_object_get(places, "");

    } else if (strcmp(type, "Role") == 0 && *ns) {
        role = json_object_get(places, ns);

    } else if (strcmp(type, "Role") == 0) {

        json_object_foreach(places, place, role) {
            if (*place && sensu_rbac_bind(build, element, place, role) != 0) {
                return -1;
            }
        }

        return 0;
    }

    return role ? sensu_rbac_bind(build, element, ns, role) : 0;
}


static int
sensu_rbac_bind(sensu_rbac_build_t *build, const json_t *element,
    const char *place, const json_t *role)
{
    size_t               i;
    json_t              *subjects, *subject;
    uint32_t             word, where;
    const char          *type, *name;
    sensu_rbac_grant_t   grant;

    where = SENSU_RBAC_NONE;

    if (*place && sensu_rbac_word(build, place, &where) != 0) {
        return -1;
    }

    subjects = json_object_get(element, "subjects");

    json_array_foreach(subjects, i, subject) {
        type = sensu_json_string(json_object_get(subject, "type"));
        name = sensu_json_string(json_object_get(subject, "name"));

        if (*name == '\0'
            || (strcmp(type, "User") != 0 && strcmp(type, "Group") != 0))
        {
            continue;
        }

        if (sensu_rbac_word(build, name, &word) != 0) {
            return -1;
        }

        grant.subject = word << 1 | (*type == 'G');
        grant.place = where + 1;
        grant.role = json_integer_value(role);

        if (sensu_rbac_push(build, SENSU_RBAC_GRANT, &grant) != 0) {
            return -1;
        }
    }

    return 0;
}


/* the empty text is no word */

static int
sensu_rbac_add_word(sensu_rbac_build_t *build, sensu_rbac_part_e part,
    const char *text)
{
    uint32_t  word;

    if (*text == '\0') {
        return 0;
    }

    if (sensu_rbac_word(build, text, &word) != 0) {
        return -1;
    }

    return sensu_rbac_push(build, part, &word);
}


static int
sensu_rbac_word(sensu_rbac_build_t *build, const char *text, uint32_t *word)
{
    size_t   n;
    json_t  *known;

    known = json_object_get(build->words, text);

    if (known != NULL) {
        *word = json_integer_value(known);
        return 0;
    }

    n = json_object_size(build->words);
    *word = n;

    return json_object_set_new(build->words, text, json_integer(n));
}
