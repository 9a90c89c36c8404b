
/*
 * The guard's look at a request body: a POST or PUT must not name another
 * object than its URL does, nor refer to one outside its namespace, under any
 * spelling the backend would accept (its decoder takes member names in any
 * letter case, the last of repeated ones, and ignores what follows the first
 * value).
 */


#ifndef _SENSU_BODY_H_INCLUDED_
#define _SENSU_BODY_H_INCLUDED_


#include "sensu_path.h"


typedef enum {
    SENSU_BODY_OK = 0,
    SENSU_BODY_NOT_JSON,     /* 400: empty, malformed, not an object,
                                trailing bytes, ambiguous members */
    SENSU_BODY_MISMATCH,     /* 400 body_mismatch */
    SENSU_BODY_NO_MEMORY     /* 500: nothing is known of it */
} sensu_body_rc_e;


/* *why: a static text that says which member */
sensu_body_rc_e sensu_body_check(const sensu_path_t *path,
    const unsigned char *body, size_t len, const char **why);

/* does this Content-Type make the backend read the body as JSON?  An absent,
   malformed or form type does not: 415 */
int sensu_body_type_ok(sensu_str_t content_type);


#endif /* _SENSU_BODY_H_INCLUDED_ */
