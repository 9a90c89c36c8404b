
/*
 * The first thing on the status page: what is wrong now.
 */


#include "ngx_sensu_status.h"


#define NGX_SENSU_TROUBLE_OUTAGE  15       /* seconds since it was seen, */
#define NGX_SENSU_TROUBLE_ERROR   300      /* likewise */
#define NGX_SENSU_TROUBLE_ENDS    (14 * 24 * 3600)


static void ngx_sensu_status_outages(ngx_buf_t *b);
#if (NGX_HTTP_UPSTREAM_ZONE)
static void ngx_sensu_status_backend(void *data, ngx_str_t *upstream,
    ngx_str_t *server, ngx_uint_t up);
#endif
static void ngx_sensu_status_failures(ngx_buf_t *b);
static void ngx_sensu_status_ends(ngx_sensu_main_conf_t *smcf, ngx_buf_t *b);


void
ngx_sensu_status_trouble(ngx_http_request_t *r, ngx_buf_t *b)
{
    u_char                 *begin, *items;
    ngx_sensu_main_conf_t  *smcf;

    smcf = ngx_http_get_module_main_conf(r, ngx_sensu_module);
    begin = b->last;

    ngx_sensu_put(b, "<section class=\"trouble\" role=\"status\">\n"
                  "<h2>Trouble</h2>\n<ul>\n");

    items = b->last;

    ngx_sensu_status_outages(b);
#if (NGX_HTTP_UPSTREAM_ZONE)
    ngx_sensu_peers_each(smcf, ngx_sensu_status_backend, b);
#endif
    ngx_sensu_status_failures(b);
    ngx_sensu_status_ends(smcf, b);

    if (b->last == items) {
        b->last = begin;
        ngx_sensu_put(b, "<p class=\"calm\" role=\"status\">No trouble in the "
                      "last five minutes.</p>\n");
        return;
    }

    ngx_sensu_put(b, "</ul>\n</section>\n");
}


/* of Redis, as its workers saw it */

static void
ngx_sensu_status_outages(ngx_buf_t *b)
{
    time_t               now;
    ngx_uint_t           i;
    ngx_sensu_outage_t  *outage;

    now = ngx_time();
    outage = ngx_sensu_stats->trouble.outage;

    for (i = 0; i < NGX_SENSU_OUTAGES; i++) {

        if (now - outage[i].seen > NGX_SENSU_TROUBLE_OUTAGE) {
            continue;
        }

        ngx_sensu_put(b, "<li><b>Redis ");
        ngx_sensu_status_escape(b, outage[i].addr, NGX_SENSU_OUTAGE_TEXT);
        ngx_sensu_put(b, "</b> has been down for ");
        ngx_sensu_status_ago(b, now - outage[i].since);
        ngx_sensu_put(b, ": ");
        ngx_sensu_status_escape(b, outage[i].cause, NGX_SENSU_OUTAGE_TEXT);
        ngx_sensu_put(b, "</li>\n");
    }
}


#if (NGX_HTTP_UPSTREAM_ZONE)

static void
ngx_sensu_status_backend(void *data, ngx_str_t *upstream, ngx_str_t *server,
    ngx_uint_t up)
{
    ngx_buf_t *b = data;

    if (!up) {
        ngx_sensu_put(b, "<li><b>Backend ");
        ngx_sensu_status_escape(b, server->data, server->len);
        ngx_sensu_put(b, "</b> of ");
        ngx_sensu_status_escape(b, upstream->data, upstream->len);
        ngx_sensu_put(b, " is not asked: it is marked down, or failed "
                      "max_fails times</li>\n");
    }
}

#endif


/* what clients got with 5xx */

static void
ngx_sensu_status_failures(ngx_buf_t *b)
{
    time_t      ago;
    ngx_uint_t  i;

    for (i = 1; i < NGX_SENSU_ERROR_N; i++) {

        ago = ngx_time() - ngx_sensu_stats->refused[i];

        if (ago > NGX_SENSU_TROUBLE_ERROR || ngx_sensu_errors[i].status < 500) {
            continue;
        }

        ngx_sensu_put(b, "<li><b>%ui %V</b>, the last one ",
                      ngx_sensu_errors[i].status, &ngx_sensu_errors[i].reason);
        ngx_sensu_status_ago(b, ago);
        ngx_sensu_put(b, " ago, ");
        ngx_sensu_status_number(b, ngx_sensu_stats->count[
                                       NGX_SENSU_STAT_REFUSED + i]);
        ngx_sensu_put(b, " in all</li>\n");
    }
}


static void
ngx_sensu_status_ends(ngx_sensu_main_conf_t *smcf, ngx_buf_t *b)
{
    time_t                    left;
    ngx_uint_t                i;
    ngx_sensu_certificate_t  *certificate;

    certificate = smcf->certificates.elts;

    for (i = 0; i < smcf->certificates.nelts; i++) {

        left = certificate[i].until - ngx_time();

        if (left > NGX_SENSU_TROUBLE_ENDS) {
            continue;
        }

        ngx_sensu_put(b, "<li><b>The certificate of ");
        ngx_sensu_status_escape(b, certificate[i].server.data,
                                certificate[i].server.len);
        ngx_sensu_put(b, "</b> ");

        if (left <= 0) {
            ngx_sensu_put(b, "has ended</li>\n");
        } else {
            ngx_sensu_put(b, "ends in %T days</li>\n", left / 86400);
        }
    }
}


void
ngx_sensu_status_notes(ngx_buf_t *b)
{
    time_t             now;
    ngx_uint_t         i, noted;
    ngx_sensu_note_t  *note;

    noted = ngx_sensu_stats->trouble.noted;
    now = ngx_time();

    if (noted == 0) {
        return;
    }

    ngx_sensu_put(b, "<table class=\"notes\">\n<caption>Last lines of the "
                  "error log</caption>\n<thead><tr><th scope=\"col\">Ago</th>"
                  "<th scope=\"col\">Line</th></tr></thead>\n<tbody>\n");

    for (i = 0; i < ngx_min(noted, NGX_SENSU_NOTES); i++) {

        note = &ngx_sensu_stats->trouble.note[(noted - 1 - i)
                                              % NGX_SENSU_NOTES];

        if (note->at == 0) {
            continue;
        }

        ngx_sensu_put(b, "<tr><th scope=\"row\">");
        ngx_sensu_status_ago(b, now - note->at);
        ngx_sensu_put(b, "</th><td class=\"%s\">",
                      note->level <= NGX_LOG_ERR ? "bad"
                      : note->level == NGX_LOG_WARN ? "warn" : "");
        ngx_sensu_status_escape(b, note->text, NGX_SENSU_NOTE_TEXT);
        ngx_sensu_put(b, "</td></tr>\n");
    }

    ngx_sensu_put(b, "</tbody>\n</table>\n");
}
