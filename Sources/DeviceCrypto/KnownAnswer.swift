public import AttestationFormat

/// One calculation whose result is known beforehand, run on the very machine.
public struct KnownAnswer {
    /// What is tried, for `selftest`'s line.
    public let name: UTF8Text
    /// Whether the machine gives the known answer.
    public let isGiven: () -> Bool

    public init(_ name: UTF8Text, isGiven: @escaping () -> Bool) {
        self.name = name
        self.isGiven = isGiven
    }
}

/// The known answers of this machine's own calculations: `harborseal-agent selftest`, and the start of `run`.
public enum SelfTest {
    /// What one of them gave.
    public struct Outcome: Equatable, Sendable {
        public let name: UTF8Text
        public let isPassed: Bool
    }

    /// Hash, signature, tree and encoding. Modules that are not reached from here (the journal's CRC) add theirs.
    public static var knownAnswers: [KnownAnswer] { hashAnswers + signatureAnswers + formatAnswers }

    /// Runs all of them, and `more`; about 15 ms on a server core.
    public static func run(_ more: [KnownAnswer] = []) -> [Outcome] {
        (knownAnswers + more).map { Outcome(name: $0.name, isPassed: $0.isGiven()) }
    }
}
