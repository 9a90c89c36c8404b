
/*
 * The key of an element: the bytes under which the backend's store sorts it,
 * without the store's prefix: "namespace/name", for events
 * "namespace/entity/check", for cluster-wide types "name".
 *
 * The scanner is resumable: it is fed an element's spans as the splitter
 * reports them and keeps O(1) memory however large the element is.  Members
 * are found by path and depth, and their strings unescaped as JSON says, so
 * labels called "name" or "metadata" do not deceive it.  Of repeated members
 * the last one counts, as in the backend and in jansson.
 */


#ifndef _SENSU_KEY_H_INCLUDED_
#define _SENSU_KEY_H_INCLUDED_


#include "sensu_split.h"
#include "sensu_text.h"


#define SENSU_KEY_MAX     2048
#define SENSU_KEY_FIELDS  3


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


typedef struct {
    size_t                len;       /* 0: the element has no key */
    size_t                ns_len;    /* bytes of the namespace, 0 if none */
    size_t                entity_len;/* events: bytes of the entity's name */
    unsigned              named:1;   /* it names a namespace, be the key unfit
                                        for use or not */
    unsigned char         data[SENSU_KEY_MAX];
} sensu_key_t;


typedef struct {
    sensu_key_kind_e      kind;
    unsigned              state;
    unsigned              object;    /* the object the scan is in */
    unsigned              member;    /* the member found in it */
    const sensu_split_kernel_t  *kernel;
    sensu_nest_t          nest;
    sensu_text_t          text;
    unsigned char         name[16];  /* of a member */
    size_t                len[SENSU_KEY_FIELDS];
    unsigned char         field[SENSU_KEY_FIELDS][SENSU_KEY_MAX];
} sensu_key_scan_t;


/* the kind of a core/v2 resource ("checks", "events", ...) by its name */
sensu_key_kind_e sensu_key_kind(sensu_str_t resource);

void sensu_key_scan_init(sensu_key_scan_t *scan, sensu_key_kind_e kind);

/* one span of an element, any chunking; cheap to call for each span */
void sensu_key_scan_feed(sensu_key_scan_t *scan, sensu_str_t bytes);

/*
 * The element is complete: joins its key.  key->len is 0 when a member is
 * missing, empty or no string, is malformed (RFC 8259 section 7, RFC 3629; a
 * lone surrogate and \u0000 too), when the key is longer than SENSU_KEY_MAX,
 * or an asset's name climbs out of its namespace.  The scanner is ready for
 * the next element.
 */
void sensu_key_scan_end(sensu_key_scan_t *scan, sensu_key_t *key);

static inline sensu_str_t
sensu_key_str(const sensu_key_t *key)
{
    return (sensu_str_t) { key->len, key->data };
}

static inline sensu_str_t
sensu_key_ns(const sensu_key_t *key)
{
    return (sensu_str_t) { key->ns_len, key->data };
}


#endif /* _SENSU_KEY_H_INCLUDED_ */
