
/*
 * Setters of directives.
 */


#include "ngx_sensu_conf.h"
#include "ngx_sensu_cors.h"
#include "ngx_sensu_rate.h"


static ngx_uint_t ngx_sensu_conf_is_path(ngx_str_t *path);
static ngx_uint_t ngx_sensu_conf_has_segment(u_char *p, char *segment);


/* the health API, and what hands out, renews and ends tokens */

static ngx_str_t  ngx_sensu_conf_public_paths[] = {
    ngx_string("/health"),
    ngx_string("/auth"),
    ngx_string("/auth/test"),
    ngx_string("/auth/token"),
    ngx_string("/auth/logout")
};

ngx_array_t  ngx_sensu_conf_public_default = {
    ngx_sensu_conf_public_paths, 5, sizeof(ngx_str_t), 5, NULL
};


void
ngx_sensu_conf_asks(ngx_conf_t *cf, ngx_sensu_loc_conf_t *slcf)
{
    if (slcf->asks.line == 0) {
        ngx_sensu_conf_place(cf, &slcf->asks);
    }
}


char *
ngx_sensu_conf_gateway(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_sensu_loc_conf_t *slcf = conf;

    char                   *rv;
    ngx_sensu_main_conf_t  *smcf;

    rv = ngx_conf_set_flag_slot(cf, cmd, conf);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (slcf->gateway) {
        smcf = ngx_http_conf_get_module_main_conf(cf, ngx_sensu_module);
        smcf->gateways++;
    }

    ngx_sensu_conf_place(cf, &slcf->said);

    return NGX_CONF_OK;
}


char *
ngx_sensu_conf_public(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_sensu_loc_conf_t *slcf = conf;

    ngx_str_t   *value, *path;
    ngx_uint_t   i;

    if (slcf->public != NULL) {
        return "is duplicate, name all paths in one";
    }

    value = cf->args->elts;

    slcf->public = ngx_array_create(cf->pool, cf->args->nelts,
                                    sizeof(ngx_str_t));
    if (slcf->public == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 1; i < cf->args->nelts; i++) {

        if (ngx_strcmp(value[i].data, "default") == 0) {
            path = ngx_array_push_n(slcf->public, 5);
            if (path == NULL) {
                return NGX_CONF_ERROR;
            }

            ngx_memcpy(path, ngx_sensu_conf_public_paths,
                       sizeof(ngx_sensu_conf_public_paths));
            continue;
        }

        if (!ngx_sensu_conf_is_path(&value[i])) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\" is not a path in \"sensu_public\", "
                               "use exact, unescaped paths such as /health, "
                               "without a query or a pattern", &value[i]);
            return NGX_CONF_ERROR;
        }

        path = ngx_array_push(slcf->public);
        if (path == NULL) {
            return NGX_CONF_ERROR;
        }

        *path = value[i];
    }

    return NGX_CONF_OK;
}


/* as r->uri is: decoded, and what no request line can make is a mistake */

static ngx_uint_t
ngx_sensu_conf_is_path(ngx_str_t *path)
{
    u_char  *p;

    p = path->data;

    return path->len && *p == '/'
           && strpbrk((char *) p, "?#%*\\ ") == NULL
           && ngx_strstr(p, "//") == NULL
           && !ngx_sensu_conf_has_segment(p, "/.")
           && !ngx_sensu_conf_has_segment(p, "/..");
}


static ngx_uint_t
ngx_sensu_conf_has_segment(u_char *p, char *segment)
{
    while ((p = (u_char *) ngx_strstr(p, segment)) != NULL) {

        p += ngx_strlen(segment);

        if (*p == '/' || *p == '\0') {
            return 1;
        }
    }

    return 0;
}


char *
ngx_sensu_conf_api(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_sensu_loc_conf_t *slcf = conf;

    ngx_str_t    *value;
    ngx_uint_t    i;
    sensu_str_t  *api;

    if (slcf->apis != NULL) {
        return "is duplicate, name all APIs in one";
    }

    value = cf->args->elts;

    slcf->apis = ngx_array_create(cf->pool, cf->args->nelts,
                                  sizeof(sensu_str_t));
    if (slcf->apis == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 1; i < cf->args->nelts; i++) {

        api = ngx_array_push(slcf->apis);
        if (api == NULL) {
            return NGX_CONF_ERROR;
        }

        *api = ngx_sensu_str(value[i]);

        if (!sensu_path_api_valid(*api)) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\" is not an API in \"sensu_api\", use "
                               "GROUP/VERSION such as core/v2, with * for "
                               "either", &value[i]);
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


char *
ngx_sensu_conf_backend(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_sensu_loc_conf_t *slcf = conf;

    ngx_str_t  *value;

    if (slcf->backend != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;

    slcf->backend = sensu_backend_version(ngx_sensu_str(value[1]));

    if (slcf->backend == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" is not a version in \"sensu_backend\", use "
                           "that of the backends, such as 5.5, 5.21.5 or 6.2",
                           &value[1]);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


char *
ngx_sensu_conf_api_key(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_sensu_loc_conf_t *slcf = conf;

    ngx_str_t  *value;

    if (slcf->api_keys != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "pass") == 0) {
        slcf->api_keys = 1;
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(value[1].data, "reject") == 0) {
        slcf->api_keys = 0;
        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid value \"%V\" in \"sensu_api_key\", it must be "
                       "\"pass\" or \"reject\"", &value[1]);

    return NGX_CONF_ERROR;
}


char *
ngx_sensu_conf_cors(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_sensu_loc_conf_t *slcf = conf;

    ngx_str_t   *value, *origin;
    ngx_uint_t   i;

    if (slcf->cors != NULL) {
        return "is duplicate, name all origins in one";
    }

    value = cf->args->elts;

    slcf->cors = ngx_array_create(cf->pool, cf->args->nelts,
                                  sizeof(ngx_str_t));
    if (slcf->cors == NULL) {
        return NGX_CONF_ERROR;
    }

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        return NGX_CONF_OK;
    }

    for (i = 1; i < cf->args->nelts; i++) {

        if (!ngx_sensu_cors_is_origin(&value[i])) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\" is not an origin in \"sensu_cors\", "
                               "use scheme://host or scheme://host:port in "
                               "lower case, without a path and without the "
                               "scheme's own port, each origin by itself, or "
                               "\"off\"", &value[i]);
            return NGX_CONF_ERROR;
        }

        origin = ngx_array_push(slcf->cors);
        if (origin == NULL) {
            return NGX_CONF_ERROR;
        }

        *origin = value[i];
    }

    return NGX_CONF_OK;
}


