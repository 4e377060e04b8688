public import AttestationFormat

extension EventDraft {
    /// Checks the kind's mandatory fields; throws `missingField` with the key of the first that is missing.
    public func check() throws(EventError) {
        guard let kind else { return }
        for field in kind.description.mandatory where !has(field) {
            throw EventError(.missingField, key: field.key, field.reason + kind.description.name.text + " needs it")
        }
    }

    private func has(_ field: MandatoryField) -> Bool {
        switch field {
        case .parent: parentScheme != nil
        case .parentSSCC: parentScheme == .sscc
        case .units: event.what.count > (parentScheme == nil ? 0 : 1)
        case .container: !event.what.isEmpty
        case .readPoint: event.readPoint != nil
        case .place: event.readPoint != nil || event.position != nil
        case .position: event.position != nil
        case .readings: !event.readings.isEmpty
        case .summary: event.readings.contains { $0.isSummary }
        case .document(let role): hasDocument(role)
        case .anyDocument: event.documents.contains { !MandatoryField.isParty($0.role) }
        case .unitsOrBillOfLading: !event.what.isEmpty || hasDocument("bol" as FixedText)
        case .attachment: !event.attachments.isEmpty
        case .foreignPayload: event.foreign != nil
        case .field(let field): hasExtension(field.description.name)
        }
    }
}

extension EventDraft {
    /// The event's bytes: the CBOR map of wire-format.md section 3, deterministic, with a fresh salt where its kind has one.
    ///
    /// Throws ``EventError``: `missingField` names the first mandatory field that is missing, `tooLarge` is for more
    /// than 4,096 bytes.
    public func encoded<Salts: SaltSource>(salts: inout Salts) throws(EventError) -> [UInt8] {
        let byteCount =
            kind.map { SaltRule.byteCount(for: $0, sharedAsHashes: salts.isForHashes) } ?? SaltRule.ownKindByteCount
        return try encoded(salt: byteCount == 0 ? [] : salts.salt(byteCount: byteCount))
    }

    /// The event's bytes with this salt; empty for control events, which need none.
    public func encoded(salt: [UInt8] = []) throws(EventError) -> [UInt8] {
        try check()
        var salted = event
        salted.salt = salt
        do {
            return try salted.encoded()
        } catch {
            // Names stand once each, as they were checked when they were added: only the size is left.
            throw EventError(
                .tooLarge, key: "", "the event has more than 4,096 bytes: split it, or send documents by digest")
        }
    }
}

extension EventReading {
    /// Whether count and span are there, with minimum, maximum and mean, or with none of them where no sample had a value.
    public var isSummary: Bool {
        guard summary.count != nil, summary.spanMilliseconds != nil else { return false }
        if summary.minimum != nil, summary.maximum != nil, summary.mean != nil { return true }
        return value == nil && summary.minimum == nil && summary.maximum == nil && summary.mean == nil
    }

    /// Whether the summary cannot be true: its minimum is above its maximum, or its mean is outside the two.
    public var contradictsItself: Bool {
        func isAbove(_ one: CBORInteger?, _ other: CBORInteger?) -> Bool {
            guard let one = one?.int64, let other = other?.int64 else { return false }
            return one > other
        }
        return isAbove(summary.minimum, summary.maximum) || isAbove(summary.minimum, summary.mean)
            || isAbove(summary.mean, summary.maximum)
    }
}

extension MandatoryField {
    /// The key of an intake line where the field stands.
    public var key: UTF8Text {
        switch self {
        case .parent, .parentSSCC, .units, .container, .unitsOrBillOfLading: "what"
        case .readPoint, .place: "readPoint"
        case .position: "position"
        case .readings, .summary: "readings"
        case .document(let name): "documents." + name.text
        case .anyDocument: "documents"
        case .attachment: "attachments"
        case .foreignPayload: "foreign"
        case .field(let field): "fields." + field.name
        }
    }

    /// What is missing, for people, with a separator at the end; empty where the key says it all.
    var reason: UTF8Text {
        switch self {
        case .parent: "the first entry must be parent:<URI>; "
        case .parentSSCC: "the first entry must be parent: and an SSCC; "
        case .units: "an entry that is no parent is missing; "
        case .container: "the container is missing; "
        case .place: "a readPoint or a position is missing; "
        case .summary: "a reading with min, max, mean, count and span-ms is missing; "
        case .anyDocument: "a document such as desadv, recadv, bol or inv is missing; "
        case .unitsOrBillOfLading: "a unit, or documents.bol, is missing; "
        default: "missing; "
        }
    }

    /// Entries of key 8 that name parties and places rather than documents.
    static func isParty(_ name: UTF8Text) -> Bool {
        name == "from" || name == "to" || name == "receiver" || name == "destination"
    }
}
