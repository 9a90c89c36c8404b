
/*
 * Roles and bindings as the backend has them: read by an account of the
 * gateway's own, kept as one table in shared memory, and asked about each
 * request of a location with "sensu_namespaces rbac".
 */


#ifndef _NGX_SENSU_ROLES_H_INCLUDED_
#define _NGX_SENSU_ROLES_H_INCLUDED_


#include "ngx_sensu.h"
#include "sensu_rbac.h"


/* who reads, and how often */

struct ngx_sensu_account_s {
    ngx_str_t                 name;      /* len 0: an API key */
    ngx_str_t                 secret;    /* password or API key */
    ngx_msec_t                refresh;
    ngx_msec_t                stale;
    ngx_sensu_place_t         place;
};


/* in shared memory: what one account has read of one backend */

typedef struct {
    ngx_queue_t               queue;
    u_char                    key[SENSU_CURSOR_BINDING];

    ngx_atomic_t              version;   /* of the table; 0: none yet */
    ngx_atomic_t              read;      /* when that reading began */
    ngx_atomic_t              seen;      /* of the writes, by it */
    ngx_atomic_t              writes;    /* of roles that passed here */
    ngx_atomic_t              retry;     /* not before; 0: it did not fail */

    /* under the lock of the zone */

    sensu_rbac_t             *table;

    ngx_uint_t                turn;      /* the latest, of one that reads */
    ngx_pid_t                 writer;    /* whose it is; 0: it is over */
    ngx_msec_t                until;     /* it is over then, too */

    ngx_str_t                 access;    /* tokens, in one piece */
    ngx_str_t                 refresh;
} ngx_sensu_roles_shared_t;


/* the same, of a worker */

struct ngx_sensu_roles_s {
    ngx_sensu_account_t      *account;
    ngx_str_t                 host;      /* by whose name it asks */
    u_char                    key[SENSU_CURSOR_BINDING];
    ngx_sensu_roles_shared_t *shared;
    ngx_slab_pool_t          *pool;      /* that it is in */
    ngx_sensu_zone_t         *zone;

    ngx_uint_t                version;
    sensu_rbac_t             *table;     /* a copy of that version */
    sensu_rbac_memo_t        *memo;      /* verdicts of it; NULL: no memory */

    ngx_queue_t               waiters;   /* requests */
    ngx_event_t               poll;
};


/* ngx_sensu_account.c */

char *ngx_sensu_account_conf(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
/* of a location with its proxy_pass; NULL: no memory */
ngx_sensu_roles_t *ngx_sensu_account_roles(ngx_conf_t *cf,
    ngx_sensu_loc_conf_t *slcf);

/* ngx_sensu_roles_zone.c */

ngx_int_t ngx_sensu_roles_zone(ngx_conf_t *cf, ngx_sensu_main_conf_t *smcf);
void ngx_sensu_roles_exit_process(ngx_sensu_roles_t *roles);
/* this worker's copy is the latest; NGX_DECLINED: there is none any more;
   NGX_ERROR: no memory */
ngx_int_t ngx_sensu_roles_copy(ngx_sensu_roles_t *roles, ngx_log_t *log);
/* how old the table is, in milliseconds; -1: there is none */
ngx_msec_int_t ngx_sensu_roles_age(ngx_sensu_roles_t *roles);
/* of all tables that there are; -1: there is none */
ngx_msec_int_t ngx_sensu_roles_oldest(ngx_sensu_main_conf_t *smcf);
/*
 * The new table, of a reading that began then and has seen so many writes.
 * NGX_OK, also if it is as it was; NGX_DECLINED: the zone is too small;
 * NGX_ABORT: the turn is over.
 */
ngx_int_t ngx_sensu_roles_publish(ngx_sensu_roles_t *roles, ngx_uint_t turn,
    const sensu_rbac_t *table, ngx_uint_t seen, ngx_msec_t read);
/* NGX_ERROR: the zone is full; NGX_ABORT: the turn is over */
ngx_int_t ngx_sensu_roles_keep(ngx_sensu_roles_t *roles, ngx_uint_t turn,
    sensu_str_t access, sensu_str_t refresh);
/* copies of the tokens, empty if there are none; NGX_ERROR: no memory */
ngx_int_t ngx_sensu_roles_tokens(ngx_sensu_roles_t *roles, ngx_pool_t *pool,
    ngx_str_t *access, ngx_str_t *refresh);

/* ngx_sensu_roles_turn.c */

/* one reads at a time; 0: it is somebody else's turn */
ngx_uint_t ngx_sensu_roles_turn(ngx_sensu_roles_t *roles);
/* does anybody read? */
ngx_uint_t ngx_sensu_roles_busy(ngx_sensu_roles_t *roles);
/* the end of a turn; retry: when to read again, NULL: as it is */
void ngx_sensu_roles_done(ngx_sensu_roles_t *roles, ngx_uint_t turn,
    ngx_msec_t *retry);

/* is it still the turn?  under the lock of the zone */
ngx_uint_t ngx_sensu_roles_has_turn(ngx_sensu_roles_shared_t *shared,
    ngx_uint_t turn);

/* ngx_sensu_reading.c */

/*
 * Begins to read, by subrequests of this request, if nobody else does.  When
 * it is over roles->poll is posted.
 */
ngx_int_t ngx_sensu_reading_start(ngx_http_request_t *r,
    ngx_sensu_roles_t *roles);
/* is that one of the five lists? */
ngx_uint_t ngx_sensu_reading_is_of(sensu_str_t resource);

/* ngx_sensu_roles_judge.c */

/*
 * What the caller's roles make of the target, and in which namespaces: sets
 * ctx->scope and ctx->namespaces.  NGX_OK; NGX_AGAIN: the request waits, and
 * its phases are run again; a status.
 */
ngx_int_t ngx_sensu_roles_judge(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx,
    ngx_sensu_caller_t *caller);

/* ngx_sensu_roles.c */

/* NGX_OK: roles->table is good; NGX_AGAIN: the request waits, and its phases
   are run again; NGX_DECLINED: there is none; NGX_ERROR: no memory */
ngx_int_t ngx_sensu_roles_ready(ngx_http_request_t *r,
    ngx_sensu_roles_t *roles);
void ngx_sensu_roles_init_process(ngx_sensu_roles_t *roles);
/* before a request goes to the backend: may it change roles? */
void ngx_sensu_roles_mark(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx);
/* if so, they may have been changed by now */
void ngx_sensu_roles_note(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx);


#endif /* _NGX_SENSU_ROLES_H_INCLUDED_ */
