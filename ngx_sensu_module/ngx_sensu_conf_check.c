
/*
 * What a configuration may be told only when all of it is read: variables that
 * nobody defines, and doors that stand open beside a gateway.
 */


#include "ngx_sensu_conf.h"


static ngx_int_t ngx_sensu_conf_known_variables(ngx_conf_t *cf);
static ngx_uint_t ngx_sensu_conf_is_unknown(ngx_http_core_main_conf_t *cmcf,
    ngx_str_t *name);
static ngx_uint_t ngx_sensu_conf_has_gateway(ngx_sensu_main_conf_t *smcf,
    ngx_sensu_conf_level_t *level);
static ngx_uint_t ngx_sensu_conf_proxies(ngx_conf_t *cf,
    ngx_sensu_conf_level_t *level);
static ngx_uint_t ngx_sensu_conf_has_upstream(ngx_conf_t *cf,
    ngx_http_core_loc_conf_t *clcf);
static ngx_int_t ngx_sensu_conf_asks_in_vain(ngx_conf_t *cf,
    ngx_sensu_loc_conf_t *conf);


void
ngx_sensu_conf_place(ngx_conf_t *cf, ngx_sensu_place_t *place)
{
    ngx_str_t  *value;

    value = cf->args->elts;

    place->name = value[0];
    place->file = cf->conf_file->file.name;
    place->line = cf->conf_file->line;
}


ngx_int_t
ngx_sensu_conf_variables(ngx_conf_t *cf, ngx_http_complex_value_t *value)
{
    ngx_sensu_main_conf_t       *smcf;
    ngx_sensu_conf_variables_t  *variables;

    smcf = ngx_http_conf_get_module_main_conf(cf, ngx_sensu_module);

    variables = ngx_array_push(&smcf->variables);
    if (variables == NULL) {
        return NGX_ERROR;
    }

    variables->value = value;
    ngx_sensu_conf_place(cf, &variables->place);

    return NGX_OK;
}


ngx_int_t
ngx_sensu_conf_level(ngx_conf_t *cf, ngx_sensu_loc_conf_t *conf)
{
    ngx_sensu_main_conf_t   *smcf;
    ngx_sensu_conf_level_t  *level;

    smcf = ngx_http_conf_get_module_main_conf(cf, ngx_sensu_module);

    level = ngx_array_push(&smcf->levels);
    if (level == NULL) {
        return NGX_ERROR;
    }

    level->server = ngx_http_conf_get_module_srv_conf(cf,
                                                      ngx_http_core_module);
    level->location = ngx_http_conf_get_module_loc_conf(cf,
                                                        ngx_http_core_module);
    level->conf = conf;

    return NGX_OK;
}


