
/*
 * Sets of a small cache: a few entries each, the one that was used last in
 * front, so that the last one is the one to go.
 */


#ifndef _SENSU_WAYS_H_INCLUDED_
#define _SENSU_WAYS_H_INCLUDED_


#include <string.h>


#define SENSU_WAYS_ENTRY  128        /* bytes of an entry at most */


/* entry number i was used */

static inline void
sensu_ways_front(void *set, size_t i, size_t size)
{
    unsigned char  *first, entry[SENSU_WAYS_ENTRY];

    if (i == 0) {
        return;
    }

    first = set;

    memcpy(entry, first + i * size, size);
    memmove(first + size, first, i * size);
    memcpy(first, entry, size);
}


#endif /* _SENSU_WAYS_H_INCLUDED_ */
