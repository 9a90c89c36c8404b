
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

        /* in its place where that can be, and without much more than that */

        size = scratch->len + len + scratch->len / 4;
        size = ngx_max(size, NGX_SENSU_SCRATCH_MIN);

        p = realloc(scratch->data, size);
        if (p == NULL) {
            ngx_log_error(NGX_LOG_ERR, log, ngx_errno,
                          "realloc(%uz) failed", size);
            return NGX_ERROR;
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
