
/*
 * The embedded store: tables in zones of shared memory, one of cursors and one
 * of log-outs.  A reload keeps them.
 *
 * A zone of cursors that is full makes room, and another size of it starts
 * empty.  A log-out never goes before its end: a full zone takes no more.  Its
 * zones are known by name and size, and one of another size than now stays as
 * an older one, which is only read, until all in it has ended.  Nothing is
 * copied, so what workers of the configuration before write is seen, too.
 */


#include "ngx_sensu_store.h"
#include "ngx_sensu_log.h"
#include "ngx_sensu_stat.h"
#include "sensu_slots.h"


typedef struct ngx_sensu_memory_s  ngx_sensu_memory_t;

struct ngx_sensu_memory_s {
    ngx_str_t             name;      /* as it was configured */
    ngx_slab_pool_t      *pool;
    sensu_slots_t        *slots;
    ngx_sensu_memory_t   *older;     /* zones of log-outs */
    ngx_sensu_damper_t    damper;    /* of lines about the zone */
    ngx_uint_t            evicted;   /* since the last one */
    sensu_slots_mode_e    mode;
    unsigned              written:1; /* by this configuration */
};


static ngx_sensu_store_t *ngx_sensu_memory_create(ngx_conf_t *cf,
    ngx_str_t *name, ngx_str_t *zone, size_t size, sensu_slots_mode_e mode);
static ngx_int_t ngx_sensu_memory_zone(ngx_conf_t *cf,
    ngx_sensu_memory_t *memory, ngx_str_t *name, size_t size);
static ngx_int_t ngx_sensu_memory_older(ngx_conf_t *cf,
    ngx_sensu_memory_t *memory, ngx_str_t *present);
static ngx_int_t ngx_sensu_memory_carry(ngx_conf_t *cf,
    ngx_sensu_memory_t *memory, ngx_shm_zone_t *zone);
static ngx_int_t ngx_sensu_memory_init_zone(ngx_shm_zone_t *zone, void *data);
static ngx_sensu_op_t *ngx_sensu_memory_get(ngx_sensu_store_t *store,
    ngx_str_t *key, ngx_sensu_op_pt done, void *data);
static ngx_sensu_op_t *ngx_sensu_memory_set(ngx_sensu_store_t *store,
    ngx_str_t *key, ngx_str_t *value, time_t ttl, ngx_sensu_op_pt done,
    void *data);
static uint64_t ngx_sensu_memory_now(ngx_sensu_memory_t *memory);
static void ngx_sensu_memory_full(ngx_sensu_memory_t *memory, ssize_t evicted);


/* of zones of cursors, and of log-outs */
static ngx_uint_t  ngx_sensu_memory_tags[2];


#define ngx_sensu_memory_str(s)  ((sensu_str_t) { (s)->len, (s)->data })


ngx_sensu_store_t *
ngx_sensu_store_memory(ngx_conf_t *cf, ngx_str_t *name, size_t size)
{
    return ngx_sensu_memory_create(cf, name, name, size, SENSU_SLOTS_EVICT);
}


ngx_sensu_store_t *
ngx_sensu_store_logouts(ngx_conf_t *cf, ngx_str_t *name, size_t size)
{
    ngx_str_t           sized;
    ngx_sensu_store_t  *store;

    sized.data = ngx_pnalloc(cf->pool, name->len + 1 + NGX_SIZE_T_LEN);
    if (sized.data == NULL) {
        return NULL;
    }

    sized.len = ngx_sprintf(sized.data, "%V_%uz", name, size) - sized.data;

    store = ngx_sensu_memory_create(cf, name, &sized, size, SENSU_SLOTS_KEEP);

    if (store == NULL
        || ngx_sensu_memory_older(cf, store->ctx, &sized) != NGX_OK)
    {
        return NULL;
    }

    return store;
}


