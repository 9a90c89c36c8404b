
/*
 * Roles and bindings: what a request asks for, who may have it, and the
 * namespaces that a caller sees.
 */


#include "tap.h"
#include "ref_rbac.h"


#define API  "/api/core/v2"
#define NS   API "/namespaces/"

#define GET     SENSU_RBAC_GET
#define LIST    SENSU_RBAC_LIST
#define CREATE  SENSU_RBAC_CREATE
#define UPDATE  SENSU_RBAC_UPDATE
#define DELETE  SENSU_RBAC_DELETE
#define OTHER   SENSU_RBAC_OTHER


static const char  lists[] =
"[[{\"name\":\"dev\"},{\"name\":\"dev-eu\"},{\"name\":\"ops\"},"
  "{\"name\":\"prod\"}],"

/* cluster roles */
 "[{\"rules\":[{\"verbs\":[\"*\"],\"resources\":[\"*\"],"
    "\"resource_names\":null}],\"metadata\":{\"name\":\"root\"}},"
  "{\"rules\":[{\"verbs\":[\"get\",\"list\"],\"resources\":[\"checks\","
    "\"events\"]}],\"metadata\":{\"name\":\"view\"}},"
  "{\"rules\":[{\"verbs\":[\"get\",\"update\"],\"resources\":"
    "[\"localselfuser\"]},{\"verbs\":[\"get\",\"list\"],\"resources\":"
    "[\"namespaces\"]}],\"metadata\":{\"name\":\"system:user\"}},"
  "{\"rules\":[{\"verbs\":[\"*\"],\"resources\":[\"cluster\",\"tessen\","
    "\"users\"]}],\"metadata\":{\"name\":\"named\"}},"
  "{\"rules\":[{\"verbs\":[\"*\"],\"resources\":[\"checks\"],"
    "\"resource_names\":[\"cpu\",\"\"]},{\"verbs\":[\"*\"],\"resources\":"
    "[\"events\"],\"resource_names\":[\"web/cpu\"]}],"
    "\"metadata\":{\"name\":\"one\"}},"
  "{\"rules\":[{\"verbs\":[\"*\"],\"resources\":[\"checks\"],"
    "\"resource_names\":[\"\"]},{\"verbs\":[\"*\"],\"resources\":"
    "[\"checks\"],\"resource_names\":\"cpu\"},{\"verbs\":\"*\","
    "\"resources\":[\"checks\"]},{\"verbs\":[\"*\"],\"resources\":\"*\"},"
    "7,null,{\"verbs\":[7],\"resources\":[null]}],"
    "\"metadata\":{\"name\":\"odd\"}},"
  "{\"rules\":null,\"metadata\":{\"name\":\"empty\"}}],"

/* roles */
 "[{\"rules\":[{\"verbs\":[\"create\"],\"resources\":[\"checks\"]}],"
    "\"metadata\":{\"name\":\"maker\",\"namespace\":\"dev\"}},"
  "{\"rules\":[{\"verbs\":[\"delete\"],\"resources\":[\"checks\"]}],"
    "\"metadata\":{\"name\":\"maker\",\"namespace\":\"prod\"}},"
  "{\"rules\":[{\"verbs\":[\"*\"],\"resources\":[\"*\"]}],"
    "\"metadata\":{\"name\":\"nowhere\"}}],"

