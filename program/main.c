
/*
 * sensu-token: checks, shows and makes bearer tokens at a prompt.
 */


#include <ctype.h>
#include <stdarg.h>
#include <unistd.h>
#include "program.h"


static const char  program_usage[] =
    "sensu-token check [OPTION]... <TOKEN   what the gateway says of a token\n"
    "sensu-token show <TOKEN                its header and claims, no verdict\n"
    "sensu-token make [OPTION]...           a token for tests\n"
    "\n"
    "check, with the words of nginx.conf:\n"
    "  --key 'ALG FILE [kid=ID] [format=base64|raw|hex] [issuer=TEXT]'\n"
    "  --key-set 'FILE [issuer=TEXT]'\n"
    "  --issuer TEXT  --audience TEXT  --leeway TIME  --iat\n"
    "  --groups-claim NAME\n"
    "\n"
    "make:\n"
    "  --key 'ALG FILE [kid=ID] [format=base64|raw|hex]'  secret, private key\n"
    "  --sub NAME  --groups A,B  --issuer TEXT  --audience TEXT\n"
    "  --exp TIME (15m)  --claim NAME=JSON\n"
    "\n"
    "Exit codes: 0 good, 1 refused, 2 wrong use.\n";


int
main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "check") == 0) {
        return program_check(argc - 2, argv + 2);
    }

    if (argc > 1 && strcmp(argv[1], "show") == 0) {
        return program_show(argc - 2, argv + 2);
    }

    if (argc > 1 && strcmp(argv[1], "make") == 0) {
        return program_make(argc - 2, argv + 2);
    }

    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        fputs(program_usage, stdout);
        return PROGRAM_GOOD;
    }

    fputs(program_usage, stderr);

    return PROGRAM_WRONG;
}


void
program_wrong(const char *fmt, ...)
{
    va_list  args;

    fputs("sensu-token: ", stderr);

    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);

    fputc('\n', stderr);
    exit(PROGRAM_WRONG);
}


void
program_warn(void *data, const char *text)
{
    (void) data;

    fprintf(stderr, "sensu-token: warning: %s\n", text);
}


const char *
program_option(const char *name, int argc, char **argv, int *i)
{
    if (strcmp(argv[*i], name) != 0) {
        return NULL;
    }

    if (++*i == argc) {
        program_wrong("%s needs a value", name);
    }

    return argv[*i];
}


void
program_key(program_key_t *key, const char *text, int set)
{
    int    n;
    char  *word, *rest;

    memset(key, 0, sizeof(program_key_t));

    if (strlen(text) >= sizeof(key->text)) {
        program_wrong("a key has more than %zu bytes", sizeof(key->text) - 1);
    }

    rest = strcpy(key->text, text);

    for (n = set; (word = strtok_r(rest, " \t", &rest)) != NULL; n++) {

        if (n == 0) {
            key->alg = word;

        } else if (n == 1) {
            program_path(key->path, word);

        } else if (!set && strncmp(word, "kid=", 4) == 0 && word[4]) {
            key->kid = word + 4;

        } else if (!set && strncmp(word, "format=", 7) == 0) {
            key->format = word + 7;

        } else if (strncmp(word, "issuer=", 7) == 0 && word[7]) {
            key->issuer = word + 7;

        } else {
            program_wrong("unknown word %d of %s, use %s", n + 1 - set,
                          set ? "--key-set" : "--key",
                          set ? "'FILE [issuer=TEXT]'"
                              : "'ALG FILE [kid=ID] "
                                "[format=base64|raw|hex] [issuer=TEXT]'");
        }
    }

    if (n < 2) {
        program_wrong("%s", set ? "--key-set needs a FILE"
                                : "--key needs 'ALG FILE' as one word");
    }
}


void
program_path(char *path, const char *name)
{
    size_t  n;

    n = 0;

    if (name[0] != '/') {

        if (getcwd(path, 4095) == NULL) {
            program_wrong("the name of this folder is too long");
        }

        n = strlen(path);
        path[n++] = '/';
    }

    if (strlen(name) >= 4096 - n) {
        program_wrong("the name of a file is too long");
    }

    strcpy(path + n, name);
}


long long
program_time(const char *option, const char *text)
{
    char       *end;
    long long   n, unit;

    n = strtoll(text, &end, 10);
    unit = 1;

    switch (*end) {

    case 'd':
        unit *= 24;
        /* fall through */

    case 'h':
        unit *= 60;
        /* fall through */

    case 'm':
        unit *= 60;
        /* fall through */

    case 's':
        end++;
    }

    if (end == text || *end || n > 1000000000 || n < -1000000000) {
        program_wrong("%s needs a time such as 90s, 15m, 1h or 1d", option);
    }

    return n * unit;
}


sensu_str_t
program_token(void)
{
    char         *p;
    size_t        n;
    sensu_str_t   token, value;

    static char  text[PROGRAM_TOKEN + 1];

    if (isatty(STDIN_FILENO)) {
        fputs("the token, and Ctrl-D:\n", stderr);
    }

    n = fread(text, 1, PROGRAM_TOKEN, stdin);
    p = text;

    while (n && isspace((unsigned char) p[n - 1])) {
        n--;
    }

    while (n && isspace((unsigned char) *p)) {
        p++;
        n--;
    }

    if (n > 14 && strncasecmp(p, "authorization:", 14) == 0) {
        for (p += 14, n -= 14; n && *p == ' '; p++, n--) { /* void */ }
    }

    token.len = n;
    token.data = (unsigned char *) p;

    if (n == 0) {
        program_wrong("there is no token on standard input");
    }

    if (n > 7 && strncasecmp(p, "bearer ", 7) == 0
        && sensu_token_from_header(token, &value) == SENSU_TOKEN_OK)
    {
        return value;
    }

    return token;
}
