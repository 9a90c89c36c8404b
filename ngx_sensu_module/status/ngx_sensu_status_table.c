
/*
 * Tables of the status page, a counter a row.
 */


#include "ngx_sensu_status.h"


static void ngx_sensu_status_bytes(ngx_buf_t *b, ngx_uint_t n);


void
ngx_sensu_status_table(ngx_buf_t *b, const char *caption, const char *first,
    const char *second)
{
    ngx_sensu_put(b, "<table>\n<caption>%s</caption>\n<thead><tr>"
                  "<th scope=\"col\">%s</th><th scope=\"col\">%s</th>"
                  "<th scope=\"col\">%s</th></tr></thead>\n<tbody>\n",
                  caption, first, second,
                  ngx_strcmp(first, "Up to") == 0 ? "Share" : "Rate");
}


void
ngx_sensu_status_rows(ngx_buf_t *b, ngx_uint_t first, const char **titles,
    ngx_uint_t n)
{
    ngx_uint_t  i;

    for (i = 0; i < n; i++) {
        if (titles[i] != NULL) {
            ngx_sensu_status_row(b, titles[i], first + i);
        }
    }
}


void
ngx_sensu_status_row(ngx_buf_t *b, const char *title, ngx_uint_t stat)
{
    ngx_uint_t  n, bytes;

    n = ngx_sensu_count(stat);
    bytes = (stat >= NGX_SENSU_STAT_BYTES_SCANNED
             && stat <= NGX_SENSU_STAT_BYTES_SKIPPED);

    ngx_sensu_put(b, "<tr><th scope=\"row\">%s</th>"
                  "<td%s><data id=\"c%ui\" value=\"%ui\">",
                  title, n ? "" : " class=\"z\"", stat, n);

    if (bytes) {
        ngx_sensu_status_bytes(b, n);
    } else {
        ngx_sensu_status_number(b, n);
    }

    ngx_sensu_put(b, "</data></td><td class=\"r\" id=\"r%ui\"%s></td></tr>\n",
                  stat, bytes ? " data-bytes" : "");
}


static void
ngx_sensu_status_bytes(ngx_buf_t *b, ngx_uint_t n)
{
    ngx_uint_t  i, tenths;

    static const char *units[] = { "KiB", "MiB", "GiB", "TiB", "PiB" };

    if (n < 1024) {
        ngx_sensu_put(b, "%ui B", n);
        return;
    }

    for (i = 0; n >= 1024 * 1024 && i < 4; i++) {
        n >>= 10;
    }

    tenths = n * 10 / 1024;

    ngx_sensu_put(b, "%ui.%ui %s", tenths / 10, tenths % 10, units[i]);
}
