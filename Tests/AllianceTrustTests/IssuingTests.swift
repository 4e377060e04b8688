@testable import AllianceTrust
import AttestationFormat
import Crypto
import Foundation
import MerkleTree
import Testing

@Suite("Issuing, checked by openssl") struct IssuingTests {
    let alliance: TestAuthorities
    let directory: TemporaryDirectory
    let now = TestAuthorities.nowSeconds

    init() throws {
        alliance = try TestAuthorities()
        directory = try TemporaryDirectory()
    }

    private func text(_ certificate: CertificateBytes) throws -> String {
        let path = try directory.file("one.der", certificate.der)
        return try OpenSSLTool.run(["x509", "-inform", "DER", "-in", path, "-noout", "-text"]).output
    }

    @Test("openssl reads the firm's constraint, path length and usage as section 8 has them")
    func firm() throws {
        let text = try text(alliance.acme.certificate)
        #expect(text.contains("X509v3 Name Constraints: critical\n                Permitted:\n                  DirName:O = acme"))
        #expect(text.contains("X509v3 Basic Constraints: critical\n                CA:TRUE, pathlen:0"))
        #expect(text.contains("Certificate Sign, CRL Sign"))
        #expect(text.contains("ASN1 OID: prime256v1"))
        #expect(text.contains("ecdsa-with-SHA256"))
    }

    @Test("openssl reads the seal certificate's names and usage as section 8 has them")
    func seal() throws {
        let text = try text(alliance.seal())
        #expect(text.contains("Subject: O = acme, CN = acme.gw-1"))
        #expect(text.contains("URI:hs:gba-test/acme.gw-1"))
        #expect(text.contains("X509v3 Extended Key Usage: \n                1.3.6.1.5.5.7.3.36\n"))
        #expect(text.contains("X509v3 Key Usage: critical\n                Digital Signature\n"))
    }

    @Test("link and server certificates verify under the link CA for their own purpose alone, and not under the root")
    func link() throws {
        let key = try AllianceSigningKey()
        let client = try alliance.link.issueLink(
            organisation: "acme", commonName: "acme.gw-1", issuer: "hs:gba-test/acme.gw-1", publicKey: key.publicKey,
            lifetime: TestAuthorities.lifetime)
        let server = try alliance.link.issueServer(
            organisation: "gba-test", commonName: "broker", dnsNames: ["localhost"], addresses: [[127, 0, 0, 1]],
            publicKey: key.publicKey, lifetime: TestAuthorities.lifetime)
        let authority = try directory.file("link.pem", alliance.link.certificate.pem.utf8)
        let root = try directory.file("root.pem", alliance.root.certificate.pem.utf8)
        func verify(_ certificate: CertificateBytes, _ anchor: String, _ extra: [String]) throws -> Int32 {
            let leaf = try directory.file("leaf.pem", certificate.pem.utf8)
            return try OpenSSLTool.run(
                ["verify", "-attime", "\(now)", "-x509_strict", "-CAfile", anchor] + extra + [leaf]).exitCode
        }
        #expect(try verify(client, authority, ["-purpose", "sslclient"]) == 0)
        #expect(try verify(client, authority, ["-purpose", "sslserver"]) != 0)
        #expect(try verify(server, authority, ["-purpose", "sslserver", "-verify_hostname", "localhost"]) == 0)
        #expect(try verify(server, authority, ["-purpose", "sslserver", "-verify_ip", "127.0.0.1"]) == 0)
        #expect(try verify(server, authority, ["-purpose", "sslserver", "-verify_hostname", "example.org"]) != 0)
        #expect(try verify(server, authority, ["-purpose", "sslclient"]) != 0)
        #expect(try verify(client, root, []) != 0)
    }

