// What a program knows of how it was called and where its output goes.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The command line as the kernel keeps it: arguments, each ended with a zero. Embedded Swift has no CommandLine.
/// The count of bytes, or a negated errno; -E2BIG when `capacity` does not hold it.
ptrdiff_t posix_arguments(uint8_t *bytes, size_t capacity);

/// Overwrites a part of the command line, as `posix_arguments` gives it, where everybody on the machine can read it. As far as that is possible.
void posix_arguments_hide(size_t start, size_t count);

/// Whether a descriptor is a terminal.
bool posix_is_terminal(int descriptor);

/// Gives `from` the name `to`, replacing what was there. 0 or a negated errno.
int posix_rename(const char *from, const char *to);

/// Reads up to `capacity` bytes from a blocking descriptor, such as standard input. 0 at the end, or a negated errno.
ptrdiff_t posix_read(int descriptor, uint8_t *bytes, size_t capacity);
