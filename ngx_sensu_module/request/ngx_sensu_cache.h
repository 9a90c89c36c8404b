
/*
 * Verified tokens, remembered by each worker, so that a caller's next request
 * costs a comparison instead of a signature and a parse.
 */


#ifndef _NGX_SENSU_CACHE_H_INCLUDED_
#define _NGX_SENSU_CACHE_H_INCLUDED_


#include "ngx_sensu.h"
#include "sensu_claims.h"


/* whom a token speaks for; never changed, released with the last reference */

typedef struct {
    ngx_uint_t                refs;
    uint64_t                  id;        /* never given out twice, never 0 */
    json_t                   *claims;
    sensu_period_t            period;    /* by the rules of its token */
    ngx_str_t                 user;
    ngx_str_t                 groups;
    ngx_str_t                 issuer;
} ngx_sensu_identity_t;


/*
 * Of claims that were verified; takes their reference over.  NULL: no memory,
 * the claims are released.  The caller owns one reference.
 */
ngx_sensu_identity_t *ngx_sensu_identity(sensu_token_rules_t *rules,
    json_t *claims);
/* one reference; fit for a cleanup of a pool */
void ngx_sensu_identity_release(void *data);

/*
 * Whom the value of an Authorization field speaks for, if its token was
 * verified under the location's very rules and is still good by them at this
 * time; the caller owns a reference.  NULL: verify it.
 */
ngx_sensu_identity_t *ngx_sensu_cache_find(ngx_sensu_loc_conf_t *conf,
    sensu_str_t field, time_t now);

/* only what was verified under the location's rules; takes a reference, if
   there is memory */
void ngx_sensu_cache_add(ngx_sensu_loc_conf_t *conf, sensu_str_t field,
    ngx_sensu_identity_t *identity);

/* forgets all: with the configuration, and at the end of the worker */
void ngx_sensu_cache_clear(void);


#endif /* _NGX_SENSU_CACHE_H_INCLUDED_ */
