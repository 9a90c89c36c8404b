
/*
 * The URL of sensu_redis: one server, a unix socket, sentinels or a cluster.
 */


#include "ngx_sensu_redis_peer.h"


#define NGX_SENSU_REDIS_DB_MAX  65535


/* "resolver" names a server; Angie keeps them in a list */

#ifdef ANGIE_VERSION
#define ngx_sensu_redis_serves(resolver)  ((resolver)->connections != NULL)
#else
#define ngx_sensu_redis_serves(resolver)  ((resolver)->connections.nelts != 0)
#endif


typedef struct {
    ngx_str_t     scheme;
    void        (*greet)(ngx_sensu_redis_peer_t *peer);
    in_port_t     port;
    ngx_uint_t    tls;
} ngx_sensu_redis_scheme_t;


static ngx_int_t ngx_sensu_redis_url_servers(ngx_conf_t *cf,
    ngx_sensu_redis_t *redis, ngx_str_t *url,
    const ngx_sensu_redis_scheme_t *scheme);
static ngx_int_t ngx_sensu_redis_url_unix(ngx_conf_t *cf,
    ngx_sensu_redis_t *redis, ngx_str_t *url);
static ngx_int_t ngx_sensu_redis_url_db(ngx_conf_t *cf,
    ngx_sensu_redis_t *redis, u_char *p, u_char *last);
static ngx_int_t ngx_sensu_redis_url_seed(ngx_sensu_redis_t *redis,
    ngx_url_t *u);


static const ngx_sensu_redis_scheme_t  ngx_sensu_redis_schemes[] = {
    { ngx_string("redis://"), ngx_sensu_redis_greet, 6379, 0 },
    { ngx_string("rediss://"), ngx_sensu_redis_greet, 6379, 1 },
    { ngx_string("sentinel://"), ngx_sensu_redis_sentinel_greet, 26379, 0 },
    { ngx_string("cluster://"), ngx_sensu_redis_cluster_greet, 6379, 0 },
    { ngx_null_string, NULL, 0, 0 }
};


ngx_int_t
ngx_sensu_redis_conf_url(ngx_conf_t *cf, ngx_sensu_redis_t *redis,
    ngx_str_t *url)
{
    const ngx_sensu_redis_scheme_t  *scheme;

    if (ngx_strncmp(url->data, "unix:", 5) == 0) {
        return ngx_sensu_redis_url_unix(cf, redis, url);
    }

    /* not repeated in the log, as there may be a password in it */

    if (ngx_strlchr(url->data, url->data + url->len, '@') != NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the URL of sensu_redis must not have a user or "
                           "a password in it: use user= and password_file=");
        return NGX_ERROR;
    }

    for (scheme = ngx_sensu_redis_schemes; scheme->scheme.len; scheme++) {
        if (ngx_strncmp(url->data, scheme->scheme.data, scheme->scheme.len)
            == 0)
        {
            return ngx_sensu_redis_url_servers(cf, redis, url, scheme);
        }
    }

    return ngx_sensu_redis_wrong(cf, url, "must be redis://host:port/db, "
                                 "rediss:// with TLS, unix:/path?db=N, "
                                 "sentinel://host:port,.../master/db or "
                                 "cluster://host:port,...");
}


static ngx_int_t
ngx_sensu_redis_url_servers(ngx_conf_t *cf, ngx_sensu_redis_t *redis,
    ngx_str_t *url, const ngx_sensu_redis_scheme_t *scheme)
{
    u_char  *p, *last, *end;

    p = url->data + scheme->scheme.len;
    last = url->data + url->len;
    end = ngx_strlchr(p, last, '/');
    end = end ? end : last;

    redis->greet = scheme->greet;
    redis->tls.on = scheme->tls;
    redis->port = scheme->port;
    redis->hosts.data = p;
    redis->hosts.len = end - p;

    if (redis->greet == ngx_sensu_redis_greet
        && ngx_strlchr(p, end, ',') != NULL)
    {
        return ngx_sensu_redis_wrong(cf, url, "names several servers: use "
                                     "sentinel:// or cluster://");
    }

    p = ngx_min(end + 1, last);

    if (redis->greet == ngx_sensu_redis_sentinel_greet) {
        end = ngx_strlchr(p, last, '/');
        end = end ? end : last;

        redis->master.data = p;
        redis->master.len = end - p;

        if (redis->master.len == 0) {
            return ngx_sensu_redis_wrong(cf, url, "must name the master as "
                                         "the sentinels do, as in sentinel://"
                                         "10.0.0.1,10.0.0.2/mymaster");
        }

        p = ngx_min(end + 1, last);
    }

    if (ngx_sensu_redis_url_db(cf, redis, p, last) != NGX_OK) {
        return NGX_ERROR;
    }

    if (redis->greet == ngx_sensu_redis_cluster_greet && redis->db) {
        return ngx_sensu_redis_wrong(cf, url, "names a database: a cluster "
                                     "has only one, end after the servers");
    }

    return NGX_OK;
}


