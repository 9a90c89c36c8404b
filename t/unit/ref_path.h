
/*
 * The reference for paths: the same rules said in another way, on the whole
 * decoded text and with regular expressions, slow and simple.
 */


#ifndef _REF_PATH_H_INCLUDED_
#define _REF_PATH_H_INCLUDED_


#include <ctype.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include "sensu_path.h"


#define REF_PATH_MAX  4096           /* bytes of a raw path */


typedef struct {
    sensu_path_rc_e       rc;
    sensu_scope_e         scope;
    char                  group[REF_PATH_MAX];
    char                  version[REF_PATH_MAX];
    char                  ns[REF_PATH_MAX];
    char                  resource[REF_PATH_MAX];
    char                  name[REF_PATH_MAX];
    char                  subpath[3 * REF_PATH_MAX];
    char                  target[4 * REF_PATH_MAX];
    int                   wildcard;
    int                   list;
    int                   namespaced;

    char                  segs[REF_PATH_MAX / 2 + 2][REF_PATH_MAX];
    int                   nsegs;
} ref_path_t;


/* of a NUL-terminated text; c is -1 for an escape that is none */

static const char *
ref_path_byte(const char *s, int *c)
{
    char  hex[3] = { 0, 0, 0 };

    *c = (unsigned char) *s;

    if (*s != '%') {
        return s + 1;
    }

    if (!isxdigit((unsigned char) s[1]) || !isxdigit((unsigned char) s[2])) {
        *c = -1;
        return s + 1;
    }

    memcpy(hex, s + 1, 2);
    *c = (int) strtol(hex, NULL, 16);

    return s + 3;
}


static void
ref_path_decode(char *dst, const char *s)
{
    int  c;

    while (*s) {
        s = ref_path_byte(s, &c);
        *dst++ = (char) c;
    }

    *dst = '\0';
}


static void
ref_path_encode(char *dst, const char *s)
{
    unsigned char  c;

    dst += strlen(dst);

    while (*s) {
        c = (unsigned char) *s++;

        if ((c < 0x80 && isalnum(c)) || strchr("-._~!$&'()*+,;=:@", c)) {
            *dst++ = (char) c;

        } else {
            dst += sprintf(dst, "%%%02X", c);
        }
    }

    *dst = '\0';
}


static int
ref_path_matches(const char *s, const char *pattern)
{
    size_t  i;

    static struct {
        const char  *pattern;
        regex_t      regex;
    } known[8];

    for (i = 0; known[i].pattern != NULL; i++) {
        if (strcmp(known[i].pattern, pattern) == 0) {
            break;
        }
    }

    if (known[i].pattern == NULL) {

        if (regcomp(&known[i].regex, pattern, REG_EXTENDED|REG_NOSUB) != 0) {
            abort();
        }

        known[i].pattern = pattern;
    }

    return regexec(&known[i].regex, s, 0, NULL, 0) == 0;
}


/* what is refused in any path; text is the path without a trailing slash */

static int
ref_path_unsafe(const char *text)
{
    int          c;
    char         decoded[REF_PATH_MAX + 2], *p;
    const char  *s;

    p = decoded;

    for (s = text; *s; /* void */ ) {
        s = ref_path_byte(s, &c);

        if (c < 0x20 || c == 0x7f || strchr("\\ #?%", c) != NULL) {
            return 1;
        }

        *p++ = (char) c;
    }

    *p++ = '/';
    *p = '\0';

    return strstr(decoded, "//") != NULL || strstr(decoded, "/./") != NULL
           || strstr(decoded, "/../") != NULL;
}


static void
ref_path_split(ref_path_t *r, char *text)
{
    char  *s, *slash;

    r->nsegs = 0;

    for (s = text; *s == '/'; s = slash) {
        s++;
        slash = s + strcspn(s, "/");

        memcpy(r->segs[r->nsegs], s, slash - s);
        r->segs[r->nsegs++][slash - s] = '\0';
    }
}


/* the index of the segment after the version, or 0 with r->rc set */

static int
ref_path_group(ref_path_t *r)
{
    int  i;

    static const char  version[] =
        "^v[1-9][0-9]{0,8}((alpha|beta)([1-9][0-9]{0,8})?)?$";

    r->group[0] = '\0';

    for (i = 1; i < r->nsegs && i <= 3; i++) {

        if (strchr(r->segs[i], '%') != NULL) {
            r->rc = SENSU_PATH_UNSAFE;
            return 0;
        }

        if (ref_path_matches(r->segs[i], version)) {
            strcpy(r->version, r->segs[i]);
            return i == 1 ? 0 : i + 1;
        }

        if (!ref_path_matches(r->segs[i], "^[a-z0-9][a-z0-9.-]*$")) {
            return 0;
        }

        if (i == 2) {
            strcat(r->group, "/");
        }

        strcat(r->group, r->segs[i]);
    }

    return 0;
}


static int
ref_path_cluster(const ref_path_t *r)
{
    return strcmp(r->resource, "namespaces") == 0
           || (strcmp(r->group, "core") == 0
               && ref_path_matches(r->resource, "^(users|clusterroles|"
                                   "clusterrolebindings|cluster|tessen|"
                                   "apikeys)$"));
}


static int
ref_path_list(const ref_path_t *r)
{
    int  core;

    core = strcmp(r->group, "core") == 0;

    return r->name[0] == '\0'
           || (core && strcmp(r->resource, "events") == 0
               && r->scope == SENSU_SCOPE_NAMESPACE && r->subpath[0] == '\0')
           || (core && strcmp(r->resource, "silenced") == 0
               && (strcmp(r->name, "checks") == 0
                   || strcmp(r->name, "subscriptions") == 0)
               && r->subpath[0] != '\0' && strchr(r->subpath, '/') == NULL);
}


