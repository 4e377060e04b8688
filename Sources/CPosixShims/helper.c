#define _GNU_SOURCE
#include "helper.h"
#include "process.h"
#include "spawn_beside.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

int posix_helper_spawn(const char *program, const char *word, int *descriptor, int32_t *process) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) { return -errno; }
    char *arguments[] = {"harborseal-agent", (char *)word, NULL};
    // A library of a stranger's writes what it likes: nothing of it may become a line of the agent's log.
    int result = fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0
        ? -errno : spawn_beside(program, arguments, environ, (int[]){ends[1], SPAWN_NOTHING, SPAWN_NOTHING}, process);
    close(ends[1]);
    if (result < 0) {
        close(ends[0]);
        return result;
    }
    *descriptor = ends[0];
    return 0;
}

bool posix_helper_begin(void) {
    int type = 0;
    socklen_t size = sizeof type;
    if (getsockopt(STDIN_FILENO, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_SEQPACKET) { return false; }
    // Root acts as the agent's user when it enrols: a stranger's library must not become root again. The agent's own unit forbids these calls.
    gid_t group = getegid();
    uid_t user = geteuid();
    if (getuid() != user && (setresgid(group, group, group) != 0 || setresuid(user, user, user) != 0)) { return false; }
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    return posix_deny_memory_dumps() == 0;
}
