
/*
 * Roles and bindings that the input chooses, odd ones among them, against a
 * reference that goes through the lists for every question: what is allowed,
 * and what becomes of a request, also when it is asked again.
 */


#include <stdio.h>
#include "fuzz.h"
#include "../unit/ref_rbac.h"


static const char *const  names[] = {
    "eva", "dev", "dev-eu", "dev.x", "ops", "bob", "team", ""
};

static const char *const  types[] = {
    "checks", "namespaces", "*", "events", "silenced", "users", "", "cluster",
    "localselfuser"
};

static const char *const  verbs[] = {
    "get", "*", "list", "create", "update", "delete", "GET", ""
};

static const char *const  things[] = { "cpu", "web/cpu", "a%2Fb", "" };


#define FUZZ_NAMES  (sizeof(names) / sizeof(names[0]))
#define FUZZ_TYPES  (sizeof(types) / sizeof(types[0]))

#define API  "/api/core/v2/"
#define NS   API "namespaces/"


/* requests, with what the backend derives of them, for "eva" */

static const ref_request_t  requests[] = {
    { "GET", API "checks", "list", "checks", "", "", 1, 1 },
    { "GET", NS "-/checks", "list", "checks", "", "", 1, 1 },
    { "GET", API "events", "list", "events", "", "", 1, 1 },
    { "GET", API "silenced", "list", "silenced", "", "", 1, 1 },
    { "POST", API "checks", "create", "checks", "", "", 1, 1 },
    { "HEAD", API "checks", "", "checks", "", "", 1, 1 },
    { "GET", API "checks/cpu", "get", "checks", "cpu", "", 1, 0 },
    { "GET", NS "dev/checks", "list", "checks", "", "dev", 1, 1 },
    { "GET", NS "dev-eu/checks", "list", "checks", "", "dev-eu", 1, 1 },
    { "GET", NS "dev.x/checks/cpu", "get", "checks", "cpu", "dev.x", 1, 0 },
    { "GET", NS "dev/checks/cpu", "get", "checks", "cpu", "dev", 1, 0 },
    { "GET", NS "dev/checks/mem", "get", "checks", "mem", "dev", 1, 0 },
    { "PUT", NS "dev/checks/cpu", "update", "checks", "cpu", "dev", 1, 0 },
    { "POST", NS "dev/checks", "create", "checks", "", "dev", 1, 1 },
    { "POST", NS "dev/checks/cpu/execute", "create", "checks", "cpu", "dev", 1,
      0 },
    { "POST", NS "ops/checks/cpu/execute", "create", "checks", "cpu", "ops", 1,
      0 },
    { "PUT", NS "ops/checks/cpu/hooks/ok", "update", "checks", "cpu", "ops", 1,
      0 },
    { "DELETE", NS "ops/checks/cpu/hooks/ok/hook/h", "delete", "checks", "cpu",
      "ops", 1, 0 },
    { "GET", NS "ops/events/web", "list", "events", "", "ops", 1, 1 },
    { "GET", NS "ops/events/web/cpu", "get", "events", "web/cpu", "ops", 1,
      0 },
    { "GET", NS "ops/silenced/checks/cpu", "list", "silenced", "", "ops", 1,
      1 },
    { "GET", NS "nosuch/checks", "list", "checks", "", "nosuch", 1, 1 },
    { "GET", API "namespaces", "list", "namespaces", "", "", 0, 1 },
    { "POST", API "namespaces", "create", "namespaces", "", "", 0, 1 },
    { "GET", API "namespaces/dev", "get", "namespaces", "dev", "", 0, 0 },
    { "GET", API "namespaces/ops", "get", "namespaces", "ops", "", 0, 0 },
    { "DELETE", API "namespaces/dev", "delete", "namespaces", "dev", "", 0,
      0 },
    { "GET", API "users", "list", "users", "", "", 0, 1 },
    { "GET", API "users/eva", "get", "localselfuser", "eva", "", 0, 0 },
    { "GET", API "users/bob", "get", "users", "bob", "", 0, 0 },
    { "PUT", API "users/eva/password", "update", "localselfuser", "eva", "", 0,
      0 },
    { "PUT", API "users/eva", "update", "users", "eva", "", 0, 0 },
    { "GET", API "cluster/members", "list", "", "", "", 0, 0 },
    { "DELETE", API "cluster/members/8e9e", "delete", "", "8e9e", "", 0, 0 }
};


/* seldom something else than what belongs here */

static json_t *
fuzz_odd(fuzz_maker_t *maker, json_t *value)
{
    switch (fuzz_choose(maker, 128)) {

    case 1:
        json_decref(value);
        return json_null();

    case 2:
        json_decref(value);
        return json_integer(7);

    case 3:
        json_decref(value);
        return json_string("*");

    default:
        return value;
    }
}


/* more often the first ones, so that what is named is also there */

