
/*
 * Addresses, as the operator and Redis itself tell them: a host and a port.
 */


#include "ngx_sensu_redis_conn.h"


/* what a name is made of */
#define NGX_SENSU_REDIS_NAME                                                  \
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._"


static void ngx_sensu_redis_addr_numeric(ngx_sensu_redis_addr_t *addr);


ngx_int_t
ngx_sensu_redis_addr(ngx_sensu_redis_addr_t *addr, u_char *host, size_t len,
    ngx_uint_t port)
{
    size_t            n;
    struct sockaddr  *sockaddr;

    if (len >= NGX_SENSU_REDIS_HOST || port - 1 >= 65535) {
        return NGX_DECLINED;
    }

    if (len) {
        ngx_memzero(addr, sizeof(ngx_sensu_redis_addr_t));
        ngx_memcpy(addr->host, host, len);

        ngx_sensu_redis_addr_numeric(addr);
    }

    addr->port = port;

    if (addr->at.socklen == 0) {
        ngx_sprintf(addr->text, "%s:%ui%Z", addr->host, port);

        return strspn((char *) addr->host, NGX_SENSU_REDIS_NAME) < len
               ? NGX_DECLINED : NGX_OK;
    }

    sockaddr = &addr->at.sockaddr.sockaddr;

    ngx_inet_set_port(sockaddr, (in_port_t) port);

    n = ngx_sock_ntop(sockaddr, addr->at.socklen, addr->text,
                      sizeof(addr->text) - 1, 1);
    addr->text[n] = '\0';

    return NGX_OK;
}


static void
ngx_sensu_redis_addr_numeric(ngx_sensu_redis_addr_t *addr)
{
    const char           *host;
    struct sockaddr_in   *sin;
    struct sockaddr_in6  *sin6;

    host = (const char *) addr->host;
    sin = &addr->at.sockaddr.sockaddr_in;
    sin6 = &addr->at.sockaddr.sockaddr_in6;

    if (inet_pton(AF_INET, host, &sin->sin_addr) == 1) {
        sin->sin_family = AF_INET;
        addr->at.socklen = sizeof(struct sockaddr_in);

    } else if (inet_pton(AF_INET6, host, &sin6->sin6_addr) == 1) {
        sin6->sin6_family = AF_INET6;
        addr->at.socklen = sizeof(struct sockaddr_in6);
    }
}
