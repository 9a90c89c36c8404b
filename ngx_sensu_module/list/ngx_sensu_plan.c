
/*
 * The plan of a page: which of the backend's lists it is made of, from where
 * each is read, and how: natively, a page with a cursor made here, or sliced
 * out of the whole list.
 *
 * Keys of one namespace stand together in the order of a cluster-wide list,
 * for a namespace's name has no slash: so to merge is to go through the
 * namespaces in the order of "name/".
 */


#include "ngx_sensu_page.h"
#include "sensu_base64.h"
#include "sensu_native.h"


static void ngx_sensu_plan_skip(ngx_sensu_page_t *page);
static sensu_str_t ngx_sensu_plan_namespace(sensu_position_t *position);
static int ngx_sensu_plan_cmp(sensu_str_t list, sensu_str_t ns);
static ngx_sensu_fetch_t *ngx_sensu_plan_fetch(ngx_sensu_page_t *page,
    ngx_sensu_ctx_t *ctx, ngx_sensu_fetch_t *spare, sensu_str_t ns,
    ngx_uint_t native);
static ngx_int_t ngx_sensu_plan_native(ngx_sensu_page_t *page,
    ngx_sensu_ctx_t *ctx, ngx_sensu_fetch_t *fetch, ngx_str_t *query);
static ngx_int_t ngx_sensu_plan_path(ngx_sensu_fetch_t *fetch,
    ngx_sensu_ctx_t *ctx, ngx_str_t *path);
static sensu_position_t *ngx_sensu_plan_from(ngx_sensu_page_t *page,
    sensu_str_t ns);
static ngx_uint_t ngx_sensu_plan_breadth(ngx_sensu_page_t *page);
static ngx_uint_t ngx_sensu_plan_is_native(ngx_sensu_fetch_t *fetch,
    ngx_sensu_ctx_t *ctx);
static uint32_t ngx_sensu_plan_route(ngx_sensu_fetch_t *fetch,
    ngx_sensu_ctx_t *ctx);


void
ngx_sensu_plan(ngx_sensu_page_t *page, ngx_sensu_ctx_t *ctx)
{
    page->kind = ngx_sensu_list_kind(&ctx->target.path);

    if (ctx->scope == SENSU_SCOPE_MERGE) {
        page->lists = ctx->namespaces.names;
        page->nlists = ctx->namespaces.n;
        ngx_sensu_plan_skip(page);

    } else {
        page->lists = ngx_sensu_list_single(ctx);
        page->nlists = 1;
    }
}


/* its namespace is empty where it is cluster-wide */

sensu_str_t *
ngx_sensu_list_single(ngx_sensu_ctx_t *ctx)
{
    return (ctx->scope == SENSU_SCOPE_ONE) ? ctx->namespaces.names
                                           : &ctx->target.path.ns;
}


/* of a resource that is not known, Sensu's usual metadata is tried */

sensu_key_kind_e
ngx_sensu_list_kind(const sensu_path_t *path)
{
    sensu_key_kind_e  kind;

    kind = SENSU_KEY_UNKNOWN;

    if (sensu_str_eq(path->group, sensu_str("core"))) {
        kind = sensu_key_kind(path->resource);
    }

    if (kind == SENSU_KEY_UNKNOWN) {
        kind = path->namespaced ? SENSU_KEY_META_NS : SENSU_KEY_META;
    }

    return kind;
}


/* namespaces that lie before the position are done with */

static void
ngx_sensu_plan_skip(ngx_sensu_page_t *page)
{
    sensu_str_t  ns;

    if (page->cursor.position.mode == SENSU_POSITION_START) {
        return;
    }

    ns = ngx_sensu_plan_namespace(&page->cursor.position);

    while (page->next < page->nlists
           && ngx_sensu_plan_cmp(page->lists[page->next], ns) < 0)
    {
        page->next++;
    }
}


/* of the list that it lies in; of a long name its begin */

