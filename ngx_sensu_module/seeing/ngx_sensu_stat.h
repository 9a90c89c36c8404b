
/*
 * The counters of all workers, in shared memory, kept over reloads.  Each
 * request is counted once, when it ends.
 */


#ifndef _NGX_SENSU_STAT_H_INCLUDED_
#define _NGX_SENSU_STAT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "sensu_str.h"

#include "ngx_sensu_trouble.h"


/* what became of a request of a client */

typedef enum {
    NGX_SENSU_PASSED = 0,    /* let in and answered, by whatever below 500 */
    NGX_SENSU_REFUSED,       /* by the gateway, with 4xx */
    NGX_SENSU_FAILED,        /* 5xx, or an answer that had to be cut off */
    NGX_SENSU_ABORTED,       /* the client left, or was too slow */
    NGX_SENSU_OTHER,         /* another part of nginx answered before */
    NGX_SENSU_OUTCOMES
} ngx_sensu_outcome_e;


/* operations of the store, and how each ended */

typedef enum {
    NGX_SENSU_OP_GET = 0,
    NGX_SENSU_OP_SET,
    NGX_SENSU_OP_LOGOUT_GET,             /* of a token that was logged out */
    NGX_SENSU_OP_LOGOUT_SET,
    NGX_SENSU_OP_SCRIPT,
    NGX_SENSU_OPS
} ngx_sensu_op_e;

#define NGX_SENSU_OP_RESULTS     3       /* ok, missing, failed */


/* what a client asked for */

typedef enum {
    NGX_SENSU_ROUTE_OTHER = 0,           /* nothing of the API */
    NGX_SENSU_ROUTE_READ,                /* an object */
    NGX_SENSU_ROUTE_WRITE,
    NGX_SENSU_ROUTE_LIST,                /* a whole one */
    NGX_SENSU_ROUTE_PAGE,
    NGX_SENSU_ROUTE_KINDS
} ngx_sensu_route_kind_e;

#define NGX_SENSU_CLASSES        5       /* no answer, 2xx to 5xx */


#define NGX_SENSU_SCOPES         3       /* of sensu_scope_e */
#define NGX_SENSU_RESOURCES      17      /* the last is all others */
#define NGX_SENSU_GUARD_POINTS   8       /* 1 to 7 */
#define NGX_SENSU_STAT_REASONS   64      /* of ngx_sensu_error_e at most */
#define NGX_SENSU_STAT_BOUNDS    11
/* a histogram: buckets, one more for everything slower, their sum */
#define NGX_SENSU_STAT_BUCKETS   (NGX_SENSU_STAT_BOUNDS + 2)


