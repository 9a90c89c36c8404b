
/*
 * The rules for claims (RFC 7519 section 4.1), strict about types: libjwt's
 * getters take a text or a real for the number 0 without an error.
 */


#include <limits.h>
#include "sensu_claims.h"


static int sensu_number_exceeds(const json_t *value, long long limit);
static int sensu_claims_audience(const json_t *aud, sensu_str_t name);
static int sensu_claims_groups(const json_t *value);
static int sensu_json_is(const json_t *value, sensu_str_t text);
static int sensu_json_clean(const json_t *value);


sensu_token_e
sensu_claims_check(const sensu_token_rules_t *rules, const json_t *claims,
    time_t now, const char **why)
{
    json_t         *sub;
    sensu_token_e   rc;

    rc = sensu_claims_times(rules, claims, now, why);
    if (rc != SENSU_TOKEN_OK) {
        return rc;
    }

    if (rules->issuer.len
        && !sensu_json_is(json_object_get(claims, "iss"), rules->issuer))
    {
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

    sub = json_object_get(claims, "sub");

    if (!sensu_json_clean(sub) || json_string_length(sub) == 0) {
        *why = "sub is missing or not a clean string";
        return SENSU_TOKEN_BAD_CLAIMS;
    }

    if (!sensu_claims_groups(json_object_get(claims, "groups"))) {
        *why = "groups is not an array of clean strings";
        return SENSU_TOKEN_BAD_CLAIMS;
    }

    return SENSU_TOKEN_OK;
}


/* RFC 7519 4.1.4 to 4.1.6; the token of a refresh has no exp */

sensu_token_e
sensu_claims_times(const sensu_token_rules_t *rules, const json_t *claims,
    time_t now, const char **why)
{
    time_t      leeway;
    json_t     *exp, *nbf, *iat;
    long long   late;

    leeway = rules->leeway;

    exp = json_object_get(claims, "exp");
    nbf = json_object_get(claims, "nbf");
    iat = json_object_get(claims, "iat");

    if (!json_is_number(exp) || !sensu_number_exceeds(exp, 0)) {
        *why = "exp is missing or not a time";
        return SENSU_TOKEN_BAD_CLAIMS;
    }

    if ((nbf && !json_is_number(nbf)) || (iat && !json_is_number(iat))) {
        *why = "nbf or iat is not a time";
        return SENSU_TOKEN_BAD_CLAIMS;
    }

    /* now and leeway are not negative, so this cannot overflow */

    if (!sensu_number_exceeds(exp, (long long) now - leeway)) {
        *why = "the token expired";
        return SENSU_TOKEN_EXPIRED;
    }

    late = (leeway > LLONG_MAX - now) ? LLONG_MAX : (long long) now + leeway;

    if ((nbf && sensu_number_exceeds(nbf, late))
        || (iat && sensu_number_exceeds(iat, late)))
    {
        *why = "the token is not valid yet";
        return SENSU_TOKEN_NOT_YET;
    }

    return SENSU_TOKEN_OK;
}


/* a real keeps its fraction: 1.5 exceeds 1 */

static int
sensu_number_exceeds(const json_t *value, long long limit)
{
    if (json_is_integer(value)) {
        return json_integer_value(value) > limit;
    }

    return json_real_value(value) > (double) limit;
}


static int
sensu_claims_audience(const json_t *aud, sensu_str_t name)
{
    int            found;
    size_t         i;
    const json_t  *value;

    if (!json_is_array(aud)) {
        return sensu_json_is(aud, name);
    }

    found = 0;

    for (i = 0; i < json_array_size(aud); i++) {
        value = json_array_get(aud, i);

        if (!json_is_string(value)) {
            return 0;
        }

        if (sensu_json_is(value, name)) {
            found = 1;
        }
    }

    return found;
}


static int
sensu_json_is(const json_t *value, sensu_str_t text)
{
    sensu_str_t  s;

    if (!json_is_string(value)) {
        return 0;
    }

    s.data = (const unsigned char *) json_string_value(value);
    s.len = json_string_length(value);

    return sensu_str_eq(s, text);
}


/* a string that may stand in a header field or a log line */

static int
sensu_json_clean(const json_t *value)
{
    size_t                i, len;
    const unsigned char  *p;

    if (!json_is_string(value)) {
        return 0;
    }

    p = (const unsigned char *) json_string_value(value);
    len = json_string_length(value);

    for (i = 0; i < len; i++) {
        if (p[i] < 0x20 || p[i] == 0x7f) {
            return 0;
        }
    }

    return 1;
}


static int
sensu_claims_groups(const json_t *value)
{
    size_t  i;

    if (value == NULL || json_is_null(value)) {
        return 1;
    }

    if (!json_is_array(value)) {
        return 0;
    }

    for (i = 0; i < json_array_size(value); i++) {
        if (!sensu_json_clean(json_array_get(value, i))) {
            return 0;
        }
    }

    return 1;
}
