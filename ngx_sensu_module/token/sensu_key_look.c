
/*
 * What a key file is instead of a key: what editors, downloads, shells and
 * other systems make of one, each with the command that undoes it.  Looked at
 * before a file is read as what it should be, or after that has failed.
 */


#include <ctype.h>
#include "sensu_keys.h"
#include "sensu_text.h"


static int sensu_key_look_is_utf16(sensu_str_t text);
static int sensu_key_look_begins(sensu_str_t text, const char *what);
static sensu_str_t sensu_key_look_trim(sensu_str_t text);
static int sensu_key_look_has_name(sensu_str_t text);
static int sensu_key_look_is_indented(sensu_str_t text);


int
sensu_key_look_encoding(sensu_str_t text, const sensu_key_report_t *r)
{
    if (sensu_key_look_begins(text, "\x1f\x8b")) {
        return sensu_key_error(r, "is compressed: zcat %s >FILE, or \"curl "
                               "--compressed\" when it is fetched", r->path);
    }

    if (sensu_key_look_is_utf16(text)) {
        return sensu_key_error(r, "is UTF-16, as Windows' tools save it: "
                               "iconv -f UTF-16 -t UTF-8 %s >FILE", r->path);
    }

    if (sensu_key_look_begins(text, "\xef\xbb\xbf")) {
        return sensu_key_error(r, "begins with a byte order mark, which is no "
                               "part of it: tail -c +4 %s >FILE", r->path);
    }

    if (sensu_key_look_trim(text).data[0] == '<') {
        return sensu_key_error(r, "is a web page: compare the address that it "
                               "was fetched from");
    }

    return 0;
}


/* with its mark, or Latin text without one: every second byte is zero */

static int
sensu_key_look_is_utf16(sensu_str_t text)
{
    size_t  i, zero[2];

    if (sensu_key_look_begins(text, "\xff\xfe")
        || sensu_key_look_begins(text, "\xfe\xff"))
    {
        return 1;
    }

    zero[0] = 0;
    zero[1] = 0;

    for (i = 0; i < text.len; i++) {
        zero[i % 2] += (text.data[i] == '\0');
    }

    return text.len >= 16
           && (zero[0] == (text.len + 1) / 2 || zero[1] == text.len / 2);
}


int
sensu_key_look_json(sensu_str_t text, const sensu_key_report_t *r)
{
    if (sensu_key_look_encoding(text, r) != 0) {
        return -1;
    }

    if (sensu_key_look_trim(text).data[0] != '{'
        && sensu_text_find(text, "-----BEGIN "))
    {
        return sensu_key_error(r, "is a PEM file and no JWK Set: name it in "
                               "\"sensu_jwt_key ALG FILE;\" with the "
                               "algorithm that it is for");
    }

    return 0;
}


int
sensu_key_look_set(const json_t *json, const sensu_key_report_t *r)
{
    if (json_object_get(json, "kty")) {
        return sensu_key_error(r, "is one JWK and no JWK Set: put "
                               "{\"keys\": [ before it and ]} behind");
    }

    if (json_object_get(json, "jwks_uri")) {
        return sensu_key_error(r, "is what the issuer says of itself: the JWK "
                               "Set is at the address in its \"jwks_uri\"");
    }

    return sensu_key_error(r, "is not a JWK Set, which is {\"keys\": [...]}");
}


int
sensu_key_look_secret(sensu_str_t text, const char *otherwise,
    const sensu_key_report_t *r)
{
    text = sensu_key_look_trim(text);

    if (text.data[0] == '"' || text.data[0] == '\'') {
        return sensu_key_error(r, "has quotes around the secret: leave them "
                               "out");
    }

    if (sensu_key_look_has_name(text)) {
        return sensu_key_error(r, "has a name and \"=\" before the secret: "
                               "leave only what stands behind them");
    }

    return sensu_key_error(r, "%s", otherwise);
}


/* base64 ends where "=" stands */

static int
sensu_key_look_has_name(sensu_str_t text)
{
    size_t  i;

    for (i = 0; i < text.len; i++) {
        if (!isalnum(text.data[i]) && text.data[i] != '_') {
            break;
        }
    }

    return i > 0 && i + 1 < text.len && text.data[i] == '='
           && text.data[i + 1] != '=' && !isspace(text.data[i + 1]);
}


/* no random 32 bytes are without the one or the other */

