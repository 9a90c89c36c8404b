
/*
 * The kernel for x86-64 of 2013 and later: AVX2 compares, 32 bytes at a time,
 * one carry-less multiplication for what is inside strings, one instruction
 * for a population count.
 */


#include "sensu_split_kernel.h"


#if (defined __x86_64__)

#include <immintrin.h>


#define SENSU_TARGET      __attribute__((target("avx2,bmi,popcnt,pclmul")))
#define sensu_slashes(p)  sensu_equal(p, '\\', 0)
#define sensu_popcount    __builtin_popcountll


/* bit i: byte i of the block is c once the bits of "with" are set in it */

static inline SENSU_TARGET uint64_t
sensu_equal(const unsigned char *p, uint8_t c, uint8_t with)
{
    __m256i   bytes;
    uint64_t  mask;
    unsigned  i;

    mask = 0;

    for (i = 0; i < SENSU_BLOCK; i += 32) {
        bytes = _mm256_loadu_si256((const __m256i *) (p + i));
        bytes = _mm256_or_si256(bytes, _mm256_set1_epi8((char) with));
        bytes = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8((char) c));
        mask |= (uint64_t) (unsigned) _mm256_movemask_epi8(bytes) << i;
    }

    return mask;
}


/* a multiplication by all ones, without carries */

static inline SENSU_TARGET uint64_t
sensu_prefix_xor(uint64_t bits)
{
    __m128i  product;

    product = _mm_clmulepi64_si128(_mm_set_epi64x(0, (int64_t) bits),
                                   _mm_set1_epi8(-1), 0);

    return (uint64_t) _mm_cvtsi128_si64(product);
}


#include "sensu_split_block.h"


static int
sensu_usable(void)
{
    return __builtin_cpu_supports("avx2")
           && __builtin_cpu_supports("bmi")
           && __builtin_cpu_supports("popcnt")
           && __builtin_cpu_supports("pclmul");
}


const sensu_split_kernel_t  sensu_split_avx2 = {
    "avx2", sensu_usable, sensu_nested, sensu_find
};


#endif
