import AllianceTrust
public import AttestationFormat
import MerkleTree

/// Who proves to be more than a stranger.
public enum Holder: Hashable, Sendable {
    case gateway(GatewayID)
    /// A firm's own registry, by the firm's code, for a name that is not known here yet.
    case registry(of: Name)
}

/// Who proves to be a gateway, or a firm's own registry, without anything being written: what holds up strangers at a busy address need not hold up these.
extension Registry {
    /// The gateway whose link certificate this is, while it renews itself: of this registry, not revoked, and not too long past its end.
    ///
    /// - Parameter certificate: DER of what TLS showed and proved possession of.
    /// - Throws: ``RegistryError`` with code `storeBusy` or `storeFailed`.
    public func holder(ofLinkCertificate certificate: [UInt8], nowSeconds: Int64) throws -> Holder? {
        try store.read { transaction in
            guard let shown = try transaction.certificate(hash: SHA256.hash(certificate)), shown.issued.label == .link else { return nil }
            let device = try transaction.device(id: shown.device)
            return (try? check(shown.issued, of: device, nowSeconds: nowSeconds)) == nil ? nil : .gateway(device.gatewayID)
        }
    }

    /// Tells a gateway of its link certificate's end, also where this registry makes no list of them, since the alliance's does.
    ///
    /// - Parameter certificate: DER of what TLS showed and proved possession of. One that this registry never had is not judged.
    /// - Throws: ``RegistryError`` with code `deviceRevoked`, `deviceReplaced`, `linkKeyReplaced`, `storeBusy` or `storeFailed`.
    public func refuseRevoked(linkCertificate certificate: [UInt8]) throws {
        try store.read { transaction in
            guard let shown = try transaction.certificate(hash: SHA256.hash(certificate)), shown.issued.label == .link else { return }
            try Self.checkNotRevoked(shown.issued, of: transaction.device(id: shown.device))
        }
    }

    /// The gateway whose code this is, whether or not it is still good for anything.
    ///
    /// A wrong code takes as long for a device that there is as for one that there is not: the code's hash is looked for, and not the name.
    ///
    /// - Throws: ``RegistryError`` with code `storeBusy` or `storeFailed`.
    public func holder(ofCode code: String, gatewayID: String) throws -> Holder? {
        guard let name = GatewayID(UTF8Text(gatewayID)) else { return nil }
        return try store.read { transaction in
            if let known = try firmCode(of: name.firm, in: transaction) {
                guard known.isRight(code, of: name.firm) else { return nil }
                return try transaction.device(name) == nil ? .registry(of: name.firm) : .gateway(name)
            }
            guard let hash = EnrolmentCode(code)?.hash(for: name), try transaction.hasCode(hash), let device = try transaction.device(name) else { return nil }
            return Self.isRight(code, of: device) ? .gateway(device.gatewayID) : nil
        }
    }

    static func isRight(_ text: String, of device: StoredDevice) -> Bool {
        EnrolmentCode(text).map { $0.hash(for: device.gatewayID).equalsInConstantTime(device.code.hash) } ?? false
    }
}
