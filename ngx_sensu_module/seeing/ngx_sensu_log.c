
/*
 * Damped lines of the error log, for each worker by itself.
 */


#include "ngx_sensu_log.h"
#include "ngx_sensu_trouble.h"


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
        && ngx_current_msec - damper->told
           < (damper->quiet ? damper->quiet : NGX_SENSU_LOG_QUIET))
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

    if (level <= NGX_LOG_WARN) {
        ngx_sensu_note(level, text, p - text);
    }

    damper->told = ngx_max(ngx_current_msec, 1);
    damper->hushed = 0;
}


ngx_str_t
ngx_sensu_log_text(ngx_pool_t *pool, ngx_str_t *text)
{
    u_char     *p, ch;
    size_t      i, len;
    ngx_str_t   safe;

    ngx_str_null(&safe);

    len = ngx_min(text->len, NGX_SENSU_LOG_TEXT);

    safe.data = ngx_pnalloc(pool, len * (sizeof("\\xXX") - 1)
                                  + sizeof("...") - 1 + 1);
    if (safe.data == NULL) {
        return safe;
    }

    p = safe.data;

    for (i = 0; i < len; i++) {
        ch = text->data[i];

        if (ch > ' ' && ch < 0x7f && ch != '"' && ch != '\\') {
            *p++ = ch;

        } else {
            p = ngx_sprintf(p, "\\x%02Xi", (ngx_int_t) ch);
        }
    }

    if (len < text->len) {
        p = ngx_cpymem(p, "...", sizeof("...") - 1);
    }

    safe.len = p - safe.data;

    return safe;
}
