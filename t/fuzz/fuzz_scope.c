
/*
 * Scope: the value of sensu_namespaces against a plain list of its words, and
 * the verdict on a target against the rules said from the other end: what
 * exactly is let through, and as what.
 */


#include <stdio.h>
#include "sensu_scope.h"
#include "fuzz.h"


#define FUZZ_NAMES  2000


static const char *const  pieces[] = {
    "dev", "dev-eu", "dev.x", "ops", "a", "a-b", "a.b", "A", "_", "0", "..",
    ".", "...", ":", "*", " ", ",", ", ", "\t", "\r\n", "/", "%", "\xc3\xa4",
    ";", "\0", "-", "eva", "x", ",,", "dev,", "ops "
};

static const char *const  paths[] = {
    "checks", "checks/disk", "namespaces", "namespaces/dev", "namespaces/a",
    "namespaces/dev/checks", "namespaces/dev-eu/events/e", "namespaces/-/x",
    "namespaces/a-b/assets/n%2Fx", "users", "users/eva", "users/bob",
    "users/eva/password", "users/eva/reinstate", "users/eva/password/x",
    "clusterroles", "clusterrolebindings/x", "cluster/members", "tessen",
    "events", "events/entity", "silenced/checks/x", "rolebindings", "a"
};


/* the words of a value; n is -1 if one of them is not a name */

typedef struct {
    int                   n;
    int                   all;
    sensu_str_t           name[FUZZ_NAMES];
} fuzz_words_t;


static void
fuzz_wrong(const char *what, sensu_str_t value)
{
    fprintf(stderr, "%s: \"%.*s\"\n", what, (int) value.len, value.data);
    abort();
}


static int
fuzz_is_name(sensu_str_t word)
{
    char    text[FUZZ_NAMES + 1];
    size_t  len;

    memcpy(text, word.data, word.len);
    text[word.len] = '\0';

    len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                       "0123456789_-.:");

    return len == word.len && strcmp(text, ".") != 0
           && strcmp(text, "..") != 0;
}


static int
fuzz_blank(unsigned char c)
{
    return c == ' ' || c == ',' || c == '\t' || c == '\r' || c == '\n';
}


static int
fuzz_has(const fuzz_words_t *words, sensu_str_t name)
{
    int  i;

    for (i = 0; i < words->n; i++) {
        if (sensu_str_eq(words->name[i], name)) {
            return 1;
        }
    }

    return words->all;
}


/* each word once, in the order they came */

static void
fuzz_words(fuzz_words_t *words, sensu_str_t value)
{
    int          bad, count;
    size_t       i;
    sensu_str_t  word;

    words->n = words->all = 0;
    bad = count = 0;

    for (i = 0; i < value.len; i++) {

        if (fuzz_blank(value.data[i])) {
            continue;
        }

        word.data = value.data + i;

        for (word.len = 0; i < value.len && !fuzz_blank(value.data[i]); i++) {
            word.len++;
        }

        words->all = (++count == 1 && sensu_str_eq(word, sensu_str("*")));
        bad |= !fuzz_is_name(word);

        if (!bad && !fuzz_has(words, word)) {
            words->name[words->n++] = word;
        }
    }

    if (words->all && count == 1) {
        words->n = 0;
        return;
    }

    words->all = 0;

    if (bad || words->n > SENSU_SCOPE_MAX) {
        words->n = -1;
    }
}


static int
fuzz_before(sensu_str_t a, sensu_str_t b)
{
    char  left[FUZZ_NAMES + 2], right[FUZZ_NAMES + 2];

    snprintf(left, sizeof(left), "%.*s/", (int) a.len, a.data);
    snprintf(right, sizeof(right), "%.*s/", (int) b.len, b.data);

    return strcmp(left, right) < 0;
}


static int
fuzz_is(sensu_str_t text, const char *what)
{
    return text.len == strlen(what) && memcmp(text.data, what, text.len) == 0;
}


static sensu_scope_verdict_e
fuzz_verdict(const fuzz_words_t *words, const sensu_path_t *path,
    sensu_str_t user, sensu_scope_method_e method)
{
    int  get, self;

    get = (method == SENSU_SCOPE_GET);

    if (words->all) {
        return SENSU_SCOPE_PASS;
    }

    if (path->ns.len) {
        return fuzz_has(words, path->ns) ? SENSU_SCOPE_PASS
                                         : SENSU_SCOPE_DENY;
    }

    if (fuzz_is(path->resource, "namespaces")) {
        return !get ? SENSU_SCOPE_DENY
               : path->name.len == 0 ? SENSU_SCOPE_NAMESPACES
               : fuzz_has(words, path->name) ? SENSU_SCOPE_PASS
               : SENSU_SCOPE_DENY;
    }

    self = fuzz_is(path->resource, "users") && user.len
           && sensu_str_eq(path->name, user)
           && (path->subpath.len == 0 || fuzz_is(path->subpath, "password"));

    if (self && (get || method == SENSU_SCOPE_PUT)) {
        return SENSU_SCOPE_PASS;
    }

    if (!path->namespaced || !get || !path->list || words->n == 0) {
        return SENSU_SCOPE_DENY;
    }

    return words->n == 1 ? SENSU_SCOPE_ONE : SENSU_SCOPE_MERGE;
}


