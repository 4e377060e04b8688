public import MerkleTree

/// What a firm's issuing key signs beside a seal certificate or a revocation list: the protected header of a
/// ``RegistrationStatement`` (section 5).
public struct RegistrationHeader: Hashable, Sendable {
    /// What the statement carries.
    public enum Kind: Hashable, Sendable {
        /// A seal certificate: the firm vouches for a gateway's key.
        case registration
        /// A revocation list: the firm takes back what it vouched for.
        case revocation

        /// typ.
        public var type: UTF8Text {
            switch self {
            case .registration: "vnd.harborseal.registration"
            case .revocation: "vnd.harborseal.revocation"
            }
        }

        /// 3, the media type of the payload (RFC 5280, section 4.2.1.13 and RFC 2585): a list has no content-format number.
        var contentType: UTF8Text {
            switch self {
            case .registration: "application/pkix-cert"
            case .revocation: "application/pkix-crl"
            }
        }

        init?(type: UTF8Text) {
            if type == Kind.registration.type { self = .registration } else if type == Kind.revocation.type { self = .revocation } else { return nil }
        }
    }

    public let kind: Kind
    /// kid of the issuing key.
    public let keyID: Digest
    public let alliance: Name
    /// The firm whose issuing key signs: iss is `hs:<alliance>/<firm>`.
    public let firm: Name
    /// Whose certificate it is; nil for a revocation list, which speaks of many.
    public let gateway: GatewayName?
    /// iat, seconds since 1970-01-01Z by the firm's clock; a hint, never the time that counts.
    public let issuedAtSeconds: UInt64

    /// The header over a seal certificate of this gateway.
    public init(registering gateway: GatewayName, keyID: Digest, issuedAtSeconds: UInt64) {
        kind = .registration
        self.keyID = keyID
        alliance = gateway.alliance
        firm = gateway.firm
        self.gateway = gateway
        self.issuedAtSeconds = issuedAtSeconds
    }

    /// The header over a revocation list of this firm.
    public init(revocationsOf firm: Name, in alliance: Name, keyID: Digest, issuedAtSeconds: UInt64) {
        kind = .revocation
        self.keyID = keyID
        self.alliance = alliance
        self.firm = firm
        gateway = nil
        self.issuedAtSeconds = issuedAtSeconds
    }

    /// iss.
    public var issuer: UTF8Text { "hs:" + alliance.text + "/" + firm.text }

    /// sub: the gateway's issuer URI, or `hs:<alliance>/<firm>/revocations`.
    public var subject: UTF8Text {
        guard let gateway else { return issuer + "/revocations" }
        return gateway.issuer
    }

    /// Takes the labels of a protected header.
    init(_ header: ProtectedHeader, contentType: UTF8Text?) throws(FormatError) {
        guard let type = header.type, let kind = Kind(type: type) else { throw FormatError(.type, at: header.offset) }
        guard contentType == kind.contentType else {
            throw FormatError(contentType == nil ? .missingLabel(3) : .unexpectedValue, at: header.offset)
        }
        let keyID = try header.requireKeyID()
        let issuer = try header.require(header.issuer, 15)
        let subject = try header.require(header.subject, 15)
        let seconds = try header.require(header.issuedAtSeconds, 15)
        switch kind {
        case .registration:
            guard let gateway = GatewayName(issuer: subject) else { throw FormatError(.name, at: header.offset) }
            self.init(registering: gateway, keyID: keyID, issuedAtSeconds: seconds)
        case .revocation:
            guard let parts = splitIssuer(issuer.bytes[...]), let firm = Name(bytes: parts.rest), firm.text != "node", firm.text != "alliance"
            else { throw FormatError(.name, at: header.offset) }
            self.init(revocationsOf: firm, in: parts.alliance, keyID: keyID, issuedAtSeconds: seconds)
        }
        guard self.issuer == issuer, self.subject == subject else { throw FormatError(.name, at: header.offset) }
    }

    /// The protected header's map, encoded: what stands inside the protected bstr.
    public func encoded() -> [UInt8] {
        var writer = CBORWriter(reserving: 256)
        writer.beginMap(5)
        writer.writeAlgorithm()
        writer.write(UInt64(3))
        writer.write(kind.contentType)
        writer.write(UInt64(4))
        writer.write(keyID)
        writer.writeClaims(issuer: issuer, subject: subject, issuedAtSeconds: issuedAtSeconds)
        writer.write(UInt64(16))
        writer.write(kind.type)
        return writer.bytes
    }
}
