
/*
 * What the nginx side shares: configuration, the context of a request, its
 * caller and its target.
 */


#ifndef _NGX_SENSU_H_INCLUDED_
#define _NGX_SENSU_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "sensu_backend.h"
#include "sensu_body.h"
#include "sensu_cursor.h"
#include "sensu_key.h"
#include "sensu_pager.h"
#include "sensu_path.h"
#include "sensu_query.h"
#include "sensu_scope.h"
#include "sensu_split.h"
#include "sensu_token.h"

#include "ngx_sensu_error.h"
#include "ngx_sensu_log.h"
#include "ngx_sensu_redis.h"
#include "ngx_sensu_shared.h"
#include "ngx_sensu_stat.h"
#include "ngx_sensu_store.h"


#define NGX_SENSU_VERSION  "0.2.0"


typedef struct ngx_sensu_page_s   ngx_sensu_page_t;
typedef struct ngx_sensu_fetch_s  ngx_sensu_fetch_t;
typedef struct ngx_sensu_sieve_s  ngx_sensu_sieve_t;
typedef struct ngx_sensu_merge_s  ngx_sensu_merge_t;

typedef struct ngx_sensu_rate_s      ngx_sensu_rate_t;
typedef struct ngx_sensu_rate_ctx_s  ngx_sensu_rate_ctx_t;
typedef struct ngx_sensu_logout_s    ngx_sensu_logout_t;

typedef struct ngx_sensu_account_s   ngx_sensu_account_t;
typedef struct ngx_sensu_roles_s     ngx_sensu_roles_t;


/* configuration */

typedef struct ngx_sensu_loc_conf_s  ngx_sensu_loc_conf_t;


/* where a directive stands, for what is said once all are read */

typedef struct {
    ngx_str_t                 name;      /* of the directive */
    ngx_str_t                 file;
    ngx_uint_t                line;      /* 0: it is not there */
} ngx_sensu_place_t;


typedef struct {
    ngx_str_t                 name;
    size_t                    size;      /* 0: not configured */
} ngx_sensu_zone_t;


/* of a server with a gateway */

typedef struct {
    ngx_str_t                 server;    /* its first name */
    time_t                    until;     /* it is good */
} ngx_sensu_certificate_t;


typedef struct {
    ngx_shm_zone_t           *shared;    /* counters, routes, secret */
    ngx_sensu_zone_t          cursor_zone;
    ngx_sensu_zone_t          logout_zone;
    ngx_sensu_store_t        *cursors;   /* the embedded stores */
    ngx_sensu_store_t        *logouts;
    ngx_sensu_zone_t          rbac_zone;
    ngx_flag_t                rbac;      /* is asked for by a directive */
    ngx_array_t               roles;     /* ngx_sensu_roles_t * */
    ngx_array_t               redis;     /* ngx_sensu_redis_t *, all servers */
    ngx_array_t               variables; /* ngx_sensu_conf_variables_t */
    ngx_array_t               levels;    /* ngx_sensu_conf_level_t */
    ngx_array_t               upstreams; /* ngx_http_upstream_srv_conf_t *, of
                                            gateways, with a zone */
    ngx_array_t               certificates; /* ngx_sensu_certificate_t */
    ngx_sensu_loc_conf_t     *logout;    /* a location with sensu_logout */
    ngx_uint_t                logout_seen; /* one that may see log-outs */
    time_t                    leeway;    /* the longest of all locations */
    ngx_uint_t                gateways;  /* locations with sensu_gateway on */
    ngx_uint_t                routes;    /* locations */
    ngx_int_t                 request_uri; /* index of the variable */
    ngx_http_complex_value_t *sent;      /* see ngx_sensu_sent.c */
} ngx_sensu_main_conf_t;


typedef struct {
    ngx_sensu_redis_t        *redis;
    ngx_sensu_store_t        *store;     /* over redis, else memory */
    ngx_sensu_store_t        *logouts;   /* the same */
} ngx_sensu_srv_conf_t;


/* does a log-out end a token, and what if the store does not know? */

typedef enum {
    NGX_SENSU_LOGOUT_OFF = 0,
    NGX_SENSU_LOGOUT_CLOSED,
    NGX_SENSU_LOGOUT_OPEN
} ngx_sensu_logout_e;


