
/*
 * Headers: those of the client that must not reach the backend, and those
 * that an answer gets.
 */


#ifndef _NGX_SENSU_HEADERS_H_INCLUDED_
#define _NGX_SENSU_HEADERS_H_INCLUDED_


#include "ngx_sensu.h"


/* a walk through a list of headers; begins as its first part */

typedef struct {
    ngx_list_part_t          *part;
    ngx_uint_t                i;
} ngx_sensu_headers_t;


/* NULL: that was the last one */

static ngx_inline ngx_table_elt_t *
ngx_sensu_headers_next(ngx_sensu_headers_t *walk)
{
    for ( /* void */ ; walk->part; walk->part = walk->part->next) {

        if (walk->i < walk->part->nelts) {
            return (ngx_table_elt_t *) walk->part->elts + walk->i++;
        }

        walk->i = 0;
    }

    return NULL;
}


/* drops headers that name an identity, for nobody verified them, and writes
   the bearer token's as the backend reads it */
ngx_int_t ngx_sensu_headers_clean(ngx_http_request_t *r);

/* of a list: no ranges, no conditions, no compression from the backend */
ngx_int_t ngx_sensu_headers_plain(ngx_http_request_t *r);

/* a new header of the answer, without name and value; NULL: no memory */
ngx_table_elt_t *ngx_sensu_header_push(ngx_http_request_t *r);

/* adds a header to the answer; name is kept by reference */
ngx_int_t ngx_sensu_header_add(ngx_http_request_t *r, const char *name,
    ngx_str_t *value);

/* a header of the answer; NULL: there is none */
ngx_table_elt_t *ngx_sensu_header_find(ngx_http_request_t *r,
    const char *name);


#endif /* _NGX_SENSU_HEADERS_H_INCLUDED_ */
