
/*
 * The pager: looks at the keys of a list's elements in turn and says which
 * make up the page.  It decides; the bytes are somebody else's.
 *
 * A position is the key of the last element delivered, so what is inserted
 * or deleted elsewhere never shifts a page.  Elements without a key are told
 * apart by what they are: of those, all before the position must be as they
 * were.  Of a list that does not come in ascending order everything before the
 * position must be.  What nobody could tell from a loss or a repetition is
 * LOST.
 */


#ifndef _SENSU_PAGER_H_INCLUDED_
#define _SENSU_PAGER_H_INCLUDED_


#include "sensu_cursor.h"
#include "sensu_scope.h"


/*
 * Which elements belong into the answer at all: the backend lists siblings by
 * name along with a namespace, and more entities than the one asked for.  An
 * element whose namespace can not be read is somebody else's; one that names
 * none is nobody else's and belongs, but into a merged list, where its place
 * is not known.
 */

typedef struct {
    sensu_str_t                ns;       /* len 0: any */
    sensu_str_t                entity;   /* len 0: any */
    unsigned                   strict:1; /* only what names its namespace */
    const sensu_namespaces_t  *names;    /* of /namespaces; NULL: all */
} sensu_filter_t;


typedef enum {
    SENSU_PAGER_KEEP = 0,
    SENSU_PAGER_SKIP,        /* before the position, or, natively, after all
                                that is wanted */
    SENSU_PAGER_FOREIGN,     /* not of this list: left out */
    SENSU_PAGER_LOST,        /* the position is not in the list any more */
    SENSU_PAGER_UNTRUE       /* not the answer to a native request */
} sensu_pager_rc_e;


typedef struct {
    /* asked for */
    unsigned                   native:1; /* the backend starts behind the
                                            position and sends at most most */
    uint64_t                   most;
    const sensu_filter_t      *filter;

    /* seen so far */
    uint64_t                   ordinal;  /* elements of the list */
    uint64_t                   received; /* those and the foreign ones */
    uint64_t                   trail;    /* hash of all elements without a
                                            key so far, in their order, */
    uint64_t                   chain;    /* and of all elements */
    uint32_t                   run;
    unsigned                   resumed:1;
    unsigned                   passed:1; /* the key of from */
    unsigned                   twin:1;   /* and one that may lie on either
                                            side of it */
    unsigned                   same:1;   /* all up to from is what was
                                            delivered */
    unsigned                   unsorted:1;
    unsigned                   repeats:1;/* neighbours have equal keys */
    unsigned                   ended:1;  /* native: some came after all that
                                            is wanted */
    unsigned                   any:1;    /* key is of an element */
    sensu_position_t           from;     /* asked for */
    sensu_key_t                key;      /* the last one */
} sensu_pager_t;


void sensu_pager_init(sensu_pager_t *pager, const sensu_position_t *from,
    const sensu_filter_t *filter);

/* native: the answer must begin behind from and have at most most elements */
void sensu_pager_native(sensu_pager_t *pager, uint64_t most);

/* the next element; hash: of its bytes if it has no key, else unused */
sensu_pager_rc_e sensu_pager_next(sensu_pager_t *pager, const sensu_id_t *id,
    uint64_t hash);

/* the list has ended: KEEP, or LOST */
sensu_pager_rc_e sensu_pager_end(const sensu_pager_t *pager);

/* an element as the pager had it: the last one of a page */

typedef struct {
    sensu_key_t                key;      /* len 0: there is none up to it */
    uint64_t                   trail;
    uint64_t                   chain;
    uint64_t                   ordinal;
    uint32_t                   run;
} sensu_last_t;

/* the one that was just seen */
void sensu_pager_note(const sensu_pager_t *pager, sensu_last_t *last);

/*
 * Moves the position behind it; pager: that has seen it; ns: of the list.
 * UNTRUE: the position would not advance.
 */
sensu_pager_rc_e sensu_pager_advance(const sensu_pager_t *pager,
    sensu_position_t *position, const sensu_last_t *last, sensu_str_t ns);

static inline int
sensu_filter_is_on(const sensu_filter_t *filter)
{
    return filter->ns.len || filter->entity.len || filter->names;
}

/* does the element belong into the answer? */
int sensu_filter_pass(const sensu_filter_t *filter, const sensu_id_t *id);


#endif /* _SENSU_PAGER_H_INCLUDED_ */
