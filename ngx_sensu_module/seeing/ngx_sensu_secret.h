
/*
 * A password or an API key: the first line of a file that a directive names.
 */


#ifndef _NGX_SENSU_SECRET_H_INCLUDED_
#define _NGX_SENSU_SECRET_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_SENSU_SECRET  512        /* bytes at most */


/*
 * what: where the name stands.  NGX_ERROR: it was said what is wrong.  secret
 * may be the file's name itself; NULL: only whether there is such a file, if
 * there is a name.
 */
ngx_int_t ngx_sensu_secret(ngx_conf_t *cf, const char *what, ngx_str_t *file,
    ngx_str_t *secret);


#endif /* _NGX_SENSU_SECRET_H_INCLUDED_ */
