#define _GNU_SOURCE
#include "smallfiles.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const int hs_error_not_found = ENOENT;
const int hs_error_exists = EEXIST;

static int result_or_error(int result) { return result < 0 ? -errno : result; }

static int open_again(const char *path, int flags, mode_t mode) {
    int descriptor;
    do descriptor = open(path, flags | O_CLOEXEC, mode);
    while (descriptor < 0 && errno == EINTR);
    return result_or_error(descriptor);
}

int hs_smallfile_open(const char *path) { return open_again(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0); }

int hs_smallfile_facts_of(int descriptor, hs_smallfile_facts *facts) {
    struct stat status;
    if (fstat(descriptor, &status) < 0) return -errno;
    facts->is_regular = S_ISREG(status.st_mode);
    facts->permissions = (uint32_t)status.st_mode & 07777;
    facts->owner = status.st_uid;
    facts->byte_count = status.st_size;
    return 0;
}

int64_t hs_smallfile_read(int descriptor, uint8_t *bytes, size_t capacity) {
    size_t count = 0;
    while (count < capacity) {
        ssize_t got = read(descriptor, bytes + count, capacity - count);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return -errno;
        if (got == 0) break;
        count += (size_t)got;
    }
    return (int64_t)count;
}

int hs_smallfile_create(const char *path) {
    return open_again(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, S_IRUSR | S_IWUSR);
}

int hs_smallfile_write(int descriptor, const uint8_t *bytes, size_t count) {
    while (count > 0) {
        ssize_t done = write(descriptor, bytes, count);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return -errno;
        bytes += done;
        count -= (size_t)done;
    }
    return 0;
}

int hs_smallfile_give(int descriptor, uint32_t permissions) { return result_or_error(fchmod(descriptor, permissions)); }

int hs_smallfile_sync(int descriptor) { return result_or_error(fsync(descriptor)); }

// Linux has released the descriptor even when close says EINTR, so it is never repeated.
int hs_smallfile_close(int descriptor) { return result_or_error(close(descriptor)); }

int hs_smallfile_publish(const char *from, const char *to) {
    return result_or_error(renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE));
}

int hs_smallfile_remove(const char *path) { return result_or_error(unlink(path)); }

int hs_smallfile_sync_directory(const char *path) {
    int descriptor = open_again(path, O_RDONLY | O_DIRECTORY, 0);
    if (descriptor < 0) return descriptor;
    int synced = hs_smallfile_sync(descriptor);
    int closed = hs_smallfile_close(descriptor);
    return synced < 0 ? synced : closed;
}

const char *hs_error_text(int error) {
    const char *text = strerror(error);
    return text != NULL ? text : "unknown error";
}

bool hs_error_is_no_space(int error) { return error == ENOSPC || error == EDQUOT; }

struct hs_folder {
    DIR *stream;
};

hs_folder *hs_folder_open(const char *path, int *error) {
    hs_folder *folder = malloc(sizeof *folder);
    if (folder == NULL) {
        *error = ENOMEM;
        return NULL;
    }
    folder->stream = opendir(path);
    if (folder->stream != NULL) return folder;
    *error = errno;
    free(folder);
    return NULL;
}

const char *hs_folder_next(hs_folder *folder, int *error) {
    for (;;) {
        errno = 0;
        struct dirent *entry = readdir(folder->stream);
        if (entry == NULL) {
            *error = errno;
            return NULL;
        }
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) return entry->d_name;
    }
}

void hs_folder_close(hs_folder *folder) {
    closedir(folder->stream);
    free(folder);
}

extern char **environ;

const char *hs_environment_entry(size_t index) {
    if (environ == NULL) return NULL;
    for (size_t passed = 0; passed < index; passed++)
        if (environ[passed] == NULL) return NULL;
    return environ[index];
}
