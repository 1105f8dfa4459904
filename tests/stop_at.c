/* Loaded in front of the C library: ends the process, or fails, at the n-th call that changes a file system.
   `stop_at(n, 0)` kills at that call, `stop_at(n, error)` fails it; `stop_at(0, 0)` takes it back. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static long at, count;
static int failure;

void stop_at(long n, int error) {
    at = n;
    count = 0;
    failure = error;
}

long calls_seen(void) { return count; }

/* Whether this call is to fail. */
static int stop(void) {
    if (at == 0 || ++count != at) return 0;
    if (failure == 0) {
        kill(getpid(), SIGKILL);
        pause();
    }
    errno = failure;
    return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define CHANGES(name, parameters, arguments) \
    int name parameters { return stop() ? -1 : REAL(name) arguments; }

CHANGES(mkdir, (const char *path, mode_t mode), (path, mode))
CHANGES(mkdirat, (int folder, const char *path, mode_t mode), (folder, path, mode))
CHANGES(rename, (const char *from, const char *to), (from, to))
CHANGES(renameat, (int from, const char *path, int to, const char *other), (from, path, to, other))
CHANGES(unlink, (const char *path), (path))
CHANGES(unlinkat, (int folder, const char *path, int flags), (folder, path, flags))
CHANGES(rmdir, (const char *path), (path))
CHANGES(chmod, (const char *path, mode_t mode), (path, mode))
CHANGES(fchmod, (int file, mode_t mode), (file, mode))
CHANGES(fsync, (int file), (file))
CHANGES(fdatasync, (int file), (file))
CHANGES(flock, (int file, int operation), (file, operation))
CHANGES(ftruncate, (int file, off_t length), (file, length))
CHANGES(ftruncate64, (int file, off64_t length), (file, length))

#define OPENS(name, parameters, arguments) \
    int name parameters { \
        mode_t mode = 0; \
        if (flags & O_CREAT) { \
            va_list more; \
            va_start(more, flags); \
            mode = va_arg(more, mode_t); \
            va_end(more); \
            if (stop()) return -1; \
        } \
        return REAL(name) arguments; \
    }

OPENS(open, (const char *path, int flags, ...), (path, flags, mode))
OPENS(open64, (const char *path, int flags, ...), (path, flags, mode))
OPENS(openat, (int folder, const char *path, int flags, ...), (folder, path, flags, mode))
OPENS(openat64, (int folder, const char *path, int flags, ...), (folder, path, flags, mode))

ssize_t write(int file, const void *bytes, size_t size) {
    struct stat found;
    if (at != 0 && fstat(file, &found) == 0 && S_ISREG(found.st_mode)) {
        /* A write that is stopped has often written a part. */
        if (count + 1 == at && size > 1) REAL(write)(file, bytes, size / 2);
        if (stop()) return -1;
    }
    return REAL(write)(file, bytes, size);
}
