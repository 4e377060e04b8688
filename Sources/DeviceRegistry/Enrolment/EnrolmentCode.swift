import AllianceTrust
import AttestationFormat
import MerkleTree

/// A one-time enrolment code: 128 bits from the system's generator.
///
/// It never describes itself: whoever wants its text asks for ``text``, so that no log line or error carries it by accident.
public struct EnrolmentCode: Sendable {
    /// 128 bits.
    static let byteCount = 16
    /// 26 characters of base32 hold 130 bits; the first two are zero.
    static let characterCount = 26
    /// With hyphens and blanks; longer input is no code.
    static let textLimit = 64

    let bytes: [UInt8]

    /// A new code from getrandom(2).
    public init() {
        var generator = SystemRandomNumberGenerator()
        bytes = (0..<Self.byteCount).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    /// Reads a code as a person types it: any case, hyphens and blanks anywhere, O for 0, I and L for 1; nil for all else.
    public init?(_ text: String) {
        guard text.utf8.count <= Self.textLimit, let bytes = CrockfordBase32.bytes(of: text.utf8) else { return nil }
        self.bytes = bytes
    }

    /// Crockford's base32 in groups of five: `0A1B2-C3D4E-F5G6H-J7K8M-N9P0Q-R`.
    public var text: String { CrockfordBase32.text(of: bytes) }

    /// What is stored: SHA-256 over the gateway id and the code.
    ///
    /// No slow hash and no salt of its own: 128 random bits cannot be tried out, and the gateway id keeps one code's hash from being
    /// another device's.
    func hash(for gatewayID: GatewayID) -> Digest {
        SHA256.hash(Array("harborseal enrolment code\0".utf8) + gatewayID.text.bytes + [0] + bytes)
    }

    /// The same for the code of a firm.
    func hash(forFirm firm: Name) -> Digest {
        SHA256.hash(Array("harborseal firm code\0".utf8) + firm.text.bytes + [0] + bytes)
    }
}

extension EnrolmentCode: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "(enrolment code)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension Digest {
    /// Whether two hashes are the same, in a time that does not depend on where they differ.
    func equalsInConstantTime(_ other: Digest) -> Bool {
        zip(bytes, other.bytes).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
