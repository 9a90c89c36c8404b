
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
static ngx_sensu_fetch_t *ngx_sensu_plan_fetch(ngx_sensu_page_t *page,
    ngx_sensu_ctx_t *ctx, ngx_sensu_fetch_t *spare, sensu_str_t ns,
    ngx_uint_t native);
static ngx_int_t ngx_sensu_plan_native(ngx_sensu_page_t *page,
    ngx_sensu_ctx_t *ctx, ngx_sensu_fetch_t *fetch, ngx_str_t *query);
static ngx_int_t ngx_sensu_plan_path(ngx_sensu_fetch_t *fetch,
    ngx_sensu_ctx_t *ctx, ngx_str_t *path);
static sensu_position_t *ngx_sensu_plan_from(ngx_sensu_page_t *page,
    sensu_str_t ns);
static uint32_t ngx_sensu_plan_route(ngx_http_request_t *r,
    ngx_sensu_ctx_t *ctx);


ngx_int_t
ngx_sensu_plan(ngx_sensu_page_t *page, ngx_sensu_ctx_t *ctx)
{
    page->kind = ngx_sensu_list_kind(&ctx->target.path);

    switch (ctx->scope) {

    case SENSU_SCOPE_MERGE:
        page->lists = ctx->namespaces.names;
        page->nlists = ctx->namespaces.n;
        ngx_sensu_plan_skip(page);
        break;

    case SENSU_SCOPE_ONE:
        page->lists = ctx->namespaces.names;
        page->nlists = 1;
        break;

    default:
        /* its namespace is empty where it is cluster-wide */
        page->lists = &ctx->target.path.ns;
        page->nlists = 1;
        break;
    }

    return NGX_OK;
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
    int                cmp;
    u_char            *slash;
    size_t             n;
    sensu_str_t       *ns, from;
    sensu_position_t  *position;

    position = &page->cursor.position;

    if (position->mode == SENSU_POSITION_START) {
        return;
    }

    from.data = position->key;
    slash = ngx_strlchr(position->key, position->key + position->key_len,
                        '/');
    from.len = slash ? (size_t) (slash - position->key) + 1
                     : position->key_len;

    for ( /* void */ ; page->next < page->nlists; page->next++) {
        ns = &page->lists[page->next];

        /* ns + "/" against from */

        n = ngx_min(ns->len, from.len);
        cmp = ngx_memcmp(ns->data, from.data, n);

        if (cmp == 0 && ns->len < from.len) {
            cmp = '/' - from.data[ns->len];

        } else if (cmp == 0) {
            cmp = 1;
        }

        if (cmp >= 0) {
            return;
        }
    }
}


/*
 * One list at first; each round that did not fill the page doubles, so that
 * no more is asked for than the page may need.
 */

ngx_int_t
ngx_sensu_plan_next(ngx_sensu_page_t *page, ngx_sensu_ctx_t *ctx)
{
    ngx_uint_t              native;
    ngx_sensu_fetch_t      *fetch;
    ngx_sensu_loc_conf_t   *conf;

    page->nfetches = 0;
    page->taken = 0;

    if (page->next >= page->nlists) {
        return NGX_DONE;
    }

    conf = ngx_sensu_loc_conf(page->request);

    page->round = page->round ? ngx_min(2 * page->round,
                                        NGX_SENSU_FETCHES_MAX)
                              : 1;

    native = conf->native_pages
             && ctx->scope != SENSU_SCOPE_NAMESPACES
             && sensu_native_list(&ctx->target.path, page->kind)
             && !ngx_sensu_route_is_sliced(
                                    ngx_sensu_plan_route(page->request, ctx));

    while (page->nfetches < page->round && page->next < page->nlists) {

        fetch = ngx_sensu_plan_fetch(page, ctx, page->fetches[page->nfetches],
                                     page->lists[page->next], native);
        if (fetch == NULL) {
            return NGX_ERROR;
        }

        page->fetches[page->nfetches++] = fetch;
        page->next++;
    }

    return NGX_OK;
}


