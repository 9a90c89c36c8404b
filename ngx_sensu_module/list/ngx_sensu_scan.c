
/*
 * The scan of a list, and what is logged where it fails.
 */


#include "ngx_sensu_buf.h"
#include "ngx_sensu_scan.h"


void
ngx_sensu_scan_init(ngx_sensu_scan_t *scan, sensu_key_kind_e kind)
{
    scan->sniffed = 0;
    scan->list = 0;
    scan->odd = 0;

    sensu_split_init(&scan->split);
    sensu_key_scan_init(&scan->keys, kind);

    scan->split.read = sensu_key_read;
    scan->split.data = &scan->keys;
}


void
ngx_sensu_scan_sniff(ngx_sensu_scan_t *scan, const u_char *p,
    const u_char *last)
{
    for ( /* void */ ; !scan->sniffed && p < last; p++) {
        if (*p != ' ' && *p != '\t' && *p != CR && *p != LF) {
            scan->sniffed = 1;
            scan->list = (*p == '[');

            /* as a byte order mark, or "[" in UTF-16 */
            scan->odd = (*p >= 0x80 || *p < 0x20);
        }
    }
}


ngx_int_t
ngx_sensu_scan_next(ngx_sensu_scan_t *scan, const u_char **p,
    const u_char *last, ngx_sensu_piece_t *piece, ngx_log_t *log)
{
    sensu_span_t      span;
    sensu_split_rc_e  rc;

    rc = sensu_split_next(&scan->split, p, last, &span);

    if (rc == SENSU_SPLIT_ERROR) {
        ngx_sensu_log_damped(NGX_LOG_ERR, log,
                             "sensu: the backend sent a malformed list: %s, "
                             "after %uL elements, check what is between it "
                             "and this nginx",
                             scan->split.error, scan->split.elements);
        return NGX_ERROR;
    }

    piece->bytes = span.bytes;
    piece->first = span.first;
    piece->last = (rc == SENSU_SPLIT_ELEMENT);

    if (rc == SENSU_SPLIT_MORE) {
        return NGX_AGAIN;
    }

    piece->id = sensu_key_scan_end(&scan->keys);

    return NGX_OK;
}


ngx_sensu_error_e
ngx_sensu_list_complain(ngx_log_t *log, ngx_sensu_error_e error, uint64_t n)
{
    switch (error) {

    case NGX_SENSU_LIST_TRUNCATED:
        ngx_sensu_log_damped(NGX_LOG_ERR, log,
                             "sensu: the backend's list was cut off after %uL "
                             "elements, see the backend's log", n);
        break;

    case NGX_SENSU_ELEMENT_TOO_LARGE:
        ngx_sensu_log_damped(NGX_LOG_ERR, log,
                             "sensu: an element or answer of the backend is "
                             "larger than %uL bytes, raise sensu_page_buffer",
                             n);
        break;

    case NGX_SENSU_BAD_LIST:
        ngx_sensu_log_damped(NGX_LOG_ERR, log,
                             "sensu: an answer of the backend with status %uL "
                             "is not a whole list, ask the backend directly",
                             n);
        break;

    default:
        break;
    }

    return error;
}


ngx_int_t
ngx_sensu_list_refuse(ngx_http_request_t *r, ngx_uint_t status)
{
    return ngx_sensu_refuse(r, ngx_sensu_list_complain(r->connection->log,
                                                       NGX_SENSU_BAD_LIST,
                                                       status), NULL);
}


ngx_int_t
ngx_sensu_list_head(ngx_http_request_t *r, off_t len)
{
    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = len;

    ngx_str_set(&r->headers_out.content_type, "application/json");
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;

    return ngx_http_send_header(r);
}


ngx_buf_t *
ngx_sensu_list_end(ngx_http_request_t *r, ngx_uint_t n)
{
    static u_char  brackets[] = "[]";

    return n ? ngx_sensu_buf_of(r, brackets + 1, 1, 1)
             : ngx_sensu_buf_of(r, brackets, 2, 1);
}


ngx_uint_t
ngx_sensu_list_is_part(ngx_uint_t status)
{
    return status < NGX_HTTP_SPECIAL_RESPONSE && status != NGX_HTTP_OK
           && status != NGX_HTTP_NO_CONTENT;
}


ngx_uint_t
ngx_sensu_list_is_encoded(ngx_http_request_t *r)
{
    ngx_table_elt_t  *encoding;

    encoding = r->headers_out.content_encoding;

    if (encoding == NULL || encoding->value.len == 0) {
        return 0;
    }

    ngx_sensu_log_damped(NGX_LOG_ERR, r->connection->log,
                         "sensu: the backend sent a list compressed with "
                         "\"%V\", set proxy_set_header Accept-Encoding \"\"",
                         &encoding->value);

    return 1;
}


ngx_uint_t
ngx_sensu_list_is_framed(ngx_http_request_t *r)
{
    ngx_http_upstream_t  *u;

    u = r->upstream;

    return u == NULL || u->headers_in.chunked
           || u->headers_in.content_length_n >= 0;
}
