/// What a verifier finds: one line a check, in the order of wire-format.md, section 10. A verdict is never one bit.
public struct Verdict: Equatable, Sendable {
    /// The checks, in their order.
    public enum Check: String, Sendable, CaseIterable {
        /// The trust file itself.
        case trust
        /// Events, roots and signatures.
        case intact
        /// Chain, names, usage, validity and revocation of the seal certificates.
        case certified
        /// m of n events disclosed; runs left out, gaps and unknown epoch ends named.
        case complete
        /// Sources, largest error, flags: information, never a failure.
        case clock
        /// Which nodes, and the latest of the counted receipts' times.
        case anchored
        /// Whether the events name what the verifier asked for: no check of the format, and only where something was asked for.
        case subject
    }

    /// How a check came out.
    public enum State: String, Sendable {
        case passed
        case failed
        /// Could not be judged, or a gap that no `[first, next]` declares.
        case notJudged = "not judged"
        /// Information only.
        case information = "info"
    }

    /// One line.
    public struct Line: Equatable, Sendable {
        public let check: Check
        public let state: State
        /// The reason in words.
        public let reason: String
        /// What else there is to say, one sentence each: names of gaps, receipts that do not count.
        public let details: [String]

        public init(_ check: Check, _ state: State, _ reason: String, details: [String] = []) {
            self.check = check
            self.state = state
            self.reason = reason
            self.details = details
        }
    }

    /// The lines, in order. Empty when the input is malformed.
    public let lines: [Line]
    /// Why the input is malformed, what and where; nil when it has the form it should have.
    public let malformed: String?

    public init(lines: [Line]) {
        self.lines = lines
        malformed = nil
    }

    public init(malformed reason: String) {
        lines = []
        malformed = reason
    }

    /// The same with one more line; a malformed input stays that alone.
    public func adding(_ line: Line) -> Verdict {
        malformed == nil ? Verdict(lines: lines + [line]) : self
    }

    /// The first line that failed.
    public var firstFailure: Line? {
        lines.first { $0.state == .failed }
    }

    /// 0 all good, 1 something failed, 2 something could not be judged, 65 malformed input.
    public var exitCode: Int32 {
        if malformed != nil { return 65 }
        if firstFailure != nil { return 1 }
        return lines.contains { $0.state == .notJudged } ? 2 : 0
    }
}
