
/*
 * Until when the certificates are good that servers with a gateway show.
 * They are read with the configuration, so that is when it is found out; one
 * with variables in its name is read later, and is not known here.
 */


#include "ngx_sensu_metrics.h"


#if (NGX_HTTP_SSL)

static time_t ngx_sensu_certificates_until(SSL_CTX *ssl);
static time_t ngx_sensu_certificate_until(X509 *x509);


ngx_int_t
ngx_sensu_certificates_add(ngx_conf_t *cf, ngx_http_core_srv_conf_t *server)
{
    time_t                    until;
    ngx_str_t                *name;
    ngx_uint_t                i;
    ngx_sensu_main_conf_t    *smcf;
    ngx_http_ssl_srv_conf_t  *sslcf;
    ngx_sensu_certificate_t  *certificate;

    smcf = ngx_http_conf_get_module_main_conf(cf, ngx_sensu_module);
    sslcf = server->ctx->srv_conf[ngx_http_ssl_module.ctx_index];

    until = sslcf->ssl.ctx ? ngx_sensu_certificates_until(sslcf->ssl.ctx) : 0;

    if (until == 0) {
        return NGX_OK;
    }

    name = &server->server_name;
    certificate = smcf->certificates.elts;

    for (i = 0; i < smcf->certificates.nelts; i++) {
        if (ngx_sensu_str_eq(&certificate[i].server, name)) {
            certificate[i].until = ngx_min(certificate[i].until, until);
            return NGX_OK;
        }
    }

    certificate = ngx_array_push(&smcf->certificates);
    if (certificate == NULL) {
        return NGX_ERROR;
    }

    certificate->server = *name;
    certificate->until = until;

    return NGX_OK;
}


/* of several, for RSA and ECDSA, the one that ends first; 0: there is none */

static time_t
ngx_sensu_certificates_until(SSL_CTX *ssl)
{
    long    which;
    time_t  first, until;

    first = 0;

    for (which = SSL_CERT_SET_FIRST;
         SSL_CTX_set_current_cert(ssl, which) == 1;
         which = SSL_CERT_SET_NEXT)
    {
        until = ngx_sensu_certificate_until(SSL_CTX_get0_certificate(ssl));

        if (until != 0 && (first == 0 || until < first)) {
            first = until;
        }
    }

    (void) SSL_CTX_set_current_cert(ssl, SSL_CERT_SET_FIRST);

    return first;
}


static time_t
ngx_sensu_certificate_until(X509 *x509)
{
    int  days, seconds;

    if (x509 == NULL
        || ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(x509))
           == 0)
    {
        return 0;
    }

    return ngx_time() + (time_t) days * 86400 + seconds;
}


void
ngx_sensu_certificates(ngx_sensu_main_conf_t *smcf, ngx_buf_t *b)
{
    ngx_uint_t                i;
    ngx_sensu_certificate_t  *certificate;

    if (smcf->certificates.nelts == 0) {
        return;
    }

    ngx_sensu_metrics_head(b, "certificate_not_after_seconds", "gauge",
                           "Until when the certificate of a server is good, "
                           "in seconds of Unix time.");

    certificate = smcf->certificates.elts;

    for (i = 0; i < smcf->certificates.nelts; i++) {
        ngx_sensu_put(b, NGX_SENSU_PREFIX
                      "certificate_not_after_seconds{server=\"%V\"} %T\n",
                      &certificate[i].server, certificate[i].until);
    }
}

#endif
