
/*
 * What the files that fill and use a key set share; the module's own code
 * needs sensu_token.h only.
 */


#ifndef _SENSU_KEYS_H_INCLUDED_
#define _SENSU_KEYS_H_INCLUDED_


#include "sensu_token.h"
#include "sensu_signature.h"


#define SENSU_KEY_FILE_MAX  (1024 * 1024)    /* bytes of a key file */


typedef struct {
    sensu_verifier_t      verifier;
    sensu_str_t           kid;       /* data NULL: the key has none */
    sensu_str_t           issuer;    /* data NULL: any */
} sensu_jwt_key_t;


struct sensu_keys_s {
    size_t                n;
    sensu_jwt_key_t      *key;
};


/* where the sentences about one key file go */

typedef struct {
    const char           *path;      /* NULL: not to be told */
    sensu_keys_warn_pt    warn;      /* may be NULL */
    void                 *data;
    char                 *err;
    size_t                errlen;
} sensu_key_report_t;


/* both put the path in front, where there is one; the first returns -1 */
int sensu_key_error(const sensu_key_report_t *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void sensu_key_warning(const sensu_key_report_t *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Is there a file of that name?  Where there is none the name is not told, for
 * it may be a secret that was written in its place.  Returns 0 or -1, reported.
 */
int sensu_key_file_exists(const sensu_key_report_t *r);

/*
 * Reads a whole file; *text is to be given to sensu_key_file_free(), which
 * wipes it.  *mode gets the permission bits.  Returns 0 or -1, reported.
 */
int sensu_key_file_read(const sensu_key_report_t *r, sensu_str_t *text,
    unsigned *mode);
void sensu_key_file_free(sensu_str_t *text);

/* a secret, fit for the algorithm, of a file; freed likewise */
int sensu_key_file_secret_read(const sensu_alg_t *alg, const char *format,
    const sensu_key_report_t *r, sensu_str_t *secret);

/* its first line, 1 to size bytes, as passwords are kept */
int sensu_key_file_line(const sensu_key_report_t *r, unsigned char *buf,
    size_t size, size_t *len);

/*
 * What the text of a file is that is no key of the wanted kind, and how it
 * becomes one.  They return 0 where nothing is known against it, and -1 with
 * what was reported; _set(), _secret() and _broken_pem() always have something
 * to say.
 */
int sensu_key_look_encoding(sensu_str_t text, const sensu_key_report_t *r);
int sensu_key_look_json(sensu_str_t text, const sensu_key_report_t *r);
int sensu_key_look_set(const json_t *json, const sensu_key_report_t *r);
int sensu_key_look_secret(sensu_str_t text, const char *otherwise,
    const sensu_key_report_t *r);
int sensu_key_look_pem(sensu_str_t text, const char *alg,
    const sensu_key_report_t *r);
int sensu_key_look_broken_pem(sensu_str_t text, const sensu_key_report_t *r);
/* warn of base64 that looks like words, of raw bytes that look like a text */
void sensu_key_look_phrase(sensu_str_t text, const sensu_key_report_t *r);
void sensu_key_look_raw(sensu_str_t text, const sensu_key_report_t *r);

/*
 * Says in buf why the key must not be used with the algorithm, in words that
 * follow "key"; returns 0 if it may be.
 */
int sensu_key_unfit_secret(const sensu_alg_t *alg, sensu_str_t secret,
    char *buf, size_t len);
int sensu_key_unfit_public(const sensu_alg_t *alg, EVP_PKEY *key, char *buf,
    size_t len);

/*
 * Adds one key pinned to one algorithm.  kid.data may be NULL.  Returns 0, or
 * -1 on failure of a library; the set is as before then.
 */
int sensu_keys_add_secret(sensu_keys_t *keys, const sensu_alg_t *alg,
    sensu_str_t secret, sensu_str_t kid);
int sensu_keys_add_public(sensu_keys_t *keys, const sensu_alg_t *alg,
    EVP_PKEY *key, sensu_str_t kid);

/* is there a key with this kid, and if alg is not NULL, one for any issuer
   with this alg too? */
int sensu_keys_have(const sensu_keys_t *keys, sensu_str_t kid,
    const sensu_alg_t *alg);


#endif /* _SENSU_KEYS_H_INCLUDED_ */
