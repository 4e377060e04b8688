// Lookups read bytes that were checked when the view was made, so reading them again cannot fail; `try?` keeps that
// promise from ever becoming a trap.
extension EventView {
    /// Key 3.
    public var clock: EventClock? {
        value(ofKey: 3) { (reader) throws(FormatError) -> EventClock in try EventView.readClock(from: &reader) }
    }

    /// Key 4, in the order of the event; empty when absent.
    public var what: [UTF8Text] {
        list(ofKey: 4) { (reader) throws(FormatError) -> UTF8Text in try reader.readText() }
    }

    /// Key 5.
    public var readPoint: UTF8Text? {
        value(ofKey: 5) { (reader) throws(FormatError) -> UTF8Text in try reader.readText() }
    }

    /// Key 6; nil also when a number does not fit into 64 signed bits, which no place on Earth needs.
    public var position: EventPosition? {
        value(ofKey: 6) { (reader) throws(FormatError) -> EventPosition in try EventView.readPosition(from: &reader) }
    }

    /// Key 7; empty when absent.
    public var readings: [EventReading] {
        list(ofKey: 7) { (reader) throws(FormatError) -> EventReading in try EventReading(reading: &reader) }
    }

    /// Key 8; empty when absent.
    public var documents: [EventDocument] {
        entries(ofKey: 8) { (role, reader) throws(FormatError) -> EventDocument in
            EventDocument(role: role, value: try reader.readText())
        }
    }

    /// Key 9; empty when absent.
    public var attachments: [EventAttachment] {
        list(ofKey: 9) { (reader) throws(FormatError) -> EventAttachment in try EventView.readAttachment(from: &reader) }
    }

    /// Key 10.
    public var foreign: EventForeign? {
        value(ofKey: 10) { (reader) throws(FormatError) -> EventForeign in try EventView.readForeign(from: &reader) }
    }

    /// Key 11: all flags' numbers, also those that are not known yet; empty when absent.
    public var flagNumbers: [UInt64] {
        list(ofKey: 11) { (reader) throws(FormatError) -> UInt64 in try reader.readUnsigned() }
    }

    /// Key 11: the flags that are known.
    public var flags: EventFlags { EventFlags(numbers: flagNumbers) }

    /// Key 12; empty when absent.
    public var extensions: [EventExtension] {
        entries(ofKey: 12) { (name, reader) throws(FormatError) -> EventExtension in
            EventExtension(name: name, value: try EventView.readExtensionValue(from: &reader))
        }
    }

    /// The value of one field of key 12; nil when absent.
    public func extensionValue(_ name: UTF8Text) -> EventExtension.Value? {
        extensions.first { $0.name == name }?.value
    }

    /// Key 13; empty when absent.
    public var salt: [UInt8] {
        value(ofKey: 13) { (reader) throws(FormatError) -> [UInt8] in try reader.readBytes() } ?? []
    }

    private func value<Value>(
        ofKey key: Int, _ readValue: (inout CBORReader) throws(FormatError) -> Value
    ) -> Value? {
        guard var reader = reader(atKey: key) else { return nil }
        return try? readValue(&reader)
    }

    private func list<Element>(
        ofKey key: Int, _ readElement: (inout CBORReader) throws(FormatError) -> Element
    ) -> [Element] {
        guard var reader = reader(atKey: key), let count = try? reader.readArray() else { return [] }
        var elements: [Element] = []
        elements.reserveCapacity(count)
        for _ in 0..<count {
            guard let element = try? readElement(&reader) else { return elements }
            elements.append(element)
        }
        return elements
    }

    private func entries<Element>(
        ofKey key: Int, _ readEntry: (UTF8Text, inout CBORReader) throws(FormatError) -> Element
    ) -> [Element] {
        guard var reader = reader(atKey: key), let count = try? reader.readMap() else { return [] }
        var elements: [Element] = []
        elements.reserveCapacity(count)
        for _ in 0..<count {
            guard let name = try? reader.readText(), let element = try? readEntry(name, &reader) else { return elements }
            elements.append(element)
        }
        return elements
    }
}
