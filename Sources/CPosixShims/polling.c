#define _GNU_SOURCE
#include <poll.h>
#include "polling.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

_Static_assert(sizeof(struct posix_poll_entry) == sizeof(struct pollfd), "layout");
_Static_assert(offsetof(struct posix_poll_entry, descriptor) == offsetof(struct pollfd, fd), "layout");
_Static_assert(offsetof(struct posix_poll_entry, events) == offsetof(struct pollfd, events), "layout");
_Static_assert(offsetof(struct posix_poll_entry, revents) == offsetof(struct pollfd, revents), "layout");
_Static_assert(POSIX_POLL_IN == POLLIN && POSIX_POLL_OUT == POLLOUT && POSIX_POLL_ERROR == POLLERR, "values");
_Static_assert(POSIX_POLL_HANGUP == POLLHUP && POSIX_POLL_INVALID == POLLNVAL, "values");

int posix_poll(struct posix_poll_entry *entries, size_t count, int32_t timeout_milliseconds) {
    int result = poll((struct pollfd *)entries, (nfds_t)count, timeout_milliseconds);
    if (result >= 0) { return result; }
    int error = errno;
    for (size_t index = 0; index < count; index++) { entries[index].revents = 0; }
    return error == EINTR ? 0 : -error;
}

int posix_wake_open(void) {
    int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return descriptor < 0 ? -errno : descriptor;
}

int posix_wake_signal(int descriptor) {
    uint64_t one = 1;
    // EAGAIN: the counter is full, so it is readable already.
    return write(descriptor, &one, sizeof one) < 0 && errno != EAGAIN ? -errno : 0;
}

int posix_wake_clear(int descriptor) {
    uint64_t count;
    return read(descriptor, &count, sizeof count) < 0 && errno != EAGAIN ? -errno : 0;
}