static json_t *
fuzz_pick(fuzz_maker_t *maker, const char *const *texts, size_t n)
{
    n = fuzz_choose(maker, 4) ? 2 : n;

    return fuzz_odd(maker, json_string(texts[fuzz_choose(maker, n)]));
}


static json_t *
fuzz_some(fuzz_maker_t *maker, const char *const *texts, size_t n)
{
    size_t   i;
    json_t  *array = json_array();

    for (i = fuzz_choose(maker, 4); i > 0; i--) {
        json_array_append_new(array, fuzz_pick(maker, texts, n));
    }

    return fuzz_odd(maker, array);
}


static json_t *
fuzz_rules(fuzz_maker_t *maker)
{
    size_t   i;
    json_t  *rules = json_array(), *rule;

    for (i = fuzz_choose(maker, 3); i > 0; i--) {
        rule = json_object();

        json_object_set_new(rule, "verbs", fuzz_some(maker, verbs, 8));
        json_object_set_new(rule, "resources",
                            fuzz_some(maker, types, FUZZ_TYPES));

        if (fuzz_choose(maker, 3) == 1) {
            json_object_set_new(rule, "resource_names",
                                fuzz_some(maker, things, 4));
        }

        json_array_append_new(rules, fuzz_odd(maker, rule));
    }

    return fuzz_odd(maker, rules);
}


static json_t *
fuzz_named(fuzz_maker_t *maker, const char *kind)
{
    static const char *const  kinds[] = { "User", "Group", "user", "" };
    static const char *const  roles[] = { "ClusterRole", "Role", "role", "" };

    json_t  *named = json_object();

    json_object_set_new(named, "type",
                        fuzz_pick(maker, *kind == 'r' ? roles : kinds, 4));
    json_object_set_new(named, "name", fuzz_pick(maker, names, FUZZ_NAMES));

    return fuzz_odd(maker, named);
}


static json_t *
fuzz_element(fuzz_maker_t *maker, sensu_rbac_list_e list)
{
    size_t   i;
    json_t  *element = json_object(), *metadata = json_object(), *subjects;

    if (list == SENSU_RBAC_NAMESPACES) {
        json_decref(metadata);
        json_object_set_new(element, "name",
                            fuzz_pick(maker, names, FUZZ_NAMES));
        return fuzz_odd(maker, element);
    }

    json_object_set_new(metadata, "name", fuzz_pick(maker, names, FUZZ_NAMES));

    if (list == SENSU_RBAC_ROLES || list == SENSU_RBAC_ROLEBINDINGS) {
        json_object_set_new(metadata, "namespace",
                            fuzz_pick(maker, names, FUZZ_NAMES));
    }

    json_object_set_new(element, "metadata", fuzz_odd(maker, metadata));

    if (list == SENSU_RBAC_ROLES || list == SENSU_RBAC_CLUSTERROLES) {
        json_object_set_new(element, "rules", fuzz_rules(maker));
        return fuzz_odd(maker, element);
    }

    subjects = json_array();

    for (i = fuzz_choose(maker, 3); i > 0; i--) {
        json_array_append_new(subjects, fuzz_named(maker, "subject"));
    }

    json_object_set_new(element, "subjects", fuzz_odd(maker, subjects));
    json_object_set_new(element, "role_ref", fuzz_named(maker, "role"));

    return fuzz_odd(maker, element);
}


static sensu_str_t
fuzz_str(const char *text)
{
    return (sensu_str_t) { strlen(text), (const unsigned char *) text };
}


static void
fuzz_wrong(const ref_rbac_t *ref, const sensu_rbac_who_t *who,
    const sensu_rbac_ask_t *ask, const char *what)
{
    size_t  i;

    fprintf(stderr, "%s: \"%.*s\"", what, (int) who->user.len,
            who->user.data);

    if (ask) {
        fprintf(stderr, " %d %.*s \"%.*s\" in \"%.*s\"", ask->verb,
                (int) ask->resource.len, ask->resource.data,
                (int) ask->name.len, ask->name.data, (int) ask->ns.len,
                ask->ns.data);
    }

    fprintf(stderr, "\n");

    for (i = 0; i < SENSU_RBAC_LISTS; i++) {
        json_dumpf(ref->list[i], stderr, JSON_COMPACT);
        fprintf(stderr, "\n");
    }

    abort();
}


static int
fuzz_exists(const ref_rbac_t *ref, const char *ns)
{
    size_t   i;
    json_t  *list = ref->list[SENSU_RBAC_NAMESPACES];

    for (i = 0; i < json_array_size(list); i++) {
        if (strcmp(ref_text(json_array_get(list, i), "name"), ns) == 0) {
            return 1;
        }
    }

    return 0;
}


/* the namespaces of a question, or those that he sees */

