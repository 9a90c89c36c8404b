
/*
 * The texts that are split: events as a backend of version 5.5 writes them,
 * and arrays that are unkind to a block scanner.
 */


#ifndef _CORPUS_H_INCLUDED_
#define _CORPUS_H_INCLUDED_


#include <stddef.h>


typedef struct {
    const char           *name;
    const char           *what;
    void                (*element)(size_t i);
} corpus_t;


typedef struct {
    size_t                len;
    size_t                elements;
    unsigned char        *data;
} text_t;


extern const corpus_t  corpora[];    /* ends with a NULL name */

/* about size bytes of it; the memory is the caller's */
text_t corpus_make(const corpus_t *corpus, size_t size);


#endif /* _CORPUS_H_INCLUDED_ */
