
/*
 * A page on its way: resume from a cursor, fetch, save the next cursor, send.
 */


#ifndef _NGX_SENSU_PAGE_H_INCLUDED_
#define _NGX_SENSU_PAGE_H_INCLUDED_


#include "ngx_sensu_fetch.h"


typedef enum {
    NGX_SENSU_PAGE_START = 0,
    NGX_SENSU_PAGE_RESUME,       /* the store looks for the cursor */
    NGX_SENSU_PAGE_FETCH,
    NGX_SENSU_PAGE_SAVE,         /* the store keeps the next cursor */
    NGX_SENSU_PAGE_DONE
} ngx_sensu_page_state_e;


struct ngx_sensu_page_s {
    ngx_http_request_t       *request;
    ngx_sensu_page_state_e    state;
    ngx_sensu_op_t           *op;        /* of the store, under way */
    ngx_int_t                 op_rc;
    ngx_str_t                 record;    /* found by it */

    ngx_uint_t                limit;
    sensu_cursor_t            cursor;    /* where this page begins, then
                                            where the next one does */

    /* the lists that make up the page, in their order */
    sensu_key_kind_e          kind;
    sensu_str_t              *lists;     /* namespaces; of a single list NULL */
    ngx_uint_t                nlists;
    ngx_uint_t                next;      /* the first not fetched yet */
    ngx_uint_t                seen;      /* taken */

    ngx_sensu_fetch_t       **fetches;   /* this round's, side by side */
    ngx_uint_t                nfetches;
    ngx_uint_t                taken;     /* of them */

    ngx_sensu_room_t          room;
    ngx_sensu_rope_t          rope;      /* the elements, each after a comma */
    ngx_uint_t                count;     /* of them */
    ngx_sensu_fetch_t        *answer;    /* whose headers the page takes */
    ngx_sensu_fetch_t        *forbidden; /* else, of a merged page, */
    ngx_sensu_fetch_t        *gone;      /* of a namespace that is not there */
    ngx_sensu_fetch_t        *tail;      /* of the last element delivered */
    u_char                    token[SENSU_TOKEN_LEN];
    unsigned                  more:1;
};


/* ngx_sensu_walk.c: where the walk stands */

/* binds the cursor to the caller and to what is asked for */
ngx_int_t ngx_sensu_walk_bind(ngx_sensu_page_t *page, ngx_sensu_ctx_t *ctx);
/* starts to look the client's token up: NGX_AGAIN */
ngx_int_t ngx_sensu_walk_find(ngx_sensu_page_t *page, ngx_sensu_ctx_t *ctx);
/* NGX_OK: found, cursor and limit are set; NGX_AGAIN; a status */
ngx_int_t ngx_sensu_walk_resume(ngx_sensu_page_t *page, ngx_sensu_ctx_t *ctx);
/* there is more: starts to save the next page's cursor: NGX_AGAIN; a status */
ngx_int_t ngx_sensu_walk_save(ngx_sensu_page_t *page);
/* the store did not answer, or refused: a status */
ngx_int_t ngx_sensu_walk_failed(ngx_sensu_page_t *page);

/* ngx_sensu_plan.c: which lists, natively or sliced, and from where */

void ngx_sensu_plan(ngx_sensu_page_t *page, ngx_sensu_ctx_t *ctx);
/* starts the next fetches; NGX_DONE: there is no list left */
ngx_int_t ngx_sensu_plan_next(ngx_sensu_page_t *page, ngx_sensu_ctx_t *ctx);
/* does this list take a cursor of two? */
ngx_uint_t ngx_sensu_plan_two_cursors(ngx_sensu_page_t *page,
    ngx_sensu_ctx_t *ctx);

/* native paging does not work for this list */
void ngx_sensu_plan_learn(ngx_sensu_fetch_t *fetch, ngx_sensu_ctx_t *ctx);
/* the list to be taken once more, as a whole */
ngx_int_t ngx_sensu_plan_again(ngx_sensu_page_t *page, ngx_sensu_ctx_t *ctx);

/* ngx_sensu_reply.c */

ngx_int_t ngx_sensu_reply(ngx_sensu_page_t *page, ngx_sensu_ctx_t *ctx);


#endif /* _NGX_SENSU_PAGE_H_INCLUDED_ */
