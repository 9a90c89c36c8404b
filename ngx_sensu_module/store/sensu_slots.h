
/*
 * A table of small values with an end, laid out in one block of memory that
 * several processes share.  Values of every length are chains of slots of one
 * size, so that room is room for anything: no length can starve another, and
 * what has to go for a new value is no more than its own size.
 *
 * Whoever uses a table locks it.  There are no pointers in the block.
 */


#ifndef _SENSU_SLOTS_H_INCLUDED_
#define _SENSU_SLOTS_H_INCLUDED_


#include <stdint.h>
#include <sys/types.h>
#include "sensu_str.h"


#define SENSU_SLOT  64               /* bytes, a line of most CPUs' caches */


typedef struct sensu_slots_s  sensu_slots_t;


typedef enum {
    SENSU_SLOTS_KEEP = 0,            /* full is full */
    SENSU_SLOTS_EVICT                /* those nearest to their end go */
} sensu_slots_mode_e;


/* lays a table out in a block, aligned as by malloc(); NULL: the block is too
   small for a single value */
sensu_slots_t *sensu_slots_init(void *block, size_t size);

/*
 * Copies the value of a key that has not ended into dst and returns its
 * length; -1: there is none, or it is longer than room.
 */
ssize_t sensu_slots_get(const sensu_slots_t *slots, sensu_str_t key,
    uint64_t now, unsigned char *dst, size_t room);

/*
 * Keeps a value until its end, in the place of another of the same key.
 * Returns how many values had to go before their own end, or -1 if there is no
 * room: all that has not ended stays then.
 */
ssize_t sensu_slots_set(sensu_slots_t *slots, sensu_str_t key,
    sensu_str_t value, uint64_t now, uint64_t end, sensu_slots_mode_e mode);

/* values that have not ended; bytes that are free */
size_t sensu_slots_count(const sensu_slots_t *slots, uint64_t now);
size_t sensu_slots_free(const sensu_slots_t *slots);


#endif /* _SENSU_SLOTS_H_INCLUDED_ */
