
/*
 * The table in shared memory.  One process at a time makes a new one; the
 * others take a copy when its version is another, so that nothing is locked to
 * ask it.
 */


#include "ngx_sensu_roles.h"


static ngx_int_t ngx_sensu_roles_init_zone(ngx_shm_zone_t *zone, void *data);
static void ngx_sensu_roles_retire(ngx_sensu_main_conf_t *smcf,
    ngx_slab_pool_t *pool);
static void ngx_sensu_roles_empty(ngx_slab_pool_t *pool,
    ngx_sensu_roles_shared_t *shared);
static ngx_sensu_roles_shared_t *ngx_sensu_roles_find(
    ngx_sensu_roles_t *roles);


ngx_int_t
ngx_sensu_roles_zone(ngx_conf_t *cf, ngx_sensu_main_conf_t *smcf)
{
    ngx_shm_zone_t  *zone;

    if (smcf->rbac_zone.size == 0) {
        ngx_str_set(&smcf->rbac_zone.name, "sensu_rbac");
        smcf->rbac_zone.size = 4 * 1024 * 1024;
    }

    zone = ngx_shared_memory_add(cf, &smcf->rbac_zone.name,
                                 smcf->rbac_zone.size,
                                 &ngx_sensu_roles_init_zone);
    if (zone == NULL) {
        return NGX_ERROR;
    }

    zone->init = ngx_sensu_roles_init_zone;
    zone->data = smcf;

    return NGX_OK;
}


/* what the pool of the zone leads to is a queue of ngx_sensu_roles_shared_t */

static ngx_int_t
ngx_sensu_roles_init_zone(ngx_shm_zone_t *zone, void *data)
{
    ngx_uint_t               i;
    ngx_queue_t             *all;
    ngx_slab_pool_t         *pool;
    ngx_sensu_roles_t      **roles;
    ngx_sensu_main_conf_t   *smcf;

    smcf = zone->data;
    pool = (ngx_slab_pool_t *) zone->shm.addr;

    if (data == NULL && !zone->shm.exists) {
        pool->log_nomem = 0;

        all = ngx_slab_alloc(pool, sizeof(ngx_queue_t));
        if (all == NULL) {
            return NGX_ERROR;
        }

        ngx_queue_init(all);
        pool->data = all;
    }

    roles = smcf->roles.elts;

    for (i = 0; i < smcf->roles.nelts; i++) {

        roles[i]->pool = pool;
        roles[i]->shared = ngx_sensu_roles_find(roles[i]);

        if (roles[i]->shared == NULL) {
            ngx_log_error(NGX_LOG_EMERG, zone->shm.log, 0,
                          "\"sensu_rbac_zone\" \"%V\" has no room for another "
                          "sensu_account, make it larger", &zone->shm.name);
            return NGX_ERROR;
        }
    }

    ngx_sensu_roles_retire(smcf, pool);

    return NGX_OK;
}


/*
 * What no account of this configuration has read is given up, so that changes
 * of passwords do not fill the zone.  Workers of the one before go on with
 * their copies.
 */

static void
ngx_sensu_roles_retire(ngx_sensu_main_conf_t *smcf, ngx_slab_pool_t *pool)
{
    ngx_uint_t                  i;
    ngx_queue_t                *all, *q;
    ngx_sensu_roles_t         **roles;
    ngx_sensu_roles_shared_t   *shared;

    all = pool->data;
    roles = smcf->roles.elts;

    for (q = ngx_queue_head(all); q != all; q = ngx_queue_next(q)) {

        shared = ngx_queue_data(q, ngx_sensu_roles_shared_t, queue);

        for (i = 0; i < smcf->roles.nelts; i++) {
            if (roles[i]->shared == shared) {
                break;
            }
        }

        if (i == smcf->roles.nelts) {
            ngx_sensu_roles_empty(pool, shared);
        }
    }
}


static void
ngx_sensu_roles_empty(ngx_slab_pool_t *pool, ngx_sensu_roles_shared_t *shared)
{
    ngx_shmtx_lock(&pool->mutex);

    /* what is left of a reading under way changes nothing any more */

    shared->writer = 0;

    if (shared->table != NULL) {
        ngx_slab_free_locked(pool, shared->table);
    }

    if (shared->access.data != NULL) {
        ngx_slab_free_locked(pool, shared->access.data);
    }

    shared->table = NULL;
    ngx_str_null(&shared->access);
    ngx_str_null(&shared->refresh);

    ngx_shmtx_unlock(&pool->mutex);
}


/* workers of the configuration before this one may use it at the same time */

static ngx_sensu_roles_shared_t *
ngx_sensu_roles_find(ngx_sensu_roles_t *roles)
{
    ngx_queue_t               *all, *q;
    ngx_slab_pool_t           *pool;
    ngx_sensu_roles_shared_t  *shared;

    pool = roles->pool;
    all = pool->data;

    ngx_shmtx_lock(&pool->mutex);

    for (q = ngx_queue_head(all); q != all; q = ngx_queue_next(q)) {

        shared = ngx_queue_data(q, ngx_sensu_roles_shared_t, queue);

        if (ngx_memcmp(shared->key, roles->key, SENSU_CURSOR_BINDING) == 0) {
            ngx_shmtx_unlock(&pool->mutex);
            return shared;
        }
    }

    shared = ngx_slab_calloc_locked(pool, sizeof(ngx_sensu_roles_shared_t));

    if (shared != NULL) {
        ngx_memcpy(shared->key, roles->key, SENSU_CURSOR_BINDING);
        ngx_queue_insert_tail(all, &shared->queue);
    }

    ngx_shmtx_unlock(&pool->mutex);

    return shared;
}


