public import AttestationFormat

extension FormatError {
    /// What is wrong and where, for people: `it ends in the middle of something, at byte 12`.
    public var words: String { "\(code.words), at byte \(offset)" }
}

extension FormatError.Code {
    /// Whoever reads it has a file and not the format's terms; where the format has one for it, that stands in parentheses.
    fileprivate var words: String {
        encoding ?? structure ?? message ?? "it is not in the format"
    }

    private var encoding: String? {
        switch self {
        case .truncated: "it ends in the middle of something"
        case .trailingBytes: "something follows its end"
        case .indefiniteLength: "a length that is not stated (indefinite length)"
        case .notShortest: "a number that is written longer than it must be (not the shortest form)"
        case .integerTooSmall: "a number that is too small"
        case .integerTooLarge: "a number that is too large"
        case .forbiddenSimpleValue: "a kind of value that the format does not have (a float, or a simple value)"
        case .forbiddenTag: "a mark that does not belong here (a CBOR tag)"
        case .invalidUTF8: "text that is no UTF-8"
        case .tooDeep: "parts within parts within parts, too deep"
        case .duplicateKey: "one key twice"
        case .keyOrder: "keys that are not in their order"
        default: nil
        }
    }

    private var structure: String? {
        switch self {
        case .unexpectedType: "another kind of value than belongs here"
        case .wrongCount: "more or fewer parts than belong here"
        case .unexpectedValue: "a value that does not belong here"
        case .missingLabel(let label): "label \(label) is missing"
        case .limitExceeded: "more than the format's limit"
        case .name: "a name that the format does not allow"
        case .sequenceOverflow: "sequence numbers beyond the highest"
        default: nil
        }
    }

    private var message: String? {
        switch self {
        case .untagged: "no signed message stands here (COSE_Sign1)"
        case .criticalHeader: "a header that must be understood, and is not (crit)"
        case .algorithm: "a signature that is not ES256"
        case .type: "another type of message than belongs here (typ)"
        case .unprotectedHeader: "an unsigned header that is not as it must be"
        case .signatureLength: "a signature that is not 64 bytes long"
        case .signatureRange: "a signature whose numbers are out of range"
        case .signatureHighS: "a signature in its second form (high s)"
        case .publicKey: "no public key on P-256"
        default: nil
        }
    }
}
