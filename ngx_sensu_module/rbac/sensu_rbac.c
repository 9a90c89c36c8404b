
/*
 * Decisions: a caller's grants stand together in the table, by place, so that
 * what he may do is found without looking at anybody else's.
 */


#include "sensu_rbac_table.h"
#include "sensu_scope.h"


/* what is asked for, in words, and which grants count */

typedef struct {
    const sensu_rbac_t       *table;
    sensu_rbac_ask_t         *ask;       /* NULL: anything */
    uint32_t                  resource;
    uint32_t                  place;     /* those there, */
    unsigned                  everywhere:1; /* and those for everywhere, */
    unsigned                  cluster:1; /* if on what lives in namespaces */
    unsigned char            *marks;     /* namespaces by their number */
} sensu_rbac_look_t;


typedef int (*sensu_rbac_each_pt)(const sensu_rbac_look_t *look,
    uint32_t subject);


static void sensu_rbac_look(sensu_rbac_look_t *look,
    const sensu_rbac_t *table, sensu_rbac_ask_t *ask);
static int sensu_rbac_each(const sensu_rbac_look_t *look,
    const sensu_rbac_who_t *who, sensu_rbac_each_pt each);
static int sensu_rbac_granted(const sensu_rbac_look_t *look,
    uint32_t subject);
static int sensu_rbac_granted_at(const sensu_rbac_look_t *look,
    uint32_t subject, uint32_t place);
static int sensu_rbac_mark(const sensu_rbac_look_t *look, uint32_t subject);
static uint32_t sensu_rbac_first(const sensu_rbac_t *table, uint32_t subject,
    uint32_t place);
static int sensu_rbac_role_allows(const sensu_rbac_look_t *look, uint32_t n);
static int sensu_rbac_rule_allows(const sensu_rbac_look_t *look,
    const sensu_rbac_rule_t *rule);
static int sensu_rbac_in(const uint32_t *items, uint32_t n, uint32_t word);
static uint32_t sensu_rbac_find(const sensu_rbac_t *table, sensu_str_t text);
static sensu_str_t sensu_rbac_text(const sensu_rbac_t *table, uint32_t word);
static uint32_t sensu_rbac_namespace(const sensu_rbac_t *table,
    uint32_t word);


size_t
sensu_rbac_size(const sensu_rbac_t *table)
{
    return table->size;
}


size_t
sensu_rbac_count(const sensu_rbac_t *table)
{
    return table->part[SENSU_RBAC_NAMESPACE].n;
}


int
sensu_rbac_allows(const sensu_rbac_t *table, const sensu_rbac_who_t *who,
    sensu_rbac_ask_t *ask)
{
    sensu_rbac_look_t  look;

    sensu_rbac_look(&look, table, ask);

    /* of no word: everywhere */
    look.place = sensu_rbac_find(table, ask->ns) + 1;
    look.everywhere = 1;

    return sensu_rbac_each(&look, who, sensu_rbac_granted);
}


int
sensu_rbac_sees_all(const sensu_rbac_t *table, const sensu_rbac_who_t *who)
{
    sensu_rbac_look_t  look;

    sensu_rbac_look(&look, table, NULL);

    look.everywhere = 1;
    look.cluster = 1;

    return sensu_rbac_each(&look, who, sensu_rbac_granted);
}


int
sensu_rbac_sees(const sensu_rbac_t *table, const sensu_rbac_who_t *who,
    sensu_str_t ns)
{
    sensu_rbac_look_t  look;

    sensu_rbac_look(&look, table, NULL);

    look.place = sensu_rbac_find(table, ns) + 1;

    return sensu_rbac_each(&look, who, sensu_rbac_granted);
}


