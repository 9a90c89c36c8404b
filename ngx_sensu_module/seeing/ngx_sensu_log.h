
/*
 * Lines of the error log that may repeat: one in a while from each place that
 * writes them, with the number of those left out.  The counters have all.
 */


#ifndef _NGX_SENSU_LOG_H_INCLUDED_
#define _NGX_SENSU_LOG_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* milliseconds between two lines */
#define NGX_SENSU_LOG_QUIET   10000
#define NGX_SENSU_LOG_MINUTE  60000

#define NGX_SENSU_LOG_TEXT    128        /* bytes of a text out of a token */


typedef struct {
    ngx_msec_t                told;      /* when, 0: not yet */
    ngx_uint_t                hushed;    /* since then */
    ngx_msec_t                quiet;     /* 0: as most are */
} ngx_sensu_damper_t;


/* as ngx_log_error(), without err; each place in the source damps by itself */

#define ngx_sensu_log_damped(level, log, ...)                                 \
    do {                                                                      \
        static ngx_sensu_damper_t  damper;                                    \
                                                                              \
        ngx_sensu_log(&damper, level, log, __VA_ARGS__);                      \
    } while (0)


/*
 * A text out of a token as it may stand in a line: cut, and with blanks,
 * quotes, "\" and bytes beyond ASCII as \xXX, so that it looks like no field
 * of nginx's.
 */
ngx_str_t ngx_sensu_log_text(ngx_pool_t *pool, ngx_str_t *text);

/* for places that tell several kinds of lines apart */
void ngx_sensu_log(ngx_sensu_damper_t *damper, ngx_uint_t level,
    ngx_log_t *log, const char *fmt, ...);


#endif /* _NGX_SENSU_LOG_H_INCLUDED_ */
