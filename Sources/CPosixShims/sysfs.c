#define _GNU_SOURCE
#include "sysfs.h"
#include "spawn_beside.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

ptrdiff_t posix_link_read(const char *path, uint8_t *target, size_t capacity) {
    ssize_t length = readlink(path, (char *)target, capacity);
    return length < 0 ? -errno : length;
}

int posix_reader_spawn(int file, int *output, int32_t *process) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) { return -errno; }
    // The file was opened without waiting; its reader is there to wait.
    int flags = fcntl(file, F_GETFL);
    char *arguments[] = {"cat", NULL};
    char *environment[] = {NULL};
    int result = flags < 0 || fcntl(file, F_SETFL, flags & ~O_NONBLOCK) < 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0
        ? -errno : spawn_beside("/bin/cat", arguments, environment, (int[]){file, ends[1], SPAWN_NOTHING}, process);
    close(ends[1]);
    if (result < 0) {
        close(ends[0]);
        return result;
    }
    *output = ends[0];
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
