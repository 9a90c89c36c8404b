
/*
 * Bodies: none is let through in which a lenient decoder would find another
 * namespace or name than the URL's, or one that climbs.
 */


#include <stdio.h>
#include "sensu_body.h"
#include "../unit/ref_body.h"
#include "fuzz.h"


/* the reference's field and what it has to be, or NULL: need not climb */

typedef struct {
    ref_field_e           field;
    const char           *expected;
} fuzz_rule_t;


typedef struct {
    const char           *path;
    int                   post;
    int                   event;
    fuzz_rule_t           rules[8];
} fuzz_target_t;


#define RULES_END  { REF_FIELDS, NULL }

#define API  "/api/core/v2"
#define NS   API "/namespaces/dev"


static const fuzz_target_t  targets[] = {
    { NS "/checks", 1, 0,
      { { REF_META_NS, "dev" }, { REF_META_NAME, NULL }, RULES_END } },
    { NS "/checks/n", 0, 0,
      { { REF_META_NS, "dev" }, { REF_META_NAME, "n" }, RULES_END } },
    { NS "/assets/n%2Fdev", 0, 0,
      { { REF_META_NS, "dev" }, { REF_META_NAME, "n/dev" }, RULES_END } },
    { NS "/checks/n/execute", 1, 0,
      { { REF_META_NS, "dev" }, { REF_CHECK, "n" }, RULES_END } },
    { NS "/events", 1, 1,
      { { REF_META_NS, "dev" }, { REF_ENTITY_NS, "dev" },
        { REF_CHECK_NS, "dev" }, { REF_ENTITY_NAME, NULL },
        { REF_CHECK_NAME, NULL }, { REF_PROXY, NULL }, RULES_END } },
    { NS "/events/n/dev", 0, 1,
      { { REF_META_NS, "dev" }, { REF_ENTITY_NS, "dev" },
        { REF_CHECK_NS, "dev" }, { REF_ENTITY_NAME, "n" },
        { REF_CHECK_NAME, "dev" }, { REF_PROXY, NULL }, RULES_END } },
    { NS "/silenced", 1, 0,
      { { REF_META_NS, "dev" }, { REF_SUBSCRIPTION, NULL },
        { REF_CHECK, NULL }, RULES_END } },
    { NS "/silenced/n:%2A", 0, 0,
      { { REF_META_NS, "dev" }, { REF_SUBSCRIPTION, "n" }, RULES_END } },
    { API "/namespaces", 1, 0, { { REF_NAME, NULL }, RULES_END } },
    { API "/namespaces/n", 0, 0, { { REF_NAME, "n" }, RULES_END } },
    { API "/users/n", 0, 0, { { REF_USERNAME, "n" }, RULES_END } },
    { API "/clusterroles/n", 0, 0, { { REF_META_NAME, "n" }, RULES_END } },
    { "/api/x/y/v1/namespaces/dev/z/n", 0, 0,
      { { REF_META_NS, "dev" }, { REF_META_NAME, "n" }, RULES_END } }
};


static const char *const  names[] = {
    "metadata", "name", "namespace", "entity", "check", "username",
    "subscription", "proxy_entity_name", "labels", "Metadata", "NAME",
    "name\xc5\xbfpace", "chec\xe2\x84\xaa", "ent\xc4\xb0ty", "\\u006eame",
    "name\\u017fpace", "user\xc5\xbfname", "Check", "Entity", "meta", "x"
};

static const char *const  values[] = {
    "\"dev\"", "\"n\"", "\"dev-eu\"", "\"\"", "null", "\"n/dev\"",
    "\"d\\u0065v\"", "\"..\"", "\"../dev-eu/n\"", "\"n/./dev\"", "7", "[]",
    "\"n\\u0000\"", "\"\\ud800\"", "\"n\xff\"", "{\"name\":\"dev-eu\"}",
    "12345678901234567890123", "true", "\"*\"", "\"dev\\/x\"",
    "\"de\"", "\"devs\""
};

