
/*
 * The key scanner against the byte-by-byte reference, with each kernel and in
 * chunks, and against jansson on what jansson takes for JSON.
 */


#include <stdio.h>
#include <jansson.h>
#include "../unit/ref_key.h"
#include "fuzz.h"


static const char *const  kernels[] = { "avx2", "sse2", "portable", NULL };


/* one byte of the input makes one piece of a text */

static const char *const  pieces[] = {
    "{", "}", "[", "]", ",", "\"", "\\", ":", " ", "\n", "0", "-12.5e+3",
    "\"metadata\":{", "\"name\":\"n\"", "\"namespace\":\"s\"", "\"entity\":{",
    "\"check\":{", "\"username\":\"u\"", "\"name\":", "\"metadata\":", "},",
    "\"x\"", "\"\\u006eame\":", "\"\\ud83d\\ude00\"", "\"\\ud800\"", "\\u00",
    "\"a//b/../c\"", "\"..\"", "\"labels\":{\"name\":\"no\"},", "\xc3\xa4",
    "\"output\":\"one, two }{ three, which is as long as a block of it\",",
    "\"history\":[{\"status\":0},{\"status\":1}],", "null", "\\\\", "\\\""
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
fuzz_wrong(const char *what, const fuzz_text_t *text, const sensu_id_t *got,
    const ref_id_t *expected)
{
    fprintf(stderr, "%s: got \"%.*s\", expected \"%.*s\"\n%.*s\n", what,
            (int) sensu_key_begin(&got->key).len, got->key.data,
            (int) expected->len, expected->data,
            (int) text->len, text->data);
    abort();
}


static void
fuzz_compare(const char *what, const fuzz_text_t *text,
    const sensu_id_t *got, const ref_id_t *expected)
{
    if (!ref_key_same(got, expected)) {
        fuzz_wrong(what, text, got, expected);
    }
}


static const sensu_id_t *
fuzz_scan(sensu_key_kind_e kind, const fuzz_text_t *text, uint64_t seed)
{
    size_t          i, n, most;
    unsigned        twice;
    unsigned char  *copy;

    const sensu_id_t         *id;
    static sensu_key_scan_t   scan;

    sensu_key_scan_init(&scan, kind);

    /* twice, because nothing may remain of an element */

    for (twice = 0; twice < 2; twice++) {
        most = fuzz_random(&seed) % 4 ? 1 + fuzz_random(&seed) % 200 : 3;

        for (i = 0; i < text->len; i += n) {
            n = fuzz_random(&seed) % (most + 1);
            n = n < text->len - i ? n : text->len - i;

            copy = fuzz_chunk(text->data + i, n);
            sensu_key_scan_feed(&scan, (sensu_str_t) { n, copy });
        }

        id = sensu_key_scan_end(&scan);
    }

    return id;
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
        parts[2] = json_string_value(json_object_get(element, "name"));
        break;

    case SENSU_KEY_USERNAME:
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


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t           *element;
    unsigned          i;
    uint64_t          seed;
    fuzz_text_t       text;
    fuzz_maker_t      maker;
    sensu_key_kind_e  kind;

    const sensu_id_t  *got;
    static ref_id_t    expected;

    if (size < 5) {
        return 0;
    }

    got = NULL;
    kind = data[0] % (SENSU_KEY_EVENT + 1);
    seed = data[1] | data[2] << 8;

    if (data[3] % 3) {
        text.len = 0;
        maker.p = data + 4;
        maker.last = data + size;
        maker.text = &text;
        fuzz_object(&maker, 0);

    } else {
        fuzz_text(&text, data + 4, size - 4, pieces,
                  sizeof(pieces) / sizeof(pieces[0]), "{");
    }

    ref_key(kind, text.data, text.len, &expected);

    for (i = 0; kernels[i]; i++) {
        if (sensu_split_select(kernels[i])) {
            got = fuzz_scan(kind, &text, seed);
            fuzz_compare(kernels[i], &text, got, &expected);
        }
    }

    element = json_loadb((char *) text.data, text.len, 0, NULL);

    if (element) {
        fuzz_jansson(kind, element, &expected);
        fuzz_compare("jansson", &text, got, &expected);
        json_decref(element);
    }

    return 0;
}
