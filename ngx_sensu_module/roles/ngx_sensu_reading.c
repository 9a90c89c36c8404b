
/*
 * A reading: the five lists of roles and bindings, one after the other and
 * page by page, become one table.  Each page is parsed as it comes, so that no
 * worker is held up by a long list.
 */


#include "ngx_sensu_login.h"
#include "sensu_base64.h"
#include "sensu_json.h"
#include "sensu_native.h"


/* elements of a page, bytes that are held of it */

#define NGX_SENSU_READING_PAGE   500
#define NGX_SENSU_READING_ROOM   (64 * 1024 * 1024)

#define NGX_SENSU_READING_API    "/api/core/v2/"


static ngx_int_t ngx_sensu_reading_go_on(ngx_sensu_reading_t *reading);
static ngx_int_t ngx_sensu_reading_list(ngx_sensu_reading_t *reading);
static ngx_int_t ngx_sensu_reading_query(ngx_sensu_reading_t *reading,
    ngx_str_t *query);
static void ngx_sensu_reading_done(ngx_sensu_fetch_t *fetch);
static ngx_int_t ngx_sensu_reading_take_tokens(ngx_sensu_reading_t *reading);
static ngx_int_t ngx_sensu_reading_refused(ngx_sensu_reading_t *reading);
static ngx_int_t ngx_sensu_reading_denied(ngx_sensu_reading_t *reading);
static ngx_int_t ngx_sensu_reading_take(ngx_sensu_reading_t *reading);
static ngx_int_t ngx_sensu_reading_parse(ngx_sensu_reading_t *reading);
static ngx_int_t ngx_sensu_reading_publish(ngx_sensu_reading_t *reading);


/* in the order of sensu_rbac_list_e */

static ngx_str_t  ngx_sensu_reading_lists[] = {
    ngx_string(NGX_SENSU_READING_API "namespaces"),
    ngx_string(NGX_SENSU_READING_API "clusterroles"),
    ngx_string(NGX_SENSU_READING_API "roles"),
    ngx_string(NGX_SENSU_READING_API "clusterrolebindings"),
    ngx_string(NGX_SENSU_READING_API "rolebindings")
};

static const sensu_key_kind_e  ngx_sensu_reading_kinds[] = {
    SENSU_KEY_NAME,
    SENSU_KEY_META,
    SENSU_KEY_META_NS,
    SENSU_KEY_META,
    SENSU_KEY_META_NS
};


ngx_uint_t
ngx_sensu_reading_is_of(sensu_str_t resource)
{
    ngx_str_t   name;
    ngx_uint_t  i;

    for (i = 0; i < SENSU_RBAC_LISTS; i++) {
        name = ngx_sensu_reading_lists[i];
        name.data += sizeof(NGX_SENSU_READING_API) - 1;
        name.len -= sizeof(NGX_SENSU_READING_API) - 1;

        if (sensu_str_eq(resource, ngx_sensu_str(name))) {
            return 1;
        }
    }

    return 0;
}


