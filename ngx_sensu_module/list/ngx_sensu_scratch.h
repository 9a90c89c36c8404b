
/*
 * A buffer that grows, for what came in several pieces.  Not of a pool, which
 * would keep each of its sizes to the end of the request.
 */


#ifndef _NGX_SENSU_SCRATCH_H_INCLUDED_
#define _NGX_SENSU_SCRATCH_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* zeroed: empty */

typedef struct {
    u_char                   *data;
    size_t                    len;
    size_t                    size;
} ngx_sensu_scratch_t;


/* NGX_ERROR: no memory, and what was there stays */
ngx_int_t ngx_sensu_scratch_add(ngx_sensu_scratch_t *scratch,
    const u_char *data, size_t len, ngx_log_t *log);

/* to be emptied alone, set len to 0 */
void ngx_sensu_scratch_free(ngx_sensu_scratch_t *scratch);


#endif /* _NGX_SENSU_SCRATCH_H_INCLUDED_ */
