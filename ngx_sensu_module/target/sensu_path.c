
/*
 * The target: checked as a whole for what nginx and the backend would read
 * differently, then taken apart segment by segment, then rebuilt.
 */


#include "sensu_path.h"
#include "sensu_path_api.h"
#include "sensu_percent.h"


typedef struct {
    sensu_str_t           raw;       /* as it came, between two slashes */
    unsigned              escaped:1;
} sensu_segment_t;


typedef struct {
    const unsigned char  *pos;       /* at a slash, or at the end */
    const unsigned char  *last;
    unsigned char        *out;       /* where the next decoded text goes */
    unsigned              slashes;   /* segments with an encoded slash */
    unsigned              escaped:1; /* something of it */
    unsigned              trailing:1;
    unsigned              nameless:1;/* "/namespaces//": where it may stand is
                                        told by the grammar */
} sensu_path_reader_t;


static const char *sensu_path_check(sensu_path_reader_t *r, sensu_str_t raw);
static const char *sensu_path_check_segment(sensu_path_reader_t *r,
    sensu_str_t *seg, const unsigned char *last);
static int sensu_path_next(sensu_path_reader_t *r, sensu_segment_t *seg);
static sensu_str_t sensu_path_decode(sensu_path_reader_t *r, sensu_str_t raw);
static sensu_path_rc_e sensu_path_api(sensu_path_t *path,
    sensu_path_reader_t *r);
static sensu_path_rc_e sensu_path_group(sensu_path_t *path,
    sensu_path_reader_t *r);
static sensu_path_rc_e sensu_path_object(sensu_path_t *path,
    sensu_path_reader_t *r, const sensu_segment_t *resource);
static void sensu_path_rest(sensu_path_t *path, sensu_path_reader_t *r);
static int sensu_path_cluster_scoped(const sensu_path_t *path);
static int sensu_path_is_list(const sensu_path_t *path);
static int sensu_path_resource_ok(sensu_str_t s);
static sensu_path_rc_e sensu_path_fail(sensu_path_t *path, sensu_path_rc_e rc,
    const char *why);


/*
 * Of group core, in every version; "apikeys" came after 5.5.  A resource of
 * another group counts as namespaced, which is the stricter reading.
 */

static const sensu_str_t  sensu_cluster_scoped[] = {
    { 10, (const unsigned char *) "namespaces" },
    { 5, (const unsigned char *) "users" },
    { 12, (const unsigned char *) "clusterroles" },
    { 19, (const unsigned char *) "clusterrolebindings" },
    { 7, (const unsigned char *) "cluster" },
    { 6, (const unsigned char *) "tessen" },
    { 7, (const unsigned char *) "apikeys" }
};


sensu_path_rc_e
sensu_path_parse(sensu_path_t *path, sensu_str_t raw, unsigned char *buf)
{
    unsigned             allowed;
    const char          *why;
    sensu_path_rc_e      rc;
    sensu_path_reader_t  r;

    memset(path, 0, sizeof(sensu_path_t));
    memset(&r, 0, sizeof(sensu_path_reader_t));

    r.out = buf;

    why = sensu_path_check(&r, raw);

    if (why != NULL) {
        return sensu_path_fail(path, SENSU_PATH_UNSAFE, why);
    }

    rc = sensu_path_api(path, &r);

    if (r.nameless) {
        return sensu_path_fail(path, SENSU_PATH_UNSAFE, "a doubled slash");
    }

    /* a name may hold slashes where it is an asset's, nothing else may */

    allowed = (rc == SENSU_PATH_API
               && sensu_str_eq(path->group, sensu_str("core"))
               && sensu_str_eq(path->resource, sensu_str("assets"))
               && path->name.len != 0
               && memchr(path->name.data, '/', path->name.len) != NULL);

    if (rc != SENSU_PATH_UNSAFE && r.slashes > allowed) {
        return sensu_path_fail(path, SENSU_PATH_UNSAFE, "an encoded slash");
    }

    if (rc == SENSU_PATH_API && r.trailing) {
        return sensu_path_fail(path, SENSU_PATH_UNKNOWN, "a trailing slash");
    }

    return rc;
}


