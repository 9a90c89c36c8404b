
/*
 * JSON by jansson, with an end to what it does when memory runs out: it goes
 * on without a byte of the string that it could not make room for, so that a
 * name becomes another one, or beyond the end of it.
 */


#ifndef _SENSU_JSON_H_INCLUDED_
#define _SENSU_JSON_H_INCLUDED_


#include <jansson.h>
#include "sensu_str.h"


/*
 * As json_loadb(), but a text with a NUL is none.  *no_memory: NULL is no word
 * on the text, an allocation failed; error may be NULL.
 */
json_t *sensu_json_load(sensu_str_t text, size_t flags, json_error_t *error,
    int *no_memory);

/*
 * Claims that nobody uses may hold what jansson does not read but most
 * issuers write: a number beyond 64 bits becomes null, half of a surrogate
 * pair U+FFFD, which is no text that counts.  In place; of a text that is no
 * JSON nothing is promised.
 */
void sensu_json_tame(unsigned char *p, size_t len);

/*
 * As sensu_json_load(), of a text as lenient decoders take it: tamed, and with
 * a DEL for each byte that is no UTF-8.
 */
json_t *sensu_json_load_lenient(sensu_str_t text, size_t flags,
    int *no_memory);

/* data NULL where it is no string; likewise "" */
sensu_str_t sensu_json_text(const json_t *value);
const char *sensu_json_string(const json_t *value);

/* is that what is left in a string of such bytes or of half a pair? */
int sensu_json_is_odd(sensu_str_t text);


#endif /* _SENSU_JSON_H_INCLUDED_ */
