@testable import AllianceTrust
import AttestationFormat
import Foundation
import Synchronization
import Testing

/// A key elsewhere, which remembers what it was asked for.
private final class RemoteKey: OutsideSigner {
    let key: AllianceSigningKey
    let messages = Mutex<[[UInt8]]>([])

    init() throws { key = try AllianceSigningKey() }

    var publicKey: PublicKey { key.publicKey }

    func sign(_ message: [UInt8]) throws -> Signature {
        messages.withLock { $0.append(message) }
        return try key.sign(message)
    }
}

@Suite("A key outside this process") struct OutsideSignerTests {
    private let remote: RemoteKey
    private let key: AllianceSigningKey

    init() throws {
        remote = try RemoteKey()
        key = try AllianceSigningKey(outside: remote)
    }

    private func root() throws -> CertificateAuthority { try .root(alliance: "gba-test", key: key, lifetime: TestAuthorities.lifetime) }

    @Test("it makes what openssl takes: a root, what is below it, and a list")
    func issuing() throws {
        let directory = try TemporaryDirectory()
        let root = try root()
        let firm = try root.issueFirmAuthority(firm: "acme", key: AllianceSigningKey(), lifetime: TestAuthorities.lifetime)
        let list = try root.issueRevocationList(number: 1, thisUpdateSeconds: TestAuthorities.nowSeconds, nextUpdateSeconds: TestAuthorities.nowSeconds + 86_400)
        let (top, below) = (try directory.file("root.pem", root.certificate.pem.utf8), try directory.file("firm.pem", firm.certificate.pem.utf8))
        let revoked = try directory.file("list.pem", CertificateAuthority.revocationListPEM(der: list).utf8)
        #expect(try OpenSSLTool.run(["verify", "-attime", "\(TestAuthorities.nowSeconds)", "-CAfile", top, below]).exitCode == 0)
        #expect(try OpenSSLTool.run(["crl", "-in", revoked, "-CAfile", top, "-noout"]).output.contains("verify OK"))
        #expect(remote.messages.withLock { $0.count } == 3)
    }

    @Test("it is not written and not shown")
    func stays() throws {
        #expect(throws: TrustError.self) { try key.pem }
        #expect(throws: TrustError.self) { try key.write(to: FileManager.default.temporaryDirectory.path + "/\(UUID().uuidString)") }
    }

    @Test("at a desk it signs between the tries and never within one; the certificate of the last try is the one that was signed first")
    func desk() throws {
        let root = try root()
        var (tries, wasAskedWithin) = (0, false)
        remote.messages.withLock { $0 = [] }
        let made = try SigningDesk.settle { desk in
            tries += 1
            let count = remote.messages.withLock { $0.count }
            let made = try desk.hold {
                let first = try root.issueFirmAuthority(firm: "acme", key: AllianceSigningKey(pem: Self.pem), lifetime: TestAuthorities.lifetime)
                // A statement about the first, as a registry makes one.
                return try (first.certificate, root.key.sign(first.certificate.der))
            }
            wasAskedWithin = wasAskedWithin || remote.messages.withLock { $0.count } != count
            return made
        }
        #expect(tries == 3 && !wasAskedWithin && remote.messages.withLock { $0.count } == 2)
        #expect(root.hasIssued(made.0.der))
        #expect(CryptoVerifier(publicKey: key.publicKey)?.isValid(made.1, for: made.0.der) == true)
    }

    @Test("a transaction that never asks for the same bytes twice is given up")
    func endless() throws {
        var count: UInt32 = 0
        #expect(throws: TrustError.self) {
            try SigningDesk.settle { desk in
                count += 1
                return try desk.hold { try key.sign(withUnsafeBytes(of: count) { Array($0) }) }
            }
        }
    }

    private static let pem = (try? AllianceSigningKey().pem) ?? ""
}
