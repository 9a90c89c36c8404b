
/*
 * The configuration of each level: how it is made, what it inherits, and what
 * it must have to start at all.
 */


#include "ngx_sensu_conf.h"
#include "ngx_sensu_levels.h"
#include "ngx_sensu_rate.h"
#include "ngx_sensu_roles.h"


static char *ngx_sensu_merge_rbac(ngx_conf_t *cf, ngx_sensu_loc_conf_t *conf);
static char *ngx_sensu_judge_loc_conf(ngx_conf_t *cf,
    ngx_sensu_loc_conf_t *conf, ngx_sensu_srv_conf_t *sscf);


static sensu_str_t  ngx_sensu_api = {
    sizeof("core/v2") - 1, (u_char *) "core/v2"
};

static ngx_array_t  ngx_sensu_api_default = {
    &ngx_sensu_api, 1, sizeof(sensu_str_t), 1, NULL
};


void *
ngx_sensu_create_main_conf(ngx_conf_t *cf)
{
    ngx_sensu_main_conf_t  *smcf;

    smcf = ngx_pcalloc(cf->pool, sizeof(ngx_sensu_main_conf_t));
    if (smcf == NULL) {
        return NULL;
    }

    if (ngx_array_init(&smcf->redis, cf->pool, 1, sizeof(ngx_sensu_redis_t *))
        != NGX_OK
        || ngx_array_init(&smcf->variables, cf->pool, 1,
                          sizeof(ngx_sensu_conf_variables_t))
           != NGX_OK
        || ngx_array_init(&smcf->levels, cf->pool, 16,
                          sizeof(ngx_sensu_conf_level_t))
           != NGX_OK
        || ngx_array_init(&smcf->upstreams, cf->pool, 1,
                          sizeof(ngx_http_upstream_srv_conf_t *))
           != NGX_OK
        || ngx_array_init(&smcf->certificates, cf->pool, 1,
                          sizeof(ngx_sensu_certificate_t))
           != NGX_OK
        || ngx_array_init(&smcf->roles, cf->pool, 1,
                          sizeof(ngx_sensu_roles_t *))
           != NGX_OK)
    {
        return NULL;
    }

    return smcf;
}


char *
ngx_sensu_init_main_conf(ngx_conf_t *cf, void *conf)
{
    ngx_sensu_main_conf_t *smcf = conf;

    /* a zone that is named must be made ready in any case */

    if ((smcf->rbac || smcf->rbac_zone.size)
        && ngx_sensu_roles_zone(cf, smcf) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (smcf->gateways == 0 && smcf->cursor_zone.size == 0
        && smcf->logout_zone.size == 0)
    {
        return NGX_CONF_OK;
    }

    smcf->shared = ngx_sensu_shared_add(cf, &ngx_sensu_module);
    if (smcf->shared == NULL) {
        return NGX_CONF_ERROR;
    }

    if (smcf->cursor_zone.size == 0) {
        ngx_str_set(&smcf->cursor_zone.name, "sensu_cursors");
        smcf->cursor_zone.size = 8 * 1024 * 1024;
    }

    if (smcf->logout_zone.size == 0) {
        ngx_str_set(&smcf->logout_zone.name, "sensu_logouts");
        smcf->logout_zone.size = 1024 * 1024;
    }

    smcf->cursors = ngx_sensu_store_memory(cf, &smcf->cursor_zone.name,
                                           smcf->cursor_zone.size);
    smcf->logouts = ngx_sensu_store_logouts(cf, &smcf->logout_zone.name,
                                            smcf->logout_zone.size);

    return (smcf->cursors && smcf->logouts) ? NGX_CONF_OK : NGX_CONF_ERROR;
}


void *
ngx_sensu_create_srv_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(ngx_sensu_srv_conf_t));
}


