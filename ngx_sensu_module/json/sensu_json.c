
/*
 * While jansson reads, what malloc() refuses it comes out of a reserve, and
 * the result is thrown away.  The room for a string grows by doubling, so all
 * of it takes less than four times the text.
 */


#include <stdint.h>
#include <stdlib.h>
#include "sensu_json.h"


#define SENSU_JSON_RESERVE(len)  (8 * (len) + 4096)
#define SENSU_JSON_ALIGNMENT     16


typedef struct {
    unsigned char        *reserve;
    size_t                size;
    size_t                used;
    int                   failed;
    json_malloc_t         malloc;    /* those that are in force otherwise */
    json_free_t           free;
} sensu_json_memory_t;


static void sensu_json_nul(sensu_str_t text, const unsigned char *nul,
    json_error_t *error);
static void *sensu_json_malloc(size_t size);
static void sensu_json_free(void *p);


static sensu_json_memory_t  sensu_json_memory;


json_t *
sensu_json_load(sensu_str_t text, size_t flags, json_error_t *error,
    int *no_memory)
{
    json_t               *json;
    const unsigned char  *nul;
    sensu_json_memory_t  *memory;

    /* jansson overlooks one that follows a number or a literal */

    nul = text.len ? memchr(text.data, '\0', text.len) : NULL;

    if (nul != NULL) {
        sensu_json_nul(text, nul, error);
        *no_memory = 0;
        return NULL;
    }

    memory = &sensu_json_memory;

    json_get_alloc_funcs(&memory->malloc, &memory->free);

    memory->used = 0;
    memory->failed = 0;
    memory->size = SENSU_JSON_RESERVE(text.len);
    memory->reserve = memory->malloc(memory->size);

    if (memory->reserve == NULL) {
        *no_memory = 1;
        return NULL;
    }

    json_set_alloc_funcs(sensu_json_malloc, sensu_json_free);

    json = json_loadb((const char *) text.data, text.len, flags, error);

    if (memory->failed) {
        json_decref(json);
        json = NULL;
    }

    json_set_alloc_funcs(memory->malloc, memory->free);
    memory->free(memory->reserve);

    *no_memory = memory->failed;

    return json;
}


static void
sensu_json_nul(sensu_str_t text, const unsigned char *nul,
    json_error_t *error)
{
    const unsigned char  *p;

    if (error == NULL) {
        return;
    }

    memset(error, 0, sizeof(json_error_t));

    error->position = nul - text.data;
    error->line = 1;
    error->column = error->position;

    for (p = text.data; p != nul; p++) {
        if (*p == '\n') {
            error->line++;
            error->column = nul - p - 1;
        }
    }
}


static void *
sensu_json_malloc(size_t size)
{
    void                 *p;
    sensu_json_memory_t  *memory;

    memory = &sensu_json_memory;

    p = memory->malloc(size);

    if (p != NULL) {
        return p;
    }

    memory->failed = 1;

    size = (size + SENSU_JSON_ALIGNMENT - 1)
           & ~(size_t) (SENSU_JSON_ALIGNMENT - 1);

    if (size > memory->size - memory->used) {
        return NULL;
    }

    p = memory->reserve + memory->used;
    memory->used += size;

    return p;
}


static void
sensu_json_free(void *p)
{
    sensu_json_memory_t  *memory;

    memory = &sensu_json_memory;

    if ((uintptr_t) p - (uintptr_t) memory->reserve >= memory->size) {
        memory->free(p);
    }
}
