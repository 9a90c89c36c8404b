
/*
 * Content-Type (RFC 9110 8.3.1): whether the backend will leave the body to
 * its JSON decoder.
 */


#include "sensu_body.h"
#include "sensu_text.h"


static sensu_str_t sensu_body_token(const unsigned char **p,
    const unsigned char *last);
static int sensu_body_parameters(const unsigned char *p,
    const unsigned char *last);
static int sensu_body_quoted(const unsigned char **p,
    const unsigned char *last);
static void sensu_body_blanks(const unsigned char **p,
    const unsigned char *last);


int
sensu_body_type_ok(sensu_str_t content_type)
{
    sensu_str_t           type, subtype;
    const unsigned char  *p, *last;

    if (content_type.len == 0) {
        return 0;
    }

    p = content_type.data;
    last = content_type.data + content_type.len;

    type = sensu_body_token(&p, last);

    if (type.len == 0 || p == last || *p++ != '/') {
        return 0;
    }

    subtype = sensu_body_token(&p, last);

    if (subtype.len == 0 || !sensu_body_parameters(p, last)) {
        return 0;
    }

    if (sensu_text_is_word(type, "multipart")) {
        return !sensu_text_is_word(subtype, "form-data");
    }

    return !sensu_text_is_word(type, "application")
           || !sensu_text_is_word(subtype, "x-www-form-urlencoded");
}


/* RFC 9110 5.6.2 */

static sensu_str_t
sensu_body_token(const unsigned char **p, const unsigned char *last)
{
    sensu_str_t           token;
    unsigned char         c;
    const unsigned char  *s;

    for (s = *p; s < last; s++) {
        c = *s;

        if (c <= ' ' || c >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", c)) {
            break;
        }
    }

    token.data = *p;
    token.len = s - *p;
    *p = s;

    return token;
}


/* RFC 9110 5.6.6: "; name=value", each of them optional after its ";" */

static int
sensu_body_parameters(const unsigned char *p, const unsigned char *last)
{
    for ( ;; ) {
        sensu_body_blanks(&p, last);

        if (p == last) {
            return 1;
        }

        if (*p++ != ';') {
            return 0;
        }

        sensu_body_blanks(&p, last);

        if (sensu_body_token(&p, last).len == 0) {
            continue;
        }

        if (p == last || *p++ != '=') {
            return 0;
        }

        if (p < last && *p == '"') {
            if (!sensu_body_quoted(&p, last)) {
                return 0;
            }

        } else if (sensu_body_token(&p, last).len == 0) {
            return 0;
        }
    }
}


static int
sensu_body_quoted(const unsigned char **p, const unsigned char *last)
{
    const unsigned char  *s;

    for (s = *p + 1; s < last; s++) {

        if (*s == '"') {
            *p = s + 1;
            return 1;
        }

        if (*s == '\\' && ++s == last) {
            break;
        }
    }

    return 0;
}


static void
sensu_body_blanks(const unsigned char **p, const unsigned char *last)
{
    while (*p < last && (**p == ' ' || **p == '\t')) {
        (*p)++;
    }
}
