
/*
 * Bearer tokens: the strict front (RFC 7515, 7519), the keys that a location
 * trusts, and the rules for claims.  Keys are read and parsed when the
 * configuration is; a request only uses them.
 */


#ifndef _SENSU_TOKEN_H_INCLUDED_
#define _SENSU_TOKEN_H_INCLUDED_


#include <time.h>
#include <jansson.h>
#include "sensu_str.h"


/* zero, which is what cleared memory holds, is a refusal */

typedef enum {
    SENSU_TOKEN_MISSING = 0, /* no credentials, or another scheme */
    SENSU_TOKEN_MALFORMED,   /* not one bearer token: RFC 6750
                                invalid_request */
    SENSU_TOKEN_BAD_SIGNATURE,
    SENSU_TOKEN_UNKNOWN_KEY, /* no key for its alg and kid */
    SENSU_TOKEN_EXPIRED,
    SENSU_TOKEN_NOT_YET,
    SENSU_TOKEN_BAD_CLAIMS,  /* also a header or payload that is refused */
    SENSU_TOKEN_PUBLIC,      /* set by the caller, never by this file */
    SENSU_TOKEN_API_KEY,     /* "Authorization: Key ..." */
    SENSU_TOKEN_REVOKED,     /* logged out; as the next set by the caller */
    SENSU_TOKEN_UNCHECKED,   /* nobody knows whether it was logged out */
    SENSU_TOKEN_OK
} sensu_token_e;


/* a set of keys, each pinned to one algorithm (of a JWK Set without "alg":
   to what its type and curve allow) */
typedef struct sensu_keys_s  sensu_keys_t;

/* told of each key that is passed over and of files others may read */
typedef void (*sensu_keys_warn_pt)(void *data, const char *text);

sensu_keys_t *sensu_keys_create(void);
void sensu_keys_free(sensu_keys_t *keys);
size_t sensu_keys_count(const sensu_keys_t *keys);
/* the keys from that one on are good for tokens with this iss alone; -1: no
   memory */
int sensu_keys_bind(sensu_keys_t *keys, size_t from, sensu_str_t issuer);

/*
 * Reads a key from a file.  alg: "HS256" ... "ES512"; kid may be NULL;
 * format: "base64", "raw", "hex" or NULL for the default (base64; only for
 * HS).  Returns 0, or -1 with a sentence in err that says what is wrong and
 * what would be right (no secret in it).
 */
int sensu_keys_add_file(sensu_keys_t *keys, const char *alg, const char *path,
    const char *kid, const char *format, sensu_keys_warn_pt warn, void *data,
    char *err, size_t errlen);

/* a JWK Set, RFC 7517; unusable keys are skipped with a warning, none usable
   is an error */
int sensu_keys_add_jwks(sensu_keys_t *keys, const char *path,
    sensu_keys_warn_pt warn, void *data, char *err, size_t errlen);


typedef struct {
    const sensu_keys_t   *keys;
    const sensu_str_t    *issuers;   /* one of them */
    size_t                nissuers;  /* 0: any */
    sensu_str_t           audience;  /* len 0: any */
    sensu_str_t           groups;    /* the claim; len 0: groups */
    time_t                leeway;    /* seconds, for exp, nbf and iat */
    int                   iat;       /* it must not be in the future */
} sensu_token_rules_t;


/*
 * Reads the value of an Authorization header: the scheme in any case, one or
 * more spaces, one token (RFC 9110 11.4, RFC 6750 2.1).  Returns
 * SENSU_TOKEN_OK with *token set, SENSU_TOKEN_API_KEY for the Key scheme,
 * SENSU_TOKEN_MISSING or SENSU_TOKEN_MALFORMED.
 */
sensu_token_e sensu_token_from_header(sensu_str_t value, sensu_str_t *token);

/*
 * Verifies a token in full: form, header, key, signature, time, claims.  On
 * SENSU_TOKEN_OK *claims is the payload (a JSON object, owned by the caller,
 * json_decref() it); else it is NULL.  *why is a static text fit for RFC
 * 6750's error_description.  Any failure of a library is a refusal.
 */
sensu_token_e sensu_token_verify(const sensu_token_rules_t *rules,
    sensu_str_t token, time_t now, json_t **claims, const char **why);

/* "ok", "missing", ...: the texts of $sensu_token */
const char *sensu_token_name(sensu_token_e rc);


#endif /* _SENSU_TOKEN_H_INCLUDED_ */
