// Sensors' files in sysfs: where a device hangs, and files whose reading takes long.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Copies where a symbolic link points to (at most `capacity` bytes, no zero at the end): its length, or a negated errno.
ptrdiff_t posix_link_read(const char *path, uint8_t *target, size_t capacity);

/// Spawns /bin/cat with the open `file` as its input, without environment or other descriptors, and returns at once: a file of
/// sysfs that measures while it is read (1-Wire: 750 ms) holds up a process of its own. `output` becomes a non-blocking
/// descriptor that ends with the file; close it, then end the reader. 0 or a negated errno.
int posix_reader_spawn(int file, int *output, int32_t *process);
/// Collects a reader that has ended: its exit code, 256 if a signal ended it, -EAGAIN while it runs. `kill` ends it first.
int posix_reader_end(int32_t process, bool kill);
