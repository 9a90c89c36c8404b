
/*
 * A rope: bytes in blocks behind each other, none of which is moved when more
 * come.  A page is one, so that it costs what it is and is sent as it lies.
 */


#ifndef _NGX_SENSU_ROPE_H_INCLUDED_
#define _NGX_SENSU_ROPE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


typedef struct ngx_sensu_block_s  ngx_sensu_block_t;

struct ngx_sensu_block_s {
    ngx_sensu_block_t        *next;
    size_t                    size;
    size_t                    len;
    u_char                    data[1];
};


typedef struct {
    ngx_sensu_block_t        *first;
    ngx_sensu_block_t        *last;
    size_t                    len;
} ngx_sensu_rope_t;


ngx_int_t ngx_sensu_rope_add(ngx_sensu_rope_t *rope, const u_char *data,
    size_t len, ngx_log_t *log);

/* cuts it to len bytes */
void ngx_sensu_rope_cut(ngx_sensu_rope_t *rope, size_t len);

/* moves all of src to the end of rope */
ngx_int_t ngx_sensu_rope_move(ngx_sensu_rope_t *rope, ngx_sensu_rope_t *src,
    ngx_log_t *log);

#define ngx_sensu_rope_free(rope)  ngx_sensu_rope_cut(rope, 0)


#endif /* _NGX_SENSU_ROPE_H_INCLUDED_ */
