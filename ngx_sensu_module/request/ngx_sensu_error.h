
/*
 * What the gateway refuses with: one table of status, Sensu's code, reason
 * and message.
 */


#ifndef _NGX_SENSU_ERROR_H_INCLUDED_
#define _NGX_SENSU_ERROR_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/* fewer than NGX_SENSU_STAT_REASONS of them */

typedef enum {
    NGX_SENSU_ERROR_NONE = 0,

    NGX_SENSU_MISSING_TOKEN,
    NGX_SENSU_MALFORMED_TOKEN,
    NGX_SENSU_BAD_SIGNATURE,
    NGX_SENSU_UNKNOWN_KEY,
    NGX_SENSU_TOKEN_EXPIRED,
    NGX_SENSU_TOKEN_NOT_YET,
    NGX_SENSU_BAD_CLAIMS,
    NGX_SENSU_TOKEN_REVOKED,
    NGX_SENSU_API_KEY_REFUSED,

    NGX_SENSU_NAMESPACE_FORBIDDEN,
    NGX_SENSU_CLUSTER_FORBIDDEN,
    NGX_SENSU_RBAC_FORBIDDEN,

    NGX_SENSU_UNKNOWN_PATH,
    NGX_SENSU_API_NOT_SERVED,
    NGX_SENSU_UNSAFE_PATH,
    NGX_SENSU_BAD_QUERY,
    NGX_SENSU_BAD_LIMIT,
    NGX_SENSU_BAD_CONTINUE,
    NGX_SENSU_CONTINUE_MISMATCH,
    NGX_SENSU_CONTINUE_EXPIRED,
    NGX_SENSU_METHOD_NOT_ALLOWED,

    NGX_SENSU_BODY_TOO_LARGE,
    NGX_SENSU_BODY_TYPE,
    NGX_SENSU_BODY_NOT_JSON,
    NGX_SENSU_BODY_MISMATCH,
    NGX_SENSU_NAMESPACE_PREFIX,

    NGX_SENSU_BAD_LIST,
    NGX_SENSU_LIST_ENCODED,
    NGX_SENSU_LIST_TRUNCATED,
    NGX_SENSU_ELEMENT_TOO_LARGE,
    NGX_SENSU_NO_PROGRESS,
    NGX_SENSU_UPSTREAM_FAILED,

    NGX_SENSU_STORE_FAILED,
    NGX_SENSU_RATE_LIMITED,
    NGX_SENSU_RATE_FAILED,
    NGX_SENSU_LOGOUT_FAILED,
    NGX_SENSU_RBAC_UNKNOWN,
    NGX_SENSU_GATEWAY_LEFT,
    NGX_SENSU_INTERNAL,

    /* by other parts of nginx */

    NGX_SENSU_BAD_REQUEST,
    NGX_SENSU_UNAUTHORIZED,
    NGX_SENSU_FORBIDDEN,
    NGX_SENSU_NOT_FOUND_HERE,
    NGX_SENSU_REQUEST_TIMEOUT,
    NGX_SENSU_URI_TOO_LONG,
    NGX_SENSU_UNAVAILABLE,
    NGX_SENSU_UPSTREAM_TIMEOUT,
    NGX_SENSU_REQUEST_REFUSED,

    NGX_SENSU_ERROR_N
} ngx_sensu_error_e;


typedef struct {
    ngx_uint_t                status;
    ngx_uint_t                code;      /* as Sensu numbers them */
    ngx_str_t                 reason;    /* in snake_case; empty of NONE */
    ngx_str_t                 message;
} ngx_sensu_error_entry_t;


extern const ngx_sensu_error_entry_t  ngx_sensu_errors[NGX_SENSU_ERROR_N];


/*
 * Notes the error with the request and returns its status, to be returned
 * from the phase handler; the filters make the JSON body of it, unless an
 * error_page of the operator does.  detail: NULL for the table's message.
 */
ngx_int_t ngx_sensu_refuse(ngx_http_request_t *r, ngx_sensu_error_e error,
    ngx_str_t *detail);

/* the same with a reason after the table's message and a colon */
ngx_int_t ngx_sensu_refuse_because(ngx_http_request_t *r,
    ngx_sensu_error_e error, const char *why);

/* with 413, which names the limit */
ngx_int_t ngx_sensu_refuse_large(ngx_http_request_t *r);

/* says in answers with 429 and 503 when to come back, in a second unless it is
   said already; NGX_ERROR: no memory */
ngx_int_t ngx_sensu_error_retry(ngx_http_request_t *r, ngx_uint_t status);

/* for the log and the counters alone: the answer was on its way already and
   can only be cut off */
void ngx_sensu_error_note(ngx_http_request_t *r, ngx_sensu_error_e error);

/* for a status that another part of nginx made */
ngx_sensu_error_e ngx_sensu_error_of_status(ngx_uint_t status);

/*
 * The status that the answer came with: ngx_http_send_header() has written
 * that of the error over it in the run of an error_page.
 */
ngx_uint_t ngx_sensu_answer_status(ngx_http_request_t *r);

/* what a request was refused with, by the gateway or by nginx around it; NONE
   for what the backend answered */
ngx_sensu_error_e ngx_sensu_error_of(ngx_http_request_t *r);

/* sets WWW-Authenticate, RFC 6750; error: NULL for the realm alone */
ngx_int_t ngx_sensu_challenge(ngx_http_request_t *r, const char *error,
    const char *why);


#endif /* _NGX_SENSU_ERROR_H_INCLUDED_ */
