
/*
 * The life of an operation, see ngx_sensu_op.h.
 */


#include "ngx_sensu_op.h"


static void ngx_sensu_op_handler(ngx_event_t *ev);
static void ngx_sensu_op_free(ngx_sensu_op_t *op);
static uint64_t ngx_sensu_op_clock(void);


ngx_sensu_op_t *
ngx_sensu_op_create(ngx_sensu_op_e kind, ngx_sensu_op_pt done, void *data)
{
    ngx_sensu_op_t  *op;

    op = ngx_calloc(sizeof(ngx_sensu_op_t), ngx_cycle->log);
    if (op == NULL) {
        return NULL;
    }

    op->rc = NGX_ERROR;
    op->kind = kind;
    op->done = done;
    op->data = data;
    op->start = ngx_sensu_op_clock();

    op->event.handler = ngx_sensu_op_handler;
    op->event.data = op;
    op->event.log = ngx_cycle->log;

    return op;
}


void
ngx_sensu_op_complete(ngx_sensu_op_t *op, ngx_int_t rc)
{
    op->rc = rc;
    op->taken = ngx_sensu_op_clock() - op->start;

    ngx_post_event(&op->event, &ngx_posted_events);
}


ngx_int_t
ngx_sensu_op_value(ngx_sensu_op_t *op, u_char *data, size_t len)
{
    op->value.data = ngx_alloc(len + 1, ngx_cycle->log);
    if (op->value.data == NULL) {
        return NGX_ERROR;
    }

    *ngx_cpymem(op->value.data, data, len) = '\0';
    op->value.len = len;

    return NGX_OK;
}


void
ngx_sensu_op_exit_process(void)
{
    ngx_queue_t  *q, *next;
    ngx_event_t  *ev;

    for (q = ngx_queue_head(&ngx_posted_events);
         q != ngx_queue_sentinel(&ngx_posted_events);
         q = next)
    {
        next = ngx_queue_next(q);
        ev = ngx_queue_data(q, ngx_event_t, queue);

        if (ev->handler == ngx_sensu_op_handler) {
            ngx_delete_posted_event(ev);
            ngx_sensu_op_free(ev->data);
        }
    }
}


static void
ngx_sensu_op_handler(ngx_event_t *ev)
{
    ngx_sensu_op_t  *op;

    op = ev->data;

    if (op->kind != NGX_SENSU_OP_SCRIPT) {
        ngx_sensu_stat_add(NGX_SENSU_STAT_CURSORS
                           + op->kind * NGX_SENSU_OP_RESULTS
                           + (op->rc == NGX_OK ? 0
                              : op->rc == NGX_DECLINED ? 1 : 2), 1);
    }

    if (op->start) {
        ngx_sensu_stat_latency(op->kind, (ngx_uint_t) op->taken);
    }

    if (op->done) {
        op->done(op);
    }

    ngx_sensu_op_free(op);
}


static void
ngx_sensu_op_free(ngx_sensu_op_t *op)
{
    if (op->value.data) {
        ngx_free(op->value.data);
    }

    ngx_free(op);
}


/* microseconds of a clock that is never set; nginx's own is a tick behind */

static uint64_t
ngx_sensu_op_clock(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (uint64_t) ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}
