
/*
 * Addresses as Redis itself tells them: a numeric host and a port.
 */


#include "ngx_sensu_redis_peer.h"


ngx_int_t
ngx_sensu_redis_addr(ngx_sensu_redis_addr_t *addr, u_char *host, size_t len,
    ngx_uint_t port)
{
    u_char           *p;
    ngx_uint_t        v6;
#if (NGX_HAVE_INET6)
    struct in6_addr   inaddr6;
#endif

    if (len >= sizeof(addr->host) || port == 0 || port > 65535) {
        return NGX_DECLINED;
    }

    v6 = 0;

    if (ngx_inet_addr(host, len) == INADDR_NONE) {
#if (NGX_HAVE_INET6)
        if (ngx_inet6_addr(host, len, inaddr6.s6_addr) != NGX_OK) {
            return NGX_DECLINED;
        }

        v6 = 1;
#else
        return NGX_DECLINED;
#endif
    }

    addr->port = port;

    *ngx_cpymem((u_char *) addr->host, host, len) = '\0';

    p = ngx_sprintf((u_char *) addr->text, v6 ? "[%s]:%ui" : "%s:%ui",
                    addr->host, port);
    *p = '\0';

    return NGX_OK;
}
