#define _GNU_SOURCE
#include "access.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

int posix_path_facts_of(const char *path, struct posix_path_facts *facts) {
    struct stat status;
    if (stat(path, &status) != 0) { return -errno; }
    facts->is_folder = S_ISDIR(status.st_mode);
    facts->permissions = (uint32_t)status.st_mode & 07777;
    facts->user_id = (uint32_t)status.st_uid;
    facts->group_id = (uint32_t)status.st_gid;
    return 0;
}

int posix_act_as(uint32_t user, uint32_t group) {
    // Root first: only root changes groups, and the saved id lets it come back.
    if (seteuid(0) != 0 || setegid((gid_t)group) != 0) { return -errno; }
    if (user == 0) { return 0; }
    const struct passwd *entry = getpwuid((uid_t)user);
    gid_t only = (gid_t)group;
    if ((entry != NULL ? initgroups(entry->pw_name, only) : setgroups(1, &only)) != 0) { return -errno; }
    return seteuid((uid_t)user) == 0 ? 0 : -errno;
}

int posix_path_is_writable(const char *path) {
    return faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0 ? 0 : -errno;
}