static ngx_sensu_store_t *
ngx_sensu_memory_create(ngx_conf_t *cf, ngx_str_t *name, ngx_str_t *zone,
    size_t size, sensu_slots_mode_e mode)
{
    ngx_sensu_store_t   *store;
    ngx_sensu_memory_t  *memory;

    store = ngx_pcalloc(cf->pool, sizeof(ngx_sensu_store_t));
    if (store == NULL) {
        return NULL;
    }

    memory = ngx_pcalloc(cf->pool, sizeof(ngx_sensu_memory_t));
    if (memory == NULL) {
        return NULL;
    }

    memory->name = *name;
    memory->mode = mode;
    memory->written = 1;
    memory->damper.quiet = NGX_SENSU_LOG_MINUTE;

    store->get = ngx_sensu_memory_get;
    store->set = ngx_sensu_memory_set;
    store->kind = "memory";
    store->ctx = memory;

    return ngx_sensu_memory_zone(cf, memory, zone, size) == NGX_OK ? store
                                                                   : NULL;
}


static ngx_int_t
ngx_sensu_memory_zone(ngx_conf_t *cf, ngx_sensu_memory_t *memory,
    ngx_str_t *name, size_t size)
{
    ngx_shm_zone_t  *zone;

    zone = ngx_shared_memory_add(cf, name, size,
                                 &ngx_sensu_memory_tags[memory->mode]);
    if (zone == NULL) {
        return NGX_ERROR;
    }

    zone->init = ngx_sensu_memory_init_zone;
    zone->data = memory;

    return NGX_OK;
}


/* the zones of log-outs that the configuration before this one has */

