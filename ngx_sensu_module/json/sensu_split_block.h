
/*
 * The loops of a kernel, compiled once per kernel: 64 bytes become bit masks,
 * the strings are cut out of them, and a block whose closing brackets cannot
 * reach the level in question costs two population counts.  The file that
 * includes this defines SENSU_TARGET, sensu_equal(), sensu_slashes(),
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


/* the masks of the next block, which may be the short last one of a chunk */

sensu_inline SENSU_TARGET void
sensu_block(sensu_nest_t *nest, const unsigned char *p, size_t len)
{
    uint64_t              escaped, quote, string;
    unsigned char         pad[SENSU_BLOCK];
    const unsigned char  *bytes;

    bytes = p;

    if (len < SENSU_BLOCK) {
        memset(pad, ' ', SENSU_BLOCK);
        memcpy(pad, p, len);
        bytes = pad;
    }

    nest->slash = sensu_slashes(bytes);
    escaped = sensu_escaped(nest->slash, &nest->escaped);

    if (len < SENSU_BLOCK) {
        nest->escaped = escaped >> len & 1;
    }

    quote = sensu_equal(bytes, '"', 0) & ~escaped;
    string = sensu_prefix_xor(quote) ^ nest->in_string;

    nest->in_string = 0 - (string >> 63);
    nest->block = p;
    nest->string = quote & string;

    /* 0x20 makes '[' and ']' their curly cousins */

    nest->open = sensu_equal(bytes, '{', 0x20) & ~string;
    nest->close = sensu_equal(bytes, '}', 0x20) & ~string;
}


/*
 * The strings that begin in the block with one of these letters, or a
 * backslash; in the last block of a chunk all of them.
 */

sensu_inline SENSU_TARGET uint64_t
sensu_names(const sensu_nest_t *nest, const unsigned char *last,
    const unsigned char *letters)
{
    uint64_t              slash;
    const unsigned char  *p;

    if (letters == NULL) {
        return 0;
    }

    p = nest->block + 1;

    if (last - p < SENSU_BLOCK) {
        return nest->string;
    }

    slash = nest->slash >> 1
            | (uint64_t) (p[SENSU_BLOCK - 1] == '\\') << (SENSU_BLOCK - 1);

    return nest->string & (sensu_equal(p, letters[0], 0)
                           | sensu_equal(p, letters[1], 0) | slash);
}


/*
 * Passes over blocks after the one at p in which the object at the level can
 * neither end nor have a name that is looked for.  Returns the next block,
 * which is yet to be walked, or last.
 */

sensu_inline SENSU_TARGET const unsigned char *
sensu_pass(sensu_nest_t *nest, const unsigned char *p,
    const unsigned char *last, int64_t level, const unsigned char *letters)
{
    int64_t  deepest, least;

    while (last - p > SENSU_BLOCK) {
        p += SENSU_BLOCK;
        sensu_block(nest, p, last - p);

        deepest = nest->depth + sensu_popcount(nest->open);
        least = nest->depth - sensu_popcount(nest->close);

        if (least < level || deepest >= SENSU_SPLIT_MAX_DEPTH
            || (least == level && sensu_names(nest, last, letters)))
        {
            return p;
        }

        nest->depth = least + deepest - nest->depth;
    }

    nest->block = NULL;

    return last;
}


/*
 * Walks the brackets among the bits of "rest" to the name or the end of the
 * object at the level.  Returns its bit, or 0 when the block is used up or
 * the depth too much.
 */

sensu_inline SENSU_TARGET uint64_t
sensu_walk(sensu_nest_t *nest, uint64_t rest, int64_t level, uint64_t names)
{
    int64_t   depth;
    uint64_t  brackets, low, name;

    brackets = (nest->open | nest->close) & rest;
    names &= rest;
    depth = nest->depth;

    for ( ;; ) {
        low = brackets & -brackets;
        name = depth == level ? names & (low - 1) : 0;

        if (name || low == 0) {
            low = name & -name;
            break;
        }

        depth += nest->open & low ? 1 : -1;

        if (depth < level || depth >= SENSU_SPLIT_MAX_DEPTH) {
            low = depth < level ? low : 0;
            break;
        }

        names &= -low;
        brackets ^= low;
    }

    nest->depth = depth;

    return low;
}


/* the scan of the object at the level, in blocks */

sensu_inline SENSU_TARGET const unsigned char *
sensu_find(sensu_nest_t *nest, const unsigned char *p,
    const unsigned char *last, int64_t level, const unsigned char *letters)
{
    uint64_t  low, rest;

    rest = ~(uint64_t) 0;

    if (sensu_nest_knows(nest, p)) {
        rest <<= p - nest->block;

    } else {
        sensu_block(nest, p, last - p);
    }

    p = nest->block;

    for ( ;; ) {
        low = sensu_walk(nest, rest, level, sensu_names(nest, last, letters));

        if (low) {
            return p + __builtin_ctzll(low) + (nest->depth < level);
        }

        if (nest->depth >= SENSU_SPLIT_MAX_DEPTH) {
            return NULL;
        }

        p = sensu_pass(nest, p, last, level, letters);

        if (p == last) {
            return last;
        }

        rest = ~(uint64_t) 0;
    }
}


static SENSU_TARGET const unsigned char *
sensu_nested(sensu_nest_t *nest, const unsigned char *p,
    const unsigned char *last)
{
    return sensu_find(nest, p, last, 1, NULL);
}
