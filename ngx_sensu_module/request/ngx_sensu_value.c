
/*
 * Texts of the configuration: with variables in them, and lists.
 */


#include "ngx_sensu.h"


ngx_http_complex_value_t *
ngx_sensu_value(ngx_conf_t *cf, ngx_str_t *text)
{
    ngx_http_complex_value_t          *value;
    ngx_http_compile_complex_value_t   ccv;

    value = ngx_palloc(cf->pool, sizeof(ngx_http_complex_value_t));
    if (value == NULL) {
        return NULL;
    }

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = text;
    ccv.complex_value = value;

    return (ngx_http_compile_complex_value(&ccv) == NGX_OK) ? value : NULL;
}


ngx_uint_t
ngx_sensu_is_listed(ngx_array_t *list, ngx_str_t *text)
{
    ngx_str_t   *listed;
    ngx_uint_t   i;

    if (list == NULL) {
        return 0;
    }

    listed = list->elts;

    for (i = 0; i < list->nelts; i++) {
        if (sensu_str_eq(ngx_sensu_str(listed[i]), ngx_sensu_str(*text))) {
            return 1;
        }
    }

    return 0;
}
