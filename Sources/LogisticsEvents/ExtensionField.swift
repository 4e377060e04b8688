public import AttestationFormat

/// The extensions (key 12) that EventKinds.md names; a name means the same, in the same unit, in every kind.
public enum ExtensionField: UInt8, CaseIterable, Sendable {
    case bootID, agentVersion, configurationSHA256, keyClass, why
    case uptime, load, memoryFree, diskFree, clockSource, unreceipted
    case missing, count, fromSequence, toSequence, cause
    case before, after, node, treeSize, root, epoch, sequence, lastSequence
    case placement, calibration, calibrationUntil, seal, reason, fixMode, fixTime, controlPoint, direction
    case rule, threshold, worst, duration, expectedCount, contact, peak, window, what
    case coSignature, fingerprint, evidence, pseudonym, point, leg, sliceStart, slice, inCount, outCount
    case unobserved, meanKinetic

    /// The type and bounds of a value.
    public enum ValueType: Sendable {
        /// Text that is not empty.
        case text
        /// One of these words.
        case oneOf([FixedText])
        /// 16 lower-case hex digits.
        case epoch
        /// An integer within bounds, in the unit that the name states.
        case integer(ClosedRange<Int64>)
        /// A measured value in the integer unit of the event's quantity.
        case measured
        /// So many bytes; lower-case hex digits in an intake line.
        case bytes(ClosedRange<Int>)
    }

    /// The row of the table for this name.
    public var description: Row { ExtensionField.table[Int(rawValue)] }
    /// The name in key 12.
    public var name: UTF8Text { description.name.text }
    /// What may stand there.
    public var type: ValueType { description.type }

    /// Finds a field by its name.
    public init?(name: Span<UInt8>) {
        guard let index = ExtensionField.names.index(of: name) else { return nil }
        self = ExtensionField.table[index].field
    }

    /// One row of the table of extensions.
    public struct Row: Sendable {
        public let field: ExtensionField
        public let name: FixedText
        public let type: ValueType
    }

    private static let unsigned = ValueType.integer(0...Int64.max)
    private static let digest = ValueType.bytes(32...32)

    /// The one table of extensions, in the order of the cases.
    public static let table: [Row] = agentRows + goodsRows

    private static let names = NameTable(table.map { $0.name })

    private static let agentRows: [Row] = [
        Row(field: .bootID, name: "boot-id", type: .text),
        Row(field: .agentVersion, name: "agent-version", type: .text),
        Row(field: .configurationSHA256, name: "config-sha256", type: digest),
        Row(field: .keyClass, name: "key-class", type: .oneOf(["software", "tpm2", "secure_element"])),
        Row(field: .why, name: "why", type: .oneOf(["boot", "restart", "new-epoch", "reload"])),
        Row(field: .uptime, name: "uptime-s", type: unsigned),
        Row(field: .load, name: "load-milli", type: unsigned),
        Row(field: .memoryFree, name: "memory-free-kib", type: unsigned),
        Row(field: .diskFree, name: "disk-free-kib", type: unsigned),
        Row(field: .clockSource, name: "clock-source", type: .oneOf(["none", "rtc", "ntp", "gnss", "ptp"])),
        Row(field: .unreceipted, name: "unreceipted", type: unsigned),
        Row(field: .missing, name: "missing", type: .text),
        Row(field: .count, name: "count", type: unsigned),
        Row(field: .fromSequence, name: "from-seq", type: unsigned),
        Row(field: .toSequence, name: "to-seq", type: unsigned),
        Row(field: .cause, name: "cause", type: .text),
        Row(field: .before, name: "before-ms", type: unsigned),
        Row(field: .after, name: "after-ms", type: unsigned),
        Row(field: .node, name: "node", type: .text),
        Row(field: .treeSize, name: "tree-size", type: unsigned),
        Row(field: .root, name: "root", type: digest),
        Row(field: .epoch, name: "epoch", type: .epoch),
        Row(field: .sequence, name: "sequence", type: unsigned),
        Row(field: .lastSequence, name: "last-sequence", type: unsigned),
    ]

    private static let goodsRows: [Row] = [
        Row(field: .placement, name: "placement", type: .text),
        Row(field: .calibration, name: "calibration", type: .text),
        Row(field: .calibrationUntil, name: "calibration-until-s", type: unsigned),
        Row(field: .seal, name: "seal", type: .text),
        Row(field: .reason, name: "reason", type: .text),
        Row(field: .fixMode, name: "fix-mode", type: .integer(2...3)),
        // What the receiver says the time is, beside the gateway's own clock.
        Row(field: .fixTime, name: "fix-time-ms", type: unsigned),
        Row(field: .controlPoint, name: "control-point", type: .text),
        Row(field: .direction, name: "direction", type: .text),
        Row(field: .rule, name: "rule", type: .text),
        Row(field: .threshold, name: "threshold", type: .measured),
        Row(field: .worst, name: "worst", type: .measured),
        Row(field: .duration, name: "duration-ms", type: unsigned),
        Row(field: .expectedCount, name: "expected-count", type: unsigned),
        Row(field: .contact, name: "contact", type: .text),
        Row(field: .peak, name: "peak", type: .measured),
        Row(field: .window, name: "window-ms", type: unsigned),
        Row(
            field: .what, name: "what",
            type: .oneOf(["case", "light", "gnss-lost", "gnss-jumped", "sensor-unplugged"])),
        Row(field: .coSignature, name: "co-signature", type: .bytes(1...1024)),
        Row(field: .fingerprint, name: "fingerprint", type: digest),
        Row(field: .evidence, name: "evidence", type: digest),
        Row(field: .pseudonym, name: "pseudonym", type: .bytes(16...32)),
        Row(field: .point, name: "point", type: .integer(1...4)),
        Row(field: .leg, name: "leg", type: .text),
        Row(field: .sliceStart, name: "slice-start-ms", type: unsigned),
        Row(field: .slice, name: "slice-ms", type: unsigned),
        Row(field: .inCount, name: "in", type: unsigned),
        Row(field: .outCount, name: "out", type: unsigned),
        // Time in gaps between readings, which counts for nothing in duration-ms.
        Row(field: .unobserved, name: "unobserved-ms", type: unsigned),
        // Of a summary's temperatures, in m°C.
        Row(field: .meanKinetic, name: "mean-kinetic-mdegc", type: .integer(-273_150...1_000_000)),
    ]
}
