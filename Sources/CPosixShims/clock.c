#define _GNU_SOURCE
#include "clock.h"

#include <errno.h>
#include <stdio.h>
#include <sys/timex.h>
#include <time.h>

static int64_t nanoseconds(clockid_t clock) {
    struct timespec now;
    if (clock_gettime(clock, &now) != 0) { return 0; }
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t posix_monotonic_milliseconds(void) { return nanoseconds(CLOCK_MONOTONIC) / 1000000; }
int64_t posix_monotonic_nanoseconds(void) { return nanoseconds(CLOCK_MONOTONIC); }
int64_t posix_boottime_milliseconds(void) { return nanoseconds(CLOCK_BOOTTIME) / 1000000; }
int64_t posix_process_time_nanoseconds(void) { return nanoseconds(CLOCK_PROCESS_CPUTIME_ID); }

int64_t posix_realtime_milliseconds(void) {
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) { return 0; }
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void posix_utc_text(uint64_t milliseconds, char *text, size_t capacity) {
    time_t seconds = (time_t)(milliseconds / 1000);
    struct tm parts;
    if (gmtime_r(&seconds, &parts) == NULL) {
        snprintf(text, capacity, "?");
        return;
    }
    size_t count = strftime(text, capacity, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text + count, capacity - count, ".%03uZ", (unsigned)(milliseconds % 1000));
}

const char *posix_validity_words(int64_t from, int64_t to) {
    static char words[160];
    int64_t now = posix_realtime_milliseconds() / 1000;
    int64_t moments[] = {from, to, now};
    // A clock before 2026 is known to be wrong, and what fails all the same has ended: BelievedTime.
    char texts[3][40];
    for (int index = 0; index < 3; index++) {
        posix_utc_text(moments[index] < 0 ? 0 : (uint64_t)moments[index] * 1000, texts[index], sizeof texts[index]);
    }
    snprintf(words, sizeof words, "%s: it is good from %.16sZ to %.16sZ, and this machine's clock says %.16sZ",
             now < from && now >= 1767225600 ? " is not valid yet" : " has expired", texts[0], texts[1], texts[2]);
    return words;
}

int posix_clock_status_read(struct posix_clock_status *status) {
    struct timex state = {0};   // modes 0: read only, no privilege needed
    status->synchronised = false;
    status->estimated_error_milliseconds = 0;
    status->maximum_error_milliseconds = 0;
    int result = adjtimex(&state);
    if (result < 0) { return -errno; }
    status->synchronised = result != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
    status->estimated_error_milliseconds = ((int64_t)state.esterror + 999) / 1000;
    status->maximum_error_milliseconds = ((int64_t)state.maxerror + 999) / 1000;
    return 0;
}

void posix_sleep_milliseconds(uint32_t milliseconds) {
    struct timespec duration = {.tv_sec = milliseconds / 1000, .tv_nsec = (long)(milliseconds % 1000) * 1000000};
    nanosleep(&duration, NULL);
}
