
/*
 * Lists whose keys are read: splitter and key scanner against the byte-by-byte
 * references, with each kernel and in chunks, and against jansson on what
 * jansson takes for JSON.
 */


#include <jansson.h>
#include "../unit/split_kit.h"
#include "fuzz.h"


/* one byte of the input makes one piece of a text */

static const char *const  pieces[] = {
    "{", "}", "[", "]", ",", "\"", "\\", ":", " ", "\n", "0", "-12.5e+3",
    "\"metadata\":{", "\"name\":\"n\"", "\"namespace\":\"s\"", "\"entity\":{",
    "\"check\":{", "\"username\":\"u\"", "\"name\":", "\"metadata\":", "},",
    "\"x\"", "\"\\u006eame\":", "\"\\ud83d\\ude00\"", "\"\\ud800\"", "\\u00",
    "\"a//b/../c\"", "\"..\"", "\"labels\":{\"name\":\"no\"},", "\xc3\xa4",
    "\"output\":\"one, two }{ three, which is as long as a block of it\",",
    "\"history\":[{\"status\":0},{\"status\":1}],", "null", "\\\\", "\\\"",
    "},{"
};


static const char *const  names[] = {
    "metadata", "name", "namespace", "entity", "check", "username", "labels",
    "met\\u0061data", "\\u006eame", "nam", "names", "", "x\\\"y", "Name"
};


static const char *const  values[] = {
    "null", "true", "-1.5e3", "\"\"", "\"n-1\"", "\"a.b\"", "[]", "{}",
    "[{\"name\":\"no\"},\"}\"]", "\"\\u00e4\\n\\\"\\\\\"", "\"\xc3\xa4\"",
    "\"\\ud83d\\ude00\"", "\"/a//b/./c/\"", "\"../up\"", "\"a/../..\"",
    "\"a long text with , and } and ] in it, longer than a block is\"", "7"
};


#define NAMES   (sizeof(names) / sizeof(names[0]))
#define VALUES  (sizeof(values) / sizeof(values[0]))


static void
fuzz_space(fuzz_maker_t *maker)
{
    static const char *const  spaces[] = { "", "", "", " ", "\n\t", "\r\n  " };

    fuzz_puts(maker->text, spaces[fuzz_choose(maker, 6)]);
}


/* an object as valid JSON, of the names that matter */

static void
fuzz_object(fuzz_maker_t *maker, unsigned depth)
{
    unsigned  i, n;

    n = fuzz_choose(maker, 6);
    fuzz_puts(maker->text, "{");

    for (i = 0; i < n; i++) {
        fuzz_puts(maker->text, i ? "," : "");
        fuzz_space(maker);
        fuzz_puts(maker->text, "\"");
        fuzz_puts(maker->text, names[fuzz_choose(maker, NAMES)]);
        fuzz_puts(maker->text, "\"");
        fuzz_space(maker);
        fuzz_puts(maker->text, ":");
        fuzz_space(maker);

        if (depth < 4 && fuzz_choose(maker, 2)) {
            fuzz_object(maker, depth + 1);

        } else {
            fuzz_puts(maker->text, values[fuzz_choose(maker, VALUES)]);
        }

        fuzz_space(maker);
    }

    fuzz_puts(maker->text, "}");
}


static void
fuzz_wrong(const char *who, const char *what, const fuzz_text_t *text)
{
    fprintf(stderr, "%s: %s\n%.*s\nit should be \"%.*s\"\n", who, what,
            (int) text->len, text->data, (int) split_key.len, split_key.data);
    abort();
}


static void
fuzz_kernel(const char *kernel, sensu_key_kind_e kind, const ref_list_t *list,
    const fuzz_text_t *text, uint64_t seed)
{
    size_t         i, n, most;
    const char    *wrong;
    split_check_t  check;

    most = fuzz_random(&seed) % 4 ? 1 + fuzz_random(&seed) % 200 : 3;

    split_check_init(&check, list, text->data, kind);

    for (i = 0; i < text->len; i += n) {
        n = fuzz_random(&seed) % (most + 1);
        n = n < text->len - i ? n : text->len - i;

        split_check_feed(&check, fuzz_chunk(text->data + i, n), n);
    }

    wrong = split_check_end(&check);

    if (wrong) {
        fuzz_wrong(kernel, wrong, text);
    }
}