typedef enum {
    NGX_SENSU_STAT_REQUESTS = 0,         /* [scope][outcome] */
    NGX_SENSU_STAT_REFUSED = NGX_SENSU_STAT_REQUESTS
                             + NGX_SENSU_SCOPES * NGX_SENSU_OUTCOMES,
    NGX_SENSU_STAT_GUARD = NGX_SENSU_STAT_REFUSED + NGX_SENSU_STAT_REASONS,

    NGX_SENSU_STAT_PAGES_NATIVE = NGX_SENSU_STAT_GUARD
                                  + NGX_SENSU_GUARD_POINTS,
    NGX_SENSU_STAT_PAGES_SLICED,
    NGX_SENSU_STAT_PAGES_MERGED,
    NGX_SENSU_STAT_LISTS_FILTERED,       /* unpaged ones */
    NGX_SENSU_STAT_LISTS_MERGED,
    NGX_SENSU_STAT_FETCHES,
    NGX_SENSU_STAT_UPSTREAM_CUTS,
    NGX_SENSU_STAT_ELEMENTS_SCANNED,
    NGX_SENSU_STAT_ELEMENTS_DELIVERED,
    NGX_SENSU_STAT_ELEMENTS_WITHHELD,    /* by the guard or by scope */
    NGX_SENSU_STAT_BYTES_SCANNED,
    NGX_SENSU_STAT_BYTES_DELIVERED,
    NGX_SENSU_STAT_BYTES_SKIPPED,
    NGX_SENSU_STAT_FALLBACKS,            /* [resource] */

    NGX_SENSU_STAT_CURSORS = NGX_SENSU_STAT_FALLBACKS + NGX_SENSU_RESOURCES,
                                         /* [op][result] */
    NGX_SENSU_STAT_LOGOUTS = NGX_SENSU_STAT_CURSORS + 2 * NGX_SENSU_OP_RESULTS,
    NGX_SENSU_STAT_LOGOUTS_LOST = NGX_SENSU_STAT_LOGOUTS
                                  + 2 * NGX_SENSU_OP_RESULTS - 1,
                                         /* a set that failed */
    NGX_SENSU_STAT_CURSORS_EVICTED = NGX_SENSU_STAT_LOGOUTS
                                     + 2 * NGX_SENSU_OP_RESULTS,
    NGX_SENSU_STAT_LATENCY,              /* [op][bucket], not cumulated */

    NGX_SENSU_STAT_REDIS_CONNECTS = NGX_SENSU_STAT_LATENCY
                                    + NGX_SENSU_OPS * NGX_SENSU_STAT_BUCKETS,
    NGX_SENSU_STAT_REDIS_CONNECT_FAILURES,
    NGX_SENSU_STAT_REDIS_LOSSES,
    NGX_SENSU_STAT_REDIS_TIMEOUTS,
    NGX_SENSU_STAT_REDIS_ERRORS,
    NGX_SENSU_STAT_REDIS_FAILED_FAST,
    NGX_SENSU_STAT_REDIS_COMMANDS,

    NGX_SENSU_STAT_RBAC_REFRESHES,       /* ok, failed */
    NGX_SENSU_STAT_RBAC_REFRESHES_FAILED,
    NGX_SENSU_STAT_RBAC_DECISIONS,       /* passed, narrowed, forbidden, */
    NGX_SENSU_STAT_RBAC_PASSED = NGX_SENSU_STAT_RBAC_DECISIONS,
    NGX_SENSU_STAT_RBAC_NARROWED,
    NGX_SENSU_STAT_RBAC_FORBIDDEN,
    NGX_SENSU_STAT_RBAC_UNKNOWN,         /* unknown */

    NGX_SENSU_STAT_RATE_PASSED,
    NGX_SENSU_STAT_RATE_LIMITED,
    NGX_SENSU_STAT_RATE_OPEN,

    NGX_SENSU_STAT_RESPONSES,            /* [route][class] */
    NGX_SENSU_STAT_DURATION = NGX_SENSU_STAT_RESPONSES
                              + NGX_SENSU_ROUTE_KINDS * NGX_SENSU_CLASSES,
                                         /* [route][bucket] of requests */
    NGX_SENSU_STAT_BACKEND = NGX_SENSU_STAT_DURATION
                             + NGX_SENSU_ROUTE_KINDS * NGX_SENSU_STAT_BUCKETS,
                                         /* and of the backend's answers */
    NGX_SENSU_STAT_N = NGX_SENSU_STAT_BACKEND
                       + NGX_SENSU_ROUTE_KINDS * NGX_SENSU_STAT_BUCKETS
} ngx_sensu_stat_e;


/*
 * What all workers count into.  A gauge has a slot for each process, so that
 * one that was killed does not leave its share behind: its successor has the
 * slot.
 */

typedef struct {
    ngx_atomic_t          count[NGX_SENSU_STAT_N];
    ngx_atomic_t          connections[NGX_MAX_PROCESSES];  /* to Redis */
    time_t                since;
    time_t                refused[NGX_SENSU_STAT_REASONS]; /* the last one */
    ngx_sensu_trouble_t   trouble;
} ngx_sensu_stats_t;


/* set when the zone is; before that (in the configuration) private */
extern ngx_sensu_stats_t  *ngx_sensu_stats;

/* upper bounds of the buckets, in microseconds: of the store's histograms,
   and of those of requests */
extern const ngx_uint_t    ngx_sensu_stat_bounds[NGX_SENSU_STAT_BOUNDS];
extern const ngx_uint_t    ngx_sensu_stat_request_bounds[
                                                      NGX_SENSU_STAT_BOUNDS];

/* names of the resources that have a counter of their own */
extern const ngx_str_t     ngx_sensu_stat_resources[NGX_SENSU_RESOURCES];


#define ngx_sensu_stat_add(stat, n)                                           \
    (void) ngx_atomic_fetch_add(&ngx_sensu_stats->count[stat], n)


/* without a zone, when a configuration has no gateway (any more) */
void ngx_sensu_stat_private(void);

/* a connection to Redis more, or less */
void ngx_sensu_stat_connections(ngx_int_t n);

/* an operation of the store took so many microseconds */
void ngx_sensu_stat_latency(ngx_sensu_op_e op, ngx_uint_t usec);
/* a request, or an answer of the backend to one */
void ngx_sensu_stat_duration(ngx_uint_t stat, ngx_sensu_route_kind_e route,
    ngx_msec_t ms);

/* where in [resource] a resource is counted */
ngx_uint_t ngx_sensu_stat_resource(sensu_str_t resource);


#endif /* _NGX_SENSU_STAT_H_INCLUDED_ */
