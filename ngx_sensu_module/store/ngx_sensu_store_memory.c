
/*
 * The embedded store: cursors in a zone of shared memory, found by key and,
 * for the cleaning, by the end of their lives.  A reload keeps them; another
 * size of the zone starts empty.
 */


#include "ngx_sensu_store.h"
#include "ngx_sensu_stat.h"


/* most cursors that go to make room for one */
#define NGX_SENSU_MEMORY_EVICT   128

/* most ended cursors removed on the way of a set */
#define NGX_SENSU_MEMORY_EXPIRE  2

/* milliseconds between two lines about a full zone */
#define NGX_SENSU_MEMORY_QUIET   60000


typedef struct {
    ngx_rbtree_node_t    name;          /* by hash of the key */
    ngx_rbtree_node_t    end;           /* by the millisecond it ends at */
    u_short              key_len;
    u_short              value_len;
    u_char               data[1];       /* the key, then the value */
} ngx_sensu_memory_node_t;


typedef struct {
    ngx_rbtree_t         names;
    ngx_rbtree_node_t    names_sentinel;
    ngx_rbtree_t         ends;
    ngx_rbtree_node_t    ends_sentinel;
} ngx_sensu_memory_shared_t;


typedef struct {
    ngx_shm_zone_t             *zone;
    ngx_slab_pool_t            *pool;
    ngx_sensu_memory_shared_t  *shared;
    ngx_msec_t                  told;   /* of the last line about the zone */
    ngx_uint_t                  evicted;
} ngx_sensu_memory_t;


static ngx_int_t ngx_sensu_memory_init_zone(ngx_shm_zone_t *zone, void *data);
static ngx_sensu_op_t *ngx_sensu_memory_get(ngx_sensu_store_t *store,
    ngx_str_t *key, ngx_sensu_op_pt done, void *data);
static ngx_sensu_op_t *ngx_sensu_memory_set(ngx_sensu_store_t *store,
    ngx_str_t *key, ngx_str_t *value, time_t ttl, ngx_sensu_op_pt done,
    void *data);
static ngx_int_t ngx_sensu_memory_put(ngx_sensu_memory_t *memory,
    ngx_str_t *key, ngx_str_t *value, time_t ttl, ngx_uint_t *evicted);
static ngx_sensu_memory_node_t *ngx_sensu_memory_alloc(
    ngx_sensu_memory_t *memory, size_t size, ngx_uint_t *evicted);
static void ngx_sensu_memory_expire(ngx_sensu_memory_t *memory);
static ngx_sensu_memory_node_t *ngx_sensu_memory_first(
    ngx_sensu_memory_t *memory);
static void ngx_sensu_memory_delete(ngx_sensu_memory_t *memory,
    ngx_sensu_memory_node_t *node);
static ngx_sensu_memory_node_t *ngx_sensu_memory_lookup(
    ngx_sensu_memory_t *memory, ngx_str_t *key, uint32_t hash);
static ngx_int_t ngx_sensu_memory_compare(ngx_sensu_memory_node_t *node,
    u_char *key, size_t len);
static void ngx_sensu_memory_insert_name(ngx_rbtree_node_t *temp,
    ngx_rbtree_node_t *node, ngx_rbtree_node_t *sentinel);
static void ngx_sensu_memory_full(ngx_sensu_memory_t *memory, ngx_int_t rc,
    ngx_uint_t evicted);


#define ngx_sensu_memory_node(rbnode, member)                                 \
    ngx_rbtree_data(rbnode, ngx_sensu_memory_node_t, member)


ngx_sensu_store_t *
ngx_sensu_store_memory(ngx_conf_t *cf, ngx_shm_zone_t *zone)
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

    memory->zone = zone;

    store->get = ngx_sensu_memory_get;
    store->set = ngx_sensu_memory_set;
    store->kind = "memory";
    store->ctx = memory;

    zone->init = ngx_sensu_memory_init_zone;
    zone->data = memory;

    return store;
}


static ngx_int_t
ngx_sensu_memory_init_zone(ngx_shm_zone_t *zone, void *data)
{
    ngx_sensu_memory_t *old = data;

    size_t               len;
    ngx_sensu_memory_t  *memory;

    memory = zone->data;

    if (old) {
        memory->pool = old->pool;
        memory->shared = old->shared;
        return NGX_OK;
    }

    memory->pool = (ngx_slab_pool_t *) zone->shm.addr;

    if (zone->shm.exists) {
        memory->shared = memory->pool->data;
        return NGX_OK;
    }

    memory->shared = ngx_slab_calloc(memory->pool,
                                     sizeof(ngx_sensu_memory_shared_t));
    if (memory->shared == NULL) {
        return NGX_ERROR;
    }

    memory->pool->data = memory->shared;

    ngx_rbtree_init(&memory->shared->names, &memory->shared->names_sentinel,
                    ngx_sensu_memory_insert_name);
    ngx_rbtree_init(&memory->shared->ends, &memory->shared->ends_sentinel,
                    ngx_rbtree_insert_timer_value);

    len = sizeof(" in sensu_cursor_zone \"\"") + zone->shm.name.len;

    memory->pool->log_ctx = ngx_slab_alloc(memory->pool, len);
    if (memory->pool->log_ctx == NULL) {
        return NGX_ERROR;
    }

    ngx_sprintf(memory->pool->log_ctx, " in sensu_cursor_zone \"%V\"%Z",
                &zone->shm.name);

    /* a full zone is expected, and told by ngx_sensu_memory_full() */
    memory->pool->log_nomem = 0;

    return NGX_OK;
}