/* whatever is wrong in any kind of path; prepares the reader */

static const char *
sensu_path_check(sensu_path_reader_t *r, sensu_str_t raw)
{
    const char           *why;
    sensu_str_t           seg, before;
    const unsigned char  *p, *last;

    if (raw.len == 0 || raw.data[0] != '/') {
        return "no leading slash";
    }

    last = raw.data + raw.len;

    r->pos = raw.data;
    r->last = last;
    r->escaped = (memchr(raw.data, '%', raw.len) != NULL);

    seg.len = 0;
    seg.data = raw.data;

    for (p = raw.data; p < last; p = seg.data + seg.len) {
        before = seg;
        seg.data = p + 1;
        seg.len = 0;

        if (seg.data < last && *seg.data == '/' && !r->nameless
            && sensu_str_eq(before, sensu_str("namespaces")))
        {
            r->nameless = 1;
            continue;
        }

        why = sensu_path_check_segment(r, &seg, last);

        if (why != NULL) {
            return why;
        }
    }

    return NULL;
}


/* most bytes, of which nobody thinks anything */

static const unsigned char  sensu_path_ordinary[256] = {
    ['a' ... 'z'] = 1, ['A' ... 'Z'] = 1, ['0' ... '9'] = 1, ['-'] = 1,
    ['_'] = 1
};


/*
 * Space, control bytes and "#" end the target for some reader, a backslash
 * is a slash for some.  No Sensu name holds one of them, "?" or "%", so none
 * may be there once decoded either: a proxy_pass with $uri or captures sends
 * it decoded, and the backend would decode it again.  An encoded slash parts
 * the segment into pieces, each of which has to be a sound segment itself.
 * The segment begins at seg->data and gets its length here.
 */

static const char *
sensu_path_check_segment(sensu_path_reader_t *r, sensu_str_t *seg,
    const unsigned char *last)
{
    int                   c, end, slash;
    size_t                len, dots;
    const unsigned char  *p, *start;

    p = seg->data;

    len = 0;
    dots = 0;
    slash = 0;

    for ( ;; ) {

        start = p;

        while (p < last && sensu_path_ordinary[*p]) {
            p++;
        }

        len += p - start;
        end = (p == last || *p == '/');
        c = end ? '/' : sensu_percent_next(&p, last);

        if (c == -1) {
            return "a malformed percent escape";
        }

        if (c < 0x20 || c == 0x7f) {
            return "a control byte";
        }

        if (c == '\\') {
            return "a backslash";
        }

        if (c == ' ' || c == '#' || c == '?' || c == '%') {
            return "a byte that no name holds";
        }

        if (c != '/') {
            len++;
            dots += (c == '.');
            continue;
        }

        if (p == seg->data && p == last) {
            r->trailing = 1;
            r->last = seg->data - 1;
            return NULL;
        }

        if (len == 0) {
            return "a doubled slash";
        }

        if (len <= 2 && dots == len) {
            return "a dot segment";
        }

        if (end) {
            break;
        }

        slash = 1;
        len = 0;
        dots = 0;
    }

    seg->len = p - seg->data;
    r->slashes += slash;

    return NULL;
}


static int
sensu_path_next(sensu_path_reader_t *r, sensu_segment_t *seg)
{
    const unsigned char  *p;

    if (r->pos == r->last) {
        return 0;
    }

    seg->raw.data = r->pos + 1;

    p = memchr(seg->raw.data, '/', r->last - seg->raw.data);
    r->pos = (p == NULL) ? r->last : p;

    seg->raw.len = r->pos - seg->raw.data;
    seg->escaped = r->escaped
                   && memchr(seg->raw.data, '%', seg->raw.len) != NULL;

    return 1;
}


