#define _GNU_SOURCE
#include "gpio.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/gpio.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

// What Swift reads, and the order of the bytes.
_Static_assert(sizeof(struct gpio_v2_line_event) == 48, "size");
_Static_assert(offsetof(struct gpio_v2_line_event, id) == 8, "layout");
_Static_assert(offsetof(struct gpio_v2_line_event, line_seqno) == 20, "layout");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "byte order");

int posix_gpio_open(const char *path) {
    int chip = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    return chip < 0 ? -errno : chip;
}

int posix_gpio_label(int chip, char *label, size_t capacity) {
    struct gpiochip_info info;
    memset(&info, 0, sizeof info);
    if (ioctl(chip, GPIO_GET_CHIPINFO_IOCTL, &info) < 0) { return -errno; }
    snprintf(label, capacity, "%.*s", (int)sizeof info.label, info.label);
    return 0;
}

static uint64_t bias_flag(int bias) {
    switch (bias) {
    case POSIX_GPIO_BIAS_PULL_UP: return GPIO_V2_LINE_FLAG_BIAS_PULL_UP;
    case POSIX_GPIO_BIAS_PULL_DOWN: return GPIO_V2_LINE_FLAG_BIAS_PULL_DOWN;
    case POSIX_GPIO_BIAS_DISABLED: return GPIO_V2_LINE_FLAG_BIAS_DISABLED;
    default: return 0;
    }
}

int posix_gpio_request(
    int chip, uint32_t line, bool active_low, int bias, uint32_t debounce_microseconds, uint32_t edge_capacity) {
    struct gpio_v2_line_request request;
    memset(&request, 0, sizeof request);
    request.offsets[0] = line;
    request.num_lines = 1;
    request.event_buffer_size = edge_capacity;
    snprintf(request.consumer, sizeof request.consumer, "harborseal-agent");
    request.config.flags = GPIO_V2_LINE_FLAG_INPUT | GPIO_V2_LINE_FLAG_EDGE_RISING | GPIO_V2_LINE_FLAG_EDGE_FALLING
        | bias_flag(bias) | (active_low ? GPIO_V2_LINE_FLAG_ACTIVE_LOW : 0);
    if (debounce_microseconds > 0) {
        request.config.num_attrs = 1;
        request.config.attrs[0].mask = 1;
        request.config.attrs[0].attr.id = GPIO_V2_LINE_ATTR_ID_DEBOUNCE;
        request.config.attrs[0].attr.debounce_period_us = debounce_microseconds;
    }
    if (ioctl(chip, GPIO_V2_GET_LINE_IOCTL, &request) < 0) { return -errno; }
    int flags = fcntl(request.fd, F_GETFL);
    if (flags < 0 || fcntl(request.fd, F_SETFL, flags | O_NONBLOCK) < 0 || fcntl(request.fd, F_SETFD, FD_CLOEXEC) < 0) {
        int error = errno;
        close(request.fd);
        return -error;
    }
    return request.fd;
}

int posix_gpio_value(int line) {
    struct gpio_v2_line_values values;
    memset(&values, 0, sizeof values);
    values.mask = 1;
    if (ioctl(line, GPIO_V2_LINE_GET_VALUES_IOCTL, &values) < 0) { return -errno; }
    return (int)(values.bits & 1);
}
