
/*
 * Keys and their parts as texts of any length.
 */


#include "sensu_key.h"


void
sensu_key_append(sensu_key_t *key, SHA256_CTX *sha, const unsigned char *data,
    size_t len)
{
    size_t  n;

    if (key->len + len > SENSU_KEY_MAX) {

        if (key->len <= SENSU_KEY_MAX) {
            SHA256_Init(sha);
            SHA256_Update(sha, key->data, key->len);
        }

        SHA256_Update(sha, data, len);
    }

    if (key->len < SENSU_KEY_MAX) {
        n = SENSU_KEY_MAX - key->len;
        memcpy(key->data + key->len, data, n < len ? n : len);
    }

    key->len += len;
}


size_t
sensu_key_clean(unsigned char *name, size_t len)
{
    size_t  i, n, out;

    out = 0;

    for (i = 0; i < len; i += n + 1) {

        for (n = 0; i + n < len && name[i + n] != '/'; n++) { /* void */ }

        if (n == 0 || (n == 1 && name[i] == '.')) {
            continue;
        }

        if (n == 2 && name[i] == '.' && name[i + 1] == '.') {
            if (out == 0) {
                return 0;
            }

            while (out && name[--out] != '/') { /* void */ }

            continue;
        }

        if (out) {
            name[out++] = '/';
        }

        memmove(name + out, name + i, n);
        out += n;
    }

    return out;
}


int
sensu_key_is(const sensu_key_t *key, sensu_str_t text)
{
    unsigned char  hash[SENSU_KEY_HASH];

    if (!sensu_key_is_long(key)) {
        return sensu_str_eq(sensu_key_begin(key), text);
    }

    return key->len == text.len
           && memcmp(key->data, text.data, SENSU_KEY_MAX) == 0
           && SHA256(text.data, text.len, hash) != NULL
           && memcmp(hash, key->hash, SENSU_KEY_HASH) == 0;
}


int
sensu_key_cmp(const sensu_key_t *a, const sensu_key_t *b)
{
    int  rc;

    rc = sensu_str_cmp(sensu_key_begin(a), sensu_key_begin(b));

    if (rc != 0 || !sensu_key_is_long(a) || !sensu_key_is_long(b)) {
        return rc ? rc : (a->len > b->len) - (a->len < b->len);
    }

    return (a->len == b->len
            && memcmp(a->hash, b->hash, SENSU_KEY_HASH) == 0) ? 0 : -1;
}


int
sensu_key_is_twin(const sensu_key_t *a, const sensu_key_t *b)
{
    return sensu_key_is_long(a) && sensu_key_is_long(b)
           && memcmp(a->data, b->data, SENSU_KEY_MAX) == 0
           && sensu_key_cmp(a, b) != 0;
}


void
sensu_key_copy(sensu_key_t *dst, const sensu_key_t *src)
{
    sensu_str_t  begin;

    begin = sensu_key_begin(src);

    dst->len = src->len;
    memcpy(dst->data, begin.data, begin.len);

    if (sensu_key_is_long(src)) {
        memcpy(dst->hash, src->hash, SENSU_KEY_HASH);
    }
}
