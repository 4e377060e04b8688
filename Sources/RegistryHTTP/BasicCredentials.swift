internal import Foundation

/// User and password of HTTP Basic (RFC 7617).
struct BasicCredentials: Equatable {
    let user: String
    let password: String

    /// Bytes of a header that is read: a gateway id and a code take 110.
    private static let headerByteLimit = 1_024

    /// nil: another scheme, or not what the scheme says.
    init?(_ header: String) {
        guard header.utf8.count <= Self.headerByteLimit, let space = header.firstIndex(of: " "),
            header[..<space].lowercased() == "basic",
            let data = Data(base64Encoded: header[space...].trimmingCharacters(in: .whitespaces)),
            let text = String(validating: data, as: UTF8.self), let colon = text.firstIndex(of: ":")
        else { return nil }
        user = String(text[..<colon])
        password = String(text[text.index(after: colon)...])
    }
}