char *
ngx_sensu_conf_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    u_char            *p;
    ssize_t            size;
    ngx_str_t         *value, s;
    ngx_sensu_zone_t  *zone;

    zone = (ngx_sensu_zone_t *) ((char *) conf + cmd->offset);

    if (zone->size) {
        return "is duplicate";
    }

    value = cf->args->elts;

    zone->name = value[1];
    p = (u_char *) ngx_strchr(value[1].data, ':');
    size = NGX_ERROR;

    if (p != NULL && p != value[1].data) {
        zone->name.len = p - value[1].data;

        s.data = p + 1;
        s.len = value[1].data + value[1].len - s.data;

        size = ngx_parse_size(&s);
    }

    if (size < (ssize_t) (8 * ngx_pagesize)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid zone \"%V\" in \"%V\", use NAME:SIZE "
                           "with a size of 32k or more, such as %s",
                           &value[1], &cmd->name, cmd->post);
        return NGX_CONF_ERROR;
    }

    zone->size = size;

    return NGX_CONF_OK;
}


char *
ngx_sensu_conf_redis(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_sensu_srv_conf_t *sscf = conf;

    ngx_sensu_redis_t         **redis;
    ngx_sensu_main_conf_t      *smcf;
    ngx_http_core_loc_conf_t   *clcf;

    if (sscf->redis != NULL) {
        return "is duplicate";
    }

    smcf = ngx_http_conf_get_module_main_conf(cf, ngx_sensu_module);

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    sscf->redis = ngx_sensu_redis_conf(cf, &clcf->resolver);
    if (sscf->redis == NULL) {
        return NGX_CONF_ERROR;
    }

    redis = ngx_array_push(&smcf->redis);
    if (redis == NULL) {
        return NGX_CONF_ERROR;
    }

    *redis = sscf->redis;

    sscf->store = ngx_sensu_store_redis(cf, sscf->redis);

    return sscf->store ? NGX_CONF_OK : NGX_CONF_ERROR;
}


char *
ngx_sensu_conf_rate(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_sensu_loc_conf_t *slcf = conf;

    char       *rv;
    ngx_str_t  *value;

    rv = ngx_sensu_rate_conf(cf, cmd, conf);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    ngx_sensu_conf_place(cf, &slcf->rate->place);
    ngx_sensu_conf_asks(cf, slcf);

    if (slcf->rate->key->flushes == NULL) {
        value = cf->args->elts;

        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "\"%V\" in \"sensu_rate_limit\" is the same for "
                           "all callers, who share one count: name what tells "
                           "them apart, such as $sensu_user or "
                           "$binary_remote_addr", &value[1]);
        return NGX_CONF_OK;
    }

    return ngx_sensu_conf_variables(cf, slcf->rate->key) == NGX_OK
           ? NGX_CONF_OK : NGX_CONF_ERROR;
}


char *
ngx_sensu_conf_page(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_sensu_loc_conf_t *slcf = conf;

    ngx_sensu_conf_place(cf, &slcf->sizes);

    return ngx_sensu_conf_range(cf, cmd, conf);
}


char *
ngx_sensu_conf_base_url(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t  *value;

    value = cf->args->elts;

    if (ngx_strncmp(value[1].data, "http://", 7) != 0
        && ngx_strncmp(value[1].data, "https://", 8) != 0
        && value[1].data[0] != '$')
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" in \"sensu_base_url\", use "
                           "where clients find this server, such as "
                           "https://$host", &value[1]);
        return NGX_CONF_ERROR;
    }

    return ngx_http_set_complex_value_slot(cf, cmd, conf);
}


/* ngx_uint_t, size_t and time_t are of one size wherever nginx runs */

char *
ngx_sensu_conf_range(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_int_t          *field, n;
    ngx_str_t          *value;
    ngx_sensu_range_t  *range;

    field = (ngx_int_t *) ((char *) conf + cmd->offset);

    if (*field != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    value = cf->args->elts;
    range = cmd->post;
    n = range->parse(&value[1]);

    if (n == NGX_ERROR || n < range->min || n > range->max) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" in \"%V\", use %s", &value[1],
                           &cmd->name, range->right);
        return NGX_CONF_ERROR;
    }

    *field = n;

    return NGX_CONF_OK;
}


ssize_t
ngx_sensu_conf_num(ngx_str_t *text)
{
    return ngx_atoi(text->data, text->len);
}


ssize_t
ngx_sensu_conf_sec(ngx_str_t *text)
{
    return ngx_parse_time(text, 1);
}
