
/*
 * While jansson reads, what malloc() refuses it comes out of a reserve, and
 * the result is thrown away.  The room for a string grows by doubling, so all
 * of it takes less than four times the text.
 */


#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "sensu_hex.h"
#include "sensu_json.h"
#include "sensu_text.h"


#define SENSU_JSON_RESERVE(len)  (8 * (len) + 4096)
#define SENSU_JSON_ALIGNMENT     16


typedef struct {
    unsigned char        *reserve;
    size_t                size;
    size_t                used;
    int                   failed;
    json_malloc_t         malloc;    /* those that are in force otherwise */
    json_free_t           free;
} sensu_json_memory_t;


static void sensu_json_nul(sensu_str_t text, const unsigned char *nul,
    json_error_t *error);
static void *sensu_json_malloc(size_t size);
static void sensu_json_free(void *p);


static unsigned char *sensu_json_tame_string(unsigned char *p,
    unsigned char *last);
static unsigned char *sensu_json_tame_number(unsigned char *p,
    unsigned char *last);
static int sensu_json_number_is_beyond(const char *p, const char *end);
static int sensu_json_unicode(const unsigned char *p,
    const unsigned char *last);


static sensu_json_memory_t  sensu_json_memory;


json_t *
sensu_json_load(sensu_str_t text, size_t flags, json_error_t *error,
    int *no_memory)
{
    json_t               *json;
    const unsigned char  *nul;
    sensu_json_memory_t  *memory;

    /* jansson overlooks one that follows a number or a literal */

    nul = text.len ? memchr(text.data, '\0', text.len) : NULL;

    if (nul != NULL) {
        sensu_json_nul(text, nul, error);
        *no_memory = 0;
        return NULL;
    }

    memory = &sensu_json_memory;

    json_get_alloc_funcs(&memory->malloc, &memory->free);

    memory->used = 0;
    memory->failed = 0;
    memory->size = SENSU_JSON_RESERVE(text.len);
    memory->reserve = memory->malloc(memory->size);

    if (memory->reserve == NULL) {
        *no_memory = 1;
        return NULL;
    }

    json_set_alloc_funcs(sensu_json_malloc, sensu_json_free);

    json = json_loadb((const char *) text.data, text.len, flags, error);

    if (memory->failed) {
        json_decref(json);
        json = NULL;
    }

    json_set_alloc_funcs(memory->malloc, memory->free);
    memory->free(memory->reserve);

    *no_memory = memory->failed;

    return json;
}


static void
sensu_json_nul(sensu_str_t text, const unsigned char *nul,
    json_error_t *error)
{
    const unsigned char  *p;

    if (error == NULL) {
        return;
    }

    memset(error, 0, sizeof(json_error_t));

    error->position = nul - text.data;
    error->line = 1;
    error->column = error->position;

    for (p = text.data; p != nul; p++) {
        if (*p == '\n') {
            error->line++;
            error->column = nul - p - 1;
        }
    }
}


static void *
sensu_json_malloc(size_t size)
{
    void                 *p;
    sensu_json_memory_t  *memory;

    memory = &sensu_json_memory;

    p = memory->malloc(size);

    if (p != NULL) {
        return p;
    }

    memory->failed = 1;

    size = (size + SENSU_JSON_ALIGNMENT - 1)
           & ~(size_t) (SENSU_JSON_ALIGNMENT - 1);

    if (size > memory->size - memory->used) {
        return NULL;
    }

    p = memory->reserve + memory->used;
    memory->used += size;

    return p;
}


static void
sensu_json_free(void *p)
{
    sensu_json_memory_t  *memory;

    memory = &sensu_json_memory;

    if ((uintptr_t) p - (uintptr_t) memory->reserve >= memory->size) {
        memory->free(p);
    }
}


