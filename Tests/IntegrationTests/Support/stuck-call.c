// Preloaded into the agent under test: while the file STUCK_GATE exists, a sync (STUCK_CALL=fdatasync) or a read of a sensor's file
// (STUCK_CALL=pread) does not come back, as on a memory card or a bus that hangs. STUCK_GATE.held exists while one is held.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void hold(const char *call) {
    const char *gate = getenv("STUCK_GATE"), *wanted = getenv("STUCK_CALL");
    if (gate == NULL || wanted == NULL || strcmp(wanted, call) != 0 || access(gate, F_OK) != 0) { return; }
    char held[512];
    snprintf(held, sizeof held, "%s.held", gate);
    close(open(held, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    // Not sleep: a signal must not end it, as nothing ends a call that waits for a device.
    while (access(gate, F_OK) == 0) { usleep(5000); }
    unlink(held);
}

int fdatasync(int file) {
    hold("fdatasync");
    return (int)syscall(SYS_fdatasync, file);
}

int fsync(int file) {
    hold("fdatasync");
    return (int)syscall(SYS_fsync, file);
}

ssize_t pread64(int file, void *bytes, size_t count, off64_t offset) {
    char link[64], path[512];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length > 0) {
        path[length] = 0;
        if (strstr(path, "/temp1_input") != NULL) { hold("pread"); }
    }
    return syscall(SYS_pread64, file, bytes, count, offset);
}

ssize_t pread(int file, void *bytes, size_t count, off_t offset) { return pread64(file, bytes, count, offset); }
