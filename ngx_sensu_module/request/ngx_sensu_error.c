
/*
 * Refusals: a table.
 *
 * A handler only returns a status, so that satisfy, error_page and the rules
 * for keep-alive work as ever; ngx_sensu_error_page.c replaces the page that
 * nginx makes of it.
 */


#include "ngx_sensu_headers.h"


#define NGX_SENSU_INTERNAL_CODE  0
#define NGX_SENSU_INVALID        1
#define NGX_SENSU_NOT_FOUND      2
#define NGX_SENSU_DENIED         4
#define NGX_SENSU_UNAUTHENTICATED 5


const ngx_sensu_error_entry_t  ngx_sensu_errors[NGX_SENSU_ERROR_N] = {

    { 0, 0, ngx_null_string, ngx_null_string },

    { 401, NGX_SENSU_UNAUTHENTICATED, ngx_string("missing_token"),
      ngx_string("a bearer token is required") },
    { 401, NGX_SENSU_UNAUTHENTICATED, ngx_string("malformed_token"),
      ngx_string("the Authorization header is not one bearer token") },
    { 401, NGX_SENSU_UNAUTHENTICATED, ngx_string("bad_signature"),
      ngx_string("the token is not valid") },
    { 401, NGX_SENSU_UNAUTHENTICATED, ngx_string("unknown_key"),
      ngx_string("the token is not signed with a known key") },
    { 401, NGX_SENSU_UNAUTHENTICATED, ngx_string("token_expired"),
      ngx_string("the token has expired") },
    { 401, NGX_SENSU_UNAUTHENTICATED, ngx_string("token_not_yet_valid"),
      ngx_string("the token is not valid yet") },
    { 401, NGX_SENSU_UNAUTHENTICATED, ngx_string("bad_claims"),
      ngx_string("the token's claims are not acceptable") },
    { 401, NGX_SENSU_UNAUTHENTICATED, ngx_string("token_revoked"),
      ngx_string("the token was logged out") },
    { 401, NGX_SENSU_UNAUTHENTICATED, ngx_string("api_key_refused"),
      ngx_string("API keys are not accepted here") },

    { 403, NGX_SENSU_DENIED, ngx_string("namespace_forbidden"),
      ngx_string("the namespace is not open to this caller") },
    { 403, NGX_SENSU_DENIED, ngx_string("cluster_forbidden"),
      ngx_string("cluster-wide access is not open to this caller") },
    { 403, NGX_SENSU_DENIED, ngx_string("rbac_forbidden"),
      ngx_string("no role of this caller allows that") },

    { 404, NGX_SENSU_NOT_FOUND, ngx_string("unknown_path"),
      ngx_string("not a path of the API") },
    { 404, NGX_SENSU_NOT_FOUND, ngx_string("api_not_served"),
      ngx_string("this API group and version is not served here") },
    { 400, NGX_SENSU_INVALID, ngx_string("unsafe_path"),
      ngx_string("the path can be read in more than one way") },
    { 400, NGX_SENSU_INVALID, ngx_string("bad_query"),
      ngx_string("the query has a bad escape or a semicolon") },
    { 400, NGX_SENSU_INVALID, ngx_string("bad_limit"),
      ngx_string("limit must be a number of one to nine digits, once") },
    { 400, NGX_SENSU_INVALID, ngx_string("bad_continue"),
      ngx_string("continue is not a token of this API") },
    { 400, NGX_SENSU_INVALID, ngx_string("continue_mismatch"),
      ngx_string("the continue token belongs to another path or query") },
    { 410, NGX_SENSU_INVALID, ngx_string("continue_expired"),
      ngx_string("the continue token is unknown or has expired, "
                 "start again from the first page") },
    { 405, NGX_SENSU_INVALID, ngx_string("method_not_allowed"),
      ngx_string("the method is not allowed here") },

    { 413, NGX_SENSU_INVALID, ngx_string("body_too_large"),
      ngx_string("the request body is too large") },
    { 415, NGX_SENSU_INVALID, ngx_string("body_type"),
      ngx_string("the request needs Content-Type: application/json") },
    { 400, NGX_SENSU_INVALID, ngx_string("body_not_json"),
      ngx_string("the request body is not one JSON object") },
    { 400, NGX_SENSU_INVALID, ngx_string("body_mismatch"),
      ngx_string("the request body must name the same object as the URL, "
                 "correct this") },
    { 409, NGX_SENSU_INVALID, ngx_string("namespace_prefix"),
      ngx_string("the backend would delete other namespaces, too") },

    { 502, NGX_SENSU_INTERNAL_CODE, ngx_string("bad_list"),
      ngx_string("the backend's list is malformed") },
    { 502, NGX_SENSU_INTERNAL_CODE, ngx_string("list_encoded"),
      ngx_string("the backend's list is compressed") },
    { 502, NGX_SENSU_INTERNAL_CODE, ngx_string("list_truncated"),
      ngx_string("the backend's list was cut off") },
    { 502, NGX_SENSU_INTERNAL_CODE, ngx_string("element_too_large"),
      ngx_string("an element is larger than a page may be") },
    { 502, NGX_SENSU_INTERNAL_CODE, ngx_string("no_progress"),
      ngx_string("the backend's list does not advance") },
    { 502, NGX_SENSU_INTERNAL_CODE, ngx_string("upstream_failed"),
      ngx_string("the backend does not answer") },

    { 503, NGX_SENSU_INTERNAL_CODE, ngx_string("store_failed"),
      ngx_string("the store of continue tokens does not answer") },
    { 429, NGX_SENSU_INVALID, ngx_string("rate_limited"),
      ngx_string("too many requests") },
    { 503, NGX_SENSU_INTERNAL_CODE, ngx_string("rate_limit_failed"),
      ngx_string("the rate limit can not be checked now") },
    { 503, NGX_SENSU_INTERNAL_CODE, ngx_string("logout_check_failed"),
      ngx_string("it can not be checked now whether the token was logged "
                 "out") },
    { 503, NGX_SENSU_INTERNAL_CODE, ngx_string("rbac_unknown"),
      ngx_string("it can not be told now what this caller may do") },
    { 500, NGX_SENSU_INTERNAL_CODE, ngx_string("gateway_left"),
      ngx_string("the request was led past the gateway") },
    { 500, NGX_SENSU_INTERNAL_CODE, ngx_string("internal"),
      ngx_string("internal error") },

    { 400, NGX_SENSU_INVALID, ngx_string("bad_request"),
      ngx_string("the request is malformed") },
    { 401, NGX_SENSU_UNAUTHENTICATED, ngx_string("unauthorized"),
      ngx_string("authentication is required") },
    { 403, NGX_SENSU_DENIED, ngx_string("forbidden"),
      ngx_string("access is refused") },
    { 404, NGX_SENSU_NOT_FOUND, ngx_string("not_found"),
      ngx_string("not found") },
    { 408, NGX_SENSU_INVALID, ngx_string("request_timeout"),
      ngx_string("the request took too long") },
    { 414, NGX_SENSU_INVALID, ngx_string("uri_too_long"),
      ngx_string("the request line is too long") },
    { 503, NGX_SENSU_INTERNAL_CODE, ngx_string("unavailable"),
      ngx_string("the service is not available now") },
    { 504, NGX_SENSU_INTERNAL_CODE, ngx_string("upstream_timeout"),
      ngx_string("the backend took too long") },
    { 0, NGX_SENSU_INVALID, ngx_string("request_refused"),
      ngx_string("the request was refused") }
};