/* cluster role bindings */
 "[{\"subjects\":[{\"type\":\"Group\",\"name\":\"cluster-admins\"}],"
    "\"role_ref\":{\"type\":\"ClusterRole\",\"name\":\"root\"},"
    "\"metadata\":{\"name\":\"a\"}},"
  "{\"subjects\":[{\"type\":\"Group\",\"name\":\"system:users\"}],"
    "\"role_ref\":{\"type\":\"ClusterRole\",\"name\":\"system:user\"},"
    "\"metadata\":{\"name\":\"b\"}},"
  "{\"subjects\":[{\"type\":\"User\",\"name\":\"cleo\"}],"
    "\"role_ref\":{\"type\":\"ClusterRole\",\"name\":\"named\"},"
    "\"metadata\":{\"name\":\"c\"}},"
  "{\"subjects\":[{\"type\":\"User\",\"name\":\"max\"}],"
    "\"role_ref\":{\"type\":\"Role\",\"name\":\"maker\"},"
    "\"metadata\":{\"name\":\"d\"}},"
  "{\"subjects\":[{\"type\":\"User\",\"name\":\"ada\"}],"
    "\"role_ref\":{\"type\":\"ClusterRole\",\"name\":\"view\"},"
    "\"metadata\":{\"name\":\"e\"}},"
  "{\"subjects\":[{\"type\":\"User\",\"name\":\"dan\"}],"
    "\"role_ref\":{\"type\":\"ClusterRole\",\"name\":\"gone\"},"
    "\"metadata\":{\"name\":\"f\"}},"
  "{\"subjects\":[{\"type\":\"User\",\"name\":\"\"},{\"type\":\"user\","
    "\"name\":\"low\"},{\"name\":\"low\"},null],"
    "\"role_ref\":{\"type\":\"ClusterRole\",\"name\":\"root\"},"
    "\"metadata\":{\"name\":\"g\"}}],"

/* role bindings */
 "[{\"subjects\":[{\"type\":\"User\",\"name\":\"eva\"},{\"type\":\"Group\","
    "\"name\":\"eu\"}],\"role_ref\":{\"type\":\"ClusterRole\",\"name\":"
    "\"view\"},\"metadata\":{\"name\":\"v\",\"namespace\":\"dev-eu\"}},"
  "{\"subjects\":[{\"type\":\"User\",\"name\":\"eva\"}],"
    "\"role_ref\":{\"type\":\"ClusterRole\",\"name\":\"view\"},"
    "\"metadata\":{\"name\":\"v\",\"namespace\":\"ops\"}},"
  "{\"subjects\":[{\"type\":\"User\",\"name\":\"eva\"},{\"type\":\"User\","
    "\"name\":\"gus\"}],\"role_ref\":{\"type\":\"ClusterRole\",\"name\":"
    "\"view\"},\"metadata\":{\"name\":\"v\",\"namespace\":\"left\"}},"
  "{\"subjects\":[{\"type\":\"User\",\"name\":\"dan\"}],"
    "\"role_ref\":{\"type\":\"ClusterRole\",\"name\":\"root\"},"
    "\"metadata\":{\"name\":\"r\",\"namespace\":\"dev\"}},"
  "{\"subjects\":[{\"type\":\"User\",\"name\":\"one\"}],"
    "\"role_ref\":{\"type\":\"ClusterRole\",\"name\":\"one\"},"
    "\"metadata\":{\"name\":\"o\",\"namespace\":\"dev\"}},"
  "{\"subjects\":[{\"type\":\"User\",\"name\":\"odd\"}],"
    "\"role_ref\":{\"type\":\"ClusterRole\",\"name\":\"odd\"},"
    "\"metadata\":{\"name\":\"o\",\"namespace\":\"dev\"}},"
  "{\"subjects\":[{\"type\":\"User\",\"name\":\"odd\"}],"
    "\"role_ref\":{\"type\":\"ClusterRole\",\"name\":\"empty\"},"
    "\"metadata\":{\"name\":\"p\",\"namespace\":\"ops\"}},"
  "{\"subjects\":[{\"type\":\"User\",\"name\":\"odd\"}],"
    "\"role_ref\":{\"type\":\"Role\",\"name\":\"maker\"},"
    "\"metadata\":{\"name\":\"q\",\"namespace\":\"ops\"}},"
  "{\"subjects\":[{\"type\":\"User\",\"name\":\"odd\"}],"
    "\"role_ref\":{\"type\":\"ClusterRole\",\"name\":\"root\"},"
    "\"metadata\":{\"name\":\"s\"}},"
  "{\"subjects\":[{\"type\":\"User\",\"name\":\"mia\"}],"
    "\"role_ref\":{\"type\":\"Role\",\"name\":\"maker\"},"
    "\"metadata\":{\"name\":\"m\",\"namespace\":\"dev\"}},"
  "7,null,{}]]";


typedef struct {
    const char           *user;
    const char           *group;     /* NULL: none */
    sensu_rbac_verb_e     method;
    const char           *path;
    int                   allowed;
} rule_t;


