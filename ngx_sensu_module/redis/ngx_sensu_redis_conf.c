
/*
 * The arguments of sensu_redis.
 */


#include "ngx_sensu_redis_peer.h"
#include "ngx_sensu_secret.h"


#define NGX_SENSU_REDIS_TIMEOUT_MAX  10000


typedef struct {
    ngx_str_t     name;
    size_t        offset;      /* where its text goes */
    const char   *should;
    const char   *word;        /* the only one that it takes */
    size_t        max;         /* printable characters, 0: anything */
} ngx_sensu_redis_param_t;


#define ngx_sensu_redis_param(name, field, should)                            \
    ngx_string(name), offsetof(ngx_sensu_redis_t, field), should


static ngx_int_t ngx_sensu_redis_conf_param(ngx_conf_t *cf,
    ngx_sensu_redis_t *redis, ngx_str_t *arg);
static ngx_uint_t ngx_sensu_redis_conf_good(
    const ngx_sensu_redis_param_t *param, ngx_str_t *value);


static const ngx_sensu_redis_param_t  ngx_sensu_redis_params[] = {
    { ngx_sensu_redis_param("timeout=", time, "must be a time"), NULL, 0 },
    { ngx_sensu_redis_param("prefix=", prefix,
                            "must be 1 to 64 printable characters without "
                            "blanks, as in prefix=sensu:"),
      NULL, NGX_SENSU_REDIS_PREFIX },
    { ngx_sensu_redis_param("user=", user, "must name a user of Redis' ACL"),
      NULL, 0 },
    { ngx_sensu_redis_param("password_file=", password, "must name a file"),
      NULL, 0 },
    { ngx_sensu_redis_param("tls=", tls.tls, "must be tls=on"),
      "on", 0 },
    { ngx_sensu_redis_param("verify=", tls.verify, "must be verify=off"),
      "off", 0 },
    { ngx_sensu_redis_param("ca=", tls.ca, "must name a file"), NULL, 0 },
    { ngx_sensu_redis_param("cert=", tls.cert, "must name a file"),
      NULL, 0 },
    { ngx_sensu_redis_param("key=", tls.key, "must name a file"),
      NULL, 0 },
    { ngx_sensu_redis_param("name=", tls.name,
                            "must name a host, in at most 255 bytes"),
      NULL, NGX_SENSU_REDIS_HOST - 1 },
    { ngx_null_string, 0, NULL, NULL, 0 }
};


ngx_sensu_redis_t *
ngx_sensu_redis_conf(ngx_conf_t *cf, ngx_resolver_t **resolver)
{
    ngx_str_t          *arg;
    ngx_uint_t          i;
    ngx_sensu_redis_t  *redis;

    arg = cf->args->elts;

    redis = ngx_pcalloc(cf->pool, sizeof(ngx_sensu_redis_t));
    if (redis == NULL) {
        return NULL;
    }

    redis->pool = cf->pool;
    redis->resolver = resolver;
    redis->file = cf->conf_file->file.name;
    redis->line = cf->conf_file->line;

    if (ngx_sensu_redis_conf_url(cf, redis, &arg[1]) != NGX_OK) {
        return NULL;
    }

    for (i = 2; i < cf->args->nelts; i++) {
        if (ngx_sensu_redis_conf_param(cf, redis, &arg[i]) != NGX_OK) {
            return NULL;
        }
    }

    redis->timeout = redis->time.len ? ngx_parse_time(&redis->time, 0) : 500;

    if (redis->timeout - 1 >= NGX_SENSU_REDIS_TIMEOUT_MAX) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"timeout=%V\" of sensu_redis must be a time from "
                           "1ms to 10s, as in timeout=500ms", &redis->time);
        return NULL;
    }

    if (redis->prefix.len == 0) {
        ngx_str_set(&redis->prefix, "sensu:");
    }

    if (redis->user.len && redis->password.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "sensu_redis has user= and no password: add "
                           "password_file=");
        return NULL;
    }

    /* what is in the file takes the place of its name */

    if ((redis->password.len
         && ngx_sensu_secret(cf, "password_file= of sensu_redis",
                             &redis->password, &redis->password)
            != NGX_OK)
        || ngx_sensu_redis_tls_conf(cf, &redis->tls) != NGX_OK)
    {
        return NULL;
    }

    return redis;
}


static ngx_int_t
ngx_sensu_redis_conf_param(ngx_conf_t *cf, ngx_sensu_redis_t *redis,
    ngx_str_t *arg)
{
    ngx_str_t                       value, *text;
    const ngx_sensu_redis_param_t  *param;

    for (param = ngx_sensu_redis_params; param->name.len; param++) {

        if (ngx_strncmp(arg->data, param->name.data, param->name.len) != 0) {
            continue;
        }

        text = (ngx_str_t *) ((char *) redis + param->offset);

        if (text->len) {
            return ngx_sensu_redis_wrong(cf, (ngx_str_t *) &param->name,
                                         "is there twice: keep one");
        }

        value.data = arg->data + param->name.len;
        value.len = arg->len - param->name.len;

        if (!ngx_sensu_redis_conf_good(param, &value)) {
            return ngx_sensu_redis_wrong(cf, arg, param->should);
        }

        *text = value;

        return NGX_OK;
    }

    /* without its text, which may be a password */

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "unknown parameter %ui of sensu_redis: after the URL "
                       "there are timeout=, prefix=, user=, password_file=, "
                       "tls=, ca=, cert=, key=, name= and verify=",
                       (ngx_uint_t) (arg - (ngx_str_t *) cf->args->elts));

    return NGX_ERROR;
}


static ngx_uint_t
ngx_sensu_redis_conf_good(const ngx_sensu_redis_param_t *param,
    ngx_str_t *value)
{
    size_t  i;

    for (i = 0; param->max && i < value->len; i++) {
        if (i == param->max || value->data[i] <= ' ' || value->data[i] >= 0x7f)
        {
            return 0;
        }
    }

    return value->len
           && (param->word == NULL
               || ngx_strcmp(value->data, param->word) == 0);
}


ngx_int_t
ngx_sensu_redis_conf_end(ngx_conf_t *cf, ngx_sensu_redis_t *redis)
{
    ngx_uint_t  i;

    if (ngx_sensu_redis_url_seeds(cf, redis) != NGX_OK) {
        return NGX_ERROR;
    }

    if (redis->greet == ngx_sensu_redis_cluster_greet) {
        redis->slots = ngx_pcalloc(cf->pool,
                                   NGX_SENSU_REDIS_SLOTS
                                   * sizeof(ngx_sensu_redis_peer_t *));
        if (redis->slots == NULL) {
            return NGX_ERROR;
        }
    }

    for (i = 0; i < NGX_SENSU_REDIS_TROUBLES; i++) {
        redis->dampers[i].quiet = NGX_SENSU_LOG_MINUTE;
    }

    for (i = 0; i < (redis->slots ? redis->nseeds : 1); i++) {
        if (ngx_sensu_redis_peer_create(redis, &redis->seeds[i]) == NULL) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}
