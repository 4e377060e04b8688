// Small files read or written whole: keys, certificates and configuration. Event data never goes through here.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// What fstat says of an open file, in plain numbers.
typedef struct hs_smallfile_facts {
    bool is_regular;
    uint32_t permissions;  // the low twelve bits of st_mode
    uint32_t owner;
    int64_t byte_count;
} hs_smallfile_facts;

/// Opens for reading, without waiting on pipes or devices. A descriptor, or a negative errno.
int hs_smallfile_open(const char *path);

/// 0 or a negative errno.
int hs_smallfile_facts_of(int descriptor, hs_smallfile_facts *facts);

/// Reads until `capacity` bytes or the end. The count read, or a negative errno.
int64_t hs_smallfile_read(int descriptor, uint8_t *bytes, size_t capacity);

/// Creates a file that did not exist, for its owner alone (0600). A descriptor, or a negative errno.
int hs_smallfile_create(const char *path);

/// Writes all of `count` bytes, repeating short writes. 0 or a negative errno.
int hs_smallfile_write(int descriptor, const uint8_t *bytes, size_t count);

/// Sets the mode. 0 or a negative errno.
int hs_smallfile_give(int descriptor, uint32_t permissions);

/// fsync. 0 or a negative errno.
int hs_smallfile_sync(int descriptor);

/// 0 or a negative errno.
int hs_smallfile_close(int descriptor);

/// Gives `from` the name `to`, which must be free: -EEXIST otherwise. 0 or a negative errno.
int hs_smallfile_publish(const char *from, const char *to);

/// 0 or a negative errno.
int hs_smallfile_remove(const char *path);

/// Makes a directory's entries durable. 0 or a negative errno.
int hs_smallfile_sync_directory(const char *path);

/// The system's words for an errno (positive), never NULL.
const char *hs_error_text(int error);

/// ENOSPC or EDQUOT.
bool hs_error_is_no_space(int error);

extern const int hs_error_not_found;  // ENOENT
extern const int hs_error_exists;     // EEXIST

/// An open directory.
typedef struct hs_folder hs_folder;

/// NULL, with a positive errno in `error`.
hs_folder *hs_folder_open(const char *path, int *error);

/// The next entry's name but "." and "..", valid until the next call. NULL at the end, or with a positive errno in `error`.
const char *hs_folder_next(hs_folder *folder, int *error);
void hs_folder_close(hs_folder *folder);

/// The `index`th entry of the environment ("NAME=value"), or NULL beyond the last.
const char *hs_environment_entry(size_t index);

#ifdef __cplusplus
}
#endif
