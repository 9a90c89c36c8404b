
/*
 * A counted string, the only string type of the pure files.  It borrows its
 * bytes and need not end with a NUL.
 */


#ifndef _SENSU_STR_H_INCLUDED_
#define _SENSU_STR_H_INCLUDED_


#include <stddef.h>
#include <string.h>


typedef struct {
    size_t                len;
    const unsigned char  *data;
} sensu_str_t;


#define sensu_str(text)                                                       \
    (sensu_str_t) { sizeof(text) - 1, (const unsigned char *) text }


#define sensu_str_null  (sensu_str_t) { 0, NULL }


static inline int
sensu_str_eq(sensu_str_t a, sensu_str_t b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}


/* takes off what is before the first c, and that; where there is none, all of
   it, and data becomes NULL */

static inline sensu_str_t
sensu_str_cut(sensu_str_t *rest, unsigned char c)
{
    sensu_str_t           piece;
    const unsigned char  *p;

    piece = *rest;
    p = piece.len ? memchr(piece.data, c, piece.len) : NULL;

    if (p == NULL) {
        *rest = sensu_str_null;
        return piece;
    }

    piece.len = p - piece.data;

    rest->data = p + 1;
    rest->len -= piece.len + 1;

    return piece;
}


/* byte order, as etcd sorts its keys; a prefix sorts before what it prefixes */

static inline int
sensu_str_cmp(sensu_str_t a, sensu_str_t b)
{
    int     rc;
    size_t  n;

    n = a.len < b.len ? a.len : b.len;
    rc = n ? memcmp(a.data, b.data, n) : 0;

    if (rc != 0) {
        return rc;
    }

    return (a.len > b.len) - (a.len < b.len);
}


#endif /* _SENSU_STR_H_INCLUDED_ */
