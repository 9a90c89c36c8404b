
/*
 * Cursors: records read as they were written, tokens that tell nothing and
 * always the same, and what is no record refused.
 */


#include <stdlib.h>
#include "tap.h"
#include "sensu_cursor.h"


static uint64_t  seed = 1;


static unsigned
roll(unsigned n)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);

    return (unsigned) (seed >> 33) % n;
}


static uint64_t
roll64(void)
{
    return (uint64_t) roll(1u << 31) << 33 ^ (uint64_t) roll(1u << 31) << 8
           ^ roll(256);
}


static void
make(sensu_cursor_t *cursor, size_t key_len)
{
    size_t             i;
    sensu_position_t  *p;

    memset(cursor, 0, sizeof(sensu_cursor_t));
    p = &cursor->position;

    for (i = 0; i < SENSU_CURSOR_BINDING; i++) {
        cursor->caller[i] = (unsigned char) roll(256);
        cursor->query[i] = (unsigned char) roll(256);
    }

    cursor->limit = roll(1u << 31);
    p->mode = 1 + roll(3);
    p->ordinal = roll64();
    p->trail = roll64();
    p->chain = roll64();
    p->run = roll(1u << 31);
    p->keyless = (key_len == 0 || roll(8) == 0);
    p->key.len = key_len;

    for (i = 0; i < sensu_key_begin(&p->key).len; i++) {
        p->key.data[i] = (unsigned char) roll(256);
    }

    if (sensu_key_is_long(&p->key)) {
        for (i = 0; i < SENSU_KEY_HASH; i++) {
            p->key.hash[i] = (unsigned char) roll(256);
        }
    }

}


static int
same(const sensu_cursor_t *a, const sensu_cursor_t *b)
{
    const sensu_position_t  *p, *q;

    p = &a->position;
    q = &b->position;

    return memcmp(a->caller, b->caller, SENSU_CURSOR_BINDING) == 0
           && memcmp(a->query, b->query, SENSU_CURSOR_BINDING) == 0
           && a->limit == b->limit && p->mode == q->mode
           && p->ordinal == q->ordinal && p->chain == q->chain
           && p->trail == q->trail && p->run == q->run
           && p->keyless == q->keyless && p->key.len == q->key.len
           && sensu_key_cmp(&p->key, &q->key) == 0;
}


static void
records(void)
{
    int                    bad;
    size_t                 i, len, size;
    unsigned char         *copy, record[SENSU_CURSOR_MAX];
    static sensu_cursor_t  cursor, read;

    bad = 0;

    for (i = 0; i < 5000; i++) {
        make(&cursor, i <= SENSU_KEY_MAX + 100 ? i : roll(100000));
        size = sensu_cursor_encode(&cursor, record);
        memset(&read, 0xa5, sizeof(read));

        bad += size > SENSU_CURSOR_MAX
               || sensu_cursor_decode(&read, (sensu_str_t) { size, record })
                  != 0
               || !same(&cursor, &read);
    }

    is_int(bad, 0, "records are read as they were written");

    make(&cursor, 60);
    cursor.position.keyless = 0;
    size = sensu_cursor_encode(&cursor, record);
    ok(size <= 200, "a record of a usual key is small: %d bytes", (int) size);

    /* every shorter one: a shorter key, or none at all is no record */

    for (len = 0, bad = 0; len < size; len++) {
        copy = malloc(len + 1);
        memcpy(copy, record, len);
        bad += sensu_cursor_decode(&read, (sensu_str_t) { len, copy }) == 0
               && read.position.key.len != 60 - (size - len);
        free(copy);
    }

    is_int(bad, 0, "a cut record");

    is_int(sensu_cursor_decode(&read, sensu_str("")), -1, "nothing");
    is_int(sensu_cursor_decode(&read, sensu_str("hello")), -1, "a word");

    copy = calloc(1, SENSU_CURSOR_MAX + 100);
    memcpy(copy, record, size);
    is_int(sensu_cursor_decode(&read, (sensu_str_t) { SENSU_CURSOR_MAX + 100,
                                                      copy }),
           -1, "a key that is too long");
    free(copy);

    for (i = 0; i < 4; i++) {
        sensu_cursor_encode(&cursor, record);
        record[i] ^= 0x40;
        is_int(sensu_cursor_decode(&read, (sensu_str_t) { size, record }), -1,
               "another byte %d", (int) i);
    }

    sensu_cursor_encode(&cursor, record);
    record[2] = SENSU_POSITION_START;
    is_int(sensu_cursor_decode(&read, (sensu_str_t) { size, record }), -1,
           "the start is no position");

    make(&cursor, 70000);
    size = sensu_cursor_encode(&cursor, record);
    is_int(sensu_cursor_decode(&read, (sensu_str_t) { size - 1, record }), -1,
           "a long key that is cut");

    record[3] &= ~1;
    is_int(sensu_cursor_decode(&read, (sensu_str_t) { size, record }), -1,
           "a long key that is said to be none");

    make(&cursor, 0);
    size = sensu_cursor_encode(&cursor, record);
    record[3] = 0;
    is_int(sensu_cursor_decode(&read, (sensu_str_t) { size, record }), -1,
           "no key, and it is not said");
}


