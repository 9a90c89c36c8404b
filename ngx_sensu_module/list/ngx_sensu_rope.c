
/*
 * A rope.
 */


#include "ngx_sensu_rope.h"


/* a block is an eighth of what is there already, within these */

#define NGX_SENSU_BLOCK_MIN  2048
#define NGX_SENSU_BLOCK_MAX  (64 * 1024)


ngx_int_t
ngx_sensu_rope_add(ngx_sensu_rope_t *rope, const u_char *data, size_t len,
    ngx_log_t *log)
{
    size_t              n, size;
    ngx_sensu_block_t  *block;

    while (len) {
        block = rope->last;

        if (block == NULL || block->len == block->size) {

            size = ngx_min(ngx_max(rope->len / 8, NGX_SENSU_BLOCK_MIN),
                           NGX_SENSU_BLOCK_MAX);

            block = ngx_alloc(offsetof(ngx_sensu_block_t, data) + size, log);
            if (block == NULL) {
                return NGX_ERROR;
            }

            block->next = NULL;
            block->size = size;
            block->len = 0;

            if (rope->last) {
                rope->last->next = block;

            } else {
                rope->first = block;
            }

            rope->last = block;
        }

        n = ngx_min(len, block->size - block->len);

        ngx_memcpy(block->data + block->len, data, n);

        block->len += n;
        rope->len += n;
        data += n;
        len -= n;
    }

    return NGX_OK;
}


void
ngx_sensu_rope_cut(ngx_sensu_rope_t *rope, size_t len)
{
    ngx_sensu_block_t  *block, *next;

    if (len != 0 && rope->len - len < rope->last->len) {
        /* nearly always */
        rope->last->len -= rope->len - len;
        rope->len = len;
        return;
    }

    rope->len = len;
    rope->last = NULL;

    for (block = rope->first; block; block = next) {
        next = block->next;

        if (len == 0) {
            ngx_free(block);
            continue;
        }

        block->len = ngx_min(block->len, len);
        len -= block->len;
        rope->last = block;

        if (len == 0) {
            block->next = NULL;
        }
    }

    if (rope->last == NULL) {
        rope->first = NULL;
    }
}


/* what is little is copied, for a block has room for more than its bytes */

ngx_int_t
ngx_sensu_rope_move(ngx_sensu_rope_t *rope, ngx_sensu_rope_t *src,
    ngx_log_t *log)
{
    ngx_int_t           rc;
    ngx_sensu_block_t  *block;

    rc = NGX_OK;
    block = src->first;

    if (block == NULL) {
        return NGX_OK;
    }

    if (rope->last && src->len <= NGX_SENSU_BLOCK_MIN) {

        for ( /* void */ ; block && rc == NGX_OK; block = block->next) {
            rc = ngx_sensu_rope_add(rope, block->data, block->len, log);
        }

        ngx_sensu_rope_free(src);

        return rc;
    }

    if (rope->last) {
        rope->last->next = block;

    } else {
        rope->first = block;
    }

    rope->last = src->last;
    rope->len += src->len;

    ngx_memzero(src, sizeof(ngx_sensu_rope_t));

    return NGX_OK;
}
