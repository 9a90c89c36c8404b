
/*
 * Feeds a text to the splitter in chunks, with or without the keys of its
 * elements, and compares with the references: for unit tests and fuzzers.
 */


#ifndef _SPLIT_KIT_H_INCLUDED_
#define _SPLIT_KIT_H_INCLUDED_


#include <stdio.h>
#include <stdlib.h>
#include "sensu_split.h"
#include "ref_key.h"


static const char *const  kernels[] = { "avx2", "sse2", "portable", NULL };


typedef struct {
    sensu_split_t         split;
    const ref_list_t     *list;
    const unsigned char  *text;
    uint64_t              seen;      /* reported elements */
    size_t                len;       /* of the one being reported */
    sensu_key_kind_e      kind;      /* UNKNOWN: no keys are read */
    const char           *wrong;     /* the first difference */
} split_check_t;


static sensu_key_scan_t  split_keys;
static ref_id_t          split_key;  /* of the last element, as it should be */


static inline void
split_check_key(split_check_t *check, const unsigned char *data, size_t len)
{
    ref_key(check->kind, data, len, &split_key);

    if (!ref_key_same(sensu_key_scan_end(&split_keys), &split_key)) {
        check->wrong = "another key than the element's";
    }
}


static inline void
split_check_init(split_check_t *check, const ref_list_t *list,
    const unsigned char *text, sensu_key_kind_e kind)
{
    sensu_split_init(&check->split);

    if (kind) {
        sensu_key_scan_init(&split_keys, kind);
        check->split.read = sensu_key_read;
        check->split.data = &split_keys;
    }

    check->kind = kind;
    check->list = list;
    check->text = text;
    check->seen = 0;
    check->len = 0;
    check->wrong = NULL;
}


/* a span must be the next bytes of the element whose turn it is */

static inline void
split_check_span(split_check_t *check, const sensu_span_t *span, int ended)
{
    size_t             from, to;
    uint64_t           i;
    const ref_list_t  *list;

    list = check->list;
    i = check->seen;

    if (span->bytes.len) {

        /* the last element may be cut off: then the text is its end */

        if (i > list->n) {
            check->wrong = "bytes of no element";
            return;
        }

        from = list->from[i];

        if (span->bytes.len > list->len - from - check->len) {
            check->wrong = "more bytes than there are";
            return;
        }

        if (span->first != (check->len == 0)) {
            check->wrong = "first is wrong";
        }

        if (memcmp(span->bytes.data, check->text + from + check->len,
                   span->bytes.len)
            != 0)
        {
            check->wrong = "other bytes than the element's";
        }

        check->len += span->bytes.len;

    } else if (span->first) {
        check->wrong = "first without bytes";
    }

    if (!ended) {
        return;
    }

    if (i >= list->n) {
        check->wrong = "an element too many";
        return;
    }

    to = list->to[i];

    if (check->len != to - list->from[i]) {
        check->wrong = "another length than the element's";
    }

    if (check->split.elements != i + 1) {
        check->wrong = "elements are miscounted";
    }

    if (check->kind) {
        split_check_key(check, check->text + list->from[i],
                        to - list->from[i]);
    }

    check->len = 0;
    check->seen++;
}


/* takes a chunk whole: on return it may be overwritten */

static inline void
split_check_feed(split_check_t *check, const unsigned char *data, size_t len)
{
    sensu_span_t          span;
    sensu_split_rc_e      rc;
    const unsigned char  *pos;

    pos = data;

    do {
        rc = sensu_split_next(&check->split, &pos, data + len, &span);

        split_check_span(check, &span, rc == SENSU_SPLIT_ELEMENT);

        if (rc == SENSU_SPLIT_MORE && pos != data + len) {
            check->wrong = "MORE before the end of the chunk";
        }

        if (rc == SENSU_SPLIT_ERROR && check->split.error == NULL) {
            check->wrong = "an error without a text";
        }

    } while (rc == SENSU_SPLIT_ELEMENT && check->wrong == NULL);
}


static inline const char *
split_check_end(split_check_t *check)
{
    const ref_list_t  *list;

    list = check->list;

    if (check->wrong) {
        return check->wrong;
    }

    if (check->split.elements != list->n) {
        return "another number of elements";
    }

    if (check->seen != list->n) {
        return "another number of reported elements";
    }

    if ((check->split.error != NULL) != list->error) {
        return list->error ? "an error is overlooked" : "a false error";
    }

    if (sensu_split_done(&check->split) != list->done
        || check->split.closed < list->done)
    {
        return "the end is told wrong";
    }

    return NULL;
}


#endif /* _SPLIT_KIT_H_INCLUDED_ */
