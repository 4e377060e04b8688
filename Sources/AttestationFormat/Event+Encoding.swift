extension Event {
    /// The event's deterministic bytes: the leaf that is hashed.
    ///
    /// - Throws: as ``write(to:)``.
    public func encoded() throws(FormatError) -> [UInt8] {
        var writer = CBORWriter(reserving: 160)
        try write(to: &writer)
        return writer.bytes
    }

    /// Writes the event's deterministic bytes behind what the writer holds.
    ///
    /// - Throws: `limitExceeded` above 4,096 bytes, `duplicateKey` when a document's role or an extension's name stands twice; what was
    ///   written by then stays in the writer.
    public func write(to writer: inout CBORWriter) throws(FormatError) {
        let start = writer.bytes.count
        writer.beginMap(entryCount)
        writer.write(UInt64(0))
        switch kind {
        case .number(let number): writer.write(number)
        case .text(let text): writer.write(text)
        }
        writer.write(UInt64(1))
        writer.write(wallClockMilliseconds)
        writer.write(UInt64(2))
        writer.write(monotonicMilliseconds)
        writeCircumstances(to: &writer)
        try writeDocuments(to: &writer)
        writeAttachments(to: &writer)
        try writeExtensions(to: &writer)
        if !salt.isEmpty {
            writer.write(UInt64(13))
            writer.write(salt)
        }
        guard writer.bytes.count - start <= Limits.eventByteCount else { throw FormatError(.limitExceeded, at: start) }
    }

    private var entryCount: Int {
        let present = [
            clock != nil, !what.isEmpty, readPoint != nil, position != nil, !readings.isEmpty, !documents.isEmpty,
            !attachments.isEmpty, foreign != nil, !flags.isEmpty, !extensions.isEmpty, !salt.isEmpty,
        ]
        var count = 3
        for isPresent in present where isPresent { count += 1 }
        return count
    }

    /// Keys 3 to 7.
    private func writeCircumstances(to writer: inout CBORWriter) {
        if let clock {
            writer.write(UInt64(3))
            writer.beginArray(2)
            writer.write(clock.source.rawValue)
            if let error = clock.errorMilliseconds { writer.write(error) } else { writer.writeNull() }
        }
        if !what.isEmpty {
            writer.write(UInt64(4))
            writer.beginArray(what.count)
            for item in what { writer.write(item) }
        }
        if let readPoint {
            writer.write(UInt64(5))
            writer.write(readPoint)
        }
        if let position {
            writer.write(UInt64(6))
            position.write(to: &writer)
        }
        if !readings.isEmpty {
            writer.write(UInt64(7))
            writer.beginArray(readings.count)
            for reading in readings { reading.write(to: &writer) }
        }
    }

    /// Key 8.
    private func writeDocuments(to writer: inout CBORWriter) throws(FormatError) {
        if documents.isEmpty { return }
        writer.write(UInt64(8))
        writer.beginMap(documents.count)
        for index in try sortedOrder(of: documents.map { $0.role }, at: writer.bytes.count) {
            writer.write(documents[index].role)
            writer.write(documents[index].value)
        }
    }

    /// Keys 9 to 11.
    private func writeAttachments(to writer: inout CBORWriter) {
        if !attachments.isEmpty {
            writer.write(UInt64(9))
            writer.beginArray(attachments.count)
            for attachment in attachments { attachment.write(to: &writer) }
        }
        if let foreign {
            writer.write(UInt64(10))
            writer.beginArray(2)
            writer.write(foreign.contentType)
            writer.write(foreign.bytes)
        }
        if !flags.isEmpty {
            writer.write(UInt64(11))
            let numbers = flags.numbers
            writer.beginArray(numbers.count)
            for number in numbers { writer.write(number) }
        }
    }

    /// Key 12.
    private func writeExtensions(to writer: inout CBORWriter) throws(FormatError) {
        if extensions.isEmpty { return }
        writer.write(UInt64(12))
        writer.beginMap(extensions.count)
        for index in try sortedOrder(of: extensions.map { $0.name }, at: writer.bytes.count) {
            writer.write(extensions[index].name)
            extensions[index].value.write(to: &writer)
        }
    }

    /// Indexes of text keys in the order of their encodings: the shorter first, then by bytes.
    private func sortedOrder(of keys: [UTF8Text], at offset: Int) throws(FormatError) -> [Int] {
        let order = SortedOrder.indices(keys.count) { Event.precedes(keys[$0], keys[$1]) }
        for place in order.indices.dropFirst() where keys[order[place - 1]] == keys[order[place]] {
            throw FormatError(.duplicateKey, at: offset)
        }
        return order
    }

    private static func precedes(_ left: UTF8Text, _ right: UTF8Text) -> Bool {
        left.byteCount == right.byteCount ? left < right : left.byteCount < right.byteCount
    }
}

extension EventPosition {
    fileprivate func write(to writer: inout CBORWriter) {
        let altitude = accuracyMillimetres == nil ? nil : altitudeMillimetres
        writer.beginArray(2 + (accuracyMillimetres == nil ? 0 : 1) + (altitude == nil ? 0 : 1))
        writer.write(latitude)
        writer.write(longitude)
        if let accuracyMillimetres { writer.write(accuracyMillimetres) }
        if let altitude { writer.write(altitude) }
    }
}

extension EventAttachment {
    fileprivate func write(to writer: inout CBORWriter) {
        writer.beginArray(contentType == nil ? 2 : 3)
        writer.write(algorithm)
        writer.write(digest)
        if let contentType { writer.write(contentType) }
    }
}

extension EventExtension.Value {
    fileprivate func write(to writer: inout CBORWriter) {
        switch self {
        case .text(let text): writer.write(text)
        case .integer(let integer): writer.write(integer)
        case .bool(let bool): writer.write(bool)
        case .bytes(let bytes): writer.write(bytes)
        }
    }
}

extension EventFlags {
    /// The flags' numbers, ascending.
    public var numbers: [UInt64] {
        (1...EventFlags.largestNumber).filter { rawValue & (1 << UInt16($0)) != 0 }.map { UInt64($0) }
    }

    /// The known ones of some numbers.
    public init(numbers: [UInt64]) {
        var rawValue: UInt16 = 0
        for number in numbers where (1...UInt64(EventFlags.largestNumber)).contains(number) {
            rawValue |= 1 << UInt16(truncatingIfNeeded: number)
        }
        self.init(rawValue: rawValue)
    }
}
