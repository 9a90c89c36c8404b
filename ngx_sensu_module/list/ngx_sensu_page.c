
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
    ngx_sensu_ctx_t *ctx, ngx_sensu_fetch_t *fetch);
static ngx_int_t ngx_sensu_page_take_list(ngx_sensu_page_t *page,
    ngx_sensu_ctx_t *ctx, ngx_sensu_fetch_t *fetch);
static ngx_int_t ngx_sensu_page_take_other(ngx_sensu_page_t *page,
    ngx_sensu_ctx_t *ctx, ngx_sensu_fetch_t *fetch);
static ngx_uint_t ngx_sensu_page_leave_out(ngx_sensu_page_t *page,
    ngx_sensu_fetch_t *fetch);
static void ngx_sensu_page_forget(ngx_sensu_fetch_t *fetch);
static ngx_int_t ngx_sensu_page_reply(ngx_sensu_page_t *page,
    ngx_sensu_ctx_t *ctx);
static void ngx_sensu_page_drop(ngx_sensu_page_t *page);
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

    if (page->op) {
        /* the store has yet to answer */
        return NGX_AGAIN;
    }

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
            rc = (page->op_rc == NGX_OK) ? ngx_sensu_page_reply(page, ctx)
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
    ngx_sensu_page_drop(page);

    return (rc == NGX_ERROR) ? NGX_HTTP_INTERNAL_SERVER_ERROR : rc;
}


static ngx_sensu_page_t *
ngx_sensu_page_create(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    ngx_sensu_page_t      *page;
    ngx_pool_cleanup_t    *cln;
    ngx_sensu_loc_conf_t  *conf;

    conf = ngx_sensu_loc_conf(r);

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_sensu_page_t));
    if (cln == NULL) {
        return NULL;
    }

    page = cln->data;
    ngx_memzero(page, sizeof(ngx_sensu_page_t));

    page->request = r;

    page->room.size = conf->page_buffer;
    page->room.left = conf->page_buffer;

    page->fetches = ngx_pcalloc(r->pool, conf->merge_parallel
                                         * sizeof(ngx_sensu_fetch_t *));
    if (page->fetches == NULL
        || ngx_sensu_wait_op(r->pool, &page->op) != NGX_OK)
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

    ngx_sensu_rope_free(&page->rope);
}


