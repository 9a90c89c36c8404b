
/*
 * sensu_status: the counters for a person.  Without script the page loads
 * itself anew; with it, it fetches itself, takes over the numbers (each a
 * <data id="cN">) and adds rates (to the element with the id "rN").
 */


#include "ngx_sensu_headers.h"
#include "ngx_sensu_status.h"

#include <openssl/evp.h>


#define NGX_SENSU_STATUS_SIZE  131072
#define NGX_SENSU_POLICY_SIZE  512
#define NGX_SENSU_TITLE_SIZE   128     /* of a refusal: its reason, status */


static void ngx_sensu_status_tiles(ngx_http_request_t *r, ngx_buf_t *b);
static void ngx_sensu_status_requests(ngx_buf_t *b);
static void ngx_sensu_status_refusals(ngx_buf_t *b);
static void ngx_sensu_status_lists(ngx_buf_t *b);
static void ngx_sensu_status_volume(ngx_buf_t *b);
static void ngx_sensu_status_store(ngx_buf_t *b);
static void ngx_sensu_status_latency(ngx_buf_t *b);
static void ngx_sensu_status_redis(ngx_http_request_t *r, ngx_buf_t *b);
static void ngx_sensu_status_share(ngx_buf_t *b, ngx_uint_t n, ngx_uint_t all);
static ngx_uint_t ngx_sensu_status_sum(ngx_uint_t first, ngx_uint_t n,
    ngx_uint_t step);
static u_char *ngx_sensu_status_hash(u_char *p, const char *text);


static ngx_str_t  ngx_sensu_status_policy;


void
ngx_sensu_status_prepare(void)
{
    u_char  *p;

    static u_char  policy[NGX_SENSU_POLICY_SIZE];

    p = ngx_sprintf(policy, "default-src 'none'; connect-src 'self'; "
                    "base-uri 'none'; form-action 'none'; "
                    "frame-ancestors 'none'; style-src ");
    p = ngx_sensu_status_hash(p, ngx_sensu_status_style);
    p = ngx_sprintf(p, "; script-src ");
    p = ngx_sensu_status_hash(p, ngx_sensu_status_script);

    ngx_sensu_status_policy.data = policy;
    ngx_sensu_status_policy.len = p - policy;
}


static u_char *
ngx_sensu_status_hash(u_char *p, const char *text)
{
    u_char  digest[EVP_MAX_MD_SIZE];

    (void) EVP_Digest(text, ngx_strlen(text), digest, NULL, EVP_sha256(),
                      NULL);

    p = ngx_sprintf(p, "'sha256-");
    p += EVP_EncodeBlock(p, digest, 32);

    return ngx_sprintf(p, "'");
}


