internal import CQRShims

/// A QR code (ISO/IEC 18004) as a square of modules, without its quiet zone.
struct QRCode {
    /// How much of the symbol may be lost and it can still be read.
    enum Correction {
        /// About 7 percent: the smallest symbol, for screens.
        case low
        /// About 15 percent: for labels, which get scratched.
        case medium
    }

    /// Light modules on each side, which readers need to find the symbol (ISO/IEC 18004, 6.3.8).
    static let quietZone = 4

    /// Modules on one side.
    let width: Int
    private let modules: [Bool]

    /// nil: the text is empty, or longer than a symbol holds (2,953 bytes with low correction).
    init?(_ text: String, correction: Correction) {
        let level = correction == .low ? QR_CORRECTION_LOW : QR_CORRECTION_MEDIUM
        let bytes = Array(text.utf8)
        guard let symbol = qr_symbol_new(bytes, bytes.count, level) else { return nil }
        defer { qr_symbol_free(symbol) }
        let side = qr_symbol_width(symbol)
        modules = (0..<side).flatMap { row in (0..<side).map { qr_symbol_is_dark(symbol, $0, row) } }
        width = Int(side)
    }

    /// Whether a module is dark; those around the symbol are light.
    func isDark(_ column: Int, _ row: Int) -> Bool {
        (0..<width).contains(column) && (0..<width).contains(row) && modules[row * width + column]
    }
}