char *
ngx_sensu_merge_srv_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_sensu_srv_conf_t *prev = parent;
    ngx_sensu_srv_conf_t *conf = child;

    ngx_sensu_main_conf_t  *smcf;

    if (conf->redis == NULL) {
        conf->redis = prev->redis;
        conf->store = prev->store;
    }

    conf->logouts = conf->store;

    if (conf->redis == NULL) {
        smcf = ngx_http_conf_get_module_main_conf(cf, ngx_sensu_module);
        conf->store = smcf->cursors;
        conf->logouts = smcf->logouts;
    }

    return NGX_CONF_OK;
}


void *
ngx_sensu_create_loc_conf(ngx_conf_t *cf)
{
    ngx_sensu_loc_conf_t  *slcf;

    slcf = ngx_pcalloc(cf->pool, sizeof(ngx_sensu_loc_conf_t));
    if (slcf == NULL) {
        return NULL;
    }

    slcf->gateway = NGX_CONF_UNSET;
    slcf->guard = NGX_CONF_UNSET;
    slcf->pages = NGX_CONF_UNSET;
    slcf->native_pages = NGX_CONF_UNSET;
    slcf->api_keys = NGX_CONF_UNSET;
    slcf->logout = NGX_CONF_UNSET;
    slcf->rbac = NGX_CONF_UNSET;
    slcf->leeway = NGX_CONF_UNSET;
    slcf->iat = NGX_CONF_UNSET;
    slcf->backend = NGX_CONF_UNSET_UINT;
    slcf->max_body = NGX_CONF_UNSET_SIZE;
    slcf->page_max = NGX_CONF_UNSET_UINT;
    slcf->page_default = NGX_CONF_UNSET_UINT;
    slcf->page_buffer = NGX_CONF_UNSET_SIZE;
    slcf->merge_parallel = NGX_CONF_UNSET_UINT;
    slcf->cursor_ttl = NGX_CONF_UNSET;

    return slcf;
}


