
/*
 * Native paging: the cursor that makes a 5.5 backend go on behind a key.  It
 * joins the decoded cursor to the prefix of the list in its store and starts
 * there, so the gateway makes "name NUL" and the like itself; the backend's
 * own cursors are wrong on several lists, a client's could be a path.
 */


#ifndef _SENSU_NATIVE_H_INCLUDED_
#define _SENSU_NATIVE_H_INCLUDED_


#include "sensu_backend.h"
#include "sensu_cursor.h"
#include "sensu_path.h"


#define SENSU_NATIVE_MAX  (SENSU_KEY_MAX + 8)


/* of a key's cursor, in base64 twice, with the names beside it */
#define SENSU_NATIVE_TWO_MAX  (SENSU_NATIVE_MAX * 3 + 64)


/* does the backend page this list at all? what is not core/v2 is not known
   to */
int sensu_native_list(const sensu_path_t *path, sensu_key_kind_e kind,
    unsigned version);

/*
 * Writes the cursor to dst (SENSU_NATIVE_MAX bytes) and returns its length: 0
 * for a first page that needs none, -1 where no cursor leads to the position.
 * ns: of the list, len 0 for a cluster-wide one; entity: of events/{entity}.
 */
int sensu_native_cursor(unsigned char *dst, sensu_str_t ns,
    sensu_str_t entity, const sensu_position_t *from);

/*
 * The cursor of backends that keep an entity in two places and page both:
 * from one of n bytes, to dst (SENSU_NATIVE_TWO_MAX bytes); its length.
 */
int sensu_native_two(unsigned char *dst, const unsigned char *cursor, int n);


#endif /* _SENSU_NATIVE_H_INCLUDED_ */
