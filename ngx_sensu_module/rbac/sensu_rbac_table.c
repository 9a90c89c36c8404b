
/*
 * The table, written in one piece: words in order, everything else by them.
 */


#include <stdlib.h>
#include "sensu_rbac_table.h"
#include "sensu_scope.h"


/* where a word goes when they are put in order */

typedef struct {
    sensu_str_t           text;      /* borrowed from the dictionary */
    uint32_t              number;    /* so far */
} sensu_rbac_order_t;


static int sensu_rbac_order(sensu_rbac_build_t *build);
static int sensu_rbac_put_text(sensu_rbac_build_t *build,
    const sensu_rbac_order_t *order, size_t n);
static void sensu_rbac_renumber(sensu_rbac_build_t *build,
    const uint32_t *number);
static void sensu_rbac_sort(sensu_rbac_build_t *build,
    sensu_rbac_part_e part);
static int sensu_rbac_by_text(const void *one, const void *two);
static int sensu_rbac_by_grant(const void *one, const void *two);
static int sensu_rbac_by_number(const void *one, const void *two);


static const size_t  sensu_rbac_sizes[] = {
    sizeof(sensu_rbac_word_t),
    sizeof(sensu_rbac_grant_t),
    sizeof(sensu_rbac_role_t),
    sizeof(sensu_rbac_rule_t),
    sizeof(uint32_t),
    sizeof(uint32_t),
    1
};


int
sensu_rbac_push(sensu_rbac_build_t *build, sensu_rbac_part_e part,
    const void *elt)
{
    void                *elts;
    size_t               size, room;
    sensu_rbac_array_t  *array;

    array = &build->part[part];
    size = sensu_rbac_sizes[part];

    if (array->n == array->room) {
        room = 2 * array->room + 64;

        elts = realloc(array->elts, room * size);
        if (elts == NULL) {
            return -1;
        }

        array->elts = elts;
        array->room = room;
    }

    memcpy((char *) array->elts + size * array->n++, elt, size);

    return 0;
}


sensu_rbac_t *
sensu_rbac_build_table(sensu_rbac_build_t *build)
{
    char                *p;
    size_t               i, size;
    sensu_rbac_t        *table;
    sensu_rbac_array_t  *part;

    if (sensu_rbac_order(build) != 0) {
        return NULL;
    }

    size = sizeof(sensu_rbac_t);

    for (i = 0; i < SENSU_RBAC_PARTS; i++) {
        size += build->part[i].n * sensu_rbac_sizes[i];
    }

    table = (size < UINT32_MAX) ? malloc(size) : NULL;
    if (table == NULL) {
        return NULL;
    }

    p = (char *) table + sizeof(sensu_rbac_t);

    for (i = 0; i < SENSU_RBAC_PARTS; i++) {
        part = &build->part[i];

        table->part[i].offset = p - (char *) table;
        table->part[i].n = part->n;

        if (part->n) {
            memcpy(p, part->elts, part->n * sensu_rbac_sizes[i]);
            p += part->n * sensu_rbac_sizes[i];
        }
    }

    table->size = size;

    return table;
}


static int
sensu_rbac_order(sensu_rbac_build_t *build)
{
    int                  rc;
    size_t               i, n;
    json_t              *known;
    uint32_t            *number;
    const char          *text;
    sensu_rbac_order_t  *order;

    n = json_object_size(build->words);
    order = malloc((n + 1) * sizeof(sensu_rbac_order_t));
    number = malloc((n + 1) * sizeof(uint32_t));
    rc = -1;

    if (order != NULL && number != NULL) {
        i = 0;

        json_object_foreach(build->words, text, known) {
            order[i].text.data = (const unsigned char *) text;
            order[i].text.len = strlen(text);
            order[i++].number = json_integer_value(known);
        }

        qsort(order, n, sizeof(sensu_rbac_order_t), sensu_rbac_by_text);

        for (i = 0; i < n; i++) {
            number[order[i].number] = i;
        }

        rc = sensu_rbac_put_text(build, order, n);

        sensu_rbac_renumber(build, number);
    }

    free(order);
    free(number);

    return rc;
}


static int
sensu_rbac_put_text(sensu_rbac_build_t *build,
    const sensu_rbac_order_t *order, size_t n)
{
    size_t               i;
    sensu_rbac_word_t    word;
    sensu_rbac_array_t  *text;

    text = &build->part[SENSU_RBAC_TEXT];

    for (i = 0; i < n; i++) {
        text->room += order[i].text.len;
    }

    text->elts = malloc(text->room + 1);
    if (text->elts == NULL) {
        return -1;
    }

    for (i = 0; i < n; i++) {
        word.offset = text->n;
        word.len = order[i].text.len;

        if (sensu_rbac_push(build, SENSU_RBAC_WORD, &word) != 0) {
            return -1;
        }

        memcpy((char *) text->elts + text->n, order[i].text.data, word.len);
        text->n += word.len;
    }

    return 0;
}


static void
sensu_rbac_renumber(sensu_rbac_build_t *build, const uint32_t *number)
{
    size_t               i;
    uint32_t            *word;
    sensu_rbac_part_e    part;
    sensu_rbac_grant_t  *grant;

    grant = build->part[SENSU_RBAC_GRANT].elts;

    for (i = 0; i < build->part[SENSU_RBAC_GRANT].n; i++) {
        grant[i].subject = number[grant[i].subject >> 1] << 1
                           | (grant[i].subject & 1);

        if (grant[i].place != SENSU_RBAC_EVERYWHERE) {
            grant[i].place = number[grant[i].place - 1] + 1;
        }
    }

    for (part = SENSU_RBAC_ITEM; part <= SENSU_RBAC_NAMESPACE; part++) {
        word = build->part[part].elts;

        for (i = 0; i < build->part[part].n; i++) {
            word[i] = number[word[i]];
        }
    }

    sensu_rbac_sort(build, SENSU_RBAC_GRANT);
    sensu_rbac_sort(build, SENSU_RBAC_NAMESPACE);
}


/* without repeats */

static void
sensu_rbac_sort(sensu_rbac_build_t *build, sensu_rbac_part_e part)
{
    char                *elts;
    size_t               i, n, size;
    sensu_rbac_array_t  *array;

    array = &build->part[part];
    size = sensu_rbac_sizes[part];
    elts = array->elts;

    if (array->n < 2) {
        return;
    }

    qsort(elts, array->n, size, (part == SENSU_RBAC_GRANT)
                                ? sensu_rbac_by_grant : sensu_rbac_by_number);

    n = 1;

    for (i = 1; i < array->n; i++) {
        if (memcmp(elts + i * size, elts + (n - 1) * size, size) != 0) {
            memmove(elts + n++ * size, elts + i * size, size);
        }
    }

    array->n = n;
}


static int
sensu_rbac_by_text(const void *one, const void *two)
{
    const sensu_rbac_order_t  *a = one, *b = two;

    return sensu_scope_cmp(a->text, b->text);
}


static int
sensu_rbac_by_grant(const void *one, const void *two)
{
    const sensu_rbac_grant_t  *a = one, *b = two;

    if (a->subject != b->subject) {
        return a->subject < b->subject ? -1 : 1;
    }

    if (a->place != b->place) {
        return a->place < b->place ? -1 : 1;
    }

    return (a->role > b->role) - (a->role < b->role);
}


static int
sensu_rbac_by_number(const void *one, const void *two)
{
    const uint32_t  *a = one, *b = two;

    return (*a > *b) - (*a < *b);
}
