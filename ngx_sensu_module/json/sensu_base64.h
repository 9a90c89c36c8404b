
/*
 * Base64.  The URL alphabet of tokens and cursors is read strictly, so that
 * a value has exactly one text; key files, written by people and tools, are
 * read leniently.
 */


#ifndef _SENSU_BASE64_H_INCLUDED_
#define _SENSU_BASE64_H_INCLUDED_


#include <sys/types.h>
#include "sensu_str.h"


/* bytes of the text of len bytes, and most bytes of a text's value */

#define sensu_base64url_length(len)   (((len) * 4 + 2) / 3)
#define sensu_base64_decoded(len)     ((len) / 4 * 3 + 2)


/*
 * RFC 4648 section 5 without padding, no NUL at the end.  Returns the bytes
 * written, sensu_base64url_length(len).
 */
size_t sensu_base64url_encode(unsigned char *dst, const unsigned char *src,
    size_t len);

/*
 * The strict reverse (RFC 7515 section 2).  Returns the bytes written, or -1
 * on padding, bytes outside of the alphabet, an impossible length, or bits
 * in the last character that no encoder would set.  dst may be src.data; it
 * takes sensu_base64_decoded(src.len) bytes.
 */
ssize_t sensu_base64url_decode(unsigned char *dst, sensu_str_t src);

/*
 * Both alphabets, padding or none, white space anywhere.  Returns the bytes
 * written or -1; dst takes src.len bytes.
 */
ssize_t sensu_base64_decode(unsigned char *dst, sensu_str_t src);


#endif /* _SENSU_BASE64_H_INCLUDED_ */
