import AttestationFormat
import LogisticsEvents

/// One connection to gpsd, without its socket: bytes in, requests and reports out.
struct GPSDSession {
    /// What the shell is to do.
    enum Action: Equatable {
        /// Send these bytes.
        case send([UInt8])
        /// A report worth acting on.
        case report(GPSDReport)
        /// A line that is not gpsd's.
        case malformed(UTF8Text)
        /// Nothing was heard for too long: connect again.
        case giveUp
    }

    /// After so long without a line the daemon is asked for its version, and must answer in ``answerMilliseconds``.
    private static let silenceMilliseconds: UInt64 = 60_000
    private static let answerMilliseconds: UInt64 = 10_000

    private var parser = GPSDParser()
    private var unfinished: [UInt8] = []
    /// A line that was too long is thrown away up to its end.
    private var isSkipping = false
    private var heardMilliseconds: UInt64
    private var askedMilliseconds: UInt64?

    init(nowMilliseconds: UInt64) {
        heardMilliseconds = nowMilliseconds
    }

    /// What to send first: reports as JSON, please.
    static let watch: [UInt8] = UTF8Text("?WATCH={\"enable\":true,\"json\":true};\n").bytes

    /// When ``tick(nowMilliseconds:)`` has something to do.
    var nextDeadline: UInt64 {
        askedMilliseconds.map { $0 + GPSDSession.answerMilliseconds }
            ?? heardMilliseconds + GPSDSession.silenceMilliseconds
    }

    /// Asks after a long silence, and gives up after a longer one: a dead TCP peer says nothing.
    mutating func tick(nowMilliseconds: UInt64) -> Action? {
        guard nowMilliseconds >= nextDeadline else { return nil }
        if askedMilliseconds != nil { return .giveUp }
        askedMilliseconds = nowMilliseconds
        return .send(UTF8Text("?VERSION;\n").bytes)
    }

    /// Takes bytes in pieces of any size.
    mutating func receive(_ bytes: Span<UInt8>, nowMilliseconds: UInt64) -> [Action] {
        heardMilliseconds = nowMilliseconds
        askedMilliseconds = nil
        var actions: [Action] = []
        for index in 0..<bytes.count {
            let byte = bytes[index]
            if byte == 0x0A {
                if !isSkipping, let action = line() { actions.append(action) }
                unfinished.removeAll(keepingCapacity: true)
                isSkipping = false
            } else if unfinished.count < GPSDParser.maximumLineByteCount {
                if !isSkipping { unfinished.append(byte) }
            } else if !isSkipping {
                isSkipping = true
                actions.append(.malformed("a line longer than 16 KiB"))
            }
        }
        return actions
    }

    private mutating func line() -> Action? {
        if unfinished.last == 0x0D { unfinished.removeLast() }
        guard !unfinished.isEmpty else { return nil }
        do throws(SourceError) {
            let bytes = unfinished
            let report = try parser.parse(bytes.span)
            return report == .other ? nil : .report(report)
        } catch {
            return .malformed(error.message)
        }
    }
}
