
/*
 * The rules for claims (RFC 7519 section 4.1), strict about types: libjwt's
 * getters take a text or a real for the number 0 without an error.
 */


#include <limits.h>
#include "sensu_claims.h"
#include "sensu_json.h"


static sensu_token_e sensu_claims_times(const sensu_token_rules_t *rules,
    const json_t *claims, time_t now, const char **why);
static long long sensu_second(const json_t *value, int up);
static int sensu_claims_audience(const json_t *aud, sensu_str_t name);
static json_t *sensu_claims_find(const json_t *claims, sensu_str_t name);
static int sensu_claims_are_groups(const json_t *value);
static int sensu_claims_issuer(const sensu_token_rules_t *rules,
    const json_t *claims);
static int sensu_claims_clean(const json_t *claims, const char *name);
static int sensu_json_clean(const json_t *value);


sensu_token_e
sensu_claims_check(const sensu_token_rules_t *rules, const json_t *claims,
    time_t now, const char **why)
{
    json_t         *sub;
    sensu_str_t     name;
    sensu_token_e   rc;

    rc = sensu_claims_times(rules, claims, now, why);
    if (rc != SENSU_TOKEN_OK) {
        return rc;
    }

    if (!sensu_claims_issuer(rules, claims)) {
        *why = "iss is not the required one";
        return SENSU_TOKEN_BAD_CLAIMS;
    }

    if (rules->audience.len
        && !sensu_claims_audience(json_object_get(claims, "aud"),
                                  rules->audience))
    {
        *why = "aud does not have the required member";
        return SENSU_TOKEN_BAD_CLAIMS;
    }

    if (!sensu_claims_clean(claims, "iss")
        || !sensu_claims_clean(claims, "jti"))
    {
        *why = "iss or jti is not a clean string";
        return SENSU_TOKEN_BAD_CLAIMS;
    }

    sub = json_object_get(claims, "sub");

    if (!sensu_json_clean(sub) || json_string_length(sub) == 0) {
        *why = "sub is missing or not a clean string";
        return SENSU_TOKEN_BAD_CLAIMS;
    }

    /* HTTP takes them away on the way to whoever reads $sensu_user */

    name = sensu_json_text(sub);

    if (name.data[0] == ' ' || name.data[name.len - 1] == ' ') {
        *why = "sub begins or ends with a blank";
        return SENSU_TOKEN_BAD_CLAIMS;
    }

    if (!sensu_claims_are_groups(sensu_claims_groups(rules, claims))) {
        *why = "groups is not an array of clean strings";
        return SENSU_TOKEN_BAD_CLAIMS;
    }

    return SENSU_TOKEN_OK;
}


/* RFC 7519 4.1.4 to 4.1.6; the token of a refresh has no exp */

static sensu_token_e
sensu_claims_times(const sensu_token_rules_t *rules, const json_t *claims,
    time_t now, const char **why)
{
    sensu_period_t   period;
    const json_t    *exp, *nbf, *iat;

    exp = json_object_get(claims, "exp");
    nbf = json_object_get(claims, "nbf");
    iat = json_object_get(claims, "iat");

    if (!json_is_number(exp) || sensu_second(exp, 1) <= 0) {
        *why = "exp is missing or not a time of up to 64 bits";
        return SENSU_TOKEN_BAD_CLAIMS;
    }

    if ((nbf && !json_is_number(nbf)) || (iat && !json_is_number(iat))) {
        *why = "nbf or iat is not a time of up to 64 bits";
        return SENSU_TOKEN_BAD_CLAIMS;
    }

    period = sensu_claims_period(rules, claims);

    if (now > period.last) {
        *why = "the token expired";
        return SENSU_TOKEN_EXPIRED;
    }

    if (now < period.first) {
        *why = "the token is not valid yet";
        return SENSU_TOKEN_NOT_YET;
    }

    return SENSU_TOKEN_OK;
}


