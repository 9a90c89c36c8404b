
/*
 * Damped lines of the error log, for each worker by itself.
 */


#include "ngx_sensu_log.h"


void
ngx_sensu_log(ngx_sensu_damper_t *damper, ngx_uint_t level, ngx_log_t *log,
    const char *fmt, ...)
{
    u_char   text[NGX_MAX_ERROR_STR], *p, *last;
    va_list  args;

    if (log->log_level < level) {
        return;
    }

    if (damper->told
        && ngx_current_msec - damper->told < NGX_SENSU_LOG_QUIET)
    {
        damper->hushed++;
        return;
    }

    last = text + sizeof(text);

    va_start(args, fmt);
    p = ngx_vslprintf(text, last, fmt, args);
    va_end(args);

    if (damper->hushed) {
        p = ngx_slprintf(p, last, " (%ui more since the last line)",
                         damper->hushed);
    }

    ngx_log_error(level, log, 0, "%*s", (size_t) (p - text), text);

    damper->told = ngx_max(ngx_current_msec, 1);
    damper->hushed = 0;
}