static ngx_int_t
ngx_sensu_page_start(ngx_sensu_page_t *page, ngx_sensu_ctx_t *ctx)
{
    ngx_sensu_loc_conf_t  *conf;

    conf = ngx_sensu_loc_conf(page->request);

    if (ngx_sensu_walk_bind(page, ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ctx->paging.token.len == 0) {
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

    page->limit = ngx_min(page->limit, conf->page_max);
    page->state = NGX_SENSU_PAGE_FETCH;

    ngx_sensu_plan(page, ctx);

    return (ngx_sensu_plan_next(page, ctx) == NGX_ERROR) ? NGX_ERROR : NGX_OK;
}


/*
 * Takes over what the fetches of this round found, in the lists' order, each
 * as soon as those before it are taken.
 */

static ngx_int_t
ngx_sensu_page_collect(ngx_sensu_page_t *page, ngx_sensu_ctx_t *ctx)
{
    ngx_int_t           rc;
    ngx_sensu_fetch_t  *fetch;

    while (page->taken < page->nfetches && !page->more) {

        fetch = page->fetches[page->taken];

        if (fetch->state == NGX_SENSU_FETCH_RUNNING) {
            return ngx_sensu_fetch_await(fetch);
        }

        rc = ngx_sensu_page_take(page, ctx, fetch);
        if (rc != NGX_OK) {
            return rc;
        }

        page->taken++;
        page->seen++;
    }

    if (!page->more) {

        rc = ngx_sensu_plan_next(page, ctx);
        if (rc != NGX_DONE) {
            return rc;
        }

        return ngx_sensu_page_reply(page, ctx);
    }

    ngx_sensu_page_drop(page);

    page->state = NGX_SENSU_PAGE_SAVE;

    return ngx_sensu_walk_save(page);
}


static ngx_int_t
ngx_sensu_page_take(ngx_sensu_page_t *page, ngx_sensu_ctx_t *ctx,
    ngx_sensu_fetch_t *fetch)
{
    ngx_int_t  rc;

    switch (fetch->state) {

    case NGX_SENSU_FETCH_LIST:

        rc = ngx_sensu_page_take_list(page, ctx, fetch);

        return (rc == NGX_DECLINED) ? ngx_sensu_plan_again(page, ctx) : rc;

    case NGX_SENSU_FETCH_WHOLE:

        if (fetch->pager.native
            && (fetch->status == NGX_HTTP_BAD_REQUEST
                || fetch->status == NGX_HTTP_INTERNAL_SERVER_ERROR))
        {
            return ngx_sensu_plan_again(page, ctx);
        }

        /* fall through */

    case NGX_SENSU_FETCH_FAILED:
        return ngx_sensu_page_take_other(page, ctx, fetch);

    case NGX_SENSU_FETCH_UNTRUE:
        return ngx_sensu_plan_again(page, ctx);

    case NGX_SENSU_FETCH_LOST:
        return ngx_sensu_refuse(page->request, NGX_SENSU_CONTINUE_EXPIRED,
                                NULL);

    case NGX_SENSU_FETCH_DROPPED:

        if (page->nfetches == 1) {

            if (page->tail) {
                /* the page itself has its room: it is the next one's */
                page->more = 1;
                return NGX_OK;
            }

            /* answers that were left out have it */
            ngx_sensu_page_forget(page->forbidden);
            ngx_sensu_page_forget(page->gone);
        }

        ngx_sensu_page_drop(page);

        /* a round of this list alone */
        page->nfetches = 0;

        return (ngx_sensu_plan_next(page, ctx) == NGX_OK) ? NGX_AGAIN
                                                          : NGX_ERROR;

    case NGX_SENSU_FETCH_NO_MEMORY:
        return NGX_ERROR;

    default:
        return ngx_sensu_refuse(page->request, ngx_sensu_fetch_complain(fetch),
                                NULL);
    }
}


static ngx_int_t
ngx_sensu_page_take_list(ngx_sensu_page_t *page, ngx_sensu_ctx_t *ctx,
    ngx_sensu_fetch_t *fetch)
{
    ngx_uint_t  left, native, two;

    two = ngx_sensu_plan_two_cursors(page, ctx);

    /*
     * An older backend than "sensu_backend" says takes two cursors for one
     * that is behind all names: its nothing is not believed.
     */

    if (two && fetch->pager.native && fetch->asked.len
        && fetch->pager.received == 0)
    {
        return NGX_DECLINED;
    }

    if (ngx_sensu_fetch_is_cut(fetch)) {

        if (fetch->kept == 0) {
            return NGX_DECLINED;
        }

        page->more = 1;
    }

    native = fetch->pager.native;

    /* what is right is delivered, but where a native answer had more than was
       asked for, or none was to be had, the next ones need not be tried */

    if ((fetch->again && (fetch->kept != 0 || !two))
        || (native && fetch->extra && fetch->drained > NGX_SENSU_NATIVE_REST))
    {
        ngx_sensu_plan_learn(fetch, ctx);
    }

    if (page->answer == NULL) {
        page->answer = fetch;
    }

    if (ctx->page_kind != NGX_SENSU_PAGE_SLICED) {
        ctx->page_kind = native ? NGX_SENSU_PAGE_NATIVE
                                : NGX_SENSU_PAGE_SLICED;
    }

    left = page->limit - page->count;

    if (fetch->full || fetch->extra || fetch->kept > left) {
        page->more = 1;
    }

    if (fetch->kept == 0 || left == 0) {
        return NGX_OK;
    }

    if (fetch->kept > left && ngx_sensu_fetch_shorten(fetch, left) != NGX_OK) {
        return NGX_ERROR;
    }

    fetch->taken = fetch->rope.len;

    page->count += fetch->kept;
    page->tail = fetch;

    return ngx_sensu_rope_move(&page->rope, &fetch->rope,
                               page->request->connection->log);
}


/*
 * The backend's own error is the client's, and so is nginx's, or what "return"
 * made where X-Accel-Redirect led.  In a merged list a namespace that by the
 * backend is forbidden or gone is left out, all else would be a silent gap.
 */

static ngx_int_t
ngx_sensu_page_take_other(ngx_sensu_page_t *page, ngx_sensu_ctx_t *ctx,
    ngx_sensu_fetch_t *fetch)
{
    if (ctx->scope == SENSU_SCOPE_MERGE) {

        if (!fetch->own && ngx_sensu_page_leave_out(page, fetch)) {
            return NGX_OK;
        }

        if (fetch->status < NGX_HTTP_BAD_REQUEST) {
            return ngx_sensu_list_refuse(page->request, fetch->status);
        }
    }

    if (fetch->state == NGX_SENSU_FETCH_WHOLE) {
        /* what it holds is sent */
        page->taken++;

        return ngx_sensu_page_finish(page, ngx_sensu_fetch_replay(fetch));
    }

    return (ngx_sensu_fetch_copy_location(fetch) == NGX_OK)
           ? (ngx_int_t) fetch->status : NGX_ERROR;
}


static ngx_uint_t
ngx_sensu_page_leave_out(ngx_sensu_page_t *page, ngx_sensu_fetch_t *fetch)
{
    ngx_sensu_fetch_t  **first;

    if (fetch->status != NGX_HTTP_FORBIDDEN
        && fetch->status != NGX_HTTP_NOT_FOUND)
    {
        return 0;
    }

    first = (fetch->status == NGX_HTTP_FORBIDDEN) ? &page->forbidden
                                                  : &page->gone;

    if (*first == NULL) {
        *first = fetch;

    } else {
        ngx_sensu_page_forget(fetch);
    }

    return 1;
}


/* of an answer that was left out no more than its status is kept */

static void
ngx_sensu_page_forget(ngx_sensu_fetch_t *fetch)
{
    if (fetch == NULL || fetch->state != NGX_SENSU_FETCH_WHOLE) {
        return;
    }

    ngx_sensu_fetch_forget(fetch);
    fetch->state = NGX_SENSU_FETCH_FAILED;
}


/*
 * A merged list of nothing but what is forbidden is forbidden.  Without a
 * namespace a list is empty, but a sub-list is not there.
 */

static ngx_int_t
ngx_sensu_page_reply(ngx_sensu_page_t *page, ngx_sensu_ctx_t *ctx)
{
    ngx_sensu_fetch_t  *other;

    other = page->forbidden ? page->forbidden : page->gone;

    if (page->gone && ctx->target.path.name.len == 0) {
        other = NULL;
    }

    if (other == NULL || page->answer) {
        return ngx_sensu_page_finish(page, ngx_sensu_reply(page, ctx));
    }

    return ngx_sensu_page_finish(page, (other->state == NGX_SENSU_FETCH_WHOLE)
                                       ? ngx_sensu_fetch_replay(other)
                                       : (ngx_int_t) other->status);
}


/*
 * Lists that were asked for and are not needed: nobody waits for them.  What
 * fills a cache goes on, and the client's connection lasts as long: its next
 * request is to come on another one.
 */

static void
ngx_sensu_page_drop(ngx_sensu_page_t *page)
{
    ngx_uint_t  i;

    for (i = 0; i < page->nfetches; i++) {
        if (ngx_sensu_upstream_goes_on(page->fetches[i])) {
            page->request->main->keepalive = 0;
        }
    }

    for (i = page->taken; i < page->nfetches; i++) {
        ngx_sensu_fetch_drop(page->fetches[i]);
    }

    /* their lists are still to come */

    page->next -= page->nfetches - page->taken;
    page->nfetches = page->taken;
}


/* the answer is on its way, the request ends with it */

static ngx_int_t
ngx_sensu_page_finish(ngx_sensu_page_t *page, ngx_int_t rc)
{
    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return rc;
    }

    page->state = NGX_SENSU_PAGE_DONE;
    ngx_sensu_page_drop(page);

    ngx_http_finalize_request(page->request, rc);

    return NGX_DONE;
}
