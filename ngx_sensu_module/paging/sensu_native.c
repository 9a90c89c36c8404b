
/*
 * Native paging.
 */


#include "sensu_base64.h"
#include "sensu_native.h"


static size_t sensu_native_base64(unsigned char *dst,
    const unsigned char *src, size_t n);
static int sensu_native_safe(sensu_str_t key);


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

        if (entity.len + 2 > SENSU_NATIVE_MAX || !sensu_native_safe(entity)) {
            return -1;
        }

        if (entity.len) {
            memcpy(p, entity.data, entity.len);
            p += entity.len;
            *p++ = '/';
        }

        *p++ = '\0';

        return p - dst;
    }

    key = sensu_key_begin(&from->key);

    if (from->mode != SENSU_POSITION_SORTED || from->keyless
        || sensu_key_is_long(&from->key) || !sensu_native_safe(key))
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

    memcpy(p, key.data, key.len);
    p[key.len] = '\0';

    return key.len + 1;
}


int
sensu_native_two(unsigned char *dst, const unsigned char *cursor, int n)
{
    size_t          len;
    unsigned char  *p;

    static const char  first[] = "{\"ConfigContinue\":\"";
    static const char  second[] = "\",\"StateContinue\":\"";

    p = dst;

    memcpy(p, first, sizeof(first) - 1);
    p += sizeof(first) - 1;

    len = sensu_native_base64(p, cursor, (size_t) n);

    memcpy(p + len, second, sizeof(second) - 1);
    memcpy(p + len + sizeof(second) - 1, p, len);
    p += len + sizeof(second) - 1 + len;

    *p++ = '"';
    *p++ = '}';

    return p - dst;
}


/* the other alphabet, padded, as Go writes bytes into JSON */

static size_t
sensu_native_base64(unsigned char *dst, const unsigned char *src, size_t n)
{
    size_t  i, len;

    len = sensu_base64url_encode(dst, src, n);

    for (i = 0; i < len; i++) {
        if (dst[i] == '-') {
            dst[i] = '+';

        } else if (dst[i] == '_') {
            dst[i] = '/';
        }
    }

    while (len % 4) {
        dst[len++] = '=';
    }

    return len;
}


/* the backend cleans the joined path: nothing may be left to clean */

static int
sensu_native_safe(sensu_str_t key)
{
    size_t  i, start, len;

    for (i = 0, start = 0; i <= key.len; i++) {

        if (i < key.len && key.data[i] != '/') {
            continue;
        }

        len = i - start;

        if ((len == 0 && key.len != 0)
            || (len == 1 && key.data[start] == '.')
            || (len == 2 && key.data[start] == '.'
                && key.data[start + 1] == '.'))
        {
            return 0;
        }

        start = i + 1;
    }

    return 1;
}
