
/*
 * Keys from files: secrets as base64, raw or hex, public keys as PEM.  What
 * is refused is refused with the command that makes it right.
 */


#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include "sensu_base64.h"
#include "sensu_hex.h"
#include "sensu_keys.h"
#include "sensu_text.h"


static int sensu_key_file_secret(sensu_keys_t *keys, const sensu_alg_t *alg,
    sensu_str_t text, sensu_str_t kid, const char *format,
    const sensu_key_report_t *r);
static int sensu_key_file_secret_of(const sensu_alg_t *alg, sensu_str_t text,
    const char *format, const sensu_key_report_t *r, sensu_str_t *secret);
static ssize_t sensu_key_file_decode(unsigned char *dst, sensu_str_t text,
    const char *format, const sensu_key_report_t *r);
static ssize_t sensu_hex_decode(unsigned char *dst, sensu_str_t src);
static int sensu_key_file_public(sensu_keys_t *keys, const sensu_alg_t *alg,
    sensu_str_t text, sensu_str_t kid, const sensu_key_report_t *r);
static int sensu_key_file_pem_check(const sensu_alg_t *alg, sensu_str_t text,
    const sensu_key_report_t *r);
static int sensu_no_password(char *buf, int size, int rwflag, void *data);


int
sensu_keys_add_file(sensu_keys_t *keys, const char *alg, const char *path,
    const char *kid, const char *format, sensu_keys_warn_pt warn, void *data,
    char *err, size_t errlen)
{
    int                  rc;
    unsigned             mode;
    sensu_str_t          text, id;
    const sensu_alg_t   *a;
    sensu_key_report_t   r;

    /* what stands in the wrong place may be a secret: nothing of it is told */

    r.path = NULL;
    r.warn = warn;
    r.data = data;
    r.err = err;
    r.errlen = errlen;

    a = sensu_alg_find((sensu_str_t) { strlen(alg),
                                       (const unsigned char *) alg });
    if (a == NULL) {
        return sensu_key_error(&r, "the algorithm comes first and must be one "
                               "of HS256, HS384, HS512, RS256, RS384, RS512, "
                               "ES256, ES384, ES512");
    }

    if (format && a->type != SENSU_ALG_HS) {
        return sensu_key_error(&r, "format= is for secrets only, %s takes a "
                               "PEM public key", alg);
    }

    id.len = kid ? strlen(kid) : 0;
    id.data = (const unsigned char *) kid;

    if (kid && id.len == 0) {
        return sensu_key_error(&r, "kid= is empty, leave it out for a key "
                               "without one");
    }

    if (kid && sensu_keys_have(keys, id, a)) {
        return sensu_key_error(&r, "there is another %s key with kid=%s", alg,
                               kid);
    }

    r.path = path;

    if (sensu_key_file_read(&r, &text, &mode) != 0) {
        return -1;
    }

    if (a->type == SENSU_ALG_HS) {

        if (mode & S_IROTH) {
            sensu_key_warning(&r, "everybody may read this secret, \"chmod "
                              "o= %s\" helps", path);
        }

        rc = sensu_key_file_secret(keys, a, text, id, format, &r);

    } else {
        rc = sensu_key_file_public(keys, a, text, id, &r);
    }

    sensu_key_file_free(&text);

    return rc;
}


static int
sensu_key_file_secret(sensu_keys_t *keys, const sensu_alg_t *alg,
    sensu_str_t text, sensu_str_t kid, const char *format,
    const sensu_key_report_t *r)
{
    int          rc;
    sensu_str_t  secret;

    if (sensu_key_file_secret_of(alg, text, format, r, &secret) != 0) {
        return -1;
    }

    rc = sensu_keys_add_secret(keys, alg, secret, kid);

    sensu_key_file_free(&secret);

    if (rc != 0) {
        return sensu_key_error(r, "OpenSSL and libjwt do not make an %s key "
                               "of it", alg->name);
    }

    return 0;
}


int
sensu_key_file_secret_read(const sensu_alg_t *alg, const char *format,
    const sensu_key_report_t *r, sensu_str_t *secret)
{
    int          rc;
    unsigned     mode;
    sensu_str_t  text;

    if (sensu_key_file_read(r, &text, &mode) != 0) {
        return -1;
    }

    rc = sensu_key_file_secret_of(alg, text, format, r, secret);

    sensu_key_file_free(&text);

    return rc;
}


static int
sensu_key_file_secret_of(const sensu_alg_t *alg, sensu_str_t text,
    const char *format, const sensu_key_report_t *r, sensu_str_t *secret)
{
    int             raw;
    char            unfit[256];
    ssize_t         n;
    unsigned char  *buf;

    raw = (format != NULL && strcmp(format, "raw") == 0);

    if (!raw && sensu_key_look_encoding(text, r) != 0) {
        return -1;
    }

    /* a public key as an HMAC secret is how RS256 tokens get forged */

    if (sensu_text_find(text, "-----BEGIN ")) {
        return sensu_key_error(r, "is a PEM file, no secret for %s; keys of "
                               "that kind are for RS256 ... ES512", alg->name);
    }

    /* random bytes may begin with a brace */

    if (text.data[0] == '{'
        && (!raw || sensu_text_find(text, "\"kty\"")))
    {
        return sensu_key_error(r, "is JSON, no secret; a JWK Set belongs to "
                               "sensu_jwt_key_set");
    }

    buf = malloc(text.len);
    if (buf == NULL) {
        return sensu_key_error(r, "cannot be read: no memory");
    }

    secret->len = text.len;
    secret->data = buf;

    n = sensu_key_file_decode(buf, text, format ? format : "base64", r);

    if (n != -1) {
        secret->len = n;

        if (sensu_key_unfit_secret(alg, *secret, unfit, sizeof(unfit)) == 0) {
            return 0;
        }

        secret->len = text.len;

        (void) sensu_key_error(r, "the secret %s%s", unfit,
                               format ? ""
                                      : "; it was read as base64, format=raw "
                                        "and format=hex are the other ways");
    }

    sensu_key_file_free(secret);

    return -1;
}


