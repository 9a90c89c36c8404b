
/*
 * The splitter: a resumable scanner of a JSON array.  It is fed the bytes of
 * a body in chunks of any size and reports the top level elements as spans
 * of those chunks.  It keeps O(1) state, allocates nothing and never reads
 * outside its input.
 *
 * Checked: the bytes outside of elements (brackets, commas, white space), the
 * first byte of an element, depth, strings and escapes.  Not checked: the
 * inside of an element, which passes as the backend wrote it.
 */


#ifndef _SENSU_SPLIT_H_INCLUDED_
#define _SENSU_SPLIT_H_INCLUDED_


#include <stdint.h>
#include "sensu_str.h"


#define SENSU_SPLIT_MAX_DEPTH  1000


typedef enum {
    SENSU_SPLIT_MORE = 0,    /* the chunk is used up */
    SENSU_SPLIT_ELEMENT,     /* an element ended, the chunk may hold more */
    SENSU_SPLIT_ERROR        /* not an array; sticky */
} sensu_split_rc_e;


/*
 * The bytes of one element in the present chunk.  An element that lies in
 * several chunks is reported as several spans: MORE with a span that is not
 * empty, then at last ELEMENT.
 */

typedef struct {
    sensu_str_t           bytes;
    unsigned              first:1;   /* the element begins with this span */
} sensu_span_t;


typedef struct sensu_split_s  sensu_split_t;

/* one implementation of the inner loop, see sensu_split_select() */
typedef struct sensu_split_kernel_s  sensu_split_kernel_t;


/*
 * A scan through nested values in blocks of 64 bytes: what is carried from
 * block to block, and the structure of the present block, in which the scan
 * may stop and later go on.
 */

typedef struct {
    int64_t               depth;     /* open brackets */
    uint64_t              in_string; /* 0 or ~0: of the block's end */
    uint64_t              escaped;   /* 0 or 1: the byte after the block */
    const unsigned char  *block;     /* NULL: nothing is known */
    uint64_t              open;      /* bit i: block[i] is '{' or '[', */
    uint64_t              close;     /* '}' or ']', both outside of strings, */
    uint64_t              string;    /* the quote that begins a string, */
    uint64_t              slash;     /* or a backslash */
} sensu_nest_t;


/*
 * Reads a nested element in the kernel's place, from its first byte on, in as
 * many calls as there are chunks: to its end, where depth is 0, or to last.
 * NULL: it is nested too deep.
 */

typedef const unsigned char *(*sensu_split_read_pt)(void *data,
    sensu_nest_t *nest, const unsigned char *p, const unsigned char *last);


struct sensu_split_s {
    const sensu_split_kernel_t  *kernel;
    uint64_t              elements;  /* complete elements so far */
    sensu_split_read_pt   read;      /* NULL: nobody */
    void                 *data;      /* its */
    const char           *error;     /* why ERROR, a static text */
    sensu_nest_t          nest;
    unsigned              state;
    unsigned char         closer;    /* what must end the nested element */
    unsigned char         escaped;   /* in an element that is a string */
    unsigned char         closed;    /* the closing ']' was seen */
};


void sensu_split_init(sensu_split_t *s);

/*
 * Takes bytes of [*pos, last), advances *pos.  On ELEMENT and MORE *span says
 * which bytes belong to the element that ended or is being read; it is empty
 * between elements, and for a number whose end is told by the first byte of a
 * chunk.  The bytes must stay as they are until MORE is
 * returned: the scanner looks up to 64 of them ahead.  On ERROR *pos is left
 * alone and *span is empty.
 */
sensu_split_rc_e sensu_split_next(sensu_split_t *s, const unsigned char **pos,
    const unsigned char *last, sensu_span_t *span);

/* true when a whole array and nothing but white space after it was fed */
int sensu_split_done(const sensu_split_t *s);

/*
 * Picks the fastest kernel this CPU can run ("avx2", "sse2", "portable"), or
 * the named one for tests and benchmarks.  Returns the name of the one that
 * is in force, NULL if the named one cannot run here.  Not thread safe: call
 * it once at start.  Without a call the portable one is used.
 */
const char *sensu_split_select(const char *name);


#endif /* _SENSU_SPLIT_H_INCLUDED_ */
