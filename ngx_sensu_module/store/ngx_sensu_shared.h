
/*
 * What all workers share and a reload keeps: counters, the secret of the
 * tokens, and what was learnt about the backend's routes.
 */


#ifndef _NGX_SENSU_SHARED_H_INCLUDED_
#define _NGX_SENSU_SHARED_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "sensu_cursor.h"


#define NGX_SENSU_ROUTES     1024        /* a power of two */
#define NGX_SENSU_ROUTE_TTL  60          /* seconds that a lesson is kept */


/* adds the zone to the configuration */
ngx_shm_zone_t *ngx_sensu_shared_add(ngx_conf_t *cf, void *tag);
/* from now on this zone's */
void ngx_sensu_shared_use(ngx_shm_zone_t *zone);

/* SENSU_CURSOR_SECRET bytes, the same for all workers and over reloads */
const u_char *ngx_sensu_shared_secret(void);

/*
 * A route: a number made from location, resource and scope.  Known as sliced
 * means that native paging failed there within the last NGX_SENSU_ROUTE_TTL
 * seconds.
 */
ngx_uint_t ngx_sensu_route_is_sliced(uint32_t route);
void ngx_sensu_route_set_sliced(uint32_t route);


#endif /* _NGX_SENSU_SHARED_H_INCLUDED_ */