ngx_int_t
ngx_sensu_conf_check(ngx_conf_t *cf)
{
    ngx_uint_t                 i;
    ngx_sensu_loc_conf_t      *conf;
    ngx_sensu_main_conf_t     *smcf;
    ngx_sensu_conf_level_t    *level;
    ngx_http_core_loc_conf_t  *clcf;

    smcf = ngx_http_conf_get_module_main_conf(cf, ngx_sensu_module);
    conf = ngx_http_conf_get_module_loc_conf(cf, ngx_sensu_module);

    /* the level http itself */

    if (smcf->gateways == 0
        && ngx_sensu_conf_asks_in_vain(cf, conf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    level = smcf->levels.elts;

    for (i = 0; i < smcf->levels.nelts; i++) {

        conf = level[i].conf;

        if (conf->said.line) {
            continue;
        }

        if (!ngx_sensu_conf_has_gateway(smcf, &level[i])) {

            if (ngx_sensu_conf_asks_in_vain(cf, conf) != NGX_OK) {
                return NGX_ERROR;
            }

            continue;
        }

        clcf = level[i].location;

        if (clcf->noname || !ngx_sensu_conf_proxies(cf, &level[i])) {
            continue;
        }

        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "location \"%V\" of the server in %s:%ui is no gateway "
                      "while others beside it are: everybody gets in, add "
                      "\"sensu_gateway on;\", or \"sensu_gateway off;\" if "
                      "that is meant", &clcf->name, level[i].server->file_name,
                      level[i].server->line);
    }

    return ngx_sensu_conf_known_variables(cf);
}


/* in this server */

static ngx_uint_t
ngx_sensu_conf_has_gateway(ngx_sensu_main_conf_t *smcf,
    ngx_sensu_conf_level_t *level)
{
    ngx_uint_t               i;
    ngx_sensu_conf_level_t  *other;

    other = smcf->levels.elts;

    for (i = 0; i < smcf->levels.nelts; i++) {
        if (other[i].server == level->server && other[i].conf->gateway) {
            return 1;
        }
    }

    return 0;
}


/*
 * By a server that is named here or elsewhere: with variables in
 * proxy_pass its module does not tell others that it has one.
 */

static ngx_uint_t
ngx_sensu_conf_proxies(ngx_conf_t *cf, ngx_sensu_conf_level_t *level)
{
    ngx_uint_t               i;
    ngx_sensu_main_conf_t   *smcf;
    ngx_sensu_conf_level_t  *other;

    if (level->location->handler == NULL || level->conf->handler != NULL) {
        return 0;
    }

    smcf = ngx_http_conf_get_module_main_conf(cf, ngx_sensu_module);
    other = smcf->levels.elts;

    for (i = 0; i < smcf->levels.nelts; i++) {

        if (other[i].location->handler == level->location->handler
            && (other[i].conf->gateway
                || ngx_sensu_conf_has_upstream(cf, other[i].location)))
        {
            return 1;
        }
    }

    return 0;
}


static ngx_uint_t
ngx_sensu_conf_has_upstream(ngx_conf_t *cf, ngx_http_core_loc_conf_t *clcf)
{
    ngx_uint_t                 i;
    ngx_http_upstream_conf_t  *ucf;

    for (i = 0; i < NGX_SENSU_UPSTREAMS; i++) {
        ucf = ngx_sensu_upstream_conf(cf, clcf, i);

        if (ucf != NULL && ucf->upstream != NULL) {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_sensu_conf_asks_in_vain(ngx_conf_t *cf, ngx_sensu_loc_conf_t *conf)
{
    if (conf->asks.line == 0 || conf->said.line) {
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "\"%V\" in %V:%ui protects nothing, as \"sensu_gateway on;\" "
                  "is missing: add it there, or \"sensu_gateway off;\" if "
                  "everybody is meant to get in", &conf->asks.name,
                  &conf->asks.file, conf->asks.line);

    return NGX_ERROR;
}


static ngx_int_t
ngx_sensu_conf_known_variables(ngx_conf_t *cf)
{
    ngx_str_t                   *name;
    ngx_uint_t                   i;
    ngx_sensu_main_conf_t       *smcf;
    ngx_sensu_conf_variables_t  *variables;

    smcf = ngx_http_conf_get_module_main_conf(cf, ngx_sensu_module);
    variables = smcf->variables.elts;

    for (i = 0; i < smcf->variables.nelts; i++) {

        name = ngx_sensu_conf_variable(cf, variables[i].value,
                                       ngx_sensu_conf_is_unknown);
        if (name == NULL) {
            continue;
        }

        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "unknown variable \"$%V\" in \"%V\" in %V:%ui, define "
                      "it with map or set, or use $sensu_claim_NAME", name,
                      &variables[i].place.name, &variables[i].place.file,
                      variables[i].place.line);

        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_str_t *
ngx_sensu_conf_variable(ngx_conf_t *cf, ngx_http_complex_value_t *value,
    ngx_sensu_conf_is_pt is)
{
    ngx_uint_t                 *index;
    ngx_http_variable_t        *v;
    ngx_http_core_main_conf_t  *cmcf;

    if (value->flushes == NULL) {
        return NULL;
    }

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);
    v = cmcf->variables.elts;

    for (index = value->flushes; *index != (ngx_uint_t) -1; index++) {
        if (is(cmcf, &v[*index].name)) {
            return &v[*index].name;
        }
    }

    return NULL;
}


/* as ngx_http_variables_init_vars() will look for it */

static ngx_uint_t
ngx_sensu_conf_is_unknown(ngx_http_core_main_conf_t *cmcf, ngx_str_t *name)
{
    ngx_uint_t            i;
    ngx_hash_key_t       *key;
    ngx_http_variable_t  *prefix;

    key = cmcf->variables_keys->keys.elts;

    for (i = 0; i < cmcf->variables_keys->keys.nelts; i++) {
        if (ngx_sensu_str_eq(&key[i].key, name)) {
            return 0;
        }
    }

    prefix = cmcf->prefix_variables.elts;

    for (i = 0; i < cmcf->prefix_variables.nelts; i++) {
        if (prefix[i].name.len <= name->len
            && ngx_strncmp(prefix[i].name.data, name->data,
                           prefix[i].name.len)
               == 0)
        {
            return 0;
        }
    }

    return 1;
}