static ngx_sensu_op_t *
ngx_sensu_memory_get(ngx_sensu_store_t *store, ngx_str_t *key,
    ngx_sensu_op_pt done, void *data)
{
    u_char                    value[NGX_SENSU_STORE_VALUE_MAX];
    size_t                    len;
    ngx_int_t                 rc;
    ngx_sensu_op_t           *op;
    ngx_sensu_memory_t       *memory;
    ngx_sensu_memory_node_t  *node;

    op = ngx_sensu_op_create(NGX_SENSU_OP_GET, done, data);
    if (op == NULL) {
        return NULL;
    }

    memory = store->ctx;
    rc = NGX_DECLINED;
    len = 0;

    ngx_shmtx_lock(&memory->pool->mutex);

    node = ngx_sensu_memory_lookup(memory, key,
                                   ngx_murmur_hash2(key->data, key->len));

    if (node && (ngx_msec_int_t) (node->end.key - ngx_current_msec) > 0) {
        len = node->value_len;
        ngx_memcpy(value, node->data + node->key_len, len);
        rc = NGX_OK;
    }

    ngx_shmtx_unlock(&memory->pool->mutex);

    if (rc == NGX_OK) {
        rc = ngx_sensu_op_value(op, value, len);
    }

    ngx_sensu_op_complete(op, rc);

    return op;
}


static ngx_sensu_op_t *
ngx_sensu_memory_set(ngx_sensu_store_t *store, ngx_str_t *key,
    ngx_str_t *value, time_t ttl, ngx_sensu_op_pt done, void *data)
{
    ngx_int_t            rc;
    ngx_uint_t           evicted;
    ngx_sensu_op_t      *op;
    ngx_sensu_memory_t  *memory;

    op = ngx_sensu_op_create(NGX_SENSU_OP_SET, done, data);
    if (op == NULL) {
        return NULL;
    }

    memory = store->ctx;
    evicted = 0;
    rc = NGX_ERROR;

    if (key->len <= NGX_SENSU_STORE_VALUE_MAX
        && value->len <= NGX_SENSU_STORE_VALUE_MAX)
    {
        ngx_shmtx_lock(&memory->pool->mutex);

        rc = ngx_sensu_memory_put(memory, key, value, ttl, &evicted);

        ngx_shmtx_unlock(&memory->pool->mutex);

        if (rc != NGX_OK || evicted) {
            ngx_sensu_memory_full(memory, rc, evicted);
        }
    }

    ngx_sensu_op_complete(op, rc);

    return op;
}


/* under the lock; evicted: how many cursors lost a part of their lives */

static ngx_int_t
ngx_sensu_memory_put(ngx_sensu_memory_t *memory, ngx_str_t *key,
    ngx_str_t *value, time_t ttl, ngx_uint_t *evicted)
{
    size_t                    size;
    uint32_t                  hash;
    ngx_sensu_memory_node_t  *node;

    hash = ngx_murmur_hash2(key->data, key->len);

    ngx_sensu_memory_expire(memory);

    node = ngx_sensu_memory_lookup(memory, key, hash);

    if (node && node->value_len != value->len) {
        ngx_sensu_memory_delete(memory, node);
        node = NULL;
    }

    if (node) {
        ngx_rbtree_delete(&memory->shared->ends, &node->end);

    } else {
        size = offsetof(ngx_sensu_memory_node_t, data)
               + key->len + value->len;

        node = ngx_sensu_memory_alloc(memory, size, evicted);
        if (node == NULL) {
            return NGX_ERROR;
        }

        node->key_len = (u_short) key->len;
        node->value_len = (u_short) value->len;
        ngx_memcpy(node->data, key->data, key->len);

        node->name.key = hash;
        ngx_rbtree_insert(&memory->shared->names, &node->name);
    }

    ngx_memcpy(node->data + key->len, value->data, value->len);

    node->end.key = ngx_current_msec + (ngx_msec_t) ngx_max(ttl, 1) * 1000;
    ngx_rbtree_insert(&memory->shared->ends, &node->end);

    return NGX_OK;
}


