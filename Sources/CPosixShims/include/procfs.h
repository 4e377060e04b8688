// Reading files by path: /proc and /sys, whose files are small and have no size, and files that a source replays.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// The errno of a call that would have to wait (checked at compile time).
#define POSIX_EAGAIN 11
#define POSIX_ENFILE 23
#define POSIX_EMFILE 24

/// Reads a small file from its start: bytes read, at most `capacity`, or a negated errno.
int64_t posix_small_file_read(const char *path, uint8_t *bytes, size_t capacity);
/// Opens a file for reading; close it with `posix_readable_close`.
int posix_readable_open(const char *path);
/// Reads at an offset: bytes read, 0 at the end. Never -EINTR.
int64_t posix_readable_read(int descriptor, uint8_t *bytes, size_t capacity, int64_t offset);
int posix_readable_close(int descriptor);
/// Free bytes, for this process, of the file system that holds `path`, or a negated errno.
int64_t posix_path_free_bytes(const char *path);
