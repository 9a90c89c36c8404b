
/*
 * What there is now, beside what was counted: connections, memory, tables,
 * backends, certificates.
 */


#include "ngx_sensu_metrics.h"
#include "ngx_sensu_roles.h"


static u_char *ngx_sensu_gauges_bytes(u_char *p, u_char *last,
    const char *name, const char *help, size_t bytes);
static u_char *ngx_sensu_gauges_roles(ngx_sensu_main_conf_t *smcf,
    u_char *p, u_char *last);


ngx_int_t
ngx_sensu_see_init(ngx_conf_t *cf, ngx_http_core_srv_conf_t *server,
    ngx_http_core_loc_conf_t *location)
{
#if (NGX_HTTP_SSL)
    if (ngx_sensu_certificates_add(cf, server) != NGX_OK) {
        return NGX_ERROR;
    }
#endif

#if (NGX_HTTP_UPSTREAM_ZONE)
    if (ngx_sensu_peers_init(cf, location) != NGX_OK) {
        return NGX_ERROR;
    }
#endif

    return NGX_OK;
}


static u_char *
ngx_sensu_gauges_bytes(u_char *p, u_char *last, const char *name,
    const char *help, size_t bytes)
{
    p = ngx_sensu_metrics_head(p, last, name, "gauge", help);

    return ngx_slprintf(p, last, NGX_SENSU_PREFIX "%s %uz\n", name, bytes);
}


u_char *
ngx_sensu_gauges(ngx_http_request_t *r, u_char *p, u_char *last)
{
    ngx_sensu_main_conf_t  *smcf;

    p = ngx_sensu_metrics_head(p, last, "redis_connections", "gauge",
                               "Connections to Redis that are open.");
    p = ngx_slprintf(p, last, NGX_SENSU_PREFIX "redis_connections %ui\n",
                     ngx_sensu_connections());

    smcf = ngx_http_get_module_main_conf(r, ngx_sensu_module);

    if (smcf->cursors != NULL) {
        p = ngx_sensu_gauges_bytes(p, last, "cursor_zone_size_bytes",
                                   "Size of sensu_cursor_zone.",
                                   smcf->cursor_zone.size);
        p = ngx_sensu_gauges_bytes(p, last, "cursor_zone_free_bytes",
                                   "Bytes of sensu_cursor_zone that are "
                                   "free.",
                                   ngx_sensu_store_memory_free(
                                                            smcf->cursors));
        p = ngx_sensu_gauges_bytes(p, last, "logout_zone_size_bytes",
                                   "Size of sensu_logout_zone.",
                                   smcf->logout_zone.size);
        p = ngx_sensu_gauges_bytes(p, last, "logout_zone_free_bytes",
                                   "Bytes of sensu_logout_zone that are "
                                   "free, 64 for a log-out.",
                                   ngx_sensu_store_memory_free(
                                                            smcf->logouts));
    }

    p = ngx_sensu_gauges_roles(smcf, p, last);
#if (NGX_HTTP_UPSTREAM_ZONE)
    p = ngx_sensu_peers(smcf, p, last);
#endif
#if (NGX_HTTP_SSL)
    p = ngx_sensu_certificates(smcf, p, last);
#endif

    p = ngx_sensu_metrics_head(p, last, "start_time_seconds", "gauge",
                               "When the counters began, in seconds of Unix "
                               "time; a reload keeps them.");
    p = ngx_slprintf(p, last, NGX_SENSU_PREFIX "start_time_seconds %T\n",
                     ngx_sensu_stats->since);

    p = ngx_sensu_metrics_head(p, last, "build_info", "gauge",
                               "Always 1; the labels say what runs.");

    return ngx_slprintf(p, last, NGX_SENSU_PREFIX "build_info{version=\""
                        NGX_SENSU_VERSION "\",nginx=\"" NGINX_VERSION
                        "\"} 1\n");
}


/* of several tables the oldest; it grows while nobody needs one, too */

static u_char *
ngx_sensu_gauges_roles(ngx_sensu_main_conf_t *smcf, u_char *p, u_char *last)
{
    ngx_msec_int_t       age;
    ngx_sensu_roles_t  **roles;

    if (smcf->roles.nelts == 0) {
        return p;
    }

    roles = smcf->roles.elts;
    age = ngx_sensu_roles_oldest(smcf);

    if (age >= 0) {
        p = ngx_sensu_metrics_head(p, last, "rbac_age_seconds", "gauge",
                                   "Age of the roles and bindings that are "
                                   "decided by, those read longest ago; "
                                   "none: they were never read.");
        p = ngx_slprintf(p, last, NGX_SENSU_PREFIX
                         "rbac_age_seconds %M.%03M\n",
                         (ngx_msec_t) age / 1000, (ngx_msec_t) age % 1000);
    }

    p = ngx_sensu_gauges_bytes(p, last, "rbac_zone_size_bytes",
                               "Size of sensu_rbac_zone.",
                               smcf->rbac_zone.size);

    return ngx_sensu_gauges_bytes(p, last, "rbac_zone_free_bytes",
                                  "Bytes of sensu_rbac_zone that are free.",
                                  roles[0]->pool->pfree * ngx_pagesize);
}


ngx_uint_t
ngx_sensu_connections(void)
{
    ngx_int_t   n;
    ngx_uint_t  i;

    for (i = 0, n = 0; i < NGX_MAX_PROCESSES; i++) {
        n += (ngx_int_t) ngx_sensu_stats->connections[i];
    }

    return ngx_max(n, 0);
}
