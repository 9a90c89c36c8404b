
/*
 * Who may do what, as the backend's own roles and bindings say.  The five
 * lists become one table: a block of memory without pointers, never changed
 * again, so that it can be copied to another process.
 *
 * Where a 5.5 backend errs, this does not follow it: a binding in "dev-eu"
 * grants nothing in "dev", and one to a role that does not exist grants
 * nothing at all instead of breaking every request of its subjects.
 */


#ifndef _SENSU_RBAC_H_INCLUDED_
#define _SENSU_RBAC_H_INCLUDED_


#include <stdint.h>
#include <jansson.h>
#include "sensu_scope.h"


/* in the order in which they are added: a binding finds its role there */

typedef enum {
    SENSU_RBAC_NAMESPACES = 0,
    SENSU_RBAC_CLUSTERROLES,
    SENSU_RBAC_ROLES,
    SENSU_RBAC_CLUSTERROLEBINDINGS,
    SENSU_RBAC_ROLEBINDINGS,
    SENSU_RBAC_LISTS
} sensu_rbac_list_e;


typedef enum {
    SENSU_RBAC_GET = 0,
    SENSU_RBAC_LIST,
    SENSU_RBAC_CREATE,
    SENSU_RBAC_UPDATE,
    SENSU_RBAC_DELETE,
    SENSU_RBAC_OTHER             /* only who may do everything may do it */
} sensu_rbac_verb_e;


typedef struct {
    sensu_str_t           user;
    const sensu_str_t    *groups;
    size_t                ngroups;
} sensu_rbac_who_t;


typedef struct {
    sensu_rbac_verb_e     verb;
    sensu_str_t           resource;  /* len 0: none that a rule could name */
    sensu_str_t           name;      /* len 0: no single one */
    sensu_str_t           ns;        /* len 0: cluster-wide */
    unsigned              namespaced:1; /* the resource lives in namespaces */
    unsigned              list:1;    /* what comes can be narrowed */
    unsigned              shown:1;   /* the backend itself lists to everybody
                                        the namespaces that he sees */
    unsigned              named:1;   /* the answer: of another name it may be
                                        another one */
} sensu_rbac_ask_t;


typedef struct sensu_rbac_s        sensu_rbac_t;
typedef struct sensu_rbac_build_s  sensu_rbac_build_t;
typedef struct sensu_rbac_memo_s   sensu_rbac_memo_t;


/* sensu_rbac_build.c, sensu_rbac_table.c; NULL: no memory */

sensu_rbac_build_t *sensu_rbac_build_create(void);
void sensu_rbac_build_free(sensu_rbac_build_t *build);

/*
 * An element of a list as the backend writes it.  What can not be read grants
 * nothing.  -1: no memory.
 */
int sensu_rbac_build_add(sensu_rbac_build_t *build, sensu_rbac_list_e list,
    const json_t *element);

/* the table, once, to be freed with free(); NULL: no memory, or over 4 GB */
sensu_rbac_t *sensu_rbac_build_table(sensu_rbac_build_t *build);


/* sensu_rbac.c */

size_t sensu_rbac_size(const sensu_rbac_t *table);

int sensu_rbac_allows(const sensu_rbac_t *table, const sensu_rbac_who_t *who,
    sensu_rbac_ask_t *ask);

/* may he see all namespaces: a cluster-wide binding allows him something on
   what lives in namespaces */
int sensu_rbac_sees_all(const sensu_rbac_t *table,
    const sensu_rbac_who_t *who);

/* does a binding give him anything there? */
int sensu_rbac_sees(const sensu_rbac_t *table, const sensu_rbac_who_t *who,
    sensu_str_t ns);

/* namespaces that exist */
size_t sensu_rbac_count(const sensu_rbac_t *table);

/*
 * Of these, those where ask is allowed by more than cluster-wide bindings;
 * ask: NULL for those that he sees.  In the order of name + "/".  names and
 * marks: room for all that exist.
 */
size_t sensu_rbac_namespaces(const sensu_rbac_t *table,
    const sensu_rbac_who_t *who, sensu_rbac_ask_t *ask,
    sensu_str_t *names, unsigned char *marks);


/*
 * sensu_rbac_ask.c: what a request asks for, as the backend derives it.
 * method: GET, CREATE (POST), UPDATE, DELETE or OTHER.  buf: for the name,
 * sensu_rbac_ask_room(path) bytes.  The rest is borrowed from the path.
 */
void sensu_rbac_ask(sensu_rbac_ask_t *ask, const sensu_path_t *path,
    sensu_rbac_verb_e method, sensu_str_t user, unsigned char *buf);

#define sensu_rbac_ask_room(path)                                             \
    (3 * (path)->name.len + (path)->subpath.len + 1)


/*
 * sensu_rbac_judge.c: what becomes of a request for an API path, and in set
 * the namespaces that it is for, borrowed from table and question.  memory:
 * sensu_rbac_judge_room(table, ask) bytes, aligned as for malloc(), in use as
 * long as set.
 */
sensu_scope_verdict_e sensu_rbac_judge(const sensu_rbac_t *table,
    const sensu_rbac_who_t *who, sensu_rbac_ask_t *ask,
    sensu_namespaces_t *set, void *memory);
size_t sensu_rbac_judge_room(const sensu_rbac_t *table,
    const sensu_rbac_ask_t *ask);


/*
 * sensu_rbac_memo.c: verdicts of one table, for who asks again.  What is for
 * several namespaces, or hangs on a name, is not kept.  who: the caller's own
 * number; 0: nobody's verdicts are kept.
 */

/* to be freed with free(); NULL: no memory */
sensu_rbac_memo_t *sensu_rbac_memo_create(void);
/* the table is another one */
void sensu_rbac_memo_clear(sensu_rbac_memo_t *memo);
/* 0: there is none; set->names: room for one */
int sensu_rbac_memo_find(sensu_rbac_memo_t *memo, uint64_t who,
    const sensu_rbac_ask_t *ask, sensu_scope_verdict_e *verdict,
    sensu_namespaces_t *set);
void sensu_rbac_memo_add(sensu_rbac_memo_t *memo, uint64_t who,
    const sensu_rbac_ask_t *ask, sensu_scope_verdict_e verdict,
    const sensu_namespaces_t *set);


#endif /* _SENSU_RBAC_H_INCLUDED_ */
