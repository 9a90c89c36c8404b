
/*
 * The counters by name, with their labels.
 */


#include "ngx_sensu_metrics.h"


/* values of a label, from the index "from" on; NULL: reasons of refusals */

typedef struct {
    const char               *name;
    const ngx_str_t          *values;
    ngx_uint_t                from;
    ngx_uint_t                n;
} ngx_sensu_label_t;


/* counters that differ in up to two labels, the first the slower one */

typedef struct {
    const char               *name;      /* without the prefix */
    const char               *help;
    ngx_uint_t                first;     /* of ngx_sensu_stat_e */
    const ngx_sensu_label_t  *labels[2];
} ngx_sensu_family_t;


/* one for each value of a label, in seconds as the format wants it */

typedef struct {
    const char               *name;
    const char               *help;
    ngx_uint_t                first;     /* of ngx_sensu_stat_e */
    const ngx_sensu_label_t  *label;
    const ngx_uint_t         *bounds;
} ngx_sensu_histogram_t;


static void ngx_sensu_family(ngx_buf_t *b, const ngx_sensu_family_t *family);
static void ngx_sensu_histogram(ngx_buf_t *b, const ngx_sensu_histogram_t *h);
static const ngx_str_t *ngx_sensu_label_value(const ngx_sensu_label_t *label,
    ngx_uint_t i);


const ngx_str_t  ngx_sensu_scopes[] = {
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

const ngx_str_t  ngx_sensu_pages[] = {
    ngx_string("none"),
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
    { "kind", ngx_sensu_pages, NGX_SENSU_PAGE_NATIVE, 4 };
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


static const ngx_sensu_family_t  ngx_sensu_families[] = {

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
      NGX_SENSU_STAT_PAGES_NATIVE - NGX_SENSU_PAGE_NATIVE,
      { &ngx_sensu_label_page, NULL } },

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


void
ngx_sensu_counters(ngx_buf_t *b)
{
    ngx_uint_t  i;

    for (i = 0; i < sizeof(ngx_sensu_families)
                    / sizeof(ngx_sensu_families[0]); i++)
    {
        ngx_sensu_family(b, &ngx_sensu_families[i]);
    }

    for (i = 0; i < sizeof(ngx_sensu_histograms)
                    / sizeof(ngx_sensu_histograms[0]); i++)
    {
        ngx_sensu_histogram(b, &ngx_sensu_histograms[i]);
    }
}


static void
ngx_sensu_family(ngx_buf_t *b, const ngx_sensu_family_t *family)
{
    ngx_uint_t                i, j;
    ngx_atomic_t             *count;
    const ngx_sensu_label_t  *slow, *fast;

    ngx_sensu_metrics_head(b, family->name, "counter", family->help);

    slow = family->labels[0];
    fast = family->labels[1];
    count = &ngx_sensu_stats->count[family->first];

    if (slow == NULL) {
        ngx_sensu_put(b, NGX_SENSU_PREFIX "%s %uA\n", family->name, *count);
        return;
    }

    count += slow->from;

    for (i = slow->from; i < slow->n; i++) {
        for (j = 0; j < (fast ? fast->n : 1); j++) {

            ngx_sensu_put(b, NGX_SENSU_PREFIX "%s{%s=\"%V\"", family->name,
                          slow->name, ngx_sensu_label_value(slow, i));

            if (fast != NULL) {
                ngx_sensu_put(b, ",%s=\"%V\"", fast->name,
                              ngx_sensu_label_value(fast, j));
            }

            ngx_sensu_put(b, "} %uA\n", *count++);
        }
    }
}


/* the buckets of the format hold all that is not slower than their bound */

static void
ngx_sensu_histogram(ngx_buf_t *b, const ngx_sensu_histogram_t *h)
{
    ngx_uint_t        i, j, n, usec;
    const char       *label;
    ngx_atomic_t     *bucket;
    const ngx_str_t  *value;

    ngx_sensu_metrics_head(b, h->name, "histogram", h->help);

    label = h->label->name;

    for (i = 0; i < h->label->n; i++) {
        value = ngx_sensu_label_value(h->label, i);
        bucket = &ngx_sensu_stats->count[h->first
                                         + i * NGX_SENSU_STAT_BUCKETS];

        for (j = 0, n = 0; j < NGX_SENSU_STAT_BOUNDS; j++) {
            n += bucket[j];
            usec = h->bounds[j];

            ngx_sensu_put(b, NGX_SENSU_PREFIX "%s_bucket{%s=\"%V\","
                          "le=\"%ui.%06ui\"} %ui\n", h->name, label, value,
                          usec / 1000000, usec % 1000000, n);
        }

        n += bucket[j];
        usec = bucket[j + 1];

        ngx_sensu_put(b, NGX_SENSU_PREFIX "%s_bucket{%s=\"%V\",le=\"+Inf\"} "
                      "%ui\n"
                      NGX_SENSU_PREFIX "%s_sum{%s=\"%V\"} %ui.%06ui\n"
                      NGX_SENSU_PREFIX "%s_count{%s=\"%V\"} %ui\n",
                      h->name, label, value, n, h->name, label, value,
                      usec / 1000000, usec % 1000000, h->name, label, value,
                      n);
    }
}


static const ngx_str_t *
ngx_sensu_label_value(const ngx_sensu_label_t *label, ngx_uint_t i)
{
    return label->values ? &label->values[i] : &ngx_sensu_errors[i].reason;
}


void
ngx_sensu_metrics_head(ngx_buf_t *b, const char *name, const char *type,
    const char *help)
{
    ngx_sensu_put(b, "# HELP " NGX_SENSU_PREFIX "%s %s\n"
                  "# TYPE " NGX_SENSU_PREFIX "%s %s\n",
                  name, help, name, type);
}
