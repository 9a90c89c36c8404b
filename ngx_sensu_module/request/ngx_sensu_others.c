
/*
 * What a location says to nginx's own modules.  None of their structures can
 * be included, but where they begin is known: those of proxies with their
 * upstream's, that of rewrite with its code.
 */


#include "ngx_sensu.h"


void *
ngx_sensu_other_conf(ngx_conf_t *cf, ngx_http_core_loc_conf_t *clcf,
    const char *module)
{
    ngx_uint_t      i;
    ngx_module_t  **modules;

    if (clcf->loc_conf == NULL) {
        /* the level of a server, which no location has replaced */
        return NULL;
    }

    modules = cf->cycle->modules;

    for (i = 0; modules[i]; i++) {
        if (ngx_strcmp(modules[i]->name, module) == 0) {
            return clcf->loc_conf[modules[i]->ctx_index];
        }
    }

    return NULL;
}


ngx_http_upstream_conf_t *
ngx_sensu_upstream_conf(ngx_conf_t *cf, ngx_http_core_loc_conf_t *clcf,
    ngx_uint_t i)
{
    /* who speak HTTP, and whose configuration begins with the upstream's */

    static const char  *const  modules[NGX_SENSU_UPSTREAMS] = {
        "ngx_http_proxy_module", "ngx_http_grpc_module"
    };

    return ngx_sensu_other_conf(cf, clcf, modules[i]);
}
