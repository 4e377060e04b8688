#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

ptrdiff_t posix_read(int descriptor, uint8_t *bytes, size_t capacity) {
    ssize_t count;
    do {
        count = read(descriptor, bytes, capacity);
    } while (count < 0 && errno == EINTR);
    return count < 0 ? -errno : count;
}

ptrdiff_t posix_arguments(uint8_t *bytes, size_t capacity) {
    int file = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return -errno;
    }
    size_t filled = 0;
    ptrdiff_t count = 0;
    while (filled < capacity && (count = posix_read(file, bytes + filled, capacity - filled)) > 0) {
        filled += (size_t)count;
    }
    close(file);
    if (count < 0) {
        return count;
    }
    return filled == capacity ? -E2BIG : (ptrdiff_t)filled;
}

bool posix_is_terminal(int descriptor) { return isatty(descriptor) == 1; }

int posix_rename(const char *from, const char *to) { return rename(from, to) == 0 ? 0 : -errno; }
