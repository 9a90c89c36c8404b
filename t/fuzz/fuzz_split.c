
/*
 * The splitter against the byte-by-byte reference, with each kernel and with
 * the chunks that the first bytes of the input say.
 */


#include "../unit/split_kit.h"
#include "fuzz.h"


/* one byte of the input makes one piece of a text, so that arrays are found */

static const char *const  pieces[] = {
    "{", "}", "[", "]", ",", "\"", "\\", ":", " ", "\n", "0", "-12.5e+3",
    "true", "null", "\"a\"", "\"\\\"\"", "\"\\\\\"", "{}", "[]", "{\"k\":1}",
    "[1,2]", "\"a,]}[{\"", "\\\\\\", "\xc3\xa4", "\t", "\"\"",
    "{\"output\":\"line one\\nline two, which is long enough for a block\"}",
    "                                                                ",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
    "\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\",
    "},{", "],["
};


static const char *const  elements[] = {
    "0", "-12.5e+3", "null", "\"\"", "\"a\\\"],[\"", "{}", "[]", "[[],{}]",
    "{\"name\":\"web-1\",\"labels\":{\"a\":\"}\"}}", "[1,2,[3,[4,\"]\"]]]",
    "\"a text that is longer than a block, with { and } and [ and ] too\"",
    "{\"a\\\\\":\"\\\\\\\"\",\"b\":[{\"c\":null},{\"c\":\"\\\\\"}]}"
};


/* a valid array, of which a byte may then be changed */

static void
fuzz_array(fuzz_text_t *text, const uint8_t *data, size_t size)
{
    size_t  i, j, nest;

    text->len = 0;
    fuzz_add(text, "[", 1);

    for (i = 2; i + 1 < size; i += 2) {
        nest = data[i] % 5 == 0 ? data[i] / 16 : 0;

        for (j = 0; j < nest; j++) {
            fuzz_add(text, "{\"k\": [", 7);
        }

        fuzz_puts(text, elements[data[i + 1] % 12]);

        for (j = 0; j < nest; j++) {
            fuzz_add(text, "]}", 2);
        }

        fuzz_add(text, " \n  ", data[i] % 4);
        fuzz_add(text, ",", i + 3 < size);
        fuzz_add(text, "          ", data[i] % 11);
    }

    fuzz_add(text, "]\n", 1 + size % 2);

    if (data[0] % 3 == 0) {
        text->data[data[1] * 7 % text->len] = "[]{},\"\\x"[data[0] % 8];
    }
}


static void
fuzz_kernel(const ref_list_t *list, const unsigned char *text, size_t len,
    uint64_t seed)
{
    size_t          i, n, most;
    const char     *wrong;
    split_check_t   check;

    most = fuzz_random(&seed) % 4 ? 1 + fuzz_random(&seed) % 200 : 3;

    split_check_init(&check, list, text, SENSU_KEY_UNKNOWN);

    for (i = 0; i < len; i += n) {
        n = fuzz_random(&seed) % (most + 1);
        n = n < len - i ? n : len - i;

        split_check_feed(&check, fuzz_chunk(text + i, n), n);
    }

    wrong = split_check_end(&check);

    if (wrong) {
        fprintf(stderr, "%s: %s\n%.*s\n", check.split.error
                                          ? check.split.error : "no error",
                wrong, (int) len, text);
        abort();
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned       i;
    uint64_t       seed;
    fuzz_text_t    text;

    static ref_list_t  list;

    if (size < 5) {
        return 0;
    }

    seed = data[0] | data[1] << 8;

    if (data[2] & 64) {
        fuzz_array(&text, data + 3, size - 3);

    } else {
        fuzz_text(&text, data + 3, size - 3, pieces,
                  sizeof(pieces) / sizeof(pieces[0]), "[");
    }

    ref_split(&list, text.data, text.len);

    for (i = 0; kernels[i]; i++) {
        if (sensu_split_select(kernels[i])) {
            fuzz_kernel(&list, text.data, text.len, seed);
        }
    }

    return 0;
}
