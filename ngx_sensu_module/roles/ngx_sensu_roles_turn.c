
/*
 * Whose turn it is to read.  A turn ends when who has it says so, when its
 * process is gone, or when he must have given up: one that is stopped, or whose
 * number some other process has got since, holds nobody up for ever.  What is
 * left of him then has no turn any more and changes nothing.
 */


#include "ngx_sensu_roles.h"

#include <signal.h>


static ngx_uint_t ngx_sensu_roles_held(ngx_sensu_roles_shared_t *shared);


ngx_uint_t
ngx_sensu_roles_turn(ngx_sensu_roles_t *roles)
{
    ngx_uint_t                 turn;
    ngx_sensu_roles_shared_t  *shared;

    turn = 0;
    shared = roles->shared;

    ngx_shmtx_lock(&roles->pool->mutex);

    if (!ngx_sensu_roles_held(shared)) {
        turn = ++shared->turn;

        shared->writer = ngx_pid;
        shared->until = ngx_current_msec + 2 * roles->account->stale;
    }

    ngx_shmtx_unlock(&roles->pool->mutex);

    return turn;
}


ngx_uint_t
ngx_sensu_roles_busy(ngx_sensu_roles_t *roles)
{
    ngx_uint_t  held;

    ngx_shmtx_lock(&roles->pool->mutex);

    held = ngx_sensu_roles_held(roles->shared);

    ngx_shmtx_unlock(&roles->pool->mutex);

    return held;
}


void
ngx_sensu_roles_done(ngx_sensu_roles_t *roles, ngx_uint_t turn,
    ngx_msec_t *retry)
{
    ngx_shmtx_lock(&roles->pool->mutex);

    if (ngx_sensu_roles_has_turn(roles->shared, turn)) {
        roles->shared->writer = 0;

        if (retry != NULL) {
            roles->shared->retry = *retry;
        }
    }

    ngx_shmtx_unlock(&roles->pool->mutex);
}


ngx_uint_t
ngx_sensu_roles_has_turn(ngx_sensu_roles_shared_t *shared, ngx_uint_t turn)
{
    return shared->writer != 0 && shared->turn == turn;
}


static ngx_uint_t
ngx_sensu_roles_held(ngx_sensu_roles_shared_t *shared)
{
    return shared->writer != 0
           && (ngx_msec_int_t) (shared->until - ngx_current_msec) >= 0
           && (shared->writer == ngx_pid || kill(shared->writer, 0) == 0
               || ngx_errno != NGX_ESRCH);
}
