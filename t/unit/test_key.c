
/*
 * The key scanner: which bytes an element is sorted by, the same with every
 * kernel and in chunks of any size.
 */


#include <stdlib.h>
#include "ref_key.h"
#include "tap.h"


static const char *const  kernels[] = { "avx2", "sse2", "portable", NULL };


typedef struct {
    sensu_key_kind_e      kind;
    const char           *element;
    const char           *key;       /* "": none */
    unsigned              ns_len;
    unsigned              entity_len;
} case_t;


#define NAME      SENSU_KEY_NAME
#define USERNAME  SENSU_KEY_USERNAME
#define META      SENSU_KEY_META
#define META_NS   SENSU_KEY_META_NS
#define ASSET     SENSU_KEY_ASSET
#define EVENT     SENSU_KEY_EVENT


static const case_t  cases[] = {
    /* each kind */
    { NAME, "{\"name\":\"default\"}", "default", 0, 0 },
    { USERNAME, "{\"username\":\"admin\",\"groups\":[\"cluster-admins\"],"
      "\"disabled\":false}", "admin", 0, 0 },
    { META, "{\"rules\":[{\"verbs\":[\"*\"],\"resource_names\":null}],"
      "\"metadata\":{\"name\":\"cluster-admin\"}}", "cluster-admin", 0, 0 },
    { META, "{\"metadata\":{\"name\":\"a\",\"namespace\":\"n\"}}", "a", 1, 0 },
    { META_NS, "{\"metadata\":{\"name\":\"e1\",\"namespace\":\"dev\"}}",
      "dev/e1", 3, 0 },
    { META_NS, "{ \"metadata\" :\r\n { \"namespace\" : \"dev\" ,\n\t\"name\" "
      ": \"e1\" } } ", "dev/e1", 3, 0 },
    { META_NS, "{\"metadata\":{\"name\":\"linux:check-1\",\"namespace\":"
      "\"default\"},\"expire\":-1}", "default/linux:check-1", 7, 0 },
    { EVENT, "{\"timestamp\":1,\"entity\":{\"entity_class\":\"proxy\","
      "\"metadata\":{\"name\":\"web-1\",\"namespace\":\"dev\"}},\"check\":{"
      "\"command\":\"true\",\"metadata\":{\"name\":\"cpu\",\"namespace\":"
      "\"dev\"}},\"metadata\":{}}", "dev/web-1/cpu", 3, 5 },
    { EVENT, "{\"check\":{\"metadata\":{\"name\":\"c\"}},\"entity\":{"
      "\"metadata\":{\"namespace\":\"n\",\"name\":\"e\"}}}", "n/e/c", 1, 1 },
    { SENSU_KEY_UNKNOWN, "{\"metadata\":{\"name\":\"a\",\"namespace\":\"n\"},"
      "\"name\":\"a\"}", "", 0, 0 },

    /* missing, of another type, empty */
    { NAME, "{}", "", 0, 0 },
    { NAME, "{\"name\":1}", "", 0, 0 },
    { NAME, "{\"name\":null}", "", 0, 0 },
    { NAME, "{\"name\":[\"a\"]}", "", 0, 0 },
    { NAME, "{\"name\":{\"name\":\"a\"}}", "", 0, 0 },
    { NAME, "{\"name\":\"\"}", "", 0, 0 },
    { NAME, "[\"name\",\"a\"]", "", 0, 0 },
    { NAME, "\"name\"", "", 0, 0 },
    { NAME, "7", "", 0, 0 },
    { NAME, "{\"names\":\"a\",\"nam\":\"b\",\"Name\":\"c\",\"\":\"d\"}", "",
      0, 0 },
    { META_NS, "{\"metadata\":{\"name\":\"a\"}}", "", 0, 0 },
    { META_NS, "{\"metadata\":{\"namespace\":\"a\"}}", "", 0, 0 },
    { META_NS, "{\"metadata\":{\"name\":\"a\",\"namespace\":\"\"}}", "",
      0, 0 },
    { META_NS, "{\"metadata\":null}", "", 0, 0 },
    { META_NS, "{\"metadata\":[{\"name\":\"a\",\"namespace\":\"n\"}]}", "",
      0, 0 },
    { META_NS, "{\"name\":\"a\",\"namespace\":\"n\"}", "", 0, 0 },
    { EVENT, "{\"entity\":{\"metadata\":{\"name\":\"e\",\"namespace\":\"n\"}},"
      "\"metadata\":{\"name\":\"e\",\"namespace\":\"n\"}}", "", 0, 0 },

    /* names that deceive */
    { META_NS, "{\"metadata\":{\"labels\":{\"name\":\"no\",\"namespace\":"
      "\"no\",\"metadata\":\"no\"},\"name\":\"a\",\"namespace\":\"n\","
      "\"annotations\":{\"name\":\"no\"}}}", "n/a", 1, 0 },
    { META_NS, "{\"x\":{\"metadata\":{\"name\":\"no\",\"namespace\":\"no\"}},"
      "\"metadata\":{\"name\":\"a\",\"namespace\":\"n\"},\"y\":[{\"metadata\":"
      "{\"name\":\"no\",\"namespace\":\"no\"}}]}", "n/a", 1, 0 },
    { META_NS, "{\"x\":\"\\\"metadata\\\":{\\\"name\\\":\\\"no\\\"},\","
      "\"metadata\":{\"name\":\"a\",\"namespace\":\"n\"}}", "n/a", 1, 0 },
    { NAME, "{\"x\":\"name\",\"name\":\"a\",\"y\":\"name\"}", "a", 0, 0 },
    { NAME, "{\"x\\\\\":\"\\\\\",\"name\":\"a\"}", "a", 0, 0 },
    { NAME, "{\"n\":\"\\\"name\",\"name\":\"a,}\"}", "a,}", 0, 0 },
    { NAME, "{\"nn\":\"name\",\"name\":\"name\",\"n\":[\"name\"]}", "name",
      0, 0 },

    /* names with escapes are the same names */
    { NAME, "{\"\\u006eame\":\"a\"}", "a", 0, 0 },
    { NAME, "{\"n\\u0061m\\u0065\":\"a\"}", "a", 0, 0 },
    { NAME, "{\"\\u006Eame\":\"a\"}", "a", 0, 0 },
    { NAME, "{\"\\name\":\"a\"}", "", 0, 0 },
    { META_NS, "{\"\\u006d\\u0065tadata\":{\"name\":\"a\",\"names\\u0070ace\":"
      "\"n\"}}", "n/a", 1, 0 },

    /* strings */
    { NAME, "{\"name\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}", "\"\\/\b\f\n\r\t",
      0, 0 },
    { NAME, "{\"name\":\"\\u0041\\u00e4\\u20ac\\uD83D\\uDE00\"}",
      "A\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 0, 0 },
    { NAME, "{\"name\":\"\\ud800\\udc00\\udbff\\udfff\"}",
      "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", 0, 0 },
    { NAME, "{\"name\":\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\x7f\"}",
      "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\x7f", 0, 0 },
    { NAME, "{\"name\":\"a\\u003cb\"}", "a<b", 0, 0 },
    { NAME, "{\"name\":\"\\ud800\"}", "", 0, 0 },
    { NAME, "{\"name\":\"\\ud800x\"}", "", 0, 0 },
    { NAME, "{\"name\":\"\\ud800\\n\"}", "", 0, 0 },
    { NAME, "{\"name\":\"\\ud800\\u0041\"}", "", 0, 0 },
    { NAME, "{\"name\":\"\\ud800\\ud800\\udc00\"}", "", 0, 0 },
    { NAME, "{\"name\":\"\\ud800\\ue000\"}", "", 0, 0 },
    { NAME, "{\"name\":\"\\udc00\"}", "", 0, 0 },
    { NAME, "{\"name\":\"\\udc00\\ud800\"}", "", 0, 0 },
    { NAME, "{\"name\":\"\\u0000\"}", "", 0, 0 },
    { NAME, "{\"name\":\"\\u00\"}", "", 0, 0 },
    { NAME, "{\"name\":\"\\u00g0\"}", "", 0, 0 },
    { NAME, "{\"name\":\"\\u00\\\"\"}", "", 0, 0 },
    { NAME, "{\"name\":\"\\x\"}", "", 0, 0 },
    { NAME, "{\"name\":\"a\nb\"}", "", 0, 0 },
    { NAME, "{\"name\":\"\x80\"}", "", 0, 0 },
    { NAME, "{\"name\":\"\xc0\xaf\"}", "", 0, 0 },
    { NAME, "{\"name\":\"\xc3\"}", "", 0, 0 },
    { NAME, "{\"name\":\"\xe0\x80\xaf\"}", "", 0, 0 },
    { NAME, "{\"name\":\"\xed\xa0\x80\"}", "", 0, 0 },
    { NAME, "{\"name\":\"\xf4\x90\x80\x80\"}", "", 0, 0 },
    { NAME, "{\"name\":\"\xf5\x80\x80\x80\"}", "", 0, 0 },

    /* of repeated members the last one counts */
    { NAME, "{\"name\":\"a\",\"name\":\"b\"}", "b", 0, 0 },
    { NAME, "{\"name\":\"a\",\"name\":1}", "", 0, 0 },
    { NAME, "{\"name\":1,\"name\":\"b\"}", "b", 0, 0 },
    { NAME, "{\"name\":\"a\",\"name\":\"\\ud800\"}", "", 0, 0 },
    { NAME, "{\"name\":\"a\",\"n\\u0061me\":\"b\"}", "b", 0, 0 },
    { META_NS, "{\"metadata\":{\"name\":\"a\",\"namespace\":\"n\"},"
      "\"metadata\":{\"name\":\"b\",\"namespace\":\"m\"}}", "m/b", 1, 0 },
    { META_NS, "{\"metadata\":{\"name\":\"a\",\"namespace\":\"n\"},"
      "\"metadata\":{\"name\":\"b\"}}", "", 0, 0 },
    { META_NS, "{\"metadata\":{\"name\":\"a\",\"namespace\":\"n\"},"
      "\"metadata\":null}", "", 0, 0 },
    { EVENT, "{\"entity\":{\"metadata\":{\"name\":\"e\",\"namespace\":\"n\"}},"
      "\"check\":{\"metadata\":{\"name\":\"c\"}},\"entity\":{\"x\":1}}", "",
      0, 0 },
    { EVENT, "{\"entity\":{\"metadata\":{\"name\":\"e\",\"namespace\":\"n\"}},"
      "\"check\":{\"metadata\":{\"name\":\"c\"}},\"check\":{\"metadata\":{"
      "\"name\":\"d\"}}}", "n/e/d", 1, 1 },

    /* assets */
    { ASSET, "{\"metadata\":{\"name\":\"x//y\",\"namespace\":\"n\"}}",
      "n/x/y", 1, 0 },
    { ASSET, "{\"metadata\":{\"name\":\"/lead\",\"namespace\":\"n\"}}",
      "n/lead", 1, 0 },
    { ASSET, "{\"metadata\":{\"name\":\"a/./b/../c/\",\"namespace\":\"n\"}}",
      "n/a/c", 1, 0 },
    { ASSET, "{\"metadata\":{\"name\":\"a/../b\",\"namespace\":\"n\"}}",
      "n/b", 1, 0 },
    { ASSET, "{\"metadata\":{\"name\":\"a/..b/...\",\"namespace\":\"n\"}}",
      "n/a/..b/...", 1, 0 },
    { ASSET, "{\"metadata\":{\"name\":\"../m/x\",\"namespace\":\"n\"}}", "",
      0, 0 },
    { ASSET, "{\"metadata\":{\"name\":\"a/../..\",\"namespace\":\"n\"}}", "",
      0, 0 },
    { ASSET, "{\"metadata\":{\"name\":\"/\",\"namespace\":\"n\"}}", "", 0, 0 },
    { META_NS, "{\"metadata\":{\"name\":\"x//y\",\"namespace\":\"n\"}}",
      "n/x//y", 1, 0 },

    /* long members on the way */
    { META_NS, "{\"output\":\"a text that is longer than a block of 64 bytes, "
      "with { and } and \\\"metadata\\\": in it\",\"m\":{\"history\":[{\"a\":"
      "[]},{\"a\":[]},{\"a\":[]},{\"a\":[]},{\"a\":[]},{\"a\":[]}]},"
      "\"metadata\":{\"labels\":{\"a long label with many letters\":\"and a "
      "long value, too, so that there are some blocks here\"},\"name\":"
      "\"a-name-that-is-a-bit-longer-than-a-block-of-64-bytes-which-is-legal\""
      ",\"namespace\":\"default\"}}",
      "default/a-name-that-is-a-bit-longer-than-a-block-of-64-bytes-which-is-"
      "legal", 7, 0 }
};

#define CASES  (sizeof(cases) / sizeof(cases[0]))


static ref_id_t          expected;
static sensu_split_t     splitter;
static sensu_key_scan_t  scan;
static sensu_split_rc_e  said;       /* by the splitter, at last */
static const sensu_id_t *got;        /* the last element */


/* memory that ends where the chunk does, so that reads beyond it are seen */

static void
feed(const char *data, size_t len)
{
    sensu_span_t          span;
    unsigned char        *copy;
    const unsigned char  *pos;

    copy = malloc(len + 1);
    if (copy == NULL) {
        abort();
    }

    memcpy(copy + 1, data, len);
    pos = copy + 1;

    do {
        said = sensu_split_next(&splitter, &pos, copy + 1 + len, &span);

        if (said == SENSU_SPLIT_ELEMENT) {
            got = sensu_key_scan_end(&scan);
        }

    } while (said == SENSU_SPLIT_ELEMENT);

    free(copy);
}


static void
begin(sensu_key_kind_e kind)
{
    sensu_split_init(&splitter);
    sensu_key_scan_init(&scan, kind);

    splitter.read = sensu_key_read;
    splitter.data = &scan;

    feed("[", 1);
}


static void
expect(const case_t *c)
{
    expected.len = strlen(c->key);
    expected.ns_len = c->ns_len;
    expected.entity_len = c->entity_len;
    memcpy(expected.data, c->key, expected.len);
}


static void
test_case(const char *kernel, size_t i)
{
    int            right;
    size_t         j, cut, len;
    const case_t  *c;

    c = &cases[i];
    len = strlen(c->element);
    begin(c->kind);
    expect(c);
    right = 1;

    for (cut = 0; cut <= len; cut++) {
        feed(c->element, cut);
        feed(c->element + cut, len - cut);
        feed(",", 1);
        right = right && ref_key_same(got, &expected);
    }

    for (j = 0; j < len; j++) {
        feed(c->element + j, 1);
    }

    feed(",", 1);
    right = right && ref_key_same(got, &expected)
            && splitter.elements == len + 2;

    ok(right, "%s: case %zu: %s", kernel, i, *c->key ? "a key" : "no key");
}


/* what has no key does not have that of the element before it */

static void
test_none(const char *kernel)
{
    size_t  i;

    static const char *const  elements[] = {
        "7", "{}", "[]", "null", "\"name\"", "[{\"name\":\"b\"}]",
        "{\"x\":\"y\"}"
    };

    begin(NAME);

    for (i = 0; i < sizeof(elements) / sizeof(elements[0]); i++) {
        feed("{\"name\":\"a\"},", 13);
        is_int(got->key.len, 1, "%s: a key", kernel);

        feed(elements[i], strlen(elements[i]));
        feed(",", 1);
        is_int(got->key.len, 0, "%s: none of %s", kernel, elements[i]);
    }
}


/* names of any length, in chunks of any size: length, begin and hash */

static void
name_of(const char *ns, const char *name, size_t chunk, sensu_key_t *key,
    const char *last)
{
    size_t       i, n, len;
    static char  text[300000];

    len = sprintf(text, "{\"metadata\":{\"namespace\":\"%s\","
                        "\"name\":\"%s%s\"}}", ns, name, last);

    begin(META_NS);

    for (i = 0; i < len; i += n) {
        n = len - i < chunk ? len - i : chunk;
        feed(text + i, n);
    }

    sensu_key_copy(key, &got->key);
}


static void
test_long(const char *kernel)
{
    size_t              i, n, len;
    static char         name[80000];
    static sensu_key_t  key, other;

    static const size_t  lengths[] = {
        1, 255, 256, 257, 508, 509, 510, 511, 512, 513, 1000,
        SENSU_KEY_MAX - 3, SENSU_KEY_MAX - 2, SENSU_KEY_MAX - 1, SENSU_KEY_MAX,
        SENSU_KEY_MAX + 1, 3 * SENSU_KEY_MAX - 1, 70000
    };

    /* whatever a character is made of, and wherever a piece of it ends */

    static const char *const  letters[] = {
        "x", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\\ud83d\\ude00",
        "\\u0041", NULL
    };
    static const size_t  bytes[] = { 1, 2, 3, 4, 4, 1 };

    for (i = 0; letters[i]; i++) {
        for (n = 0; n < sizeof(lengths) / sizeof(lengths[0]); n++) {
            name[0] = '\0';

            for (len = 0; len < lengths[n]
                          && len < sizeof(name) / 12; len++)
            {
                strcpy(name + len * strlen(letters[i]), letters[i]);
            }

            name_of("n", name, sizeof(name), &key, "");
            ok(key.len == 2 + len * bytes[i] && !got->unfit,
               "%s: a name of %zu times %s", kernel, len, letters[i]);

            name_of("n", name, 1 + n, &other, "");
            ok(sensu_key_cmp(&key, &other) == 0, "in chunks of %zu", 1 + n);

            name_of("n", name, 100, &other, "z");
            ok(sensu_key_cmp(&key, &other) < 0, "a longer one is another");

            name_of("n", name, 100, &other, "\\ud800");
            ok(other.len == 0 && got->unfit == 1 << SENSU_KEY_LAST
               && sensu_key_is(&got->part[SENSU_KEY_NS], sensu_str("n")),
               "one that ends badly can not be read, its namespace can");
        }
    }

    memset(name, 'x', 5000);
    name[5000] = '\0';

    name_of("n", name, 100, &key, "a");
    name_of("n", name, 100, &other, "b");
    ok(sensu_key_cmp(&key, &other) < 0 && sensu_key_cmp(&other, &key) < 0,
       "%s: one begin, another end: no order", kernel);

    name_of(name, "x", 100, &key, "");
    ok(sensu_key_is(&got->part[SENSU_KEY_NS], (sensu_str_t) {
           5000, (unsigned char *) name }), "a long namespace is itself");
    name[4999] = 'y';
    ok(!sensu_key_is(&got->part[SENSU_KEY_NS], (sensu_str_t) {
           5000, (unsigned char *) name }), "and no other of its length");
    ok(!sensu_key_is(&got->part[SENSU_KEY_NS], (sensu_str_t) {
           SENSU_KEY_MAX, (unsigned char *) name }), "nor its begin");
}


/* a namespace that is there, and one that is not */

static void
test_unfit(const char *kernel)
{
    size_t  i;

    static const struct {
        const char  *ns;
        int          unfit;
    } cases[] = {
        { "\"dev\"", 0 }, { "\"\"", 0 }, { "null", 0 }, { "\"\\ud800\"", 1 },
        { "\"\\u0000\"", 1 }, { "\"dev\\u0000\"", 1 }, { "\"\xff\"", 1 },
        { "7", 1 }, { "{}", 1 }, { "[\"dev\"]", 1 }, { "true", 1 },
        { "\"\\ud800\",\"namespace\":\"dev\"", 0 },
        { "\"dev\",\"namespace\":\"\\ud800\"", 1 }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char  text[100];

        sprintf(text, "{\"metadata\":{\"namespace\":%s,\"name\":\"a\"}}",
                cases[i].ns);

        begin(META_NS);
        feed(text, strlen(text));

        is_int(got->unfit, cases[i].unfit << SENSU_KEY_NS, "%s: namespace %s",
               kernel, cases[i].ns);
    }
}


/* names, wherever in a block they begin, with another block behind them */

static void
test_blocks(const char *kernel)
{
    int     pad, right;
    char    text[400];
    size_t  i;

    static const char *const  names[] = { "name", "\\u006eame" };

    right = 1;

    for (i = 0; i < 2; i++) {
        for (pad = 0; pad < 2 * 64; pad++) {
            sprintf(text, "{\"x\":\"%*s\",\"%s\":\"a\",\"y\":\"%150s\"}", pad,
                    "", names[i], "");

            got = NULL;
            begin(NAME);
            feed(text, strlen(text));
            right = right && got && got->key.len == 1;
        }
    }

    ok(right, "%s: names in all places of a block", kernel);
}


/* as deep as may be, and deeper, wherever the key is */

static void
test_deep(const char *kernel)
{
    size_t  i, levels;
    char    text[2 * SENSU_SPLIT_MAX_DEPTH + 100];

    for (levels = SENSU_SPLIT_MAX_DEPTH - 2;
         levels < SENSU_SPLIT_MAX_DEPTH;
         levels++)
    {
        strcpy(text, "{\"x\":");

        for (i = 0; i < levels; i++) {
            strcat(text, "[");
        }

        for (i = 0; i < levels; i++) {
            strcat(text, "]");
        }

        strcat(text, ",\"name\":\"a\"}");

        got = NULL;
        begin(NAME);
        feed(text, strlen(text));

        if (levels + 1 < SENSU_SPLIT_MAX_DEPTH) {
            ok(got && got->key.len == 1, "%s: a key behind %zu levels", kernel,
               levels);

        } else {
            ok(!got && said == SENSU_SPLIT_ERROR, "%s: %zu are too many",
               kernel, levels);
        }
    }
}


static void
test_kinds(void)
{
    size_t  i;

    static const struct {
        const char        *resource;
        sensu_key_kind_e   kind;
    } kinds[] = {
        { "events", EVENT }, { "assets", ASSET }, { "checks", META_NS },
        { "entities", META_NS }, { "filters", META_NS },
        { "handlers", META_NS }, { "hooks", META_NS },
        { "mutators", META_NS }, { "extensions", META_NS },
        { "roles", META_NS }, { "rolebindings", META_NS },
        { "silenced", META_NS }, { "clusterroles", META },
        { "clusterrolebindings", META }, { "namespaces", NAME },
        { "users", USERNAME }, { "", SENSU_KEY_UNKNOWN },
        { "event", SENSU_KEY_UNKNOWN }, { "eventss", SENSU_KEY_UNKNOWN },
        { "Events", SENSU_KEY_UNKNOWN }, { "members", SENSU_KEY_UNKNOWN }
    };

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        is_int(sensu_key_kind((sensu_str_t) {
                   strlen(kinds[i].resource),
                   (const unsigned char *) kinds[i].resource }),
               kinds[i].kind, "the kind of \"%s\"", kinds[i].resource);
    }
}


/* the reference itself, against the table */

static void
test_reference(void)
{
    size_t  i;

    for (i = 0; i < CASES; i++) {
        ref_key(cases[i].kind, (const unsigned char *) cases[i].element,
                strlen(cases[i].element), &expected);
        ok(expected.len == strlen(cases[i].key)
           && memcmp(expected.data, cases[i].key, expected.len) == 0
           && expected.ns_len == cases[i].ns_len
           && expected.entity_len == cases[i].entity_len,
           "reference: case %zu", i);
    }
}


int
main(void)
{
    size_t       i;
    unsigned     k, ran;
    const char  *name;

    test_kinds();
    test_reference();

    for (ran = 0, k = 0; kernels[k]; k++) {
        name = sensu_split_select(kernels[k]);

        if (name == NULL) {
            printf("# this CPU has no %s\n", kernels[k]);
            continue;
        }

        ran++;

        for (i = 0; i < CASES; i++) {
            test_case(name, i);
        }

        test_none(name);
        test_blocks(name);
        test_long(name);
        test_unfit(name);
        test_deep(name);
    }

    ok(ran > 0, "%u kernels run here", ran);

    return done_testing();
}