static sensu_str_t
ngx_sensu_plan_namespace(sensu_position_t *position)
{
    u_char       *slash;
    sensu_str_t   ns;

    ns = sensu_key_begin(&position->key);

    if (!position->keyless) {
        slash = ngx_strlchr(position->key.data, position->key.data + ns.len,
                            '/');

        if (slash != NULL) {
            ns.len = slash - position->key.data;
        }
    }

    return ns;
}


/* if of one the begin is all there is, of the other no more is looked at:
   a position that is taken to the wrong list is lost there, and said to be */

static int
ngx_sensu_plan_cmp(sensu_str_t list, sensu_str_t ns)
{
    if (ns.len == SENSU_KEY_MAX && list.len > SENSU_KEY_MAX) {
        list.len = SENSU_KEY_MAX;
    }

    return sensu_scope_cmp(list, ns);
}


ngx_int_t
ngx_sensu_plan_next(ngx_sensu_page_t *page, ngx_sensu_ctx_t *ctx)
{
    ngx_uint_t          n;
    ngx_sensu_fetch_t  *fetch, *spare;

    n = ngx_sensu_plan_breadth(page);

    page->nfetches = 0;
    page->taken = 0;

    if (n == 0) {
        return NGX_DONE;
    }

    while (page->nfetches < n) {

        spare = page->fetches[page->nfetches];

        fetch = ngx_sensu_plan_fetch(page, ctx, spare,
                                     page->lists[page->next], 1);
        if (fetch == NULL) {
            return NGX_ERROR;
        }

        if (page->nfetches) {
            page->fetches[page->nfetches - 1]->later = fetch;
        }

        page->fetches[page->nfetches++] = fetch;
        page->next++;
    }

    return NGX_OK;
}


/*
 * How many lists are asked for side by side: one at first, four times as many
 * in each round that did not fill the page, and no more than those before
 * them let expect to be needed, in elements and in bytes.
 */

static ngx_uint_t
ngx_sensu_plan_breadth(ngx_sensu_page_t *page)
{
    size_t                 each;
    ngx_uint_t             n, left, mean;
    ngx_sensu_loc_conf_t  *conf;

    conf = ngx_sensu_loc_conf(page->request);

    n = ngx_max(4 * page->nfetches, 1);
    n = ngx_min(n, conf->merge_parallel);
    n = ngx_min(n, page->nlists - page->next);

    if (page->count) {
        left = page->limit + 1 - page->count;
        mean = (page->count + page->seen - 1) / page->seen;
        each = (page->rope.len + page->seen - 1) / page->seen;

        /* the last one may be asked for in vain, if it is a small one */

        if (mean * 10 <= page->limit) {
            left += mean - 1;
        }

        n = ngx_min(n, ngx_max(left / mean, 1));
        n = ngx_min(n, ngx_max(page->room.left / each, 1));
    }

    return n;
}


ngx_int_t
ngx_sensu_plan_again(ngx_sensu_page_t *page, ngx_sensu_ctx_t *ctx)
{
    ngx_sensu_fetch_t  *old, *fetch;

    old = page->fetches[page->taken];

    ngx_sensu_fetch_drop(old);

    fetch = ngx_sensu_plan_fetch(page, ctx, NULL, old->list, 0);
    if (fetch == NULL) {
        return NGX_ERROR;
    }

    if (old->pager.native) {
        fetch->again = 1;
        ngx_sensu_stat_add(NGX_SENSU_STAT_FALLBACKS
                           + ngx_sensu_stat_resource(
                                            ctx->target.path.resource), 1);
    }

    fetch->later = old->later;
    page->fetches[page->taken] = fetch;

    if (page->taken) {
        page->fetches[page->taken - 1]->later = fetch;
    }

    return NGX_AGAIN;
}


