
/*
 * An errand: a subrequest in the background that asks the backend something
 * for the gateway itself, with the account's credentials in the place of the
 * client's.
 */


#ifndef _NGX_SENSU_ERRAND_H_INCLUDED_
#define _NGX_SENSU_ERRAND_H_INCLUDED_


#include "ngx_sensu_fetch.h"


/* from where errands go: a request, and the location that it was in then */

typedef struct {
    ngx_http_request_t       *request;
    ngx_str_t                 host;      /* $host and $http_host of them */
    void                    **srv_conf;
    void                    **loc_conf;
    ngx_http_handler_pt       content_handler;
    ngx_int_t                 phase;
} ngx_sensu_errand_t;


void ngx_sensu_errand_init(ngx_sensu_errand_t *errand,
    ngx_http_request_t *r, ngx_str_t *host);

/*
 * Starts the fetch: GET, or POST if there is a body, of path?query with
 * these credentials.  NGX_ERROR: no memory.
 */
ngx_int_t ngx_sensu_errand_start(ngx_sensu_errand_t *errand,
    ngx_sensu_fetch_t *fetch, ngx_str_t *path, ngx_str_t *query,
    ngx_str_t *credentials, ngx_str_t *body);


#endif /* _NGX_SENSU_ERRAND_H_INCLUDED_ */
