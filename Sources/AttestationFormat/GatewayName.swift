public import MerkleTree

/// A gateway id, `<firm>.<device>`: what stands in topics and in the CN of certificates (section 2).
public struct GatewayID: Hashable, Comparable, Sendable {
    public let firm: Name
    public let device: Name

    /// Joins two names; nil for the reserved firms `node` and `alliance`, and when the id would exceed 64 characters.
    public init?(firm: Name, device: Name) {
        guard firm.text != "node", firm.text != "alliance" else { return nil }
        // The CN of a certificate holds 64 characters (RFC 5280, ub-common-name), the dot included.
        guard firm.text.byteCount + 1 + device.text.byteCount <= 64 else { return nil }
        self.firm = firm
        self.device = device
    }

    /// Parses `<firm>.<device>`; nil when section 2 does not allow it.
    public init?(_ text: UTF8Text) {
        self.init(bytes: text.bytes[...])
    }

    init?(bytes: ArraySlice<UInt8>) {
        guard let dot = bytes.firstIndex(of: UInt8(ascii: ".")),
            let firm = Name(bytes: bytes[..<dot]), let device = Name(bytes: bytes[(dot + 1)...])
        else { return nil }
        self.init(firm: firm, device: device)
    }

    /// `<firm>.<device>`.
    public var text: UTF8Text { firm.text + "." + device.text }

    /// First byte of SHA-256 of the id: workers of a large node share the load by it (section 7).
    public func shard<Hash: HashFunction>(using hash: Hash.Type) -> UInt8 {
        Hash.hash(text.bytes).withUnsafeBytes { $0[0] }
    }

    public static func < (left: GatewayID, right: GatewayID) -> Bool { left.text < right.text }
}

extension GatewayID: CustomStringConvertible {
    public var description: String { text.string }
}

/// A gateway of one alliance: what its statements name as their issuer (section 2).
public struct GatewayName: Hashable, Comparable, Sendable {
    public let alliance: Name
    public let gatewayID: GatewayID

    public init(alliance: Name, gatewayID: GatewayID) {
        self.alliance = alliance
        self.gatewayID = gatewayID
    }

    /// Joins three names; nil when the gateway id is not allowed.
    public init?(alliance: Name, firm: Name, device: Name) {
        guard let gatewayID = GatewayID(firm: firm, device: device) else { return nil }
        self.init(alliance: alliance, gatewayID: gatewayID)
    }

    /// Parses an issuer URI `hs:<alliance>/<firm>.<device>`; nil for anything else.
    public init?(issuer: UTF8Text) {
        self.init(issuerBytes: issuer.bytes[...])
    }

    init?(issuerBytes: ArraySlice<UInt8>) {
        guard let parts = splitIssuer(issuerBytes), let gatewayID = GatewayID(bytes: parts.rest) else { return nil }
        self.init(alliance: parts.alliance, gatewayID: gatewayID)
    }

    public var firm: Name { gatewayID.firm }
    public var device: Name { gatewayID.device }

    /// `hs:<alliance>/<firm>.<device>`: iss of statements and SAN URI of certificates.
    public var issuer: UTF8Text { "hs:" + alliance.text + "/" + gatewayID.text }

    /// Subject of this gateway's statements in one epoch: issuer, `/journal/`, epoch (section 4).
    public func subject(in epoch: Epoch) -> UTF8Text {
        issuer + "/journal/" + epoch.text
    }

    public static func < (left: GatewayName, right: GatewayName) -> Bool { left.issuer < right.issuer }
}

extension GatewayName: CustomStringConvertible {
    public var description: String { issuer.string }
}

/// Splits `hs:<alliance>/<rest>`; nil when the alliance is no name.
func splitIssuer(_ bytes: ArraySlice<UInt8>) -> (alliance: Name, rest: ArraySlice<UInt8>)? {
    guard bytes.starts(with: [UInt8(ascii: "h"), UInt8(ascii: "s"), UInt8(ascii: ":")]) else { return nil }
    let afterScheme = bytes.dropFirst(3)
    guard let slash = afterScheme.firstIndex(of: UInt8(ascii: "/")), let alliance = Name(bytes: afterScheme[..<slash])
    else { return nil }
    return (alliance, afterScheme[(slash + 1)...])
}
