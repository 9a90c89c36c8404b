
/*
 * What the fuzzers of JSON share: a text made of pieces that the bytes of the
 * input choose, and random numbers that the input seeds.
 */


#ifndef _FUZZ_H_INCLUDED_
#define _FUZZ_H_INCLUDED_


#include <stdint.h>
#include <stdlib.h>
#include <string.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


typedef struct {
    size_t                len;
    unsigned char         data[2000];
} fuzz_text_t;


/* makes a text, as the bytes of the input choose */

typedef struct {
    const uint8_t        *p;
    const uint8_t        *last;
    fuzz_text_t          *text;
} fuzz_maker_t;


/* splitmix64 */

static inline uint64_t
fuzz_random(uint64_t *seed)
{
    uint64_t  z;

    z = (*seed += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;

    return z ^ (z >> 31);
}


static inline void
fuzz_add(fuzz_text_t *text, const void *data, size_t len)
{
    if (len > sizeof(text->data) - text->len) {
        len = sizeof(text->data) - text->len;
    }

    memcpy(text->data + text->len, data, len);
    text->len += len;
}


static inline void
fuzz_puts(fuzz_text_t *text, const char *s)
{
    fuzz_add(text, s, strlen(s));
}


/* one of n, the first of them when the input is at its end */

static inline unsigned
fuzz_choose(fuzz_maker_t *maker, unsigned n)
{
    return maker->p < maker->last ? *maker->p++ % n : 0;
}


/* a copy of a chunk that ends where its memory does, for a sanitizer to see */

static inline unsigned char *
fuzz_chunk(const unsigned char *data, size_t len)
{
    unsigned char  *copy;

    static unsigned char  *memory;

    if (memory == NULL) {
        memory = malloc(sizeof(((fuzz_text_t *) 0)->data));
    }

    if (memory == NULL) {
        abort();
    }

    copy = memory + sizeof(((fuzz_text_t *) 0)->data) - len;
    memcpy(copy, data, len);

    return copy;
}


/* an even first byte: the rest is the text as it is; odd: it chooses pieces */

static inline void
fuzz_text(fuzz_text_t *text, const uint8_t *data, size_t size,
    const char *const *pieces, size_t n, const char *prefix)
{
    size_t  i;

    text->len = 0;

    if (data[0] % 2 == 0) {
        fuzz_add(text, data + 1, size - 1);
        return;
    }

    /* most texts begin as they should */

    if (data[0] & 6) {
        fuzz_puts(text, prefix);
    }

    for (i = 1; i < size; i++) {
        fuzz_puts(text, pieces[data[i] % n]);
    }
}


#endif /* _FUZZ_H_INCLUDED_ */
