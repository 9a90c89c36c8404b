
/*
 * A page, step by step.  Each step either goes on at once or waits (for the
 * store, for fetches) and is entered again when that is done: the handler is
 * run with the request's phases.
 */


#include "ngx_sensu_page.h"
#include "ngx_sensu_wait.h"


static ngx_sensu_page_t *ngx_sensu_page_create(ngx_http_request_t *r,
    ngx_sensu_ctx_t *ctx);
static ngx_int_t ngx_sensu_page_start(ngx_sensu_page_t *page,
    ngx_sensu_ctx_t *ctx);
static ngx_int_t ngx_sensu_page_plan(ngx_sensu_page_t *page,
    ngx_sensu_ctx_t *ctx);
static ngx_int_t ngx_sensu_page_collect(ngx_sensu_page_t *page,
    ngx_sensu_ctx_t *ctx);
static ngx_int_t ngx_sensu_page_take(ngx_sensu_page_t *page,
    ngx_sensu_ctx_t *ctx, ngx_uint_t i);
static ngx_int_t ngx_sensu_page_take_list(ngx_sensu_page_t *page,
    ngx_sensu_ctx_t *ctx, ngx_sensu_fetch_t *fetch);
static ngx_int_t ngx_sensu_page_take_other(ngx_sensu_page_t *page,
    ngx_sensu_ctx_t *ctx, ngx_sensu_fetch_t *fetch);
static ngx_int_t ngx_sensu_page_refuse(ngx_sensu_page_t *page,
    ngx_sensu_error_e error);
static void ngx_sensu_page_cleanup(void *data);
static ngx_int_t ngx_sensu_page_finish(ngx_sensu_page_t *page, ngx_int_t rc);


/* bytes that may come after the last element that was asked for: "]" */

#define NGX_SENSU_NATIVE_REST  64


ngx_int_t
ngx_sensu_page_handler(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    ngx_int_t          rc;
    ngx_sensu_page_t  *page;

    if (ctx->page == NULL && ngx_sensu_page_create(r, ctx) == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    page = ctx->page;

    do {
        switch (page->state) {

        case NGX_SENSU_PAGE_START:
            rc = ngx_sensu_page_start(page, ctx);
            break;

        case NGX_SENSU_PAGE_RESUME:
            rc = ngx_sensu_walk_resume(page, ctx);

            if (rc == NGX_OK) {
                rc = ngx_sensu_page_plan(page, ctx);
            }

            break;

        case NGX_SENSU_PAGE_FETCH:
            rc = ngx_sensu_page_collect(page, ctx);
            break;

        case NGX_SENSU_PAGE_SAVE:

            if (page->op) {
                return NGX_AGAIN;
            }

            rc = (page->op_rc == NGX_OK)
                 ? ngx_sensu_page_finish(page, ngx_sensu_reply(page, ctx))
                 : ngx_sensu_walk_failed(page);
            break;

        default: /* NGX_SENSU_PAGE_DONE */
            return NGX_DONE;
        }

    } while (rc == NGX_OK);

    if (rc == NGX_DONE) {
        /* the request may be gone */
        return rc;
    }

    if (rc == NGX_AGAIN) {
        ngx_sensu_wait(r);
        return rc;
    }

    page->state = NGX_SENSU_PAGE_DONE;

    return (rc == NGX_ERROR) ? NGX_HTTP_INTERNAL_SERVER_ERROR : rc;
}


static ngx_sensu_page_t *
ngx_sensu_page_create(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    ngx_sensu_page_t    *page;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_sensu_page_t));
    if (cln == NULL) {
        return NULL;
    }

    page = cln->data;
    ngx_memzero(page, sizeof(ngx_sensu_page_t));

    page->request = r;

    if (ngx_array_init(&page->elements, r->pool, 16,
                       sizeof(ngx_sensu_element_t))
        != NGX_OK)
    {
        return NULL;
    }

    cln->handler = ngx_sensu_page_cleanup;
    ctx->page = page;

    return page;
}


static void
ngx_sensu_page_cleanup(void *data)
{
    ngx_sensu_page_t *page = data;

    if (page->op) {
        ngx_sensu_op_abandon(page->op);
        page->op = NULL;
    }
}


