
/*
 * The splitter's outer automaton: everything that lies outside of nested
 * elements is read byte by byte and checked, nested elements are passed over
 * by a kernel.
 */


#include "sensu_split_kernel.h"


enum {
    SENSU_BEGIN = 0,             /* before '[' */
    SENSU_FIRST,                 /* after it: an element or ']' */
    SENSU_WANT,                  /* after ',': an element */
    SENSU_NESTED,
    SENSU_STRING,
    SENSU_SCALAR,
    SENSU_AFTER,                 /* after an element: ',' or ']' */
    SENSU_CLOSED,
    SENSU_FAILED
};


/* how the bytes outside of strings and nested values are told apart */

enum {
    BAD = 0,
    WSP,                         /* white space */
    INN,                         /* inside of a number or literal only */
    BEG,                         /* begins a number or literal, and inside */
    QUO, CUR, SQU,               /* '"', '{', '[' */
    END, COM                     /* ']', ',' */
};


static const unsigned char  sensu_class[256] = {
    [' '] = WSP, ['\t'] = WSP, ['\n'] = WSP, ['\r'] = WSP,
    ['"'] = QUO, ['{'] = CUR, ['['] = SQU, [']'] = END, [','] = COM,
    ['-'] = BEG, ['0' ... '9'] = BEG, ['+'] = INN, ['.'] = INN,
    ['A' ... 'Z'] = INN,
    ['a' ... 'e'] = INN, ['f'] = BEG, ['g' ... 'm'] = INN, ['n'] = BEG,
    ['o' ... 's'] = INN, ['t'] = BEG, ['u' ... 'z'] = INN
};


const sensu_split_kernel_t  *sensu_split_kernel = &sensu_split_portable;

static const sensu_split_kernel_t  *const  sensu_split_kernels[] = {
#if (defined __x86_64__)
    &sensu_split_avx2,
    &sensu_split_sse2,
#endif
    &sensu_split_portable,
    NULL
};


const char *
sensu_split_select(const char *name)
{
    const sensu_split_kernel_t  *const  *k;

    for (k = sensu_split_kernels; *k; k++) {

        if (name != NULL && strcmp(name, (*k)->name) != 0) {
            continue;
        }

        if ((*k)->usable == NULL || (*k)->usable()) {
            sensu_split_kernel = *k;
            return (*k)->name;
        }
    }

    return NULL;
}


void
sensu_split_init(sensu_split_t *s)
{
    memset(s, 0, sizeof(sensu_split_t));

    s->kernel = sensu_split_kernel;
    s->state = SENSU_BEGIN;
}


int
sensu_split_done(const sensu_split_t *s)
{
    return s->state == SENSU_CLOSED;
}


static const unsigned char *
sensu_split_fail(sensu_split_t *s, const char *error)
{
    s->state = SENSU_FAILED;
    s->error = error;

    return NULL;
}


static inline const unsigned char *
sensu_split_begin_element(sensu_split_t *s, const unsigned char *p)
{
    unsigned  class;

    static const unsigned char  states[] = {
        [BEG] = SENSU_SCALAR, [QUO] = SENSU_STRING,
        [CUR] = SENSU_NESTED, [SQU] = SENSU_NESTED
    };

    class = sensu_class[*p];

    if (class < BEG || class > SQU) {
        return sensu_split_fail(s,
                   class == COM ? "a comma without an element before it"
                   : class == END ? "a comma without an element after it"
                   : "an illegal byte where an element begins");
    }

    s->state = states[class];
    s->closer = *p + 2;              /* '{' + 2 is '}', '[' + 2 is ']' */
    s->escaped = 0;

    return p;
}


/* passes over what is between elements, up to the first byte of the next */

static const unsigned char *
sensu_split_between(sensu_split_t *s, const unsigned char *p,
    const unsigned char *last)
{
    unsigned  class;

    /* a comma and an element, without white space: nearly always */

    if (s->state == SENSU_AFTER && last - p > 1 && *p == ',') {
        class = sensu_class[p[1]];

        if (class >= BEG && class <= SQU) {
            return sensu_split_begin_element(s, p + 1);
        }
    }

    for ( /* void */ ; p < last; p++) {
        class = sensu_class[*p];

        if (class == WSP) {
            continue;
        }

        switch (s->state) {

        case SENSU_BEGIN:
            if (class != SQU) {
                return sensu_split_fail(s, "not an array");
            }

            s->state = SENSU_FIRST;
            break;

        case SENSU_AFTER:
            if (class == COM) {
                s->state = SENSU_WANT;

            } else if (class == END) {
                s->state = SENSU_CLOSED;
                s->closed = 1;

            } else {
                return sensu_split_fail(s, "no comma between elements");
            }

            break;

        case SENSU_FIRST:
            if (class == END) {
                s->state = SENSU_CLOSED;
                s->closed = 1;
                break;
            }

            /* fall through */

        case SENSU_WANT:
            return sensu_split_begin_element(s, p);

        default: /* SENSU_CLOSED */
            return sensu_split_fail(s, "garbage after the array");
        }
    }

    return p;
}


