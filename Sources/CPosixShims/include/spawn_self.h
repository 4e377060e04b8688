// This very program, run once more beside itself. A result below zero is a negated errno.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Spawns this program with `arguments`, each ended with a zero, `count` bytes in all and at most 31 of them; returns at once.
/// The child has this process's environment and standard error, no input, and no other descriptor but `output`: a non-blocking
/// pipe that ends with it, to be closed. Collect it with `posix_reader_end`.
int posix_self_spawn(const char *arguments, size_t count, int *output, int32_t *process);