static const rule_t  rules[] = {

    /* everything, by a group */
    { "joe", "cluster-admins", GET, API "/checks", 1 },
    { "joe", "cluster-admins", DELETE, API "/namespaces/dev", 1 },
    { "joe", "cluster-admins", GET, API "/cluster/members", 1 },
    { "joe", "cluster-admins", OTHER, NS "dev/checks", 1 },
    { "cluster-admins", NULL, GET, API "/checks", 0 },
    { "joe", "cluster-admin", GET, API "/checks", 0 },
    { "", "cluster-admins-", GET, API "/checks", 0 },
    { "", "", GET, API "/checks", 0 },

    /* himself */
    { "joe", "system:users", GET, API "/users/joe", 1 },
    { "joe", "system:users", UPDATE, API "/users/joe/password", 1 },
    { "joe", "system:users", UPDATE, API "/users/joe", 0 },
    { "joe", "system:users", DELETE, API "/users/joe", 0 },
    { "joe", "system:users", UPDATE, API "/users/joe/reinstate", 0 },
    { "joe", "system:users", GET, API "/users/eva", 0 },
    { "joe", "system:users", GET, API "/users", 0 },
    { "joe", "system:users", GET, API "/namespaces", 1 },
    { "joe", "system:users", UPDATE, API "/namespaces/dev", 0 },

    /* a rule on users is not about himself, and "cluster" about nothing */
    { "cleo", NULL, GET, API "/users/eva", 1 },
    { "cleo", NULL, GET, API "/users/cleo", 0 },
    { "cleo", NULL, UPDATE, API "/users/cleo", 1 },
    { "cleo", NULL, GET, API "/cluster/members", 0 },
    { "cleo", NULL, UPDATE, API "/tessen", 0 },

    /* in namespaces, and nowhere beside them */
    { "eva", NULL, GET, NS "dev-eu/checks", 1 },
    { "eva", NULL, GET, NS "dev-eu/checks/cpu", 1 },
    { "eva", NULL, GET, NS "dev-eu/events/web", 1 },
    { "eva", NULL, CREATE, NS "dev-eu/checks", 0 },
    { "eva", NULL, GET, NS "dev-eu/handlers", 0 },
    { "eva", NULL, GET, NS "dev/checks", 0 },
    { "eva", NULL, GET, NS "dev-e/checks", 0 },
    { "eva", NULL, GET, NS "dev-eu-/checks", 0 },
    { "eva", NULL, GET, NS "left/checks", 1 },
    { "eva", NULL, GET, API "/checks", 0 },
    { "eva", NULL, GET, NS "-/checks", 0 },
    { "joe", "eu", GET, NS "dev-eu/checks", 1 },
    { "joe", "eu", GET, NS "ops/checks", 0 },
    { "eu", NULL, GET, NS "dev-eu/checks", 0 },

    /* everywhere */
    { "ada", NULL, GET, API "/checks", 1 },
    { "ada", NULL, GET, NS "dev/checks", 1 },
    { "ada", NULL, GET, NS "nosuch/checks", 1 },
    { "ada", NULL, DELETE, NS "dev/checks/cpu", 0 },

    /* of the namespace's role of that name */
    { "mia", NULL, CREATE, NS "dev/checks", 1 },
    { "mia", NULL, CREATE, NS "dev/checks/cpu/execute", 1 },
    { "mia", NULL, DELETE, NS "prod/checks/cpu", 0 },
    { "mia", NULL, GET, NS "dev/checks", 0 },
    { "max", NULL, CREATE, NS "dev/checks", 1 },
    { "max", NULL, DELETE, NS "dev/checks/cpu", 0 },
    { "max", NULL, DELETE, NS "prod/checks/cpu", 1 },
    { "max", NULL, DELETE, NS "prod/checks/cpu/hooks/ok/hook/h", 1 },
    { "max", NULL, CREATE, NS "ops/checks", 0 },

    /* a role that is gone grants nothing, and spoils nothing */
    { "dan", NULL, GET, API "/checks", 0 },
    { "dan", NULL, GET, NS "dev/checks", 1 },
    { "dan", NULL, GET, API "/users", 0 },

    /* names: of one, never of a list or a new one */
    { "one", NULL, GET, NS "dev/checks/cpu", 1 },
    { "one", NULL, UPDATE, NS "dev/checks/cpu/hooks/ok", 1 },
    { "one", NULL, CREATE, NS "dev/checks/cpu/execute", 1 },
    { "one", NULL, GET, NS "dev/checks/cp", 0 },
    { "one", NULL, GET, NS "dev/checks", 0 },
    { "one", NULL, CREATE, NS "dev/checks", 0 },
    { "one", NULL, GET, NS "dev/events/web/cpu", 1 },
    { "one", NULL, GET, NS "dev/events/web", 0 },
    { "one", NULL, GET, NS "dev/events/web/mem", 0 },

    /* what can not be read grants nothing */
    { "odd", NULL, GET, NS "dev/checks", 0 },
    { "odd", NULL, GET, NS "dev/checks/cpu", 0 },
    { "odd", NULL, CREATE, NS "ops/checks", 0 },
    { "odd", NULL, GET, API "/checks", 0 },
    { "low", NULL, GET, API "/checks", 0 }
};


