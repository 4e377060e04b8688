#define _GNU_SOURCE
#include "spawn_beside.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

int spawn_beside(const char *program, char **arguments, char **environment, const int descriptors[3], int32_t *process) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    int error = 0;
    for (int target = 0; !error && target < 3; target++) {
        if (descriptors[target] >= 0) { error = posix_spawn_file_actions_adddup2(&actions, descriptors[target], target); }
        if (descriptors[target] == SPAWN_NOTHING) { error = posix_spawn_file_actions_addopen(&actions, target, "/dev/null", O_RDWR, 0); }
    }
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 34)
    // libmosquitto's socket is not closed on exec: held by a child, a lost connection would end later.
    if (!error) { error = posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1); }
#endif
    if (!error) { error = posix_spawnattr_setsigmask(&attributes, &none); }
    if (!error) { error = posix_spawnattr_setsigdefault(&attributes, &defaults); }
    if (!error) { error = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF); }
    pid_t child = 0;
    if (!error) { error = posix_spawn(&child, program, &actions, &attributes, arguments, environment); }
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    *process = (int32_t)child;
    return -error;
}
