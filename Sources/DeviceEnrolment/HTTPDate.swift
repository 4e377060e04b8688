internal import DeviceCrypto

/// IMF-fixdate (RFC 9110, 5.6.7), the form that servers must send.
enum HTTPDate {
    private static let months: StaticString = "JanFebMarAprMayJunJulAugSepOctNovDec"

    /// Seconds since 1970-01-01Z; nil for any other form.
    static func seconds(_ text: [UInt8]) -> Int64? {
        // Sun, 06 Nov 1994 08:49:37 GMT
        guard text.count == 29, text[3] == UInt8(ascii: ","), text[16] == 0x20, text[19] == UInt8(ascii: ":"), text[22] == UInt8(ascii: ":"),
            text[25...].elementsEqual(" GMT".utf8), let month = month(text[8..<11])
        else { return nil }
        let digits = text[12..<16] + [UInt8(ascii: "0") + month / 10, UInt8(ascii: "0") + month % 10] + text[5..<7] + text[17..<19]
        return TimestampDigits.seconds(Array(digits + text[20..<22] + text[23..<25]))
    }

    private static func month(_ name: ArraySlice<UInt8>) -> UInt8? {
        months.withUTF8Buffer { all in
            for index in 0..<12 where name.elementsEqual(all[3 * index..<3 * index + 3]) { return UInt8(index + 1) }
            return nil
        }
    }
}
