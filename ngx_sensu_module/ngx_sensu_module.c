
/*
 * ngx_sensu_module: a gateway in front of Sensu Go backends.  Here are its
 * directives and where it hooks into nginx.
 */


#include "ngx_sensu_module.h"
#include "ngx_sensu_access.h"
#include "ngx_sensu_cache.h"
#include "ngx_sensu_conf.h"
#include "ngx_sensu_cors.h"
#include "ngx_sensu_count.h"
#include "ngx_sensu_levels.h"
#include "ngx_sensu_logout.h"
#include "ngx_sensu_metrics.h"
#include "ngx_sensu_roles.h"
#include "ngx_sensu_sent.h"


static ngx_int_t ngx_sensu_postconfiguration(ngx_conf_t *cf);
static ngx_int_t ngx_sensu_add_handlers(ngx_conf_t *cf);
static ngx_int_t ngx_sensu_init_process(ngx_cycle_t *cycle);
static void ngx_sensu_exit_process(ngx_cycle_t *cycle);


#define NGX_SENSU_ANY_CONF                                                    \
    NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF


static ngx_sensu_range_t  ngx_sensu_range_leeway = {
    ngx_sensu_conf_sec, 0, 3600, "a time from 0s to 1h, such as 5s"
};

static ngx_sensu_range_t  ngx_sensu_range_body = {
    ngx_parse_size, 1, NGX_MAX_INT_T_VALUE, "a size such as 512000 or 500k"
};

static ngx_sensu_range_t  ngx_sensu_range_page = {
    ngx_sensu_conf_num, 1, 100000, "a number from 1 to 100000"
};

static ngx_sensu_range_t  ngx_sensu_range_default = {
    ngx_sensu_conf_num, 0, 100000, "a number from 0 (the whole list) to 100000"
};

static ngx_sensu_range_t  ngx_sensu_range_buffer = {
    ngx_parse_size, 4096, 1024 * 1024 * 1024,
    "a size from 4k to 1024m, such as 8m"
};

static ngx_sensu_range_t  ngx_sensu_range_parallel = {
    ngx_sensu_conf_num, 1, 128, "a number from 1 to 128"
};

static ngx_sensu_range_t  ngx_sensu_range_ttl = {
    ngx_sensu_conf_sec, 1, 86400, "a time from 1s to 24h, such as 5m"
};