typedef struct {
    sensu_rbac_verb_e     method;
    const char           *path;
    sensu_rbac_verb_e     verb;
    const char           *resource;
    const char           *name;
    const char           *ns;
} derived_t;


/* the caller is "eva" */

static const derived_t  derived[] = {
    { GET, API "/checks", LIST, "checks", "", "" },
    { GET, NS "dev/checks", LIST, "checks", "", "dev" },
    { GET, NS "-/checks", LIST, "checks", "", "" },
    { GET, NS "dev/checks/c%70u", GET, "checks", "cpu", "dev" },
    { GET, NS "dev/assets/a%2fb", GET, "assets", "a%2Fb", "dev" },
    { CREATE, NS "dev/checks", CREATE, "checks", "", "dev" },
    { CREATE, NS "dev/checks/x/execute", CREATE, "checks", "x", "dev" },
    { UPDATE, NS "dev/checks/x/hooks/ok", UPDATE, "checks", "x", "dev" },
    { DELETE, NS "dev/checks/x/hooks/ok/hook/h", DELETE, "checks", "x",
      "dev" },
    { GET, NS "dev/events/e", LIST, "events", "", "dev" },
    { GET, NS "dev/events/e/c", GET, "events", "e/c", "dev" },
    { UPDATE, NS "dev/events/e/c", UPDATE, "events", "e/c", "dev" },
    { GET, NS "dev/silenced/checks", LIST, "silenced", "", "dev" },
    { GET, NS "dev/silenced/checks/x", LIST, "silenced", "", "dev" },
    { GET, NS "dev/silenced/subscriptions/x", LIST, "silenced", "", "dev" },
    { GET, NS "dev/silenced/a:%2a", GET, "silenced", "a:*", "dev" },
    { DELETE, NS "dev/silenced/checks", DELETE, "silenced", "checks",
      "dev" },
    { GET, API "/namespaces/dev", GET, "namespaces", "dev", "" },
    { GET, API "/users/eva", GET, "localselfuser", "eva", "" },
    { UPDATE, API "/users/eva/password", UPDATE, "localselfuser", "eva", "" },
    { UPDATE, API "/users/eva", UPDATE, "users", "eva", "" },
    { GET, API "/users/eva/groups", GET, "users", "eva", "" },
    { GET, NS "dev/users2/eva", GET, "users2", "eva", "dev" },
    { GET, API "/cluster/members", LIST, "", "", "" },
    { CREATE, API "/cluster/members", CREATE, "", "", "" },
    { DELETE, API "/cluster/members/8e9e", DELETE, "", "8e9e", "" },
    { GET, API "/tessen", LIST, "", "", "" },
    { UPDATE, API "/tessen", UPDATE, "", "", "" }
};


typedef struct {
    const char           *user;
    const char           *group;
    const char           *checks;    /* namespaces whose checks he lists */
    const char           *sees;      /* "*": all */
} sight_t;