/*
 * The value of sensu_namespaces is cut at commas and blanks as the operator
 * wrote it.  What a word is made of says what may stand in its value.
 */

typedef enum {
    NGX_SENSU_WORD_LIST = 0, /* the operator's text, also out of his maps */
    NGX_SENSU_WORD_NAME,     /* has something of the token in it: one name */
    NGX_SENSU_WORD_GROUPS    /* $sensu_groups by itself: a name for each */
} ngx_sensu_word_e;


typedef struct {
    ngx_http_complex_value_t *value;
    ngx_sensu_word_e         kind;
} ngx_sensu_word_t;


struct ngx_sensu_loc_conf_s {
    ngx_flag_t                gateway;
    ngx_flag_t                guard;
    ngx_flag_t                pages;
    ngx_flag_t                native_pages;
    ngx_flag_t                api_keys;  /* pass them on */
    ngx_int_t                 logout;    /* ngx_sensu_logout_e */

    sensu_keys_t             *keys;
    ngx_array_t              *issuers;   /* sensu_str_t */
    ngx_str_t                 audience;
    ngx_str_t                 groups_claim;
    ngx_flag_t                iat;
    time_t                    leeway;
    sensu_token_rules_t       rules;     /* of those above */
    ngx_uint_t                rules_id;  /* never given out twice */

    ngx_array_t              *public;    /* ngx_str_t */
    ngx_array_t              *apis;      /* sensu_str_t patterns */
    ngx_array_t              *cors;      /* ngx_str_t origins; none: off */
    ngx_str_t                 cors_headers;
    ngx_array_t              *namespaces; /* ngx_sensu_word_t */
    ngx_flag_t                rbac;      /* what roles say, of these */
    ngx_sensu_account_t      *account;
    ngx_sensu_roles_t        *roles;
    ngx_sensu_rate_t         *rate;

    ngx_uint_t                backend;   /* SENSU_BACKEND_VERSION() */
    size_t                    max_body;
    ngx_uint_t                page_max;
    ngx_uint_t                page_default;
    size_t                    page_buffer;
    ngx_uint_t                merge_parallel;
    ngx_http_complex_value_t *base_url;  /* of Link; NULL: relative */
    time_t                    cursor_ttl;

    ngx_uint_t                route;     /* number of the location */
    ngx_sensu_place_t         said;      /* sensu_gateway, also above */
    ngx_sensu_place_t         asks;      /* what only a gateway does, here */
    ngx_sensu_place_t         sizes;     /* of pages, the last one here */
    ngx_sensu_place_t         answers;   /* sensu_metrics, sensu_status */
    ngx_http_handler_pt       handler;   /* of these */
};


/* the verified caller, see ngx_sensu_caller() */

typedef struct {
    ngx_uint_t                rules_id;  /* the verdict is under these */
    sensu_token_e             verdict;
    ngx_uint_t                leaves;    /* does a log-out count for what was
                                            made of him? */
    const char               *why;       /* of a refusal */
    json_t                   *claims;    /* of OK, as what follows */
    uint64_t                  id;        /* of these claims; else 0 */
    ngx_str_t                 user;      /* sub */
    ngx_str_t                 groups;    /* joined by commas */
    ngx_str_t                 issuer;
} ngx_sensu_caller_t;


/* a request line: nginx puts other texts in their place, it changes none */

typedef struct {
    ngx_str_t                 uri;
    ngx_str_t                 args;
    ngx_str_t                 unparsed_uri;
    ngx_uint_t                valid;     /* unparsed_uri is this uri's */
} ngx_sensu_line_t;


/*
 * The parsed request line, see ngx_sensu_target(), with what was judged of it:
 * of another line all of it is made anew.
 */

typedef struct {
    ngx_sensu_line_t          line;      /* that this is of; without: none */
    ngx_sensu_loc_conf_t     *admitted;  /* by the access rules of this */
    ngx_uint_t                body_checked;
    sensu_path_rc_e           rc;
    sensu_path_t              path;
    ngx_str_t                 raw;       /* the path as it came */
    ngx_str_t                 query;     /* the query as it came */
} ngx_sensu_target_t;


/*
 * The context of a request, of subrequests too.  It lives in a cleanup of the
 * pool, so that it is found again after an internal redirect has wiped the
 * modules' contexts.
 */

