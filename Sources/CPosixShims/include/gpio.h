// Input lines of the GPIO character device, ABI version 2 (Linux 5.10 and later, linux/gpio.h). A result below zero is a
// negated errno.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POSIX_GPIO_BIAS_AS_IS 0
#define POSIX_GPIO_BIAS_PULL_UP 1
#define POSIX_GPIO_BIAS_PULL_DOWN 2
#define POSIX_GPIO_BIAS_DISABLED 3

/// Opens a chip such as /dev/gpiochip0.
int posix_gpio_open(const char *path);
/// Copies the chip's label, ended with a zero.
int posix_gpio_label(int chip, char *label, size_t capacity);
/// Requests one line as an input with both edges: a non-blocking descriptor that gives whole edges and outlives the chip's.
/// `debounce_microseconds` 0: none. `edge_capacity`: edges that the kernel keeps; it discards the oldest beyond.
int posix_gpio_request(
    int chip, uint32_t line, bool active_low, int bias, uint32_t debounce_microseconds, uint32_t edge_capacity);
/// The line's state: 1 active, 0 not.
int posix_gpio_value(int line);
