
/*
 * A reading under way, and what it shows to be let in.
 */


#ifndef _NGX_SENSU_LOGIN_H_INCLUDED_
#define _NGX_SENSU_LOGIN_H_INCLUDED_


#include "ngx_sensu_errand.h"
#include "ngx_sensu_roles.h"


typedef enum {
    NGX_SENSU_READING_LIST = 0,
    NGX_SENSU_READING_RENEW,
    NGX_SENSU_READING_LOGIN
} ngx_sensu_reading_e;


typedef struct {
    ngx_sensu_errand_t        errand;
    ngx_sensu_roles_t        *roles;
    ngx_uint_t                turn;
    ngx_str_t                 access;    /* tokens; len 0: none */
    ngx_str_t                 refresh;
    ngx_sensu_fetch_t        *fetch;
    void                    (*done)(ngx_sensu_fetch_t *fetch);
    ngx_sensu_room_t          room;
    ngx_sensu_reading_e       state;

    sensu_rbac_list_e         list;
    sensu_position_t          from;      /* of the page */
    sensu_rbac_build_t       *build;

    ngx_msec_t                began;
    ngx_event_t               late;      /* what it read would be too old */
    ngx_atomic_uint_t         writes;    /* when it began */

    unsigned                  whole:1;   /* the list is not paged */
    unsigned                  renewed:1;
    unsigned                  logged_in:1;
    unsigned                  over:1;
} ngx_sensu_reading_t;


/* ngx_sensu_reading_end.c */

/* milliseconds after a failure */
#define NGX_SENSU_READING_RETRY  1000

/* one line a while, with what that means for callers; NGX_DONE */
ngx_int_t ngx_sensu_reading_fail(ngx_sensu_reading_t *reading,
    const char *fmt, ...);
/* retry: not before, in milliseconds; 0: it did not fail */
void ngx_sensu_reading_end(ngx_sensu_reading_t *reading, ngx_msec_t retry);
/* of the timer: who waits for it has waited enough */
void ngx_sensu_reading_late(ngx_event_t *ev);
/* the client may leave in the middle of it: then somebody else reads */
void ngx_sensu_reading_cleanup(void *data);


/* ngx_sensu_login.c */

/* a new fetch in reading->fetch, for it alone; NGX_ERROR: no memory */
ngx_int_t ngx_sensu_login_fetch(ngx_sensu_reading_t *reading);

/* those of the account as it stands; NGX_ERROR: no memory */
ngx_int_t ngx_sensu_login_credentials(ngx_sensu_reading_t *reading,
    ngx_str_t *credentials);

/* start an errand for tokens; NGX_ERROR: no memory */
ngx_int_t ngx_sensu_login(ngx_sensu_reading_t *reading);
ngx_int_t ngx_sensu_login_renew(ngx_sensu_reading_t *reading);

/* keeps those of the answer; NGX_DECLINED: it has none; NGX_ERROR: the zone
   is full; NGX_ABORT: no memory, or it is not our turn any more */
ngx_int_t ngx_sensu_login_take(ngx_sensu_reading_t *reading);


#endif /* _NGX_SENSU_LOGIN_H_INCLUDED_ */
