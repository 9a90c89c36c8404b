
/*
 * The target: a request's path, parsed once from its raw form, each segment
 * decoded once.  What goes upstream is rebuilt from the parse, so that the
 * gateway and the backend can not read one path in two ways.
 *
 *   /api/{group}/{version}/namespaces/{namespace}/{resource}[/{name}...]
 *   /api/{group}/{version}/{resource}[/{name}...]
 *   /api/{group}/{version}               an action, of any group but core
 *
 * group has one segment or two ("enterprise/store"), version is
 * v{major}[{alpha|beta}[{iteration}]].
 */


#ifndef _SENSU_PATH_H_INCLUDED_
#define _SENSU_PATH_H_INCLUDED_


#include "sensu_str.h"


typedef enum {
    SENSU_PATH_API = 0,      /* of the grammar */
    SENSU_PATH_OTHER,        /* not under /api: /health, /auth, /graphql ... */
    SENSU_PATH_UNKNOWN,      /* under /api, not of the grammar: 404 */
    SENSU_PATH_UNSAFE        /* read differently by someone: 400 */
} sensu_path_rc_e;


typedef enum {
    SENSU_SCOPE_NONE = 0,
    SENSU_SCOPE_CLUSTER,
    SENSU_SCOPE_NAMESPACE
} sensu_scope_e;


/* decoded texts, borrowed from the raw path and the buffer that were given to
   sensu_path_parse() */

typedef struct {
    sensu_scope_e         scope;
    sensu_str_t           group;     /* "core", "enterprise/store" */
    sensu_str_t           version;   /* "v2" */
    sensu_str_t           ns;        /* of namespaced paths */
    sensu_str_t           resource;  /* "checks"; also "namespaces"; empty of
                                        an action, whose scope is CLUSTER */
    sensu_str_t           name;      /* first segment after the resource */
    sensu_str_t           subpath;   /* what follows the name, still encoded
                                        canonically, without leading slash */
    unsigned              wildcard:1;/* namespace "-": all namespaces; scope
                                        is then CLUSTER and ns empty */
    unsigned              list:1;    /* a GET of it can be a list: no name, or
                                        a namespace's events/{entity}, or
                                        silenced/{subscriptions,checks}/{x} */
    unsigned              namespaced:1; /* the resource lives in namespaces:
                                        every resource but the cluster-scoped
                                        ones (see sensu_path.c) */
    const char           *why;       /* of UNKNOWN and UNSAFE: static text */
} sensu_path_t;


/* decoded texts never grow, the canonical sub-path may */
#define sensu_path_buf(len)  (3 * (len))

/*
 * raw: the path as it came, without the query.  buf: sensu_path_buf(raw.len)
 * bytes.  Both live as long as *path.  Of anything but SENSU_PATH_API all
 * members of *path but why are zero.
 *
 * UNSAFE: doubled slashes and dot segments in any encoding; an encoded slash
 * but in the name of a core asset; control bytes, backslashes, spaces, "#",
 * "?" and "%" in any encoding; malformed escapes; any escape in "api", group,
 * version, "namespaces" or the resource.
 */
sensu_path_rc_e sensu_path_parse(sensu_path_t *path, sensu_str_t raw,
    unsigned char *buf);

/*
 * Writes the canonical target of a parsed SENSU_PATH_API path; with ns.len
 * != 0 the namespaced form in that namespace, whatever the path's own scope
 * (only for a namespaced resource).  The wildcard is written in the
 * cluster-wide form, which means the same.  Returns the bytes written.  dst:
 * sensu_path_room(path, ns) bytes.
 */
size_t sensu_path_build(const sensu_path_t *path, sensu_str_t ns,
    unsigned char *dst);
size_t sensu_path_room(const sensu_path_t *path, sensu_str_t ns);

/* appends one percent-encoded segment (RFC 3986 pchar kept), returns the new
   end; dst needs 3 * text.len bytes */
unsigned char *sensu_path_escape(unsigned char *dst, sensu_str_t text);

/*
 * Does the pattern GROUP/VERSION let the path's group and version through?
 * "*" may stand for the version and for each segment of the group.  As the
 * whole group it stands for any, of one segment or two; as the version of a
 * one-segment group it also lets through what lies below: "enterprise" with
 * version "*" includes enterprise/store.
 */
int sensu_path_api_match(const sensu_path_t *path, sensu_str_t pattern);

/* is the text such a pattern? for the configuration */
int sensu_path_api_valid(sensu_str_t pattern);


#endif /* _SENSU_PATH_H_INCLUDED_ */
