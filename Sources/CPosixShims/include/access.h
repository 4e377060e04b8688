// What may be done with a path, and whose it is: for `doctor`.
#pragma once
#include <stdbool.h>
#include <stdint.h>

/// What stat says of a path, in plain numbers.
struct posix_path_facts {
    bool is_folder;
    uint32_t permissions;   ///< the low twelve bits of the mode
    uint32_t user_id;
    uint32_t group_id;
};
/// Follows symbolic links. 0 or a negated errno.
int posix_path_facts_of(const char *path, struct posix_path_facts *facts);

/// Lets root act as another user with his groups, or, with `user` 0, as root again: files, tokens and devices see that user. 0 or a negated errno.
int posix_act_as(uint32_t user, uint32_t group);

/// Whether this process may write there, with its effective ids. 0 or a negated errno.
int posix_path_is_writable(const char *path);
