import AllianceTrust
import AttestationFormat
import DeviceRegistry
import Foundation
import RegistryTesting

/// `RegistryStep AUTHORITIES REGISTRY STEP...`: one step on a registry; prints what it was told once it is durable.
///
/// ```
/// enrol LABEL GATEWAY CODE REQUEST    certificate <hex>
/// renew LABEL CERTIFICATE REQUEST     certificate <hex>
/// add FIRM DEVICE                     code <code>
/// revoke GATEWAY                      revoked
/// replace GATEWAY                     code <code>
/// ```
/// A refusal is printed as `refused <code>`.
@main
struct RegistryStep {
    static func main() throws {
        let words = Array(CommandLine.arguments.dropFirst())
        guard words.count >= 3 else {
            FileHandle.standardError.write(Data("RegistryStep AUTHORITIES REGISTRY STEP...\n".utf8))
            exit(64)
        }
        let registry = try TestRegistry(authoritiesIn: words[0]).open(in: words[1])
        let line: String
        do {
            line = try run(Array(words[2...]), on: registry)
        } catch let error as RegistryError {
            line = "refused \(error.code.rawValue)"
        }
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
        try registry.close()
    }

    private static let now = TestRegistry.nowSeconds
    private static let requester = Requester("step")

    private static func run(_ words: [String], on registry: Registry) throws -> String {
        switch (words.first, words.count) {
        case ("enrol", 5):
            let issued = try registry.enrol(
                label(words[1]), gatewayID: words[2], code: words[3], request: bytes(words[4]), by: requester, nowSeconds: now)
            return "certificate \(Hexadecimal.text(of: issued.certificate.der))"
        case ("renew", 4):
            let issued = try registry.renew(
                label(words[1]), clientCertificate: bytes(words[2]), request: bytes(words[3]), by: requester, nowSeconds: now)
            return "certificate \(Hexadecimal.text(of: issued.certificate.der))"
        case ("add", 3):
            return "code \(try registry.add(NewDevice(firm: words[1], device: words[2]), by: requester, nowSeconds: now).code.text)"
        case ("revoke", 2):
            _ = try registry.revoke(words[1], sinceSeconds: now - 60, reason: "stolen", by: requester, nowSeconds: now)
            return "revoked"
        case ("replace", 2):
            let old = OldKey.revoke(sinceSeconds: now - 60, reason: "stolen")
            return "code \(try registry.replace(words[1], oldKey: old, by: requester, nowSeconds: now).code.text)"
        default:
            throw RegistryError(.argument, "no such step")
        }
    }

    private static func label(_ text: String) throws -> CertificateLabel {
        guard let label = CertificateLabel(rawValue: text) else { throw RegistryError(.argument, "\(text) is no label") }
        return label
    }

    private static func bytes(_ path: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    }
}