static ngx_command_t  ngx_sensu_commands[] = {

    { ngx_string("sensu_gateway"),
      NGX_SENSU_ANY_CONF|NGX_CONF_FLAG,
      ngx_sensu_conf_gateway,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_sensu_loc_conf_t, gateway),
      NULL },

    { ngx_string("sensu_jwt_key"),
      NGX_SENSU_ANY_CONF|NGX_CONF_2MORE,
      ngx_sensu_conf_key,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("sensu_jwt_key_set"),
      NGX_SENSU_ANY_CONF|NGX_CONF_TAKE12,
      ngx_sensu_conf_key,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      "set" },

    { ngx_string("sensu_jwt_leeway"),
      NGX_SENSU_ANY_CONF|NGX_CONF_TAKE1,
      ngx_sensu_conf_range,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_sensu_loc_conf_t, leeway),
      &ngx_sensu_range_leeway },

    { ngx_string("sensu_jwt_issuer"),
      NGX_SENSU_ANY_CONF|NGX_CONF_1MORE,
      ngx_sensu_conf_issuer,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("sensu_jwt_iat"),
      NGX_SENSU_ANY_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_sensu_loc_conf_t, iat),
      NULL },

    { ngx_string("sensu_groups_claim"),
      NGX_SENSU_ANY_CONF|NGX_CONF_TAKE1,
      ngx_sensu_conf_text,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_sensu_loc_conf_t, groups_claim),
      NULL },

    { ngx_string("sensu_jwt_audience"),
      NGX_SENSU_ANY_CONF|NGX_CONF_TAKE1,
      ngx_sensu_conf_text,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_sensu_loc_conf_t, audience),
      NULL },

    { ngx_string("sensu_public"),
      NGX_SENSU_ANY_CONF|NGX_CONF_1MORE,
      ngx_sensu_conf_public,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("sensu_api_key"),
      NGX_SENSU_ANY_CONF|NGX_CONF_TAKE1,
      ngx_sensu_conf_api_key,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("sensu_max_body"),
      NGX_SENSU_ANY_CONF|NGX_CONF_TAKE1,
      ngx_sensu_conf_range,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_sensu_loc_conf_t, max_body),
      &ngx_sensu_range_body },

    { ngx_string("sensu_api"),
      NGX_SENSU_ANY_CONF|NGX_CONF_1MORE,
      ngx_sensu_conf_api,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("sensu_namespaces"),
      NGX_SENSU_ANY_CONF|NGX_CONF_TAKE12,
      ngx_sensu_conf_namespaces,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_sensu_loc_conf_t, namespaces),
      NULL },

    { ngx_string("sensu_account"),
      NGX_SENSU_ANY_CONF|NGX_CONF_1MORE,
      ngx_sensu_account_conf,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("sensu_rbac_zone"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_sensu_conf_zone,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_sensu_main_conf_t, rbac_zone),
      "sensu_rbac:4m" },

    { ngx_string("sensu_cors_headers"),
      NGX_SENSU_ANY_CONF|NGX_CONF_1MORE,
      ngx_sensu_cors_headers_conf,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("sensu_cors"),
      NGX_SENSU_ANY_CONF|NGX_CONF_1MORE,
      ngx_sensu_conf_cors,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("sensu_guard"),
      NGX_SENSU_ANY_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_sensu_loc_conf_t, guard),
      NULL },

    { ngx_string("sensu_pages"),
      NGX_SENSU_ANY_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_sensu_loc_conf_t, pages),
      NULL },

    { ngx_string("sensu_native_pages"),
      NGX_SENSU_ANY_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_sensu_loc_conf_t, native_pages),
      NULL },

    { ngx_string("sensu_backend"),
      NGX_SENSU_ANY_CONF|NGX_CONF_TAKE1,
      ngx_sensu_conf_backend,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("sensu_page_max"),
      NGX_SENSU_ANY_CONF|NGX_CONF_TAKE1,
      ngx_sensu_conf_page,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_sensu_loc_conf_t, page_max),
      &ngx_sensu_range_page },

    { ngx_string("sensu_page_default"),
      NGX_SENSU_ANY_CONF|NGX_CONF_TAKE1,
      ngx_sensu_conf_page,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_sensu_loc_conf_t, page_default),
      &ngx_sensu_range_default },

    { ngx_string("sensu_page_buffer"),
      NGX_SENSU_ANY_CONF|NGX_CONF_TAKE1,
      ngx_sensu_conf_range,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_sensu_loc_conf_t, page_buffer),
      &ngx_sensu_range_buffer },

    { ngx_string("sensu_merge_parallel"),
      NGX_SENSU_ANY_CONF|NGX_CONF_TAKE1,
      ngx_sensu_conf_range,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_sensu_loc_conf_t, merge_parallel),
      &ngx_sensu_range_parallel },

    { ngx_string("sensu_base_url"),
      NGX_SENSU_ANY_CONF|NGX_CONF_TAKE1,
      ngx_sensu_conf_base_url,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_sensu_loc_conf_t, base_url),
      NULL },

    { ngx_string("sensu_cursor_zone"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_sensu_conf_zone,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_sensu_main_conf_t, cursor_zone),
      "sensu_cursors:8m" },

    { ngx_string("sensu_logout_zone"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_sensu_conf_zone,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_sensu_main_conf_t, logout_zone),
      "sensu_logouts:1m" },

    { ngx_string("sensu_redis"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_CONF_1MORE,
      ngx_sensu_conf_redis,
      NGX_HTTP_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("sensu_cursor_ttl"),
      NGX_SENSU_ANY_CONF|NGX_CONF_TAKE1,
      ngx_sensu_conf_range,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_sensu_loc_conf_t, cursor_ttl),
      &ngx_sensu_range_ttl },

    { ngx_string("sensu_rate_limit"),
      NGX_SENSU_ANY_CONF|NGX_CONF_2MORE,
      ngx_sensu_conf_rate,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("sensu_logout"),
      NGX_SENSU_ANY_CONF|NGX_CONF_TAKE12,
      ngx_sensu_logout_conf,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("sensu_metrics"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_sensu_conf_metrics,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("sensu_status"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_sensu_conf_status,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_sensu_module_ctx = {
    ngx_sensu_add_variables,       /* preconfiguration */
    ngx_sensu_postconfiguration,   /* postconfiguration */

    ngx_sensu_create_main_conf,    /* create main configuration */
    ngx_sensu_init_main_conf,      /* init main configuration */

    ngx_sensu_create_srv_conf,     /* create server configuration */
    ngx_sensu_merge_srv_conf,      /* merge server configuration */

    ngx_sensu_create_loc_conf,     /* create location configuration */
    ngx_sensu_merge_loc_conf       /* merge location configuration */
};


ngx_module_t  ngx_sensu_module = {
    NGX_MODULE_V1,
    &ngx_sensu_module_ctx,         /* module context */
    ngx_sensu_commands,            /* module directives */
    NGX_HTTP_MODULE,               /* module type */
    NULL,                          /* init master */
    NULL,                          /* init module */
    ngx_sensu_init_process,        /* init process */
    NULL,                          /* init thread */
    NULL,                          /* exit thread */
    ngx_sensu_exit_process,        /* exit process */
    NULL,                          /* exit master */
    NGX_MODULE_V1_PADDING
};


/* a configuration without a gateway is not touched */

static ngx_int_t
ngx_sensu_postconfiguration(ngx_conf_t *cf)
{
    ngx_uint_t               i;
    ngx_sensu_redis_t      **redis;
    ngx_sensu_main_conf_t   *smcf;
    ngx_sensu_conf_level_t  *level;

    static ngx_str_t  request_uri = ngx_string("request_uri");

    smcf = ngx_http_conf_get_module_main_conf(cf, ngx_sensu_module);

    if (ngx_sensu_conf_answers(cf) != NGX_OK
        || ngx_sensu_conf_check(cf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    redis = smcf->redis.elts;

    for (i = 0; i < smcf->redis.nelts; i++) {
        if (ngx_sensu_redis_conf_end(cf, redis[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (smcf->gateways == 0) {
        return NGX_OK;
    }

    smcf->request_uri = ngx_http_get_variable_index(cf, &request_uri);
    if (smcf->request_uri == NGX_ERROR) {
        return NGX_ERROR;
    }

    level = smcf->levels.elts;

    for (i = 0; i < smcf->levels.nelts; i++) {

        if (ngx_sensu_sent_init(cf, level[i].location) != NGX_OK) {
            return NGX_ERROR;
        }

        if (level[i].conf->gateway
            && ngx_sensu_see_init(cf, level[i].server, level[i].location)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (ngx_sensu_add_handlers(cf) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_sensu_conf_logout_check(cf);

    ngx_sensu_guard_body_filter_init();
    ngx_sensu_filter_init();

    return NGX_OK;
}


static ngx_int_t
ngx_sensu_add_handlers(ngx_conf_t *cf)
{
    ngx_uint_t                  i;
    ngx_http_handler_pt        *h, *first;
    ngx_http_core_main_conf_t  *cmcf;

    static const struct {
        ngx_uint_t              phase;
        ngx_http_handler_pt     handler;
    } handlers[] = {
        { NGX_HTTP_SERVER_REWRITE_PHASE, ngx_sensu_server_rewrite_handler },
        { NGX_HTTP_REWRITE_PHASE, ngx_sensu_rewrite_handler },
        { NGX_HTTP_PREACCESS_PHASE, ngx_sensu_preaccess_handler },
        { NGX_HTTP_ACCESS_PHASE, ngx_sensu_access_handler },
        { NGX_HTTP_PRECONTENT_PHASE, ngx_sensu_request_handler },
        { NGX_HTTP_LOG_PHASE, ngx_sensu_count_handler },
        { NGX_HTTP_LOG_PHASE, ngx_sensu_log_handler }
    };

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);
    h = NULL;

    for (i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
        h = ngx_array_push(&cmcf->phases[handlers[i].phase].handlers);
        if (h == NULL) {
            return NGX_ERROR;
        }

        *h = handlers[i].handler;
    }

    /* the last one comes before the access log, for it is called first */

    first = cmcf->phases[NGX_HTTP_LOG_PHASE].handlers.elts;
    *h = *first;
    *first = ngx_sensu_log_handler;

    return NGX_OK;
}


/* the cache's processes have no requests and need no connections */

static ngx_int_t
ngx_sensu_init_process(ngx_cycle_t *cycle)
{
    ngx_uint_t               i;
    ngx_sensu_redis_t      **redis;
    ngx_sensu_roles_t      **roles;
    ngx_sensu_main_conf_t   *smcf;

    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    smcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_sensu_module);

    if (smcf == NULL || smcf->gateways == 0) {
        ngx_sensu_stat_private();
        return NGX_OK;
    }

    ngx_sensu_shared_use(smcf->shared);
    ngx_sensu_stats->connections[ngx_process_slot] = 0;

    (void) sensu_split_select(NULL);

    redis = smcf->redis.elts;

    for (i = 0; i < smcf->redis.nelts; i++) {
        ngx_sensu_redis_init_process(redis[i]);
    }

    roles = smcf->roles.elts;

    for (i = 0; i < smcf->roles.nelts; i++) {
        ngx_sensu_roles_init_process(roles[i]);
    }

    return NGX_OK;
}


static void
ngx_sensu_exit_process(ngx_cycle_t *cycle)
{
    ngx_uint_t               i;
    ngx_sensu_redis_t      **redis;
    ngx_sensu_roles_t      **roles;
    ngx_sensu_main_conf_t   *smcf;

    smcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_sensu_module);

    if (smcf == NULL || smcf->gateways == 0) {
        return;
    }

    redis = smcf->redis.elts;

    for (i = 0; i < smcf->redis.nelts; i++) {
        ngx_sensu_redis_exit_process(redis[i]);
    }

    roles = smcf->roles.elts;

    for (i = 0; i < smcf->roles.nelts; i++) {
        ngx_sensu_roles_exit_process(roles[i]);
    }

    ngx_sensu_cache_clear();
}
