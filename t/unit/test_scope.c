
/*
 * Scope: the list of namespaces, and what it makes of every kind of target.
 */


#include <stdlib.h>
#include "tap.h"
#include "sensu_scope.h"


typedef struct {
    const char           *value;
    const char           *names;     /* joined by blanks; NULL: refused */
} list_t;


static const list_t  lists[] = {
    { "*", "*" },
    { " * ", "*" },
    { "", "" },
    { " ,\t, ", "" },
    { "dev", "dev" },
    { ",dev,", "dev" },
    { "dev ops", "dev ops" },
    { "ops,dev", "dev ops" },
    { "dev,dev, dev", "dev" },
    { "ab,a,a.b,a-b", "a-b a.b a ab" },
    { "a a- a. a0 a: aa A _", "A _ a- a. a a0 a: aa" },
    { "b ab a", "a ab b" },
    { "x-1 x x-10 x.1 x-", "x- x-1 x-10 x.1 x" },
    { "...", "..." },
    { "-", "-" },
    { "*,dev", NULL },
    { "dev *", NULL },
    { "* *", NULL },
    { "**", NULL },
    { "dev*", NULL },
    { ".", NULL },
    { "dev,..", NULL },
    { "a/b", NULL },
    { "dev;ops", NULL },
    { "d%65v", NULL },
    { "d\xc3\xa4v", NULL },
    { "[\"dev\"]", NULL }
};


typedef struct {
    const char            *namespaces;
    sensu_scope_method_e   method;
    const char            *path;
    sensu_scope_verdict_e  verdict;
} rule_t;


#define GET    SENSU_SCOPE_GET
#define PUT    SENSU_SCOPE_PUT
#define OTHER  SENSU_SCOPE_OTHER

#define PASS   SENSU_SCOPE_PASS
#define DENY   SENSU_SCOPE_DENY
#define ONE    SENSU_SCOPE_ONE
#define MERGE  SENSU_SCOPE_MERGE
#define THOSE  SENSU_SCOPE_NAMESPACES

#define API    "/api/core/v2"


/* the caller is "eva" */

