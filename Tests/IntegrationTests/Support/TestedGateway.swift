import AttestationFormat
import DeviceCrypto
import Foundation

/// A gateway that enrols with the tests' own registry.
final class TestedGateway: BareGateway {
    let registry: TestRegistry

    init(_ registry: TestRegistry, token: (any KeyToken)? = nil) throws {
        self.registry = registry
        try super.init(registry.alliance, token: token)
    }

    init(copying other: TestedGateway) throws {
        registry = other.registry
        try super.init(copying: other)
    }

    /// The enrolment text that a technician gets.
    func text(code: String = TestRegistry.code, host: String = "localhost", port: UInt16? = nil, more: String = "") throws -> String {
        let authority = try UnverifiedCertificate.load(from: UTF8Text(alliance.linkAuthority))
        return "harborseal-enrol:1?url=https://\(host):\(port ?? registry.port)&device=\(Alliance.firm).\(device)&code=\(code)"
            + "&ca=\(Self.hash(authority.derBytes))\(more)"
    }

    /// With the hash of the alliance's trust file.
    func wholeText(code: String = TestRegistry.code) throws -> String {
        let trust = try Data(contentsOf: URL(fileURLWithPath: alliance.trustFile))
        return try text(code: code, more: "&trust=\(Self.hash(Array(trust)))&broker=localhost:1")
    }
}
