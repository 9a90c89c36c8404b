
/*
 * One key of a JWK Set on its way in: what stands in its members becomes a
 * key, or a sentence on why it is passed over.
 */


#ifndef _SENSU_JWK_H_INCLUDED_
#define _SENSU_JWK_H_INCLUDED_


#include "sensu_keys.h"


/* bytes of a secret or of a number of an RSA key */
#define SENSU_JWK_VALUE_MAX  2048


typedef struct {
    const json_t         *json;
    sensu_alg_type_e      type;
    const sensu_alg_t    *alg;       /* NULL: all that the type allows */
    sensu_str_t           kid;
    char                  why[256];  /* it is passed over */
} sensu_jwk_t;


/* NULL: jwk->why; an EC key needs jwk->alg, for its curve */
EVP_PKEY *sensu_jwk_rsa(sensu_jwk_t *jwk);
EVP_PKEY *sensu_jwk_ec(sensu_jwk_t *jwk);

/* a base64url member of up to SENSU_JWK_VALUE_MAX bytes, or -1: jwk->why */
ssize_t sensu_jwk_bytes(sensu_jwk_t *jwk, const char *name,
    unsigned char *dst);

/* returns -1 */
int sensu_jwk_no(sensu_jwk_t *jwk, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));


#endif /* _SENSU_JWK_H_INCLUDED_ */