static void
ref_path_target(ref_path_t *r)
{
    sprintf(r->target, "/api/%s/%s", r->group, r->version);

    if (r->scope == SENSU_SCOPE_NAMESPACE) {
        strcat(r->target, "/namespaces/");
        ref_path_encode(r->target, r->ns);
    }

    strcat(strcat(r->target, "/"), r->resource);

    if (r->name[0]) {
        strcat(r->target, "/");
        ref_path_encode(r->target, r->name);
    }

    if (r->subpath[0]) {
        strcat(strcat(r->target, "/"), r->subpath);
    }
}


/* sets r->rc; r->rc is UNKNOWN before */

static void
ref_path_api(ref_path_t *r)
{
    int   i, j;
    char  text[REF_PATH_MAX];

    i = ref_path_group(r);

    if (i == 0 || (i == r->nsegs && strcmp(r->group, "core") == 0)) {
        return;
    }

    r->scope = SENSU_SCOPE_CLUSTER;

    if (i == r->nsegs) {
        r->rc = SENSU_PATH_API;
        sprintf(r->target, "/api/%s/%s", r->group, r->version);
        return;
    }

    if (strcmp(r->segs[i], "namespaces") == 0 && r->nsegs - i > 2) {
        r->scope = SENSU_SCOPE_NAMESPACE;
        ref_path_decode(r->ns, r->segs[i + 1]);
        i += 2;
    }

    if (strchr(r->segs[i], '%') != NULL) {
        r->rc = SENSU_PATH_UNSAFE;
        return;
    }

    if (!ref_path_matches(r->segs[i], "^[a-z][a-z0-9_-]*$")) {
        return;
    }

    strcpy(r->resource, r->segs[i]);
    r->namespaced = !ref_path_cluster(r);

    if (r->scope == SENSU_SCOPE_NAMESPACE && !r->namespaced) {
        return;
    }

    if (strcmp(r->ns, "-") == 0) {
        r->wildcard = 1;
        r->scope = SENSU_SCOPE_CLUSTER;
        r->ns[0] = '\0';
    }

    if (++i < r->nsegs) {
        ref_path_decode(r->name, r->segs[i]);
    }

    for (j = i + 1; j < r->nsegs; j++) {
        strcat(r->subpath, j == i + 1 ? "" : "/");
        ref_path_decode(text, r->segs[j]);
        ref_path_encode(r->subpath, text);
    }

    r->list = ref_path_list(r);
    r->rc = SENSU_PATH_API;
    ref_path_target(r);
}


/* is a doubled slash all that is wrong, and is it a namespace's name? */

static int
ref_path_nameless(ref_path_t *r, const char *text)
{
    int          i;
    char         named[REF_PATH_MAX + 16], *end;
    const char  *p;

    p = strstr(text, "/namespaces//");

    if (p == NULL || strstr(text, "%2f") || strstr(text, "%2F")) {
        return 0;
    }

    end = stpncpy(named, text, p - text);
    sprintf(end, "/namespaces/~nobody~/%s", p + sizeof("/namespaces//") - 1);

    if (ref_path_unsafe(named)) {
        return 0;
    }

    ref_path_split(r, named);

    i = strcmp(r->segs[0], "api") == 0 ? ref_path_group(r) : 0;

    return i != 0 && r->nsegs - i > 2
           && strcmp(r->segs[i], "namespaces") == 0
           && strcmp(r->segs[i + 1], "~nobody~") == 0;
}


static void
ref_path_parse(ref_path_t *r, sensu_str_t raw)
{
    int   i, slashes, trailing, asset;
    char  text[REF_PATH_MAX], first[REF_PATH_MAX];

    r->rc = SENSU_PATH_UNSAFE;
    r->scope = SENSU_SCOPE_NONE;
    r->wildcard = r->list = r->namespaced = 0;
    r->group[0] = r->version[0] = r->ns[0] = r->resource[0] = '\0';
    r->name[0] = r->subpath[0] = r->target[0] = '\0';

    if (raw.len == 0 || raw.data[0] != '/' || raw.len >= REF_PATH_MAX
        || memchr(raw.data, '\0', raw.len) != NULL)
    {
        return;
    }

    memcpy(text, raw.data, raw.len);
    text[raw.len] = '\0';

    trailing = (text[raw.len - 1] == '/');

    if (trailing) {
        text[raw.len - 1] = '\0';
    }

    if (text[0] && ref_path_unsafe(text)) {
        r->rc = ref_path_nameless(r, text) ? SENSU_PATH_UNKNOWN
                                           : SENSU_PATH_UNSAFE;
        r->group[0] = r->version[0] = '\0';
        return;
    }

    ref_path_split(r, text);

    slashes = 0;

    for (i = 0; i < r->nsegs; i++) {
        slashes += (strstr(r->segs[i], "%2f") || strstr(r->segs[i], "%2F"));
    }

    r->rc = SENSU_PATH_OTHER;

    if (r->nsegs) {
        ref_path_decode(first, r->segs[0]);

        if (strcmp(first, "api") == 0) {

            if (strcmp(r->segs[0], "api") != 0) {
                r->rc = SENSU_PATH_UNSAFE;
                return;
            }

            r->rc = SENSU_PATH_UNKNOWN;
            ref_path_api(r);
        }
    }

    asset = (r->rc == SENSU_PATH_API && strcmp(r->group, "core") == 0
             && strcmp(r->resource, "assets") == 0
             && strchr(r->name, '/') != NULL);

    if (slashes > asset) {
        r->rc = SENSU_PATH_UNSAFE;

    } else if (r->rc == SENSU_PATH_API && trailing) {
        r->rc = SENSU_PATH_UNKNOWN;
    }
}


#endif /* _REF_PATH_H_INCLUDED_ */
