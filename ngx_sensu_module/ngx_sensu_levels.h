
/*
 * The configuration of each level, see ngx_http_module_t.
 */


#ifndef _NGX_SENSU_LEVELS_H_INCLUDED_
#define _NGX_SENSU_LEVELS_H_INCLUDED_


#include "ngx_sensu.h"


void *ngx_sensu_create_main_conf(ngx_conf_t *cf);
char *ngx_sensu_init_main_conf(ngx_conf_t *cf, void *conf);
void *ngx_sensu_create_srv_conf(ngx_conf_t *cf);
char *ngx_sensu_merge_srv_conf(ngx_conf_t *cf, void *parent,
    void *child);
void *ngx_sensu_create_loc_conf(ngx_conf_t *cf);
char *ngx_sensu_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);


#endif /* _NGX_SENSU_LEVELS_H_INCLUDED_ */
