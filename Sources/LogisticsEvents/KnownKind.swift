public import AttestationFormat

/// What happened: the kinds of EventKinds.md, by the number that stands in key 0 of an event.
public enum KnownKind: UInt64, CaseIterable, Sendable {
    case agentStarted = 1
    case agentHealth = 2
    case gapDeclared = 3
    case clockStepped = 4
    case checkpointSeen = 5
    case eventRetracted = 6
    case heartbeat = 7
    case deviceCommissioned = 10
    case deviceBound = 11
    case deviceUnbound = 12
    case unitPacked = 20
    case unitLoaded = 21
    case unitUnloaded = 22
    case sealApplied = 23
    case sealRemoved = 24
    case sealBroken = 25
    case transportDeparted = 30
    case transportPosition = 31
    case checkpointCrossed = 32
    case transportArrived = 33
    case conditionSummary = 40
    case excursionOpened = 41
    case excursionClosed = 42
    case doorOpened = 43
    case doorClosed = 44
    case shockDetected = 45
    case tamperDetected = 46
    case deliveryReceived = 50
    case custodyTransferred = 51
    case financeLinked = 52
    case bagTracked = 60
    case flowCount = 61
    case foreign = 90

    /// The row of the table for this kind.
    public var description: KindDescription { EventCatalogue.kinds[EventCatalogue.kindIndex(self)] }

    /// Finds a kind by its name, as intake lines and `record` write it.
    public init?(name: Span<UInt8>) {
        guard let index = EventCatalogue.names.index(of: name) else { return nil }
        self = EventCatalogue.kinds[index].kind
    }
}

/// One row of the table of kinds: everything that encoder, intake, `inspect` and the documentation know about a kind.
public struct KindDescription: Sendable {
    public let kind: KnownKind
    /// The name in intake lines and `inspect`, such as `unit.loaded`.
    public let name: FixedText
    /// What must be present besides kind and times.
    public let mandatory: [MandatoryField]
    /// What an EPCIS 2.0 export writes; nil for control kinds, which have no EPCIS form.
    public let epcis: EPCISForm?
    /// Closes the batch at once.
    public let isPriority: Bool
    /// The kind concerns a person: its salt is 16 bytes long.
    public let concernsPerson: Bool
    /// The quantity of `threshold`, `worst` and `peak`; nil: that of the event's first reading.
    public let measured: Quantity?
}

/// EPCIS 2.0 and CBV 2.0 names of a kind.
public struct EPCISForm: Sendable, Equatable {
    /// Object, Aggregation, Association or Transaction.
    public let type: FixedText
    /// ADD, OBSERVE or DELETE; empty where the payload says it.
    public let action: FixedText
    /// The CBV business step; empty where there is none.
    public let businessStep: FixedText
    /// The CBV disposition; empty where there is none.
    public let disposition: FixedText
}

/// A mandatory field: where it stands in the event, and what stands there.
public enum MandatoryField: Sendable {
    /// Key 4: the first entry, with the prefix `parent:`.
    case parent
    /// Key 4: the parent is an SSCC.
    case parentSSCC
    /// Key 4: at least one entry that is no parent.
    case units
    /// Key 4: a container (`bic:`) or another carrier, as parent or not.
    case container
    /// Key 5.
    case readPoint
    /// Key 5 or key 6.
    case place
    /// Key 6.
    case position
    /// Key 7: at least one reading.
    case readings
    /// Key 7: at least one reading with minimum, maximum, mean, count and span.
    case summary
    /// Key 8: this entry.
    case document(FixedText)
    /// Key 8: at least one entry beside the parties.
    case anyDocument
    /// Key 4 with a unit, or key 8 with `bol`.
    case unitsOrBillOfLading
    /// Key 9: at least one digest.
    case attachment
    /// Key 10.
    case foreignPayload
    /// Key 12: this extension, typed by ``ExtensionField``.
    case field(ExtensionField)
}
