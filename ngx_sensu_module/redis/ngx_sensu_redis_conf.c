
/*
 * The arguments of sensu_redis.
 */


#include "ngx_sensu_redis_peer.h"
#include "ngx_sensu_secret.h"


#define NGX_SENSU_REDIS_TIMEOUT_MAX  10000


/* set: NGX_DECLINED: it is not what it should be; a text has none */

typedef struct {
    ngx_str_t    name;
    ngx_int_t  (*set)(ngx_conf_t *cf, ngx_sensu_redis_t *redis,
                     ngx_str_t *value);
    size_t       offset;
    const char  *should;
} ngx_sensu_redis_param_t;


static ngx_int_t ngx_sensu_redis_conf_param(ngx_conf_t *cf,
    ngx_sensu_redis_t *redis, ngx_str_t *arg, ngx_uint_t *seen);
static ngx_int_t ngx_sensu_redis_conf_timeout(ngx_conf_t *cf,
    ngx_sensu_redis_t *redis, ngx_str_t *value);
static ngx_int_t ngx_sensu_redis_conf_prefix(ngx_conf_t *cf,
    ngx_sensu_redis_t *redis, ngx_str_t *value);
static ngx_int_t ngx_sensu_redis_conf_password_file(ngx_conf_t *cf,
    ngx_sensu_redis_t *redis, ngx_str_t *value);
static ngx_int_t ngx_sensu_redis_conf_tls(ngx_conf_t *cf,
    ngx_sensu_redis_t *redis, ngx_str_t *value);
static ngx_int_t ngx_sensu_redis_conf_verify(ngx_conf_t *cf,
    ngx_sensu_redis_t *redis, ngx_str_t *value);


static const ngx_sensu_redis_param_t  ngx_sensu_redis_params[] = {
    { ngx_string("timeout="), ngx_sensu_redis_conf_timeout, 0,
      "must be a time from 1ms to 10s, as in timeout=500ms" },
    { ngx_string("prefix="), ngx_sensu_redis_conf_prefix, 0,
      "must be 1 to 64 printable characters without blanks, as in "
      "prefix=sensu:" },
    { ngx_string("user="), NULL, offsetof(ngx_sensu_redis_t, user),
      "must name a user of Redis' ACL" },
    { ngx_string("password_file="), ngx_sensu_redis_conf_password_file, 0,
      "must name a file" },
    { ngx_string("tls="), ngx_sensu_redis_conf_tls, 0, "must be tls=on" },
    { ngx_string("verify="), ngx_sensu_redis_conf_verify, 0,
      "must be verify=off" },
    { ngx_string("ca="), NULL, offsetof(ngx_sensu_redis_t, tls_conf.ca),
      "must name a file" },
    { ngx_string("cert="), NULL, offsetof(ngx_sensu_redis_t, tls_conf.cert),
      "must name a file" },
    { ngx_string("key="), NULL, offsetof(ngx_sensu_redis_t, tls_conf.key),
      "must name a file" },
    { ngx_string("name="), NULL, offsetof(ngx_sensu_redis_t, tls_conf.name),
      "must name a host" },
    { ngx_null_string, NULL, 0, NULL }
};


ngx_sensu_redis_t *
ngx_sensu_redis_conf(ngx_conf_t *cf, ngx_array_t *args,
    ngx_resolver_t **resolver)
{
    ngx_str_t          *arg;
    ngx_uint_t          i, seen;
    ngx_sensu_redis_t  *redis;

    arg = args->elts;

    if (args->nelts < 2) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "sensu_redis needs a URL, as in "
                           "redis://127.0.0.1:6379/0");
        return NULL;
    }

    redis = ngx_pcalloc(cf->pool, sizeof(ngx_sensu_redis_t));
    if (redis == NULL) {
        return NULL;
    }

    redis->pool = cf->pool;
    redis->resolver = resolver;
    redis->file = cf->conf_file->file.name;
    redis->line = cf->conf_file->line;
    redis->timeout = 500;
    redis->tls_conf.verify = 1;
    ngx_str_set(&redis->prefix, "sensu:");

    if (ngx_sensu_redis_conf_url(cf, redis, &arg[1]) != NGX_OK) {
        return NULL;
    }

    seen = 0;

    for (i = 2; i < args->nelts; i++) {
        if (ngx_sensu_redis_conf_param(cf, redis, &arg[i], &seen) != NGX_OK) {
            return NULL;
        }
    }

    if (redis->user.len && redis->password.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "sensu_redis has user= and no password: add "
                           "password_file=");
        return NULL;
    }

    if (ngx_sensu_redis_tls_conf(cf, &redis->tls_conf) != NGX_OK) {
        return NULL;
    }

    redis->tls = redis->tls_conf.on ? &redis->tls_conf : NULL;

    return redis;
}


