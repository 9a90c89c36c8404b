
/*
 * Which backends answered a request.
 */


#include "ngx_sensu_backends.h"


typedef struct {
    ngx_uint_t                n;
    ngx_msec_t                ms;
} ngx_sensu_backends_sum_t;


typedef ngx_int_t (*ngx_sensu_backends_pt)(void *data,
    ngx_http_upstream_state_t *state);


static ngx_array_t *ngx_sensu_backends(ngx_http_request_t *r);
static ngx_int_t ngx_sensu_backends_add(void *data,
    ngx_http_upstream_state_t *state);
static ngx_int_t ngx_sensu_backends_time_add(void *data,
    ngx_http_upstream_state_t *state);
static ngx_int_t ngx_sensu_backends_count_one(void *data,
    ngx_http_upstream_state_t *state);
static ngx_int_t ngx_sensu_backends_each(ngx_http_request_t *r,
    ngx_sensu_backends_pt handler, void *data);
static ngx_int_t ngx_sensu_backends_of(ngx_http_request_t *r,
    ngx_sensu_backends_pt handler, void *data);
static ngx_uint_t ngx_sensu_backends_seen(ngx_http_upstream_state_t *state,
    ngx_uint_t i);


ngx_int_t
ngx_sensu_backends_addr(ngx_http_request_t *r, ngx_str_t *text)
{
    u_char                     *p;
    size_t                      len;
    ngx_uint_t                  i;
    ngx_array_t                *all;
    ngx_http_upstream_state_t  *state;

    all = ngx_sensu_backends(r);
    if (all == NULL) {
        return NGX_ERROR;
    }

    ngx_str_null(text);

    state = all->elts;
    len = 0;

    for (i = 0; i < all->nelts; i++) {
        len += state[i].peer->len + 2;
    }

    if (len == 0) {
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    text->data = p;

    for (i = 0; i < all->nelts; i++) {

        if (ngx_sensu_backends_seen(state, i)) {
            continue;
        }

        if (p != text->data) {
            *p++ = ',';
            *p++ = ' ';
        }

        p = ngx_cpymem(p, state[i].peer->data, state[i].peer->len);
    }

    text->len = p - text->data;

    return NGX_OK;
}


ngx_int_t
ngx_sensu_backends_time(ngx_http_request_t *r, ngx_str_t *text)
{
    ngx_sensu_backends_sum_t  sum;

    ngx_memzero(&sum, sizeof(ngx_sensu_backends_sum_t));
    ngx_str_null(text);

    (void) ngx_sensu_backends_each(r, ngx_sensu_backends_time_add, &sum);

    if (sum.n == 0) {
        return NGX_OK;
    }

    text->data = ngx_pnalloc(r->pool, NGX_TIME_T_LEN + 4);
    if (text->data == NULL) {
        return NGX_ERROR;
    }

    text->len = ngx_sprintf(text->data, "%T.%03M", (time_t) (sum.ms / 1000),
                            sum.ms % 1000)
                - text->data;

    return NGX_OK;
}


static ngx_int_t
ngx_sensu_backends_time_add(void *data, ngx_http_upstream_state_t *state)
{
    ngx_sensu_backends_sum_t *sum = data;

    sum->n++;

    if (state->response_time != (ngx_msec_t) -1) {
        sum->ms += state->response_time;
    }

    return NGX_OK;
}


void
ngx_sensu_backends_count(ngx_http_request_t *r, ngx_sensu_route_kind_e route)
{
    (void) ngx_sensu_backends_each(r, ngx_sensu_backends_count_one, &route);
}


static ngx_int_t
ngx_sensu_backends_count_one(void *data, ngx_http_upstream_state_t *state)
{
    ngx_sensu_route_kind_e *route = data;

    if (state->response_time != (ngx_msec_t) -1) {
        ngx_sensu_stat_duration(NGX_SENSU_STAT_BACKEND, *route,
                                state->response_time);
    }

    return NGX_OK;
}


static ngx_array_t *
ngx_sensu_backends(ngx_http_request_t *r)
{
    ngx_array_t  *all;

    all = ngx_array_create(r->pool, 4, sizeof(ngx_http_upstream_state_t));

    if (all == NULL
        || ngx_sensu_backends_each(r, ngx_sensu_backends_add, all) != NGX_OK)
    {
        return NULL;
    }

    return all;
}


static ngx_int_t
ngx_sensu_backends_add(void *data, ngx_http_upstream_state_t *state)
{
    ngx_array_t *all = data;

    ngx_http_upstream_state_t  *copy;

    copy = ngx_array_push(all);
    if (copy == NULL) {
        return NGX_ERROR;
    }

    *copy = *state;

    return NGX_OK;
}


/*
 * The states of every upstream that was tried.  A page has those of one of
 * its fetches for nginx's own variables: they are not its own.
 */

static ngx_int_t
ngx_sensu_backends_each(ngx_http_request_t *r, ngx_sensu_backends_pt handler,
    void *data)
{
    ngx_sensu_ctx_t     *ctx;
    ngx_pool_cleanup_t  *cln;

    cln = NULL;

    while ((ctx = ngx_sensu_ctx_next(r, &cln)) != NULL) {

        if ((ctx->fetch != NULL || ctx->part != NULL)
            && ngx_sensu_backends_of(ctx->request, handler, data) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return r->upstream ? ngx_sensu_backends_of(r, handler, data) : NGX_OK;
}


static ngx_int_t
ngx_sensu_backends_of(ngx_http_request_t *r, ngx_sensu_backends_pt handler,
    void *data)
{
    ngx_uint_t                  i;
    ngx_http_upstream_state_t  *state;

    if (r->upstream_states == NULL) {
        return NGX_OK;
    }

    state = r->upstream_states->elts;

    for (i = 0; i < r->upstream_states->nelts; i++) {

        /* nginx's mark between two upstreams of one request has no peer */

        if (state[i].peer != NULL && handler(data, &state[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_sensu_backends_seen(ngx_http_upstream_state_t *state, ngx_uint_t i)
{
    ngx_uint_t  k;

    for (k = 0; k < i; k++) {
        if (state[k].peer->len == state[i].peer->len
            && ngx_memcmp(state[k].peer->data, state[i].peer->data,
                          state[i].peer->len)
               == 0)
        {
            return 1;
        }
    }

    return 0;
}
