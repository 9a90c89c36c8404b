
/*
 * The scan of a list as it streams in: its elements one after the other, and
 * who each of them is.  What becomes of their bytes is the user's business:
 * a fetch keeps them in a page, a sieve sends them on.
 */


#ifndef _NGX_SENSU_SCAN_H_INCLUDED_
#define _NGX_SENSU_SCAN_H_INCLUDED_


#include "ngx_sensu_list.h"


typedef struct {
    sensu_split_t             split;
    sensu_key_scan_t          keys;
    unsigned                  sniffed:1; /* it is known what it is: */
    unsigned                  list:1;
    unsigned                  odd:1;     /* no JSON, and may hide a list */
} ngx_sensu_scan_t;


typedef struct {
    sensu_str_t               bytes;     /* of an element */
    unsigned                  first:1;   /* it begins with them, */
    unsigned                  last:1;    /* it ends with them */
    const sensu_id_t         *id;        /* of one that ended */
} ngx_sensu_piece_t;


void ngx_sensu_scan_init(ngx_sensu_scan_t *scan, sensu_key_kind_e kind);

/* a list or not?  told by its first byte that is no white space */
void ngx_sensu_scan_sniff(ngx_sensu_scan_t *scan, const u_char *p,
    const u_char *last);

/*
 * The next piece of the bytes from *p on.  NGX_AGAIN: they are used up, and
 * the piece may be empty; NGX_ERROR: it is no list, which was logged.
 */
ngx_int_t ngx_sensu_scan_next(ngx_sensu_scan_t *scan, const u_char **p,
    const u_char *last, ngx_sensu_piece_t *piece, ngx_log_t *log);

/*
 * What a list fails for: logs what to do about it, if the error is one that
 * needs that, and returns it.  n: elements of it, bytes that are too much, or
 * the status of what is none.
 */
ngx_sensu_error_e ngx_sensu_list_complain(ngx_log_t *log,
    ngx_sensu_error_e error, uint64_t n);

/* refuses the request for an answer of that status, which is no list */
ngx_int_t ngx_sensu_list_refuse(ngx_http_request_t *r, ngx_uint_t status);

/* of a list that is made here: its header, and its "]"; len: -1, not known;
   n: elements that were sent before */
ngx_int_t ngx_sensu_list_head(ngx_http_request_t *r, off_t len);
ngx_buf_t *ngx_sensu_list_end(ngx_http_request_t *r, ngx_uint_t n);

/* did the backend itself say where the answer ends? */
ngx_uint_t ngx_sensu_list_is_framed(ngx_http_request_t *r);

/*
 * No error, but not a whole list either: such as 206, or a 103 that nginx took
 * for the answer, with the real one as its body.
 */
ngx_uint_t ngx_sensu_list_is_part(ngx_uint_t status);

/* the answer is said to be compressed */
ngx_uint_t ngx_sensu_list_is_encoded(ngx_http_request_t *r);


#endif /* _NGX_SENSU_SCAN_H_INCLUDED_ */