/* of bytes that sensu_path_check() has passed */

static sensu_str_t
sensu_path_decode(sensu_path_reader_t *r, sensu_str_t raw)
{
    sensu_str_t           s;
    const unsigned char  *p, *last;

    if (!r->escaped) {
        return raw;
    }

    s.data = r->out;

    p = raw.data;
    last = raw.data + raw.len;

    while (p < last) {
        *r->out++ = (unsigned char) sensu_percent_next(&p, last);
    }

    s.len = r->out - s.data;

    return s;
}


static sensu_path_rc_e
sensu_path_api(sensu_path_t *path, sensu_path_reader_t *r)
{
    sensu_str_t      text;
    sensu_path_rc_e  rc;
    sensu_segment_t  seg, name;

    if (!sensu_path_next(r, &seg)) {
        return SENSU_PATH_OTHER;
    }

    text = sensu_path_decode(r, seg.raw);

    if (!sensu_str_eq(text, sensu_str("api"))) {
        return SENSU_PATH_OTHER;
    }

    if (seg.escaped) {
        return sensu_path_fail(path, SENSU_PATH_UNSAFE, "an escaped literal");
    }

    rc = sensu_path_group(path, r);

    if (rc != SENSU_PATH_API) {
        return rc;
    }

    path->scope = SENSU_SCOPE_CLUSTER;

    if (!sensu_path_next(r, &seg)) {

        /* an action, as enterprise/prune/v1alpha is; core has none */

        return sensu_str_eq(path->group, sensu_str("core"))
               ? sensu_path_fail(path, SENSU_PATH_UNKNOWN, "no resource")
               : SENSU_PATH_API;
    }

    if (!sensu_str_eq(seg.raw, sensu_str("namespaces"))) {
        return sensu_path_object(path, r, &seg);
    }

    /* "namespaces" itself is the resource unless another one follows */

    if (!sensu_path_next(r, &name)) {
        return sensu_path_object(path, r, &seg);
    }

    if (r->pos == r->last) {
        r->pos = name.raw.data - 1;
        return sensu_path_object(path, r, &seg);
    }

    if (name.raw.len == 0) {
        /* what a client asks for that was given no namespace */
        r->nameless = 0;
        return sensu_path_fail(path, SENSU_PATH_UNKNOWN, "no namespace");
    }

    path->scope = SENSU_SCOPE_NAMESPACE;
    path->ns = sensu_path_decode(r, name.raw);

    (void) sensu_path_next(r, &seg);

    return sensu_path_object(path, r, &seg);
}


/* the segments up to the version: one or two of the group, the version */

static sensu_path_rc_e
sensu_path_group(sensu_path_t *path, sensu_path_reader_t *r)
{
    int              i;
    sensu_str_t      raw;
    sensu_segment_t  seg;

    raw.data = r->pos + 1;
    raw.len = 0;

    for (i = 0; i < 3; i++) {

        if (!sensu_path_next(r, &seg)) {
            return sensu_path_fail(path, SENSU_PATH_UNKNOWN, "no version");
        }

        if (seg.escaped) {
            return sensu_path_fail(path, SENSU_PATH_UNSAFE,
                                   "an escaped literal");
        }

        if (sensu_path_version_valid(seg.raw)) {
            break;
        }

        if (i == 2 || !sensu_path_group_valid(seg.raw)) {
            return sensu_path_fail(path, SENSU_PATH_UNKNOWN, "no version");
        }

        raw.len = r->pos - raw.data;
    }

    if (raw.len == 0) {
        return sensu_path_fail(path, SENSU_PATH_UNKNOWN, "no group");
    }

    path->group = sensu_path_decode(r, raw);
    path->version = sensu_path_decode(r, seg.raw);

    return SENSU_PATH_API;
}


