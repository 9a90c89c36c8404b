
/*
 * Ways through a JSON array, side by side: each round runs every one of them
 * once, in turn, so that what else the machine does hits all alike. A line of
 * output is a round, an array and a way, a figure and its value.
 */


#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <jansson.h>
#include <yajl/yajl_parse.h>
#include "corpus.h"
#include "ref_split.h"
#include "sensu_key.h"


#define CHUNK  16384             /* as a worker reads from a socket */


long simdjson_stage1_native(const unsigned char *data, size_t len);
long simdjson_elements_native(const unsigned char *data, size_t len);
long simdjson_elements_westmere(const unsigned char *data, size_t len);


typedef struct {
    const char           *name;
    const char           *kernel;
    long                (*run)(const unsigned char *data, size_t len);
    int                   counts;    /* it returns the number of elements */
    int                   slow;      /* in few rounds only */
    int                   events;    /* with the events only */
} way_t;


static unsigned char  *copy;


static long
run_memcpy(const unsigned char *data, size_t len)
{
    memcpy(copy, data, len);

    return copy[len / 2];
}


static long
run_automaton(const unsigned char *data, size_t len)
{
    long         n;
    size_t       i;
    ref_split_t  r = { 0 };

    for (n = 0, i = 0; i < len; i++) {

        switch (ref_split_byte(&r, data[i])) {

        case REF_ENDS:
        case REF_ENDED:
            n++;
            break;

        case REF_ERROR:
            return -1;

        default:
            break;
        }
    }

    return n;
}


/* the automaton with the interface of the splitter */

static __attribute__((noinline)) ref_event_e
automaton_next(ref_split_t *r, const unsigned char **pos,
    const unsigned char *last, sensu_span_t *span)
{
    ref_event_e           event;
    const unsigned char  *p, *start;

    start = *pos;
    event = REF_NOTHING;

    for (p = *pos; p < last; p++) {
        event = ref_split_byte(r, *p);

        if (event == REF_NOTHING) {
            continue;
        }

        if (event == REF_BEGINS) {
            start = p;

        } else {
            break;
        }
    }

    span->bytes.data = start;
    span->bytes.len = p - start + (event == REF_ENDS);
    *pos = p + (p < last);

    return event;
}


static long
run_automaton_each(const unsigned char *data, size_t len)
{
    long                  n;
    ref_event_e           event;
    ref_split_t           r = { 0 };
    sensu_span_t          span;
    const unsigned char  *pos, *end, *last;

    end = data + len;
    n = 0;

    for (pos = data; pos < end; /* void */ ) {
        last = end - pos < CHUNK ? end : pos + CHUNK;

        while (pos < last) {
            event = automaton_next(&r, &pos, last, &span);

            if (event == REF_ERROR) {
                return -1;
            }

            n += event == REF_ENDS || event == REF_ENDED;
        }
    }

    return n;
}


static long
split(const unsigned char *data, size_t len, sensu_key_scan_t *scan)
{
    size_t                n;
    sensu_span_t          span;
    sensu_split_t         s;
    sensu_split_rc_e      rc;
    const unsigned char  *pos, *end, *last;

    sensu_split_init(&s);
    s.read = scan ? sensu_key_read : NULL;
    s.data = scan;
    end = data + len;
    n = 0;

    for (pos = data; pos < end; /* void */ ) {
        last = (size_t) (end - pos) < CHUNK ? end : pos + CHUNK;

        do {
            rc = sensu_split_next(&s, &pos, last, &span);

            if (scan && rc == SENSU_SPLIT_ELEMENT) {
                n += sensu_key_scan_end(scan)->key.len != 0;
            }

        } while (rc == SENSU_SPLIT_ELEMENT);

        if (rc == SENSU_SPLIT_ERROR) {
            return -1;
        }
    }

    if (!sensu_split_done(&s) || (scan && n != s.elements)) {
        return -1;
    }

    return (long) s.elements;
}


static long
run_each(const unsigned char *data, size_t len)
{
    return split(data, len, NULL);
}


static long
run_keys(const unsigned char *data, size_t len)
{
    static sensu_key_scan_t  scan;

    sensu_key_scan_init(&scan, SENSU_KEY_EVENT);

    return split(data, len, &scan);
}


static int
yajl_open(void *n)
{
    return ++*(int *) n != 0;
}


static int
yajl_close(void *n)
{
    return (*(int *) n)-- != 0;
}


