
/*
 * sensu-token show: what stands in a token, believed or not.
 */


#include <time.h>
#include "program.h"
#include "sensu_base64.h"
#include "sensu_json.h"


static void program_print_part(const char *title, const json_t *part);


int
program_show(int argc, char **argv)
{
    int           i;
    time_t        now;
    json_t       *part[2];
    const char   *why;
    sensu_str_t   token;

    static const char  *titles[] = { "header", "claims" };
    static const char  *times[] = { "iat", "nbf", "exp" };

    (void) argv;

    if (argc > 0) {
        program_wrong("show takes nothing but a token on standard input, "
                      "where no list of processes shows it");
    }

    token = program_token();

    for (i = 0; i < 2; i++) {
        part[i] = program_part(token, i, &why);

        if (part[i] == NULL) {
            printf("no token: %s\n", why);
            return PROGRAM_REFUSED;
        }

        program_print_part(titles[i], part[i]);
    }

    time(&now);

    for (i = 0; i < 3; i++) {
        program_print_time(times[i], json_object_get(part[1], times[i]), now);
    }

    printf("nothing of this is verified: sensu-token check does that\n");

    json_decref(part[0]);
    json_decref(part[1]);

    return PROGRAM_GOOD;
}


static void
program_print_part(const char *title, const json_t *part)
{
    char  *text;

    text = json_dumps(part, JSON_INDENT(4)|JSON_ENSURE_ASCII);

    printf("%s: %s\n", title, text ? text : "?");
    free(text);
}


json_t *
program_part(sensu_str_t token, int n, const char **why)
{
    int                   dots, no_memory;
    json_t               *json;
    size_t                i, begin, end;
    ssize_t               len;
    sensu_str_t           text;
    unsigned char        *buf;

    dots = 0;
    begin = 0;
    end = 0;

    for (i = 0; i < token.len; i++) {

        if (token.data[i] != '.') {
            continue;
        }

        if (dots == n - 1) {
            begin = i + 1;
        }

        if (dots++ == n) {
            end = i;
        }
    }

    if (dots != 2 || end <= begin) {
        *why = "it must be three parts with a dot between them";
        return NULL;
    }

    text.len = end - begin;
    text.data = token.data + begin;

    buf = malloc(sensu_base64_decoded(text.len));
    if (buf == NULL) {
        program_wrong("no memory");
    }

    *why = n ? "its second part is not base64url"
             : "its first part is not base64url";

    len = sensu_base64url_decode(buf, text);
    json = NULL;

    if (len != -1) {
        sensu_json_tame(buf, len);

        json = sensu_json_load((sensu_str_t) { len, buf },
                               JSON_REJECT_DUPLICATES|JSON_ALLOW_NUL, NULL,
                               &no_memory);

        *why = n ? "its claims are not a JSON object with distinct members"
                 : "its header is not a JSON object with distinct members";
    }

    free(buf);

    if (json && !json_is_object(json)) {
        json_decref(json);
        json = NULL;
    }

    return json;
}


void
program_print(const json_t *value)
{
    char  *text;

    text = value ? json_dumps(value, JSON_ENCODE_ANY|JSON_ENSURE_ASCII) : NULL;

    printf("%s", text ? text : "none");
    free(text);
}


void
program_print_time(const char *name, const json_t *value, time_t now)
{
    char          text[64];
    double        number;
    time_t        when;
    size_t        i, n;
    struct tm     tm;
    long long     off;

    static const struct {
        long long    seconds;
        const char  *name;
    } units[] = {
        { 86400, "d" }, { 3600, "h" }, { 60, "min" }, { 1, "s" }
    };

    if (!json_is_number(value)) {
        return;
    }

    printf("%s: ", name);

    number = json_number_value(value);
    when = (number > -1e12 && number < 1e12) ? (time_t) number : 0;

    if (when == 0 || gmtime_r(&when, &tm) == NULL
        || strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
    {
        printf("beyond all calendars\n");
        return;
    }

    off = (when > now) ? when - now : now - when;

    printf("%s, %s", text, off == 0 ? "now" : (when > now) ? "in" : "");

    for (i = 0, n = 0; i < 4 && n < 2; i++) {

        if (off >= units[i].seconds) {
            printf("%s%lld %s", (n || when > now) ? " " : "",
                   off / units[i].seconds, units[i].name);
            off %= units[i].seconds;
            n++;
        }
    }

    printf("%s\n", (when < now) ? " ago" : "");
}