typedef struct {
    /* of the request, whatever its path: another run of phases keeps it */

    ngx_http_request_t       *request;
    ngx_sensu_caller_t        caller;    /* only in the main request's */
    ngx_str_t                 passed;    /* the URI that was let in */
    unsigned                  seen:1;    /* to be counted at its end, */
    unsigned                  seen_scope:2; /* as it was first asked for */
    unsigned                  seen_route:3; /* ngx_sensu_route_kind_e */
    unsigned                  guard_hits:8; /* a bit for each point */
    unsigned                  body_read:1;
    unsigned                  writes_roles:1; /* which is yet to be noted */
    off_t                     body_size; /* received so far */

    ngx_sensu_error_e         error;     /* refused with; kept for the log */
    ngx_sensu_rate_ctx_t     *rate;      /* judged by the limit */
    ngx_sensu_logout_t       *logout;    /* as caller, of the main alone */

    ngx_uint_t                page_kind; /* $sensu_page */
    ngx_uint_t                page_count;

    /* of one run of phases, from here on: see ngx_sensu_ctx_rerun() */

    ngx_uint_t                begun;     /* the error that this run is of */
    ngx_sensu_target_t        target;
    ngx_sensu_line_t          sent;      /* upstream in the target's place */
    unsigned                  replace:1; /* the body is to be our JSON */

    sensu_namespaces_t        namespaces;/* of the caller */
    sensu_scope_verdict_e     scope;

    sensu_query_t             paging;    /* limit and continue */

    ngx_uint_t                status;    /* of the error, pending */
    ngx_str_t                 detail;    /* its message, else the table's */
    ngx_buf_t                *error_body;

    ngx_sensu_page_t         *page;      /* being assembled for a client */
    ngx_sensu_merge_t        *merge;     /* an unpaged list of several */
    ngx_sensu_sieve_t        *sieve;     /* an unpaged list being filtered */
    ngx_sensu_fetch_t        *fetch;     /* this is a captured subrequest */
    ngx_sensu_merge_t        *part;      /* this is a part of a merged list */
    ngx_sensu_fetch_t        *others;    /* namespaces, asked before a DELETE */
} ngx_sensu_ctx_t;


typedef enum {
    NGX_SENSU_PAGE_NONE = 0,
    NGX_SENSU_PAGE_NATIVE,
    NGX_SENSU_PAGE_SLICED,
    NGX_SENSU_PAGE_MERGED
} ngx_sensu_page_e;


extern ngx_module_t  ngx_sensu_module;


#define ngx_sensu_loc_conf(r)                                                 \
    ((ngx_sensu_loc_conf_t *)                                                 \
     ngx_http_get_module_loc_conf(r, ngx_sensu_module))


/* pure strings and nginx's */

static ngx_inline sensu_str_t
ngx_sensu_str(ngx_str_t s)
{
    return (sensu_str_t) { s.len, s.data };
}


static ngx_inline ngx_str_t
ngx_sensu_ngx_str(sensu_str_t s)
{
    return (ngx_str_t) { s.len, (u_char *) s.data };
}


static ngx_inline ngx_uint_t
ngx_sensu_str_eq(ngx_str_t *a, ngx_str_t *b)
{
    return sensu_str_eq(ngx_sensu_str(*a), ngx_sensu_str(*b));
}


/* ngx_sensu_value.c */

/* NULL: no memory, or what is wrong with it was said */
ngx_http_complex_value_t *ngx_sensu_value(ngx_conf_t *cf, ngx_str_t *text);
/* is it one of these ngx_str_t?  NULL: there are none */
ngx_uint_t ngx_sensu_is_listed(ngx_array_t *list, ngx_str_t *text);

/* ngx_sensu_ctx.c */

/* the context, made if there is none; NULL: no memory */
ngx_sensu_ctx_t *ngx_sensu_ctx(ngx_http_request_t *r);
/* the context if there is one, also after an internal redirect */
ngx_sensu_ctx_t *ngx_sensu_ctx_find(ngx_http_request_t *r);
/* of what the gateway asks for itself that of the request that it is for */
ngx_sensu_ctx_t *ngx_sensu_ctx_client(ngx_http_request_t *r);
/* that request */
ngx_http_request_t *ngx_sensu_ctx_asker(ngx_http_request_t *r);
/*
 * The contexts of a client's request and of all its subrequests, the latest
 * first; *cln: NULL to begin with.  NULL: that was the last one.
 */
