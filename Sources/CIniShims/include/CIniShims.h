// The door to inih: the only target that includes ini.h. Nothing is decided here.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    /// inih's line buffer in Debian's build: a line of 200 bytes or more is split silently.
    HS_INI_LINE_CAPACITY = 200,
    /// inih's buffer for a section's name: a longer one is cut silently.
    HS_INI_SECTION_CAPACITY = 50,
};

/// Writes the next line, without its end and with a terminating zero, into `line`; false at the end of the text.
typedef bool (*hs_ini_next_line)(void *context, uint8_t *line, size_t capacity);

/// Takes one `key = value`. The texts live during the call only.
typedef void (*hs_ini_take_value)(void *context, const char *section, const char *key, const char *value);

/// Parses all lines. 0, or the number of the first line that inih refuses.
int hs_ini_parse(void *context, hs_ini_next_line nextLine, hs_ini_take_value takeValue);

#ifdef __cplusplus
}
#endif
