
/*
 * Setters of directives, each of which says what would be right.
 */


#ifndef _NGX_SENSU_CONF_H_INCLUDED_
#define _NGX_SENSU_CONF_H_INCLUDED_


#include "ngx_sensu.h"


/* the smallest and the largest value of a number, size or time (post) */

typedef struct {
    ngx_int_t                 min;
    ngx_int_t                 max;
    const char               *right;     /* what a value looks like */
} ngx_sensu_range_t;


char *ngx_sensu_conf_gateway(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_sensu_conf_key(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_sensu_conf_key_set(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_sensu_conf_public(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_sensu_conf_api(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_sensu_conf_api_key(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_sensu_conf_cursor_zone(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_sensu_conf_redis(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* numbers, sizes and times within a range */
char *ngx_sensu_conf_num(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_sensu_conf_size(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_sensu_conf_sec(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* what the directives default to, once all levels are read */
ngx_int_t ngx_sensu_conf_defaults(ngx_conf_t *cf, ngx_sensu_loc_conf_t *conf);


#endif /* _NGX_SENSU_CONF_H_INCLUDED_ */
