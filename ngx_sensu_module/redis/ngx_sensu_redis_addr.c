
/*
 * Addresses, as the operator and Redis itself tell them: a host and a port.
 */


#include "ngx_sensu_redis_conn.h"


static ngx_int_t ngx_sensu_redis_addr_numeric(ngx_sensu_redis_addr_t *addr,
    u_char *host, size_t len);


ngx_int_t
ngx_sensu_redis_addr(ngx_sensu_redis_addr_t *addr, u_char *host, size_t len,
    ngx_uint_t port)
{
    size_t      i;
    u_char     *p, ch;
    ngx_uint_t  v6;

    if (len - 1 >= NGX_SENSU_REDIS_HOST - 1 || port - 1 >= 65535) {
        return NGX_DECLINED;
    }

    ngx_memzero(addr, sizeof(ngx_sensu_redis_addr_t));

    if (ngx_sensu_redis_addr_numeric(addr, host, len) == NGX_OK) {
        addr->socklen = ngx_sensu_redis_socklen(&addr->sockaddr);
        ngx_inet_set_port(&addr->sockaddr.sockaddr, (in_port_t) port);
    }

    for (i = 0; i < len && addr->socklen == 0; i++) {
        ch = host[i] | 0x20;

        if ((ch < 'a' || ch > 'z')
            && (host[i] < '0' || host[i] > '9')
            && host[i] != '-' && host[i] != '.' && host[i] != '_')
        {
            return NGX_DECLINED;
        }
    }

    addr->port = port;

    *ngx_cpymem(addr->host, host, len) = '\0';

    v6 = (ngx_strlchr(host, host + len, ':') != NULL);

    p = ngx_sprintf(addr->text, v6 ? "[%s]:%ui" : "%s:%ui", addr->host, port);
    *p = '\0';

    return NGX_OK;
}


static ngx_int_t
ngx_sensu_redis_addr_numeric(ngx_sensu_redis_addr_t *addr, u_char *host,
    size_t len)
{
    in_addr_t  in;

    in = ngx_inet_addr(host, len);

    if (in != INADDR_NONE) {
        addr->sockaddr.sockaddr_in.sin_family = AF_INET;
        addr->sockaddr.sockaddr_in.sin_addr.s_addr = in;
        return NGX_OK;
    }

#if (NGX_HAVE_INET6)
    if (ngx_inet6_addr(host, len,
                       addr->sockaddr.sockaddr_in6.sin6_addr.s6_addr)
        == NGX_OK)
    {
        addr->sockaddr.sockaddr_in6.sin6_family = AF_INET6;
        return NGX_OK;
    }
#endif

    return NGX_DECLINED;
}


socklen_t
ngx_sensu_redis_socklen(ngx_sockaddr_t *sockaddr)
{
    switch (sockaddr->sockaddr.sa_family) {

#if (NGX_HAVE_INET6)
    case AF_INET6:
        return sizeof(struct sockaddr_in6);
#endif

    case AF_UNIX:
        return sizeof(struct sockaddr_un);

    default: /* AF_INET */
        return sizeof(struct sockaddr_in);
    }
}
