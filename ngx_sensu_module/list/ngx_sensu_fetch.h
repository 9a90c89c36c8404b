
/*
 * A fetch: a subrequest of the request's own location whose answer is not
 * sent to the client but split into elements, of which a pager picks some.
 * The operator's proxy_pass, retries, TLS and time-outs all apply to it.
 */


#ifndef _NGX_SENSU_FETCH_H_INCLUDED_
#define _NGX_SENSU_FETCH_H_INCLUDED_


#include "ngx_sensu_list.h"
#include "ngx_sensu_scratch.h"


typedef enum {
    NGX_SENSU_FETCH_RUNNING = 0,
    NGX_SENSU_FETCH_LIST,        /* elements, as many as wanted or all */
    NGX_SENSU_FETCH_WHOLE,       /* some other answer, kept whole in body */
    NGX_SENSU_FETCH_FAILED,      /* no answer: status is nginx's own */
    NGX_SENSU_FETCH_MALFORMED,
    NGX_SENSU_FETCH_TRUNCATED,
    NGX_SENSU_FETCH_ENCODED,
    NGX_SENSU_FETCH_TOO_LARGE,
    NGX_SENSU_FETCH_UNTRUE,      /* native: not what was asked for */
    NGX_SENSU_FETCH_REWIND,      /* see sensu_pager.h */
    NGX_SENSU_FETCH_LOST
} ngx_sensu_fetch_e;


/* kept elements stand in blocks, each with one byte of room before it */

typedef struct {
    u_char                   *data;
    size_t                    len;
    uint64_t                  ordinal;
    uint32_t                  run;
} ngx_sensu_element_t;


struct ngx_sensu_fetch_s {
    ngx_http_request_t       *parent;
    ngx_http_request_t       *request;   /* the subrequest */
    ngx_sensu_fetch_e         state;     /* RUNNING until it has ended */
    ngx_sensu_fetch_e         outcome;   /* decided before the end */
    ngx_uint_t                status;    /* of the answer */
    ngx_str_t                 cursor;    /* the backend's own, as it came */

    /* asked for */
    sensu_str_t               list;      /* namespace, empty: cluster-wide */
    ngx_str_t                 asked;     /* the cursor made for it */
    sensu_key_kind_e          kind;
    uint64_t                  want;      /* elements at most; 0: keep the
                                            answer whole, do not split */
    size_t                    room;      /* bytes at most */
    sensu_filter_t            filter;

    /* found */
    sensu_pager_t             pager;
    ngx_array_t               elements;  /* ngx_sensu_element_t */
    size_t                    kept;      /* bytes of them */
    size_t                    taken;     /* of these, those of the page */
    off_t                     received;  /* bytes of the list, all in all */
    uint64_t                  withheld;  /* elements that do not belong */
    ngx_str_t                 body;      /* of WHOLE */

    /* under way */
    sensu_split_t             split;
    sensu_key_scan_t          scan;
    sensu_key_t               key;
    u_char                   *block;     /* free room in the last block */
    u_char                   *block_end;
    ngx_sensu_scratch_t       scratch;   /* an element in several buffers */
    u_char                   *buffer;    /* that the answer is read into */
    off_t                     drained;   /* bytes after enough */
    unsigned                  sniffed:1; /* it is known whether it is a list */
    unsigned                  whole:1;
    unsigned                  enough:1;  /* what follows is of no interest */
    unsigned                  full:1;    /* room ended before want */
    unsigned                  overflow:1;/* the element outgrew scratch */
    unsigned                  again:1;   /* in the place of a native one */
    unsigned                  last:1;    /* the end of the answer was seen */
};


/*
 * A new fetch, to be filled in (kind, want, room, filter, pager) before it is
 * started.  NULL: no memory.
 */
ngx_sensu_fetch_t *ngx_sensu_fetch_create(ngx_http_request_t *r);

/* one that has ended and that nobody needs any more, as if it were new */
void ngx_sensu_fetch_renew(ngx_sensu_fetch_t *fetch);

/* GET path?query; the parent's phases are run again when its state is other
   than RUNNING: the rest of its body may then still be on the way */
ngx_int_t ngx_sensu_fetch_start(ngx_sensu_fetch_t *fetch, ngx_str_t *path,
    ngx_str_t *query);

/* the answer to the parent's client is this one, unchanged */
ngx_int_t ngx_sensu_fetch_replay(ngx_sensu_fetch_t *fetch);

/* copies the headers of the answer; not those that are true of its body
   alone if another goes out with them */
ngx_int_t ngx_sensu_fetch_copy_headers(ngx_sensu_fetch_t *fetch,
    ngx_uint_t other_body);

/*
 * A GET of path?query in the request's own location, with a context of its
 * own.  NULL: no memory.
 */
ngx_http_request_t *ngx_sensu_subrequest(ngx_http_request_t *r,
    ngx_str_t *path, ngx_str_t *query, ngx_http_post_subrequest_t *ps,
    ngx_uint_t flags);

/* for the filters */
ngx_int_t ngx_sensu_fetch_header(ngx_http_request_t *sr,
    ngx_sensu_fetch_t *fetch);
ngx_int_t ngx_sensu_fetch_body(ngx_http_request_t *sr,
    ngx_sensu_fetch_t *fetch, ngx_chain_t *in);
/* no more is wanted of the answer, or it has ended: says what it is worth */
ngx_int_t ngx_sensu_fetch_settle(ngx_sensu_fetch_t *fetch);


#endif /* _NGX_SENSU_FETCH_H_INCLUDED_ */
