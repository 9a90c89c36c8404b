
/*
 * LD_PRELOAD: the steady clock of a program goes ahead by the milliseconds
 * that stand in the file CLOCK_FILE, eight bytes of the machine's own order.
 */


#define _GNU_SOURCE

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>


int
clock_gettime(clockid_t id, struct timespec *ts)
{
    int          fd, rc;
    const char  *name;

    static volatile int64_t  *ahead;

    rc = syscall(SYS_clock_gettime, id, ts);

    if (id != CLOCK_MONOTONIC && id != CLOCK_MONOTONIC_COARSE) {
        return rc;
    }

    name = getenv("CLOCK_FILE");

    if (ahead == NULL && name != NULL) {
        fd = open(name, O_RDONLY|O_CLOEXEC);
        ahead = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);

        if (ahead == MAP_FAILED) {
            abort();
        }

        close(fd);
    }

    if (ahead != NULL) {
        ts->tv_sec += *ahead / 1000;
    }

    return rc;
}
