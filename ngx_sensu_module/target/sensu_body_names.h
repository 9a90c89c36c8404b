
/*
 * Names in a body: how the backend finds a member, and which texts it makes a
 * key of.
 */


#ifndef _SENSU_BODY_NAMES_H_INCLUDED_
#define _SENSU_BODY_NAMES_H_INCLUDED_


#include <jansson.h>
#include "sensu_str.h"


/* the member that refers to another object by a name that climbs, or NULL */
const char *sensu_body_reference(json_t *root);

/* does the backend take the key for the member? */
int sensu_body_fold_eq(const char *key, const char *member);

/* is any piece between slashes a dot segment? */
int sensu_body_climbs(sensu_str_t text);


#endif /* _SENSU_BODY_NAMES_H_INCLUDED_ */
