// Preloaded into the agent under test: the wall clock is wrong by CLOCK_SHIFT_SECONDS, or by what CLOCK_FILE says at this moment: two
// 64-bit numbers, the seconds by which the wall clock is wrong, and those by which the clocks that count since boot are ahead. Programs for 32-bit ARM that ask for a
// time after 2038 in 32 bits learn what a kernel tells them then: that it does not fit.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct wide {
    int64_t seconds;
    int64_t nanoseconds;
};

static volatile const int64_t *control;

__attribute__((constructor)) static void open_control(void) {
    const char *path = getenv("CLOCK_FILE");
    int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) { return; }
    void *start = mmap(NULL, 2 * sizeof *control, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (start != MAP_FAILED) { control = start; }
}

static int64_t shift(void) {
    if (control != NULL) { return control[0]; }
    const char *text = getenv("CLOCK_SHIFT_SECONDS");
    return text == NULL ? 0 : strtoll(text, NULL, 10);
}

static int read_clock(int clock, struct wide *now) {
#ifdef SYS_clock_gettime64
    int result = (int)syscall(SYS_clock_gettime64, clock, now);
#else
    int result = (int)syscall(SYS_clock_gettime, clock, now);
#endif
    if (result == 0 && clock == CLOCK_REALTIME) { now->seconds += shift(); }
    if (result == 0 && control != NULL && (clock == CLOCK_MONOTONIC || clock == CLOCK_BOOTTIME)) { now->seconds += control[1]; }
    return result;
}

int __clock_gettime64(int clock, struct wide *now) { return read_clock(clock, now); }

int clock_gettime(clockid_t clock, struct timespec *now) {
    struct wide wide;
    if (read_clock(clock, &wide) != 0) { return -1; }
    now->tv_sec = (time_t)wide.seconds;
    now->tv_nsec = (long)wide.nanoseconds;
    if ((int64_t)now->tv_sec == wide.seconds) { return 0; }
    errno = EOVERFLOW;
    return -1;
}

// What the TLS library compares certificates with.
#ifdef __LP64__
time_t time(time_t *result) {
    struct wide wide;
    if (read_clock(CLOCK_REALTIME, &wide) != 0) { return -1; }
    if (result != NULL) { *result = (time_t)wide.seconds; }
    return (time_t)wide.seconds;
}
#endif
