
/*
 * Percent escapes (RFC 3986 2.1), as sensu_path.c and sensu_query.c read them.
 */


#ifndef _SENSU_PERCENT_H_INCLUDED_
#define _SENSU_PERCENT_H_INCLUDED_


#include "sensu_hex.h"
#include "sensu_str.h"


/*
 * Reads the next byte of [*p, last), escaped or not, and steps over it; *p <
 * last.  Returns the byte, or -1 for a cut or malformed escape.
 */

static inline int
sensu_percent_next(const unsigned char **p, const unsigned char *last)
{
    int                   c;
    const unsigned char  *s;

    s = *p;

    if (*s != '%') {
        *p = s + 1;
        return *s;
    }

    if (last - s < 3) {
        return -1;
    }

    c = sensu_hex_byte(s + 1);

    if (c != -1) {
        *p = s + 3;
    }

    return c;
}


#endif /* _SENSU_PERCENT_H_INCLUDED_ */