char *
ngx_sensu_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_sensu_loc_conf_t *prev = parent;
    ngx_sensu_loc_conf_t *conf = child;

    ngx_sensu_srv_conf_t   *sscf;
    ngx_sensu_main_conf_t  *smcf;

    if (conf->gateway == NGX_CONF_UNSET) {
        conf->said = prev->said;
    }

    ngx_conf_merge_value(conf->gateway, prev->gateway, 0);
    ngx_conf_merge_value(conf->guard, prev->guard, 1);
    ngx_conf_merge_value(conf->pages, prev->pages, 1);
    ngx_conf_merge_value(conf->native_pages, prev->native_pages, 1);
    ngx_conf_merge_value(conf->api_keys, prev->api_keys, 0);
    ngx_conf_merge_value(conf->logout, prev->logout, NGX_SENSU_LOGOUT_OFF);
    ngx_conf_merge_sec_value(conf->leeway, prev->leeway, 0);
    ngx_conf_merge_str_value(conf->groups_claim, prev->groups_claim, "");
    ngx_conf_merge_value(conf->iat, prev->iat, 0);
    ngx_conf_merge_str_value(conf->cors_headers, prev->cors_headers, "");
    ngx_conf_merge_str_value(conf->audience, prev->audience, "");
    ngx_conf_merge_uint_value(conf->backend, prev->backend,
                              SENSU_BACKEND_VERSION(5, 5, 0));
    ngx_conf_merge_size_value(conf->max_body, prev->max_body, 512000);
    ngx_conf_merge_uint_value(conf->page_max, prev->page_max, 1000);
    ngx_conf_merge_uint_value(conf->page_default, prev->page_default, 0);
    ngx_conf_merge_uint_value(conf->merge_parallel, prev->merge_parallel, 16);
    ngx_conf_merge_size_value(conf->page_buffer, prev->page_buffer,
                              8 * 1024 * 1024);
    ngx_conf_merge_sec_value(conf->cursor_ttl, prev->cursor_ttl, 300);

    /* a level that names any replaces what the level above named */

    if (conf->keys == NULL) {
        conf->keys = prev->keys;
    }

    if (conf->issuers == NULL) {
        conf->issuers = prev->issuers;
    }

    if (conf->public == NULL) {
        conf->public = prev->public ? prev->public
                                    : &ngx_sensu_conf_public_default;
    }

    if (conf->apis == NULL) {
        conf->apis = prev->apis ? prev->apis : &ngx_sensu_api_default;
    }

    if (conf->rbac == NGX_CONF_UNSET) {
        conf->rbac = (prev->rbac == 1);
        conf->namespaces = prev->namespaces;
    }

    if (conf->account == NULL) {
        conf->account = prev->account;
    }

    if (conf->base_url == NULL) {
        conf->base_url = prev->base_url;
    }

    if (conf->cors == NULL) {
        conf->cors = prev->cors;
    }

    if (conf->rate == NULL) {
        conf->rate = prev->rate;
    }

    if (ngx_sensu_conf_level(cf, conf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    ngx_sensu_conf_rules(conf, prev);

    /* the same number again after a reload */
    smcf = ngx_http_conf_get_module_main_conf(cf, ngx_sensu_module);
    conf->route = ++smcf->routes;

    ngx_sensu_conf_logout(cf, conf);

    if (ngx_sensu_merge_rbac(cf, conf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    smcf->leeway = ngx_max(smcf->leeway, conf->leeway);

    sscf = ngx_http_conf_get_module_srv_conf(cf, ngx_sensu_module);

    return ngx_sensu_judge_loc_conf(cf, conf, sscf);
}


/* of a gateway that asks for it */

static char *
ngx_sensu_merge_rbac(ngx_conf_t *cf, ngx_sensu_loc_conf_t *conf)
{
    if (!conf->gateway || !conf->rbac) {
        return NGX_CONF_OK;
    }

    if (conf->account == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"sensu_namespaces rbac\" for the gateway in %V:%ui "
                      "needs an account to read roles with, add "
                      "\"sensu_account NAME password_file=FILE;\"",
                      &conf->said.file, conf->said.line);
        return NGX_CONF_ERROR;
    }

    if (conf->account->name.len == 0
        && !sensu_backend_does(conf->backend, SENSU_BACKEND_TAKES_KEYS))
    {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"sensu_account\" in %V:%ui has an API key, which "
                      "backends before 5.15 do not know: use NAME "
                      "password_file=FILE, or say what they are with "
                      "\"sensu_backend\"", &conf->account->place.file,
                      conf->account->place.line);
        return NGX_CONF_ERROR;
    }

    conf->roles = ngx_sensu_account_roles(cf, conf);

    return conf->roles ? NGX_CONF_OK : NGX_CONF_ERROR;
}


/* what a level must have, and what can not be true of it */

static char *
ngx_sensu_judge_loc_conf(ngx_conf_t *cf, ngx_sensu_loc_conf_t *conf,
    ngx_sensu_srv_conf_t *sscf)
{
    if (conf->rate != NULL && sscf->redis == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"sensu_rate_limit\" in %V:%ui needs a Redis to "
                      "count in, add \"sensu_redis redis://host:6379/0;\"",
                      &conf->rate->place.file, conf->rate->place.line);
        return NGX_CONF_ERROR;
    }

    if (conf->gateway && conf->keys == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"sensu_gateway on\" without a key in %V:%ui, add "
                      "\"sensu_jwt_key HS256 FILE;\" there or at a level "
                      "above", &conf->said.file, conf->said.line);
        return NGX_CONF_ERROR;
    }

    if (conf->sizes.line && conf->page_default > conf->page_max) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"%V\" in %V:%ui makes sensu_page_default, %ui, more "
                      "than sensu_page_max, %ui, which no page exceeds; lower "
                      "the one or raise the other", &conf->sizes.name,
                      &conf->sizes.file, conf->sizes.line, conf->page_default,
                      conf->page_max);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}
