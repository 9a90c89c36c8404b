
/*
 * Headers of the client that must not reach the backend.
 *
 * Subrequests share the list of headers with their parent.  What one of them
 * is not to send on is left out in a list of its own.
 */


#include "ngx_sensu_headers.h"


static ngx_int_t ngx_sensu_header_bearer(ngx_http_request_t *r);
static ngx_int_t ngx_sensu_headers_without(ngx_http_request_t *r,
    const ngx_str_t *names);
static ngx_uint_t ngx_sensu_headers_have(ngx_http_request_t *r,
    const ngx_str_t *names);
static ngx_uint_t ngx_sensu_header_is(const ngx_str_t *names,
    ngx_str_t *name);


/* in lower case, "_" read as "-"; "*" at the end: any longer name */

static const ngx_str_t  ngx_sensu_identity_headers[] = {
    ngx_string("remote-user"),
    ngx_string("remote-groups"),
    ngx_string("x-auth-request-*"),
    ngx_string("x-authenticated-*"),
    ngx_string("x-forwarded-user"),
    ngx_string("x-forwarded-groups"),
    ngx_string("x-forwarded-email"),
    ngx_string("x-forwarded-preferred-username"),
    ngx_string("x-forwarded-access-token"),
    ngx_string("x-remote-*"),
    ngx_string("x-sensu-*"),
    ngx_string("x-user"),
    ngx_string("x-webauth-*"),
    ngx_null_string
};


static const ngx_str_t  ngx_sensu_plain_headers[] = {
    ngx_string("range"),
    ngx_string("if-range"),
    ngx_string("if-match"),
    ngx_string("if-none-match"),
    ngx_string("if-modified-since"),
    ngx_string("if-unmodified-since"),
    ngx_string("accept-encoding"),
    ngx_string("upgrade"),
    ngx_null_string
};


static const ngx_str_t  ngx_sensu_credentials[] = {
    ngx_string("authorization"),
    ngx_null_string
};


ngx_int_t
ngx_sensu_headers_clean(ngx_http_request_t *r)
{
    if (ngx_sensu_headers_without(r, ngx_sensu_identity_headers) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_sensu_header_bearer(r);
}


/*
 * The scheme may be written in any case, with any number of spaces (RFC 9110
 * section 11.1); the backend knows it in one form only.
 */

static ngx_int_t
ngx_sensu_header_bearer(ngx_http_request_t *r)
{
    u_char           *p;
    ngx_str_t         value;
    sensu_str_t       token;
    ngx_table_elt_t  *header, *h;

    static ngx_str_t  scheme = ngx_string("Bearer ");

    header = r->headers_in.authorization;

    if (header == NULL
        || (header->value.len > scheme.len
            && ngx_memcmp(header->value.data, scheme.data, scheme.len) == 0
            && header->value.data[scheme.len] != ' '))
    {
        return NGX_OK;
    }

    if (sensu_token_from_header(ngx_sensu_str(header->value), &token)
        != SENSU_TOKEN_OK)
    {
        return NGX_OK;
    }

    value.len = scheme.len + token.len;

    value.data = ngx_pnalloc(r->pool, value.len + 1);
    if (value.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(value.data, scheme.data, scheme.len);
    p = ngx_cpymem(p, token.data, token.len);
    *p = '\0';

    if (ngx_sensu_headers_without(r, ngx_sensu_credentials) != NGX_OK) {
        return NGX_ERROR;
    }

    h = ngx_list_push(&r->headers_in.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = *header;
    h->value = value;

    r->headers_in.authorization = h;

    return NGX_OK;
}


ngx_int_t
ngx_sensu_headers_plain(ngx_http_request_t *r)
{
    ngx_http_headers_in_t  *in;

    in = &r->headers_in;

    if (ngx_sensu_headers_without(r, ngx_sensu_plain_headers) != NGX_OK) {
        return NGX_ERROR;
    }

    /* that of Accept-Encoding stays: the answer may be compressed */

    in->range = NULL;
    in->if_range = NULL;
    in->if_match = NULL;
    in->if_none_match = NULL;
    in->if_modified_since = NULL;
    in->if_unmodified_since = NULL;

    /* by which a backend could talk to the client past all filters */
    in->upgrade = NULL;

    return NGX_OK;
}


static ngx_int_t
ngx_sensu_headers_without(ngx_http_request_t *r, const ngx_str_t *names)
{
    ngx_list_t            kept;
    ngx_table_elt_t      *header, *h;
    ngx_sensu_headers_t   walk = { .part = &r->headers_in.headers.part };

    if (!ngx_sensu_headers_have(r, names)) {
        return NGX_OK;
    }

    if (ngx_list_init(&kept, r->pool, 20, sizeof(ngx_table_elt_t)) != NGX_OK) {
        return NGX_ERROR;
    }

    while ((header = ngx_sensu_headers_next(&walk)) != NULL) {

        if (ngx_sensu_header_is(names, &header->key)) {
            continue;
        }

        h = ngx_list_push(&kept);
        if (h == NULL) {
            return NGX_ERROR;
        }

        *h = *header;
    }

    r->headers_in.headers = kept;

    if (kept.last == &kept.part) {
        r->headers_in.headers.last = &r->headers_in.headers.part;
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_sensu_headers_have(ngx_http_request_t *r, const ngx_str_t *names)
{
    ngx_table_elt_t      *header;
    ngx_sensu_headers_t   walk = { .part = &r->headers_in.headers.part };

    while ((header = ngx_sensu_headers_next(&walk)) != NULL) {
        if (ngx_sensu_header_is(names, &header->key)) {
            return 1;
        }
    }

    return 0;
}


static ngx_uint_t
ngx_sensu_header_is(const ngx_str_t *names, ngx_str_t *name)
{
    u_char  a, b, first;
    size_t  i;

    first = name->len ? ngx_tolower(name->data[0]) : '\0';

    for ( /* void */ ; names->len; names++) {

        if (names->data[0] != first) {
            continue;
        }

        for (i = 1; i < names->len; i++) {
            b = names->data[i];

            if (b == '*') {
                return 1;
            }

            if (i == name->len) {
                break;
            }

            a = ngx_tolower(name->data[i]);

            if (a == '_') {
                a = '-';
            }

            if (a != b) {
                break;
            }
        }

        if (i == names->len && i == name->len) {
            return 1;
        }
    }

    return 0;
}


/*
 * A list does not clear what it hands out, and what an element has depends on
 * the version: since 1.23 nginx follows its "next".
 */

ngx_table_elt_t *
ngx_sensu_header_push(ngx_http_request_t *r)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NULL;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));
    h->hash = 1;

    return h;
}


ngx_int_t
ngx_sensu_header_add(ngx_http_request_t *r, const char *name,
    ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = ngx_sensu_header_push(r);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->key.data = (u_char *) name;
    h->key.len = ngx_strlen(name);
    h->value = *value;

    return NGX_OK;
}


ngx_table_elt_t *
ngx_sensu_header_find(ngx_http_request_t *r, const char *name)
{
    size_t                len;
    ngx_table_elt_t      *h;
    ngx_sensu_headers_t   walk = { .part = &r->headers_out.headers.part };

    len = ngx_strlen(name);

    while ((h = ngx_sensu_headers_next(&walk)) != NULL) {
        if (h->hash != 0 && h->key.len == len
            && ngx_strncasecmp(h->key.data, (u_char *) name, len) == 0)
        {
            return h;
        }
    }

    return NULL;
}