/* what a status means that another part of nginx made */

static const ngx_sensu_error_e  ngx_sensu_error_statuses[] = {
    NGX_SENSU_BAD_REQUEST,
    NGX_SENSU_UNAUTHORIZED,
    NGX_SENSU_FORBIDDEN,
    NGX_SENSU_NOT_FOUND_HERE,
    NGX_SENSU_METHOD_NOT_ALLOWED,
    NGX_SENSU_REQUEST_TIMEOUT,
    NGX_SENSU_BODY_TOO_LARGE,
    NGX_SENSU_URI_TOO_LONG,
    NGX_SENSU_RATE_LIMITED,
    NGX_SENSU_UPSTREAM_FAILED,
    NGX_SENSU_UNAVAILABLE,
    NGX_SENSU_UPSTREAM_TIMEOUT
};


ngx_int_t
ngx_sensu_refuse(ngx_http_request_t *r, ngx_sensu_error_e error,
    ngx_str_t *detail)
{
    ngx_sensu_ctx_t                *ctx;
    const ngx_sensu_error_entry_t  *entry;

    entry = &ngx_sensu_errors[error];

    ctx = ngx_sensu_ctx(r);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ngx_sensu_error_retry(r, entry->status) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->error = error;
    ctx->status = entry->status;
    ctx->detail = detail ? *detail : entry->message;

    return entry->status;
}


