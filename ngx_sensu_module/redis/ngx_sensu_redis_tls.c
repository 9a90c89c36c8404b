
/*
 * TLS towards Redis, by nginx's own means.
 */


#include "ngx_sensu_redis_conn.h"
#include "ngx_sensu_secret.h"


#if (NGX_SSL)

#include <openssl/x509v3.h>


#define NGX_SENSU_REDIS_CHAIN  10    /* certificates, at most */


static ngx_int_t ngx_sensu_redis_tls_ca(ngx_conf_t *cf,
    ngx_sensu_redis_tls_t *tls);
static void ngx_sensu_redis_tls_session(ngx_connection_t *c);


ngx_int_t
ngx_sensu_redis_tls_conf(ngx_conf_t *cf, ngx_sensu_redis_tls_t *tls)
{
    ngx_pool_cleanup_t  *cln;

    tls->on |= (tls->tls.len != 0);

    if (!tls->on) {

        if (tls->ca.len || tls->cert.len || tls->key.len || tls->name.len
            || tls->verify.len)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "ca=, cert=, key=, name= and verify= of "
                               "sensu_redis are for TLS: use rediss:// or "
                               "tls=on");
            return NGX_ERROR;
        }

        return NGX_OK;
    }

    if ((tls->cert.len == 0) != (tls->key.len == 0)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "sensu_redis needs both cert= and key=, or none");
        return NGX_ERROR;
    }

    /* nginx would tell a key that stands in place of its file's name */

    if (ngx_sensu_secret(cf, "ca= of sensu_redis", &tls->ca, NULL) != NGX_OK
        || ngx_sensu_secret(cf, "cert= of sensu_redis", &tls->cert, NULL)
           != NGX_OK
        || ngx_sensu_secret(cf, "key= of sensu_redis", &tls->key, NULL)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    tls->ssl.log = cf->log;

    cln = ngx_pool_cleanup_add(cf->pool, 0);

    if (cln == NULL
        || ngx_ssl_create(&tls->ssl, NGX_SSL_TLSv1_2|NGX_SSL_TLSv1_3, NULL)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    cln->handler = ngx_ssl_cleanup_ctx;
    cln->data = &tls->ssl;

    if ((tls->cert.len
         && ngx_ssl_certificate(cf, &tls->ssl, &tls->cert, &tls->key, NULL)
            != NGX_OK)
        || ngx_sensu_redis_tls_ca(cf, tls) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_ssl_client_session_cache(cf, &tls->ssl, 1);
}


/* who it is is looked at when hands are shaken, as nginx's proxy does */

static ngx_int_t
ngx_sensu_redis_tls_ca(ngx_conf_t *cf, ngx_sensu_redis_tls_t *tls)
{
    if (tls->verify.len) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "verify=off of sensu_redis: whoever is between "
                           "this nginx and Redis can read and change all of "
                           "it");
    }

    if (tls->ca.len == 0) {
        (void) SSL_CTX_set_default_verify_paths(tls->ssl.ctx);
        return NGX_OK;
    }

    /* what nginx says has no line */

    if (ngx_ssl_trusted_certificate(cf, &tls->ssl, &tls->ca,
                                    NGX_SENSU_REDIS_CHAIN)
        != NGX_OK)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "ca= of sensu_redis: \"%V\" is no file of "
                           "certificates in PEM that can be read", &tls->ca);
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
ngx_sensu_redis_tls_start(ngx_sensu_redis_conn_t *conn,
    ngx_connection_handler_pt handler)
{
    char                   *name;
    ngx_int_t               rc;
    ngx_ssl_conn_t         *ssl;
    ngx_connection_t       *c;
    X509_VERIFY_PARAM      *param;
    ngx_sensu_redis_tls_t  *tls;

    c = conn->connection;
    tls = conn->tls;

    c->pool = ngx_create_pool(1024, c->log);

    if (c->pool == NULL
        || ngx_ssl_create_connection(&tls->ssl, c,
                                     NGX_SSL_BUFFER|NGX_SSL_CLIENT)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    ssl = c->ssl->connection;
    param = SSL_get0_param(ssl);

    name = (char *) (tls->name.len ? tls->name.data : conn->addr->host);

    /* a name is told to the server, too, but no address */

    if (X509_VERIFY_PARAM_set1_ip_asc(param, name) != 1
        && (X509_VERIFY_PARAM_set1_host(param, name, 0) != 1
            || SSL_set_tlsext_host_name(ssl, name) != 1))
    {
        return NGX_ERROR;
    }

    if (conn->session) {
        (void) ngx_ssl_set_session(c, conn->session);
    }

    c->ssl->save_session = ngx_sensu_redis_tls_session;

    rc = ngx_ssl_handshake(c);

    if (rc == NGX_AGAIN) {
        c->ssl->handler = handler;
    }

    return rc;
}


static void
ngx_sensu_redis_tls_session(ngx_connection_t *c)
{
    ngx_sensu_redis_conn_t  *conn;

    conn = c->data;

    ngx_sensu_redis_tls_forget(conn);

    conn->session = ngx_ssl_get_session(c);
}


void
ngx_sensu_redis_tls_forget(ngx_sensu_redis_conn_t *conn)
{
    if (conn->session) {
        ngx_ssl_free_session((ngx_ssl_session_t *) conn->session);
        conn->session = NULL;
    }
}


const char *
ngx_sensu_redis_tls_check(ngx_sensu_redis_conn_t *conn)
{
    long               rc;
    ngx_connection_t  *c;

    c = conn->connection;

    if (c->ssl == NULL) {
        return "no memory";
    }

    rc = conn->tls->verify.len ? X509_V_OK
                               : SSL_get_verify_result(c->ssl->connection);

    if (rc == X509_V_OK) {
        /* if it failed nginx has said why */
        return c->ssl->handshaked ? NULL : conn->reason;
    }

    ngx_sensu_redis_tls_forget(conn);

    switch (rc) {

    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return "its certificate is for another name";

    case X509_V_ERR_CERT_HAS_EXPIRED:
        return "its certificate has expired";
    }

    *ngx_snprintf((u_char *) conn->reason, sizeof(conn->reason) - 1,
                  "its certificate is not trusted: %s",
                  X509_verify_cert_error_string(rc)) = '\0';

    return conn->reason;
}


/* a "close notify" only where nothing else waits to be written */

void
ngx_sensu_redis_tls_end(ngx_sensu_redis_conn_t *conn)
{
    ngx_connection_t  *c;

    c = conn->connection;

    if (c->ssl) {
        c->ssl->no_wait_shutdown = 1;
        c->ssl->no_send_shutdown = (conn->out != NULL || c->buffered);

        (void) ngx_ssl_shutdown(c);
    }
}

#else

ngx_int_t
ngx_sensu_redis_tls_conf(ngx_conf_t *cf, ngx_sensu_redis_tls_t *tls)
{
    if (!tls->on && tls->tls.len == 0) {
        return NGX_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "sensu_redis with TLS needs an nginx that has it");

    return NGX_ERROR;
}

#endif
