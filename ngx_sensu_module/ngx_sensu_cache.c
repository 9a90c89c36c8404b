
/*
 * The cache of verified tokens.
 *
 * An entry is found by SHA-256 of the Authorization field, so that no token
 * outlives its request in memory, and by the number of the rules it was
 * verified under.  Such a number belongs to one set of keys, issuer,
 * audience and leeway of one configuration and is never given out twice, so
 * neither another location nor a reload can find it.  The rules for claims,
 * time among them, are applied again at each hit.
 */


#include "ngx_sensu_cache.h"
#include "sensu_claims.h"

/* EVP makes and frees a context for each digest, which costs more than it;
   nginx's own headers ask for the same */

#ifndef OPENSSL_SUPPRESS_DEPRECATED
#define OPENSSL_SUPPRESS_DEPRECATED
#endif

#include <openssl/sha.h>


#define NGX_SENSU_CACHE_SETS   128       /* a power of two */
#define NGX_SENSU_CACHE_WAYS   8

/* longer tokens could make large claims; Sensu's have about 350 bytes */
#define NGX_SENSU_CACHE_FIELD  2048


typedef struct {
    u_char                    key[NGX_SENSU_CACHE_KEY];
    ngx_uint_t                rules_id;
    ngx_sensu_identity_t     *identity;  /* NULL: free */
} ngx_sensu_cache_entry_t;


static void ngx_sensu_identity_text(ngx_str_t *dst, u_char **p,
    json_t *claim);
static size_t ngx_sensu_identity_groups(u_char *p, json_t *groups);
static ngx_sensu_cache_entry_t *ngx_sensu_cache_set(u_char *key);
static void ngx_sensu_cache_to_front(ngx_sensu_cache_entry_t *set,
    ngx_uint_t i);


/* each set in the order of use */

static ngx_sensu_cache_entry_t
    ngx_sensu_cache[NGX_SENSU_CACHE_SETS][NGX_SENSU_CACHE_WAYS];


ngx_sensu_identity_t *
ngx_sensu_identity(json_t *claims)
{
    size_t                 len;
    u_char                *p;
    json_t                *sub, *iss, *groups;
    ngx_sensu_identity_t  *identity;

    sub = json_object_get(claims, "sub");
    iss = json_object_get(claims, "iss");
    groups = json_object_get(claims, "groups");

    len = json_string_length(sub) + json_string_length(iss)
          + ngx_sensu_identity_groups(NULL, groups);

    /* not of a pool: the cache may outlive the request */

    identity = malloc(sizeof(ngx_sensu_identity_t) + len);
    if (identity == NULL) {
        json_decref(claims);
        return NULL;
    }

    identity->refs = 1;
    identity->claims = claims;

    p = (u_char *) identity + sizeof(ngx_sensu_identity_t);

    ngx_sensu_identity_text(&identity->user, &p, sub);
    ngx_sensu_identity_text(&identity->issuer, &p, iss);

    identity->groups.data = p;
    identity->groups.len = ngx_sensu_identity_groups(p, groups);

    return identity;
}


static void
ngx_sensu_identity_text(ngx_str_t *dst, u_char **p, json_t *claim)
{
    dst->data = *p;
    dst->len = json_string_length(claim);

    if (dst->len) {
        *p = ngx_cpymem(*p, json_string_value(claim), dst->len);
    }
}


/*
 * Joins the groups with commas, returns the length.  A group with a comma in
 * its name is left out: it could not be told from two others.
 */

static size_t
ngx_sensu_identity_groups(u_char *p, json_t *groups)
{
    size_t   i, len, total;
    json_t  *group;

    total = 0;

    json_array_foreach(groups, i, group) {

        len = json_string_length(group);

        if (len == 0 || memchr(json_string_value(group), ',', len) != NULL) {
            continue;
        }

        if (p != NULL) {
            if (total) {
                p[total] = ',';
            }

            ngx_memcpy(p + total + (total != 0), json_string_value(group),
                       len);
        }

        total += len + (total != 0);
    }

    return total;
}


void
ngx_sensu_identity_release(ngx_sensu_identity_t *identity)
{
    if (--identity->refs == 0) {
        json_decref(identity->claims);
        free(identity);
    }
}


ngx_int_t
ngx_sensu_cache_key(sensu_str_t field, u_char *key)
{
    SHA256_CTX  sha256;

    if (field.len > NGX_SENSU_CACHE_FIELD) {
        return NGX_DECLINED;
    }

    (void) SHA256_Init(&sha256);
    (void) SHA256_Update(&sha256, field.data, field.len);
    (void) SHA256_Final(key, &sha256);

    return NGX_OK;
}


ngx_sensu_identity_t *
ngx_sensu_cache_find(ngx_sensu_loc_conf_t *conf, u_char *key, time_t now)
{
    ngx_uint_t                i;
    const char               *why;
    ngx_sensu_identity_t     *identity;
    ngx_sensu_cache_entry_t  *set;

    set = ngx_sensu_cache_set(key);

    for (i = 0; i < NGX_SENSU_CACHE_WAYS; i++) {

        identity = set[i].identity;

        if (identity == NULL || set[i].rules_id != conf->rules_id
            || ngx_memcmp(set[i].key, key, NGX_SENSU_CACHE_KEY) != 0)
        {
            continue;
        }

        if (sensu_claims_check(&conf->rules, identity->claims, now, &why)
            != SENSU_TOKEN_OK)
        {
            /* the full verification says why */
            set[i].identity = NULL;
            ngx_sensu_identity_release(identity);
            return NULL;
        }

        identity->refs++;

        ngx_sensu_cache_to_front(set, i);

        return identity;
    }

    return NULL;
}


void
ngx_sensu_cache_add(ngx_sensu_loc_conf_t *conf, u_char *key,
    ngx_sensu_identity_t *identity)
{
    ngx_uint_t                i;
    ngx_sensu_cache_entry_t  *set;

    set = ngx_sensu_cache_set(key);

    for (i = 0; i < NGX_SENSU_CACHE_WAYS - 1; i++) {
        if (set[i].identity == NULL) {
            break;
        }
    }

    if (set[i].identity) {
        ngx_sensu_identity_release(set[i].identity);
    }

    identity->refs++;

    set[i].identity = identity;
    set[i].rules_id = conf->rules_id;
    ngx_memcpy(set[i].key, key, NGX_SENSU_CACHE_KEY);

    ngx_sensu_cache_to_front(set, i);
}


static ngx_sensu_cache_entry_t *
ngx_sensu_cache_set(u_char *key)
{
    return ngx_sensu_cache[(key[0] << 8 | key[1])
                           & (NGX_SENSU_CACHE_SETS - 1)];
}


static void
ngx_sensu_cache_to_front(ngx_sensu_cache_entry_t *set, ngx_uint_t i)
{
    ngx_sensu_cache_entry_t  entry;

    if (i == 0) {
        return;
    }

    entry = set[i];
    ngx_memmove(&set[1], &set[0], i * sizeof(ngx_sensu_cache_entry_t));
    set[0] = entry;
}


void
ngx_sensu_cache_clear(void)
{
    ngx_uint_t                i, n;
    ngx_sensu_cache_entry_t  *set;

    for (n = 0; n < NGX_SENSU_CACHE_SETS; n++) {
        set = ngx_sensu_cache[n];

        for (i = 0; i < NGX_SENSU_CACHE_WAYS; i++) {
            if (set[i].identity) {
                ngx_sensu_identity_release(set[i].identity);
                set[i].identity = NULL;
            }
        }
    }
}
