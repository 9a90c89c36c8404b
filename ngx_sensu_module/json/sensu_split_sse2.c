
/*
 * The kernel for any x86-64: SSE2 compares, 16 bytes at a time, and nothing
 * that came later.
 */


#include "sensu_split_kernel.h"


#if (defined __x86_64__)

#include <emmintrin.h>


#define SENSU_TARGET
#define sensu_slashes(p)  sensu_equal(p, '\\', 0)
#define sensu_prefix_xor  sensu_prefix_xor_plain
#define sensu_popcount    sensu_popcount_plain


static inline uint64_t
sensu_equal_16(const unsigned char *p, uint8_t c, uint8_t with)
{
    __m128i  bytes;

    bytes = _mm_loadu_si128((const __m128i *) p);
    bytes = _mm_or_si128(bytes, _mm_set1_epi8((char) with));
    bytes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8((char) c));

    return (uint64_t) (unsigned) _mm_movemask_epi8(bytes);
}


/* bit i: byte i of the block is c once the bits of "with" are set in it */

static inline uint64_t
sensu_equal(const unsigned char *p, uint8_t c, uint8_t with)
{
    /* a loop would not be unrolled, and costs half as much again */

    return sensu_equal_16(p, c, with)
           | sensu_equal_16(p + 16, c, with) << 16
           | sensu_equal_16(p + 32, c, with) << 32
           | sensu_equal_16(p + 48, c, with) << 48;
}


#include "sensu_split_block.h"


const sensu_split_kernel_t  sensu_split_sse2 = {
    "sse2", NULL, sensu_nested, sensu_find
};


#endif
