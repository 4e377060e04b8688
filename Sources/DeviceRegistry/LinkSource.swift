public import AllianceTrust
public import AttestationFormat
import Foundation

/// The alliance's registry, as a firm's own sees it: it issues the link certificates of the firm's gateways.
public protocol LinkSource: AnyObject, Sendable {
    /// `https://registry.example.org:8443`, for messages.
    var url: String { get }

    /// Asks for a link certificate. It is called with nothing held, takes as long as it takes, and gets for the same key the same certificate again
    /// while that is new.
    ///
    /// - Parameters:
    ///   - gatewayID: whose it is to be.
    ///   - request: the gateway's own PKCS#10, DER.
    /// - Returns: what was answered; ``Registry`` judges it.
    /// - Throws: ``RegistryError`` with code `allianceAway` or `allianceRefused`, or one that is about the gateway: `keyInUse`, `deviceRevoked`, `tooManyTries`.
    func linkCertificate(for gatewayID: GatewayID, request: [UInt8]) throws -> CertificateBytes
}

/// A revoked link certificate, as a firm's registry tells the alliance's.
public struct LinkRevocation: Equatable, Sendable {
    public enum Reason: String, Sendable {
        /// The gateway is revoked.
        case revoked
        /// The name has enrolled with another key.
        case superseded
    }

    /// Content bytes of the serial number.
    public let serialNumber: [UInt8]
    /// From when on it does not count, in seconds since 1970.
    public let sinceSeconds: Int64
    public let reason: Reason

    public init(serialNumber: [UInt8], sinceSeconds: Int64, reason: Reason) {
        self.serialNumber = serialNumber
        self.sinceSeconds = sinceSeconds
        self.reason = reason
    }
}

/// What a firm's registry sends to the alliance's of one gateway: a line of text for each certificate, `SERIAL SECONDS REASON CERTIFICATE`, the serial number
/// in hex and the certificate in base64.
///
/// The certificate is for a registry that does not know it and has its issuing key: it was restored from a backup, or the firm's had that key before. It may
/// be left out.
public struct LinkReport: Equatable, Sendable {
    /// Lines of one report: with certificates of 1,200 characters they are within the 16,384 bytes that a registry reads.
    public static let lineLimit = 10
    /// A serial number has at most 20 bytes (RFC 5280, section 4.1.2.2).
    private static let serialByteLimit = 20

    public let gatewayID: GatewayID
    public let revocations: [LinkRevocation]
    /// By their serial numbers.
    public let certificates: [[UInt8]: CertificateBytes]

    public init(gatewayID: GatewayID, revocations: [LinkRevocation], certificates: [[UInt8]: CertificateBytes] = [:]) {
        self.gatewayID = gatewayID
        self.revocations = revocations
        self.certificates = certificates
    }

    public var body: [UInt8] {
        let lines = revocations.map { revocation in
            let certificate = certificates[revocation.serialNumber].map { " " + Data($0.der).base64EncodedString() } ?? ""
            return "\(Hexadecimal.text(of: revocation.serialNumber)) \(revocation.sinceSeconds) \(revocation.reason.rawValue)\(certificate)\n"
        }
        return Array(lines.joined().utf8)
    }

    /// - Throws: ``RegistryError`` with code `requestForm`.
    init(of gatewayID: GatewayID, body: [UInt8]) throws {
        let lines = String(decoding: body, as: UTF8.self).split(separator: "\n")
        guard (1...Self.lineLimit).contains(lines.count) else { throw Self.malformed("it has \(lines.count) lines") }
        var (revocations, certificates): ([LinkRevocation], [[UInt8]: CertificateBytes]) = ([], [:])
        for (index, line) in lines.enumerated() {
            let words = line.split(separator: " ", omittingEmptySubsequences: false)
            guard (3...4).contains(words.count), let serial = Hexadecimal.bytes(of: UTF8Text(String(words[0]))), (1...Self.serialByteLimit).contains(serial.count),
                let seconds = Int64(words[1]), seconds >= 0, let reason = LinkRevocation.Reason(rawValue: String(words[2]))
            else { throw Self.malformed("line \(index + 1) is not SERIAL SECONDS REASON CERTIFICATE") }
            revocations.append(LinkRevocation(serialNumber: serial, sinceSeconds: seconds, reason: reason))
            guard words.count == 4 else { continue }
            guard let der = Data(base64Encoded: String(words[3])), !der.isEmpty else { throw Self.malformed("the certificate of line \(index + 1) is no base64") }
            certificates[serial] = CertificateBytes(der: [UInt8](der))
        }
        self.init(gatewayID: gatewayID, revocations: revocations, certificates: certificates)
    }

    /// What of it was taken, where the serial numbers in `unknown` were not.
    public func without(_ unknown: Set<[UInt8]>) -> LinkReport {
        LinkReport(gatewayID: gatewayID, revocations: revocations.filter { !unknown.contains($0.serialNumber) })
    }

    private static func malformed(_ words: String) -> RegistryError {
        RegistryError(
            .requestForm, "the report of revoked link certificates is none: \(words)",
            nextStep: "send 1 to \(lineLimit) lines: the serial number in hex, seconds since 1970, revoked or superseded, and the certificate in base64")
    }
}
