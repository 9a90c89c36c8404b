
/*
 * Where a walk stands: the cursor that a page begins at is found in the store,
 * the one that the next page begins at is kept there before the page goes out.
 */


#include "ngx_sensu_headers.h"
#include "ngx_sensu_page.h"
#include "ngx_sensu_wait.h"

#include <openssl/crypto.h>


static void ngx_sensu_walk_done(ngx_sensu_op_t *op);


#define ngx_sensu_walk_store(r)                                               \
    ((ngx_sensu_srv_conf_t *)                                                 \
     ngx_http_get_module_srv_conf(r, ngx_sensu_module))->store


ngx_int_t
ngx_sensu_walk_bind(ngx_sensu_page_t *page, ngx_sensu_ctx_t *ctx)
{
    u_char              *query;
    ngx_str_t            path;
    sensu_str_t          parts[3];
    ngx_sensu_caller_t  *caller;
    ngx_http_request_t  *r;

    r = page->request;

    caller = ngx_sensu_caller(r);
    if (caller == NULL) {
        return NGX_ERROR;
    }

    /* without claims the credentials themselves are the caller */

    parts[0] = ngx_sensu_str(caller->issuer);
    parts[1] = ngx_sensu_str(caller->user);
    parts[2] = sensu_str_null;

    if (caller->verdict != SENSU_TOKEN_OK && r->headers_in.authorization) {
        parts[2] = ngx_sensu_str(r->headers_in.authorization->value);
    }

    sensu_cursor_bind(page->cursor.caller, parts, 3);

    query = ngx_pnalloc(r->pool, 2 * ctx->paging.rest.len + 64);
    if (query == NULL
        || ngx_sensu_target_path(r, &ctx->target.path, sensu_str_null, &path)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    parts[0] = ngx_sensu_str(path);
    parts[1].data = query;
    parts[1].len = sensu_query_canonical(&ctx->paging, query);

    sensu_cursor_bind(page->cursor.query, parts, 2);

    return NGX_OK;
}


/* looks for the cursor of the token that the client sent */

ngx_int_t
ngx_sensu_walk_find(ngx_sensu_page_t *page, ngx_sensu_ctx_t *ctx)
{
    u_char              buf[SENSU_TOKEN_LEN];
    ngx_str_t           key;
    ngx_sensu_store_t  *store;

    if (sensu_cursor_store_key(buf, ctx->paging.token) != 0) {
        return NGX_ERROR;
    }

    key.data = buf;
    key.len = SENSU_TOKEN_LEN;

    store = ngx_sensu_walk_store(page->request);

    page->op = ngx_sensu_store_get(store, &key, ngx_sensu_walk_done, page);

    return page->op ? NGX_AGAIN : NGX_ERROR;
}


/* the cursor was looked up: whose is it, and for what? */

ngx_int_t
ngx_sensu_walk_resume(ngx_sensu_page_t *page, ngx_sensu_ctx_t *ctx)
{
    ngx_str_t            user;
    sensu_cursor_t      *found;
    ngx_sensu_caller_t  *caller;
    ngx_http_request_t  *r;

    static ngx_str_t  none = ngx_null_string;

    r = page->request;

    if (page->op_rc == NGX_ERROR) {
        return ngx_sensu_walk_failed(page);
    }

    found = ngx_palloc(r->pool, sizeof(sensu_cursor_t));
    if (found == NULL) {
        return NGX_ERROR;
    }

    if (page->op_rc != NGX_OK) {
        return ngx_sensu_refuse(page->request, NGX_SENSU_CONTINUE_EXPIRED,
                                NULL);
    }

    if (sensu_cursor_decode(found, ngx_sensu_str(page->record)) != 0) {
        ngx_sensu_log_damped(NGX_LOG_ERR, r->connection->log,
                             "sensu: the store holds a value of %uz bytes "
                             "that is no cursor, does something else use the "
                             "same prefix?", page->record.len);
        return ngx_sensu_refuse(page->request, NGX_SENSU_CONTINUE_EXPIRED,
                                NULL);
    }

    if (CRYPTO_memcmp(found->caller, page->cursor.caller,
                      SENSU_CURSOR_BINDING)
        != 0)
    {
        caller = ngx_sensu_caller(r);
        user = ngx_sensu_log_text(r->pool, caller ? &caller->user : &none);

        ngx_sensu_log_damped(NGX_LOG_WARN, r->connection->log,
                             "sensu: user \"%V\" sent a continue token of "
                             "another caller: a mix-up of that client, or a "
                             "leak", &user);
        return ngx_sensu_refuse(page->request, NGX_SENSU_CONTINUE_EXPIRED,
                                NULL);
    }

    if (CRYPTO_memcmp(found->query, page->cursor.query, SENSU_CURSOR_BINDING)
        != 0)
    {
        return ngx_sensu_refuse(page->request, NGX_SENSU_CONTINUE_MISMATCH,
                                NULL);
    }

    page->limit = ctx->paging.limit ? ctx->paging.limit : found->limit;
    page->cursor = *found;

    return NGX_OK;
}


/* there is more: the position of the last element delivered goes to the
   store, and the page only after it */

ngx_int_t
ngx_sensu_walk_save(ngx_sensu_page_t *page)
{
    u_char                 buf[SENSU_TOKEN_LEN];
    ngx_str_t              key, record;
    sensu_str_t            token;
    ngx_sensu_fetch_t     *tail;
    ngx_sensu_store_t     *store;
    ngx_http_request_t    *r;
    ngx_sensu_loc_conf_t  *conf;

    r = page->request;

    tail = page->tail;

    /* with more to come there is something to go on from, and it goes on */

    if (tail == NULL
        || sensu_pager_advance(&tail->pager, &page->cursor.position,
                               &tail->last, tail->list)
           != SENSU_PAGER_KEEP)
    {
        return ngx_sensu_refuse(r, NGX_SENSU_NO_PROGRESS, NULL);
    }

    record.data = ngx_pnalloc(r->pool, SENSU_CURSOR_MAX);
    if (record.data == NULL) {
        return NGX_ERROR;
    }

    if (page->cursor.limit == 0) {
        /* the walk's first page */
        page->cursor.limit = page->limit;
    }

    record.len = sensu_cursor_encode(&page->cursor, record.data);

    token.data = page->token;
    token.len = SENSU_TOKEN_LEN;

    if (sensu_cursor_token(page->token, ngx_sensu_shared_secret(),
                           ngx_sensu_str(record))
        != 0
        || sensu_cursor_store_key(buf, token) != 0)
    {
        return NGX_ERROR;
    }

    key.data = buf;
    key.len = SENSU_TOKEN_LEN;

    store = ngx_sensu_walk_store(r);
    conf = ngx_sensu_loc_conf(r);

    page->op = ngx_sensu_store_set(store, &key, &record, conf->cursor_ttl,
                                   ngx_sensu_walk_done, page);

    return page->op ? NGX_AGAIN : NGX_ERROR;
}


ngx_int_t
ngx_sensu_walk_failed(ngx_sensu_page_t *page)
{
    ngx_sensu_log_damped(NGX_LOG_ERR, page->request->connection->log,
                         "sensu: a page was refused with 503, the store of "
                         "continue tokens failed: see the lines about redis "
                         "or sensu_cursor_zone");

    return ngx_sensu_refuse(page->request, NGX_SENSU_STORE_FAILED, NULL);
}


static void
ngx_sensu_walk_done(ngx_sensu_op_t *op)
{
    ngx_sensu_page_t    *page;
    ngx_http_request_t  *r;

    page = op->data;
    r = page->request;

    page->op = NULL;
    page->op_rc = op->rc;

    if (op->rc == NGX_OK && op->value.len) {
        page->record.len = op->value.len;
        page->record.data = ngx_pstrdup(r->pool, &op->value);

        if (page->record.data == NULL) {
            page->op_rc = NGX_ERROR;
        }
    }

    ngx_sensu_wake(r);
}
