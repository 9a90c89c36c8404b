
/*
 * sensu_logout: a token that was logged out is refused by the whole fleet
 * until it expires.
 */


#ifndef _NGX_SENSU_LOGOUT_H_INCLUDED_
#define _NGX_SENSU_LOGOUT_H_INCLUDED_


#include "ngx_sensu.h"


char *ngx_sensu_logout_conf(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* in the header filter: revokes the token of a POST /auth/logout that the
   backend granted */
void ngx_sensu_logout_note(ngx_http_request_t *r);


#endif /* _NGX_SENSU_LOGOUT_H_INCLUDED_ */
