
/*
 * The kernel for any CPU: eight bytes at a time in a 64-bit word, where a
 * compare sets the top bit of the bytes that are equal and a multiplication
 * gathers these bits.
 */


#include "sensu_split_kernel.h"


#define SENSU_TARGET
#define sensu_prefix_xor  sensu_prefix_xor_plain
#define sensu_popcount    sensu_popcount_plain

#define SENSU_LOW_BITS   0x7f7f7f7f7f7f7f7fu
#define SENSU_TOP_BITS   0x8080808080808080u
#define SENSU_ALL(byte)  ((byte) * 0x0101010101010101u)


static inline uint64_t
sensu_load(const unsigned char *p)
{
    uint64_t  word;

    memcpy(&word, p, sizeof(word));

#if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
    word = __builtin_bswap64(word);
#endif

    return word;
}


/* bit i: byte i of the word is zero */

static inline uint64_t
sensu_zero(uint64_t word)
{
    word = ~(((word & SENSU_LOW_BITS) + SENSU_LOW_BITS) | word)
           & SENSU_TOP_BITS;

    return ((word >> 7) * 0x0102040810204080u) >> 56;
}


/* bit i: byte i of the block is c once the bits of "with" are set in it */

static inline uint64_t
sensu_equal(const unsigned char *p, uint64_t c, uint64_t with)
{
    uint64_t  mask;
    unsigned  i;

    mask = 0;

    for (i = 0; i < 64; i += 8) {
        mask |= sensu_zero((sensu_load(p + i) | SENSU_ALL(with))
                           ^ SENSU_ALL(c))
                << i;
    }

    return mask;
}


static inline void
sensu_classify(const unsigned char *p, sensu_masks_t *m)
{
    m->quote = sensu_equal(p, '"', 0);
    m->slash = sensu_equal(p, '\\', 0);

    /* 0x20 makes '[' and ']' their curly cousins */

    m->open = sensu_equal(p, '{', 0x20);
    m->close = sensu_equal(p, '}', 0x20);
}


static inline uint64_t
sensu_commas(const unsigned char *p)
{
    return sensu_equal(p, ',', 0);
}


#include "sensu_split_block.h"


static int
sensu_usable(void)
{
    return 1;
}


const sensu_split_kernel_t  sensu_split_portable = {
    "portable", sensu_usable, sensu_nested, sensu_member
};
