
/*
 * The counters.
 */


#include "ngx_sensu_stat.h"


/* upper bounds of the latency's buckets in microseconds */

const ngx_uint_t  ngx_sensu_stat_bounds[NGX_SENSU_STAT_BOUNDS] = {
    50, 100, 250, 500, 1000, 2500, 5000, 10000, 50000, 100000, 250000
};


/* while the configuration is read there is no zone yet */

static ngx_atomic_t  ngx_sensu_stat_private[NGX_SENSU_STAT_N];

ngx_atomic_t  *ngx_sensu_stats = ngx_sensu_stat_private;


void
ngx_sensu_stat_latency(ngx_uint_t usec)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_SENSU_STAT_BOUNDS; i++) {
        if (usec <= ngx_sensu_stat_bounds[i]) {
            break;
        }
    }

    ngx_sensu_stat_add(NGX_SENSU_STAT_STORE_LATENCY + i, 1);
    ngx_sensu_stat_add(NGX_SENSU_STAT_STORE_LATENCY_SUM, usec);
}
