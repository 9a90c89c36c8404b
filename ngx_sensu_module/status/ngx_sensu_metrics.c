
/*
 * sensu_metrics: the counters in Prometheus' text format, version 0.0.4.
 *
 * Every series is there from the start, with zeros, so that rates can be made
 * of the first events, too.
 */


#include "ngx_sensu_headers.h"
#include "ngx_sensu_metrics.h"


#define NGX_SENSU_METRICS_SIZE  131072


ngx_int_t
ngx_sensu_metrics_handler(ngx_http_request_t *r)
{
    ngx_int_t   rc;
    ngx_buf_t  *b;

    rc = ngx_sensu_text_start(r);
    if (rc != NGX_OK) {
        return rc;
    }

    b = ngx_create_temp_buf(r->pool, NGX_SENSU_METRICS_SIZE);
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_sensu_counters(b);
    ngx_sensu_gauges(r, b);

    return ngx_sensu_text_send(r, b, "text/plain; version=0.0.4; "
                               "charset=utf-8");
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