ngx_int_t
ngx_sensu_status_handler(ngx_http_request_t *r)
{
    ngx_int_t   rc;
    ngx_buf_t  *b;

    rc = ngx_sensu_text_start(r);
    if (rc != NGX_OK) {
        return rc;
    }

    b = ngx_create_temp_buf(r->pool, NGX_SENSU_STATUS_SIZE);

    if (b == NULL
        || ngx_sensu_header_add(r, "Content-Security-Policy",
                                &ngx_sensu_status_policy)
           != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_sensu_put(b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
                  "<meta charset=\"utf-8\">\n"
                  "<meta name=\"viewport\" content=\"width=device-width, "
                  "initial-scale=1\">\n"
                  "<noscript><meta http-equiv=\"refresh\" content=\"5\">"
                  "</noscript>\n"
                  "<title>Sensu gateway on %V</title>\n<style>%s</style>\n"
                  "</head>\n<body>\n<header>\n<h1>Sensu gateway</h1>\n"
                  "<p>%V, module %s, nginx %s</p>\n"
                  "<p id=\"live\" role=\"status\">loads anew every 5 s</p>\n"
                  "<button id=\"pause\" type=\"button\" hidden>Pause</button>\n"
                  "</header>\n<main>\n",
                  &ngx_cycle->hostname, ngx_sensu_status_style,
                  &ngx_cycle->hostname, NGX_SENSU_VERSION, NGINX_VERSION);

    ngx_sensu_status_trouble(r, b);
    ngx_sensu_status_tiles(r, b);
    ngx_sensu_status_notes(b);
    ngx_sensu_status_requests(b);
    ngx_sensu_put(b, "<div class=\"grid\">\n");
    ngx_sensu_status_refusals(b);
    ngx_sensu_status_lists(b);
    ngx_sensu_status_volume(b);
    ngx_sensu_status_store(b);
    ngx_sensu_status_roles(r, b);
    ngx_sensu_status_latency(b);
    ngx_sensu_status_redis(r, b);
    ngx_sensu_put(b, "</div>\n</main>\n<script>%s</script>\n</body>\n"
                  "</html>\n", ngx_sensu_status_script);

    return ngx_sensu_text_send(r, b, "text/html; charset=utf-8");
}


static void
ngx_sensu_status_tiles(ngx_http_request_t *r, ngx_buf_t *b)
{
    u_char                  since[sizeof("Thu, 01 Jan 1970 00:00:00 GMT")];
    ngx_uint_t              i, n;
    ngx_sensu_main_conf_t  *smcf;

    static const struct {
        const char         *title;
        const char         *class;
        ngx_uint_t          first;         /* of [scope][outcome] */
        ngx_uint_t          n;
        ngx_uint_t          step;
    } tiles[] = {
        { "Requests", "", 0, NGX_SENSU_SCOPES * NGX_SENSU_OUTCOMES, 1 },
        { "Passed", "", NGX_SENSU_PASSED,
          NGX_SENSU_SCOPES, NGX_SENSU_OUTCOMES },
        { "Refused", " class=\"warn\"", NGX_SENSU_REFUSED,
          NGX_SENSU_SCOPES, NGX_SENSU_OUTCOMES },
        { "Failed", " class=\"bad\"", NGX_SENSU_FAILED,
          NGX_SENSU_SCOPES, NGX_SENSU_OUTCOMES }
    };

    *ngx_http_time(since, ngx_sensu_stats->since) = '\0';

    ngx_sensu_put(b, "<dl class=\"tiles\">\n");

    for (i = 0; i < sizeof(tiles) / sizeof(tiles[0]); i++) {
        n = ngx_sensu_status_sum(NGX_SENSU_STAT_REQUESTS + tiles[i].first,
                                 tiles[i].n, tiles[i].step);

        ngx_sensu_put(b, "<div><dt>%s</dt><dd%s><data id=\"ct%ui\" "
                      "value=\"%ui\">", tiles[i].title,
                      n ? tiles[i].class : "", i, n);
        ngx_sensu_status_number(b, n);
        ngx_sensu_put(b, "</data> <small id=\"rt%ui\"></small></dd></div>\n",
                      i);
    }

    smcf = ngx_http_get_module_main_conf(r, ngx_sensu_module);

    ngx_sensu_put(b, "<div><dt>Continue tokens</dt><dd>%s",
                  smcf->redis.nelts ? "Redis" : "memory");

    if (smcf->redis.nelts) {
        n = ngx_sensu_connections();
        ngx_sensu_put(b, " <small%s>%ui connection%s</small>",
                      n ? "" : " class=\"bad\"", n, n == 1 ? "" : "s");
    }

    ngx_sensu_put(b, "</dd></div>\n<div><dt>Requests per second</dt><dd>"
                  "<b id=\"now\"></b><svg id=\"line\" viewBox=\"0 0 100 30\" "
                  "preserveAspectRatio=\"none\" role=\"img\" "
                  "aria-label=\"Requests per second since the page was "
                  "opened\"><polyline points=\"\"/></svg></dd></div>\n</dl>\n"
                  "<p class=\"none\">Counted by all workers since %s, over "
                  "reloads.</p>\n", since);
}


static void
ngx_sensu_status_requests(ngx_buf_t *b)
{
    ngx_uint_t  i, j, n, stat;

    static const char *scopes[] = {
        "Outside the API", "Cluster-wide", "In a namespace"
    };

    static const char *classes[] = { "", "warn", "bad", "", "" };

    ngx_sensu_put(b, "<table class=\"even\">\n"
                  "<caption>Requests</caption>\n<thead><tr>"
                  "<th scope=\"col\">Scope</th>"
                  "<th scope=\"col\">Passed</th>"
                  "<th scope=\"col\">Refused</th>"
                  "<th scope=\"col\">Failed</th>"
                  "<th scope=\"col\">Client left</th>"
                  "<th scope=\"col\">Others of nginx</th>"
                  "<th scope=\"col\">All</th></tr></thead>\n<tbody>\n");

    for (i = NGX_SENSU_SCOPES; i-- > 0; /* void */) {

        ngx_sensu_put(b, "<tr><th scope=\"row\">%s</th>", scopes[i]);

        for (j = 0; j < NGX_SENSU_OUTCOMES; j++) {
            stat = NGX_SENSU_STAT_REQUESTS + i * NGX_SENSU_OUTCOMES + j;
            n = ngx_sensu_count(stat);

            ngx_sensu_put(b, "<td class=\"%s\"><data id=\"c%ui\" "
                          "value=\"%ui\">", n ? classes[j] : "z", stat, n);
            ngx_sensu_status_number(b, n);
            ngx_sensu_put(b, "</data><small id=\"r%ui\"></small></td>", stat);
        }

        n = ngx_sensu_status_sum(NGX_SENSU_STAT_REQUESTS
                                 + i * NGX_SENSU_OUTCOMES,
                                 NGX_SENSU_OUTCOMES, 1);

        ngx_sensu_put(b, "<td><data id=\"cs%ui\" value=\"%ui\">", i, n);
        ngx_sensu_status_number(b, n);
        ngx_sensu_put(b, "</data><small id=\"rs%ui\"></small></td></tr>\n", i);
    }

    ngx_sensu_put(b, "</tbody>\n</table>\n");
}


static void
ngx_sensu_status_refusals(ngx_buf_t *b)
{
    u_char      title[NGX_SENSU_TITLE_SIZE];
    ngx_uint_t  i, any;

    static const char *points[] = {
        "continue: not a token of the gateway",
        "path: can be read in two ways",
        "token: never expires, or bare",
        "body: names another object than the URL",
        "list: holds what was not asked for",
        "delete: of a prefix of other namespaces",
        "limit: not a number"
    };

    ngx_sensu_status_table(b, "Refusals by reason", "Reason", "Requests");

    for (i = 1, any = 0; i < NGX_SENSU_ERROR_N; i++) {
        if (ngx_sensu_count(NGX_SENSU_STAT_REFUSED + i)) {
            any = 1;
            ngx_snprintf(title, sizeof(title), "%V <small>%ui</small>%Z",
                         &ngx_sensu_errors[i].reason,
                         ngx_sensu_errors[i].status);
            ngx_sensu_status_row(b, (char *) title, NGX_SENSU_STAT_REFUSED + i);
        }
    }

    ngx_sensu_put(b, "%s</tbody>\n</table>\n",
                  any ? "" : "<tr><td class=\"none\" colspan=\"3\">none so "
                             "far</td></tr>\n");

    ngx_sensu_status_table(b, "Guard: what the backend would have let through",
                           "Point", "Requests");
    ngx_sensu_status_rows(b, NGX_SENSU_STAT_GUARD + 1, points,
                          NGX_SENSU_GUARD_POINTS - 1);
    ngx_sensu_put(b, "</tbody>\n</table>\n");
}


static void
ngx_sensu_status_lists(ngx_buf_t *b)
{
    ngx_uint_t  i, any;

    static const char *pages[] = {
        "native: the backend paged", "sliced from the whole list",
        "merged of several namespaces"
    };

    static const char *lists[] = {
        "unpaged, filtered", "unpaged, merged"
    };

    ngx_sensu_status_table(b, "Pages and lists", "Kind", "Sent");
    ngx_sensu_status_rows(b, NGX_SENSU_STAT_PAGES_NATIVE, pages, 3);
    ngx_sensu_status_rows(b, NGX_SENSU_STAT_LISTS_FILTERED, lists, 2);
    ngx_sensu_put(b, "</tbody>\n</table>\n");

    ngx_sensu_status_table(b, "Fall-backs: pages that the backend made wrong",
                           "Resource", "Pages");

    for (i = 0, any = 0; i < NGX_SENSU_RESOURCES; i++) {
        if (ngx_sensu_count(NGX_SENSU_STAT_FALLBACKS + i)) {
            any = 1;
            ngx_sensu_status_row(b, (char *) ngx_sensu_stat_resources[i].data,
                                 NGX_SENSU_STAT_FALLBACKS + i);
        }
    }

    ngx_sensu_put(b, "%s</tbody>\n</table>\n",
                  any ? "" : "<tr><td class=\"none\" colspan=\"3\">none so "
                             "far</td></tr>\n");
}


static void
ngx_sensu_status_volume(ngx_buf_t *b)
{
    static const char *volume[] = {
        "Elements read",
        "Elements sent",
        "Elements withheld <small>of other namespaces or entities</small>",
        "Bytes read",
        "Bytes sent",
        "Bytes skipped <small>read and not sent</small>"
    };

    ngx_sensu_status_table(b, "Volume of lists", "What", "Sum");
    ngx_sensu_status_row(b, "Lists asked of the backend",
                         NGX_SENSU_STAT_FETCHES);
    ngx_sensu_status_rows(b, NGX_SENSU_STAT_ELEMENTS_SCANNED, volume, 6);
    ngx_sensu_status_row(b, "Long lists cut off "
                         "<small>when the rest was not needed</small>",
                         NGX_SENSU_STAT_UPSTREAM_CUTS);
    ngx_sensu_put(b, "</tbody>\n</table>\n");
}


static void
ngx_sensu_status_store(ngx_buf_t *b)
{
    ngx_uint_t  n;

    static const char *titles[] = {
        "looked up, found", "looked up, unknown", "looked up, failed",
        "saved", NULL, "not saved"
    };

    static const char *logouts[] = {
        "a token that was logged out", "one that was not", "look-up failed",
        "log-out noted", NULL, "log-out not noted"
    };

    static const char *rates[] = {
        "passed", "limited", "passed, Redis did not answer"
    };

    ngx_sensu_status_table(b, "Continue tokens", "Operation", "Times");
    ngx_sensu_status_rows(b, NGX_SENSU_STAT_CURSORS, titles,
                          2 * NGX_SENSU_OP_RESULTS);
    ngx_sensu_status_row(b, "dropped before their end "
                         "<small>make sensu_cursor_zone larger</small>",
                         NGX_SENSU_STAT_CURSORS_EVICTED);
    ngx_sensu_put(b, "</tbody>\n</table>\n");

    n = ngx_sensu_status_sum(NGX_SENSU_STAT_LOGOUTS,
                             2 * NGX_SENSU_OP_RESULTS, 1);

    if (n != 0) {
        ngx_sensu_status_table(b, "Log-outs", "Operation", "Times");
        ngx_sensu_status_rows(b, NGX_SENSU_STAT_LOGOUTS, logouts,
                              2 * NGX_SENSU_OP_RESULTS);
        ngx_sensu_put(b, "</tbody>\n</table>\n");
    }

    n = ngx_sensu_status_sum(NGX_SENSU_STAT_RATE_PASSED, 3, 1);

    if (n != 0) {
        ngx_sensu_status_table(b, "Rate limit", "Requests", "Sum");
        ngx_sensu_status_rows(b, NGX_SENSU_STAT_RATE_PASSED, rates, 3);
        ngx_sensu_put(b, "</tbody>\n</table>\n");
    }
}


/* a row for each bucket, with a bar for its share of all */

static void
ngx_sensu_status_latency(ngx_buf_t *b)
{
    ngx_uint_t  i, j, n, all, sum, usec;

    /* of ngx_sensu_stat_bounds[] */

    static const char *bounds[NGX_SENSU_STAT_BUCKETS - 1] = {
        "0.05 ms", "0.1 ms", "0.25 ms", "0.5 ms", "1 ms", "2.5 ms", "5 ms",
        "10 ms", "50 ms", "100 ms", "250 ms", "more"
    };

    for (i = 0, all = 0, sum = 0; i < NGX_SENSU_OPS; i++) {
        j = NGX_SENSU_STAT_LATENCY + i * NGX_SENSU_STAT_BUCKETS;
        all += ngx_sensu_status_sum(j, NGX_SENSU_STAT_BUCKETS - 1, 1);
        sum += ngx_sensu_count(j + NGX_SENSU_STAT_BUCKETS - 1);
    }

    ngx_sensu_status_table(b, "Latency of the store", "Up to", "Operations");

    for (j = 0; j < NGX_SENSU_STAT_BUCKETS - 1; j++) {

        n = ngx_sensu_status_sum(NGX_SENSU_STAT_LATENCY + j, NGX_SENSU_OPS,
                                 NGX_SENSU_STAT_BUCKETS);

        ngx_sensu_put(b, "<tr><th scope=\"row\">%s</th>", bounds[j]);

        ngx_sensu_put(b, "<td%s><data id=\"cl%ui\" value=\"%ui\">",
                      n ? "" : " class=\"z\"", j, n);
        ngx_sensu_status_number(b, n);
        ngx_sensu_put(b, "</data></td><td class=\"b\">"
                      "<svg class=\"b\" viewBox=\"0 0 100 8\" "
                      "preserveAspectRatio=\"none\" aria-hidden=\"true\">"
                      "<rect width=\"%ui\" height=\"8\"/></svg> <small>",
                      all ? n * 100 / all : 0);
        ngx_sensu_status_share(b, n, all);
        ngx_sensu_put(b, "</small></td></tr>\n");
    }

    usec = all ? sum / all : 0;

    ngx_sensu_put(b, "<tr class=\"sum\"><th scope=\"row\">mean</th><td>"
                  "%ui.%03ui ms</td><td></td></tr>\n</tbody>\n</table>\n",
                  usec / 1000, usec % 1000);
}


static void
ngx_sensu_status_redis(ngx_http_request_t *r, ngx_buf_t *b)
{
    ngx_sensu_main_conf_t  *smcf;

    static const char *connects[] = {
        "connected", "could not connect"
    };

    static const char *errors[] = {
        "connections lost", "answers too late", "answers that are errors",
        "commands not sent, it was down"
    };

    smcf = ngx_http_get_module_main_conf(r, ngx_sensu_module);

    if (smcf->redis.nelts == 0) {
        return;
    }

    ngx_sensu_status_table(b, "Redis", "What", "Times");
    ngx_sensu_put(b, "<tr class=\"sum\"><th scope=\"row\">connections now</th>"
                  "<td>%ui</td><td></td></tr>\n", ngx_sensu_connections());
    ngx_sensu_status_rows(b, NGX_SENSU_STAT_REDIS_CONNECTS, connects, 2);
    ngx_sensu_status_row(b, "commands sent", NGX_SENSU_STAT_REDIS_COMMANDS);
    ngx_sensu_status_rows(b, NGX_SENSU_STAT_REDIS_LOSSES, errors, 4);
    ngx_sensu_put(b, "</tbody>\n</table>\n");
}


/* in percent */

static void
ngx_sensu_status_share(ngx_buf_t *b, ngx_uint_t n, ngx_uint_t all)
{
    if (n == 0) {
        ngx_sensu_put(b, "0 %%");

    } else if (n * 1000 < all) {
        ngx_sensu_put(b, "&lt;0.1 %%");

    } else {
        ngx_sensu_put(b, "%ui.%ui %%", n * 100 / all, n * 1000 / all % 10);
    }
}


static ngx_uint_t
ngx_sensu_status_sum(ngx_uint_t first, ngx_uint_t n, ngx_uint_t step)
{
    ngx_uint_t  i, sum;

    for (i = 0, sum = 0; i < n; i++) {
        sum += ngx_sensu_count(first + i * step);
    }

    return sum;
}
