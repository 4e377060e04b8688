import AllianceTrust
public import AttestationFormat
import MerkleTree

/// Who proves to be a gateway, without anything being written: what holds up strangers at a busy address need not hold up these.
extension Registry {
    /// The gateway whose link certificate this is, while it renews itself: of this registry, not revoked, and not too long past its end.
    ///
    /// - Parameter certificate: DER of what TLS showed and proved possession of.
    /// - Throws: ``RegistryError`` with code `storeBusy` or `storeFailed`.
    public func holder(ofLinkCertificate certificate: [UInt8], nowSeconds: Int64) throws -> GatewayID? {
        try store.read { transaction in
            guard let shown = try transaction.certificate(hash: SHA256.hash(certificate)), shown.issued.label == .link else { return nil }
            let device = try transaction.device(id: shown.device)
            return (try? check(shown.issued, of: device, nowSeconds: nowSeconds)) == nil ? nil : device.gatewayID
        }
    }

    /// The gateway whose code this is, whether or not it is still good for anything.
    ///
    /// - Throws: ``RegistryError`` with code `storeBusy` or `storeFailed`.
    public func holder(ofCode code: String, gatewayID: String) throws -> GatewayID? {
        guard let name = GatewayID(UTF8Text(gatewayID)), let device = try store.read({ try $0.device(name) }) else { return nil }
        return Self.isRight(code, of: device) ? device.gatewayID : nil
    }

    static func isRight(_ text: String, of device: StoredDevice) -> Bool {
        EnrolmentCode(text).map { $0.hash(for: device.gatewayID).equalsInConstantTime(device.code.hash) } ?? false
    }
}
