
/*
 * The cache of verified tokens.
 *
 * An entry is found by the very text of the Authorization field: the same
 * bytes were read the same way, so a hit needs no look at them.  And by the
 * number of the rules it was verified under, which belongs to one set of keys,
 * issuer, audience and leeway of one configuration and is never given out
 * twice, so neither a location of other rules nor a reload can find it.  Its
 * time is looked at with each hit.
 */


#include "ngx_sensu_cache.h"
#include "sensu_claims.h"
#include "sensu_ways.h"


#define NGX_SENSU_CACHE_SETS   128       /* a power of two */
#define NGX_SENSU_CACHE_WAYS   8

/* longer tokens could make large claims; Sensu's have about 350 bytes */
#define NGX_SENSU_CACHE_FIELD  2048

/*
 * The end of a field, that is 96 bits of the signature.  It is compared before
 * the rest, so that nobody learns a token by how long a comparison takes.
 */
#define NGX_SENSU_CACHE_TAIL   16


typedef struct {
    ngx_str_t                 field;
    ngx_uint_t                rules_id;
    ngx_sensu_identity_t     *identity;  /* NULL: free */
} ngx_sensu_cache_entry_t;


static void ngx_sensu_identity_text(ngx_str_t *dst, u_char **p,
    json_t *claim);
static size_t ngx_sensu_identity_groups(u_char *p, json_t *groups);
static ngx_sensu_cache_entry_t *ngx_sensu_cache_set(sensu_str_t field);
static ngx_uint_t ngx_sensu_cache_is(ngx_sensu_cache_entry_t *entry,
    sensu_str_t field);
static void ngx_sensu_cache_forget(ngx_sensu_cache_entry_t *entry);


/* so far, in this worker */

static uint64_t  ngx_sensu_identities;

/* each set in the order of use */

static ngx_sensu_cache_entry_t
    ngx_sensu_cache[NGX_SENSU_CACHE_SETS][NGX_SENSU_CACHE_WAYS];