static void
tokens(void)
{
    int                    i, bad;
    size_t                 size, first;
    unsigned char          secret[SENSU_CURSOR_SECRET];
    unsigned char          record[SENSU_CURSOR_MAX];
    unsigned char          a[SENSU_TOKEN_LEN], b[SENSU_TOKEN_LEN];
    static sensu_cursor_t  cursor, other;

    memset(secret, 7, sizeof(secret));
    make(&cursor, 20);
    first = sensu_cursor_encode(&cursor, record);

    is_int(sensu_cursor_token(a, secret, (sensu_str_t) { first, record }), 0,
           "a token");

    for (i = 0, bad = 0; i < SENSU_TOKEN_LEN; i++) {
        bad += strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                      "0123456789-_", a[i]) == NULL || a[i] == '\0';
    }

    is_int(bad, 0, "is base64url");

    (void) sensu_cursor_token(b, secret, (sensu_str_t) { first, record });
    ok(memcmp(a, b, SENSU_TOKEN_LEN) == 0, "the same position, the same token");

    secret[31] ^= 1;
    (void) sensu_cursor_token(b, secret, (sensu_str_t) { first, record });
    ok(memcmp(a, b, SENSU_TOKEN_LEN) != 0, "another secret, another token");
    secret[31] ^= 1;

    other = cursor;
    other.caller[15] ^= 1;
    size = sensu_cursor_encode(&other, record);
    (void) sensu_cursor_token(b, secret, (sensu_str_t) { size, record });
    ok(memcmp(a, b, SENSU_TOKEN_LEN) != 0, "another caller, another token");

    other = cursor;
    other.position.chain++;
    size = sensu_cursor_encode(&other, record);
    (void) sensu_cursor_token(b, secret, (sensu_str_t) { size, record });
    ok(memcmp(a, b, SENSU_TOKEN_LEN) != 0, "another place, another token");

    is_int(sensu_cursor_store_key(b, (sensu_str_t) { SENSU_TOKEN_LEN, a }), 0,
           "a key of the store");
    ok(memcmp(a, b, SENSU_TOKEN_LEN) != 0, "is not the token");
}


static void
bindings(void)
{
    unsigned char  a[SENSU_CURSOR_BINDING], b[SENSU_CURSOR_BINDING];
    sensu_str_t    one[] = { { 2, (unsigned char *) "ab" },
                             { 1, (unsigned char *) "c" } };
    sensu_str_t    two[] = { { 1, (unsigned char *) "a" },
                             { 2, (unsigned char *) "bc" } };

    /* of SHA-256; with others all walks would end with an upgrade */

    static const unsigned char  known[] = {
        0x60, 0x1d, 0x54, 0x76, 0xe2, 0xcc, 0xfe, 0x2c,
        0x87, 0xa2, 0xbb, 0xa7, 0xa3, 0x22, 0x65, 0x97
    };

    sensu_cursor_bind(a, one, 2);
    ok(memcmp(a, known, sizeof(known)) == 0, "a binding of known bytes");

    sensu_cursor_bind(b, one, 2);
    ok(memcmp(a, b, sizeof(a)) == 0, "a binding is the same each time");

    sensu_cursor_bind(b, two, 2);
    ok(memcmp(a, b, sizeof(a)) != 0, "parts are not run together");

    sensu_cursor_bind(b, one, 1);
    ok(memcmp(a, b, sizeof(a)) != 0, "their number counts");
}


static uint64_t
hash_of(sensu_str_t text, size_t piece)
{
    size_t        n;
    sensu_hash_t  h;

    sensu_hash_start(&h);

    for ( /* void */ ; text.len; text.len -= n, text.data += n) {
        n = text.len < piece ? text.len : piece;
        sensu_hash_add(&h, (sensu_str_t) { n, text.data });
    }

    return sensu_hash_end(&h);
}


static void
hashes(void)
{
    int            bad;
    size_t         i, j;
    uint64_t       hash;
    unsigned char  text[64];

    memset(text, 'x', sizeof(text));
    bad = 0;

    for (i = 0; i <= sizeof(text); i++) {
        hash = hash_of((sensu_str_t) { i, text }, 100);
        bad += i > 0 && hash == hash_of((sensu_str_t) { i - 1, text }, 100);

        for (j = 1; j < 20; j++) {
            bad += hash != hash_of((sensu_str_t) { i, text }, j);
        }

        for (j = 0; j < 8 * i; j++) {
            text[j / 8] ^= 1 << j % 8;
            bad += hash == hash_of((sensu_str_t) { i, text }, 100);
            text[j / 8] ^= 1 << j % 8;
        }
    }

    is_int(bad, 0, "each bit and length makes another hash, no piece does");

    ok(hash_of(sensu_str("sensu gateway"), 5) == UINT64_C(0x7293394fc1e88bd0),
       "the same on every machine");

    ok(sensu_hash_chain(sensu_hash_chain(0, 1), 2)
       != sensu_hash_chain(sensu_hash_chain(0, 2), 1), "the order counts");
    ok(sensu_hash_chain(0, 0) != 0, "nothing is something");
}


int
main(void)
{
    records();
    tokens();
    bindings();
    hashes();

    return done_testing();
}