static const char *const  endings[] = {
    "", "", "", "", " \r\n", "{}", "x", ",", "\xef\xbb\xbf", "]"
};


#define NAMES   (sizeof(names) / sizeof(names[0]))
#define VALUES  (sizeof(values) / sizeof(values[0]))


static void
fuzz_object(fuzz_maker_t *maker, unsigned depth)
{
    unsigned  i, n;

    n = 1 + fuzz_choose(maker, 4);

    fuzz_puts(maker->text, "{");

    for (i = 0; i < n; i++) {
        fuzz_puts(maker->text, i ? ",\"" : "\"");
        fuzz_puts(maker->text, names[fuzz_choose(maker, NAMES)]);
        fuzz_puts(maker->text, "\":");

        if (depth < 4 && fuzz_choose(maker, 2)) {
            fuzz_object(maker, depth + 1);

        } else {
            fuzz_puts(maker->text, values[fuzz_choose(maker, VALUES)]);
        }
    }

    fuzz_puts(maker->text, "}");
}


/* is any piece of it, between slashes, a dot segment? */

static int
fuzz_climbs(const unsigned char *text, size_t len)
{
    char    slashed[REF_BODY_MAX + 3];
    size_t  i;

    slashed[0] = '/';

    for (i = 0; i < len; i++) {
        slashed[i + 1] = text[i] ? (char) text[i] : '0';
    }

    slashed[len + 1] = '/';
    slashed[len + 2] = '\0';

    return strstr(slashed, "/./") != NULL || strstr(slashed, "/../") != NULL;
}


/* would the backend, which took this from the body, go astray? */

static int
fuzz_astray(const ref_body_t *r, const fuzz_rule_t *rule)
{
    size_t  len;

    for ( /* void */ ; rule->field != REF_FIELDS; rule++) {
        len = r->len[rule->field];

        if (len == 0) {
            continue;
        }

        if (fuzz_climbs(r->text[rule->field], len)) {
            return 1;
        }

        if (rule->expected != NULL
            && (len != strlen(rule->expected)
                || memcmp(r->text[rule->field], rule->expected, len) != 0))
        {
            return 1;
        }
    }

    return 0;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int                   sound, wrong;
    const char           *why;
    sensu_str_t           raw;
    sensu_path_t          path;
    unsigned char        *body, buf[1024];
    fuzz_maker_t          maker;
    sensu_body_rc_e       rc;
    const fuzz_target_t  *target;

    static ref_body_t   r;
    static fuzz_text_t  text;

    if (size < 2) {
        return 0;
    }

    target = &targets[data[1] % (sizeof(targets) / sizeof(targets[0]))];

    raw.data = (const unsigned char *) target->path;
    raw.len = strlen(target->path);

    if (sensu_path_parse(&path, raw, buf) != SENSU_PATH_API) {
        abort();
    }

    text.len = 0;

    if (data[0] % 4 == 0) {
        fuzz_add(&text, data + 2, size - 2);

    } else {
        maker.p = data + 2;
        maker.last = data + size;
        maker.text = &text;

        fuzz_object(&maker, 0);
        fuzz_puts(&text, endings[data[0] / 4 % 10]);
    }

    body = malloc(text.len ? text.len : 1);
    memcpy(body, text.data, text.len);

    rc = sensu_body_check(&path, body, text.len, &why);
    sound = ref_body(&r, body, text.len, target->event);

    wrong = (rc == SENSU_BODY_OK) != (why == NULL)
            || (rc == SENSU_BODY_OK && sound && fuzz_astray(&r, target->rules));

    if (wrong) {
        fprintf(stderr, "%s: verdict %d (%s), backend %s: %.*s\n",
                target->path, rc, why ? why : "", sound ? "takes" : "refuses",
                (int) text.len, text.data);
        abort();
    }

    free(body);

    return 0;
}