size_t
sensu_rbac_namespaces(const sensu_rbac_t *table, const sensu_rbac_who_t *who,
    sensu_rbac_ask_t *ask, sensu_str_t *names, unsigned char *marks)
{
    size_t              n;
    uint32_t            i;
    const uint32_t     *namespaces;
    sensu_rbac_look_t   look;

    if (sensu_rbac_count(table) == 0) {
        return 0;
    }

    sensu_rbac_look(&look, table, ask);

    look.marks = marks;
    memset(marks, 0, sensu_rbac_count(table));

    (void) sensu_rbac_each(&look, who, sensu_rbac_mark);

    namespaces = sensu_rbac_part(table, SENSU_RBAC_NAMESPACE);
    n = 0;

    for (i = 0; i < sensu_rbac_count(table); i++) {
        if (marks[i]) {
            names[n++] = sensu_rbac_text(table, namespaces[i]);
        }
    }

    return n;
}


static void
sensu_rbac_look(sensu_rbac_look_t *look, const sensu_rbac_t *table,
    sensu_rbac_ask_t *ask)
{
    memset(look, 0, sizeof(sensu_rbac_look_t));

    look->table = table;
    look->ask = ask;

    if (ask != NULL) {
        look->resource = sensu_rbac_find(table, ask->resource);
    }
}


/* the caller as a user, then as a member of each group, to the first yes */

static int
sensu_rbac_each(const sensu_rbac_look_t *look, const sensu_rbac_who_t *who,
    sensu_rbac_each_pt each)
{
    size_t    i;
    uint32_t  word;

    word = sensu_rbac_find(look->table, who->user);

    if (word != SENSU_RBAC_NONE && each(look, word << 1)) {
        return 1;
    }

    for (i = 0; i < who->ngroups; i++) {
        word = sensu_rbac_find(look->table, who->groups[i]);

        if (word != SENSU_RBAC_NONE && each(look, word << 1 | 1)) {
            return 1;
        }
    }

    return 0;
}


static int
sensu_rbac_granted(const sensu_rbac_look_t *look, uint32_t subject)
{
    return (look->everywhere
            && sensu_rbac_granted_at(look, subject, SENSU_RBAC_EVERYWHERE))
           || (look->place != SENSU_RBAC_EVERYWHERE
               && sensu_rbac_granted_at(look, subject, look->place));
}


static int
sensu_rbac_granted_at(const sensu_rbac_look_t *look, uint32_t subject,
    uint32_t place)
{
    uint32_t                   i;
    const sensu_rbac_t        *table;
    const sensu_rbac_grant_t  *grants;

    table = look->table;
    grants = sensu_rbac_part(table, SENSU_RBAC_GRANT);

    for (i = sensu_rbac_first(table, subject, place);
         i < table->part[SENSU_RBAC_GRANT].n && grants[i].subject == subject
         && grants[i].place == place;
         i++)
    {
        if (sensu_rbac_role_allows(look, grants[i].role)) {
            return 1;
        }
    }

    return 0;
}


static int
sensu_rbac_mark(const sensu_rbac_look_t *look, uint32_t subject)
{
    uint32_t                   i, n;
    unsigned char             *marks;
    const sensu_rbac_t        *table;
    const sensu_rbac_grant_t  *grants;

    marks = look->marks;
    table = look->table;
    grants = sensu_rbac_part(table, SENSU_RBAC_GRANT);

    for (i = sensu_rbac_first(table, subject, SENSU_RBAC_EVERYWHERE + 1);
         i < table->part[SENSU_RBAC_GRANT].n && grants[i].subject == subject;
         i++)
    {
        n = sensu_rbac_namespace(table, grants[i].place - 1);

        if (n != SENSU_RBAC_NONE && !marks[n]) {
            marks[n] = sensu_rbac_role_allows(look, grants[i].role);
        }
    }

    return 0;
}


/* the first grant of a subject at a place or behind it */