ngx_int_t
ngx_sensu_plan_again(ngx_sensu_page_t *page, ngx_sensu_ctx_t *ctx,
    ngx_uint_t i)
{
    ngx_sensu_fetch_t  *old, *fetch;

    old = page->fetches[i];

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

    page->fetches[i] = fetch;

    return NGX_OK;
}


void
ngx_sensu_plan_learn(ngx_sensu_page_t *page, ngx_sensu_ctx_t *ctx)
{
    ngx_log_error(NGX_LOG_NOTICE, page->request->connection->log, 0,
                  "sensu: the backend does not page \"%*s\" as it should, "
                  "its lists are sliced for the next %d seconds",
                  ctx->target.path.resource.len,
                  ctx->target.path.resource.data, NGX_SENSU_ROUTE_TTL);

    ngx_sensu_route_set_sliced(ngx_sensu_plan_route(page->request, ctx));
}


/* spare: a fetch of the last round; over many namespaces these add up */

static ngx_sensu_fetch_t *
ngx_sensu_plan_fetch(ngx_sensu_page_t *page, ngx_sensu_ctx_t *ctx,
    ngx_sensu_fetch_t *spare, sensu_str_t ns, ngx_uint_t native)
{
    ngx_str_t              path, query;
    ngx_http_request_t    *r;
    ngx_sensu_fetch_t     *fetch;
    ngx_sensu_loc_conf_t  *conf;

    r = page->request;
    conf = ngx_sensu_loc_conf(r);

    if (spare != NULL && spare != page->answer && spare != page->tail) {
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
    fetch->want = page->limit + 1 - page->elements.nelts;
    fetch->room = conf->page_buffer - page->size;

    ngx_sensu_list_filter(r, ctx, ns, &fetch->filter);

    sensu_pager_init(&fetch->pager, ngx_sensu_plan_from(page, ns),
                     &fetch->filter);

    query = ngx_sensu_ngx_str(ctx->paging.rest);

    if (native) {
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


/* adds limit and continue to the query; NGX_DECLINED: no cursor leads there */

static ngx_int_t
ngx_sensu_plan_native(ngx_sensu_page_t *page, ngx_sensu_ctx_t *ctx,
    ngx_sensu_fetch_t *fetch, ngx_str_t *query)
{
    int          n;
    u_char      *p, cursor[SENSU_NATIVE_MAX];
    sensu_str_t  entity;

    entity.len = 0;
    entity.data = NULL;

    if (page->kind == SENSU_KEY_EVENT) {
        entity = ctx->target.path.name;
    }

    n = sensu_native_cursor(cursor, fetch->list, entity, &fetch->pager.from);

    if (n < 0) {
        return NGX_DECLINED;
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
        fetch->asked.len = sensu_base64url_encode(p, cursor, n);

        query->len = p + fetch->asked.len - query->data;
    }

    return NGX_OK;
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

    path->data = ngx_pnalloc(fetch->parent->pool,
                             sensu_path_room(&list, fetch->list));
    if (path->data == NULL) {
        return NGX_ERROR;
    }

    path->len = sensu_path_build(&list, fetch->list, path->data);

    return NGX_OK;
}


/* the position counts in the list that it lies in, later ones are whole */

static sensu_position_t *
ngx_sensu_plan_from(ngx_sensu_page_t *page, sensu_str_t ns)
{
    sensu_position_t         *position;
    static sensu_position_t   start;

    position = &page->cursor.position;

    if (page->nlists == 1
        || (position->key_len > ns.len && position->key[ns.len] == '/'
            && ngx_memcmp(position->key, ns.data, ns.len) == 0))
    {
        return position;
    }

    return &start;
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


static uint32_t
ngx_sensu_plan_route(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    uint32_t               hash;
    sensu_path_t          *path;
    ngx_sensu_loc_conf_t  *conf;

    conf = ngx_sensu_loc_conf(r);
    path = &ctx->target.path;

    ngx_crc32_init(hash);
    ngx_crc32_update(&hash, (u_char *) &conf->route, sizeof(conf->route));
    ngx_crc32_update(&hash, (u_char *) path->resource.data,
                     path->resource.len);
    ngx_crc32_final(hash);

    return hash ^ (path->scope << 1 | (path->name.len != 0));
}
