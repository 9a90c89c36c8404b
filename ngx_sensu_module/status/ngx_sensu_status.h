
/*
 * The status page: HTML that needs nothing but itself.
 */


#ifndef _NGX_SENSU_STATUS_H_INCLUDED_
#define _NGX_SENSU_STATUS_H_INCLUDED_


#include "ngx_sensu_metrics.h"


/* NUL-terminated; the text between <style> and </style>, and of <script> */
extern const char  ngx_sensu_status_style[];
extern const char  ngx_sensu_status_script[];


#endif /* _NGX_SENSU_STATUS_H_INCLUDED_ */
