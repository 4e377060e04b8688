#define _GNU_SOURCE
#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static int result_of(int value) { return value < 0 ? -errno : value; }

// Syncs the folder that holds `path`, so that a new folder survives a power cut.
static int sync_parent(const char *path) {
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') { length--; }
    while (length > 0 && path[length - 1] != '/') { length--; }
    char *parent = length == 0 ? strdup(".") : strndup(path, length);
    if (!parent) { return -ENOMEM; }
    int folder = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(parent);
    if (folder < 0) { return -errno; }
    int result = result_of(fsync(folder));
    close(folder);
    return result;
}

int posix_folder_open(const char *path, bool create) {
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0 || errno != ENOENT || !create) { return result_of(folder); }
    if (mkdir(path, 0700) != 0 && errno != EEXIST) { return -errno; }
    int synced = sync_parent(path);
    if (synced < 0) { return synced; }
    return result_of(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

int posix_folder_sync(int folder) { return result_of(fsync(folder)); }

struct posix_listing *posix_listing_open(int folder, int *error) {
    // A descriptor of its own: the stream's position and its close leave the caller's alone.
    int own = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = own < 0 ? NULL : fdopendir(own);
    *error = stream ? 0 : -errno;
    if (!stream && own >= 0) { close(own); }
    return (struct posix_listing *)stream;
}

int posix_listing_next(struct posix_listing *listing, char *name, size_t capacity) {
    for (;;) {
        errno = 0;
        struct dirent *entry = readdir((DIR *)listing);
        if (!entry) { return -errno; }
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) { continue; }
        size_t length = strlen(entry->d_name);
        if (length >= capacity) { length = capacity - 1; }
        memcpy(name, entry->d_name, length);
        name[length] = 0;
        return (int)length;
    }
}

void posix_listing_close(struct posix_listing *listing) { closedir((DIR *)listing); }

int posix_file_open_at(int folder, const char *name, int mode) {
    int flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;   // a FIFO of that name must not hold the agent
    switch (mode) {
    case POSIX_FILE_READ: flags |= O_RDONLY; break;
    case POSIX_FILE_WRITE: flags |= O_RDWR; break;
    case POSIX_FILE_CREATE: flags |= O_RDWR | O_CREAT | O_TRUNC; break;
    default: flags |= O_RDWR | O_CREAT; break;
    }
    return result_of(openat(folder, name, flags, 0600));
}

int64_t posix_file_read_at(int file, void *target, size_t count, int64_t offset) {
    ssize_t done = pread(file, target, count, offset);
    return done < 0 ? -errno : done;
}

int64_t posix_file_write_at(int file, const void *source, size_t count, int64_t offset) {
    ssize_t done = pwrite(file, source, count, offset);
    return done < 0 ? -errno : done;
}

int posix_file_sync(int file) {
    if (fdatasync(file) != 0) { return -errno; }
    struct stat status;
    if (fstat(file, &status) != 0) { return -errno; }
    return status.st_nlink == 0 ? -ENOENT : 0;
}
int posix_file_truncate(int file, int64_t size) { return result_of(ftruncate(file, size)); }
int posix_file_close(int file) { return result_of(close(file)); }

int64_t posix_file_size(int file) {
    struct stat status;
    if (fstat(file, &status) != 0) { return -errno; }
    if (!S_ISREG(status.st_mode)) { return S_ISDIR(status.st_mode) ? -EISDIR : -ESPIPE; }
    return status.st_size;
}

int posix_file_drop_cache(int file) { return -posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED); }
int posix_file_remove_at(int folder, const char *name) { return result_of(unlinkat(folder, name, 0)); }
int posix_file_rename_at(int folder, const char *from, const char *to) { return result_of(renameat(folder, from, folder, to)); }
int posix_file_lock(int file) { return result_of(flock(file, LOCK_EX | LOCK_NB)); }

int64_t posix_folder_free_bytes(int folder) {
    struct statvfs status;
    if (fstatvfs(folder, &status) != 0) { return -errno; }
    return (int64_t)status.f_bavail * (int64_t)status.f_frsize;
}