static ngx_int_t
ngx_sensu_page_start(ngx_sensu_page_t *page, ngx_sensu_ctx_t *ctx)
{
    ngx_sensu_loc_conf_t  *conf;

    conf = ngx_sensu_loc_conf(page->request);

    if (ngx_sensu_walk_bind(page, ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    if (!ctx->paging.has_continue) {
        page->limit = ctx->paging.limit ? ctx->paging.limit
                                        : conf->page_default;
        return ngx_sensu_page_plan(page, ctx);
    }

    page->state = NGX_SENSU_PAGE_RESUME;

    return ngx_sensu_walk_find(page, ctx);
}


static ngx_int_t
ngx_sensu_page_plan(ngx_sensu_page_t *page, ngx_sensu_ctx_t *ctx)
{
    ngx_sensu_loc_conf_t  *conf;

    conf = ngx_sensu_loc_conf(page->request);

    if (page->limit > conf->page_max) {
        page->limit = conf->page_max;
    }

    page->state = NGX_SENSU_PAGE_FETCH;

    if (ngx_sensu_plan(page, ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    return (ngx_sensu_plan_next(page, ctx) == NGX_ERROR) ? NGX_ERROR : NGX_OK;
}


/*
 * Takes over what the fetches of this round found, in the lists' order.  One
 * that has to be made again is waited for, those before it are taken by then.
 */

static ngx_int_t
ngx_sensu_page_collect(ngx_sensu_page_t *page, ngx_sensu_ctx_t *ctx)
{
    ngx_int_t   rc;
    ngx_uint_t  i;

    for (i = 0; i < page->nfetches; i++) {
        if (page->fetches[i]->state == NGX_SENSU_FETCH_RUNNING) {
            return NGX_AGAIN;
        }
    }

    while (page->taken < page->nfetches && !page->more) {

        rc = ngx_sensu_page_take(page, ctx, page->taken);
        if (rc != NGX_OK) {
            return rc;
        }

        page->taken++;
    }

    if (!page->more) {

        rc = ngx_sensu_plan_next(page, ctx);
        if (rc != NGX_DONE) {
            return rc;
        }

        return ngx_sensu_page_finish(page, ngx_sensu_reply(page, ctx));
    }

    page->state = NGX_SENSU_PAGE_SAVE;

    return ngx_sensu_walk_save(page);
}


static ngx_int_t
ngx_sensu_page_take(ngx_sensu_page_t *page, ngx_sensu_ctx_t *ctx,
    ngx_uint_t i)
{
    ngx_int_t           rc;
    ngx_sensu_fetch_t  *fetch;

    fetch = page->fetches[i];

    switch (fetch->state) {

    case NGX_SENSU_FETCH_LIST:

        rc = ngx_sensu_page_take_list(page, ctx, fetch);
        if (rc != NGX_DECLINED) {
            return rc;
        }

        break;

    case NGX_SENSU_FETCH_WHOLE:

        if (fetch->pager.native
            && (fetch->status == NGX_HTTP_BAD_REQUEST
                || fetch->status == NGX_HTTP_INTERNAL_SERVER_ERROR))
        {
            break;
        }

        return ngx_sensu_page_take_other(page, ctx, fetch);

    case NGX_SENSU_FETCH_UNTRUE:
        break;

    case NGX_SENSU_FETCH_REWIND:

        if (page->rewound) {
            return ngx_sensu_page_refuse(page, NGX_SENSU_CONTINUE_EXPIRED);
        }

        page->rewound = 1;
        page->cursor.position.ordinal = fetch->pager.rewind;
        break;

    case NGX_SENSU_FETCH_LOST:
        return ngx_sensu_page_refuse(page, NGX_SENSU_CONTINUE_EXPIRED);

    case NGX_SENSU_FETCH_MALFORMED:
        return ngx_sensu_page_refuse(page, NGX_SENSU_BAD_LIST);

    case NGX_SENSU_FETCH_TRUNCATED:
        ngx_sensu_log_damped(NGX_LOG_ERR, page->request->connection->log,
                             "sensu: the backend's list was cut off after %uL "
                             "elements, see the backend's log",
                             fetch->split.elements);
        return ngx_sensu_page_refuse(page, NGX_SENSU_LIST_TRUNCATED);

    case NGX_SENSU_FETCH_ENCODED:
        return ngx_sensu_page_refuse(page, NGX_SENSU_LIST_ENCODED);

    case NGX_SENSU_FETCH_TOO_LARGE:

        if (page->elements.nelts != 0) {
            /* for want of room in this page: it is the next one's */
            page->more = 1;
            return NGX_OK;
        }

        ngx_sensu_log_damped(NGX_LOG_ERR, page->request->connection->log,
                             "sensu: an element or answer of the backend is "
                             "larger than %uz bytes, raise sensu_page_buffer",
                             fetch->room);
        return ngx_sensu_page_refuse(page, NGX_SENSU_ELEMENT_TOO_LARGE);

    default: /* NGX_SENSU_FETCH_FAILED: nginx's own 502, 504, ... */
        return fetch->status;
    }

    if (ngx_sensu_plan_again(page, ctx, i) != NGX_OK) {
        return NGX_ERROR;
    }

    return NGX_AGAIN;
}


static ngx_int_t
ngx_sensu_page_take_list(ngx_sensu_page_t *page, ngx_sensu_ctx_t *ctx,
    ngx_sensu_fetch_t *fetch)
{
    ngx_uint_t            n, i;
    ngx_sensu_element_t  *element, *taken;

    n = fetch->elements.nelts;

    /*
     * A backend may have a maximum of its own and send less than asked for;
     * its cursor says so, unless it leads to what is not wanted.  (At the end
     * of events 5.5 echoes ours.)
     */

    if (fetch->pager.native && !fetch->enough && !fetch->pager.ended
        && fetch->cursor.len)
    {

        if (n != 0) {
            page->more = 1;

        } else if (fetch->cursor.len != fetch->asked.len
                   || ngx_memcmp(fetch->cursor.data, fetch->asked.data,
                                 fetch->asked.len)
                      != 0)
        {
            return NGX_DECLINED;
        }
    }

    /* what is right is delivered, but where a native answer had more than was
       asked for, or none was to be had, the next ones need not be tried */

    if (fetch->again
        || (fetch->pager.native && n == fetch->want
            && fetch->drained > NGX_SENSU_NATIVE_REST))
    {
        ngx_sensu_plan_learn(page, ctx);
    }

    if (fetch->full) {
        page->more = 1;
    }

    if (n > page->limit - page->elements.nelts) {
        n = page->limit - page->elements.nelts;
        page->more = 1;
    }

    if (page->answer == NULL) {
        page->answer = fetch;
    }

    if (ctx->page_kind != NGX_SENSU_PAGE_SLICED) {
        ctx->page_kind = fetch->pager.native ? NGX_SENSU_PAGE_NATIVE
                                             : NGX_SENSU_PAGE_SLICED;
    }

    if (n == 0) {
        return NGX_OK;
    }

    taken = ngx_array_push_n(&page->elements, n);
    if (taken == NULL) {
        return NGX_ERROR;
    }

    element = fetch->elements.elts;
    ngx_memcpy(taken, element, n * sizeof(ngx_sensu_element_t));

    /* one more was asked for, to know whether there is more */

    fetch->taken = fetch->kept;

    for (i = n; i < fetch->elements.nelts; i++) {
        fetch->taken -= element[i].len + 1;
    }

    page->size += fetch->taken;
    page->tail = fetch;

    return NGX_OK;
}


/*
 * The backend's own error is the client's.  In a merged list a namespace that
 * is forbidden or gone is left out, any other error would be a silent gap.
 */

static ngx_int_t
ngx_sensu_page_take_other(ngx_sensu_page_t *page, ngx_sensu_ctx_t *ctx,
    ngx_sensu_fetch_t *fetch)
{
    if (ctx->scope == SENSU_SCOPE_MERGE) {

        if (fetch->status == NGX_HTTP_FORBIDDEN
            || fetch->status == NGX_HTTP_NOT_FOUND)
        {
            return NGX_OK;
        }

        if (fetch->status < NGX_HTTP_BAD_REQUEST) {
            return ngx_sensu_page_refuse(page, NGX_SENSU_BAD_LIST);
        }
    }

    return ngx_sensu_page_finish(page, ngx_sensu_fetch_replay(fetch));
}


static ngx_int_t
ngx_sensu_page_refuse(ngx_sensu_page_t *page, ngx_sensu_error_e error)
{
    return ngx_sensu_refuse(page->request, error, NULL);
}


/* the answer is on its way, the request ends with it */

static ngx_int_t
ngx_sensu_page_finish(ngx_sensu_page_t *page, ngx_int_t rc)
{
    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return rc;
    }

    page->state = NGX_SENSU_PAGE_DONE;

    ngx_http_finalize_request(page->request, rc);

    return NGX_DONE;
}
