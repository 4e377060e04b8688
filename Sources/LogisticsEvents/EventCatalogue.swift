import AttestationFormat

/// The one table of event kinds (EventKinds.md).
public enum EventCatalogue {
    /// All kinds, in the order of their numbers.
    public static let kinds: [KindDescription] = control + equipment + goods + conditions + settlement

    static let names = NameTable(kinds.map { $0.name })

    /// Where a kind's row stands in ``kinds``.
    static func kindIndex(_ kind: KnownKind) -> Int { Int(indexByNumber[Int(kind.rawValue)]) }

    /// Whether a name begins, up to its first dot, like one of the table's kinds.
    static func sharesFirstPart(_ name: Span<UInt8>) -> Bool {
        for row in kinds {
            let known = row.name.text.bytes
            var index = 0
            while index < known.count, index < name.count, known[index] == name[index],
                known[index] != UInt8(ascii: ".")
            {
                index += 1
            }
            let knownEnds = index == known.count || known[index] == UInt8(ascii: ".")
            if knownEnds, index == name.count || name[index] == UInt8(ascii: ".") { return true }
        }
        return false
    }

    /// Row by number, for every number up to the highest.
    private static let indexByNumber: [UInt8] = {
        var table = [UInt8](repeating: 0, count: 91)
        for (index, row) in kinds.enumerated() { table[Int(row.kind.rawValue)] = UInt8(index) }
        return table
    }()

    private static let control: [KindDescription] = [
        row(
            .agentStarted, "agent.started",
            [
                .field(.bootID), .field(.agentVersion), .field(.configurationSHA256), .field(.keyClass), .field(.why),
            ]),
        row(
            .agentHealth, "agent.health",
            [
                .field(.uptime), .field(.load), .field(.memoryFree), .field(.diskFree), .field(.clockSource),
                .field(.unreceipted),
            ]),
        row(
            .gapDeclared, "gap.declared",
            [.field(.missing), .field(.count), .field(.fromSequence), .field(.toSequence), .field(.cause)]),
        row(.clockStepped, "clock.stepped", [.field(.before), .field(.after), .field(.clockSource)]),
        row(.checkpointSeen, "checkpoint.seen", [.field(.node), .field(.treeSize), .field(.root)]),
        row(.eventRetracted, "event.retracted", [.field(.epoch), .field(.sequence), .field(.reason)]),
        row(.heartbeat, "heartbeat", [.field(.lastSequence)]),
    ]

    private static let equipment: [KindDescription] = [
        row(
            .deviceCommissioned, "device.commissioned",
            [.readings, .field(.calibration), .field(.calibrationUntil), .field(.placement)],
            epcis("Object", "ADD", "commissioning", "active")),
        row(
            .deviceBound, "device.bound", [.parent, .field(.placement)], epcis("Association", "ADD", "installing")),
        row(
            .deviceUnbound, "device.unbound", [.parent, .field(.placement)],
            epcis("Association", "DELETE", "removing")),
    ]

    private static let goods: [KindDescription] = [
        row(.unitPacked, "unit.packed", [.parentSSCC, .units], epcis("Aggregation", "ADD", "packing")),
        row(
            .unitLoaded, "unit.loaded", [.parent, .units, .readPoint], epcis("Aggregation", "ADD", "loading")),
        row(
            .unitUnloaded, "unit.unloaded", [.parent, .units, .readPoint],
            epcis("Aggregation", "DELETE", "unloading")),
        row(
            .sealApplied, "seal.applied", [.container, .field(.seal), .readPoint],
            epcis("Association", "ADD", "installing", "container_closed")),
        row(
            .sealRemoved, "seal.removed", [.field(.seal), .field(.reason), .place],
            epcis("Association", "DELETE", "removing", "container_open")),
        row(
            .sealBroken, "seal.broken", [.field(.seal), .field(.reason), .place],
            epcis("Association", "DELETE", "removing", "container_open"), .priority),
        row(
            .transportDeparted, "transport.departed", [.units, .readPoint, .document("destination")],
            epcis("Object", "OBSERVE", "departing", "in_transit")),
        row(
            .transportPosition, "transport.position", [.position, .field(.fixMode)],
            epcis("Object", "OBSERVE", "transporting", "in_transit")),
        row(
            .checkpointCrossed, "checkpoint.crossed", [.field(.controlPoint), .field(.direction)],
            epcis("Object", "OBSERVE", "entering_exiting", "in_transit")),
        row(.transportArrived, "transport.arrived", [.readPoint], epcis("Object", "OBSERVE", "arriving")),
    ]

