#include "CQRShims.h"

#include <qrencode.h>
#include <stdlib.h>

// Version 40 with the lowest correction.
#define MOST_BYTES 2953

struct qr_symbol {
    QRcode *library;
};

struct qr_symbol *qr_symbol_new(const uint8_t *bytes, size_t count, int correction) {
    if (bytes == NULL || count == 0 || count > MOST_BYTES) { return NULL; }
    QRecLevel level = correction == QR_CORRECTION_LOW ? QR_ECLEVEL_L : QR_ECLEVEL_M;
    QRcode *library = QRcode_encodeData((int)count, bytes, 0, level);
    struct qr_symbol *symbol = library == NULL ? NULL : malloc(sizeof *symbol);
    if (symbol == NULL) {
        if (library != NULL) { QRcode_free(library); }
        return NULL;
    }
    symbol->library = library;
    return symbol;
}

void qr_symbol_free(struct qr_symbol *symbol) {
    if (symbol == NULL) { return; }
    QRcode_free(symbol->library);
    free(symbol);
}

uint32_t qr_symbol_width(const struct qr_symbol *symbol) { return (uint32_t)symbol->library->width; }

bool qr_symbol_is_dark(const struct qr_symbol *symbol, uint32_t column, uint32_t row) {
    uint32_t width = qr_symbol_width(symbol);
    // The lowest bit of a module's byte is its colour; the others say what the module is for.
    return column < width && row < width && (symbol->library->data[(size_t)row * width + column] & 1) != 0;
}
