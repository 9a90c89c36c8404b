
/*
 * Groups and versions: their grammar, and the patterns that say which of them
 * are let through.
 */


#include "sensu_path.h"
#include "sensu_path_api.h"


#define SENSU_VERSION_DIGITS  9


typedef struct {
    sensu_str_t           group;     /* one or two segments */
    sensu_str_t           version;
} sensu_path_pattern_t;


static int sensu_path_number(const unsigned char **p,
    const unsigned char *last);
static int sensu_path_pattern(sensu_path_pattern_t *pt, sensu_str_t text);
static int sensu_path_part_match(sensu_str_t part, sensu_str_t text);


int
sensu_path_group_valid(sensu_str_t s)
{
    size_t         i;
    unsigned char  c;

    for (i = 0; i < s.len; i++) {
        c = s.data[i];

        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')
            || (i != 0 && (c == '.' || c == '-')))
        {
            continue;
        }

        return 0;
    }

    return s.len != 0;
}


int
sensu_path_version_valid(sensu_str_t s)
{
    const unsigned char  *p, *last;

    p = s.data;
    last = s.data + s.len;

    if (p == last || *p++ != 'v' || !sensu_path_number(&p, last)) {
        return 0;
    }

    if (p == last) {
        return 1;
    }

    if (last - p >= 5 && memcmp(p, "alpha", 5) == 0) {
        p += 5;

    } else if (last - p >= 4 && memcmp(p, "beta", 4) == 0) {
        p += 4;

    } else {
        return 0;
    }

    return p == last || (sensu_path_number(&p, last) && p == last);
}


/* steps over the digits; is it a number, of no more than anybody will need? */

static int
sensu_path_number(const unsigned char **p, const unsigned char *last)
{
    const unsigned char  *first;

    first = *p;

    while (*p < last && **p >= '0' && **p <= '9') {
        (*p)++;
    }

    return *p != first && *first != '0' && *p - first <= SENSU_VERSION_DIGITS;
}


int
sensu_path_api_match(const sensu_path_t *path, sensu_str_t pattern)
{
    sensu_str_t           first, rest, pfirst, prest;
    sensu_path_pattern_t  pt;

    if (!sensu_path_pattern(&pt, pattern)) {
        return 0;
    }

    rest = path->group;
    first = sensu_str_cut(&rest, '/');

    prest = pt.group;
    pfirst = sensu_str_cut(&prest, '/');

    if (!sensu_path_part_match(pfirst, first)) {
        return 0;
    }

    if (prest.len != 0) {
        return rest.len != 0
               && sensu_path_part_match(prest, rest)
               && sensu_path_part_match(pt.version, path->version);
    }

    if (sensu_str_eq(pt.version, sensu_str("*"))) {
        return 1;
    }

    return (rest.len == 0 || sensu_str_eq(pfirst, sensu_str("*")))
           && sensu_str_eq(pt.version, path->version);
}


int
sensu_path_api_valid(sensu_str_t pattern)
{
    int                   i, n;
    sensu_str_t           part[2];
    sensu_path_pattern_t  pt;

    if (!sensu_path_pattern(&pt, pattern)) {
        return 0;
    }

    part[1] = pt.group;
    part[0] = sensu_str_cut(&part[1], '/');
    n = (part[1].data == NULL) ? 1 : 2;

    for (i = 0; i < n; i++) {
        if (!sensu_str_eq(part[i], sensu_str("*"))
            && (!sensu_path_group_valid(part[i])
                || sensu_path_version_valid(part[i])))
        {
            return 0;
        }
    }

    return sensu_str_eq(pt.version, sensu_str("*"))
           || sensu_path_version_valid(pt.version);
}


/* parts the text at its last slash */

static int
sensu_path_pattern(sensu_path_pattern_t *pt, sensu_str_t text)
{
    size_t  i;

    for (i = text.len; i > 0; i--) {

        if (text.data[i - 1] == '/') {
            pt->group.data = text.data;
            pt->group.len = i - 1;
            pt->version.data = text.data + i;
            pt->version.len = text.len - i;

            return 1;
        }
    }

    return 0;
}


static int
sensu_path_part_match(sensu_str_t part, sensu_str_t text)
{
    return sensu_str_eq(part, sensu_str("*")) || sensu_str_eq(part, text);
}