static ngx_sensu_memory_node_t *
ngx_sensu_memory_alloc(ngx_sensu_memory_t *memory, size_t size,
    ngx_uint_t *evicted)
{
    ngx_uint_t                i;
    ngx_sensu_memory_node_t  *node, *first;

    node = ngx_slab_alloc_locked(memory->pool, size);

    for (i = 0; node == NULL && i < NGX_SENSU_MEMORY_EVICT; i++) {

        first = ngx_sensu_memory_first(memory);

        if (first == NULL) {
            break;
        }

        if ((ngx_msec_int_t) (first->end.key - ngx_current_msec) > 0) {
            (*evicted)++;
        }

        ngx_sensu_memory_delete(memory, first);

        node = ngx_slab_alloc_locked(memory->pool, size);
    }

    return node;
}


static void
ngx_sensu_memory_expire(ngx_sensu_memory_t *memory)
{
    ngx_uint_t                i;
    ngx_sensu_memory_node_t  *node;

    for (i = 0; i < NGX_SENSU_MEMORY_EXPIRE; i++) {

        node = ngx_sensu_memory_first(memory);

        if (node == NULL
            || (ngx_msec_int_t) (node->end.key - ngx_current_msec) > 0)
        {
            return;
        }

        ngx_sensu_memory_delete(memory, node);
    }
}


static ngx_sensu_memory_node_t *
ngx_sensu_memory_first(ngx_sensu_memory_t *memory)
{
    ngx_rbtree_t  *ends;

    ends = &memory->shared->ends;

    if (ends->root == ends->sentinel) {
        return NULL;
    }

    return ngx_sensu_memory_node(ngx_rbtree_min(ends->root, ends->sentinel),
                                 end);
}


static void
ngx_sensu_memory_delete(ngx_sensu_memory_t *memory,
    ngx_sensu_memory_node_t *node)
{
    ngx_rbtree_delete(&memory->shared->names, &node->name);
    ngx_rbtree_delete(&memory->shared->ends, &node->end);
    ngx_slab_free_locked(memory->pool, node);
}


static ngx_sensu_memory_node_t *
ngx_sensu_memory_lookup(ngx_sensu_memory_t *memory, ngx_str_t *key,
    uint32_t hash)
{
    ngx_int_t                 rc;
    ngx_rbtree_node_t        *node, *sentinel;
    ngx_sensu_memory_node_t  *found;

    node = memory->shared->names.root;
    sentinel = memory->shared->names.sentinel;

    while (node != sentinel) {

        if (hash != node->key) {
            node = (hash < node->key) ? node->left : node->right;
            continue;
        }

        found = ngx_sensu_memory_node(node, name);

        rc = ngx_sensu_memory_compare(found, key->data, key->len);

        if (rc == 0) {
            return found;
        }

        node = (rc < 0) ? node->left : node->right;
    }

    return NULL;
}


static ngx_int_t
ngx_sensu_memory_compare(ngx_sensu_memory_node_t *node, u_char *key,
    size_t len)
{
    return ngx_memn2cmp(key, node->data, len, node->key_len);
}


static void
ngx_sensu_memory_insert_name(ngx_rbtree_node_t *temp,
    ngx_rbtree_node_t *node, ngx_rbtree_node_t *sentinel)
{
    ngx_int_t                 rc;
    ngx_rbtree_node_t       **p;
    ngx_sensu_memory_node_t  *new;

    new = ngx_sensu_memory_node(node, name);

    for ( ;; ) {

        if (node->key != temp->key) {
            rc = (node->key < temp->key) ? -1 : 1;

        } else {
            rc = ngx_sensu_memory_compare(ngx_sensu_memory_node(temp, name),
                                          new->data, new->key_len);
        }

        p = (rc < 0) ? &temp->left : &temp->right;

        if (*p == sentinel) {
            break;
        }

        temp = *p;
    }

    *p = node;
    node->parent = temp;
    node->left = sentinel;
    node->right = sentinel;
    ngx_rbt_red(node);
}


/* cursors that go before their time are 410s: a line a minute says why */

static void
ngx_sensu_memory_full(ngx_sensu_memory_t *memory, ngx_int_t rc,
    ngx_uint_t evicted)
{
    ngx_sensu_stat_add(NGX_SENSU_STAT_CURSORS_EVICTED, evicted);

    memory->evicted += evicted;

    if (memory->told
        && ngx_current_msec - memory->told < NGX_SENSU_MEMORY_QUIET)
    {
        return;
    }

    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                  "sensu_cursor_zone \"%V\" is full: %s, %ui cursors dropped "
                  "before their end; make it larger or sensu_cursor_ttl "
                  "shorter", &memory->zone->shm.name,
                  (rc == NGX_OK) ? "made room" : "a cursor was not saved",
                  memory->evicted);

    memory->told = ngx_current_msec;
    memory->evicted = 0;
}