sensu_period_t
sensu_claims_period(const sensu_token_rules_t *rules, const json_t *claims)
{
    long long        exp, leeway;
    sensu_period_t   period;
    const json_t    *nbf, *iat;

    leeway = rules->leeway;

    exp = sensu_second(json_object_get(claims, "exp"), 1);
    nbf = json_object_get(claims, "nbf");
    iat = rules->iat ? json_object_get(claims, "iat") : NULL;

    /* exp is above 0 */

    period.last = (exp - 1 > LLONG_MAX - leeway) ? LLONG_MAX
                                                 : exp - 1 + leeway;
    period.first = 0;

    if (nbf) {
        period.first = sensu_second(nbf, 0);
    }

    if (iat && sensu_second(iat, 0) > period.first) {
        period.first = sensu_second(iat, 0);
    }

    /* no time is before 1970 */

    period.first = (period.first > leeway) ? period.first - leeway : 0;

    return period;
}


/*
 * Time is counted in whole seconds: with a fraction, a token is good until the
 * end of that second, and from its begin.
 */

static long long
sensu_second(const json_t *value, int up)
{
    double     real;
    long long  second;

    if (json_is_integer(value)) {
        return json_integer_value(value);
    }

    real = json_real_value(value);

    /* 2^63, which a double holds exactly */

    if (real >= 9223372036854775808.0) {
        return LLONG_MAX;
    }

    if (real <= 0) {
        return 0;
    }

    second = (long long) real;

    return (up && (double) second < real) ? second + 1 : second;
}


static int
sensu_claims_audience(const json_t *aud, sensu_str_t name)
{
    int      found;
    size_t   i;
    json_t  *value;

    if (!json_is_array(aud)) {
        return sensu_str_eq(sensu_json_text(aud), name);
    }

    found = 0;

    json_array_foreach(aud, i, value) {
        if (!json_is_string(value)) {
            return 0;
        }

        found |= sensu_str_eq(sensu_json_text(value), name);
    }

    return found;
}


/* where it is a string, as what tells callers and log-outs apart */

static int
sensu_claims_clean(const json_t *claims, const char *name)
{
    const json_t  *value;

    value = json_object_get(claims, name);

    return !json_is_string(value) || sensu_json_clean(value);
}


/*
 * A string that may stand in a header field or a log line.  U+FFFD is what is
 * left of characters that were none.
 */

static int
sensu_json_clean(const json_t *value)
{
    size_t       i;
    sensu_str_t  text;

    text = sensu_json_text(value);

    for (i = 0; i < text.len; i++) {
        if (text.data[i] < 0x20 || text.data[i] == 0x7f) {
            return 0;
        }
    }

    return text.data != NULL
           && strstr((const char *) text.data, "\xef\xbf\xbd") == NULL;
}


static int
sensu_claims_issuer(const sensu_token_rules_t *rules, const json_t *claims)
{
    size_t       i;
    sensu_str_t  iss;

    iss = sensu_json_text(json_object_get(claims, "iss"));

    for (i = 0; i < rules->nissuers; i++) {
        if (iss.data && sensu_str_eq(rules->issuers[i], iss)) {
            return 1;
        }
    }

    return rules->nissuers == 0;
}


json_t *
sensu_claims_groups(const sensu_token_rules_t *rules, const json_t *claims)
{
    return sensu_claims_find(claims, rules->groups.len ? rules->groups
                                                       : sensu_str("groups"));
}


size_t
sensu_claims_groups_n(const json_t *groups)
{
    return json_is_string(groups) ? 1 : json_array_size(groups);
}


sensu_str_t
sensu_claims_group(const json_t *groups, size_t i)
{
    return sensu_json_text(json_is_string(groups)
                             ? groups : json_array_get(groups, i));
}


/* "a.b" is a member of that name, or b of the object a */

static json_t *
sensu_claims_find(const json_t *claims, sensu_str_t name)
{
    size_t        i;
    json_t       *value;
    const char   *p;
    sensu_str_t   rest;

    p = (const char *) name.data;

    value = json_object_getn(claims, p, name.len);

    for (i = 0; value == NULL && i < name.len; i++) {

        if (p[i] == '.') {
            rest.len = name.len - i - 1;
            rest.data = name.data + i + 1;

            value = sensu_claims_find(json_object_getn(claims, p, i), rest);
        }
    }

    return value;
}


/* one string is a list of one, as some issuers write it */

static int
sensu_claims_are_groups(const json_t *value)
{
    size_t   i;
    json_t  *group;

    if (value == NULL || json_is_null(value)) {
        return 1;
    }

    if (!json_is_array(value)) {
        return sensu_json_clean(value);
    }

    json_array_foreach(value, i, group) {
        if (!sensu_json_clean(group)) {
            return 0;
        }
    }

    return 1;
}
