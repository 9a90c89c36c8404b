
/*
 * Native paging.
 */


#include <stdio.h>
#include <openssl/evp.h>
#include "sensu_native.h"


static int sensu_native_put(unsigned char *dst, sensu_str_t text);


int
sensu_native_list(const sensu_path_t *path, sensu_key_kind_e kind,
    unsigned version)
{
    return kind != SENSU_KEY_UNKNOWN
           && sensu_str_eq(path->group, sensu_str("core"))
           && sensu_str_eq(path->version, sensu_str("v2"))
           && (path->name.len == 0 || kind == SENSU_KEY_EVENT)
           && (!sensu_str_eq(path->resource, sensu_str("silenced"))
               || sensu_backend_does(version, SENSU_BACKEND_PAGES_SILENCED))
           && (!sensu_str_eq(path->resource, sensu_str("namespaces"))
               || !sensu_backend_does(version,
                                      SENSU_BACKEND_CUTS_NAMESPACES));
}


int
sensu_native_cursor(unsigned char *dst, sensu_str_t ns, sensu_str_t entity,
    const sensu_position_t *from)
{
    sensu_str_t     key;
    unsigned char  *p;

    p = dst;

    if (from->mode == SENSU_POSITION_START) {

        if (ns.len == 0) {
            return 0;
        }

        if (entity.len) {

            if (entity.len + 2 > SENSU_NATIVE_MAX
                || sensu_native_put(p, entity) != 0)
            {
                return -1;
            }

            p += entity.len;
            *p++ = '/';
        }

        *p++ = '\0';

        return p - dst;
    }

    key = sensu_key_begin(&from->key);

    if (from->mode != SENSU_POSITION_SORTED || from->keyless
        || sensu_key_is_long(&from->key))
    {
        return -1;
    }

    if (ns.len) {
        if (key.len <= ns.len + 1 || key.data[ns.len] != '/'
            || memcmp(key.data, ns.data, ns.len) != 0)
        {
            return -1;
        }

        key.data += ns.len + 1;
        key.len -= ns.len + 1;
    }

    if (sensu_native_put(p, key) != 0) {
        return -1;
    }

    p[key.len] = '\0';

    return key.len + 1;
}


/* the backend cleans the joined path: nothing may be left to clean */

static int
sensu_native_put(unsigned char *dst, sensu_str_t text)
{
    memcpy(dst, text.data, text.len);

    return sensu_key_clean(dst, text.len) == text.len ? 0 : -1;
}


int
sensu_native_two(unsigned char *dst, const unsigned char *cursor, int n)
{
    unsigned char  text[SENSU_NATIVE_MAX * 2];

    (void) EVP_EncodeBlock(text, cursor, n);

    return snprintf((char *) dst, SENSU_NATIVE_TWO_MAX,
                    "{\"ConfigContinue\":\"%s\",\"StateContinue\":\"%s\"}",
                    text, text);
}
