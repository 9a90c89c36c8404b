
/*
 * Scope: which namespaces a caller may use, and what that makes of a target.
 */


#ifndef _SENSU_SCOPE_H_INCLUDED_
#define _SENSU_SCOPE_H_INCLUDED_


#include "sensu_path.h"


#define SENSU_SCOPE_MAX        1024  /* namespaces of one caller */
#define SENSU_NAMESPACES_MANY  -2    /* there are more */


/*
 * A caller's namespaces: all, or names, sorted by the bytes of name + "/",
 * which is the order of the backend's cluster-wide lists, without repeats.
 */

typedef struct {
    unsigned              all:1;
    size_t                n;
    sensu_str_t          *names;     /* borrowed from the values */
} sensu_namespaces_t;


typedef enum {
    SENSU_SCOPE_PASS = 0,    /* as it is */
    SENSU_SCOPE_DENY,        /* 403 */
    SENSU_SCOPE_ONE,         /* cluster-wide GET: rewrite to names[0] */
    SENSU_SCOPE_MERGE,       /* cluster-wide GET: one list of all names */
    SENSU_SCOPE_NAMESPACES   /* GET /namespaces: keep those in names */
} sensu_scope_verdict_e;


/* a GET (HEAD is none), a PUT, anything else */

typedef enum {
    SENSU_SCOPE_OTHER = 0,
    SENSU_SCOPE_GET,
    SENSU_SCOPE_PUT
} sensu_scope_method_e;


/* takes the next name off the operator's text; 0: there is none */
int sensu_scope_next(sensu_str_t *value, sensu_str_t *name);

/*
 * A set begins as zeroes with names: room for SENSU_SCOPE_MAX, or for what the
 * rooms of all values make together.
 *
 * The operator's text: "*" alone, or names separated by commas and white
 * space.  Returns -1 when a name is not one ([A-Za-z0-9_.:-]+, not "." "..") or
 * SENSU_NAMESPACES_MANY: the caller then may use nothing.
 */
int sensu_namespaces_add(sensu_namespaces_t *set, sensu_str_t value);

/*
 * Data, in which nothing separates and nothing stands for more than itself:
 * one name, or groups that were joined by commas, which none of them has.
 * What is no name is left out: 0 of the one, or SENSU_NAMESPACES_MANY.
 */
int sensu_namespaces_add_name(sensu_namespaces_t *set, sensu_str_t name);
int sensu_namespaces_add_groups(sensu_namespaces_t *set, sensu_str_t groups);

/* of a value at most, whichever of these it is */
size_t sensu_namespaces_room(sensu_str_t value);

/* the order of name + "/"; 0: equal names */
int sensu_scope_cmp(sensu_str_t a, sensu_str_t b);

int sensu_namespaces_has(const sensu_namespaces_t *set, sensu_str_t ns);

/*
 * The rules of scope.  user: the verified caller, for self-service on
 * users/{user}.
 */
sensu_scope_verdict_e sensu_scope_judge(const sensu_namespaces_t *set,
    const sensu_path_t *path, sensu_str_t user,
    sensu_scope_method_e method);

/* of a cluster-wide list by those it is made of */
sensu_scope_verdict_e sensu_scope_list(const sensu_namespaces_t *set);

/*
 * Of two verdicts on one target what both allow; set: of the first one, and
 * then of that.
 */
sensu_scope_verdict_e sensu_scope_meet(sensu_namespaces_t *set,
    sensu_scope_verdict_e verdict, const sensu_namespaces_t *limit,
    sensu_scope_verdict_e limited);


#endif /* _SENSU_SCOPE_H_INCLUDED_ */