ngx_sensu_identity_t *
ngx_sensu_identity(sensu_token_rules_t *rules, json_t *claims)
{
    size_t                 len;
    u_char                *p;
    json_t                *sub, *iss, *groups;
    ngx_sensu_identity_t  *identity;

    sub = json_object_get(claims, "sub");
    iss = json_object_get(claims, "iss");
    groups = sensu_claims_groups(rules, claims);

    len = json_string_length(sub) + json_string_length(iss)
          + ngx_sensu_identity_groups(NULL, groups);

    /* not of a pool: the cache may outlive the request */

    identity = malloc(sizeof(ngx_sensu_identity_t) + len);
    if (identity == NULL) {
        json_decref(claims);
        return NULL;
    }

    identity->refs = 1;
    identity->id = ++ngx_sensu_identities;
    identity->claims = claims;
    identity->period = sensu_claims_period(rules, claims);

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
 * its name is left out: it could not be told from two others.  So is one with a
 * blank around it, which HTTP takes away.
 */

static size_t
ngx_sensu_identity_groups(u_char *p, json_t *groups)
{
    size_t       i, n, total;
    sensu_str_t  group;

    total = 0;
    n = sensu_claims_groups_n(groups);

    for (i = 0; i < n; i++) {

        group = sensu_claims_group(groups, i);

        if (group.len == 0 || memchr(group.data, ',', group.len) != NULL
            || group.data[0] == ' ' || group.data[group.len - 1] == ' ')
        {
            continue;
        }

        if (p != NULL) {
            if (total) {
                p[total] = ',';
            }

            ngx_memcpy(p + total + (total != 0), group.data, group.len);
        }

        total += group.len + (total != 0);
    }

    return total;
}


void
ngx_sensu_identity_release(void *data)
{
    ngx_sensu_identity_t *identity = data;

    if (--identity->refs == 0) {
        json_decref(identity->claims);
        free(identity);
    }
}


ngx_sensu_identity_t *
ngx_sensu_cache_find(ngx_sensu_loc_conf_t *conf, sensu_str_t field, time_t now)
{
    ngx_uint_t                i;
    ngx_sensu_identity_t     *identity;
    ngx_sensu_cache_entry_t  *set;

    set = ngx_sensu_cache_set(field);

    if (set == NULL) {
        return NULL;
    }

    for (i = 0; i < NGX_SENSU_CACHE_WAYS; i++) {

        identity = set[i].identity;

        if (identity == NULL || set[i].rules_id != conf->rules_id
            || !ngx_sensu_cache_is(&set[i], field))
        {
            continue;
        }

        if (now < identity->period.first || now > identity->period.last) {
            /* the full verification says why */
            ngx_sensu_cache_forget(&set[i]);
            return NULL;
        }

        identity->refs++;

        sensu_ways_front(set, i, sizeof(ngx_sensu_cache_entry_t));

        return identity;
    }

    return NULL;
}


void
ngx_sensu_cache_add(ngx_sensu_loc_conf_t *conf, sensu_str_t field,
    ngx_sensu_identity_t *identity)
{
    u_char                   *p;
    ngx_uint_t                i;
    ngx_sensu_cache_entry_t  *set;

    set = ngx_sensu_cache_set(field);

    if (set == NULL) {
        return;
    }

    p = malloc(field.len);
    if (p == NULL) {
        return;
    }

    for (i = 0; i < NGX_SENSU_CACHE_WAYS - 1; i++) {
        if (set[i].identity == NULL) {
            break;
        }
    }

    ngx_sensu_cache_forget(&set[i]);

    ngx_memcpy(p, field.data, field.len);
    identity->refs++;

    set[i].field.data = p;
    set[i].field.len = field.len;
    set[i].rules_id = conf->rules_id;
    set[i].identity = identity;

    sensu_ways_front(set, i, sizeof(ngx_sensu_cache_entry_t));
}


/* NULL: such a field is not to be kept */

static ngx_sensu_cache_entry_t *
ngx_sensu_cache_set(sensu_str_t field)
{
    uint64_t  hash, tail[2];

    if (field.len < NGX_SENSU_CACHE_TAIL
        || field.len > NGX_SENSU_CACHE_FIELD)
    {
        return NULL;
    }

    /* of a signature, so a multiplication (TAOCP 6.4) will do */

    ngx_memcpy(tail, field.data + field.len - NGX_SENSU_CACHE_TAIL,
               NGX_SENSU_CACHE_TAIL);

    hash = ((tail[0] ^ tail[1]) * 0x9e3779b97f4a7c15) >> 32;

    return ngx_sensu_cache[hash & (NGX_SENSU_CACHE_SETS - 1)];
}


static ngx_uint_t
ngx_sensu_cache_is(ngx_sensu_cache_entry_t *entry, sensu_str_t field)
{
    size_t  n;

    if (entry->field.len != field.len) {
        return 0;
    }

    n = field.len - NGX_SENSU_CACHE_TAIL;

    return ngx_memcmp(entry->field.data + n, field.data + n,
                      NGX_SENSU_CACHE_TAIL) == 0
           && ngx_memcmp(entry->field.data, field.data, n) == 0;
}


static void
ngx_sensu_cache_forget(ngx_sensu_cache_entry_t *entry)
{
    if (entry->identity == NULL) {
        return;
    }

    ngx_sensu_identity_release(entry->identity);
    free(entry->field.data);

    entry->identity = NULL;
}


void
ngx_sensu_cache_clear(void)
{
    ngx_uint_t  i, n;

    for (n = 0; n < NGX_SENSU_CACHE_SETS; n++) {
        for (i = 0; i < NGX_SENSU_CACHE_WAYS; i++) {
            ngx_sensu_cache_forget(&ngx_sensu_cache[n][i]);
        }
    }
}