static ssize_t
sensu_key_file_decode(unsigned char *dst, sensu_str_t text,
    const char *format, const sensu_key_report_t *r)
{
    ssize_t  n, hex;

    if (strcmp(format, "raw") == 0) {
        sensu_key_look_raw(text, r);

        memcpy(dst, text.data, text.len);
        return text.len;
    }

    if (strcmp(format, "hex") == 0) {
        n = sensu_hex_decode(dst, text);

        return n != -1 ? n
               : sensu_key_look_secret(text, "is not hexadecimal, or an odd "
                                       "number of digits; format=base64 or "
                                       "format=raw may be right", r);
    }

    if (strcmp(format, "base64") != 0) {
        return sensu_key_error(r, "its format= must be base64, raw or hex");
    }

    /* looked at first, because dst is written to */
    hex = sensu_hex_decode(dst, text);
    n = sensu_base64_decode(dst, text);

    if (n == -1) {
        return sensu_key_look_secret(text, "is not base64; if the bytes of "
                                     "the file are the secret itself, say "
                                     "format=raw", r);
    }

    if (n >= 48 && hex != -1) {
        sensu_key_warning(r, "is read as base64 but looks like hexadecimal, "
                          "for which format=hex is to be said");

    } else if (n >= 32) {
        sensu_key_look_phrase(text, r);
    }

    return n;
}


static ssize_t
sensu_hex_decode(unsigned char *dst, sensu_str_t src)
{
    int     byte;
    size_t  i;

    while (src.len && strchr(" \t\r\n", src.data[src.len - 1])
           && src.data[src.len - 1] != '\0')
    {
        src.len--;
    }

    if (src.len % 2 != 0) {
        return -1;
    }

    for (i = 0; i < src.len; i += 2) {
        byte = sensu_hex_byte(src.data + i);

        if (byte == -1) {
            return -1;
        }

        dst[i / 2] = byte;
    }

    return src.len / 2;
}


static int
sensu_key_file_public(sensu_keys_t *keys, const sensu_alg_t *alg,
    sensu_str_t text, sensu_str_t kid, const sensu_key_report_t *r)
{
    int        rc;
    BIO       *bio;
    char       unfit[256];
    EVP_PKEY  *key;

    if (sensu_key_file_pem_check(alg, text, r) != 0) {
        return -1;
    }

    key = NULL;

    bio = BIO_new_mem_buf(text.data, text.len);
    if (bio) {
        key = PEM_read_bio_PUBKEY(bio, NULL, sensu_no_password, NULL);
    }

    BIO_free(bio);
    ERR_clear_error();

    if (key == NULL) {
        return sensu_key_look_broken_pem(text, r);
    }

    if (sensu_key_unfit_public(alg, key, unfit, sizeof(unfit)) != 0) {
        rc = sensu_key_error(r, "the key %s", unfit);

    } else if (sensu_keys_add_public(keys, alg, key, kid) != 0) {
        rc = sensu_key_error(r, "OpenSSL does not make an %s key of it",
                             alg->name);

    } else {
        rc = 0;
    }

    EVP_PKEY_free(key);

    return rc;
}


static int
sensu_key_file_pem_check(const sensu_alg_t *alg, sensu_str_t text,
    const sensu_key_report_t *r)
{
    sensu_str_t           rest;
    const unsigned char  *begin;

    if (sensu_key_look_encoding(text, r) != 0
        || sensu_key_look_pem(text, alg->name, r) != 0)
    {
        return -1;
    }

    if (sensu_text_find(text, "PRIVATE KEY-----")) {
        return sensu_key_error(r, "is a private key, %s needs the public one: "
                               "openssl pkey -in %s -pubout -out public.pem",
                               alg->name, r->path);
    }

    if (sensu_text_find(text, "-----BEGIN CERTIFICATE-----")) {
        return sensu_key_error(r, "is a certificate, %s needs its public key: "
                               "openssl x509 -in %s -noout -pubkey "
                               ">public.pem", alg->name, r->path);
    }

    begin = sensu_text_find(text, "-----BEGIN ");

    rest.data = begin + 1;
    rest.len = text.data + text.len - rest.data;

    if (sensu_text_find(rest, "-----BEGIN ")) {
        return sensu_key_error(r, "has more than one PEM block, name one file "
                               "for each key");
    }

    return 0;
}


/* else OpenSSL would ask for a password on the terminal */

static int
sensu_no_password(char *buf, int size, int rwflag, void *data)
{
    (void) buf;
    (void) size;
    (void) rwflag;
    (void) data;

    return -1;
}
