
/*
 * What the module hooks into nginx.
 */


#ifndef _NGX_SENSU_MODULE_H_INCLUDED_
#define _NGX_SENSU_MODULE_H_INCLUDED_


#include "ngx_sensu.h"


/* ngx_sensu_filter.c */

void ngx_sensu_filter_init(void);

/* ngx_sensu_variables.c */

ngx_int_t ngx_sensu_add_variables(ngx_conf_t *cf);


#endif /* _NGX_SENSU_MODULE_H_INCLUDED_ */
