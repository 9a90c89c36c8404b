
/*
 * What the versions of a Sensu backend do, as far as it makes a difference to
 * a gateway: one table, and docs/upgrading.md is the same for people.
 */


#ifndef _SENSU_BACKEND_H_INCLUDED_
#define _SENSU_BACKEND_H_INCLUDED_


#include "sensu_str.h"


typedef enum {
    SENSU_BACKEND_DELETES_ONE = 0,     /* a namespace, not its siblings */
    SENSU_BACKEND_SHOWS_NAMESPACES,    /* everybody his own, by no rule */
    SENSU_BACKEND_TAKES_KEYS,          /* Authorization: Key ... */
    SENSU_BACKEND_TAKES_METRICS,       /* POST tessen/metrics, of an array */
    SENSU_BACKEND_PAGES_SILENCED,
    SENSU_BACKEND_CUTS_NAMESPACES,     /* a page of them, to what one may see */
    SENSU_BACKEND_TWO_CURSORS          /* entities: configuration and state */
} sensu_backend_e;


#define SENSU_BACKEND_VERSION(major, minor, patch)                            \
    ((major) * 1000000 + (minor) * 1000 + (patch))


/* "5.5" or "6.2.7"; 0: the text is no version that there is */
unsigned sensu_backend_version(sensu_str_t text);

int sensu_backend_does(unsigned version, sensu_backend_e what);


#endif /* _SENSU_BACKEND_H_INCLUDED_ */
