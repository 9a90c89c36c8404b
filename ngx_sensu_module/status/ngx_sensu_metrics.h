
/*
 * The counters for others to see: as Prometheus text and as a page.
 */


#ifndef _NGX_SENSU_METRICS_H_INCLUDED_
#define _NGX_SENSU_METRICS_H_INCLUDED_


#include "ngx_sensu.h"


#define NGX_SENSU_PREFIX  "sensu_gateway_"


/* a server of an upstream: would nginx ask it? */
typedef void (*ngx_sensu_peer_pt)(void *data, ngx_str_t *upstream,
    ngx_str_t *server, ngx_uint_t up);


/* ngx_sensu_status_put.c */
void ngx_sensu_put(ngx_buf_t *b, const char *fmt, ...);

/* ngx_sensu_families.c: the names by sensu_scope_e and ngx_sensu_page_e */
extern const ngx_str_t  ngx_sensu_scopes[];
extern const ngx_str_t  ngx_sensu_pages[];

/* writes all counters */
void ngx_sensu_counters(ngx_buf_t *b);
/* writes the lines that begin a metric; type: "gauge", ... */
void ngx_sensu_metrics_head(ngx_buf_t *b, const char *name, const char *type,
    const char *help);

/* of a location that is a gateway: what the gauges will tell of */
ngx_int_t ngx_sensu_see_init(ngx_conf_t *cf, ngx_http_core_srv_conf_t *server,
    ngx_http_core_loc_conf_t *location);

/* writes all gauges */
void ngx_sensu_gauges(ngx_http_request_t *r, ngx_buf_t *b);

/* notes the upstreams of a gateway's location, whose servers are then told */
ngx_int_t ngx_sensu_peers_init(ngx_conf_t *cf,
    ngx_http_core_loc_conf_t *clcf);
void ngx_sensu_peers(ngx_sensu_main_conf_t *smcf, ngx_buf_t *b);
void ngx_sensu_peers_each(ngx_sensu_main_conf_t *smcf, ngx_sensu_peer_pt each,
    void *data);

/* notes the certificates of a server with a gateway, and tells of them */
ngx_int_t ngx_sensu_certificates_add(ngx_conf_t *cf,
    ngx_http_core_srv_conf_t *server);
void ngx_sensu_certificates(ngx_sensu_main_conf_t *smcf, ngx_buf_t *b);

/* connections to Redis of all workers */
ngx_uint_t ngx_sensu_connections(void);

/* GET and HEAD only: NGX_OK, or what the handler is to return */
ngx_int_t ngx_sensu_text_start(ngx_http_request_t *r);
/* sends what is in the buffer */
ngx_int_t ngx_sensu_text_send(ngx_http_request_t *r, ngx_buf_t *b,
    const char *type);

ngx_int_t ngx_sensu_metrics_handler(ngx_http_request_t *r);
ngx_int_t ngx_sensu_status_handler(ngx_http_request_t *r);
/* once, before any of its answers */
void ngx_sensu_status_prepare(void);


#endif /* _NGX_SENSU_METRICS_H_INCLUDED_ */
