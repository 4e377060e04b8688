/// Why bytes are not in the format of wire-format.md: what is wrong, and where.
///
/// Everything that throws it is malformed input (exit code 65, refusal 7 or 8); bytes that are well formed and still not
/// believed give a ``VerificationError``.
public struct FormatError: Error, Equatable, Sendable {
    /// What is wrong.
    public let code: Code
    /// Byte offset of the fault, counted from the start of the outermost bytes that were being read.
    public let offset: Int

    public init(_ code: Code, at offset: Int) {
        self.code = code
        self.offset = offset
    }

    /// The stable codes. `label` payloads are map keys or COSE labels.
    public enum Code: Equatable, Sendable {
        // Encoding (section 1).
        /// The bytes end inside an item, or an item claims more than the bytes that are left.
        case truncated
        /// Bytes follow the end of the outermost item.
        case trailingBytes
        /// An indefinite length, a reserved length or a lone break.
        case indefiniteLength
        /// An integer, length or label that is longer than it needs to be.
        case notShortest
        /// A negative integer below -2^63.
        case integerTooSmall
        /// A number that does not fit where it stands.
        case integerTooLarge
        /// A float, `undefined` or an unassigned simple value.
        case forbiddenSimpleValue
        /// A tag other than 18, or 18 anywhere but outermost.
        case forbiddenTag
        /// A text string that is not UTF-8.
        case invalidUTF8
        /// An array or map at depth 17.
        case tooDeep
        /// A map that has one key twice.
        case duplicateKey
        /// Event bytes whose map keys are not in the order of RFC 8949, 4.2.1.
        case keyOrder
        // Structure.
        /// Another type than the one that belongs here.
        case unexpectedType
        /// An array with another number of elements than the one that belongs here.
        case wrongCount
        /// A value that does not belong here.
        case unexpectedValue
        /// A mandatory map key or COSE label is absent.
        case missingLabel(Int64)
        /// Above a limit of section 1.
        case limitExceeded
        // COSE.
        /// No tag 18 in front of a COSE message.
        case untagged
        /// `crit` is not supported, so it is refused.
        case criticalHeader
        /// alg is absent from the protected header, or is not ES256.
        case algorithm
        /// `typ` is not the one that belongs here.
        case type
        /// The unprotected map is not as it must be.
        case unprotectedHeader
        /// A signature that is not 64 bytes long.
        case signatureLength
        /// r or s is zero, or not below the group order.
        case signatureRange
        /// s is above half the group order.
        case signatureHighS
        /// A public key that is not an uncompressed P-256 COSE_Key.
        case publicKey
        // Names (section 2).
        /// A name, issuer, subject, origin, epoch or topic that section 2 or 7 does not allow.
        case name
        /// first + count exceeds 2^63 - 1.
        case sequenceOverflow
    }
}
