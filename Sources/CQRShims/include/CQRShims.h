// The only door to libqrencode: bytes become the modules of a QR code (ISO/IEC 18004). Nothing here decides how it is drawn.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct qr_symbol;

/// How much of a symbol may be lost: about 7 and 15 percent.
#define QR_CORRECTION_LOW 0
#define QR_CORRECTION_MEDIUM 1
/// The smallest symbol that holds the bytes, as they are. NULL: no bytes, more than a symbol holds, or no memory.
struct qr_symbol *qr_symbol_new(const uint8_t *bytes, size_t count, int correction);
void qr_symbol_free(struct qr_symbol *symbol);

/// Modules on one side, without the quiet zone around them: 21 to 177.
uint32_t qr_symbol_width(const struct qr_symbol *symbol);
/// Whether a module is dark; outside of the symbol none is.
bool qr_symbol_is_dark(const struct qr_symbol *symbol, uint32_t column, uint32_t row);