static const rule_t  rules[] = {

    /* everything passes */

    { "*", GET, API "/checks", PASS },
    { "*", OTHER, API "/checks", PASS },
    { "*", OTHER, API "/namespaces/dev", PASS },
    { "*", GET, API "/namespaces", PASS },
    { "*", GET, API "/namespaces/-/checks", PASS },
    { "*", OTHER, API "/users/adam", PASS },

    /* namespaced paths: membership, whatever the method */

    { "dev", GET, API "/namespaces/dev/checks", PASS },
    { "dev", OTHER, API "/namespaces/dev/checks", PASS },
    { "dev", PUT, API "/namespaces/dev/checks/cpu", PASS },
    { "dev", GET, API "/namespaces/d%65v/checks", PASS },
    { "dev,ops", OTHER, API "/namespaces/ops/rolebindings/x", PASS },
    { "dev", GET, API "/namespaces/dev-eu/checks", DENY },
    { "dev", GET, API "/namespaces/de/checks", DENY },
    { "dev", GET, API "/namespaces/Dev/checks", DENY },
    { "dev", GET, API "/namespaces/*/checks", DENY },
    { "dev-eu", GET, API "/namespaces/dev/checks", DENY },
    { "dev", OTHER, API "/namespaces/ops/checks", DENY },
    { "", GET, API "/namespaces/dev/checks", DENY },
    { "dev", GET, "/api/x/y/v1/namespaces/dev/z", PASS },
    { "dev", GET, "/api/x/y/v1/namespaces/ops/z", DENY },

    /* cluster-wide lists of namespaced resources */

    { "dev", GET, API "/checks", ONE },
    { "dev,ops", GET, API "/checks", MERGE },
    { "", GET, API "/checks", DENY },
    { "dev", GET, API "/namespaces/-/checks", ONE },
    { "dev,ops", GET, API "/namespaces/-/checks", MERGE },
    { "-", GET, API "/namespaces/-/checks", ONE },
    { "dev,ops", GET, "/api/x/y/v1/z", MERGE },
    { "dev", OTHER, API "/checks", DENY },
    { "dev", PUT, API "/checks", DENY },
    { "dev,ops", OTHER, API "/namespaces/-/checks", DENY },
    { "dev", GET, API "/checks/cpu", DENY },
    { "dev", GET, API "/events/web", DENY },
    { "dev", GET, API "/namespaces/-/checks/cpu", DENY },
    { "dev,ops", GET, API "/silenced/checks/cpu", MERGE },
    { "dev", GET, API "/silenced/subscriptions/linux", ONE },
    { "dev,ops", OTHER, API "/silenced/checks/cpu", DENY },
    { "dev,ops", GET, API "/silenced/checks", DENY },
    { "", GET, API "/silenced/checks/cpu", DENY },

    /* namespaces themselves */

    { "dev", GET, API "/namespaces", THOSE },
    { "dev,ops", GET, API "/namespaces", THOSE },
    { "", GET, API "/namespaces", THOSE },
    { "dev", GET, API "/namespaces/dev", PASS },
    { "dev", GET, API "/namespaces/dev-eu", DENY },
    { "dev", GET, API "/namespaces/-", DENY },
    { "dev", OTHER, API "/namespaces", DENY },
    { "dev", PUT, API "/namespaces/dev", DENY },
    { "dev", OTHER, API "/namespaces/dev", DENY },

    /* other cluster-scoped resources, but oneself */

    { "dev", GET, API "/users/eva", PASS },
    { "dev", PUT, API "/users/eva", PASS },
    { "", PUT, API "/users/eva/password", PASS },
    { "dev", PUT, API "/users/ev%61/p%61ssword", PASS },
    { "dev", OTHER, API "/users/eva", DENY },
    { "dev", PUT, API "/users/eva/reinstate", DENY },
    { "dev", PUT, API "/users/eva/groups/cluster-admins", DENY },
    { "dev", PUT, API "/users/eva/password/x", DENY },
    { "dev", PUT, API "/users/eva/passwor", DENY },
    { "dev", GET, API "/users/adam", DENY },
    { "dev", GET, API "/users/ev", DENY },
    { "dev", GET, API "/users/evas", DENY },
    { "dev", GET, API "/users/Eva", DENY },
    { "dev", PUT, API "/users/adam/password", DENY },
    { "dev", GET, API "/users", DENY },
    { "dev", GET, API "/clusterroles", DENY },
    { "dev", GET, API "/clusterrolebindings", DENY },
    { "dev", GET, API "/cluster/members", DENY },
    { "dev", GET, API "/tessen", DENY },
    { "dev", PUT, API "/tessen", DENY },
    { "dev", GET, API "/apikeys", DENY },
    { "dev", GET, API "/clusterroles/eva", DENY },

    /* a resource called users of another group is an ordinary one */

    { "dev", PUT, "/api/other/v1/users/eva", DENY },
    { "dev", GET, "/api/other/v1/users", ONE }
};


static sensu_str_t
str(const char *s)
{
    return (sensu_str_t) { strlen(s), (const unsigned char *) s };
}


static int
parse(sensu_namespaces_t *set, const char *value)
{
    size_t        room;
    sensu_str_t  *names;

    room = sensu_namespaces_room(str(value));
    names = malloc(room ? room * sizeof(sensu_str_t) : 1);

    *set = (sensu_namespaces_t) { .names = names };

    return sensu_namespaces_add(set, str(value));
}


static void
joined(char *text, const sensu_namespaces_t *set)
{
    size_t  i;

    strcpy(text, set->all ? "*" : "");

    for (i = 0; i < set->n; i++) {
        sprintf(text + strlen(text), "%s%.*s", i ? " " : "",
                (int) set->names[i].len, set->names[i].data);
    }
}


static void
test_list(const list_t *list)
{
    int                 rc;
    char                text[256];
    size_t              i;
    sensu_namespaces_t  set;

    rc = parse(&set, list->value);
    joined(text, &set);

    for (i = 0; i < set.n; i++) {
        ok(sensu_namespaces_has(&set, set.names[i]), "\"%s\": has its own",
           list->value);
    }

    is_int(rc, list->names ? 0 : -1, "\"%s\": verdict", list->value);
    ok(strcmp(text, list->names ? list->names : "") == 0,
       "\"%s\" is \"%s\"", list->value, text);
    is_int(sensu_namespaces_has(&set, sensu_str("none")), set.all,
           "\"%s\": no other one", list->value);

    free(set.names);
}


