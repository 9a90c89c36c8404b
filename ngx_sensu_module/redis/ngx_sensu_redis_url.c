
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
    ngx_str_t     name;
    void        (*greet)(ngx_sensu_redis_peer_t *peer);
    in_port_t     port;        /* 0: a unix socket */
    ngx_uint_t    tls;
} ngx_sensu_redis_scheme_t;


static const char *ngx_sensu_redis_url_servers(ngx_sensu_redis_t *redis,
    u_char *p, u_char *last);
static const char *ngx_sensu_redis_url_unix(ngx_sensu_redis_t *redis,
    u_char *p, u_char *last);
static const char *ngx_sensu_redis_url_db(ngx_sensu_redis_t *redis, u_char *p,
    u_char *last);
static u_char *ngx_sensu_redis_url_part(ngx_str_t *part, u_char *p,
    u_char *last, u_char end);
static ngx_int_t ngx_sensu_redis_url_seed(ngx_sensu_redis_t *redis,
    ngx_url_t *u);


static const ngx_sensu_redis_scheme_t  ngx_sensu_redis_schemes[] = {
    { ngx_string("redis://"), ngx_sensu_redis_greet, 6379, 0 },
    { ngx_string("rediss://"), ngx_sensu_redis_greet, 6379, 1 },
    { ngx_string("unix:"), ngx_sensu_redis_greet, 0, 0 },
    { ngx_string("sentinel://"), ngx_sensu_redis_sentinel_greet, 26379, 0 },
    { ngx_string("cluster://"), ngx_sensu_redis_cluster_greet, 6379, 0 },
    { ngx_string(""), NULL, 1, 0 }
};


ngx_int_t
ngx_sensu_redis_conf_url(ngx_conf_t *cf, ngx_sensu_redis_t *redis,
    ngx_str_t *url)
{
    u_char                          *p, *last;
    const char                      *wrong;
    const ngx_sensu_redis_scheme_t  *scheme;

    scheme = ngx_sensu_redis_schemes;

    while (ngx_strncmp(url->data, scheme->name.data, scheme->name.len) != 0) {
        scheme++;
    }

    p = url->data + scheme->name.len;
    last = url->data + url->len;

    /* not repeated in the log, as there may be a password in it */

    if (scheme->port && ngx_strlchr(p, last, '@') != NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the URL of sensu_redis must not have a user or "
                           "a password in it: use user= and password_file=");
        return NGX_ERROR;
    }

    redis->greet = scheme->greet;
    redis->port = scheme->port;
    redis->tls.on = scheme->tls;

    wrong = redis->greet == NULL
            ? "must be redis://host:port/db, rediss:// with TLS, "
              "unix:/path?db=N, sentinel://host:port,.../master/db or "
              "cluster://host:port,..."
            : redis->port ? ngx_sensu_redis_url_servers(redis, p, last)
                          : ngx_sensu_redis_url_unix(redis, p, last);

    return wrong ? ngx_sensu_redis_wrong(cf, url, wrong) : NGX_OK;
}


/* these take the URL apart, and return what is wrong with it, or NULL */

static const char *
ngx_sensu_redis_url_servers(ngx_sensu_redis_t *redis, u_char *p, u_char *last)
{
    p = ngx_sensu_redis_url_part(&redis->hosts, p, last, '/');

    if (redis->greet == ngx_sensu_redis_greet
        && ngx_strlchr(redis->hosts.data, p, ',') != NULL)
    {
        return "names several servers: use sentinel:// or cluster://";
    }

    if (redis->greet == ngx_sensu_redis_sentinel_greet) {
        p = ngx_sensu_redis_url_part(&redis->master, p, last, '/');

        if (redis->master.len == 0) {
            return "must name the master as the sentinels do, as in "
                   "sentinel://10.0.0.1,10.0.0.2/mymaster";
        }
    }

    if (redis->greet == ngx_sensu_redis_cluster_greet && p < last
        && ngx_strcmp(p, "0") != 0)
    {
        return "names a database: a cluster has only one, end after the "
               "servers";
    }

    return ngx_sensu_redis_url_db(redis, p, last);
}


static const char *
ngx_sensu_redis_url_unix(ngx_sensu_redis_t *redis, u_char *p, u_char *last)
{
    struct sockaddr_un  un;

    p = ngx_sensu_redis_url_part(&redis->hosts, p, last, '?');

    if (*redis->hosts.data != '/' || redis->hosts.len >= sizeof(un.sun_path)) {
        return "must be an absolute path of at most 107 bytes, as in "
               "unix:/run/redis/redis.sock?db=0";
    }

    if (p[-1] == '?' && (last - p < 4 || ngx_strncmp(p, "db=", 3) != 0)) {
        return "may have only ?db=N after the path";
    }

    /* nginx wants to see the scheme */

    redis->hosts.data -= sizeof("unix:") - 1;
    redis->hosts.len += sizeof("unix:") - 1;

    return ngx_sensu_redis_url_db(redis, ngx_min(p + 3, last), last);
}


static const char *
ngx_sensu_redis_url_db(ngx_sensu_redis_t *redis, u_char *p, u_char *last)
{
    ngx_int_t  n;

    n = (p < last) ? ngx_atoi(p, last - p) : 0;
    redis->db = (ngx_uint_t) n;

    return (n == NGX_ERROR || n > NGX_SENSU_REDIS_DB_MAX)
           ? "must end with the number of a database from 0 to 65535, as in "
             "redis://127.0.0.1:6379/1"
           : NULL;
}


/* up to a character; returns what is behind that */

static u_char *
ngx_sensu_redis_url_part(ngx_str_t *part, u_char *p, u_char *last, u_char end)
{
    u_char  *found;

    found = ngx_strlchr(p, last, end);

    part->data = p;
    part->len = (found ? found : last) - p;

    return found ? found + 1 : last;
}


/*
 * The servers that a comma-separated list names.  Where a resolver is set it
 * is asked for names at each connect; without one they become addresses here,
 * once, as no worker may wait for that.
 */

ngx_int_t
ngx_sensu_redis_url_seeds(ngx_conf_t *cf, ngx_sensu_redis_t *redis)
{
    u_char          *p, *last;
    ngx_url_t        u;
    ngx_uint_t       n;
    ngx_resolver_t  *resolver;

    resolver = *redis->resolver;

    p = redis->hosts.data;
    last = p + redis->hosts.len;

    n = 0;

    do {
        ngx_memzero(&u, sizeof(ngx_url_t));

        /* a path may have commas */

        p = ngx_sensu_redis_url_part(&u.url, p, last, redis->port ? ',' : '\0');

        u.default_port = redis->port;
        u.no_resolve = resolver && ngx_sensu_redis_serves(resolver);

        if (n++ == NGX_SENSU_REDIS_SEEDS
            || ngx_parse_url(cf->pool, &u) != NGX_OK
            || ngx_sensu_redis_url_seed(redis, &u) != NGX_OK)
        {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "%s in \"%V\" of sensu_redis: it must be host:port, "
                          "and an IPv6 address in brackets; check a name, or "
                          "let a \"resolver\" be asked for it at each connect, "
                          "in %V:%ui", n > NGX_SENSU_REDIS_SEEDS
                                       ? "more than 32 addresses"
                                       : u.err ? u.err : "invalid host",
                          &u.url, &redis->file, redis->line);
            return NGX_ERROR;
        }

    } while (u.url.data[u.url.len] == ',');

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
