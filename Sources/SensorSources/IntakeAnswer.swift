import AttestationFormat
import LogisticsEvents

/// The lines that the intake socket answers with.
enum IntakeAnswer {
    /// `{"epoch":"0011223344556677","sequence":12}`, and `,"known":true` for a number that was stored before.
    static func stored(epoch: UTF8Text, sequence: UInt64, isKnown: Bool = false) -> [UInt8] {
        var bytes = UTF8Text("{\"epoch\":\"").bytes
        bytes.append(contentsOf: epoch.bytes)
        bytes.append(contentsOf: UTF8Text("\",\"sequence\":").bytes)
        bytes.appendDecimal(sequence)
        bytes.append(contentsOf: UTF8Text(isKnown ? ",\"known\":true}\n" : "}\n").bytes)
        return bytes
    }

    /// `{"error":"...","key":"..."}`
    static func refused(error: UTF8Text, key: UTF8Text) -> [UInt8] {
        var bytes = UTF8Text("{\"error\":\"").bytes
        appendEscaped(error, to: &bytes)
        bytes.append(contentsOf: UTF8Text("\",\"key\":\"").bytes)
        appendEscaped(key, to: &bytes)
        bytes.append(contentsOf: UTF8Text("\"}\n").bytes)
        return bytes
    }

    static func refused(_ error: SourceError) -> [UInt8] {
        if case .event(let inner) = error { return refused(error: inner.message, key: inner.key) }
        return refused(error: error.message, key: "")
    }

    /// Quotes, backslashes and control characters escaped (RFC 8259 section 7).
    private static func appendEscaped(_ text: UTF8Text, to bytes: inout [UInt8]) {
        for byte in text.bytes {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            } else if byte < 0x20 {
                bytes.append(contentsOf: UTF8Text("\\u00").bytes)
                bytes.appendHex([byte])
            } else {
                bytes.append(byte)
            }
        }
    }
}
