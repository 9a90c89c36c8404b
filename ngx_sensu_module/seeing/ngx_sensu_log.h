
/*
 * Lines of the error log that may repeat: one in a while from each place that
 * writes them, with the number of those left out.  The counters have all.
 */


#ifndef _NGX_SENSU_LOG_H_INCLUDED_
#define _NGX_SENSU_LOG_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_SENSU_LOG_QUIET  10000       /* milliseconds between two lines */


typedef struct {
    ngx_msec_t                told;      /* when, 0: not yet */
    ngx_uint_t                hushed;    /* since then */
} ngx_sensu_damper_t;


/* as ngx_log_error(), without err; each place in the source damps by itself */

#define ngx_sensu_log_damped(level, log, ...)                                 \
    do {                                                                      \
        static ngx_sensu_damper_t  damper;                                    \
                                                                              \
        ngx_sensu_log(&damper, level, log, __VA_ARGS__);                      \
    } while (0)


/* for places that tell several kinds of lines apart */
void ngx_sensu_log(ngx_sensu_damper_t *damper, ngx_uint_t level,
    ngx_log_t *log, const char *fmt, ...);


#endif /* _NGX_SENSU_LOG_H_INCLUDED_ */
