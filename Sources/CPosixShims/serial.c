#define _GNU_SOURCE
#include "serial.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

_Static_assert(POSIX_ENOTTY == ENOTTY && POSIX_EBUSY == EBUSY && POSIX_EINVAL == EINVAL, "values");

static speed_t speed_of(uint32_t baud) {
    switch (baud) {
    case 4800: return B4800;
    case 9600: return B9600;
    case 19200: return B19200;
    case 38400: return B38400;
    case 57600: return B57600;
    case 115200: return B115200;
    case 230400: return B230400;
    case 460800: return B460800;
    case 921600: return B921600;
    default: return B0;
    }
}

static int configure(int descriptor, speed_t speed) {
    struct termios settings;
    if (tcgetattr(descriptor, &settings) != 0) { return -errno; }
    cfmakeraw(&settings);
    settings.c_cflag |= CLOCAL | CREAD;
    settings.c_cflag &= ~(tcflag_t)(CSTOPB | CRTSCTS | HUPCL);
    // A noisy line's breaks and framing errors become bytes that the checksum refuses.
    settings.c_iflag |= IGNBRK;
    settings.c_cc[VMIN] = 1;    // with 0 a read that finds nothing would look like a device that is gone
    settings.c_cc[VTIME] = 0;
    if (cfsetispeed(&settings, speed) != 0 || cfsetospeed(&settings, speed) != 0) { return -errno; }
    if (tcsetattr(descriptor, TCSANOW, &settings) != 0) { return -errno; }
    // tcsetattr reports success when it has done anything at all.
    if (tcgetattr(descriptor, &settings) != 0) { return -errno; }
    return cfgetospeed(&settings) == speed ? 0 : -EINVAL;
}

int posix_serial_open(const char *path, uint32_t baud) {
    speed_t speed = speed_of(baud);
    if (speed == B0) { return -EINVAL; }
    int descriptor = open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0) { return -errno; }
    int result = isatty(descriptor) ? configure(descriptor, speed) : -ENOTTY;
    if (result == 0 && ioctl(descriptor, TIOCEXCL) != 0) { result = -errno; }
    // What came at another rate, or before a pause, is of no use.
    if (result == 0) { tcflush(descriptor, TCIFLUSH); }
    if (result == 0) { return descriptor; }
    close(descriptor);
    return result;
}

ptrdiff_t posix_serial_read(int descriptor, uint8_t *bytes, size_t count) {
    ssize_t result;
    do { result = read(descriptor, bytes, count); } while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : result;
}

int posix_serial_close(int descriptor) {
    ioctl(descriptor, TIOCNXCL);
    return close(descriptor) < 0 ? -errno : 0;
}
