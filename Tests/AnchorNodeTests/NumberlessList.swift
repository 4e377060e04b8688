import AllianceTrust
import Foundation

/// A revocation list without a number, which our own registry never makes, by the openssl program.
enum NumberlessList {
    static func der(by authority: CertificateAuthority) throws -> [UInt8] {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("harborseal-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
        try authority.certificate.pem.write(toFile: path("ca.pem"), atomically: false, encoding: .utf8)
        try authority.key.pem.write(toFile: path("ca.key"), atomically: false, encoding: .utf8)
        try "".write(toFile: path("index"), atomically: false, encoding: .utf8)
        try "[ca]\ndefault_ca = list\n[list]\ndatabase = \(path("index"))\ndefault_md = sha256\ndefault_crl_days = 30\ncrl_extensions = more\n[more]\nauthorityKeyIdentifier = keyid\n"
            .write(toFile: path("conf"), atomically: false, encoding: .utf8)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = [
            "ca", "-config", path("conf"), "-cert", path("ca.pem"), "-keyfile", path("ca.key"), "-gencrl", "-out", path("list.pem"),
        ]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return try UnverifiedRevocationList.der(pemOrDER: [UInt8](Data(contentsOf: folder.appendingPathComponent("list.pem"))))
    }
}
