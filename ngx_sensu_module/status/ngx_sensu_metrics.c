
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


static const ngx_str_t  ngx_sensu_scopes[] = {
    ngx_string("none"),
    ngx_string("cluster"),
    ngx_string("namespace")
};

static const ngx_str_t  ngx_sensu_outcomes[] = {
    ngx_string("passed"),
    ngx_string("refused"),
    ngx_string("failed"),
    ngx_string("aborted"),
    ngx_string("other")
};

/* the seven points of what a backend lets through, see docs/security.md */

static const ngx_str_t  ngx_sensu_points[] = {
    ngx_null_string,
    ngx_string("continue"),
    ngx_string("path"),
    ngx_string("token"),
    ngx_string("body"),
    ngx_string("list"),
    ngx_string("delete"),
    ngx_string("limit")
};

static const ngx_str_t  ngx_sensu_kinds[] = {
    ngx_string("native"),
    ngx_string("sliced"),
    ngx_string("merged")
};

static const ngx_str_t  ngx_sensu_list_kinds[] = {
    ngx_string("filtered"),
    ngx_string("merged")
};

static const ngx_str_t  ngx_sensu_operations[] = {
    ngx_string("get"),
    ngx_string("set"),
    ngx_string("logout_get"),
    ngx_string("logout_set"),
    ngx_string("script")
};

static const ngx_str_t  ngx_sensu_results[] = {
    ngx_string("ok"),
    ngx_string("missing"),
    ngx_string("failed")
};

static const ngx_str_t  ngx_sensu_troubles[] = {
    ngx_string("lost"),
    ngx_string("timeout"),
    ngx_string("error"),
    ngx_string("down")
};

static const ngx_str_t  ngx_sensu_rates[] = {
    ngx_string("passed"),
    ngx_string("limited"),
    ngx_string("open")
};

static const ngx_str_t  ngx_sensu_decisions[] = {
    ngx_string("passed"),
    ngx_string("narrowed"),
    ngx_string("forbidden"),
    ngx_string("unknown")
};

static const ngx_str_t  ngx_sensu_routes[] = {
    ngx_string("other"),
    ngx_string("read"),
    ngx_string("write"),
    ngx_string("list"),
    ngx_string("page")
};

static const ngx_str_t  ngx_sensu_classes[] = {
    ngx_string("none"),
    ngx_string("2xx"),
    ngx_string("3xx"),
    ngx_string("4xx"),
    ngx_string("5xx")
};

static const ngx_str_t  ngx_sensu_connect_results[] = {
    ngx_string("ok"),
    ngx_string("failed")
};


static const ngx_sensu_label_t  ngx_sensu_label_scope =
    { "scope", ngx_sensu_scopes, 0, NGX_SENSU_SCOPES };
static const ngx_sensu_label_t  ngx_sensu_label_outcome =
    { "outcome", ngx_sensu_outcomes, 0, NGX_SENSU_OUTCOMES };
static const ngx_sensu_label_t  ngx_sensu_label_reason =
    { "reason", NULL, 1, NGX_SENSU_ERROR_N };
static const ngx_sensu_label_t  ngx_sensu_label_point =
    { "point", ngx_sensu_points, 1, NGX_SENSU_GUARD_POINTS };
static const ngx_sensu_label_t  ngx_sensu_label_page =
    { "kind", ngx_sensu_kinds, 0, 3 };
static const ngx_sensu_label_t  ngx_sensu_label_list =
    { "kind", ngx_sensu_list_kinds, 0, 2 };
static const ngx_sensu_label_t  ngx_sensu_label_resource =
    { "resource", ngx_sensu_stat_resources, 0, NGX_SENSU_RESOURCES };
static const ngx_sensu_label_t  ngx_sensu_label_cursor =
    { "operation", ngx_sensu_operations, 0, 2 };
static const ngx_sensu_label_t  ngx_sensu_label_result =
    { "result", ngx_sensu_results, 0, NGX_SENSU_OP_RESULTS };
static const ngx_sensu_label_t  ngx_sensu_label_connect =
    { "result", ngx_sensu_connect_results, 0, 2 };
static const ngx_sensu_label_t  ngx_sensu_label_decision =
    { "outcome", ngx_sensu_decisions, 0, 4 };
static const ngx_sensu_label_t  ngx_sensu_label_route =
    { "route", ngx_sensu_routes, 0, NGX_SENSU_ROUTE_KINDS };
static const ngx_sensu_label_t  ngx_sensu_label_class =
    { "class", ngx_sensu_classes, 0, NGX_SENSU_CLASSES };
static const ngx_sensu_label_t  ngx_sensu_label_trouble =
    { "kind", ngx_sensu_troubles, 0, 4 };
static const ngx_sensu_label_t  ngx_sensu_label_rate =
    { "result", ngx_sensu_rates, 0, 3 };

static const ngx_sensu_label_t  ngx_sensu_label_operation =
    { "operation", ngx_sensu_operations, 0, NGX_SENSU_OPS };