/* eight bytes of a string hold no quote and no backslash: passes over them */

static const unsigned char *
sensu_split_plain(const unsigned char *p, const unsigned char *last)
{
    uint64_t  word, quote, slash;

    while (last - p >= 8) {
        memcpy(&word, p, 8);

        quote = word ^ SENSU_ALL('"');
        slash = word ^ SENSU_ALL('\\');
        quote = (quote - SENSU_ALL(1)) & ~quote;
        slash = (slash - SENSU_ALL(1)) & ~slash;
        word = (quote | slash) & SENSU_ALL(0x80);

        if (word) {
#if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
            p += __builtin_ctzll(word) / 8;
#endif
            break;
        }

        p += 8;
    }

    return p;
}


static const unsigned char *
sensu_split_string(sensu_split_t *s, const unsigned char *p,
    const unsigned char *last)
{
    if (s->escaped && p < last) {
        s->escaped = 0;
        p++;
    }

    while (p < last) {

        if (*p == '\\') {
            if (last - p == 1) {
                s->escaped = 1;
                return last;
            }

            p += 2;

        } else if (*p == '"') {
            s->state = SENSU_AFTER;
            return p + 1;

        } else {
            p = sensu_split_plain(p + 1, last);
        }
    }

    return p;
}


/* the digits at p, up to eight: passes over them without a branch for each */

static inline const unsigned char *
sensu_split_digits(const unsigned char *p, const unsigned char *last)
{
#if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
    uint64_t  word, low, other;

    if (last - p < 8) {
        return p;
    }

    memcpy(&word, p, 8);

    /* the top bit tells: below '0', or not below '9' + 1, or no ASCII */

    low = word & SENSU_ALL(0x7f);
    other = (~(low + SENSU_ALL(0x80 - '0')) | (low + SENSU_ALL(0x80 - '9' - 1))
             | word)
            & SENSU_ALL(0x80);

    return other ? p + __builtin_ctzll(other) / 8 : p + 8;
#else
    (void) last;
    return p;
#endif
}


static const unsigned char *
sensu_split_scalar(sensu_split_t *s, const unsigned char *p,
    const unsigned char *last)
{
    unsigned  class;

    for (p = sensu_split_digits(p, last); p < last; p++) {
        class = sensu_class[*p];

        if (class == INN || class == BEG) {
            continue;
        }

        if (class == WSP || class == COM || class == END) {
            s->state = SENSU_AFTER;
            return p;
        }

        return sensu_split_fail(s, "an illegal byte in a number or literal");
    }

    return p;
}


static const unsigned char *
sensu_split_nested(sensu_split_t *s, const unsigned char *p,
    const unsigned char *last, unsigned begins)
{
    if (begins) {
        if (last - p > 1 && p[1] == s->closer) {
            s->state = SENSU_AFTER;
            return p + 2;
        }

        s->nest.depth = 0;
        sensu_nest_start(&s->nest, p);
    }

    p = s->read ? s->read(s->data, &s->nest, p, last)
                : s->kernel->nested(&s->nest, p, last);

    if (p == NULL) {
        return sensu_split_fail(s, "nested too deep");
    }

    if (s->nest.depth == 0) {
        if (p[-1] != s->closer) {
            return sensu_split_fail(s, "an element with mismatched brackets");
        }

        s->state = SENSU_AFTER;
    }

    return p;
}


/* passes over the bytes of an element, up to its end or the chunk's */

static const unsigned char *
sensu_split_inside(sensu_split_t *s, const unsigned char *p,
    const unsigned char *last, unsigned begins)
{
    switch (s->state) {

    case SENSU_NESTED:
        return sensu_split_nested(s, p, last, begins);

    case SENSU_STRING:
        /* the quote that begins it does not end it */
        return sensu_split_string(s, p + begins, last);

    default: /* SENSU_SCALAR */
        return sensu_split_scalar(s, p, last);
    }
}


sensu_split_rc_e
sensu_split_next(sensu_split_t *s, const unsigned char **pos,
    const unsigned char *last, sensu_span_t *span)
{
    unsigned              begins;
    const unsigned char  *p, *start;

    span->bytes.len = 0;
    span->bytes.data = *pos;
    span->first = 0;

    if (s->state == SENSU_FAILED) {
        return SENSU_SPLIT_ERROR;
    }

    p = *pos;
    begins = (s->state < SENSU_NESTED || s->state > SENSU_SCALAR);

    if (begins && p < last) {
        p = sensu_split_between(s, p, last);

        if (p == NULL) {
            return SENSU_SPLIT_ERROR;
        }
    }

    if (p < last) {
        start = p;
        p = sensu_split_inside(s, p, last, begins);

        if (p == NULL) {
            return SENSU_SPLIT_ERROR;
        }

        span->bytes.len = p - start;
        span->bytes.data = start;
        span->first = begins;

        if (s->state == SENSU_AFTER) {
            s->elements++;
            *pos = p;
            return SENSU_SPLIT_ELEMENT;
        }
    }

    /* the next chunk may come at the same address */

    s->nest.block = NULL;
    *pos = last;

    return SENSU_SPLIT_MORE;
}