void
ngx_sensu_roles_exit_process(ngx_sensu_roles_t *roles)
{
    free(roles->table);
    free(roles->memo);

    roles->table = NULL;
    roles->memo = NULL;
}


ngx_int_t
ngx_sensu_roles_copy(ngx_sensu_roles_t *roles, ngx_log_t *log)
{
    size_t         size;
    ngx_uint_t     version;
    sensu_rbac_t  *table;

    if (roles->version == roles->shared->version) {
        return NGX_OK;
    }

    ngx_shmtx_lock(&roles->pool->mutex);

    if (roles->shared->table == NULL) {
        ngx_shmtx_unlock(&roles->pool->mutex);
        return NGX_DECLINED;
    }

    size = sensu_rbac_size(roles->shared->table);
    version = roles->shared->version;

    table = ngx_alloc(size, log);

    if (table != NULL) {
        ngx_memcpy(table, roles->shared->table, size);
    }

    ngx_shmtx_unlock(&roles->pool->mutex);

    if (table == NULL) {
        return NGX_ERROR;
    }

    free(roles->table);

    roles->table = table;
    roles->version = version;

    /* what was said of the other one is forgotten with it */

    if (roles->memo != NULL) {
        sensu_rbac_memo_clear(roles->memo);

    } else {
        roles->memo = sensu_rbac_memo_create();
    }

    return NGX_OK;
}


/* clocks of processes may differ by the moment between two looks at them */

ngx_msec_int_t
ngx_sensu_roles_age(ngx_sensu_roles_t *roles)
{
    ngx_msec_int_t  age;

    if (roles->shared->table == NULL) {
        return -1;
    }

    age = ngx_current_msec - roles->shared->read;

    return ngx_max(age, 0);
}


ngx_msec_int_t
ngx_sensu_roles_oldest(ngx_sensu_main_conf_t *smcf)
{
    ngx_uint_t           i;
    ngx_msec_int_t       age, oldest;
    ngx_sensu_roles_t  **roles;

    roles = smcf->roles.elts;
    oldest = -1;

    for (i = 0; i < smcf->roles.nelts; i++) {
        age = ngx_sensu_roles_age(roles[i]);
        oldest = ngx_max(oldest, age);
    }

    return oldest;
}


ngx_int_t
ngx_sensu_roles_publish(ngx_sensu_roles_t *roles, ngx_uint_t turn,
    const sensu_rbac_t *table, ngx_uint_t seen, ngx_msec_t read)
{
    size_t                     size;
    sensu_rbac_t              *old, *new;
    ngx_sensu_roles_shared_t  *shared;

    shared = roles->shared;
    size = sensu_rbac_size(table);

    ngx_shmtx_lock(&roles->pool->mutex);

    if (!ngx_sensu_roles_has_turn(shared, turn)) {
        ngx_shmtx_unlock(&roles->pool->mutex);
        return NGX_ABORT;
    }

    old = shared->table;

    if (old == NULL || sensu_rbac_size(old) != size
        || ngx_memcmp(old, table, size) != 0)
    {
        new = ngx_slab_alloc_locked(roles->pool, size);

        if (new == NULL) {
            ngx_shmtx_unlock(&roles->pool->mutex);
            return NGX_DECLINED;
        }

        ngx_memcpy(new, table, size);

        shared->table = new;
        shared->version++;

        if (old != NULL) {
            ngx_slab_free_locked(roles->pool, old);
        }
    }

    shared->seen = seen;
    shared->read = read;

    ngx_shmtx_unlock(&roles->pool->mutex);

    return NGX_OK;
}


ngx_int_t
ngx_sensu_roles_keep(ngx_sensu_roles_t *roles, ngx_uint_t turn,
    sensu_str_t access, sensu_str_t refresh)
{
    u_char                    *p;
    ngx_int_t                  rc;
    ngx_slab_pool_t           *pool;
    ngx_sensu_roles_shared_t  *shared;

    pool = roles->pool;
    shared = roles->shared;
    p = NULL;
    rc = NGX_ABORT;

    ngx_shmtx_lock(&pool->mutex);

    if (ngx_sensu_roles_has_turn(shared, turn)) {
        p = ngx_slab_alloc_locked(pool, access.len + refresh.len);
        rc = p ? NGX_OK : NGX_ERROR;
    }

    if (p != NULL) {

        if (shared->access.data != NULL) {
            ngx_slab_free_locked(pool, shared->access.data);
        }

        shared->access.len = access.len;
        shared->access.data = p;

        shared->refresh.len = refresh.len;
        shared->refresh.data = ngx_cpymem(p, access.data, access.len);

        ngx_memcpy(shared->refresh.data, refresh.data, refresh.len);
    }

    ngx_shmtx_unlock(&pool->mutex);

    return rc;
}


ngx_int_t
ngx_sensu_roles_tokens(ngx_sensu_roles_t *roles, ngx_pool_t *pool,
    ngx_str_t *access, ngx_str_t *refresh)
{
    ngx_sensu_roles_shared_t  *shared;

    shared = roles->shared;

    ngx_shmtx_lock(&roles->pool->mutex);

    access->len = shared->access.len;
    access->data = ngx_pstrdup(pool, &shared->access);

    refresh->len = shared->refresh.len;
    refresh->data = ngx_pstrdup(pool, &shared->refresh);

    ngx_shmtx_unlock(&roles->pool->mutex);

    return (access->data && refresh->data) ? NGX_OK : NGX_ERROR;
}
