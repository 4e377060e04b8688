// A helper: this very program, spawned once more with a socket to its parent, for work that may wait for seconds.
#pragma once
#include <stdbool.h>
#include <stdint.h>

/// Spawns `program` with one argument, `word`, and returns at once; never forks without exec. /proc/self/exe is the running program's own file,
/// also when an update has replaced it. The helper's standard input is one end of a socket pair that keeps messages apart (SOCK_SEQPACKET);
/// `descriptor` becomes the other, non-blocking one. It has the environment, and no other descriptor but /dev/null. Collect it with `posix_reader_end`. 0 or a negated errno.
int posix_helper_spawn(const char *program, const char *word, int *descriptor, int32_t *process);

/// Makes this process a helper: it ends when its parent does, its memory is nobody's to read, and it stays the user that it acts as. False when
/// nobody spawned it so.
bool posix_helper_begin(void);