void
sensu_key_look_phrase(sensu_str_t text, const sensu_key_report_t *r)
{
    size_t  i;
    int     upper, lower;

    upper = 0;
    lower = 0;

    for (i = 0; i < text.len; i++) {
        upper |= isupper(text.data[i]);
        lower |= islower(text.data[i]);
    }

    if (!upper || !lower) {
        sensu_key_warning(r, "is read as base64 but looks like words: if they "
                          "are the secret themselves, say format=raw");
    }
}


void
sensu_key_look_raw(sensu_str_t text, const sensu_key_report_t *r)
{
    if (text.data[text.len - 1] == '\n') {
        sensu_key_warning(r, "the newline at the end is part of the secret "
                          "with format=raw");
    }

    if (sensu_key_look_is_utf16(text)
        || sensu_key_look_begins(text, "\xef\xbb\xbf"))
    {
        sensu_key_warning(r, "looks like a text with a byte order mark, or of "
                          "UTF-16, all of which is part of the secret with "
                          "format=raw");
    }
}


int
sensu_key_look_pem(sensu_str_t text, const char *alg,
    const sensu_key_report_t *r)
{
    sensu_str_t  trimmed;

    trimmed = sensu_key_look_trim(text);

    if (trimmed.data[0] == '{') {
        return sensu_key_error(r, "is JSON; a JWK Set belongs to "
                               "sensu_jwt_key_set");
    }

    /* a SEQUENCE, of the lengths that RSA and EC keys have */

    if (text.len > 1 && text.data[0] == 0x30
        && memchr("\x82\x81\x76\x59", text.data[1], 4))
    {
        return sensu_key_error(r, "is DER and not PEM: openssl pkey -pubin "
                               "-inform DER -in %s -out public.pem", r->path);
    }

    if (sensu_key_look_begins(trimmed, "MI")
        || sensu_key_look_begins(trimmed, "MFkw")
        || sensu_key_look_begins(trimmed, "MHYw"))
    {
        return sensu_key_error(r, "is a key without the lines around it: "
                               "tr -d '[:space:]' <%s | openssl base64 -d -A "
                               "| openssl pkey -pubin -inform DER -out "
                               "public.pem", r->path);
    }

    if (sensu_text_find(text, "-----BEGIN ") == NULL) {
        return sensu_key_error(r, "is not a PEM file; %s needs a public key "
                               "that begins with \"-----BEGIN PUBLIC "
                               "KEY-----\"", alg);
    }

    return 0;
}


int
sensu_key_look_broken_pem(sensu_str_t text, const sensu_key_report_t *r)
{
    if (sensu_text_find(text, "\\n")) {
        return sensu_key_error(r, "has \\n as two characters where its lines "
                               "end: sed 's/\\\\n/\\n/g' %s >public.pem",
                               r->path);
    }

    if (sensu_key_look_is_indented(text)) {
        return sensu_key_error(r, "has blanks before its lines: sed "
                               "'s/^[[:blank:]]*//' %s >public.pem", r->path);
    }

    text = sensu_key_look_trim(text);

    if (memchr(text.data, '\n', text.len) == NULL) {
        return sensu_key_error(r, "stands on one line: sed 's/-----[A-Z "
                               "]*-----//g; s/ //g' %s | openssl base64 -d -A "
                               "| openssl pkey -pubin -inform DER -out "
                               "public.pem", r->path);
    }

    return sensu_key_error(r, "is not a PEM public key that OpenSSL can "
                           "read");
}


static int
sensu_key_look_is_indented(sensu_str_t text)
{
    size_t  i;

    for (i = 0; i < text.len; i++) {
        if ((text.data[i] == ' ' || text.data[i] == '\t')
            && (i == 0 || text.data[i - 1] == '\n'))
        {
            return 1;
        }
    }

    return 0;
}


static int
sensu_key_look_begins(sensu_str_t text, const char *what)
{
    size_t  len;

    len = strlen(what);

    return text.len >= len && memcmp(text.data, what, len) == 0;
}


/* of a text that is nothing else one blank is left */

static sensu_str_t
sensu_key_look_trim(sensu_str_t text)
{
    while (text.len > 1 && isspace(text.data[text.len - 1])) {
        text.len--;
    }

    while (text.len > 1 && isspace(text.data[0])) {
        text.data++;
        text.len--;
    }

    return text;
}