ngx_int_t
ngx_sensu_reading_start(ngx_http_request_t *r, ngx_sensu_roles_t *roles)
{
    ngx_uint_t            turn;
    ngx_pool_cleanup_t   *cln;
    ngx_sensu_reading_t  *reading;

    turn = ngx_sensu_roles_turn(roles);

    if (turn == 0) {
        return NGX_OK;
    }

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_sensu_reading_t));

    if (cln == NULL) {
        ngx_sensu_roles_done(roles, turn, NULL);
        return NGX_ERROR;
    }

    reading = cln->data;
    ngx_memzero(reading, sizeof(ngx_sensu_reading_t));

    ngx_sensu_errand_init(&reading->errand, r, &roles->host);

    reading->roles = roles;
    reading->turn = turn;
    reading->done = ngx_sensu_reading_done;
    reading->room.size = NGX_SENSU_READING_ROOM;
    reading->room.left = NGX_SENSU_READING_ROOM;
    reading->began = ngx_current_msec;
    reading->writes = roles->shared->writes;

    reading->late.handler = ngx_sensu_reading_late;
    reading->late.data = reading;
    reading->late.log = ngx_cycle->log;
    reading->late.cancelable = 1;

    ngx_add_timer(&reading->late, roles->account->stale);

    cln->handler = ngx_sensu_reading_cleanup;

    reading->build = sensu_rbac_build_create();

    if (reading->build == NULL
        || ngx_sensu_roles_tokens(roles, r->pool, &reading->access,
                                  &reading->refresh) != NGX_OK
        || ngx_sensu_reading_go_on(reading) != NGX_OK)
    {
        ngx_sensu_reading_end(reading, NGX_SENSU_READING_RETRY);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_sensu_reading_go_on(ngx_sensu_reading_t *reading)
{
    return (reading->roles->account->name.len && reading->access.len == 0)
           ? ngx_sensu_login(reading)
           : ngx_sensu_reading_list(reading);
}


static ngx_int_t
ngx_sensu_reading_list(ngx_sensu_reading_t *reading)
{
    ngx_str_t           query, credentials;
    ngx_sensu_fetch_t  *fetch;

    static ngx_str_t  none = ngx_null_string;

    reading->state = NGX_SENSU_READING_LIST;

    if (ngx_sensu_login_fetch(reading) != NGX_OK) {
        return NGX_ERROR;
    }

    fetch = reading->fetch;
    fetch->kind = ngx_sensu_reading_kinds[reading->list];
    fetch->want = (uint64_t) 1 << 40;

    sensu_pager_init(&fetch->pager, &reading->from, &fetch->filter);

    ngx_str_null(&query);

    if (!reading->whole
        && ngx_sensu_reading_query(reading, &query) == NGX_ERROR)
    {
        return NGX_ERROR;
    }

    if (ngx_sensu_login_credentials(reading, &credentials) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_sensu_errand_start(&reading->errand, fetch,
                                  &ngx_sensu_reading_lists[reading->list],
                                  &query, &credentials, &none);
}


/* NGX_DECLINED: no cursor leads there, the list is read as a whole */

static ngx_int_t
ngx_sensu_reading_query(ngx_sensu_reading_t *reading, ngx_str_t *query)
{
    int                 n;
    u_char             *p, cursor[SENSU_NATIVE_MAX];
    ngx_sensu_fetch_t  *fetch;

    fetch = reading->fetch;

    n = sensu_native_cursor(cursor, sensu_str_null, sensu_str_null,
                            &reading->from);
    if (n < 0) {
        return NGX_DECLINED;
    }

    p = ngx_pnalloc(fetch->parent->pool,
                    sizeof("limit=&continue=") + NGX_INT64_LEN
                    + sensu_base64url_length((size_t) n));
    if (p == NULL) {
        return NGX_ERROR;
    }

    fetch->want = NGX_SENSU_READING_PAGE + 1;
    sensu_pager_native(&fetch->pager, fetch->want);

    query->data = p;
    p = ngx_sprintf(p, "limit=%uL", fetch->want);

    if (n) {
        p = ngx_cpymem(p, "&continue=", sizeof("&continue=") - 1);

        fetch->asked.data = p;
        fetch->asked.len = sensu_base64url_encode(p, cursor, n);
        p += fetch->asked.len;
    }

    query->len = p - query->data;

    return NGX_OK;
}


static void
ngx_sensu_reading_done(ngx_sensu_fetch_t *fetch)
{
    ngx_int_t             rc;
    ngx_sensu_reading_t  *reading;

    reading = fetch->data;

    if (reading->over) {
        return;
    }

    rc = (reading->state == NGX_SENSU_READING_LIST)
         ? ngx_sensu_reading_take(reading)
         : ngx_sensu_reading_take_tokens(reading);

    if (rc == NGX_ERROR) {
        ngx_sensu_reading_end(reading, NGX_SENSU_READING_RETRY);
    }
}


static ngx_int_t
ngx_sensu_reading_take_tokens(ngx_sensu_reading_t *reading)
{
    ngx_sensu_fetch_t  *fetch;

    fetch = reading->fetch;

    if (fetch->state != NGX_SENSU_FETCH_WHOLE
        || fetch->status != NGX_HTTP_OK)
    {
        return ngx_sensu_reading_refused(reading);
    }

    switch (ngx_sensu_login_take(reading)) {

    case NGX_OK:
        return ngx_sensu_reading_list(reading);

    case NGX_DECLINED:
        return ngx_sensu_reading_fail(reading, "the answer to %V has no "
                                      "tokens, is that a backend?",
                                      &fetch->request->uri);

    case NGX_ERROR:
        return ngx_sensu_reading_fail(reading, "sensu_rbac_zone is full, make "
                                      "it larger than %uzm",
                                      reading->roles->zone->size >> 20);

    default: /* NGX_ABORT */
        return NGX_ERROR;
    }
}


/* what was asked for was not given: is it the token? */

static ngx_int_t
ngx_sensu_reading_refused(ngx_sensu_reading_t *reading)
{
    ngx_str_t            *uri;
    ngx_uint_t            status;
    ngx_sensu_account_t  *account;

    status = reading->fetch->status;
    uri = &reading->fetch->request->uri;
    account = reading->roles->account;

    if (reading->state == NGX_SENSU_READING_LIST && account->name.len
        && status == NGX_HTTP_UNAUTHORIZED && !reading->renewed)
    {
        return ngx_sensu_login_renew(reading);
    }

    if (reading->state == NGX_SENSU_READING_RENEW && !reading->logged_in
        && status < NGX_HTTP_INTERNAL_SERVER_ERROR)
    {
        return ngx_sensu_login(reading);
    }

    if (status == NGX_HTTP_UNAUTHORIZED) {
        return ngx_sensu_reading_fail(reading, "the backend does not take "
                                      "the %s of sensu_account in %V:%ui (401 "
                                      "for %V)", account->name.len
                                      ? "password" : "API key",
                                      &account->place.file,
                                      account->place.line, uri);
    }

    if (status == NGX_HTTP_FORBIDDEN) {
        return ngx_sensu_reading_denied(reading);
    }

    return ngx_sensu_reading_fail(reading, "%V cannot be read from the "
                                  "backend (status %ui)", uri, status);
}


static ngx_int_t
ngx_sensu_reading_denied(ngx_sensu_reading_t *reading)
{
    ngx_sensu_place_t  *place;

    place = &reading->roles->account->place;

    return ngx_sensu_reading_fail(reading, "the account of sensu_account in "
                                  "%V:%ui may not list %V, give it a role that "
                                  "may get and list clusterroles, "
                                  "clusterrolebindings, roles, rolebindings "
                                  "and namespaces", &place->file, place->line,
                                  &reading->fetch->request->uri);
}


static ngx_int_t
ngx_sensu_reading_take(ngx_sensu_reading_t *reading)
{
    ngx_int_t           rc;
    ngx_uint_t          cut;
    ngx_sensu_fetch_t  *fetch;

    fetch = reading->fetch;

    if (!reading->whole
        && (fetch->state == NGX_SENSU_FETCH_UNTRUE
            || fetch->status == NGX_HTTP_BAD_REQUEST
            || fetch->status == NGX_HTTP_INTERNAL_SERVER_ERROR))
    {
        reading->whole = 1;
        return ngx_sensu_reading_list(reading);
    }

    if (fetch->state != NGX_SENSU_FETCH_LIST) {

        if (fetch->status != NGX_HTTP_OK) {
            return ngx_sensu_reading_refused(reading);
        }

        return ngx_sensu_reading_fail(reading, "%V of the backend is no "
                                      "list, or was cut off",
                                      &fetch->request->uri);
    }

    cut = ngx_sensu_fetch_is_cut(fetch);

    if (fetch->full || (cut && fetch->kept == 0)) {

        if (reading->whole) {
            return ngx_sensu_reading_fail(reading, "%V of the backend is too "
                                          "long, or does not advance",
                                          &fetch->request->uri);
        }

        reading->whole = 1;
        return ngx_sensu_reading_list(reading);
    }

    rc = ngx_sensu_reading_parse(reading);
    if (rc != NGX_OK) {
        return rc;
    }

    if (fetch->extra || cut) {

        if (sensu_pager_advance(&fetch->pager, &reading->from, &fetch->last,
                                sensu_str_null)
            == SENSU_PAGER_KEEP)
        {
            return ngx_sensu_reading_list(reading);
        }

        return ngx_sensu_reading_fail(reading, "%V of the backend is too "
                                      "long, or does not advance",
                                      &fetch->request->uri);
    }

    /* from 5.15 on the backend shows those that one may get, be it none */

    if (reading->list == SENSU_RBAC_NAMESPACES && fetch->kept == 0
        && reading->from.mode == SENSU_POSITION_START)
    {
        return ngx_sensu_reading_denied(reading);
    }

    if (++reading->list == SENSU_RBAC_LISTS) {
        return ngx_sensu_reading_publish(reading);
    }

    /* no key of the list before: this one's first would be compared with it */

    ngx_memzero(&reading->from, sizeof(sensu_position_t));
    reading->whole = 0;

    return ngx_sensu_reading_list(reading);
}


/* the elements of a page, each after a comma */

static ngx_int_t
ngx_sensu_reading_parse(ngx_sensu_reading_t *reading)
{
    int                  rc, no_memory;
    u_char              *p;
    size_t               i;
    json_t              *list, *element;
    sensu_str_t          text;
    ngx_sensu_fetch_t   *fetch;
    ngx_sensu_block_t   *block;

    fetch = reading->fetch;

    text.len = ngx_max(fetch->rope.len, 1) + 1;

    text.data = ngx_alloc(text.len, fetch->parent->connection->log);
    if (text.data == NULL) {
        return NGX_ERROR;
    }

    p = (u_char *) text.data + (fetch->rope.len == 0);

    for (block = fetch->rope.first; block; block = block->next) {
        p = ngx_cpymem(p, block->data, block->len);
    }

    *p = ']';
    *(u_char *) text.data = '[';

    reading->room.left += fetch->rope.len;
    ngx_sensu_rope_free(&fetch->rope);

    list = sensu_json_load(text, 0, NULL, &no_memory);

    ngx_free((void *) text.data);

    if (!json_is_array(list)) {
        json_decref(list);

        return no_memory ? NGX_ERROR
               : ngx_sensu_reading_fail(reading, "%V of the backend is no "
                                        "JSON", &fetch->request->uri);
    }

    rc = 0;

    json_array_foreach(list, i, element) {
        if (rc == 0) {
            rc = sensu_rbac_build_add(reading->build, reading->list, element);
        }
    }

    json_decref(list);

    return rc == 0 ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_sensu_reading_publish(ngx_sensu_reading_t *reading)
{
    size_t              size, room;
    ngx_int_t           rc;
    ngx_uint_t          again;
    sensu_rbac_t       *table;
    ngx_sensu_roles_t  *roles;

    table = sensu_rbac_build_table(reading->build);
    if (table == NULL) {
        return NGX_ERROR;
    }

    roles = reading->roles;
    size = sensu_rbac_size(table);

    rc = ngx_sensu_roles_publish(roles, reading->turn, table, reading->writes,
                                 reading->began);

    free(table);

    if (rc == NGX_ABORT) {
        return NGX_ERROR;
    }

    if (rc == NGX_DECLINED) {
        /* the old one and the new one, in pages, and what describes these */
        room = (5 * size / 2 + 65536 + 1048575) / 1048576;

        return ngx_sensu_reading_fail(reading, "sensu_rbac_zone is too small "
                                      "for a table of %uz bytes: %uzm would "
                                      "do", size, room);
    }

    again = (roles->shared->retry != 0);

    ngx_sensu_reading_end(reading, 0);

    if (again) {
        ngx_log_error(NGX_LOG_NOTICE,
                      reading->errand.request->connection->log, 0,
                      "sensu: roles and bindings are read again");
    }

    return NGX_OK;
}
