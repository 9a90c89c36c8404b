
/*
 * The counters for others to see: as Prometheus text and as a page.
 */


#ifndef _NGX_SENSU_METRICS_H_INCLUDED_
#define _NGX_SENSU_METRICS_H_INCLUDED_


#include "ngx_sensu.h"


#define NGX_SENSU_PREFIX  "sensu_gateway_"


/* values of a label, from the index "from" on; NULL: reasons of refusals */

typedef struct {
    const char               *name;
    const ngx_str_t          *values;
    ngx_uint_t                from;
    ngx_uint_t                n;
} ngx_sensu_label_t;


/* counters that differ in up to two labels, the first the slower one */

typedef struct {
    const char               *name;      /* without the prefix */
    const char               *help;
    ngx_uint_t                first;     /* of ngx_sensu_stat_e */
    const ngx_sensu_label_t  *labels[2];
} ngx_sensu_family_t;


/* in the order of ngx_sensu_families[] */

typedef enum {
    NGX_SENSU_FAMILY_REQUESTS = 0,
    NGX_SENSU_FAMILY_REFUSALS,
    NGX_SENSU_FAMILY_RESPONSES,
    NGX_SENSU_FAMILY_GUARD,
    NGX_SENSU_FAMILY_PAGES,
    NGX_SENSU_FAMILY_LISTS,
    NGX_SENSU_FAMILY_FETCHES,
    NGX_SENSU_FAMILY_CUTS,
    NGX_SENSU_FAMILY_SCANNED,
    NGX_SENSU_FAMILY_DELIVERED,
    NGX_SENSU_FAMILY_WITHHELD,
    NGX_SENSU_FAMILY_BYTES_READ,
    NGX_SENSU_FAMILY_BYTES_DELIVERED,
    NGX_SENSU_FAMILY_BYTES_SKIPPED,
    NGX_SENSU_FAMILY_FALLBACKS,
    NGX_SENSU_FAMILY_CURSORS,
    NGX_SENSU_FAMILY_LOGOUTS,
    NGX_SENSU_FAMILY_EVICTIONS,
    NGX_SENSU_FAMILY_CONNECTS,
    NGX_SENSU_FAMILY_REDIS_ERRORS,
    NGX_SENSU_FAMILY_COMMANDS,
    NGX_SENSU_FAMILY_RATE,
    NGX_SENSU_FAMILY_RBAC_REFRESHES,
    NGX_SENSU_FAMILY_RBAC_DECISIONS,
    NGX_SENSU_FAMILIES
} ngx_sensu_family_e;


/* a server of an upstream: would nginx ask it? */
typedef void (*ngx_sensu_peer_pt)(void *data, ngx_str_t *upstream,
    ngx_str_t *server, ngx_uint_t up);


/* ngx_sensu_families.c */

extern const ngx_sensu_family_t  ngx_sensu_families[NGX_SENSU_FAMILIES];
extern const ngx_sensu_label_t   ngx_sensu_label_route;
extern const ngx_sensu_label_t   ngx_sensu_label_operation;


/* the text of a value */
const ngx_str_t *ngx_sensu_label_value(const ngx_sensu_label_t *label,
    ngx_uint_t i);

/* the counter of a family with these values (0 where it has no such label) */
ngx_uint_t ngx_sensu_family_count(const ngx_sensu_family_t *family,
    ngx_uint_t i, ngx_uint_t j);

/* writes the lines that begin a metric; type: "gauge", ... */
u_char *ngx_sensu_metrics_head(u_char *p, u_char *last, const char *name,
    const char *type, const char *help);

/* of a location that is a gateway: what the gauges will tell of */
ngx_int_t ngx_sensu_see_init(ngx_conf_t *cf, ngx_http_core_srv_conf_t *server,
    ngx_http_core_loc_conf_t *location);

/* writes all gauges */
u_char *ngx_sensu_gauges(ngx_http_request_t *r, u_char *p, u_char *last);

/* notes the upstreams of a gateway's location, whose servers are then told */
ngx_int_t ngx_sensu_peers_init(ngx_conf_t *cf,
    ngx_http_core_loc_conf_t *clcf);
u_char *ngx_sensu_peers(ngx_sensu_main_conf_t *smcf, u_char *p, u_char *last);
void ngx_sensu_peers_each(ngx_sensu_main_conf_t *smcf, ngx_sensu_peer_pt each,
    void *data);

/* notes the certificates of a server with a gateway, and tells of them */
ngx_int_t ngx_sensu_certificates_add(ngx_conf_t *cf,
    ngx_http_core_srv_conf_t *server);
u_char *ngx_sensu_certificates(ngx_sensu_main_conf_t *smcf, u_char *p,
    u_char *last);

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
