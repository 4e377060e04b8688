#define _GNU_SOURCE
#include "process.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

_Static_assert(POSIX_SIGNAL_HANGUP == SIGHUP && POSIX_SIGNAL_INTERRUPT == SIGINT && POSIX_SIGNAL_TERMINATE == SIGTERM, "values");

void posix_ignore_broken_pipes(void) { signal(SIGPIPE, SIG_IGN); }

int posix_signals_open(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    posix_ignore_broken_pipes();
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0) { return -errno; }
    int descriptor = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return descriptor < 0 ? -errno : descriptor;
}

int posix_signals_next(int descriptor) {
    struct signalfd_siginfo information;
    ssize_t result;
    do { result = read(descriptor, &information, sizeof information); } while (result < 0 && errno == EINTR);
    if (result < 0) { return errno == EAGAIN ? 0 : -errno; }
    return result == (ssize_t)sizeof information ? (int)information.ssi_signo : 0;
}

int32_t posix_process_id(void) { return (int32_t)getpid(); }
uint32_t posix_user_id(void) { return (uint32_t)geteuid(); }
uint32_t posix_group_id(void) { return (uint32_t)getegid(); }

int posix_notify(const char *state) {
    const char *path = getenv("NOTIFY_SOCKET");
    if (path == NULL || path[0] == 0) { return 0; }
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(path);
    if (length >= sizeof address.sun_path || (path[0] != '/' && path[0] != '@')) { return -EINVAL; }
    memcpy(address.sun_path, path, length);
    if (path[0] == '@') { address.sun_path[0] = 0; }   // an abstract address begins with a zero byte
    int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) { return -errno; }
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    ssize_t sent = sendto(descriptor, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address, size);
    int error = errno;
    close(descriptor);
    return sent < 0 ? -error : 1;
}

const char *posix_environment(const char *name) { return getenv(name); }

int posix_environment_set(const char *name, const char *value, bool overwrite) {
    return setenv(name, value, overwrite ? 1 : 0) == 0 ? 0 : -errno;
}

uint32_t posix_umask(uint32_t mask) { return (uint32_t)umask((mode_t)mask); }

int posix_memory_limit(uint64_t byte_count) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_DATA, &limit) != 0) { return -errno; }
    limit.rlim_cur = limit.rlim_max != RLIM_INFINITY && byte_count > limit.rlim_max ? limit.rlim_max : (rlim_t)byte_count;
    return setrlimit(RLIMIT_DATA, &limit) == 0 ? 0 : -errno;
}

int posix_deny_memory_dumps(void) {
    struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_CORE, &none) != 0) { return -errno; }
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : -errno;
}

int posix_random(uint8_t *bytes, size_t count) {
    size_t filled = 0;
    while (filled < count) {
        ssize_t result = getrandom(bytes + filled, count - filled, 0);
        if (result < 0 && errno != EINTR) { return -errno; }
        if (result > 0) { filled += (size_t)result; }
    }
    return 0;
}

static int write_all(int descriptor, const uint8_t *bytes, size_t count) {
    while (count > 0) {
        ssize_t result = write(descriptor, bytes, count);
        if (result < 0 && errno == EINTR) { continue; }
        if (result < 0) { return -errno; }
        bytes += result;
        count -= (size_t)result;
    }
    return 0;
}

void posix_write_standard_error(const uint8_t *bytes, size_t count) { (void)write_all(STDERR_FILENO, bytes, count); }
int posix_write_standard_output(const uint8_t *bytes, size_t count) { return write_all(STDOUT_FILENO, bytes, count); }

void posix_error_text(int error, char *text, size_t capacity) {
    if (capacity == 0) { return; }
    const char *words = strerrordesc_np(error < 0 ? -error : error);
    snprintf(text, capacity, "%s", words == NULL ? "unknown error" : words);
}

void posix_exit(int code) { exit(code); }
