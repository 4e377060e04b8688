public import AttestationFormat
import Foundation
public import MerkleTree

/// What a technician types or scans: `harborseal-enrol:1?url=https://registry.example.org:8443&device=acme.gw-1&code=XXXXX-...&ca=<hex>`.
///
/// `ca` is SHA-256 of the link CA's certificate in DER, which the gateway takes for its only anchor; `trust` is SHA-256 of the trust file;
/// `broker` is `HOST:PORT`, several with commas between, for the gateway's configuration.
public struct EnrolmentText: Sendable {
    /// `https://HOST` or `https://HOST:PORT`, nothing behind it.
    public let url: String
    public let gatewayID: GatewayID
    public let code: EnrolmentCode
    public let linkAuthorityHash: Digest?
    public let trustFileHash: Digest?
    public let brokers: String?

    /// - Throws: ``RegistryError`` with code `enrolmentText` for an address that is not `https://HOST[:PORT]`, or brokers that need escaping.
    public init(
        url: String, gatewayID: GatewayID, code: EnrolmentCode, linkAuthorityHash: Digest? = nil, trustFileHash: Digest? = nil,
        brokers: String? = nil
    ) throws {
        self.url = try Self.checked(url: url)
        self.gatewayID = gatewayID
        self.code = code
        self.linkAuthorityHash = linkAuthorityHash
        self.trustFileHash = trustFileHash
        self.brokers = try brokers.map { try Self.checked(brokers: $0) }
    }

    /// The whole text on one line. It holds the code: show it, and store it nowhere.
    public var text: String {
        var text = "\(Self.start)url=\(url)&device=\(gatewayID)&code=\(code.text)"
        if let linkAuthorityHash { text += "&ca=\(Hexadecimal.text(of: linkAuthorityHash.bytes))" }
        if let trustFileHash { text += "&trust=\(Hexadecimal.text(of: trustFileHash.bytes))" }
        if let brokers { text += "&broker=\(brokers)" }
        return text
    }

    static let start = "harborseal-enrol:1?"
    /// A text with the longest address, name and both hashes has 500.
    static let byteLimit = 1_024
}
