
/*
 * Allocations that fail, one at a time.  The first bytes of the file that
 * SENSU_FAIL names are a counter, shared with the test that writes it: the
 * allocation that brings it down to zero fails, and none while it is zero.
 *
 * What the module asks of nginx is caught as it is linked, with "ld --wrap"
 * for each function of the list below.  What it and its libraries ask of the
 * C library is caught where this is preloaded, FAIL_MALLOC being defined; else
 * it is linked to the module, so that a sanitizer keeps the malloc() it has.
 */


#define _GNU_SOURCE

#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>


#if (FAIL_MALLOC)
#define REAL(name)  name
#else
#define REAL(name)  __real_##name
#endif

#define FAILED  ((void *) 0)

/* an integer is NGX_ERROR */

#define WRAP(type, failed, name, params, args)                                \
                                                                              \
    type REAL(name) params;                                                   \
    type __wrap_##name params;                                                \
                                                                              \
    type __wrap_##name params                                                 \
    {                                                                         \
        return fail() ? failed : REAL(name) args;                             \
    }


static volatile int32_t  *fail_counter;


__attribute__((constructor))
static void
fail_init(void)
{
    int          fd;
    void        *p;
    const char  *path;

    path = getenv("SENSU_FAIL");

    if (path == NULL) {
        return;
    }

    fd = open(path, O_RDWR);
    if (fd == -1) {
        abort();
    }

    p = mmap(NULL, sizeof(int32_t), PROT_READ|PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) {
        abort();
    }

    (void) close(fd);

    fail_counter = p;
}


static int
fail(void)
{
    return fail_counter && *fail_counter > 0 && --*fail_counter == 0;
}


WRAP(void *, FAILED, ngx_palloc, (void *pool, size_t n), (pool, n))
WRAP(void *, FAILED, ngx_pnalloc, (void *pool, size_t n), (pool, n))
WRAP(void *, FAILED, ngx_pcalloc, (void *pool, size_t n), (pool, n))
WRAP(void *, FAILED, ngx_alloc, (size_t n, void *log), (n, log))
WRAP(void *, FAILED, ngx_calloc, (size_t n, void *log), (n, log))
WRAP(void *, FAILED, ngx_pstrdup, (void *pool, void *s), (pool, s))
WRAP(void *, FAILED, ngx_array_create, (void *pool, uintptr_t n, size_t size),
     (pool, n, size))
WRAP(void *, FAILED, ngx_array_push, (void *array), (array))
WRAP(void *, FAILED, ngx_array_push_n, (void *array, uintptr_t n), (array, n))
WRAP(void *, FAILED, ngx_list_push, (void *list), (list))
WRAP(void *, FAILED, ngx_alloc_chain_link, (void *pool), (pool))
WRAP(void *, FAILED, ngx_chain_get_free_buf, (void *pool, void *free),
     (pool, free))
WRAP(void *, FAILED, ngx_create_temp_buf, (void *pool, size_t n), (pool, n))
WRAP(void *, FAILED, ngx_pool_cleanup_add, (void *pool, size_t n), (pool, n))
WRAP(void *, FAILED, ngx_slab_alloc, (void *pool, size_t n), (pool, n))
WRAP(void *, FAILED, ngx_slab_calloc, (void *pool, size_t n), (pool, n))
WRAP(void *, FAILED, ngx_slab_alloc_locked, (void *pool, size_t n), (pool, n))
WRAP(void *, FAILED, ngx_get_connection, (int fd, void *log), (fd, log))
WRAP(intptr_t, -1, ngx_http_complex_value, (void *r, void *value, void *text),
     (r, value, text))
WRAP(intptr_t, -1, ngx_http_subrequest,
     (void *r, void *uri, void *args, void **sr, void *ps, uintptr_t flags),
     (r, uri, args, sr, ps, flags))
WRAP(void *, FAILED, redisReaderCreate, (void), ())
WRAP(int, -1, redisvFormatCommand,
     (char **target, const char *format, va_list ap), (target, format, ap))


#if (FAIL_MALLOC)

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);


/*
 * nginx's own allocations are not what is tested, and hiredis does not survive
 * the failure of many of its own.
 */

static int
fail_malloc(void *caller)
{
    Dl_info  info;

    if (fail_counter == NULL || *fail_counter <= 0
        || dladdr(caller, &info) == 0
        || (strstr(info.dli_fname, "/ngx_sensu_") == NULL
            && strstr(info.dli_fname, "/libjansson.") == NULL
            && strstr(info.dli_fname, "/libcrypto.") == NULL))
    {
        return 0;
    }

    return fail();
}


void *
malloc(size_t n)
{
    return fail_malloc(__builtin_return_address(0)) ? NULL : __libc_malloc(n);
}


void *
calloc(size_t n, size_t size)
{
    return fail_malloc(__builtin_return_address(0)) ? NULL
                                                    : __libc_calloc(n, size);
}


void *
realloc(void *p, size_t n)
{
    return fail_malloc(__builtin_return_address(0)) ? NULL
                                                    : __libc_realloc(p, n);
}

#endif