static const char *
fuzz_member(json_t *element, const char *object, const char *name)
{
    json_t  *value;

    value = object ? json_object_get(element, object) : element;
    value = json_object_get(json_object_get(value, "metadata"), name);

    return json_string_value(value);
}


/* what jansson's tree says; joined by the reference */

static void
fuzz_jansson(sensu_key_kind_e kind, json_t *element, ref_id_t *key)
{
    unsigned     i;
    const char  *parts[3];

    static ref_key_t  r;

    parts[0] = fuzz_member(element, NULL, "namespace");
    parts[1] = NULL;
    parts[2] = fuzz_member(element, NULL, "name");

    switch (kind) {

    case SENSU_KEY_EVENT:
        parts[0] = fuzz_member(element, "entity", "namespace");
        parts[1] = fuzz_member(element, "entity", "name");
        parts[2] = fuzz_member(element, "check", "name");
        break;

    case SENSU_KEY_NAME:
        parts[0] = NULL;
        parts[2] = json_string_value(json_object_get(element, "name"));
        break;

    case SENSU_KEY_USERNAME:
        parts[0] = NULL;
        parts[2] = json_string_value(json_object_get(element, "username"));
        break;

    default:
        break;
    }

    for (i = 0; i < 3; i++) {
        r.len[i] = parts[i] ? strlen(parts[i]) : 0;

        if (r.len[i]) {
            memcpy(r.text[i], parts[i], r.len[i]);
        }
    }

    ref_key_join(&r, kind, key);
}


/* the reference itself, of each element */

static void
fuzz_reference(sensu_key_kind_e kind, const ref_list_t *list,
    const fuzz_text_t *text, json_t *array)
{
    size_t  i;

    static ref_id_t  key;

    if (json_array_size(array) != list->n) {
        fuzz_wrong("jansson", "another number of elements", text);
    }

    for (i = 0; i < list->n; i++) {
        fuzz_jansson(kind, json_array_get(array, i), &key);
        ref_key(kind, text->data + list->from[i],
                list->to[i] - list->from[i], &split_key);

        if (key.len != split_key.len || key.ns_len != split_key.ns_len
            || key.entity_len != split_key.entity_len
            || memcmp(key.data, split_key.data, key.len) != 0)
        {
            fuzz_wrong("jansson", "another key", text);
        }
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t           *array;
    unsigned          i;
    uint64_t          seed;
    fuzz_text_t       text;
    fuzz_maker_t      maker;
    sensu_key_kind_e  kind;

    static ref_list_t  list;

    if (size < 5) {
        return 0;
    }

    kind = data[0] % (SENSU_KEY_EVENT + 1);
    seed = data[1] | data[2] << 8;

    if (data[3] % 3) {
        text.len = 0;
        maker.p = data + 4;
        maker.last = data + size;
        maker.text = &text;

        do {
            fuzz_puts(&text, text.len ? "," : "[");
            fuzz_space(&maker);
            fuzz_object(&maker, 0);

        } while (maker.p < maker.last);

        fuzz_puts(&text, "]");

    } else {
        fuzz_text(&text, data + 4, size - 4, pieces,
                  sizeof(pieces) / sizeof(pieces[0]), "[{");
        fuzz_puts(&text, "]");
    }

    ref_split(&list, text.data, text.len);

    for (i = 0; kernels[i]; i++) {
        if (sensu_split_select(kernels[i])) {
            fuzz_kernel(kernels[i], kind, &list, &text, seed);
        }
    }

    /* jansson takes a NUL behind a number for white space */

    array = memchr(text.data, '\0', text.len)
            ? NULL : json_loadb((char *) text.data, text.len, 0, NULL);

    if (array) {
        fuzz_reference(kind, &list, &text, array);
        json_decref(array);
    }

    return 0;
}
