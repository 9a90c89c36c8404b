
/*
 * Content types: what passes for JSON at the backend against an automaton
 * that goes through the field once, byte by byte.
 */


#include <ctype.h>
#include <stdio.h>
#include "sensu_body.h"
#include "fuzz.h"


static const char *const  pieces[] = {
    "application", "/", "json", ";", " ", "\t", "charset", "=", "utf-8",
    "\"", "\\", "multipart", "form-data", "x-www-form-urlencoded", "text",
    "Application/X-WWW-Form-URLEncoded", "MULTIPART/FORM-DATA", "a", "*",
    "\xff", "\x7f", "\n", ",", "boundary=x", "+json", "()", "@", "\0", ";;",
    "; q=\"a\\\"b\"", "application/json", "/json; "
};


typedef enum {
    TYPE = 0,                /* the first part */
    SUBTYPE,
    AFTER,                   /* a parameter, or white space before ";" */
    BEFORE,                  /* after ";": white space */
    NAME,
    EQUALS,                  /* after "=" */
    VALUE,
    QUOTED,
    ESCAPED
} fuzz_state_e;


static int
fuzz_is_token(unsigned char c)
{
    return isalnum(c) || (c && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}


static int
fuzz_is_form(const unsigned char *type, size_t len)
{
    size_t  i;
    char    text[3000];

    for (i = 0; i < len; i++) {
        text[i] = (char) tolower(type[i]);
    }

    text[len] = '\0';

    return strcmp(text, "multipart/form-data") == 0
           || strcmp(text, "application/x-www-form-urlencoded") == 0;
}


static int
fuzz_json(const unsigned char *p, size_t len)
{
    int           blank;
    size_t        i, slash, end;
    fuzz_state_e  state;

    state = TYPE;
    slash = end = 0;

    for (i = 0; i < len; i++) {
        blank = (p[i] == ' ' || p[i] == '\t');

        switch (state) {

        case TYPE:
            if (p[i] == '/' && i) {
                state = SUBTYPE;
                slash = i;

            } else if (!fuzz_is_token(p[i])) {
                return 0;
            }

            break;

        case SUBTYPE:
            if (fuzz_is_token(p[i])) {
                break;
            }

            if (i == slash + 1) {
                return 0;
            }

            end = i;
            /* fall through */

        case AFTER:
            if (!blank && p[i] != ';') {
                return 0;
            }

            state = blank ? AFTER : BEFORE;
            break;

        case BEFORE:
            if (p[i] == ';' || blank) {
                break;
            }

            /* fall through */

        case NAME:
            if (p[i] == '=' && state == NAME) {
                state = EQUALS;

            } else if (fuzz_is_token(p[i])) {
                state = NAME;

            } else {
                return 0;
            }

            break;

        case EQUALS:
            if (p[i] != '"' && !fuzz_is_token(p[i])) {
                return 0;
            }

            state = (p[i] == '"') ? QUOTED : VALUE;
            break;

        case VALUE:
            if (!fuzz_is_token(p[i])) {
                if (!blank && p[i] != ';') {
                    return 0;
                }

                state = blank ? AFTER : BEFORE;
            }

            break;

        case QUOTED:
            state = (p[i] == '"') ? AFTER : (p[i] == '\\') ? ESCAPED : QUOTED;
            break;

        case ESCAPED:
            state = QUOTED;
        }
    }

    if (state == SUBTYPE) {
        end = i;
    }

    return end > slash + 1 && (state == SUBTYPE || state == AFTER
                               || state == BEFORE || state == VALUE)
           && !fuzz_is_form(p, end);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sensu_str_t          value;
    static fuzz_text_t   text;

    if (size == 0) {
        return 0;
    }

    fuzz_text(&text, data, size, pieces, sizeof(pieces) / sizeof(pieces[0]),
              "application/json;");

    value.data = fuzz_chunk(text.data, text.len);
    value.len = text.len;

    if (sensu_body_type_ok(value) != fuzz_json(text.data, text.len)) {
        fprintf(stderr, "\"%.*s\"\n", (int) text.len, text.data);
        abort();
    }

    return 0;
}
