
/*
 * The counters of all workers, in shared memory, kept over reloads.
 */


#ifndef _NGX_SENSU_STAT_H_INCLUDED_
#define _NGX_SENSU_STAT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


typedef enum {
    /* requests by scope */
    NGX_SENSU_STAT_REQUESTS_NONE = 0,
    NGX_SENSU_STAT_REQUESTS_CLUSTER,
    NGX_SENSU_STAT_REQUESTS_NAMESPACE,

    /* refusals; the order of ngx_sensu_error_e, see ngx_sensu_error.h */
    NGX_SENSU_STAT_REFUSED,
    NGX_SENSU_STAT_REFUSED_LAST = NGX_SENSU_STAT_REFUSED + 47,

    /* hits of the guard's points 1 to 7 */
    NGX_SENSU_STAT_GUARD,
    NGX_SENSU_STAT_GUARD_LAST = NGX_SENSU_STAT_GUARD + 7,

    NGX_SENSU_STAT_PAGES_NATIVE,
    NGX_SENSU_STAT_PAGES_SLICED,
    NGX_SENSU_STAT_PAGES_MERGED,
    NGX_SENSU_STAT_FALLBACKS,
    NGX_SENSU_STAT_FETCHES,
    NGX_SENSU_STAT_ELEMENTS_SCANNED,
    NGX_SENSU_STAT_ELEMENTS_DELIVERED,
    NGX_SENSU_STAT_BYTES_SCANNED,
    NGX_SENSU_STAT_BYTES_DELIVERED,
    NGX_SENSU_STAT_UPSTREAM_CUTS,

    NGX_SENSU_STAT_CURSOR_GETS,
    NGX_SENSU_STAT_CURSOR_SETS,
    NGX_SENSU_STAT_CURSOR_MISSES,
    NGX_SENSU_STAT_CURSOR_FAILURES,

    NGX_SENSU_STAT_REDIS_CONNECTS,
    NGX_SENSU_STAT_REDIS_CONNECT_FAILURES,
    NGX_SENSU_STAT_REDIS_LOSSES,
    NGX_SENSU_STAT_REDIS_TIMEOUTS,
    NGX_SENSU_STAT_REDIS_ERRORS,
    NGX_SENSU_STAT_REDIS_COMMANDS,
    NGX_SENSU_STAT_REDIS_FAILED_FAST,
    NGX_SENSU_STAT_REDIS_CONNECTIONS,    /* a gauge */

    /* latencies of the store: one bucket each, not cumulated; the last is
       everything slower, then the sum in microseconds */
    NGX_SENSU_STAT_STORE_LATENCY,
    NGX_SENSU_STAT_STORE_LATENCY_LAST = NGX_SENSU_STAT_STORE_LATENCY + 11,
    NGX_SENSU_STAT_STORE_LATENCY_SUM,

    NGX_SENSU_STAT_RATE_PASSED,
    NGX_SENSU_STAT_RATE_LIMITED,
    NGX_SENSU_STAT_RATE_OPEN,

    NGX_SENSU_STAT_N
} ngx_sensu_stat_e;


/* set when the zone is; before that (in the configuration) a private array */
extern ngx_atomic_t  *ngx_sensu_stats;

#define NGX_SENSU_STAT_BOUNDS  11
extern const ngx_uint_t  ngx_sensu_stat_bounds[NGX_SENSU_STAT_BOUNDS];


#define ngx_sensu_stat_add(stat, n)                                           \
    (void) ngx_atomic_fetch_add(&ngx_sensu_stats[stat], n)


/* one operation of the store took so many microseconds */
void ngx_sensu_stat_latency(ngx_uint_t usec);


#endif /* _NGX_SENSU_STAT_H_INCLUDED_ */
