
/*
 * Waiting for roles: while what was read is not too old nobody waits, and
 * somebody reads it anew beside his own request.
 */


#include "ngx_sensu_roles.h"
#include "ngx_sensu_wait.h"


#define NGX_SENSU_ROLES_POLL  10     /* milliseconds, while others read */


typedef struct {
    ngx_queue_t               queue;     /* of itself: it waits no more */
    ngx_http_request_t       *request;
} ngx_sensu_roles_waiter_t;


static ngx_int_t ngx_sensu_roles_wait(ngx_http_request_t *r,
    ngx_sensu_roles_t *roles);
static void ngx_sensu_roles_poll(ngx_event_t *ev);
static void ngx_sensu_roles_cleanup(void *data);


ngx_int_t
ngx_sensu_roles_ready(ngx_http_request_t *r, ngx_sensu_roles_t *roles)
{
    ngx_uint_t                 usable, current;
    ngx_msec_t                 retry;
    ngx_msec_int_t             age;
    ngx_sensu_roles_shared_t  *shared;

    shared = roles->shared;

    age = ngx_sensu_roles_age(roles);
    current = (shared->seen == shared->writes);
    usable = (age >= 0 && age <= (ngx_msec_int_t) roles->account->stale);

    ngx_memory_barrier();

    if (usable && current && age < (ngx_msec_int_t) roles->account->refresh) {
        return ngx_sensu_roles_copy(roles, r->connection->log);
    }

    retry = shared->retry;

    if ((retry == 0 || (ngx_msec_int_t) (retry - ngx_current_msec) <= 0)
        && ngx_sensu_reading_start(r, roles) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (!(usable && current) && ngx_sensu_roles_busy(roles)) {
        return ngx_sensu_roles_wait(r, roles);
    }

    return usable ? ngx_sensu_roles_copy(roles, r->connection->log)
                  : NGX_DECLINED;
}


static ngx_int_t
ngx_sensu_roles_wait(ngx_http_request_t *r, ngx_sensu_roles_t *roles)
{
    ngx_pool_cleanup_t        *cln;
    ngx_sensu_roles_waiter_t  *waiter;

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_sensu_roles_waiter_t));
    if (cln == NULL) {
        return NGX_ERROR;
    }

    waiter = cln->data;
    waiter->request = r;
    ngx_queue_insert_tail(&roles->waiters, &waiter->queue);

    cln->handler = ngx_sensu_roles_cleanup;

    if (!roles->poll.timer_set) {
        ngx_add_timer(&roles->poll, NGX_SENSU_ROLES_POLL);
    }

    ngx_sensu_wait(r);

    return NGX_AGAIN;
}


static void
ngx_sensu_roles_poll(ngx_event_t *ev)
{
    ngx_queue_t                list;
    ngx_sensu_roles_t         *roles;
    ngx_sensu_roles_waiter_t  *waiter;

    roles = ev->data;

    if (ngx_queue_empty(&roles->waiters)) {
        return;
    }

    if (ngx_sensu_roles_busy(roles)) {

        if (!ev->timer_set) {
            ngx_add_timer(ev, NGX_SENSU_ROLES_POLL);
        }

        return;
    }

    /* whoever has to wait again is not of this list */

    ngx_queue_init(&list);
    ngx_queue_add(&list, &roles->waiters);
    ngx_queue_init(&roles->waiters);

    while (!ngx_queue_empty(&list)) {

        waiter = ngx_queue_data(ngx_queue_head(&list),
                                ngx_sensu_roles_waiter_t, queue);

        ngx_queue_remove(&waiter->queue);
        ngx_queue_init(&waiter->queue);

        ngx_sensu_wake(waiter->request);
    }
}


static void
ngx_sensu_roles_cleanup(void *data)
{
    ngx_sensu_roles_waiter_t *waiter = data;

    ngx_queue_remove(&waiter->queue);
}


void
ngx_sensu_roles_init_process(ngx_sensu_roles_t *roles)
{
    ngx_queue_init(&roles->waiters);

    roles->poll.handler = ngx_sensu_roles_poll;
    roles->poll.data = roles;
    roles->poll.log = ngx_cycle->log;
}


void
ngx_sensu_roles_mark(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    if (r == r->main && ctx->target.rc == SENSU_PATH_API
        && !(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD|NGX_HTTP_OPTIONS))
        && ngx_sensu_reading_is_of(ctx->target.path.resource))
    {
        ctx->writes_roles = 1;
    }
}


/* whatever the backend says to it, or somebody in its place */

void
ngx_sensu_roles_note(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    ngx_uint_t               i;
    ngx_sensu_roles_t      **roles;
    ngx_sensu_main_conf_t   *smcf;

    if (!ctx->writes_roles) {
        return;
    }

    ctx->writes_roles = 0;

    smcf = ngx_http_get_module_main_conf(r, ngx_sensu_module);
    roles = smcf->roles.elts;

    for (i = 0; i < smcf->roles.nelts; i++) {
        (void) ngx_atomic_fetch_add(&roles[i]->shared->writes, 1);
    }
}