    private static let sensing = "sensor_reporting" as FixedText

    private static let conditions: [KindDescription] = [
        row(
            .conditionSummary, "condition.summary", [.summary, .field(.expectedCount)],
            epcis("Object", "OBSERVE", sensing)),
        row(
            .excursionOpened, "condition.excursion.opened", excursion,
            epcis("Object", "OBSERVE", sensing, "non_conformant"), .priority),
        row(
            .excursionClosed, "condition.excursion.closed", excursion,
            epcis("Object", "OBSERVE", sensing, "non_conformant"), .priority),
        row(
            .doorOpened, "door.opened", [.field(.contact)], epcis("Object", "OBSERVE", sensing, "container_open"),
            .priority),
        row(
            .doorClosed, "door.closed", [.field(.contact)], epcis("Object", "OBSERVE", sensing, "container_closed"),
            .priority),
        row(
            .shockDetected, "shock.detected", [.field(.peak), .field(.window), .field(.threshold)],
            epcis("Object", "OBSERVE", sensing), measured: .acceleration),
        row(.tamperDetected, "tamper.detected", [.field(.what)], epcis("Object", "OBSERVE", sensing), .priority),
    ]

    /// The reading names the quantity, and with it the unit of threshold and worst value.
    private static let excursion: [MandatoryField] = [
        .readings, .field(.rule), .field(.threshold), .field(.worst), .field(.duration),
    ]

    private static let settlement: [KindDescription] = [
        row(
            .deliveryReceived, "delivery.received",
            [.units, .anyDocument, .document("receiver"), .field(.coSignature)],
            epcis("Object", "OBSERVE", "receiving", "completeness_verified"), .handover),
        row(
            .custodyTransferred, "custody.transferred", [.document("from"), .document("to"), .attachment],
            epcis("Transaction", "ADD", "shipping"), .handover),
        row(
            .financeLinked, "finance.linked", [.field(.fingerprint), .unitsOrBillOfLading, .field(.evidence)],
            epcis("Transaction", "ADD", "accepting")),
        row(
            .bagTracked, "bag.tracked", [.field(.pseudonym), .field(.point), .field(.leg)],
            epcis("Object", "OBSERVE", ""), .person),
        row(
            .flowCount, "flow.count",
            [.readPoint, .field(.sliceStart), .field(.slice), .field(.inCount), .field(.outCount)],
            epcis("Object", "OBSERVE", sensing)),
        row(.foreign, "foreign", [.foreignPayload], epcis("", "", "")),
    ]

    /// What sets a kind apart from the ordinary ones.
    private enum Trait {
        case ordinary
        /// Tamper, excursion and door: the batch closes at once.
        case priority
        /// Goods change hands: priority, and a person may stand behind the receiver.
        case handover
        /// Concerns a person.
        case person
    }

    @inline(__always)
    private static func row(
        _ kind: KnownKind, _ name: FixedText, _ mandatory: [MandatoryField], _ epcis: EPCISForm? = nil,
        _ trait: Trait = .ordinary, measured: Quantity? = nil
    ) -> KindDescription {
        var isPriority = false
        var concernsPerson = false
        switch trait {
        case .ordinary: break
        case .priority: isPriority = true
        case .handover: (isPriority, concernsPerson) = (true, true)
        case .person: concernsPerson = true
        }
        return KindDescription(
            kind: kind, name: name, mandatory: mandatory, epcis: epcis, isPriority: isPriority,
            concernsPerson: concernsPerson, measured: measured)
    }

    @inline(__always)
    private static func epcis(
        _ type: FixedText, _ action: FixedText, _ step: FixedText, _ disposition: FixedText = ""
    ) -> EPCISForm {
        EPCISForm(type: type, action: action, businessStep: step, disposition: disposition)
    }
}
