
/*
 * One operation of a store, whatever the kind of store: created for a
 * requester, completed once through the posted events, then freed.
 */


#ifndef _NGX_SENSU_OP_H_INCLUDED_
#define _NGX_SENSU_OP_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_sensu_stat.h"


#define NGX_SENSU_OP_INTS  8


typedef struct ngx_sensu_op_s  ngx_sensu_op_t;

typedef void (*ngx_sensu_op_pt)(ngx_sensu_op_t *op);


/*
 * One operation under way.  It belongs to the store, which calls done() once
 * from the event loop and frees the operation after that; what is wanted of
 * value must be copied in done().  A requester that goes away before sets done
 * to NULL.
 */

struct ngx_sensu_op_s {
    ngx_int_t              rc;       /* NGX_OK; NGX_DECLINED: no such key;
                                        NGX_ERROR: the store failed */
    ngx_str_t              value;    /* of a get */
    ngx_int_t              ints[NGX_SENSU_OP_INTS];
                                     /* of a script: what it returned */
    ngx_uint_t             nints;
    ngx_sensu_op_e         kind;     /* to be counted as; the requester may
                                        say it better than the store */
    ngx_sensu_op_pt        done;     /* NULL: nobody waits for it */
    void                  *data;
    uint64_t               start;    /* microseconds; 0: not to be measured */
    uint64_t               taken;    /* of them, when it is completed */
    ngx_event_t            event;    /* posted to complete */
};


/* creates an operation; completes it through the posted events, and counts */
ngx_sensu_op_t *ngx_sensu_op_create(ngx_sensu_op_e kind, ngx_sensu_op_pt done,
    void *data);
void ngx_sensu_op_complete(ngx_sensu_op_t *op, ngx_int_t rc);

/* gives the operation its own copy of a value; NGX_ERROR: no memory */
ngx_int_t ngx_sensu_op_value(ngx_sensu_op_t *op, u_char *data, size_t len);

/* at the end of a process: frees what is completed, and calls no done() */
void ngx_sensu_op_exit_process(void);


#endif /* _NGX_SENSU_OP_H_INCLUDED_ */
