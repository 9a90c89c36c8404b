
/*
 * The rules for the claims of a token whose signature is good.
 */


#ifndef _SENSU_CLAIMS_H_INCLUDED_
#define _SENSU_CLAIMS_H_INCLUDED_


#include "sensu_token.h"


/* with both, in seconds since 1970 */

typedef struct {
    long long                 first;
    long long                 last;
} sensu_period_t;


/*
 * Returns SENSU_TOKEN_OK, _EXPIRED, _NOT_YET or _BAD_CLAIMS with a reason in
 * *why.  exp is required, a number above 0, and good while now < exp +
 * leeway; nbf, and iat if the rules ask for that, must not be later than now +
 * leeway.
 */
sensu_token_e sensu_claims_check(const sensu_token_rules_t *rules,
    const json_t *claims, time_t now, const char **why);

/* of claims that were checked: by these rules they are good within it */
sensu_period_t sensu_claims_period(const sensu_token_rules_t *rules,
    const json_t *claims);

/* the groups, a string or an array of strings in claims that were checked;
   NULL: none */
json_t *sensu_claims_groups(const sensu_token_rules_t *rules,
    const json_t *claims);

/* how many these are, and the one at i, from 0 */
size_t sensu_claims_groups_n(const json_t *groups);
sensu_str_t sensu_claims_group(const json_t *groups, size_t i);


#endif /* _SENSU_CLAIMS_H_INCLUDED_ */
