
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
    int                   hi, lo;
    const unsigned char  *s;

    s = *p;

    if (*s != '%') {
        *p = s + 1;
        return *s;
    }

    if (last - s < 3) {
        return -1;
    }

    hi = sensu_hex_value(s[1]);
    lo = sensu_hex_value(s[2]);

    if (hi < 0 || lo < 0) {
        return -1;
    }

    *p = s + 3;

    return (hi << 4) | lo;
}


#endif /* _SENSU_PERCENT_H_INCLUDED_ */
