// A GPIO chip for a machine that has none, loaded in front of the C library: /dev/gpiochip2 opens, and answers the calls of the GPIO
// character device, ABI version 2, as gpiolib-cdev.c does. Edges are what the test writes into the pipe GPIO_EDGES, 48 bytes each as the
// kernel's; the line's state, or "gone" for a chip that was unplugged, stands in the file GPIO_STATE; what was asked for goes to GPIO_LOG.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/gpio.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

static int (*real_open(void))(const char *, int, ...) {
    return (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
}

static int state(void) {
    char text[8] = "";
    FILE *file = fopen(getenv("GPIO_STATE"), "r");
    if (file) {
        if (!fgets(text, sizeof text, file)) { text[0] = 0; }
        fclose(file);
    }
    return text[0] == 'g' ? -1 : text[0] == '1';
}

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    int mode = va_arg(rest, int);
    va_end(rest);
    if (strncmp(path, "/dev/gpiochip", 13) != 0) { return real_open()(path, flags, mode); }
    if (strcmp(path, "/dev/gpiochip2") != 0 || state() < 0) {
        errno = ENOENT;
        return -1;
    }
    return real_open()("/dev/null", O_RDWR | O_CLOEXEC);
}

// What `open` is called where files have 64 bits.
int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    int mode = va_arg(rest, int);
    va_end(rest);
    return open(path, flags, mode);
}

static int request_line(struct gpio_v2_line_request *request) {
    FILE *log = fopen(getenv("GPIO_LOG"), "a");
    fprintf(
        log, "lines %u offset %u consumer %s flags %llx buffer %u debounce %u\n", request->num_lines, request->offsets[0], request->consumer,
        (unsigned long long)request->config.flags, request->event_buffer_size,
        request->config.num_attrs == 1 && request->config.attrs[0].attr.id == GPIO_V2_LINE_ATTR_ID_DEBOUNCE
                && request->config.attrs[0].mask == 1
            ? request->config.attrs[0].attr.debounce_period_us : 0);
    fclose(log);
    request->fd = real_open()(getenv("GPIO_EDGES"), O_RDONLY | O_NONBLOCK);
    return request->fd < 0 ? -1 : 0;
}

int ioctl(int descriptor, unsigned long code, ...) {
    va_list rest;
    va_start(rest, code);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    if (code == GPIO_GET_CHIPINFO_IOCTL) {
        struct gpiochip_info *info = argument;
        strcpy(info->name, "gpiochip2");
        strcpy(info->label, "pinctrl-test");
        info->lines = 54;
        return 0;
    }
    if (code == GPIO_V2_GET_LINE_IOCTL) { return request_line(argument); }
    if (code == GPIO_V2_LINE_GET_VALUES_IOCTL) {
        struct gpio_v2_line_values *values = argument;
        if (values->mask != 1) {
            errno = EINVAL;
            return -1;
        }
        values->bits = state() == 1;
        return 0;
    }
    int (*next)(int, unsigned long, ...) = (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
    return next(descriptor, code, argument);
}
