
/*
 * Cursors: binding, record, token.
 *
 * Record, version 2: "s2", mode, flags, limit, run, ordinal, trail, chain,
 * caller, query, key.  The key takes what is left; the length and hash of a
 * long one come before its begin.
 */


#include "sensu_base64.h"
#include "sensu_cursor.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>


#define SENSU_RECORD_FIXED  (4 + 4 + 4 + 8 + 8 + 8 + 2 * SENSU_CURSOR_BINDING)

/* flags; gateways that do not know one refuse the record */

#define SENSU_RECORD_LONG     1
#define SENSU_RECORD_KEYLESS  2


#define SENSU_HASH_START  UINT64_C(0xcbf29ce484222325)


static unsigned char *sensu_put(unsigned char *p, uint64_t n, unsigned bytes);
static int sensu_cursor_key(sensu_key_t *key, sensu_str_t bytes, int is_long);
static inline uint64_t sensu_mix(uint64_t hash, uint64_t word);
static inline uint64_t sensu_word(const unsigned char *p, size_t n);
static uint64_t sensu_take(const unsigned char **p, unsigned bytes);


void
sensu_cursor_bind(unsigned char *binding, const sensu_str_t *parts, size_t n)
{
    size_t         i;
    SHA256_CTX     sha;
    unsigned char  len[8], digest[SHA256_DIGEST_LENGTH];

    SHA256_Init(&sha);

    for (i = 0; i < n; i++) {
        (void) sensu_put(len, parts[i].len, 8);

        SHA256_Update(&sha, len, 8);
        SHA256_Update(&sha, parts[i].data, parts[i].len);
    }

    SHA256_Final(digest, &sha);

    memcpy(binding, digest, SENSU_CURSOR_BINDING);
}


size_t
sensu_cursor_encode(const sensu_cursor_t *cursor, unsigned char *dst)
{
    sensu_str_t              key;
    unsigned char           *p;
    const sensu_position_t  *pos;

    pos = &cursor->position;
    p = dst;

    *p++ = 's';
    *p++ = '2';
    *p++ = (unsigned char) pos->mode;
    *p++ = (sensu_key_is_long(&pos->key) ? SENSU_RECORD_LONG : 0)
           | (pos->keyless ? SENSU_RECORD_KEYLESS : 0);

    p = sensu_put(p, cursor->limit, 4);
    p = sensu_put(p, pos->run, 4);
    p = sensu_put(p, pos->ordinal, 8);
    p = sensu_put(p, pos->trail, 8);
    p = sensu_put(p, pos->chain, 8);

    memcpy(p, cursor->caller, SENSU_CURSOR_BINDING);
    p += SENSU_CURSOR_BINDING;

    memcpy(p, cursor->query, SENSU_CURSOR_BINDING);
    p += SENSU_CURSOR_BINDING;

    if (sensu_key_is_long(&pos->key)) {
        p = sensu_put(p, pos->key.len, 8);

        memcpy(p, pos->key.hash, SENSU_KEY_HASH);
        p += SENSU_KEY_HASH;
    }

    key = sensu_key_begin(&pos->key);
    memcpy(p, key.data, key.len);

    return p + key.len - dst;
}


int
sensu_cursor_decode(sensu_cursor_t *cursor, sensu_str_t record)
{
    unsigned              flags;
    sensu_position_t     *pos;
    const unsigned char  *p;

    if (record.len < SENSU_RECORD_FIXED || record.len > SENSU_CURSOR_MAX) {
        return -1;
    }

    p = record.data;
    pos = &cursor->position;
    flags = p[3];

    if (p[0] != 's' || p[1] != '2'
        || p[2] < SENSU_POSITION_SORTED || p[2] > SENSU_POSITION_REPEATED
        || flags > (SENSU_RECORD_LONG|SENSU_RECORD_KEYLESS))
    {
        return -1;
    }

    pos->mode = (sensu_position_mode_e) p[2];
    pos->keyless = (flags & SENSU_RECORD_KEYLESS) != 0;
    p += 4;

    cursor->limit = (uint32_t) sensu_take(&p, 4);
    pos->run = (uint32_t) sensu_take(&p, 4);
    pos->ordinal = sensu_take(&p, 8);
    pos->trail = sensu_take(&p, 8);
    pos->chain = sensu_take(&p, 8);

    memcpy(cursor->caller, p, SENSU_CURSOR_BINDING);
    p += SENSU_CURSOR_BINDING;

    memcpy(cursor->query, p, SENSU_CURSOR_BINDING);
    p += SENSU_CURSOR_BINDING;

    record.len -= SENSU_RECORD_FIXED;
    record.data = p;

    if (sensu_cursor_key(&pos->key, record, flags & SENSU_RECORD_LONG) != 0) {
        return -1;
    }

    return (pos->keyless || pos->key.len) ? 0 : -1;
}


