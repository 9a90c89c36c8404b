
/*
 * The status page: HTML that needs nothing but itself.
 */


#ifndef _NGX_SENSU_STATUS_H_INCLUDED_
#define _NGX_SENSU_STATUS_H_INCLUDED_


#include "ngx_sensu_metrics.h"


#define ngx_sensu_count(stat)  ngx_sensu_stats->count[stat]


/* NUL-terminated; the text between <style> and </style>, and of <script> */
extern const char  ngx_sensu_status_style[];
extern const char  ngx_sensu_status_script[];


/* ngx_sensu_status_trouble.c: what is wrong now, and the last log lines */
void ngx_sensu_status_trouble(ngx_http_request_t *r, ngx_buf_t *b);
void ngx_sensu_status_notes(ngx_buf_t *b);

/* ngx_sensu_status_roles.c: what sensu_namespaces rbac did, where it is */
void ngx_sensu_status_roles(ngx_http_request_t *r, ngx_buf_t *b);

/* ngx_sensu_status_table.c: begins one; "</tbody>\n</table>\n" is its end */
void ngx_sensu_status_table(ngx_buf_t *b, const char *caption,
    const char *first, const char *second);
/* a row for each of n counters; NULL titles are left out */
void ngx_sensu_status_rows(ngx_buf_t *b, ngx_uint_t first,
    const char **titles, ngx_uint_t n);
void ngx_sensu_status_row(ngx_buf_t *b, const char *title, ngx_uint_t stat);

/* ngx_sensu_status_put.c */
/* with a comma before every three digits */
void ngx_sensu_status_number(ngx_buf_t *b, ngx_uint_t n);
/* up to its NUL, but not beyond max */
void ngx_sensu_status_escape(ngx_buf_t *b, const u_char *text, size_t max);
/* as "34 s", "5 min" */
void ngx_sensu_status_ago(ngx_buf_t *b, time_t seconds);


#endif /* _NGX_SENSU_STATUS_H_INCLUDED_ */
