
/*
 * Tables of 100, 1,000 and 10,000 bindings in 1,000 namespaces.  A binding has
 * a user and two groups, every third a Role of its own; the caller of the
 * questions is named by five, of which two are for his group. A line of output
 * is a round, a case, a figure and its value.
 */


#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "sensu_json.h"
#include "sensu_rbac.h"


#define ASKS        200000
#define NAMESPACES  1000


typedef struct {
    int                   bindings;
    double                build;     /* seconds */
    double                order;     /* of them, in one piece at the end */
    size_t                bytes;     /* of JSON */
} bench_t;


static double
seconds(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);

    return ts.tv_sec + ts.tv_nsec / 1e9;
}


static sensu_str_t
str(const char *text)
{
    return (sensu_str_t) { strlen(text), (const unsigned char *) text };
}


static void
add(bench_t *bench, sensu_rbac_build_t *build, sensu_rbac_list_e list,
    const char *text)
{
    int     no_memory;
    double  from;
    json_t *element;

    bench->bytes += strlen(text);
    from = seconds();

    element = sensu_json_load(str(text), 0, NULL, &no_memory);

    if (element == NULL || sensu_rbac_build_add(build, list, element) != 0) {
        abort();
    }

    json_decref(element);

    bench->build += seconds() - from;
}


static int
place_of(const bench_t *bench, int i)
{
    return (int) ((long) i * NAMESPACES / bench->bindings);
}


static void
add_roles(bench_t *bench, sensu_rbac_build_t *build)
{
    int   i;
    char  text[1024];

    for (i = 0; i < NAMESPACES; i++) {
        snprintf(text, sizeof(text), "{\"name\":\"tenant-%d\"}", i);
        add(bench, build, SENSU_RBAC_NAMESPACES, text);
    }

    add(bench, build, SENSU_RBAC_CLUSTERROLES,
        "{\"rules\":[{\"verbs\":[\"get\",\"list\"],\"resources\":[\"assets\","
        "\"checks\",\"entities\",\"extensions\",\"events\",\"filters\","
        "\"handlers\",\"hooks\",\"mutators\",\"silenced\",\"namespaces\"],"
        "\"resource_names\":null}],\"metadata\":{\"name\":\"view\"}}");

    for (i = 0; i < bench->bindings; i += 3) {
        snprintf(text, sizeof(text), "{\"rules\":[{\"verbs\":[\"get\","
                 "\"list\",\"create\"],\"resources\":[\"checks\",\"events\"],"
                 "\"resource_names\":null}],\"metadata\":{\"name\":\"role-%d\""
                 ",\"namespace\":\"tenant-%d\"}}", i, place_of(bench, i));
        add(bench, build, SENSU_RBAC_ROLES, text);
    }
}


static sensu_rbac_t *
table_of(bench_t *bench)
{
    int                  i;
    char                 text[1024];
    double               from;
    sensu_rbac_t        *table;
    sensu_rbac_build_t  *build;

    build = sensu_rbac_build_create();

    add_roles(bench, build);

    add(bench, build, SENSU_RBAC_CLUSTERROLEBINDINGS,
        "{\"subjects\":[{\"type\":\"Group\",\"name\":\"system:users\"}],"
        "\"role_ref\":{\"type\":\"ClusterRole\",\"name\":\"view-names\"},"
        "\"metadata\":{\"name\":\"system:user\"}}");

    for (i = 0; i < bench->bindings; i++) {
        snprintf(text, sizeof(text), "{\"subjects\":[{\"type\":\"User\","
                 "\"name\":\"user-%d\"},{\"type\":\"Group\",\"name\":"
                 "\"team-%d\"},{\"type\":\"Group\",\"name\":\"shift-%d\"}],"
                 "\"role_ref\":{\"type\":\"%s\",\"name\":\"%s%.0d\"},"
                 "\"metadata\":{\"name\":\"b-%d\",\"namespace\":"
                 "\"tenant-%d\"}}", i / 2, i / 3, i % 40,
                 i % 3 ? "ClusterRole" : "Role", i % 3 ? "view" : "role-",
                 i % 3 ? 0 : i, i, place_of(bench, i));
        add(bench, build, SENSU_RBAC_ROLEBINDINGS, text);
    }

    from = seconds();
    table = sensu_rbac_build_table(build);
    bench->order = seconds() - from;
    bench->build += bench->order;

    sensu_rbac_build_free(build);

    return table;
}


