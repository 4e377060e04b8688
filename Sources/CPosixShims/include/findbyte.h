// Searching memory, as fast as libc can.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/// Offset of the first `byte` among `count` bytes, or -1.
static inline ptrdiff_t posix_find_byte(const void *bytes, uint8_t byte, size_t count) {
    if (count == 0) { return -1; }
    const void *found = memchr(bytes, byte, count);
    return found ? (const char *)found - (const char *)bytes : -1;
}
