
/*
 * Signatures of tokens (RFC 7518 section 3): the nine algorithms, and
 * verifiers, each one key bound to one of them.  All that can be fetched or
 * parsed is at configuration time; a request allocates next to nothing.
 */


#ifndef _SENSU_SIGNATURE_H_INCLUDED_
#define _SENSU_SIGNATURE_H_INCLUDED_


#include <openssl/evp.h>
#include "sensu_str.h"


typedef enum {
    SENSU_ALG_HS = 0,        /* HMAC */
    SENSU_ALG_RS,            /* RSASSA-PKCS1-v1_5 */
    SENSU_ALG_ES             /* ECDSA */
} sensu_alg_type_e;


typedef struct {
    const char           *name;
    sensu_alg_type_e      type;
    const char           *digest;
    size_t                hash;      /* bytes of the digest, and the least
                                        length of a secret */
    const char           *curve;     /* ES: the name in JWKs */
    const char           *group;     /* ES: OpenSSL's name */
    size_t                coordinate;/* ES: bytes of r, s, x and y */
} sensu_alg_t;


/* ends with an entry without a name */
extern const sensu_alg_t  sensu_algs[];


/*
 * The contexts are kept and used again for each token: cheap, and fit for
 * nginx's workers, which have one thread each, but for no thread more.
 */

typedef struct {
    const sensu_alg_t    *alg;
    EVP_MAC_CTX          *mac;       /* HS */
    EVP_MD               *md;        /* RS, ES */
    EVP_MD_CTX           *digest;
    EVP_PKEY_CTX         *verify;
} sensu_verifier_t;


/* exact, letter case too (RFC 7515 4.1.1); NULL: no such algorithm */
const sensu_alg_t *sensu_alg_find(sensu_str_t name);

/*
 * Bind a key to an algorithm; the caller has judged that it is fit for it.
 * Return 0, or -1 when OpenSSL fails; sensu_verifier_free() is due in either
 * case.  The secret is copied, the key's reference count is raised.
 */
int sensu_verifier_secret(sensu_verifier_t *v, const sensu_alg_t *alg,
    sensu_str_t secret);
int sensu_verifier_public(sensu_verifier_t *v, const sensu_alg_t *alg,
    EVP_PKEY *key);
void sensu_verifier_free(sensu_verifier_t *v);

/*
 * True only if sig is the signature of text; false on any failure.  Takes
 * the same time whichever byte of an HMAC is wrong.
 */
int sensu_verifier_check(const sensu_verifier_t *v, sensu_str_t text,
    sensu_str_t sig);


#endif /* _SENSU_SIGNATURE_H_INCLUDED_ */