static void
say(int round, const bench_t *bench, const char *what, double value)
{
    printf("%d\t%d bindings\t%s\t%.4f\n", round, bench->bindings, what,
           value);
}


/* one and the same verdict, each time with a look at the element's name */

static void
remember(int round, const bench_t *bench, sensu_rbac_ask_t *ask)
{
    int                     i, n;
    double                  from;
    sensu_str_t             one;
    sensu_rbac_memo_t      *memo;
    sensu_namespaces_t      set;
    sensu_scope_verdict_e   verdict;

    memo = sensu_rbac_memo_create();
    set = (sensu_namespaces_t) { 0, 1, &one };
    one = ask->ns;
    sensu_rbac_memo_add(memo, 1, ask, SENSU_SCOPE_PASS, &set);

    from = seconds();

    for (i = 0, n = 0; i < ASKS; i++) {
        n += sensu_rbac_memo_find(memo, 1 + i % 2, ask, &verdict, &set);
    }

    say(round, bench, "remembered", (seconds() - from) / ASKS * 1e6);

    if (n != ASKS / 2) {
        abort();
    }

    free(memo);
}


static void
ask(int round, const bench_t *bench, const sensu_rbac_t *table)
{
    int                i;
    char               ns[32];
    double             from;
    size_t             n;
    sensu_str_t        groups[3], *names;
    unsigned char     *marks;
    sensu_rbac_who_t   who;
    sensu_rbac_ask_t   what;

    groups[0] = str("system:users");
    groups[1] = str("team-8");
    groups[2] = str("nobody-knows-it");
    who = (sensu_rbac_who_t) { str("user-4"), groups, 3 };
    snprintf(ns, sizeof(ns), "tenant-%d", place_of(bench, 8));
    what = (sensu_rbac_ask_t) { .verb = SENSU_RBAC_LIST,
                                .resource = str("checks"), .ns = str(ns) };

    from = seconds();

    for (i = 0, n = 0; i < ASKS; i++) {
        what.ns.len = i % 2 ? strlen("tenant-") : strlen(ns);
        n += sensu_rbac_allows(table, &who, &what);
    }

    say(round, bench, "decision", (seconds() - from) / ASKS * 1e6);

    if (n != ASKS / 2) {
        abort();
    }

    names = malloc(sensu_rbac_count(table) * sizeof(sensu_str_t));
    marks = malloc(sensu_rbac_count(table));
    from = seconds();

    for (i = 0; i < ASKS / 10; i++) {
        n = sensu_rbac_namespaces(table, &who, &what, names, marks);
    }

    say(round, bench, "namespaces", (seconds() - from) / (ASKS / 10) * 1e6);
    say(round, bench, "build", bench->build * 1e3);
    say(round, bench, "order", bench->order * 1e3);
    say(round, bench, "size", sensu_rbac_size(table));
    say(round, bench, "json", bench->bytes);

    remember(round, bench, &what);

    free(names);
    free(marks);
}


int
main(int argc, char **argv)
{
    int            round, rounds, bindings;
    bench_t        bench;
    sensu_rbac_t  *table;

    rounds = argc > 1 ? atoi(argv[1]) : 15;

    for (round = 1; round <= rounds; round++) {
        for (bindings = 100; bindings <= 10000; bindings *= 10) {
            bench = (bench_t) { .bindings = bindings };
            table = table_of(&bench);
            ask(round, &bench, table);
            free(table);
        }
    }

    return 0;
}
