#define _GNU_SOURCE
#include "procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

_Static_assert(POSIX_EAGAIN == EAGAIN, "POSIX_EAGAIN must be this platform's");

int posix_readable_open(const char *path) {
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    return descriptor < 0 ? -errno : descriptor;
}

int64_t posix_readable_read(int descriptor, uint8_t *bytes, size_t capacity, int64_t offset) {
    ssize_t count;
    do { count = pread(descriptor, bytes, capacity, offset); } while (count < 0 && errno == EINTR);
    return count < 0 ? -errno : count;
}

int posix_readable_close(int descriptor) { return close(descriptor) < 0 ? -errno : 0; }

int64_t posix_small_file_read(const char *path, uint8_t *bytes, size_t capacity) {
    int descriptor = posix_readable_open(path);
    if (descriptor < 0) return descriptor;
    int64_t total = 0;
    while ((size_t)total < capacity) {
        int64_t count = posix_readable_read(descriptor, bytes + total, capacity - (size_t)total, total);
        if (count <= 0) { if (count < 0) total = count; break; }
        total += count;
    }
    close(descriptor);
    return total;
}

int64_t posix_path_free_bytes(const char *path) {
    struct statvfs info;
    if (statvfs(path, &info) < 0) return -errno;
    unsigned long long bytes = (unsigned long long)info.f_bavail * info.f_frsize;
    return bytes > INT64_MAX ? INT64_MAX : (int64_t)bytes;
}
