
/*
 * What a kernel of the splitter is: the scans of nested values, the loops
 * that see nearly all bytes of a list.  Shared by the splitter and the key
 * scanner, private to them.
 *
 * A bracket or comma counts when it is outside of strings; a string begins
 * and ends with a quote that no backslash escapes.
 */


#ifndef _SENSU_SPLIT_KERNEL_H_INCLUDED_
#define _SENSU_SPLIT_KERNEL_H_INCLUDED_


#include "sensu_split.h"


#define SENSU_BLOCK      64
#define SENSU_ALL(byte)  ((byte) * 0x0101010101010101u)


/*
 * Both scans go on from p: after sensu_nest_start(), where the last one
 * stopped, or at the begin of a chunk when the last one was used up.  They
 * return last when it is reached, and NULL for more than
 * SENSU_SPLIT_MAX_DEPTH - 1 levels.  What they know of a block must be
 * forgotten, block = NULL, before the bytes change.
 */

struct sensu_split_kernel_s {
    const char           *name;
    int                 (*usable)(void);    /* NULL: it always is */

    /* to what follows the bracket that closes the value: depth is then 0 */
    const unsigned char  *(*nested)(sensu_nest_t *nest,
                                    const unsigned char *p,
                                    const unsigned char *last);

    /*
     * In the object at this depth: to what follows the bracket that closes
     * it, where depth is less; or to the quote of a string of its own which
     * begins with one of two letters, or may do so once it is unescaped.
     */
    const unsigned char  *(*find)(sensu_nest_t *nest,
                                  const unsigned char *p,
                                  const unsigned char *last, int64_t depth,
                                  const unsigned char *letters);
};


/* the one in force */
extern const sensu_split_kernel_t  *sensu_split_kernel;

extern const sensu_split_kernel_t   sensu_split_portable;

#if (defined __x86_64__)
extern const sensu_split_kernel_t   sensu_split_sse2;
extern const sensu_split_kernel_t   sensu_split_avx2;
#endif


static inline int
sensu_nest_knows(const sensu_nest_t *nest, const unsigned char *p)
{
    return (uintptr_t) p - (uintptr_t) nest->block < SENSU_BLOCK;
}


/*
 * Begins a scan at p, outside of strings.  If p lies in the present block its
 * masks are used, so between two scans of a block no quote or backslash may be
 * read in another way than theirs.
 */

static inline void
sensu_nest_start(sensu_nest_t *nest, const unsigned char *p)
{
    if (!sensu_nest_knows(nest, p)) {
        nest->block = NULL;
        nest->in_string = 0;
        nest->escaped = 0;
    }
}


static inline uint64_t
sensu_prefix_xor_plain(uint64_t bits)
{
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    bits ^= bits << 32;

    return bits;
}


static inline int
sensu_popcount_plain(uint64_t bits)
{
    bits -= bits >> 1 & 0x5555555555555555u;
    bits = (bits & 0x3333333333333333u) + (bits >> 2 & 0x3333333333333333u);
    bits = (bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0fu;

    return (int) (bits * 0x0101010101010101u >> 56);
}


#endif /* _SENSU_SPLIT_KERNEL_H_INCLUDED_ */