static void
fuzz_namespaces(const sensu_rbac_t *table, const ref_rbac_t *ref,
    const sensu_rbac_who_t *who, sensu_rbac_ask_t *ask)
{
    int            expected, got;
    size_t         i, k, n;
    sensu_str_t    found[FUZZ_NAMES];
    unsigned char  marks[FUZZ_NAMES];

    n = sensu_rbac_namespaces(table, who, ask, found, marks);

    for (i = 0; i < FUZZ_NAMES; i++) {
        expected = *names[i] && ref_allows_in(ref, who, ask, names[i]);
        got = 0;

        if (ask == NULL
            && sensu_rbac_sees(table, who, fuzz_str(names[i])) != expected)
        {
            fuzz_wrong(ref, who, ask, names[i]);
        }

        for (k = 0; k < n; k++) {
            got += sensu_str_eq(found[k], fuzz_str(names[i]));
        }

        if (got != (expected && fuzz_exists(ref, names[i]))) {
            fuzz_wrong(ref, who, ask, names[i]);
        }
    }

    for (k = 1; k < n; k++) {
        if (sensu_scope_cmp(found[k - 1], found[k]) >= 0) {
            fuzz_wrong(ref, who, ask, "order");
        }
    }
}


static void
fuzz_ask(const sensu_rbac_t *table, const ref_rbac_t *ref,
    const sensu_rbac_who_t *who)
{
    size_t            i;
    sensu_rbac_ask_t  ask;

    for (i = 0; i < 6 * FUZZ_TYPES * 4 * FUZZ_NAMES; i++) {
        ask.verb = i % 6;
        ask.resource = fuzz_str(types[i / 6 % FUZZ_TYPES]);
        ask.name = fuzz_str(things[i / 6 / FUZZ_TYPES % 4]);
        ask.ns = fuzz_str(names[i / 6 / FUZZ_TYPES / 4]);

        if (ref_allows(ref, who, &ask) != sensu_rbac_allows(table, who, &ask)) {
            fuzz_wrong(ref, who, &ask, "allowed");
        }

        if (i < 6 * FUZZ_TYPES) {
            ask.name.len = 0;
            fuzz_namespaces(table, ref, who, &ask);
        }
    }

    fuzz_namespaces(table, ref, who, NULL);

    if (sensu_rbac_sees_all(table, who) != ref_everywhere(ref, who, NULL)) {
        fuzz_wrong(ref, who, NULL, "sees all");
    }
}


/* twice: the second time what is remembered may say it */

static void
fuzz_judge(const sensu_rbac_t *table, const ref_rbac_t *ref,
    sensu_rbac_who_t *who, int shown)
{
    char                    expected[256], got[256], memory[512];
    size_t                  i;
    sensu_rbac_ask_t        ask;
    sensu_rbac_memo_t      *memo;
    sensu_namespaces_t      set;
    sensu_scope_verdict_e   verdict;
    const ref_request_t    *request;

    who->user = fuzz_str("eva");
    memo = sensu_rbac_memo_create();

    for (i = 0; i < 2 * sizeof(requests) / sizeof(requests[0]); i++) {
        request = &requests[i / 2];

        if (ref_ask(&ask, request, who->user, shown) > sizeof(memory) / 2) {
            abort();
        }

        set.names = (sensu_str_t *) memory;

        if (!sensu_rbac_memo_find(memo, 1, &ask, &verdict, &set)) {
            verdict = sensu_rbac_judge(table, who, &ask, &set, memory);
            sensu_rbac_memo_add(memo, 1, &ask, verdict, &set);
        }

        ref_verdict(got, verdict, &set);
        ref_judge(expected, ref, who, request, shown);

        if (strcmp(got, expected) != 0) {
            fprintf(stderr, "%s %s: %s, and not %s\n", request->method,
                    request->path, got, expected);
            fuzz_wrong(ref, who, &ask, "judged");
        }
    }

    free(memo);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t             i, n;
    ref_rbac_t         ref;
    sensu_str_t        groups[2];
    fuzz_maker_t       maker;
    sensu_rbac_t      *table;
    sensu_rbac_who_t   who;

    maker.p = data;
    maker.last = data + size;

    for (i = 0; i < SENSU_RBAC_LISTS; i++) {
        ref.list[i] = json_array();

        for (n = fuzz_choose(&maker, 5); n > 0; n--) {
            json_array_append_new(ref.list[i], fuzz_element(&maker, i));
        }
    }

    groups[0] = fuzz_str(names[fuzz_choose(&maker, FUZZ_NAMES)]);
    groups[1] = fuzz_str(names[fuzz_choose(&maker, FUZZ_NAMES)]);

    who.user = fuzz_str(names[fuzz_choose(&maker, FUZZ_NAMES)]);
    who.groups = groups;
    who.ngroups = fuzz_choose(&maker, 3);

    table = ref_table(&ref);

    fuzz_ask(table, &ref, &who);
    fuzz_judge(table, &ref, &who, fuzz_choose(&maker, 2));

    free(table);

    for (i = 0; i < SENSU_RBAC_LISTS; i++) {
        json_decref(ref.list[i]);
    }

    return 0;
}
