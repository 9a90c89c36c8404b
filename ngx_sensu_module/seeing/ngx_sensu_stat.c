
/*
 * The counters.
 */


#include "ngx_sensu_stat.h"


const ngx_uint_t  ngx_sensu_stat_bounds[NGX_SENSU_STAT_BOUNDS] = {
    50, 100, 250, 500, 1000, 2500, 5000, 10000, 50000, 100000, 250000
};


const ngx_uint_t  ngx_sensu_stat_request_bounds[NGX_SENSU_STAT_BOUNDS] = {
    5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000,
    5000000, 10000000
};


const ngx_str_t  ngx_sensu_stat_resources[NGX_SENSU_RESOURCES] = {
    ngx_string("assets"),
    ngx_string("checks"),
    ngx_string("clusterrolebindings"),
    ngx_string("clusterroles"),
    ngx_string("entities"),
    ngx_string("events"),
    ngx_string("extensions"),
    ngx_string("filters"),
    ngx_string("handlers"),
    ngx_string("hooks"),
    ngx_string("mutators"),
    ngx_string("namespaces"),
    ngx_string("rolebindings"),
    ngx_string("roles"),
    ngx_string("silenced"),
    ngx_string("users"),
    ngx_string("other")
};


/* while the configuration is read there is no zone yet */

static ngx_sensu_stats_t  ngx_sensu_stats_private;

ngx_sensu_stats_t  *ngx_sensu_stats = &ngx_sensu_stats_private;


static void ngx_sensu_stat_histogram(ngx_uint_t first,
    const ngx_uint_t *bounds, ngx_uint_t usec);


void
ngx_sensu_stat_private(void)
{
    ngx_sensu_stats = &ngx_sensu_stats_private;
}


void
ngx_sensu_stat_connections(ngx_int_t n)
{
    (void) ngx_atomic_fetch_add(&ngx_sensu_stats->connections[
                                                          ngx_process_slot],
                                n);
}


void
ngx_sensu_stat_latency(ngx_sensu_op_e op, ngx_uint_t usec)
{
    ngx_sensu_stat_histogram(NGX_SENSU_STAT_LATENCY
                             + op * NGX_SENSU_STAT_BUCKETS,
                             ngx_sensu_stat_bounds, usec);
}


void
ngx_sensu_stat_duration(ngx_uint_t stat, ngx_sensu_route_kind_e route,
    ngx_msec_t ms)
{
    ngx_sensu_stat_histogram(stat + route * NGX_SENSU_STAT_BUCKETS,
                             ngx_sensu_stat_request_bounds, ms * 1000);
}


static void
ngx_sensu_stat_histogram(ngx_uint_t first, const ngx_uint_t *bounds,
    ngx_uint_t usec)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_SENSU_STAT_BOUNDS; i++) {
        if (usec <= bounds[i]) {
            break;
        }
    }

    ngx_sensu_stat_add(first + i, 1);
    ngx_sensu_stat_add(first + NGX_SENSU_STAT_BOUNDS + 1, usec);
}


ngx_uint_t
ngx_sensu_stat_resource(sensu_str_t resource)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_SENSU_RESOURCES - 1; i++) {
        if (resource.len == ngx_sensu_stat_resources[i].len
            && ngx_memcmp(resource.data, ngx_sensu_stat_resources[i].data,
                          resource.len)
               == 0)
        {
            break;
        }
    }

    return i;
}
