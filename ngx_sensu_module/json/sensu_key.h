
/*
 * The key of an element: the bytes under which the backend's store sorts it,
 * without the store's prefix: "namespace/name", for events
 * "namespace/entity/check", for cluster-wide types "name".
 *
 * The scanner goes over an element in the splitter's place, so that its bytes
 * are looked at once, and keeps O(1) memory however large the element and its
 * names are.  Members are found by path and depth, and their strings unescaped
 * as JSON says, so labels called "name" or "metadata" do not deceive it.  Of
 * repeated members the last one counts, as in the backend and in jansson.
 */


#ifndef _SENSU_KEY_H_INCLUDED_
#define _SENSU_KEY_H_INCLUDED_


/* a hash in pieces without memory of its own is what EVP does not have */

#ifndef OPENSSL_SUPPRESS_DEPRECATED
#define OPENSSL_SUPPRESS_DEPRECATED
#endif

#include <openssl/sha.h>
#include "sensu_split.h"
#include "sensu_text.h"


#define SENSU_KEY_MAX     2048
#define SENSU_KEY_HASH    32
#define SENSU_KEY_PIECE   512


/* the parts of a key, in its order */

enum {
    SENSU_KEY_NS = 0,
    SENSU_KEY_ENTITY,
    SENSU_KEY_LAST,          /* the name; of an event, its check's */
    SENSU_KEY_PARTS
};


/* where a type of element has its identity */

typedef enum {
    SENSU_KEY_UNKNOWN = 0,   /* no key is known: scalars, other resources */
    SENSU_KEY_NAME,          /* name: namespaces */
    SENSU_KEY_USERNAME,      /* username: users */
    SENSU_KEY_META,          /* metadata.name: clusterroles, ... */
    SENSU_KEY_META_NS,       /* metadata.namespace, metadata.name */
    SENSU_KEY_ASSET,         /* the same, name cleaned as a path */
    SENSU_KEY_EVENT          /* entity.metadata.namespace, entity.metadata.name,
                                check.metadata.name */
} sensu_key_kind_e;


/*
 * A text of any length, as the backend has no limit: of one that is longer
 * than SENSU_KEY_MAX its begin and a hash that nobody can forge.
 */

typedef struct {
    size_t                len;       /* of all of it */
    unsigned char         data[SENSU_KEY_MAX];
    unsigned char         hash[SENSU_KEY_HASH]; /* if it is longer */
} sensu_key_t;


/* who an element is */

typedef struct {
    sensu_key_t           key;       /* len 0: it has none */
    sensu_key_t           part[SENSU_KEY_PARTS]; /* len 0: not there */
    unsigned              unfit;     /* bits: parts that are there, but can
                                        not be read */
} sensu_id_t;


typedef struct {
    sensu_key_kind_e      kind;
    unsigned              state;
    unsigned              object;    /* the object the scan is in */
    unsigned              member;    /* the member found in it */
    const sensu_split_kernel_t  *kernel;
    sensu_text_t          text;
    unsigned char         name[16];  /* of a member */
    unsigned char         piece[SENSU_KEY_PIECE]; /* of a part */
    SHA256_CTX            sha;       /* of a part that is long */
    sensu_id_t            id;
} sensu_key_scan_t;


/* the kind of a core/v2 resource ("checks", "events", ...) by its name */
sensu_key_kind_e sensu_key_kind(sensu_str_t resource);

void sensu_key_scan_init(sensu_key_scan_t *scan, sensu_key_kind_e kind);

/* what a splitter reads its elements with; scan: a sensu_key_scan_t */
const unsigned char *sensu_key_read(void *scan, sensu_nest_t *nest,
    const unsigned char *p, const unsigned char *last);

/*
 * An element has ended: who it is, until the next one is read.  It has no key
 * when a part is missing, empty or no string, is malformed (RFC 8259
 * section 7, RFC 3629; a lone surrogate and \u0000 too), or when an asset's
 * name climbs out of its namespace or is too long to be cleaned.
 */
const sensu_id_t *sensu_key_scan_end(sensu_key_scan_t *scan);

/* is it this text, of whatever length? */
int sensu_key_is(const sensu_key_t *key, sensu_str_t text);

/*
 * Byte order, as etcd sorts its keys; 0: they are the same.  Of two long keys
 * with one begin nobody can say which is first: both are the smaller one, so
 * that no order is found in them.
 */
int sensu_key_cmp(const sensu_key_t *a, const sensu_key_t *b);

/* two long ones with one begin that are not the same */
int sensu_key_is_twin(const sensu_key_t *a, const sensu_key_t *b);

/* adds to it; sha: its hash under way, which is complete only when the text is
   and was given to SHA256_Final(), if it is long then */
void sensu_key_append(sensu_key_t *key, SHA256_CTX *sha,
    const unsigned char *data, size_t len);

/* cleans a name as Go's path.Join() does; its new length, 0 when nothing is
   left or it climbs above its begin */
size_t sensu_key_clean(unsigned char *name, size_t len);

void sensu_key_copy(sensu_key_t *dst, const sensu_key_t *src);

static inline int
sensu_key_is_long(const sensu_key_t *key)
{
    return key->len > SENSU_KEY_MAX;
}

/* the bytes of it that are here */

static inline sensu_str_t
sensu_key_begin(const sensu_key_t *key)
{
    return (sensu_str_t) { sensu_key_is_long(key) ? SENSU_KEY_MAX : key->len,
                           key->data };
}


#endif /* _SENSU_KEY_H_INCLUDED_ */
