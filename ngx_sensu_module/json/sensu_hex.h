
/*
 * Hexadecimal digits.
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


/* likewise, of two digits */

static inline int
sensu_hex_byte(const unsigned char *p)
{
    int  high, low;

    high = sensu_hex_value(p[0]);
    low = sensu_hex_value(p[1]);

    return (high == -1 || low == -1) ? -1 : high << 4 | low;
}


#endif /* _SENSU_HEX_H_INCLUDED_ */
