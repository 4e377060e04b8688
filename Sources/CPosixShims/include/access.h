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

/// Whether a key's file, or the folder that keys lie in, is its user's alone; `user` UINT32_MAX: nobody knows who that is. 0: it is; below 0 a negated
/// errno; else `posix_key_words` says until the next call what is wrong and, behind `; `, what mends it.
///
/// A folder is judged as ssh judges its own (sshd_config, StrictModes), and may be root's: whoever can put files there can put others in the place of a
/// key, a certificate or the trust file. A sticky folder such as /tmp is no better, since a name that is free today is anybody's. A group may write
/// there while the user is alone in it, as in the package's /etc/harborseal.
int posix_key_fault(const char *path, uint32_t user, bool is_folder);
const char *posix_key_words(void);

/// Lets root act as another user with his groups, or, with `user` 0, as root again: files, tokens and devices see that user. 0 or a negated errno.
int posix_act_as(uint32_t user, uint32_t group);

/// Whether this process may make files in a folder, with its effective ids. 0 or a negated errno.
int posix_path_is_writable(const char *folder);

/// Whether this process may put a file there, over one that is there, by way of `path`.next. 0, or a negated errno of the folder; 1: the file that is
/// there, 2: the one that waits beside it is another user's in a sticky folder that is not this user's either, so that it can be neither renamed nor removed.
int posix_place_fault(const char *path);