ngx_sensu_ctx_t *ngx_sensu_ctx_next(ngx_http_request_t *r,
    ngx_pool_cleanup_t **cln);
/* undoes ngx_sensu_retarget() */
void ngx_sensu_target_restore(ngx_http_request_t *r);

/* ngx_sensu_caller.c */

/*
 * The one way to the caller: verifies the token once under the rules of the
 * request's present location, from any phase.  NULL: no memory.
 */
ngx_sensu_caller_t *ngx_sensu_caller(ngx_http_request_t *r);
/*
 * The token alone, by the longest leeway of all locations: whom it is to be
 * taken for somewhere, and so never whom to let in here.  NULL: no memory.
 */
ngx_sensu_caller_t *ngx_sensu_caller_late(ngx_http_request_t *r);
/*
 * Has the store asked whether the token was logged out, where that counts;
 * until then it is nobody's.  NGX_OK, NGX_AGAIN: the request waits, and its
 * phases are run again; NGX_ERROR.
 */
ngx_int_t ngx_sensu_caller_look(ngx_http_request_t *r);
/*
 * If a caller is known, is it of this location?  Else verifies anew, so that
 * no map keeps what it made of another location's caller.  NGX_ERROR: no
 * memory.
 */
ngx_int_t ngx_sensu_caller_renew(ngx_http_request_t *r);
/* an exact path of sensu_public, decoded? */
ngx_uint_t ngx_sensu_is_public(ngx_http_request_t *r, ngx_str_t *path);

/* ngx_sensu_target.c */

/* the request line, parsed again whenever it is another; NULL: no memory */
ngx_sensu_target_t *ngx_sensu_target(ngx_http_request_t *r);
/* what proxy_pass without a URI sends, as it is now */
ngx_int_t ngx_sensu_target_raw(ngx_http_request_t *r, ngx_str_t *path,
    ngx_str_t *query);
/* at the first "?" */
void ngx_sensu_target_split(ngx_str_t *target, ngx_str_t *path,
    ngx_str_t *query);
/* what goes upstream: path + "?" + query; the client's own is kept for logs
   and comes back with ngx_sensu_target_restore() */
ngx_int_t ngx_sensu_retarget(ngx_http_request_t *r, ngx_str_t *path,
    ngx_str_t *query);
/* the canonical text of a path, in a namespace (len 0: as it is) */
ngx_int_t ngx_sensu_target_path(ngx_http_request_t *r,
    const sensu_path_t *path, sensu_str_t ns, ngx_str_t *text);

/* of a location by the name of a module of nginx; NULL: it has none */
void *ngx_sensu_other_conf(ngx_conf_t *cf, ngx_http_core_loc_conf_t *clcf,
    const char *module);

#define NGX_SENSU_UPSTREAMS  2

/* how it speaks HTTP to a backend: by proxy_pass (0), by grpc_pass (1); NULL:
   it can not */
ngx_http_upstream_conf_t *ngx_sensu_upstream_conf(ngx_conf_t *cf,
    ngx_http_core_loc_conf_t *clcf, ngx_uint_t i);

/* ngx_sensu_flush.c */

/* $request_uri is asked for anew */
void ngx_sensu_target_forget(ngx_http_request_t *r);
/* the captures of the location's pattern are those of the present URI */
void ngx_sensu_captures_refresh(ngx_http_request_t *r);
/* a subrequest's values are not its parent's */
ngx_int_t ngx_sensu_variables_own(ngx_http_request_t *sr);
/* caller or target have changed: what maps made of them is made anew */
void ngx_sensu_variables_refresh(ngx_http_request_t *r);
/* of a subrequest with header lines of its own: nothing is its parent's but
   what somebody set */
void ngx_sensu_variables_anew(ngx_http_request_t *sr);

/* ngx_sensu_hit.c */

/* once a request and point; what: for the log */
void ngx_sensu_guard_hit(ngx_http_request_t *r, ngx_uint_t point,
    const char *what);
/* of a refused caller: is that one of its points? */
void ngx_sensu_guard_token(ngx_http_request_t *r, ngx_sensu_caller_t *caller);


#endif /* _NGX_SENSU_H_INCLUDED_ */
