
/*
 * The shared zone: counters, the secret of the tokens, learnt routes.
 */


#include "ngx_sensu_shared.h"
#include "ngx_sensu_stat.h"

#include <openssl/rand.h>


/* part of the zone's name, with the size: a new layout is a new zone */

#define NGX_SENSU_SHARED_NAME  "sensu_shared_2"
#define NGX_SENSU_SHARED_SIZE  (24 * ngx_pagesize)


typedef struct {
    ngx_atomic_t          hash;      /* route, 0: free */
    ngx_atomic_t          until;     /* seconds */
} ngx_sensu_route_t;


typedef struct {
    u_char                secret[SENSU_CURSOR_SECRET];
    ngx_sensu_route_t     routes[NGX_SENSU_ROUTES];
    ngx_sensu_stats_t     stats;
} ngx_sensu_shared_t;


static ngx_int_t ngx_sensu_shared_init(ngx_shm_zone_t *zone, void *data);


static ngx_sensu_shared_t  *ngx_sensu_shared;


ngx_shm_zone_t *
ngx_sensu_shared_add(ngx_conf_t *cf, void *tag)
{
    ngx_str_t        name;
    ngx_shm_zone_t  *zone;

    name.data = ngx_pnalloc(cf->pool, sizeof(NGX_SENSU_SHARED_NAME "_")
                                      + NGX_SIZE_T_LEN);
    if (name.data == NULL) {
        return NULL;
    }

    name.len = ngx_sprintf(name.data, NGX_SENSU_SHARED_NAME "_%uz",
                           sizeof(ngx_sensu_shared_t))
               - name.data;

    zone = ngx_shared_memory_add(cf, &name, NGX_SENSU_SHARED_SIZE, tag);
    if (zone == NULL) {
        return NULL;
    }

    zone->init = ngx_sensu_shared_init;

    return zone;
}


static ngx_int_t
ngx_sensu_shared_init(ngx_shm_zone_t *zone, void *data)
{
    ngx_slab_pool_t     *shpool;
    ngx_sensu_shared_t  *shared;

    shpool = (ngx_slab_pool_t *) zone->shm.addr;

    if (data == NULL && !zone->shm.exists) {

        shared = ngx_slab_calloc(shpool, sizeof(ngx_sensu_shared_t));
        if (shared == NULL) {
            return NGX_ERROR;
        }

        if (RAND_bytes(shared->secret, SENSU_CURSOR_SECRET) != 1) {
            ngx_log_error(NGX_LOG_EMERG, zone->shm.log, 0,
                          "sensu: no random bytes for continue tokens");
            return NGX_ERROR;
        }

        shared->stats.since = ngx_time();
        shpool->data = shared;
    }

    zone->data = shpool->data;
    ngx_sensu_shared_use(zone);

    return NGX_OK;
}


/*
 * Also by each process that starts: what the master read last may have been a
 * configuration that came to nothing.
 */

void
ngx_sensu_shared_use(ngx_shm_zone_t *zone)
{
    ngx_sensu_shared = zone->data;
    ngx_sensu_stats = &ngx_sensu_shared->stats;
}


const u_char *
ngx_sensu_shared_secret(void)
{
    return ngx_sensu_shared->secret;
}


/*
 * No lock: a race loses a lesson, which is learnt again at the price of one
 * page.
 */

ngx_uint_t
ngx_sensu_route_is_sliced(uint32_t route)
{
    ngx_sensu_route_t  *slot;

    slot = &ngx_sensu_shared->routes[route & (NGX_SENSU_ROUTES - 1)];

    return slot->hash == route && (time_t) slot->until > ngx_time();
}


void
ngx_sensu_route_set_sliced(uint32_t route)
{
    ngx_sensu_route_t  *slot;

    slot = &ngx_sensu_shared->routes[route & (NGX_SENSU_ROUTES - 1)];

    slot->hash = route;
    slot->until = ngx_time() + NGX_SENSU_ROUTE_TTL;
}
