
/*
 * What is wrong now.
 */


#include "ngx_sensu_stat.h"
#include "ngx_sensu_trouble.h"


static ngx_sensu_outage_t *ngx_sensu_outage_find(const u_char *addr);
static ngx_uint_t ngx_sensu_outage_is(ngx_sensu_outage_t *outage,
    const u_char *addr);


void
ngx_sensu_say(ngx_uint_t level, ngx_log_t *log, const char *fmt, ...)
{
    u_char   text[NGX_MAX_ERROR_STR], *p;
    va_list  args;

    va_start(args, fmt);
    p = ngx_vslprintf(text, text + sizeof(text), fmt, args);
    va_end(args);

    ngx_log_error(level, log, 0, "%*s", (size_t) (p - text), text);

    ngx_sensu_note(level, text, p - text);
}


void
ngx_sensu_note(ngx_uint_t level, const u_char *text, size_t len)
{
    ngx_sensu_note_t  *note;

    note = &ngx_sensu_stats->trouble.note[
               ngx_atomic_fetch_add(&ngx_sensu_stats->trouble.noted, 1)
               % NGX_SENSU_NOTES];

    note->at = ngx_time();
    note->level = level;

    len = ngx_min(len, NGX_SENSU_NOTE_TEXT - 1);
    ngx_memcpy(note->text, text, len);
    note->text[len] = '\0';
}


void
ngx_sensu_outage_seen(const u_char *addr, const char *cause, ngx_msec_t ms)
{
    ngx_sensu_outage_t  *outage;

    outage = ngx_sensu_outage_find(addr);

    ngx_cpystrn(outage->addr, (u_char *) addr, NGX_SENSU_OUTAGE_TEXT);
    outage->since = ngx_time() - ms / 1000;
    outage->seen = ngx_time();
    ngx_cpystrn(outage->cause, (u_char *) cause, NGX_SENSU_OUTAGE_TEXT);
}


void
ngx_sensu_outage_gone(const u_char *addr)
{
    ngx_sensu_outage_t  *outage;

    outage = ngx_sensu_outage_find(addr);

    if (ngx_sensu_outage_is(outage, addr)) {
        outage->seen = 0;
    }
}


/* its own, or the one that was seen longest ago */

static ngx_sensu_outage_t *
ngx_sensu_outage_find(const u_char *addr)
{
    ngx_uint_t           i;
    ngx_sensu_outage_t  *outage, *old;

    outage = ngx_sensu_stats->trouble.outage;
    old = outage;

    for (i = 0; i < NGX_SENSU_OUTAGES; i++) {

        if (ngx_sensu_outage_is(&outage[i], addr)) {
            return &outage[i];
        }

        if (outage[i].seen < old->seen) {
            old = &outage[i];
        }
    }

    return old;
}


/* of a long address the begin is kept */

static ngx_uint_t
ngx_sensu_outage_is(ngx_sensu_outage_t *outage, const u_char *addr)
{
    return ngx_strncmp(outage->addr, addr, NGX_SENSU_OUTAGE_TEXT - 1) == 0;
}
