#define _GNU_SOURCE
#include "sysfs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

ptrdiff_t posix_link_read(const char *path, uint8_t *target, size_t capacity) {
    ssize_t length = readlink(path, (char *)target, capacity);
    return length < 0 ? -errno : length;
}

static int spawn_cat(int file, int output, pid_t *process) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    int error = posix_spawn_file_actions_adddup2(&actions, file, STDIN_FILENO);
    if (!error) { error = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO); }
    if (!error) { error = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0); }
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 34)
    // libmosquitto's socket is not closed on exec: held by a reader, a lost connection would end later.
    if (!error) { error = posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1); }
#endif
    // The agent blocks signals and ignores SIGPIPE; both would be inherited.
    if (!error) { error = posix_spawnattr_setsigmask(&attributes, &none); }
    if (!error) { error = posix_spawnattr_setsigdefault(&attributes, &defaults); }
    if (!error) { error = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF); }
    char *arguments[] = {"cat", NULL};
    char *environment[] = {NULL};
    if (!error) { error = posix_spawn(process, "/bin/cat", &actions, &attributes, arguments, environment); }
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return -error;
}

int posix_reader_spawn(int file, int *output, int32_t *process) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) { return -errno; }
    // The file was opened without waiting; its reader is there to wait.
    int flags = fcntl(file, F_GETFL);
    pid_t child = 0;
    int result = flags < 0 || fcntl(file, F_SETFL, flags & ~O_NONBLOCK) < 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0
        ? -errno : spawn_cat(file, ends[1], &child);
    close(ends[1]);
    if (result < 0) {
        close(ends[0]);
        return result;
    }
    *output = ends[0];
    *process = (int32_t)child;
    return 0;
}

int posix_reader_end(int32_t process, bool end) {
    if (end) { kill((pid_t)process, SIGKILL); }
    int status;
    pid_t ended = waitpid((pid_t)process, &status, WNOHANG);
    if (ended < 0) { return -errno; }
    if (ended == 0) { return -EAGAIN; }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256;
}
