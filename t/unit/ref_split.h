
/*
 * The splitter byte by byte: the reference for tests and fuzzers, and the
 * plain automaton of the benchmarks.
 */


#ifndef _REF_SPLIT_H_INCLUDED_
#define _REF_SPLIT_H_INCLUDED_


#include <stdint.h>
#include "sensu_split.h"


typedef enum {
    REF_NOTHING = 0,
    REF_BEGINS,                  /* an element, with this byte */
    REF_ENDS,                    /* after this byte */
    REF_ENDED,                   /* before this byte */
    REF_ERROR
} ref_event_e;


enum {
    REF_START = 0,
    REF_FIRST,
    REF_WANT,
    REF_NESTED,
    REF_STRING,
    REF_SCALAR,
    REF_AFTER,
    REF_CLOSED
};


typedef struct {
    int                   state;
    int                   depth;     /* the outer array counts */
    int                   in_string;
    int                   escaped;
    unsigned char         closer;
} ref_split_t;


/* inlined, for the benchmarks to be fair */

#define ref_inline  static inline __attribute__((always_inline))


ref_inline int
ref_is_space(unsigned char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}


ref_inline ref_event_e
ref_split_begin(ref_split_t *r, unsigned char c)
{
    switch (c) {

    case '{':
    case '[':
        r->state = REF_NESTED;
        r->closer = c == '{' ? '}' : ']';
        r->depth = 2;
        r->in_string = 0;
        r->escaped = 0;
        return REF_BEGINS;

    case '"':
        r->state = REF_STRING;
        r->escaped = 0;
        return REF_BEGINS;

    default:
        if (c == '-' || c == 't' || c == 'f' || c == 'n'
            || (c >= '0' && c <= '9'))
        {
            r->state = REF_SCALAR;
            return REF_BEGINS;
        }

        return REF_ERROR;
    }
}


ref_inline ref_event_e
ref_split_nested(ref_split_t *r, unsigned char c)
{
    int  escaped;

    escaped = r->escaped;
    r->escaped = c == '\\' && !escaped;

    if (c == '"' && !escaped) {
        r->in_string = !r->in_string;

    } else if (r->in_string) {
        return REF_NOTHING;

    } else if (c == '{' || c == '[') {
        if (++r->depth > SENSU_SPLIT_MAX_DEPTH) {
            return REF_ERROR;
        }

    } else if (c == '}' || c == ']') {
        if (--r->depth == 1) {
            r->state = REF_AFTER;
            return c == r->closer ? REF_ENDS : REF_ERROR;
        }
    }

    return REF_NOTHING;
}


ref_inline ref_event_e
ref_split_after(ref_split_t *r, unsigned char c)
{
    if (c == ',') {
        r->state = REF_WANT;
        return REF_NOTHING;
    }

    if (c == ']') {
        r->state = REF_CLOSED;
        return REF_NOTHING;
    }

    r->state = REF_AFTER;

    return ref_is_space(c) ? REF_NOTHING : REF_ERROR;
}


ref_inline ref_event_e
ref_split_byte(ref_split_t *r, unsigned char c)
{
    switch (r->state) {

    case REF_START:
        if (c == '[') {
            r->state = REF_FIRST;
            return REF_NOTHING;
        }

        return ref_is_space(c) ? REF_NOTHING : REF_ERROR;

    case REF_FIRST:
        if (c == ']') {
            r->state = REF_CLOSED;
            return REF_NOTHING;
        }

        /* fall through */

    case REF_WANT:
        return ref_is_space(c) ? REF_NOTHING : ref_split_begin(r, c);

    case REF_NESTED:
        return ref_split_nested(r, c);

    case REF_STRING:
        if (r->escaped) {
            r->escaped = 0;

        } else if (c == '\\') {
            r->escaped = 1;

        } else if (c == '"') {
            r->state = REF_AFTER;
            return REF_ENDS;
        }

        return REF_NOTHING;

    case REF_SCALAR:
        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
            || (c >= 'A' && c <= 'Z') || c == '+' || c == '-' || c == '.')
        {
            return REF_NOTHING;
        }

        return ref_split_after(r, c) == REF_ERROR ? REF_ERROR : REF_ENDED;

    case REF_AFTER:
        return ref_split_after(r, c);

    default: /* REF_CLOSED */
        return ref_is_space(c) ? REF_NOTHING : REF_ERROR;
    }
}


/* a whole text: where its elements are, and what became of it */

#define REF_MAX  4096


typedef struct {
    size_t                n;
    size_t                len;       /* of the text */
    size_t                from[REF_MAX];
    size_t                to[REF_MAX];
    int                   error;
    int                   done;
} ref_list_t;


static inline void
ref_split(ref_list_t *list, const unsigned char *data, size_t len)
{
    size_t       i;
    ref_split_t  r = { 0 };

    list->n = 0;
    list->len = len;
    list->error = 0;
    list->from[0] = len;

    for (i = 0; i < len; i++) {

        switch (ref_split_byte(&r, data[i])) {

        case REF_BEGINS:
            list->from[list->n] = i;
            break;

        case REF_ENDS:
            list->to[list->n++] = i + 1;
            list->from[list->n] = len;
            break;

        case REF_ENDED:
            list->to[list->n++] = i;
            list->from[list->n] = len;
            break;

        case REF_ERROR:
            list->error = 1;
            list->done = 0;
            return;

        default:
            break;
        }

        if (list->n + 1 == REF_MAX) {
            abort();
        }
    }

    list->done = r.state == REF_CLOSED;
}


#endif /* _REF_SPLIT_H_INCLUDED_ */
