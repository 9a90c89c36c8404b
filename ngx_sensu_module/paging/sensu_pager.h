
/*
 * The pager: looks at the keys of a list's elements in turn and says which
 * make up the page.  It decides; the bytes are somebody else's.
 *
 * A position is the key of the last element delivered, so what is inserted
 * or deleted elsewhere never shifts a page.  Lists that do not come in
 * ascending order, or whose elements have no key, are resumed behind the very
 * element that was delivered last.
 */


#ifndef _SENSU_PAGER_H_INCLUDED_
#define _SENSU_PAGER_H_INCLUDED_


#include "sensu_cursor.h"
#include "sensu_scope.h"


/*
 * Which elements belong into the answer at all: the backend lists siblings by
 * name along with a namespace, and more entities than the one asked for.  An
 * element that names no namespace is nobody else's and belongs, but into a
 * merged list, where its place is not known.
 */

typedef struct {
    sensu_str_t                ns;       /* len 0: any */
    sensu_str_t                entity;   /* len 0: any */
    unsigned                   strict:1; /* only elements with a key */
    const sensu_namespaces_t  *names;    /* of /namespaces; NULL: all */
} sensu_filter_t;


typedef enum {
    SENSU_PAGER_KEEP = 0,
    SENSU_PAGER_SKIP,        /* before the position, or, natively, after all
                                that is wanted */
    SENSU_PAGER_FOREIGN,     /* not of this list: left out */
    SENSU_PAGER_REWIND,      /* the element was passed already: start again
                                with position.ordinal set to rewind */
    SENSU_PAGER_LOST,        /* the position is not in the list any more */
    SENSU_PAGER_UNTRUE       /* not the answer to a native request */
} sensu_pager_rc_e;


typedef struct {
    /* asked for */
    unsigned                   native:1; /* the backend starts behind the
                                            position and sends at most most */
    uint64_t                   most;
    const sensu_filter_t      *filter;
    sensu_position_t           from;

    /* seen so far */
    uint64_t                   ordinal;  /* elements of the list */
    uint64_t                   received; /* those and the foreign ones */
    uint64_t                   rewind;   /* last place of from's element
                                            before its old one */
    uint32_t                   run;
    unsigned                   resumed:1;
    unsigned                   unsorted:1;
    unsigned                   repeats:1;/* neighbours have equal keys */
    unsigned                   ended:1;  /* native: some came after all that
                                            is wanted */
    unsigned                   any:1;    /* key is of an element */
    sensu_key_t                key;      /* of the one before */
} sensu_pager_t;


void sensu_pager_init(sensu_pager_t *pager, const sensu_position_t *from,
    const sensu_filter_t *filter);

/* native: the answer must begin behind from and have at most most elements */
void sensu_pager_native(sensu_pager_t *pager, uint64_t most);

/* is the hash of the next element's bytes of interest? */
static inline int
sensu_pager_hashes(const sensu_pager_t *pager)
{
    return !pager->resumed && pager->from.mode == SENSU_POSITION_EXACT
           && pager->from.key_len == 0;
}


/* the next element; hash: of its bytes if it is of interest, else unused */
sensu_pager_rc_e sensu_pager_next(sensu_pager_t *pager,
    const sensu_key_t *key, uint64_t hash);

/* the list has ended: KEEP, or LOST or REWIND */
sensu_pager_rc_e sensu_pager_end(const sensu_pager_t *pager);

/* the last element of a page */

typedef struct {
    sensu_str_t                key;      /* len 0: it has none */
    uint64_t                   hash;     /* of its bytes then */
    uint64_t                   ordinal;  /* as the pager had it */
    uint32_t                   run;
} sensu_last_t;


/*
 * Moves the position behind it, n elements further; pager: that has seen it.
 * UNTRUE: the position would not advance.  LOST: the walk has gone on for so
 * long that the list must have begun anew under it again and again.
 */
sensu_pager_rc_e sensu_pager_advance(const sensu_pager_t *pager,
    sensu_position_t *position, const sensu_last_t *last, uint64_t n);

/* does the element belong into the answer? */
int sensu_filter_pass(const sensu_filter_t *filter, const sensu_key_t *key);


#endif /* _SENSU_PAGER_H_INCLUDED_ */
