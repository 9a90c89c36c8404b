
/*
 * Deciding by roles: what a request asks for, of whom, and what a table of
 * roles says to that, or has said before.
 */


#include "ngx_sensu_roles.h"
#include "sensu_claims.h"


static ngx_int_t ngx_sensu_roles_decide(ngx_http_request_t *r,
    ngx_sensu_ctx_t *ctx, ngx_sensu_caller_t *caller);
static ngx_int_t ngx_sensu_roles_decide_anew(ngx_http_request_t *r,
    ngx_sensu_ctx_t *ctx, ngx_sensu_caller_t *caller, sensu_rbac_ask_t *ask);
static ngx_int_t ngx_sensu_roles_beside(ngx_http_request_t *r,
    ngx_sensu_ctx_t *ctx, ngx_sensu_caller_t *caller);
static ngx_int_t ngx_sensu_roles_who(ngx_http_request_t *r,
    ngx_sensu_caller_t *caller, sensu_rbac_who_t *who);
static sensu_rbac_verb_e ngx_sensu_roles_verb(ngx_http_request_t *r);
static ngx_int_t ngx_sensu_roles_own(ngx_http_request_t *r,
    sensu_namespaces_t *set);


ngx_int_t
ngx_sensu_roles_judge(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx,
    ngx_sensu_caller_t *caller)
{
    ngx_int_t  rc;

    ctx->scope = SENSU_SCOPE_DENY;
    ngx_memzero(&ctx->namespaces, sizeof(sensu_namespaces_t));

    rc = ngx_sensu_roles_ready(r, ngx_sensu_loc_conf(r)->roles);

    if (rc == NGX_DECLINED) {
        ngx_sensu_stat_add(NGX_SENSU_STAT_RBAC_UNKNOWN, 1);
        return ngx_sensu_refuse(r, NGX_SENSU_RBAC_UNKNOWN, NULL);
    }

    if (rc == NGX_OK) {
        rc = (ctx->target.rc == SENSU_PATH_API)
             ? ngx_sensu_roles_decide(r, ctx, caller)
             : ngx_sensu_roles_beside(r, ctx, caller);
    }

    if (rc == NGX_ERROR) {
        ctx->scope = SENSU_SCOPE_DENY;
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (rc == NGX_OK) {
        ngx_sensu_stat_add(ctx->scope == SENSU_SCOPE_PASS
                           ? NGX_SENSU_STAT_RBAC_PASSED
                           : ctx->scope == SENSU_SCOPE_DENY
                           ? NGX_SENSU_STAT_RBAC_FORBIDDEN
                           : NGX_SENSU_STAT_RBAC_NARROWED, 1);
    }

    return rc;
}


static ngx_int_t
ngx_sensu_roles_decide(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx,
    ngx_sensu_caller_t *caller)
{
    u_char                *name;
    sensu_rbac_ask_t       ask;
    ngx_sensu_roles_t     *roles;
    sensu_namespaces_t    *set;
    ngx_sensu_loc_conf_t  *conf;

    conf = ngx_sensu_loc_conf(r);
    roles = conf->roles;
    set = &ctx->namespaces;

    name = ngx_pnalloc(r->pool, sensu_rbac_ask_room(&ctx->target.path));
    set->names = ngx_palloc(r->pool, sizeof(sensu_str_t));

    if (name == NULL || set->names == NULL) {
        return NGX_ERROR;
    }

    sensu_rbac_ask(&ask, &ctx->target.path, ngx_sensu_roles_verb(r),
                   ngx_sensu_str(caller->user), name);

    ask.shown = sensu_backend_does(conf->backend,
                                   SENSU_BACKEND_SHOWS_NAMESPACES) != 0;

    if ((roles->memo == NULL
         || !sensu_rbac_memo_find(roles->memo, caller->id, &ask, &ctx->scope,
                                  set))
        && ngx_sensu_roles_decide_anew(r, ctx, caller, &ask) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_sensu_roles_own(r, set);
}


static ngx_int_t
ngx_sensu_roles_decide_anew(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx,
    ngx_sensu_caller_t *caller, sensu_rbac_ask_t *ask)
{
    void               *memory;
    sensu_rbac_who_t    who;
    ngx_sensu_roles_t  *roles;

    roles = ngx_sensu_loc_conf(r)->roles;

    memory = ngx_palloc(r->pool, sensu_rbac_judge_room(roles->table, ask));

    if (memory == NULL || ngx_sensu_roles_who(r, caller, &who) != NGX_OK) {
        return NGX_ERROR;
    }

    ctx->scope = sensu_rbac_judge(roles->table, &who, ask, &ctx->namespaces,
                                  memory);

    if (roles->memo != NULL) {
        sensu_rbac_memo_add(roles->memo, caller->id, ask, ctx->scope,
                            &ctx->namespaces);
    }

    return NGX_OK;
}


/* what lies beside the API takes all namespaces */

static ngx_int_t
ngx_sensu_roles_beside(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx,
    ngx_sensu_caller_t *caller)
{
    sensu_rbac_who_t  who;

    if (ngx_sensu_roles_who(r, caller, &who) != NGX_OK) {
        return NGX_ERROR;
    }

    if (sensu_rbac_sees_all(ngx_sensu_loc_conf(r)->roles->table, &who)) {
        ctx->namespaces.all = 1;
        ctx->scope = SENSU_SCOPE_PASS;
    }

    return NGX_OK;
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
        return NGX_ERROR;
    }

    for (i = 0; i < set->n; i++) {
        len = set->names[i].len;
        ngx_memcpy(p, set->names[i].data, len);
        set->names[i].data = p;
        p += len;
    }

    return NGX_OK;
}
