
/*
 * Which backends answered a request.
 */


#include "ngx_sensu_backends.h"


/* a walk through all that was tried for a client's request */

typedef struct {
    ngx_http_request_t       *client;
    ngx_http_request_t       *request;   /* whose states are next, or NULL */
    ngx_pool_cleanup_t       *cln;       /* see ngx_sensu_ctx_next() */
    ngx_uint_t                i;
    ngx_uint_t                last;      /* they are the client's own */
    ngx_uint_t                n;         /* states so far */
} ngx_sensu_backends_t;


static ngx_http_upstream_state_t *ngx_sensu_backends_next(
    ngx_sensu_backends_t *walk);
static ngx_http_request_t *ngx_sensu_backends_request(
    ngx_sensu_backends_t *walk);
static ngx_uint_t ngx_sensu_backends_seen(ngx_sensu_backends_t *walk,
    ngx_http_upstream_state_t *state);


ngx_int_t
ngx_sensu_backends_addr(ngx_http_request_t *r, ngx_str_t *text)
{
    u_char                     *p;
    size_t                      len;
    ngx_sensu_backends_t        walk = { .client = r }, sizes = walk;
    ngx_http_upstream_state_t  *state;

    ngx_str_null(text);

    len = 0;

    while ((state = ngx_sensu_backends_next(&sizes)) != NULL) {
        len += state->peer->len + 2;
    }

    if (len == 0) {
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    text->data = p;

    while ((state = ngx_sensu_backends_next(&walk)) != NULL) {

        if (ngx_sensu_backends_seen(&walk, state)) {
            continue;
        }

        if (p != text->data) {
            *p++ = ',';
            *p++ = ' ';
        }

        p = ngx_cpymem(p, state->peer->data, state->peer->len);
    }

    text->len = p - text->data;

    return NGX_OK;
}


/* was one of the states before the walk's latest of that backend? */

static ngx_uint_t
ngx_sensu_backends_seen(ngx_sensu_backends_t *walk,
    ngx_http_upstream_state_t *state)
{
    ngx_sensu_backends_t        before = { .client = walk->client };
    ngx_http_upstream_state_t  *other;

    while (before.n < walk->n - 1) {
        other = ngx_sensu_backends_next(&before);

        if (sensu_str_eq(ngx_sensu_str(*other->peer),
                         ngx_sensu_str(*state->peer)))
        {
            return 1;
        }
    }

    return 0;
}


ngx_int_t
ngx_sensu_backends_time(ngx_http_request_t *r, ngx_str_t *text)
{
    ngx_msec_t                  ms;
    ngx_sensu_backends_t        walk = { .client = r };
    ngx_http_upstream_state_t  *state;

    ngx_str_null(text);

    ms = 0;

    while ((state = ngx_sensu_backends_next(&walk)) != NULL) {
        if (state->response_time != (ngx_msec_t) -1) {
            ms += state->response_time;
        }
    }

    if (walk.n == 0) {
        return NGX_OK;
    }

    text->data = ngx_pnalloc(r->pool, NGX_TIME_T_LEN + 4);
    if (text->data == NULL) {
        return NGX_ERROR;
    }

    text->len = ngx_sprintf(text->data, "%T.%03M", (time_t) (ms / 1000),
                            ms % 1000)
                - text->data;

    return NGX_OK;
}


void
ngx_sensu_backends_count(ngx_http_request_t *r, ngx_sensu_route_kind_e route)
{
    ngx_sensu_backends_t        walk = { .client = r };
    ngx_http_upstream_state_t  *state;

    while ((state = ngx_sensu_backends_next(&walk)) != NULL) {
        if (state->response_time != (ngx_msec_t) -1) {
            ngx_sensu_stat_duration(NGX_SENSU_STAT_BACKEND, route,
                                    state->response_time);
        }
    }
}


/* the state of the next upstream that was tried; NULL: that was the last */

static ngx_http_upstream_state_t *
ngx_sensu_backends_next(ngx_sensu_backends_t *walk)
{
    ngx_array_t                *states;
    ngx_http_upstream_state_t  *state;

    for ( ;; ) {
        states = walk->request ? walk->request->upstream_states : NULL;

        while (states != NULL && walk->i < states->nelts) {
            state = states->elts;
            state += walk->i++;

            /* nginx's mark between two upstreams of one request has none */

            if (state->peer != NULL) {
                walk->n++;
                return state;
            }
        }

        walk->request = ngx_sensu_backends_request(walk);
        walk->i = 0;

        if (walk->request == NULL) {
            return NULL;
        }
    }
}


/*
 * What the gateway asked for, then the client's request.  A page has the
 * states of one of its fetches for nginx's own variables: they are not its
 * own.
 */

static ngx_http_request_t *
ngx_sensu_backends_request(ngx_sensu_backends_t *walk)
{
    ngx_sensu_ctx_t  *ctx;

    if (walk->last) {
        return NULL;
    }

    while ((ctx = ngx_sensu_ctx_next(walk->client, &walk->cln)) != NULL) {
        if (ctx->fetch != NULL || ctx->part != NULL) {
            return ctx->request;
        }
    }

    walk->last = 1;

    return walk->client->upstream ? walk->client : NULL;
}
