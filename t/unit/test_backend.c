
/*
 * The versions of a backend, and what each does.
 */


#include "tap.h"
#include "sensu_backend.h"


static const struct {
    const char               *text;
    unsigned                  version;
} texts[] = {
    { "5.5", 5005000 },
    { "5.21.5", 5021005 },
    { "6.0", 6000000 },
    { "6.999.999", 6999999 },

    { "", 0 },
    { "5", 0 },
    { "5.", 0 },
    { ".5", 0 },
    { "5..5", 0 },
    { "5.5.", 0 },
    { "5.5.1.1", 0 },
    { "5.1000", 0 },
    { "v5.5", 0 },
    { "5.5-rc1", 0 },
    { "4.9", 0 },
    { "7.0", 0 }
};


static const struct {
    sensu_backend_e           what;
    unsigned                  version;
    int                       does;
} facts[] = {
    { SENSU_BACKEND_DELETES_ONE, SENSU_BACKEND_VERSION(5, 5, 0), 0 },
    { SENSU_BACKEND_DELETES_ONE, SENSU_BACKEND_VERSION(5, 9, 999), 0 },
    { SENSU_BACKEND_DELETES_ONE, SENSU_BACKEND_VERSION(5, 10, 0), 1 },
    { SENSU_BACKEND_DELETES_ONE, SENSU_BACKEND_VERSION(6, 5, 0), 1 },
    { SENSU_BACKEND_SHOWS_NAMESPACES, SENSU_BACKEND_VERSION(5, 14, 999), 0 },
    { SENSU_BACKEND_SHOWS_NAMESPACES, SENSU_BACKEND_VERSION(5, 15, 0), 1 },
    { SENSU_BACKEND_SHOWS_NAMESPACES, SENSU_BACKEND_VERSION(6, 5, 0), 1 },
    { SENSU_BACKEND_TAKES_KEYS, SENSU_BACKEND_VERSION(5, 14, 999), 0 },
    { SENSU_BACKEND_TAKES_KEYS, SENSU_BACKEND_VERSION(5, 15, 0), 1 },
    { SENSU_BACKEND_TAKES_KEYS, SENSU_BACKEND_VERSION(6, 5, 0), 1 },
    { SENSU_BACKEND_TAKES_METRICS, SENSU_BACKEND_VERSION(5, 9, 999), 0 },
    { SENSU_BACKEND_TAKES_METRICS, SENSU_BACKEND_VERSION(5, 10, 0), 1 },
    { SENSU_BACKEND_PAGES_SILENCED, SENSU_BACKEND_VERSION(5, 17, 0), 0 },
    { SENSU_BACKEND_PAGES_SILENCED, SENSU_BACKEND_VERSION(5, 18, 0), 1 },
    { SENSU_BACKEND_PAGES_SILENCED, SENSU_BACKEND_VERSION(5, 21, 5), 1 },
    { SENSU_BACKEND_PAGES_SILENCED, SENSU_BACKEND_VERSION(6, 1, 999), 1 },
    { SENSU_BACKEND_PAGES_SILENCED, SENSU_BACKEND_VERSION(6, 2, 0), 0 },
    { SENSU_BACKEND_PAGES_SILENCED, SENSU_BACKEND_VERSION(6, 2, 7), 0 },
    { SENSU_BACKEND_CUTS_NAMESPACES, SENSU_BACKEND_VERSION(5, 14, 2), 0 },
    { SENSU_BACKEND_CUTS_NAMESPACES, SENSU_BACKEND_VERSION(5, 15, 0), 1 },
    { SENSU_BACKEND_CUTS_NAMESPACES, SENSU_BACKEND_VERSION(5, 20, 2), 1 },
    { SENSU_BACKEND_CUTS_NAMESPACES, SENSU_BACKEND_VERSION(5, 21, 0), 0 },
    { SENSU_BACKEND_TWO_CURSORS, SENSU_BACKEND_VERSION(5, 21, 5), 0 },
    { SENSU_BACKEND_TWO_CURSORS, SENSU_BACKEND_VERSION(6, 0, 0), 1 },
    { SENSU_BACKEND_TWO_CURSORS, SENSU_BACKEND_VERSION(6, 5, 0), 1 }
};


int
main(void)
{
    size_t       i;
    sensu_str_t  text;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        text.data = (unsigned char *) texts[i].text;
        text.len = strlen(texts[i].text);

        is_int(sensu_backend_version(text), texts[i].version, "\"%s\"",
               texts[i].text);
    }

    for (i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        is_int(sensu_backend_does(facts[i].version, facts[i].what),
               facts[i].does, "%d of %u", (int) facts[i].what,
               facts[i].version);
    }

    return done_testing();
}
