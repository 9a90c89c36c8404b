
/*
 * A connection to a Redis server: bytes go out, answers come in.  It is
 * nginx's own, with TLS where that is wanted; of hiredis only the reader of
 * the protocol is used.  Knows no command.
 */


#ifndef _NGX_SENSU_REDIS_CONN_H_INCLUDED_
#define _NGX_SENSU_REDIS_CONN_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_event_connect.h>

#include <hiredis/hiredis.h>


#define NGX_SENSU_REDIS_HOST      256
#define NGX_SENSU_REDIS_ADDRS     8       /* of one name */

/* what is held of one answer */
#define NGX_SENSU_REDIS_DEPTH     7
#define NGX_SENSU_REDIS_ELEMENTS  131072  /* a cluster in 16384 pieces */
#define NGX_SENSU_REDIS_ANSWER    4194304
#define NGX_SENSU_REDIS_STRING    4097    /* longer ones are cut */
#define NGX_SENSU_REDIS_LINE      512


typedef struct {
    ngx_sockaddr_t                   sockaddr;
    socklen_t                        socklen;   /* 0: a name to be resolved */
} ngx_sensu_redis_at_t;


typedef struct {
    ngx_sensu_redis_at_t             at;
    ngx_uint_t                       port;      /* 0: a unix socket */
    u_char                           host[NGX_SENSU_REDIS_HOST];
                                                /* its certificate is for */
    u_char                           text[NGX_SENSU_REDIS_HOST + 16];
                                                /* for the logs */
} ngx_sensu_redis_addr_t;


typedef struct {
    redisReader                     *reader;
    void                            *reply;     /* complete, or NULL, also
                                                   when it is closed */
    const char                      *error;
    ngx_uint_t                       elements;
    size_t                           size;
    size_t                           keep;      /* of a string, still */
    size_t                           drop;      /* after that */
    size_t                           len;
    u_char                           line[NGX_SENSU_REDIS_LINE];
} ngx_sensu_redis_reader_t;


typedef struct {
    ngx_str_t                        name;      /* empty: the host's */
    ngx_str_t                        ca;        /* empty: the system's */
    ngx_str_t                        cert;
    ngx_str_t                        key;
    ngx_str_t                        tls;       /* "on", or empty */
    ngx_str_t                        verify;    /* "off", or empty */
    ngx_uint_t                       on;
#if (NGX_SSL)
    ngx_ssl_t                        ssl;
#endif
} ngx_sensu_redis_tls_t;


/* whom a connection belongs to, which he may close in each of these calls */

typedef struct ngx_sensu_redis_peer_s  ngx_sensu_redis_peer_t;


typedef struct {
    ngx_sensu_redis_peer_t          *peer;
    void                           (*reply)(ngx_sensu_redis_peer_t *peer,
                                         redisReply *reply);

    /* reason says why */
    void                           (*lost)(ngx_sensu_redis_peer_t *peer);

    /* the worker shuts down; force: at once */
    void                           (*rest)(ngx_sensu_redis_peer_t *peer,
                                         ngx_uint_t force);

    ngx_resolver_t                  *resolver;
    ngx_sensu_redis_tls_t           *tls;

    ngx_sensu_redis_addr_t          *addr;
    ngx_sensu_redis_at_t             addrs[NGX_SENSU_REDIS_ADDRS];
    ngx_uint_t                       naddrs;
    ngx_uint_t                       tried;     /* of them */

    ngx_connection_t                *connection;
    ngx_uint_t                       opened;
    ngx_resolver_ctx_t              *resolving;
    ngx_sensu_redis_reader_t         reader;
    ngx_chain_t                     *out;       /* to be written */
    ngx_chain_t                    **last;
    void                            *session;   /* of TLS, to be reused */

    ngx_log_t                        log;       /* writes to reason */
    char                             reason[200];
} ngx_sensu_redis_conn_t;


/*
 * What is written before it is open goes out when it is; a reader is there as
 * long as it is not lost, which it may be at once.
 */
void ngx_sensu_redis_conn_open(ngx_sensu_redis_conn_t *conn,
    ngx_sensu_redis_addr_t *addr);
void ngx_sensu_redis_conn_write(ngx_sensu_redis_conn_t *conn,
    ngx_chain_t *link);
void ngx_sensu_redis_conn_close(ngx_sensu_redis_conn_t *conn);

/* tells the owner; NULL: the reason is known.  Returns NGX_ERROR. */
ngx_int_t ngx_sensu_redis_conn_lost(ngx_sensu_redis_conn_t *conn,
    const char *reason);

/*
 * ngx_sensu_redis_addr.c: len 0: the host that it has.  NGX_DECLINED: neither
 * an address nor a name.
 */
ngx_int_t ngx_sensu_redis_addr(ngx_sensu_redis_addr_t *addr, u_char *host,
    size_t len, ngx_uint_t port);

/*
 * ngx_sensu_redis_reader.c: eats from p up to the end of an answer, which is
 * to be freed, or to an error, and returns where that is
 */
u_char *ngx_sensu_redis_reader_feed(ngx_sensu_redis_reader_t *r, u_char *p,
    u_char *last);

/* ngx_sensu_redis_tls.c; logs what is wrong */
ngx_int_t ngx_sensu_redis_tls_conf(ngx_conf_t *cf, ngx_sensu_redis_tls_t *tls);

#if (NGX_SSL)

/* handler is called when NGX_AGAIN has passed */
ngx_int_t ngx_sensu_redis_tls_start(ngx_sensu_redis_conn_t *conn,
    ngx_connection_handler_pt handler);

/* NULL: it is whom it should be; else why not */
const char *ngx_sensu_redis_tls_check(ngx_sensu_redis_conn_t *conn);
void ngx_sensu_redis_tls_end(ngx_sensu_redis_conn_t *conn);
void ngx_sensu_redis_tls_forget(ngx_sensu_redis_conn_t *conn);

#else

#define ngx_sensu_redis_tls_start(conn, handler)  NGX_ERROR
#define ngx_sensu_redis_tls_check(conn)           NULL
#define ngx_sensu_redis_tls_end(conn)
#define ngx_sensu_redis_tls_forget(conn)

#endif


#endif /* _NGX_SENSU_REDIS_CONN_H_INCLUDED_ */
