
/*
 * DELETE of a namespace: the backend deletes every namespace whose name
 * begins with the one given.  So the list of namespaces is asked for first.
 */


#include "ngx_sensu_access.h"
#include "ngx_sensu_fetch.h"
#include "ngx_sensu_headers.h"
#include "ngx_sensu_wait.h"
#include "sensu_json.h"


static ngx_int_t ngx_sensu_delete_fetch(ngx_http_request_t *r,
    ngx_sensu_ctx_t *ctx);
static ngx_int_t ngx_sensu_delete_check(ngx_http_request_t *r,
    ngx_sensu_ctx_t *ctx);
static ngx_int_t ngx_sensu_delete_refuse(ngx_http_request_t *r,
    json_t *namespaces, sensu_str_t name);
static ngx_uint_t ngx_sensu_delete_takes(json_t *namespace, sensu_str_t name);


ngx_int_t
ngx_sensu_guard_delete(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    sensu_path_t  *path;

    path = &ctx->target.path;

    if (path->name.len == 0 || path->subpath.len != 0
        || !sensu_str_eq(path->resource, sensu_str("namespaces")))
    {
        return NGX_OK;
    }

    if (ctx->others == NULL) {
        return ngx_sensu_delete_fetch(r, ctx);
    }

    if (ctx->others->state == NGX_SENSU_FETCH_RUNNING) {
        return (ngx_sensu_fetch_await(ctx->others) == NGX_AGAIN)
               ? NGX_AGAIN : NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_sensu_delete_check(r, ctx);
}


static ngx_int_t
ngx_sensu_delete_fetch(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    ngx_str_t              path, query;
    sensu_path_t           list;
    ngx_sensu_fetch_t     *fetch;
    ngx_sensu_loc_conf_t  *conf;

    conf = ngx_sensu_loc_conf(r);

    fetch = ngx_sensu_fetch_create(r);
    if (fetch == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    fetch->room = ngx_palloc(r->pool, sizeof(ngx_sensu_room_t));
    if (fetch->room == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    fetch->fresh = 1;
    fetch->room->size = conf->page_buffer;
    fetch->room->left = conf->page_buffer;

    list = ctx->target.path;
    list.name.len = 0;

    ngx_str_null(&query);

    /* the client's conditions are for the DELETE */

    if (ngx_sensu_target_path(r, &list, sensu_str_null, &path) != NGX_OK
        || ngx_sensu_fetch_start(fetch, &path, &query) != NGX_OK
        || ngx_sensu_headers_plain(fetch->request) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->others = fetch;

    ngx_sensu_wait(r);

    return NGX_AGAIN;
}


/* without the list nobody knows what would be deleted: then nothing is */

static ngx_int_t
ngx_sensu_delete_check(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    int                 no_memory;
    json_t             *namespaces;
    ngx_int_t           rc;
    ngx_sensu_fetch_t  *fetch;

    fetch = ctx->others;

    switch (fetch->state) {

    case NGX_SENSU_FETCH_WHOLE:
        break;

    case NGX_SENSU_FETCH_FAILED:
        return fetch->status;

    case NGX_SENSU_FETCH_NO_MEMORY:
        return NGX_HTTP_INTERNAL_SERVER_ERROR;

    default:
        return ngx_sensu_refuse(r, ngx_sensu_fetch_complain(fetch), NULL);
    }

    if (fetch->status != NGX_HTTP_OK) {

        rc = ngx_sensu_fetch_replay(fetch);

        if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
            return rc;
        }

        ngx_http_finalize_request(r, rc);
        return NGX_DONE;
    }

    namespaces = sensu_json_load(ngx_sensu_str(fetch->body), 0, NULL,
                                 &no_memory);

    if (no_memory) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (!json_is_array(namespaces)) {
        json_decref(namespaces);
        return ngx_sensu_list_refuse(r, fetch->status);
    }

    rc = ngx_sensu_delete_refuse(r, namespaces, ctx->target.path.name);

    json_decref(namespaces);

    return rc;
}


static ngx_int_t
ngx_sensu_delete_refuse(ngx_http_request_t *r, json_t *namespaces,
    sensu_str_t name)
{
    size_t      len, i;
    u_char     *p;
    json_t     *namespace, *other;
    ngx_str_t   detail;

    static ngx_str_t  text = ngx_string("the backend would delete these "
                                        "namespaces, too:");

    len = text.len;

    json_array_foreach(namespaces, i, namespace) {
        if (ngx_sensu_delete_takes(namespace, name)) {
            len += 1 + json_string_length(json_object_get(namespace, "name"));
        }
    }

    if (len == text.len) {
        return NGX_OK;
    }

    ngx_sensu_guard_hit(r, 6, "DELETE of a namespace that is a prefix of "
                        "others");

    p = ngx_pnalloc(r->pool, len);
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    detail.data = p;
    detail.len = len;

    p = ngx_cpymem(p, text.data, text.len);

    json_array_foreach(namespaces, i, namespace) {
        if (ngx_sensu_delete_takes(namespace, name)) {
            other = json_object_get(namespace, "name");
            *p++ = ' ';
            p = ngx_cpymem(p, json_string_value(other),
                           json_string_length(other));
        }
    }

    return ngx_sensu_refuse(r, NGX_SENSU_NAMESPACE_PREFIX, &detail);
}


static ngx_uint_t
ngx_sensu_delete_takes(json_t *namespace, sensu_str_t name)
{
    json_t  *other;

    other = json_object_get(namespace, "name");

    return json_is_string(other) && json_string_length(other) > name.len
           && ngx_memcmp(json_string_value(other), name.data, name.len) == 0;
}
