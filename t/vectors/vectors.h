
/*
 * What both readers of foreign cases need: a file whole, and a tally that
 * names only what is otherwise than it should be.
 */


#ifndef _VECTORS_H_INCLUDED_
#define _VECTORS_H_INCLUDED_


#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "token_kit.h"


static unsigned  cases;
static unsigned  wrong;


__attribute__((format(printf, 2, 3)))
static inline void
expect(int as_expected, const char *fmt, ...)
{
    va_list  args;

    cases++;

    if (as_expected) {
        return;
    }

    wrong++;

    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
    printf("\n");
}


/* to be freed */

static inline sensu_str_t
file_read(const char *path)
{
    long            len;
    FILE           *f;
    unsigned char  *data;

    f = fopen(path, "rb");
    kit_must(f != NULL && fseek(f, 0, SEEK_END) == 0);

    len = ftell(f);
    kit_must(len >= 0);
    rewind(f);

    data = malloc(len + 1);
    kit_must(data != NULL && fread(data, 1, len, f) == (size_t) len);
    fclose(f);

    return (sensu_str_t) { len, data };
}


/* to be freed */

static inline sensu_str_t
joined(const char *before, sensu_str_t text, const char *after)
{
    size_t          b, a;
    unsigned char  *data;

    b = strlen(before);
    a = strlen(after);

    data = malloc(b + text.len + a + 1);
    kit_must(data != NULL);

    memcpy(data, before, b);
    memcpy(data + b, text.data, text.len);
    memcpy(data + b + text.len, after, a);

    return (sensu_str_t) { b + text.len + a, data };
}


static inline void
str_free(sensu_str_t s)
{
    free((void *) s.data);
}


static inline int
verdict(const char *what)
{
    printf("%s: %u cases, %u wrong\n", what, cases, wrong);

    return wrong != 0 || cases == 0;
}


#endif /* _VECTORS_H_INCLUDED_ */