static const sight_t  sights[] = {
    { "eva", "system:users", "dev-eu ops", "dev-eu ops" },
    { "eva", "cluster-admins", "dev-eu ops", "*" },
    { "ada", NULL, "", "*" },
    { "joe", "system:users", "", "" },
    { "cleo", NULL, "", "" },
    { "max", NULL, "", "dev prod" },
    { "mia", NULL, "", "dev" },
    { "gus", NULL, "", "" },
    { "one", NULL, "", "dev" },
    { "odd", NULL, "", "" },
    { "dan", "eu", "dev-eu dev", "dev-eu dev" },
    { "", NULL, "", "" }
};


/* what becomes of a request: the verdict, and in which namespaces */

typedef struct {
    const char             *user;
    const char             *group;
    sensu_rbac_verb_e       method;
    const char             *path;
    int                     shown;     /* the backend shows everybody his */
    sensu_scope_verdict_e   verdict;
    const char             *names;
} judged_t;


#define PASS    SENSU_SCOPE_PASS
#define DENY    SENSU_SCOPE_DENY
#define ONE     SENSU_SCOPE_ONE
#define MERGE   SENSU_SCOPE_MERGE
#define SHOW    SENSU_SCOPE_NAMESPACES

#define ADMINS  "cluster-admins"
#define USERS   "system:users"


static const judged_t  judged[] = {

    /* cluster-wide, as it is */
    { "joe", ADMINS, GET, API "/checks", 0, PASS, "*" },
    { "joe", ADMINS, GET, API "/users", 0, PASS, "" },
    { "joe", ADMINS, OTHER, API "/checks", 0, PASS, "*" },
    { "joe", ADMINS, GET, API "/namespaces", 0, PASS, "*" },
    { "joe", ADMINS, GET, API "/namespaces/dev", 0, PASS, "*" },
    { "joe", ADMINS, DELETE, API "/namespaces/dev", 0, PASS, "" },
    { "ada", NULL, GET, API "/checks", 0, PASS, "*" },
    { "ada", NULL, GET, NS "-/events", 0, PASS, "*" },

    /* narrowed */
    { "eva", NULL, GET, API "/checks", 0, MERGE, "dev-eu ops" },
    { "eva", NULL, GET, NS "-/events", 0, MERGE, "dev-eu ops" },
    { "joe", "eu", GET, API "/checks", 0, ONE, "dev-eu" },
    { "dan", NULL, GET, API "/handlers", 0, ONE, "dev" },

    /* to nothing */
    { "eva", NULL, GET, API "/handlers", 0, DENY, "" },
    { "gus", NULL, GET, API "/checks", 0, DENY, "" },
    { "one", NULL, GET, API "/checks", 0, DENY, "" },
    { "nobody", NULL, GET, API "/checks", 0, DENY, "" },
    { "", "", GET, API "/checks", 0, DENY, "" },

    /* a list alone is narrowed */
    { "dan", NULL, CREATE, API "/checks", 0, DENY, "" },
    { "dan", NULL, DELETE, API "/checks", 0, DENY, "" },
    { "dan", NULL, OTHER, API "/checks", 0, DENY, "" },
    { "dan", NULL, GET, API "/checks/cpu", 0, DENY, "" },
    { "dan", NULL, GET, API "/users", 0, DENY, "" },

    /* in a namespace */
    { "eva", NULL, GET, NS "ops/checks", 0, PASS, "ops" },
    { "eva", NULL, GET, NS "dev/checks", 0, DENY, "" },
    { "eva", NULL, GET, NS "ops/handlers", 0, DENY, "" },
    { "mia", NULL, CREATE, NS "dev/checks", 0, PASS, "dev" },

    /* to list all namespaces is not to see them */
    { "eva", USERS, GET, API "/namespaces", 0, SHOW, "dev-eu ops" },
    { "joe", USERS, GET, API "/namespaces", 0, SHOW, "" },
    { "eva", USERS, GET, API "/namespaces/ops", 0, PASS, "" },
    { "eva", USERS, GET, API "/namespaces/dev", 0, DENY, "" },
    { "eva", USERS, UPDATE, API "/namespaces/ops", 0, DENY, "" },
    { "eva", NULL, GET, API "/namespaces", 0, DENY, "" },
    { "eva", NULL, GET, API "/namespaces", 1, SHOW, "dev-eu ops" },
    { "eva", NULL, GET, API "/namespaces/ops", 1, DENY, "" },
    { "eva", NULL, CREATE, API "/namespaces", 1, DENY, "" },

    /* himself */
    { "joe", USERS, GET, API "/users/joe", 0, PASS, "" },
    { "joe", USERS, GET, API "/users/eva", 0, DENY, "" }
};


