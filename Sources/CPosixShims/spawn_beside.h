// How the files of this library start another program; not for Swift.
#pragma once
#include <stdint.h>

/// In place of a descriptor of the child's: it gets /dev/null, or keeps this process's.
enum { SPAWN_NOTHING = -1, SPAWN_KEPT = -2 };

/// Spawns `program`, never forks: no copy of this process's memory, keys or random numbers lives on in it. Returns at once.
///
/// `descriptors` become its standard input, output and error; it has no other one. The agent blocks signals and ignores SIGPIPE: the child
/// does neither. 0 or a negated errno.
int spawn_beside(const char *program, char **arguments, char **environment, const int descriptors[3], int32_t *process);
