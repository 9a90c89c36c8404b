
/*
 * Base64 by table, four characters to three bytes.  The lenient reader only
 * brings its text into the strict form first.
 */


#include "sensu_base64.h"


static const char  sensu_base64_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";


/* the value of a character; 64 marks all that are not of the alphabet */

static const unsigned char  sensu_base64_values[256] = {
    [0 ... 44] = 64,                                    62, 64, 64,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 64, 64, 64, 64, 64, 64,
    64,  0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14,
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 64, 64, 64, 64, 63,
    64, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
    41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, [123 ... 255] = 64
};


size_t
sensu_base64url_encode(unsigned char *dst, const unsigned char *src,
    size_t len)
{
    unsigned char  *d;

    d = dst;

    while (len > 2) {
        *d++ = sensu_base64_alphabet[src[0] >> 2];
        *d++ = sensu_base64_alphabet[(src[0] & 3) << 4 | src[1] >> 4];
        *d++ = sensu_base64_alphabet[(src[1] & 15) << 2 | src[2] >> 6];
        *d++ = sensu_base64_alphabet[src[2] & 63];

        src += 3;
        len -= 3;
    }

    if (len == 2) {
        *d++ = sensu_base64_alphabet[src[0] >> 2];
        *d++ = sensu_base64_alphabet[(src[0] & 3) << 4 | src[1] >> 4];
        *d++ = sensu_base64_alphabet[(src[1] & 15) << 2];

    } else if (len == 1) {
        *d++ = sensu_base64_alphabet[src[0] >> 2];
        *d++ = sensu_base64_alphabet[(src[0] & 3) << 4];
    }

    return d - dst;
}


ssize_t
sensu_base64url_decode(unsigned char *dst, sensu_str_t src)
{
    size_t                n;
    unsigned              a, b, c, e;
    unsigned char        *d;
    const unsigned char  *s, *values;

    d = dst;
    s = src.data;
    values = sensu_base64_values;

    for (n = src.len; n > 3; n -= 4) {
        a = values[s[0]];
        b = values[s[1]];
        c = values[s[2]];
        e = values[s[3]];

        if ((a | b | c | e) & 64) {
            return -1;
        }

        *d++ = a << 2 | b >> 4;
        *d++ = b << 4 | c >> 2;
        *d++ = c << 6 | e;

        s += 4;
    }

    if (n == 0) {
        return d - dst;
    }

    if (n == 1) {
        return -1;
    }

    /* two or three characters are left, their spare bits must be zero */

    a = values[s[0]];
    b = values[s[1]];
    c = (n == 3) ? values[s[2]] : 0;

    if ((a | b | c) & 64 || (n == 2 ? b & 15 : c & 3)) {
        return -1;
    }

    *d++ = a << 2 | b >> 4;

    if (n == 3) {
        *d++ = b << 4 | c >> 2;
    }

    return d - dst;
}


ssize_t
sensu_base64_decode(unsigned char *dst, sensu_str_t src)
{
    size_t         i, n, pad;
    unsigned char  ch;

    n = 0;
    pad = 0;

    for (i = 0; i < src.len; i++) {
        ch = src.data[i];

        switch (ch) {

        case ' ':
        case '\t':
        case '\r':
        case '\n':
            continue;

        case '=':
            pad++;
            continue;

        case '+':
            ch = '-';
            break;

        case '/':
            ch = '_';
            break;
        }

        if (pad) {
            return -1;
        }

        dst[n++] = ch;
    }

    if (pad && (pad > 2 || (n + pad) % 4 != 0)) {
        return -1;
    }

    return sensu_base64url_decode(dst, (sensu_str_t) { n, dst });
}
