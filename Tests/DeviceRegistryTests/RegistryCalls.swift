import AllianceTrust
import AttestationFormat
import DeviceRegistry
import RegistryTesting
import Testing

/// The calls of most tests, with what does not matter to them left out.
extension Registry {
    static let now = TestRegistry.nowSeconds

    func added(_ device: String = "gw-1", firm: String = "acme", by name: String = "alice", at seconds: Int64 = Registry.now) throws -> AddedDevice {
        try add(NewDevice(firm: firm, device: device), by: Requester(name), nowSeconds: seconds)
    }

    func enrolled(
        _ label: CertificateLabel, _ added: AddedDevice, _ key: TestDeviceKey, at seconds: Int64 = Registry.now
    ) throws -> IssuedCertificate {
        try enrol(
            label, gatewayID: added.gatewayID.description, code: added.code.text, request: key.request(),
            by: Requester(added.gatewayID.description, address: "192.0.2.7"), nowSeconds: seconds)
    }

    func renewed(
        _ label: CertificateLabel, with link: IssuedCertificate, _ key: TestDeviceKey, at seconds: Int64 = Registry.now
    ) throws -> IssuedCertificate {
        try renew(
            label, clientCertificate: link.certificate.der, request: key.request(), by: Requester("acme.gw-1", address: "192.0.2.7"),
            nowSeconds: seconds)
    }
}

/// A device of firm acme with both certificates.
struct EnrolledDevice {
    let added: AddedDevice
    let linkKey = TestDeviceKey()
    let sealKey = TestDeviceKey()
    let link: IssuedCertificate
    let seal: IssuedCertificate

    init(_ device: String = "gw-1", in registry: Registry, at seconds: Int64 = Registry.now) throws {
        added = try registry.added(device, at: seconds)
        link = try registry.enrolled(.link, added, linkKey, at: seconds)
        seal = try registry.enrolled(.seal, added, sealKey, at: seconds)
    }
}

/// The code with which the registry refuses something; nil when it does not.
func refusal(_ body: () throws -> some Any) -> RegistryError.Code? {
    do {
        _ = try body()
        return nil
    } catch let error as RegistryError {
        return error.code
    } catch {
        Issue.record(error)
        return nil
    }
}
