
/*
 * The URL of sensu_redis: one server, a unix socket, sentinels or a cluster.
 */


#include "ngx_sensu_redis_peer.h"


#define NGX_SENSU_REDIS_PORT           6379
#define NGX_SENSU_REDIS_SENTINEL_PORT  26379
#define NGX_SENSU_REDIS_SEEDS          32
#define NGX_SENSU_REDIS_DB_MAX         65535


typedef struct {
    ngx_str_t    scheme;
    ngx_int_t  (*parse)(ngx_conf_t *cf, ngx_sensu_redis_t *redis,
                     ngx_str_t *url, u_char *rest);
} ngx_sensu_redis_scheme_t;


static ngx_int_t ngx_sensu_redis_url_one(ngx_conf_t *cf,
    ngx_sensu_redis_t *redis, ngx_str_t *url, u_char *rest);
static ngx_int_t ngx_sensu_redis_url_unix(ngx_conf_t *cf,
    ngx_sensu_redis_t *redis, ngx_str_t *url, u_char *rest);
static ngx_int_t ngx_sensu_redis_url_sentinel(ngx_conf_t *cf,
    ngx_sensu_redis_t *redis, ngx_str_t *url, u_char *rest);
static ngx_int_t ngx_sensu_redis_url_cluster(ngx_conf_t *cf,
    ngx_sensu_redis_t *redis, ngx_str_t *url, u_char *rest);
static ngx_int_t ngx_sensu_redis_url_tls(ngx_conf_t *cf,
    ngx_sensu_redis_t *redis, ngx_str_t *url, u_char *rest);
static ngx_int_t ngx_sensu_redis_url_db(ngx_conf_t *cf,
    ngx_sensu_redis_t *redis, u_char *p, u_char *last);
static ngx_int_t ngx_sensu_redis_url_seeds(ngx_conf_t *cf,
    ngx_sensu_redis_t *redis, u_char *p, u_char *last, in_port_t port);
static ngx_int_t ngx_sensu_redis_url_seed(ngx_conf_t *cf,
    ngx_sensu_redis_t *redis, ngx_str_t *host, in_port_t port);
static ngx_int_t ngx_sensu_redis_url_addresses(ngx_conf_t *cf,
    ngx_sensu_redis_t *redis, ngx_sensu_redis_addr_t *named);


static ngx_sensu_redis_scheme_t  ngx_sensu_redis_schemes[] = {
    { ngx_string("redis://"), ngx_sensu_redis_url_one },
    { ngx_string("unix:"), ngx_sensu_redis_url_unix },
    { ngx_string("sentinel://"), ngx_sensu_redis_url_sentinel },
    { ngx_string("cluster://"), ngx_sensu_redis_url_cluster },
    { ngx_string("rediss://"), ngx_sensu_redis_url_tls },
    { ngx_null_string, NULL }
};


ngx_int_t
ngx_sensu_redis_conf_url(ngx_conf_t *cf, ngx_sensu_redis_t *redis,
    ngx_str_t *url)
{
    ngx_uint_t                 i;
    ngx_sensu_redis_scheme_t  *scheme;

    /* not repeated in the log, as there may be a password in it */

    if (ngx_strlchr(url->data, url->data + url->len, '@') != NULL
        && ngx_strncmp(url->data, "unix:", 5) != 0)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the URL of sensu_redis must not have a user or "
                           "a password in it: use user= and password_file=");
        return NGX_ERROR;
    }

    redis->seeds = ngx_pcalloc(cf->pool, NGX_SENSU_REDIS_SEEDS
                                         * sizeof(ngx_sensu_redis_addr_t));
    if (redis->seeds == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; ngx_sensu_redis_schemes[i].scheme.len; i++) {
        scheme = &ngx_sensu_redis_schemes[i];

        if (url->len >= scheme->scheme.len
            && ngx_strncmp(url->data, scheme->scheme.data, scheme->scheme.len)
               == 0)
        {
            return scheme->parse(cf, redis, url,
                                 url->data + scheme->scheme.len);
        }
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"%V\" in sensu_redis must be redis://host:port/db, "
                       "rediss:// with TLS, unix:/path?db=N, "
                       "sentinel://host:port,.../master/db "
                       "or cluster://host:port,...", url);

    return NGX_ERROR;
}


static ngx_int_t
ngx_sensu_redis_url_one(ngx_conf_t *cf, ngx_sensu_redis_t *redis,
    ngx_str_t *url, u_char *rest)
{
    u_char  *last, *slash;

    last = url->data + url->len;
    slash = ngx_strlchr(rest, last, '/');

    redis->topology = &ngx_sensu_redis_one;

    if (ngx_strlchr(rest, slash ? slash : last, ',') != NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" in sensu_redis names several servers: use "
                           "sentinel:// or cluster://", url);
        return NGX_ERROR;
    }

    if (ngx_sensu_redis_url_seeds(cf, redis, rest, slash ? slash : last,
                                  NGX_SENSU_REDIS_PORT)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (slash == NULL || slash + 1 == last) {
        return NGX_OK;
    }

    return ngx_sensu_redis_url_db(cf, redis, slash + 1, last);
}


