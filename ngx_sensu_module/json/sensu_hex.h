
/*
 * A hexadecimal digit.
 */


#ifndef _SENSU_HEX_H_INCLUDED_
#define _SENSU_HEX_H_INCLUDED_


/* its value, or -1 */

static inline int
sensu_hex_value(unsigned c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    c |= 0x20;

    return (c >= 'a' && c <= 'f') ? (int) (c - 'a' + 10) : -1;
}


#endif /* _SENSU_HEX_H_INCLUDED_ */
