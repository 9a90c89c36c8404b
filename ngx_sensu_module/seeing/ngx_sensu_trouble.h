
/*
 * What is wrong now, of all workers, for the status page: in shared memory
 * without a lock.  Two workers that write at once may spoil a line, nothing
 * else; readers take no text for well formed.
 */


#ifndef _NGX_SENSU_TROUBLE_H_INCLUDED_
#define _NGX_SENSU_TROUBLE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_SENSU_NOTES          8
#define NGX_SENSU_NOTE_TEXT      240
#define NGX_SENSU_OUTAGES        4
#define NGX_SENSU_OUTAGE_TEXT    112


/* a line of the error log; text ends with NUL, as the others */

typedef struct {
    time_t                at;
    ngx_uint_t            level;
    u_char                text[NGX_SENSU_NOTE_TEXT];
} ngx_sensu_note_t;


/* seen: when a worker was last refused */

typedef struct {
    time_t                since;
    time_t                seen;
    u_char                addr[NGX_SENSU_OUTAGE_TEXT];
    u_char                cause[NGX_SENSU_OUTAGE_TEXT];
} ngx_sensu_outage_t;


typedef struct {
    ngx_atomic_t          noted;         /* so many notes, the last ones kept */
    ngx_sensu_note_t      note[NGX_SENSU_NOTES];
    ngx_sensu_outage_t    outage[NGX_SENSU_OUTAGES];
} ngx_sensu_trouble_t;


/* as ngx_log_error(), without err, and noted */
void ngx_sensu_say(ngx_uint_t level, ngx_log_t *log, const char *fmt, ...);

void ngx_sensu_note(ngx_uint_t level, const u_char *text, size_t len);

/* a server of the store is down, for so many milliseconds; and is back */
void ngx_sensu_outage_seen(const u_char *addr, const char *cause,
    ngx_msec_t ms);
void ngx_sensu_outage_gone(const u_char *addr);


#endif /* _NGX_SENSU_TROUBLE_H_INCLUDED_ */