static ngx_int_t
ngx_sensu_memory_older(ngx_conf_t *cf, ngx_sensu_memory_t *memory,
    ngx_str_t *present)
{
    ngx_uint_t        i;
    ngx_shm_zone_t   *zone;
    ngx_list_part_t  *part;

    part = &cf->cycle->old_cycle->shared_memory.part;

    for ( /* void */ ; part; part = part->next) {

        zone = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (zone[i].tag != &ngx_sensu_memory_tags[memory->mode]
                || zone[i].shm.addr == NULL
                || sensu_str_eq(ngx_sensu_memory_str(&zone[i].shm.name),
                                ngx_sensu_memory_str(present)))
            {
                continue;
            }

            if (ngx_sensu_memory_carry(cf, memory, &zone[i]) != NGX_OK) {
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


/* one that is written until the reload comes along even if it is empty now */

static ngx_int_t
ngx_sensu_memory_carry(ngx_conf_t *cf, ngx_sensu_memory_t *memory,
    ngx_shm_zone_t *zone)
{
    size_t               n;
    ngx_str_t            name;
    ngx_sensu_memory_t  *before, *older;

    before = zone->data;

    ngx_shmtx_lock(&before->pool->mutex);
    n = sensu_slots_count(before->slots, ngx_sensu_memory_now(before));
    ngx_shmtx_unlock(&before->pool->mutex);

    if (n == 0 && !before->written) {
        return NGX_OK;
    }

    older = ngx_pcalloc(cf->pool, sizeof(ngx_sensu_memory_t));
    name.data = ngx_pstrdup(cf->pool, &zone->shm.name);

    if (older == NULL || name.data == NULL) {
        return NGX_ERROR;
    }

    name.len = zone->shm.name.len;

    older->mode = memory->mode;
    older->older = memory->older;
    memory->older = older;

    return ngx_sensu_memory_zone(cf, older, &name, zone->shm.size);
}


/* the slab gives one block of all it has: the table does without it */

static ngx_int_t
ngx_sensu_memory_init_zone(ngx_shm_zone_t *zone, void *data)
{
    void                *block;
    size_t               size;
    ngx_sensu_memory_t  *memory;

    memory = zone->data;

    memory->pool = (ngx_slab_pool_t *) zone->shm.addr;

    if (data == NULL && !zone->shm.exists) {

        size = memory->pool->pfree * ngx_pagesize;

        block = ngx_slab_alloc(memory->pool, size);
        if (block == NULL) {
            return NGX_ERROR;
        }

        memory->pool->data = sensu_slots_init(block, size);
    }

    memory->slots = memory->pool->data;

    return memory->slots ? NGX_OK : NGX_ERROR;
}


static ngx_sensu_op_t *
ngx_sensu_memory_get(ngx_sensu_store_t *store, ngx_str_t *key,
    ngx_sensu_op_pt done, void *data)
{
    u_char               value[NGX_SENSU_STORE_VALUE_MAX];
    ssize_t              len;
    ngx_int_t            rc;
    ngx_sensu_op_t      *op;
    ngx_sensu_memory_t  *memory;

    op = ngx_sensu_op_create(NGX_SENSU_OP_GET, done, data);
    if (op == NULL) {
        return NULL;
    }

    len = -1;

    for (memory = store->ctx; memory && len == -1; memory = memory->older) {

        ngx_shmtx_lock(&memory->pool->mutex);

        len = sensu_slots_get(memory->slots, ngx_sensu_memory_str(key),
                              ngx_sensu_memory_now(memory), value,
                              sizeof(value));

        ngx_shmtx_unlock(&memory->pool->mutex);
    }

    rc = (len == -1) ? NGX_DECLINED : ngx_sensu_op_value(op, value, len);

    ngx_sensu_op_complete(op, rc);

    return op;
}


static ngx_sensu_op_t *
ngx_sensu_memory_set(ngx_sensu_store_t *store, ngx_str_t *key,
    ngx_str_t *value, time_t ttl, ngx_sensu_op_pt done, void *data)
{
    ssize_t              evicted;
    uint64_t             now;
    ngx_sensu_op_t      *op;
    ngx_sensu_memory_t  *memory;

    op = ngx_sensu_op_create(NGX_SENSU_OP_SET, done, data);
    if (op == NULL) {
        return NULL;
    }

    memory = store->ctx;
    evicted = -1;

    if (value->len <= NGX_SENSU_STORE_VALUE_MAX) {

        now = ngx_sensu_memory_now(memory);

        ngx_shmtx_lock(&memory->pool->mutex);

        evicted = sensu_slots_set(memory->slots, ngx_sensu_memory_str(key),
                                  ngx_sensu_memory_str(value), now,
                                  now + (uint64_t) ngx_max(ttl, 1) * 1000,
                                  memory->mode);

        ngx_shmtx_unlock(&memory->pool->mutex);
    }

    if (evicted != 0) {
        ngx_sensu_memory_full(memory, evicted);
    }

    ngx_sensu_op_complete(op, evicted == -1 ? NGX_ERROR : NGX_OK);

    return op;
}


size_t
ngx_sensu_store_memory_free(ngx_sensu_store_t *store)
{
    ngx_sensu_memory_t  *memory;

    memory = store->ctx;

    return sensu_slots_free(memory->slots);
}


/* a log-out ends with its token: by the clock that tokens are judged by */

static uint64_t
ngx_sensu_memory_now(ngx_sensu_memory_t *memory)
{
    return (memory->mode == SENSU_SLOTS_KEEP) ? (uint64_t) ngx_time() * 1000
                                              : ngx_current_msec;
}


/* cursors that go before their time are 410s: a line a minute says why */

static void
ngx_sensu_memory_full(ngx_sensu_memory_t *memory, ssize_t evicted)
{
    if (evicted > 0) {
        ngx_sensu_stat_add(NGX_SENSU_STAT_CURSORS_EVICTED, evicted);
        memory->evicted += evicted;
    }

    if (memory->mode == SENSU_SLOTS_KEEP) {
        ngx_sensu_log(&memory->damper, NGX_LOG_ERR, ngx_cycle->log,
                      "sensu_logout_zone \"%V\" is full: log-outs are not "
                      "kept until others end, make it larger",
                      &memory->name);

    } else {
        ngx_sensu_log(&memory->damper, NGX_LOG_ERR, ngx_cycle->log,
                      "sensu_cursor_zone \"%V\" is full: %s, %ui cursors "
                      "dropped before their end; make it larger or "
                      "sensu_cursor_ttl shorter", &memory->name,
                      (evicted == -1) ? "a cursor was not saved" : "made room",
                      memory->evicted);
    }

    if (memory->damper.hushed == 0) {
        memory->evicted = 0;
    }
}