static uint32_t
sensu_rbac_first(const sensu_rbac_t *table, uint32_t subject, uint32_t place)
{
    uint32_t                   low, high, mid;
    const sensu_rbac_grant_t  *grants;

    grants = sensu_rbac_part(table, SENSU_RBAC_GRANT);

    low = 0;
    high = table->part[SENSU_RBAC_GRANT].n;

    while (low < high) {
        mid = low + (high - low) / 2;

        if (grants[mid].subject < subject
            || (grants[mid].subject == subject && grants[mid].place < place))
        {
            low = mid + 1;

        } else {
            high = mid;
        }
    }

    return low;
}


static int
sensu_rbac_role_allows(const sensu_rbac_look_t *look, uint32_t n)
{
    uint32_t                  i;
    const sensu_rbac_role_t  *role;
    const sensu_rbac_rule_t  *rules;

    role = sensu_rbac_part(look->table, SENSU_RBAC_ROLE);
    role += n;

    if (look->ask == NULL) {
        return look->cluster ? role->namespaced : role->n != 0;
    }

    rules = sensu_rbac_part(look->table, SENSU_RBAC_RULE);

    for (i = role->first; i < role->first + role->n; i++) {
        if (sensu_rbac_rule_allows(look, &rules[i])) {
            return 1;
        }
    }

    return 0;
}


static int
sensu_rbac_rule_allows(const sensu_rbac_look_t *look,
    const sensu_rbac_rule_t *rule)
{
    const uint32_t  *items;

    items = sensu_rbac_part(look->table, SENSU_RBAC_ITEM);
    items += rule->first;

    if (!(rule->verbs & (1u << look->ask->verb))
        || (!rule->all
            && !sensu_rbac_in(items, rule->resources, look->resource)))
    {
        return 0;
    }

    if (rule->names == 0) {
        return 1;
    }

    /* a rule with names is about these: never about a list or a new one */

    if (look->ask->name.len == 0) {
        return 0;
    }

    look->ask->named = 1;

    return sensu_rbac_in(items + rule->resources, rule->names,
                         sensu_rbac_find(look->table, look->ask->name));
}


static int
sensu_rbac_in(const uint32_t *items, uint32_t n, uint32_t word)
{
    uint32_t  i;

    if (word == SENSU_RBAC_NONE) {
        return 0;
    }

    for (i = 0; i < n; i++) {
        if (items[i] == word) {
            return 1;
        }
    }

    return 0;
}


/* the empty text is nobody and nothing, never a word */

static uint32_t
sensu_rbac_find(const sensu_rbac_t *table, sensu_str_t text)
{
    int       rc;
    uint32_t  low, high, mid;

    low = 0;
    high = (text.len != 0) ? table->part[SENSU_RBAC_WORD].n : 0;

    while (low < high) {
        mid = low + (high - low) / 2;
        rc = sensu_scope_cmp(sensu_rbac_text(table, mid), text);

        if (rc == 0) {
            return mid;
        }

        if (rc < 0) {
            low = mid + 1;

        } else {
            high = mid;
        }
    }

    return SENSU_RBAC_NONE;
}


static sensu_str_t
sensu_rbac_text(const sensu_rbac_t *table, uint32_t word)
{
    const char               *text;
    const sensu_rbac_word_t  *words;

    words = sensu_rbac_part(table, SENSU_RBAC_WORD);
    text = sensu_rbac_part(table, SENSU_RBAC_TEXT);

    return (sensu_str_t) { words[word].len,
                           (const unsigned char *) text + words[word].offset };
}


/* its number among those that exist */

static uint32_t
sensu_rbac_namespace(const sensu_rbac_t *table, uint32_t word)
{
    uint32_t         low, high, mid;
    const uint32_t  *namespaces;

    namespaces = sensu_rbac_part(table, SENSU_RBAC_NAMESPACE);

    low = 0;
    high = table->part[SENSU_RBAC_NAMESPACE].n;

    while (low < high) {
        mid = low + (high - low) / 2;

        if (namespaces[mid] < word) {
            low = mid + 1;

        } else {
            high = mid;
        }
    }

    return low < table->part[SENSU_RBAC_NAMESPACE].n && namespaces[low] == word
           ? low : SENSU_RBAC_NONE;
}
