public import AttestationFormat

/// An event that is being put together: each part is checked as it is added, the mandatory fields when it is encoded.
public struct EventDraft: Sendable {
    /// The kind's row of the table; nil for a firm's own kind.
    public let kind: KnownKind?
    /// What is written.
    public private(set) var event: Event
    /// What the first entry of key 4 names, if it is the parent.
    public private(set) var parentScheme: Identifier.Scheme?

    /// Most entries of each list: the event's 4,096 bytes hold no more of the shortest.
    public static let maximumEntryCount = 256

    public init(_ kind: KnownKind, at moment: EventMoment) {
        self.kind = kind
        event = EventDraft.event(.number(kind.rawValue), at: moment)
    }

    /// A firm's own kind: lower-case letters, digits and hyphens in at least two parts, joined by dots, 64 bytes at most.
    ///
    /// Throws `unknownKind` for anything else, and for a name whose first part is one of the table's (`unit.laoded`):
    /// it was meant to be one of the table.
    public init(ownKind name: UTF8Text, at moment: EventMoment) throws(EventError) {
        guard FieldName.isDotted(name.bytes.span), !EventCatalogue.sharesFirstPart(name.bytes.span) else {
            throw EventError(
                .unknownKind, key: "kind", "no kind of this name; a firm's own kind is written firm.thing.happened")
        }
        kind = nil
        event = EventDraft.event(.text(name), at: moment)
    }

    private static func event(_ kind: EventKind, at moment: EventMoment) -> Event {
        var event = Event(
            kind: kind, wallClockMilliseconds: moment.wallMilliseconds,
            monotonicMilliseconds: moment.monotonicMilliseconds)
        event.clock = moment.clock
        event.flags = moment.flags
        return event
    }

    /// When it happened, if that is not now: ms since 1970-01-01T00:00Z.
    public mutating func set(occurredMilliseconds: UInt64) {
        event.wallClockMilliseconds = occurredMilliseconds
    }

    /// Adds flags to what the moment says about the clock.
    public mutating func add(_ flags: EventFlags) {
        event.flags.formUnion(flags)
    }

    /// Adds goods, a container or an asset; a parent only as the first.
    public mutating func add(_ identifier: Identifier, isParent: Bool = false) throws(EventError) {
        guard event.what.count < EventDraft.maximumEntryCount else { throw .tooMany("what") }
        guard isParent else { return event.what.append(identifier.uri) }
        guard event.what.isEmpty else {
            throw EventError(.badIdentifier, key: "what", "the parent stands first, and there is one at most")
        }
        parentScheme = identifier.scheme
        event.what.append(EventDraft.parentPrefix + identifier.uri)
    }

    /// What marks the first entry of key 4 as the parent.
    public static let parentPrefix: UTF8Text = "parent:"

    /// Sets where it was read; a GLN.
    public mutating func set(readPoint identifier: Identifier) throws(EventError) {
        guard case .gln = identifier.scheme else {
            throw EventError(.badIdentifier, key: "readPoint", "a read point is a GLN: https://id.gs1.org/414/...")
        }
        event.readPoint = identifier.uri
    }

    /// Sets the place by satellite; throws `outOfRange` outside of the globe.
    public mutating func set(_ position: EventPosition) throws(EventError) {
        guard (-900_000_000...900_000_000).contains(position.latitude) else {
            throw EventError(.outOfRange, key: "position.latitude", "from -90 to 90 degrees")
        }
        guard (-1_800_000_000...1_800_000_000).contains(position.longitude) else {
            throw EventError(.outOfRange, key: "position.longitude", "from -180 to 180 degrees")
        }
        event.position = position
    }

    /// Adds a sample or a summary of samples.
    public mutating func add(_ reading: EventReading) throws(EventError) {
        guard event.readings.count < EventDraft.maximumEntryCount else { throw .tooMany("readings") }
        guard (1...FieldName.maximumByteCount).contains(reading.sensor.byteCount) else {
            throw EventError(.outOfRange, key: "readings", "a sensor's name has 1 to 64 bytes")
        }
        event.readings.append(reading)
    }

    /// Makes plain readings of a `condition.summary` summaries of one sample, expected as it came: a source that hands in each reading
    /// by itself has nothing to sum up.
    public mutating func completePlainReadings() throws(EventError) {
        guard kind == .conditionSummary, !event.readings.isEmpty else { return }
        for reading in event.readings where reading.summary.entryCountBesideText > 0 { return }
        for index in event.readings.indices {
            let value = event.readings[index].value
            event.readings[index].summary.minimum = value
            event.readings[index].summary.maximum = value
            event.readings[index].summary.mean = value
            event.readings[index].summary.count = 1
            event.readings[index].summary.spanMilliseconds = 0
        }
        if !hasExtension(ExtensionField.expectedCount.description.name) { try set(.expectedCount, 1) }
    }

    /// Adds something larger by its digest.
    public mutating func add(_ attachment: EventAttachment) throws(EventError) {
        guard event.attachments.count < EventDraft.maximumEntryCount else { throw .tooMany("attachments") }
        event.attachments.append(attachment)
    }

    /// For the file of documents and fields, which checks first.
    mutating func append(_ document: EventDocument) { event.documents.append(document) }
    mutating func append(_ entry: EventExtension) { event.extensions.append(entry) }

    /// Sets a foreign event, kept verbatim.
    public mutating func set(foreign: EventForeign) {
        event.foreign = foreign
    }
}

extension EventReading.Summary {
    /// How many of minimum, maximum, mean, count and span are there.
    fileprivate var entryCountBesideText: Int {
        (minimum == nil ? 0 : 1) + (maximum == nil ? 0 : 1) + (mean == nil ? 0 : 1) + (count == nil ? 0 : 1)
            + (spanMilliseconds == nil ? 0 : 1)
    }
}

extension EventError {
    static func tooMany(_ key: UTF8Text) -> EventError {
        EventError(.tooLarge, key: key, "more than 256 entries: split the event")
    }

    static func badName(_ key: UTF8Text) -> EventError {
        EventError(.badName, key: key, "names are 1 to 64 lower-case letters, digits, hyphens, parts joined by dots")
    }
}
