
/*
 * Merging unpaged lists.
 *
 * The header goes out with the first few elements.  What fails before that is
 * an error of its own; what fails later can only cut the answer off, so that
 * nobody takes it for the whole.
 */


#include "ngx_sensu_fetch.h"
#include "ngx_sensu_headers.h"
#include "ngx_sensu_merge.h"


static ngx_int_t ngx_sensu_merge_turn(ngx_http_request_t *r);
static ngx_uint_t ngx_sensu_merge_is_quiet(ngx_http_request_t *r);
static ngx_int_t ngx_sensu_merge_create(ngx_http_request_t *r,
    ngx_sensu_ctx_t *ctx);
static ngx_int_t ngx_sensu_merge_start(ngx_sensu_merge_t *merge,
    ngx_sensu_ctx_t *ctx);
static ngx_int_t ngx_sensu_merge_part_done(ngx_http_request_t *sr, void *data,
    ngx_int_t rc);
static ngx_int_t ngx_sensu_merge_judge(ngx_sensu_merge_t *merge);
static ngx_int_t ngx_sensu_merge_nothing(ngx_sensu_merge_t *merge);
static ngx_int_t ngx_sensu_merge_finish(ngx_sensu_merge_t *merge);


ngx_int_t
ngx_sensu_merge_handler(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    ngx_int_t           rc;
    ngx_sensu_merge_t  *merge;

    if (ctx->merge == NULL) {
        rc = ngx_sensu_merge_create(r, ctx);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    merge = ctx->merge;

    if (merge->part != NULL) {

        if (!merge->part->done) {
            return ngx_sensu_merge_turn(r);
        }

        merge->part = NULL;

        rc = ngx_sensu_merge_judge(merge);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (merge->next < ctx->namespaces.n) {

        if (ngx_sensu_merge_start(merge, ctx) != NGX_OK) {
            return NGX_ERROR;
        }

        r->write_event_handler = ngx_http_core_run_phases;

        return NGX_AGAIN;
    }

    rc = ngx_sensu_merge_finish(merge);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return rc;
    }

    ngx_http_finalize_request(r, rc);

    return NGX_DONE;
}


/*
 * A subrequest whose turn to be written has come while its part waits for that,
 * as in ngx_http_writer().
 */

static ngx_int_t
ngx_sensu_merge_turn(ngx_http_request_t *r)
{
    if (r == r->connection->data && r->postponed != NULL
        && ngx_http_output_filter(r, NULL) == NGX_ERROR)
    {
        return NGX_ERROR;
    }

    return NGX_AGAIN;
}


/*
 * A subrequest of auth_request's or mirror's is of its status alone, and so is
 * a post_action: a part's body would go to the client, in front of his answer
 * or behind it, where he would take it for the next one.
 */

static ngx_uint_t
ngx_sensu_merge_is_quiet(ngx_http_request_t *r)
{
    return r->header_only && (r != r->main || r->post_action);
}


static ngx_int_t
ngx_sensu_merge_create(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    /* it may have no subrequests with a turn, see ngx_http_subrequest() */

    if (r->subrequest_in_memory) {
        ngx_sensu_log_damped(NGX_LOG_ERR, r->connection->log,
                             "sensu: the list \"%V\" of several namespaces "
                             "cannot be kept in memory, as SSI's include with "
                             "\"set\" and scripts want it: ask for it by "
                             "pages, with limit=", &r->uri);

        return ngx_sensu_refuse(r, NGX_SENSU_INTERNAL, NULL);
    }

    ctx->merge = ngx_pcalloc(r->pool, sizeof(ngx_sensu_merge_t));
    if (ctx->merge == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->merge->request = r;
    ctx->page_kind = NGX_SENSU_PAGE_MERGED;

    return NGX_OK;
}


static ngx_int_t
ngx_sensu_merge_start(ngx_sensu_merge_t *merge, ngx_sensu_ctx_t *ctx)
{
    ngx_str_t            path, query;
    sensu_str_t          ns;
    ngx_sensu_ctx_t     *part;
    ngx_http_request_t  *r, *sr;

    r = merge->request;
    ns = ctx->namespaces.names[merge->next++];
    query = ngx_sensu_ngx_str(ctx->paging.rest);

    if (ngx_sensu_target_path(r, &ctx->target.path, ns, &path) != NGX_OK) {
        return NGX_ERROR;
    }

    /* what has no turn to be written has no parts with one */

    sr = ngx_sensu_subrequest(r, &path, &query, ngx_sensu_merge_part_done,
                              merge,
                              r->background ? NGX_HTTP_SUBREQUEST_BACKGROUND
                                            : 0);
    if (sr == NULL) {
        return NGX_ERROR;
    }

    sr->header_only = ngx_sensu_merge_is_quiet(r);

    part = ngx_sensu_ctx(sr);

    if (merge->sieve != NULL) {
        ngx_sensu_sieve_next(merge->sieve, sr, ctx, ns);

    } else {
        merge->sieve = ngx_sensu_sieve_create(sr, ctx, ns);
        if (merge->sieve == NULL) {
            return NGX_ERROR;
        }

        merge->sieve->inner = 1;
    }

    part->part = merge;
    part->sieve = merge->sieve;

    merge->part = sr;
    merge->status = 0;
    merge->own = 0;

    return NGX_OK;
}


static ngx_int_t
ngx_sensu_merge_part_done(ngx_http_request_t *sr, void *data, ngx_int_t rc)
{
    ngx_sensu_merge_t *merge = data;

    if (merge->status == 0) {
        merge->status = (rc >= NGX_HTTP_SPECIAL_RESPONSE)
                        ? (ngx_uint_t) rc : NGX_HTTP_BAD_GATEWAY;
        merge->own = (sr->upstream == NULL
                      || sr->upstream->headers_in.status_n != merge->status);
    }

    /* with a client that is gone, or too slow, the whole request ends */

    if (rc == NGX_ERROR
        || rc == NGX_HTTP_REQUEST_TIME_OUT
        || rc == NGX_HTTP_CLIENT_CLOSED_REQUEST)
    {
        return NGX_ERROR;
    }

    /* which nginx does for what has a turn */

    return sr->background ? ngx_http_post_request(merge->request, NULL)
                          : NGX_OK;
}


/* a namespace that is forbidden or gone is left out, all else would be a gap */

static ngx_int_t
ngx_sensu_merge_judge(ngx_sensu_merge_t *merge)
{
    ngx_http_request_t  *r;

    ngx_sensu_error_e    error;

    r = merge->request;
    error = merge->sieve->error;

    if (merge->status == NGX_HTTP_FORBIDDEN && !merge->own) {
        merge->forbidden++;
        return NGX_OK;
    }

    if (merge->status == NGX_HTTP_NOT_FOUND && !merge->own) {
        merge->gone++;
        return NGX_OK;
    }

    if (!error && merge->status == NGX_HTTP_OK
        && (ngx_sensu_merge_is_quiet(r)
            || sensu_split_done(&merge->sieve->scan.split)))
    {
        return NGX_OK;
    }

    if (merge->sieve->begun) {
        ngx_sensu_log_damped(NGX_LOG_ERR, r->connection->log,
                             "sensu: a part of a merged list failed with "
                             "status %ui or was cut off, the answer is cut "
                             "off, too, see the backend's log",
                             merge->status);
        ngx_sensu_error_note(r, NGX_SENSU_LIST_TRUNCATED);
        return NGX_ERROR;
    }

    if (error) {
        return ngx_sensu_refuse(r, error, NULL);
    }

    if (merge->status == NGX_HTTP_OK) {
        return ngx_sensu_refuse(r, NGX_SENSU_LIST_TRUNCATED, NULL);
    }

    /* no error, but no list: a phase handler must not return such a status */

    if (merge->status < NGX_HTTP_BAD_REQUEST) {
        return ngx_sensu_list_refuse(r, merge->status);
    }

    return merge->status;
}


ngx_int_t
ngx_sensu_merge_header(ngx_http_request_t *sr, ngx_sensu_ctx_t *ctx)
{
    ctx->part->status = sr->headers_out.status;
    ctx->part->sieve->error = ngx_sensu_sieve_header(sr, ctx);

    return NGX_OK;
}


/* as ngx_sensu_page_reply() has it */

static ngx_int_t
ngx_sensu_merge_nothing(ngx_sensu_merge_t *merge)
{
    ngx_sensu_ctx_t  *ctx;

    if (merge->forbidden + merge->gone < merge->next) {
        return NGX_OK;
    }

    ctx = ngx_sensu_ctx_find(merge->request);

    if (merge->gone && ctx->target.path.name.len == 0) {
        return NGX_OK;
    }

    return merge->forbidden ? NGX_HTTP_FORBIDDEN : NGX_HTTP_NOT_FOUND;
}


static ngx_int_t
ngx_sensu_merge_finish(ngx_sensu_merge_t *merge)
{
    ngx_int_t            rc;
    ngx_chain_t          end, *out;
    ngx_http_request_t  *r;

    r = merge->request;

    if (!merge->sieve->begun) {

        rc = ngx_sensu_merge_nothing(merge);
        if (rc != NGX_OK) {
            return rc;
        }

        rc = ngx_sensu_list_head(r, -1);

        if (rc == NGX_ERROR || rc > NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (r->header_only) {
        return NGX_OK;
    }

    ngx_sensu_stat_add(NGX_SENSU_STAT_LISTS_MERGED, 1);

    ngx_sensu_ctx_find(r)->page_count = merge->sieve->sent;

    end.buf = ngx_sensu_list_end(r, merge->sieve->sent);
    if (end.buf == NULL) {
        return NGX_ERROR;
    }

    end.next = NULL;

    out = ngx_sensu_early_release(r, &merge->sieve->early, &end);

    return (out == NULL) ? NGX_ERROR : ngx_http_output_filter(r, out);
}