void
ngx_sensu_plan_learn(ngx_sensu_fetch_t *fetch, ngx_sensu_ctx_t *ctx)
{
    ngx_log_error(NGX_LOG_NOTICE, fetch->parent->connection->log, 0,
                  "sensu: the backend does not page \"%*s\" as it should, "
                  "its lists are sliced for the next %d seconds",
                  ctx->target.path.resource.len,
                  ctx->target.path.resource.data, NGX_SENSU_ROUTE_TTL);

    ngx_sensu_route_set_sliced(ngx_sensu_plan_route(fetch, ctx));
}


/* spare: a fetch of the last round; over many namespaces these add up */

static ngx_sensu_fetch_t *
ngx_sensu_plan_fetch(ngx_sensu_page_t *page, ngx_sensu_ctx_t *ctx,
    ngx_sensu_fetch_t *spare, sensu_str_t ns, ngx_uint_t native)
{
    ngx_str_t            path, query;
    ngx_http_request_t  *r;
    ngx_sensu_fetch_t   *fetch;

    r = page->request;

    if (spare != NULL && spare->ended && spare != page->answer
        && spare != page->tail && spare != page->forbidden
        && spare != page->gone)
    {
        fetch = spare;
        ngx_sensu_fetch_renew(fetch);

    } else {
        fetch = ngx_sensu_fetch_create(r);
        if (fetch == NULL) {
            return NULL;
        }
    }

    fetch->list = ns;
    fetch->kind = page->kind;
    fetch->want = page->limit + 1 - page->count;
    fetch->room = &page->room;

    ngx_sensu_list_filter(r, ctx, ns, &fetch->filter);

    if (page->kind == SENSU_KEY_EVENT) {
        /* read natively out of a longer list, guard or not */
        fetch->filter.entity = ctx->target.path.name;
    }

    sensu_pager_init(&fetch->pager, ngx_sensu_plan_from(page, ns),
                     &fetch->filter);

    query = ngx_sensu_ngx_str(ctx->paging.rest);

    if (native && ngx_sensu_plan_is_native(fetch, ctx)) {
        switch (ngx_sensu_plan_native(page, ctx, fetch, &query)) {

        case NGX_OK:
            sensu_pager_native(&fetch->pager, fetch->want);
            break;

        case NGX_DECLINED:
            break;

        default:
            return NULL;
        }
    }

    if (ngx_sensu_plan_path(fetch, ctx, &path) != NGX_OK
        || ngx_sensu_fetch_start(fetch, &path, &query) != NGX_OK)
    {
        return NULL;
    }

    return fetch;
}


static ngx_uint_t
ngx_sensu_plan_is_native(ngx_sensu_fetch_t *fetch, ngx_sensu_ctx_t *ctx)
{
    ngx_sensu_loc_conf_t  *conf;

    conf = ngx_sensu_loc_conf(fetch->parent);

    return conf->native_pages
           && ctx->scope != SENSU_SCOPE_NAMESPACES
           && sensu_native_list(&ctx->target.path, fetch->kind,
                                conf->backend)
           && !ngx_sensu_route_is_sliced(ngx_sensu_plan_route(fetch, ctx));
}


/* adds limit and continue to the query; NGX_DECLINED: no cursor leads there */

static ngx_int_t
ngx_sensu_plan_native(ngx_sensu_page_t *page, ngx_sensu_ctx_t *ctx,
    ngx_sensu_fetch_t *fetch, ngx_str_t *query)
{
    int      n;
    u_char  *p, *from;
    u_char   cursor[SENSU_NATIVE_MAX], two[SENSU_NATIVE_TWO_MAX];

    n = sensu_native_cursor(cursor, fetch->list, fetch->filter.entity,
                            &fetch->pager.from);
    if (n < 0) {
        return NGX_DECLINED;
    }

    from = cursor;

    if (n && ngx_sensu_plan_two_cursors(page, ctx)) {
        n = sensu_native_two(two, cursor, n);
        from = two;
    }

    p = ngx_pnalloc(page->request->pool,
                    query->len + sizeof("&limit=&continue=") + NGX_INT64_LEN
                    + sensu_base64url_length((size_t) n));
    if (p == NULL) {
        return NGX_ERROR;
    }

    query->len = ngx_sprintf(p, "%V%slimit=%uL", query, query->len ? "&" : "",
                             fetch->want)
                 - p;
    query->data = p;

    if (n) {
        p = ngx_cpymem(p + query->len, "&continue=",
                       sizeof("&continue=") - 1);

        fetch->asked.data = p;
        fetch->asked.len = sensu_base64url_encode(p, from, n);

        query->len = p + fetch->asked.len - query->data;
    }

    return NGX_OK;
}


