
/*
 * Values that nginx keeps of variables, where what they were made of has
 * changed.
 */


#include "ngx_sensu.h"


/*
 * nginx keeps the value of $request_uri once it was asked for, in the request
 * and all its subrequests: with "proxy_pass http://backend$request_uri" the
 * client's own target would go upstream.
 */

void
ngx_sensu_target_forget(ngx_http_request_t *r)
{
    ngx_sensu_main_conf_t      *smcf;
    ngx_http_variable_value_t  *value;

    smcf = ngx_http_get_module_main_conf(r, ngx_sensu_module);

    value = &r->variables[smcf->request_uri];
    value->valid = 0;
    value->not_found = 0;
}


/* $1 and its kind, of a location that is found by a pattern */

void
ngx_sensu_captures_refresh(ngx_http_request_t *r)
{
#if (NGX_PCRE)

    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (clcf->regex != NULL) {
        /* what does not match keeps the old ones, and is not sent then */
        (void) ngx_http_regex_exec(r, clcf->regex, &r->uri);
    }

#endif
}


/*
 * nginx keeps the value of a map for the whole request.  What was made of a
 * caller under other keys, or of another path, is forgotten; values that
 * somebody set (captures, auth_request_set) have no getter to make them again,
 * and stay.
 */

void
ngx_sensu_variables_refresh(ngx_http_request_t *r)
{
    ngx_uint_t                  i;
    ngx_http_variable_t        *v;
    ngx_http_variable_value_t  *value, fresh;
    ngx_http_core_main_conf_t  *cmcf;

    ngx_sensu_target_forget(r);

    cmcf = ngx_http_get_module_main_conf(r, ngx_http_core_module);
    v = cmcf->variables.elts;

    for (i = 0; i < cmcf->variables.nelts; i++) {

        value = &r->variables[i];

        if (!value->valid || value->no_cacheable
            || !(v[i].flags & NGX_HTTP_VAR_CHANGEABLE)
            || (v[i].flags & NGX_HTTP_VAR_WEAK))
        {
            continue;
        }

        ngx_memzero(&fresh, sizeof(ngx_http_variable_value_t));

        if (v[i].get_handler(r, &fresh, v[i].data) == NGX_OK
            && !fresh.not_found)
        {
            value->valid = 0;
        }
    }
}


/* nobody can set what is nginx's own, and so is no variable that changes */

void
ngx_sensu_variables_anew(ngx_http_request_t *sr)
{
    ngx_uint_t                  i;
    ngx_http_variable_t        *v;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_get_module_main_conf(sr, ngx_http_core_module);
    v = cmcf->variables.elts;

    for (i = 0; i < cmcf->variables.nelts; i++) {

        if (!(v[i].flags & NGX_HTTP_VAR_CHANGEABLE)) {
            sr->variables[i].valid = 0;
            sr->variables[i].not_found = 0;
        }
    }

    ngx_sensu_variables_refresh(sr);
}


ngx_int_t
ngx_sensu_variables_own(ngx_http_request_t *sr)
{
    size_t                      size;
    ngx_http_core_main_conf_t  *cmcf;
    ngx_http_variable_value_t  *values;

    cmcf = ngx_http_get_module_main_conf(sr, ngx_http_core_module);

    size = cmcf->variables.nelts * sizeof(ngx_http_variable_value_t);

    values = ngx_palloc(sr->pool, size + 1);
    if (values == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(values, sr->variables, size);
    sr->variables = values;

    return NGX_OK;
}
