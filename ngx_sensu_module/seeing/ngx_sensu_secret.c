
/*
 * The one way to a password or an API key in a file.
 */


#include "ngx_sensu_secret.h"
#include "sensu_keys.h"


typedef struct {
    ngx_conf_t               *cf;
    const char               *what;
} ngx_sensu_secret_t;


static void ngx_sensu_secret_warn(void *data, const char *text);


ngx_int_t
ngx_sensu_secret(ngx_conf_t *cf, const char *what, ngx_str_t *file,
    ngx_str_t *secret)
{
    char                err[1024];
    ngx_str_t           path;
    ngx_sensu_secret_t  from;
    sensu_key_report_t  r;

    if (secret == NULL && file->len == 0) {
        return NGX_OK;
    }

    path = *file;

    if (ngx_conf_full_name(cf->cycle, &path, 1) != NGX_OK) {
        return NGX_ERROR;
    }

    from.cf = cf;
    from.what = what;

    r.path = (char *) path.data;
    r.warn = ngx_sensu_secret_warn;
    r.data = &from;
    r.err = err;
    r.errlen = sizeof(err);

    if (secret) {
        secret->data = ngx_pnalloc(cf->pool, NGX_SENSU_SECRET);
        if (secret->data == NULL) {
            return NGX_ERROR;
        }
    }

    if ((secret ? sensu_key_file_line(&r, secret->data, NGX_SENSU_SECRET,
                                      &secret->len)
                : sensu_key_file_exists(&r))
        != 0)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%s: %s", what, err);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
ngx_sensu_secret_warn(void *data, const char *text)
{
    ngx_sensu_secret_t *from = data;

    ngx_conf_log_error(NGX_LOG_WARN, from->cf, 0, "%s: %s", from->what, text);
}