static sensu_str_t
str(const char *text)
{
    return (sensu_str_t) { text ? strlen(text) : 0, (unsigned char *) text };
}


static void
who_is(sensu_rbac_who_t *who, sensu_str_t *group, const char *user,
    const char *name)
{
    *group = str(name);

    who->user = str(user);
    who->groups = group;
    who->ngroups = (name != NULL);
}


static void
ask_of(sensu_rbac_ask_t *ask, const char *text, sensu_rbac_verb_e method,
    sensu_str_t user)
{
    sensu_path_t  path;

    static unsigned char  buf[1024], name[1024];

    if (sensu_path_parse(&path, str(text), buf) != SENSU_PATH_API) {
        abort();
    }

    sensu_rbac_ask(ask, &path, method, user, name);
}


static void
test_asks(void)
{
    size_t            i;
    const derived_t  *d;
    sensu_rbac_ask_t  ask;

    for (i = 0; i < sizeof(derived) / sizeof(derived[0]); i++) {
        d = &derived[i];

        ask_of(&ask, d->path, d->method, str("eva"));

        ok(ask.verb == d->verb && sensu_str_eq(ask.resource, str(d->resource))
           && sensu_str_eq(ask.name, str(d->name))
           && sensu_str_eq(ask.ns, str(d->ns)),
           "method %d %s asks for %d %s \"%s\" in \"%s\"", d->method, d->path,
           d->verb, d->resource, d->name, d->ns);
    }
}


static void
test_rules(const sensu_rbac_t *table, const ref_rbac_t *ref)
{
    size_t            i;
    sensu_str_t       group;
    const rule_t     *rule;
    sensu_rbac_who_t  who;
    sensu_rbac_ask_t  ask;

    for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        rule = &rules[i];

        who_is(&who, &group, rule->user, rule->group);
        ask_of(&ask, rule->path, rule->method, who.user);

        is_int(sensu_rbac_allows(table, &who, &ask), rule->allowed,
               "\"%s\" of %s, method %d %s", rule->user,
               rule->group ? rule->group : "no group", rule->method,
               rule->path);

        if (ref_allows(ref, &who, &ask) != rule->allowed) {
            ok(0, "the reference says otherwise");
        }
    }
}


static const char *
joined(const sensu_str_t *names, size_t n)
{
    char   *p;
    size_t  i;

    static char  text[256];

    p = text;

    for (i = 0; i < n; i++) {
        p += sprintf(p, "%s%.*s", i ? " " : "", (int) names[i].len,
                     names[i].data);
    }

    *p = '\0';

    return text;
}


static void
test_sights(const sensu_rbac_t *table)
{
    size_t            i, n;
    sensu_str_t       group, names[8];
    unsigned char     marks[8];
    const sight_t    *sight;
    sensu_rbac_who_t  who;
    sensu_rbac_ask_t  ask;

    is_int(sensu_rbac_count(table), 4, "namespaces that exist");

    for (i = 0; i < sizeof(sights) / sizeof(sights[0]); i++) {
        sight = &sights[i];

        who_is(&who, &group, sight->user, sight->group);
        ask_of(&ask, API "/checks", GET, who.user);

        n = sensu_rbac_namespaces(table, &who, &ask, names, marks);
        ok(strcmp(joined(names, n), sight->checks) == 0,
           "\"%s\" lists the checks of: %s", sight->user, sight->checks);

        is_int(sensu_rbac_sees_all(table, &who), *sight->sees == '*',
               "\"%s\" sees all", sight->user);

        if (*sight->sees == '*') {
            continue;
        }

        n = sensu_rbac_namespaces(table, &who, NULL, names, marks);
        ok(strcmp(joined(names, n), sight->sees) == 0,
           "\"%s\" sees: %s", sight->user, sight->sees);

        while (n-- > 0) {
            ok(sensu_rbac_sees(table, &who, names[n]), "this one, too");
        }
    }

    who_is(&who, &group, "eva", NULL);
    ok(sensu_rbac_sees(table, &who, str("ops"))
       && !sensu_rbac_sees(table, &who, str("dev"))
       && !sensu_rbac_sees(table, &who, str("nosuch"))
       && !sensu_rbac_sees(table, &who, str("")),
       "one at a time");
}


