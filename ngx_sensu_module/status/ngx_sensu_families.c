
/*
 * The counters by name, with their labels, for metrics and status page.
 */


#include "ngx_sensu_metrics.h"


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
const ngx_sensu_label_t  ngx_sensu_label_route =
    { "route", ngx_sensu_routes, 0, NGX_SENSU_ROUTE_KINDS };
static const ngx_sensu_label_t  ngx_sensu_label_class =
    { "class", ngx_sensu_classes, 0, NGX_SENSU_CLASSES };
static const ngx_sensu_label_t  ngx_sensu_label_trouble =
    { "kind", ngx_sensu_troubles, 0, 4 };
static const ngx_sensu_label_t  ngx_sensu_label_rate =
    { "result", ngx_sensu_rates, 0, 3 };

const ngx_sensu_label_t  ngx_sensu_label_operation =
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


const ngx_str_t *
ngx_sensu_label_value(const ngx_sensu_label_t *label, ngx_uint_t i)
{
    return label->values ? &label->values[i] : &ngx_sensu_errors[i].reason;
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


u_char *
ngx_sensu_metrics_head(u_char *p, u_char *last, const char *name,
    const char *type, const char *help)
{
    return ngx_slprintf(p, last, "# HELP " NGX_SENSU_PREFIX "%s %s\n"
                        "# TYPE " NGX_SENSU_PREFIX "%s %s\n",
                        name, help, name, type);
}
