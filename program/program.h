
/*
 * sensu-token: what its three commands share.  What a token is worth is judged
 * by the module's own files; libjwt makes tokens.
 */


#ifndef _PROGRAM_H_INCLUDED_
#define _PROGRAM_H_INCLUDED_


#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sensu_keys.h"


/* exit codes */

#define PROGRAM_GOOD     0
#define PROGRAM_REFUSED  1
#define PROGRAM_WRONG    2           /* wrong use, or a file that is no good */

#define PROGRAM_TOKEN    (1024 * 1024)


/* a --key, cut at its blanks, with a path from the root */

typedef struct {
    char                  text[8192];
    char                 *alg;
    char                  path[4096];
    const char           *kid;       /* NULL: none */
    const char           *format;
    const char           *issuer;
} program_key_t;


static inline sensu_str_t
program_text(const char *text)
{
    return (sensu_str_t) { strlen(text), (const unsigned char *) text };
}


/* ends the program with PROGRAM_WRONG */
void program_wrong(const char *fmt, ...)
    __attribute__((noreturn, format(printf, 1, 2)));
void program_warn(void *data, const char *text);

/* the value of --name, or NULL where argv[*i] is another option */
const char *program_option(const char *name, int argc, char **argv, int *i);

void program_key(program_key_t *key, const char *text, int set);
void program_path(char *path, const char *name);
/* a time with a unit as in nginx.conf, such as 15m or -90s */
long long program_time(const char *option, const char *text);

/* the token from standard input, with or without its header around it */
sensu_str_t program_token(void);
/* part 0 or 1 of it as an object, not verified; NULL: *why */
json_t *program_part(sensu_str_t token, int n, const char **why);

/* "2026-11-26 15:00:00 UTC, 5 min ago"; a number, or nothing is printed */
void program_print_time(const char *name, const json_t *when, time_t now);
/* a value on one line, in ASCII */
void program_print(const json_t *value);

int program_check(int argc, char **argv);
int program_show(int argc, char **argv);
int program_make(int argc, char **argv);


#endif /* _PROGRAM_H_INCLUDED_ */