static void
test_empty(void)
{
    ref_rbac_t           none;
    sensu_str_t          group;
    sensu_rbac_t        *table;
    sensu_rbac_who_t     who;
    sensu_rbac_ask_t     ask;

    memset(&none, 0, sizeof(ref_rbac_t));
    table = ref_table(&none);

    who_is(&who, &group, "eva", "cluster-admins");
    ask_of(&ask, NS "dev/checks", GET, who.user);

    ok(table != NULL && !sensu_rbac_allows(table, &who, &ask)
       && !sensu_rbac_sees_all(table, &who)
       && sensu_rbac_namespaces(table, &who, &ask, NULL, NULL) == 0,
       "of nothing comes nothing");

    free(table);
}


static void
test_same(const sensu_rbac_t *table, const ref_rbac_t *ref)
{
    sensu_rbac_t  *again;

    again = ref_table(ref);

    ok(sensu_rbac_size(again) == sensu_rbac_size(table)
       && memcmp(again, table, sensu_rbac_size(table)) == 0,
       "the same lists make the same table");

    free(again);
}


static int
is_verdict(sensu_scope_verdict_e verdict, const sensu_namespaces_t *set,
    const judged_t *j)
{
    return verdict == j->verdict
           && strcmp(set->all ? "*" : joined(set->names, set->n), j->names)
              == 0;
}


/* a number for each caller of the table above */

static uint64_t
number_of(size_t i)
{
    size_t  n;

    for (n = 0; strcmp(judged[n].user, judged[i].user) != 0
                || str(judged[n].group).len != str(judged[i].group).len; n++)
    { /* void */ }

    return n + 1;
}


static void
test_judge(const sensu_rbac_t *table)
{
    void                   *memory;
    size_t                  i;
    sensu_str_t             group, one;
    const judged_t         *j;
    sensu_rbac_who_t        who;
    sensu_rbac_ask_t        ask;
    sensu_rbac_memo_t      *memo;
    sensu_namespaces_t      set;
    sensu_scope_verdict_e   verdict;

    memo = sensu_rbac_memo_create();

    for (i = 0; i < 2 * sizeof(judged) / sizeof(judged[0]); i++) {
        j = &judged[i / 2];

        who_is(&who, &group, j->user, j->group);
        ask_of(&ask, j->path, j->method, who.user);
        ask.shown = j->shown;

        set.names = &one;

        if (sensu_rbac_memo_find(memo, number_of(i / 2), &ask, &verdict, &set))
        {
            ok(is_verdict(verdict, &set, j), "... remembered");
            continue;
        }

        /* no more than is asked for, which the sanitizer looks after */

        memory = malloc(sensu_rbac_judge_room(table, &ask));

        verdict = sensu_rbac_judge(table, &who, &ask, &set, memory);

        ok(is_verdict(verdict, &set, j),
           "\"%s\" of %s, method %d %s: %d \"%s\"", j->user,
           j->group ? j->group : "no group", j->method, j->path, j->verdict,
           j->names);

        sensu_rbac_memo_add(memo, number_of(i / 2), &ask, verdict, &set);

        free(memory);
    }

    free(memo);
}


/* asks and keeps; was it known before?  who: a number of the caller */

