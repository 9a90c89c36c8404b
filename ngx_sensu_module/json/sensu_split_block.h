
/*
 * The loops of a kernel, compiled once per kernel: 64 bytes become bit masks,
 * the strings are cut out of them, and a block whose closing brackets cannot
 * reach the level in question costs two population counts.  The file that
 * includes this defines SENSU_TARGET, sensu_classify(), sensu_equal(),
 * sensu_prefix_xor() and sensu_popcount().
 */


#define sensu_inline     static inline __attribute__((always_inline))
#define SENSU_EVEN_BITS  0x5555555555555555u


/*
 * The bytes that are escaped: those after a run of backslashes of odd length.
 * The sum carries a run's start to its end, where the parity shows (Langdale
 * and Lemire, Parsing Gigabytes of JSON per Second, 3.1.1).
 */

sensu_inline SENSU_TARGET uint64_t
sensu_escaped(uint64_t slash, uint64_t *carry)
{
    uint64_t  escaped, follows, odd, sum;

    if (slash == 0) {
        escaped = *carry;
        *carry = 0;
        return escaped;
    }

    slash &= ~*carry;
    follows = slash << 1 | *carry;
    odd = slash & ~SENSU_EVEN_BITS & ~follows;
    *carry = __builtin_add_overflow(odd, slash, &sum);

    return (SENSU_EVEN_BITS ^ (sum << 1)) & follows;
}


/*
 * The commas that matter to sensu_member(): a comma is left out when the name
 * that begins after it is known to begin with another letter than these.
 */

sensu_inline SENSU_TARGET uint64_t
sensu_block_commas(const unsigned char *bytes, size_t len, uint64_t begins,
    uint64_t slash, const unsigned char *letters)
{
    uint64_t  comma, known;

    comma = sensu_equal(bytes, ',', 0);
    known = sensu_equal(bytes, letters[0], 0)
            | sensu_equal(bytes, letters[1], 0)
            | slash;

    /* and all that lies beyond the block */

    known = known >> 2 | ~(~(uint64_t) 0 >> 2);

    if (len < SENSU_BLOCK) {
        known |= ~(uint64_t) 0 << len >> 2;
    }

    return comma & ~(begins >> 1 & ~known);
}


/* the masks of the next block, which may be the short last one of a chunk */

sensu_inline SENSU_TARGET void
sensu_block(sensu_nest_t *nest, const unsigned char *p, size_t len,
    const unsigned char *letters)
{
    uint64_t              escaped, quote, string;
    sensu_masks_t         m;
    unsigned char         pad[SENSU_BLOCK];
    const unsigned char  *bytes;

    bytes = p;

    if (len < SENSU_BLOCK) {
        memset(pad, ' ', SENSU_BLOCK);
        memcpy(pad, p, len);
        bytes = pad;
    }

    sensu_classify(bytes, &m);
    escaped = sensu_escaped(m.slash, &nest->escaped);

    if (len < SENSU_BLOCK) {
        nest->escaped = escaped >> len & 1;
    }

    quote = m.quote & ~escaped;
    string = sensu_prefix_xor(quote) ^ nest->in_string;

    nest->in_string = 0 - (string >> 63);
    nest->block = p;
    nest->open = m.open & ~string;
    nest->close = m.close & ~string;

    if (letters) {
        nest->comma = sensu_block_commas(bytes, len, quote & string, m.slash,
                                         letters)
                      & ~string;
    }
}


/*
 * Passes over blocks after the one at p in which no closing bracket can bring
 * depth down to the level "floor".  Returns the next block, which is yet to
 * be walked, or last.
 */

sensu_inline SENSU_TARGET const unsigned char *
sensu_pass(sensu_nest_t *nest, const unsigned char *p,
    const unsigned char *last, int64_t floor, const unsigned char *letters)
{
    int64_t  deepest, least;

    while (last - p > SENSU_BLOCK) {
        p += SENSU_BLOCK;
        sensu_block(nest, p, last - p, letters);

        deepest = nest->depth + sensu_popcount(nest->open);
        least = nest->depth - sensu_popcount(nest->close);

        if (least <= floor || deepest >= SENSU_SPLIT_MAX_DEPTH) {
            return p;
        }

        nest->depth = least + deepest - nest->depth;
    }

    nest->block = NULL;

    return last;
}


/*
 * Walks the closing brackets among the bits of "rest" to the one that brings
 * depth down to the level "floor".  Returns its bit, or 0 when the block is
 * used up or the depth too much.
 */

sensu_inline SENSU_TARGET uint64_t
sensu_walk(sensu_nest_t *nest, uint64_t rest, int64_t floor)
{
    int64_t   depth;
    uint64_t  open, close, low;

    open = nest->open & rest;
    close = nest->close & rest;
    depth = nest->depth;

    while (close) {
        low = close & -close;
        depth += sensu_popcount(open & (low - 1));

        if (depth >= SENSU_SPLIT_MAX_DEPTH) {
            nest->depth = depth;
            return 0;
        }

        if (--depth == floor) {
            nest->depth = depth;
            return low;
        }

        open &= ~(low - 1);
        close ^= low;
    }

    nest->depth = depth + sensu_popcount(open);

    return 0;
}


/* walks to the end of a member at depth 1, through the values nested in it */

sensu_inline SENSU_TARGET uint64_t
sensu_walk_member(sensu_nest_t *nest, uint64_t rest)
{
    uint64_t  ends, low;

    for ( ;; ) {

        if (nest->depth == 1) {
            ends = (nest->open | nest->close | nest->comma) & rest;
            low = ends & -ends;

            if ((low & nest->open) == 0) {
                return low;
            }

            rest &= -low;
        }

        low = sensu_walk(nest, rest, 1);

        if (low == 0) {
            return 0;
        }

        rest &= -(low << 1);
    }
}


/* the bits from p on, in the block known or in a new one that begins at p */

sensu_inline SENSU_TARGET uint64_t
sensu_enter(sensu_nest_t *nest, const unsigned char *p,
    const unsigned char *last, const unsigned char *letters)
{
    if (sensu_nest_knows(nest, p)) {
        return ~(uint64_t) 0 << (p - nest->block);
    }

    sensu_block(nest, p, last - p, letters);

    return ~(uint64_t) 0;
}


static SENSU_TARGET const unsigned char *
sensu_nested(sensu_nest_t *nest, const unsigned char *p,
    const unsigned char *last)
{
    uint64_t  low, rest;

    rest = sensu_enter(nest, p, last, NULL);
    p = nest->block;

    for ( ;; ) {
        low = sensu_walk(nest, rest, 0);

        if (low) {
            return p + __builtin_ctzll(low) + 1;
        }

        if (nest->depth >= SENSU_SPLIT_MAX_DEPTH) {
            return NULL;
        }

        p = sensu_pass(nest, p, last, 0, NULL);

        if (p == last) {
            return last;
        }

        rest = ~(uint64_t) 0;
    }
}


static SENSU_TARGET const unsigned char *
sensu_member(sensu_nest_t *nest, const unsigned char *p,
    const unsigned char *last, const unsigned char *letters)
{
    uint64_t  low, rest;

    rest = sensu_enter(nest, p, last, letters);
    p = nest->block;

    for ( ;; ) {
        low = sensu_walk_member(nest, rest);

        if (low) {
            return p + __builtin_ctzll(low);
        }

        if (nest->depth >= SENSU_SPLIT_MAX_DEPTH) {
            return NULL;
        }

        p = sensu_pass(nest, p, last, 1, letters);

        if (p == last) {
            return last;
        }

        rest = ~(uint64_t) 0;
    }
}
