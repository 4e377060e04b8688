import AttestationFormat
import DeviceCrypto
import Foundation
import MerkleTree

/// A gateway as the package leaves it: a configuration without a name, and no keys.
class BareGateway {
    let alliance: Alliance
    let device: String
    let folder: ScratchFolder
    /// Where keys and certificates lie.
    var keys: String { folder.file("keys") }
    var configuration: String { folder.file("agent.conf") }
    var dropIn: String { folder.file("agent.conf.d/10-gateway.conf") }
    var intakeSocket: String { folder.file("intake.sock") }

    /// Where the seal key lives, unless it is a file of ``keys``.
    let token: (any KeyToken)?

    init(_ alliance: Alliance, device: String = "gw-\(UInt32.random(in: 1...9_999_999))", token: (any KeyToken)? = nil) throws {
        self.alliance = alliance
        self.device = device
        self.token = token
        folder = try ScratchFolder(named: "hs-bare")
        try FileManager.default.createDirectory(atPath: keys, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        try FileManager.default.createDirectory(atPath: folder.file("agent.conf.d"), withIntermediateDirectories: true)
        try """
            [journal]
            directory = \(folder.file("journal"))
            [seal]
            key = \(token?.uri ?? "\(keys)/seal.key")
            certificate = \(keys)/seal.crt
            [trust]
            file = \(keys)/alliance.hstrust
            [control]
            socket = \(folder.file("control.sock"))
            [source.intake]
            type = intake
            socket = \(intakeSocket)

            """.write(toFile: configuration, atomically: false, encoding: .utf8)
    }

    /// Another gateway's files in a folder of its own, as if its medium had been copied.
    init(copying other: BareGateway) throws {
        alliance = other.alliance
        device = other.device
        token = nil
        folder = try ScratchFolder(named: "hs-bare")
        for name in ["keys", "agent.conf", "agent.conf.d"] {
            try FileManager.default.copyItem(atPath: other.folder.file(name), toPath: folder.file(name))
        }
        for file in [configuration, dropIn] {
            let text = try String(contentsOfFile: file, encoding: .utf8)
            try text.replacingOccurrences(of: other.folder.path, with: folder.path).write(toFile: file, atomically: false, encoding: .utf8)
        }
    }

    static func hash(_ bytes: [UInt8]) -> String {
        SHA256.hash(bytes.span).bytes.map { String(format: "%02x", $0) }.joined()
    }

    func command(_ words: String...) throws -> (code: Int32, output: String) { try command(words) }

    func command(_ words: [String], under wrapper: [String] = []) throws -> (code: Int32, output: String) {
        let output = try ScratchFolder(named: "hs-command")
        let child = try ChildProcess(wrapper + (token?.wrapper ?? []) + [try Programs.agent] + words + ["--config", configuration], logFile: output.file("output"))
        switch child.waitUntilEnded(seconds: 180) {
        case .exited(let code): return (code, child.log)
        case .signalled(let number): return (-number, child.log)
        case nil: throw IntegrationFailure("harborseal-agent \(words): not done after 60 s\n\(child.log)")
        }
    }

    // MARK: - What lies there

    func certificate(_ name: String) -> UnverifiedCertificate? { try? UnverifiedCertificate.load(from: UTF8Text("\(keys)/\(name)")) }
    /// Of the token, what the agent itself sees there.
    func key(_ name: String) -> PublicKey? {
        guard name == "seal.key", let token else { return fileKey(name) }
        let pem = (try? token.command("login")) ?? ""
        return pem.range(of: "-----BEGIN PUBLIC KEY-----").flatMap { Self.publicKey(pem: String(pem[$0.lowerBound...])) }
    }

    private func fileKey(_ name: String) -> PublicKey? { (try? SigningKey.load(from: UTF8Text("\(keys)/\(name)")))?.publicKey }

    private static func publicKey(pem: String) -> PublicKey? {
        let base64 = pem.split(separator: "\n").filter { !$0.hasPrefix("-") }.joined()
        // The point is the end of the SubjectPublicKeyInfo.
        return Data(base64Encoded: base64).flatMap { PublicKey(uncompressedPoint: Array($0.suffix(65))) }
    }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(keys)/\(name)") }

    /// Whether key and certificate of a role belong together in place, or the certificate waits beside them (``IdentityFiles/recover()``).
    func hasWorkingPair(_ role: String) -> Bool {
        guard let key = key("\(role).key") else { return false }
        return certificate("\(role).crt")?.publicKey == key || certificate("\(role).crt.next")?.publicKey == key
    }

    /// Whether some key lies in files of both roles.
    var hasSharedKey: Bool {
        func keys(_ role: String) -> [PublicKey] {
            [key("\(role).key"), key("\(role).key.next"), certificate("\(role).crt")?.publicKey, certificate("\(role).crt.next")?.publicKey].compactMap { $0 }
        }
        let seal = keys("seal")
        return keys("link").contains { seal.contains($0) }
    }

    /// Key and certificate of both roles in place, nothing waiting, and the chain as openssl sees it.
    func expectEnrolled() throws -> Bool {
        for role in ["link", "seal"] {
            guard let key = key("\(role).key"), let certificate = certificate("\(role).crt"), certificate.publicKey == key,
                certificate.subjectURI == UTF8Text("hs:\(alliance.name)/\(Alliance.firm).\(device)"),
                !exists("\(role).key.next"), !exists("\(role).crt.next")
            else { return false }
        }
        let verified = try ChildProcess.run(["openssl", "verify", "-purpose", "sslclient", "-CAfile", "\(keys)/link-ca.crt", "\(keys)/link.crt"])
        return verified.contains("OK") && !hasSharedKey
    }
}