const ngx_sensu_family_t  ngx_sensu_families[NGX_SENSU_FAMILIES] = {

    { "requests_total", "Requests of clients, by the scope of their path and "
      "by what became of them.",
      NGX_SENSU_STAT_REQUESTS,
      { &ngx_sensu_label_scope, &ngx_sensu_label_outcome } },

    { "refusals_total", "Requests that the gateway refused or could not "
      "serve, by reason.",
      NGX_SENSU_STAT_REFUSED, { &ngx_sensu_label_reason, NULL } },

    { "responses_total", "Answers to clients by what was asked for and by the "
      "class of their status; none: the client was gone.",
      NGX_SENSU_STAT_RESPONSES,
      { &ngx_sensu_label_route, &ngx_sensu_label_class } },

    { "guard_hits_total", "Requests in which the guard found something that "
      "the backend would have let through.",
      NGX_SENSU_STAT_GUARD, { &ngx_sensu_label_point, NULL } },

    { "pages_total", "Pages sent, by how they were made.",
      NGX_SENSU_STAT_PAGES_NATIVE, { &ngx_sensu_label_page, NULL } },

    { "whole_lists_total", "Unpaged lists that were filtered for what does "
      "not belong into them, or merged of several namespaces.",
      NGX_SENSU_STAT_LISTS_FILTERED, { &ngx_sensu_label_list, NULL } },

    { "list_fetches_total", "Lists asked of the backend for pages, for merged "
      "lists and by the guard.",
      NGX_SENSU_STAT_FETCHES, { NULL, NULL } },

    { "upstream_cuts_total", "Connections to the backend closed for the rest "
      "of a long list that was not needed.",
      NGX_SENSU_STAT_UPSTREAM_CUTS, { NULL, NULL } },

    { "list_elements_scanned_total", "Elements of lists read from the "
      "backend.",
      NGX_SENSU_STAT_ELEMENTS_SCANNED, { NULL, NULL } },

    { "list_elements_delivered_total", "Elements of lists sent to clients.",
      NGX_SENSU_STAT_ELEMENTS_DELIVERED, { NULL, NULL } },

    { "list_elements_withheld_total", "Elements of lists left out because "
      "they belong to another namespace or entity.",
      NGX_SENSU_STAT_ELEMENTS_WITHHELD, { NULL, NULL } },

    { "list_read_bytes_total", "Bytes of lists read from the backend.",
      NGX_SENSU_STAT_BYTES_SCANNED, { NULL, NULL } },

    { "list_delivered_bytes_total", "Bytes of elements sent to clients.",
      NGX_SENSU_STAT_BYTES_DELIVERED, { NULL, NULL } },

    { "list_skipped_bytes_total", "Bytes of lists read from the backend and "
      "not sent.",
      NGX_SENSU_STAT_BYTES_SKIPPED, { NULL, NULL } },

    { "list_fallbacks_total", "Pages that the backend did not make right and "
      "the gateway sliced from the whole list.",
      NGX_SENSU_STAT_FALLBACKS, { &ngx_sensu_label_resource, NULL } },

    { "cursor_operations_total", "Look-ups and writes of continue tokens.",
      NGX_SENSU_STAT_CURSORS,
      { &ngx_sensu_label_cursor, &ngx_sensu_label_result } },

    { "logout_operations_total", "Look-ups and notes of tokens that were "
      "logged out, with sensu_logout; ok of a get: it was.",
      NGX_SENSU_STAT_LOGOUTS,
      { &ngx_sensu_label_cursor, &ngx_sensu_label_result } },

    { "cursor_evictions_total", "Continue tokens dropped before their end, "
      "because sensu_cursor_zone was full.",
      NGX_SENSU_STAT_CURSORS_EVICTED, { NULL, NULL } },

    { "redis_connects_total", "Attempts to connect to Redis.",
      NGX_SENSU_STAT_REDIS_CONNECTS, { &ngx_sensu_label_connect, NULL } },

    { "redis_errors_total", "Connections lost, answers that came too late, "
      "error answers, and commands not sent because Redis was down.",
      NGX_SENSU_STAT_REDIS_LOSSES, { &ngx_sensu_label_trouble, NULL } },

    { "redis_commands_total", "Commands sent to Redis.",
      NGX_SENSU_STAT_REDIS_COMMANDS, { NULL, NULL } },

    { "rate_limit_requests_total", "Requests under sensu_rate_limit; open: "
      "passed although Redis did not answer.",
      NGX_SENSU_STAT_RATE_PASSED, { &ngx_sensu_label_rate, NULL } },

    { "rbac_refreshes_total", "Times that roles and bindings were read for "
      "sensu_namespaces rbac.",
      NGX_SENSU_STAT_RBAC_REFRESHES, { &ngx_sensu_label_connect, NULL } },

    { "rbac_decisions_total", "Requests under sensu_namespaces rbac; narrowed: "
      "a list, to the namespaces in which it is allowed.",
      NGX_SENSU_STAT_RBAC_DECISIONS, { &ngx_sensu_label_decision, NULL } }
};


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


const ngx_str_t *
ngx_sensu_label_value(const ngx_sensu_label_t *label, ngx_uint_t i)
{
    return label->values ? &label->values[i] : ngx_sensu_error_reason(i);
}


ngx_uint_t
ngx_sensu_family_count(const ngx_sensu_family_t *family, ngx_uint_t i,
    ngx_uint_t j)
{
    if (family->labels[1] != NULL) {
        i = i * family->labels[1]->n + j;
    }

    return ngx_sensu_stats->count[family->first + i];
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


u_char *
ngx_sensu_metrics_head(u_char *p, u_char *last, const char *name,
    const char *type, const char *help)
{
    return ngx_slprintf(p, last, "# HELP " NGX_SENSU_PREFIX "%s %s\n"
                        "# TYPE " NGX_SENSU_PREFIX "%s %s\n",
                        name, help, name, type);
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
