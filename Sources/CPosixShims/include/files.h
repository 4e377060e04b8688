// Files of one folder, for the journal and for keys. One call, one system call: nothing is retried or hidden here.
// A result below zero is a negated errno. Names are relative to a folder's descriptor and end with a zero.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Opens a folder; makes it (mode 0700) when `create` and it is missing. Its parent is synced then.
int posix_folder_open(const char *path, bool create);
/// Makes the folder's entries durable (fsync).
int posix_folder_sync(int folder);

struct posix_listing;   // opaque: an open directory stream
/// Starts a listing of the folder; NULL and a negated errno in `error` when it fails.
struct posix_listing *posix_listing_open(int folder, int *error);
/// Copies the next name (at most `capacity` - 1 bytes, always ended with a zero): its length, 0 at the end, or a negated errno.
/// A longer name is cut. "." and ".." are left out.
int posix_listing_next(struct posix_listing *listing, char *name, size_t capacity);
void posix_listing_close(struct posix_listing *listing);

#define POSIX_FILE_READ 0
#define POSIX_FILE_WRITE 1      ///< reading and writing, must exist
#define POSIX_FILE_CREATE 2     ///< reading and writing, made (mode 0600) or emptied
#define POSIX_FILE_LOCK 3       ///< reading and writing, made when missing, never emptied
/// Opens a file of the folder; never follows a symbolic link, never becomes a child's.
int posix_file_open_at(int folder, const char *name, int mode);
int64_t posix_file_read_at(int file, void *target, size_t count, int64_t offset);
int64_t posix_file_write_at(int file, const void *source, size_t count, int64_t offset);
/// Data and size (fdatasync).
int posix_file_sync(int file);
int posix_file_truncate(int file, int64_t size);
int posix_file_close(int file);
int64_t posix_file_size(int file);
/// Drops the file's clean pages from the cache, so that the next read asks the medium. A hint.
int posix_file_drop_cache(int file);
int posix_file_remove_at(int folder, const char *name);
int posix_file_rename_at(int folder, const char *from, const char *to);
/// Takes an exclusive lock without waiting (flock): 0, or -EWOULDBLOCK.
int posix_file_lock(int file);
/// Free bytes that this process may use on the folder's file system.
int64_t posix_folder_free_bytes(int folder);