static sensu_path_rc_e
sensu_path_object(sensu_path_t *path, sensu_path_reader_t *r,
    const sensu_segment_t *resource)
{
    sensu_segment_t  seg;

    if (resource->escaped) {
        return sensu_path_fail(path, SENSU_PATH_UNSAFE, "an escaped literal");
    }

    if (!sensu_path_resource_ok(resource->raw)) {
        return sensu_path_fail(path, SENSU_PATH_UNKNOWN, "no such resource");
    }

    path->resource = sensu_path_decode(r, resource->raw);
    path->namespaced = !sensu_path_cluster_scoped(path);

    if (path->scope == SENSU_SCOPE_NAMESPACE) {

        if (!path->namespaced) {
            return sensu_path_fail(path, SENSU_PATH_UNKNOWN,
                                   "the resource is not in namespaces");
        }

        if (sensu_str_eq(path->ns, sensu_str("-"))) {
            path->wildcard = 1;
            path->scope = SENSU_SCOPE_CLUSTER;
            path->ns.len = 0;
        }
    }

    if (sensu_path_next(r, &seg)) {
        path->name = sensu_path_decode(r, seg.raw);
        sensu_path_rest(path, r);
    }

    path->list = sensu_path_is_list(path);

    return SENSU_PATH_API;
}


/* the sub-path is only carried along, so it is made canonical at once */

static void
sensu_path_rest(sensu_path_t *path, sensu_path_reader_t *r)
{
    sensu_str_t           byte;
    unsigned char         c;
    sensu_segment_t       seg;
    const unsigned char  *p, *last;

    path->subpath.data = r->out;

    byte.len = 1;
    byte.data = &c;

    while (sensu_path_next(r, &seg)) {

        if (r->out != path->subpath.data) {
            *r->out++ = '/';
        }

        p = seg.raw.data;
        last = p + seg.raw.len;

        while (p < last) {
            c = (unsigned char) sensu_percent_next(&p, last);
            r->out = sensu_path_escape(r->out, byte);
        }
    }

    path->subpath.len = r->out - path->subpath.data;
}


static int
sensu_path_cluster_scoped(const sensu_path_t *path)
{
    size_t  i, n;

    /* the first one belongs to no group in particular */

    n = sizeof(sensu_cluster_scoped) / sizeof(sensu_cluster_scoped[0]);
    n = sensu_str_eq(path->group, sensu_str("core")) ? n : 1;

    for (i = 0; i < n; i++) {
        if (sensu_str_eq(path->resource, sensu_cluster_scoped[i])) {
            return 1;
        }
    }

    return 0;
}


/* documented sub-lists beside the plain ones */

static int
sensu_path_is_list(const sensu_path_t *path)
{
    if (path->name.len == 0) {
        return 1;
    }

    if (!sensu_str_eq(path->group, sensu_str("core"))) {
        return 0;
    }

    if (sensu_str_eq(path->resource, sensu_str("events"))) {
        return path->scope == SENSU_SCOPE_NAMESPACE && path->subpath.len == 0;
    }

    if (sensu_str_eq(path->resource, sensu_str("silenced"))) {
        return (sensu_str_eq(path->name, sensu_str("subscriptions"))
                || sensu_str_eq(path->name, sensu_str("checks")))
               && path->subpath.len != 0
               && memchr(path->subpath.data, '/', path->subpath.len) == NULL;
    }

    return 0;
}


/* [a-z][a-z0-9_-]* */

static int
sensu_path_resource_ok(sensu_str_t s)
{
    size_t         i;
    unsigned char  c;

    for (i = 0; i < s.len; i++) {
        c = s.data[i];

        if ((c >= 'a' && c <= 'z')
            || (i != 0 && ((c >= '0' && c <= '9') || c == '_' || c == '-')))
        {
            continue;
        }

        return 0;
    }

    return s.len != 0;
}


static sensu_path_rc_e
sensu_path_fail(sensu_path_t *path, sensu_path_rc_e rc, const char *why)
{
    memset(path, 0, sizeof(sensu_path_t));

    path->why = why;

    return rc;
}
