
/*
 * The way back: a parsed path becomes the one target it stands for.
 */


#include "sensu_path.h"


static unsigned char *sensu_path_copy(unsigned char *dst, sensu_str_t text);


/* RFC 3986 pchar without "%": one bit a byte, as in ngx_escape_uri() */

static const unsigned int  sensu_pchar[8] = {
    0x00000000,
    0x2fff7fd2,    /*  ?>=< ;:98 7654 3210  /.-, +*)( '&%$ #"!  */
    0x87ffffff,    /*  _^]\ [ZYX WVUT SRQP  ONML KJIH GFED CBA@ */
    0x47fffffe,    /*   ~}| {zyx wvut srqp  onml kjih gfed cba` */
    0x00000000,
    0x00000000,
    0x00000000,
    0x00000000
};


size_t
sensu_path_room(const sensu_path_t *path, sensu_str_t ns)
{
    if (ns.len == 0) {
        ns = path->ns;
    }

    return sizeof("/api///namespaces////") - 1
           + path->group.len + path->version.len + path->resource.len
           + 3 * (ns.len + path->name.len) + path->subpath.len;
}


size_t
sensu_path_build(const sensu_path_t *path, sensu_str_t ns, unsigned char *dst)
{
    unsigned char  *p;

    if (ns.len == 0) {
        ns = path->ns;
    }

    p = sensu_path_copy(dst, sensu_str("/api/"));
    p = sensu_path_copy(p, path->group);
    *p++ = '/';
    p = sensu_path_copy(p, path->version);

    if (ns.len != 0) {
        p = sensu_path_copy(p, sensu_str("/namespaces/"));
        p = sensu_path_escape(p, ns);
    }

    if (path->resource.len != 0) {
        *p++ = '/';
        p = sensu_path_copy(p, path->resource);
    }

    if (path->name.len != 0) {
        *p++ = '/';
        p = sensu_path_escape(p, path->name);
    }

    if (path->subpath.len != 0) {
        *p++ = '/';
        p = sensu_path_copy(p, path->subpath);
    }

    return p - dst;
}


unsigned char *
sensu_path_escape(unsigned char *dst, sensu_str_t text)
{
    size_t         i;
    unsigned char  c;

    static const unsigned char  hex[] = "0123456789ABCDEF";

    for (i = 0; i < text.len; i++) {
        c = text.data[i];

        if (sensu_pchar[c >> 5] & (1U << (c & 0x1f))) {
            *dst++ = c;
            continue;
        }

        *dst++ = '%';
        *dst++ = hex[c >> 4];
        *dst++ = hex[c & 0xf];
    }

    return dst;
}


static unsigned char *
sensu_path_copy(unsigned char *dst, sensu_str_t text)
{
    memcpy(dst, text.data, text.len);

    return dst + text.len;
}