static ngx_int_t
ngx_sensu_redis_url_unix(ngx_conf_t *cf, ngx_sensu_redis_t *redis,
    ngx_str_t *url, u_char *rest)
{
    u_char                  *last, *args, *end;
    struct sockaddr_un      *un;
    ngx_sensu_redis_addr_t  *addr;

    last = url->data + url->len;
    args = ngx_strlchr(rest, last, '?');
    end = args ? args : last;

    addr = &redis->seeds[0];
    un = &addr->sockaddr.sockaddr_un;

    redis->topology = &ngx_sensu_redis_one;
    redis->nseeds = 1;

    if (rest == end
        || *rest != '/'
        || (size_t) (end - rest) >= sizeof(un->sun_path))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the socket in \"%V\" of sensu_redis must be an "
                           "absolute path of at most %uz bytes, as in "
                           "unix:/run/redis/redis.sock?db=0",
                           url, sizeof(un->sun_path) - 1);
        return NGX_ERROR;
    }

    un->sun_family = AF_UNIX;
    *ngx_cpymem((u_char *) un->sun_path, rest, end - rest) = '\0';

    addr->socklen = sizeof(struct sockaddr_un);
    *ngx_sprintf(addr->text, "unix:%s", un->sun_path) = '\0';

    if (args == NULL) {
        return NGX_OK;
    }

    if (last - args < 4 || ngx_strncmp(args, "?db=", 4) != 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "after the path in \"%V\" of sensu_redis only "
                           "?db=N may stand", url);
        return NGX_ERROR;
    }

    return ngx_sensu_redis_url_db(cf, redis, args + 4, last);
}


static ngx_int_t
ngx_sensu_redis_url_sentinel(ngx_conf_t *cf, ngx_sensu_redis_t *redis,
    ngx_str_t *url, u_char *rest)
{
    u_char  *last, *slash, *p;

    last = url->data + url->len;
    slash = ngx_strlchr(rest, last, '/');

    redis->topology = &ngx_sensu_redis_sentinel;

    p = slash ? slash + 1 : last;

    redis->master.data = p;

    while (p < last && *p > ' ' && *p != '/' && *p < 0x7f) {
        p++;
    }

    redis->master.len = p - redis->master.data;

    if (redis->master.len == 0 || (p < last && *p != '/')) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" in sensu_redis must name the master as "
                           "the sentinels do, as in "
                           "sentinel://10.0.0.1:26379,10.0.0.2:26379/mymaster",
                           url);
        return NGX_ERROR;
    }

    if (ngx_sensu_redis_url_seeds(cf, redis, rest, slash,
                                  NGX_SENSU_REDIS_SENTINEL_PORT)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (p == last || p + 1 == last) {
        return NGX_OK;
    }

    return ngx_sensu_redis_url_db(cf, redis, p + 1, last);
}


static ngx_int_t
ngx_sensu_redis_url_cluster(ngx_conf_t *cf, ngx_sensu_redis_t *redis,
    ngx_str_t *url, u_char *rest)
{
    u_char  *last, *slash;

    last = url->data + url->len;
    slash = ngx_strlchr(rest, last, '/');

    redis->topology = &ngx_sensu_redis_cluster;

    if (slash
        && slash + 1 != last
        && !(slash + 2 == last && slash[1] == '0'))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" in sensu_redis names a database: a "
                           "cluster has only one, end after the servers",
                           url);
        return NGX_ERROR;
    }

    return ngx_sensu_redis_url_seeds(cf, redis, rest, slash ? slash : last,
                                     NGX_SENSU_REDIS_PORT);
}


static ngx_int_t
ngx_sensu_redis_url_tls(ngx_conf_t *cf, ngx_sensu_redis_t *redis,
    ngx_str_t *url, u_char *rest)
{
    redis->tls_conf.on = 1;

    return ngx_sensu_redis_url_one(cf, redis, url, rest);
}


static ngx_int_t
ngx_sensu_redis_url_db(ngx_conf_t *cf, ngx_sensu_redis_t *redis, u_char *p,
    u_char *last)
{
    ngx_int_t  n;

    n = ngx_atoi(p, last - p);

    if (n == NGX_ERROR || n > NGX_SENSU_REDIS_DB_MAX) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the database \"%*s\" in sensu_redis must be a "
                           "number from 0 to %d, as in "
                           "redis://127.0.0.1:6379/1",
                           last - p, p, NGX_SENSU_REDIS_DB_MAX);
        return NGX_ERROR;
    }

    redis->db = (ngx_uint_t) n;

    return NGX_OK;
}


