
/*
 * What there is now, beside what was counted: connections, memory, tables,
 * backends, certificates.
 */


#include "ngx_sensu_metrics.h"
#include "ngx_sensu_roles.h"


static void ngx_sensu_gauge(ngx_buf_t *b, const char *name, const char *help,
    ngx_uint_t n);
static void ngx_sensu_gauges_roles(ngx_sensu_main_conf_t *smcf, ngx_buf_t *b);


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


void
ngx_sensu_gauges(ngx_http_request_t *r, ngx_buf_t *b)
{
    ngx_sensu_main_conf_t  *smcf;

    ngx_sensu_gauge(b, "redis_connections",
                    "Connections to Redis that are open.",
                    ngx_sensu_connections());

    smcf = ngx_http_get_module_main_conf(r, ngx_sensu_module);

    if (smcf->cursors != NULL) {
        ngx_sensu_gauge(b, "cursor_zone_size_bytes",
                        "Size of sensu_cursor_zone.", smcf->cursor_zone.size);
        ngx_sensu_gauge(b, "cursor_zone_free_bytes",
                        "Bytes of sensu_cursor_zone that are free.",
                        ngx_sensu_store_memory_free(smcf->cursors));
        ngx_sensu_gauge(b, "logout_zone_size_bytes",
                        "Size of sensu_logout_zone.", smcf->logout_zone.size);
        ngx_sensu_gauge(b, "logout_zone_free_bytes",
                        "Bytes of sensu_logout_zone that are free, 64 for a "
                        "log-out.", ngx_sensu_store_memory_free(smcf->logouts));
    }

    ngx_sensu_gauges_roles(smcf, b);
#if (NGX_HTTP_UPSTREAM_ZONE)
    ngx_sensu_peers(smcf, b);
#endif
#if (NGX_HTTP_SSL)
    ngx_sensu_certificates(smcf, b);
#endif

    ngx_sensu_gauge(b, "start_time_seconds",
                    "When the counters began, in seconds of Unix time; a "
                    "reload keeps them.", ngx_sensu_stats->since);

    ngx_sensu_metrics_head(b, "build_info", "gauge",
                           "Always 1; the labels say what runs.");
    ngx_sensu_put(b, NGX_SENSU_PREFIX "build_info{version=\""
                  NGX_SENSU_VERSION "\",nginx=\"" NGINX_VERSION "\"} 1\n");
}


static void
ngx_sensu_gauge(ngx_buf_t *b, const char *name, const char *help, ngx_uint_t n)
{
    ngx_sensu_metrics_head(b, name, "gauge", help);
    ngx_sensu_put(b, NGX_SENSU_PREFIX "%s %ui\n", name, n);
}


/* of several tables the oldest; it grows while nobody needs one, too */

static void
ngx_sensu_gauges_roles(ngx_sensu_main_conf_t *smcf, ngx_buf_t *b)
{
    ngx_msec_int_t       age;
    ngx_sensu_roles_t  **roles;

    if (smcf->roles.nelts == 0) {
        return;
    }

    roles = smcf->roles.elts;
    age = ngx_sensu_roles_oldest(smcf);

    if (age >= 0) {
        ngx_sensu_metrics_head(b, "rbac_age_seconds", "gauge",
                               "Age of the roles and bindings that are "
                               "decided by, those read longest ago; none: "
                               "they were never read.");
        ngx_sensu_put(b, NGX_SENSU_PREFIX "rbac_age_seconds %M.%03M\n",
                      (ngx_msec_t) age / 1000, (ngx_msec_t) age % 1000);
    }

    ngx_sensu_gauge(b, "rbac_zone_size_bytes", "Size of sensu_rbac_zone.",
                    smcf->rbac_zone.size);
    ngx_sensu_gauge(b, "rbac_zone_free_bytes",
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
