public import AttestationFormat

extension EventDraft {
    /// Adds a document or party under a lower-case role. A value that is a GS1 link or EPC URN is checked.
    public mutating func addDocument(_ role: UTF8Text, _ value: UTF8Text) throws(EventError) {
        guard FieldName.isPlain(role.bytes.span) else { throw .badName("documents") }
        let key = "documents." + role
        guard !value.bytes.isEmpty else { throw EventError(.wrongType, key: key, "empty: leave it out, or write it") }
        guard event.documents.count < EventDraft.maximumEntryCount else { throw .tooMany("documents") }
        guard !hasDocument(role) else { throw EventError(.badName, key: key, "stands twice: leave one out") }
        var text = value
        if value.hasPrefix(Identifier.linkPrefix) || value.hasPrefix("urn:epc:") {
            do { text = try Identifier(value).uri } catch { throw error.at(key) }
        }
        append(EventDocument(role: role, value: text))
    }

    /// Adds an extension of the table; throws `wrongType` or `outOfRange` when the value does not fit its row.
    public mutating func set(_ field: ExtensionField, _ value: EventExtension.Value) throws(EventError) {
        try field.check(value)
        try insert(field.name, value)
    }

    /// Adds a text extension of the table.
    public mutating func set(_ field: ExtensionField, _ text: UTF8Text) throws(EventError) {
        try set(field, .text(text))
    }

    /// Adds a number of the table, in the unit that the field's name states.
    public mutating func set(_ field: ExtensionField, _ number: UInt64) throws(EventError) {
        try set(field, .integer(.unsigned(number)))
    }

    /// Adds a firm's own extension. In a kind of the table its name has a dot (`acme.lane`), so that it never
    /// collides with a later row; in a firm's own kind any lower-case name will do.
    public mutating func setOwn(_ name: UTF8Text, _ value: EventExtension.Value) throws(EventError) {
        let isDotted = FieldName.isDotted(name.bytes.span)
        guard isDotted || FieldName.isPlain(name.bytes.span) else { throw .badName("fields") }
        guard isDotted || kind == nil else {
            throw EventError(
                .unknownField, key: "fields." + name, "not in the table of fields; a firm's own is written firm.name")
        }
        try insert(name, value)
    }

    private mutating func insert(_ name: UTF8Text, _ value: EventExtension.Value) throws(EventError) {
        guard event.extensions.count < EventDraft.maximumEntryCount else { throw .tooMany("fields") }
        guard !hasExtension(name) else {
            throw EventError(.badName, key: "fields." + name, "stands twice: leave one out")
        }
        append(EventExtension(name: name, value: value))
    }

    /// The quantity whose unit `threshold`, `worst` and `peak` have: the kind's, else that of the first reading.
    public var measuredQuantity: Quantity? {
        if let quantity = kind?.description.measured { return quantity }
        guard let number = event.readings.first?.quantity else { return nil }
        return UInt8(exactly: number).flatMap { Quantity(rawValue: $0) }
    }

    /// Whether the batch closes at once.
    public var isPriority: Bool { kind?.description.isPriority ?? false }

    func hasDocument(_ role: UTF8Text) -> Bool {
        for entry in event.documents where entry.role == role { return true }
        return false
    }

    func hasDocument(_ role: FixedText) -> Bool {
        for entry in event.documents where entry.role == role { return true }
        return false
    }

    func hasExtension(_ name: UTF8Text) -> Bool {
        for entry in event.extensions where entry.name == name { return true }
        return false
    }

    func hasExtension(_ name: FixedText) -> Bool {
        for entry in event.extensions where entry.name == name { return true }
        return false
    }
}