/* a comma-separated list */

static ngx_int_t
ngx_sensu_redis_url_seeds(ngx_conf_t *cf, ngx_sensu_redis_t *redis, u_char *p,
    u_char *last, in_port_t port)
{
    u_char     *comma;
    ngx_str_t   host;

    for ( ;; ) {

        comma = ngx_strlchr(p, last, ',');

        host.data = p;
        host.len = (comma ? comma : last) - p;

        if (ngx_sensu_redis_url_seed(cf, redis, &host, port) != NGX_OK) {
            return NGX_ERROR;
        }

        if (comma == NULL) {
            return NGX_OK;
        }

        p = comma + 1;
    }
}


static ngx_int_t
ngx_sensu_redis_url_seed(ngx_conf_t *cf, ngx_sensu_redis_t *redis,
    ngx_str_t *host, in_port_t port)
{
    ngx_url_t                u;
    ngx_sensu_redis_addr_t  *seed;

    ngx_memzero(&u, sizeof(ngx_url_t));

    u.url = *host;
    u.default_port = port;
    u.no_resolve = 1;

    if (redis->nseeds == NGX_SENSU_REDIS_SEEDS) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "more than %d addresses in sensu_redis: name some "
                           "of the servers, they tell the others",
                           NGX_SENSU_REDIS_SEEDS);
        return NGX_ERROR;
    }

    seed = &redis->seeds[redis->nseeds++];

    if (ngx_strlchr(host->data, host->data + host->len, '/') == NULL
        && ngx_parse_url(cf->pool, &u) == NGX_OK)
    {
        if (u.family == AF_INET6) {
            /* without its brackets */
            u.host.data++;
            u.host.len -= 2;
        }

        if (ngx_sensu_redis_addr(seed, u.host.data, u.host.len, u.port)
            == NGX_OK)
        {
            return NGX_OK;
        }
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "%s in \"%V\" of sensu_redis: it must be host:port, "
                       "and an IPv6 address in brackets",
                       u.err ? u.err : "invalid host", host);

    return NGX_ERROR;
}


/*
 * Without a resolver names become addresses here, once, as no worker may wait
 * for that.
 */

ngx_int_t
ngx_sensu_redis_url_resolve(ngx_conf_t *cf, ngx_sensu_redis_t *redis)
{
    ngx_uint_t               i, n;
    ngx_resolver_t          *resolver;
    ngx_sensu_redis_addr_t  *named;

    resolver = *redis->resolver;

    if (resolver && resolver->connections.nelts) {
        return NGX_OK;
    }

    named = redis->seeds;
    n = redis->nseeds;

    redis->nseeds = 0;
    redis->seeds = ngx_pcalloc(cf->pool, NGX_SENSU_REDIS_SEEDS
                                         * sizeof(ngx_sensu_redis_addr_t));
    if (redis->seeds == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < n; i++) {
        if (ngx_sensu_redis_url_addresses(cf, redis, &named[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* too many of them are no harm: one server of the name will do */

static ngx_int_t
ngx_sensu_redis_url_addresses(ngx_conf_t *cf, ngx_sensu_redis_t *redis,
    ngx_sensu_redis_addr_t *named)
{
    size_t                   len;
    u_char                   text[NGX_SOCKADDR_STRLEN];
    ngx_url_t                u;
    ngx_uint_t               i;
    ngx_sensu_redis_addr_t  *seed;

    if (redis->nseeds == NGX_SENSU_REDIS_SEEDS) {
        return NGX_OK;
    }

    if (named->socklen) {
        redis->seeds[redis->nseeds++] = *named;
        return NGX_OK;
    }

    ngx_memzero(&u, sizeof(ngx_url_t));

    u.host.data = named->host;
    u.host.len = ngx_strlen(named->host);
    u.port = (in_port_t) named->port;

    if (ngx_inet_resolve_host(cf->pool, &u) != NGX_OK) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "%s in \"%s\" of sensu_redis in %V:%ui: check the name, "
                      "or let a \"resolver\" be asked for it at each connect",
                      u.err, named->host, &redis->file, redis->line);
        return NGX_ERROR;
    }

    for (i = 0; i < u.naddrs && redis->nseeds < NGX_SENSU_REDIS_SEEDS; i++) {
        seed = &redis->seeds[redis->nseeds++];

        len = ngx_sock_ntop(u.addrs[i].sockaddr, u.addrs[i].socklen, text,
                            NGX_SOCKADDR_STRLEN, 0);

        (void) ngx_sensu_redis_addr(seed, text, len, named->port);

        /* the name that its certificate should be for */
        seed->name = named->host;
    }

    return NGX_OK;
}
