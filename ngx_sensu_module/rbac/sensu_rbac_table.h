
/*
 * The inside of a table: all numbers are of 32 bits, all texts are words.
 * Words are in the order of name + "/", so that namespaces come in the order
 * of the backend's cluster-wide lists.
 */


#ifndef _SENSU_RBAC_TABLE_H_INCLUDED_
#define _SENSU_RBAC_TABLE_H_INCLUDED_


#include "sensu_rbac.h"


#define SENSU_RBAC_NONE         UINT32_MAX

/* a rule's verbs, bits by sensu_rbac_verb_e */
#define SENSU_RBAC_ALL_VERBS    0x3f

/* of a grant: everywhere; else a namespace's word + 1 */
#define SENSU_RBAC_EVERYWHERE   0


typedef struct {
    uint32_t              offset;
    uint32_t              len;
} sensu_rbac_word_t;


/* a role's use to one subject in one place; sorted by all three */

typedef struct {
    uint32_t              subject;   /* word << 1 | is a group */
    uint32_t              place;
    uint32_t              role;
} sensu_rbac_grant_t;


typedef struct {
    uint32_t              first;     /* rule */
    uint32_t              n;         /* 0: grants nothing at all */
    uint32_t              namespaced;/* grants on what lives in namespaces */
} sensu_rbac_role_t;


typedef struct {
    uint32_t              verbs;
    uint32_t              all;       /* resources: "*" */
    uint32_t              first;     /* item: its resources, then its names */
    uint32_t              resources;
    uint32_t              names;
} sensu_rbac_rule_t;


typedef enum {
    SENSU_RBAC_WORD = 0,
    SENSU_RBAC_GRANT,
    SENSU_RBAC_ROLE,
    SENSU_RBAC_RULE,
    SENSU_RBAC_ITEM,                 /* words of rules */
    SENSU_RBAC_NAMESPACE,            /* words of those that exist */
    SENSU_RBAC_TEXT,
    SENSU_RBAC_PARTS
} sensu_rbac_part_e;


/* offsets are from the beginning of the table */

typedef struct {
    uint32_t              offset;
    uint32_t              n;
} sensu_rbac_part_t;


struct sensu_rbac_s {
    uint32_t              size;
    sensu_rbac_part_t     part[SENSU_RBAC_PARTS];
};


#define sensu_rbac_part(table, of)                                            \
    ((const void *) ((const char *) (table) + (table)->part[of].offset))


/* a table in the making: its parts grow, words have the numbers they came in */

typedef struct {
    void                 *elts;
    size_t                n;
    size_t                room;
} sensu_rbac_array_t;


struct sensu_rbac_build_s {
    json_t               *words;     /* text: number */
    json_t               *roles;     /* name: { namespace or "": number } */
    sensu_rbac_array_t    part[SENSU_RBAC_PARTS];
};


/* adds an element to the part; -1: no memory */
int sensu_rbac_push(sensu_rbac_build_t *build, sensu_rbac_part_e part,
    const void *elt);


#endif /* _SENSU_RBAC_TABLE_H_INCLUDED_ */
