
/*
 * What goes upstream is what was judged.
 *
 * proxy_pass may have a path of its own, captures, variables: what it makes of
 * a request is known only when nginx has written the request down, and nothing
 * of nginx asks a module then.  But between that and the connection it wants
 * to know the local address (proxy_bind), a value with variables.  So that of
 * each location is a variable of ours, which reads the request line in the
 * place of the backend, and then says what the operator had said.
 */


#include "ngx_sensu_sent.h"


typedef struct {
    ngx_http_upstream_local_t  local;    /* first: nginx sees only this */
    ngx_http_upstream_local_t *bind;     /* the operator's own, or NULL */
} ngx_sensu_sent_bind_t;


static ngx_http_complex_value_t *ngx_sensu_sent_value(ngx_conf_t *cf);
static ngx_int_t ngx_sensu_sent_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_sensu_sent_hook(ngx_conf_t *cf,
    ngx_sensu_main_conf_t *smcf, ngx_http_upstream_conf_t *ucf);
static ngx_int_t ngx_sensu_sent_local(ngx_http_request_t *r,
    ngx_http_upstream_local_t *bind, ngx_str_t *text);
static void ngx_sensu_sent_refuse(ngx_http_request_t *r, const char *why);


ngx_int_t
ngx_sensu_sent_init(ngx_conf_t *cf, ngx_http_core_loc_conf_t *clcf)
{
    ngx_uint_t                 i;
    ngx_sensu_main_conf_t     *smcf;
    ngx_http_upstream_conf_t  *ucf;

    smcf = ngx_http_conf_get_module_main_conf(cf, ngx_sensu_module);

    for (i = 0; i < NGX_SENSU_UPSTREAMS; i++) {
        ucf = ngx_sensu_upstream_conf(cf, clcf, i);

        if (ucf != NULL && ngx_sensu_sent_hook(cf, smcf, ucf) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_sensu_sent_hook(ngx_conf_t *cf, ngx_sensu_main_conf_t *smcf,
    ngx_http_upstream_conf_t *ucf)
{
    ngx_sensu_sent_bind_t  *bind;

    if (smcf->sent == NULL) {

        smcf->sent = ngx_sensu_sent_value(cf);
        if (smcf->sent == NULL) {
            return NGX_ERROR;
        }
    }

    bind = ngx_pcalloc(cf->pool, sizeof(ngx_sensu_sent_bind_t));
    if (bind == NULL) {
        return NGX_ERROR;
    }

    bind->bind = ucf->local;

    if (ucf->local != NULL) {
        bind->local = *ucf->local;
        bind->local.addr = NULL;
    }

    bind->local.value = smcf->sent;

    ucf->local = &bind->local;

    return NGX_OK;
}


/* of a variable that operators do not see: they have been read by now */

static ngx_http_complex_value_t *
ngx_sensu_sent_value(ngx_conf_t *cf)
{
    ngx_str_t             name;
    ngx_http_variable_t  *variable;

    static ngx_str_t  text = ngx_string("$sensu_sent");

    name.data = text.data + 1;
    name.len = text.len - 1;

    variable = ngx_http_add_variable(cf, &name, NGX_HTTP_VAR_NOCACHEABLE);
    if (variable == NULL) {
        return NULL;
    }

    variable->get_handler = ngx_sensu_sent_variable;

    return ngx_sensu_value(cf, &text);
}


static ngx_int_t
ngx_sensu_sent_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    ngx_int_t               rc;
    ngx_str_t               text;
    const char             *why;
    ngx_http_upstream_t    *u;
    ngx_sensu_main_conf_t  *smcf;
    ngx_sensu_sent_bind_t  *bind;

    v->valid = 1;
    v->no_cacheable = 1;
    v->not_found = 0;
    v->len = 0;

    u = r->upstream;
    smcf = ngx_http_get_module_main_conf(r, ngx_sensu_module);

    /* only where nginx itself asks, before it connects */

    if (u == NULL || u->state != NULL || u->request_bufs == NULL
        || u->conf->local == NULL || u->conf->local->value != smcf->sent)
    {
        return NGX_OK;
    }

    why = "nothing, for want of memory";

    rc = ngx_sensu_loc_conf(r)->gateway ? ngx_sensu_sent_judge(r, &why)
                                        : ngx_sensu_sent_left(r, &why);
    if (rc != NGX_OK) {
        ngx_sensu_sent_refuse(r, why);
        return NGX_OK;
    }

    bind = (ngx_sensu_sent_bind_t *) u->conf->local;

    if (bind->bind != NULL) {

        if (ngx_sensu_sent_local(r, bind->bind, &text) != NGX_OK) {
            return NGX_ERROR;
        }

        v->data = text.data;
        v->len = text.len;
    }

    return NGX_OK;
}


/* what the operator's proxy_bind says */

static ngx_int_t
ngx_sensu_sent_local(ngx_http_request_t *r, ngx_http_upstream_local_t *bind,
    ngx_str_t *text)
{
    if (bind->value != NULL) {
        return ngx_http_complex_value(r, bind->value, text);
    }

    if (bind->addr != NULL) {
        *text = bind->addr->name;

    } else {
        ngx_str_null(text);
    }

    return NGX_OK;
}


/*
 * nginx can not be told so by a value: it is led to an upstream that has no
 * port, where it gives up with a status of 500.
 */

static void
ngx_sensu_sent_refuse(ngx_http_request_t *r, const char *why)
{
    ngx_http_core_loc_conf_t  *clcf;

    static ngx_http_upstream_resolved_t  nowhere = {
        .host = ngx_string("which would get what the gateway did not judge")
    };

    r->upstream->resolved = &nowhere;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    ngx_sensu_log_damped(NGX_LOG_ERR, r->connection->log,
                         "sensu: proxy_pass in location \"%V\" sends %s: let "
                         "it have no URI of its own, cut a prefix off with "
                         "\"rewrite ^/PREFIX(/.*)$ $1 break\"", &clcf->name,
                         why);

    (void) ngx_sensu_refuse_because(ngx_sensu_ctx_asker(r),
                                    NGX_SENSU_GATEWAY_LEFT,
                                    "proxy_pass sends something else than "
                                    "was judged");
}
