
/*
 * TAP for the unit tests: ok() and friends print a line each, main() ends
 * with "return done_testing();".
 */


#ifndef _TAP_H_INCLUDED_
#define _TAP_H_INCLUDED_


#include <stdarg.h>
#include <stdio.h>


static int  tap_count;
static int  tap_failed;


__attribute__((format(printf, 2, 3), unused))
static int
ok(int cond, const char *fmt, ...)
{
    va_list  args;

    printf("%sok %d - ", cond ? "" : "not ", ++tap_count);

    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);

    printf("\n");

    tap_failed += !cond;

    return cond;
}


__attribute__((format(printf, 3, 4), unused))
static int
is_int(long long got, long long expected, const char *fmt, ...)
{
    char     name[512];
    va_list  args;

    va_start(args, fmt);
    vsnprintf(name, sizeof(name), fmt, args);
    va_end(args);

    if (!ok(got == expected, "%s", name)) {
        printf("# got %lld, expected %lld\n", got, expected);
    }

    return got == expected;
}


__attribute__((unused))
static int
done_testing(void)
{
    printf("1..%d\n", tap_count);
    fflush(stdout);

    return tap_failed != 0 || tap_count == 0;
}


#endif /* _TAP_H_INCLUDED_ */
