import LogisticsEvents

/// One opening of a serial device, without the device: bytes in, reports out, and what the bytes look like.
struct NMEASession {
    /// What a person should know of the line.
    enum Condition: UInt8 {
        /// Sentences come.
        case heard
        /// Nothing has come yet, and not for long enough to say so.
        case starting
        /// No byte for 10 s: not connected, or no power.
        case silent
        /// Bytes come and none is a sentence: another baud rate, or a binary protocol.
        case garbled
    }

    /// The standard says 82; receivers with many satellites write more.
    private static let maximumLineByteCount = 256
    /// A pause that ends a burst of sentences: longer than a USB adapter's own, shorter than the 1 s to the next burst.
    private static let pauseMilliseconds: UInt64 = 250
    private static let silenceMilliseconds: UInt64 = 10_000
    /// More than the longest run of binary messages between two sentences that receivers were seen to send.
    private static let garbledByteCount = 4096
    private static let garbledMilliseconds: UInt64 = 5000

    private var decoder = NMEADecoder()
    private var unfinished: [UInt8] = []
    private var isInLine = false
    private var heardMilliseconds: UInt64
    private var sentenceMilliseconds: UInt64
    private var byteCountSinceSentence = 0
    private var hasHeardSentence = false
    private var isSilenceNoted = false
    /// Lines with a wrong checksum, or cut off.
    private(set) var damagedCount: UInt64 = 0

    init(nowMilliseconds: UInt64) {
        heardMilliseconds = nowMilliseconds
        sentenceMilliseconds = nowMilliseconds
    }

    /// When ``tick(nowMilliseconds:)`` has something to do; nil: only when bytes come.
    var nextDeadline: UInt64? {
        if decoder.isWaiting { return heardMilliseconds + NMEASession.pauseMilliseconds }
        return isSilenceNoted ? nil : heardMilliseconds + NMEASession.silenceMilliseconds
    }

    /// Ends a burst after a pause, and notes a silence.
    mutating func tick(nowMilliseconds: UInt64) -> FixReport? {
        isSilenceNoted = condition(nowMilliseconds: nowMilliseconds) == .silent
        guard decoder.isWaiting, nowMilliseconds >= heardMilliseconds + NMEASession.pauseMilliseconds else { return nil }
        return decoder.finish()
    }

    /// What the line is like now.
    func condition(nowMilliseconds: UInt64) -> Condition {
        if nowMilliseconds >= heardMilliseconds + NMEASession.silenceMilliseconds { return .silent }
        let isGarbled = byteCountSinceSentence >= NMEASession.garbledByteCount
            || (!hasHeardSentence && byteCountSinceSentence >= 64)
        if isGarbled, nowMilliseconds >= sentenceMilliseconds + NMEASession.garbledMilliseconds { return .garbled }
        return hasHeardSentence ? .heard : .starting
    }

    /// Takes bytes in pieces of any size.
    mutating func receive(_ bytes: Span<UInt8>, nowMilliseconds: UInt64) -> [FixReport] {
        // A silence is no time in which sentences were missing.
        if condition(nowMilliseconds: nowMilliseconds) == .silent { sentenceMilliseconds = nowMilliseconds }
        heardMilliseconds = nowMilliseconds
        isSilenceNoted = false
        var reports: [FixReport] = []
        for index in 0..<bytes.count {
            let byte = bytes[index]
            byteCountSinceSentence += byteCountSinceSentence < Int.max ? 1 : 0
            switch byte {
            case UInt8(ascii: "$"):
                // Begins a line wherever it stands: what came before it was cut off.
                if isInLine { damagedCount &+= 1 }
                isInLine = true
                unfinished.removeAll(keepingCapacity: true)
                unfinished.append(byte)
            case 0x0A, 0x0D:
                if isInLine { line(nowMilliseconds, &reports) }
                isInLine = false
            default:
                guard isInLine else { continue }
                if unfinished.count < NMEASession.maximumLineByteCount {
                    unfinished.append(byte)
                } else {
                    isInLine = false
                    damagedCount &+= 1
                }
            }
        }
        return reports
    }

    private mutating func line(_ nowMilliseconds: UInt64, _ reports: inout [FixReport]) {
        let bytes = unfinished
        switch NMEASentence.read(bytes.span) {
        case .damaged: damagedCount &+= 1
        case .other: noteSentence(nowMilliseconds)
        case .sentence(let sentence):
            noteSentence(nowMilliseconds)
            reports += decoder.take(sentence, bytes.span)
        }
    }

    private mutating func noteSentence(_ nowMilliseconds: UInt64) {
        byteCountSinceSentence = 0
        sentenceMilliseconds = nowMilliseconds
        hasHeardSentence = true
    }
}