static void
test_membership(void)
{
    size_t              i;
    sensu_namespaces_t  set;

    static const char *const  others[] = {
        "", "de", "dev-", "dev/", "dev/x", "dev.", "dev0", "Dev", "*", "-",
        "op", "ops/", "p"
    };

    parse(&set, "ops,dev,dev-eu");

    for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        ok(!sensu_namespaces_has(&set, str(others[i])), "\"%s\" is not in it",
           others[i]);
    }

    free(set.names);
}


static void
test_many(void)
{
    int                 i, j;
    char               *value;
    sensu_str_t         a, b, *names;
    sensu_namespaces_t  set;

    value = calloc(1, 16 * (SENSU_SCOPE_MAX + 2));

    for (i = SENSU_SCOPE_MAX; i > 0; i--) {
        sprintf(value + strlen(value), "n%d ", i * 7 % 1025);
    }

    is_int(parse(&set, value), 0, "as many as may be");
    is_int(set.n, SENSU_SCOPE_MAX, "all of them are there");

    for (i = 1, j = 0; i < SENSU_SCOPE_MAX; i++) {
        a = set.names[i - 1];
        b = set.names[i];
        j += sensu_str_cmp(a, b) < 0;
    }

    is_int(j, SENSU_SCOPE_MAX - 1, "they are in order");
    free(set.names);

    strcat(value, "n1");
    is_int(parse(&set, value), 0, "a repeated one is not one too many");
    free(set.names);

    strcat(value, "x");
    is_int(sensu_namespaces_room(str(value)), SENSU_SCOPE_MAX,
           "the room is bounded");

    names = malloc(SENSU_SCOPE_MAX * sizeof(sensu_str_t));
    set = (sensu_namespaces_t) { .names = names };
    is_int(sensu_namespaces_add(&set, str(value)), SENSU_NAMESPACES_MANY,
           "one more is too many");
    is_int(set.n + set.all, 0, "then there is none");
    free(names);
    free(value);
}


/* what comes out of a token is what it is: one name, or one for each group */

typedef struct {
    const char           *text;
    const char           *name;      /* of the text as one; NULL: none */
    const char           *groups;    /* of the text as groups, joined */
} data_t;


static const data_t  data[] = {
    { "dev", "dev", "dev" },
    { "", NULL, "" },
    { "*", NULL, "" },
    { "x,prod", NULL, "prod x" },
    { "web prod", NULL, "" },
    { "web prod,dev", NULL, "dev" },
    { "a/b,dev,\xc3\x9csers,*,..,c:d", NULL, "c:d dev" },
    { ",,dev,", NULL, "dev" },
    { " dev", NULL, "" },
    { "dev\tops", NULL, "" },
    { "team-", "team-", "team-" },
    { "..", NULL, "" },
    { "...", "...", "..." }
};


static void
test_data(const data_t *data)
{
    char                text[256];
    sensu_str_t         names[16];
    sensu_namespaces_t  set;

    set = (sensu_namespaces_t) { .names = names };

    is_int(sensu_namespaces_add_name(&set, str(data->text)),
           data->name != NULL, "\"%s\" as a name", data->text);
    joined(text, &set);
    ok(strcmp(text, data->name ? data->name : "") == 0, "is \"%s\"", text);

    set = (sensu_namespaces_t) { .names = names };

    ok(sensu_namespaces_room(str(data->text)) <= 16, "has its room");
    is_int(sensu_namespaces_add_groups(&set, str(data->text)), 0,
           "\"%s\" as groups", data->text);
    joined(text, &set);
    ok(strcmp(text, data->groups) == 0, "is \"%s\"", text);
}


static void
test_together(void)
{
    char                text[256];
    sensu_str_t         names[16];
    sensu_namespaces_t  set;

    set = (sensu_namespaces_t) { .names = names };

    sensu_namespaces_add(&set, str("ops b"));
    sensu_namespaces_add_groups(&set, str("a,ops,z*"));
    sensu_namespaces_add_name(&set, str("c"));
    joined(text, &set);
    ok(strcmp(text, "a b c ops") == 0, "of several values: %s", text);

    sensu_namespaces_add(&set, str("*"));
    sensu_namespaces_add_name(&set, str("c"));
    sensu_namespaces_add_groups(&set, str("d,e"));
    joined(text, &set);
    ok(strcmp(text, "*") == 0, "all of them stay all: %s", text);

    is_int(sensu_namespaces_add(&set, str("a/b")), -1, "a bad one of many");
    is_int(set.all + set.n, 0, "leaves none");
}