static ngx_int_t
ngx_sensu_redis_url_unix(ngx_conf_t *cf, ngx_sensu_redis_t *redis,
    ngx_str_t *url)
{
    u_char              *p, *last, *args, *end;
    struct sockaddr_un   un;

    p = url->data + sizeof("unix:") - 1;
    last = url->data + url->len;
    args = ngx_strlchr(p, last, '?');
    end = args ? args : last;

    redis->greet = ngx_sensu_redis_greet;
    redis->hosts.data = url->data;
    redis->hosts.len = end - url->data;

    if (p == end || *p != '/' || (size_t) (end - p) >= sizeof(un.sun_path)) {
        return ngx_sensu_redis_wrong(cf, url, "must be an absolute path of at "
                                     "most 107 bytes, as in "
                                     "unix:/run/redis/redis.sock?db=0");
    }

    if (args == NULL) {
        return NGX_OK;
    }

    if (last - args <= 4 || ngx_strncmp(args, "?db=", 4) != 0) {
        return ngx_sensu_redis_wrong(cf, url, "may have only ?db=N after the "
                                     "path");
    }

    return ngx_sensu_redis_url_db(cf, redis, args + 4, last);
}


static ngx_int_t
ngx_sensu_redis_url_db(ngx_conf_t *cf, ngx_sensu_redis_t *redis, u_char *p,
    u_char *last)
{
    ngx_int_t  n;
    ngx_str_t  db;

    db.data = p;
    db.len = last - p;

    n = db.len ? ngx_atoi(p, db.len) : 0;

    if (n == NGX_ERROR || n > NGX_SENSU_REDIS_DB_MAX) {
        return ngx_sensu_redis_wrong(cf, &db, "must be a number from 0 to "
                                     "65535, as in redis://127.0.0.1:6379/1");
    }

    redis->db = (ngx_uint_t) n;

    return NGX_OK;
}


/*
 * The servers that a comma-separated list names.  Where a resolver is set it
 * is asked for names at each connect; without one they become addresses here,
 * once, as no worker may wait for that.
 */

ngx_int_t
ngx_sensu_redis_url_seeds(ngx_conf_t *cf, ngx_sensu_redis_t *redis)
{
    u_char          *p, *last, *comma;
    ngx_url_t        u;
    ngx_uint_t       n;
    ngx_resolver_t  *resolver;

    resolver = *redis->resolver;

    p = redis->hosts.data;
    last = p + redis->hosts.len;

    for (n = 0; p; n++) {

        /* the path of a unix socket, which has no port, may have one */

        comma = redis->port ? ngx_strlchr(p, last, ',') : NULL;

        ngx_memzero(&u, sizeof(ngx_url_t));

        u.url.data = p;
        u.url.len = (comma ? comma : last) - p;
        u.default_port = redis->port;
        u.no_resolve = resolver && ngx_sensu_redis_serves(resolver);

        if (n == NGX_SENSU_REDIS_SEEDS
            || ngx_parse_url(cf->pool, &u) != NGX_OK
            || ngx_sensu_redis_url_seed(redis, &u) != NGX_OK)
        {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "%s in \"%V\" of sensu_redis: it must be host:port, "
                          "and an IPv6 address in brackets; check a name, or "
                          "let a \"resolver\" be asked for it at each connect, "
                          "in %V:%ui", n == NGX_SENSU_REDIS_SEEDS
                                       ? "more than 32 addresses"
                                       : u.err ? u.err : "invalid host",
                          &u.url, &redis->file, redis->line);
            return NGX_ERROR;
        }

        p = comma ? comma + 1 : NULL;
    }

    return NGX_OK;
}


/* too many addresses are no harm: one server of the name will do */

static ngx_int_t
ngx_sensu_redis_url_seed(ngx_sensu_redis_t *redis, ngx_url_t *u)
{
    ngx_uint_t               i;
    ngx_addr_t              *addr;
    ngx_sensu_redis_addr_t  *seed;

    if (u->naddrs == 0) {
        return ngx_sensu_redis_addr(&redis->seeds[redis->nseeds++],
                                    u->host.data, u->host.len, u->port);
    }

    /* an IPv6 address without its brackets */

    if (*u->host.data == '[') {
        u->host.data++;
        u->host.len -= 2;
    }

    for (i = 0; i < u->naddrs && redis->nseeds < NGX_SENSU_REDIS_SEEDS; i++) {
        addr = &u->addrs[i];
        seed = &redis->seeds[redis->nseeds++];

        seed->port = u->port;
        seed->at.socklen = addr->socklen;
        ngx_memcpy(&seed->at.sockaddr, addr->sockaddr, addr->socklen);

        (void) ngx_cpystrn(seed->text, addr->name.data, addr->name.len + 1);
        (void) ngx_cpystrn(seed->host, u->host.data,
                           ngx_min(u->host.len + 1, NGX_SENSU_REDIS_HOST));
    }

    return NGX_OK;
}


ngx_int_t
ngx_sensu_redis_wrong(ngx_conf_t *cf, ngx_str_t *what, const char *how)
{
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\" of sensu_redis %s", what,
                       how);

    return NGX_ERROR;
}
