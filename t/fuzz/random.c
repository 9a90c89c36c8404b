
/*
 * Stands in for libFuzzer where there is none: feeds COUNT random inputs that
 * a SEED makes. gcc t/fuzz/fuzz_NAME.c t/fuzz/random.c ...
 */


#include <stdio.h>
#include "fuzz.h"


int
main(int argc, char **argv)
{
    size_t         j, len;
    uint64_t       i, count, seed;
    unsigned char  data[400];

    if (argc != 3) {
        fprintf(stderr, "usage: %s COUNT SEED\n", argv[0]);
        return 2;
    }

    count = strtoull(argv[1], NULL, 10);
    seed = strtoull(argv[2], NULL, 10);

    for (i = 0; i < count; i++) {
        len = fuzz_random(&seed) % sizeof(data);

        if (fuzz_random(&seed) % 2) {
            len /= 8;
        }

        for (j = 0; j < len; j++) {
            data[j] = (unsigned char) fuzz_random(&seed);
        }

        LLVMFuzzerTestOneInput(data, len);
    }

    printf("%llu inputs, no difference\n", (unsigned long long) count);

    return 0;
}
