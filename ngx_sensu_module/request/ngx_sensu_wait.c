
/*
 * Waiting with a request.
 */


#include "ngx_sensu_wait.h"


static void ngx_sensu_wait_cleanup(void *data);


void
ngx_sensu_wait(ngx_http_request_t *r)
{
    if (r == r->main && !r->discard_body) {
        r->read_event_handler = ngx_http_test_reading;
    }

    r->write_event_handler = ngx_http_core_run_phases;
}


void
ngx_sensu_wake(ngx_http_request_t *r)
{
    ngx_connection_t  *c;

    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    if (ngx_http_post_request(r, NULL) == NGX_OK) {
        ngx_http_run_posted_requests(c);
    }
}


ngx_int_t
ngx_sensu_wait_op(ngx_pool_t *pool, ngx_sensu_op_t **op)
{
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_sensu_wait_cleanup;
    cln->data = op;

    return NGX_OK;
}


static void
ngx_sensu_wait_cleanup(void *data)
{
    ngx_sensu_op_t **op = data;

    if (*op) {
        (*op)->done = NULL;
        *op = NULL;
    }
}