static void
test_rule(const rule_t *rule)
{
    sensu_path_t        path;
    unsigned char       buf[256];
    sensu_namespaces_t  set;

    static const char *const  methods[] = { "other", "GET", "PUT" };

    is_int(sensu_path_parse(&path, str(rule->path), buf), SENSU_PATH_API,
           "%s", rule->path);
    is_int(parse(&set, rule->namespaces), 0, "\"%s\"", rule->namespaces);
    is_int(sensu_scope_judge(&set, &path, sensu_str("eva"), rule->method),
           rule->verdict, "%s %s with \"%s\"", methods[rule->method],
           rule->path, rule->namespaces);

    free(set.names);
}


/* two verdicts, each with its namespaces, and what both allow */

typedef struct {
    sensu_scope_verdict_e   verdict;
    const char             *names;
    sensu_scope_verdict_e   limited;
    const char             *limit;
    sensu_scope_verdict_e   both;
    const char             *left;
} meeting_t;


static const meeting_t  meetings[] = {
    { PASS, "*", PASS, "*", PASS, "*" },
    { PASS, "*", MERGE, "a b", MERGE, "a b" },
    { PASS, "*", ONE, "a", ONE, "a" },
    { PASS, "*", THOSE, "a", THOSE, "a" },
    { PASS, "*", DENY, "", DENY, "" },
    { PASS, "a", PASS, "a b", PASS, "a" },
    { PASS, "", PASS, "a b", PASS, "" },
    { PASS, "a", DENY, "b", DENY, "" },
    { DENY, "", PASS, "*", DENY, "" },
    { DENY, "", MERGE, "a b", DENY, "" },
    { MERGE, "a b", PASS, "*", MERGE, "a b" },
    { MERGE, "a b c", MERGE, "b c d", MERGE, "b c" },
    { MERGE, "a b c", MERGE, "c d", ONE, "c" },
    { MERGE, "a b", MERGE, "c d", DENY, "" },
    { MERGE, "a-b a", ONE, "a", ONE, "a" },
    { ONE, "a", MERGE, "a-b a", ONE, "a" },
    { ONE, "a", ONE, "b", DENY, "" },
    { THOSE, "a b", PASS, "*", THOSE, "a b" },
    { THOSE, "a b", THOSE, "b", THOSE, "b" },
    { THOSE, "a", THOSE, "b", THOSE, "" }
};


static void
test_meeting(const meeting_t *m)
{
    size_t                  i;
    sensu_str_t            *names, *others;
    sensu_namespaces_t      set, limit, left;
    sensu_scope_verdict_e   both;

    parse(&set, m->names);
    parse(&limit, m->limit);
    parse(&left, m->left);

    names = set.names;
    others = limit.names;

    both = sensu_scope_meet(&set, m->verdict, &limit, m->limited);

    is_int(both, m->both, "%d \"%s\" and %d \"%s\"", m->verdict, m->names,
           m->limited, m->limit);

    ok(set.all == left.all && set.n == left.n, "leave \"%s\"", m->left);

    for (i = 0; i < set.n && i < left.n; i++) {
        ok(sensu_str_eq(set.names[i], left.names[i]), "the same");
    }

    free(names);
    free(others);
    free(left.names);
}


int
main(void)
{
    size_t              i;
    sensu_path_t        path;
    unsigned char       buf[256];
    sensu_namespaces_t  set;

    for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        test_list(&lists[i]);
    }

    is_int(parse(&set, "b\r\na\n"), 0, "lines");
    is_int(set.n, 2, "have a name each");
    free(set.names);

    for (i = 0; i < sizeof(data) / sizeof(data[0]); i++) {
        test_data(&data[i]);
    }

    test_together();
    test_membership();
    test_many();

    for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        test_rule(&rules[i]);
    }

    for (i = 0; i < sizeof(meetings) / sizeof(meetings[0]); i++) {
        test_meeting(&meetings[i]);
    }

    /* what never parsed has no scope, nobody has no user */

    parse(&set, "dev");
    sensu_path_parse(&path, sensu_str("/health"), buf);
    is_int(sensu_scope_judge(&set, &path, sensu_str("eva"), GET), DENY,
           "a path of no scope");
    sensu_path_parse(&path, sensu_str("/api/core/v2/users"), buf);
    is_int(sensu_scope_judge(&set, &path, sensu_str(""), GET), DENY,
           "a caller without a name");
    free(set.names);

    return done_testing();
}
