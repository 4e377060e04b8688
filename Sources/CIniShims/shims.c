#include "CIniShims.h"

#include <ini.h>

typedef struct parse_context {
    void *context;
    hs_ini_next_line nextLine;
    hs_ini_take_value takeValue;
} parse_context;

static char *read_line(char *line, int capacity, void *stream) {
    parse_context *parse = stream;
    return parse->nextLine(parse->context, (uint8_t *)line, (size_t)capacity) ? line : NULL;
}

static int handle_value(void *user, const char *section, const char *name, const char *value) {
    parse_context *parse = user;
    parse->takeValue(parse->context, section, name, value);
    return 1;
}

int hs_ini_parse(void *context, hs_ini_next_line nextLine, hs_ini_take_value takeValue) {
    parse_context parse = {context, nextLine, takeValue};
    return ini_parse_stream(read_line, &parse, handle_value, &parse);
}
