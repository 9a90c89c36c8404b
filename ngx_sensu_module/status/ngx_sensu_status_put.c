
/*
 * Text of metrics and status page.
 */


#include "ngx_sensu_status.h"


void
ngx_sensu_put(ngx_buf_t *b, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    b->last = ngx_vslprintf(b->last, b->end, fmt, args);
    va_end(args);
}


/* with a comma before every three digits */

void
ngx_sensu_status_number(ngx_buf_t *b, ngx_uint_t n)
{
    u_char      text[NGX_INT_T_LEN];
    ngx_uint_t  i, len;

    len = ngx_sprintf(text, "%ui", n) - text;

    for (i = 0; i < len; i++) {
        ngx_sensu_put(b, "%s%c", i && (len - i) % 3 == 0 ? "," : "",
                      text[i]);
    }
}


void
ngx_sensu_status_escape(ngx_buf_t *b, const u_char *text, size_t max)
{
    size_t  len;

    len = ngx_strnlen((u_char *) text, max);

    if (b->end - b->last < (ssize_t) (6 * len)) {
        b->last = b->end;
        return;
    }

    b->last = (u_char *) ngx_escape_html(b->last, (u_char *) text, len);
}


void
ngx_sensu_status_ago(ngx_buf_t *b, time_t seconds)
{
    seconds = ngx_max(seconds, 0);

    if (seconds < 120) {
        ngx_sensu_put(b, "%T s", seconds);

    } else if (seconds < 7200) {
        ngx_sensu_put(b, "%T min", seconds / 60);

    } else {
        ngx_sensu_put(b, "%T h", seconds / 3600);
    }
}
