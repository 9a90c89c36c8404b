
/*
 * Cursors: a position in a walk, the record that keeps it in the store, and
 * the token that a client sees.  The record binds the caller and what was
 * asked for; the token is a keyed hash of the record, so the same position of
 * the same caller has the same token, and none can be guessed.
 */


#ifndef _SENSU_CURSOR_H_INCLUDED_
#define _SENSU_CURSOR_H_INCLUDED_


#include <stdint.h>
#include "sensu_str.h"
#include "sensu_key.h"


#define SENSU_TOKEN_LEN         22   /* base64url of 128 bits */
#define SENSU_CURSOR_SECRET     32   /* bytes */
#define SENSU_CURSOR_BINDING    16   /* bytes of SHA-256 */
#define SENSU_CURSOR_MAX        (80 + 8 + SENSU_KEY_HASH + SENSU_KEY_MAX)


typedef enum {
    SENSU_POSITION_START = 0,
    SENSU_POSITION_SORTED,   /* after key: the list came in ascending order */
    SENSU_POSITION_EXACT,    /* at ordinal: it did not */
    SENSU_POSITION_REPEATED  /* as SORTED, but there are neighbours with equal
                                keys: after number run of them */
} sensu_position_mode_e;


/* the last element delivered */

typedef struct {
    sensu_position_mode_e mode;
    unsigned              keyless:1; /* up to it no element has a key: key is
                                        the list's namespace */
    uint64_t              ordinal;   /* its number in its list, from 1 */
    uint64_t              trail;     /* hashes of what came up to it, see
                                        sensu_pager_t; */
    uint64_t              chain;     /* 0: other elements were delivered than
                                        are there now, or it is not known */
    uint32_t              run;       /* number of key among neighbours with
                                        the same key, from 1 */
    sensu_key_t           key;       /* its own, or the last one before it */
} sensu_position_t;


typedef struct {
    unsigned char         caller[SENSU_CURSOR_BINDING];
    unsigned char         query[SENSU_CURSOR_BINDING];
    uint32_t              limit;     /* of the walk's first page */
    sensu_position_t      position;
} sensu_cursor_t;


/* SHA-256 over length-prefixed parts, cut to SENSU_CURSOR_BINDING bytes */
void sensu_cursor_bind(unsigned char *binding, const sensu_str_t *parts,
    size_t n);

/* writes the record (version 2, numbers in network order), returns its
   length; dst: SENSU_CURSOR_MAX bytes */
size_t sensu_cursor_encode(const sensu_cursor_t *cursor, unsigned char *dst);

/* reads one; -1 for anything that is not a whole record of a known version */
int sensu_cursor_decode(sensu_cursor_t *cursor, sensu_str_t record);

/* the token of a record: HMAC-SHA256 under the secret, 128 bits of it;
   returns -1 when the library fails */
int sensu_cursor_token(unsigned char *token, const unsigned char *secret,
    sensu_str_t record);

/* the store's key of a token: a hash, so that a dump of the store holds no
   token; SENSU_TOKEN_LEN bytes; returns -1 when the library fails */
int sensu_cursor_store_key(unsigned char *key, sensu_str_t token);

/*
 * A 64-bit hash of an element's bytes, however they come in pieces, the same
 * on every machine; not against attackers: a caller can only confuse his own
 * walk.
 */

typedef struct {
    uint64_t              hash;
    uint64_t              word;      /* the last bytes, up to seven */
    uint64_t              len;
} sensu_hash_t;

void sensu_hash_start(sensu_hash_t *h);
void sensu_hash_add(sensu_hash_t *h, sensu_str_t bytes);
uint64_t sensu_hash_end(const sensu_hash_t *h);

/* of bytes that are all there */
uint64_t sensu_hash(sensu_str_t bytes);

/* of a key, however long */
uint64_t sensu_hash_key(const sensu_key_t *key);

/* what follows is another sequence than before */
uint64_t sensu_hash_chain(uint64_t trail, uint64_t hash);


#endif /* _SENSU_CURSOR_H_INCLUDED_ */
