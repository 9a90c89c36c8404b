
/*
 * A fetch: a subrequest of the request's own location whose answer is not
 * sent to the client but split into elements, of which a pager picks some.
 * The operator's proxy_pass, retries, TLS and time-outs all apply to it.
 */


#ifndef _NGX_SENSU_FETCH_H_INCLUDED_
#define _NGX_SENSU_FETCH_H_INCLUDED_


#include "ngx_sensu_rope.h"
#include "ngx_sensu_scan.h"
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
    NGX_SENSU_FETCH_NO_MEMORY,
    NGX_SENSU_FETCH_DROPPED,     /* those before it took its room */
    NGX_SENSU_FETCH_UNTRUE,      /* native: not what was asked for */
    NGX_SENSU_FETCH_LOST         /* see sensu_pager.h */
} ngx_sensu_fetch_e;


/* all that is held for a page, by itself and its fetches together */

typedef struct {
    size_t                    size;      /* bytes at most */
    size_t                    left;
} ngx_sensu_room_t;


struct ngx_sensu_fetch_s {
    ngx_http_request_t       *parent;
    ngx_http_request_t       *request;   /* the subrequest */
    ngx_sensu_fetch_e         state;     /* RUNNING until it is known what
                                            the answer is worth */
    ngx_sensu_fetch_e         outcome;   /* decided before the end: what
                                            follows is of no interest */
    ngx_uint_t                status;    /* of the answer */
    ngx_str_t                 cursor;    /* the backend's own, as it came */

    /* asked for */
    sensu_str_t               list;      /* namespace, empty: cluster-wide */
    ngx_str_t                 asked;     /* the cursor made for it */
    sensu_key_kind_e          kind;
    uint64_t                  want;      /* elements, the last of which is
                                            only to be there; 0: keep the
                                            answer whole, do not split */
    ngx_sensu_room_t         *room;
    ngx_sensu_fetch_t        *later;     /* of the list after this one */
    sensu_filter_t            filter;
    void                    (*done)(ngx_sensu_fetch_t *fetch);
                                         /* called in the place of running the
                                            parent; not if the client left */
    void                     *data;      /* for it */
    ngx_uint_t                fresh;     /* no cache of nginx's answers it, or
                                            keeps the answer */

    /* found */
    sensu_pager_t             pager;
    ngx_uint_t                kept;      /* elements */
    ngx_sensu_rope_t          rope;      /* of them, each after a comma */
    sensu_last_t              last;      /* of them */
    size_t                    taken;     /* bytes that the page took */
    off_t                     received;  /* bytes of the list, all in all */
    uint64_t                  withheld;  /* elements that do not belong */
    ngx_str_t                 body;      /* of WHOLE */

    /* under way */
    ngx_sensu_scan_t          scan;
    size_t                    mark;      /* where in the rope the element
                                            begins that is being read */
    sensu_hash_t              hash;      /* of it */
    ngx_sensu_scratch_t       scratch;   /* of what is no list */
    off_t                     drained;   /* bytes after enough */

    /* see ngx_sensu_upstream.c */
    u_char                   *buffer;
    ngx_event_t               resume;
    ngx_event_t               rest;      /* is yet to be read, by a thread */
    void                    (*read)(ngx_http_request_t *sr,
                                    ngx_http_upstream_t *u);
    ngx_uint_t               *alive;     /* told when it ends under way */
    ngx_int_t               (*pipe_init)(void *data);
    ngx_event_pipe_input_filter_pt
                              pipe;      /* nginx's filter of what goes to a
                                            cache; NULL: it does not */
    ngx_int_t               (*see)(ngx_sensu_fetch_t *fetch, ngx_chain_t *in);
                                         /* the body, before it goes there */
    ngx_msec_t                client_timer;
    ngx_msec_t                deadline;  /* of what is drained, 0: not yet */

