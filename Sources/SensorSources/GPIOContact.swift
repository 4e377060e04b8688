public import AttestationFormat
import LogisticsEvents

/// A contact at a GPIO line, and what its edges mean.
public struct GPIOContact: Sendable {
    /// What an active line means.
    public enum Meaning: Sendable, Equatable {
        /// A door: active is open.
        case door
        /// The gateway's own case: active is opened.
        case tamperCase
        /// A light sensor inside: active is lit.
        case tamperLight
        /// A seal's wire: active is broken. Its event needs ``GPIOContact/seal`` and ``GPIOContact/readPoint``.
        case seal
    }

    /// What pulls an open line, where the chip can.
    public enum Bias: Int32, Sendable {
        case asIs = 0
        case pullUp = 1
        case pullDown = 2
        case disabled = 3
    }

    /// The name in events and readings.
    public let name: UTF8Text
    /// The chip's label, such as `pinctrl-bcm2711`, or its path: numbers in `/dev` are not stable.
    public let chip: UTF8Text
    /// The line's offset on its chip.
    public let line: UInt32
    public let isActiveLow: Bool
    public let bias: Bias
    /// The kernel takes shorter changes for bounces; 0: every change counts.
    public let debounceMilliseconds: UInt32
    public let meaning: Meaning
    /// The number of the seal that the contact watches; events name it.
    public let seal: UTF8Text?
    /// The GLN of the place as a GS1 link; events name it.
    public let readPoint: UTF8Text?

    public init(
        name: UTF8Text, chip: UTF8Text, line: UInt32, isActiveLow: Bool = false, bias: Bias = .asIs, debounceMilliseconds: UInt32 = 0,
        meaning: Meaning, seal: UTF8Text? = nil, readPoint: UTF8Text? = nil
    ) {
        self.name = name
        self.chip = chip
        self.line = line
        self.isActiveLow = isActiveLow
        self.bias = bias
        self.debounceMilliseconds = debounceMilliseconds
        self.meaning = meaning
        self.seal = seal
        self.readPoint = readPoint
    }
}

extension GPIOContact {
    /// An edge read later than this after it happened is flagged as late.
    private static let lateMilliseconds: UInt64 = 10_000

    /// The event of a change, if one tells of it: that a seal or a case is closed again is state.
    func draft(isActive: Bool, at moment: EventMoment, ageMilliseconds: UInt64) throws(EventError) -> EventDraft? {
        guard isActive || meaning == .door else { return nil }
        var draft = EventDraft(kind(isActive), at: GPIOContact.moment(moment, earlierBy: ageMilliseconds))
        try draft.set(.contact, name)
        switch meaning {
        case .door: break
        case .tamperCase: try draft.set(.what, "case")
        case .tamperLight: try draft.set(.what, "light")
        case .seal: try draft.set(.reason, "contact opened")
        }
        if let seal { try draft.set(.seal, seal) }
        if let readPoint { try draft.set(readPoint: try Identifier(readPoint)) }
        if ageMilliseconds > GPIOContact.lateMilliseconds { draft.add(.late) }
        return draft
    }

    /// The signed statement that edges were lost, by the line's own numbers.
    func gap(first: UInt32, count: UInt32, at moment: EventMoment) throws(EventError) -> EventDraft {
        var draft = EventDraft(.gapDeclared, at: moment)
        try draft.set(.missing, "edges of " + name)
        try draft.set(.count, UInt64(count))
        try draft.set(.fromSequence, UInt64(first))
        try draft.set(.toSequence, UInt64(first &+ count &- 1))
        try draft.set(.cause, "the kernel could not keep or see them")
        return draft
    }

    private func kind(_ isActive: Bool) -> KnownKind {
        switch meaning {
        case .door: isActive ? .doorOpened : .doorClosed
        case .tamperCase, .tamperLight: .tamperDetected
        case .seal: .sealBroken
        }
    }

    /// The moment so long before another one, by both clocks.
    static func moment(_ moment: EventMoment, earlierBy age: UInt64) -> EventMoment {
        var earlier = moment
        earlier.wallMilliseconds -= min(age, moment.wallMilliseconds)
        earlier.monotonicMilliseconds -= min(age, moment.monotonicMilliseconds)
        return earlier
    }
}
