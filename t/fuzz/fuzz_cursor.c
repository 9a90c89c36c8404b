
/*
 * Cursors: what is taken for a record is written again as the same bytes, and
 * nothing else is read; a position so read makes a native cursor that does
 * not climb.
 */


#include "sensu_native.h"
#include "fuzz.h"


static void
fuzz_native(const sensu_position_t *position, sensu_str_t ns)
{
    int            n, i, start;
    unsigned char  cursor[SENSU_NATIVE_MAX];
    sensu_str_t    none = { 0, NULL };

    n = sensu_native_cursor(cursor, ns, none, position);

    if (n < 0) {
        return;
    }

    /* a name and a NUL, without a segment that means another place */

    if (n < 2 || n > SENSU_NATIVE_MAX || cursor[n - 1] != '\0') {
        abort();
    }

    for (i = 0, start = 0; i < n; i++) {

        if (i < n - 1 && cursor[i] != '/') {
            continue;
        }

        if (i == start
            || (i - start == 1 && cursor[start] == '.')
            || (i - start == 2 && memcmp(cursor + start, "..", 2) == 0))
        {
            abort();
        }

        start = i + 1;
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t                 len;
    sensu_str_t            record;
    unsigned char         *copy, again[SENSU_CURSOR_MAX];
    static sensu_cursor_t  cursor;

    copy = malloc(size + 3);
    if (copy == NULL) {
        abort();
    }

    /* half of the inputs begin as records do */

    memcpy(copy, data, size);

    if (size > 4 && data[0] & 1) {
        memcpy(copy, "s2", 2);
        copy[2] = data[2] % 4;
        copy[3] &= 3;
    }

    record.data = copy;
    record.len = size;

    if (sensu_cursor_decode(&cursor, record) == 0) {

        len = sensu_cursor_encode(&cursor, again);

        if (len != size || memcmp(again, copy, len) != 0) {
            abort();
        }

        fuzz_native(&cursor.position, (sensu_str_t) { 0, NULL });
        fuzz_native(&cursor.position, sensu_str("dev"));
    }

    free(copy);

    return 0;
}