static int
remembered(sensu_rbac_memo_t *memo, const sensu_rbac_t *table, uint64_t who,
    const char *user, sensu_rbac_verb_e method, const char *path)
{
    int                     known;
    char                    memory[256];
    sensu_str_t             group, one;
    sensu_rbac_who_t        caller;
    sensu_rbac_ask_t        ask;
    sensu_namespaces_t      set;
    sensu_scope_verdict_e   before, verdict;

    who_is(&caller, &group, user, NULL);
    ask_of(&ask, path, method, caller.user);

    set.names = &one;
    known = sensu_rbac_memo_find(memo, who, &ask, &before, &set);

    verdict = sensu_rbac_judge(table, &caller, &ask, &set, memory);

    if (!known) {
        sensu_rbac_memo_add(memo, who, &ask, verdict, &set);

    } else if (before != verdict) {
        ok(0, "%s remembered as %d, and is %d", path, before, verdict);
    }

    return known;
}


static void
test_memo(const sensu_rbac_t *table)
{
    int                 i, n;
    char                path[300];
    sensu_rbac_memo_t  *memo;

    memo = sensu_rbac_memo_create();

    ok(!remembered(memo, table, 7, "eva", GET, NS "ops/checks/a")
       && remembered(memo, table, 7, "eva", GET, NS "ops/checks/a"),
       "the same question is known");
    ok(remembered(memo, table, 7, "eva", GET, NS "ops/checks/another"),
       "of any name");
    ok(!remembered(memo, table, 7, "eva", GET, NS "ops/checks"),
       "a list is another one");
    ok(!remembered(memo, table, 8, "gus", GET, NS "ops/checks/a"),
       "somebody else is");
    ok(!remembered(memo, table, 7, "eva", UPDATE, NS "ops/checks/a"),
       "a method is");
    ok(!remembered(memo, table, 7, "eva", GET, NS "op/schecks/a"),
       "other ways to put namespace and type together are");

    ok(!remembered(memo, table, 0, "", GET, NS "ops/checks")
       && !remembered(memo, table, 0, "", GET, NS "ops/checks"),
       "of nobody nothing is kept");

    for (i = 0; i < 2; i++) {
        n = remembered(memo, table, 9, "one", GET, NS "dev/checks/cpu")
            + remembered(memo, table, 9, "one", GET, NS "dev/checks/mem");
        is_int(n, 0, "what hangs on a name is not kept");
    }

    ok(!remembered(memo, table, 9, "one", CREATE, NS "dev/events")
       && !remembered(memo, table, 9, "one", CREATE, NS "dev/events/web"),
       "what is about one element is another question");

    /* many enough to meet in the same sets */

    for (i = 0, n = 0; i < 1024; i++) {
        n += remembered(memo, table, 1000 + i, "gus", GET, NS "ops/checks/a");
    }

    is_int(n, 0, "nobody has the verdict of another caller");

    n = 0;

    for (i = 60; i < 80; i++) {
        snprintf(path, sizeof(path), NS "%0*d/checks", i, 0);
        n += remembered(memo, table, 7, "eva", GET, path);
        n += remembered(memo, table, 7, "eva", GET, path);
    }

    is_int(n, 7, "long texts are not kept");

    for (i = 0, n = 0; i < 20000; i++) {
        snprintf(path, sizeof(path), NS "n%d/checks", i);
        n += remembered(memo, table, 7, "eva", GET, path);
    }

    is_int(n, 0, "each is asked once");

    for (n = 0; i-- > 0;) {
        snprintf(path, sizeof(path), NS "n%d/checks", i);
        n += remembered(memo, table, 7, "eva", GET, path);
    }

    ok(n > 900 && n <= 1024, "the last ones are known, and no more: %d", n);

    sensu_rbac_memo_clear(memo);

    ok(!remembered(memo, table, 7, "eva", GET, NS "n0/checks"),
       "until all is forgotten");

    free(memo);
}


int
main(void)
{
    size_t         i;
    json_t        *all;
    ref_rbac_t     ref;
    sensu_rbac_t  *table;

    all = json_loads(lists, 0, NULL);

    if (all == NULL) {
        abort();
    }

    for (i = 0; i < SENSU_RBAC_LISTS; i++) {
        ref.list[i] = json_array_get(all, i);
    }

    table = ref_table(&ref);

    test_asks();
    test_rules(table, &ref);
    test_sights(table);
    test_judge(table);
    test_memo(table);
    test_same(table, &ref);
    test_empty();

    free(table);
    json_decref(all);

    return done_testing();
}