static int
sensu_cursor_key(sensu_key_t *key, sensu_str_t bytes, int is_long)
{
    const unsigned char  *p;

    if (!is_long) {

        if (bytes.len > SENSU_KEY_MAX) {
            return -1;
        }

        key->len = bytes.len;
        memcpy(key->data, bytes.data, bytes.len);

        return 0;
    }

    if (bytes.len != 8 + SENSU_KEY_HASH + SENSU_KEY_MAX) {
        return -1;
    }

    p = bytes.data;
    key->len = sensu_take(&p, 8);

    memcpy(key->hash, p, SENSU_KEY_HASH);
    memcpy(key->data, p + SENSU_KEY_HASH, SENSU_KEY_MAX);

    return sensu_key_is_long(key) ? 0 : -1;
}


int
sensu_cursor_token(unsigned char *token, const unsigned char *secret,
    sensu_str_t record)
{
    unsigned       len;
    unsigned char  mac[EVP_MAX_MD_SIZE];

    if (HMAC(EVP_sha256(), secret, SENSU_CURSOR_SECRET, record.data,
             record.len, mac, &len)
        == NULL)
    {
        return -1;
    }

    (void) sensu_base64url_encode(token, mac, 16);

    return 0;
}


int
sensu_cursor_store_key(unsigned char *key, sensu_str_t token)
{
    unsigned char  digest[SHA256_DIGEST_LENGTH];

    if (SHA256(token.data, token.len, digest) == NULL) {
        return -1;
    }

    (void) sensu_base64url_encode(key, digest, 16);

    return 0;
}


/* FNV-1a by words of eight bytes, with the mix that needs */

void
sensu_hash_start(sensu_hash_t *h)
{
    h->hash = SENSU_HASH_START;
    h->word = 0;
    h->len = 0;
}


void
sensu_hash_add(sensu_hash_t *h, sensu_str_t bytes)
{
    while (bytes.len) {

        if (h->len % 8 == 0 && bytes.len >= 8) {
            h->hash = sensu_mix(h->hash, sensu_word(bytes.data, 8));
            h->len += 8;
            bytes.data += 8;
            bytes.len -= 8;
            continue;
        }

        h->word |= (uint64_t) *bytes.data++ << 8 * (h->len++ % 8);
        bytes.len--;

        if (h->len % 8 == 0) {
            h->hash = sensu_mix(h->hash, h->word);
            h->word = 0;
        }
    }
}


uint64_t
sensu_hash_end(const sensu_hash_t *h)
{
    return sensu_mix(sensu_mix(h->hash, h->word), h->len);
}


uint64_t
sensu_hash(sensu_str_t bytes)
{
    sensu_hash_t  h;

    sensu_hash_start(&h);
    sensu_hash_add(&h, bytes);

    return sensu_hash_end(&h);
}


uint64_t
sensu_hash_key(const sensu_key_t *key)
{
    uint64_t     hash;
    sensu_str_t  rest;

    hash = sensu_hash(sensu_key_begin(key));

    if (!sensu_key_is_long(key)) {
        return hash;
    }

    rest.data = key->hash;
    rest.len = SENSU_KEY_HASH;

    return sensu_hash_chain(hash, sensu_hash(rest));
}


uint64_t
sensu_hash_chain(uint64_t trail, uint64_t hash)
{
    return sensu_mix(sensu_mix(trail + SENSU_HASH_START, hash), hash);
}


static inline uint64_t
sensu_mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);

    return hash ^ hash >> 32;
}


/* low byte first, whatever the machine */

static inline uint64_t
sensu_word(const unsigned char *p, size_t n)
{
    uint64_t  word;

    for (word = 0; n; n--) {
        word = word << 8 | p[n - 1];
    }

    return word;
}


static unsigned char *
sensu_put(unsigned char *p, uint64_t n, unsigned bytes)
{
    while (bytes--) {
        *p++ = (unsigned char) (n >> (8 * bytes));
    }

    return p;
}


static uint64_t
sensu_take(const unsigned char **p, unsigned bytes)
{
    uint64_t  n;

    for (n = 0; bytes; bytes--) {
        n = n << 8 | *(*p)++;
    }

    return n;
}