    @Test("a server without a name to be called by is refused")
    func namelessServer() throws {
        #expect(throws: TrustError.self) {
            try alliance.link.issueServer(
                organisation: "gba-test", commonName: "broker", dnsNames: [], addresses: [],
                publicKey: alliance.sealKey.publicKey, lifetime: TestAuthorities.lifetime)
        }
    }

    @Test("an empty revocation list and one with an invalidity date verify with openssl crl and read back", arguments: [0, 1, 3])
    func revocationList(_ count: Int) throws {
        let entries = (0..<count).map {
            UnverifiedRevocationList.Entry(
                serialNumber: [0x81, UInt8($0)], sinceSeconds: now - 1000 - Int64($0), revokedSeconds: now - 10, isSuperseded: $0 == 1)
        }
        let der = try alliance.acme.issueRevocationList(
            entries: entries, number: 7, thisUpdateSeconds: now, nextUpdateSeconds: now + 86_400)
        let path = try directory.file("list.pem", CertificateAuthority.revocationListPEM(der: der).utf8)
        let issuer = try directory.file("issuing.pem", alliance.acme.certificate.pem.utf8)
        let openssl = try OpenSSLTool.run(["crl", "-in", path, "-noout", "-text", "-CAfile", issuer])
        #expect(openssl.output.contains("verify OK"))
        #expect(openssl.output.contains("X509v3 CRL Number: \n                7"))
        #expect(openssl.output.components(separatedBy: "Superseded").count == (count > 1 ? 2 : 1), "\(openssl.output)")
        #expect(openssl.output.contains(count == 0 ? "No Revoked Certificates." : "Invalidity Date"))
        let list = try UnverifiedRevocationList(der: der)
        #expect(list.entries == entries)
        #expect(list.thisUpdateSeconds == now)
        #expect(list.nextUpdateSeconds == now + 86_400)
        #expect(list.verified(by: IssuingAuthority(alliance.acme.parsed, firm: "acme")) != nil)
        #expect(list.verified(by: IssuingAuthority(alliance.beta.parsed, firm: "acme")) == nil)
    }

    @Test("openssl's own revocation list, with dates after 2050, is read")
    func opensslRevocationList() throws {
        let config = """
            [ca]
            default_ca = d
            [d]
            database = \(directory.path)/index.txt
            crlnumber = \(directory.path)/number
            default_md = sha256
            """
        let index = "R\t600101000000Z\t270115080000Z,keyCompromise\t1234\tunknown\t/O=acme/CN=acme.gw-1\n"
        _ = try directory.file("index.txt", index.utf8)
        _ = try directory.file("number", "05\n".utf8)
        let settings = try directory.file("ca.cnf", config.utf8)
        let key = try directory.file("key.pem", alliance.acme.key.pem.utf8)
        let issuer = try directory.file("issuing.pem", alliance.acme.certificate.pem.utf8)
        let made = try OpenSSLTool.run([
            "ca", "-config", settings, "-gencrl", "-keyfile", key, "-cert", issuer, "-crldays", "12000",
            "-out", "\(directory.path)/list.pem",
        ])
        #expect(made.exitCode == 0, "\(made.output)")
        let der = try OpenSSLTool.run([
            "crl", "-in", "\(directory.path)/list.pem", "-outform", "DER", "-out", "\(directory.path)/list.der",
        ])
        #expect(der.exitCode == 0)
        let list = try UnverifiedRevocationList(der: DurableFile.read("\(directory.path)/list.der"))
        #expect(list.entries.map(\.serialNumber) == [[0x12, 0x34]])
        #expect(list.entries.map(\.sinceSeconds) == [1_800_000_000])
        #expect(list.verified(by: IssuingAuthority(alliance.acme.parsed, firm: "acme")) != nil)
    }

    @Test("every single-byte change of a revocation list is refused or fails its signature")
    func changedRevocationList() throws {
        let der = try alliance.acme.issueRevocationList(
            entries: [.init(serialNumber: [9], sinceSeconds: 5, revokedSeconds: 6)], number: 1, thisUpdateSeconds: now,
            nextUpdateSeconds: now + 1)
        for index in der.indices {
            var changed = der
            changed[index] ^= 0x01
            let accepted = (try? UnverifiedRevocationList(der: changed))?.verified(by: IssuingAuthority(alliance.acme.parsed, firm: "acme"))
            #expect(accepted == nil, "byte \(index)")
        }
    }
}

@Suite("Signing keys") struct SigningKeyTests {
    @Test("a key file is 0600, reads back, and is refused once others may read it, with the chmod that mends it")
    func permissions() throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/root.key"
        let key = try AllianceSigningKey()
        try key.write(to: path)
        #expect(DurableFile.permissions(of: path) == 0o600)
        #expect(try AllianceSigningKey(file: path).keyID == key.keyID)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        let error = #expect(throws: TrustError.self) { try AllianceSigningKey(file: path) }
        #expect(error?.code == .keyPermissions)
        #expect(error?.nextStep == "chmod 600 \(path)")
    }

    @Test("an existing key is never overwritten")
    func noOverwrite() throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/root.key"
        let first = try AllianceSigningKey()
        try first.write(to: path)
        #expect(throws: TrustError.self) { try AllianceSigningKey().write(to: path) }
        #expect(try AllianceSigningKey(file: path).keyID == first.keyID)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["root.key"])
    }

    @Test("signatures have the lower s, verify, and fail for another message, key or bit")
    func signatures() throws {
        let key = try AllianceSigningKey()
        let verifier = try #require(CryptoVerifier(publicKey: key.publicKey))
        let other = try #require(CryptoVerifier(publicKey: AllianceSigningKey().publicKey))
        for round in 0..<64 {
            let message = [UInt8](repeating: UInt8(round), count: round)
            let signature = try key.sign(message)
            #expect(verifier.isValid(signature, for: message))
            #expect(!verifier.isValid(signature, for: message + [0]))
            #expect(!other.isValid(signature, for: message))
        }
    }

    @Test("the key id is the thumbprint that another implementation computed", .enabled(if: OpenSSLTool.isPresent))
    func keyID() throws {
        // RFC 9679: SHA-256 of the COSE_Key {1: 2, -1: 1, -2: x, -3: y}, here assembled by hand.
        let key = try AllianceSigningKey()
        let point = key.publicKey.uncompressedPoint
        let coseKey: [UInt8] = [0xA4, 1, 2, 0x20, 1, 0x21, 0x58, 32] + point[1..<33] + [0x22, 0x58, 32] + point[33...]
        #expect(Array(Crypto.SHA256.hash(data: coseKey)) == key.keyID.bytes)
    }

    @Test("a key that is not P-256 is refused and the command that makes one is named", arguments: ["garbage", "p384"])
    func wrongKey(_ kind: String) throws {
        let pem = kind == "p384" ? P384.Signing.PrivateKey().pemRepresentation : "-----BEGIN NOTHING-----"
        let error = #expect(throws: TrustError.self) { try AllianceSigningKey(pem: pem) }
        #expect(error?.code == .key)
        #expect(error?.nextStep?.contains("openssl genpkey") == true)
    }

    @Test("hashes are SHA-256's, with and without prefix")
    func hashes() {
        let bytes = Array("abc".utf8)
        #expect(AllianceTrust.SHA256.hash(bytes).bytes == Array(Crypto.SHA256.hash(data: bytes)))
        #expect(AllianceTrust.SHA256.hash(prefix: 1, bytes.span).bytes == Array(Crypto.SHA256.hash(data: [1] + bytes)))
        let digest = AllianceTrust.SHA256.hash(bytes)
        #expect(AllianceTrust.SHA256.hash(prefix: 1, digest, digest).bytes
            == Array(Crypto.SHA256.hash(data: [1] + digest.bytes + digest.bytes)))
    }
}
