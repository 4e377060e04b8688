/// One fact, the unit that is hashed and can be proven alone (section 3): builder and encoder.
///
/// Which fields a kind must have is the table of LogisticsEvents; here is only the form. Empty lists are not written.
public struct Event: Sendable {
    /// Key 0.
    public var kind: EventKind
    /// Key 1, wall-clock time: milliseconds since 1970-01-01Z.
    public var wallClockMilliseconds: UInt64
    /// Key 2, milliseconds since boot.
    public var monotonicMilliseconds: UInt64
    /// Key 3, where the wall-clock time comes from.
    public var clock: EventClock?
    /// Key 4, GS1 Digital Link URIs, `bic:` or `urn:`; a parent first, as `parent:<URI>`.
    public var what: [UTF8Text] = []
    /// Key 5, a GLN Digital Link.
    public var readPoint: UTF8Text?
    /// Key 6.
    public var position: EventPosition?
    /// Key 7.
    public var readings: [EventReading] = []
    /// Key 8, documents and parties by role; sorted when written.
    public var documents: [EventDocument] = []
    /// Key 9.
    public var attachments: [EventAttachment] = []
    /// Key 10, a foreign event, verbatim.
    public var foreign: EventForeign?
    /// Key 11.
    public var flags: EventFlags = []
    /// Key 12, by name; sorted when written.
    public var extensions: [EventExtension] = []
    /// Key 13: 16 random bytes where a kind concerns a person, 8 elsewhere, none in control events.
    public var salt: [UInt8] = []

    public init(kind: EventKind, wallClockMilliseconds: UInt64, monotonicMilliseconds: UInt64) {
        self.kind = kind
        self.wallClockMilliseconds = wallClockMilliseconds
        self.monotonicMilliseconds = monotonicMilliseconds
    }
}

/// Key 0: a kind of the table, or a firm's own.
public enum EventKind: Hashable, Sendable {
    case number(UInt64)
    case text(UTF8Text)
}

/// Key 3: the clock behind key 1.
public struct EventClock: Hashable, Sendable {
    /// What the clock is set by. Numbers that are not known yet are kept.
    public struct Source: RawRepresentable, Hashable, Sendable {
        public let rawValue: UInt64
        public init(rawValue: UInt64) { self.rawValue = rawValue }

        public static let none = Source(rawValue: 0)
        public static let rtc = Source(rawValue: 1)
        public static let ntp = Source(rawValue: 2)
        public static let gnss = Source(rawValue: 3)
        public static let ptp = Source(rawValue: 4)
    }

    public let source: Source
    /// Largest error of the wall-clock time; nil when it is not known.
    public let errorMilliseconds: UInt64?

    public init(source: Source, errorMilliseconds: UInt64?) {
        self.source = source
        self.errorMilliseconds = errorMilliseconds
    }
}

/// Key 6: a place, WGS 84.
public struct EventPosition: Hashable, Sendable {
    /// Latitude in 1e-7 degrees, north positive.
    public let latitude: Int64
    /// Longitude in 1e-7 degrees, east positive.
    public let longitude: Int64
    public let accuracyMillimetres: UInt64?
    /// Written only when the accuracy is there too, since the list is by place.
    public let altitudeMillimetres: Int64?

    public init(latitude: Int64, longitude: Int64, accuracyMillimetres: UInt64? = nil, altitudeMillimetres: Int64? = nil) {
        self.latitude = latitude
        self.longitude = longitude
        self.accuracyMillimetres = accuracyMillimetres
        self.altitudeMillimetres = altitudeMillimetres
    }
}

/// Key 8: a document or party under its role (`desadv`, `inv`, `bol`, `from`, `to`, ...).
public struct EventDocument: Hashable, Sendable {
    public let role: UTF8Text
    public let value: UTF8Text

    public init(role: UTF8Text, value: UTF8Text) {
        self.role = role
        self.value = value
    }
}

/// Key 9: something larger, named by its digest.
public struct EventAttachment: Hashable, Sendable {
    /// COSE algorithm of the digest (RFC 9054); -16 is SHA-256.
    public let algorithm: Int64
    public let digest: [UInt8]
    public let contentType: UTF8Text?

    public init(algorithm: Int64 = -16, digest: [UInt8], contentType: UTF8Text? = nil) {
        self.algorithm = algorithm
        self.digest = digest
        self.contentType = contentType
    }
}

/// Key 10: a foreign event, verbatim, for example EPCIS 2.0 JSON.
public struct EventForeign: Hashable, Sendable {
    public let contentType: UTF8Text
    public let bytes: [UInt8]

    public init(contentType: UTF8Text, bytes: [UInt8]) {
        self.contentType = contentType
        self.bytes = bytes
    }
}

/// Key 11. The bit of a flag is its number.
public struct EventFlags: OptionSet, Hashable, Sendable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static let suspectValue = EventFlags(rawValue: 1 << 1)
    public static let clockUnsynchronised = EventFlags(rawValue: 1 << 2)
    public static let clockStepped = EventFlags(rawValue: 1 << 3)
    public static let sensorFault = EventFlags(rawValue: 1 << 4)
    public static let calibrationExpired = EventFlags(rawValue: 1 << 5)
    public static let notFirstHand = EventFlags(rawValue: 1 << 6)
    public static let late = EventFlags(rawValue: 1 << 7)
    public static let replayed = EventFlags(rawValue: 1 << 8)

    /// The largest flag number that is known.
    static let largestNumber = 8
}

/// Key 12: a field under a lower-case hyphenated name.
public struct EventExtension: Hashable, Sendable {
    public enum Value: Hashable, Sendable {
        case text(UTF8Text)
        case integer(CBORInteger)
        case bool(Bool)
        case bytes([UInt8])
    }

    public let name: UTF8Text
    public let value: Value

    public init(name: UTF8Text, value: Value) {
        self.name = name
        self.value = value
    }

    /// An integer field.
    public init(name: UTF8Text, integer: Int64) {
        self.init(name: name, value: .integer(CBORInteger(integer)))
    }
}