static ngx_int_t
ngx_sensu_redis_conf_param(ngx_conf_t *cf, ngx_sensu_redis_t *redis,
    ngx_str_t *arg, ngx_uint_t *seen)
{
    ngx_int_t                       rc;
    ngx_str_t                       value;
    ngx_uint_t                      i;
    const ngx_sensu_redis_param_t  *param;

    for (i = 0; ngx_sensu_redis_params[i].name.len; i++) {
        param = &ngx_sensu_redis_params[i];

        if (arg->len < param->name.len
            || ngx_strncmp(arg->data, param->name.data, param->name.len) != 0)
        {
            continue;
        }

        if (*seen & (1 << i)) {
            return ngx_sensu_redis_wrong(cf, (ngx_str_t *) &param->name,
                                         "is there twice: keep one");
        }

        *seen |= 1 << i;

        value.data = arg->data + param->name.len;
        value.len = arg->len - param->name.len;

        rc = NGX_OK;

        if (value.len == 0) {
            rc = NGX_DECLINED;

        } else if (param->set) {
            rc = param->set(cf, redis, &value);

        } else {
            *(ngx_str_t *) ((char *) redis + param->offset) = value;
        }

        if (rc == NGX_DECLINED) {
            return ngx_sensu_redis_wrong(cf, arg, param->should);
        }

        return rc;
    }

    /* without its text, which may be a password */

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "unknown parameter %ui of sensu_redis: after the URL "
                       "there are timeout=, prefix=, user=, password_file=, "
                       "tls=, ca=, cert=, key=, name= and verify=",
                       (ngx_uint_t) (arg - (ngx_str_t *) cf->args->elts));

    return NGX_ERROR;
}


static ngx_int_t
ngx_sensu_redis_conf_timeout(ngx_conf_t *cf, ngx_sensu_redis_t *redis,
    ngx_str_t *value)
{
    ngx_int_t  msec;

    msec = ngx_parse_time(value, 0);

    if (msec == NGX_ERROR
        || msec == 0
        || msec > NGX_SENSU_REDIS_TIMEOUT_MAX)
    {
        return NGX_DECLINED;
    }

    redis->timeout = (ngx_msec_t) msec;

    return NGX_OK;
}


static ngx_int_t
ngx_sensu_redis_conf_prefix(ngx_conf_t *cf, ngx_sensu_redis_t *redis,
    ngx_str_t *value)
{
    size_t  i;

    for (i = 0; i < value->len; i++) {
        if (value->data[i] <= ' ' || value->data[i] >= 0x7f) {
            break;
        }
    }

    if (i < value->len || i > NGX_SENSU_REDIS_PREFIX) {
        return NGX_DECLINED;
    }

    redis->prefix = *value;

    return NGX_OK;
}


static ngx_int_t
ngx_sensu_redis_conf_password_file(ngx_conf_t *cf, ngx_sensu_redis_t *redis,
    ngx_str_t *value)
{
    return ngx_sensu_secret(cf, "password_file= of sensu_redis", value,
                            &redis->password);
}


static ngx_int_t
ngx_sensu_redis_conf_tls(ngx_conf_t *cf, ngx_sensu_redis_t *redis,
    ngx_str_t *value)
{
    if (value->len != 2 || ngx_strncmp(value->data, "on", 2) != 0) {
        return NGX_DECLINED;
    }

    redis->tls_conf.on = 1;

    return NGX_OK;
}


static ngx_int_t
ngx_sensu_redis_conf_verify(ngx_conf_t *cf, ngx_sensu_redis_t *redis,
    ngx_str_t *value)
{
    if (value->len != 3 || ngx_strncmp(value->data, "off", 3) != 0) {
        return NGX_DECLINED;
    }

    ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                       "verify=off of sensu_redis: whoever is between this "
                       "nginx and Redis can read and change all of it");

    redis->tls_conf.verify = 0;

    return NGX_OK;
}


ngx_int_t
ngx_sensu_redis_conf_end(ngx_conf_t *cf, ngx_sensu_redis_t *redis)
{
    ngx_uint_t               i;
    ngx_sensu_redis_peer_t  *peer;

    if (ngx_sensu_redis_url_resolve(cf, redis) != NGX_OK) {
        return NGX_ERROR;
    }

    redis->npeers = 1;

    if (redis->topology == &ngx_sensu_redis_cluster) {
        redis->npeers = redis->nseeds;

        redis->slots = ngx_pcalloc(cf->pool, NGX_SENSU_REDIS_SLOTS);
        if (redis->slots == NULL) {
            return NGX_ERROR;
        }
    }

    redis->peers = ngx_pcalloc(cf->pool, NGX_SENSU_REDIS_PEERS
                                         * sizeof(ngx_sensu_redis_peer_t *));
    if (redis->peers == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < redis->npeers; i++) {
        peer = ngx_sensu_redis_peer_create(cf->pool, redis);
        if (peer == NULL) {
            return NGX_ERROR;
        }

        if (redis->topology != &ngx_sensu_redis_cluster) {
            peer->seeds = redis->seeds;
            peer->nseeds = redis->nseeds;
        }

        peer->addr = redis->seeds[i];
        redis->peers[i] = peer;
    }

    return NGX_OK;
}
