
/*
 * sensu_metrics: the counters in Prometheus' text format, version 0.0.4.
 *
 * Every series is there from the start, with zeros, so that rates can be made
 * of the first events, too.
 */


#include "ngx_sensu_headers.h"
#include "ngx_sensu_metrics.h"


#define NGX_SENSU_METRICS_SIZE  131072


/* one for each value of a label, in seconds as the format wants it */

typedef struct {
    const char               *name;
    const char               *help;
    ngx_uint_t                first;     /* of ngx_sensu_stat_e */
    const ngx_sensu_label_t  *label;
    const ngx_uint_t         *bounds;
} ngx_sensu_histogram_t;


static u_char *ngx_sensu_metrics_family(u_char *p, u_char *last,
    const ngx_sensu_family_t *family);
static u_char *ngx_sensu_metrics_histogram(u_char *p, u_char *last,
    const ngx_sensu_histogram_t *h);


static const ngx_sensu_histogram_t  ngx_sensu_histograms[] = {

    { "request_duration_seconds", "How long requests took, from their first "
      "byte to the end of their answers.",
      NGX_SENSU_STAT_DURATION, &ngx_sensu_label_route,
      ngx_sensu_stat_request_bounds },

    { "backend_duration_seconds", "How long each answer of the backend took; "
      "a page, a merged list, a DELETE may need several.",
      NGX_SENSU_STAT_BACKEND, &ngx_sensu_label_route,
      ngx_sensu_stat_request_bounds },

    { "store_operation_duration_seconds", "How long the store took, for "
      "continue tokens, log-outs, and scripts of sensu_rate_limit.",
      NGX_SENSU_STAT_LATENCY, &ngx_sensu_label_operation,
      ngx_sensu_stat_bounds }
};


ngx_int_t
ngx_sensu_metrics_handler(ngx_http_request_t *r)
{
    ngx_int_t   rc;
    ngx_buf_t  *b;
    ngx_uint_t  i;

    rc = ngx_sensu_text_start(r);
    if (rc != NGX_OK) {
        return rc;
    }

    b = ngx_create_temp_buf(r->pool, NGX_SENSU_METRICS_SIZE);
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    for (i = 0; i < NGX_SENSU_FAMILIES; i++) {
        b->last = ngx_sensu_metrics_family(b->last, b->end,
                                           &ngx_sensu_families[i]);
    }

    for (i = 0; i < sizeof(ngx_sensu_histograms)
                    / sizeof(ngx_sensu_histograms[0]); i++)
    {
        b->last = ngx_sensu_metrics_histogram(b->last, b->end,
                                              &ngx_sensu_histograms[i]);
    }

    b->last = ngx_sensu_gauges(r, b->last, b->end);

    return ngx_sensu_text_send(r, b, "text/plain; version=0.0.4; "
                               "charset=utf-8");
}


static u_char *
ngx_sensu_metrics_family(u_char *p, u_char *last,
    const ngx_sensu_family_t *family)
{
    ngx_uint_t                i, j;
    const ngx_sensu_label_t  *a, *b;

    p = ngx_sensu_metrics_head(p, last, family->name, "counter",
                               family->help);

    a = family->labels[0];
    b = family->labels[1];

    if (a == NULL) {
        return ngx_slprintf(p, last, NGX_SENSU_PREFIX "%s %ui\n",
                            family->name,
                            ngx_sensu_family_count(family, 0, 0));
    }

    for (i = a->from; i < a->n; i++) {
        for (j = b ? b->from : 0; j < (b ? b->n : 1); j++) {

            p = ngx_slprintf(p, last, NGX_SENSU_PREFIX "%s{%s=\"%V\"",
                             family->name, a->name,
                             ngx_sensu_label_value(a, i));

            if (b != NULL) {
                p = ngx_slprintf(p, last, ",%s=\"%V\"", b->name,
                                 ngx_sensu_label_value(b, j));
            }

            p = ngx_slprintf(p, last, "} %ui\n",
                             ngx_sensu_family_count(family, i, j));
        }
    }

    return p;
}


/* the buckets of the format hold all that is not slower than their bound */

static u_char *
ngx_sensu_metrics_histogram(u_char *p, u_char *last,
    const ngx_sensu_histogram_t *h)
{
    ngx_uint_t        i, j, n, usec;
    const char       *label;
    ngx_atomic_t     *bucket;
    const ngx_str_t  *value;

    p = ngx_sensu_metrics_head(p, last, h->name, "histogram", h->help);

    label = h->label->name;

    for (i = 0; i < h->label->n; i++) {
        value = ngx_sensu_label_value(h->label, i);
        bucket = &ngx_sensu_stats->count[h->first
                                         + i * NGX_SENSU_STAT_BUCKETS];

        for (j = 0, n = 0; j < NGX_SENSU_STAT_BOUNDS; j++) {
            n += bucket[j];
            usec = h->bounds[j];

            p = ngx_slprintf(p, last, NGX_SENSU_PREFIX "%s_bucket{%s=\"%V\","
                             "le=\"%ui.%06ui\"} %ui\n", h->name, label, value,
                             usec / 1000000, usec % 1000000, n);
        }

        n += bucket[j];
        usec = bucket[j + 1];

        p = ngx_slprintf(p, last,
                         NGX_SENSU_PREFIX "%s_bucket{%s=\"%V\",le=\"+Inf\"} "
                         "%ui\n"
                         NGX_SENSU_PREFIX "%s_sum{%s=\"%V\"} %ui.%06ui\n"
                         NGX_SENSU_PREFIX "%s_count{%s=\"%V\"} %ui\n",
                         h->name, label, value, n, h->name, label, value,
                         usec / 1000000, usec % 1000000, h->name, label,
                         value, n);
    }

    return p;
}


ngx_int_t
ngx_sensu_text_start(ngx_http_request_t *r)
{
    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    return ngx_http_discard_request_body(r);
}


ngx_int_t
ngx_sensu_text_send(ngx_http_request_t *r, ngx_buf_t *b, const char *type)
{
    ngx_int_t    rc;
    ngx_str_t    value;
    ngx_chain_t  out;

    if (b->last == b->end) {
        ngx_log_error(NGX_LOG_ALERT, r->connection->log, 0,
                      "sensu: the counters do not fit into %z bytes",
                      b->end - b->start);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_str_set(&value, "no-store");

    if (ngx_sensu_header_add(r, "Cache-Control", &value) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = b->last - b->pos;
    r->headers_out.content_type.data = (u_char *) type;
    r->headers_out.content_type.len = ngx_strlen(type);
    r->headers_out.content_type_len = (u_char *) ngx_strchr(type, ';')
                                      - (u_char *) type;

    b->last_buf = (r == r->main);
    b->last_in_chain = 1;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}