ngx_uint_t
ngx_sensu_plan_two_cursors(ngx_sensu_page_t *page, ngx_sensu_ctx_t *ctx)
{
    ngx_sensu_loc_conf_t  *conf;

    conf = ngx_sensu_loc_conf(page->request);

    return sensu_str_eq(ctx->target.path.resource, sensu_str("entities"))
           && sensu_backend_does(conf->backend, SENSU_BACKEND_TWO_CURSORS);
}


/* an entity's events are read natively out of its namespace's list: the
   backend's own sub-list is a prefix match */

static ngx_int_t
ngx_sensu_plan_path(ngx_sensu_fetch_t *fetch, ngx_sensu_ctx_t *ctx,
    ngx_str_t *path)
{
    sensu_path_t  list;

    list = ctx->target.path;

    if (fetch->pager.native) {
        list.name.len = 0;
        list.subpath.len = 0;
    }

    return ngx_sensu_target_path(fetch->parent, &list, fetch->list, path);
}


/* the position counts in the list that it lies in, later ones are whole */

static sensu_position_t *
ngx_sensu_plan_from(ngx_sensu_page_t *page, sensu_str_t ns)
{
    sensu_position_t         *position;
    static sensu_position_t   start;

    position = &page->cursor.position;

    return (page->nlists == 1
            || ngx_sensu_plan_cmp(ns, ngx_sensu_plan_namespace(position)) == 0)
           ? position : &start;
}


void
ngx_sensu_list_filter(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx,
    sensu_str_t ns, sensu_filter_t *filter)
{
    ngx_sensu_loc_conf_t  *conf;

    conf = ngx_sensu_loc_conf(r);

    ngx_memzero(filter, sizeof(sensu_filter_t));

    /* who may see some namespaces only sees no others, guard or not */

    if (conf->guard || !ctx->namespaces.all) {
        filter->ns = ns;
        filter->strict = (ctx->scope == SENSU_SCOPE_MERGE);

        if (ctx->target.path.name.len
            && sensu_str_eq(ctx->target.path.resource, sensu_str("events")))
        {
            filter->entity = ctx->target.path.name;
        }
    }

    if (ctx->scope == SENSU_SCOPE_NAMESPACES) {
        filter->names = &ctx->namespaces;
    }
}


/* a lesson is of this list: what others ask for may be another matter */

static uint32_t
ngx_sensu_plan_route(ngx_sensu_fetch_t *fetch, ngx_sensu_ctx_t *ctx)
{
    uint32_t               hash;
    sensu_path_t          *path;
    ngx_sensu_loc_conf_t  *conf;

    conf = ngx_sensu_loc_conf(fetch->parent);
    path = &ctx->target.path;

    ngx_crc32_init(hash);
    ngx_crc32_update(&hash, (u_char *) &conf->route, sizeof(conf->route));
    ngx_crc32_update(&hash, (u_char *) path->resource.data,
                     path->resource.len);
    ngx_crc32_update(&hash, (u_char *) "/", 1);
    ngx_crc32_update(&hash, (u_char *) fetch->list.data, fetch->list.len);
    ngx_crc32_update(&hash, (u_char *) "/", 1);
    ngx_crc32_update(&hash, (u_char *) ctx->paging.rest.data,
                     ctx->paging.rest.len);
    ngx_crc32_final(hash);

    return hash ^ (path->name.len != 0);
}
