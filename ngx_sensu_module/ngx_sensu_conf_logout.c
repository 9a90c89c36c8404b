
/*
 * Is a log-out seen?  sensu_logout does its work in the location of
 * /auth/logout, and what it keeps counts in all others.
 */


#include "ngx_sensu_conf.h"


/* Angie's tree has what a location is found by, beside its configuration */

#ifdef ANGIE_VERSION
#define ngx_sensu_conf_of(location)  ((location)->conf)
#else
#define ngx_sensu_conf_of(location)  (location)
#endif


static ngx_uint_t ngx_sensu_logout_perhaps(ngx_conf_t *cf,
    ngx_http_core_loc_conf_t *clcf);
static ngx_uint_t ngx_sensu_logout_seen(ngx_http_core_loc_conf_t *clcf);
static ngx_http_core_loc_conf_t *ngx_sensu_logout_location(
    ngx_http_location_tree_node_t *node, ngx_str_t uri);


static ngx_str_t  ngx_sensu_logout_path = ngx_string("/auth/logout");


/*
 * When a location is merged: one below /api/ never sees it; of one of a prefix
 * that is known, but for what a rewrite in it makes of other requests.
 */

void
ngx_sensu_conf_logout(ngx_conf_t *cf, ngx_sensu_loc_conf_t *conf)
{
    ngx_sensu_main_conf_t     *smcf;
    ngx_http_core_loc_conf_t  *clcf;

    if (!conf->gateway || conf->logout == NGX_SENSU_LOGOUT_OFF) {
        return;
    }

    smcf = ngx_http_conf_get_module_main_conf(cf, ngx_sensu_module);
    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    smcf->logout = conf;
    smcf->logout_seen |= ngx_sensu_logout_perhaps(cf, clcf);
}


static ngx_uint_t
ngx_sensu_logout_perhaps(ngx_conf_t *cf, ngx_http_core_loc_conf_t *clcf)
{
    ngx_str_t    *name;
    ngx_array_t **codes;

    name = &clcf->name;

    if (name->len == 0
        || ngx_strncmp(name->data, "/api/", 5) == 0
        || ngx_strncmp(name->data, "^/api/", 6) == 0)
    {
        return 0;
    }

    if (name->data[0] != '/') {
        return 1;
    }

    codes = ngx_sensu_other_conf(cf, clcf, "ngx_http_rewrite_module");

    return codes != NULL && *codes != NULL;
}


void
ngx_sensu_conf_logout_check(ngx_conf_t *cf)
{
    ngx_uint_t                   i;
    ngx_sensu_main_conf_t       *smcf;
    ngx_http_core_srv_conf_t   **cscfp;
    ngx_http_core_main_conf_t   *cmcf;

    smcf = ngx_http_conf_get_module_main_conf(cf, ngx_sensu_module);

    if (smcf->logout == NULL || smcf->logout_seen) {
        return;
    }

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);
    cscfp = cmcf->servers.elts;

    for (i = 0; i < cmcf->servers.nelts; i++) {
        if (ngx_sensu_logout_seen(
                cscfp[i]->ctx->loc_conf[ngx_http_core_module.ctx_index]))
        {
            return;
        }
    }

    ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                  "\"sensu_logout on\" for the gateway in %V:%ui never sees a "
                  "log-out: the location of /auth/logout must have "
                  "\"sensu_gateway on\" and \"sensu_logout on\", too",
                  &smcf->logout->said.file, smcf->logout->said.line);
}


/* a regular expression may take anything: that is not looked into */

static ngx_uint_t
ngx_sensu_logout_seen(ngx_http_core_loc_conf_t *clcf)
{
    ngx_sensu_loc_conf_t      *conf;
    ngx_http_core_loc_conf_t  *inner;

    while ((inner = ngx_sensu_logout_location(clcf->static_locations,
                                              ngx_sensu_logout_path))
           != NULL)
    {
        clcf = inner;
    }

    conf = clcf->loc_conf[ngx_sensu_module.ctx_index];

    return conf->gateway && conf->logout != NGX_SENSU_LOGOUT_OFF;
}


/* as ngx_http_core_find_static_location(): the longest prefix, or the whole */

static ngx_http_core_loc_conf_t *
ngx_sensu_logout_location(ngx_http_location_tree_node_t *node, ngx_str_t uri)
{
    size_t                     n;
    ngx_int_t                  rc;
    ngx_http_core_loc_conf_t  *found;

    found = NULL;

    while (node) {
        n = ngx_min(uri.len, (size_t) node->len);
        rc = ngx_filename_cmp(uri.data, node->name, n);

        if (rc == 0 && uri.len == n && node->len == n) {
            return node->exact ? ngx_sensu_conf_of(node->exact)
                   : node->inclusive ? ngx_sensu_conf_of(node->inclusive)
                   : found;
        }

        if (rc == 0 && uri.len > n && node->inclusive) {
            found = ngx_sensu_conf_of(node->inclusive);
            node = node->tree;
            uri.data += n;
            uri.len -= n;
            continue;
        }

        node = (rc < 0 || (rc == 0 && uri.len == n)) ? node->left
                                                     : node->right;
    }

    return found;
}
