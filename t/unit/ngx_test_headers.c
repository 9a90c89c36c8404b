
/*
 * Header elements, as nginx's list hands them out: full of what was there.
 * Since 1.23 an element has a "next" that nginx follows, so that one which is
 * not cleared kills the worker there, and does nothing before.  Here every
 * byte is looked at, on any version.
 */


#include "ngx_sensu_headers.h"
#include "tap.h"


#define JUNK  0x5a


static ngx_table_elt_t  elements[2];
static ngx_uint_t       pushed;


void *
ngx_list_push(ngx_list_t *list)
{
    (void) list;

    return (pushed < 2) ? &elements[pushed++] : NULL;
}


void *
ngx_palloc(ngx_pool_t *pool, size_t size)
{
    (void) pool;
    (void) size;

    return NULL;
}


void *
ngx_pnalloc(ngx_pool_t *pool, size_t size)
{
    return ngx_palloc(pool, size);
}


ngx_int_t
ngx_strncasecmp(u_char *s1, u_char *s2, size_t n)
{
    return strncasecmp((char *) s1, (char *) s2, n);
}


/* is it what a cleared element would be with these three set? */

static void
is_element(ngx_table_elt_t *h, const char *name, ngx_str_t value,
    const char *what)
{
    ngx_table_elt_t  clear;

    memset(&clear, 0, sizeof(clear));

    clear.hash = 1;
    clear.key.data = (u_char *) name;
    clear.key.len = name ? strlen(name) : 0;
    clear.value = value;

    ok(memcmp(h, &clear, sizeof(clear)) == 0, "%s", what);
}


int
main(void)
{
    ngx_str_t                  value = ngx_string("1"), none = ngx_null_string;
    static ngx_http_request_t  r;

    static const char  name[] = "Retry-After";

    memset(elements, JUNK, sizeof(elements));

    is_element(ngx_sensu_header_push(&r), NULL, none, "one that is pushed");
    ok(ngx_sensu_header_add(&r, name, &value) == NGX_OK, "one is added");
    is_element(&elements[1], name, value, "with nothing else in it");
    ok(ngx_sensu_header_push(&r) == NULL, "no memory is no element");

    return done_testing();
}
