#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

void posix_arguments_hide(size_t start, size_t count) {
    char text[1024];
    int file = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return;
    }
    ptrdiff_t length = posix_read(file, (uint8_t *)text, sizeof text - 1);
    close(file);
    text[length < 0 ? 0 : length] = 0;
    // proc(5): the second field is a name that may hold anything, arg_start is the 48th and arg_end the 49th.
    char *field = strrchr(text, ')');
    for (int number = 2; field != NULL && number < 48; number++) {
        field = strchr(field + 1, ' ');
    }
    if (field == NULL) {
        return;
    }
    char *arguments = (char *)(uintptr_t)strtoull(field, &field, 10), *end = (char *)(uintptr_t)strtoull(field, NULL, 10);
    if (arguments != NULL && arguments < end && start + count <= (size_t)(end - arguments)) {
        memset(arguments + start, 'x', count);
    }
}

bool posix_is_terminal(int descriptor) { return isatty(descriptor) == 1; }

int posix_rename(const char *from, const char *to) { return rename(from, to) == 0 ? 0 : -errno; }