    unsigned                  errand:1;  /* of an account's, for nobody */
    unsigned                  client_timer_set:1;
    unsigned                  whole:1;
    unsigned                  extra:1;   /* there are more than it kept */
    unsigned                  full:1;    /* room ended before want */
    unsigned                  over:1;    /* the element outgrew the room */
    unsigned                  again:1;   /* in the place of a native one */
    unsigned                  complete:1;/* the end of the answer was seen */
    unsigned                  ended:1;   /* the subrequest is over */
    unsigned                  own:1;     /* FAILED by nginx's status, not by
                                            the backend's for an error_page */
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

/* ngx_sensu_await.c */

/*
 * For its parent, whose phases are run again while it runs: it may have been
 * led to a location that delays it.  NGX_AGAIN; NGX_ERROR: no memory.
 */
ngx_int_t ngx_sensu_fetch_await(ngx_sensu_fetch_t *fetch);

/* ngx_sensu_fetch.c */

/* before it is sent on from a location, whichever it is by then */
void ngx_sensu_fetch_pass(ngx_http_request_t *sr, ngx_sensu_fetch_t *fetch);

/* what one that has failed is refused for: logged, if it was not before */
ngx_sensu_error_e ngx_sensu_fetch_complain(ngx_sensu_fetch_t *fetch);

/* nobody needs its answer whole: what was kept of it is given back */
void ngx_sensu_fetch_forget(ngx_sensu_fetch_t *fetch);

/*
 * Nobody needs it: what it holds is given back, and it ends if it can.  Never
 * from its own stack; from a timer the request may be gone afterwards.
 */
void ngx_sensu_fetch_drop(ngx_sensu_fetch_t *fetch);

/* of a list read from its start: keeps the first n elements only */
ngx_int_t ngx_sensu_fetch_shorten(ngx_sensu_fetch_t *fetch, ngx_uint_t n);

/* the answer to the parent's client is this one, unchanged */
ngx_int_t ngx_sensu_fetch_replay(ngx_sensu_fetch_t *fetch);

/* where a redirect leads that is no answer of the backend's */
ngx_int_t ngx_sensu_fetch_copy_location(ngx_sensu_fetch_t *fetch);

/*
 * Of a native list: a backend may have a maximum of its own and send less than
 * asked for; its cursor says so, unless it leads to what is not wanted.  (At
 * the end of events 5.5 echoes ours.)
 */
ngx_uint_t ngx_sensu_fetch_is_cut(ngx_sensu_fetch_t *fetch);

/* copies the headers of the answer; not those that are true of its body
   alone if another goes out with them */
ngx_int_t ngx_sensu_fetch_copy_headers(ngx_sensu_fetch_t *fetch,
    ngx_uint_t other_body);

/*
 * A GET of path?query in the request's own location, with a context of its
 * own; done is called at its end.  NULL: no memory.
 */
ngx_http_request_t *ngx_sensu_subrequest(ngx_http_request_t *r,
    ngx_str_t *path, ngx_str_t *query, ngx_http_post_subrequest_pt done,
    void *data, ngx_uint_t flags);

/* for the filters */
ngx_int_t ngx_sensu_fetch_header(ngx_http_request_t *sr,
    ngx_sensu_fetch_t *fetch);
ngx_int_t ngx_sensu_fetch_body(ngx_http_request_t *sr,
    ngx_sensu_fetch_t *fetch, ngx_chain_t *in);
/* no more is wanted of the answer, or it has ended: says what it is worth */
ngx_int_t ngx_sensu_fetch_settle(ngx_sensu_fetch_t *fetch);

/* ngx_sensu_upstream.c: how nginx reads the answer */

/* in the header filter: without a buffer between the backend and the filters;
   from the second event on we are asked first */
ngx_int_t ngx_sensu_upstream_unbuffer(ngx_http_request_t *sr,
    ngx_sensu_fetch_t *fetch);
/* in the body filter: the rest is of no interest */
void ngx_sensu_upstream_drain(ngx_sensu_fetch_t *fetch);
/* the page may be done with it, but it is on its way to a cache */
ngx_uint_t ngx_sensu_upstream_goes_on(ngx_sensu_fetch_t *fetch);
/* from outside: ends the subrequest now, unless its answer is being cached */
void ngx_sensu_upstream_abort(ngx_sensu_fetch_t *fetch);
/* its answer is in a file that is still being read: it goes on by itself */
void ngx_sensu_upstream_linger(ngx_sensu_fetch_t *fetch);
/* the subrequest has ended */
void ngx_sensu_upstream_ended(ngx_sensu_fetch_t *fetch);


#endif /* _NGX_SENSU_FETCH_H_INCLUDED_ */
