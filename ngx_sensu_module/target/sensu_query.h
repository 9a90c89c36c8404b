
/*
 * The query string: takes out limit and continue under every encoding of
 * their names, keeps the rest byte for byte.
 */


#ifndef _SENSU_QUERY_H_INCLUDED_
#define _SENSU_QUERY_H_INCLUDED_


#include <stdint.h>
#include "sensu_str.h"


typedef enum {
    SENSU_QUERY_OK = 0,
    SENSU_QUERY_MALFORMED,   /* a bad escape, or a raw ";", "#", blank or
                                control byte: readers differ */
    SENSU_QUERY_LIMIT,       /* limit is not [0-9]{1,9}, or repeated */
    SENSU_QUERY_CONTINUE     /* continue is repeated, or not a token of ours */
} sensu_query_rc_e;


typedef struct {
    sensu_str_t           rest;      /* the query without the two, in buf */
    uint32_t              limit;     /* 0 when absent or 0 */
    sensu_str_t           token;     /* of continue, decoded: 22 of base64url;
                                        empty when that is absent or empty */
} sensu_query_t;


/*
 * Names and values are compared after form decoding (escapes, "+"), letter
 * case counts.  An empty continue is none, an empty limit is an error.  The
 * other parameters stay in their order, empty ones included.
 *
 * buf: at least raw.len bytes + 64, lives as long as *q.  Whatever is
 * returned, q->rest is free of limit and continue (of MALFORMED it is empty).
 */
sensu_query_rc_e sensu_query_parse(sensu_query_t *q, sensu_str_t raw,
    unsigned char *buf);

/*
 * Writes the canonical form of q->rest, for binding: parameters decoded,
 * sorted by name (repeated ones stay in their order; of more than 64 only the
 * first 64 are sorted), written with lengths so that no two queries of
 * different meaning share a form.
 * dst: 2 * q->rest.len + 64 bytes.  Returns the bytes written; 0 for none.
 */
size_t sensu_query_canonical(const sensu_query_t *q, unsigned char *dst);


#endif /* _SENSU_QUERY_H_INCLUDED_ */
