
/*
 * The end of a reading: it has failed, took too long, or its client is gone.
 */


#include "ngx_sensu_login.h"


static ngx_uint_t ngx_sensu_reading_over(ngx_sensu_reading_t *reading,
    ngx_msec_t *retry);


void
ngx_sensu_reading_late(ngx_event_t *ev)
{
    ngx_sensu_reading_t  *reading;

    reading = ev->data;

    (void) ngx_sensu_reading_fail(reading, "the backend takes longer than "
                                  "stale=%Mms for them, it was at %V",
                                  reading->roles->account->stale,
                                  &reading->fetch->request->uri);

    /* which may be the end of the request that all this is part of */

    ngx_sensu_fetch_drop(reading->fetch);
}


ngx_int_t
ngx_sensu_reading_fail(ngx_sensu_reading_t *reading, const char *fmt, ...)
{
    u_char               text[NGX_MAX_ERROR_STR], *p;
    va_list              args;
    ngx_uint_t           refused;
    ngx_log_t           *log;
    ngx_msec_int_t       age;
    ngx_sensu_roles_t   *roles;

    roles = reading->roles;
    log = reading->errand.request->connection->log;

    va_start(args, fmt);
    p = ngx_vslprintf(text, text + sizeof(text), fmt, args);
    va_end(args);

    age = ngx_sensu_roles_age(roles);

    if (age >= 0 && age <= (ngx_msec_int_t) roles->account->stale) {
        ngx_sensu_log_damped(NGX_LOG_ERR, log,
                             "sensu: roles and bindings were not read: %*s; "
                             "those of %Mms ago are used on up to stale=%Mms",
                             (size_t) (p - text), text, age,
                             roles->account->stale);

    } else {
        ngx_sensu_log_damped(NGX_LOG_ERR, log,
                             "sensu: roles and bindings were not read: %*s; "
                             "nobody gets in where sensu_namespaces is rbac",
                             (size_t) (p - text), text);
    }

    /* a password is not tried every second */

    refused = (reading->fetch->status == NGX_HTTP_UNAUTHORIZED
               || reading->fetch->status == NGX_HTTP_FORBIDDEN);

    ngx_sensu_reading_end(reading, refused
                                   ? ngx_max(roles->account->refresh,
                                             NGX_SENSU_READING_RETRY)
                                   : NGX_SENSU_READING_RETRY);

    return NGX_DONE;
}


void
ngx_sensu_reading_end(ngx_sensu_reading_t *reading, ngx_msec_t retry)
{
    ngx_msec_t  when;

    when = retry ? ngx_max(ngx_current_msec + retry, 1) : 0;

    if (ngx_sensu_reading_over(reading, &when)) {
        ngx_sensu_stat_add(NGX_SENSU_STAT_RBAC_REFRESHES + (retry != 0), 1);
    }
}


void
ngx_sensu_reading_cleanup(void *data)
{
    (void) ngx_sensu_reading_over(data, NULL);
}


static ngx_uint_t
ngx_sensu_reading_over(ngx_sensu_reading_t *reading, ngx_msec_t *retry)
{
    if (reading->over) {
        return 0;
    }

    reading->over = 1;

    if (reading->late.timer_set) {
        ngx_del_timer(&reading->late);
    }

    sensu_rbac_build_free(reading->build);
    ngx_sensu_roles_done(reading->roles, reading->turn, retry);

    ngx_post_event(&reading->roles->poll, &ngx_posted_events);

    return 1;
}
