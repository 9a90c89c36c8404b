
/*
 * A buffer that grows.
 */


#include "ngx_sensu_scratch.h"


#define NGX_SENSU_SCRATCH_MIN  4096


ngx_int_t
ngx_sensu_scratch_add(ngx_sensu_scratch_t *scratch, const u_char *data,
    size_t len, ngx_log_t *log)
{
    size_t   size;
    u_char  *p;

    if (len == 0) {
        return NGX_OK;
    }

    if (len > scratch->size - scratch->len) {

        size = ngx_max(2 * scratch->size, scratch->len + len);
        size = ngx_max(size, NGX_SENSU_SCRATCH_MIN);

        p = ngx_alloc(size, log);
        if (p == NULL) {
            return NGX_ERROR;
        }

        if (scratch->data) {
            ngx_memcpy(p, scratch->data, scratch->len);
            ngx_free(scratch->data);
        }

        scratch->data = p;
        scratch->size = size;
    }

    ngx_memcpy(scratch->data + scratch->len, data, len);
    scratch->len += len;

    return NGX_OK;
}


void
ngx_sensu_scratch_free(ngx_sensu_scratch_t *scratch)
{
    if (scratch->data) {
        ngx_free(scratch->data);
    }

    ngx_memzero(scratch, sizeof(ngx_sensu_scratch_t));
}