static void
fuzz_judge(const sensu_namespaces_t *set, const fuzz_words_t *words,
    unsigned which, sensu_scope_method_e method)
{
    char           text[128];
    sensu_str_t    raw, user;
    sensu_path_t   path;
    unsigned char  buf[400];

    raw.len = snprintf(text, sizeof(text), "/api/core/v2/%s",
                       paths[which % (sizeof(paths) / sizeof(paths[0]))]);
    raw.data = (unsigned char *) text;

    if (sensu_path_parse(&path, raw, buf) != SENSU_PATH_API) {
        fuzz_wrong("no path", raw);
    }

    user = (which & 0x80) ? sensu_str("") : sensu_str("eva");

    if (sensu_scope_judge(set, &path, user, method)
        != fuzz_verdict(words, &path, user, method))
    {
        fuzz_wrong("verdict", raw);
    }
}


/* the same text out of a token: it never is more than what it says */

static void
fuzz_data(sensu_str_t value)
{
    size_t              i, room;
    sensu_str_t         word, *names;
    sensu_namespaces_t  set;

    static fuzz_words_t  words;

    names = malloc(sizeof(sensu_str_t));
    set = (sensu_namespaces_t) { .names = names };

    if (sensu_namespaces_add_name(&set, value)
        != (value.len && fuzz_is_name(value))
        || set.all || (set.n && !sensu_str_eq(names[0], value)))
    {
        fuzz_wrong("one name", value);
    }

    free(names);

    words.n = words.all = 0;

    for (i = 0; i < value.len; i += word.len + 1) {
        word.data = value.data + i;
        word.len = 0;

        while (i + word.len < value.len && word.data[word.len] != ',') {
            word.len++;
        }

        if (word.len && fuzz_is_name(word) && !fuzz_has(&words, word)) {
            words.name[words.n++] = word;
        }
    }

    room = sensu_namespaces_room(value);
    names = malloc(room * sizeof(sensu_str_t));
    set = (sensu_namespaces_t) { .names = names };

    if (sensu_namespaces_add_groups(&set, value)
        != (words.n > SENSU_SCOPE_MAX ? -1 : 0)
        || set.all || (words.n <= SENSU_SCOPE_MAX && (int) set.n != words.n))
    {
        fuzz_wrong("groups", value);
    }

    for (i = 0; i < set.n; i++) {
        if (!fuzz_has(&words, set.names[i])) {
            fuzz_wrong("a group", value);
        }
    }

    free(names);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int                 rc;
    size_t              i, room;
    sensu_str_t         value, *names;
    unsigned char      *copy;
    sensu_namespaces_t  set;

    static fuzz_text_t   text;
    static fuzz_words_t  words;

    if (size < 3) {
        return 0;
    }

    fuzz_text(&text, data + 2, size - 2, pieces,
              sizeof(pieces) / sizeof(pieces[0]), "dev,");

    copy = malloc(text.len ? text.len : 1);
    memcpy(copy, text.data, text.len);

    value.data = text.len ? copy : NULL;
    value.len = text.len;

    room = sensu_namespaces_room(value);
    names = malloc((room ? room : 1) * sizeof(sensu_str_t));

    set = (sensu_namespaces_t) { .names = names };

    rc = sensu_namespaces_add(&set, value);
    fuzz_words(&words, value);

    if ((rc == 0) != (words.n >= 0) || (rc != 0 && (set.n || set.all))) {
        fuzz_wrong("taken or refused", value);
    }

    if (rc != 0) {
        words.n = 0;
    }

    if (set.all != (unsigned) words.all || set.n != (size_t) words.n) {
        fuzz_wrong("number of names", value);
    }

    for (i = 0; i < set.n; i++) {
        if (!fuzz_has(&words, set.names[i])
            || !sensu_namespaces_has(&set, words.name[i])
            || (i && !fuzz_before(set.names[i - 1], set.names[i])))
        {
            fuzz_wrong("names or their order", value);
        }
    }

    fuzz_judge(&set, &words, data[0],
               (sensu_scope_method_e) (data[1] % 3));

    free(names);

    fuzz_data(value);
    free(copy);

    return 0;
}
