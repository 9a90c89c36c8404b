
/*
 * Files of keys and passwords: how they are read, and what is said of them.
 */


#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <openssl/crypto.h>
#include "sensu_keys.h"


int
sensu_key_error(const sensu_key_report_t *r, const char *fmt, ...)
{
    int      n;
    va_list  args;

    n = r->path ? snprintf(r->err, r->errlen, "\"%s\": ", r->path) : 0;

    if (n >= 0 && (size_t) n < r->errlen) {
        va_start(args, fmt);
        vsnprintf(r->err + n, r->errlen - n, fmt, args);
        va_end(args);
    }

    return -1;
}


void
sensu_key_warning(const sensu_key_report_t *r, const char *fmt, ...)
{
    int      n;
    char     text[1024];
    va_list  args;

    if (r->warn == NULL) {
        return;
    }

    n = snprintf(text, sizeof(text), "\"%s\": ", r->path);

    if (n >= 0 && (size_t) n < sizeof(text)) {
        va_start(args, fmt);
        vsnprintf(text + n, sizeof(text) - n, fmt, args);
        va_end(args);
    }

    r->warn(r->data, text);
}


int
sensu_key_file_exists(const sensu_key_report_t *r)
{
    int                  err;
    size_t               i, known;
    char                 dir[PATH_MAX];
    struct stat          st;
    sensu_key_report_t   quiet;

    if (stat(r->path, &st) == 0) {
        return 0;
    }

    err = errno;
    known = 0;

    for (i = 0; r->path[i] && i + 1 < sizeof(dir); i++) {
        dir[i] = r->path[i];
        dir[i + 1] = '\0';

        if (dir[i] == '/') {

            if (stat(dir, &st) != 0 || !S_ISDIR(st.st_mode)) {
                break;
            }

            known = i + 1;
        }
    }

    quiet = *r;
    quiet.path = NULL;

    if (strstr(r->path, "://")) {
        return sensu_key_error(&quiet, "a file is wanted, not a URL, as "
                               "nothing is fetched: fetch it into one by a "
                               "timer, with \"nginx -s reload\" after it");
    }

    return sensu_key_error(&quiet, "\"%.*s\" has no such file: %s; its name "
                           "is not told, as it may be a secret that belongs "
                           "into a file", (int) known, r->path, strerror(err));
}


int
sensu_key_file_read(const sensu_key_report_t *r, sensu_str_t *text,
    unsigned *mode)
{
    int             fd, rc;
    size_t          len;
    ssize_t         n;
    struct stat     st;
    unsigned char  *buf;

    if (sensu_key_file_exists(r) != 0) {
        return -1;
    }

    /* a pipe that nobody writes to would stop nginx -t and each reload */

    fd = open(r->path, O_RDONLY|O_NONBLOCK);
    if (fd == -1) {
        return sensu_key_error(r, "cannot be opened: %s", strerror(errno));
    }

    len = 0;
    rc = 0;

    buf = malloc(SENSU_KEY_FILE_MAX + 1);

    if (buf == NULL || fstat(fd, &st) == -1) {
        rc = sensu_key_error(r, "cannot be read: %s", strerror(errno));

    } else if (!S_ISREG(st.st_mode)) {
        rc = sensu_key_error(r, "cannot be read: it is no regular file");
    }

    while (rc == 0 && len <= SENSU_KEY_FILE_MAX) {
        n = read(fd, buf + len, SENSU_KEY_FILE_MAX + 1 - len);

        if (n == 0) {
            break;
        }

        if (n == -1) {
            rc = sensu_key_error(r, "cannot be read: %s", strerror(errno));
            break;
        }

        len += n;
    }

    close(fd);

    text->len = len;
    text->data = buf;

    if (rc == 0 && len == 0) {
        rc = sensu_key_error(r, "is empty");
    }

    if (rc == 0 && len > SENSU_KEY_FILE_MAX) {
        rc = sensu_key_error(r, "is larger than 1 MB");
    }

    if (rc != 0) {
        sensu_key_file_free(text);
        return -1;
    }

    *mode = st.st_mode;

    if (st.st_mode & S_IWOTH) {
        sensu_key_warning(r, "everybody may write this key file, \"chmod o= "
                          "%s\" helps", r->path);
    }

    return 0;
}


/* so that an editor's last line end does no harm */

int
sensu_key_file_line(const sensu_key_report_t *r, unsigned char *buf,
    size_t size, size_t *len)
{
    size_t       n;
    unsigned     mode;
    sensu_str_t  text;

    if (sensu_key_file_read(r, &text, &mode) != 0) {
        return -1;
    }

    if (mode & S_IROTH) {
        sensu_key_warning(r, "everybody may read this password, \"chmod o= "
                          "%s\" helps", r->path);
    }

    for (n = 0; n < text.len; n++) {
        if (text.data[n] == '\r' || text.data[n] == '\n') {
            break;
        }
    }

    if (n != 0 && n <= size) {
        memcpy(buf, text.data, n);
        *len = n;
    }

    sensu_key_file_free(&text);

    if (n == 0 || n > size) {
        return sensu_key_error(r, "its first line must be the password, 1 to "
                               "%zu bytes", size);
    }

    return 0;
}


void
sensu_key_file_free(sensu_str_t *text)
{
    if (text->data) {
        OPENSSL_cleanse((void *) text->data, text->len);
        free((void *) text->data);
    }

    text->len = 0;
    text->data = NULL;
}
