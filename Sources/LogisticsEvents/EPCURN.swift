import AttestationFormat

/// EPC pure identity URNs (GS1 EPC Tag Data Standard 2.0, section 6) turned into Digital Links. A URN has no check
/// digit: it is computed, not repaired.
enum EPCURN {
    static let identifierPrefix: UTF8Text = "urn:epc:id:"
    static let classPrefix: UTF8Text = "urn:epc:class:"

    /// GS1 company prefixes in URNs have 6 to 12 digits (Tag Data Standard, section 6.3).
    private static let prefixCounts = 6...12

    /// Parts of a URN behind its scheme: company prefix, reference, and what follows the second dot.
    private struct Parts {
        let scheme: Range<Int>
        let prefix: Range<Int>
        let reference: Range<Int>
        let serial: Range<Int>?
    }

    static func link(_ text: Span<UInt8>) throws(EventError) -> Identifier {
        let isClass = text.starts(with: classPrefix)
        let parts = try parts(text, from: (isClass ? classPrefix : identifierPrefix).bytes.count)
        let scheme = text.extracting(parts.scheme)
        var uri = Identifier.linkPrefix.bytes
        if isClass {
            guard scheme.isExactly("lgtin") else { throw .identifier("of EPC classes, lgtin is the one that is taken") }
            try appendGTIN(text, parts, qualifier: "/10/", to: &uri)
        } else if scheme.isExactly("sgtin") {
            try appendGTIN(text, parts, qualifier: "/21/", to: &uri)
        } else if scheme.isExactly("sscc") {
            try appendSSCC(text, parts, to: &uri)
        } else if scheme.isExactly("giai") {
            try appendAsset(text, parts, "8004/", to: &uri)
        } else if scheme.isExactly("ginc") {
            try appendAsset(text, parts, "401/", to: &uri)
        } else {
            try appendKeyed(text, scheme, parts, to: &uri)
        }
        // The link goes through the same checks as one that came as a link.
        return try DigitalLink.parse(uri.span, from: Identifier.linkPrefix.bytes.count)
    }

    private static func parts(_ text: Span<UInt8>, from start: Int) throws(EventError) -> Parts {
        var colon = start
        while colon < text.count, text[colon] != UInt8(ascii: ":") { colon += 1 }
        let prefixStart = min(colon + 1, text.count)
        var prefixEnd = prefixStart
        while prefixEnd < text.count, text[prefixEnd].isDigit { prefixEnd += 1 }
        guard prefixCounts.contains(prefixEnd - prefixStart), prefixEnd < text.count,
            text[prefixEnd] == UInt8(ascii: ".")
        else { throw .identifier("a URN's company prefix is 6 to 12 digits, followed by a dot") }
        var referenceEnd = prefixEnd + 1
        while referenceEnd < text.count, text[referenceEnd] != UInt8(ascii: ".") { referenceEnd += 1 }
        return Parts(
            scheme: start..<colon, prefix: prefixStart..<prefixEnd, reference: prefixEnd + 1..<referenceEnd,
            serial: referenceEnd < text.count ? referenceEnd + 1..<text.count : nil)
    }

    /// The indicator digit stands first in the reference, and first of all in the GTIN.
    private static func appendGTIN(
        _ text: Span<UInt8>, _ parts: Parts, qualifier: UTF8Text, to uri: inout [UInt8]
    ) throws(EventError) {
        try appendIndicated(text, parts, digitCount: 13, "01/", to: &uri)
        guard let serial = parts.serial else { throw .identifier("this URN needs a serial or lot after a second dot") }
        uri.append(contentsOf: qualifier.bytes)
        uri.append(copying: text.extracting(serial))
    }

    private static func appendSSCC(_ text: Span<UInt8>, _ parts: Parts, to uri: inout [UInt8]) throws(EventError) {
        guard parts.serial == nil else { throw .identifier("an SSCC's URN has one dot") }
        try appendIndicated(text, parts, digitCount: 17, "00/", to: &uri)
    }

