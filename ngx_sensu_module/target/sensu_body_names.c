
/*
 * Names in a body: how the backend finds a member, and which texts it makes a
 * key of.  Its keys are paths, joined and cleaned: "../ops/pager" among the
 * handlers of a check would run another namespace's handler.
 */


#include "sensu_body_names.h"
#include "sensu_json.h"


/* a member and what it is in */

typedef struct sensu_body_place_s  sensu_body_place_t;

struct sensu_body_place_s {
    const char                *member;
    const sensu_body_place_t  *in;   /* NULL: the body itself */
};


static const char *sensu_body_search(json_t *value,
    const sensu_body_place_t *in);
static const char *sensu_body_reference_of(const sensu_body_place_t *in);


/* whose values, at any depth, are names of other objects */

static const char *const  sensu_body_references[] = {
    "check_hooks",
    "filters",
    "handler",
    "handlers",
    "keepalive_handlers",
    "mutator",
    "output_metric_handlers",
    "pipelines",
    "proxy_entity_name",
    "role_ref",
    "runtime_assets",
    "secrets",
    "silenced",
    "subscription",
    "subscriptions",
    "username",
    "workflows"
};


const char *
sensu_body_reference(json_t *root)
{
    return sensu_body_search(root, NULL);
}


/* names that climb are rare, so what they are in is only asked for then */

static const char *
sensu_body_search(json_t *value, const sensu_body_place_t *in)
{
    size_t               i;
    json_t              *each;
    const char          *found;
    sensu_body_place_t   place;

    place.member = NULL;
    place.in = in;

    if (json_is_string(value)) {
        return sensu_body_climbs(sensu_json_text(value))
               ? sensu_body_reference_of(in) : NULL;
    }

    json_object_foreach(value, place.member, each) {
        found = sensu_body_search(each, &place);

        if (found != NULL) {
            return found;
        }
    }

    json_array_foreach(value, i, each) {
        found = sensu_body_search(each, in);

        if (found != NULL) {
            return found;
        }
    }

    return NULL;
}


/* labels and annotations are the user's own, whatever they are called */

static const char *
sensu_body_reference_of(const sensu_body_place_t *in)
{
    size_t       i, n;
    const char  *found;

    found = NULL;
    n = sizeof(sensu_body_references) / sizeof(sensu_body_references[0]);

    for ( /* void */ ; in; in = in->in) {

        if (sensu_body_fold_eq(in->member, "labels")
            || sensu_body_fold_eq(in->member, "annotations"))
        {
            return NULL;
        }

        for (i = 0; i < n; i++) {
            if (sensu_body_fold_eq(in->member, sensu_body_references[i])) {
                found = sensu_body_references[i];
            }
        }
    }

    return found;
}


/*
 * Does the backend take the key for the member?  ASCII letters in any case,
 * and what Unicode folds to one: U+017F is an s, U+212A a k; U+0130, an i for
 * decoders that use lower case in place of folding.
 */

int
sensu_body_fold_eq(const char *key, const char *member)
{
    unsigned char  c;

    while (*key != '\0') {
        c = (unsigned char) *key++;

        if (c >= 'A' && c <= 'Z') {
            c |= 0x20;

        } else if (c == 0xc5 && (unsigned char) key[0] == 0xbf) {
            c = 's';
            key++;

        } else if (c == 0xc4 && (unsigned char) key[0] == 0xb0) {
            c = 'i';
            key++;

        } else if (c == 0xe2 && (unsigned char) key[0] == 0x84
                   && (unsigned char) key[1] == 0xaa)
        {
            c = 'k';
            key += 2;
        }

        if (c != (unsigned char) *member++) {
            return 0;
        }
    }

    return *member == '\0';
}


/* is any piece between slashes a dot segment? */

int
sensu_body_climbs(sensu_str_t text)
{
    size_t  i, len, dots;

    len = 0;
    dots = 0;

    for (i = 0; i <= text.len; i++) {

        if (i < text.len && text.data[i] != '/') {
            len++;
            dots += (text.data[i] == '.');
            continue;
        }

        if (len != 0 && len <= 2 && dots == len) {
            return 1;
        }

        len = 0;
        dots = 0;
    }

    return 0;
}