json_t *
sensu_json_load_lenient(sensu_str_t text, size_t flags, int *no_memory)
{
    json_t         *json;
    unsigned char  *copy, *p, *last;

    copy = malloc(text.len + 1);

    *no_memory = (copy == NULL);

    if (copy == NULL) {
        return NULL;
    }

    memcpy(copy, text.data, text.len);

    last = copy + text.len;

    /* byte by byte, as the end of a string is no part of a character */

    for (p = copy; /* void */ ; *p++ = 0x7f) {
        p += sensu_text_utf8(p, last - p);

        if (p == last) {
            break;
        }
    }

    sensu_json_tame(copy, text.len);

    text.data = copy;
    json = sensu_json_load(text, flags, NULL, no_memory);

    free(copy);

    return json;
}


sensu_str_t
sensu_json_text(const json_t *value)
{
    return (sensu_str_t) {
        json_string_length(value),
        (const unsigned char *) json_string_value(value)
    };
}


const char *
sensu_json_string(const json_t *value)
{
    const char  *text;

    text = json_string_value(value);

    return text ? text : "";
}


int
sensu_json_is_odd(sensu_str_t text)
{
    return sensu_text_find(text, "\x7f") != NULL
           || sensu_text_find(text, "\xef\xbf\xbd") != NULL;
}


void
sensu_json_tame(unsigned char *p, size_t len)
{
    unsigned char  *last;

    last = p + len;

    while (p < last) {

        if (*p == '"') {
            p = sensu_json_tame_string(p + 1, last);

        } else if (*p == '-' || (*p >= '0' && *p <= '9')) {
            p = sensu_json_tame_number(p, last);

        } else {
            p++;
        }
    }
}


/* from behind the opening quote to behind the closing one */

static unsigned char *
sensu_json_tame_string(unsigned char *p, unsigned char *last)
{
    int  code, next;

    while (p < last && *p != '"') {

        if (*p != '\\') {
            p++;
            continue;
        }

        code = sensu_json_unicode(p, last);

        if (code == -1) {
            p += (last - p > 1) ? 2 : 1;
            continue;
        }

        next = -1;

        if (code >= 0xd800 && code <= 0xdbff) {
            next = sensu_json_unicode(p + 6, last);
        }

        if (next >= 0xdc00 && next <= 0xdfff) {
            p += 12;
            continue;
        }

        if (code >= 0xd800 && code <= 0xdfff) {
            memcpy(p + 2, "fffd", 4);
        }

        p += 6;
    }

    return p < last ? p + 1 : p;
}


/* the value of a \uXXXX, or -1 */

static int
sensu_json_unicode(const unsigned char *p, const unsigned char *last)
{
    int  high, low;

    if (last - p < 6 || p[0] != '\\' || p[1] != 'u') {
        return -1;
    }

    high = sensu_hex_byte(p + 2);
    low = sensu_hex_byte(p + 4);

    return (high == -1 || low == -1) ? -1 : high << 8 | low;
}


static unsigned char *
sensu_json_tame_number(unsigned char *p, unsigned char *last)
{
    int             beyond;
    unsigned char   next, *end;

    for (end = p + 1; end < last; end++) {
        if (*end == '\0' || strchr("0123456789.eE+-", *end) == NULL) {
            break;
        }
    }

    /* short ones are in range, and none ends the text of an object */

    if (end - p < 5 || end == last) {
        return end;
    }

    next = *end;
    *end = '\0';

    beyond = sensu_json_number_is_beyond((char *) p, (char *) end);

    *end = next;

    if (beyond) {
        memset(p, ' ', end - p);
        memcpy(p, "null", 4);
    }

    return end;
}


/* what is no number by RFC 8259 is left for jansson to refuse */

static int
sensu_json_number_is_beyond(const char *p, const char *end)
{
    char        *tail;
    const char  *digits, *dot;

    digits = p + (*p == '-');
    dot = strchr(p, '.');

    if (*digits == '.' || (*digits == '0' && strchr("0123456789", digits[1]))
        || (dot && (dot[1] < '0' || dot[1] > '9')))
    {
        return 0;
    }

    if (strpbrk(p, ".eE")) {
        return isinf(strtod(p, &tail)) && tail == end;
    }

    errno = 0;
    (void) strtoll(p, &tail, 10);

    return errno == ERANGE && tail == end;
}
