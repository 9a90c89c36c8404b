
/*
 * Elements that are short and hold no brackets but their own, passed over by
 * dozens: all of a block is checked and counted with bit masks, none of it is
 * walked.  Compiled once per kernel, after sensu_split_block.h; needs also
 * sensu_digits() and sensu_spaces().
 */


/* do the bits of "odd" and "even" alternate, and begin with one of "odd"? */

sensu_inline SENSU_TARGET int
sensu_alternate(uint64_t odd, uint64_t even)
{
    uint64_t  rank;

    rank = sensu_prefix_xor(odd | even);

    return ((odd & ~rank) | (even & rank)) == 0;
}


/*
 * Checks the elements of the block at p, where one is to begin.  Returns the
 * commas that end them, or 0 when a closer look is needed.
 */

sensu_inline SENSU_TARGET uint64_t
sensu_flat_block(const unsigned char *p)
{
    uint64_t       carry, quote, string, open, close, inside, comma;
    uint64_t       known, curly, scalar, begins;
    sensu_masks_t  m;

    carry = 0;
    sensu_classify(p, &m);

    quote = m.quote & ~sensu_escaped(m.slash, &carry);
    string = sensu_prefix_xor(quote);
    open = m.open & ~string;
    close = m.close & ~string;
    inside = sensu_prefix_xor(open | close);
    comma = sensu_equal(p, ',', 0) & ~string & ~inside;

    if (comma == 0) {
        return 0;
    }

    /* what follows the last comma is left to the next block */

    known = ~(uint64_t) 0 >> __builtin_clzll(comma);
    open &= known;
    close &= known;

    /* each bracket has one of its kind next to it; 0x20 tells the kinds */

    curly = sensu_equal(p, 0xff, 0xdf) & (open | close);

    if (!sensu_alternate(open, close) || (sensu_prefix_xor(curly) & close)) {
        return 0;
    }

    scalar = known & ~(comma | sensu_spaces(p) | string | quote | inside
                       | close);

    if (scalar & ~sensu_digits(p)) {
        return 0;
    }

    begins = open
             | (scalar & ~(scalar << 1))
             | (quote & string & ~inside & known);

    return sensu_alternate(begins, comma) ? comma : 0;
}


static SENSU_TARGET uint64_t
sensu_flat(const unsigned char **pos, const unsigned char *last,
    uint64_t most)
{
    uint64_t              comma, n;
    const unsigned char  *p;

    p = *pos;
    n = 0;

    while (last - p >= SENSU_BLOCK && most - n >= SENSU_BLOCK) {
        comma = sensu_flat_block(p);

        if (comma == 0) {
            break;
        }

        n += sensu_popcount(comma);
        p += SENSU_BLOCK - __builtin_clzll(comma);
    }

    *pos = p;

    return n;
}