static long
run_yajl(const unsigned char *data, size_t len)
{
    int          depth;
    size_t       i, n;
    yajl_handle  yajl;

    static const yajl_callbacks  callbacks = {
        .yajl_start_map = yajl_open, .yajl_end_map = yajl_close,
        .yajl_start_array = yajl_open, .yajl_end_array = yajl_close
    };

    depth = 0;
    yajl = yajl_alloc(&callbacks, NULL, &depth);

    for (i = 0; i < len; i += n) {
        n = len - i < CHUNK ? len - i : CHUNK;

        if (yajl_parse(yajl, data + i, n) != yajl_status_ok) {
            yajl_free(yajl);
            return -1;
        }
    }

    i = yajl_complete_parse(yajl) == yajl_status_ok && depth == 0;
    yajl_free(yajl);

    return i ? 1 : -1;
}


static long
run_jansson(const unsigned char *data, size_t len)
{
    long     n;
    json_t  *array;

    array = json_loadb((const char *) data, len, 0, NULL);

    if (array == NULL) {
        return -1;
    }

    n = (long) json_array_size(array);
    json_decref(array);

    return n;
}


static const way_t  ways[] = {
    { "memcpy", NULL, run_memcpy, 0, 0, 0 },
    { "byte automaton", NULL, run_automaton, 1, 0, 0 },
    { "byte automaton, spans, 16k", NULL, run_automaton_each, 1, 0, 0 },
    { "split, avx2, spans, 16k", "avx2", run_each, 1, 0, 0 },
    { "split, sse2, spans, 16k", "sse2", run_each, 1, 0, 0 },
    { "split, portable, spans, 16k", "portable", run_each, 1, 0, 0 },
    { "split and keys, avx2", "avx2", run_keys, 1, 0, 1 },
    { "split and keys, sse2", "sse2", run_keys, 1, 0, 1 },
    { "split and keys, portable", "portable", run_keys, 1, 0, 1 },
    { "simdjson stage 1", NULL, simdjson_stage1_native, 0, 0, 0 },
    { "simdjson on demand, elements", NULL, simdjson_elements_native, 1, 0, 0 },
    { "simdjson on demand, SSE4.2", NULL, simdjson_elements_westmere, 1, 0, 0 },
    { "yajl, 16k", NULL, run_yajl, 0, 1, 0 },
    { "jansson", NULL, run_jansson, 1, 1, 0 }
};

#define WAYS  (sizeof(ways) / sizeof(ways[0]))


static double
now(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);

    return (double) ts.tv_sec + (double) ts.tv_nsec / 1e9;
}


/* gigabytes a second */

static double
measure(const way_t *way, const text_t *text)
{
    long    n;
    double  start, time;

    if (way->kernel && sensu_split_select(way->kernel) == NULL) {
        return 0;
    }

    start = now();
    n = way->run(text->data, text->len);
    time = now() - start;

    if (n < 0 || (way->counts && (size_t) n != text->elements)) {
        fprintf(stderr, "%s: %ld elements of %zu\n", way->name, n,
                text->elements);
        exit(1);
    }

    return (double) text->len / time / 1e9;
}


static void
compare(const corpus_t *corpus, size_t size, int rounds)
{
    int     round, events;
    size_t  w;
    text_t  text;
    double  speed;

    text = corpus_make(corpus, size);
    events = strcmp(corpus->name, "events") == 0;

    for (round = 1; round <= rounds; round++) {
        for (w = 0; w < WAYS; w++) {
            if ((ways[w].slow && round > rounds / 4 + 1)
                || (ways[w].events && !events))
            {
                continue;
            }

            speed = measure(&ways[w], &text);

            if (speed > 0) {
                printf("%d\t%s: %s\tspeed\t%.4f\n", round, corpus->name,
                       ways[w].name, speed);
            }
        }
    }

    fflush(stdout);
    free(text.data);
}


int
main(int argc, char **argv)
{
    int              rounds;
    size_t           mb;
    const corpus_t  *corpus;

    mb = argc > 1 ? strtoul(argv[1], NULL, 10) : 100;
    rounds = argc > 2 ? atoi(argv[2]) : 15;

    if (mb == 0 || mb > 4000 || rounds < 1) {
        fprintf(stderr, "usage: %s [MEGABYTES [ROUNDS [CORPUS]]]\n", argv[0]);
        return 2;
    }

    copy = calloc(mb * 1000000 + 65536, 1);
    if (copy == NULL) {
        perror("calloc");
        return 1;
    }

    for (corpus = corpora; corpus->name; corpus++) {
        if (argc > 3 && strcmp(argv[3], corpus->name) != 0) {
            continue;
        }

        /* what is unkind is a fifth as long */

        compare(corpus,
                corpus == corpora ? mb * 1000000 : mb * 200000, rounds);
    }

    free(copy);

    return 0;
}
