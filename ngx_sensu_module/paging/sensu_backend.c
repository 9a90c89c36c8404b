
/*
 * What the versions of a Sensu backend do.
 */


#include "sensu_backend.h"


typedef struct {
    unsigned  from;
    unsigned  until;                   /* 0: all that follow */
} sensu_backend_range_t;


static const sensu_backend_range_t  sensu_backend_ranges[] = {

    /* SENSU_BACKEND_DELETES_ONE */
    { SENSU_BACKEND_VERSION(5, 10, 0), 0 },

    /* SENSU_BACKEND_SHOWS_NAMESPACES */
    { SENSU_BACKEND_VERSION(5, 15, 0), 0 },

    /* SENSU_BACKEND_TAKES_KEYS */
    { SENSU_BACKEND_VERSION(5, 15, 0), 0 },

    /* SENSU_BACKEND_TAKES_METRICS */
    { SENSU_BACKEND_VERSION(5, 10, 0), 0 },

    /* SENSU_BACKEND_PAGES_SILENCED */
    { SENSU_BACKEND_VERSION(5, 18, 0), SENSU_BACKEND_VERSION(6, 2, 0) },

    /* SENSU_BACKEND_CUTS_NAMESPACES */
    { SENSU_BACKEND_VERSION(5, 15, 0), SENSU_BACKEND_VERSION(5, 21, 0) },

    /* SENSU_BACKEND_TWO_CURSORS */
    { SENSU_BACKEND_VERSION(6, 0, 0), 0 }
};


unsigned
sensu_backend_version(sensu_str_t text)
{
    size_t         i;
    unsigned       n, digits, number[3];
    unsigned char  c;

    n = 0;
    digits = 0;
    memset(number, 0, sizeof(number));

    for (i = 0; i < text.len; i++) {
        c = text.data[i];

        if (c == '.' && digits && n < 2) {
            n++;
            digits = 0;
            continue;
        }

        if (c < '0' || c > '9' || digits == 3) {
            return 0;
        }

        number[n] = number[n] * 10 + (c - '0');
        digits++;
    }

    if (n == 0 || digits == 0 || number[0] < 5 || number[0] > 6) {
        return 0;
    }

    return SENSU_BACKEND_VERSION(number[0], number[1], number[2]);
}


int
sensu_backend_does(unsigned version, sensu_backend_e what)
{
    const sensu_backend_range_t  *range;

    range = &sensu_backend_ranges[what];

    return version >= range->from
           && (range->until == 0 || version < range->until);
}
