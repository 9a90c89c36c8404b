
/*
 * The kernel for any CPU: the compiler's own vector types, 16 bytes at a
 * time, of which it makes what the CPU has.  A compare leaves one bit of its
 * own to each of eight bytes, and a multiplication adds them up.
 */


#include "sensu_split_kernel.h"


#define SENSU_TARGET
#define sensu_prefix_xor  sensu_prefix_xor_plain
#define sensu_popcount    sensu_popcount_plain


/* none leaves this file: how another would pass them is no matter (i386) */

#pragma GCC diagnostic ignored "-Wpsabi"

typedef uint8_t  sensu_bytes_t __attribute__((vector_size(16)));


static inline sensu_bytes_t
sensu_load(const unsigned char *p)
{
    sensu_bytes_t  bytes;

    memcpy(&bytes, p, sizeof(bytes));

    return bytes;
}


/* bit i: byte i is not zero, but 255 */

static inline uint64_t
sensu_gather(sensu_bytes_t bytes)
{
    uint64_t  half[2];

    bytes &= (sensu_bytes_t) { 1, 2, 4, 8, 16, 32, 64, 128,
                               1, 2, 4, 8, 16, 32, 64, 128 };

    memcpy(half, &bytes, sizeof(half));

    return (half[0] * SENSU_ALL(1)) >> 56
           | (half[1] * SENSU_ALL(1)) >> 56 << 8;
}


/* bit i: byte i of the block is c once the bits of "with" are set in it */

static inline uint64_t
sensu_equal(const unsigned char *p, uint8_t c, uint8_t with)
{
    uint64_t  mask;
    unsigned  i;

    mask = 0;

    for (i = 0; i < SENSU_BLOCK; i += 16) {
        mask |= sensu_gather((sensu_bytes_t) ((sensu_load(p + i) | with) == c))
                << i;
    }

    return mask;
}


/* to gather the bits is most of the work, and backslashes are rare */

static inline uint64_t
sensu_slashes(const unsigned char *p)
{
    uint64_t       half[2];
    sensu_bytes_t  bytes;

    bytes = (sensu_bytes_t) (sensu_load(p) == (uint8_t) '\\')
            | (sensu_bytes_t) (sensu_load(p + 16) == (uint8_t) '\\')
            | (sensu_bytes_t) (sensu_load(p + 32) == (uint8_t) '\\')
            | (sensu_bytes_t) (sensu_load(p + 48) == (uint8_t) '\\');

    memcpy(half, &bytes, sizeof(half));

    return (half[0] | half[1]) ? sensu_equal(p, '\\', 0) : 0;
}


#include "sensu_split_block.h"


const sensu_split_kernel_t  sensu_split_portable = {
    "portable", NULL, sensu_nested, sensu_find
};
