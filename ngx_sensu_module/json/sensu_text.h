
/*
 * A JSON string, unescaped while it is read in pieces of any size (RFC 8259,
 * section 7).
 */


#ifndef _SENSU_TEXT_H_INCLUDED_
#define _SENSU_TEXT_H_INCLUDED_


#include "sensu_str.h"


typedef struct {
    unsigned              state;
    unsigned              digits;    /* of \uXXXX still to come */
    unsigned              code;      /* their value so far */
    unsigned              high;      /* the first half of a surrogate pair */
    unsigned              bad:1;     /* malformed, or longer than size */
    size_t                len;
    size_t                size;
    unsigned char        *data;      /* the caller's */
} sensu_text_t;


/* begins after the opening quote; data has room for size bytes */
void sensu_text_start(sensu_text_t *text, unsigned char *data, size_t size);

/*
 * Reads up to the closing quote, which is passed over and told in *ended, or
 * up to last.  A malformed string is read to its end all the same.  Bad are
 * also a lone surrogate, \u0000 and a raw control character.
 */
const unsigned char *sensu_text_feed(sensu_text_t *text,
    const unsigned char *p, const unsigned char *last, int *ended);

/* is it the word, which is in lower case, in any letter case? */
int sensu_text_is_word(sensu_str_t text, const char *word);

/* where the words begin in the text, or NULL */
const unsigned char *sensu_text_find(sensu_str_t text, const char *what);

/* as many bytes at its beginning are UTF-8, RFC 3629 */
size_t sensu_text_utf8(const unsigned char *data, size_t len);


#endif /* _SENSU_TEXT_H_INCLUDED_ */
