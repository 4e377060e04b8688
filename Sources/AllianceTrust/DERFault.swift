internal import SwiftASN1
internal import X509

/// What is wrong with bytes that a library could not read, for people: the libraries' own words name their source files.
public enum DERFault {
    /// Such as `it ends in the middle of a field`.
    public static func words(_ error: any Error) -> String {
        switch error {
        case let error as ASN1Error: words(error.code)
        case let error as CertificateError: spaced("\(error.code)")
        case let error as TrustError: error.message
        default: "it is damaged"
        }
    }

    private static func words(_ code: ASN1Error.ErrorCode) -> String {
        switch code {
        case .truncatedASN1Field: "it ends in the middle of a field"
        case .unexpectedFieldType: "a field is of another kind than belongs there"
        case .invalidASN1Object: "a field is missing, has a content that it cannot have, or is followed by more"
        case .invalidASN1IntegerEncoding: "an integer is not written in its shortest form"
        case .unsupportedFieldLength: "the length of a field is not written as DER writes it"
        case .invalidPEMDocument: "its lines are no PEM"
        case .invalidStringRepresentation: "a text has characters that it cannot have"
        case .tooFewOIDComponents: "an object identifier is too short"
        default: "it is no DER"
        }
    }

    /// `unsupportedPublicKeyAlgorithm` in four words.
    private static func spaced(_ code: String) -> String {
        code.reduce(into: "") { $0 += $1.isUppercase ? " " + $1.lowercased() : String($1) }
    }
}
