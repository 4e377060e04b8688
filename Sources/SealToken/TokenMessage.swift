internal import AttestationFormat
internal import MerkleTree

/// What the agent or a command and the helper that owns the token say to each other: each a message of its own on a socket that keeps them apart, at most
/// ``byteLimit`` bytes, numbers big-endian. Both ends are this program, and each still takes nothing for granted: a malformed message is none.
enum TokenMessage: Equatable {
    /// To the helper, once and first: ``findsKey``, ``makesKey``, or from ``firstErrand`` on a command's errand.
    case open(order: UInt8, uri: [UInt8])
    /// To the helper: sign this digest. At most one is under way; `number` tells an answer from that to an earlier question.
    case sign(number: UInt32, digest: Digest)
    /// The PIN is about to be tried: if no answer follows, it may have been a wrong one.
    case loggingIn
    /// The key was found.
    case opened(publicKey: PublicKey, slot: UInt64, label: [UInt8])
    /// r||s as the token gave it, not verified, and how long it took.
    case signed(number: UInt32, signature: [UInt8], microseconds: UInt32)
    /// It cannot be done; the helper ends behind it.
    case failed(TokenError.Kind, words: [UInt8])
    /// A part of what came of an errand.
    case said([UInt8])
    /// The errand is done: the exit code, and what is beside its outcome.
    case done(code: UInt8, notes: [UInt8])

    static let findsKey: UInt8 = 0
    static let makesKey: UInt8 = 1
    static let firstErrand: UInt8 = 2

    /// The longest: words for people about a token, a library and a path.
    static let byteLimit = 1_024
    /// Bytes of an errand's outcome in one message.
    static let partByteLimit = byteLimit - 1

    private enum Kind: UInt8 {
        case open = 1, sign, loggingIn, opened, signed, failed, said, done
    }

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        switch self {
        case .open(let order, let uri): bytes = [Kind.open.rawValue, order] + uri
        case .sign(let number, let digest):
            bytes.append(Kind.sign.rawValue)
            bytes.append(number: UInt64(number), byteCount: 4)
            digest.append(to: &bytes)
        case .loggingIn: bytes.append(Kind.loggingIn.rawValue)
        case .opened(let publicKey, let slot, let label):
            bytes.append(Kind.opened.rawValue)
            bytes.append(number: slot, byteCount: 8)
            bytes.append(contentsOf: publicKey.uncompressedPoint)
            bytes.append(contentsOf: label)
        case .signed(let number, let signature, let microseconds):
            bytes.append(Kind.signed.rawValue)
            bytes.append(number: UInt64(number), byteCount: 4)
            bytes.append(number: UInt64(microseconds), byteCount: 4)
            bytes.append(contentsOf: signature)
        case .failed(let kind, let words): bytes = [Kind.failed.rawValue, kind.rawValue] + words
        case .said(let part): bytes = [Kind.said.rawValue] + part
        case .done(let code, let notes): bytes = [Kind.done.rawValue, code] + notes
        }
        return Array(bytes.prefix(TokenMessage.byteLimit))
    }

    /// Reads a message; nil for what is none.
    init?(parsing bytes: [UInt8]) {
        guard let first = bytes.first, let kind = Kind(rawValue: first), bytes.count <= TokenMessage.byteLimit else { return nil }
        switch kind {
        case .open:
            guard bytes.count >= 2 else { return nil }
            self = .open(order: bytes[1], uri: Array(bytes[2...]))
        case .sign:
            guard bytes.count == 5 + Digest.byteCount, let digest = Digest(reading: bytes.span, at: 5) else { return nil }
            self = .sign(number: bytes.number(at: 1), digest: digest)
        case .loggingIn:
            guard bytes.count == 1 else { return nil }
            self = .loggingIn
        case .opened:
            guard bytes.count >= 74, let key = PublicKey(uncompressedPoint: Array(bytes[9..<74])) else { return nil }
            let slot = UInt64(bytes.number(at: 1)) << 32 | UInt64(bytes.number(at: 5))
            self = .opened(publicKey: key, slot: slot, label: Array(bytes[74...]))
        case .signed:
            guard bytes.count == 9 + Signature.byteCount else { return nil }
            self = .signed(number: bytes.number(at: 1), signature: Array(bytes[9...]), microseconds: bytes.number(at: 5))
        case .failed:
            guard bytes.count >= 2, let kind = TokenError.Kind(rawValue: bytes[1]) else { return nil }
            self = .failed(kind, words: Array(bytes[2...]))
        case .said: self = .said(Array(bytes[1...]))
        case .done:
            guard bytes.count >= 2 else { return nil }
            self = .done(code: bytes[1], notes: Array(bytes[2...]))
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(number: UInt64, byteCount: UInt64) {
        for place in 1...byteCount { append(UInt8(truncatingIfNeeded: number >> (8 * (byteCount - place)))) }
    }

    /// Four bytes from a place that is known to be there.
    fileprivate func number(at start: Int) -> UInt32 {
        self[start..<(start + 4)].reduce(0) { $0 << 8 | UInt32($1) }
    }
}
