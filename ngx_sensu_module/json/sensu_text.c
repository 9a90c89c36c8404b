
/*
 * A JSON string as a small automaton: the escape that is being read, and the
 * half of a surrogate pair that waits for the other one.
 */


#ifndef _GNU_SOURCE
#define _GNU_SOURCE                  /* memmem() */
#endif

#include "sensu_hex.h"
#include "sensu_text.h"


/* where a string stands */

enum {
    SENSU_PLAIN = 0,
    SENSU_SLASH,                 /* after a backslash */
    SENSU_HEX                    /* in the digits of \uXXXX */
};


void
sensu_text_start(sensu_text_t *text, unsigned char *data, size_t size)
{
    text->state = SENSU_PLAIN;
    text->high = 0;
    text->bad = 0;
    text->len = 0;
    text->size = size;
    text->data = data;
}


static void
sensu_text_add(sensu_text_t *text, unsigned c)
{
    if (text->len < text->size) {
        text->data[text->len++] = (unsigned char) c;

    } else {
        text->bad = 1;
    }
}


/* a run of bytes that stand for themselves, as most do */

static const unsigned char *
sensu_text_run(sensu_text_t *text, const unsigned char *p,
    const unsigned char *last)
{
    size_t                n, room;
    const unsigned char  *first;

    for (first = p; p < last; p++) {
        if (*p < 0x20 || *p == '"' || *p == '\\') {
            break;
        }
    }

    n = p - first;

    if (n == 0) {
        return p;
    }

    room = text->size - text->len;

    if (n > room) {
        n = room;
        text->bad = 1;
    }

    text->bad |= text->high != 0;

    memcpy(text->data + text->len, first, n);
    text->len += n;

    return p;
}


/* the digits of a \uXXXX are complete: RFC 8259, section 7 */

static void
sensu_text_code(sensu_text_t *text)
{
    unsigned  code, more;

    static const unsigned char  lead[] = { 0, 0xc0, 0xe0, 0xf0 };

    code = text->code;

    if (text->high) {
        if (code < 0xdc00 || code > 0xdfff) {
            text->bad = 1;
            return;
        }

        code = 0x10000 + ((text->high - 0xd800) << 10) + (code - 0xdc00);
        text->high = 0;

    } else if (code >= 0xd800 && code <= 0xdbff) {
        text->high = code;
        return;

    } else if (code == 0 || (code >= 0xdc00 && code <= 0xdfff)) {
        text->bad = 1;
        return;
    }

    more = (code >= 0x80) + (code >= 0x800) + (code >= 0x10000);

    sensu_text_add(text, lead[more] | code >> 6 * more);

    while (more--) {
        sensu_text_add(text, 0x80 | (code >> 6 * more & 0x3f));
    }
}


static void
sensu_text_escape(sensu_text_t *text, unsigned c)
{
    static const char  escapes[] = "\"\"\\\\//b\bf\fn\nr\rt\t";

    const char  *e;

    if (c == 'u') {
        text->state = SENSU_HEX;
        text->digits = 4;
        text->code = 0;
        return;
    }

    text->state = SENSU_PLAIN;

    for (e = escapes; *e; e += 2) {
        if ((unsigned char) *e == c) {
            sensu_text_add(text, e[1]);
            text->bad |= text->high != 0;
            return;
        }
    }

    text->bad = 1;
}


/* takes the digit of a \uXXXX; 0 when it is none, which ends the escape */

static int
sensu_text_digit(sensu_text_t *text, unsigned c)
{
    int  digit;

    digit = sensu_hex_value(c);

    if (digit == -1) {
        text->state = SENSU_PLAIN;
        text->bad = 1;
        return 0;
    }

    text->code = text->code << 4 | digit;

    if (--text->digits == 0) {
        text->state = SENSU_PLAIN;
        sensu_text_code(text);
    }

    return 1;
}


const unsigned char *
sensu_text_feed(sensu_text_t *text, const unsigned char *p,
    const unsigned char *last, int *ended)
{
    unsigned  c;

    *ended = 0;

    for ( ;; ) {

        if (text->state == SENSU_PLAIN) {
            p = sensu_text_run(text, p, last);
        }

        if (p == last) {
            break;
        }

        c = *p++;

        if (text->state == SENSU_SLASH) {
            sensu_text_escape(text, c);
            continue;
        }

        if (text->state == SENSU_HEX && sensu_text_digit(text, c)) {
            continue;
        }

        if (c == '\\') {
            text->state = SENSU_SLASH;
            continue;
        }

        text->bad |= text->high != 0;

        if (c == '"') {
            *ended = 1;
            break;
        }

        text->bad |= c < 0x20;
        sensu_text_add(text, c);
    }

    return p;
}


size_t
sensu_text_utf8(const unsigned char *data, size_t len)
{
    size_t                n;
    unsigned              code, least;
    const unsigned char  *p, *last, *begin;

    p = data;

    for (last = p + len; p < last; /* void */ ) {
        begin = p;
        code = *p++;

        if (code < 0x80) {
            continue;
        }

        if (code >= 0xc2 && code <= 0xdf) {
            n = 1;
            code &= 0x1f;
            least = 0x80;

        } else if ((code & 0xf0) == 0xe0) {
            n = 2;
            code &= 0x0f;
            least = 0x800;

        } else if (code >= 0xf0 && code <= 0xf4) {
            n = 3;
            code &= 0x07;
            least = 0x10000;

        } else {
            return begin - data;
        }

        for ( /* void */ ; n; n--, p++) {
            if (p == last || (*p & 0xc0) != 0x80) {
                return begin - data;
            }

            code = code << 6 | (*p & 0x3f);
        }

        if (code < least || code > 0x10ffff || (code >> 11) == 0x1b) {
            return begin - data;
        }
    }

    return len;
}


int
sensu_text_is_word(sensu_str_t text, const char *word)
{
    size_t         i;
    unsigned char  c;

    if (text.len != strlen(word)) {
        return 0;
    }

    for (i = 0; i < text.len; i++) {
        c = text.data[i];
        c = (c >= 'A' && c <= 'Z') ? (unsigned char) (c | 0x20) : c;

        if (c != (unsigned char) word[i]) {
            return 0;
        }
    }

    return 1;
}


const unsigned char *
sensu_text_find(sensu_str_t text, const char *what)
{
    return text.len ? memmem(text.data, text.len, what, strlen(what)) : NULL;
}
