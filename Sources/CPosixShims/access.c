#define _GNU_SOURCE
#include "access.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static char key_words[1024];

/// Whether nobody else than this user is in a group, by its list or as his own group. Debian's ssh judges its folders so, too.
static bool is_alone(uint32_t user, gid_t group) {
    const struct passwd *each = getpwuid((uid_t)user);
    const struct group *entry = getgrgid(group);
    if (each == NULL || entry == NULL) { return false; }
    for (char **name = entry->gr_mem; *name != NULL; name++) {
        if (strcmp(*name, each->pw_name) != 0) { return false; }
    }
    // Left open: whoever asks is a command that ends soon.
    setpwent();
    while ((each = getpwent()) != NULL) {
        if (each->pw_gid == group && each->pw_uid != user) { return false; }
    }
    return true;
}

int posix_key_fault(const char *path, uint32_t user, bool is_folder) {
    struct stat status;
    if (stat(path, &status) != 0) { return -errno; }
    unsigned owner = status.st_uid, mode = status.st_mode & 07777;
    unsigned others = !is_folder ? 077 : (mode & 020) != 0 && is_alone(user, status.st_gid) ? 002 : 022;
    if ((mode & others) != 0) {
        if (is_folder) {
            const char *step = mode & S_ISVTX ? "move the keys to a folder of their own, away from" : "chmod go-w";
            snprintf(key_words, sizeof key_words, "%s: others may put files there (mode %04o); %s %s", path, mode, step, path);
        } else {
            snprintf(key_words, sizeof key_words, "others than its owner may read it: the agent refuses it; chmod 600 %s", path);
        }
        return 1;
    }
    if (user == UINT32_MAX || owner == user || (is_folder && owner == 0)) { return 0; }
    snprintf(key_words, sizeof key_words, "%s%sbelongs to user %u, and the agent is user %u; chown %u %s", is_folder ? path : "", is_folder ? ": " : "",
             owner, user, user, path);
    return 1;
}

const char *posix_key_words(void) { return key_words; }

int posix_act_as(uint32_t user, uint32_t group) {
    // Root first: only root changes groups, and the saved id lets it come back.
    if (seteuid(0) != 0 || setegid((gid_t)group) != 0) { return -errno; }
    if (user == 0) { return 0; }
    const struct passwd *entry = getpwuid((uid_t)user);
    gid_t only = (gid_t)group;
    if ((entry != NULL ? initgroups(entry->pw_name, only) : setgroups(1, &only)) != 0) { return -errno; }
    return seteuid((uid_t)user) == 0 ? 0 : -errno;
}

static int try_to_make_a_file(const char *folder) {
    int file = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (file < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
        char path[4096];
        if (snprintf(path, sizeof path, "%s/.harborseal-XXXXXX", folder) >= (int)sizeof path) { return -ENAMETOOLONG; }
        file = mkostemp(path, O_CLOEXEC);
        if (file >= 0) { unlink(path); }
    }
    if (file < 0) { return -errno; }
    close(file);
    return 0;
}

int posix_path_is_writable(const char *folder) {
    // Linux before 5.8 has no call for effective ids. glibc asks it about the real ones then, which stay root's in posix_act_as.
    if (geteuid() != getuid()) { return try_to_make_a_file(folder); }
    return faccessat(AT_FDCWD, folder, W_OK, AT_EACCESS) == 0 ? 0 : -errno;
}

static bool is_anothers(const char *path) {
    struct stat status;
    return lstat(path, &status) == 0 && status.st_uid != geteuid();
}

int posix_place_fault(const char *path) {
    char other[4096];
    const char *end = strrchr(path, '/');
    int length = snprintf(other, sizeof other, "%.*s/.", end != NULL ? (int)(end - path) : 1, end != NULL ? path : ".");
    if (length >= (int)sizeof other) { return -ENAMETOOLONG; }
    int result = posix_path_is_writable(other);
    struct stat folder;
    if (result != 0 || geteuid() == 0 || stat(other, &folder) != 0 || (folder.st_mode & S_ISVTX) == 0 || folder.st_uid == geteuid()) { return result; }
    if (is_anothers(path)) { return 1; }
    return snprintf(other, sizeof other, "%s.next", path) < (int)sizeof other && is_anothers(other) ? 2 : 0;
}