    private static func appendIndicated(
        _ text: Span<UInt8>, _ parts: Parts, digitCount: Int, _ code: UTF8Text, to uri: inout [UInt8]
    ) throws(EventError) {
        guard parts.prefix.count + parts.reference.count == digitCount, !parts.reference.isEmpty else {
            throw digitTotal(digitCount)
        }
        uri.append(contentsOf: code.bytes)
        let start = uri.count
        uri.append(text[parts.reference.lowerBound])
        uri.append(copying: text.extracting(parts.prefix))
        uri.append(copying: text.extracting(parts.reference.dropFirst()))
        try appendCheckDigit(from: start, to: &uri)
    }

    /// Keys whose value is one run of any characters: prefix and reference.
    private static func appendAsset(
        _ text: Span<UInt8>, _ parts: Parts, _ code: UTF8Text, to uri: inout [UInt8]
    ) throws(EventError) {
        uri.append(contentsOf: code.bytes)
        uri.append(copying: text.extracting(parts.prefix))
        uri.append(copying: text.extracting(parts.reference.lowerBound..<text.count))
        guard !parts.reference.isEmpty else { throw .identifier("the reference after the dot is missing") }
    }

    /// Keys of digits with a check digit behind them.
    private static func appendKeyed(
        _ text: Span<UInt8>, _ scheme: Span<UInt8>, _ parts: Parts, to uri: inout [UInt8]
    ) throws(EventError) {
        let isLocation = scheme.isExactly("sgln")
        let code: UTF8Text
        if isLocation {
            code = "414/"
        } else if scheme.isExactly("pgln") {
            code = "417/"
        } else if scheme.isExactly("grai") {
            // A link's GRAI has a filler digit in front.
            code = "8003/0"
        } else if scheme.isExactly("gdti") {
            code = "253/"
        } else if scheme.isExactly("gsin") {
            code = "402/"
        } else {
            throw .identifier("of EPC URNs, sgtin, sscc, sgln, pgln, grai, giai, gdti, gsin and ginc are taken")
        }
        let digitCount = scheme.isExactly("gsin") ? 16 : 12
        guard parts.prefix.count + parts.reference.count == digitCount else { throw digitTotal(digitCount) }
        uri.append(contentsOf: code.bytes)
        let start = uri.count
        uri.append(copying: text.extracting(parts.prefix))
        uri.append(copying: text.extracting(parts.reference))
        try appendCheckDigit(from: start, to: &uri)
        try appendSerial(text, scheme, parts, isLocation: isLocation, to: &uri)
    }

    private static func appendSerial(
        _ text: Span<UInt8>, _ scheme: Span<UInt8>, _ parts: Parts, isLocation: Bool, to uri: inout [UInt8]
    ) throws(EventError) {
        let takesSerial = isLocation || scheme.isExactly("grai") || scheme.isExactly("gdti")
        guard let serial = parts.serial else {
            if takesSerial { throw .identifier("this URN needs a second dot and a serial, or 0 for a whole location") }
            return
        }
        guard takesSerial, !serial.isEmpty else { throw .identifier("this URN has one dot") }
        if isLocation {
            // The extension 0 says that there is none.
            if serial.count == 1, text[serial.lowerBound] == UInt8(ascii: "0") { return }
            uri.append(contentsOf: UTF8Text("/254/").bytes)
        }
        uri.append(copying: text.extracting(serial))
    }

    private static func appendCheckDigit(from start: Int, to uri: inout [UInt8]) throws(EventError) {
        guard let digit = CheckDigits.gs1(for: uri.span.extracting(start..<uri.count)) else {
            throw .identifier("company prefix and reference are digits")
        }
        uri.append(digit)
    }

    private static func digitTotal(_ count: Int) -> EventError {
        .identifier("company prefix and reference have " + .decimal(Int64(count)) + " digits together")
    }
}
