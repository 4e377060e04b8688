import AttestationFormat
import DeviceCrypto
import Foundation
import HarborsealTesting
import SealToken
import SmallFiles
import Testing

@testable import DeviceEnrolment

@Suite("Key and certificate in two files")
struct IdentityFilesTests {
    /// A folder with files of a role, and certificates for any key by the real openssl.
    private struct Place {
        let folder: TemporaryDirectory
        let files: IdentityFiles

        init() throws {
            folder = try TemporaryDirectory(named: "hs-identity")
            files = IdentityFiles(key: .file(UTF8Text(folder.file("link.key"))), certificate: UTF8Text(folder.file("link.crt")))
        }

        var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted() }

        /// Over the key that lies in `name`.
        func certificate(
            for name: String, subject: String = "/O=acme/CN=acme.gw-1", uri: String = "hs:pearl/acme.gw-1", usage: String = "clientAuth", days: Int = 30
        ) throws -> UnverifiedCertificate {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = [
                "openssl", "req", "-x509", "-new", "-key", folder.file(name), "-subj", subject, "-days", "\(days)", "-outform", "DER",
                "-out", folder.file("der"), "-addext", "subjectAltName=URI:\(uri)", "-addext", "extendedKeyUsage=\(usage)",
            ]
            process.standardError = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
            defer { try? FileManager.default.removeItem(atPath: folder.file("der")) }
            return try UnverifiedCertificate(der: Array(try Data(contentsOf: URL(fileURLWithPath: folder.file("der")))))
        }
    }

    @Test("a pending key is the same until it is activated, and the pair changes place together")
    func activation() throws {
        let place = try Place()
        let first = try place.files.pendingKey()
        #expect(try place.files.pendingKey().publicKey == first.publicKey)
        try place.files.store(place.certificate(for: "link.key.next"))
        #expect(place.names == ["link.crt.next", "link.key.next"])
        try place.files.activate()
        #expect(place.names == ["link.crt", "link.key"])
        #expect(try place.files.current()?.key.publicKey == first.publicKey)
        #expect(try SmallFile.facts(of: UTF8Text(place.folder.file("link.key"))).permissions == 0o600)
        #expect(try SmallFile.facts(of: place.files.certificate).permissions == 0o644)
    }

    @Test("a replacement that was cut between its renames is ended; before them the old pair stays")
    func recovery() throws {
        let place = try Place()
        _ = try place.files.pendingKey()
        try place.files.store(place.certificate(for: "link.key.next"))
        try place.files.activate()
        let old = try place.files.current()?.key.publicKey
        let new = try place.files.pendingKey()
        try place.files.store(place.certificate(for: "link.key.next"))
        try place.files.recover()
        #expect(try place.files.current()?.key.publicKey == old)
        #expect(place.names == ["link.crt", "link.crt.next", "link.key", "link.key.next"])
        // The first rename alone.
        try FileManager.default.removeItem(atPath: place.folder.file("link.key"))
        try FileManager.default.moveItem(atPath: place.folder.file("link.key.next"), toPath: place.folder.file("link.key"))
        #expect(try place.files.current() == nil)
        try place.files.recover()
        #expect(try place.files.current()?.key.publicKey == new.publicKey)
        #expect(place.names == ["link.crt", "link.key"])
    }

    @Test("a waiting certificate of no key goes; a waiting key stays")
    func garbage() throws {
        let place = try Place()
        let key = try place.files.pendingKey()
        try SigningKey.generate().save(to: UTF8Text(place.folder.file("other.key")))
        try place.files.store(place.certificate(for: "other.key"))
        try place.files.recover()
        #expect(place.names == ["link.key.next", "other.key"])
        #expect(try place.files.pendingKey().publicKey == key.publicKey)
        try place.files.discardPending(keepingKey: false)
        #expect(place.names == ["other.key"])
    }

    @Test("a key that others may read, or that is damaged, is no key, and says so", arguments: [("open", 0o644), ("damaged", 0o600)])
    func unusable(kind: String, mode: Int) throws {
        let place = try Place()
        _ = try place.files.pendingKey()
        let path = place.folder.file("link.key.next")
        if kind == "damaged" { try Data("-----BEGIN EC PRIVATE KEY-----\n".utf8).write(to: URL(fileURLWithPath: path)) }
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        let error = #expect(throws: EnrolmentError.self) { try place.files.pendingKey() }
        #expect(error?.code == .crypto && error?.detail.string.contains(path) == true)
    }

    @Test("only a certificate of this key, name, use and time is taken", arguments: [
        ("/O=acme/CN=acme.gw-1", "hs:pearl/acme.gw-1", "clientAuth", nil), ("/O=acme/CN=acme.gw-2", "hs:pearl/acme.gw-1", "clientAuth", .foreignName),
        ("/O=other/CN=acme.gw-1", "hs:pearl/acme.gw-1", "clientAuth", .foreignName), ("/O=acme/CN=acme.gw-1", "hs:pearl/acme.gw-2", "clientAuth", .foreignName),
        ("/O=acme/CN=acme.gw-1", "hs:ruby/acme.gw-1", "clientAuth", .foreignName), ("/O=acme/CN=acme.gw-1", "https://acme.gw-1", "clientAuth", .foreignName),
        ("/CN=acme.gw-1", "hs:pearl/acme.gw-1", "clientAuth", .foreignName), ("/O=acme", "hs:pearl/acme.gw-1", "clientAuth", .foreignName),
        ("/O=acme/CN=acme.gw-1", "hs:pearl/acme.gw-1", "serverAuth", .wrongUsage), ("/O=acme/CN=acme.gw-1", "hs:pearl/acme.gw-1", "clientAuth,serverAuth", .wrongUsage),
        ("/O=acme/CN=acme.gw-1", "hs:pearl/acme.gw-1", "1.3.6.1.5.5.7.3.36", .wrongUsage),
    ] as [(String, String, String, EnrolmentError.Code?)])
    func judged(subject: String, uri: String, usage: String, refusal: EnrolmentError.Code?) throws {
        let place = try Place()
        let key = try place.files.pendingKey()
        let certificate = try place.certificate(for: "link.key.next", subject: subject, uri: uri, usage: usage)
        let gateway = try #require(GatewayID("acme.gw-1"))
        var found: EnrolmentError.Code?
        do throws(EnrolmentError) {
            _ = try IssuedCertificate.check(
                certificate.derBytes, role: .link, issuers: nil, gateway: gateway, alliance: Name("pearl"), key: key.publicKey,
                time: .clock(certificate.notBeforeSeconds))
        } catch {
            found = error.code
        }
        #expect(found == refusal)
    }

    @Test("a certificate for another key, or one that has ended, is refused; one that begins later is taken")
    func keyAndTime() throws {
        let place = try Place()
        let key = try place.files.pendingKey()
        let certificate = try place.certificate(for: "link.key.next")
        let gateway = try #require(GatewayID("acme.gw-1"))
        func code(_ publicKey: PublicKey, _ time: BelievedTime, issuers: [[UInt8]]? = nil) -> EnrolmentError.Code? {
            do throws(EnrolmentError) {
                _ = try IssuedCertificate.check(
                    certificate.derBytes, role: .link, issuers: issuers, gateway: gateway, alliance: nil, key: publicKey, time: time)
                return nil
            } catch {
                return error.code
            }
        }
        #expect(code(try SigningKey.generate().publicKey, .clock(certificate.notBeforeSeconds)) == .foreignKey)
        #expect(code(key.publicKey, .clock(certificate.notAfterSeconds)) == .outOfDate)
        #expect(code(key.publicKey, .clock(certificate.notBeforeSeconds - 600)) == nil)
        #expect(code(key.publicKey, .notBefore(0)) == nil)
        // It signed itself. One of several issuing keys is enough; a firm without any issues nothing.
        try SigningKey.generate().save(to: UTF8Text(place.folder.file("other.key")))
        let other = try place.certificate(for: "other.key").derBytes
        #expect(code(key.publicKey, .notBefore(0), issuers: [other, certificate.derBytes]) == nil)
        #expect(code(key.publicKey, .notBefore(0), issuers: [other, [0x30]]) == .foreignIssuer)
        #expect(code(key.publicKey, .notBefore(0), issuers: []) == .foreignIssuer)
    }

    @Test("a clock before this program, or before a certificate of ours, is known to be wrong", arguments: [
        (0, [], .notBefore(1_767_225_600)), (1_767_225_599, [], .notBefore(1_767_225_600)), (1_767_225_600, [], .clock(1_767_225_600)),
        (1_800_000_000, [1_790_000_000], .clock(1_800_000_000)), (1_800_000_000, [1_790_000_000, 1_800_000_001], .notBefore(1_800_000_001)),
        (-5, [7], .notBefore(1_767_225_600)),
    ] as [(Int64, [Int64], BelievedTime)])
    func clocks(clock: Int64, moments: [Int64], believed: BelievedTime) {
        #expect(BelievedTime.judge(clockSeconds: clock, knowing: moments) == believed)
    }
}
