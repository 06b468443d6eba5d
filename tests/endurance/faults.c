/* Preloaded into a program: its N-th call that changes a file below a folder does not end well.

   The call kills the process, or fails with an error number: once, or with every call after it.
   A write may do half of its work first. Processes that are forked go on counting; a program that
   is started anew reads POOLBENCH_FAULT, "at error lasting torn folder". */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { KILL = -1 };
static struct { long at; int error, lasting, torn; char folder[4096]; } fault;
static long *made; /* shared with what is forked, so that a parent reads what a dead child did */

void faults_arm(long at, int error, int lasting, int torn, const char *folder) {
    *made = 0;
    fault.error = error, fault.lasting = lasting, fault.torn = torn;
    snprintf(fault.folder, sizeof fault.folder, "%s", folder);
    fault.at = at;
}

long faults_made(void) { return *made; }

__attribute__((constructor)) static void begin(void) {
    made = mmap(NULL, sizeof *made, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    const char *asked = getenv("POOLBENCH_FAULT");
    long at;
    int error, lasting, torn, read = 0;
    if (asked && sscanf(asked, "%ld %d %d %d %n", &at, &error, &lasting, &torn, &read) == 4)
        faults_arm(at, error, lasting, torn, asked + read);
}

static int is_below(const char *path) {
    return path[0] != '/' || !strncmp(path, fault.folder, strlen(fault.folder));
}

static int is_ours(int descriptor) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0 || path[0] != '/') return 0; /* a pipe or a socket */
    path[length] = 0;
    return is_below(path);
}

static int names_ours(int folder, const char *path) {
    return path[0] == '/' || folder == AT_FDCWD ? is_below(path) : is_ours(folder);
}

/* Whether this call is the one; a call that does half of its work comes back for the rest. */
static int is_due(int concerns) {
    if (!fault.at || !concerns) return 0;
    long number = __sync_add_and_fetch(made, 1);
    return number == fault.at || (fault.lasting && number > fault.at);
}

static int fail(void) {
    if (fault.error == KILL) kill(getpid(), SIGKILL);
    errno = fault.error;
    return -1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define GUARD(result, name, parameters, arguments, concerns)  \
    result name parameters {                                  \
        int before = errno;                                   \
        if (is_due(concerns)) return fail();                  \
        errno = before;                                       \
        return REAL(name) arguments;                          \
    }

GUARD(int, fsync, (int file), (file), is_ours(file))
GUARD(int, fdatasync, (int file), (file), is_ours(file))
GUARD(int, ftruncate64, (int file, off64_t size), (file, size), is_ours(file))
GUARD(int, ftruncate, (int file, off_t size), (file, size), is_ours(file))
GUARD(int, rename, (const char *from, const char *to), (from, to), is_below(to))
GUARD(int, renameat, (int a, const char *from, int b, const char *to), (a, from, b, to),
      names_ours(b, to))
GUARD(int, link, (const char *from, const char *to), (from, to), is_below(to))
GUARD(int, linkat, (int a, const char *from, int b, const char *to, int flags),
      (a, from, b, to, flags), names_ours(b, to))
GUARD(int, unlink, (const char *path), (path), is_below(path))
GUARD(int, unlinkat, (int at, const char *path, int flags), (at, path, flags),
      names_ours(at, path))
GUARD(int, rmdir, (const char *path), (path), is_below(path))
GUARD(int, mkdir, (const char *path, mode_t mode), (path, mode), is_below(path))
GUARD(int, mkdirat, (int at, const char *path, mode_t mode), (at, path, mode),
      names_ours(at, path))
GUARD(ssize_t, pwrite64, (int file, const void *data, size_t size, off64_t at),
      (file, data, size, at), is_ours(file))
GUARD(ssize_t, writev, (int file, const struct iovec *parts, int count), (file, parts, count),
      is_ours(file))
GUARD(ssize_t, copy_file_range,
      (int from, off64_t *a, int to, off64_t *b, size_t size, unsigned flags),
      (from, a, to, b, size, flags), is_ours(to))

ssize_t write(int file, const void *data, size_t size) {
    int before = errno;
    if (fault.at && is_due(is_ours(file))) {
        if (fault.torn && size > 1) {
            ssize_t done = REAL(write)(file, data, size / 2);
            if (fault.error != KILL) { /* the disk is full now: what comes next is refused */
                fault.at = *made + 1;
                fault.torn = 0;
                return done;
            }
        }
        return fail();
    }
    errno = before;
    return REAL(write)(file, data, size);
}

#define OPEN(name, parameters, arguments, concerns)                          \
    int name parameters {                                                    \
        va_list rest;                                                        \
        va_start(rest, flags);                                               \
        int mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, int) : 0;    \
        va_end(rest);                                                        \
        int before = errno;                                                  \
        if (flags & (O_CREAT | O_WRONLY | O_RDWR) && is_due(concerns)) return fail(); \
        errno = before;                                                      \
        return REAL(name) arguments;                                         \
    }

OPEN(open, (const char *path, int flags, ...), (path, flags, mode), is_below(path))
OPEN(open64, (const char *path, int flags, ...), (path, flags, mode), is_below(path))
OPEN(openat, (int at, const char *path, int flags, ...), (at, path, flags, mode),
     names_ours(at, path))
OPEN(openat64, (int at, const char *path, int flags, ...), (at, path, flags, mode),
     names_ours(at, path))
