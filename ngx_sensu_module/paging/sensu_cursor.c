
/*
 * Cursors: binding, record, token.
 *
 * Record, version 1: "s1", mode, pad, limit, run, ordinal, delivered, hash,
 * caller, query, key.  The key takes what is left.
 */


#include <openssl/evp.h>
#include <openssl/hmac.h>
#include "sensu_base64.h"
#include "sensu_cursor.h"


#define SENSU_RECORD_FIXED  (4 + 4 + 4 + 8 + 8 + 8 + 2 * SENSU_CURSOR_BINDING)


static unsigned char *sensu_put(unsigned char *p, uint64_t n, unsigned bytes);
static inline uint64_t sensu_mix(uint64_t hash, uint64_t word);
static inline uint64_t sensu_word(const unsigned char *p, size_t n);
static uint64_t sensu_take(const unsigned char **p, unsigned bytes);


int
sensu_cursor_bind(unsigned char *binding, const sensu_str_t *parts, size_t n)
{
    int             rc;
    size_t          i;
    EVP_MD_CTX     *md;
    unsigned char   len[8], digest[EVP_MAX_MD_SIZE];

    md = EVP_MD_CTX_new();
    if (md == NULL) {
        return -1;
    }

    rc = EVP_DigestInit_ex(md, EVP_sha256(), NULL);

    for (i = 0; rc == 1 && i < n; i++) {
        (void) sensu_put(len, parts[i].len, 8);

        rc = EVP_DigestUpdate(md, len, 8)
             && EVP_DigestUpdate(md, parts[i].data, parts[i].len);
    }

    if (rc == 1) {
        rc = EVP_DigestFinal_ex(md, digest, NULL);
    }

    EVP_MD_CTX_free(md);

    if (rc != 1) {
        return -1;
    }

    memcpy(binding, digest, SENSU_CURSOR_BINDING);

    return 0;
}


size_t
sensu_cursor_encode(const sensu_cursor_t *cursor, unsigned char *dst)
{
    unsigned char           *p;
    const sensu_position_t  *pos;

    pos = &cursor->position;
    p = dst;

    *p++ = 's';
    *p++ = '1';
    *p++ = (unsigned char) pos->mode;
    *p++ = 0;

    p = sensu_put(p, cursor->limit, 4);
    p = sensu_put(p, pos->run, 4);
    p = sensu_put(p, pos->ordinal, 8);
    p = sensu_put(p, pos->delivered, 8);
    p = sensu_put(p, pos->hash, 8);

    memcpy(p, cursor->caller, SENSU_CURSOR_BINDING);
    p += SENSU_CURSOR_BINDING;

    memcpy(p, cursor->query, SENSU_CURSOR_BINDING);
    p += SENSU_CURSOR_BINDING;

    memcpy(p, pos->key, pos->key_len);
    p += pos->key_len;

    return p - dst;
}


int
sensu_cursor_decode(sensu_cursor_t *cursor, sensu_str_t record)
{
    sensu_position_t     *pos;
    const unsigned char  *p;

    if (record.len < SENSU_RECORD_FIXED
        || record.len > SENSU_RECORD_FIXED + SENSU_KEY_MAX)
    {
        return -1;
    }

    p = record.data;
    pos = &cursor->position;

    if (p[0] != 's' || p[1] != '1' || p[3] != 0
        || p[2] < SENSU_POSITION_SORTED || p[2] > SENSU_POSITION_REPEATED)
    {
        return -1;
    }

    pos->mode = (sensu_position_mode_e) p[2];
    p += 4;

    cursor->limit = (uint32_t) sensu_take(&p, 4);
    pos->run = (uint32_t) sensu_take(&p, 4);
    pos->ordinal = sensu_take(&p, 8);
    pos->delivered = sensu_take(&p, 8);
    pos->hash = sensu_take(&p, 8);

    memcpy(cursor->caller, p, SENSU_CURSOR_BINDING);
    p += SENSU_CURSOR_BINDING;

    memcpy(cursor->query, p, SENSU_CURSOR_BINDING);
    p += SENSU_CURSOR_BINDING;

    pos->key_len = record.len - SENSU_RECORD_FIXED;
    memcpy(pos->key, p, pos->key_len);

    if (pos->mode != SENSU_POSITION_EXACT && pos->key_len == 0) {
        return -1;
    }

    return 0;
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
    unsigned char  digest[EVP_MAX_MD_SIZE];

    if (EVP_Digest(token.data, token.len, digest, NULL, EVP_sha256(), NULL)
        != 1)
    {
        return -1;
    }

    (void) sensu_base64url_encode(key, digest, 16);

    return 0;
}


/* FNV-1a by words of eight bytes, with the mix that needs */

uint64_t
sensu_hash(sensu_str_t bytes)
{
    uint64_t  hash;

    hash = UINT64_C(0xcbf29ce484222325) ^ bytes.len;

    while (bytes.len >= 8) {
        hash = sensu_mix(hash, sensu_word(bytes.data, 8));
        bytes.data += 8;
        bytes.len -= 8;
    }

    return sensu_mix(hash, sensu_word(bytes.data, bytes.len));
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