ngx_int_t
ngx_sensu_error_retry(ngx_http_request_t *r, ngx_uint_t status)
{
    ngx_str_t  second = ngx_string("1");

    if ((status != NGX_HTTP_TOO_MANY_REQUESTS
         && status != NGX_HTTP_SERVICE_UNAVAILABLE)
        || ngx_sensu_header_find(r, "Retry-After") != NULL)
    {
        return NGX_OK;
    }

    return ngx_sensu_header_add(r, "Retry-After", &second);
}


ngx_int_t
ngx_sensu_refuse_because(ngx_http_request_t *r, ngx_sensu_error_e error,
    const char *why)
{
    ngx_str_t         detail;
    const ngx_str_t  *message;

    message = &ngx_sensu_errors[error].message;

    detail.len = message->len + 2 + ngx_strlen(why);

    detail.data = ngx_pnalloc(r->pool, detail.len);
    if (detail.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    (void) ngx_sprintf(detail.data, "%V: %s", message, why);

    return ngx_sensu_refuse(r, error, &detail);
}


ngx_int_t
ngx_sensu_refuse_large(ngx_http_request_t *r)
{
    u_char  why[sizeof("sensu_max_body is  bytes") + NGX_SIZE_T_LEN];

    ngx_sprintf(why, "sensu_max_body is %uz bytes%Z",
                ngx_sensu_loc_conf(r)->max_body);

    return ngx_sensu_refuse_because(r, NGX_SENSU_BODY_TOO_LARGE,
                                    (char *) why);
}


void
ngx_sensu_error_note(ngx_http_request_t *r, ngx_sensu_error_e error)
{
    ngx_sensu_ctx_t  *ctx;

    ctx = ngx_sensu_ctx_client(r);

    if (ctx != NULL) {
        ctx->error = error;
    }
}


ngx_sensu_error_e
ngx_sensu_error_of_status(ngx_uint_t status)
{
    ngx_uint_t         i, n;
    ngx_sensu_error_e  error;

    n = sizeof(ngx_sensu_error_statuses) / sizeof(ngx_sensu_error_statuses[0]);

    for (i = 0; i < n; i++) {
        error = ngx_sensu_error_statuses[i];

        if (ngx_sensu_errors[error].status == status) {
            return error;
        }
    }

    return status < 500 ? NGX_SENSU_REQUEST_REFUSED : NGX_SENSU_INTERNAL;
}


ngx_uint_t
ngx_sensu_answer_status(ngx_http_request_t *r)
{
    ngx_http_upstream_t  *u;

    u = r->upstream;

    /* one that has ended answered before, in the run that the error ended */

    if (r->err_status == 0 || u == NULL
        || (u->cleanup == NULL && !r->cached))
    {
        return r->headers_out.status;
    }

    return u->headers_in.status_n;
}


ngx_sensu_error_e
ngx_sensu_error_of(ngx_http_request_t *r)
{
    ngx_sensu_ctx_t  *ctx;

    ctx = ngx_sensu_ctx_find(r);

    if (ctx != NULL && ctx->error) {
        return ctx->error;
    }

    if (r->err_status < NGX_HTTP_BAD_REQUEST
        || (r->upstream && r->upstream->headers_in.status_n == r->err_status))
    {
        return NGX_SENSU_ERROR_NONE;
    }

    return ngx_sensu_error_of_status(r->err_status);
}


ngx_int_t
ngx_sensu_challenge(ngx_http_request_t *r, const char *error, const char *why)
{
    u_char           *p;
    ngx_table_elt_t  *h;

    h = r->headers_out.www_authenticate;

    if (h == NULL) {
        h = ngx_sensu_header_push(r);
        if (h == NULL) {
            return NGX_ERROR;
        }

        r->headers_out.www_authenticate = h;
    }

    h->hash = 1;
    ngx_str_set(&h->key, "WWW-Authenticate");
    ngx_str_set(&h->value, "Bearer realm=\"sensu\"");

    if (error == NULL) {
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, h->value.len + ngx_strlen(error)
                             + ngx_strlen(why)
                             + sizeof(", error=\"\", error_description=\"\""));
    if (p == NULL) {
        return NGX_ERROR;
    }

    h->value.len = ngx_sprintf(p, "%V, error=\"%s\"", &h->value, error) - p;
    h->value.data = p;

    if (why[0] != '\0') {
        h->value.len = ngx_sprintf(p + h->value.len,
                                   ", error_description=\"%s\"", why)
                       - p;
    }

    return NGX_OK;
}
