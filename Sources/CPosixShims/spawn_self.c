#define _GNU_SOURCE
#include "spawn_self.h"
#include "spawn_beside.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int posix_self_spawn(const char *arguments, size_t count, int *output, int32_t *process) {
    char *words[32];
    size_t word_count = 0;
    for (size_t start = 0; start < count; start += strlen(arguments + start) + 1) {
        if (word_count == sizeof words / sizeof words[0] - 1) { return -E2BIG; }
        words[word_count++] = (char *)arguments + start;
    }
    words[word_count] = NULL;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) { return -errno; }
    int result = fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0
        ? -errno : spawn_beside("/proc/self/exe", words, environ, (int[]){SPAWN_NOTHING, ends[1], SPAWN_KEPT}, process);
    close(ends[1]);
    if (result < 0) {
        close(ends[0]);
        return result;
    }
    *output = ends[0];
    return 0;
}
