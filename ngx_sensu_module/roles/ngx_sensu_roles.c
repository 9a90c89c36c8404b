
/*
 * Deciding by roles, and waiting for them: while what was read is not too old
 * nobody waits, and somebody reads it anew beside his own request.
 */


#include "ngx_sensu_roles.h"
#include "ngx_sensu_wait.h"
#include "sensu_claims.h"


#define NGX_SENSU_ROLES_POLL  10     /* milliseconds, while others read */


typedef struct {
    ngx_queue_t               queue;
    ngx_http_request_t       *request;   /* NULL: it waits no more */
} ngx_sensu_roles_waiter_t;


static ngx_int_t ngx_sensu_roles_ready(ngx_http_request_t *r,
    ngx_sensu_roles_t *roles);
static ngx_int_t ngx_sensu_roles_wait(ngx_http_request_t *r,
    ngx_sensu_roles_t *roles);
static void ngx_sensu_roles_poll(ngx_event_t *ev);
static void ngx_sensu_roles_cleanup(void *data);
static ngx_int_t ngx_sensu_roles_who(ngx_http_request_t *r,
    ngx_sensu_caller_t *caller, sensu_rbac_who_t *who);
static sensu_rbac_verb_e ngx_sensu_roles_verb(ngx_http_request_t *r);
static ngx_int_t ngx_sensu_roles_own(ngx_http_request_t *r,
    sensu_namespaces_t *set);


ngx_int_t
ngx_sensu_roles_judge(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx,
    ngx_sensu_caller_t *caller)
{
    void                  *memory;
    ngx_int_t              rc;
    sensu_rbac_who_t       who;
    ngx_sensu_roles_t     *roles;
    ngx_sensu_loc_conf_t  *conf;

    conf = ngx_sensu_loc_conf(r);
    roles = conf->roles;

    ctx->scope = SENSU_SCOPE_DENY;
    ngx_memzero(&ctx->namespaces, sizeof(sensu_namespaces_t));

    rc = ngx_sensu_roles_ready(r, roles);

    if (rc == NGX_DECLINED) {
        ngx_sensu_stat_add(NGX_SENSU_STAT_RBAC_UNKNOWN, 1);
        return ngx_sensu_refuse(r, NGX_SENSU_RBAC_UNKNOWN, NULL);
    }

    if (rc != NGX_OK) {
        return (rc == NGX_AGAIN) ? rc : NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ngx_sensu_roles_who(r, caller, &who) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ctx->target.rc != SENSU_PATH_API) {

        if (sensu_rbac_sees_all(roles->table, &who)) {
            ctx->namespaces.all = 1;
            ctx->scope = SENSU_SCOPE_PASS;
        }

        return NGX_OK;
    }

    memory = ngx_palloc(r->pool, sensu_rbac_judge_room(roles->table,
                                                       &ctx->target.path));
    if (memory == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->scope = sensu_rbac_judge(roles->table, &who, &ctx->target.path,
                                  ngx_sensu_roles_verb(r),
                                  sensu_backend_does(conf->backend,
                                               SENSU_BACKEND_SHOWS_NAMESPACES),
                                  &ctx->namespaces, memory);

    ngx_sensu_stat_add(ctx->scope == SENSU_SCOPE_PASS
                       ? NGX_SENSU_STAT_RBAC_PASSED
                       : ctx->scope == SENSU_SCOPE_DENY
                       ? NGX_SENSU_STAT_RBAC_FORBIDDEN
                       : NGX_SENSU_STAT_RBAC_NARROWED, 1);

    return ngx_sensu_roles_own(r, &ctx->namespaces);
}


/* NGX_OK: roles->table is good; NGX_AGAIN; NGX_DECLINED: there is none */

static ngx_int_t
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
    ngx_http_request_t        *r;
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

        r = waiter->request;
        waiter->request = NULL;

        ngx_sensu_wake(r);
    }
}


static void
ngx_sensu_roles_cleanup(void *data)
{
    ngx_sensu_roles_waiter_t *waiter = data;

    if (waiter->request) {
        ngx_queue_remove(&waiter->queue);
    }
}


void
ngx_sensu_roles_init_process(ngx_sensu_roles_t *roles)
{
    ngx_queue_init(&roles->waiters);

    roles->poll.handler = ngx_sensu_roles_poll;
    roles->poll.data = roles;
    roles->poll.log = ngx_cycle->log;
    roles->poll.cancelable = 1;
}


/* without claims he is nobody: then nothing is granted */

static ngx_int_t
ngx_sensu_roles_who(ngx_http_request_t *r, ngx_sensu_caller_t *caller,
    sensu_rbac_who_t *who)
{
    size_t        i, n;
    json_t       *groups;
    sensu_str_t  *names;

    ngx_memzero(who, sizeof(sensu_rbac_who_t));

    if (caller->verdict != SENSU_TOKEN_OK) {
        return NGX_OK;
    }

    who->user = ngx_sensu_str(caller->user);

    groups = sensu_claims_groups(&ngx_sensu_loc_conf(r)->rules,
                                 caller->claims);
    n = sensu_claims_groups_n(groups);

    names = ngx_palloc(r->pool, n * sizeof(sensu_str_t) + 1);
    if (names == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < n; i++) {
        names[i] = sensu_claims_group(groups, i);
    }

    who->groups = names;
    who->ngroups = n;

    return NGX_OK;
}


static sensu_rbac_verb_e
ngx_sensu_roles_verb(ngx_http_request_t *r)
{
    switch (r->method) {

    case NGX_HTTP_GET:
        return SENSU_RBAC_GET;

    case NGX_HTTP_POST:
        return SENSU_RBAC_CREATE;

    case NGX_HTTP_PUT:
    case NGX_HTTP_PATCH:
        return SENSU_RBAC_UPDATE;

    case NGX_HTTP_DELETE:
        return SENSU_RBAC_DELETE;

    default:
        return SENSU_RBAC_OTHER;
    }
}


/* the table may be another one before the request is over */

static ngx_int_t
ngx_sensu_roles_own(ngx_http_request_t *r, sensu_namespaces_t *set)
{
    u_char  *p;
    size_t   i, len;

    len = 0;

    for (i = 0; i < set->n; i++) {
        len += set->names[i].len;
    }

    p = ngx_pnalloc(r->pool, len + 1);
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    for (i = 0; i < set->n; i++) {
        len = set->names[i].len;
        ngx_memcpy(p, set->names[i].data, len);
        set->names[i].data = p;
        p += len;
    }

    return NGX_OK;
}


/* whatever the backend says to it, once it may have come there */

void
ngx_sensu_roles_note(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    ngx_uint_t               i;
    ngx_sensu_roles_t      **roles;
    ngx_sensu_main_conf_t   *smcf;

    smcf = ngx_http_get_module_main_conf(r, ngx_sensu_module);

    if (smcf->roles.nelts == 0 || r != r->main || ctx->roles_noted
        || ctx->passed.len == 0 || ctx->target.rc != SENSU_PATH_API
        || r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD|NGX_HTTP_OPTIONS)
        || !ngx_sensu_reading_is_of(ctx->target.path.resource))
    {
        return;
    }

    ctx->roles_noted = 1;

    roles = smcf->roles.elts;

    for (i = 0; i < smcf->roles.nelts; i++) {
        (void) ngx_atomic_fetch_add(&roles[i]->shared->writes, 1);
    }
}
